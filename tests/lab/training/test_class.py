"""A class through the real processes: who does everything right has 100 points, who leaves one thing out loses it.

One class a scenario is begun once and looked at by many tests: several trainees play it side by side, one by the book
and the others with one thing done otherwise. The clock stands between the cards, so time costs nothing.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from lab.cli import build
from lab.scenario.engine import run_command
from lab.training import trainer
from lab.training.room import Room
from tests.lab.training.seats import Seat, seat


class Begun(NamedTuple):
    """A class that goes on; `card` is what `train start --json` said."""

    data: Path
    card: dict[str, Any]

    def do(self, *words: str, code: int | None = 0) -> dict[str, Any]:
        """`calea-lab train …`, as a trainer types it."""
        found, printed = run_command(build("train"), ["train", *words, "--data", str(self.data), "--json"])
        assert code is None or found == code, printed
        return dict(json.loads(printed))

    @property
    def run(self) -> Path:
        room = Room(self.data)
        return room.run(room.load().run)

    def lost(self, run: int = 1) -> dict[str, dict[str, Any]]:
        """By trainee: the lines that were lost, by their names."""
        sheets = self.do("score", "--run", str(run), code=None)["sheets"]
        return {
            one["trainee"]: {line["id"]: line for line in one["lines"] if line["earned"] < line["points"]}
            for one in sheets
        }

    def totals(self, run: int = 1) -> dict[str, int]:
        return {one["trainee"]: one["total"] for one in self.do("score", "--run", str(run), code=None)["sheets"]}

    async def aside(self, *words: str) -> dict[str, Any]:
        return await asyncio.to_thread(self.do, *words)

    async def answered(self, card: str, times: int) -> None:
        """Until the lab has played a card by itself so many times."""
        for _ in range(600):
            said = await asyncio.to_thread(trainer.state, trainer.running(Room(self.data)))
            assert not said["failed"], said["failed"]
            if said["played"].count(card) >= times:
                return
            await asyncio.sleep(0.1)
        raise AssertionError(f"{card} was not played {times} times")


def begin(data: Path, scenario: str, *trainees: str) -> Begun:
    words = [word for name in trainees for word in ("--trainee", name)]
    code, printed = run_command(
        build("train"), ["train", "start", scenario, *words, "--speed", "max", "--data", str(data), "--json"]
    )
    assert code == 0, printed
    return Begun(data, json.loads(printed))


@contextlib.asynccontextmanager
async def seats(begun: Begun) -> AsyncIterator[list[Seat]]:
    async with contextlib.AsyncExitStack() as stack:
        made = []
        for number, one in enumerate(begun.card["trainees"], 1):
            made.append(await seat(stack, begun.card["console"], Path(begun.card["ca"]), one["user_id"], number))
            await made[-1].come_in(one["password"], one["station_token"])
        yield made


async def each(people: list[Seat], act: Callable[[Seat], Awaitable[Any]]) -> list[Any]:
    return [await act(one) for one in people]


# SC-21: from the first paper to the hand-off


@pytest.fixture(scope="module")
def first_class(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Begun]:
    """Played to its end by ada, who does everything right; ben, who does not minimise; cyd, who lets himself in."""
    begun = begin(tmp_path_factory.mktemp("class") / "var", "SC-21", "ada", "ben", "cyd")
    try:
        asyncio.run(play_first(begun))
        yield begun
    finally:
        trainer.stop(Room(begun.data))


async def play_first(begun: Begun) -> None:
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
        await begun.aside("inject", "finale")
        calls = await each(people, lambda one: one.call(f"CASE-21-{one.number}", 1))
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


def test_who_does_everything_right_has_a_hundred_points(first_class: Begun) -> None:
    assert first_class.totals()["ada"] == 100, first_class.lost()["ada"]


def test_who_misses_the_minimisation_loses_those_points_and_reads_why(first_class: Begun) -> None:
    lost = first_class.lost()["ben"]
    assert set(lost) == {"minimised"} and first_class.totals()["ben"] == 80
    assert "Not in the audit" in lost["minimised"]["why"] and "R-118" in lost["minimised"]["why"]


def test_who_grants_to_himself_loses_those_points_and_reads_why(first_class: Begun) -> None:
    lost = first_class.lost()["cyd"]
    assert set(lost) == {"let-in"} and first_class.totals()["cyd"] == 90
    assert "cyd tries to grant access (desk/" in lost["let-in"]["why"] and "SD-1" in lost["let-in"]["why"]


# SC-08t: a wrong number on paper and on the line


@pytest.fixture(scope="module")
def second_class(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Begun]:
    """dee does everything right; eli accepts the request whose number is wrong."""
    begun = begin(tmp_path_factory.mktemp("class") / "var", "SC-08t", "dee", "eli")
    try:
        asyncio.run(play_second(begun))
        yield begun
    finally:
        trainer.stop(Room(begun.data))


async def play_second(begun: Begun) -> None:
    async with seats(begun) as people:
        for one in people:
            right, wrong = [await one.request_of(f"CASE-08{letter}-{one.number}") for letter in ("", "B")]
            await one.checks(right)
            await one.decides(right, True, "the number is that of the complaint")
            await one.checks(wrong)
            await one.decides(wrong, one.user_id == "eli", "013 is not 012")
        await begun.answered("grant", 3)
        await begun.aside("inject", "wrong")
        for one in people:
            await one.acknowledges(f"TARGET_MISMATCH O8-{one.number}")
        await begun.aside("inject", "end")
        for one in people:
            await one.seals(f"O8-{one.number}", f"CASE-08-{one.number}")


def test_the_technical_unit_by_the_book_has_a_hundred_points(second_class: Begun) -> None:
    assert second_class.totals()["dee"] == 100, second_class.lost()["dee"]


def test_who_accepts_the_wrong_number_loses_those_points_and_reads_why(second_class: Begun) -> None:
    lost = second_class.lost()["eli"]
    assert set(lost) == {"refused"} and second_class.totals()["eli"] == 70
    assert "CASE-08B-2 is accepted (desk/" in lost["refused"]["why"] and "R-022" in lost["refused"]["why"]


# SC-03t: an emergency that lapses


@pytest.fixture(scope="module")
def third_class(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Begun]:
    """fay does everything right; gus ignores the lapse. Behind that the class goes back to before the lapse."""
    begun = begin(tmp_path_factory.mktemp("class") / "var", "SC-03t", "fay", "gus")
    try:
        asyncio.run(play_third(begun))
        yield begun
    finally:
        trainer.stop(Room(begun.data))


async def play_third(begun: Begun) -> None:
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


def test_who_acts_on_the_lapse_has_a_hundred_points(third_class: Begun) -> None:
    assert third_class.totals()["fay"] == 100, third_class.lost()["fay"]


def test_who_ignores_the_lapse_loses_those_points_and_reads_why(third_class: Begun) -> None:
    lost = third_class.lost()["gus"]
    assert set(lost) == {"lapse-seen", "lapse-kept"} and third_class.totals()["gus"] == 50
    assert all("Not in the audit" in one["why"] for one in lost.values())
    assert "R-037" in lost["lapse-seen"]["why"] and "R-042" in lost["lapse-kept"]["why"]
