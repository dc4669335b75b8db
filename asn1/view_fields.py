"""The payload half of a decode line: which keys it gives, its fields as JSON, and what its content is.

Rules of this file. Values are rendered by their type: octets as lower-case hexadecimal, text as text, times in ISO 8601
UTC, a CHOICE as an object with one key. The octets of intercepted content (CC) are not repeated: the line tells them by
size and hash, and their place in the fields is null or left out. Signalling (IRI) is shown whole.
"""

from __future__ import annotations

import hashlib
from typing import Any, Final

from asn1 import ts33128
from asn1.errors import DecodeError
from asn1.ps_common import CORRELATION_VALUES, NETWORK_ELEMENT_IDENTIFIER
from asn1.ps_pdu import PsPdu
from asn1.ps_tables import CC_CONTENTS, CC_PAYLOAD, IRI_CONTENTS, IRI_PAYLOAD, PAYLOAD
from asn1.sms_tpdu import decode_tpdu
from asn1.table import (
    Choice,
    GeneralizedTime,
    Sequence,
    SequenceOf,
    Type,
    UnknownTag,
    UtcTime,
    Value,
    decode_reporting,
)
from asn1.tlv import time_text

Line = dict[str, Any]
"""One JSON object: str, int, bool, None, lists and dicts of these."""

_IRI_TYPES: Final = {"iRI-Begin": "begin", "iRI-End": "end", "iRI-Continue": "continue", "iRI-Report": "report"}
_KINDS: Final = {
    "iRIPayloadSequence": "iri",
    "cCPayloadSequence": "cc",
    "tRIPayload": "tri",
    "hI1-Operation": "hi1",
    "threeGPP-HI1-Operation": "hi1",
    "encryptionContainer": "encrypted",
}
_FROM_MOBILE: Final = ("deliverReportAck", "deliverReportError", "command", "submit")
_SIP: Final = ("sIPMessage", "iRIOnlySIPMessage")


class _LeftOut:
    """Stands where content octets were."""


_LEFT_OUT: Final = _LeftOut()


class _Content:
    """The content of one payload, and what its wrapping octets held besides."""

    __slots__ = ("octets", "unknown")

    def __init__(self) -> None:
        self.octets: bytes | None = None
        self.unknown: list[UnknownTag] = []


def render(kind: Type | None, value: Value) -> Value:
    """A decoded value as JSON, guided by its type (None for a part that no row describes)."""
    if isinstance(value, bytes):
        return value.hex()
    if value is None or isinstance(value, _LeftOut):
        return None
    if isinstance(kind, GeneralizedTime | UtcTime):
        return time_text(value)
    if isinstance(kind, Sequence):
        return {
            row.name: render(row.type, value[row.name])
            for row in kind.fields
            if row.name in value and value[row.name] is not _LEFT_OUT
        }
    if isinstance(value, tuple):
        name, held = value
        rows = kind.fields if isinstance(kind, Choice) else ()
        return {name: render(next((row.type for row in rows if row.name == name), None), held)}
    if isinstance(kind, SequenceOf):
        return [render(kind.item, item) for item in value]
    return value


def header_fields(pdu: PsPdu) -> Line:
    """What the header says beyond the keys of the line."""
    header = pdu.header
    rest: Line = {}
    if header.generalized_time_us is not None:
        rest["timeStamp"] = time_text(header.generalized_time_us)
    if header.interception_point_id is not None and header.extended_interception_point_id is not None:
        rest["extendedInterceptionPointID"] = header.extended_interception_point_id.hex()
    if header.network_function_id is not None:
        rest["networkFunctionIdentifier"] = header.network_function_id.hex()
    if header.etsi671_neid is not None:
        rest["eTSI671NEID"] = render(NETWORK_ELEMENT_IDENTIFIER, header.etsi671_neid)
    if header.cin_extension is not None:
        rest["cINExtension"] = render(CORRELATION_VALUES, header.cin_extension)
    return rest


def payload_line(pdu: PsPdu) -> Line:
    """The keys `payload, kind, iri_type, direction, content_octets, content_sha256, fields` of one record, and under

    `unknown_tags` a list of UnknownTag found inside wrapped payloads. Raises DecodeError for a malformed wrapped one.
    """
    name, value = pdu.payload
    line: Line = {"payload": name, "kind": _KINDS.get(name)}
    if name in ("iRIPayloadSequence", "cCPayloadSequence"):
        return line | _services(value)
    rendered = render(PAYLOAD, pdu.payload)[name]
    if name in ("tRIPayload", "hI1-Operation"):
        name, rendered = next(iter(rendered.items()))
        line["payload"] = name
    line["fields"] = rendered if isinstance(rendered, dict) else {} if rendered is None else {name: rendered}
    return line


def _services(payloads: list[dict[str, Value]]) -> Line:
    """IRI or CC. One payload gives flat fields, several a list; the keys of the line tell of the first."""
    if not payloads:
        return {"fields": {"payloads": []}}
    contents = [_Content() for _ in payloads]
    rendered = [_service(payload, content) for payload, content in zip(payloads, contents, strict=True)]
    first = payloads[0]
    iri_type = first.get("iRIType")
    direction = first.get("payloadDirection", first.get("sessionDirection"))
    line: Line = {
        "payload": (first.get("iRIContents") or first["cCContents"])[0],
        "iri_type": None if iri_type is None else _IRI_TYPES.get(iri_type, str(iri_type)),
        "direction": None if direction is None else str(direction),
        **_digest(contents[0]),
        "unknown_tags": [item for content in contents for item in content.unknown],
    }
    if len(payloads) == 1:
        line["fields"] = rendered[0]
    else:
        for fields, payload in zip(rendered, payloads, strict=True):
            fields |= {name: str(payload[name]) for name in ("iRIType", "payloadDirection") if name in payload}
            fields["payload"] = (payload.get("iRIContents") or payload["cCContents"])[0]
        line["fields"] = {"payloads": rendered, "contents": [_digest(content) for content in contents]}
    return line


def _digest(content: _Content) -> Line:
    if content.octets is None:
        return {}
    return {"content_octets": len(content.octets), "content_sha256": hashlib.sha256(content.octets).hexdigest()}


def _service(payload: dict[str, Value], content: _Content) -> Line:
    """The fields of one IRIPayload or CCPayload; `content` receives what it carries."""
    if "cCContents" in payload:
        record, contents = CC_PAYLOAD, CC_CONTENTS
        name, value = payload["cCContents"]
        kind, inner = _cc(name, value, content)
    else:
        record, contents = IRI_PAYLOAD, IRI_CONTENTS
        name, value = payload["iRIContents"]
        kind, inner = _iri(name, value, content)
    told: tuple[str, ...] = ("iRIType", "iRIContents", "cCContents", "payloadDirection")
    if "payloadDirection" not in payload:
        told += ("sessionDirection",)
    fields: Line = render(record, {key: held for key, held in payload.items() if key not in told})
    if kind is None:
        kind = next((row.type for row in contents.fields if row.name == name), None)
    rendered = render(kind, inner)
    if isinstance(rendered, dict):
        fields |= rendered
    elif rendered is not None:
        fields[name] = rendered
    if name == "threeGPP33128DefinedIRI" and (tpdu := _tpdu(*inner["event"])) is not None:
        fields["tpdu"] = tpdu
    return fields


def _wrapped(record: Type, octets: bytes, name: str, content: _Content) -> Value:
    try:
        value, unknown = decode_reporting(record, octets)
    except DecodeError as error:
        # Offsets inside the OCTET STRING say nothing about the stream, so the error stands at the record.
        raise DecodeError(error.code, error.message, 0, f"{name}.{error.path}" if error.path else name) from error
    content.unknown += [UnknownTag(f"{name}.{item.path}".rstrip("."), item.tag, item.octets) for item in unknown]
    return value


def _iri(name: str, value: Value, content: _Content) -> tuple[Type | None, Value]:
    if name == "iPMMIRI":
        alternative, message = value["iPMMIRIContents"]
        if alternative in _SIP:
            content.octets = message["sIPContent"]
        elif isinstance(message, bytes):
            content.octets = message
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


def _tpdu(event: str, held: Value) -> Line | None:
    """The short message read, None when it is not whole or not readable. Which way it went is in the event's message

    type; without one, what the target sent came from a handset (a sMSReport always has the type).
    """
    if event not in ("sMSMessage", "sMSReport"):
        return None
    form, octets = held.get("sMSTPDUData", ("", b""))
    if form != "sMSTPDU":
        return None
    kind = held.get("messageType")
    from_mobile = held.get("direction") == "fromTarget" if kind is None else kind in _FROM_MOBILE
    try:
        tpdu = decode_tpdu(octets, from_mobile)
    except DecodeError:
        return None
    line: Line = {"type": tpdu.type, "address": tpdu.address, "text": tpdu.text, "reference": tpdu.reference}
    if tpdu.segment is not None:
        line["segment"] = tpdu.segment._asdict()
    if tpdu.timestamp_us is not None:
        line["timestamp"] = time_text(tpdu.timestamp_us)
    return {key: item for key, item in line.items() if item is not None}


def _cc(name: str, value: Value, content: _Content) -> tuple[Type | None, Value]:
    """The type (None: the alternative's own) and the value with its content octets left out."""
    if name == "iPCC":
        alternative, held = value["iPCCContents"]
        if alternative == "iPPackets":
            content.octets = held
            return None, value | {"iPCCContents": (alternative, _LEFT_OUT)}
        if alternative == "iPTruncatedPacket":
            content.octets = held["truncatedPacket"]
            return None, value | {"iPCCContents": (alternative, held | {"truncatedPacket": _LEFT_OUT})}
    elif name == "iPMMCC":
        content.octets = value["mMCCContents"]
        return None, value | {"mMCCContents": _LEFT_OUT}
    elif name == "threeGPP33128DefinedCC":
        value = _wrapped(ts33128.CC_PAYLOAD, value, name, content)
        alternative, held = value["pDU"]
        if alternative == "uPFCCPDU":
            content.octets, held = held, _LEFT_OUT
        elif alternative == "extendedUPFCCPDU" and isinstance(held["payload"][1], bytes):
            content.octets = held["payload"][1]
            held = held | {"payload": (held["payload"][0], _LEFT_OUT)}
        elif alternative == "mMSCCPDU":
            content.octets, held = held["mMSContent"], held | {"mMSContent": _LEFT_OUT}
        return ts33128.CC_PAYLOAD, value | {"pDU": (alternative, held)}
    elif isinstance(value, bytes):
        content.octets = value
        return None, _LEFT_OUT
    return None, value
