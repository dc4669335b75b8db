"""A version of a court order as an HI1 message and back: one Authorisation, one LITask, one Document. Nothing is lost.

Where the standard has a place, the field stands there; where not, in national parameters of the lab's own (namespace
`hi1_objects.LAB`), which no nation's profile knows:

    order_id  AuthorisationReference            liid     LITask Reference
    kind      AuthorisationLegalType (ours)     targets  TargetIdentifierValues (no ETSI format name known: ours)
    case_id   ExternalIdentifier (assumed)      agency   AuthorisationLegalEntity (assumed)
    start, end, state and what ended the order are in both: exactly in the parameters, and for readers who know only the
    standard as whole seconds inside the window, as a DesiredStatus and as a termination time
    papers    the Document's body: canonical JSON as text/plain, with its checksum
    action, data key    parameters of the Document; when the court signed is the header's Timestamp
    everything else     parameters of the Authorisation or (what a network element needs) of the task

Version 1 creates its objects, a later version updates the first two with every member and creates a Document. Status
belongs to the receiver and is never written here. A message is read by taking the order out and making its message
anew: what is not the same, or is there besides, is refused. Of two answers none is chosen. Pure: no clock is read.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Iterable
from dataclasses import fields, is_dataclass
from typing import Any, Final, NamedTuple

from asn1.hi1 import request
from asn1.hi1_messages import Create, Header, HI1Message, Update
from asn1.hi1_objects import (
    ETSI,
    LAB_OWNER,
    Authorisation,
    DictionaryEntry,
    Document,
    DocumentBody,
    EndpointId,
    HI1Object,
    LITask,
    NationalFields,
    TargetFormat,
    TargetIdentifier,
    TargetValue,
    Timespan,
)
from mediation.law.entry import DocumentRefusedError
from mediation.law.hi1_workflows import (
    DocumentAction,
    Status,
    Workflow,
    check_contents,
    end_us,
    status_of,
    workflow_of,
    workflows_of,
)
from mediation.law.order_text import LISTS, Text, order_of_texts, order_texts
from mediation.law.orders import CourtOrder, OrderId, TargetKind
from mediation.law.papers import Papers, papers_from_fields, papers_to_fields

NAMESPACE: Final = uuid.UUID("6f1c6f0e-6c61-5d0a-9a2e-63616c65612d")
"""Of the identifiers the lab makes from names; the task's is the XID on X1 (third-party reading of the mapping)."""
COUNTRY: Final = "XX"
SENDER: Final = EndpointId(COUNTRY, "LAB-COURT")
RECEIVER: Final = EndpointId(COUNTRY, "LAB")
"""Carrier and agency get the same document."""
ORDER_PARAMETERS: Final = "OrderParameters"
DOCUMENT_PARAMETERS: Final = "DocumentParameters"

_CHECKSUM: Final = "SHA-256"
_PAPERS: Final = "text/plain"
"""One of the content types H.5 accepts (third-party reading); that they are written as media types is assumed."""
_SECOND_US: Final = 1_000_000
_TASK_FIELDS: Final = frozenset({"services", "direction", "location_authorised", "pctdd_authorised", "trap_area"})
_PLACED: Final = frozenset({"order_id", "kind", "case_id", "agency", "liid", "targets"})
_NEEDED: Final = ("version", "start", "end", "state", "direction")
FORMATS: Final[dict[TargetKind, tuple[str, str]]] = {
    TargetKind.E164: (ETSI, "InternationalE164"),
    TargetKind.IMSI: (ETSI, "IMSI"),
    TargetKind.SIP_URI: (LAB_OWNER, "sipUri"),
    TargetKind.IPV4: (LAB_OWNER, "ipv4Address"),
    TargetKind.IPV6: (LAB_OWNER, "ipv6Address"),
    TargetKind.HOST: (LAB_OWNER, "host"),
    TargetKind.DEVICE: (LAB_OWNER, "device"),
}
_KINDS: Final = {named: kind for kind, named in FORMATS.items()}
_TASK_STATUS: Final = {Status.EMERGENCY_APPROVAL: "Active", Status.APPROVED: "Active"}
"""What the sender wants of the task; other statuses have the same word (assumed: the prose was not read)."""


class OrderMessage(NamedTuple):
    """What one message says. `signed_at_us` is the header's time; a release carries the data key of the order."""

    order: CourtOrder
    action: DocumentAction
    signed_at_us: int
    papers: Papers | None = None
    data_key: bytes | None = None


def authorisation_id(order_id: OrderId) -> uuid.UUID:
    return uuid.uuid5(NAMESPACE, f"authorisation:{order_id}")


def task_id(order_id: OrderId) -> uuid.UUID:
    """Also the XID of the order's task on X1."""
    return uuid.uuid5(NAMESPACE, f"order:{order_id}")


def message_of(said: OrderMessage, workflow: Workflow | None = None) -> HI1Message:
    """The request that carries this version of the order, under its usual workflow or another that it may name."""
    order = said.order
    header = Header(
        SENDER,
        RECEIVER,
        uuid.uuid5(NAMESPACE, f"message:{order.order_id}:{order.version}:{said.action}"),
        said.signed_at_us,
        workflow=str(workflow or workflow_of(said.action, order.version)),
    )
    verb = Create if order.version == 1 else Update
    return request(header, verb(_authorisation(order)), verb(_task(order)), Create(_document(said)))


def read_message(message: HI1Message) -> OrderMessage:
    """What the message says. Raises RefusedError for what is missing, contradicts itself or is no lawful order."""
    objects: dict[type[HI1Object], Any] = {
        type(action.body.object): action.body.object
        for action in message.requests
        if isinstance(action.body, Create | Update)
    }
    for kind in (Authorisation, LITask, Document):
        if kind not in objects:
            raise _refused(kind.__name__, "exactly one is needed")
    document: Document = objects[Document]
    parameters = _fields_of(document.national, DOCUMENT_PARAMETERS)
    try:
        action = DocumentAction(str(parameters.get("action", "")))
        key = parameters.get("data_key")
        data_key = None if key is None else bytes.fromhex(str(key))
    except ValueError as error:
        raise _refused("action", f"the document does not say what it does: {error}") from error
    order = order_of_texts(_texts(objects[Authorisation], objects[LITask]))
    said = OrderMessage(order, action, message.header.time_us, _papers(document.body), data_key)
    possible = workflows_of(action, order.version)
    workflow = next((one for one in possible if one == message.header.workflow), possible[0])
    check_contents(workflow, message.requests)
    different = _difference(message, message_of(said, workflow), "")
    if different is not None:
        raise _refused(different or "message", "it says otherwise than the order it comes with, or has no place there")
    return said


def _authorisation(order: CourtOrder) -> Authorisation:
    texts = order_texts(order)
    emergency = order.kind.exigent
    return Authorisation(
        object_id=authorisation_id(order.order_id),
        external_id=order.case_id,
        reference=order.order_id,
        legal_type=DictionaryEntry(LAB_OWNER, "AuthorisationLegalType", str(order.kind)),
        priority=_etsi("AuthorisationPriority", "High" if emergency else "Routine"),
        desired_status=_etsi("AuthorisationDesiredStatus", status_of(order)),
        timespan=_seconds(order),
        termination_us=_termination(order),
        flags=(_etsi("AuthorisationFlag", "IsEmergency"),) if emergency else None,
        national=_parameters(name_text for name_text in texts.items() if name_text[0] not in _TASK_FIELDS),
        legal_entity=order.agency,
    )


def _task(order: CourtOrder) -> LITask:
    texts, span, status = order_texts(order), _seconds(order), status_of(order)
    return LITask(
        object_id=task_id(order.order_id),
        associated=(authorisation_id(order.order_id),),
        reference=order.liid,
        desired_status=_etsi("TaskDesiredStatus", _TASK_STATUS.get(status, status)),
        timespan=Timespan(span.start_us, span.end_us, _termination(order)),
        target=TargetIdentifier(
            tuple(TargetValue(TargetFormat(*FORMATS[one.kind]), one.value) for one in order.targets)
        ),
        delivery_type=_etsi("TaskDeliveryType", "IRIOnly" if order.kind.metadata_only else "IRIandCC"),
        flags=(_etsi("TaskFlag", "IsEmergency"),) if order.kind.exigent else None,
        national=_parameters(name_text for name_text in texts.items() if name_text[0] in _TASK_FIELDS),
    )


def _document(said: OrderMessage) -> Document:
    order = said.order
    items = [("action", str(said.action))]
    if said.data_key is not None:
        items.append(("data_key", said.data_key.hex()))
    body = None
    if said.papers is not None:
        text = json.dumps(papers_to_fields(said.papers), sort_keys=True, separators=(",", ":"))
        body = DocumentBody(text.encode(), _PAPERS, hashlib.sha256(text.encode()).hexdigest(), _CHECKSUM)
    return Document(
        object_id=uuid.uuid5(NAMESPACE, f"document:{order.order_id}:{order.version}"),
        associated=(authorisation_id(order.order_id),),
        reference=order.order_id,
        name="papers",
        kind=_etsi("DocumentType", "Warrant"),
        body=body,
        national=NationalFields(DOCUMENT_PARAMETERS, COUNTRY, tuple(items)),
    )


def _texts(authorisation: Authorisation, task: LITask) -> dict[str, Text]:
    """The fields of the order, each from its own place and from no other."""
    texts: dict[str, Text] = {}
    for national, of_task in ((authorisation.national, False), (task.national, True)):
        for name, text in _fields_of(national, ORDER_PARAMETERS).items():
            if name in _PLACED or (name in _TASK_FIELDS) is not of_task:
                raise _refused(name, "it does not belong here")
            texts[name] = text
    for name in _NEEDED:
        if name not in texts:
            raise _refused(name, "it is missing, and nothing is assumed in its place")
    kind, target = authorisation.legal_type, task.target or TargetIdentifier()
    placed = {
        "order_id": authorisation.reference,
        "kind": kind.value if kind else None,
        "case_id": authorisation.external_id,
        "agency": authorisation.legal_entity,
        "liid": task.reference,
    }
    for name, value in placed.items():
        if not value:
            raise _refused(name, "it is missing")
        texts[name] = value
    return {**texts, "targets": [_target(value) for value in target.values or ()]}


def _fields_of(national: object, type_name: str) -> dict[str, Text]:
    """The lab's own parameters: texts by name, lists where a field of an order is one."""
    if not isinstance(national, NationalFields) or national.type_name != type_name:
        raise _refused("national parameters", f"the lab's {type_name} are needed; the standard has no other place")
    texts: dict[str, Text] = {}
    for name, text in national.items:
        held = texts.setdefault(name, []) if name in LISTS else text
        if isinstance(held, list):
            held.append(text)
        elif name in texts:
            raise _refused(name, "it is there twice")
        else:
            texts[name] = text
    return texts


def _papers(body: DocumentBody | None) -> Papers | None:
    if body is None:
        return None
    try:
        return papers_from_fields(json.loads((body.contents or b"").decode()))
    except (ValueError, TypeError, OverflowError, RecursionError) as error:
        raise _refused("papers", f"they cannot be read: {error}") from error


def _difference(found: object, meant: object, path: str) -> str | None:
    """The first place where two messages differ; None when they do not."""
    if type(found) is not type(meant):
        return path
    if is_dataclass(found) and not isinstance(found, type):
        pairs = [(one.name, getattr(found, one.name), getattr(meant, one.name)) for one in fields(found)]
    elif isinstance(found, tuple) and isinstance(meant, tuple) and len(found) == len(meant):
        pairs = [("", one, other) for one, other in zip(found, meant, strict=True)]
    else:
        return None if found == meant else path
    for name, one, other in pairs:
        different = _difference(one, other, f"{path}.{name}".strip("."))
        if different is not None:
            return different
    return None


def _refused(item: str, message: str) -> DocumentRefusedError:
    return DocumentRefusedError(item, "R-028", message)


def _etsi(dictionary: str, value: str) -> DictionaryEntry:
    return DictionaryEntry(ETSI, dictionary, str(value))


def _parameters(texts: Iterable[tuple[str, Text]]) -> NationalFields:
    items = []
    for name, text in texts:
        if name not in _PLACED:
            items += [(name, one) for one in (text if isinstance(text, list) else [text])]
    return NationalFields(ORDER_PARAMETERS, COUNTRY, tuple(items))


def _seconds(order: CourtOrder) -> Timespan:
    """The window in whole seconds, never wider: who reads only this intercepts nothing outside it."""
    window = order.window
    return Timespan(-(-window.start_us // _SECOND_US) * _SECOND_US, window.end_us // _SECOND_US * _SECOND_US)


def _termination(order: CourtOrder) -> int | None:
    at_us = end_us(order)
    return None if at_us is None else at_us // _SECOND_US * _SECOND_US


def _target(value: TargetValue) -> str:
    kind = _KINDS.get((value.format.owner, value.format.name))
    if kind is None:
        raise _refused("targets", f"{value.format.name} of {value.format.owner} is no format the lab knows")
    return f"{kind}:{value.value}"
