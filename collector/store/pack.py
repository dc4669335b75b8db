"""Rows to what a data frame holds: octets grouped by order, row columns, leaf hashes. One native pass, without the GIL.

Sequence numbers follow the grouped order, so that the octets of an order lie together and take one AEAD call. The leaf
of a record is its envelope (64 octets, below) and its octets; its hash is SHA-256(0x00 || envelope || octets).

    envelope, big endian: format u8 = 1, verdict u8, form u8, 0 u8, order version u32, reasons u64, sequence u64,
                          received_us i64, event_us i64, order uid 16, octets length u32, 0 u32
    row, little endian (64): reasons u64, received_us i64, event_us i64, cin i64, number i64, epoch u32, liid u32 (index
                          into the frame's dictionary), length u32, extent u32, content_tag i16, verdict u8, form u8,
                          kind i8, direction i8, iri_type i8, 0 u8

One source for two paths (ADR 0002).
"""

from __future__ import annotations

import hashlib
import struct
from array import array
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from asn1.errors import LocalError

if TYPE_CHECKING:
    from asn1 import plain as cython
    from collector.rows import Rows
else:
    try:
        import cython
    except ImportError:
        from asn1 import plain as cython

if cython.compiled:
    from cython.cimports.collector.store.leaf import ahead_of_record, place_record, rehash_record
    from cython.cimports.mediation.ledger.lanes import calea_lanes, lanes_begin, lanes_drain

COMPILED: Final[bool] = cython.compiled

ROW_OCTETS: Final = 64
HASH_OCTETS: Final = 32
ORDER_OCTETS: Final = 20
ENVELOPE: Final = struct.Struct(">BBBBIQQqq16sII")
ROW: Final = struct.Struct("<QqqqqIIIIhBBbbbB")
MAX_RECORD_OCTETS: Final = 1 << 30


class Extent(NamedTuple):
    """The records of one order in a frame: `rows` from `first_row`, `octets` of plain octets from `offset`."""

    order: int
    first_row: int
    rows: int
    offset: int
    octets: int


class Plan(NamedTuple):
    """What a batch will take in a frame, before anything is written. `extents`: the integers of an Extent each, in a
    row of its own, since there may be as many as records. The other arrays are for `fill` alone: the rows of the
    batch in the order of the frame, and the frame's number of a LIID, counted from 1."""

    records: int
    octets: int
    liids: list[int]
    extents: np.ndarray[Any, np.dtype[np.int64]]
    sorted_rows: array[int]
    local: array[int]


class Packed(NamedTuple):
    """`rows` 64 octets each, `hashes` 32 each, `octets` plain, `liids` ids in the order of the frame's dictionary."""

    records: int
    rows: bytearray
    hashes: bytearray
    octets: bytearray
    liids: list[int]
    extents: list[Extent]


def envelope(
    verdict: int,
    form: int,
    version: int,
    reasons: int,
    sequence: int,
    received_us: int,
    event_us: int,
    uid: bytes,
    n: int,
) -> bytes:
    """The 64 octets that stand before a record's own in its leaf; `n` is the length of the record's octets."""
    return ENVELOPE.pack(1, verdict, form, 0, version, reasons, sequence, received_us, event_us, uid, n, 0)


def pack(rows: Rows, arena: memoryview, side: memoryview, orders: bytes, first_sequence: int) -> Packed:
    """`measure` and `fill` into fresh memory. Raises LocalError when a row points outside."""
    plan = measure(rows, len(arena), len(side), len(orders) // ORDER_OCTETS)
    # One octet of slack lets an empty area or an empty batch be addressed.
    slack = max(plan.records, 1)
    packed_rows, hashes = bytearray(ROW_OCTETS * slack), bytearray(HASH_OCTETS * slack)
    area = bytearray(plan.octets + 1)
    fill(plan, rows, arena, side, orders, first_sequence, packed_rows, hashes, area)
    del packed_rows[ROW_OCTETS * plan.records :], hashes[HASH_OCTETS * plan.records :], area[plan.octets :]
    return Packed(plan.records, packed_rows, hashes, area, plan.liids, [Extent(*one) for one in plan.extents.tolist()])


def measure(rows: Rows, arena_octets: int, side_octets: int, order_count: int) -> Plan:
    """Raises LocalError when a row points outside its buffer or orders."""
    count = rows.n
    starts = array("q", bytes(8 * (order_count + 1)))
    sizes = array("q", bytes(8 * (order_count + 1)))
    highest = _measure(rows, arena_octets, side_octets, order_count, starts, sizes)
    if highest < -1:
        raise LocalError("a row of the batch points outside its buffers or orders; this is a defect of the pipeline")
    counts, octets = (np.array(found[:order_count], np.int64) for found in (starts, sizes))
    first_rows, offsets = np.cumsum(counts) - counts, np.cumsum(octets) - octets
    orders = np.flatnonzero(counts)
    extents = np.stack((orders, *(one[orders] for one in (first_rows, counts, offsets, octets))), axis=1)
    starts[:order_count] = array("q", first_rows.tobytes())
    local = array("i", bytes(4 * (highest + 2)))
    liids = array("i", bytes(4 * max(count, 1)))
    sorted_rows = array("i", bytes(4 * max(count, 1)))
    found = _name(rows, local, liids, starts, sorted_rows)
    return Plan(count, int(octets.sum()), list(liids[:found]), extents, sorted_rows, local)


def fill(
    plan: Plan,
    rows: Rows,
    arena: memoryview,
    side: memoryview,
    orders: bytes,
    first_sequence: int,
    packed_rows: bytearray | memoryview,
    hashes: bytearray | memoryview,
    area: bytearray | memoryview,
    first: int = 0,
    stop: int | None = None,
) -> None:
    """Write row columns, leaf hashes and plain octets to their places; each has room for one more octet than none.

    Of extents `first` to `stop` alone, all unless told; `area` then begins with the octets of `first`. `orders`: 20
    octets an order, uid 16 and version u32 big endian.
    """
    part = plan.extents[first:stop]
    if len(part):
        # No negative index: the compiled path does not know them.
        _, begin, *_ = part[0].tolist()
        _, last, count, *_ = part[len(part) - 1].tolist()
        _fill(
            rows, arena, side, orders, first_sequence, plan.sorted_rows, plan.local, packed_rows, hashes, area, begin,
            last + count, first,
        )  # fmt: skip


def _name(rows: Rows, local: array[int], liids: array[int], starts: array[int], sorted_rows: array[int]) -> int:
    """Numbers the LIIDs in the order they come, and sorts the rows by order; how many LIIDs there are. `starts`: where
    the rows of each order begin."""
    found = 0
    for row in range(rows.n):
        liid = rows.liid_view[row]
        if local[liid] == 0:
            liids[found] = liid
            found += 1
            local[liid] = found
        order = rows.order_view[row]
        place = starts[order]
        sorted_rows[place] = row
        starts[order] = place + 1
    return found


def _measure(
    rows: Rows, arena_octets: int, side_octets: int, orders: int, counts: array[int], sizes: array[int]
) -> int:
    """Counts rows and octets by order; the highest LIID id, or -2 when a row is out of bounds."""
    highest = -1
    for row in range(rows.n):
        order = rows.order_view[row]
        offset = rows.offset_view[row]
        octets = rows.length_view[row]
        room = side_octets if rows.buffer_view[row] == 1 else arena_octets
        if order < 0 or order >= orders or offset < 0 or octets < 0 or offset + octets > room:
            return -2
        if rows.liid_view[row] < 0 or rows.liid_view[row] > 2147483000:
            return -2
        counts[order] += 1
        sizes[order] += octets
        highest = max(highest, rows.liid_view[row])
    return highest


def _fill(
    rows: Rows,
    arena: memoryview,
    side: memoryview,
    orders: bytes,
    first_sequence: int,
    sorted_rows: array[int],
    local: array[int],
    packed_rows: bytearray | memoryview,
    hashes: bytearray | memoryview,
    area: bytearray | memoryview,
    start: int,
    stop: int,
    extent: int,
) -> int:
    """Takes views of everything, then works without the GIL. Returns 0."""
    with cython.nogil:
        _fill_rows(
            rows,
            arena,
            side,
            orders,
            first_sequence,
            sorted_rows,
            local,
            packed_rows,
            hashes,
            area,
            start,
            stop,
            extent,
        )
    return 0


def _fill_rows(
    rows: Rows,
    arena: memoryview,
    side: memoryview,
    orders: bytes,
    first_sequence: int,
    sorted_rows: array[int],
    local: array[int],
    packed_rows: bytearray | memoryview,
    hashes: bytearray | memoryview,
    area: bytearray | memoryview,
    start: int,
    stop: int,
    extent: int,
) -> None:
    """Writes rows, hashes and octets of the places from `start` to `stop`; `extent` is the number of the first's."""
    if cython.compiled:
        lanes = cython.declare(calea_lanes)
        lanes_begin(cython.address(lanes), stop - start)
    at = 0
    before = rows.order_view[sorted_rows[start]]
    for place in range(start, stop):
        row = sorted_rows[place]
        order = rows.order_view[row]
        octets = rows.length_view[row]
        liid = rows.liid_view[row]
        if order != before:
            extent += 1
            before = order
        if cython.compiled:
            # Six records on, memory has answered by the time it is needed.
            if place + 6 < stop and rows.buffer_view[sorted_rows[place + 6]] == 0:
                ahead = sorted_rows[place + 6]
                ahead_of_record(
                    cython.address(rows.table_view[64 * ahead]), cython.address(arena[rows.offset_view[ahead]])
                )
            place_record(
                cython.address(lanes),
                cython.address(packed_rows[64 * place]),
                cython.address(hashes[32 * place]),
                cython.address(area[at]),
                cython.address(rows.table_view[64 * row]),
                cython.address(side[rows.offset_view[row]])
                if rows.buffer_view[row] == 1
                else cython.address(arena[rows.offset_view[row]]),
                cython.address(orders[20 * order]),
                first_sequence + place,
                local[liid] - 1,
                extent,
            )
        else:
            source = side if rows.buffer_view[row] == 1 else arena
            data = bytes(source[rows.offset_view[row] : rows.offset_view[row] + octets])
            area[at : at + octets] = data
            kept = ROW.unpack_from(rows.table, 64 * row)
            columns = (*kept[:6], local[liid] - 1, octets, extent, *kept[9:])
            ROW.pack_into(packed_rows, 64 * place, *columns)
            uid = bytes(orders[20 * order : 20 * order + 20])
            hashes[32 * place : 32 * place + 32] = _leaf(columns, uid, first_sequence + place, data)
        at += octets
    if cython.compiled:
        lanes_drain(cython.address(lanes))


def _leaf(columns: tuple[int, ...], uid_version: bytes, sequence: int, octets: bytes) -> bytes:
    """The leaf hash of one record from its row; `uid_version` are the 20 octets of its order."""
    head = envelope(
        columns[10],
        columns[11],
        int.from_bytes(uid_version[16:], "big"),
        columns[0],
        sequence,
        columns[1],
        columns[2],
        uid_version[:16],
        len(octets),
    )
    return hashlib.sha256(b"\0" + head + octets).digest()


def rehash(rows: memoryview, area: memoryview, uid_version: bytes, first_sequence: int) -> bytearray:
    """The leaf hashes of one extent, recomputed: its rows, its plain octets, its order's 20 octets.

    Raises LocalError when the rows' lengths do not add up to the octets.
    """
    count = len(rows) // ROW_OCTETS
    hashes = bytearray(HASH_OCTETS * count)
    end = _rehash(rows, area, uid_version, first_sequence, count, hashes)
    if end != len(area):
        raise LocalError("the lengths of the rows do not add up to their extent")
    return hashes


def _rehash(
    rows: memoryview, area: memoryview, uid_version: bytes, first_sequence: int, count: int, hashes: bytearray
) -> int:
    """Takes views of everything, then works without the GIL."""
    with cython.nogil:
        end = _rehash_rows(rows, area, uid_version, first_sequence, count, hashes)
    return end


def _rehash_rows(
    rows: memoryview, area: memoryview, uid_version: bytes, first_sequence: int, count: int, hashes: bytearray
) -> int:
    at = 0
    if cython.compiled:
        lanes = cython.declare(calea_lanes)
        lanes_begin(cython.address(lanes), count)
    for row in range(count):
        if cython.compiled:
            at = rehash_record(
                cython.address(lanes),
                cython.address(rows[64 * row]),
                cython.address(area[0]),
                at,
                area.shape[0],
                cython.address(uid_version[0]),
                first_sequence + row,
                cython.address(hashes[32 * row]),
            )
            if at < 0:
                return -1
        else:
            columns = ROW.unpack_from(rows, 64 * row)
            octets = bytes(area[at : at + columns[7]])
            at += columns[7]
            if at > len(area):
                return -1
            hashes[32 * row : 32 * row + 32] = _leaf(columns, bytes(uid_version), first_sequence + row, octets)
    if cython.compiled:
        lanes_drain(cython.address(lanes))
    return at
