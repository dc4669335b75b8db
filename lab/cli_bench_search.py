"""`calea-lab bench search`: the highest rate a collector takes within stated limits. Exit code 1 when none held."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from lab.bench import profiles
from lab.bench.profiles import Profile
from lab.bench.result import file_name, write_result
from lab.bench.run import Blind, Measured, measure, measure_foreign
from lab.bench.search import Found, Limits, Point, Step, search
from lab.cli_bench import (
    ConnectionsOption,
    DateOption,
    EncryptionOption,
    Foreign,
    KindOption,
    LiidsOption,
    OctetsOption,
    TlsOption,
    card_of,
    differences,
    results_directory,
)
from lab.output import DEFAULT_DATA, DataOption, JsonOption, banner, console, print_json, table

EXIT_NONE_HOLDS = 1
COLUMNS = ("offered a second", "acknowledged a second", "p50 ms", "p99 ms", "p999 ms", "a core-second", "")


def search_(
    name: Annotated[str, typer.Argument(metavar="PROFILE", help=f"one of {', '.join(profiles.PROFILES)}")],
    p99: Annotated[float, typer.Option(help="limit of the 99th percentile, milliseconds")] = 50.0,
    p50: Annotated[float | None, typer.Option(help="limit of the median, milliseconds")] = None,
    p999: Annotated[float | None, typer.Option(help="limit of the 99.9th percentile, milliseconds")] = None,
    lost: Annotated[int, typer.Option(min=0, help="records that may be lost or unsent")] = 0,
    first: Annotated[int, typer.Option("--from", min=100, help="the first rate, records a second")] = 50_000,
    highest: Annotated[int, typer.Option("--to", min=100, help="no rate above this is tried")] = 5_000_000,
    precision: Annotated[float, typer.Option(min=0.005, max=1.0, help="how near the two ends come, as a ratio")] = 0.05,
    tries: Annotated[int, typer.Option(min=1, max=10, help="a rate fails when it fails so often in a row")] = 2,
    seconds: Annotated[float, typer.Option(min=0.5, help="how long each rate is sent")] = 5.0,
    kind: KindOption = None,
    octets: OctetsOption = None,
    liids: LiidsOption = None,
    connections: ConnectionsOption = None,
    tls: TlsOption = None,
    encryption: EncryptionOption = None,
    peer: Annotated[str | None, typer.Option(metavar="HOST:PORT", help="search this collector's knee instead")] = None,
    ca: Annotated[Path | None, typer.Option(help="with --peer --tls: directory of a lab CA (DATA/ca)")] = None,
    out_file: Annotated[Path | None, typer.Option("--out", help="result file")] = None,
    date: DateOption = None,
    data: DataOption = DEFAULT_DATA,
    as_json: JsonOption = False,
) -> None:
    """Step an open-loop load up to the knee, by doubling, then halving the interval. Each rate gets a new collector."""
    changes = {
        "kind": kind,
        "octets": octets,
        "liids": liids,
        "connections": connections,
        "tls": tls,
        "encryption": encryption,
    }
    base = profiles.changed(profiles.named(name), changes)
    said = differences(base)
    limits = Limits(p50, p99, p999, lost)
    card = card_of(base, date)
    out = console()
    if not as_json:
        banner(out)

    def heard(step: Step) -> None:
        if not as_json:
            point = step.point
            out.print(
                f"  {point.rate_per_s:,} a second: p99 {point.latency_ms.get('p99')} ms, "
                f"{'holds' if step.holds else step.broken}",
                markup=False,
            )

    target = None if peer is None else Foreign(peer, ca, negotiate=True)
    measuring = _measuring(base, seconds, target, data)
    found = search(
        measuring, limits, first_per_s=first, highest_per_s=highest, precision=precision, tries=tries, heard=heard
    )
    result = as_result(base, said, found, limits, precision, tries, seconds, card)
    where = out_file or results_directory(data) / f"search-{file_name(name, said | ({'peer': peer} if peer else {}))}"
    write_result(where, result)
    if as_json:
        print_json(result)
    else:
        table(f"Search {name}", COLUMNS, [_row(one) for one in found.steps], out)
        knee = "no rate held" if found.knee is None else f"the knee is at {found.knee.point.rate_per_s:,} a second"
        out.print(f"{knee}{' (no higher rate was asked for)' if found.bounded else ''}; written: {where}", markup=False)
    raise typer.Exit(0 if found.knee is not None else EXIT_NONE_HOLDS)


def as_result(
    profile: Profile,
    changes: dict[str, Any],
    found: Found,
    limits: Limits,
    precision: float,
    tries: int,
    seconds: float,
    card: dict[str, Any],
) -> dict[str, Any]:
    return {
        "simulation": True,
        "profile": profile.name,
        "changes": changes,
        "search": {
            "knee_per_s": None if found.knee is None else found.knee.point.rate_per_s,
            "failed_at_per_s": found.failed_at_per_s,
            "bounded": found.bounded,
            "limits": {
                "p50_ms": limits.p50_ms,
                "p99_ms": limits.p99_ms,
                "p999_ms": limits.p999_ms,
                "lost": limits.lost,
            },
            "precision": precision,
            "tries": tries,
            "seconds_each": seconds,
            "steps": [one.as_dict() for one in found.steps],
        },
        "environment": card,
    }


def point_of(rate_per_s: int, run: Measured) -> Point:
    # Every profile that can be searched is of a dialect with acknowledgements.
    lost = run.loaded.sent - (run.loaded.acknowledged or 0) + run.loaded.unsent
    if run.ledger is not None:
        lost = max(lost, run.ledger.lost + run.loaded.unsent)
    # What is lost or unsent has its own limit; any other fault makes the rate count for nothing.
    fault = "; ".join(run.faults) if not lost else ""
    return Point(rate_per_s, run.latencies.as_ms(), lost, run.records_per_s, run.records_per_core_s, fault)


def _measuring(profile: Profile, seconds: float, target: Foreign | None, data: Path) -> Callable[[int], Point]:
    def at(rate_per_s: int) -> Point:
        paced = profiles.changed(profiles.at_rate(profile, rate_per_s), {"seconds": seconds})
        watch = Blind()
        if target is None:
            return point_of(rate_per_s, measure(paced, data / "bench", watch))
        run = measure_foreign(
            paced, data / "bench", target.host, target.port, watch, target.tls(paced), target.negotiate
        )
        return point_of(rate_per_s, run)

    return at


def _row(step: Step) -> tuple[Any, ...]:
    point = step.point
    latency = [point.latency_ms.get(name) for name in ("p50", "p99", "p999")]
    return (
        point.rate_per_s,
        point.records_per_s,
        *("-" if one is None else one for one in latency),
        point.records_per_core_s if point.records_per_core_s is not None else "-",
        step.broken or "holds",
    )
