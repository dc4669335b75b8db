"""A class through the real processes, begun once and looked at by many tests.

Several trainees play a scenario side by side, one by the book and the others with one thing done otherwise. The clock
stands between the cards, so time costs nothing.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from collector.console.dispatch import SESSION_COOKIE, STATION_COOKIE
from lab.cli import build
from lab.scenario.engine import run_command
from lab.training import trainer
from lab.training.room import Room
from tests.e2e.seats import Seat, seat


class Begun(NamedTuple):
    """A class that goes on; `card` is what `train start --json` said, `cookies` what the trainees' browsers had by
    user and name."""

    data: Path
    card: dict[str, Any]
    cookies: dict[tuple[str, str], str]

    def do(self, *words: str, code: int | None = 0) -> dict[str, Any]:
        """`calea-lab train …`, as a trainer types it."""
        found, printed = run_command(build("train"), ["train", *words, "--data", str(self.data), "--json"])
        assert code is None or found == code, printed
        return dict(json.loads(printed))

    def says(self, *words: str, code: int) -> str:
        """What is printed by a command that ends with that exit code."""
        found, printed = run_command(build("train"), ["train", *words, "--data", str(self.data)])
        assert found == code, printed
        return printed

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


@contextlib.contextmanager
def played(
    data: Path, scenario: str, *trainees: str, play: Callable[[Begun], Coroutine[Any, Any, None]]
) -> Iterator[Begun]:
    """A class that was begun and played, until nobody looks at it any more."""
    begun = _begin(data, scenario, trainees)
    try:
        asyncio.run(play(begun))
        yield begun
    finally:
        trainer.stop(Room(data))


def _begin(data: Path, scenario: str, trainees: Iterable[str]) -> Begun:
    words = [word for name in trainees for word in ("--trainee", name)]
    code, printed = run_command(
        build("train"), ["train", "start", scenario, *words, "--speed", "max", "--data", str(data), "--json"]
    )
    assert code == 0, printed
    return Begun(data, json.loads(printed), {})


@contextlib.asynccontextmanager
async def seats(begun: Begun) -> AsyncIterator[list[Seat]]:
    async with contextlib.AsyncExitStack() as stack:
        made = []
        for number, one in enumerate(begun.card["trainees"], 1):
            made.append(await seat(stack, begun.card["console"], Path(begun.card["ca"]), one["user_id"], number))
            await made[-1].come_in(one["password"], one["station_token"])
        yield made
        for one in made:
            for name in (SESSION_COOKIE, STATION_COOKIE):
                begun.cookies[one.user_id, name] = one.browser.cookie(name)


async def each(people: list[Seat], act: Callable[[Seat], Awaitable[Any]]) -> list[Any]:
    return [await act(one) for one in people]
