"""The objects of HI1 (TS 103 120 V1.23.1: XSD and JSON schemas) as values.

Authorisation, LITask, Document and Notification are described; an object of any other type is an `OtherObject` with
its base members and everything else kept. A member that is None is absent, which an UPDATE reads as "as before", while
an empty list is a list; `merged` does that. National elements are kept as they came unless their type is in the lab's
own namespace: then they are `NationalFields`, the place for what the standard has no element for.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, fields, replace
from typing import Any, Final, TypeVar

from asn1.errors import EncodeError
from asn1.hi1_xml import XSI, RawXml

CORE: Final = "http://uri.etsi.org/03120/common/2019/10/Core"
COMMON: Final = "http://uri.etsi.org/03120/common/2016/02/Common"
AUTH: Final = "http://uri.etsi.org/03120/common/2020/09/Authorisation"
TASK: Final = "http://uri.etsi.org/03120/common/2020/09/Task"
DOC: Final = "http://uri.etsi.org/03120/common/2020/09/Document"
NOTIFICATION: Final = "http://uri.etsi.org/03120/common/2016/02/Notification"
CONFIG: Final = "http://uri.etsi.org/03120/common/2024/06/Config"
DICTIONARIES: Final = "http://uri.etsi.org/03280/common/2019/10/Dictionaries"
LAB: Final = "urn:calea-lab:hi1:1"
"""Ours: everything in it is an extension of this lab and of nobody's national profile."""
LAB_OWNER: Final = "calea-lab"
"""Owner of the dictionaries and formats that are ours; the standard's own are owned by ETSI."""
ETSI: Final = "ETSI"

PREFIXES: Final[dict[str, str]] = {
    CORE: "core",
    COMMON: "common",
    AUTH: "auth",
    TASK: "task",
    DOC: "doc",
    NOTIFICATION: "notification",
    CONFIG: "config",
    DICTIONARIES: "dictionaries",
    LAB: "lab",
    XSI: "xsi",
}

Kept = tuple[RawXml, ...]


@dataclass(frozen=True, slots=True)
class DictionaryEntry:
    """A word of a dictionary: whose, which, what."""

    owner: str
    name: str
    value: str
    unknown: Kept = ()


@dataclass(frozen=True, slots=True)
class EndpointId:
    country: str
    identifier: str
    unknown: Kept = ()


@dataclass(frozen=True, slots=True)
class ErrorInformation:
    """A refusal, or why something is invalid: a code of table D.1 and words."""

    code: int
    description: str
    unknown: Kept = ()


@dataclass(frozen=True, slots=True)
class NationalFields:
    """National parameters of the lab's own: names and texts in the namespace `LAB`. `type_name` is without it."""

    type_name: str
    country: str
    items: tuple[tuple[str, str], ...]


National = NationalFields | RawXml | None


@dataclass(frozen=True, slots=True)
class Timespan:
    """Start and end; a task says besides when it was ended, provisioned and deprovisioned. Microseconds UTC."""

    start_us: int | None = None
    end_us: int | None = None
    termination_us: int | None = None
    provisioning_us: int | None = None
    deprovisioning_us: int | None = None
    unknown: Kept = ()


@dataclass(frozen=True, slots=True)
class ApproverDetails:
    name: str | None = None
    role: str | None = None
    unknown: Kept = ()


@dataclass(frozen=True, slots=True)
class ApprovalDetails:
    kind: str | None = None
    description: str | None = None
    reference: str | None = None
    approver: ApproverDetails | None = None
    time_us: int | None = None
    is_emergency: bool | None = None
    unknown: Kept = ()


@dataclass(frozen=True, slots=True)
class TargetFormat:
    owner: str
    name: str
    unknown: Kept = ()


@dataclass(frozen=True, slots=True)
class TargetValue:
    format: TargetFormat
    value: str
    unknown: Kept = ()


@dataclass(frozen=True, slots=True)
class TargetIdentifier:
    values: tuple[TargetValue, ...] | None = None
    service_type: DictionaryEntry | None = None
    subtype: DictionaryEntry | None = None
    unknown: Kept = ()


@dataclass(frozen=True, slots=True)
class DeliveryDestination:
    """Where product goes. The address (a choice of eleven forms) and encryption details are kept as they came."""

    address: RawXml | None = None
    destination_reference: uuid.UUID | None = None
    encryption_reference: uuid.UUID | None = None
    encryption_details: RawXml | None = None
    iri_or_cc: DictionaryEntry | None = None
    handover_format: DictionaryEntry | None = None
    profile: DictionaryEntry | None = None
    national: National = None
    unknown: Kept = ()


@dataclass(frozen=True, slots=True)
class DocumentProperty:
    kind: DictionaryEntry
    value: str
    unknown: Kept = ()


@dataclass(frozen=True, slots=True)
class DocumentBody:
    contents: bytes | None = None
    content_type: str | None = None
    checksum: str | None = None
    checksum_type: str | None = None
    unknown: Kept = ()


@dataclass(frozen=True, slots=True)
class ObjectStatus:
    object_id: uuid.UUID
    status: DictionaryEntry
    details: str | None = None
    unknown: Kept = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class HI1Object:
    """What every object has. `generation` is counted by the server from 1; `associated` links to an Authorisation."""

    object_id: uuid.UUID
    country: str | None = None
    owner: str | None = None
    generation: int | None = None
    external_id: str | None = None
    associated: tuple[uuid.UUID, ...] | None = None
    last_changed_us: int | None = None
    national_handling: National = None
    unknown: Kept = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherObject(HI1Object):
    """An object of a type not described here: named in Clark notation, its own members in `unknown`."""

    type_name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Authorisation(HI1Object):
    reference: str | None = None
    legal_type: DictionaryEntry | None = None
    priority: DictionaryEntry | None = None
    status: DictionaryEntry | None = None
    desired_status: DictionaryEntry | None = None
    timespan: Timespan | None = None
    csp_ids: tuple[EndpointId, ...] | None = None
    creation_us: int | None = None
    served_us: int | None = None
    termination_us: int | None = None
    approvals: tuple[ApprovalDetails, ...] = ()
    invalid_reason: ErrorInformation | None = None
    flags: tuple[DictionaryEntry, ...] | None = None
    manual_information: str | None = None
    national: National = None
    jurisdiction: str | None = None
    type_of_case: DictionaryEntry | None = None
    legal_entity: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LITask(HI1Object):
    reference: str | None = None
    status: DictionaryEntry | None = None
    desired_status: DictionaryEntry | None = None
    timespan: Timespan | None = None
    target: TargetIdentifier | None = None
    delivery_type: DictionaryEntry | None = None
    deliveries: tuple[DeliveryDestination, ...] | None = None
    approvals: tuple[ApprovalDetails, ...] = ()
    csp_id: EndpointId | None = None
    handling_profile: DictionaryEntry | None = None
    invalid_reason: ErrorInformation | None = None
    flags: tuple[DictionaryEntry, ...] | None = None
    national: National = None
    traffic_policies: RawXml | None = None
    iri_policies: RawXml | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Document(HI1Object):
    reference: str | None = None
    name: str | None = None
    status: DictionaryEntry | None = None
    desired_status: DictionaryEntry | None = None
    timespan: Timespan | None = None
    kind: DictionaryEntry | None = None
    properties: tuple[DocumentProperty, ...] | None = None
    body: DocumentBody | None = None
    signatures: tuple[ApprovalDetails, ...] = ()
    invalid_reason: ErrorInformation | None = None
    national: National = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Notification(HI1Object):
    details: str | None = None
    kind: DictionaryEntry | None = None
    is_new: bool | None = None
    time_us: int | None = None
    statuses: tuple[ObjectStatus, ...] | None = None
    national: National = None


_Object = TypeVar("_Object", bound=HI1Object)


def merged(current: _Object, update: _Object) -> _Object:
    """`current` after an UPDATE: members present replace, absent ones stay; lists are overwritten, never joined."""
    if type(current) is not type(update) or current.object_id != update.object_id:
        raise EncodeError("an update is of the same object")
    changes: dict[str, Any] = {}
    for field in fields(update):
        value = getattr(update, field.name)
        if value is not None and not (value == () and field.default == ()):
            changes[field.name] = value
    return replace(current, **changes)
