"""Everything that docs/performance.md shows, measured anew: `make bench`. It takes about half an hour.

    python -m bench.all [--runs N] [--only PART …] [--without PART …] [--date DAY] [--data DIR]

The load profiles are taken in turn, one run each, and that several times over, so that a slow minute of the machine
meets all of them and ratios between profiles mean something; the median run of each is its result. Then the scripts
that measure one thing alone, one process each. The page is made last. A part that fails does not keep the others from
being measured: it is named at the end, and the exit code is 1.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from asn1.errors import LabError
from lab.bench import profiles
from lab.bench.disk import sync_floor
from lab.bench.peers import measure_peers
from lab.bench.profiles import Profile
from lab.bench.result import file_name, put_together, write_result
from lab.bench.run import Blind, Measured, measure
from lab.cli_bench import card_of, differences, results_directory
from lab.kernels import ROOT, require_compiled

RUNS = 5
LOADS: tuple[tuple[str, Mapping[str, Any]], ...] = (
    ("cc200", {}),
    ("cc200-5pct-refused", {}),
    ("cc200", {"encryption": False}),
    ("cc200-record", {}),
    ("cc200-tls", {}),
    ("cc1400", {}),
    ("cc1400", {"encryption": False}),
    ("cc1400-tls", {}),
    ("cc200-1k-links", {}),
    ("cc200-flood", {}),
    ("cc200-flood", {"flood": 0}),
    ("prtt-iri", {}),
    ("interpreted", {}),
    ("latency-100k", {}),
    ("cc200-64-liids", {}),
    ("cc200-100k-liids", {}),
)
"""Pairs that are compared stand beside each other."""
ONCE = frozenset({"cc200-100k-liids"})
"""Before it begins, a hundred thousand orders are signed, read and checked: minutes each time."""
SCRIPTS: Mapping[str, tuple[str, ...]] = {
    "kernels": (),
    "stages": ("--instructions",),
    "careful": ("--result", "bench/results/careful.json"),
    "sending": (),
    "links": ("--liids", "1000"),
    "verify": (),
}
"""The options of each, beside the date."""
SCRIPT_S = 1800.0


def name_of(name: str, changes: Mapping[str, Any]) -> str:
    """The result file's name without its ending: what `--only` takes."""
    return file_name(name, differences(_profile(name, changes))).removesuffix(".json")


def _profile(name: str, changes: Mapping[str, Any]) -> Profile:
    return profiles.changed(profiles.named(name), changes)


def measure_loads(wanted: list[tuple[str, Mapping[str, Any]]], runs: int, date: str | None, data: Path) -> list[str]:
    """What failed, a sentence each."""
    floor = {"sync": sync_floor(data)} if wanted else {}
    cards = {name_of(*one): card_of(_profile(*one), date) | floor for one in wanted}
    found: dict[str, list[Measured]] = {name: [] for name in cards}
    failed: dict[str, str] = {}
    for number in range(runs):
        for one in wanted:
            name, profile = name_of(*one), _profile(*one)
            if name in failed or (name in ONCE and number + 1 < runs):
                continue
            try:
                run = measure(profile, data, Blind())
            except (LabError, OSError) as error:
                failed[name] = f"{name}: {error}"
                continue
            found[name].append(run)
            print(f"{number + 1}/{runs} {name}: {_words(run)}", flush=True)
    for one in wanted:
        name, profile = name_of(*one), _profile(*one)
        if found[name]:
            peers = measure_peers(profile) if name in ("cc200", "cc1400") else {}
            result = put_together(found[name], cards[name], peers, differences(profile))
            write_result(results_directory(data) / f"{name}.json", result)
            if result["faults"]:
                failed.setdefault(name, f"{name}: {'; '.join(result['faults'])}")
    return list(failed.values())


def _words(run: Measured) -> str:
    latency = run.latencies.as_ms()
    said = f"{run.records_per_core_s or 0:,} a core-second, p50 {latency['p50']} ms, p99 {latency['p99']} ms"
    return f"{said}, VOID: {'; '.join(run.faults)}" if run.faults else said


def run_script(name: str, date: str | None) -> str:
    """What failed, or an empty text."""
    if not (ROOT / "bench" / f"{name}.py").exists():
        return f"{name}: there is no bench/{name}.py"
    command = [sys.executable, "-m", f"bench.{name}", *SCRIPTS[name], *(("--date", date) if date else ())]
    print(f"bench.{name} …", flush=True)
    try:
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=SCRIPT_S, check=False)
    except subprocess.TimeoutExpired:
        return f"{name}: not done within {SCRIPT_S:.0f} s"
    said = done.stderr.strip().splitlines()
    return f"{name}: {said[-1] if said else f'exit code {done.returncode}'}" if done.returncode else ""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    names = [*(name_of(*one) for one in LOADS), *SCRIPTS]
    parser.add_argument("--runs", type=int, default=RUNS, help=f"of each load; {RUNS} unless told")
    parser.add_argument("--only", nargs="+", choices=names, metavar="PART", help=f"some of {', '.join(names)}")
    parser.add_argument("--without", nargs="+", choices=names, metavar="PART", default=[], help="all but these")
    parser.add_argument("--date", default=None, help="the day of the run, ISO 8601; today unless told")
    parser.add_argument("--data", type=Path, default=Path("var/bench"), help="where the runs keep their stores")
    arguments = parser.parse_args()
    require_compiled()
    began = time.monotonic()
    chosen = set(arguments.only or names) - set(arguments.without)
    failed = measure_loads(
        [one for one in LOADS if name_of(*one) in chosen], arguments.runs, arguments.date, arguments.data
    )
    failed += [said for name in SCRIPTS if name in chosen and (said := run_script(name, arguments.date))]
    subprocess.run([sys.executable, "tools/performance.py"], cwd=ROOT, check=True)
    for said in failed:
        print(f"FAILED {said}")
    print(f"{len(chosen) - len(failed)} of {len(chosen)} parts measured in {(time.monotonic() - began) / 60:.0f} min")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
