"""What a receiver of HI1 answers: to whole messages that may not come in, and action by action to what is asked.

    refusal_of(message, receiver)         why the whole message is refused, or None
    is_document(message)                  whether it changes something: then it is a court document or nothing
    answer(action, objects, config)       GET, LIST, GETCSPCONFIG; DELIVER has no place here
    done(message, objects)                the answers to a document that came in
    csp_config(url, changed_us)           what is taken here

All or nothing: one action that may not be refuses the request (H.5.2, third-party reading). Pure.
"""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Final

from asn1.errors import DecodeError, LabError
from asn1.hi1_codes import (
    DUPLICATE_ACTION,
    ELEMENT_MISSING,
    GENERIC_ERROR,
    IMPROPER_CHANGE,
    IMPROPER_VALUE,
    NOT_FOUND,
    NOT_SUPPORTED,
    NOT_VALID,
    VERSION_UNSUPPORTED,
)
from asn1.hi1_messages import (
    ActionRequest,
    Create,
    Created,
    CspConfig,
    Dictionary,
    DictionaryWord,
    FormatDefinition,
    FormatDefinitions,
    Get,
    GetConfig,
    Got,
    HI1Message,
    Listing,
    ListObjects,
    ListRecord,
    ResponseBody,
    Targeting,
    Update,
    Updated,
    WorkflowEndpoint,
)
from asn1.hi1_objects import (
    LAB_OWNER,
    Authorisation,
    DictionaryEntry,
    Document,
    EndpointId,
    ErrorInformation,
    HI1Object,
    LITask,
    Notification,
)
from mediation.law.entry import DocumentRefusedError
from mediation.law.hi1_orders import COUNTRY, FORMATS
from mediation.law.hi1_standing import entry
from mediation.law.hi1_workflows import PATHS, Workflow
from mediation.law.missing import PapersRefusedError
from mediation.law.orders import OrderKind, TargetKind

MAX_LISTED: Final = 1024
"""Records in one answer; who wants more asks for what changed since."""
_TYPES: Final[dict[type[HI1Object], str]] = {
    Authorisation: "Authorisation",
    LITask: "Task",
    Document: "Document",
    Notification: "Notification",
}
_REGEX: Final[dict[TargetKind, str]] = {
    TargetKind.SIP_URI: "^sips?:[!-~]+$",
    TargetKind.IPV4: r"^[0-9]{1,3}(\.[0-9]{1,3}){3}$",
    TargetKind.IPV6: "^[0-9a-f:]{2,39}$",
    TargetKind.HOST: r"^[a-z0-9-]+(\.[a-z0-9-]+)*$",
    TargetKind.DEVICE: "^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$",
}


def refusal_of(message: HI1Message, receiver: EndpointId) -> ErrorInformation | None:
    """Why the whole message is refused; None when its actions may be looked at."""
    if not message.header.version.etsi.startswith("V1."):
        return ErrorInformation(VERSION_UNSUPPORTED, "version 1 is spoken here")
    if message.header.receiver != receiver:
        return ErrorInformation(IMPROPER_VALUE, f"this is {receiver.identifier}, not the receiver that is named")
    actions = [action.identifier for action in message.requests]
    if not actions:
        return ErrorInformation(NOT_VALID, "a request is needed")
    if max(Counter(actions).values()) > 1:
        return ErrorInformation(DUPLICATE_ACTION, "an action identifier is there twice")
    if actions != list(range(len(actions))):
        return ErrorInformation(NOT_VALID, "actions are counted 0, 1, 2 and so on")
    return None


def is_document(message: HI1Message) -> bool:
    return any(isinstance(action.body, Create | Update) for action in message.requests)


def answer(action: ActionRequest, objects: Mapping[uuid.UUID, HI1Object], config: CspConfig) -> ResponseBody:
    """To an action that only asks."""
    body = action.body
    if isinstance(body, Get):
        found = objects.get(body.identifier)
        return ErrorInformation(NOT_FOUND, "there is no such object here") if found is None else Got(found)
    if isinstance(body, ListObjects):
        return _listing(body, objects.values())
    if isinstance(body, GetConfig):
        return config
    return ErrorInformation(NOT_SUPPORTED, "this verb has no place here")


def done(message: HI1Message, objects: Mapping[uuid.UUID, HI1Object]) -> tuple[ResponseBody, ...]:
    """The answers to the actions of a document that came in, each with its object as it stands now."""
    found: list[ResponseBody] = []
    for action in message.requests:
        assert isinstance(action.body, Create | Update), "checked by the workflow"
        identifier = action.body.object.object_id
        kind = Created if isinstance(action.body, Create) else Updated
        found.append(kind(identifier, objects.get(identifier)))
    return tuple(found)


def refused(error: Exception) -> ErrorInformation:
    """A refusal in the codes of table D.1; which code stands for which reason is ours."""
    text = str(error)[:4_000]
    if isinstance(error, PapersRefusedError):
        return ErrorInformation(ELEMENT_MISSING, text)
    if isinstance(error, DocumentRefusedError):
        return ErrorInformation(IMPROPER_CHANGE if error.item in ("action", "version") else IMPROPER_VALUE, text)
    if isinstance(error, DecodeError):
        return ErrorInformation(NOT_VALID, text)
    return ErrorInformation(IMPROPER_CHANGE if isinstance(error, LabError) else GENERIC_ERROR, text)


def csp_config(url: str, changed_us: int) -> CspConfig:
    """What this receiver takes; `url` is where it listens, without a path."""
    kinds = tuple(DictionaryWord(str(kind)) for kind in OrderKind)
    own = tuple(
        FormatDefinition(name, f"{kind.value} of an order of the lab", _REGEX[kind])
        for kind, (owner, name) in FORMATS.items()
        if owner == LAB_OWNER
    )
    return CspConfig(
        changed_us // 1_000_000 * 1_000_000,
        tuple(Targeting(name, owner) for owner, name in FORMATS.values()),
        dictionaries=(Dictionary(LAB_OWNER, "AuthorisationLegalType", kinds),),
        formats=FormatDefinitions(LAB_OWNER, own),
        li_endpoints=tuple(
            WorkflowEndpoint(entry("LIWorkflowEndpoint", workflow), f"{url}{PATHS[workflow]}") for workflow in Workflow
        ),
    )


def _listing(asked: ListObjects, objects: Iterable[HI1Object]) -> Listing:
    most = min(asked.maximum or MAX_LISTED, MAX_LISTED)
    records: list[ListRecord] = []
    for one in objects:
        if len(records) == most:
            break
        if _is_asked(asked, one):
            records.append(
                ListRecord(
                    entry("ObjectType", _TYPES[type(one)]),
                    one.object_id,
                    one.generation or 1,
                    one.country,
                    one.owner,
                    one.external_id,
                    one.last_changed_us,
                )
            )
    return Listing(tuple(records))


def _is_asked(asked: ListObjects, one: HI1Object) -> bool:
    kind, changed_us = _TYPES.get(type(one)), one.last_changed_us or 0
    within = asked.changed_within
    return (
        kind is not None
        and (asked.object_type is None or asked.object_type == entry("ObjectType", kind))
        and (asked.last_changed_us is None or changed_us >= asked.last_changed_us)
        and (within is None or (within.start_us or 0) <= changed_us)
        and (within is None or within.end_us is None or changed_us <= within.end_us)
        and (asked.status is None or asked.status == _status(one))
        and asked.country in (None, COUNTRY)
    )


def _status(one: HI1Object) -> DictionaryEntry | None:
    return one.status if isinstance(one, Authorisation | LITask | Document) else None
