"""X2/X3 PDUs (TS 103 221-2): one frozen value, its encoder, its decoder, and a framer for a TCP stream.

Sans-IO: octets in, values out. Header layout, attribute numbers and formats are third-party readings of TS 103 221-2
V1.10.1 clauses 5.1-5.4, cross-checked with public dissectors; the prose itself is unread. Receivers take any minor
version and refuse another major one; we write 0x0005 unless told 0x0006. Of an attribute that comes twice the first
counts, except 17 and 18, which may repeat; later ones and unknown types are kept in `extra`, so nothing is lost.

A PDU whose frame is whole but whose attributes are broken is skipped and counted by the framer; a header that cannot
be believed ends the stream.
"""

from __future__ import annotations

import re
import struct
from enum import IntEnum
from typing import Final, NamedTuple
from xml.sax.saxutils import escape, unescape

from asn1.errors import DecodeError, EncodeError
from asn1.packets import address_text

VERSION_5: Final = 0x0005
VERSION_6: Final = 0x0006

HEADER_OCTETS: Final = 40
MAX_HEADER_OCTETS: Final = 64 * 1024
"""Header with attributes: the SDP attribute is the largest honest one, and is far below this."""
MAX_PAYLOAD_OCTETS: Final = 1 << 20
"""Sixteen times the largest IP packet: room for MIME and MSRP payloads, none for a flood in one length field."""

NO_XID: Final = bytes(16)


class PduType(IntEnum):
    X2 = 1
    X3 = 2
    KEEPALIVE = 3
    KEEPALIVE_ACK = 4


class PayloadFormat(IntEnum):
    """Clause 5.4, table 5.4.1-1 (third-party reading)."""

    KEEPALIVE = 0
    ETSI_102232_1 = 1
    TS_33128 = 2
    TS_33108 = 3
    PROPRIETARY = 4
    IPV4 = 5
    IPV6 = 6
    ETHERNET = 7
    RTP = 8
    SIP = 9
    DHCP = 10
    RADIUS = 11
    GTP_U = 12
    MSRP = 13
    EPS_IRI = 14
    MIME = 15
    UNSTRUCTURED = 16
    PS_PDU_PAYLOAD = 17


class PayloadDirection(IntEnum):
    KEEPALIVE = 0
    UNKNOWN = 1
    TO_TARGET = 2
    FROM_TARGET = 3
    SEVERAL = 4
    NOT_APPLICABLE = 5


class RelatedXid(NamedTuple):
    """Attribute 21: another task that the same traffic belongs to (clause 5.3.22, third-party reading)."""

    xid: bytes
    correlation_id: int
    sequence_number: int | None = None


class X2X3Pdu(NamedTuple):
    """One X2, X3, keepalive or keepalive-acknowledgement PDU.

    `payload_format`/`payload_direction` stay plain numbers, since new ones may come. `xid` is 16 octets; all zero on
    keepalives. `correlation_id` 0..2^64-1, 0 when the POI does not correlate. `timestamp_ns` counts nanoseconds since
    1970, UTC, 0..2^32 s. Addresses are 4 or 16 octets. `matched_targets`/`other_targets` hold inner XML of the X1
    targetIdentifier, see `target_xml`. A field the PDU lacks is None or empty.
    """

    pdu_type: PduType
    payload_format: int = PayloadFormat.KEEPALIVE
    payload_direction: int = PayloadDirection.KEEPALIVE
    xid: bytes = NO_XID
    correlation_id: int = 0
    payload: bytes = b""
    version: int = VERSION_5
    nfid: str | None = None
    ipid: str | None = None
    sequence_number: int | None = None
    timestamp_ns: int | None = None
    source_ipv4: bytes | None = None
    destination_ipv4: bytes | None = None
    source_ipv6: bytes | None = None
    destination_ipv6: bytes | None = None
    source_port: int | None = None
    destination_port: int | None = None
    ip_protocol: int | None = None
    matched_targets: tuple[str, ...] = ()
    other_targets: tuple[str, ...] = ()
    domain_id: str | None = None
    etsi_102232_1: bytes | None = None
    ts_33128: bytes | None = None
    ts_33108: bytes | None = None
    proprietary: bytes | None = None
    mime_type: str | None = None
    mime_encoding: str | None = None
    related_xid: RelatedXid | None = None
    sdp: str | None = None
    extra: tuple[tuple[int, bytes], ...] = ()

    @property
    def time_us(self) -> int | None:
        """The event time in the project's unit, cut to microseconds."""
        return None if self.timestamp_ns is None else self.timestamp_ns // 1000

    @property
    def xid_text(self) -> str:
        """The XID as X1 writes it: lower-case UUID."""
        text = self.xid.hex()
        return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"

    @property
    def source_address(self) -> str | None:
        octets = self.source_ipv4 or self.source_ipv6
        return None if octets is None else address_text(octets)

    @property
    def destination_address(self) -> str | None:
        octets = self.destination_ipv4 or self.destination_ipv6
        return None if octets is None else address_text(octets)


_HEADER: Final = struct.Struct(">HHIIHH16sQ")
_TLV: Final = struct.Struct(">HH")

_SEQUENCE: Final = 8
_TIMESTAMP: Final = 9
_MATCHED: Final = 17
_OTHER: Final = 18
_RELATED: Final = 21

_TEXT: Final = {5: "domain_id", 6: "nfid", 7: "ipid", 19: "mime_type", 20: "mime_encoding", 22: "sdp"}
_OPAQUE: Final = {1: "etsi_102232_1", 2: "ts_33128", 3: "ts_33108", 4: "proprietary"}
_ADDRESS: Final = {
    10: ("source_ipv4", 4),
    11: ("destination_ipv4", 4),
    12: ("source_ipv6", 16),
    13: ("destination_ipv6", 16),
}
_NUMBER: Final = {
    8: ("sequence_number", 4),
    14: ("source_port", 2),
    15: ("destination_port", 2),
    16: ("ip_protocol", 1),
}


def keepalive(sequence_number: int, version: int = VERSION_5) -> X2X3Pdu:
    """Clause 5.1/6.2.4: header otherwise zero, and one attribute 8."""
    return X2X3Pdu(PduType.KEEPALIVE, sequence_number=sequence_number, version=version)


def keepalive_ack(request: X2X3Pdu) -> X2X3Pdu:
    """The acknowledgement of `request`, with its version and number."""
    return X2X3Pdu(PduType.KEEPALIVE_ACK, sequence_number=request.sequence_number, version=request.version)


def encode_pdu(pdu: X2X3Pdu) -> bytes:
    """Encode; attributes in ascending order of type, `extra` last. Raises `EncodeError` for a value out of range."""
    try:
        attributes = _attributes(pdu)
        header = _HEADER.pack(
            pdu.version,
            pdu.pdu_type,
            HEADER_OCTETS + len(attributes),
            len(pdu.payload),
            pdu.payload_format,
            pdu.payload_direction,
            pdu.xid,
            pdu.correlation_id,
        )
    except (struct.error, OverflowError) as error:
        raise EncodeError(f"X2/X3 PDU: a value is out of range: {error}") from error
    if len(pdu.xid) != 16:
        raise EncodeError("X2/X3 PDU: the XID must be 16 octets")
    if HEADER_OCTETS + len(attributes) > MAX_HEADER_OCTETS or len(pdu.payload) > MAX_PAYLOAD_OCTETS:
        raise EncodeError("X2/X3 PDU: header or payload is larger than any receiver of ours takes")
    return header + attributes + pdu.payload


def _attributes(pdu: X2X3Pdu) -> bytes:
    parts: list[tuple[int, bytes]] = []
    for kind, name in _OPAQUE.items():
        if (octets := getattr(pdu, name)) is not None:
            parts.append((kind, octets))
    for kind, name in _TEXT.items():
        if (text := getattr(pdu, name)) is not None:
            parts.append((kind, text.encode()))
    for kind, (name, size) in _NUMBER.items():
        if (number := getattr(pdu, name)) is not None:
            parts.append((kind, number.to_bytes(size, "big")))
    for kind, (name, size) in _ADDRESS.items():
        if (address := getattr(pdu, name)) is not None:
            if len(address) != size:
                raise EncodeError(f"X2/X3 PDU: {name} must be {size} octets")
            parts.append((kind, address))
    if pdu.timestamp_ns is not None:
        parts.append((_TIMESTAMP, struct.pack(">II", *divmod(pdu.timestamp_ns, 1_000_000_000))))
    parts += [(_MATCHED, text.encode()) for text in pdu.matched_targets]
    parts += [(_OTHER, text.encode()) for text in pdu.other_targets]
    if pdu.related_xid is not None:
        xid, correlation, number = pdu.related_xid
        if len(xid) != 16:
            raise EncodeError("X2/X3 PDU: the related XID must be 16 octets")
        tail = b"" if number is None else struct.pack(">I", number)
        parts.append((_RELATED, xid + struct.pack(">Q", correlation) + tail))
    parts.sort(key=lambda part: part[0])
    return b"".join(_TLV.pack(kind, len(octets)) + octets for kind, octets in (*parts, *pdu.extra))


class HeadPlaces(NamedTuple):
    """Where a PDU's header ends, and where in it number (4 octets) and time (8 octets) stand."""

    octets: int
    number_at: int
    time_at: int


def head_places(octets: bytes) -> HeadPlaces | None:
    """Of a whole PDU that was decoded before; None when number or time is not there exactly once."""
    end = int.from_bytes(octets[4:8], "big")
    found: dict[int, list[int]] = {_SEQUENCE: [], _TIMESTAMP: []}
    at = HEADER_OCTETS
    while at + 4 <= end:
        attribute, length = _TLV.unpack_from(octets, at)
        if attribute in found:
            found[attribute].append(at + 4)
        at += 4 + length
    numbers, times = found[_SEQUENCE], found[_TIMESTAMP]
    return HeadPlaces(end, numbers[0], times[0]) if len(numbers) == len(times) == 1 else None


def decode_pdu(octets: bytes | bytearray | memoryview) -> X2X3Pdu:
    """Decode exactly one PDU. Raises `DecodeError` for anything else, octets behind it included."""
    view = memoryview(octets)
    total = frame_size(view)
    if total is None or total > len(view):
        raise DecodeError(DecodeError.TRUNCATED, "the PDU ends before its length says", len(view))
    if total < len(view):
        raise DecodeError(DecodeError.BAD_LENGTH, f"{len(view) - total} octets follow the PDU", total)
    return _decode(view)


def frame_size(
    view: memoryview, max_header: int = MAX_HEADER_OCTETS, max_payload: int = MAX_PAYLOAD_OCTETS, start: int = 0
) -> int | None:
    """Octets of the PDU at `start`; None while the lengths are not there yet. Raises DecodeError when they cannot be
    believed."""
    if len(view) - start >= 2 and view[start] != 0:
        raise DecodeError(DecodeError.BAD_VALUE, f"major version {view[start]}, only 0 is known", start, "version")
    if len(view) - start < 12:
        return None
    _, kind, header, payload = struct.unpack_from(">HHII", view, start)
    if not PduType.X2 <= kind <= PduType.KEEPALIVE_ACK:
        raise DecodeError(DecodeError.BAD_VALUE, f"PDU type {kind}", start + 2, "pduType")
    if header < HEADER_OCTETS:
        raise DecodeError(DecodeError.BAD_LENGTH, f"header of {header} octets", start + 4, "headerLength")
    if header > max_header:
        raise DecodeError(DecodeError.OVERSIZED, f"header of {header} octets", start + 4, "headerLength")
    if payload > max_payload:
        raise DecodeError(DecodeError.OVERSIZED, f"payload of {payload} octets", start + 8, "payloadLength")
    return int(header + payload)


def _decode(view: memoryview) -> X2X3Pdu:
    version, kind, header, payload, form, direction, xid, correlation = _HEADER.unpack_from(view)
    values: dict[str, object] = {}
    matched: list[str] = []
    other: list[str] = []
    extra: list[tuple[int, bytes]] = []
    position = HEADER_OCTETS
    while position < header:
        if position + 4 > header:
            raise DecodeError(DecodeError.TRUNCATED, "an attribute header is cut", position, "attributes")
        attribute, length = _TLV.unpack_from(view, position)
        start = position + 4
        position = start + length
        if position > header:
            raise DecodeError(DecodeError.BAD_LENGTH, f"attribute {attribute} passes the header", start, "attributes")
        octets = bytes(view[start:position])
        if attribute == _MATCHED:
            matched.append(_text(attribute, octets, start))
        elif attribute == _OTHER:
            other.append(_text(attribute, octets, start))
        elif (known := _value(attribute, octets, start)) is None or known[0] in values:
            extra.append((attribute, octets))
        else:
            values[known[0]] = known[1]
    return X2X3Pdu(
        PduType(kind),
        form,
        direction,
        xid,
        correlation,
        bytes(view[header : header + payload]),
        version,
        matched_targets=tuple(matched),
        other_targets=tuple(other),
        extra=tuple(extra),
        **values,  # type: ignore[arg-type]  # the names come from the tables above, each with its own type
    )


def _value(attribute: int, octets: bytes, at: int) -> tuple[str, object] | None:
    """(field, value) of one known attribute that may come once; None for an unknown one."""
    if attribute in _NUMBER:
        name, size = _NUMBER[attribute]
        return name, int.from_bytes(_sized(attribute, octets, size, at), "big")
    if attribute in _TEXT:
        return _TEXT[attribute], _text(attribute, octets, at)
    if attribute in _ADDRESS:
        name, size = _ADDRESS[attribute]
        return name, _sized(attribute, octets, size, at)
    if attribute == _TIMESTAMP:
        seconds, nanoseconds = struct.unpack(">II", _sized(attribute, octets, 8, at))
        if nanoseconds >= 1_000_000_000:
            raise DecodeError(DecodeError.BAD_VALUE, f"{nanoseconds} nanoseconds", at + 4, "timestamp")
        return "timestamp_ns", seconds * 1_000_000_000 + nanoseconds
    if attribute in _OPAQUE:
        return _OPAQUE[attribute], octets
    if attribute == _RELATED:
        if len(octets) not in (24, 28):
            raise DecodeError(DecodeError.BAD_LENGTH, f"attribute 21 of {len(octets)} octets", at, "attributes")
        number = int.from_bytes(octets[24:28], "big") if len(octets) == 28 else None
        return "related_xid", RelatedXid(octets[:16], int.from_bytes(octets[16:24], "big"), number)
    return None


def _sized(attribute: int, octets: bytes, size: int, at: int) -> bytes:
    if len(octets) != size:
        raise DecodeError(
            DecodeError.BAD_LENGTH, f"attribute {attribute} of {len(octets)} octets, not {size}", at, "attributes"
        )
    return octets


def _text(attribute: int, octets: bytes, at: int) -> str:
    try:
        return octets.decode()
    except UnicodeDecodeError as error:
        raise DecodeError(DecodeError.BAD_VALUE, f"attribute {attribute} is not UTF-8", at, "attributes") from error


class Framer:
    """Cuts a TCP stream into PDUs. Memory is bounded by one PDU and one feed.

    `broken` counts PDUs that were framed but did not decode (`last_error` says why); they are skipped. When framing
    itself is lost `error` is set: the PDUs before it are still returned, and the next `feed` raises it. The driver
    looks at `error` after each feed and closes the connection.
    """

    def __init__(
        self, max_header_octets: int = MAX_HEADER_OCTETS, max_payload_octets: int = MAX_PAYLOAD_OCTETS
    ) -> None:
        self._max_header = max_header_octets
        self._max_payload = max_payload_octets
        self._buffer = bytearray()
        self.broken = 0
        self.last_error: DecodeError | None = None
        self.error: DecodeError | None = None

    @property
    def pending_octets(self) -> int:
        """Octets of an unfinished PDU."""
        return len(self._buffer)

    def feed(self, octets: bytes | bytearray | memoryview) -> list[X2X3Pdu]:
        """PDUs completed by `octets`. Raises `DecodeError` when framing was lost and no PDU came before that."""
        if self.error is not None:
            raise self.error
        self._buffer += octets
        pdus: list[X2X3Pdu] = []
        position = 0
        with memoryview(self._buffer) as view:
            while True:
                try:
                    total = frame_size(view, self._max_header, self._max_payload, position)
                except DecodeError as error:
                    self.error = error
                    break
                if total is None or position + total > len(view):
                    break
                # A copy, since an error would keep a view of the buffer alive, which could then not shrink.
                pdu_octets = bytes(view[position : position + total])
                try:
                    pdus.append(_decode(memoryview(pdu_octets)))
                except DecodeError as error:
                    self.broken += 1
                    self.last_error = error.with_traceback(None)
                position += total
        del self._buffer[:position]
        if self.error is not None:
            self._buffer.clear()
            if not pdus:
                raise self.error
        return pdus


_TARGET_XML: Final = re.compile(
    r"\s*<(?:[A-Za-z_][\w.-]*:)?([A-Za-z][\w]*)(?:\s[^<>]*)?>([^<>]*)</(?:[A-Za-z_][\w.-]*:)?\1\s*>\s*"
)


def target_xml(kind: str, value: str) -> str:
    """Inner XML of an X1 targetIdentifier as attributes 17 and 18 carry it: `<imsi>001010000000001</imsi>`."""
    return f"<{kind}>{escape(value)}</{kind}>"


def parse_target_xml(text: str) -> tuple[str, str] | None:
    """(element name, value) of `target_xml` text, prefixes and attributes tolerated; None for anything nested."""
    match = _TARGET_XML.fullmatch(text) if len(text) <= 4096 else None
    return None if match is None else (match.group(1), unescape(match.group(2)).strip())
