"""The payload of a scanned PS-PDU (TS 102 232-1 clause 6.2; tags read from the LI-PS-PDU schema, version 43).

One source for two paths (ADR 0002): `scan_payload.pxd` types it for Cython. Functions answer as those of `scan_ber`,
or with a status where that is all they have to say: 0 is none. The walk ends at the alternative of the contents; of the
two bulk services alone it goes on to the intercepted octets.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from asn1.columns import Columns

if TYPE_CHECKING:
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
        generalized_at,
        head_at,
        microseconds_at,
        same,
        unsigned_at,
    )

    _IRI, _CC, _TRI, _HI1, _ENCRYPTED = 0, 1, 2, 3, 4
    _MEMO_SLOTS = 256
    _SHAPE_SLOTS = 4

COMPILED: Final[bool] = cython.compiled


def take_shape(data: memoryview, pos: int, end: int, cols: Columns, row: int) -> bool:
    """Whether the rest of the record, from the payload on, differs from an earlier one in its content octets alone;
    then all it says is the same too."""
    for step in range(_SHAPE_SLOTS):
        slot = (cols.shape_last + step) % _SHAPE_SLOTS
        octets = cols.shape_octets[slot]
        if cols.shape_call[slot] != cols.call or octets != end - pos:
            continue
        at = cols.shape_at[slot]
        lead = cols.shape_lead[slot]
        last = cols.capacity + _MEMO_SLOTS + slot
        tail = octets - lead - cols.content_length_view[last]
        if same(data, pos, at, lead) and same(data, end - tail, at + octets - tail, tail):
            cols.kind_view[row] = cols.kind_view[last]
            cols.payload_tag_view[row] = cols.payload_tag_view[last]
            cols.content_tag_view[row] = cols.content_tag_view[last]
            cols.direction_view[row] = cols.direction_view[last]
            cols.payloads_view[row] = cols.payloads_view[last]
            cols.content_offset_view[row] = pos + lead
            cols.content_length_view[row] = cols.content_length_view[last]
            cols.shape_last = slot
            return True
    return False


def keep_shape(pos: int, end: int, cols: Columns, row: int) -> None:
    slot = (cols.shape_last + 1) % _SHAPE_SLOTS
    cols.shape_call[slot] = cols.call
    cols.shape_at[slot] = pos
    cols.shape_octets[slot] = end - pos
    cols.shape_lead[slot] = cols.content_offset_view[row] - pos
    cols.shape_last = slot
    kept = cols.capacity + _MEMO_SLOTS + slot
    cols.kind_view[kept] = cols.kind_view[row]
    cols.payload_tag_view[kept] = cols.payload_tag_view[row]
    cols.content_tag_view[kept] = cols.content_tag_view[row]
    cols.direction_view[kept] = cols.direction_view[row]
    cols.payloads_view[kept] = cols.payloads_view[row]
    cols.content_length_view[kept] = cols.content_length_view[row]


def read_payload(data: memoryview, pos: int, end: int, cols: Columns, row: int) -> int:
    """Payload, a CHOICE: exactly one alternative, all of them constructed."""
    if pos >= end:
        return _MISSING_FIELD
    tag = data[pos]
    head = head_at(data, pos, end)
    if head < 0:
        return -head
    at = pos + (head & 0x7F)
    stop = at + (head >> 8)
    if tag & 0xE0 != 0xA0 or tag & 0x1F == 0x1F or stop + ((head >> 6) & 2) != end:
        return _BAD_TAG
    alternative = tag & 0x1F
    cols.payload_tag_view[row] = alternative
    if alternative <= 1:  # iRIPayloadSequence [0], cCPayloadSequence [1]
        cols.kind_view[row] = alternative
        return _sequence(data, at, stop, alternative, cols, row)
    cols.content_offset_view[row] = pos
    cols.content_length_view[row] = end - pos
    if alternative == 4:  # encryptionContainer
        cols.kind_view[row] = _ENCRYPTED
        return 0
    if alternative == 2:  # tRIPayload
        cols.kind_view[row] = _TRI
    elif alternative == 3 or alternative == 5:  # hI1-Operation, threeGPP-HI1-Operation
        cols.kind_view[row] = _HI1
    else:
        return 0
    found = _choice(data, at, stop)
    if found < 0:
        return -found
    cols.content_tag_view[row] = found
    cols.content_offset_view[row] = at
    cols.content_length_view[row] = stop - at
    return 0


def _choice(data: memoryview, pos: int, end: int) -> int:
    """The number of the context tag whose TLV fills `[pos, end)`; an extension may need two octets for it."""
    if pos >= end:
        return -_MISSING_FIELD
    head = head_at(data, pos, end)
    if head < 0:
        return head
    if data[pos] & 0xC0 != 0x80 or pos + (head & 0x7F) + (head >> 8) + ((head >> 6) & 2) != end:
        return -_BAD_TAG
    if data[pos] & 0x1F != 0x1F:
        return data[pos] & 0x1F
    return data[pos + 1] if 0x1F <= data[pos + 1] < 0x80 else -_BAD_TAG


def _sequence(data: memoryview, pos: int, end: int, kind: int, cols: Columns, row: int) -> int:
    """SEQUENCE OF IRIPayload or CCPayload: all are counted, the first is read."""
    count = 0
    while pos < end:
        if data[pos] != 0x30:
            return _BAD_TAG
        head = head_at(data, pos, end)
        if head < 0:
            return -head
        at = pos + (head & 0x7F)
        stop = at + (head >> 8)
        pos = stop + ((head >> 6) & 2)
        if count == 0:
            fault = _item(data, at, stop, kind, pos == end, cols, row)
            if fault:
                return fault
        count += 1
    cols.payloads_view[row] = count
    return 0


def _item(data: memoryview, pos: int, end: int, kind: int, single: bool, cols: Columns, row: int) -> int:
    """IRIPayload or CCPayload. They differ in [0] (iRIType, payloadDirection) and in the IRI's [5] and [6].

    A single payload's own time outranks the header's, which may be that of mediation or aggregation (clause 6.2.3, as
    its module comment is read; that it outranks it is assumed). Its qualifier does where it has one.
    """
    fields = 6 if kind == _IRI else 4
    seen = 0
    time_us = _NO_TIME
    qualifier = -1
    while pos < end:
        tag = data[pos]
        head = head_at(data, pos, end)
        if head < 0:
            return -head
        at = pos + (head & 0x7F)
        stop = at + (head >> 8)
        field = tag & 0x1F
        if tag & 0xC0 == 0x80 and field <= fields:
            # Constructed are the contents [2] and microSecondTimeStamp [3], and nothing else.
            if seen >> field & 1 or tag >> 5 & 1 != 0x0C >> field & 1:
                return _BAD_TAG
            seen |= 1 << field
            if field == 2:  # iRIContents, cCContents
                fault = _contents(data, at, stop, kind, cols, row)
                if fault:
                    return fault
            elif field == 3:
                time_us = microseconds_at(data, at, stop)
                if time_us < 0:
                    return -time_us
            elif field == 1:  # timeStamp
                value = generalized_at(data, at, stop)
                if value == _NO_TIME:
                    return _BAD_VALUE
                if not seen & 8:
                    time_us = value
            else:
                value = unsigned_at(data, at, stop, 127)
                if value < 0:
                    return -value
                if field == 4:  # timeStampQualifier
                    qualifier = value
                elif field == 0 and kind == _IRI:
                    cols.iri_type_view[row] = value
                elif field != 5 or not seen & 0x40:  # payloadDirection outranks sessionDirection [5]
                    cols.direction_view[row] = value
        pos = stop + ((head >> 6) & 2)
    if not seen & 4:
        return _MISSING_FIELD
    if not single or seen & 0x1A:  # no other payload, no time of its own: nothing but the content can differ
        cols.shape_plain = 0
    if single and time_us != _NO_TIME:
        if qualifier >= 0 or cols.time_us_view[row] == _NO_TIME:
            cols.qualifier_view[row] = qualifier
        cols.time_us_view[row] = time_us
    return 0


def _contents(data: memoryview, pos: int, end: int, kind: int, cols: Columns, row: int) -> int:
    """IRIContents or CCContents. For the two bulk services the span is the intercepted octets alone: iPPackets of
    IPCC (part 3), mMCCContents of IPMMCC (part 5); for all others the whole TLV of the alternative."""
    found = _choice(data, pos, end)
    if found < 0:
        return -found
    cols.content_tag_view[row] = found
    cols.content_offset_view[row] = pos
    cols.content_length_view[row] = end - pos
    if kind != _CC or (found != 2 and found != 12):
        return 0
    if not data[pos] & 0x20:
        return _BAD_TAG
    head = head_at(data, pos, end)
    pos += head & 0x7F
    end = pos + (head >> 8)
    # iPCCContents [1] is a CHOICE and so constructed; mMCCContents [1] is an OCTET STRING, read in its primitive form.
    wanted = 0xA1 if found == 2 else 0x81
    inner = 0
    while pos < end:
        tag = data[pos]
        head = head_at(data, pos, end)
        if head < 0:
            return -head
        at = pos + (head & 0x7F)
        stop = at + (head >> 8)
        if tag == wanted:
            if inner:
                return _BAD_TAG
            inner = 1
            if found == 12:
                cols.content_offset_view[row] = at
                cols.content_length_view[row] = stop - at
                cols.shape_plain = 1
            else:
                value = _choice(data, at, stop)
                if value < 0:
                    return -value
                if value == 0:  # iPPackets
                    if data[at] & 0x20:
                        return _BAD_TAG
                    head_in = head_at(data, at, stop)
                    cols.content_offset_view[row] = at + (head_in & 0x7F)
                    cols.content_length_view[row] = head_in >> 8
                    cols.shape_plain = 1
        elif tag & 0xDF == 0x81:
            return _BAD_TAG
        pos = stop + ((head >> 6) & 2)
    return 0 if inner else _MISSING_FIELD
