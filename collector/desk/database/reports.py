"""Drafts of reports (PRTT, ten-day, thirty-day, discovery): what people add to the figures. Every revision is kept.

`text` is whatever the report's form makes of its fields; a report that is finished is signed into the ledger by whoever
renders it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from collector.desk.database.bounds import REPORT_CHARACTERS, identifier, number, text
from collector.desk.database.tables import REPORT_DRAFT, REPORTS
from collector.desk.database.writing import Reading, Writing, newest_row, newest_rows, revisions


class ReportDraft(NamedTuple):
    report_id: str
    revision: int
    kind: str
    case_id: str
    text: str
    by: str
    at_us: int


def save(
    writing: Writing, report_id: str, kind: str, case_id: str, words: str, seen: int, by: str, at_us: int
) -> ReportDraft:
    """The revision behind `seen` (0: the first). Raises ConflictError when there is a newer one, BoundError."""
    values = {
        "kind": identifier(kind, "The kind of report"),
        "case_id": identifier(case_id, "The case"),
        "text": text(words, "The report", REPORT_CHARACTERS, empty=True),
        "by": identifier(by, "The author"),
        "at_us": number(at_us, "The time"),
    }
    revision = writing.append(REPORTS, {"report_id": identifier(report_id, "The report")}, values, by, seen)
    return ReportDraft(report_id, revision, kind, case_id, words, by, at_us)


def newest(reading: Reading, report_id: str) -> ReportDraft | None:
    row = newest_row(reading, REPORTS, {"report_id": report_id})
    return None if row is None else ReportDraft(**row)


def history(reading: Reading, report_id: str) -> Sequence[ReportDraft]:
    """Every revision, oldest first."""
    return [ReportDraft(**row) for row in revisions(reading, REPORTS, {"report_id": report_id})]


def of_case(reading: Reading, case_id: str) -> Sequence[ReportDraft]:
    """The newest of each report that was begun for a case."""
    found = newest_rows(reading, REPORTS, REPORT_DRAFT.c.case_id == case_id)
    return [ReportDraft(**row) for row in found]
