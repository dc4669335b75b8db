"""What the collector's own work puts into the audit log, summed so that no flood from outside can fill it.

Rules. Starts, stops, orders and evictions are entries of their own. Refusals, alarms and connection errors are summed
and written once a turn, each sum bounded in size: the commit frames hold every one. Codes, counts and labels, never
content. A turn in which nothing happened still gives a heartbeat every `HEARTBEAT_US`, so that silence is a finding.
"""

from __future__ import annotations

from collections import Counter
from typing import Any, Final

from collector.accounts import Totals
from collector.pipeline import LinkState
from collector.reports import CarrierReports, Entry

HEARTBEAT_US: Final = 60_000_000
MAX_NAMES: Final = 64
"""Orders, links and codes told apart in one entry."""
_ALARMS: Final = ("SCOPE_CONTENT_ON_PRTT", "TARGET_MISMATCH", "TAMPERED")
"""Reasons that mean the carrier delivered what no court allowed (R-022, R-110), or something was changed."""
_REFUSED: Final = ("masked", "quarantined", "rejected")


class AuditTally:
    """Collects between two turns. One thread, the event loop's."""

    def __init__(self, now_us: int) -> None:
        self._last_beat_us = now_us
        self._verdicts: Counter[str] = Counter()
        self._reasons: Counter[str] = Counter()
        self._orders: Counter[str] = Counter()
        self._alarms: dict[tuple[str, str], int] = {}
        self._connections: Counter[tuple[str, str]] = Counter()
        self._peers: dict[tuple[str, str], str] = {}

    def batch(self, blob: dict[str, Any]) -> None:
        """A durable batch's blob."""
        for one in (*blob.get("orders", ()), *blob.get("unknown", ())):
            refused = {name: one[name] for name in _REFUSED if name in one}
            if not refused:
                continue
            self._verdicts.update(refused)
            name = one.get("order", "(no order)")
            self._orders[name if name in self._orders or len(self._orders) < MAX_NAMES else "(other)"] += sum(
                refused.values()
            )
            for reason, times in one.get("reasons", {}).items():
                self._reasons[reason] += times
        for refusal in blob.get("refusals", ()):
            for reason in refusal["reasons"]:
                if reason in _ALARMS and refusal["verdict"] in ("REJECT", "QUARANTINE"):
                    key = (refusal["order"], reason)
                    if key in self._alarms or len(self._alarms) < MAX_NAMES:
                        self._alarms[key] = self._alarms.get(key, 0) + refusal["count"]

    def connection(self, link: str, peer: str, code: str) -> None:
        key = (link, code)
        if key in self._connections or len(self._connections) < MAX_NAMES:
            self._connections[key] += 1
            self._peers[key] = peer

    def turn(self, now_us: int, totals: dict[str, Any]) -> list[Entry]:
        """The entries of this turn; `totals` go into a heartbeat."""
        entries: list[Entry] = []
        for (link, code), count in self._connections.items():
            fields = {"link": link, "code": code, "count": count, "last_peer": self._peers[link, code]}
            entries.append(("connection_error", fields))
        for (order, reason), count in self._alarms.items():
            entries.append(("alarm", {"order": order, "reason": reason, "count": count}))
        if self._verdicts:
            fields = {
                "verdicts": dict(self._verdicts),
                "reasons": dict(self._reasons),
                "orders": dict(self._orders),
            }
            entries.append(("gate_refusals", fields))
        if now_us - self._last_beat_us >= HEARTBEAT_US:
            self._last_beat_us = now_us
            entries.append(("heartbeat", totals))
        if entries:
            for sums in (self._verdicts, self._reasons, self._orders, self._connections):
                sums.clear()
            self._alarms.clear()
            self._peers.clear()
        return entries


class AuditTurn:
    """All that a turn puts on record, of batches and of links. `said` is the audit log as it was found."""

    def __init__(self, now_us: int, links: tuple[LinkState, ...], said: list[dict[str, Any]]) -> None:
        self._tally = AuditTally(now_us)
        self._links = links
        self.reports = CarrierReports()
        self.reports.restore(said)
        self._errors_told: Counter[tuple[str, str]] = Counter()

    def batch(self, blob: dict[str, Any]) -> None:
        """A durable batch's blob."""
        self._tally.batch(blob)
        self.reports.batch(blob)

    def connection(self, link: str, peer: str, code: str) -> None:
        self._tally.connection(link, peer, code)

    def entries(self, now_us: int, totals: Totals, records: int) -> list[Entry]:
        """The entries since the last turn; `records` is the size of the store."""
        sums = {
            "delivered": totals.delivered,
            "unknown": totals.unknown_counts.delivered,
            "records": records,
            "balanced": totals.balanced,
        }
        quality = [("quality", one) for link in self._links for one in link.quality.reports(link.name)]
        return [
            *self._record_errors(),
            *self._pauses(),
            *self.reports.turn(),
            *quality,
            *(one for link in self._links for one in link.handover.entries(link.name)),
            *self._tally.turn(now_us, sums),
        ]

    def _record_errors(self) -> list[Entry]:
        """Records that could not be read since the last time, by link and code; their verdicts stand beside them."""
        found: list[Entry] = []
        for link in self._links:
            for code, count in link.errors.items():
                fresh = count - self._errors_told[link.name, code]
                if fresh:
                    self._errors_told[link.name, code] = count
                    found.append(("record_error", {"link": link.name, "code": code, "count": fresh}))
        return found

    def _pauses(self) -> list[Entry]:
        """R-022: links that the guard has paused since the last time."""
        found: list[Entry] = []
        for link in self._links:
            if link.guard.tripped:
                link.guard.tripped = False
                fields = {"actor": "SYS", "link": link.name, "mismatches": link.guard.in_a_row, "rules": ["R-022"]}
                found.append(("link_paused", fields))
        return found
