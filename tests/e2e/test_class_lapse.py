"""SC-03t as a class: who acts on the lapse, and who ignores it; then the clock, a pause, and the way back to a mark."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from collector.console.dispatch import SESSION_COOKIE, STATION_COOKIE
from lab.cli_verify import check_store, find_store
from lab.training.ledgers import verified_entries
from lab.training.room import Room
from tests.e2e.classes import Begun, played, seats
from tests.e2e.seats import seat

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def lapse_class(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Begun]:
    """fay does everything right; gus ignores the lapse. Behind that the class goes back to before the lapse."""
    with played(tmp_path_factory.mktemp("class") / "var", "SC-03t", "fay", "gus", play=play) as begun:
        yield begun


async def play(begun: Begun) -> None:
    async with seats(begun) as people:
        for one in people:
            await one.grants("rivera", f"CASE-03-{one.number}")
        await begun.aside("inject", "window")
        await begun.aside("inject", "lapse")
        fay, _ = people
        await fay.acknowledges("ORDER_LAPSED O3-1")
        await begun.aside("inject", "again")
        again = await fay.request_of("CASE-03-1", newest=True)
        await fay.decides(again, False, "what has lapsed does not go on")
        for one in people:
            new = await one.request_of(f"CASE-03B-{one.number}")
            await one.checks(new)
            await one.decides(new, True, "a new order of the court")
        await begun.answered("grant-new", 2)


def test_who_acts_on_the_lapse_has_a_hundred_points(lapse_class: Begun) -> None:
    assert lapse_class.totals()["fay"] == 100, lapse_class.lost()["fay"]


def test_who_ignores_the_lapse_loses_those_points_and_reads_why(lapse_class: Begun) -> None:
    lost = lapse_class.lost()["gus"]
    assert set(lost) == {"lapse-seen", "lapse-kept"} and lapse_class.totals()["gus"] == 50
    assert all("Not in the audit" in one["why"] for one in lost.values())
    assert "R-037" in lost["lapse-seen"]["why"] and "R-042" in lost["lapse-kept"]["why"]


# What is done to a class


def test_a_pause_holds_and_the_clock_goes_at_the_speed_it_is_given(lapse_class: Begun) -> None:
    paused = lapse_class.do("pause", "--by", "trainer")
    assert paused["paused"]
    assert "paused already" in lapse_class.says("pause", code=2)
    assert not lapse_class.do("resume")["paused"]
    went = lapse_class.do("speed", "3600")
    stands = lapse_class.do("speed", "max")
    assert went["speed"] == 3600 and stands["now_us"] > went["now_us"]
    assert lapse_class.do("status")["now_us"] == lapse_class.do("status")["now_us"]


def test_going_back_begins_a_new_run_and_unsays_nothing(lapse_class: Begun) -> None:
    before = lapse_class.totals(1)
    assert "There is no mark nowhere" in lapse_class.says("rewind", "nowhere", code=2)
    said = lapse_class.do("rewind", "lapse", "--by", "trainer")
    assert (said["run"], said["state"], said["played"]) == (2, "going", [])
    mark = next(one for one in said["marks"] if one["name"] == "lapse")
    assert mark["run"] == 1 and said["now_us"] == mark["at_us"]
    # The run that was is whole and scores as it did; both ledgers say that the class went back.
    assert lapse_class.totals(1) == before
    room = Room(lapse_class.data)
    for run in (1, 2):
        (told,) = [one.fields for one in verified_entries(room.run(run)) if one.kind == "class_rewound"]
        assert (told["mark"], told["by"], told["from_run"], told["to_run"]) == ("lapse", "trainer", 1, 2)
        report = check_store(find_store(room.run(run)))
        assert report.ok, report.tampered
    assert set(lapse_class.lost(2)["fay"]) == {"lapse-seen", "lapse-kept", "new-order"}
    # Who ignored the lapse acts on it now, in the browser that was open all the time.
    asyncio.run(act_on_it(lapse_class))
    assert "lapse-seen" not in lapse_class.lost(2)["gus"] and "lapse-seen" in lapse_class.lost(1)["gus"]


async def act_on_it(begun: Begun) -> None:
    async with contextlib.AsyncExitStack() as stack:
        gus = await seat(stack, begun.card["console"], Path(begun.card["ca"]), "gus", 2)
        for name in (SESSION_COOKIE, STATION_COOKIE):
            gus.browser.put_cookie(name, begun.cookies["gus", name])
        await begun.aside("inject", "lapse", "--trainee", "gus")
        await gus.acknowledges("ORDER_LAPSED O3-2")
