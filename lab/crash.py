"""`make crash`: power cuts in the middle of traffic, and what must hold behind each (`python -m lab.crash --cycles N`).

One cycle plays the demonstration's scene, ends processes with SIGKILL at seeded moments and starts them again on their
ports. Behind it: every order's totals balance, every record that the mediation function numbered and did not have to
drop was judged once, no record is stored twice, the ledger and the audit log verify, no withheld word lies in a file.
The report goes to reports/crash-stack.json; exit code 1 when something did not hold.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from asn1.errors import LabError
from collector.rows import FORM_NOTICE
from collector.store.reader import StoreReader
from lab import canary, scene
from lab.cli_verify import StorePlace, find_store
from lab.demo import STORE, common_checks
from lab.play import Moment, Play
from lab.results import Check, order_rows, totals_of
from lab.stack import Plan, Stack
from lab.verified import verify_run
from mediation.runtime.clock import ClockSpec

VICTIMS: Final = ("mediation", "collector")
FACTOR: Final = 6.0
FIRST_EVENT: Final = 150
LAST_EVENT: Final = 8_000
"""Of the scene's 8 911 events: cuts fall between these."""


@dataclass(frozen=True, slots=True)
class Cut:
    """End `name` when the carrier has played `at_event` events."""

    at_event: int
    name: str


@dataclass(frozen=True, slots=True)
class Outcome:
    seed: int
    cuts: tuple[Cut, ...]
    made: int
    checks: tuple[Check, ...]
    totals: dict[str, int]
    seconds: float

    @property
    def ok(self) -> bool:
        return self.made == len(self.cuts) and all(check.ok for check in self.checks)

    def as_json(self) -> dict[str, Any]:
        return {
            "seed": self.seed,
            "cuts": [[cut.at_event, cut.name] for cut in self.cuts],
            "cuts_made": self.made,
            "ok": self.ok,
            "failed": [{"name": check.name, "found": check.found} for check in self.checks if not check.ok],
            "totals": self.totals,
            "seconds": round(self.seconds, 1),
        }


def cuts_of(seed: int, count: int) -> tuple[Cut, ...]:
    """`count` cuts in order; each victim is met as often as the other, within one."""
    chance = random.Random(seed)  # noqa: S311  a reproducible run, not a secret
    moments = sorted(chance.sample(range(FIRST_EVENT, LAST_EVENT), count))
    return tuple(Cut(at, VICTIMS[(seed + index) % len(VICTIMS)]) for index, at in enumerate(moments))


class _Cutter:
    """A watch that ends and restarts processes when their moment has come."""

    def __init__(self, stack: Stack, cuts: Sequence[Cut]) -> None:
        self._stack = stack
        self._left = list(cuts)
        self.made = 0

    def __call__(self, moment: Moment) -> None:
        if moment.stage != "playing":
            return
        while self._left and int(moment.carrier.get("events_done", 0)) >= self._left[0].at_event:
            cut = self._left.pop(0)
            self._stack.kill(cut.name)
            self._stack.launch([cut.name])
            self.made += 1


def run_cycle(data: Path, seed: int, cuts: Sequence[Cut], factor: float = FACTOR) -> Outcome:
    """One cycle in an empty `data`. Raises `LabError` when the stack does not come back or never gets done."""
    began = time.monotonic()
    now_us = time.time_ns() // 1000
    stack = Stack(data)
    cutter = _Cutter(stack, cuts)
    plan = Plan(
        clock=ClockSpec(now_us, now_us, factor),
        carrier={"traffic": scene.traffic(), "replay": scene.replay(), "start": "hold", "seed": seed % 1000 + 1},
        mediation={"faults": scene.faults()},
        collector={"store": STORE},
        # A process that was away makes records late in virtual time; lateness is not what is looked at here.
        policy={"late_us": 600_000_000, "cii_wait_us": 600_000_000},
    )
    play = Play(stack, plan, cutter)
    try:
        play.open()
        start_us = play.start_us()
        orders = play.send_orders(scene.orders(start_us))
        play.run(start_us)
    finally:
        play.close()
    place = find_store(data)
    rows = order_rows(totals_of(place.store), orders)
    checks = [*common_checks(play.last, rows, orders, verify_run(data)), *_own_checks(data, place)]
    totals = {name: sum(row[name] for row in rows) for name in ("delivered", "accepted", "rejected", "duplicate")}
    return Outcome(seed, tuple(cuts), cutter.made, tuple(checks), totals, time.monotonic() - began)


def _own_checks(data: Path, place: StorePlace) -> Iterator[Check]:
    stored = [one for one in StoreReader(place.store).records() if one.form != FORM_NOTICE]
    seen = Counter((one.liid, one.cin, one.kind, one.number) for one in stored)
    twice = [key for key, times in seen.items() if times > 1]
    yield Check("no record is stored twice", not twice, f"{len(stored)} stored, {len(twice)} of them again")
    config = data / "config" / "carrier_sim.toml"
    found = [path.name for path in canary.find(data, canary.forms(scene.CANARY), [config])]
    yield Check("no word of the pen register's target lies in any file", not found, ", ".join(found) or "none")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m lab.crash", description=__doc__)
    parser.add_argument("--cycles", type=int, default=20)
    parser.add_argument("--cuts", type=int, default=3, help="cuts a cycle")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--report", type=Path, default=Path("reports/crash-stack.json"))
    given = parser.parse_args()
    outcomes: list[dict[str, Any]] = []
    for cycle in range(given.cycles):
        seed = given.seed + cycle
        data = Path(tempfile.mkdtemp(prefix="calea-crash-"))
        try:
            outcome = run_cycle(data, seed, cuts_of(seed, given.cuts)).as_json()
        except LabError as error:
            outcome = {"seed": seed, "ok": False, "failed": [{"name": "the run", "found": str(error)}]}
        outcomes.append(outcome)
        print(f"cycle {cycle + 1} of {given.cycles}: {'held' if outcome['ok'] else json.dumps(outcome)}", flush=True)
        if outcome["ok"]:
            shutil.rmtree(data)
    failed = sum(not outcome["ok"] for outcome in outcomes)
    given.report.parent.mkdir(parents=True, exist_ok=True)
    report = {"simulation": True, "cycles": given.cycles, "cuts": given.cycles * given.cuts, "failed": failed}
    given.report.write_text(json.dumps({**report, "outcomes": outcomes}, indent=2) + "\n")
    print(f"{given.cycles} cycles, {failed} failed; report {given.report}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
