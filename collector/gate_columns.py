"""The bulk lane's gate: which rows of a batch are allowed whole, by order columns alone.

A row is BULK only where every question the gate of the careful lane would ask has one plain answer: clean header, one
CC payload, next in its stream, target established, its order allows all its content, event time well inside the window
and plausible against the clock. Everything else is CAREFUL, which decides nothing: `collector.gate` does. So this file
may be too strict, never too lax; a property test holds it against the gate.

Rules: R-002 (half-open window), R-003 (event time decides), R-099 (no silent crossing of a boundary within the clock
skew). One source for two paths (ADR 0002): `gate_columns.pxd` types it for Cython.
"""

from __future__ import annotations

from array import array
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from asn1.errors import LocalError

if TYPE_CHECKING:
    from asn1 import plain as cython
    from asn1.columns import Columns
    from collector.stream_table import StreamTable, VerifyColumns
else:
    try:
        import cython
    except ImportError:
        from asn1 import plain as cython

if not cython.compiled:
    from collector.stream_table import target_of

    # Words of a LIID's terms.
    _WORDS, _START, _END, _TAGS, _SLOT = 4, 0, 1, 2, 3

COMPILED: Final[bool] = cython.compiled

CAREFUL: Final = 0
BULK: Final = 1

MAX_ORDERS: Final = 1 << 20
"""Order slots and LIID ids that may be named: the size of a full `LiidTable`."""
MAX_TIME_US: Final = 1 << 62
"""Times, lateness and skew lie in [0, this), so that no difference of two leaves 64 bits."""

QUALIFIER_ABSENT: Final = 1
QUALIFIER_UNKNOWN: Final = 2
QUALIFIER_INTERCEPTION: Final = 4
QUALIFIER_MEDIATION: Final = 8
QUALIFIER_AGGREGATION: Final = 16
"""Bits 1 << (timeStampQualifier + 1) of `GateLimits.qualifiers`."""


@dataclass(frozen=True, slots=True)
class GateLimits:
    """`late_us`: how far an event time may lie behind the clock; `skew_us`: how far ahead of it, and how close to an
    edge of the window without being flagged (R-099); `qualifiers`: whose stamps count as event time on this link."""

    late_us: int
    skew_us: int
    qualifiers: int = QUALIFIER_ABSENT | QUALIFIER_UNKNOWN | QUALIFIER_INTERCEPTION

    def __post_init__(self) -> None:
        if not 0 <= self.late_us < MAX_TIME_US or not 0 <= self.skew_us < MAX_TIME_US:
            raise LocalError(f"lateness and skew lie in 0 to 2**62 microseconds: {self.late_us}, {self.skew_us}")
        if not 0 <= self.qualifiers < 1 << 31:
            raise LocalError(f"{self.qualifiers} is no mask of time stamp qualifiers")


def _column(typecode: str, rows: int) -> array[int]:
    return array(typecode, bytes(rows * array(typecode).itemsize))


class OrderColumns:
    """What the bulk lane knows of orders, by LIID id; a LIID that was never set has no order and goes CAREFUL. Four
    words a LIID, together, since what a record needs is looked up at random."""

    def __init__(self) -> None:
        self.n = 0
        self.slots = 0
        self.terms = self.terms_view = _column("q", 0)

    def set(self, liid: int, bulk: bool, start_us: int, end_us: int, content_tags: int, order_slot: int) -> None:
        """The order of one LIID: `[start_us, end_us)`; `content_tags`: bit n allows CCContents alternative n (0..62);
        `order_slot`: index into the batch's orders. LocalError for what cannot be held."""
        if not 0 <= liid < MAX_ORDERS or not 0 <= order_slot < MAX_ORDERS:
            raise LocalError(f"LIID id {liid} or order slot {order_slot} is not in 0 to {MAX_ORDERS}")
        if not 0 <= start_us < MAX_TIME_US or not 0 <= end_us < MAX_TIME_US:
            raise LocalError(f"window [{start_us}, {end_us}) is not in 0 to 2**62 microseconds")
        if not 0 <= content_tags < 1 << 63:
            raise LocalError(f"{content_tags} is no mask of content tags 0 to 62")
        if liid >= self.n:
            self._grow(liid + 1)
        at = _WORDS * liid
        self.terms[at + _START] = start_us
        self.terms[at + _END] = end_us
        self.terms[at + _TAGS] = content_tags if bulk else 0
        self.terms[at + _SLOT] = order_slot
        self.slots = max(self.slots, order_slot + 1)

    def clear(self, liid: int) -> None:
        """From now on nothing of this LIID is BULK."""
        if 0 <= liid < self.n:
            self.terms[_WORDS * liid + _TAGS] = 0

    def _grow(self, wanted: int) -> None:
        room = max(64, len(self.terms) // _WORDS)
        while room < wanted:
            room *= 2
        terms = _column("q", _WORDS * room)
        terms[: len(self.terms)] = self.terms
        self.terms = self.terms_view = terms
        self.n = wanted


class Lane:
    """BULK or CAREFUL for each row of a `Columns` of the same capacity, and the order slot of a BULK one."""

    def __init__(self, capacity: int) -> None:
        if capacity < 1:
            raise LocalError(f"a Lane holds at least one row, not {capacity}")
        self.capacity = capacity
        self.rows = self.rows_view = _column("b", capacity)
        self.slots = self.slots_view = _column("i", capacity)


def gate_columns(
    cols: Columns,
    verify: VerifyColumns,
    orders: OrderColumns,
    streams: StreamTable,
    now_us: int,
    limits: GateLimits,
    lane: Lane,
) -> int:
    """Sets `lane.rows` for the rows of `cols` and answers how many are BULK. LocalError when `verify` or `lane` hold
    fewer rows, or `now_us` is no time."""
    if cols.n > lane.capacity or cols.n > verify.capacity:
        raise LocalError(f"{cols.n} rows do not fit {lane.capacity} of the lane and {verify.capacity} of the verify")
    if not 0 <= now_us < MAX_TIME_US:
        raise LocalError(f"{now_us} is no time of the clock")
    now, late, skew, qualifiers = now_us, limits.late_us, limits.skew_us, limits.qualifiers
    with cython.nogil:
        bulk = _gate(cols, verify, orders, streams, now, late, skew, qualifiers, lane)
    return bulk


def _gate(
    cols: Columns,
    verify: VerifyColumns,
    orders: OrderColumns,
    streams: StreamTable,
    now: int,
    late: int,
    skew: int,
    qualifiers: int,
    lane: Lane,
) -> int:
    bulk = 0
    for row in range(cols.n):
        slot = gate_row(cols, row, verify, orders, streams, now, late, skew, qualifiers)
        lane.rows_view[row] = 1 if slot >= 0 else 0
        lane.slots_view[row] = slot
        if slot >= 0:
            bulk += 1
    return bulk


def gate_row(
    cols: Columns,
    row: int,
    verify: VerifyColumns,
    orders: OrderColumns,
    streams: StreamTable,
    now: int,
    late: int,
    skew: int,
    qualifiers: int,
) -> int:
    """The order slot of a BULK row, -1 of any other."""
    if cols.status_view[row] != 0 or cols.kind_view[row] != 1 or cols.payloads_view[row] != 1:
        return -1
    if verify.flags_view[row] != 0 or target_of(streams, verify.slots_view[row]) != 1:
        return -1
    liid = cols.liid_view[row]
    if not 0 <= liid < orders.n:
        return -1
    at = _WORDS * liid
    tag = cols.content_tag_view[row]
    if tag < 0 or tag > 62 or not orders.terms_view[at + _TAGS] >> tag & 1:
        return -1
    qualifier = cols.qualifier_view[row] + 1
    if qualifier > 30 or not qualifiers >> qualifier & 1:
        return -1
    if not in_time(orders, liid, cols.time_us_view[row], now, late, skew):
        return -1
    return orders.terms_view[at + _SLOT]


def in_time(orders: OrderColumns, liid: int, event: int, now: int, late: int, skew: int) -> bool:
    """Whether an event time is plausible, and well inside the window of the LIID's order."""
    # A record without a time has the smallest integer there: told apart before any difference is taken.
    if event < 0 or now - event > late or event - now > skew:
        return False
    # nearer to an edge than the skew is for the careful lane to flag.
    start = orders.terms_view[_WORDS * liid + _START]
    end = orders.terms_view[_WORDS * liid + _END]
    return start <= event < end and event - start > skew and end - event > skew
