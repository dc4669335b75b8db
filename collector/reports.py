"""What is reported to the carrier: sequence gaps (R-095) and deliveries that no court allowed (R-062).

Rules. A gap is reported once and closed once, when all of it has come; who delivered too much, or for somebody else, is
reported once for each order and each of the two. Made from the accounts of durable batches, so that nothing is reported
that a crash could take back; what was said is known again from the audit log. What a flood of gaps would write is
bounded: the ones beyond are counted in the entry, and the commit frames hold every one. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

Entry = tuple[str, dict[str, Any]]

MAX_RANGES: Final = 64
"""Gaps told in one entry."""
MAX_OPEN: Final = 4096
"""Gaps watched for their closing; the oldest are given up beyond."""
MAX_REPORTS: Final = 4096
CAUSES: Final = {
    "SCOPE_CONTENT_ON_PRTT": "over-delivery",
    "SCOPE_PCTDD": "over-delivery",
    "SCOPE_TYPE_NOT_AUTHORISED": "over-delivery",
    "TARGET_MISMATCH": "wrong number",
}
"""What makes a refusal a matter for the carrier, by reason."""

Stream = tuple[str, int, int, int]
"""LIID (hexadecimal), CIN, kind, epoch."""
Gap = tuple[str, int, int, int, int, int]
"""A stream, with the first and the last number missing."""


class CarrierReports:
    """Fed with the blobs of durable batches; `turn` gives what is new."""

    def __init__(self) -> None:
        self._open: dict[Stream, dict[Gap, int]] = {}
        self._watched = 0
        self._told: set[Gap] = set()
        self._opened: list[Gap] = []
        self._closed: list[Gap] = []
        self._reported: set[tuple[str, str]] = set()
        self._reports: dict[tuple[str, str], dict[str, Any]] = {}

    def batch(self, blob: dict[str, Any]) -> None:
        """A durable batch's account."""
        for one in blob.get("gaps", ()):
            gap = (one[0], one[1], one[2], one[3], one[4], one[5])
            while self._watched >= MAX_OPEN:
                self._drop()
            self._open.setdefault(gap[:4], {})[gap] = gap[5] - gap[4] + 1
            self._watched += 1
            if gap not in self._told:
                self._opened.append(gap)
        for one in blob.get("filled", ()):
            self._fill(one)
        for refusal in blob.get("refusals", ()):
            if refusal["verdict"] == "REJECT":
                for reason in refusal["reasons"]:
                    self._cause(refusal["order"], refusal["liid"], reason)

    def turn(self) -> list[Entry]:
        """The entries since the last time."""
        found: list[Entry] = []
        for state, gaps in (("open", self._opened), ("closed", self._closed)):
            if gaps:
                found.append(("gap_report", _gap_fields(state, gaps)))
                self._told.update(gaps[:MAX_RANGES])
                gaps.clear()
        for fields in self._reports.values():
            found.append(("carrier_report", fields))
        self._reports.clear()
        return found

    def restore(self, entries: Iterable[dict[str, Any]]) -> None:
        """From the audit log; before the store's batches are fed again."""
        for entry in entries:
            fields = entry["fields"]
            if entry["kind"] == "carrier_report":
                self._reported.add((fields["order"], fields["cause"]))
            elif entry["kind"] == "gap_report" and fields["state"] == "open":
                self._told.update(_gap(one) for one in fields["gaps"])
            elif entry["kind"] == "gap_report":
                self._told.difference_update(_gap(one) for one in fields["gaps"])

    def _fill(self, one: list[Any]) -> None:
        """A number that was missing came; a gap is closed when all of its numbers have."""
        stream, first, last = (one[0], one[1], one[2], one[3]), one[4], one[5]
        gaps = self._open.get(stream, {})
        for gap, left in list(gaps.items()):
            if gap[5] < first or gap[4] > last:
                continue
            gaps[gap] = left - (min(gap[5], last) - max(gap[4], first) + 1)
            if gaps[gap] > 0:
                continue
            self._remove(gap)
            if gap in self._told or gap in self._opened:
                self._closed.append(gap)
                self._told.discard(gap)

    def _drop(self) -> None:
        """The oldest gap of the stream that has been open longest is not watched any more."""
        gap = next(iter(next(iter(self._open.values()))))
        self._remove(gap)
        self._told.discard(gap)

    def _remove(self, gap: Gap) -> None:
        gaps = self._open[gap[:4]]
        del gaps[gap]
        self._watched -= 1
        if not gaps:
            del self._open[gap[:4]]

    def _cause(self, order: str, liid: str, reason: str) -> None:
        cause = CAUSES.get(reason)
        key = (order, cause or "")
        if cause is None or not order or key in self._reported or len(self._reported) >= MAX_REPORTS:
            return
        self._reported.add(key)
        self._reports[key] = {
            "actor": "SYS",
            "order": order,
            "liid": liid,
            "cause": cause,
            "reason": reason,
            "rules": ["R-062", "R-022" if cause == "wrong number" else "R-110"],
        }


def _gap_fields(state: str, gaps: list[Gap]) -> dict[str, Any]:
    return {
        "actor": "SYS",
        "state": state,
        "count": len(gaps),
        "gaps": [
            {"liid": one[0], "cin": one[1], "kind": one[2], "epoch": one[3], "first": one[4], "last": one[5]}
            for one in gaps[:MAX_RANGES]
        ],
        "rules": ["R-095"],
    }


def _gap(one: dict[str, Any]) -> Gap:
    return (one["liid"], one["cin"], one["kind"], one["epoch"], one["first"], one["last"])
