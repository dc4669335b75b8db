"""Columns of scanned records, and the table that turns LIIDs into small numbers.

Data only: nothing here reads BER. One source for two paths (ADR 0002): `columns.pxd` types it for Cython, and without
the compiled module this file runs as it stands. Every column is an `array.array`, so numpy and memoryview see it
without copying; the `*_view` attribute beside it is the same memory, typed, for compiled callers.

A `Columns` and a `LiidTable` belong to one thread at a time: compiled scans work on them without the interpreter lock.
"""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING, Final

from asn1.errors import DecodeError, LocalError

if TYPE_CHECKING:
    from asn1 import plain as cython
else:
    try:
        import cython
    except ImportError:
        from asn1 import plain as cython

if cython.compiled:
    from cython.cimports.libc.string import memcmp
else:
    # An entry of a LiidTable: hash, size, octets.
    _HEAD_OCTETS, _ENTRY_OCTETS = 5, 72
    _PRIME = 2_147_483_647

COMPILED: Final[bool] = cython.compiled

MAX_LIID_OCTETS: Final = 64
"""The standard allows 25 (TS 103 280 LIID); room for the 50 hex digits some systems send instead, and a little more."""
MAX_LIIDS: Final = 1 << 20
"""Default bound on different LIIDs in one table: 80 MiB. Peers choose LIIDs, so the number must end somewhere."""
MAX_CAPACITY: Final = 1 << 24
"""Rows in one `Columns`: far above what a receive buffer holds, far below what would exhaust memory by mistake."""
MEMO_SLOTS: Final = 256
"""Communications whose header octets a scan recognises instead of reading them again."""
SHAPE_SLOTS: Final = 4
"""Payload layouts it recognises: two directions of two sizes."""
NO_TIME: Final = -(1 << 63)
"""`time_us` of a record that has no time; the smallest 64-bit integer, as in a stored envelope."""

KIND_IRI: Final = 0
KIND_CC: Final = 1
KIND_TRI: Final = 2
KIND_HI1: Final = 3
KIND_ENCRYPTED: Final = 4
KIND_OTHER: Final = 5


def _column(typecode: str, rows: int) -> array[int]:
    return array(typecode, bytes(rows * array(typecode).itemsize))


class Columns:
    """`capacity` rows of which the first `n` are filled; one array a field, absent values as told below.

    `offset` of the outer tag in the scanned buffer and `length` of the whole record, in octets; `liid` id in the
    `LiidTable` or -1; `cin`, `number` -1 absent; `time_us` NO_TIME absent; `qualifier`, `direction`, `iri_type`,
    `payload_tag`, `content_tag` -1 absent; `kind` one of KIND_*; `payloads` how many are aggregated; `content_offset`
    -1 and `content_length` 0 absent; `authorization_country`, `delivery_country` two octets as a big-endian number, 0
    absent; `operator_offset`, `element_offset` -1 absent; `status` 0 or 1 + index into `DecodeError.CODES`.

    `fatal`: 0, or numbered like `status` when framing is lost. `skip`: octets of an oversized record still to come.
    What else is here is the scan's own and holds within one call of it: `call`, `memo_*` and `shape_*`, behind the
    capacity a row for each memo and each shape, which keeps what was read, and of the newest row `number_at`,
    `number_end`, `time_at`, `time_end`: where the contents of its sequence number and of its microSecondTimeStamp lie,
    -1 absent.
    """

    def __init__(self, capacity: int) -> None:
        if not 1 <= capacity <= MAX_CAPACITY:
            raise LocalError(f"a Columns holds 1 to {MAX_CAPACITY} rows, not {capacity}")
        self.capacity = capacity
        self.n = 0
        self.fatal = 0
        self.skip = 0
        self.call = 0
        self.memo_last = -1
        self.memo_call = _column("q", MEMO_SLOTS)
        self.memo_at = _column("q", MEMO_SLOTS)
        self.memo_octets = _column("q", MEMO_SLOTS)
        self.memo_seen = _column("q", MEMO_SLOTS)
        self.number_at = self.number_end = self.time_at = self.time_end = -1
        self.shape_last = 0
        self.shape_plain = 0
        self.shape_call = _column("q", SHAPE_SLOTS)
        self.shape_at = _column("q", SHAPE_SLOTS)
        self.shape_octets = _column("q", SHAPE_SLOTS)
        self.shape_lead = _column("q", SHAPE_SLOTS)
        capacity += MEMO_SLOTS + SHAPE_SLOTS
        self.offset = self.offset_view = _column("q", capacity)
        self.length = self.length_view = _column("i", capacity)
        self.liid = self.liid_view = _column("i", capacity)
        self.cin = self.cin_view = _column("q", capacity)
        self.number = self.number_view = _column("q", capacity)
        self.time_us = self.time_us_view = _column("q", capacity)
        self.qualifier = self.qualifier_view = _column("b", capacity)
        self.kind = self.kind_view = _column("b", capacity)
        self.payload_tag = self.payload_tag_view = _column("h", capacity)
        self.content_tag = self.content_tag_view = _column("h", capacity)
        self.direction = self.direction_view = _column("b", capacity)
        self.iri_type = self.iri_type_view = _column("b", capacity)
        self.payloads = self.payloads_view = _column("i", capacity)
        self.content_offset = self.content_offset_view = _column("q", capacity)
        self.content_length = self.content_length_view = _column("i", capacity)
        self.authorization_country = self.authorization_country_view = _column("H", capacity)
        self.delivery_country = self.delivery_country_view = _column("H", capacity)
        self.operator_offset = self.operator_offset_view = _column("q", capacity)
        self.operator_length = self.operator_length_view = _column("i", capacity)
        self.element_offset = self.element_offset_view = _column("q", capacity)
        self.element_length = self.element_length_view = _column("i", capacity)
        self.status = self.status_view = _column("b", capacity)

    def begin(self) -> None:
        """No rows, and nothing remembered of what was scanned before."""
        self.n = 0
        self.fatal = 0
        self.skip = 0
        self.call += 1
        self.memo_last = -1


class LiidTable:
    """LIID octets to consecutive ids, first seen first, never forgotten: ids stay valid as long as the table.

    Open addressing over entries of a fixed size. The hash is a polynomial modulo a prime at a secret point, so a peer
    that does not know `seed` (an integer from a random source of the caller's) cannot pick LIIDs that collide.
    """

    def __init__(self, seed: int = 0, limit: int = MAX_LIIDS) -> None:
        if not 1 <= limit <= MAX_LIIDS:
            raise LocalError(f"a LiidTable holds 1 to {MAX_LIIDS} LIIDs, not {limit}")
        self.n = 0
        self.limit = limit
        self._point = 65_537 + seed % (_PRIME - 131_072)
        self._last = -1
        self._room = 0
        self._mask = 0
        self._store = self._store_view = bytearray()
        self._slots = _column("i", 0)
        self.reserve(64)

    def __len__(self) -> int:
        return self.n

    def intern(self, octets: bytes) -> int:
        """The id of `octets`, a new one if need be. DecodeError BAD_VALUE for 0 or more than 64 octets, TOO_MANY when
        the table is full."""
        if not 1 <= len(octets) <= MAX_LIID_OCTETS:
            raise DecodeError(DecodeError.BAD_VALUE, f"an LIID has 1 to {MAX_LIID_OCTETS} octets, not {len(octets)}")
        self.reserve(1)
        found = self.intern_span(octets, 0, len(octets))
        if found < 0:
            raise DecodeError(DecodeError.TOO_MANY, f"more than {self.limit} different LIIDs")
        return found

    def octets(self, liid: int) -> bytes:
        """The octets of an id; LocalError when the table never gave it out."""
        if not 0 <= liid < self.n:
            raise LocalError(f"no LIID has the id {liid}; this table gave out {self.n}")
        base = liid * _ENTRY_OCTETS + _HEAD_OCTETS
        return bytes(self._store[base : base + self._store[base - 1]])

    def reserve(self, extra: int) -> None:
        """Makes room for `extra` new ids, up to the limit, so that `intern_span` needs no memory."""
        wanted = min(self.n + extra, self.limit)
        if wanted <= self._room:
            return
        room = max(64, self._room)
        while room < wanted:
            room *= 2
        store = bytearray(room * _ENTRY_OCTETS)
        store[: len(self._store)] = self._store
        self._store = self._store_view = store
        self._slots = _column("i", 2 * room)
        self._room = room
        self._mask = 2 * room - 1
        for liid in range(self.n):
            self._place(liid, self._digest(liid))

    def _place(self, liid: int, digest: int) -> None:
        slot = digest & self._mask
        while self._slots[slot]:
            slot = (slot + 1) & self._mask
        self._slots[slot] = liid + 1

    def _digest(self, liid: int) -> int:
        at = liid * _ENTRY_OCTETS
        high = self._store_view[at] << 24 | self._store_view[at + 1] << 16
        return high | self._store_view[at + 2] << 8 | self._store_view[at + 3]

    def _equal(self, liid: int, data: memoryview | bytes, pos: int, size: int) -> bool:
        base = liid * _ENTRY_OCTETS + _HEAD_OCTETS
        if self._store_view[base - 1] != size:
            return False
        if cython.compiled:
            return memcmp(data + pos, cython.address(self._store_view[base]), size) == 0
        else:
            return bytes(data[pos : pos + size]) == self._store[base : base + size]

    def intern_span(self, data: memoryview | bytes, pos: int, size: int) -> int:
        """The id of `data[pos:pos + size]`, or -1 when there is no room; the size is the caller's to check."""
        if self._last >= 0 and self._equal(self._last, data, pos, size):
            return self._last
        # Three octets a step: the product then stays below 2**63, in the compiled path too.
        digest = size + 1
        at = pos
        stop = pos + size
        while at < stop:
            word = data[at]
            if at + 1 < stop:
                word |= data[at + 1] << 8
            if at + 2 < stop:
                word |= data[at + 2] << 16
            digest = (digest * self._point + word) % _PRIME
            at += 3
        slot = digest & self._mask
        while self._slots[slot]:
            liid = self._slots[slot] - 1
            if self._digest(liid) == digest and self._equal(liid, data, pos, size):
                self._last = liid
                return liid
            slot = (slot + 1) & self._mask
        liid = self.n
        if liid >= self._room or liid >= self.limit:
            return -1
        base = liid * _ENTRY_OCTETS
        for i in range(4):
            self._store_view[base + i] = digest >> 8 * (3 - i) & 0xFF
        base += _HEAD_OCTETS
        self._store_view[base - 1] = size
        for i in range(size):
            self._store_view[base + i] = data[pos + i]
        self._slots[slot] = liid + 1
        self.n = liid + 1
        self._last = liid
        return liid
