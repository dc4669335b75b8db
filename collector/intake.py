"""The bulk lane in one pass: each record is scanned, checked against its stream and gated before the next is looked at.

Rules. What the column gate calls BULK gets its row at once and leaves nothing else behind; of every other record the
columns stay, for the careful lane. The answers are those of `scan`, `verify_columns`, `gate_columns` and
`Rows.append_lane` one after the other over the same octets, since the gate asks nothing of what comes later: a test
holds the two ways against each other. No decision is taken in this file. One source for two paths (ADR 0002):
`intake.pxd` types it for Cython; the pass runs without the interpreter lock.
"""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING, Final, NamedTuple

from asn1.errors import LocalError
from asn1.scan import MIN_RECORD_OCTETS

if TYPE_CHECKING:
    from typing_extensions import Buffer

    from asn1 import plain as cython
    from asn1.columns import Columns, LiidTable
    from collector.gate_columns import GateLimits, OrderColumns
    from collector.rows import Rows, Tally
    from collector.stream_table import StreamTable, VerifyColumns
else:
    try:
        import cython
    except ImportError:
        from asn1 import plain as cython

if not cython.compiled:
    from asn1.scan import record_at
    from collector.gate_columns import gate_row
    from collector.rows import append_scanned
    from collector.stream_table import verify_row

COMPILED: Final[bool] = cython.compiled

MAX_TIME_US: Final = 1 << 62


class Tables(NamedTuple):
    """What a pass looks things up in, and changes. `liids` and `streams` learn new ones."""

    liids: LiidTable
    streams: StreamTable
    orders: OrderColumns


class Pass:
    """What a pass leaves of the records that are not BULK: `cols.n` rows, with their `verify`; `before[i]`: how many
    BULK records of the pass came before row i, `bulk`: how many in all. `cols.capacity` bounds both kinds together."""

    def __init__(self, cols: Columns, verify: VerifyColumns) -> None:
        if cols.capacity > verify.capacity:
            raise LocalError(f"{cols.capacity} rows do not fit {verify.capacity} of the verify")
        self.cols = cols
        self.verify = verify
        self.bulk = 0
        self.before = self.before_view = array("i", bytes(4 * cols.capacity))


def take(
    buf: Buffer,
    start: int,
    stop: int,
    max_record_octets: int,
    tables: Tables,
    by_liid: bool,
    now_us: int,
    limits: GateLimits,
    into: Pass,
    rows: Rows,
    tally: Tally,
    verdict: int,
    reasons: int,
) -> int:
    """One pass over `buf[start:stop]`: BULK records become `rows` with this verdict, counted in `tally`. Answers as
    `scan` does; `into.cols` says why it ended. LocalError when the range does not lie in the buffer, or `now_us` is no
    time."""
    cols = into.cols
    if cython.compiled:
        view = buf
        data = cython.address(view[0])
        octets = view.shape[0]
    else:
        data = memoryview(buf).cast("B")
        octets = len(data)
    if not 0 <= start <= stop <= octets or max_record_octets < 1:
        raise LocalError(f"no range to scan: [{start}, {stop}) of {octets} octets, records of {max_record_octets}")
    if not 0 <= now_us < MAX_TIME_US:
        raise LocalError(f"{now_us} is no time of the clock")
    cols.begin()
    into.bulk = 0
    if start == stop:
        return stop
    records = min(cols.capacity, (stop - start) // MIN_RECORD_OCTETS + 1)
    liids, streams, orders = tables
    liids.reserve(records)
    streams.reserve(2 * records if by_liid else records)
    rows.reserve(records)
    tally.reserve(orders.slots)
    now, late, skew, qualifiers = now_us, limits.late_us, limits.skew_us, limits.qualifiers
    with cython.nogil:
        end = _take(
            data, start, stop, max_record_octets, liids, streams, orders, by_liid, now, late, skew, qualifiers, into,
            cols, into.verify, rows, tally, verdict, reasons,
        )  # fmt: skip
    return end


def _take(
    data: memoryview,
    pos: int,
    stop: int,
    max_octets: int,
    liids: LiidTable,
    streams: StreamTable,
    orders: OrderColumns,
    by_liid: bool,
    now: int,
    late: int,
    skew: int,
    qualifiers: int,
    into: Pass,
    cols: Columns,
    verify: VerifyColumns,
    rows: Rows,
    tally: Tally,
    verdict: int,
    reasons: int,
) -> int:
    row = 0
    bulk = 0
    while pos < stop and row + bulk < cols.capacity:
        after = record_at(data, pos, stop, cols, row, liids, max_octets)
        if after < 0:
            break
        verify_row(cols, row, streams, verify, by_liid)
        order = gate_row(cols, row, verify, orders, streams, now, late, skew, qualifiers)
        if order >= 0:
            append_scanned(rows, cols, row, order, verify, tally, 0, now, verdict, reasons)
            bulk += 1
        else:
            into.before_view[row] = bulk
            row += 1
        pos = after
    cols.n = row
    into.bulk = bulk
    return pos
