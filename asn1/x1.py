"""X1 (TS 103 221-1): XML requests and responses between the ADMF and a network element.

The messages the lab speaks now: ActivateTask, ModifyTask, DeactivateTask, CreateDestination, RemoveDestination, Ping,
ListAllDetails, with ErrorResponse and X1TopLevelErrorResponse. Element order is the schema's (version 1.22.1). Hostile
input: size bound, no DTD, no entities, no network; anything unsound raises DecodeError and nothing else.
"""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from lxml import etree

from asn1.errors import DecodeError, EncodeError

X1: Final = "http://uri.etsi.org/03221/X1/2017/10"
COMMON: Final = "http://uri.etsi.org/03280/common/2017/07"
XSI: Final = "http://www.w3.org/2001/XMLSchema-instance"
VERSION: Final = "v1.6.1"
MAX_OCTETS: Final = 1 << 20
MAX_MESSAGES: Final = 256

XID_EXISTS, NO_XID, DID_EXISTS, NO_DID = 2010, 2020, 2030, 2040
SYNTAX_ERROR, UNSUPPORTED_REQUEST, GENERIC_ERROR = 1010, 1080, 1000
DID_IN_USE = 7010

_NAMESPACES: Final[dict[Any, str]] = {None: X1, "c": COMMON, "xsi": XSI}
_E164: Final = re.compile(r"[0-9]{1,15}")
_PORT: Final = re.compile(r"[0-9]{1,6}")
_TARGETS: Final = frozenset({"e164Number", "imsi", "sipUri", "ipv4Address", "ipv6Address", "nai", "emailAddress"})


@dataclass(frozen=True, slots=True)
class TaskDetails:
    """`targets` are (element name, value) such as ("e164Number", "12125550101"); several are alternatives.
    `delivery_type` is X2Only, X3Only or X2andX3; `dids` where to deliver."""

    xid: uuid.UUID
    targets: tuple[tuple[str, str], ...]
    delivery_type: str
    dids: tuple[uuid.UUID, ...]


@dataclass(frozen=True, slots=True)
class DestinationDetails:
    """An IPv4 or IPv6 address and a TCP port that takes X2, X3 or both."""

    did: uuid.UUID
    delivery_type: str
    address: str
    port: int
    friendly_name: str | None = None


@dataclass(frozen=True, slots=True)
class X1Message:
    """One request. `kind` is the schema's type without Request (ActivateTask, Ping …); the body field that belongs to
    the kind is set."""

    kind: str
    admf_id: str
    ne_id: str
    transaction_id: uuid.UUID
    time_us: int
    task: TaskDetails | None = None
    destination: DestinationDetails | None = None
    xid: uuid.UUID | None = None
    did: uuid.UUID | None = None


@dataclass(frozen=True, slots=True)
class X1Reply:
    """One response. `error` is (code, description) for an ErrorResponse, else None; `xids` and `dids` answer
    ListAllDetails, `task` GetTaskDetails."""

    kind: str
    admf_id: str
    ne_id: str
    transaction_id: uuid.UUID
    time_us: int
    error: tuple[int, str] | None = None
    xids: tuple[uuid.UUID, ...] = ()
    dids: tuple[uuid.UUID, ...] = ()
    task: TaskDetails | None = None


KINDS: Final = (
    "ActivateTask",
    "ModifyTask",
    "DeactivateTask",
    "CreateDestination",
    "RemoveDestination",
    "Ping",
    "ListAllDetails",
    "GetTaskDetails",
)


def build_request(messages: list[X1Message]) -> bytes:
    """An X1Request. Raises EncodeError when a body is missing."""
    root = etree.Element(_q("X1Request"), nsmap=_NAMESPACES)
    for message in messages:
        element = _message(root, "x1RequestMessage", f"{message.kind}Request", message)
        if message.kind in ("ActivateTask", "ModifyTask"):
            _task(element, _need(message.task, message.kind))
        elif message.kind in ("DeactivateTask", "GetTaskDetails"):
            _text(element, "xId", str(_need(message.xid, message.kind)))
        elif message.kind == "CreateDestination":
            _destination(element, _need(message.destination, message.kind))
        elif message.kind == "RemoveDestination":
            _text(element, "dId", str(_need(message.did, message.kind)))
        elif message.kind not in ("Ping", "ListAllDetails"):
            raise EncodeError(f"{message.kind} is no request of this lab")
    return _octets(root)


def build_response(replies: list[X1Reply]) -> bytes:
    """An X1Response, one message a request."""
    root = etree.Element(_q("X1Response"), nsmap=_NAMESPACES)
    for reply in replies:
        kind = "ErrorResponse" if reply.error else f"{reply.kind}Response"
        element = _message(root, "x1ResponseMessage", kind, reply)
        if reply.error:
            _text(element, "requestMessageType", reply.kind)
            information = etree.SubElement(element, _q("errorInformation"))
            _text(information, "errorCode", str(reply.error[0]))
            _text(information, "errorDescription", reply.error[1])
        elif reply.kind == "ListAllDetails":
            for name, item, ids in (("listOfXIDs", "xId", reply.xids), ("listOfDIDs", "dId", reply.dids)):
                listed = etree.SubElement(element, _q(name))
                for one in ids:
                    _text(listed, item, str(one))
        elif reply.kind == "GetTaskDetails":
            response = etree.SubElement(element, _q("taskResponseDetails"))
            _task(response, _need(reply.task, reply.kind))
            status = etree.SubElement(response, _q("taskStatus"))
            _text(status, "provisioningStatus", "complete")
            etree.SubElement(status, _q("listOfFaults"))
        else:
            _text(element, "oK", "AcknowledgedAndCompleted")
    return _octets(root)


def build_top_level_error(admf_id: str, ne_id: str, time_us: int) -> bytes:
    """The answer to a request that could not be read at all."""
    root = etree.Element(_q("X1TopLevelErrorResponse"), nsmap=_NAMESPACES)
    for name, value in (("admfIdentifier", admf_id), ("neIdentifier", ne_id)):
        _text(root, name, value)
    _text(root, "messageTimestamp", _stamp(time_us))
    _text(root, "version", VERSION)
    return _octets(root)


def parse_request(octets: bytes) -> list[X1Message]:
    """The messages of an X1Request. A kind the lab does not speak comes back with its name and no body."""
    root = _parse(octets, "X1Request")
    found = []
    for element in root.iterfind(_q("x1RequestMessage")):
        kind = _kind(element).removesuffix("Request")
        head = _head(element)
        task = _read_task(element) if kind in ("ActivateTask", "ModifyTask") else None
        destination = _read_destination(element) if kind == "CreateDestination" else None
        xid = _uuid(element, "xId") if kind in ("DeactivateTask", "GetTaskDetails") else None
        did = _uuid(element, "dId") if kind == "RemoveDestination" else None
        found.append(X1Message(kind, *head, task, destination, xid, did))
    if not 1 <= len(found) <= MAX_MESSAGES:
        raise DecodeError(DecodeError.TOO_MANY, f"an X1Request carries 1 to {MAX_MESSAGES} messages", 0, "X1Request")
    return found


def parse_response(octets: bytes) -> list[X1Reply]:
    """The messages of an X1Response. An X1TopLevelErrorResponse raises DecodeError BAD_VALUE."""
    root = _parse(octets, "X1Response")
    found = []
    for element in root.iterfind(_q("x1ResponseMessage")):
        kind, head = _kind(element), _head(element)
        if kind == "ErrorResponse":
            information = _child(element, "errorInformation")
            code = _child_text(information, "errorCode")
            if not re.fullmatch(r"-?[0-9]{1,8}", code):
                raise DecodeError(DecodeError.BAD_VALUE, "the error code is no number", 0, "errorCode")
            error = (int(code), _child_text(information, "errorDescription"))
            found.append(X1Reply(_child_text(element, "requestMessageType").removesuffix("Request"), *head, error))
            continue
        xids = tuple(_as_uuid(one.text) for one in element.iterfind(f"{_q('listOfXIDs')}/{_q('xId')}"))
        dids = tuple(_as_uuid(one.text) for one in element.iterfind(f"{_q('listOfDIDs')}/{_q('dId')}"))
        details = element.find(_q("taskResponseDetails"))
        task = None if details is None else _read_task(details)
        found.append(X1Reply(kind.removesuffix("Response"), *head, None, xids, dids, task))
    return found


def _q(name: str) -> str:
    return f"{{{X1}}}{name}"


def _c(name: str) -> str:
    return f"{{{COMMON}}}{name}"


def _need(value: Any, kind: str) -> Any:  # noqa: ANN401  the body that belongs to the kind
    if value is None:
        raise EncodeError(f"{kind} without its body")
    return value


def _text(parent: Any, name: str, value: str) -> None:  # noqa: ANN401  lxml has no public element type
    etree.SubElement(parent, _q(name)).text = value


def _stamp(time_us: int) -> str:
    """QualifiedMicrosecondDateTime: exactly six fraction digits and Z."""
    whole = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=time_us)
    return whole.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _octets(root: Any) -> bytes:  # noqa: ANN401
    return bytes(etree.tostring(root, xml_declaration=True, encoding="UTF-8"))


def _message(root: Any, name: str, kind: str, message: X1Message | X1Reply) -> Any:  # noqa: ANN401
    element = etree.SubElement(root, _q(name))
    element.set(f"{{{XSI}}}type", kind)
    _text(element, "admfIdentifier", message.admf_id)
    _text(element, "neIdentifier", message.ne_id)
    _text(element, "messageTimestamp", _stamp(message.time_us))
    _text(element, "version", VERSION)
    _text(element, "x1TransactionId", str(message.transaction_id))
    return element


def _task(parent: Any, task: TaskDetails) -> None:  # noqa: ANN401
    details = etree.SubElement(parent, _q("taskDetails"))
    _text(details, "xId", str(task.xid))
    identifiers = etree.SubElement(details, _q("targetIdentifiers"))
    for name, value in task.targets:
        if name not in _TARGETS:
            raise EncodeError(f"{name} is no target identifier of this lab")
        _text(etree.SubElement(identifiers, _q("targetIdentifier")), name, value)
    _text(details, "deliveryType", task.delivery_type)
    listed = etree.SubElement(details, _q("listOfDIDs"))
    for did in task.dids:
        _text(listed, "dId", str(did))


def _destination(parent: Any, destination: DestinationDetails) -> None:  # noqa: ANN401
    details = etree.SubElement(parent, _q("destinationDetails"))
    _text(details, "dId", str(destination.did))
    if destination.friendly_name is not None:
        _text(details, "friendlyName", destination.friendly_name)
    _text(details, "deliveryType", destination.delivery_type)
    pair = etree.SubElement(etree.SubElement(details, _q("deliveryAddress")), _q("ipAddressAndPort"))
    address = etree.SubElement(pair, _c("address"))
    form = "IPv6Address" if ":" in destination.address else "IPv4Address"
    etree.SubElement(address, _c(form)).text = destination.address
    port = etree.SubElement(pair, _c("port"))
    etree.SubElement(port, _c("TCPPort")).text = str(destination.port)


def _parse(octets: bytes, wanted: str) -> Any:  # noqa: ANN401
    if len(octets) > MAX_OCTETS:
        raise DecodeError(DecodeError.OVERSIZED, f"an X1 message has at most {MAX_OCTETS} octets", MAX_OCTETS)
    if b"<!DOCTYPE" in octets or b"<!ENTITY" in octets:
        raise DecodeError(DecodeError.BAD_VALUE, "a document type definition is refused", 0)
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, remove_comments=True, remove_pis=True
    )
    try:
        root = etree.fromstring(octets, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise DecodeError(DecodeError.BAD_VALUE, "not well-formed XML") from error
    if root is None or root.tag != _q(wanted) or root.getroottree().docinfo.internalDTD is not None:
        raise DecodeError(DecodeError.BAD_TAG, f"{wanted} was expected")
    return root


def _kind(element: Any) -> str:  # noqa: ANN401
    kind = element.get(f"{{{XSI}}}type") or ""
    name = str(kind).rpartition(":")[2]
    if not re.fullmatch(r"[A-Za-z]{1,64}", name):
        raise DecodeError(DecodeError.MISSING_FIELD, "the message names no type", 0, "xsi:type")
    return name


def _head(element: Any) -> tuple[str, str, uuid.UUID, int]:  # noqa: ANN401
    stamp = _child_text(element, "messageTimestamp")
    try:
        when = datetime.fromisoformat(stamp)
    except ValueError as error:
        raise DecodeError(DecodeError.BAD_VALUE, "no timestamp", 0, "messageTimestamp") from error
    if when.tzinfo is None:
        raise DecodeError(DecodeError.BAD_VALUE, "a timestamp names its zone", 0, "messageTimestamp")
    time_us = (when - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
    if not re.fullmatch(r"v1\.\d{1,4}\.\d{1,4}", _child_text(element, "version")):
        raise DecodeError(DecodeError.BAD_VALUE, "only version 1 is spoken", 0, "version")
    admf_id, ne_id = _child_text(element, "admfIdentifier"), _child_text(element, "neIdentifier")
    return admf_id, ne_id, _uuid(element, "x1TransactionId"), time_us


def _child(element: Any, name: str) -> Any:  # noqa: ANN401
    found = element.find(_q(name))
    if found is None:
        raise DecodeError(DecodeError.MISSING_FIELD, f"{name} is missing", 0, name)
    return found


def _child_text(element: Any, name: str) -> str:  # noqa: ANN401
    return (_child(element, name).text or "").strip()


def _uuid(element: Any, name: str) -> uuid.UUID:  # noqa: ANN401
    return _as_uuid(_child_text(element, name), name)


def _as_uuid(text: str | None, name: str = "xId") -> uuid.UUID:
    if not text or not re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", text.strip()):
        raise DecodeError(DecodeError.BAD_VALUE, "no UUID in lower case", 0, name)
    return uuid.UUID(text.strip())


def _delivery_type(element: Any) -> str:  # noqa: ANN401
    value = _child_text(element, "deliveryType")
    if value not in ("X2Only", "X3Only", "X2andX3"):
        raise DecodeError(DecodeError.BAD_VALUE, "X2Only, X3Only or X2andX3", 0, "deliveryType")
    return value


def _read_task(element: Any) -> TaskDetails:  # noqa: ANN401
    details = _child(element, "taskDetails")
    targets = []
    for identifier in _child(details, "targetIdentifiers").iterfind(_q("targetIdentifier")):
        for one in identifier:
            name = str(etree.QName(one).localname)
            value = (one.text or "").strip()
            if name == "e164Number" and not _E164.fullmatch(value):
                raise DecodeError(DecodeError.BAD_VALUE, "1 to 15 digits, no plus", 0, "e164Number")
            targets.append((name, value))
    if not 1 <= len(targets) <= MAX_MESSAGES:
        raise DecodeError(DecodeError.MISSING_FIELD, "a task names its target", 0, "targetIdentifiers")
    dids = tuple(_as_uuid(one.text, "dId") for one in _child(details, "listOfDIDs").iterfind(_q("dId")))
    return TaskDetails(_uuid(details, "xId"), tuple(targets), _delivery_type(details), dids)


def _read_destination(element: Any) -> DestinationDetails:  # noqa: ANN401
    details = _child(element, "destinationDetails")
    pair = _child(_child(details, "deliveryAddress"), "ipAddressAndPort")
    address = pair.find(f"{_c('address')}/*")
    port = pair.find(f"{_c('port')}/{_c('TCPPort')}")
    if address is None or port is None or not _PORT.fullmatch((port.text or "").strip()):
        raise DecodeError(DecodeError.MISSING_FIELD, "address and TCP port", 0, "ipAddressAndPort")
    number = int((port.text or "").strip())
    if not 1 <= number <= 65_535:
        raise DecodeError(DecodeError.BAD_VALUE, "a port is 1 to 65535", 0, "TCPPort")
    name = details.find(_q("friendlyName"))
    return DestinationDetails(
        _uuid(details, "dId"),
        _delivery_type(details),
        (address.text or "").strip(),
        number,
        None if name is None else (name.text or ""),
    )
