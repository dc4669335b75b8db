"""Taking out of messages what a pen register may not have: texts, subjects, places, keys and parts.

Allow-lists: a field stays only when it is known to be signalling; SIP is `redact_sip`. Pure. Octets that cannot be
taken apart come back as None, and then nothing of them may be delivered. What an order names besides is `Granted`.
"""

from __future__ import annotations

import re
from typing import Any, Final

from asn1.errors import DecodeError
from asn1.sms_fields import Reader, take_address
from mediation.redact_sip import KEPT_HEADERS, NOTHING, Granted, granted, signalling_only

__all__ = (
    "KEPT_HEADERS",
    "NOTHING",
    "Granted",
    "granted",
    "message_without_text",
    "multimedia_without_content",
    "signalling_only",
)

_SUBMIT, _DELIVER, _TYPE_MASK, _HEADER_BIT = 1, 0, 3, 0x40
_VALIDITY_OCTETS: Final = {0: 0, 2: 1, 1: 7, 3: 7}
_ALPHANUMERIC: Final = 5
_SENDER: Final = re.compile(r"[A-Za-z]{1,11}")
_BARE_TYPE: Final = frozenset(
    {"multipart/related", "multipart/mixed", "application/vnd.wap.multipart.related",
     "application/vnd.wap.multipart.mixed", "text/plain"}
)  # fmt: skip
_OTHER_TYPE: Final = "application/octet-stream"


_SMS_FIELDS: Final = (
    "originatingSMSParty", "terminatingSMSParty", "direction", "linkTransferStatus", "otherMessage", "peerNFAddress",
    "peerNFType", "messageType", "rPMessageReference",
)  # fmt: skip


def message_without_text(event: dict[str, Any], allowed: Granted = NOTHING) -> dict[str, Any]:
    """An sMSMessage whose TPDU keeps addresses, time and type and has no user data; without location, unless that was
    granted.

    A TPDU that is not SUBMIT or DELIVER, or that cannot be read, is left out whole; so is one whose sender's name is a
    text, since that could be words.
    """
    kept: dict[str, Any] = {name: event[name] for name in _SMS_FIELDS if name in event}
    if allowed.place and "location" in event:
        kept["location"] = event["location"]
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
            address, kind_of_address = take_address(reader)
            if kind_of_address >> 4 & 7 == _ALPHANUMERIC and not _SENDER.fullmatch(address):
                return None
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
    None for an event that is not listed. Its content type is cut to the bare type, as parameters can name parts, and
    one that nobody knows becomes the most general."""
    fields = _MMS_FIELDS.get(name)
    if fields is None:
        return None
    kept = {field: event[field] for field in fields if field in event}
    if "contentType" in kept:
        bare = str(kept["contentType"]).partition(";")[0].strip().lower()
        kept["contentType"] = bare if bare in _BARE_TYPE else _OTHER_TYPE
    return kept
