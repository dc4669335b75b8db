"""One JSON line a PDU of X2 or X3: what `calea-lab decode --dialect x2x3` prints, by the rules of `asn1.view`.

Signalling (X2) is shown whole: an event of TS 33.128 by its rows, SIP as text, other payloads in hexadecimal. Content
(X3) is told by size and hash alone. A PDU that is whole but broken gives an error line and the next one follows; where
framing is lost the error line is the last. Memory is bounded by one PDU and one chunk.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from typing import Final

from asn1 import ts33128
from asn1.errors import DecodeError
from asn1.table import Value, decode_reporting
from asn1.tlv import time_text
from asn1.view_contents import Line
from asn1.view_fields import render
from asn1.x2x3 import PayloadDirection, PayloadFormat, PduType, X2X3Pdu, decode_pdu, frame_size

DIALECT: Final = "x2x3"
_TYPES: Final = {
    PduType.X2: ("x2", "iri"),
    PduType.X3: ("x3", "cc"),
    PduType.KEEPALIVE: ("keepalive", None),
    PduType.KEEPALIVE_ACK: ("keepaliveAck", None),
}
_DIRECTIONS: Final = {
    int(PayloadDirection.UNKNOWN): "indeterminate",
    int(PayloadDirection.TO_TARGET): "toTarget",
    int(PayloadDirection.FROM_TARGET): "fromTarget",
    int(PayloadDirection.SEVERAL): "combined",
    int(PayloadDirection.NOT_APPLICABLE): "notapplicable",
}
_FORMATS: Final = {int(one): one.name.lower() for one in PayloadFormat}
_ATTRIBUTES: Final = (
    "nfid", "ipid", "domain_id", "source_port", "destination_port", "ip_protocol", "mime_type", "mime_encoding", "sdp",
)  # fmt: skip
_OPAQUE: Final = ("etsi_102232_1", "ts_33128", "ts_33108", "proprietary")


def describe_stream(chunks: Iterable[bytes]) -> Iterator[Line]:
    """The lines of a stream given in chunks of any size, in order."""
    pending, base = b"", 0
    for chunk in chunks:
        pending += chunk
        position = 0
        with memoryview(pending) as view:
            while True:
                try:
                    size = frame_size(view, start=position)
                except DecodeError as error:
                    yield _error(base + position, error, base + error.offset)
                    return
                if size is None or position + size > len(view):
                    break
                yield describe(bytes(view[position : position + size]), base + position)
                position += size
        base += position
        pending = pending[position:]
    if pending:
        cut = DecodeError(DecodeError.TRUNCATED, "the octets end inside the PDU")
        yield _error(base, cut, base + len(pending))


def describe(octets: bytes, offset: int = 0) -> Line:
    """The line for exactly one PDU that stands at `offset` of its stream; an error line when it is not one."""
    try:
        pdu = decode_pdu(octets)
        payload, unknown = _payload(pdu)
    except DecodeError as error:
        return _error(offset, error, offset + error.offset)
    name, kind = _TYPES[pdu.pdu_type]
    keeps_alive = kind is None
    held = bool(pdu.payload)
    line: Line = {
        "offset": offset,
        "octets": len(octets),
        "dialect": DIALECT,
        "sequence_number": pdu.sequence_number,
        "timestamp": None if pdu.time_us is None else time_text(pdu.time_us),
        "payload": name if keeps_alive else _FORMATS.get(pdu.payload_format, f"[{pdu.payload_format}]"),
        "kind": kind,
        "direction": None if keeps_alive else _DIRECTIONS.get(pdu.payload_direction, str(pdu.payload_direction)),
        "content_octets": len(pdu.payload) if held else None,
        "content_sha256": hashlib.sha256(pdu.payload).hexdigest() if held else None,
        "fields": _attributes(pdu) | payload,
        "unknown_tags": unknown,
    }
    return {key: value for key, value in line.items() if value is not None and value not in ({}, [])}


def _attributes(pdu: X2X3Pdu) -> Line:
    fields: Line = {"version": f"{pdu.version >> 8}.{pdu.version & 0xFF}", "pdu_type": _TYPES[pdu.pdu_type][0]}
    if _TYPES[pdu.pdu_type][1] is not None:
        fields |= {"xid": pdu.xid_text, "correlation_id": pdu.correlation_id}
    values: dict[str, Value] = {name: getattr(pdu, name) for name in _ATTRIBUTES}
    values |= {name: None if (held := getattr(pdu, name)) is None else held.hex() for name in _OPAQUE}
    values |= {"source_address": pdu.source_address, "destination_address": pdu.destination_address}
    values |= {"matched_targets": list(pdu.matched_targets), "other_targets": list(pdu.other_targets)}
    if pdu.related_xid is not None:
        xid, correlation, number = pdu.related_xid
        values["related_xid"] = {"xid": xid.hex(), "correlation_id": correlation, "sequence_number": number}
    values["attributes"] = [{"type": kind, "octets": octets.hex()} for kind, octets in pdu.extra]
    return fields | {name: value for name, value in values.items() if value is not None and value != []}


def _payload(pdu: X2X3Pdu) -> tuple[Line, list[Line]]:
    """What the line says of the payload, and what in it no row describes. Raises DecodeError."""
    if pdu.pdu_type != PduType.X2 or not pdu.payload:
        return {}, []
    if pdu.payload_format == PayloadFormat.TS_33128:
        value, unknown = decode_reporting(ts33128.XIRI_PAYLOAD, pdu.payload)
        told = [{"path": item.path, "tag": item.tag, "octets": item.octets.hex()} for item in unknown]
        return dict(render(ts33128.XIRI_PAYLOAD, value)), told
    if pdu.payload_format == PayloadFormat.SIP:
        return {"sip": pdu.payload.decode("utf-8", "backslashreplace")}, []
    return {"octets": pdu.payload.hex()}, []


def _error(offset: int, error: DecodeError, at: int) -> Line:
    message = f"{error.path}: {error.message}" if error.path else error.message
    return {"offset": offset, "error": {"code": error.code, "message": message, "at": at}}
