"""What goes on ends when the right to it ends: within a second, with a sentence, on record (R-074)."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from aiohttp import web

from collector.console.context import Context
from collector.console.page import Page
from collector.console.route import Asks, Door, Route
from collector.console.stream import MAX_STREAMS_A_USER, Event, encoded
from collector.console.watch import Watch
from mediation.law.actors import Action
from tests.collector.console.world import CASE, DAY_US, Browser, World


def routes(context: Context) -> list[Route]:
    return [
        Route("GET", "/test/{case_id}/live", live, Action.READ_CONTENT, case="case_id", asks=Asks.PART),
        Route("GET", "/test/alarms", alarms, Door.SIGNED_IN, asks=Asks.PART),
    ]


async def ticks(watch: Watch) -> AsyncIterator[Event]:
    for number in range(10_000):
        yield Event(f"<li>{number}</li>", id=str(number))
        await asyncio.sleep(0.02)


async def live(page: Page) -> web.StreamResponse:
    return await page.stream(ticks, Action.READ_CONTENT, page.case_id)


async def alarms(page: Page) -> web.StreamResponse:
    return await page.stream(ticks)


@pytest.fixture
async def world(open_console: Callable[..., Any]) -> World:
    found: World = await open_console(areas=[routes])
    return found


async def until_ended(browser: Browser, path: str, then: Callable[[], Any]) -> tuple[dict[str, Any], float]:
    """Listen, do something that ends it, and give the last event with the seconds it took."""
    async with browser.session.get(f"{browser.base}{path}") as answer:
        assert (answer.status, answer.content_type) == (200, "text/event-stream")
        assert await answer.content.readuntil(b"\n\n") == b"id: 0\ndata: <li>0</li>\n\n"
        await then()
        began = time.monotonic()
        async with asyncio.timeout(5):
            octets = await answer.content.read()
        took = time.monotonic() - began
    last = octets.decode().strip().rsplit("\n\n", 1)[-1]
    assert last.startswith("event: ended\ndata: "), last
    found: dict[str, Any] = json.loads(last.split("data: ", 1)[1])
    return found, took


async def act(world: World, work: Callable[..., Any]) -> None:
    await world.opened.context.desk.act(work)


@pytest.mark.rule("R-074")
async def test_attack_a_grant_that_ends_in_mid_listening(world: World) -> None:
    rivera = await world.as_("rivera")

    async def end() -> None:
        await act(world, lambda desk, now_us: desk.end_grants("chen", "rivera", CASE, now_us))

    said, took = await until_ended(rivera, f"/test/{CASE}/live", end)
    assert took < 1.0 and said["rules"] and said["why"]
    ended = [one["fields"]["session_id"] for one in world.entries("session_ended")]
    assert ended == [one["fields"]["session_id"] for one in world.entries("session")]
    refused = await rivera.get(f"/test/{CASE}/live")
    assert refused.status == 403 and "R-074" in refused.text, "they knew of the case: they are told why"


@pytest.mark.rule("R-074")
async def test_an_order_that_ends_in_mid_listening(world: World) -> None:
    rivera = await world.as_("rivera")

    async def wait() -> None:
        world.clock.advance(25 * DAY_US)

    said, took = await until_ended(rivera, f"/test/{CASE}/live", wait)
    assert (took < 1.0 and "R-079" in said["rules"]) or "R-074" in said["rules"]


@pytest.mark.parametrize("ends", ["revoked", "suspended", "idle", "cut"])
async def test_a_session_that_ends_in_mid_listening(world: World, ends: str) -> None:
    rivera, context = await world.as_("rivera"), world.opened.context

    async def end() -> None:
        if ends == "revoked":
            lund = await world.as_("lund")
            page = await lund.get("/sessions")
            session = page.text.split('name="session" value="')[1][:64]
            assert (await lund.post("/sessions/end", {"session": session, "user_id": "rivera"})).status == 303
        elif ends == "suspended":
            fields = {"user_id": "rivera", "lifted": False}
            await act(world, lambda desk, now_us: desk.administer("lund", "suspension", fields, now_us))
        elif ends == "idle":
            world.wall.advance(1_000_000_000)
        else:
            name = world.entries("session")[-1]["fields"]["session_id"]
            await act(world, lambda desk, now_us: desk.end_session(name, now_us))

    said, took = await until_ended(rivera, f"/test/{CASE}/live", end)
    assert took < 1.5 and said["why"], said
    assert context.streams.open == 0


async def test_live_rows_are_no_attempt_of_their_own_and_no_sign_of_life(world: World) -> None:
    rivera = await world.as_("rivera")
    before = len(world.entries("access"))
    async with rivera.session.get(f"{rivera.base}/test/alarms") as answer:
        await answer.content.readuntil(b"\n\n")
    assert len(world.entries("access")) == before


async def test_attack_more_streams_than_a_browser_opens(world: World) -> None:
    rivera = await world.as_("rivera")
    answers = [await rivera.session.get(f"{rivera.base}/test/alarms") for _ in range(MAX_STREAMS_A_USER)]
    assert {one.status for one in answers} == {200}
    assert (await rivera.get("/test/alarms")).status == 429
    for one in answers:
        one.close()
    for _ in range(500):
        await asyncio.sleep(0.02 if world.opened.context.streams.open else 0)
    assert world.opened.context.streams.open == 0
    assert (await (await world.as_("vega")).get(f"/test/{CASE}/live")).status == 404


async def silence(watch: Watch) -> AsyncIterator[Event]:
    yield Event("<li>one</li>")
    await watch.ended.wait()


async def hush(page: Page) -> web.StreamResponse:
    return await page.stream(silence)


async def test_who_leaves_a_page_leaves_its_place_though_nothing_happens_on_it(
    open_console: Callable[..., Any],
) -> None:
    world: World = await open_console(areas=[lambda _: [Route("GET", "/test/hush", hush, Door.SIGNED_IN)]])
    rivera = await world.as_("rivera")
    for _ in range(MAX_STREAMS_A_USER):
        answer = await rivera.session.get(f"{rivera.base}/test/hush")
        assert await answer.content.readuntil(b"\n\n")
        answer.close()
    async with asyncio.timeout(5):
        while world.opened.context.streams.open:  # noqa: ASYNC110  the server's own tasks end them
            await asyncio.sleep(0.02)


def test_attack_an_event_that_makes_another() -> None:
    made = encoded(Event("one\r\n\r\nevent: ended\ndata: two\rthree", name="a\nevent: ended", id="1\n\ndata: x"))
    lines = made.decode().removesuffix("\n\n").split("\n")
    assert [line.split(":", 1)[0] for line in lines] == ["id", "event", *["data"] * 5]
    assert made.count(b"\n\n") == 1
