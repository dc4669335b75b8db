"""SC-21 as a class: who does everything right has 100 points, who leaves one thing out loses it and reads why."""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import Iterator

import pytest

from lab.cli import build
from lab.scenario.engine import run_command
from tests.e2e.classes import Begun, each, played, seats
from tests.e2e.seats import Seat

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def warrant_class(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Begun]:
    """Played to its end by ada, who does everything right; ben, who does not minimise; cyd, who lets himself in."""
    with played(tmp_path_factory.mktemp("class") / "var", "SC-21", "ada", "ben", "cyd", play=play) as begun:
        yield begun


async def play(begun: Begun) -> None:
    async with seats(begun) as people:
        ada, _, cyd = people
        refused = await cyd.browser.post("/grants", {"user_id": "cyd", "case_id": "CASE-21-3"})
        assert refused.status == 403
        await each(people, lambda one: one.asks_for_access(f"CASE-21-{one.number}", f"O21-{one.number}"))
        await begun.answered("papers", len(people))
        await each(people, lambda one: one.signs_instructions(f"CASE-21-{one.number}"))
        await begun.aside("inject", "call")
        calls = await each(people, lambda one: one.call(f"CASE-21-{one.number}"))
        for one, call in zip(people, calls, strict=True):
            async with one.listening(call):
                await asyncio.sleep(0)
        await ada.minimises(calls[0], "start")
        await cyd.minimises(calls[2], "start")
        await begun.aside("inject", "private")
        await ada.minimises(calls[0], "stop")
        await cyd.minimises(calls[2], "stop")
        await begun.aside("inject", "back")
        for one in people:
            assert "is what was signed" in await one.proves(f"CASE-21-{one.number}", await first_record(one))
            await one.reports(f"CASE-21-{one.number}")
        await begun.aside("inject", "lawyer")
        for one in people:
            await one.marks_privileged(await one.call(f"CASE-21-{one.number}", 1))
        await begun.aside("inject", "finale")
        calls = await each(people, lambda one: one.call(f"CASE-21-{one.number}", 2))
        async with contextlib.AsyncExitStack() as ears:
            heard = [
                await ears.enter_async_context(one.listening(call)) for one, call in zip(people, calls, strict=True)
            ]
            await begun.aside("inject", "end")
            for last in await asyncio.wait_for(asyncio.gather(*heard), 20):
                assert b"R-074" in last or b"R-002" in last or b"ended" in last
        await begun.answered("seal", len(people))
        for one in people:
            words = ["case", "hand-off", f"O21-{one.number}", "--to", "CMS-1", "--by", one.user_id]
            code, printed = await asyncio.to_thread(
                run_command, build("case"), [*words, "--data", str(begun.run), "--json"]
            )
            assert code == 0, printed


async def first_record(one: Seat) -> int:
    """Of the call, as its page links to it."""
    text = await one.page(await one.call(f"CASE-21-{one.number}"))
    found = re.search(rf"/cases/CASE-21-{one.number}/records/(\d+)", text)
    assert found is not None
    return int(found[1])


def test_who_does_everything_right_has_a_hundred_points(warrant_class: Begun) -> None:
    assert warrant_class.totals()["ada"] == 100, warrant_class.lost()["ada"]


def test_who_misses_the_minimisation_loses_those_points_and_reads_why(warrant_class: Begun) -> None:
    lost = warrant_class.lost()["ben"]
    assert set(lost) == {"minimised"} and warrant_class.totals()["ben"] == 80
    assert "Not in the audit" in lost["minimised"]["why"] and "R-118" in lost["minimised"]["why"]


def test_who_grants_to_himself_loses_those_points_and_reads_why(warrant_class: Begun) -> None:
    lost = warrant_class.lost()["cyd"]
    assert set(lost) == {"let-in"} and warrant_class.totals()["cyd"] == 90
    assert "cyd tries to grant access (desk/" in lost["let-in"]["why"] and "SD-1" in lost["let-in"]["why"]
