"""Writes docs/performance.md from bench/results/*.json: each target, what was measured, where it stands, how it is run.

    python tools/performance.py            write the page
    python tools/performance.py --check    say what is missing, and whether the page is this tree's; exit 1 if not

No figure on the page is typed by hand: each comes from the file named beside it. Words are kept in
tools/performance.toml: why a target is not reached, to be written by whoever measured it. A target that is missed
without such words fails the check; words for a target that is reached are left out.
"""

from __future__ import annotations

import argparse
import json
import sys
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parent.parent
PAGE: Final = ROOT / "docs" / "performance.md"
RESULTS: Final = ROOT / "bench" / "results"
ELSEWHERE: Final = RESULTS / "xeon"
"""Of another machine, measured before."""
WORDS: Final = ROOT / "tools" / "performance.toml"
MIB: Final = 1 << 20
Results = Mapping[str, Mapping[str, Any]]
"""File name without its ending to what is in it."""
_HEAD: Final = """# Performance

Made by `python tools/performance.py` from `bench/results/`; `make check` fails when this page is not the one the tree
makes. Every figure stands in the file named beside it, together with its runs and its environment card; what is
measured and how is in [bench.md](bench.md). A core-second is one second of the measured process's CPU time, user and
system, all threads; the load generator is another process and is not counted. Unless a row says otherwise: dialect
etsi, everything on (framing, header, gate, sequence tracking, leaf hash, signed checkpoint, encryption at rest, durable
write, index, acknowledgement, audit); every record sent is received, judged, stored and signed, or the run is void.
SIMULATION.
"""


@dataclass(frozen=True, slots=True)
class Target:
    """`goals`: what is asked for, the nearest first; `higher`: whether more is better. `value` gives what was
    measured, or None where a file or a figure is missing."""

    key: str
    what: str
    goals: tuple[float, ...]
    higher: bool
    unit: str
    files: tuple[str, ...]
    command: str
    value: Callable[[Results], float | None]


@dataclass(frozen=True, slots=True)
class Row:
    target: Target
    value: float | None
    why: str

    @property
    def reached(self) -> bool | None:
        """The first goal. None: not measured."""
        if self.value is None:
            return None
        return self._meets(self.target.goals[0])

    @property
    def verdict(self) -> str:
        if self.value is None:
            return "not measured"
        met = [goal for goal in self.target.goals if self._meets(goal)]
        if not met:
            return f"no: {self._short_by(self.target.goals[0])}"
        if len(met) < len(self.target.goals):
            return f"yes; not {_number(self.target.goals[len(met)])} yet: {self._short_by(self.target.goals[len(met)])}"
        return "yes"

    def _meets(self, goal: float) -> bool:
        assert self.value is not None, "asked for what was measured"
        return self.value >= goal if self.target.higher else self.value <= goal

    def _short_by(self, goal: float) -> str:
        assert self.value is not None, "asked for what was measured"
        share = abs(goal - self.value) / goal
        return f"{share:.0%} {'short' if self.target.higher else 'above'}"


def _of(name: str, *path: str) -> Callable[[Results], float | None]:
    """A figure of one file."""

    def value(results: Results) -> float | None:
        found: Any = results.get(name)
        for part in path:
            found = found.get(part) if isinstance(found, Mapping) else None
        return float(found) if isinstance(found, int | float) else None

    return value


def _cost(dear: str, cheap: str, *path: str) -> Callable[[Results], float | None]:
    """How much more a record of `dear` costs than one of `cheap`."""

    def value(results: Results) -> float | None:
        a, b = _of(dear, *path)(results), _of(cheap, *path)(results)
        return b / a if a and b else None

    return value


def _growth(after: str, before: str, *path: str) -> Callable[[Results], float | None]:
    def value(results: Results) -> float | None:
        a, b = _of(after, *path)(results), _of(before, *path)(results)
        return a / b if a and b else None

    return value


MAX_FUNCTIONS: Final = 16
_CORE: Final = "records_per_core_s"
PER_CORE: Final = "records a core-second"


def _run(key: str, what: str, goals: tuple[float, ...], name: str, command: str = "") -> Target:
    said = command or f"calea-lab bench run {name}"
    return Target(key, what, goals, True, PER_CORE, (name,), said, _of(name, _CORE))


TARGETS: Final = (
    _run("plain", "end to end, content of 200 octets, plain TCP", (1.5e6, 2.0e6), "cc200"),
    _run("tls", "the same over TLS 1.3", (0.9e6,), "cc200-tls"),
    _run("large", "content of 1400 octets, plain TCP", (0.5e6,), "cc1400"),
    _run("large-tls", "the same over TLS 1.3", (0.25e6,), "cc1400-tls"),
    _run("careful", "careful lane: IRI under pen registers, field by field, indexed", (50e3, 200e3), "prtt-iri"),
    Target("latency-50", "receive to durable at 100 000 records a second, median", (1.0,), False, "ms",
           ("latency-100k",), "calea-lab bench run latency-100k", _of("latency-100k", "latency_ms", "p50")),
    Target("latency-99", "the same, 99th percentile", (5.0,), False, "ms",
           ("latency-100k",), "calea-lab bench run latency-100k", _of("latency-100k", "latency_ms", "p99")),
    Target("liids", "100 000 LIIDs against 64", (1.3,), False, "times the cost",
           ("cc200-100k-liids", "cc200-64-liids"), "python -m bench.all --only cc200-64-liids cc200-100k-liids",
           _cost("cc200-100k-liids", "cc200-64-liids", _CORE)),
    Target("refused", "5 % refused against none", (1.15,), False, "times the cost",
           ("cc200-5pct-refused", "cc200"), "python -m bench.all --only cc200 cc200-5pct-refused",
           _cost("cc200-5pct-refused", "cc200", _CORE)),
    _run("interpreted", "interpreted, no compiler", (60e3,), "interpreted"),
    Target("verify", "`verify` of a store, encrypted at rest", (1e6,), True, PER_CORE,
           ("verify",), "python -m bench.verify", _of("verify", "verify", "warm", "records_per_cpu_s")),
    Target("sending", "carrier simulator and mediation function, generating and encoding content", (1e6,), True,
           PER_CORE, ("sending",), "python -m bench.sending", _of("sending", _CORE)),
    Target("fairness", "99th percentile beside a flooding link against without", (2.0,), False, "times",
           ("cc200-flood", "cc200-flood+flood=0"), "python -m bench.all --only cc200-flood cc200-flood+flood=0",
           _growth("cc200-flood", "cc200-flood+flood=0", "latency_ms", "p99")),
    Target("fairness-links", "the same with 1000 connections", (2.0,), False, "times",
           ("links",), "python -m bench.links --liids 1000", _of("links", "flooded_to_calm", "p99")),
)  # fmt: skip
BESIDE: Final = (
    ("cc200", "content of 200 octets (records of some 316)"),
    ("cc200+encryption=off", "the same, encryption at rest off"),
    ("cc200-record", "whole records of 200 octets"),
    ("cc1400", "content of 1400 octets"),
    ("cc1400+encryption=off", "the same, encryption at rest off"),
    ("cc200-1k-links", "1000 connections"),
)
"""Figures without a target that the targets are read beside."""


def read_results(directory: Path = RESULTS) -> dict[str, dict[str, Any]]:
    found = {}
    for path in sorted(directory.glob("*.json")):
        value = json.loads(path.read_text("utf-8"))
        if isinstance(value, dict):
            found[path.stem] = value
    return found


def void(results: Results) -> list[str]:
    """Runs that do not balance count for nothing and may not stand here."""
    return sorted(name for name, one in results.items() if one.get("balanced") is False)


def rows(results: Results, words: Mapping[str, str]) -> list[Row]:
    return [Row(one, one.value(results), words.get(one.key, "")) for one in TARGETS]


def faults(found: list[Row], results: Results, words: Mapping[str, str]) -> list[str]:
    """What keeps the page from being whole, a sentence each."""
    said = [f"bench/results/{name}.json does not balance: measure it again." for name in void(results)]
    said += [
        f"{row.target.key} is not reached and tools/performance.toml does not say why."
        for row in found
        if row.reached is False and not row.why
    ]
    known = {one.key for one in TARGETS}
    return said + [f"tools/performance.toml speaks of {key}, which is no target." for key in words if key not in known]


def page(results: Results, words: Mapping[str, str], elsewhere: Results | None = None) -> str:
    found = rows(results, words)
    parts = [_HEAD, "## Targets\n", _targets(found), _reasons(found), "## Beside them\n", _beside(results)]
    parts += [_peers(results), _one_by_one(results), _profile(results), _environment(results)]
    if elsewhere:
        parts.append(_elsewhere(results, elsewhere))
    return "\n".join(part for part in parts if part)


def _targets(found: list[Row]) -> str:
    lines = ["| | target | measured | reached | files in `bench/results/` | command |", "|---|---|---|---|---|---|"]
    for row in found:
        one = row.target
        sign = "≥" if one.higher else "≤"
        goals = f"{sign} {', then '.join(_number(goal) for goal in one.goals)} {one.unit}"
        measured = "-" if row.value is None else f"**{_number(row.value)}**"
        files = ", ".join(f"`{name}.json`" for name in one.files)
        lines.append(f"| {one.what} | {goals} | {measured} | {row.verdict} | {files} | `{one.command}` |")
    return "\n".join(lines) + "\n"


def _reasons(found: list[Row]) -> str:
    missed = [row for row in found if row.value is not None and row.verdict != "yes" and row.why]
    if not missed:
        return ""
    return "Why not:\n\n" + "\n".join(f"- {row.target.what}: {row.why}" for row in missed) + "\n"


def _elsewhere(here: Results, there: Results) -> str:
    """The targets that were measured on both machines."""
    lines = ["| | here | there | target |", "|---|---|---|---|"]
    for target in TARGETS:
        ours, others = target.value(here), target.value(there)
        if ours is None or others is None or not set(target.files) <= set(there):
            continue
        sign = "≥" if target.higher else "≤"
        lines.append(
            f"| {target.what} | {_number(ours)} | {_number(others)} | {sign} {_number(target.goals[0])} {target.unit} |"
        )
    head = (
        "## The same on another machine\n\n"
        "There: the files of `bench/results/xeon/`, measured before ADR 0051 to 0053. A core of one machine is not a "
        "core of the other: what a change brought is told by runs on one machine alone.\n"
    )
    return "\n".join([head, *lines, "", _environment(there).removeprefix("## Environment\n\n")])


def _beside(results: Results) -> str:
    lines = [
        "| load | records a core-second | records a second | octets a record | collector memory at most | file |",
        "|---|---|---|---|---|---|",
    ]
    for name, what in BESIDE:
        one = results.get(name)
        if one is None:
            lines.append(f"| {what} | not measured | | | | `{name}.json` |")
            continue
        peak = one["memory_mib"]["peak"]
        lines.append(
            f"| {what} | {_spread(one)} | {_number(one['records_per_s'])} | {one['record_octets']} | {peak:.0f} MiB | "
            f"`{name}.json` |"
        )
    return "\n".join(lines) + "\n"


def _spread(one: Mapping[str, Any]) -> str:
    values = [run[_CORE] for run in one.get("runs", ()) if run.get(_CORE)]
    said = _number(one[_CORE])
    return f"{said} (median of {len(values)}, {_number(min(values))} to {_number(max(values))})" if values else said


def _peers(results: Results) -> str:
    """What others take for the same records, decoding alone, in the same minutes."""
    lines = []
    for name in ("cc200", "cc1400"):
        one = results.get(name)
        if one is None or not one.get("peers"):
            continue
        said = [
            f"{peer} {_number(value)}" if isinstance(value, int) else f"{peer}: {value}"
            for peer, value in one["peers"].items()
        ]
        lines.append(
            f"- {name}: {', '.join(said)}; ours, all that is listed above: {_number(one[_CORE])} (`{name}.json`)"
        )
    if not lines:
        return ""
    return (
        "## Others, decoding the same records and nothing else\n\nRecords a core-second:\n\n" + "\n".join(lines) + "\n"
    )


def _one_by_one(results: Results) -> str:
    """What the scripts say that measure one part alone: the sending side, and each kind of signalling."""
    lines = []
    for name, key, what in (("sending", "rows", "sending side"), ("careful", "results", "careful lane, in process")):
        for part, one in results.get(name, {}).get(key, {}).items():
            if _CORE in one:
                said = f"| {what}: {part.replace('_', ' ')} | {_number(one[_CORE])} | {1e9 / one[_CORE]:,.0f} |"
                lines.append(f"{said} `{name}.json`, `python -m bench.{name}` |")
    if not lines:
        return ""
    head = "## Parts alone\n\n| | records a core-second | ns of CPU a record | file, command |\n|---|---|---|---|\n"
    return head + "\n".join(lines) + "\n"


def _profile(results: Results) -> str:
    """Where the nanoseconds of a record go."""
    parts = []
    for name, what in (("cc200", "content of 200 octets"), ("prtt-iri", "IRI under pen registers")):
        one = results.get(name)
        if one is not None and one.get("cpu") and one.get("received"):
            threads = {key: value * 1e9 / one["received"] for key, value in one["cpu"]["threads_s"].items()}
            parts.append(_costs(f"By thread, {what} (`{name}.json`)", threads))
    for kind, one in results.get("careful", {}).get("results", {}).items():
        threads = {name: 1000 * value for name, value in one.get("us_per_record_by_thread", {}).items()}
        if threads:
            parts.append(_costs(f"By thread, {kind} in the careful lane (`careful.json`)", threads))
        stages = {name: 1000 * value for name, value in one.get("us_per_record_by_stage", {}).items()}
        if stages:
            parts.append(_costs(f"By stage, {kind} in the careful lane (`careful.json`)", stages))
    stages = results.get("stages", {}).get("stages_ns")
    if isinstance(stages, Mapping):
        parts.append(_costs("By stage, bulk lane (`stages.json`, `python -m bench.stages`)", stages))
    parts += _instructions(results.get("stages", {}).get("instructions", {}).get("by_function", {}))
    return "## Where the time goes\n\n" + "\n".join(parts) if parts else ""


def _instructions(counted: Mapping[str, float]) -> list[str]:
    """What is in the native stages, of a record of 200 octets."""
    if not counted:
        return []
    total = sum(counted.values())
    lines = [
        "Within the native stages, instructions a record (`python -m bench.stages --instructions`; valgrind knows "
        "neither AVX-512 nor SHA instructions, so that libcrypto hashes here):\n",
        "| function | instructions | share |",
        "|---|---|---|",
    ]
    shown = sorted(counted.items(), key=lambda one: -one[1])[:MAX_FUNCTIONS]
    lines += [f"| `{name}` | {value:,.1f} | {value / total:.0%} |" for name, value in shown]
    return ["\n".join([*lines, f"| all | {total:,.1f} | |"]) + "\n"]


def _costs(title: str, values: Mapping[str, float]) -> str:
    total = sum(values.values())
    lines = [f"{title}:\n", "| | ns of CPU a record | share |", "|---|---|---|"]
    lines += [
        f"| {name} | {value:,.1f} | {value / total:.0%} |"
        for name, value in sorted(values.items(), key=lambda one: -one[1])
        if value >= total / 1000
    ]
    return "\n".join([*lines, f"| all | {total:,.1f} | |"]) + "\n"


def _environment(results: Results) -> str:
    """The cards, those that are alike together; the load of the machine in the minute it was drawn."""
    shown = ("cpu", "cores", "memory_mib", "sha_ni", "avx512bw", "kernel", "python", "compiler")
    groups: dict[tuple[str, ...], list[str]] = {}
    used = {name for one in TARGETS for name in one.files} | {name for name, _ in BESIDE} | {"stages", "careful"}
    for name in sorted(used & results.keys()):
        card = results[name].get("environment")
        if card:
            key = tuple(f"{field} {card[field]}" for field in shown if card.get(field) is not None)
            load = ", ".join(str(one) for one in card.get("load_average", ()))
            groups.setdefault(key, []).append(f"`{name}.json` {card.get('date', '')} (load {load}{_floor(card)})")
    if not groups:
        return ""
    lines = [f"- {'; '.join(key)}\n  - " + "\n  - ".join(files) for key, files in groups.items()]
    return "## Environment\n\n" + "\n".join(lines) + "\n"


def _floor(card: Mapping[str, Any]) -> str:
    """What the disk took by itself: no acknowledgement comes sooner."""
    floor = card.get("sync")
    if not floor:
        return ""
    return f"; {floor['octets'] >> 10} KiB written and synced alone: {floor['p50_ms']} ms, p99 {floor['p99_ms']} ms"


def _number(value: float) -> str:
    if value >= 1e6:
        return f"{value / 1e6:.2f} M"
    if value >= 10_000:
        return f"{value / 1e3:.0f} k"
    if value >= 1000:
        return f"{value / 1e3:.1f} k"
    return f"{value:.3g}"


def read_words(path: Path = WORDS) -> dict[str, str]:
    return {key: str(value) for key, value in tomllib.loads(path.read_text("utf-8")).get("why", {}).items()}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--check", action="store_true")
    arguments = parser.parse_args()
    results, words = read_results(), read_words()
    made = page(results, words, read_results(ELSEWHERE))
    said = faults(rows(results, words), results, words)
    if not arguments.check:
        PAGE.write_text(made, "utf-8")
    elif not PAGE.exists() or PAGE.read_text("utf-8") != made:
        said.append("docs/performance.md is not the page of this tree: run tools/performance.py.")
    for sentence in said:
        print(sentence)
    return 1 if said and arguments.check else 0


if __name__ == "__main__":
    sys.exit(main())
