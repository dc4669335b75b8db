"""Sequence marks of all streams, and the pass that checks a batch of scanned records against them.

A communication is a (LIID id, CIN); it has two streams, IRI and CC, each with an epoch and a mark: the highest sequence
number seen in that epoch. Numbers count from 0 in steps of 1 per stream and wrap after 4294967295 (TS 102 232-1
clause 5.2.5; scope and start as practised, a third-party reading). A link may count by LIID instead: then the numbers
are those of an entry of the LIID's own, under LIID_CIN, and the communication's say nothing. This file moves marks in
the plain cases and flags everything else; which numbers are missing and what is a duplicate is settled row by row in
`collector.verify`.

Where several collectors share streams (ADR 0047) a stream is judged here only while it is claimed: the last word of an
entry has a bit a kind, and beside the entries lies the token under which a stream is held. A table that is not shared
has all bits set from the beginning.

Peers choose LIIDs, CINs and numbers: the table is bounded, and its hash is a polynomial at a secret point. What a
record needs of its communication lies together, in eight words: with 100 000 of them nothing is found in a cache. One
source for two paths (ADR 0002): `stream_table.pxd` types it for Cython. A table belongs to one thread at a time.
"""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING, Final, NamedTuple

from asn1.errors import LocalError

if TYPE_CHECKING:
    from asn1 import plain as cython
    from asn1.columns import Columns
else:
    try:
        import cython
    except ImportError:
        from asn1 import plain as cython

if not cython.compiled:
    _PRIME = 2_147_483_647
    _MAX_NUMBER = 4_294_967_295
    _CIN_RESET = 7
    _NEVER = -(1 << 63)
    _LIID_CIN = -2
    _NOT_DATA, _NEW_STREAM, _GAP, _BELOW_MARK, _NO_NUMBER, _RESET, _NO_ROOM = 1, 2, 4, 8, 16, 32, 64
    # Words of an entry. A stream's mark and, behind it, its epoch: of CC first, then of IRI.
    _WORDS, _LIID, _CIN, _TARGET, _MARKS, _CLAIMS = 8, 0, 1, 2, 5, 7
    _TRI, _ENCRYPTED, _BOTH = 2, 4, 3

COMPILED: Final[bool] = cython.compiled

MAX_COMMUNICATIONS: Final = 1 << 20
"""Default bound on (LIID, CIN) pairs held at once: 88 MiB. Ended ones are forgotten by the caller."""

NOT_DATA: Final = 1
NEW_STREAM: Final = 2
GAP: Final = 4
BELOW_MARK: Final = 8
NO_NUMBER: Final = 16
RESET: Final = 32
NO_ROOM: Final = 64

TARGET_UNKNOWN: Final = 0
TARGET_OK: Final = 1
TARGET_MISMATCH: Final = 2

KIND_IRI: Final = 0
KIND_CC: Final = 1

LIID_CIN: Final = -2
"""In the place of a CIN: the numbers of all of a LIID's records together."""

NEVER: Final = -(1 << 63)
"""`first_cc_us` of a communication that has had no CC."""


class StreamKey(NamedTuple):
    """`kind`: KIND_IRI or KIND_CC; `cin` -1 for records without one."""

    liid: int
    cin: int
    kind: int


def _column(typecode: str, rows: int) -> array[int]:
    return array(typecode, bytes(rows * array(typecode).itemsize))


def _grown(old: array[int], rows: int) -> array[int]:
    new = _column(old.typecode, rows)
    new[: len(old)] = old
    return new


class VerifyColumns:
    """What `verify_columns` says of each row of a `Columns` of the same capacity; `flags` 0 is next in order.

    `slots`: the stream of the row, -1 when it has none; `expected`: the number that would have been next, where GAP is
    flagged, else -1; `epochs`: the epoch of the counter as of this row, -1 when it has none. `counters`: whose mark it
    was checked against, the stream itself or, where LIIDs are counted, the LIID's.
    """

    def __init__(self, capacity: int) -> None:
        if capacity < 1:
            raise LocalError(f"a VerifyColumns holds at least one row, not {capacity}")
        self.capacity = capacity
        self.flags = self.flags_view = _column("i", capacity)
        self.slots = self.slots_view = _column("q", capacity)
        self.expected = self.expected_view = _column("q", capacity)
        self.epochs = self.epochs_view = _column("q", capacity)
        self.counters = self.counters_view = _column("q", capacity)


class StreamTable:
    """Epochs and marks by stream, target state and first CC by communication.

    A *slot* is an integer that names a stream, stable until its communication is forgotten. LocalError for a slot
    that names none. `shared`: streams are others' until they are claimed.
    """

    def __init__(self, seed: int = 0, limit: int = MAX_COMMUNICATIONS, shared: bool = False) -> None:
        if not 1 <= limit <= MAX_COMMUNICATIONS:
            raise LocalError(f"a StreamTable holds 1 to {MAX_COMMUNICATIONS} communications, not {limit}")
        self.limit = limit
        self.shared = shared
        self.n = 0
        self._point = 65_537 + seed % (_PRIME - 131_072)
        self._room = 0
        self._free = -1
        self.fresh = 0
        self._last = -1
        self._mask = 0
        self._index = self._index_view = _column("i", 0)
        self._entries = self._entries_view = _column("q", 0)
        self._first_cc = self.first_cc_view = _column("q", 0)
        self._resets = self.resets_view = _column("q", 0)
        self._tokens: dict[int, int] = {}
        self.reserve(64)

    def __len__(self) -> int:
        """Communications held."""
        return self.n

    def reserve(self, extra: int) -> None:
        """Makes room for `extra` new communications, up to the limit."""
        wanted = min(self.n + extra, self.limit)
        if wanted <= self._room:
            return
        room = max(64, self._room)
        while room < wanted:
            room *= 2
        self._entries = self._entries_view = _grown(self._entries, _WORDS * room)
        self._first_cc = self.first_cc_view = _grown(self._first_cc, room)
        self._resets = self.resets_view = _grown(self._resets, room)
        self._index = self._index_view = _column("i", 2 * room)
        self._room = room
        self._mask = 2 * room - 1
        for entry in range(self.fresh):
            if self._entries_view[_WORDS * entry + _LIID] >= 0:
                at = self._home(entry)
                while self._index_view[at]:
                    at = (at + 1) & self._mask
                self._index_view[at] = entry + 1

    def slot_of(self, liid: int, cin: int, kind: int, create: bool = False) -> int:
        """The slot of a stream; -1 when there is none, or, with `create`, when the table is full."""
        if liid < 0 or not _LIID_CIN <= cin <= _MAX_NUMBER or kind not in (KIND_IRI, KIND_CC):
            raise LocalError(f"no stream can be (liid {liid}, cin {cin}, kind {kind})")
        if create:
            self.reserve(1)
            entry = self.entry(liid, cin)
        else:
            entry = self.find(liid, cin)
        return -1 if entry < 0 else 2 * entry + kind

    def key_of(self, slot: int) -> StreamKey:
        entry = self._checked(slot) >> 1
        return StreamKey(self._entries[_WORDS * entry + _LIID], self._entries[_WORDS * entry + _CIN], slot & 1)

    def mark(self, slot: int) -> int:
        """The highest number of the current epoch, -1 for none yet."""
        return self._entries[self.mark_at(self._checked(slot))]

    def epoch(self, slot: int) -> int:
        return self._entries[self.mark_at(self._checked(slot)) + 1]

    def set_mark(self, slot: int, mark: int, epoch: int) -> None:
        """For a restart (marks come back from the store) and for what the careful lane settles."""
        if not -1 <= mark <= _MAX_NUMBER or not 0 <= epoch < 1 << 62:
            raise LocalError(f"no stream can stand at mark {mark} in epoch {epoch}")
        at = self.mark_at(self._checked(slot))
        self._entries[at] = mark
        self._entries[at + 1] = epoch

    def target_state(self, slot: int) -> int:
        """TARGET_* of the slot's communication: CC inherits the target check of its IRI."""
        return self._entries[_WORDS * (self._checked(slot) >> 1) + _TARGET]

    def set_target_state(self, slot: int, state: int) -> None:
        if state not in (TARGET_UNKNOWN, TARGET_OK, TARGET_MISMATCH):
            raise LocalError(f"{state} is no target state")
        self._entries[_WORDS * (self._checked(slot) >> 1) + _TARGET] = state

    def first_cc_us(self, slot: int) -> int:
        """When the communication's first CC was met, microseconds; NEVER before that."""
        return self._first_cc[self._checked(slot) >> 1]

    def set_first_cc_us(self, slot: int, at_us: int) -> None:
        self._first_cc[self._checked(slot) >> 1] = at_us

    def last_reset_us(self, slot: int) -> int:
        """The stamp of the communication's newest CIN reset; NEVER for none."""
        return self._resets[self._checked(slot) >> 1]

    def set_last_reset_us(self, slot: int, at_us: int) -> None:
        """For a restart: a reset that is sent again is none."""
        self._resets[self._checked(slot) >> 1] = at_us

    def claimed(self, slot: int) -> bool:
        """Whether its records may be judged here."""
        return bool(self._entries[_WORDS * (self._checked(slot) >> 1) + _CLAIMS] >> (slot & 1) & 1)

    def token(self, slot: int) -> int:
        """Under which a stream is held; 0 where it is nobody's or not held."""
        return self._tokens.get(self._checked(slot), 0)

    def set_claimed(self, slot: int, token: int) -> None:
        """Held from here on, under this token; 0 for what nobody else asks for: records of LIIDs without an order."""
        self._entries[_WORDS * (self._checked(slot) >> 1) + _CLAIMS] |= 1 << (slot & 1)
        if token:
            self._tokens[slot] = token

    def unclaim(self, slot: int) -> None:
        """Another collector's from here on."""
        self._entries[_WORDS * (self._checked(slot) >> 1) + _CLAIMS] &= ~(1 << (slot & 1))
        self._tokens.pop(slot, None)

    @property
    def claims(self) -> int:
        """Streams held under a token."""
        return len(self._tokens)

    def forget(self, liid: int, cin: int) -> bool:
        """Drops an ended communication, both streams; False when it was not held. Its slots may be given out again."""
        entry = self.find(liid, cin)
        if entry < 0:
            return False
        if self.shared:
            self._tokens.pop(2 * entry, None)
            self._tokens.pop(2 * entry + 1, None)
        at = self._hash(liid, cin)
        while self._index[at] != entry + 1:
            at = (at + 1) & self._mask
        # Linear probing without tombstones: what stands behind the hole and may move up, does.
        hole = at
        self._index[hole] = 0
        at = (hole + 1) & self._mask
        while self._index[at]:
            other = self._index[at] - 1
            home = self._home(other)
            if (at - home) & self._mask >= (at - hole) & self._mask:
                self._index[hole] = other + 1
                self._index[at] = 0
                hole = at
            at = (at + 1) & self._mask
        self._entries[_WORDS * entry + _LIID] = -1
        self._entries[_WORDS * entry + _CIN] = self._free
        self._free = entry
        self._last = -1
        self.n -= 1
        return True

    def _checked(self, slot: int) -> int:
        if not 0 <= slot < 2 * self.fresh or self._entries[_WORDS * (slot >> 1) + _LIID] < 0:
            raise LocalError(f"no stream has the slot {slot}")
        return slot

    def mark_at(self, slot: int) -> int:
        """Where the mark of a slot is among the words of all entries; its epoch is behind it."""
        return _WORDS * (slot >> 1) + _MARKS - 2 * (slot & 1)

    def _home(self, entry: int) -> int:
        """Where in the index an entry would stand if nothing were in its way."""
        return self._hash(self._entries_view[_WORDS * entry + _LIID], self._entries_view[_WORDS * entry + _CIN])

    def _hash(self, liid: int, cin: int) -> int:
        digest = (liid + 1) * self._point + ((cin + 1) >> 16)
        digest = (digest % _PRIME) * self._point + ((cin + 1) & 0xFFFF)
        return ((digest % _PRIME) * self._point % _PRIME) & self._mask

    def find(self, liid: int, cin: int) -> int:
        """The entry of a communication (its slots are 2 * entry and 2 * entry + 1), -1 when not held."""
        last = self._last
        if last >= 0 and self._is(last, liid, cin):
            return last
        at = self._hash(liid, cin)
        while self._index_view[at]:
            entry = self._index_view[at] - 1
            if self._is(entry, liid, cin):
                self._last = entry
                return entry
            at = (at + 1) & self._mask
        return -1

    def _is(self, entry: int, liid: int, cin: int) -> bool:
        at = _WORDS * entry
        return self._entries_view[at + _LIID] == liid and self._entries_view[at + _CIN] == cin

    def entry(self, liid: int, cin: int) -> int:
        """As `find`, and makes a new entry; -1 when there is no room."""
        entry = self.find(liid, cin)
        if entry >= 0:
            return entry
        if self.n >= self.limit or self.n >= self._room:
            return -1
        if self._free >= 0:
            entry = self._free
            self._free = self._entries_view[_WORDS * entry + _CIN]
        else:
            entry = self.fresh
            self.fresh = entry + 1
        at = self._hash(liid, cin)
        while self._index_view[at]:
            at = (at + 1) & self._mask
        self._index_view[at] = entry + 1
        at = _WORDS * entry
        self._entries_view[at + _LIID] = liid
        self._entries_view[at + _CIN] = cin
        self._entries_view[at + _TARGET] = 0
        self._entries_view[at + _MARKS] = -1
        self._entries_view[at + _MARKS + 1] = 0
        self._entries_view[at + _MARKS - 2] = -1
        self._entries_view[at + _MARKS - 1] = 0
        self._entries_view[at + _CLAIMS] = 0 if self.shared else _BOTH
        self.first_cc_view[entry] = _NEVER
        self.resets_view[entry] = _NEVER
        self._last = entry
        self.n += 1
        return entry


def verify_columns(cols: Columns, streams: StreamTable, verify: VerifyColumns, by_liid: bool = False) -> None:
    """Checks the rows of `cols` in order against the marks of `streams`; the answers are in `verify`.

    Next in order (the mark plus one, 0 for a new stream, 0 after 4294967295, which opens an epoch): 0, the mark moves.
    Above that: GAP with `expected`, and NEW_STREAM when nothing came before; the mark moves. At or below the mark:
    BELOW_MARK. No IRI or CC, or a row with a status: NOT_DATA; a cINReset also RESET, and both streams of its
    communication begin a new epoch, but not when it is the last one again (a resend, by its stamp). NO_ROOM: the table
    is full, the row was not checked. `by_liid`: one counter a LIID, for IRI and CC of all its communications.
    LocalError when `verify` holds fewer rows than `cols`.
    """
    if cols.n > verify.capacity:
        raise LocalError(f"{cols.n} rows do not fit a VerifyColumns of {verify.capacity}")
    streams.reserve(2 * cols.n if by_liid else cols.n)
    liids = by_liid
    with cython.nogil:
        _verify(cols, streams, verify, liids)


def _verify(cols: Columns, streams: StreamTable, verify: VerifyColumns, by_liid: bool) -> None:
    for row in range(cols.n):
        verify_row(cols, row, streams, verify, by_liid)


def verify_row(cols: Columns, row: int, streams: StreamTable, verify: VerifyColumns, by_liid: bool) -> None:
    """`verify_columns` for one row. There must be room for its communication."""
    flags = 0
    slot = -1
    counter = -1
    kind = cols.kind_view[row]
    number = cols.number_view[row]
    verify.expected_view[row] = -1
    verify.epochs_view[row] = -1
    if cols.status_view[row] != 0 or kind > 1:
        flags = _NOT_DATA
        if kind == 2 and cols.status_view[row] == 0 and cols.content_tag_view[row] == _CIN_RESET:
            cin = _LIID_CIN if by_liid else cols.cin_view[row]
            entry = streams.entry(cols.liid_view[row], cin)
            stamp = cols.time_us_view[row]
            if entry >= 0 and (stamp == _NEVER or stamp != streams.resets_view[entry]):
                flags = _NOT_DATA | _RESET
                slot = _reset(streams, entry)
                streams.resets_view[entry] = stamp
    elif number < 0:
        flags = _NO_NUMBER
    else:
        slot = streams.entry(cols.liid_view[row], cols.cin_view[row])
        if slot >= 0:
            slot = 2 * slot + kind
            counter = slot
            if by_liid:
                counter = 2 * streams.entry(cols.liid_view[row], _LIID_CIN)
        if counter < 0:
            slot = -1
            flags = _NO_ROOM
        else:
            at = streams.mark_at(counter)
            mark = streams._entries_view[at]
            if number == mark + 1:
                streams._entries_view[at] = number
            elif number == 0 and mark == _MAX_NUMBER:
                streams._entries_view[at] = 0
                streams._entries_view[at + 1] += 1
            elif number > mark:
                flags = _GAP if mark >= 0 else _GAP | _NEW_STREAM
                verify.expected_view[row] = mark + 1
                streams._entries_view[at] = number
            else:
                flags = _BELOW_MARK
            verify.epochs_view[row] = streams._entries_view[at + 1]
    verify.flags_view[row] = flags
    verify.slots_view[row] = slot
    verify.counters_view[row] = counter


def unclaimed_row(cols: Columns, row: int, streams: StreamTable, sealed: bool) -> bool:
    """Whether a row must not be judged before its stream is claimed: IRI and CC that are numbered, a reset of a CIN
    before both of its streams are. `sealed`: what is ciphered will be opened, and may be any of them. Where there is no
    room for another communication nothing is claimed: then it is judged as what has no stream."""
    if cols.status_view[row] != 0 or cols.liid_view[row] < 0:
        return False
    kind = cols.kind_view[row]
    if kind == _TRI:
        if cols.content_tag_view[row] != _CIN_RESET:
            return False
        needed = _BOTH
    elif kind == _ENCRYPTED:
        if not sealed:
            return False
        needed = _BOTH
    elif kind > 1 or cols.number_view[row] < 0:
        return False
    else:
        needed = 1 << kind
    entry = streams.find(cols.liid_view[row], cols.cin_view[row])
    if entry < 0:
        return streams.n < streams.limit
    return (streams._entries_view[_WORDS * entry + _CLAIMS] & needed) != needed


def unclaimed_rows(cols: Columns, streams: StreamTable, sealed: bool) -> list[int]:
    """The rows of `cols` that have to wait until their streams are claimed, ascending."""
    found = []
    for row in range(cols.n):
        if unclaimed_row(cols, row, streams, sealed):
            found.append(row)
    return found


def _reset(streams: StreamTable, entry: int) -> int:
    """Both streams of an entry begin anew. The IRI slot."""
    for slot in range(2 * entry, 2 * entry + 2):
        at = streams.mark_at(slot)
        streams._entries_view[at] = -1
        streams._entries_view[at + 1] += 1
    return 2 * entry


def target_of(streams: StreamTable, slot: int) -> int:
    """`target_state` of a slot that there is, or -1 of one that there is not."""
    if not 0 <= slot < 2 * streams.fresh:
        return -1
    return streams._entries_view[_WORDS * (slot >> 1) + _TARGET]
