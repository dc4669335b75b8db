"""`make crash`, the store's half: `python -m lab.ordeal`. The report goes to reports/crash.json; exit code 1 when
anything that was acknowledged is lost or there twice, capacity was exceeded, a change was not seen or a sound store
was accused."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from lab.ordeal.disks import faults, replay
from lab.ordeal.kills import kill_cycles, power_cuts, power_cuts_possible
from lab.ordeal.simulation import in_memory, simulations
from lab.ordeal.tamper import tampering, turnovers

CHECK_EVERY: Final = 5
"""Cycles between two checks of everything: those between go on from what a kill left, not from an orderly end."""
TORN: Final = 20
"""Ways in which the unsynced writes of one moment are torn."""


def _of(root: Path, name: str) -> Path:
    place = root / name
    place.mkdir()
    return place


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m lab.ordeal", description=__doc__)
    parser.add_argument("--kills", type=int, default=1000, help="cycles of kill -9")
    parser.add_argument("--cuts", type=int, default=200, help="power cuts")
    parser.add_argument("--tampers", type=int, default=10_000, help="cases of tampering")
    parser.add_argument("--turnovers", type=int, default=50, help="turnovers of a sound store")
    parser.add_argument("--seeds", type=int, default=10_000, help="simulated worlds")
    parser.add_argument("--torn", type=int, default=TORN, help="torn states of each moment of the recorded scene")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--report", type=Path, default=Path("reports/crash.json"))
    given = parser.parse_args()
    report: dict[str, Any] = {"simulation": True, "seed": given.seed}
    failed: list[str] = []

    def part(name: str, run: Callable[[], Any], sound: Callable[[Any], bool]) -> None:
        began = time.monotonic()
        result = run()
        report[name] = result.as_json() | {"seconds": round(time.monotonic() - began, 1)}
        if not sound(result):
            failed.append(name)
        print(f"{name}: {'held' if name not in failed else 'FAILED'} {json.dumps(report[name])}", flush=True)

    with tempfile.TemporaryDirectory(prefix="calea-ordeal-") as directory:
        root, seed = Path(directory), given.seed
        part("kill -9", lambda: kill_cycles(_of(root, "kills"), given.kills, seed, CHECK_EVERY), lambda one: one.ok)
        impossible = power_cuts_possible()
        if impossible is None:
            part("power cuts", lambda: power_cuts(_of(root, "cuts"), given.cuts, seed, CHECK_EVERY), lambda one: one.ok)
        else:
            report["power cuts"] = {"skipped": impossible}
            print(f"power cuts: skipped, {impossible}", flush=True)
        part("I/O faults", lambda: faults(_of(root, "faults"), seed), lambda one: not one.wrong)
        part("recorded I/O", lambda: replay(_of(root, "replay"), seed, given.torn), lambda one: not one.wrong)
        part("tampering", lambda: tampering(_of(root, "tamper"), given.tampers, seed), lambda one: not one.missed)
        part("turnovers", lambda: turnovers(_of(root, "turn"), given.turnovers, seed), lambda one: not one.false_alarms)
    with tempfile.TemporaryDirectory(prefix="calea-worlds-", dir=in_memory()) as directory:
        root = Path(directory)
        part("simulated worlds", lambda: simulations(root, given.seeds, seed), lambda one: not one.wrong)
    report["failed"] = failed
    given.report.parent.mkdir(parents=True, exist_ok=True)
    given.report.write_text(json.dumps(report, indent=2) + "\n")
    print(f"report {given.report}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
