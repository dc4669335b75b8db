"""The messages of HI1 (TS 103 120 V1.23.1 Core schema) as values: requests and responses of GET, CREATE, UPDATE,
LIST, DELIVER and GETCSPCONFIG. A verb of another version is kept as it came, so that a receiver can answer
NOT_SUPPORTED to that action alone. Signature elements are kept, never trusted.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Final

from asn1.hi1_objects import DictionaryEntry, EndpointId, ErrorInformation, HI1Object, Kept, Timespan
from asn1.hi1_xml import RawXml

MAX_ACTIONS: Final = 256
VERSION: Final = "V1.23.1"


@dataclass(frozen=True, slots=True)
class Version:
    """Of the standard, and of the national profile: here the lab's own, which no nation agreed."""

    etsi: str = VERSION
    profile_owner: str = "XX"
    profile_version: str = "calea-lab 1"
    unknown: Kept = ()


@dataclass(frozen=True, slots=True)
class Header:
    """`time_us` is microseconds UTC; `workflow` is the sender's name for the workflow the message belongs to."""

    sender: EndpointId
    receiver: EndpointId
    transaction_id: uuid.UUID
    time_us: int
    version: Version = Version()
    workflow: str | None = None
    unknown: Kept = ()


@dataclass(frozen=True, slots=True)
class Get:
    identifier: uuid.UUID
    unknown: Kept = ()


@dataclass(frozen=True, slots=True)
class Create:
    object: HI1Object
    unknown: Kept = ()


@dataclass(frozen=True, slots=True)
class Update:
    """Members present replace, absent ones stay: see `hi1_objects.merged`."""

    object: HI1Object
    unknown: Kept = ()


@dataclass(frozen=True, slots=True)
class ListObjects:
    object_type: DictionaryEntry | None = None
    last_changed_us: int | None = None
    changed_within: Timespan | None = None
    maximum: int | None = None
    status: DictionaryEntry | None = None
    country: str | None = None
    unknown: Kept = ()


@dataclass(frozen=True, slots=True)
class Got:
    object: HI1Object
    unknown: Kept = ()


@dataclass(frozen=True, slots=True)
class Created:
    identifier: uuid.UUID
    object: HI1Object | None = None
    unknown: Kept = ()


@dataclass(frozen=True, slots=True)
class Updated:
    identifier: uuid.UUID
    object: HI1Object | None = None
    unknown: Kept = ()


@dataclass(frozen=True, slots=True)
class ListRecord:
    object_type: DictionaryEntry
    identifier: uuid.UUID
    generation: int
    country: str | None = None
    owner: str | None = None
    external_id: str | None = None
    last_changed_us: int | None = None
    unknown: Kept = ()


@dataclass(frozen=True, slots=True)
class Listing:
    records: tuple[ListRecord, ...] = ()
    unknown: Kept = ()


@dataclass(frozen=True, slots=True)
class Deliver:
    """Stored data for a request of such data; no product of an interception goes this way (6.4.10)."""

    identifier: uuid.UUID
    object: HI1Object
    unknown: Kept = ()


@dataclass(frozen=True, slots=True)
class Delivered:
    identifier: uuid.UUID
    unknown: Kept = ()


@dataclass(frozen=True, slots=True)
class GetConfig:
    """GETCSPCONFIG: what the receiver takes."""

    unknown: Kept = ()


@dataclass(frozen=True, slots=True)
class DictionaryWord:
    value: str
    meaning: str | None = None
    unknown: Kept = ()


@dataclass(frozen=True, slots=True)
class Dictionary:
    owner: str
    name: str
    words: tuple[DictionaryWord, ...]
    unknown: Kept = ()


@dataclass(frozen=True, slots=True)
class FormatDefinition:
    name: str
    description: str
    regex: str
    unknown: Kept = ()


@dataclass(frozen=True, slots=True)
class FormatDefinitions:
    """Target formats that are the receiver's own."""

    owner: str
    formats: tuple[FormatDefinition, ...]
    unknown: Kept = ()


@dataclass(frozen=True, slots=True)
class Targeting:
    """One target format that is taken, and for which services and requests."""

    format_name: str
    format_owner: str
    guidance: str | None = None
    li_services: tuple[DictionaryEntry, ...] | None = None
    ld_requests: tuple[DictionaryEntry, ...] | None = None
    ld_subtypes: tuple[DictionaryEntry, ...] | None = None
    lp_requests: tuple[DictionaryEntry, ...] | None = None
    lp_subtypes: tuple[DictionaryEntry, ...] | None = None
    unknown: Kept = ()


@dataclass(frozen=True, slots=True)
class WorkflowEndpoint:
    workflow: DictionaryEntry
    url: str
    guidance: str | None = None
    unknown: Kept = ()


@dataclass(frozen=True, slots=True)
class CspConfig:
    """The answer to GETCSPCONFIG; endpoints of workflows for interception (LI), preservation (LP), disclosure (LD)."""

    last_changed_us: int
    targeting: tuple[Targeting, ...]
    dictionaries: tuple[Dictionary, ...] | None = None
    formats: FormatDefinitions | None = None
    li_endpoints: tuple[WorkflowEndpoint, ...] | None = None
    lp_endpoints: tuple[WorkflowEndpoint, ...] | None = None
    ld_endpoints: tuple[WorkflowEndpoint, ...] | None = None
    unknown: Kept = ()


RequestBody = Get | Create | Update | ListObjects | Deliver | GetConfig | RawXml
ResponseBody = Got | Created | Updated | Listing | Delivered | CspConfig | ErrorInformation | RawXml


@dataclass(frozen=True, slots=True)
class ActionRequest:
    """`identifier` counts 0, 1, 2, … in a message (clause 6.4.4, third-party reading); the receiver checks that."""

    identifier: int
    body: RequestBody
    unknown: Kept = ()


@dataclass(frozen=True, slots=True)
class ActionResponse:
    identifier: int
    body: ResponseBody
    unknown: Kept = ()


@dataclass(frozen=True, slots=True)
class Requests:
    actions: tuple[ActionRequest, ...]
    unknown: Kept = ()


@dataclass(frozen=True, slots=True)
class Responses:
    """The answers to the actions, or one error for the whole request."""

    body: tuple[ActionResponse, ...] | ErrorInformation | RawXml
    unknown: Kept = ()


@dataclass(frozen=True, slots=True)
class Payload:
    body: Requests | Responses | RawXml
    unknown: Kept = ()


@dataclass(frozen=True, slots=True)
class HI1Message:
    header: Header
    payload: Payload
    unknown: Kept = ()

    @property
    def requests(self) -> tuple[ActionRequest, ...]:
        """The actions asked for; none in a response."""
        return self.payload.body.actions if isinstance(self.payload.body, Requests) else ()

    @property
    def responses(self) -> tuple[ActionResponse, ...]:
        """The answers; none in a request, and none when the whole request was refused (`error`)."""
        body = self.payload.body
        return body.body if isinstance(body, Responses) and isinstance(body.body, tuple) else ()

    @property
    def error(self) -> ErrorInformation | None:
        body = self.payload.body
        return body.body if isinstance(body, Responses) and isinstance(body.body, ErrorInformation) else None
