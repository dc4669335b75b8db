"""Where the holes of a record are: from a header and a payload, as the tables encode them, to a `Template`.

The places are found by the names that the record descriptions give their fields, so that a tag stands in no second
place. Records of one payload of their own are made so: content (`cc_template`) and signalling (`iri_template`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from asn1 import ps_tables, tlv
from asn1.errors import LocalError
from asn1.ps_common import PAYLOAD_DIRECTION
from asn1.ps_pdu import PsHeader, cc_pdu, iri_pdu
from asn1.table import Choice, SequenceOf, Type
from asn1.table import Sequence as Record
from asn1.template import CIN, CONTENT, DIRECTION, LIID, MICROSECONDS, NO_DIRECTION, NUMBER, SECONDS, Template

Contents = tuple[str, Any]

CC_CONTENT: Final = {"iPMMCC": ("mMCCContents",), "iPCC": ("iPCCContents", "iPPackets")}
"""The field that holds what was intercepted, by the alternative of CCContents."""
IRI_CONTENT: Final = {
    "sIPMessage": ("iPMMIRI", "iPMMIRIContents", "sIPMessage", "sIPContent"),
    "iRIOnlySIPMessage": ("iPMMIRI", "iPMMIRIContents", "iRIOnlySIPMessage", "sIPContent"),
    "header": ("iPIRIPacketReport", "report", "header", "header"),
}
"""The same by the inner alternative of IRIContents."""
_HEADER: Final = {
    LIID: ("lawfulInterceptionIdentifier",),
    CIN: ("communicationIdentifier", "communicationIdentityNumber"),
    NUMBER: ("sequenceNumber",),
    SECONDS: ("microSecondTimeStamp", "seconds"),
    MICROSECONDS: ("microSecondTimeStamp", "microSeconds"),
}
_DIRECTIONS: Final = {name: number for number, name in PAYLOAD_DIRECTION.rows}


def direction_number(direction: str | None) -> int:
    """The number of a PayloadDirection by its name; NO_DIRECTION for None."""
    return NO_DIRECTION if direction is None else _DIRECTIONS[direction]


def packet_of(contents: Contents) -> bytes | None:
    """What was intercepted, of contents that make a template; None for others."""
    name, value = contents
    if name == "iPMMCC":
        return bytes(value["mMCCContents"])
    inner = value["iPCCContents"] if name == "iPCC" else ("", b"")
    return bytes(inner[1]) if inner[0] == "iPPackets" else None


def cc_template(header: PsHeader, contents: Contents, direction: str | None) -> Template:
    """Records like `cc_pdu(header, contents, direction)`: its LIID, CIN, number, time, direction and content are holes.

    Raises LocalError for contents that are not of `CC_CONTENT` or a header without a microSecondTimeStamp, EncodeError
    as `cc_pdu` does.
    """
    ways = CC_CONTENT.get(contents[0])
    if ways is None:
        raise LocalError(f"no template is made of {contents[0]}")
    payload = ("cCPayloadSequence", "item")
    return _template(
        cc_pdu(header, contents, direction), header, payload, ("cCContents", contents[0], *ways), direction
    )


def iri_template(header: PsHeader, contents: Contents, iri_type: str, direction: str | None) -> Template:
    """The same for `iri_pdu(header, contents, iri_type, payload_direction=direction)` and `IRI_CONTENT`."""
    name, value = contents
    inner = [held[0] for held in value.values() if isinstance(held, tuple)] if isinstance(value, dict) else []
    ways = next((IRI_CONTENT[one] for one in inner if one in IRI_CONTENT), None)
    if ways is None or ways[0] != name:
        raise LocalError(f"no template is made of {contents[0]}")
    record = iri_pdu(header, contents, iri_type, payload_direction=direction)
    return _template(record, header, ("iRIPayloadSequence", "item"), ("iRIContents", *ways), direction)


def _template(
    record: bytes, header: PsHeader, payload: Sequence[str], content: Sequence[str], direction: str | None
) -> Template:
    if header.time_us is None or header.time_form != "micro" or header.generalized_time_us is not None:
        raise LocalError("a template needs a header with a microSecondTimeStamp and no other time")
    wanted = {hole: ("pSHeader", *ways) for hole, ways in _HEADER.items()}
    if header.cin is None:
        del wanted[CIN]
    wanted[CONTENT] = ("payload", *payload, *content)
    if direction is not None:
        wanted[DIRECTION] = ("payload", *payload, "payloadDirection")
    return Template(record, {hole: _place(record, ways) for hole, ways in wanted.items()})


def _place(record: bytes, ways: Sequence[str]) -> int:
    """Where the element stands that these names lead to, from PS-PDU on. `item` is the first of a SEQUENCE OF."""
    described: Type = ps_tables.PS_PDU
    at = tlv.read_tlv(record, 0, len(record))
    for name in ways:
        if isinstance(described, SequenceOf):
            at, described = next(tlv.children(record, at)), described.item
            continue
        if not isinstance(described, Record | Choice):
            raise LocalError(f"{described.name} has no field {name}")
        row = next((one for one in described.fields if one.name == name), None)
        if row is None or row.tag is None:
            raise LocalError(f"{described.name} has no field {name} to be found by its tag")
        found = next(_tagged(record, at, row.tag), None)
        if found is None:
            raise LocalError(f"the record of a template has no {name}")
        at, described = found, row.type
    return at.start


def _tagged(record: bytes, parent: tlv.Tlv, tag: int) -> Iterator[tlv.Tlv]:
    return (one for one in tlv.children(record, parent) if one.tag_class == tlv.CONTEXT and one.number == tag)
