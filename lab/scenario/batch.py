"""Several scenarios, side by side in processes of their own; what each came to, as plain values.

Every scenario has its own directory, ports, clock and processes, so that they need nothing of one another. One that
breaks is a result like any other.
"""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from asn1.errors import LabError
from lab import nursery
from lab.junit import Case, Suite
from lab.scenario.catalogue import Source
from lab.scenario.engine import Engine, Tell
from lab.scenario.model import Scenario

MOST_JOBS: Final = 4
BROKE: Final = "the story comes to its end"


@dataclass(frozen=True, slots=True)
class Wish:
    """One scenario to be played below `data`, with another seed or speed where one is given."""

    source: Source
    data: Path
    seed: int | None = None
    speed: str = ""

    def scenario(self) -> Scenario:
        """Raises ConfigError."""
        scenario = self.source.load()
        more: dict[str, Any] = {} if self.seed is None else {"seed": self.seed}
        if self.speed:
            more["speed"] = "max" if self.speed == "max" else float(self.speed)
        return scenario.model_copy(update=more)


def usual_jobs() -> int:
    """One a core of ours, and not more than is of use."""
    return min(len(os.sched_getaffinity(0)), MOST_JOBS)


def play(wish: Wish, tell: Tell = lambda _: None) -> dict[str, Any]:
    """One scenario; what it came to, as `Outcome.as_json`. One that broke has its `error` and no checks."""
    from lab.cli import build

    scenario = wish.scenario()
    try:
        return Engine(scenario, wish.data / scenario.id, build, tell).play().as_json()
    except LabError as error:
        told = {"simulation": True, "scenario": scenario.id, "title": scenario.title, "seed": scenario.seed}
        return {**told, "ok": False, "error": str(error), "checks": []}


def play_all(wishes: Sequence[Wish], jobs: int, on_done: Callable[[dict[str, Any]], None]) -> list[dict[str, Any]]:
    """All of them, `jobs` at a time; results in the order of the wishes. `on_done` hears of each when it is there."""
    found: list[dict[str, Any]] = [{} for _ in wishes]
    for index, result in _played(wishes, jobs):
        found[index] = result
        on_done(result)
    return found


def _played(wishes: Sequence[Wish], jobs: int) -> Iterator[tuple[int, dict[str, Any]]]:
    if jobs <= 1 or len(wishes) <= 1:
        _fork_processes()
        for index, wish in enumerate(wishes):
            yield index, play(wish)
        return
    pool = ProcessPoolExecutor(min(jobs, len(wishes)), multiprocessing.get_context("spawn"), _fork_processes)
    try:
        under_way = {pool.submit(play, wish): index for index, wish in enumerate(wishes)}
        for done in as_completed(under_way):
            yield under_way[done], done.result()
    finally:
        # Whoever is interrupted waits for those that have begun, and begins no other.
        pool.shutdown(cancel_futures=True)


def _fork_processes() -> None:
    """Runs one after another need not load their processes each time."""
    nursery.want(os.environ)


def suite(wish: Wish, result: dict[str, Any]) -> Suite:
    """The result as JUnit has it: a case an expectation, those that hold for every run behind them."""
    scenario = wish.scenario()
    wanted = [one.model_dump_json(exclude_none=True, exclude={"says", "only"}) for one in scenario.expect]
    error = result.get("error", "")
    if error:
        cases = [Case(BROKE, str(error), broke=True)]
        cases += [
            Case(one.says, f"It was not looked at, since the story broke: {error}", True) for one in scenario.expect
        ]
    else:
        cases = []
        for index, check in enumerate(result["checks"]):
            said = [f"found: {check['found']}"]
            if index < len(wanted):
                said.insert(0, f"wanted: {wanted[index]}")
            why = "" if check["ok"] else "\n".join((f"It does not hold that {check['name']}.", *said))
            cases.append(Case(check["name"], why, says="" if why else check["found"]))
    about = {"title": scenario.title, "seed": str(scenario.seed), "form": scenario.form}
    if scenario.only is not None:
        about["no_other_form"] = scenario.why.strip()
    return Suite(scenario.id, tuple(cases), float(result.get("seconds", 0.0)), _begins(scenario), about)


def _begins(scenario: Scenario) -> str:
    """When the story begins; a report of the same run is the same whenever it is made."""
    return scenario.start if scenario.start[:1].isdigit() else ""
