"""`make bench-check`: did anything on the way of a record become slower? Exit code 5 when it did.

    python -m bench.check [--write] [--kernels] [--json]

Stages of the bulk lane, one by one, in one process; then (unless `--kernels`) two short runs of `calea-lab bench`, by
the CPU time of a real collector a record. Everything is told in yardsticks (`bench/guard.py`), so nothing here depends
on how fast the machine is; bounds are those of `bench/guard.json`, for compiled kernels. `--write` sets them anew.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from bench.guard import Bound, Judged, applying, best_of, new_bounds, ratio, read_bounds
from bench.kernels import BUFFER_RECORDS, KERNELS, RECORD_OCTETS, START_US, Stand, load, media_record
from collector.store.pack import ORDER_OCTETS, pack
from lab.bench.environment import cpu_flags, environment_card
from lab.bench.profiles import changed, named
from lab.bench.run import Blind, measure
from lab.kernels import require_compiled
from mediation.ledger.kernel import CompactRange

GUARD = Path(__file__).with_name("guard.json")
EXIT_REGRESSION = 5
ROUNDS = 60
TRIES = 3
KERNEL_MARGIN = 1.6
"""Runs of one build on one busy machine differ by a fifth; processors differ more, by what they have for SHA-256."""
RUN_MARGIN = 2.0
RUNS = {"collector cc200": ("cc200", 300_000), "collector prtt-iri": ("prtt-iri", 12_000)}
STREAMS = 64
WIDE = ("avx512f", "avx512bw")
"""With these, leaves and nodes are hashed sixteen side by side (`mediation/ledger/lanes.pxd`)."""
NEEDS = {"pack and leaf hash": WIDE, "tree": WIDE}


class Kernels:
    """One receiver's stages over one buffer of records, again and again, each under its own clock."""

    def __init__(self) -> None:
        total = BUFFER_RECORDS * 4
        records = [media_record(at % STREAMS, at // STREAMS, START_US + at) for at in range(total)]
        self._parts = [b"".join(records[at : at + BUFFER_RECORDS]) for at in range(0, total, BUFFER_RECORDS)]
        self._stand = Stand(load(interpreted=False), STREAMS)
        self._now_us = START_US + total
        self._tree = CompactRange()
        self._sequence = 0

    def yardstick(self) -> int:
        """Nanoseconds of a yardstick for each record of a buffer."""
        part = self._parts[0]
        view, sha256 = memoryview(part), hashlib.sha256
        begin = time.process_time_ns()
        for at in range(0, len(part), RECORD_OCTETS):
            sha256(bytes(view[at : at + RECORD_OCTETS])).digest()
        return time.process_time_ns() - begin

    def round(self) -> dict[str, int]:
        """Nanoseconds by stage for all buffers."""
        stand, clock, orders = self._stand, time.process_time_ns, bytes(ORDER_OCTETS * STREAMS)
        stand.rewind()
        found = dict.fromkeys(("one pass", "scan", "verify and gate", "append", "pack and leaf hash", "tree"), 0)
        for part in self._parts:
            found["one pass"] += stand.one_pass(part, self._now_us)
        stand.rewind()
        for part in self._parts:
            scanned, judged, appended = stand.feed(part, self._now_us)
            begin = clock()
            packed = pack(stand.rows, memoryview(stand.arena), memoryview(b""), orders, self._sequence)
            done = clock()
            self._tree.extend(packed.hashes)
            self._sequence += packed.records
            grown = clock()
            spent = (scanned, judged, appended, done - begin, grown - done)
            for stage, one in zip(list(found)[1:], spent, strict=True):
                found[stage] += one
        return found

    def measure(self, rounds: int = ROUNDS) -> dict[str, float]:
        """Yardsticks a record by stage."""
        yards: list[float] = []
        costs: dict[str, list[float]] = {}
        for _ in range(rounds):
            before = self.yardstick()
            found = self.round()
            yards.append((before + self.yardstick()) / 2 * len(self._parts))
            for stage, spent in found.items():
                costs.setdefault(stage, []).append(spent)
        return {stage: ratio(yards, spent) for stage, spent in costs.items()}


def whole_runs(yardstick: Callable[[], int]) -> dict[str, float]:
    """Yardsticks a record of the collector's CPU, by profile."""
    found = {}
    for stage, (profile, records) in RUNS.items():
        yards = [yardstick() for _ in range(20)]
        with tempfile.TemporaryDirectory() as directory:
            run = measure(changed(named(profile), {"records": records}), Path(directory), Blind())
        if run.faults:
            raise SystemExit(f"{stage}: the run counts for nothing: {'; '.join(run.faults)}")
        yards += [yardstick() for _ in range(20)]
        assert run.ledger is not None and run.used is not None, "a run against our own collector has both"
        cost_ns = run.used.cpu_s * 1e9 / run.ledger.counted.received
        yard_ns = sorted(yards)[len(yards) // 2] / BUFFER_RECORDS
        found[stage] = cost_ns / yard_ns
    return found


def show(judged: list[Judged]) -> None:
    print(f"{'stage':22} {'yardsticks':>10} {'bound':>8}")
    for one in judged:
        bound = "-" if one.bound is None else f"{one.bound.most:.3f}"
        print(f"{one.stage:22} {one.found:10.3f} {bound:>8}  {one.words}")


def main(
    arguments: list[str] | None = None,
    kernels: Callable[[], Mapping[str, float]] | None = None,
    runs: Callable[[], Mapping[str, float]] | None = None,
    guard: Path = GUARD,
    flags: frozenset[str] | None = None,
) -> int:
    """The measuring functions, the file and the processor's flags are arguments, so that tests have their own."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--write", action="store_true", help="set the bounds anew from what is measured now")
    parser.add_argument("--kernels", action="store_true", help="the stages alone, without a collector")
    parser.add_argument("--json", action="store_true", help="one JSON object instead of a table")
    parser.add_argument("--date", default=time.strftime("%Y-%m-%d", time.gmtime()))
    said = parser.parse_args(arguments)
    if kernels is None or runs is None:
        require_compiled()
        stand = Kernels()
        kernels = kernels or stand.measure
        runs = runs or (lambda: whole_runs(stand.yardstick))
    parts = [(kernels, KERNEL_MARGIN)] if said.kernels else [(kernels, KERNEL_MARGIN), (runs, RUN_MARGIN)]
    if said.write:
        return _write(guard, parts, said.date)
    bounds = read_bounds(json.loads(guard.read_text("utf-8")))
    bounds = applying(bounds, frozenset(cpu_flags()) if flags is None else flags)
    judged = []
    for measuring, _ in parts:
        mine = {name: bound for name, bound in bounds.items() if (name in RUNS) == (measuring is runs)}
        judged += best_of(measuring, mine, TRIES)
    if said.json:
        fields = [{"stage": one.stage, "yardsticks": round(one.found, 4), "words": one.words} for one in judged]
        print(json.dumps({"stages": fields, "regression": any(one.regression for one in judged)}, indent=2))
    else:
        show(judged)
    return EXIT_REGRESSION if any(one.regression for one in judged) else 0


def _write(guard: Path, parts: list[tuple[Callable[[], Mapping[str, float]], float]], date: str) -> int:
    stages: dict[str, Any] = {}
    for measuring, margin in parts:
        taken = [measuring() for _ in range(TRIES)]
        found = {name: sorted(one[name] for one in taken)[TRIES // 2] for name in taken[0]}
        stages |= new_bounds(found, margin, NEEDS)
    value = {
        "unit": "yardsticks a record: copying its octets and SHA-256 of them through hashlib, once (bench/guard.py)",
        "stages": stages,
        "environment": environment_card(date, dict.fromkeys(KERNELS, True)),
    }
    guard.write_text(json.dumps(value, indent=1) + "\n", "utf-8")
    show([Judged(name, one["measured"], Bound(one["measured"], one["most"])) for name, one in stages.items()])
    return 0


if __name__ == "__main__":
    sys.exit(main())
