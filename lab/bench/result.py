"""A benchmark's result: the JSON object of design section 7, several runs of it put together, and the table of it.

One run is an object by itself. Several runs are the object of their median by records per core-second (by records per
second against a foreign collector), with all of them, without their series, in `runs`. Pure.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from lab.bench.run import Measured
from mediation.runtime.config import ConfigError

MAX_RESULT_OCTETS: Final = 64 << 20
_LONG: Final = ("series", "latency_curve_ms", "ledger", "stages")
"""What only the median's object has."""


def put_together(
    runs: Sequence[Measured],
    environment: Mapping[str, Any],
    peers: Mapping[str, Any],
    changes: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """`changes`: what options changed of the profile."""
    ordered = sorted(runs, key=lambda one: one.records_per_core_s or one.records_per_s)
    # Of an even number the lower of the two in the middle: nobody shall call it flattered.
    found = ordered[(len(ordered) - 1) // 2].as_dict()
    found["simulation"] = True
    found["changes"] = dict(changes or {})
    if len(runs) > 1:
        found["what"] = "the median of the runs by records per core-second"
        found["runs"] = [{name: value for name, value in one.as_dict().items() if name not in _LONG} for one in runs]
    found["balanced"] = all(not one.faults for one in runs)
    found["faults"] = [fault for one in runs for fault in one.faults]
    found["peers"] = dict(peers)
    found["environment"] = dict(environment)
    return found


def file_name(profile: str, changes: Mapping[str, Any]) -> str:
    """`cc200.json`, or `cc200+octets=300.json`: what was measured otherwise never stands under the profile's name."""
    parts = [profile, *(f"{name}={_plain(value)}" for name, value in sorted(changes.items()))]
    return f"{'+'.join(parts)}.json"


def _plain(value: object) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, (list, tuple)):
        return ",".join(map(str, value))
    return str(value)


def read_result(path: Path) -> dict[str, Any]:
    """One result file. Raises ConfigError."""
    try:
        with path.open("rb") as file:
            octets = file.read(MAX_RESULT_OCTETS + 1)
        value = json.loads(octets) if len(octets) <= MAX_RESULT_OCTETS else None
    except (OSError, ValueError) as error:
        raise ConfigError(f"{path} is no result of a benchmark: {error}.") from error
    if not isinstance(value, dict) or "profile" not in value:
        raise ConfigError(f"{path} is no result of `calea-lab bench run`: it names no profile.")
    return value


def write_result(path: Path, value: Mapping[str, Any]) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(value, indent=1) + "\n", encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"Cannot write {path}: {error.strerror}. Give another place with --out.") from error


def rows(result: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What a person reads of it."""
    latency = result["latency_ms"]
    found = [
        ("profile", _words(result)),
        ("sent, acknowledged", f"{result['sent']:,}, {_number(result['acknowledged'])} in {result['seconds']:.2f} s"),
        ("records a second", f"{result['records_per_s']:,}"),
    ]
    if result["collector_cpu_s"] is not None:
        found += [
            ("records a core-second", _number(result["records_per_core_s"])),
            ("collector CPU", f"{result['collector_cpu_s']:.2f} s: {_threads(result['cpu'])}"),
            (
                "collector memory",
                f"{result['memory_mib']['resident']:.0f} MiB, {result['memory_mib']['peak']:.0f} at most",
            ),
            ("verdicts", _verdicts(result)),
            ("stored, signed", f"{result['stored']:,}, {result['signed']:,}"),
        ]
    if result["acknowledged"] is None:
        latency = {}
    since = "due" if result["latency_from"] == "schedule" else "written (flat out: how long the full pipe takes)"
    said = ", ".join(f"{name} {_ms(latency[name])}" for name in latency) or "none: the dialect has no acknowledgements"
    found.append((f"latency, since {since}", said))
    if result.get("latency_flood_ms"):
        flood = result["latency_flood_ms"]
        found.append(("latency of the flooding links", ", ".join(f"{name} {_ms(flood[name])}" for name in flood)))
    if result["unsent"]:
        found.append(("due and never sent", f"{result['unsent']:,}"))
    found += [(f"peer {name}", _peer(value)) for name, value in result.get("peers", {}).items()]
    if len(result.get("runs", ())) > 1:
        values = [one["records_per_core_s"] or one["records_per_s"] for one in result["runs"]]
        found.append(("runs", f"{len(values)}, from {min(values):,} to {max(values):,}"))
    found.append(("ledger", "balanced" if result["balanced"] else f"DOES NOT BALANCE: {'; '.join(result['faults'])}"))
    return found


def _words(result: Mapping[str, Any]) -> str:
    parts = [
        f"{result['profile']}: {result['kind']} of {result['octets']} octets"
        if result["kind"] == "cc"
        else f"{result['profile']}: {result['kind']}",
        result["dialect"],
        f"{result['record_octets']} a record",
        f"{result['liids']:,} LIIDs",
        f"{result['connections']:,} connections",
        result["tls_version"] or "TLS" if result["tls"] else "plain TCP",
        "encrypted at rest" if result["encryption_at_rest"] else "not encrypted at rest",
    ]
    if result["interpreted"]:
        parts.append("INTERPRETED")
    if result["refused_percent"]:
        parts.append(f"{result['refused_percent']:g} % to be refused")
    parts.append(f"{result['rate_per_s']:,} a second" if result["rate_per_s"] else "flat out")
    return ", ".join(parts)


def _verdicts(result: Mapping[str, Any]) -> str:
    names = ("accepted", "flagged", "masked", "quarantined", "rejected", "duplicate")
    return ", ".join(f"{name} {result[name]:,}" for name in names if result[name])


def _threads(cpu: Mapping[str, Any]) -> str:
    threads = sorted(cpu["threads_s"].items(), key=lambda one: -one[1])
    return ", ".join(f"{name} {seconds:.2f}" for name, seconds in threads if seconds >= 0.01)


def _peer(value: object) -> str:
    return f"{value:,} a core-second, decoding alone" if isinstance(value, int) else str(value)


def _number(value: int | None) -> str:
    return "-" if value is None else f"{value:,}"


def _ms(value: float | None) -> str:
    return "-" if value is None else f"{value:g} ms"
