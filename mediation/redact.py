"""Taking out of signalling what a pen register may not have: SIP down to its plain headers, messages without text.

Allow-lists: a header or field stays only when it is known to be signalling. Pure. Octets that cannot be taken apart
come back as None, and then nothing of them may be delivered.
"""

from __future__ import annotations

from typing import Any, Final

from asn1.errors import DecodeError
from asn1.sip import SipMessage, parse_sip, without_uri_headers
from asn1.sms_fields import Reader, take_address

KEPT_HEADERS: Final = (
    "via", "from", "to", "call-id", "cseq", "contact", "max-forwards", "route", "record-route", "p-asserted-identity",
    "p-called-party-id", "remote-party-id", "diversion", "history-info", "require", "supported", "allow", "expires",
    "server", "user-agent", "date", "reason", "retry-after", "session-expires", "min-se",
)  # fmt: skip
_SPELLING: Final = {"call-id": "Call-ID", "cseq": "CSeq"}
_SUBMIT, _DELIVER, _TYPE_MASK, _HEADER_BIT = 1, 0, 3, 0x40
_VALIDITY_OCTETS: Final = {0: 0, 2: 1, 1: 7, 3: 7}


def signalling_only(octets: bytes) -> bytes | None:
    """The SIP message without its body, without any header that could carry content or a place, and without the headers
    and bodies that URIs can carry."""
    try:
        message = parse_sip(octets)
    except DecodeError:
        return None
    lines = [_start_line(message)]
    for name, value in message.headers:
        if name in KEPT_HEADERS:
            spelled = _SPELLING.get(name) or "-".join(part.capitalize() for part in name.split("-"))
            lines.append(f"{spelled}: {without_uri_headers(value)}")
    lines.append("Content-Length: 0")
    return ("\r\n".join(lines) + "\r\n\r\n").encode("utf-8", "surrogateescape")


def _start_line(message: SipMessage) -> str:
    if message.method is not None:
        return f"{message.method} {without_uri_headers(message.uri or '')} SIP/2.0"
    return f"SIP/2.0 {message.status}"


def message_without_text(event: dict[str, Any]) -> dict[str, Any]:
    """An sMSMessage whose TPDU keeps addresses, time and type and has no user data; without location.

    A TPDU that is not SUBMIT or DELIVER, or that cannot be read, is left out whole.
    """
    kept = {name: value for name, value in event.items() if name not in ("sMSTPDUData", "location")}
    form, octets = event.get("sMSTPDUData", ("", b""))
    if form in ("sMSTPDU", "redactedSMSTPDU"):
        redacted = _without_user_data(octets, event.get("direction") == "fromTarget")
        if redacted is not None:
            kept["sMSTPDUData"] = ("redactedSMSTPDU", redacted)
    return kept


def _without_user_data(octets: bytes, from_mobile: bool) -> bytes | None:
    """TS 23.040 9.2.2.1, 9.2.2.2: everything before the user data length, then a length of 0."""
    reader = Reader(octets)
    try:
        first = reader.octet()
        kind = first & _TYPE_MASK
        if kind == _SUBMIT and from_mobile:
            reader.octet()
            take_address(reader)
            reader.take(2 + _VALIDITY_OCTETS[first >> 3 & 3])
        elif kind == _DELIVER and not from_mobile:
            take_address(reader)
            reader.take(2 + 7)
        else:
            return None
    except DecodeError:
        return None
    return bytes([first & ~_HEADER_BIT]) + octets[1 : reader.pos] + b"\0"


_MMS_FIELDS: Final = {
    "mMSSend": (
        "transactionID", "version", "dateTime", "originatingMMSParty", "terminatingMMSParty", "cCRecipients",
        "bCCRecipients", "direction", "messageClass", "expiry", "priority", "contentType", "responseStatus",
        "messageID",
    ),
    "mMSNotification": (
        "transactionID", "version", "originatingMMSParty", "direction", "messageClass", "priority", "messageSize",
        "expiry",
    ),
    "mMSRetrieval": (
        "transactionID", "version", "messageID", "dateTime", "originatingMMSParty", "terminatingMMSParty",
        "cCRecipients", "direction", "messageClass", "priority", "contentType",
    ),
}  # fmt: skip


def multimedia_without_content(name: str, event: dict[str, Any]) -> dict[str, Any] | None:
    """A multimedia message event without its subject (R-114) and without any field that could hold what was said;
    None for an event that is not listed. Its content type is cut to the bare type: parameters can name parts."""
    fields = _MMS_FIELDS.get(name)
    if fields is None:
        return None
    kept = {field: event[field] for field in fields if field in event}
    if "contentType" in kept:
        kept["contentType"] = str(kept["contentType"]).partition(";")[0].strip()
    return kept
