"""What the content of one IRI or CC payload is, and what is shown of the payload besides.

Rules of this file. The octets of intercepted content (CC) are taken out of the fields; where they lie in each record is
data (`_CC_PATHS`). Signalling (IRI) stays whole; the content that it carries is pointed out beside it.
"""

from __future__ import annotations

from typing import Any, Final

from asn1 import ts33128
from asn1.errors import DecodeError
from asn1.hi2_records import NAMES as HI2_NAMES
from asn1.hi2_records import hi2_records, short_message
from asn1.sms_tpdu import decode_tpdu
from asn1.table import Type, UnknownTag, Value, decode_reporting
from asn1.tlv import time_text

Line = dict[str, Any]
"""One JSON object: str, int, bool, None, lists and dicts of these."""

_FROM_MOBILE: Final = ("deliverReportAck", "deliverReportError", "command", "submit")
_SIP: Final = ("sIPMessage", "iRIOnlySIPMessage")
_CC_PATHS: Final = {
    "emailCC": ("content",),
    "iPMMCC": ("mMCCContents",),
    "pstnIsdnCC": ("pstnIsdnCCContents",),
    "messagingCC": ("content",),
    "messagingMMCC": ("content", "mMCCContents"),
    "uMTSCC-CC-PDU": ("payload",),
    "ePSCC-CC-PDU": ("payload",),
    "voipCC-CC-PDU": ("payload",),
    "cSvoice-CC-PDU": ("payload",),
}
"""The fields to walk to the content octets of a CC record."""


class LeftOut:
    """Stands where content octets were."""


LEFT_OUT: Final = LeftOut()


class Content:
    """The content of one payload, and what its wrapping octets held besides."""

    __slots__ = ("octets", "unknown")

    def __init__(self) -> None:
        self.octets: bytes | None = None
        self.unknown: list[UnknownTag] = []


def _wrapped(record: Type, octets: bytes, name: str, content: Content) -> Value:
    try:
        value, unknown = decode_reporting(record, octets)
    except DecodeError as error:
        # Offsets inside the OCTET STRING say nothing about the stream, so the error stands at the record.
        raise DecodeError(error.code, error.message, 0, f"{name}.{error.path}" if error.path else name) from error
    content.unknown += [UnknownTag(f"{name}.{item.path}".rstrip("."), item.tag, item.octets) for item in unknown]
    return value


def iri_contents(name: str, value: Value, content: Content) -> tuple[Type | None, Value]:
    """The type (None: the alternative's own) and the value of an IRI; `content` receives what it carries."""
    if name == "iPMMIRI":
        alternative, message = value["iPMMIRIContents"]
        if alternative in _SIP:
            content.octets = message["sIPContent"]
        elif alternative == "h323Message" and isinstance(message["h323Content"][1], bytes):
            content.octets = message["h323Content"][1]
        elif isinstance(message, bytes):
            content.octets = message
    elif name in HI2_NAMES:
        if (message := _hi2_message(value)) is not None:
            content.octets = message[0]
    elif name == "messagingIRI":
        content.octets = value.get("original-message")
    elif name == "threeGPP33128DefinedIRI":
        value = _wrapped(ts33128.IRI_PAYLOAD, value, name, content)
        event, held = value["event"]
        if event == "iMSMessage" and held["payload"][0] == "encapsulatedSIPMessage":
            content.octets = held["payload"][1]["sIPContent"]
        elif event in ("sMSMessage", "sMSReport"):
            octets = held.get("sMSTPDUData", ("", None))[1]
            content.octets = octets if isinstance(octets, bytes) else None
        return ts33128.IRI_PAYLOAD, value
    return None, value


def cc_contents(name: str, value: Value, content: Content) -> tuple[Type | None, Value]:
    """The type (None: the alternative's own) and the value with its content octets left out."""
    if name in _CC_PATHS:
        return None, _leave_out(value, _CC_PATHS[name], content)
    if name == "iPCC":
        alternative, held = value["iPCCContents"]
        if alternative == "iPPackets":
            content.octets = held
            return None, value | {"iPCCContents": (alternative, LEFT_OUT)}
        if alternative == "iPTruncatedPacket":
            return None, value | {"iPCCContents": (alternative, _leave_out(held, ("truncatedPacket",), content))}
    elif name == "threeGPP33128DefinedCC":
        value = _wrapped(ts33128.CC_PAYLOAD, value, name, content)
        alternative, held = value["pDU"]
        if alternative == "uPFCCPDU":
            content.octets, held = held, LEFT_OUT
        elif alternative == "extendedUPFCCPDU" and isinstance(held["payload"][1], bytes):
            content.octets = held["payload"][1]
            held = held | {"payload": (held["payload"][0], LEFT_OUT)}
        elif alternative == "mMSCCPDU":
            held = _leave_out(held, ("mMSContent",), content)
        return ts33128.CC_PAYLOAD, value | {"pDU": (alternative, held)}
    elif isinstance(value, bytes):
        content.octets = value
        return None, LEFT_OUT
    return None, value


def _leave_out(value: dict[str, Value], path: tuple[str, ...], content: Content) -> dict[str, Value]:
    name, *rest = path
    if rest:
        return value | {name: _leave_out(value[name], tuple(rest), content)}
    content.octets = value[name]
    return value | {name: LEFT_OUT}


def tpdu_line(name: str, value: Value) -> Line | None:
    """The short message of an IRI read; None where there is none, or none that is whole and readable."""
    found = _hi2_message(value) if name in HI2_NAMES else None
    if name == "threeGPP33128DefinedIRI":
        found = _event_message(*value["event"])
    if found is None:
        return None
    try:
        tpdu = decode_tpdu(*found)
    except DecodeError:
        return None
    line: Line = {"type": tpdu.type, "address": tpdu.address, "text": tpdu.text, "reference": tpdu.reference}
    if tpdu.segment is not None:
        line["segment"] = tpdu.segment._asdict()
    if tpdu.timestamp_us is not None:
        line["timestamp"] = time_text(tpdu.timestamp_us)
    return {key: item for key, item in line.items() if item is not None}


def _hi2_message(value: tuple[str, Value]) -> tuple[bytes, bool] | None:
    """The first short message of the records, in TPDU form, and whether it came from a handset."""
    messages = (short_message(record) for record in hi2_records(value) or ())
    return next((message for message in messages if message is not None), None)


def _event_message(event: str, held: Value) -> tuple[bytes, bool] | None:
    """Which way it went is in the event's message type; without one, what the target sent came from a handset (a
    sMSReport always has the type)."""
    if event not in ("sMSMessage", "sMSReport"):
        return None
    form, octets = held.get("sMSTPDUData", ("", b""))
    if form != "sMSTPDU":
        return None
    kind = held.get("messageType")
    return octets, held.get("direction") == "fromTarget" if kind is None else kind in _FROM_MOBILE
