"""The messages of HI1 (TS 103 120 V1.23.1 Core schema) as values: requests and responses of GET, CREATE, UPDATE
and LIST. Other verbs are kept as they came, so that a receiver can answer NOT_SUPPORTED to that action alone: DELIVER
answers with stored data and GETCSPCONFIG with a carrier's configuration. Signature elements are kept, never trusted.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from asn1.hi1_objects import DictionaryEntry, EndpointId, ErrorInformation, HI1Object, Kept, Timespan
from asn1.hi1_xml import RawXml

MAX_ACTIONS: Final = 256
VERSION: Final = "V1.23.1"


class HI1Error(IntEnum):
    """Table D.1, third-party reading."""

    GENERIC = 3000
    NOT_SUPPORTED = 3001
    DUPLICATE_ACTION_ID = 3002
    TRANSIENT = 3003
    CONFIGURATION = 3004
    ELEMENT_MISSING = 3005
    VALUE_CHANGE_NOT_ALLOWED = 3006
    IMPROPER_VALUE = 3007
    IMPROPER_VALUE_CHANGE = 3008
    VALUE_NOT_FOUND = 3009
    OBJECT_EXISTS = 3010
    UPDATE_NO_OBJECT = 3011
    UPDATE_EXPIRED = 3012
    CANCEL_NO_OBJECT = 3013
    GET_NOT_FOUND = 3014
    GET_NOT_DELIVERABLE = 3015
    LINK_MISSING = 3016
    LINK_EXPIRED = 3017
    LINK_FAILED = 3018
    ENCODING = 3019
    VALIDATION = 3020
    UNSUPPORTED_VERSION = 3021
    TOO_LARGE = 3022


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


RequestBody = Get | Create | Update | ListObjects | RawXml
ResponseBody = Got | Created | Updated | Listing | ErrorInformation | RawXml


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
