"""`make fuzz`: so many mutants into every entry point, over all cores; the report goes to reports/fuzz.json."""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from tools.fuzz.entry_points import ENTRY_POINTS
from tools.fuzz.harness import GROWTH_OCTETS, HANG_S, PEAK_FACTOR, PEAK_OCTETS, SLOWEST_S, Shard, run_shard
from tools.fuzz.seeds import seeds
from tools.fuzz.twins import Twins

SHARD: Final = 25_000
"""Mutants a shard: small enough that the last one does not keep the others waiting."""
_CALIBRATION: Final = 400

_Task = tuple[int, int, str]
"""(entry point, mutants, name of the shard)."""


class _Worker:
    """What a process makes once: seeds and twins are too large to hand over with every shard."""

    twins: Twins
    seeds: dict[str, list[bytes]]


def _prepare(found: dict[str, list[bytes]]) -> None:
    _Worker.seeds = found
    _Worker.twins = Twins()


def _run(task: _Task) -> Shard:
    number, mutants, name = task
    entry = ENTRY_POINTS[number]
    return run_shard(entry, _Worker.seeds, mutants, name, _Worker.twins.differ if entry.twins else None)


def tasks(chosen: Sequence[int], mutants: int, seed: int) -> list[_Task]:
    """Shards in turn over the entry points, so that a run that is cut short has tried them all."""
    rows = []
    for first in range(0, mutants, SHARD):
        size = min(SHARD, mutants - first)
        rows += [(number, size, f"{seed} {ENTRY_POINTS[number].name} {first}") for number in chosen]
    return rows


def fuzz(mutants: int, seed: int, workers: int, chosen: Sequence[int], told: bool = True) -> dict[str, Shard]:
    """The shards of each entry point, merged."""
    found = seeds()
    merged = {ENTRY_POINTS[number].name: Shard(ENTRY_POINTS[number].name) for number in chosen}
    began = time.monotonic()
    with multiprocessing.get_context("fork").Pool(workers, _prepare, (found,)) as pool:
        if told:
            _estimate(
                pool.map(_run, [(number, _CALIBRATION, f"{seed} first") for number in chosen], 1), mutants, workers
            )
        rows = tasks(chosen, mutants, seed)
        for done, shard in enumerate(pool.imap_unordered(_run, rows), 1):
            merged[shard.entry_point].merge(shard)
            if told and done % max(1, len(rows) // 20) == 0:
                failed = sum(one.failed for one in merged.values())
                print(
                    f"fuzz: {done} of {len(rows)} shards, {time.monotonic() - began:.0f} s, {failed} failures",
                    flush=True,
                )
    return merged


def _estimate(measured: Sequence[Shard], mutants: int, workers: int) -> None:
    each_s = sum(shard.seconds / shard.mutants for shard in measured)
    print(
        f"fuzz: {len(measured)} entry points, {mutants} mutants each, {each_s / len(measured) * 1e6:.0f} µs a call: "
        f"about {each_s * mutants / workers / 60:.0f} minutes on {workers} workers",
        flush=True,
    )


def report(merged: dict[str, Shard], seed: int, workers: int, seconds: float) -> dict[str, Any]:
    return {
        "seed": seed,
        "workers": workers,
        "seconds": round(seconds, 1),
        "mutants": sum(shard.mutants for shard in merged.values()),
        "bounds": {
            "slowest_s": SLOWEST_S,
            "hang_s": HANG_S,
            "peak_octets": f"{PEAK_OCTETS} + {PEAK_FACTOR} an octet of input, on a sample",
            "worker_growth_octets": GROWTH_OCTETS,
        },
        "entry_points": {
            name: {
                "mutants": shard.mutants,
                "refused": shard.refused,
                "calls_per_s": round(shard.mutants / shard.seconds) if shard.seconds else None,
                "slowest_ms": round(shard.slowest_s * 1000, 1),
                "peak_octets": shard.peak_octets,
                "failed": shard.failed,
            }
            for name, shard in merged.items()
        },
        "failed": sum(shard.failed for shard in merged.values()),
        "failures": [failure for shard in merged.values() for failure in shard.failures],
    }


def write(path: Path, part: str, value: dict[str, Any]) -> None:
    """One part of the report (`mutation`, `guided`); the other parts stay."""
    held = json.loads(path.read_text("utf-8")) if path.exists() else {}
    if not isinstance(held, dict) or "entry_points" in held:
        held = {}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(held | {part: value}, indent=1) + "\n", "utf-8")


def main() -> int:
    names = [entry.name for entry in ENTRY_POINTS]
    parser = argparse.ArgumentParser(prog="python -m tools.fuzz", description=__doc__)
    parser.add_argument("--mutants", type=int, default=1_000_000, help="for each entry point")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument(
        "--only", action="append", choices=names, metavar="NAME", help="an entry point; may be repeated"
    )
    parser.add_argument("--report", type=Path, default=Path("reports/fuzz.json"))
    arguments = parser.parse_args()
    chosen = [number for number, name in enumerate(names) if not arguments.only or name in arguments.only]
    began = time.monotonic()
    merged = fuzz(arguments.mutants, arguments.seed, arguments.workers, chosen)
    value = report(merged, arguments.seed, arguments.workers, time.monotonic() - began)
    write(arguments.report, "mutation", value)
    slowest = max(merged.values(), key=lambda shard: shard.slowest_s)
    print(
        f"fuzz: {value['mutants']} mutants into {len(merged)} entry points in {value['seconds']:.0f} s, slowest "
        f"{slowest.slowest_s * 1000:.0f} ms ({slowest.entry_point}), {value['failed']} failures; {arguments.report}"
    )
    return 1 if value["failed"] else 0


if __name__ == "__main__":
    sys.exit(main())
