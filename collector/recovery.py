"""After a restart: totals, sequence marks, gaps and target states again, from what is durable.

Rules. The store's commits and the audit log's eviction entries say all of it; the index is not asked, since it may lag.
What is restored makes records that a peer sends again duplicates, keeps content of a wrong target refused, and lets the
totals go on balancing; what is open and what was closed (R-004), and when each order first took something (R-008). A
batch counts once: either in the commits that are still there or in the summary of an evicted segment, told apart by
batch numbers.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final, NamedTuple

import numpy as np

from asn1.columns import KIND_CC, KIND_IRI, NO_TIME, LiidTable
from asn1.errors import DecodeError
from collector.accounts import Totals
from collector.careful import CarefulLane
from collector.facts.stored import SPAN
from collector.fleet.returning import Returning
from collector.holding import Stray
from collector.rows import FORM_SYNTHETIC
from collector.store.reader import CommitView, DataView
from collector.stream_table import LIID_CIN, NEVER, TARGET_MISMATCH, TARGET_OK, TARGET_UNKNOWN, StreamTable
from mediation.law.orders import OrderUid
from mediation.law.verdicts import VerdictKind

_IRI_END: Final = 2
_IRI_REPORT: Final = 4
_ESTABLISHES: Final = (VerdictKind.ACCEPT, VerdictKind.ACCEPT_FLAGGED, VerdictKind.MASK)
"""Verdicts of IRI that say the target takes part."""


class Recovered(NamedTuple):
    """What was found, for the log."""

    commits: int
    records: int
    communications: int
    batches: int
    last_commit: int


def totals_of(audit: Iterable[dict[str, Any]], totals: Totals) -> int:
    """Add what evicted segments held; the number of the last batch among them, -1 for none.

    A crash between an eviction's notice and the reuse of its file makes the same segment go twice: it counts once.
    """
    seen: set[int] = set()
    for entry in audit:
        if entry["kind"] != "eviction" or entry["fields"]["generation"] in seen:
            continue
        seen.add(entry["fields"]["generation"])
        totals.apply(entry["fields"]["summary"])
    return totals.last_batch


class Recovery:
    """Feeds commits, oldest first, into empty tables; `hear` gets every batch's account too."""

    def __init__(
        self,
        totals: Totals,
        through: int,
        liids: LiidTable,
        streams: StreamTable,
        careful: CarefulLane,
        hear: Callable[[dict[str, Any]], None],
        by_liid: bool = False,
        returning: Returning | None = None,
    ) -> None:
        """`by_liid`: some link counts by LIID, so that what is stored says where those counters stand. `returning`: in
        a fleet, who looks for what is not marked."""
        self._totals = totals
        self._through = through
        self._liids = liids
        self._streams = streams
        self._careful = careful
        self._hear = hear
        self._by_liid = by_liid
        self._returning = returning
        self._ended: list[tuple[int, int, int]] = []
        self._mismatched: dict[Stray, int] = {}
        self.first_us: dict[OrderUid, int] = {}
        """Event time of the earliest kept record of each order."""
        self._commits = self._records = self._batches = 0
        self._last_commit = -1

    def run(self, commits: Iterator[CommitView]) -> Recovered:
        for commit in commits:
            self._commits += 1
            self._last_commit = commit.number
            for data in commit.data:
                self._rows(data)
                self._orders(data)
            accounts = [json.loads(record) for record in commit.records]
            if self._returning is not None:
                self._returning.commit(commit, accounts)
            for account in accounts:
                self._blob(account)
        for at_us, liid, cin in sorted(self._ended):
            self._careful.restore_ended(liid, cin, at_us)
        # Content of it is stored: whether the hold was made before the end, the service knows.
        self._careful.strays += [
            stray for stray, slot in self._mismatched.items() if self._streams.first_cc_us(slot) != NEVER
        ]
        return Recovered(self._commits, self._records, len(self._streams), self._batches, self._last_commit)

    def _blob(self, blob: dict[str, Any]) -> None:
        if "n" not in blob or blob["n"] <= self._through:
            return
        self._batches += 1
        self._totals.apply(blob)
        self._hear(blob)
        for liid, cin, kind, epoch, mark, target in blob.get("marks", ()):
            slot = self._slot(bytes.fromhex(liid), cin, kind)
            if slot >= 0:
                self._raise(slot, epoch, mark)
                if target != TARGET_UNKNOWN:
                    self._streams.set_target_state(slot, target)
                if target == TARGET_MISMATCH:
                    self._mismatched[Stray(bytes.fromhex(liid), cin)] = slot
        for liid, cin, originates in blob.get("sides", ()):
            slot = self._slot(bytes.fromhex(liid), cin, KIND_IRI)
            if slot >= 0:
                self._careful.restore_side(slot, bool(originates))
        for liid, cin, stamp_us in blob.get("resets", ()):
            slot = self._slot(bytes.fromhex(liid), cin, KIND_IRI)
            if slot >= 0:
                self._streams.set_last_reset_us(slot, stamp_us)
        for liid, cin, kind, epoch, first, last in blob.get("gaps", ()):
            slot = self._slot(bytes.fromhex(liid), cin, kind)
            if slot >= 0:
                self._careful.book.gap(slot, epoch, first, last)
        for liid, cin, kind, epoch, first, last in blob.get("filled", ()):
            slot = self._slot(bytes.fromhex(liid), cin, kind)
            for number in range(first, last + 1) if slot >= 0 else ():
                self._careful.book.below(slot, epoch, number)

    def _rows(self, data: DataView) -> None:
        """Marks, target states, first content and endings from the columns of stored records."""
        rows = data.rows
        self._records += len(rows)
        rows = rows[(rows["kind"] == KIND_IRI) | (rows["kind"] == KIND_CC)]
        # Records of the US dialects have no number; what they said of their target stands in the batches' accounts.
        rows = rows[(rows["number"] >= 0) | (rows["cin"] >= 0) & (rows["content_tag"] >= SPAN)]
        if not len(rows):
            return
        key = (rows["liid"].astype(np.int64) << 34) | ((rows["cin"] + 1) << 1) | rows["kind"]
        order = np.argsort(key, kind="stable")
        rows, key = rows[order], key[order]
        starts = np.flatnonzero(np.concatenate(([True], key[1:] != key[:-1])))
        place = (rows["epoch"].astype(np.int64) << 32) | rows["number"]
        marks = np.maximum.reduceat(place, starts)
        times = np.where(rows["event_us"] == NO_TIME, np.iinfo(np.int64).max, rows["event_us"])
        first_us = np.minimum.reduceat(times, starts)
        sound = np.isin(rows["verdict"], _ESTABLISHES) & (rows["kind"] == KIND_IRI)
        established = np.logical_or.reduceat(sound & (rows["number"] >= 0), starts)
        ends = np.where(sound & (rows["iri_type"] == _IRI_END), rows["received_us"], -1)
        ended = np.maximum.reduceat(ends, starts)
        for index, start in enumerate(starts.tolist()):
            row = rows[start]
            cin, kind = int(row["cin"]), int(row["kind"])
            slot = self._slot(data.liids[int(row["liid"])], cin, kind)
            if slot < 0:
                continue
            mark = int(marks[index])
            if mark >= 0:
                self._raise(slot, mark >> 32, mark & 0xFFFFFFFF)
            counter = self._slot(data.liids[int(row["liid"])], LIID_CIN, KIND_IRI) if self._by_liid else -1
            if counter >= 0 and mark >= 0:
                self._raise(counter, mark >> 32, mark & 0xFFFFFFFF)
            # One that names the target again does not give it back what others have had.
            if established[index] and self._streams.target_state(slot) != TARGET_MISMATCH:
                self._streams.set_target_state(slot, TARGET_OK)
            if kind == KIND_CC and self._streams.first_cc_us(slot) == NEVER and first_us[index] < 1 << 62:
                self._streams.set_first_cc_us(slot, int(first_us[index]))
            if ended[index] >= 0:
                self._ended.append((int(ended[index]), self._streams.key_of(slot).liid, cin))

    def _orders(self, data: DataView) -> None:
        """By order: the earliest kept event, which communications it opened, and which the collector closed."""
        careful = self._careful
        for extent in data.extents:
            rows = data.rows[extent.first_row : extent.first_row + extent.rows]
            uid = OrderUid(extent.uid)
            made = rows["form"] == FORM_SYNTHETIC
            kept = rows[np.isin(rows["verdict"], _ESTABLISHES) & ~made & (rows["event_us"] != NO_TIME)]
            kept = kept[(kept["kind"] == KIND_IRI) | (kept["kind"] == KIND_CC)]
            if len(kept):
                first_us = int(kept["event_us"].min())
                self.first_us[uid] = min(first_us, self.first_us.get(uid, first_us))
            flows = kept[(kept["iri_type"] != _IRI_REPORT) & (kept["cin"] >= 0)]
            places = np.stack((flows["liid"].astype(np.int64), flows["cin"].astype(np.int64)), axis=1)
            which, of = np.unique(places, axis=0, return_inverse=True)
            last_us, over = np.full(len(which), NO_TIME, np.int64), np.zeros(len(which), bool)
            np.maximum.at(last_us, of, flows["event_us"])
            over[of[(flows["kind"] == KIND_IRI) & (flows["iri_type"] == _IRI_END)]] = True
            for index, (liid, cin) in enumerate(which.tolist()):
                slot = self._slot(data.liids[liid], cin, KIND_IRI)
                if slot < 0:
                    continue
                say = careful.open.ended if over[index] else careful.open.kept
                say(self._streams.key_of(slot).liid, cin, uid, int(last_us[index]))
            for row in rows[made]:
                slot = self._slot(data.liids[int(row["liid"])], int(row["cin"]), KIND_IRI)
                if slot >= 0:
                    liid_id = self._streams.key_of(slot).liid
                    careful.open.close(liid_id, int(row["cin"]), uid, int(row["event_us"]))
                    self._ended.append((int(row["received_us"]), liid_id, int(row["cin"])))

    def _slot(self, liid: bytes, cin: int, kind: int) -> int:
        try:
            return self._streams.slot_of(self._liids.intern(liid), cin, kind, True)
        except DecodeError:
            return -1

    def _raise(self, slot: int, epoch: int, mark: int) -> None:
        if (epoch, mark) > (self._streams.epoch(slot), self._streams.mark(slot)):
            self._streams.set_mark(slot, mark, epoch)
