"""What a report is: sections of facts and tables, what is withheld and why, and the signed state it is based on.

Pure. A report is a value; HTML and PDF are made of it and say the same. Its digest is over the canonical JSON of the
value, so that either rendering can be held against the other and against the ledger. Every report says SIMULATION.
Whatever a peer called itself is text. Sizes are bounded where rows are gathered (`parts`).
"""

from __future__ import annotations

import hashlib
import json
from enum import StrEnum
from typing import Any, Final, NamedTuple

from collector.console.draw.svg import Table
from collector.console.model.calls import Withheld

MARK: Final = "SIMULATION"
FORMAT: Final = 1


class ReportKind(StrEnum):
    PRTT = "prtt"
    TEN_DAY = "ten_day"
    THIRTY_DAY = "thirty_day"
    DISCOVERY = "discovery"


TITLES: Final = {
    ReportKind.PRTT: "Pen register and trap and trace report",
    ReportKind.TEN_DAY: "Ten-day progress report to the court",
    ReportKind.THIRTY_DAY: "Thirty-day report",
    ReportKind.DISCOVERY: "Inventory for discovery",
}


class Basis(NamedTuple):
    """The newest checkpoint of a store when the report was made: everything of it in the report is under its root.
    `collector` is its name in a fleet, blank where there is one alone."""

    collector: str
    size: int
    root: str
    note: str


class Section(NamedTuple):
    """`facts` are pairs of a name and a value; `text` are paragraphs that somebody wrote."""

    heading: str
    facts: tuple[tuple[str, str], ...] = ()
    text: tuple[str, ...] = ()
    tables: tuple[Table, ...] = ()


class Report(NamedTuple):
    """`withheld` is everything that is there and not in it, with its reason; `missing` a sentence for each part of a
    fleet that could not be read; `rules` are those it is made for; `basis` one a store."""

    kind: ReportKind
    case_id: str
    order_ids: tuple[str, ...]
    made_at_us: int
    made_by: str
    from_us: int | None
    to_us: int | None
    sections: tuple[Section, ...]
    withheld: tuple[Withheld, ...]
    missing: tuple[str, ...]
    rules: tuple[str, ...]
    basis: tuple[Basis, ...]

    @property
    def title(self) -> str:
        return TITLES[self.kind]

    @property
    def stem(self) -> str:
        """What its files are called: letters, numbers and hyphens alone."""
        case = "".join(char if char.isascii() and char.isalnum() else "-" for char in self.case_id)
        return f"{self.kind.replace('_', '-')}-{case}-{self.made_at_us}"


def canonical(report: Report) -> bytes:
    """The report as canonical JSON."""
    value: dict[str, Any] = {"simulation": True, "format": FORMAT, "title": report.title, **report._asdict()}
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode("utf-8", "replace")


def digest(report: Report) -> str:
    """SHA-256 of the canonical JSON."""
    return hashlib.sha256(canonical(report)).hexdigest()


def ledger_fields(report: Report, html: str, pdf: bytes) -> dict[str, Any]:
    """What the caller records of a report that it gives out: what it is of, what it is based on, how each form is
    known again, and how much is withheld."""
    roots = [{"collector": one.collector, "size": one.size, "root": one.root} for one in report.basis]
    return {
        "report": str(report.kind),
        "case_id": report.case_id,
        "orders": list(report.order_ids),
        "by": report.made_by,
        "made_at_us": report.made_at_us,
        "model_sha256": digest(report),
        "html_sha256": hashlib.sha256(html.encode()).hexdigest(),
        "pdf_sha256": hashlib.sha256(pdf).hexdigest(),
        "basis": {"size": sum(one.size for one in report.basis), "roots": roots},
        "withheld": sum(one.records for one in report.withheld),
        **({"missing": list(report.missing)} if report.missing else {}),
    }
