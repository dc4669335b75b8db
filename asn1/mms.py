"""Multimedia message PDUs of the MMS encapsulation, read whole: header fields, content type, parts; and written.

One row a header field: number, name, how its value is written. Values come out as text, numbers as int, times and
durations in seconds. What is sent as content may be such a PDU, its multipart body alone, or a MIME multipart:
`read_content` tells them apart by their first octets. Source: OMA MMS Encapsulation Protocol 1.3 clause 7, as generally
known; the prose was not re-read. Bounded; raises DecodeError only.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from asn1 import mime, wsp
from asn1.errors import DecodeError, EncodeError
from asn1.mime import Part

MAX_HEADERS: Final = 256
MAX_PDU_OCTETS: Final = 16 << 20
_MESSAGE_TYPE, _TRANSACTION, _VERSION, _CONTENT_TYPE = 0x0C, 0x18, 0x0D, 0x04
_FIRST_OCTET: Final = 0x80 | _MESSAGE_TYPE

MESSAGE_TYPES: Final = dict(
    enumerate(
        (
            "m-send-req", "m-send-conf", "m-notification-ind", "m-notifyresp-ind", "m-retrieve-conf",
            "m-acknowledge-ind", "m-delivery-ind", "m-read-rec-ind", "m-read-orig-ind", "m-forward-req",
            "m-forward-conf", "m-mbox-store-req", "m-mbox-store-conf", "m-mbox-view-req", "m-mbox-view-conf",
            "m-mbox-upload-req", "m-mbox-upload-conf", "m-mbox-delete-req", "m-mbox-delete-conf", "m-mbox-descr",
            "m-delete-req", "m-delete-conf", "m-cancel-req", "m-cancel-conf",
        ),
        128,
    )
)  # fmt: skip
_YES_NO: Final = {128: "yes", 129: "no"}
_ERRORS: Final = {
    128: "ok", 129: "error-unspecified", 130: "error-service-denied", 131: "error-message-format-corrupt",
    132: "error-sending-address-unresolved", 133: "error-message-not-found", 134: "error-network-problem",
    135: "error-content-not-accepted", 136: "error-unsupported-message", 192: "error-transient-failure",
    193: "error-transient-sending-address-unresolved", 194: "error-transient-message-not-found",
    195: "error-transient-network-problem", 196: "error-transient-partial-success", 224: "error-permanent-failure",
    225: "error-permanent-service-denied", 226: "error-permanent-message-format-corrupt",
    227: "error-permanent-sending-address-unresolved", 228: "error-permanent-message-not-found",
    229: "error-permanent-content-not-accepted",
}  # fmt: skip
_WORDS: Final[dict[str, dict[int, str]]] = {
    "type": MESSAGE_TYPES,
    "yes/no": _YES_NO,
    "class": {128: "personal", 129: "advertisement", 130: "informational", 131: "auto"},
    "priority": {128: "low", 129: "normal", 130: "high"},
    "response": _ERRORS,
    "visibility": {128: "hide", 129: "show"},
    "status": {
        128: "expired", 129: "retrieved", 130: "rejected", 131: "deferred", 132: "unrecognised", 133: "indeterminate",
        134: "forwarded", 135: "unreachable",
    },
    "read": {128: "read", 129: "deleted-without-being-read"},
    "charging": {128: "requested", 129: "requested-text-only", 130: "accepted", 131: "accepted-text-only"},
    "state": {128: "draft", 129: "sent", 130: "new", 131: "retrieved", 132: "forwarded"},
    "content class": {
        128: "text", 129: "image-basic", 130: "image-rich", 131: "video-basic", 132: "video-rich", 133: "megapixel",
        134: "content-basic", 135: "content-rich",
    },
    "cancel": {128: "cancel-request-successfully-received", 129: "cancel-request-corrupted"},
    "retrieval": {128: "manual"},
}  # fmt: skip


class _Row(NamedTuple):
    """`kind`: a key of `_WORDS`, or text, encoded, address, date, until (a time or a duration), long, integer, version,
    insert (From), counted (a length and octets)."""

    number: int
    name: str
    kind: str


HEADERS: Final = (
    _Row(0x01, "bcc", "encoded"),
    _Row(0x02, "cc", "encoded"),
    _Row(0x03, "x-mms-content-location", "text"),
    _Row(0x05, "date", "date"),
    _Row(0x06, "x-mms-delivery-report", "yes/no"),
    _Row(0x07, "x-mms-delivery-time", "until"),
    _Row(0x08, "x-mms-expiry", "until"),
    _Row(0x09, "from", "insert"),
    _Row(0x0A, "x-mms-message-class", "class"),
    _Row(0x0B, "message-id", "text"),
    _Row(0x0C, "x-mms-message-type", "type"),
    _Row(0x0D, "x-mms-mms-version", "version"),
    _Row(0x0E, "x-mms-message-size", "long"),
    _Row(0x0F, "x-mms-priority", "priority"),
    _Row(0x10, "x-mms-read-report", "yes/no"),
    _Row(0x11, "x-mms-report-allowed", "yes/no"),
    _Row(0x12, "x-mms-response-status", "response"),
    _Row(0x13, "x-mms-response-text", "encoded"),
    _Row(0x14, "x-mms-sender-visibility", "visibility"),
    _Row(0x15, "x-mms-status", "status"),
    _Row(0x16, "subject", "encoded"),
    _Row(0x17, "to", "encoded"),
    _Row(0x18, "x-mms-transaction-id", "text"),
    _Row(0x19, "x-mms-retrieve-status", "response"),
    _Row(0x1A, "x-mms-retrieve-text", "encoded"),
    _Row(0x1B, "x-mms-read-status", "read"),
    _Row(0x1C, "x-mms-reply-charging", "charging"),
    _Row(0x1D, "x-mms-reply-charging-deadline", "until"),
    _Row(0x1E, "x-mms-reply-charging-id", "text"),
    _Row(0x1F, "x-mms-reply-charging-size", "long"),
    _Row(0x20, "x-mms-previously-sent-by", "previous"),
    _Row(0x21, "x-mms-previously-sent-date", "previous date"),
    _Row(0x22, "x-mms-store", "yes/no"),
    _Row(0x23, "x-mms-mm-state", "state"),
    _Row(0x24, "x-mms-mm-flags", "counted"),
    _Row(0x25, "x-mms-store-status", "response"),
    _Row(0x26, "x-mms-store-status-text", "encoded"),
    _Row(0x27, "x-mms-stored", "yes/no"),
    _Row(0x28, "x-mms-attributes", "counted"),
    _Row(0x29, "x-mms-totals", "yes/no"),
    _Row(0x2A, "x-mms-mbox-totals", "counted"),
    _Row(0x2B, "x-mms-quotas", "yes/no"),
    _Row(0x2C, "x-mms-mbox-quotas", "counted"),
    _Row(0x2D, "x-mms-message-count", "integer"),
    _Row(0x2F, "x-mms-start", "integer"),
    _Row(0x31, "x-mms-distribution-indicator", "yes/no"),
    _Row(0x33, "x-mms-limit", "integer"),
    _Row(0x34, "x-mms-recommended-retrieval-mode", "retrieval"),
    _Row(0x35, "x-mms-recommended-retrieval-mode-text", "encoded"),
    _Row(0x36, "x-mms-status-text", "encoded"),
    _Row(0x37, "x-mms-applic-id", "text"),
    _Row(0x38, "x-mms-reply-applic-id", "text"),
    _Row(0x39, "x-mms-aux-applic-info", "text"),
    _Row(0x3A, "x-mms-content-class", "content class"),
    _Row(0x3B, "x-mms-drm-content", "yes/no"),
    _Row(0x3C, "x-mms-adaptation-allowed", "yes/no"),
    _Row(0x3D, "x-mms-replace-id", "text"),
    _Row(0x3E, "x-mms-cancel-id", "text"),
    _Row(0x3F, "x-mms-cancel-status", "cancel"),
)
"""In the order of their numbers; Content-Type (0x04) is the last field of a PDU with a body, and read as such."""
_BY_NUMBER: Final = {row.number: row for row in HEADERS}
_BY_NAME: Final = {row.name: row for row in HEADERS}
_ADDRESS_PRESENT, _INSERT_ADDRESS = 0x80, 0x81
_ABSOLUTE, _RELATIVE = 0x80, 0x81

Value = str | int


class MmsPdu(NamedTuple):
    """`message_type` is empty where only a body was there. `headers` in their order; `parts` are the leaves of the
    content, a single part when it is no multipart."""

    message_type: str
    headers: tuple[tuple[str, Value], ...]
    content_type: str
    parameters: tuple[tuple[str, str], ...]
    parts: tuple[Part, ...]

    def header(self, name: str) -> Value | None:
        return next((value for key, value in self.headers if key == name), None)

    def texts(self, name: str) -> tuple[str, ...]:
        """Every value of a header that may come several times (`to`, `cc`, `bcc`), without the type of an address."""
        return tuple(str(value).partition("/TYPE=")[0] for key, value in self.headers if key == name)


def read_content(octets: bytes) -> MmsPdu:
    """What a message was sent as: a PDU, a WSP multipart or a MIME multipart. Raises DecodeError."""
    if octets[:1] == bytes([_FIRST_OCTET]):
        return decode_pdu(octets)
    if octets.lstrip(b"\r\n")[:2] == b"--":
        return MmsPdu("", (), "multipart/related", (), tuple(mime.parts_of("", octets)))
    reader = wsp.Reader(octets)
    parts = wsp.take_parts(reader)
    if reader.left or not parts:
        raise DecodeError(DecodeError.BAD_VALUE, "no message in any known form", reader.pos)
    return MmsPdu("", (), "application/vnd.wap.multipart.related", (), tuple(parts))


def decode_pdu(octets: bytes) -> MmsPdu:
    """One whole PDU. Raises DecodeError."""
    if len(octets) > MAX_PDU_OCTETS:
        raise DecodeError(DecodeError.OVERSIZED, f"a PDU of {len(octets)} octets")
    reader = wsp.Reader(octets)
    if reader.peek() != _FIRST_OCTET:
        raise DecodeError(DecodeError.BAD_TAG, "a PDU begins with its message type", 0)
    headers: list[tuple[str, Value]] = []
    while reader.left:
        if len(headers) >= MAX_HEADERS:
            raise DecodeError(DecodeError.TOO_MANY, f"more than {MAX_HEADERS} header fields", reader.pos)
        octet = reader.peek()
        if octet == 0x80 | _CONTENT_TYPE:
            reader.octet()
            kind = wsp.take_content_type(reader)
            return MmsPdu(_type_of(headers), tuple(headers), kind.name, kind.parameters, _body(reader, kind))
        if octet < 0x20:
            raise DecodeError(DecodeError.BAD_TAG, "a header field was expected", reader.pos)
        if octet < 0x80:
            headers.append((reader.text().lower(), reader.text()))
            continue
        number = reader.octet() & 0x7F
        row = _BY_NUMBER.get(number)
        if row is None:
            headers.append((f"0x{number:02x}", reader.skip_value()))
        else:
            headers.append((row.name, _value(reader, row)))
    return MmsPdu(_type_of(headers), tuple(headers), "", (), ())


def _type_of(headers: list[tuple[str, Value]]) -> str:
    return str(headers[0][1])


def _body(reader: wsp.Reader, kind: wsp.ContentType) -> tuple[Part, ...]:
    if kind.name.startswith("application/vnd.wap.multipart."):
        return tuple(wsp.take_parts(reader))
    held = reader.take(reader.left)
    if kind.name.startswith("multipart/"):
        boundary = dict(kind.parameters).get("boundary")
        written = f'{kind.name}; boundary="{boundary}"' if boundary else kind.name
        if found := mime.parts_of(written, held):
            return tuple(found)
        return tuple(wsp.take_parts(wsp.Reader(held)))
    return (Part(kind.name, kind.parameters, (), held),)


def _value(reader: wsp.Reader, row: _Row) -> Value:
    kind = row.kind
    if kind in _WORDS:
        if 0x20 <= reader.peek() < 0x80:
            # A message class may be a token of its own.
            return reader.text()
        if reader.peek() < 0x20:
            return reader.skip_value()
        number = reader.octet()
        return _WORDS[kind].get(number, number)
    if kind == "text":
        return reader.text()
    if kind == "encoded":
        return reader.encoded_string()
    if kind in ("date", "long", "integer"):
        return reader.integer()
    if kind == "version":
        octet = reader.integer()
        return f"{octet >> 4}.{octet & 15}"
    inner = reader.within()
    if kind == "insert":
        return inner.encoded_string() if inner.octet() == _ADDRESS_PRESENT else ""
    if kind == "until":
        form = "" if inner.octet() == _ABSOLUTE else "+"
        return f"{form}{inner.integer()}"
    if kind == "previous":
        return f"{inner.integer()} {inner.encoded_string()}"
    if kind == "previous date":
        return f"{inner.integer()} {inner.integer()}"
    return "0x" + inner.take(min(inner.left, 64)).hex()


def encode_pdu(
    message_type: str,
    headers: list[tuple[str, Value]],
    kind: tuple[str, tuple[tuple[str, str], ...]] | None = None,
    parts: list[Part] | None = None,
) -> bytes:
    """A PDU: its header fields behind the message type, then the content type and the parts. Raises EncodeError."""
    out = _field("x-mms-message-type", message_type)
    for name, value in headers:
        out += _field(name, value)
    if kind is None:
        return out
    return out + bytes([0x80 | _CONTENT_TYPE]) + wsp.content_type(*kind) + wsp.multipart(parts or [])


def _field(name: str, value: Value) -> bytes:
    row = _BY_NAME.get(name)
    if row is None:
        raise EncodeError(f"{name} is no header field of a multimedia message")
    return bytes([0x80 | row.number]) + _written(row, value)


def _written(row: _Row, value: Value) -> bytes:
    kind = row.kind
    if kind in _WORDS:
        number = next((number for number, word in _WORDS[kind].items() if word == value), None)
        if number is None:
            raise EncodeError(f"{value} is no value of {row.name}")
        return bytes([number])
    if kind == "text":
        return wsp.text_string(str(value))
    if kind == "encoded":
        text = str(value)
        return wsp.text_string(text) if text.isascii() else wsp.with_length(b"\xea" + wsp.text_string(text))
    if kind in ("date", "long"):
        return wsp.long_integer(int(value))
    if kind == "version":
        major, _, minor = str(value).partition(".")
        return bytes([0x80 | int(major) << 4 | int(minor)])
    if kind == "until":
        relative = str(value).startswith("+")
        count = wsp.long_integer(int(str(value).removeprefix("+")))
        return wsp.with_length(bytes([_RELATIVE if relative else _ABSOLUTE]) + count)
    if kind == "insert":
        return wsp.with_length(bytes([_ADDRESS_PRESENT]) + wsp.text_string(str(value)) if value else b"\x81")
    raise EncodeError(f"{row.name} is read and never written here")
