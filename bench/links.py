"""Many links: a thousand connections at a rate, alone and beside some that send without end.

    python -m bench.links [--connections N] [--liids N] [--rate N] [--flood N] [--seconds S] [--date DAY] [--out FILE]

The collector as it is shipped, its load by `lab.bench` (open loop, latencies from the instant a record was due, a
ledger at the end of each run). Two runs, one after the other on the same machine: without a flood and with `--flood`
more connections that send as much as is taken. What is compared is the latency of those that keep to their rate; what
the flood gets besides is said too, and the collector's memory. Orders are read before anything is measured: with
100 000 LIIDs that takes minutes. Result: bench/results/links.json with its environment card.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from pathlib import Path
from typing import Any

from asn1 import scan
from bench.environment import environment_card
from lab.bench.profiles import Profile, check
from lab.bench.run import Blind, Measured, measure
from mediation.runtime.open_files import raise_open_files

RESULT = Path(__file__).parent / "results" / "links.json"


def profile_of(arguments: argparse.Namespace, flood: int) -> Profile:
    found = Profile(
        "links",
        "many connections at a rate",
        liids=arguments.liids,
        connections=arguments.connections + flood,
        rate_per_s=arguments.rate,
        flood=flood,
        seconds=arguments.seconds,
    )
    check(found)
    return found


def said(run: Measured) -> dict[str, Any]:
    if run.faults:
        raise SystemExit(f"a run is void: {'; '.join(run.faults)}")
    value = run.as_dict()
    names = ("connections", "liids", "rate_per_s", "sent", "received", "accepted", "acknowledged", "collector_cpu_s")
    residents = [one.resident_octets for one in run.samples if one.resident_octets is not None]
    return {name: value.get(name) for name in names} | {
        "honest_latency_ms": run.latencies_of("paced").as_ms(),
        "flood_latency_ms": run.latencies_of("flood").as_ms(),
        "records_per_s": run.records_per_s,
        "pauses": run.pauses,
        "resident_mib": max(residents, default=0) >> 20,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--connections", type=int, default=1_000, help="that keep to their rate")
    parser.add_argument("--liids", type=int, default=100_000)
    parser.add_argument("--rate", type=int, default=20_000, help="records a second of all of them together")
    parser.add_argument("--flood", type=int, default=1, help="connections that send without end in the second run")
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--date", default=time.strftime("%Y-%m-%d", time.gmtime()))
    parser.add_argument("--out", type=Path, default=RESULT)
    arguments = parser.parse_args()
    raise_open_files()
    runs = {}
    for name, flood in (("calm", 0), ("flooded", arguments.flood)):
        with tempfile.TemporaryDirectory() as directory:
            runs[name] = said(measure(profile_of(arguments, flood), Path(directory), Blind()))
        print(name, json.dumps(runs[name]))
    calm, flooded = (runs[name]["honest_latency_ms"] for name in ("calm", "flooded"))
    ratios = {name: round(flooded[name] / calm[name], 2) for name in calm if calm[name] and flooded.get(name)}
    result = {
        "what": "latency of the connections that keep to their rate, with a flood against without",
        "flooded_to_calm": ratios,
        "runs": runs,
        "environment": environment_card(arguments.date, {"asn1.scan": scan.COMPILED}),
    }
    arguments.out.parent.mkdir(exist_ok=True)
    arguments.out.write_text(json.dumps(result, indent=1) + "\n")
    print("flooded to calm:", ratios)


if __name__ == "__main__":
    main()
