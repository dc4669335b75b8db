"""One pass over a receive buffer: PS-PDUs (TS 102 232-1) framed, their headers turned into columns.

This file reads octets and knows no law: no order, no window, no verdict. It frames, reads the header and the outer
layers of the payload, and leaves everything else unread. What it does not know it skips; what it knows and finds
malformed, twice, or in the wrong form marks the row, never the stream, as long as the frame holds. Octets are read
inside `[start, stop)` only; nesting is walked to a bounded depth and never by recursion.

One source for two paths (ADR 0002): `scan.pxd` types it for Cython; without the compiled module this file runs as it
stands. BER itself is read by `scan_ber`, the payload by `scan_payload`; functions answer as they say there.

Tags are those of the LI-PS-PDU module, version 43, read from the schema; comments name them where they are tested.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from asn1.columns import (
    KIND_CC,
    KIND_ENCRYPTED,
    KIND_HI1,
    KIND_IRI,
    KIND_OTHER,
    KIND_TRI,
    MAX_LIIDS,
    NO_TIME,
    Columns,
    LiidTable,
)
from asn1.errors import LocalError
from asn1.scan_ber import MAX_DEPTH, MAX_LENGTH

if TYPE_CHECKING:
    from typing_extensions import Buffer

    from asn1 import plain as cython
else:
    try:
        import cython
    except ImportError:
        from asn1 import plain as cython

if not cython.compiled:
    # What the .pxd gives to the compiled path.
    from asn1.scan_ber import (
        _BAD_TAG,
        _BAD_VALUE,
        _MISSING_FIELD,
        _NO_TIME,
        _OVERSIZED,
        _TOO_MANY,
        _TRUNCATED,
        _WRONG_DIALECT,
        end_of_contents,
        generalized_at,
        head_at,
        length_at,
        microseconds_at,
        same,
        unsigned_at,
    )
    from asn1.scan_payload import keep_shape, read_payload, take_shape

    _OTHER = 5
    _MAX_LIID_OCTETS = 64
    _MAX_CIN = 4_294_967_295

__all__ = [
    "COMPILED",
    "KIND_CC",
    "KIND_ENCRYPTED",
    "KIND_HI1",
    "KIND_IRI",
    "KIND_OTHER",
    "KIND_TRI",
    "MAX_DEPTH",
    "MAX_LENGTH",
    "MAX_LIIDS",
    "MIN_RECORD_OCTETS",
    "NO_TIME",
    "Columns",
    "LiidTable",
    "scan",
]

COMPILED: Final[bool] = cython.compiled

MIN_RECORD_OCTETS: Final = 24
"""What has a number of its own takes at least so many."""


def scan(buf: Buffer, start: int, stop: int, cols: Columns, liids: LiidTable, max_record_octets: int) -> int:
    """Fills `cols` with the records of `buf[start:stop]` and returns where the first one not filled in starts.

    That is `stop` when none is left over, and less when the last record is incomplete, when `cols` is full (then
    `cols.n == cols.capacity`: call again from there) or when `cols.fatal` tells that framing is lost. A record that
    announces more than `max_record_octets` (outer tag included) gets a row with status OVERSIZED; `cols.skip` octets
    of it are still to come and to be thrown away by the caller. A record of indefinite length that grows beyond it
    cannot be skipped and is fatal. LocalError when the range does not lie in the buffer.
    """
    if cython.compiled:
        view = buf
        data = cython.address(view[0])
        octets = view.shape[0]
    else:
        data = memoryview(buf).cast("B")
        octets = len(data)
    if not 0 <= start <= stop <= octets or max_record_octets < 1:
        raise LocalError(f"no range to scan: [{start}, {stop}) of {octets} octets, records of {max_record_octets}")
    cols.begin()
    if start == stop:
        return stop
    liids.reserve(min(cols.capacity, (stop - start) // MIN_RECORD_OCTETS + 1))
    with cython.nogil:
        end = _records(data, start, stop, cols, liids, max_record_octets)
    return end


def _records(data: memoryview, pos: int, stop: int, cols: Columns, liids: LiidTable, max_octets: int) -> int:
    row = 0
    while pos < stop and row < cols.capacity:
        after = record_at(data, pos, stop, cols, row, liids, max_octets)
        if after < 0:
            break
        row += 1
        pos = after
    cols.n = row
    return pos


def record_at(data: memoryview, pos: int, stop: int, cols: Columns, row: int, liids: LiidTable, max_octets: int) -> int:
    """The record at `pos` into `row`, which need not be a fresh one: where the next begins, `stop` for an oversized one
    that goes on behind it (`cols.skip`), or -1 when it is not there whole or framing is lost (`cols.fatal`)."""
    if data[pos] != 0x30:  # PS-PDU ::= SEQUENCE
        cols.fatal = _WRONG_DIALECT
        return -1
    head = length_at(data, pos + 1, stop)
    if head < 0:
        if head != -_TRUNCATED:
            cols.fatal = -head
        return -1
    content = pos + 1 + (head & 0x7F)
    if head & 0x80:
        end = end_of_contents(data, content, min(stop, pos + max_octets))
        if end < 0:
            if end != -_TRUNCATED:
                cols.fatal = -end
            elif stop - pos >= max_octets:
                cols.fatal = _OVERSIZED
            return -1
        after = end + 2
    else:
        end = content + (head >> 8)
        after = end
    if after - pos > max_octets:
        _blank(cols, row, pos, after - pos)
        cols.status_view[row] = _OVERSIZED
        if after > stop:
            cols.skip = after - stop
            return stop
        return after
    if after > stop:
        return -1
    _blank(cols, row, pos, after - pos)
    cols.status_view[row] = _record(data, content, end, cols, row, liids)
    return after


def _blank(cols: Columns, row: int, offset: int, octets: int) -> None:
    """Every field absent: what the record does not tell stays so."""
    cols.offset_view[row] = offset
    cols.length_view[row] = octets
    cols.liid_view[row] = -1
    cols.cin_view[row] = -1
    cols.number_view[row] = -1
    cols.time_us_view[row] = _NO_TIME
    cols.qualifier_view[row] = -1
    cols.kind_view[row] = _OTHER
    cols.payload_tag_view[row] = -1
    cols.content_tag_view[row] = -1
    cols.direction_view[row] = -1
    cols.iri_type_view[row] = -1
    cols.payloads_view[row] = 0
    cols.content_offset_view[row] = -1
    cols.content_length_view[row] = 0
    cols.authorization_country_view[row] = 0
    cols.delivery_country_view[row] = 0
    cols.operator_offset_view[row] = -1
    cols.operator_length_view[row] = 0
    cols.element_offset_view[row] = -1
    cols.element_length_view[row] = 0
    cols.status_view[row] = 0


# The record.


def _record(data: memoryview, pos: int, end: int, cols: Columns, row: int, liids: LiidTable) -> int:
    """The contents of one framed PS-PDU; answers the row's status. What was read before a fault stays in the row."""
    cols.number_at = -1
    cols.time_at = -1
    seen = 0
    while pos < end:
        tag = data[pos]
        head = head_at(data, pos, end)
        if head < 0:
            return -head
        at = pos + (head & 0x7F)
        stop = at + (head >> 8)
        if tag == 0xA1:  # pSHeader [1]
            if seen:
                return _BAD_TAG
            seen = 1
            fault = _header(data, at, stop, cols, row, liids)
            if fault:
                return fault
        elif tag == 0xA2:  # payload [2]
            if seen != 1:
                return _MISSING_FIELD if seen == 0 else _BAD_TAG
            seen = 2
            if take_shape(data, pos, end, cols, row):
                cols.shape_plain = 1
                return 0
            cols.shape_plain = 0
            fault = read_payload(data, at, stop, cols, row)
            if fault:
                return fault
            if cols.shape_plain:
                keep_shape(pos, end, cols, row)
        elif tag == 0x81 or tag == 0x82:
            return _BAD_TAG
        pos = stop + ((head >> 6) & 2)
    return 0 if seen == 2 else _MISSING_FIELD


def _header(data: memoryview, pos: int, end: int, cols: Columns, row: int, liids: LiidTable) -> int:
    """PSHeader. Everything before the sequence number is the same for all records of a communication: where those
    octets equal an earlier record's, its columns are taken over unread."""
    start = pos
    seen = 0
    fresh = -1
    slot = cols.memo_last
    if slot < 0 or not _remembered(data, pos, end, cols, slot):
        slot = _memo_slot(data, pos, end)
        if slot >= 0 and not _remembered(data, pos, end, cols, slot):
            fresh = slot
            slot = -1
    if slot >= 0:
        _take_over(cols, row, cols.capacity + slot, pos - cols.memo_at[slot])
        seen = cols.memo_seen[slot]
        pos += cols.memo_octets[slot]
        cols.memo_last = slot
    while pos < end:
        tag = data[pos]
        head = head_at(data, pos, end)
        if head < 0:
            return -head
        at = pos + (head & 0x7F)
        stop = at + (head >> 8)
        field = tag & 0x1F
        if tag & 0xC0 == 0x80 and field <= 10:
            # Constructed are communicationIdentifier [3] and microSecondTimeStamp [7], and nothing else.
            if seen >> field & 1 or tag >> 5 & 1 != 0x88 >> field & 1:
                return _BAD_TAG
            if field == 4:  # sequenceNumber
                if fresh >= 0 and seen & 0x0B == 0x0B:
                    cols.memo_call[fresh] = cols.call
                    cols.memo_at[fresh] = start
                    cols.memo_octets[fresh] = pos - start
                    _take_over(cols, cols.capacity + fresh, row, 0)
                    cols.memo_seen[fresh] = seen
                    cols.memo_last = fresh
                value = unsigned_at(data, at, stop, _MAX_CIN)
                if value < 0:
                    return -value
                cols.number_view[row] = value
                cols.number_at = at
                cols.number_end = stop
            elif field == 7:  # microSecondTimeStamp, which outranks timeStamp [5]
                value = microseconds_at(data, at, stop)
                if value < 0:
                    return -value
                cols.time_us_view[row] = value
                cols.time_at = at
                cols.time_end = stop
            elif field == 8:  # timeStampQualifier
                value = unsigned_at(data, at, stop, 127)
                if value < 0:
                    return -value
                cols.qualifier_view[row] = value
            elif field == 5:  # timeStamp
                value = generalized_at(data, at, stop)
                if value == _NO_TIME:
                    return _BAD_VALUE
                if not seen & 0x80:
                    cols.time_us_view[row] = value
            elif field == 1:  # lawfulInterceptionIdentifier
                if not 1 <= stop - at <= _MAX_LIID_OCTETS:
                    return _BAD_VALUE
                value = liids.intern_span(data, at, stop - at)
                if value < 0:
                    return _TOO_MANY
                cols.liid_view[row] = value
            elif field == 2:  # authorizationCountryCode
                if stop - at != 2:
                    return _BAD_VALUE
                cols.authorization_country_view[row] = data[at] << 8 | data[at + 1]
            elif field == 3:
                fault = _communication(data, at, stop, cols, row)
                if fault:
                    return fault
            seen |= 1 << field
        pos = stop + ((head >> 6) & 2)
    # li-psDomainId [0], lawfulInterceptionIdentifier [1], communicationIdentifier [3], sequenceNumber [4]
    return 0 if seen & 0x1B == 0x1B else _MISSING_FIELD


def _remembered(data: memoryview, pos: int, end: int, cols: Columns, slot: int) -> bool:
    octets = cols.memo_octets[slot]
    return cols.memo_call[slot] == cols.call and octets <= end - pos and same(data, pos, cols.memo_at[slot], octets)


def _memo_slot(data: memoryview, pos: int, end: int) -> int:
    """Where a header of the usual layout, fields 0 to 3 and then the sequence number, would be remembered; else -1.

    The slot comes from octets that tell communications apart: the ends of the LIID and of the CIN.
    """
    start = pos
    label = 0
    while pos + 2 <= end and (data[pos] == 0xA3 or 0x80 <= data[pos] <= 0x82) and data[pos + 1] < 0x80:
        pos += 2 + data[pos + 1]
        if label == 0 and pos < end and data[pos] == 0x82:
            label = pos
    if pos >= end or data[pos] != 0x84 or label - start < 4 or pos - start < 12:
        return -1
    return (data[label - 1] * 7 + data[label - 2] * 31 + data[pos - 1] + data[pos - 5] * 3 + data[pos - 6] * 5) & 0xFF


def _take_over(cols: Columns, row: int, last: int, shift: int) -> None:
    cols.liid_view[row] = cols.liid_view[last]
    cols.cin_view[row] = cols.cin_view[last]
    cols.authorization_country_view[row] = cols.authorization_country_view[last]
    cols.delivery_country_view[row] = cols.delivery_country_view[last]
    cols.operator_offset_view[row] = cols.operator_offset_view[last] + shift
    cols.operator_length_view[row] = cols.operator_length_view[last]
    cols.element_offset_view[row] = cols.element_offset_view[last] + (
        shift if cols.element_offset_view[last] >= 0 else 0
    )
    cols.element_length_view[row] = cols.element_length_view[last]


def _communication(data: memoryview, pos: int, end: int, cols: Columns, row: int) -> int:
    """CommunicationIdentifier."""
    seen = 0
    while pos < end:
        tag = data[pos]
        head = head_at(data, pos, end)
        if head < 0:
            return -head
        at = pos + (head & 0x7F)
        stop = at + (head >> 8)
        field = tag & 0x1F
        if tag & 0xC0 == 0x80 and field <= 2:
            if seen >> field & 1 or tag >> 5 & 1 != (field == 0):
                return _BAD_TAG
            if field == 0:  # networkIdentifier
                fault = _network(data, at, stop, cols, row)
                if fault:
                    return fault
            elif field == 1:  # communicationIdentityNumber
                value = unsigned_at(data, at, stop, _MAX_CIN)
                if value < 0:
                    return -value
                cols.cin_view[row] = value
            else:  # deliveryCountryCode
                if stop - at != 2:
                    return _BAD_VALUE
                cols.delivery_country_view[row] = data[at] << 8 | data[at + 1]
            seen |= 1 << field
        pos = stop + ((head >> 6) & 2)
    return 0 if seen & 1 else _MISSING_FIELD


def _network(data: memoryview, pos: int, end: int, cols: Columns, row: int) -> int:
    """NetworkIdentifier. The sizes of 1..16 octets are left to the decoder: these are labels here."""
    seen = 0
    while pos < end:
        tag = data[pos]
        head = head_at(data, pos, end)
        if head < 0:
            return -head
        at = pos + (head & 0x7F)
        stop = at + (head >> 8)
        field = tag & 0x1F
        if tag & 0xC0 == 0x80 and field <= 1:
            if seen >> field & 1 or tag & 0x20:
                return _BAD_TAG
            if field == 0:  # operatorIdentifier
                cols.operator_offset_view[row] = at
                cols.operator_length_view[row] = stop - at
            else:  # networkElementIdentifier
                cols.element_offset_view[row] = at
                cols.element_length_view[row] = stop - at
            seen |= 1 << field
        pos = stop + ((head >> 6) & 2)
    return 0 if seen & 1 else _MISSING_FIELD
