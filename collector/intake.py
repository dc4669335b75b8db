"""The bulk lane in one pass: each record is scanned, checked against its stream and gated before the next is looked at.

Rules. What the column gate calls BULK gets its row at once and leaves nothing else behind; what is refused again for
what is known (`refused_columns`) is counted; of every other record the columns stay, for the careful lane. The answers
are those of `scan`, `verify_columns`, `gate_columns` and `Rows.append_lane` one after the other over the same octets,
since the gate asks nothing of what comes later: a test holds the two ways against each other. No decision is taken in
this file. Where streams are shared among collectors a pass ends before the first record of one that is not claimed.

Content of one communication repeats itself: a record that differs from an earlier BULK one of this pass in nothing but
its sequence number, its time and its content octets is the same to every question but two, and only those are asked:
is it the next in order, and is it in time. All other octets are compared, so equal ones cannot mean anything else.
Which communication comes next is guessed from what came next before. One source for two paths (ADR 0002): `intake.pxd`
types it for Cython; the pass runs without the interpreter lock.
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
    from collector.refused_columns import RefusedColumns
    from collector.rows import Rows, Tally
    from collector.stream_table import StreamTable, VerifyColumns
else:
    try:
        import cython
    except ImportError:
        from asn1 import plain as cython

if not cython.compiled:
    from asn1.scan import record_at
    from asn1.scan_ber import same, unsigned_at
    from collector.gate_columns import gate_row, in_time
    from collector.refused_columns import count_refused, left_to_careful, nobodys_row, refused_row
    from collector.rows import append_scanned, count_one, write
    from collector.stream_table import unclaimed_row, verify_row

    _MAX_NUMBER = 4_294_967_295
    _MAX_SECONDS = 4_000_000_000_000
    _TRI, _FIRST_SEGMENT, _LAST_SEGMENT, _NO_POLICY = 2, 5, 6, -2
    _MODELS, _WORDS = 256, 24
    # Words of a model: where it is; where, from its start, what may differ lies, and how many octets of it there are;
    # what is the same in all that are like it; which model came next.
    _CALL, _AT, _OCTETS, _NUMBER, _NUMBER_OCTETS, _SECONDS, _SECONDS_OCTETS = 0, 1, 2, 3, 4, 5, 6
    _MICROS, _MICROS_OCTETS, _CONTENT, _CONTENT_OCTETS = 7, 8, 9, 10
    _LIID, _CIN, _TAG, _DIRECTION, _MARK, _ORDER, _NEXT = 11, 12, 13, 14, 15, 16, 17

COMPILED: Final[bool] = cython.compiled

MAX_TIME_US: Final = 1 << 62


class Tables(NamedTuple):
    """What a pass looks things up in, and changes. `liids` and `streams` learn new ones; `refused` counts."""

    liids: LiidTable
    streams: StreamTable
    orders: OrderColumns
    refused: RefusedColumns


class Pass:
    """What a pass leaves of the records that are left to the careful lane: `cols.n` rows, with their `verify`;
    `before[i]`: how many BULK records of the pass came before row i, `bulk`: how many in all. `refused`: how many were
    refused again. `unclaimed`: it ended where a record's stream is not claimed. `cols.capacity` bounds all kinds
    together."""

    def __init__(self, cols: Columns, verify: VerifyColumns) -> None:
        if cols.capacity > verify.capacity:
            raise LocalError(f"{cols.capacity} rows do not fit {verify.capacity} of the verify")
        self.cols = cols
        self.verify = verify
        self.bulk = 0
        self.refused = 0
        self.unclaimed = False
        self.before = self.before_view = array("i", bytes(4 * cols.capacity))
        self.models = self.models_view = array("q", bytes(8 * _MODELS * _WORDS))


def take(
    buf: Buffer,
    start: int,
    stop: int,
    max_record_octets: int,
    tables: Tables,
    by_liid: bool,
    policy: int,
    now_us: int,
    limits: GateLimits,
    into: Pass,
    rows: Rows,
    tally: Tally,
    verdict: int,
    reasons: int,
) -> int:
    """One pass over `buf[start:stop]`: BULK records become `rows` with this verdict, counted in `tally`. `policy`: of
    the link, for what is refused again, or NO_POLICY. Answers as `scan` does; `into.cols` says why it ended. LocalError
    when the range does not lie in the buffer, or `now_us` is no time."""
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
    into.refused = 0
    into.unclaimed = False
    if start == stop:
        return stop
    records = min(cols.capacity, (stop - start) // MIN_RECORD_OCTETS + 1)
    liids, streams, orders, refused = tables
    liids.reserve(records)
    streams.reserve(2 * records if by_liid else records)
    rows.reserve(records)
    tally.reserve(orders.slots)
    now, late, skew, qualifiers = now_us, limits.late_us, limits.skew_us, limits.qualifiers
    with cython.nogil:
        end = _take(
            data, start, stop, max_record_octets, liids, streams, orders, refused, by_liid, policy, now, late, skew,
            qualifiers, into, cols, into.verify, rows, tally, verdict, reasons,
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
    refused: RefusedColumns,
    by_liid: bool,
    policy: int,
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
    again = 0
    last = -1
    guess = -1
    while pos < stop and row + bulk + again < cols.capacity:
        if guess >= 0:
            after = _alike(
                data, pos, stop, guess, streams, orders, now, late, skew, into, cols, rows, tally, verdict, reasons
            )
            if after >= 0:
                bulk += 1
                pos = after
                last = guess
                guess = into.models_view[_WORDS * guess + _NEXT]
                continue
        after = record_at(data, pos, stop, cols, row, liids, max_octets)
        if after < 0:
            break
        known = nobodys_row(refused, cols, row) if policy != _NO_POLICY else -1
        if known >= 0:
            count_refused(refused, known, cols, row)
            again += 1
            pos = after
            continue
        if streams.shared and unclaimed_row(cols, row, streams, False):
            into.unclaimed = True
            break
        verify_row(cols, row, streams, verify, by_liid)
        order = gate_row(cols, row, verify, orders, streams, now, late, skew, qualifiers)
        if order >= 0:
            append_scanned(rows, cols, row, order, verify, tally, 0, now, verdict, reasons)
            bulk += 1
            guess = _learn(data, cols, row, streams, verify, order, into)
            if guess >= 0:
                if last >= 0:
                    into.models_view[_WORDS * last + _NEXT] = guess
                last = guess
                guess = into.models_view[_WORDS * guess + _NEXT]
        else:
            known = refused_row(refused, cols, row, verify, policy, now) if policy != _NO_POLICY else -1
            if known >= 0:
                count_refused(refused, known, cols, row)
                again += 1
            else:
                left_to_careful(refused, cols, row, verify)
                tag = cols.content_tag_view[row]
                if cols.kind_view[row] == _TRI and tag in (_FIRST_SEGMENT, _LAST_SEGMENT):
                    # From here on a record may be a part of one that the careful lane puts together.
                    policy = _NO_POLICY
                into.before_view[row] = bulk
                row += 1
        pos = after
    cols.n = row
    into.bulk = bulk
    into.refused = again
    return pos


def _alike(
    data: memoryview,
    pos: int,
    stop: int,
    model: int,
    streams: StreamTable,
    orders: OrderColumns,
    now: int,
    late: int,
    skew: int,
    into: Pass,
    cols: Columns,
    rows: Rows,
    tally: Tally,
    verdict: int,
    reasons: int,
) -> int:
    """Keeps the record at `pos` if it is like the model, next in order and in time: where it ends. Else -1, and nothing
    has changed."""
    base = _WORDS * model
    octets = into.models_view[base + _OCTETS]
    if into.models_view[base + _CALL] != cols.call or octets > stop - pos:
        return -1
    other = into.models_view[base + _AT]
    number = into.models_view[base + _NUMBER]
    number_end = number + into.models_view[base + _NUMBER_OCTETS]
    seconds = into.models_view[base + _SECONDS]
    seconds_end = seconds + into.models_view[base + _SECONDS_OCTETS]
    micros = into.models_view[base + _MICROS]
    micros_end = micros + into.models_view[base + _MICROS_OCTETS]
    content = into.models_view[base + _CONTENT]
    content_end = content + into.models_view[base + _CONTENT_OCTETS]
    if not same(data, pos, other, number) or not same(data, pos + number_end, other + number_end, seconds - number_end):
        return -1
    if not same(data, pos + seconds_end, other + seconds_end, micros - seconds_end):
        return -1
    if not same(data, pos + micros_end, other + micros_end, content - micros_end):
        return -1
    if not same(data, pos + content_end, other + content_end, octets - content_end):
        return -1
    mark = into.models_view[base + _MARK]
    value = unsigned_at(data, pos + number, pos + number_end, _MAX_NUMBER)
    if value < 0 or value != streams._entries_view[mark] + 1:
        return -1
    event = unsigned_at(data, pos + seconds, pos + seconds_end, _MAX_SECONDS)
    part = unsigned_at(data, pos + micros, pos + micros_end, 999_999)
    if event < 0 or part < 0:
        return -1
    event = event * 1_000_000 + part
    liid = into.models_view[base + _LIID]
    if not in_time(orders, liid, event, now, late, skew):
        return -1
    order = into.models_view[base + _ORDER]
    streams._entries_view[mark] = value
    write(
        rows, 0, pos, octets, order, verdict, reasons, now, event, liid, into.models_view[base + _CIN], value,
        streams._entries_view[mark + 1], 1, into.models_view[base + _TAG], into.models_view[base + _DIRECTION], -1, 0,
    )  # fmt: skip
    count_one(tally, order)
    return pos + octets


def _learn(
    data: memoryview, cols: Columns, row: int, streams: StreamTable, verify: VerifyColumns, order: int, into: Pass
) -> int:
    """A BULK row as a model of those to come, if all that may differ in them is where it can be told; else -1."""
    start = cols.offset_view[row]
    content = cols.content_offset_view[row]
    seconds = cols.time_at + 2
    if not cols.shape_plain or cols.time_at < cols.number_end or cols.time_end > content:
        return -1
    if cols.time_end - cols.time_at < 6 or data[seconds - 2] != 0x80 or data[seconds - 1] > 8:
        return -1
    micros = seconds + data[seconds - 1] + 2
    if micros >= cols.time_end or data[micros - 2] != 0x81 or micros + data[micros - 1] != cols.time_end:
        return -1
    model = (verify.counters_view[row] >> 1) % _MODELS
    base = _WORDS * model
    if into.models_view[base + _CALL] != cols.call:
        into.models_view[base + _NEXT] = model
    into.models_view[base + _CALL] = cols.call
    into.models_view[base + _AT] = start
    into.models_view[base + _OCTETS] = cols.length_view[row]
    into.models_view[base + _NUMBER] = cols.number_at - start
    into.models_view[base + _NUMBER_OCTETS] = cols.number_end - cols.number_at
    into.models_view[base + _SECONDS] = seconds - start
    into.models_view[base + _SECONDS_OCTETS] = data[seconds - 1]
    into.models_view[base + _MICROS] = micros - start
    into.models_view[base + _MICROS_OCTETS] = data[micros - 1]
    into.models_view[base + _CONTENT] = content - start
    into.models_view[base + _CONTENT_OCTETS] = cols.content_length_view[row]
    into.models_view[base + _LIID] = cols.liid_view[row]
    into.models_view[base + _CIN] = cols.cin_view[row]
    into.models_view[base + _TAG] = cols.content_tag_view[row]
    into.models_view[base + _DIRECTION] = cols.direction_view[row]
    into.models_view[base + _MARK] = streams.mark_at(verify.counters_view[row])
    into.models_view[base + _ORDER] = order
    return model
