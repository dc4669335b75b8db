"""After a restart: totals, sequence marks, gaps and target states again, from what is durable.

Rules. The store's commits and the audit log's eviction entries say all of it; the index is not asked, since it may lag.
What is restored makes records that a peer sends again duplicates, keeps content of a wrong target refused, and lets the
totals go on balancing; what is open and what was closed (R-004), and when each order first took something (R-008). A
batch and a void count once: either in the commits that are still there or in the summary of an evicted segment. After a
crash between that summary and the notice both are there: batches are told apart by their numbers, voids, which have
none, by where their commits end.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain
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
from collector.store.frames import EXTENT_DTYPE, Extents
from collector.store.reader import CommitView, DataView
from collector.stream_table import LIID_CIN, NEVER, TARGET_MISMATCH, TARGET_OK, TARGET_UNKNOWN, StreamTable
from mediation.law.orders import OrderUid
from mediation.law.verdicts import VerdictKind

_IRI_END: Final = 2
_IRI_REPORT: Final = 4
_ESTABLISHES: Final = (VerdictKind.ACCEPT, VerdictKind.ACCEPT_FLAGGED, VerdictKind.MASK)
"""Verdicts of IRI that say the target takes part."""


GATHERED_ROWS: Final = 8192
"""Looked at together. To look costs about the same for one row as for some hundred, and a commit may have one."""


class Summed(NamedTuple):
    """What the summaries of evicted segments count already: batches up to number `batch`, -1 for none, and commits that
    end before record `sequence`."""

    batch: int
    sequence: int


class Recovered(NamedTuple):
    """What was found, for the log."""

    commits: int
    records: int
    communications: int
    batches: int
    last_commit: int


def totals_of(audit: Iterable[dict[str, Any]], totals: Totals) -> Summed:
    """Add what evicted segments held.

    A crash between an eviction's notice and the reuse of its file makes the same segment go twice: it counts once.
    """
    seen: set[int] = set()
    sequence = 0
    for entry in audit:
        if entry["kind"] != "eviction" or entry["fields"]["generation"] in seen:
            continue
        fields = entry["fields"]
        seen.add(fields["generation"])
        totals.apply(fields["summary"])
        sequence = max(sequence, int(fields["next_sequence"]))
    return Summed(totals.last_batch, sequence)


def _together(frames: Sequence[DataView]) -> DataView:
    """Frames as one, in their order. Each keeps its own LIIDs and extents there, so what it says stays apart from what
    others say."""
    if len(frames) == 1:
        return frames[0]
    rows = np.frombuffer(bytearray().join([one.rows.data for one in frames]), frames[0].rows.dtype)
    extents = np.frombuffer(bytearray().join([one.extents.packed for one in frames]), EXTENT_DTYPE)
    counts = np.array([(len(one.rows), len(one.liids), len(one.extents)) for one in frames])
    before = np.cumsum(counts, axis=0) - counts
    rows["liid"] += np.repeat(before[:, 1], counts[:, 0]).astype(np.uint32)
    extents["first_row"] += np.repeat(before[:, 0], counts[:, 2]).astype(np.uint32)
    liids = tuple(chain.from_iterable(one.liids for one in frames))
    return DataView(frames[0].first_sequence, rows, liids, Extents(extents.tobytes()))


def _starts(*columns: np.ndarray) -> np.ndarray:
    """Where another value begins in any of these columns, which are of one length."""
    changes = np.zeros(len(columns[0]), bool)
    changes[:1] = True
    for column in columns:
        changes[1:] |= column[1:] != column[:-1]
    return np.flatnonzero(changes)


class Recovery:
    """Feeds commits, oldest first, into empty tables; `hear` gets every batch's account too."""

    def __init__(
        self,
        totals: Totals,
        summed: Summed,
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
        self._summed = summed
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
        gathered, rows = list[DataView](), 0
        for commit in commits:
            self._commits += 1
            self._last_commit = commit.number
            gathered += commit.data
            rows += sum(len(data.rows) for data in commit.data)
            if rows >= GATHERED_ROWS:
                self._columns(gathered)
                gathered, rows = [], 0
            accounts = [json.loads(record) for record in commit.records]
            if self._returning is not None:
                self._returning.commit(commit, accounts)
            for account in accounts:
                if "n" in account:
                    self._blob(account)
                elif commit.size > self._summed.sequence:
                    self._totals.apply(account)
        self._columns(gathered)
        for at_us, liid, cin in sorted(self._ended):
            self._careful.restore_ended(liid, cin, at_us)
        # Content of it is stored: whether the hold was made before the end, the service knows.
        self._careful.strays += [
            stray for stray, slot in self._mismatched.items() if self._streams.first_cc_us(slot) != NEVER
        ]
        return Recovered(self._commits, self._records, len(self._streams), self._batches, self._last_commit)

    def _blob(self, blob: dict[str, Any]) -> None:
        if blob["n"] <= self._summed.batch:
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

    def _columns(self, frames: Sequence[DataView]) -> None:
        if frames:
            data = _together(frames)
            self._rows(data)
            self._orders(data)

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
        rows, extents = data.rows, data.extents
        of = extents.at_rows(np.arange(len(rows)))
        made = rows["form"] == FORM_SYNTHETIC
        kept = np.isin(rows["verdict"], _ESTABLISHES) & ~made & (rows["event_us"] != NO_TIME)
        kept &= (rows["kind"] == KIND_IRI) | (rows["kind"] == KIND_CC)
        at = np.flatnonzero(kept)
        starts = _starts(of[at])
        first_us = np.minimum.reduceat(rows["event_us"][at], starts) if len(at) else ()
        for start, earliest_us in zip(starts, first_us, strict=True):
            uid = OrderUid(extents.uid(of[at[start]]))
            self.first_us[uid] = min(int(earliest_us), self.first_us.get(uid, int(earliest_us)))
        at = np.flatnonzero(kept & (rows["iri_type"] != _IRI_REPORT) & (rows["cin"] >= 0))
        at = at[np.lexsort((rows["cin"][at], rows["liid"][at], of[at]))]
        flows, starts = rows[at], _starts(of[at], rows["liid"][at], rows["cin"][at])
        ends = (flows["kind"] == KIND_IRI) & (flows["iri_type"] == _IRI_END)
        last_us = np.maximum.reduceat(flows["event_us"], starts) if len(at) else ()
        over = np.logical_or.reduceat(ends, starts) if len(at) else ()
        # What an order's records say of a communication goes before its close, and both go extent by extent.
        said = [(int(of[at[start]]), False, index) for index, start in enumerate(starts)]
        said += [(int(of[row]), True, int(row)) for row in np.flatnonzero(made)]
        for extent, closed, index in sorted(said):
            uid = OrderUid(extents.uid(extent))
            if closed:
                self._closed(data, rows[index], uid)
            else:
                self._flow(data, flows[starts[index]], uid, int(last_us[index]), bool(over[index]))

    def _flow(self, data: DataView, row: np.void, uid: OrderUid, last_us: int, over: bool) -> None:
        slot = self._slot(data.liids[int(row["liid"])], int(row["cin"]), KIND_IRI)
        if slot >= 0:
            say = self._careful.open.ended if over else self._careful.open.kept
            say(self._streams.key_of(slot).liid, int(row["cin"]), uid, last_us)

    def _closed(self, data: DataView, row: np.void, uid: OrderUid) -> None:
        slot = self._slot(data.liids[int(row["liid"])], int(row["cin"]), KIND_IRI)
        if slot >= 0:
            liid_id = self._streams.key_of(slot).liid
            self._careful.open.close(liid_id, int(row["cin"]), uid, int(row["event_us"]))
            self._ended.append((int(row["received_us"]), liid_id, int(row["cin"])))

    def _slot(self, liid: bytes, cin: int, kind: int) -> int:
        try:
            return self._streams.slot_of(self._liids.intern(liid), cin, kind, True)
        except DecodeError:
            return -1

    def _raise(self, slot: int, epoch: int, mark: int) -> None:
        if (epoch, mark) > (self._streams.epoch(slot), self._streams.mark(slot)):
            self._streams.set_mark(slot, mark, epoch)
