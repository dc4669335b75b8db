"""The console in a real Chromium: signing in by hand, the keyboard, rows that come by themselves. Days: `days/`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from aiohttp import web
from playwright.async_api import Page, expect

from collector.console.context import Context
from collector.console.page import Page as ConsolePage
from collector.console.route import Asks, Route
from collector.console.stream import Event
from collector.console.watch import Watch
from collector.desk.desk import Desk
from mediation.law.actors import Action
from tests.browser import Chromium
from tests.collector.console.walks import enter
from tests.collector.console.world import CASE, World


async def test_everything_works_from_the_keyboard_and_the_theme_stays(console: World, chromium: Chromium) -> None:
    async def walk(page: Page) -> None:
        await enter(page, console, "lund")
        await page.keyboard.press("Tab")
        await expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
        await page.keyboard.press("Enter")
        await expect(page.locator("main")).to_be_focused()
        await page.get_by_role("button", name="Light or dark").press("Enter")
        await expect(page.locator("html")).to_have_attribute("data-theme", "dark")
        await page.goto(f"{console.base}/stations")
        await expect(page.locator("html")).to_have_attribute("data-theme", "dark")
        await page.get_by_role("button", name="Sign out").press("Enter")
        await expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")

    seen = await asyncio.to_thread(chromium.run, walk, ignore_https_errors=True, color_scheme="light")
    assert seen.faults == []


LIVE = """<!doctype html><html lang="en"><head><title>live</title><link rel="icon" href="{icon}">
<meta name="htmx-config" content='{{"includeIndicatorCSS": false, "extensions": "sse", "history": "reload"}}'>
<script src="{htmx}" defer></script><script src="{sse}" defer></script><script src="{own}" type="module"></script>
</head><body><main><h1>Live</h1>
<ol id="rows" hx-sse:connect="/test/{case}/rows" hx-swap="beforeend" data-ended="#why"></ol>
<p id="why" role="alert" hidden></p></main></body></html>"""


def live_routes(context: Context) -> list[Route]:
    async def page_of(page: ConsolePage) -> web.Response:
        url = context.static.url
        vendor = "vendor/htmx-4.0.1/"
        names = {
            "htmx": url(f"{vendor}htmx.min.js"),
            "sse": url(f"{vendor}hx-sse.min.js"),
            "own": url("console.js"),
            "icon": url("icon.svg"),
        }
        return web.Response(text=LIVE.format(case=page.case_id, **names), content_type="text/html")

    async def events(watch: Watch) -> AsyncIterator[Event]:
        for number in range(10_000):
            yield Event(f"<li>row {number}</li>")
            await asyncio.sleep(0.1)

    async def rows(page: ConsolePage) -> web.StreamResponse:
        return await page.stream(events, Action.READ_CONTENT, page.case_id)

    read = Action.READ_CONTENT
    return [
        Route("GET", "/test/{case_id}", page_of, read, case="case_id"),
        Route("GET", "/test/{case_id}/rows", rows, read, case="case_id", asks=Asks.PART),
    ]


@pytest.mark.rule("R-074")
async def test_live_rows_come_by_themselves_and_the_page_says_why_they_end(
    open_console: Callable[..., Any], chromium: Chromium
) -> None:
    console = await open_console(areas=[live_routes])
    loop = asyncio.get_running_loop()

    def end(desk: Desk, now_us: int) -> Any:
        return desk.end_grants("chen", "rivera", CASE, now_us)

    async def walk(page: Page) -> None:
        await enter(page, console, "rivera")
        await page.goto(f"{console.base}/test/{CASE}")
        await expect(page.locator("#rows li").nth(2)).to_have_text("row 2")
        asyncio.run_coroutine_threadsafe(console.opened.context.desk.act(end), loop).result(10)
        await expect(page.get_by_role("alert")).to_contain_text("R-074", timeout=2_000)
        many = await page.locator("#rows li").count()
        await page.wait_for_timeout(1_500)
        assert await page.locator("#rows li").count() == many, "it does not begin again by itself"

    seen = await asyncio.to_thread(chromium.run, walk, ignore_https_errors=True)
    assert seen.faults == []
