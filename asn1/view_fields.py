"""The payload half of a decode line: which keys it gives, its fields as JSON, and what its content is.

Rules of this file. Values are rendered by their type: octets as lower-case hexadecimal, text as text, times in ISO 8601
UTC, a CHOICE as an object with one key. The octets of intercepted content (CC) are not repeated: the line tells them by
size and hash, and their place in the fields is null or left out. Signalling (IRI) is shown whole.
"""

from __future__ import annotations

import hashlib
from typing import Final

from asn1.hi2_records import NAMES as HI2_NAMES
from asn1.hi2_records import hi2_records
from asn1.ps_common import CORRELATION_VALUES, NETWORK_ELEMENT_IDENTIFIER
from asn1.ps_pdu import PsPdu
from asn1.ps_tables import CC_CONTENTS, CC_PAYLOAD, IRI_CONTENTS, IRI_PAYLOAD, PAYLOAD
from asn1.table import (
    Choice,
    GeneralizedTime,
    Sequence,
    SequenceOf,
    Type,
    UtcTime,
    Value,
)
from asn1.tlv import time_text
from asn1.view_contents import LEFT_OUT, Content, LeftOut, Line, cc_contents, iri_contents, tpdu_line

_IRI_TYPES: Final = {"iRI-Begin": "begin", "iRI-End": "end", "iRI-Continue": "continue", "iRI-Report": "report"}
_KINDS: Final = {
    "iRIPayloadSequence": "iri",
    "cCPayloadSequence": "cc",
    "tRIPayload": "tri",
    "hI1-Operation": "hi1",
    "threeGPP-HI1-Operation": "hi1",
    "encryptionContainer": "encrypted",
}


def render(kind: Type | None, value: Value) -> Value:
    """A decoded value as JSON, guided by its type (None for a part that no row describes)."""
    if isinstance(value, bytes):
        return value.hex()
    if value is None or isinstance(value, LeftOut):
        return None
    if isinstance(kind, GeneralizedTime | UtcTime):
        return time_text(value)
    if isinstance(kind, Sequence):
        return {
            row.name: render(row.type, value[row.name])
            for row in kind.fields
            if row.name in value and value[row.name] is not LEFT_OUT
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
    if name in ("tRIPayload", "hI1-Operation", "threeGPP-HI1-Operation"):
        name, rendered = next(iter(rendered.items()))
        line["payload"] = name
    line["fields"] = rendered if isinstance(rendered, dict) else {} if rendered is None else {name: rendered}
    return line


def _services(payloads: list[dict[str, Value]]) -> Line:
    """IRI or CC. One payload gives flat fields, several a list; the keys of the line tell of the first."""
    if not payloads:
        return {"fields": {"payloads": []}}
    contents = [Content() for _ in payloads]
    rendered = [_service(payload, content) for payload, content in zip(payloads, contents, strict=True)]
    first = payloads[0]
    iri_type = first.get("iRIType")
    direction = first.get("payloadDirection", first.get("sessionDirection"))
    if iri_type is None and len(payloads) == 1:
        iri_type = _own_kind(*first.get("iRIContents", ("", None)))
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


def _digest(content: Content) -> Line:
    if content.octets is None:
        return {}
    return {"content_octets": len(content.octets), "content_sha256": hashlib.sha256(content.octets).hexdigest()}


def _service(payload: dict[str, Value], content: Content) -> Line:
    """The fields of one IRIPayload or CCPayload; `content` receives what it carries."""
    if "cCContents" in payload:
        record, contents = CC_PAYLOAD, CC_CONTENTS
        name, value = payload["cCContents"]
        kind, inner = cc_contents(name, value, content)
    else:
        record, contents = IRI_PAYLOAD, IRI_CONTENTS
        name, value = payload["iRIContents"]
        kind, inner = iri_contents(name, value, content)
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
    if "iRIContents" in payload and (tpdu := tpdu_line(name, inner)) is not None:
        fields["tpdu"] = tpdu
    return fields


def _own_kind(name: str, value: Value) -> str | None:
    """The kind that a record of HI2 says of itself, for an IRI whose payload does not say it."""
    records = hi2_records(value) if name in HI2_NAMES else None
    return records[0].kind if records and len(records) == 1 else None
