"""The console in a real Chromium: signing in by hand, every page in light and dark, no violation of the policy."""

from __future__ import annotations

import asyncio
import re

import pytest
from playwright.async_api import Page, expect

from collector.console.route import Asks
from tests.browser import Chromium
from tests.collector.console.walks import accessible, enter
from tests.collector.console.world import World

DARK = ("/", "/account", "/stations")
"""Looked at by axe in the dark as well: they have every kind of part, and the palette is one."""


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_pages_are_accessible_and_break_no_policy(console: World, chromium: Chromium, scheme: str) -> None:
    pages = [
        one.path
        for one in console.opened.declared
        if one.method == "GET"
        and not one.api
        and "{" not in one.path
        and one.asks is not Asks.PART
        and one.path not in ("/healthz", "/lab-ca/ca.pem")
    ]

    async def walk(page: Page) -> None:
        await page.goto(f"{console.base}/sign-in")
        await accessible(page, "/sign-in")
        await enter(page, console, "lund")
        for path in pages:
            answer = await page.goto(f"{console.base}{path}")
            assert answer is not None
            if answer.status == 200:
                await expect(page.locator("body")).to_contain_text("SIMULATION")
                if scheme == "light" or path in DARK:
                    await accessible(page, f"{path} {scheme}")
        await page.goto(f"{console.base}/nothing")
        await accessible(page, "404")

    seen = await asyncio.to_thread(chromium.run, walk, ignore_https_errors=True, color_scheme=scheme)
    assert [one for one in seen.faults if not re.search(r"status of (403|404)", one)] == []
    assert all(one.startswith(console.base) for one in seen.requests), "nothing comes from elsewhere"


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
