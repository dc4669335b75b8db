"""The tables of HI1's messages, in the order of the V1.23.1 schema."""

from __future__ import annotations

from typing import Final

from asn1.hi1_config_tables import CSP_CONFIG
from asn1.hi1_messages import (
    MAX_ACTIONS,
    ActionRequest,
    ActionResponse,
    Create,
    Created,
    CspConfig,
    Deliver,
    Delivered,
    Get,
    GetConfig,
    Got,
    Header,
    HI1Message,
    Listing,
    ListObjects,
    ListRecord,
    Payload,
    Requests,
    Responses,
    Update,
    Updated,
    Version,
)
from asn1.hi1_object_tables import COUNTRY, ENDPOINT, ENTRY, ERROR, OBJECT, elements, timespan
from asn1.hi1_objects import COMMON, CORE, ErrorInformation
from asn1.hi1_walk import COUNT, LONG, MICRO, MOMENT, SHORT, UUID, Listed, Record, number_of, text_of


def _core(name: str) -> str:
    return f"{{{CORE}}}{name}"


_VERSION: Final = Record(
    Version,
    elements(
        CORE,
        ("etsi", "ETSIVersion", text_of(1, 32, r"V[0-9]+\.[0-9]+\.[0-9]+")),
        ("profile_owner", "NationalProfileOwner", SHORT),
        ("profile_version", "NationalProfileVersion", SHORT),
        least=1,
    ),
)
_HEADER: Final = Record(
    Header,
    elements(
        CORE,
        ("sender", "SenderIdentifier+", ENDPOINT),
        ("receiver", "ReceiverIdentifier+", ENDPOINT),
        ("transaction_id", "TransactionIdentifier+", UUID),
        ("time_us", "Timestamp+", MICRO),
        ("version", "Version+", _VERSION),
        ("workflow", "WorkflowIdentifier", LONG),
    ),
)
_LIST: Final = Record(
    ListObjects,
    elements(
        CORE,
        ("object_type", "ObjectType", ENTRY),
        ("last_changed_us", "LastChanged", MOMENT),
        ("changed_within", "LastChangedTimespan", timespan(COMMON)),
        ("maximum", "MaximumObjectCount", number_of(1)),
        ("status", "Status", ENTRY),
        ("country", "CountryCode", COUNTRY),
    ),
)
_LIST_RECORD: Final = Record(
    ListRecord,
    elements(
        CORE,
        ("object_type", "ObjectType+", ENTRY),
        ("identifier", "Identifier+", UUID),
        ("country", "CountryCode", COUNTRY),
        ("owner", "OwnerIdentifier", SHORT),
        ("generation", "Generation+", COUNT),
        ("external_id", "ExternalIdentifier", LONG),
        ("last_changed_us", "LastChanged", MOMENT),
    ),
)
_LISTING: Final = Record(Listing, elements(CORE, ("records", "ListResponseRecord*", _LIST_RECORD)))
_WITH_OBJECT: Final = elements(CORE, ("object", "HI1Object+", OBJECT))
_DONE: Final = elements(CORE, ("identifier", "Identifier+", UUID), ("object", "HI1Object", OBJECT))
_DELIVER: Final = elements(CORE, ("identifier", "Identifier+", UUID), ("object", "HI1Object+", OBJECT))
_ACTION: Final = elements(CORE, ("identifier", "ActionIdentifier+", COUNT))
_REQUEST: Final = Record(
    ActionRequest,
    _ACTION,
    (
        (_core("GET"), Record(Get, elements(CORE, ("identifier", "Identifier+", UUID))), Get),
        (_core("CREATE"), Record(Create, _WITH_OBJECT), Create),
        (_core("UPDATE"), Record(Update, _WITH_OBJECT), Update),
        (_core("LIST"), _LIST, ListObjects),
        (_core("DELIVER"), Record(Deliver, _DELIVER), Deliver),
        (_core("GETCSPCONFIG"), Record(GetConfig, ()), GetConfig),
    ),
)
_RESPONSE: Final = Record(
    ActionResponse,
    _ACTION,
    (
        (_core("GETResponse"), Record(Got, _WITH_OBJECT), Got),
        (_core("CREATEResponse"), Record(Created, _DONE), Created),
        (_core("UPDATEResponse"), Record(Updated, _DONE), Updated),
        (_core("LISTResponse"), _LISTING, Listing),
        (_core("DELIVERResponse"), Record(Delivered, elements(CORE, ("identifier", "Identifier+", UUID))), Delivered),
        (_core("GETCSPCONFIGResponse"), CSP_CONFIG, CspConfig),
        (_core("ErrorInformation"), ERROR, ErrorInformation),
    ),
)
_REQUESTS: Final = Record(
    Requests,
    elements(CORE, ("actions", "ActionRequests+", Listed(_core("ActionRequest"), _REQUEST, 1, MAX_ACTIONS))),
)
_RESPONSES: Final = Record(
    Responses,
    (),
    (
        (_core("ActionResponses"), Listed(_core("ActionResponse"), _RESPONSE, 1, MAX_ACTIONS), tuple),
        (_core("ErrorInformation"), ERROR, ErrorInformation),
    ),
)
_PAYLOAD: Final = Record(
    Payload,
    (),
    ((_core("RequestPayload"), _REQUESTS, Requests), (_core("ResponsePayload"), _RESPONSES, Responses)),
)
MESSAGE: Final = Record(
    HI1Message, elements(CORE, ("header", "Header", _HEADER), ("payload", "Payload", _PAYLOAD), least=1)
)
