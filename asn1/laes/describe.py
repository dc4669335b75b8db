"""One JSON line a record of the US dialects: the same line, by the same rules, as `asn1.view` gives for ETSI.

Keys as in docs/decode.md; `liid` is the case identity, `interception_point_id` the system that intercepted, `payload`
the message's name in its module (`[25]` when no row has it), `kind` is `cdc` or `ccc`. Messages are shown whole,
signalling and text inside them included; content (CC) is told by size and hash alone. A CDC message that carries one
whole signalling message, or one SIP body, has the size and hash of that too. The dialect is given, never guessed;
within T1.678 and IAS, messages and CC-APDUs are told apart by their tags. A datagram says nothing about itself: its
line is asked for by `describe_datagram`, with the generation of its link.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from typing import Final

from asn1.errors import DecodeError, LocalError
from asn1.laes import cc_apdu, ias, jstd025, pcesp, t1678
from asn1.laes.ccc import HEADER_OCTETS, ccc_text, decode_datagram
from asn1.laes.message import CdcMessage, Dialect
from asn1.laes.stream import MAX_RECORD_OCTETS, Framer
from asn1.ps_pdu import liid_text
from asn1.table import Sequence, UnknownTag, Value
from asn1.tlv import time_text
from asn1.view_contents import Line
from asn1.view_fields import render

_DIALECTS: Final = {dialect.name: dialect for dialect in (t1678.DIALECT, pcesp.DIALECT, ias.DIALECT, jstd025.DIALECT)}

DIALECTS: Final = tuple(_DIALECTS)

_POINTS: Final = ("iAPSystemId", "reportingSystemId", "accessingElementId")
_TIMES: Final = ("timestamp", "eventTime")
_DIRECTIONS: Final = {"fromSubject": "fromTarget", "toSubject": "toTarget"}


def describe(octets: bytes, offset: int = 0, dialect: str = "t1678") -> Line:
    """The line for exactly one record that stands at `offset` of its stream; an error line when it is not one.

    Raises LocalError for a dialect that is not known, and nothing else.
    """
    known = dialect_named(dialect)
    try:
        if known.is_apdu(octets):
            return _apdu_line(octets, offset, dialect)
        return _message_line(octets, offset, known)
    except DecodeError as error:
        return _error_line(offset, error)


def describe_datagram(octets: bytes, header_octets: int, offset: int = 0, dialect: str = "pcesp") -> Line:
    """The line for one datagram of content, whose link has CCC headers of `header_octets` (4, 12 or 20).

    Raises LocalError for a dialect or a generation that is not known, and nothing else.
    """
    dialect_named(dialect)
    if header_octets not in HEADER_OCTETS:
        raise LocalError(f"no CCC header has {header_octets} octets; choose one of {HEADER_OCTETS}")
    try:
        datagram = decode_datagram(octets, header_octets)
    except DecodeError as error:
        return _error_line(offset, error)
    line: Line = {
        "offset": offset,
        "octets": len(octets),
        "dialect": dialect,
        "liid": None if datagram.case_id is None else liid_text(datagram.case_id),
        "timestamp": None if datagram.time_us is None else time_text(datagram.time_us),
        "payload": "cccDatagram",
        "kind": "ccc",
        **_digest(datagram.packet),
        "fields": {"cccId": ccc_text(datagram.ccc_id)},
    }
    return _without_absent(line)


def describe_stream(
    chunks: Iterable[bytes], dialect: str = "t1678", max_record_octets: int = MAX_RECORD_OCTETS
) -> Iterator[Line]:
    """The lines of a stream given in chunks of any size, in order. Raises LocalError for an unknown dialect.

    Where framing is lost, the error line is the last one. A record above `max_record_octets` gives an error line and is
    passed over.
    """
    framer = framer_of(dialect, max_record_octets)
    for chunk in chunks:
        for frame in framer.feed(chunk):
            if frame.error is not None:
                yield _error_line(frame.offset, frame.error)
            else:
                yield describe(frame.octets, frame.offset, dialect)
        if framer.lost:
            return
    rest = framer.finish()
    if rest is not None and rest.error is not None:
        yield _error_line(rest.offset, rest.error)


def framer_of(dialect: str, max_record_octets: int = MAX_RECORD_OCTETS) -> Framer:
    """A framer for a stream of messages and, where the dialect has them, CC-APDUs. Raises LocalError."""
    known = dialect_named(dialect)
    starts = known.starts
    if known.is_apdu(cc_apdu.STARTS):
        starts += cc_apdu.STARTS
    return Framer(starts, max_record_octets)


def dialect_named(name: str) -> Dialect:
    """Raises LocalError for a dialect that is not known."""
    try:
        return _DIALECTS[name]
    except KeyError:
        raise LocalError(f"unknown dialect {name!r}; choose one of {', '.join(DIALECTS)}") from None


def _message_line(octets: bytes, offset: int, dialect: Dialect) -> Line:
    message = dialect.decode(octets)
    rendered = _rendered(message, dialect)
    line: Line = {
        "offset": offset,
        "octets": len(octets),
        "dialect": dialect.name,
        "reconstructed": True if dialect.reconstructed else None,
        "liid": rendered.pop("caseId", None),
        "timestamp": _first(rendered, _TIMES),
        "interception_point_id": _first(rendered, _POINTS),
        "payload": message.name,
        "kind": "cdc",
        **_digest(_signalling(message)),
        "fields": ({} if message.module is None else {dialect.module_field: message.module}) | rendered,
        "unknown_tags": _unknown(message.unknown_tags),
    }
    return _without_absent(line)


def _rendered(message: CdcMessage, dialect: Dialect) -> Line:
    kind = next((row.type for row in dialect.messages.fields if row.name == message.name), None)
    if isinstance(kind, Sequence):
        rendered: Line = render(kind, message.fields)
        return rendered
    return {name: render(None, value) for name, value in message.fields.items()}


def _apdu_line(octets: bytes, offset: int, dialect: str) -> Line:
    apdu = cc_apdu.decode_apdu(octets)
    header: Line = {} if apdu.header is None else render(cc_apdu.CC_DELIVERY_HEADER, apdu.header)
    correlation: Line = header.pop("correlationInfo", {})
    direction = header.pop("packetDirection", None)
    line: Line = {
        "offset": offset,
        "octets": len(octets),
        "dialect": dialect,
        "liid": correlation.pop("caseId", None),
        "sequence_number": header.pop("sequenceNumber", None),
        "timestamp": header.pop("timeStamp", None),
        "interception_point_id": correlation.pop("iapId", None),
        "payload": "cc-APDU",
        "kind": "ccc",
        "direction": None if direction is None else _DIRECTIONS.get(direction, str(direction)),
        **_digest(apdu.payload),
        "fields": header | correlation,
        "unknown_tags": _unknown(apdu.unknown_tags),
    }
    return _without_absent(line)


def _signalling(message: CdcMessage) -> bytes | None:
    """What a message carries whole: the SIP body of a UUContent, else its one signalling message."""
    form, content = message.fields.get("content", ("", None))
    if form == "sip" and "sipBody" in content:
        body: bytes = content["sipBody"]["sipBodyContents"]
        return body
    messages: list[dict[str, Value]] = message.fields.get("signalingMsg", [])
    if len(messages) != 1:
        return None
    # IAS carries text here, and names it otherwise.
    octets: bytes | None = messages[0].get("sigMsg")
    return octets


def _first(rendered: Line, names: tuple[str, ...]) -> Value:
    """Takes the first of the fields that is there; a message has one of them at most."""
    return next((rendered.pop(name) for name in names if name in rendered), None)


def _digest(content: bytes | None) -> Line:
    if content is None:
        return {}
    return {"content_octets": len(content), "content_sha256": hashlib.sha256(content).hexdigest()}


def _unknown(items: tuple[UnknownTag, ...]) -> list[Line]:
    return [{"path": item.path, "tag": item.tag, "octets": item.octets.hex()} for item in items]


def _without_absent(line: Line) -> Line:
    return {key: value for key, value in line.items() if value is not None and value not in ({}, [])}


def _error_line(offset: int, error: DecodeError) -> Line:
    message = f"{error.path}: {error.message}" if error.path else error.message
    return {"offset": offset, "error": {"code": error.code, "message": message, "at": offset + error.offset}}
