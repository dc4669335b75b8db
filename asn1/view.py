"""One JSON line a record: what `calea-lab decode` prints (docs/decode.md is the description for users).

Rules of this file. Framing and header are judged by `asn1.scan`, the one parser all of the project trusts for them; the
rest is read by the record tables. Lines depend on the octets alone: the same from the compiled and from the interpreted
scan, from one chunk and from many. A record is described whole or as an error; after an error the next record follows
where the framing allows it. Memory is bounded by one record and one chunk.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from asn1.errors import DecodeError, LocalError
from asn1.ps_pdu import decode_ps_pdu, liid_text, record_time
from asn1.scan import Columns, LiidTable, scan
from asn1.tlv import time_text
from asn1.view_contents import Line
from asn1.view_fields import header_fields, payload_line

DIALECTS: Final = ("etsi",)

MAX_RECORD_OCTETS: Final = 16 << 20
"""Octets. The largest content in use, a multimedia message, stays far below; a larger record is passed over."""

_ROWS: Final = 1024
_MAX_LIIDS: Final = 65_536

_MESSAGES: Final = {
    DecodeError.TRUNCATED: "the octets end inside the record",
    DecodeError.OVERSIZED: "the record is larger than this reader takes; it is passed over",
    DecodeError.BAD_LENGTH: "a length that does not fit what surrounds it",
    DecodeError.BAD_TAG: "an element twice, in the wrong form or in the wrong place",
    DecodeError.BAD_VALUE: "a value that is none of its type",
    DecodeError.MISSING_FIELD: "a mandatory field is missing",
    DecodeError.TOO_DEEP: "too many values inside each other",
    DecodeError.TOO_MANY: "too many elements",
    DecodeError.WRONG_DIALECT: "no PS-PDU starts here (0x30 was expected); is this stream of another dialect?",
}


def describe(octets: bytes, offset: int = 0, dialect: str = "etsi") -> Line:
    """The line for exactly one record that stands at `offset` of its stream; an error line when it is not one.

    Raises LocalError for a dialect that is not known, and nothing else.
    """
    _check(dialect)
    cols = Columns(1)
    end = scan(octets, 0, len(octets), cols, LiidTable(), MAX_RECORD_OCTETS)
    if cols.fatal:
        return _error(octets, offset, DecodeError.CODES[cols.fatal - 1])
    if cols.n == 0:
        return _error(octets, offset, DecodeError.TRUNCATED)
    if cols.status[0]:
        return _error(octets, offset, DecodeError.CODES[cols.status[0] - 1])
    if end != len(octets):
        return _error(octets, offset, DecodeError.BAD_LENGTH)
    return _line(octets, offset, dialect)


def describe_stream(
    chunks: Iterable[bytes], dialect: str = "etsi", max_record_octets: int = MAX_RECORD_OCTETS
) -> Iterator[Line]:
    """The lines of a stream given in chunks of any size, in order. Raises LocalError for an unknown dialect.

    Where framing is lost, the error line is the last one. A record above `max_record_octets` gives an error line and is
    passed over.
    """
    _check(dialect)
    cols = Columns(_ROWS)
    liids = LiidTable()
    pending = b""
    base = skip = 0
    for chunk in chunks:
        if skip:
            dropped = min(skip, len(chunk))
            skip -= dropped
            base += dropped
            chunk = chunk[dropped:]
        pending += chunk
        pos = 0
        while pos < len(pending):
            if len(liids) > _MAX_LIIDS:
                liids = LiidTable()
            pos = scan(pending, pos, len(pending), cols, liids, max_record_octets)
            for row in range(cols.n):
                start = cols.offset[row]
                octets = pending[start : start + cols.length[row]]
                if cols.status[row]:
                    yield _error(octets, base + start, DecodeError.CODES[cols.status[row] - 1])
                else:
                    yield _line(octets, base + start, dialect)
            skip = cols.skip
            if cols.fatal:
                yield _error(pending[pos:], base + pos, DecodeError.CODES[cols.fatal - 1])
                return
            if cols.n < cols.capacity:
                break
        base += pos
        pending = pending[pos:]
    if pending:
        yield _error(pending, base, DecodeError.TRUNCATED)
    elif skip:
        yield _error_line(
            base, DecodeError.TRUNCATED, f"the stream ends {skip} octets before its last record does", base
        )


def _check(dialect: str) -> None:
    if dialect not in DIALECTS:
        raise LocalError(f"unknown dialect {dialect!r}; choose one of {', '.join(DIALECTS)}")


def _error_line(offset: int, code: str, message: str, at: int) -> Line:
    return {"offset": offset, "error": {"code": code, "message": message, "at": at}}


def _error(octets: bytes, offset: int, code: str) -> Line:
    """The scan's verdict, told in the decoder's words where the decoder stumbles over the same thing."""
    if code not in (DecodeError.OVERSIZED, DecodeError.WRONG_DIALECT, DecodeError.TRUNCATED):
        try:
            decode_ps_pdu(octets)
        except DecodeError as error:
            if error.code == code:
                return _decode_error(offset, error)
    return _error_line(offset, code, _MESSAGES[code], offset)


def _decode_error(offset: int, error: DecodeError) -> Line:
    message = f"{error.path}: {error.message}" if error.path else error.message
    return _error_line(offset, error.code, message, offset + error.offset)


def _line(octets: bytes, offset: int, dialect: str) -> Line:
    try:
        pdu = decode_ps_pdu(octets)
        time_us, qualifier = record_time(pdu)
        payload = payload_line(pdu)
    except DecodeError as error:
        return _decode_error(offset, error)
    header = pdu.header
    point = header.interception_point_id
    if point is None and header.extended_interception_point_id is not None:
        point = liid_text(header.extended_interception_point_id)
    unknown = [*pdu.unknown_tags, *payload.get("unknown_tags", ())]
    line: Line = {
        "offset": offset,
        "octets": len(octets),
        "dialect": dialect,
        "liid": liid_text(header.liid),
        "authorization_country": header.authorization_country,
        "delivery_country": header.delivery_country,
        "operator_id": liid_text(header.operator_id),
        "network_element_id": None if header.network_element_id is None else liid_text(header.network_element_id),
        "cin": header.cin,
        "sequence_number": header.sequence_number,
        "timestamp": None if time_us is None else time_text(time_us),
        "timestamp_qualifier": qualifier,
        "interception_point_id": point,
        "ps_domain_oid": header.oid,
        "payload": payload["payload"],
        "kind": payload["kind"],
        "iri_type": payload.get("iri_type"),
        "direction": payload.get("direction"),
        "content_octets": payload.get("content_octets"),
        "content_sha256": payload.get("content_sha256"),
        "fields": header_fields(pdu) | payload["fields"],
        "unknown_tags": [{"path": item.path, "tag": item.tag, "octets": item.octets.hex()} for item in unknown],
    }
    return {key: value for key, value in line.items() if value is not None and value not in ({}, [])}
