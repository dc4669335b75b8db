"""Counting: record kind x oracle -> accepted n of n. Gives the page docs/fidelity.md and reports/oracles.json.

Oracles whose modules no registry has are run where somebody has the modules; what they said is kept in recorded.json
beside this file, one entry a record by its digest, so that the page tells it without running them. A record that is new
since then is counted as not asked, never as accepted.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from tools.oracles.reasons import REASONS, reason_of
from tools.oracles.record import ACCEPTED, Oracle, Record, Verdict, refused

RECORDED: Final = Path(__file__).with_name("recorded.json")

_GROUPS: Final = (
    ("Records of the handover (TS 102 232)", ("ps-pdu",)),
    ("TS 33.128 payloads", ("xiri", "iri", "cc")),
    ("X2 and X3 (TS 103 221-2)", ("x2x3",)),
    ("X1 (TS 103 221-1)", ("x1",)),
    ("HI1 (TS 103 120)", ("hi1",)),
    ("US call data and content", ("t1678", "pcesp", "ias", "jstd025", "cc-apdu", "ccc")),
    (
        "What is inside: messages, signalling, packets, sound",
        ("tpdu", "mms", "sip", "radius", "ip", "rtp", "wav", "pcapng"),
    ),
)


@dataclass(slots=True)
class Column:
    """What one oracle said: by index of the record. `recorded`: not asked now, but where its modules were."""

    name: str
    version: str
    checks: str
    verdicts: Mapping[int, Verdict]
    recorded: bool = False


@dataclass(slots=True)
class Cell:
    accepted: int = 0
    asked: int = 0
    of: int = 0
    reasons: set[int] = field(default_factory=set)

    def text(self) -> str:
        if not self.asked:
            return ""
        notes = "".join(f" [{number + 1}]" for number in sorted(self.reasons))
        newer = f" ({self.of - self.asked} not asked)" if self.asked < self.of else ""
        return f"{self.accepted} of {self.asked}{newer}{notes}"


def ask(oracles: Iterable[Oracle], records: Sequence[Record]) -> list[Column]:
    return [Column(one.name, one.version, one.checks, one.judge(records)) for one in oracles]


def unexplained(columns: Sequence[Column], records: Sequence[Record]) -> list[str]:
    """Refusals without a reason, one line each."""
    refused_by = _refused_by(columns)
    return [
        f"{column.name} refuses {records[number].kind} ({records[number].source}): {verdict.why}"
        for column in columns
        for number, verdict in column.verdicts.items()
        if not verdict.accepted and reason_of(column.name, records[number], verdict.why, refused_by[number]) is None
    ]


def _refused_by(columns: Sequence[Column]) -> dict[int, set[str]]:
    """The oracles that refuse a record, by its index."""
    found: dict[int, set[str]] = {}
    for column in columns:
        for number, verdict in column.verdicts.items():
            if not verdict.accepted:
                found.setdefault(number, set()).add(column.name)
    return found


def cells(columns: Sequence[Column], records: Sequence[Record]) -> dict[tuple[str, str], Cell]:
    """By (kind, oracle). A kind is known to an oracle when it was asked about one of its records."""
    counted: dict[tuple[str, str], Cell] = {}
    refused_by = _refused_by(columns)
    for column in columns:
        for number, record in enumerate(records):
            cell = counted.setdefault((record.kind, column.name), Cell())
            cell.of += 1
            verdict = column.verdicts.get(number)
            if verdict is None:
                continue
            cell.asked += 1
            cell.accepted += verdict.accepted
            if verdict.accepted:
                continue
            reason = reason_of(column.name, record, verdict.why, refused_by[number])
            if reason is not None:
                cell.reasons.add(reason)
    return counted


# ---- what was said where the modules were


def digest(record: Record) -> str:
    return sha256(record.layer.encode() + b"\0" + record.octets).hexdigest()[:12]


def record_columns(columns: Sequence[Column], records: Sequence[Record], path: Path = RECORDED) -> None:
    """Keeps what these columns said in place of what they said before; other oracles' entries stay."""
    held = json.loads(path.read_text("utf-8")) if path.exists() else {}
    for column in columns:
        said = {digest(records[number]): verdict.why for number, verdict in column.verdicts.items()}
        held[column.name] = {
            "version": column.version,
            "checks": column.checks,
            "accepted": sorted(key for key, why in said.items() if not why),
            "refused": {key: why for key, why in sorted(said.items()) if why},
        }
    path.write_text(json.dumps(held, indent=1, sort_keys=True) + "\n", "utf-8")


def recorded_columns(records: Sequence[Record], besides: Iterable[str], path: Path = RECORDED) -> list[Column]:
    """What oracles said that were not asked now (`besides` are those that were)."""
    held = json.loads(path.read_text("utf-8")) if path.exists() else {}
    asked = set(besides)
    by_digest = {digest(record): number for number, record in enumerate(records)}
    columns = []
    for name, told in sorted(held.items()):
        if name in asked:
            continue
        verdicts = {by_digest[key]: ACCEPTED for key in told["accepted"] if key in by_digest}
        verdicts |= {by_digest[key]: refused(why) for key, why in told["refused"].items() if key in by_digest}
        columns.append(Column(name, told["version"], told["checks"], verdicts, recorded=True))
    return columns


# ---- the page and the report


def page(columns: Sequence[Column], records: Sequence[Record], missing: Sequence[str]) -> str:
    counted = cells(columns, records)
    lines = [
        "# Fidelity: what other people's decoders say of our records",
        "",
        "Written by `make oracles`; do not edit. A row is a kind of record that this stack emits or keeps as a",
        "golden vector, a column a decoder that is not ours, a cell how many of the records it knows it accepted. An",
        "empty cell: the oracle has no decoder for the kind, or its modules were asked before the kind was there.",
        "Numbers in brackets are the reasons below; a refusal without one fails the command. The records: simulated",
        "traffic through the real points of interception and the real conversion, both ends of a handover, X1 of both",
        "ends, and every vector of `tests/vectors`, each with everything it carries inside.",
        "",
        "## Oracles",
        "",
        "| oracle | version | accepting means | asked |",
        "| --- | --- | --- | --- |",
    ]
    for column in columns:
        where = "where its modules were" if column.recorded else "by this run"
        lines.append(f"| {column.name} | {column.version} | {column.checks} | {where} |")
    lines += ["", *[f"Not asked: {one}" for one in missing], *([""] if missing else [])]
    lines += [
        "“More modules” and the X1 schema are in no package registry, so CI cannot ask them: they are read from a",
        "directory (`make oracles MODULES=DIR`, see `docs/oracles.md`) and what they said is kept in",
        "`tools/oracles/recorded.json`.",
        "",
    ]
    for title, kinds in _grouped(records):
        known = [column for column in columns if any(counted[kind, column.name].asked for kind in kinds)]
        lines += [f"## {title}", "", f"| record | {' | '.join(column.name for column in known)} |"]
        lines += ["| --- |" + " --- |" * len(known)]
        for kind in kinds:
            row = " | ".join(counted[kind, column.name].text() for column in known)
            lines.append(f"| {kind} | {row} |")
        lines.append("")
    lines += ["## Reasons", ""]
    used = sorted({number for cell in counted.values() for number in cell.reasons})
    lines += [f"{number + 1}. {REASONS[number].words}" for number in used]
    return "\n".join(line.rstrip() for line in lines) + "\n"


def _grouped(records: Sequence[Record]) -> list[tuple[str, list[str]]]:
    named = {layer for _, layers in _GROUPS for layer in layers}
    others = sorted({record.layer for record in records} - named)
    groups = []
    for title, layers in (*_GROUPS, ("Other descriptions", tuple(others))):
        kinds = sorted({record.kind for record in records if record.layer in layers})
        if kinds:
            groups.append((title, kinds))
    return groups


def report(columns: Sequence[Column], records: Sequence[Record]) -> dict[str, Any]:
    counted = cells(columns, records)
    return {
        "records": len(records),
        "kinds": len({record.kind for record in records}),
        "oracles": {
            column.name: {
                "version": column.version,
                "recorded": column.recorded,
                "asked": len(column.verdicts),
                "accepted": sum(verdict.accepted for verdict in column.verdicts.values()),
                "kinds": {
                    kind: {"accepted": cell.accepted, "asked": cell.asked, "of": cell.of}
                    for (kind, name), cell in sorted(counted.items())
                    if name == column.name and cell.asked
                },
                "refused": [
                    {
                        "kind": records[number].kind,
                        "source": records[number].source,
                        "said": verdict.why,
                        "octets": records[number].octets[:256].hex(),
                    }
                    for number, verdict in column.verdicts.items()
                    if not verdict.accepted
                ],
            }
            for column in columns
        },
        "unexplained": unexplained(columns, records),
    }
