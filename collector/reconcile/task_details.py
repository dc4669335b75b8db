"""X1 GetTaskDetails (TS 103 221-1 schema 1.22.1): what a task is aimed at. Sans-IO, beside `asn1.x1`.

ListAllDetails names tasks by their XID alone; their targets are to be asked for one by one, several questions a
message. Only what a comparison needs is read. Hostile answers: `asn1.x1.parse_response` checks size, form and header
first; anything unsound raises DecodeError and nothing else.
"""

from __future__ import annotations

import ipaddress
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any, Final, NamedTuple

from lxml import etree

from asn1 import x1
from asn1.errors import DecodeError
from asn1.sip import canonical_uri, number_of
from collector.reconcile.compare import Targets
from mediation.law.orders import CourtOrder, TargetKind

KIND: Final = "GetTaskDetails"
MAX_TARGETS: Final = 256
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_TYPE: Final = f"{{{x1.XSI}}}type"


class TaskAnswer(NamedTuple):
    """`targets` is None when the element answered `error` instead."""

    transaction_id: uuid.UUID
    xid: uuid.UUID | None
    targets: Targets | None
    error: int | None


def build_details_request(admf_id: str, ne_id: str, questions: dict[uuid.UUID, uuid.UUID], now_us: int) -> bytes:
    """An X1Request asking for the XID of each transaction id."""
    namespaces: dict[Any, str] = {None: x1.X1, "xsi": x1.XSI}
    root = etree.Element(_q("X1Request"), nsmap=namespaces)
    stamp = (_EPOCH + timedelta(microseconds=now_us)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    for transaction_id, xid in questions.items():
        message = etree.SubElement(root, _q("x1RequestMessage"))
        message.set(_TYPE, f"{KIND}Request")
        for name, text in (
            ("admfIdentifier", admf_id),
            ("neIdentifier", ne_id),
            ("messageTimestamp", stamp),
            ("version", x1.VERSION),
            ("x1TransactionId", str(transaction_id)),
            ("xId", str(xid)),
        ):
            etree.SubElement(message, _q(name)).text = text
    return bytes(etree.tostring(root, xml_declaration=True, encoding="UTF-8"))


def parse_details_response(octets: bytes) -> list[TaskAnswer]:
    """The answers, in the order of the response."""
    replies = x1.parse_response(octets)
    # Well-formed, bounded and without a document type, as of the line above.
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True, remove_pis=True
    )
    root = etree.fromstring(octets, parser)
    found = []
    for reply, element in zip(replies, root.iterfind(_q("x1ResponseMessage")), strict=True):
        if reply.error is not None:
            found.append(TaskAnswer(reply.transaction_id, None, None, reply.error[0]))
            continue
        if reply.kind != KIND:
            raise DecodeError(DecodeError.BAD_VALUE, f"{reply.kind} answers {KIND}")
        details = element.find(f"{_q('taskResponseDetails')}/{_q('taskDetails')}")
        if details is None:
            raise DecodeError(DecodeError.MISSING_FIELD, "taskDetails is missing", 0, "taskResponseDetails")
        named = [
            (str(etree.QName(one).localname), (one.text or "").strip())
            for one in details.iterfind(f"{_q('targetIdentifiers')}/{_q('targetIdentifier')}/*")
        ]
        if not 1 <= len(named) <= MAX_TARGETS:
            raise DecodeError(DecodeError.TOO_MANY, f"a task names 1 to {MAX_TARGETS} targets", 0, "targetIdentifiers")
        targets = frozenset(normalised(kind, value) for kind, value in named)
        found.append(TaskAnswer(reply.transaction_id, _xid(details.findtext(_q("xId"))), targets, None))
    return found


def normalised(kind: str, value: str) -> tuple[str, str]:
    """One identifier so that equal ones are equal: numbers as digits, URIs without parameters, addresses shortest.
    What is not known stays as it is, and so differs from every order."""
    if kind in ("e164Number", "telUri"):
        number = number_of(value if value.lower().startswith("tel:") else f"tel:+{value.removeprefix('+')}")
        return "e164Number", number or value
    if kind in ("sipUri", "impu"):
        return "sipUri", canonical_uri(value)
    if kind in ("ipv4Address", "ipv6Address"):
        try:
            return kind, str(ipaddress.ip_address(value))
        except ValueError:
            return kind, value
    return kind, value


def targets_of(order: CourtOrder) -> Targets:
    """What the order's task may be aimed at. A host has no X1 identifier; its order names the address beside it."""
    names = {
        TargetKind.E164: "e164Number",
        TargetKind.IMSI: "imsi",
        TargetKind.SIP_URI: "sipUri",
        TargetKind.IPV4: "ipv4Address",
        TargetKind.IPV6: "ipv6Address",
    }
    return frozenset(normalised(names[one.kind], one.value) for one in order.targets if one.kind in names)


def _q(name: str) -> str:
    return f"{{{x1.X1}}}{name}"


def _xid(text: str | None) -> uuid.UUID:
    try:
        return uuid.UUID((text or "").strip())
    except ValueError as error:
        raise DecodeError(DecodeError.BAD_VALUE, "no UUID", 0, "xId") from error
