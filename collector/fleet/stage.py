"""What becomes of a batch between durable and acknowledged, where streams are shared among collectors (ADR 0047).

Rules. When a batch is handed over, it is written down which claimed streams it moved, under which tokens and to where
(`moved`), what it taught of their communications (`known`), and which of its rows only one collector may store
(`once`): in the batch's own account, so that a restart can say the same again. Once durable it is marked in the shared
database; only then is anything told to peers. What the answer takes away (a stream that went to another collector
before the mark, a row that another one stored first) is voided; nothing that was acknowledged ever is. A stream that is
lost is lost under the token of the batch: had it been claimed again since, that claim stands.

Messages of the US dialects and pieces of covert recorders have no numbered stream: equal ones are told by digest. What
is closed for an order that ended (R-004) is closed by who holds the communication's signalling, and under that stream's
token; where nobody has seen any signalling, by who holds its content. One thread, the event loop's.
"""

from __future__ import annotations

import hashlib
import threading
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple, Protocol

import numpy as np

from asn1.columns import KIND_CC, KIND_IRI, LiidTable
from asn1.errors import DecodeError
from collector.accounts import BatchAccount
from collector.batch import CommitInfo
from collector.careful import CarefulLane
from collector.fleet.names import Claimed, Known, MarkBatch, Marked, Moved, StreamName, nothing_known
from collector.fleet.touched import Touched
from collector.rows import FORM_SYNTHETIC, Column, Rows
from collector.stream_table import NEVER, TARGET_UNKNOWN, StreamTable
from collector.verify import StreamBook
from collector.voids import Range, Why


class Marking(Protocol):
    """Who marks batches in the shared database, in their order; `done` hears on the event loop's thread. `settled`:
    what was lost or twice in batches up to this one is voided, durably; from any thread."""

    def mark(self, batch: MarkBatch, done: Callable[[Marked], None]) -> None: ...

    def settled(self, commit: int) -> None: ...


class Voided(Protocol):
    """What voided records were (`collector.voids`)."""

    @property
    def order(self) -> bytes: ...

    @property
    def liid(self) -> bytes: ...

    @property
    def verdicts(self) -> tuple[tuple[str, int], ...]: ...


class Voiding(Protocol):
    """What of the store is needed here."""

    @property
    def last_note(self) -> str: ...

    def void(
        self, ranges: Sequence[Range], why: Why, shard: str, on_durable: Callable[[CommitInfo], None]
    ) -> Sequence[Voided]: ...


class Part(NamedTuple):
    """What of a batch the other collectors must know. `once`: a digest and where its row stands in the frame. `made`:
    the same of rows that the collector made itself, and the stream that each goes with."""

    moved: tuple[Moved, ...]
    known: tuple[Known, ...]
    once: tuple[tuple[bytes, int], ...]
    made: tuple[tuple[int, StreamName], ...] = ()


class Stage:
    """One collector's. `octets`: those of LIIDs by id."""

    def __init__(
        self,
        marking: Marking,
        store: Voiding,
        streams: StreamTable,
        liids: LiidTable,
        octets: list[bytes],
        careful: CarefulLane,
        learn: Callable[[], None],
    ) -> None:
        self._marking = marking
        self._store = store
        self._streams = streams
        self._book: StreamBook = careful.book
        self._liids = liids
        self._octets = octets
        self._careful = careful
        self._learn = learn
        self._touched = Touched(streams)
        self._told: dict[int, Known] = {}
        self._parts: deque[Part] = deque()
        """Of batches that are not marked yet."""
        self._owing: dict[int, int] = {}
        """Voids that are not durable yet, by batch."""
        self._lock = threading.Lock()
        self.voided = 0
        """Records, since the start."""
        self.lost = 0
        """Streams, since the start."""

    # A batch is handed over

    def part(self, rows: Rows, account: BatchAccount) -> Part:
        """What the open batch moved, as of now."""
        slots = dict.fromkeys(self._touched.slots(rows))
        places = self._places(rows) if account.has_made or account.once else None
        made = () if places is None else self._closes(rows, places)
        once = () if places is None else tuple((digest, int(places[row])) for digest, row in account.once)
        for name in (*account.streams(), *(name for _, name in made)):
            slot = self._slot(name)
            if slot >= 0:
                slots[slot] = None
        streams, changed = self._streams, {self._slot(name) for name in account.gap_streams()}
        moved: list[Moved] = []
        entries: dict[int, None] = {}
        for slot in slots:
            token = streams.token(slot)
            if not token:
                continue
            entries[slot >> 1] = None
            gaps = self._book.open_of(slot) if slot in changed else None
            moved.append(Moved(self._name(slot), token, streams.epoch(slot), streams.mark(slot), gaps))
        part = Part(tuple(moved), tuple(self._news(entries)), once, made)
        self._parts.append(part)
        return part

    def closes(self, liid: int, cin: int) -> bool:
        """Whether it is for this collector to close a communication that it kept something of."""
        signalling, content = (self._streams.slot_of(liid, cin, kind) for kind in (KIND_IRI, KIND_CC))
        if signalling < 0:
            return True
        streams = self._streams
        if streams.mark(signalling) < 0 and streams.mark(content) < 0:
            # Its records have no numbers, so nobody claims it.
            return True
        if streams.token(signalling):
            return True
        return bool(streams.token(content)) and streams.target_state(content) == TARGET_UNKNOWN

    @staticmethod
    def _places(rows: Rows) -> Column:
        """Where each row stands in its frame: the store puts the rows of an order together."""
        order = np.asarray(rows.order)[: rows.n]
        places = np.empty(len(order), np.int64)
        places[np.argsort(order, kind="stable")] = np.arange(len(order))
        return places

    def _closes(self, rows: Rows, places: Column) -> tuple[tuple[int, StreamName], ...]:
        """Closes that the collector made itself, and under which stream each is."""
        found = []
        for row in np.flatnonzero(np.asarray(rows.form)[: rows.n] == FORM_SYNTHETIC).tolist():
            for kind in (KIND_IRI, KIND_CC):
                slot = self._streams.slot_of(int(rows.liid[row]), int(rows.cin[row]), kind)
                if slot >= 0 and self._streams.token(slot):
                    found.append((int(places[row]), self._name(slot)))
                    break
        return tuple(found)

    def _news(self, entries: Iterable[int]) -> Iterable[Known]:
        """What is known of communications that the others have not been told."""
        for entry in entries:
            known = self._known(2 * entry)
            if known != self._told.get(entry, nothing_known(known.liid, known.cin)):
                self._told[entry] = known
                yield known

    def _known(self, slot: int) -> Known:
        streams, name = self._streams, self._name(slot)
        state = self._careful.state_of(slot)
        return Known(
            name.liid,
            name.cin,
            state.target,
            -1 if state.target_originates is None else int(state.target_originates),
            NEVER if state.answered_us is None else state.answered_us,
            streams.first_cc_us(slot),
            streams.last_reset_us(slot),
        )

    # It is durable

    def mark(self, number: int, info: CommitInfo, part: Part, done: Callable[[Marked], None]) -> None:
        """Have it marked; `done` once it is, whatever was lost."""
        digests = tuple(digest for digest, _ in part.once)
        note = self._store.last_note
        self._marking.mark(MarkBatch(number, info.size, note, part.moved, part.known, digests), done)

    def void(self, rows: Rows, info: CommitInfo, part: Part, marked: Marked) -> dict[str, Any] | None:
        """Void what others have; the account of it, None where there is nothing."""
        places = self._places(rows)
        lost = np.zeros(rows.n, bool)
        lost[places] = rows_of(rows, self._liids, marked.lost)
        for place, name in part.made:
            lost[place] = name in marked.lost
        twice = np.zeros(rows.n, bool)
        for digest, place in part.once:
            twice[place] = digest in marked.twice
        with self._lock:
            self._owing[marked.commit] = 1
        found: list[Voided] = []
        for chosen, why in ((lost, Why.LOST), (twice & ~lost, Why.TWICE)):
            if chosen.any():
                self.voided += int(chosen.sum())
                ranges = as_ranges(info.first_sequence + np.flatnonzero(chosen))
                with self._lock:
                    self._owing[marked.commit] += 1
                sums = self._store.void(ranges, why, "", lambda _: self._voided(marked.commit))
                found += sums
                if not sums:
                    self._voided(marked.commit)
        self._voided(marked.commit)
        return account_of(found) if found else None

    def _voided(self, commit: int) -> None:
        """A void of a batch is durable. On any thread."""
        with self._lock:
            self._owing[commit] -= 1
            if self._owing[commit]:
                return
            del self._owing[commit]
            behind = min(self._owing, default=commit + 1) - 1
            self._marking.settled(behind)

    def apply(self, part: Part, marked: Marked) -> None:
        """A batch is marked: what is lost of it is another's, what others know of it is known. The open batch must hold
        nothing of what is lost."""
        self._parts.remove(part)
        self._lose(part, marked.lost)
        self.learned(marked.learned)

    def _lose(self, part: Part, lost: frozenset[StreamName]) -> None:
        for one in part.moved:
            if one.name not in lost:
                continue
            slot = self._slot(one.name)
            if slot < 0 or self._streams.token(slot) != one.token:
                continue
            self.lost += 1
            self._streams.unclaim(slot)
            self._book.forget(slot)
            if not self._streams.token(slot ^ 1):
                self._told.pop(slot >> 1, None)
                self._careful.forget(self._streams.key_of(slot).liid, one.name.cin)

    # News of streams

    def claimed(self, one: Claimed) -> None:
        """A stream is ours: it stands here where it stands in the shared database."""
        try:
            liid = self._liids.intern(one.name.liid)
        except DecodeError:
            return
        self._learn()
        slot = self._streams.slot_of(liid, one.name.cin, one.name.kind, True)
        if slot < 0:
            # No room: its records are judged as those of no stream.
            return
        epoch, mark, gaps = one.epoch, one.mark, one.gaps
        for part in self._parts:
            for moved in part.moved:
                if (moved.name, moved.token) == (one.name, one.token):
                    # It was forgotten here while what moved it was under way.
                    epoch, mark, gaps = moved.epoch, moved.mark, gaps if moved.gaps is None else moved.gaps
        self._streams.set_mark(slot, mark, epoch)
        self._streams.set_claimed(slot, one.token)
        self._book.take_over(slot, gaps)
        self._told[slot >> 1] = one.known
        self.learned((one.known,))

    def learned(self, known: Iterable[Known]) -> None:
        """What others know of communications."""
        for one in known:
            slot = self._slot(StreamName(one.liid, one.cin, KIND_IRI))
            if slot >= 0:
                self._careful.learned(slot, one)

    def _slot(self, name: StreamName) -> int:
        try:
            return self._streams.slot_of(self._liids.intern(name.liid), name.cin, name.kind)
        except DecodeError:
            return -1

    def _name(self, slot: int) -> StreamName:
        liid, cin, kind = self._streams.key_of(slot)
        return StreamName(self._octets[liid], cin, kind)


def message_digest(group: str, octets: bytes) -> bytes:
    """By which equal messages of a group's links are the same on every collector."""
    return hashlib.sha256(b"message\0" + group.encode() + b"\0" + octets).digest()


def rows_of(rows: Rows, liids: LiidTable, names: frozenset[StreamName]) -> Column:
    """Which rows are of these streams, as booleans."""
    count = rows.n
    chosen = np.zeros(count, bool)
    liid, cin, kind = (np.asarray(column)[:count] for column in (rows.liid, rows.cin, rows.kind))
    counted = np.asarray(rows.number)[:count] >= 0
    for name in names:
        try:
            chosen |= counted & (liid == liids.intern(name.liid)) & (cin == name.cin) & (kind == name.kind)
        except DecodeError:
            continue
    return chosen


def as_ranges(sequences: Column) -> list[tuple[int, int]]:
    """Sequences in any order, none twice, as the fewest ranges, both ends included."""
    ordered = np.sort(sequences)
    ends = np.flatnonzero(np.diff(ordered) != 1)
    firsts, lasts = np.concatenate(([0], ends + 1)), np.concatenate((ends, [len(ordered) - 1]))
    return list(zip(ordered[firsts].tolist(), ordered[lasts].tolist(), strict=True))


def account_of(sums: Sequence[Voided]) -> dict[str, Any]:
    """What a void says in the totals (`collector.accounts`)."""
    return {
        "voided": [
            [one.order.hex(), one.liid.hex(), verdict, records] for one in sums for verdict, records in one.verdicts
        ]
    }
