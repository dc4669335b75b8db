"""The tables of X1: one row an element in the order of schema 1.22.1, one row a message.

`REQUESTS` and `RESPONSES` name each message's body; whatever the message, the header stands in front of it. An element
name that ends in + is required, in * comes often.
"""

from __future__ import annotations

import ipaddress
import re
import uuid
from typing import Any, Final

from asn1.errors import DecodeError, EncodeError
from asn1.hi1_walk import (
    HEX,
    MAX_REPEATS,
    STAMP,
    UUID,
    WHOLE,
    YES_NO,
    Choice,
    Field,
    Kind,
    Leaf,
    Listed,
    Opaque,
    Record,
    number_of,
    text_of,
    token_of,
    whole_of,
    word_of,
)
from asn1.hi1_xml import XSI, RawXml, Writer, local, no_attributes, no_text, raw_of, xsi_type
from asn1.x1_values import (
    DestinationDetails,
    DestinationResponse,
    DestinationSetId,
    DestinationStatus,
    Extension,
    ExtensionInformation,
    GenericObject,
    HashedIdentifier,
    IpEndpoint,
    LocationType,
    MediationDetails,
    NeStatus,
    ObjectResponse,
    PortRange,
    ServiceScoping,
    TaskDetails,
    TaskResponse,
    TaskStatus,
    TopLevelError,
    X1Error,
    X1Message,
    X1Reply,
)

X1: Final = "http://uri.etsi.org/03221/X1/2017/10"
COMMON: Final = "http://uri.etsi.org/03280/common/2017/07"
HASHED: Final = "http://uri.etsi.org/03221/X1/2017/10/HashedID"
PREFIXES: Final[dict[str, str]] = {X1: "", COMMON: "c", HASHED: "h", XSI: "xsi"}
MAX_MESSAGES: Final = 256
MAX_LISTED: Final = 20_000
"""Identifiers in one list: as many as a message of `x1.MAX_OCTETS` can hold, roughly."""


def rows(space: str, *listed: tuple[str, str, Kind]) -> tuple[Field, ...]:
    """Rows of a table: attribute, element name, what it holds."""
    found = []
    for attribute, name, kind in listed:
        most = MAX_REPEATS if name.endswith("*") else 1
        found.append(Field(attribute, f"{{{space}}}{name.rstrip('+*')}", kind, int(name.endswith("+")), most))
    return tuple(found)


def _x(name: str) -> str:
    return f"{{{X1}}}{name}"


class _Destinations:
    """ListOfDids: `dId` and behind them `dSId`, as one tuple."""

    def read(self, element: Any, path: str, kept: list[RawXml]) -> tuple[uuid.UUID, ...]:  # noqa: ANN401
        no_attributes(element, path, ())
        no_text(element, path)
        found: list[uuid.UUID] = []
        for child in element:
            here = f"{path}.{local(str(child.tag))}"
            if child.tag == _x("dSId"):
                found.append(DestinationSetId(str(UUID.read(child, here, []))))
            elif child.tag != _x("dId"):
                kept.append(raw_of(child, f"{local(element.tag)}/", here))
            elif found and isinstance(found[-1], DestinationSetId):
                raise DecodeError(DecodeError.BAD_TAG, "not at its place", 0, here)
            else:
                found.append(UUID.read(child, here, []))
        if len(found) > MAX_LISTED:
            raise DecodeError(DecodeError.TOO_MANY, f"at most {MAX_LISTED} destinations", 0, path)
        return tuple(found)

    def write(self, out: Writer, tag: str, value: tuple[uuid.UUID, ...], kept: tuple[RawXml, ...]) -> None:
        out.open(tag)
        for one in sorted(value, key=lambda did: isinstance(did, DestinationSetId)):
            UUID.write(out, _x("dSId" if isinstance(one, DestinationSetId) else "dId"), uuid.UUID(str(one)), ())
        for raw in kept:
            if raw.after == f"{local(tag)}/":
                out.raw(raw)
        out.close(tag)


class _Object:
    """A GenericObject by the type it names."""

    def read(self, element: Any, path: str, _kept: list[RawXml]) -> GenericObject:  # noqa: ANN401
        named = xsi_type(element, path)
        found: GenericObject = _OBJECT_BASE.read_typed(element, path, GenericObject, type_name=named)
        return found

    def write(self, out: Writer, tag: str, value: GenericObject, _kept: tuple[RawXml, ...]) -> None:
        if not value.type_name.startswith("{"):
            raise EncodeError(f"{value.type_name} is no type in Clark notation")
        _OBJECT_BASE.write_typed(out, tag, value, value.type_name)


def _address(text: str) -> str:
    if not _IPV6_FORM.fullmatch(text.strip()):
        raise ValueError("eight groups of four hexadecimal digits in lower case are needed")
    return str(ipaddress.IPv6Address(text.strip()))


_IPV6: Final = r"([0-9a-f]{4}:){7}[0-9a-f]{4}"
_OCTET: Final = r"(25[0-5]|2[0-4][0-9]|[01]?[0-9]?[0-9])"
_IPV4: Final = rf"({_OCTET}\.){{3}}{_OCTET}"
_MAIL: Final = r"[^\s@]+@[^\s@]+"

TOKEN: Final = token_of("1 to 255 characters are needed", r"[^\t\r\n]{1,255}")
TEXT: Final = text_of(0, 65_535)
E164: Final = token_of("1 to 15 digits, no plus", r"[0-9]{1,15}")
IMSI: Final = token_of("6 to 15 digits", r"[0-9]{6,15}")
IPV4: Final = token_of("an IPv4 address is needed", _IPV4)
IPV6_TEXT: Final = token_of("eight groups of four hexadecimal digits in lower case", _IPV6)
_IPV6_FORM: Final = re.compile(_IPV6)
IPV6: Final = Leaf(
    "eight groups of four hexadecimal digits in lower case",
    _address,
    lambda value: ipaddress.IPv6Address(value).exploded,
)
TCP_PORT: Final = whole_of(1, 65_535)
UDP_PORT: Final = whole_of(0, 65_535)
NAME: Final = text_of(1, 1024)
MAIL: Final = text_of(3, 255, _MAIL)
OK: Final = word_of("AcknowledgedAndCompleted", "Acknowledged")
OK_COMPLETED: Final = word_of("AcknowledgedAndCompleted")
DELIVERY: Final = word_of("X2Only", "X3Only", "X2andX3")
MEDIATION_DELIVERY: Final = word_of("HI2Only", "HI3Only", "HI2andHI3")
SERVICE: Final = word_of("voice", "data", "messaging", "pushToTalk", "LALS", "RCS")
TASK_REPORT: Final = word_of(
    "AllClear", "Warning", "NonTerminatingFault", "TerminatingFault", "ImplicitDeactivation",
    "FullyActionedAndSuccessful", "FullyActionedAndUnsuccessful",
)  # fmt: skip
NE_REPORT: Final = word_of("Warning", "FaultCleared", "FaultReport", "Alert")
OBJECT_TYPE: Final = text_of(4, 1024, r"Q\{[^{}]*\}.+")
LIID: Final = text_of(1, 50, "[!-~]{1,25}|[0-9a-f]{26,50}")
VERSION: Final = token_of("a version is needed", r"v[0-9]{1,4}(\.[0-9]{1,4}){1,3}")
"""Wider than the schema's, which is v1 alone: what another version is answered with has its own code."""

UUIDS: Final = Listed(_x("xId"), UUID, 0, MAX_LISTED)
OBJECT_IDS: Final = Listed(_x("objectId"), UUID, 0, MAX_LISTED)
POLICIES: Final = Listed(_x("trafficPolicyReference"), UUID)
SERVICES: Final = Listed(_x("serviceType"), SERVICE, 1)
DIDS: Final = _Destinations()
EXTENSION: Final = Record(Extension, rows(X1, ("owner", "Owner+", TEXT)))
OBJECT: Final = _Object()
_OBJECT_BASE: Final = Record(GenericObject, rows(X1, ("object_id", "objectId+", UUID)))


def _ports(kind: Kind) -> Record:
    return Record(PortRange, rows(COMMON, ("start", "start+", kind), ("end", "end+", kind)))


TARGETS: Final[dict[str, Kind]] = {
    "e164Number": E164,
    "imsi": IMSI,
    "imei": token_of("14 digits", r"[0-9]{14}"),
    "macAddress": token_of("six groups of two hexadecimal digits", r"([a-f0-9]{2}:){5}[a-f0-9]{2}"),
    "ipv4Address": IPV4,
    "ipv6Address": IPV6_TEXT,
    "ipv4Cidr": Choice(
        COMMON,
        {
            "IPv4CIDR": token_of("an IPv4 network is needed", rf"{_IPV4}/([1-2]?[0-9]|3[0-2])"),
            "IPv6CIDR": token_of("an IPv6 network is needed", rf"{_IPV6}/([1-9][0-9]?|1[01][0-9]|12[0-8])"),
        },
    ),
    "ipv6Cidr": token_of("an IPv6 network is needed", rf"{_IPV6}/([1-9][0-9]?|1[01][0-9]|12[0-8])"),
    "tcpPort": TCP_PORT,
    "tcpPortRange": _ports(TCP_PORT),
    "tcpPortList": Listed(_x("tcpPort"), TCP_PORT, 1),
    "udpPort": UDP_PORT,
    "udpPortRange": _ports(UDP_PORT),
    "udpPortList": Listed(_x("udpPort"), UDP_PORT, 1),
    "emailAddress": MAIL,
    "internationalizedEmailAddress": text_of(3, 255, ".+@.+"),
    "sipUri": token_of("a SIP URI is needed", r"sips?:[!-~]+", 1024),
    "telUri": token_of("a tel URI is needed", r"tel:[!-~]+", 1024),
    "h323Uri": text_of(6, 255, r"h323:[!-~]+"),
    "impu": text_of(1, 255, r"[!-~]+"),
    "impi": NAME,
    "nai": NAME,
    "radiusAttribute": HEX,
    "gtpuTunnelId": whole_of(0, 1 << 32),
    "gtpcTunnelId": whole_of(0, 1 << 32),
    "callPartyRole": word_of("Originating", "Terminating", "Forwarded-To"),
    "nonLocalIdentifier": word_of("Local", "NonLocal"),
    "supiimsi": IMSI,
    "supinai": NAME,
    "suci": HEX,
    "peiImei": token_of("14 digits", r"[0-9]{14}"),
    "peiImeiCheckDigit": token_of("15 digits", r"[0-9]{15}"),
    "peiImeisv": token_of("16 digits", r"[0-9]{16}"),
    "gpsiMsisdn": E164,
    "gpsiNai": NAME,
    "eui64": token_of("eight groups of two hexadecimal digits", r"([a-f0-9]{2}:){7}[a-f0-9]{2}"),
    "serviceAccessIdentifier": NAME,
    "hashedIdentifier": Record(
        HashedIdentifier,
        rows(
            HASHED,
            ("context_id", "hashContextID+", UUID),
            ("identity_type", "targetIdentityType+", text_of(0, 255)),
            ("digest", "hashDigest+", HEX),
        ),
    ),
    "targetIdentifierExtension": EXTENSION,
    "vrf": text_of(0, 255),
}
_TARGETS: Final = Listed(_x("targetIdentifier"), Choice(X1, TARGETS), 1, MAX_MESSAGES)

_LOCATION: Final = Record(
    LocationType,
    rows(
        X1,
        ("beginning_and_end", "beginningAndEnd", YES_NO),
        ("upon_change", "uponChange", YES_NO),
        ("lals", "LALS", YES_NO),
    ),
)
_SCOPING: Final = Record(
    ServiceScoping,
    rows(
        X1,
        ("service_types", "serviceType", SERVICES),
        (
            "locations",
            "locationType",
            Choice(
                X1,
                {"doNotReport": text_of(0, 0), "listOfLocationTypes": Listed(_x("locationType"), _LOCATION)},
            ),
        ),
        ("suspend_on_roaming", "suspendOnOutboundInternationalRoaming", YES_NO),
        ("post_dialled_digits", "reportPostDialledDigits", YES_NO),
    ),
)
_MEDIATION: Final = Record(
    MediationDetails,
    rows(
        X1,
        ("liid", "LIID+", LIID),
        ("delivery_type", "deliveryType+", MEDIATION_DELIVERY),
        ("start_us", "StartTime", STAMP),
        ("end_us", "EndTime", STAMP),
        ("dids", "listOfDIDs", DIDS),
        ("extensions", "mediationDetailsExtensions*", EXTENSION),
        ("scoping", "serviceScopingOptions", Listed(_x("serviceScopingOptions"), _SCOPING)),
        ("traffic_policies", "listOfTrafficPolicyReferences", POLICIES),
    ),
)
TASK: Final = Record(
    TaskDetails,
    rows(
        X1,
        ("xid", "xId+", UUID),
        ("targets", "targetIdentifiers+", _TARGETS),
        ("delivery_type", "deliveryType+", DELIVERY),
        ("dids", "listOfDIDs+", DIDS),
        ("mediation", "listOfMediationDetails", Listed(_x("mediationDetails"), _MEDIATION)),
        ("correlation_id", "correlationID", number_of(0)),
        ("implicit_deactivation", "implicitDeactivationAllowed", YES_NO),
        ("product_id", "productID", UUID),
        ("service_types", "listOfServiceTypes", SERVICES),
        ("extensions", "taskDetailsExtensions*", EXTENSION),
        ("traffic_policies", "listOfTrafficPolicyReferences", POLICIES),
    ),
)
_ENDPOINT: Final = Record(
    IpEndpoint,
    rows(
        COMMON,
        ("address", "address+", Choice(COMMON, {"IPv4Address": IPV4, "IPv6Address": IPV6})),
        ("port", "port+", Choice(COMMON, {"TCPPort": TCP_PORT, "UDPPort": UDP_PORT})),
    ),
)
_WHERE: Final[dict[str, Kind]] = {
    "ipAddressAndPort": _ENDPOINT,
    "e164Number": E164,
    "uri": token_of("a URI is needed", r"[!-~]+", 1024),
    "emailAddress": MAIL,
}
DESTINATION: Final = Record(
    DestinationDetails,
    rows(
        X1,
        ("did", "dId+", UUID),
        ("friendly_name", "friendlyName", text_of(0, 1024)),
        ("delivery_type", "deliveryType+", DELIVERY),
        ("address", "deliveryAddress+", Choice(X1, _WHERE)),
        ("extensions", "destinationDetailsExtensions*", EXTENSION),
    ),
)
ERROR: Final = Record(X1Error, rows(X1, ("code", "errorCode+", WHOLE), ("description", "errorDescription+", TEXT)))
FAULTS: Final = Listed(_x("unresolvedFault"), ERROR)
TASK_RESPONSE: Final = Record(
    TaskResponse,
    rows(
        X1,
        ("details", "taskDetails+", TASK),
        (
            "status",
            "taskStatus+",
            Record(
                TaskStatus,
                rows(
                    X1,
                    ("provisioning", "provisioningStatus+", word_of("awaitingProvisioning", "failed", "complete")),
                    ("faults", "listOfFaults+", FAULTS),
                    ("last_intercept_us", "timeOfLastIntercept", STAMP),
                    ("x2_amount", "amountOfX2Data", WHOLE),
                    ("x3_amount", "amountOfX3Data", WHOLE),
                    ("modified_us", "timeOfLastModification", STAMP),
                    ("modifications", "numberOfModifications", WHOLE),
                    ("extensions", "taskStatusExtensions*", EXTENSION),
                ),
            ),
        ),
    ),
)
DESTINATION_RESPONSE: Final = Record(
    DestinationResponse,
    rows(
        X1,
        ("details", "destinationDetails+", DESTINATION),
        (
            "status",
            "destinationStatus+",
            Record(
                DestinationStatus,
                rows(
                    X1,
                    ("delivery", "destinationDeliveryStatus+", word_of("activeAndWorking", "deliveryFault")),
                    ("faults", "listOfFaults+", FAULTS),
                ),
            ),
        ),
    ),
)
OBJECT_RESPONSE: Final = Record(ObjectResponse, rows(X1, ("object", "object+", OBJECT), ("status", "status", Opaque())))
NE_STATUS: Final = Record(
    NeStatus, rows(X1, ("status", "neStatus+", word_of("OK", "Faults")), ("faults", "listOfFaults+", FAULTS))
)
_TASKS: Final = Listed(_x("taskResponseDetails"), TASK_RESPONSE, 0, MAX_LISTED)
_DESTINATIONS: Final = Listed(_x("destinationResponseDetails"), DESTINATION_RESPONSE)
_OBJECTS: Final = Listed(_x("genericObjectResponseDetails"), OBJECT_RESPONSE)

Row = tuple[str, str, Kind]
_HEAD: Final[tuple[Row, ...]] = (
    ("admf_id", "admfIdentifier+", TOKEN),
    ("ne_id", "neIdentifier+", TOKEN),
    ("time_us", "messageTimestamp+", STAMP),
    ("version", "version+", VERSION),
)
_HEADER: Final[tuple[Row, ...]] = (*_HEAD, ("transaction_id", "x1TransactionId+", UUID))
_DONE: Final[tuple[Row, ...]] = (("ok", "oK+", OK),)
_XID: Final[tuple[Row, ...]] = (("xid", "xId+", UUID),)
_DID: Final[tuple[Row, ...]] = (("did", "dId+", UUID),)

REQUESTS: Final[dict[str, tuple[Row, ...]]] = {
    "ActivateTask": (("task", "taskDetails+", TASK),),
    "ModifyTask": (("task", "taskDetails+", TASK),),
    "DeactivateTask": _XID,
    "DeactivateAllTasks": (),
    "GetTaskDetails": _XID,
    "CreateDestination": (("destination", "destinationDetails+", DESTINATION),),
    "ModifyDestination": (("destination", "destinationDetails+", DESTINATION),),
    "RemoveDestination": _DID,
    "RemoveAllDestinations": (),
    "GetDestinationDetails": _DID,
    "GetNEStatus": (),
    "GetAllDetails": (),
    "GetAllTaskDetails": (),
    "GetAllDestinationDetails": (),
    "GetAllGenericObjectDetails": (("object_type", "objectType", OBJECT_TYPE),),
    "ListAllDetails": (),
    "ReportTaskIssue": (
        ("xid", "xId+", UUID),
        ("report_type", "taskReportType+", TASK_REPORT),
        ("issue_code", "taskIssueErrorCode", WHOLE),
        ("issue_details", "taskIssueDetails", TEXT),
        ("extensions", "taskIssueExtensions*", EXTENSION),
    ),
    "ReportDestinationIssue": (
        ("did", "dId+", UUID),
        ("report_type", "destinationReportType+", TASK_REPORT),
        ("issue_code", "destinationIssueErrorCode", WHOLE),
        ("issue_details", "destinationIssueDetails", TEXT),
    ),
    "ReportNEIssue": (
        ("report_type", "typeOfNeIssueMessage+", NE_REPORT),
        ("issue_details", "description+", TEXT),
        ("issue_code", "issueCode", WHOLE),
        ("extensions", "nEIssueExtensions*", EXTENSION),
    ),
    "Ping": (),
    "Keepalive": (),
    "CreateObject": (("object", "createObject+", OBJECT),),
    "ModifyObject": (("object", "modifyObject+", OBJECT),),
    "GetObject": (("object_id", "objectId+", UUID),),
    "DeleteObject": (("object_id", "objectId+", UUID),),
    "ListObjectsOfType": (("object_type", "objectType+", OBJECT_TYPE),),
    "DeleteAllObjects": (),
}
RESPONSES: Final[dict[str, tuple[Row, ...]]] = {
    **dict.fromkeys(REQUESTS, _DONE),
    "GetTaskDetails": (("task", "taskResponseDetails+", TASK_RESPONSE),),
    "GetDestinationDetails": (("destination", "destinationResponseDetails+", DESTINATION_RESPONSE),),
    "GetNEStatus": (("ne_status", "neStatusDetails+", NE_STATUS),),
    "GetAllDetails": (
        ("ne_status", "neStatusDetails+", NE_STATUS),
        ("tasks", "listOfTaskResponseDetails+", _TASKS),
        ("destinations", "listOfDestinationResponseDetails+", _DESTINATIONS),
        ("objects", "listOfGenericObjectResponseDetails", _OBJECTS),
    ),
    "GetAllTaskDetails": (("tasks", "listOfTaskResponseDetails", _TASKS),),
    "GetAllDestinationDetails": (("destinations", "listOfDestinationResponseDetails", _DESTINATIONS),),
    "GetAllGenericObjectDetails": (("objects", "listOfGenericObjectResponseDetails", _OBJECTS),),
    "ListAllDetails": (
        ("xids", "ListOfXIDs+", UUIDS),
        ("dids", "ListOfDIDs+", DIDS),
        ("object_ids", "ListOfGenericObjectIDs", OBJECT_IDS),
    ),
    "ReportNEIssue": (("ok", "oK+", OK_COMPLETED),),
    "GetObject": (("object", "genericObjectResponseDetails+", OBJECT_RESPONSE),),
    "ListObjectsOfType": (("object_ids", "listOfObjects+", OBJECT_IDS),),
}
EXTENDED: Final = "ExtendedRequestMessageType"
KINDS: Final = tuple(REQUESTS)

HEAD_ALONE: Final = Record(X1Message, rows(X1, *_HEADER))
"""Of a message whose body is unknown or unsound: all of it is kept."""
REQUEST_RECORDS: Final = {kind: Record(X1Message, rows(X1, *_HEADER, *body)) for kind, body in REQUESTS.items()}
RESPONSE_RECORDS: Final = {kind: Record(X1Reply, rows(X1, *_HEADER, *body)) for kind, body in RESPONSES.items()}
REPLY_ALONE: Final = Record(X1Reply, rows(X1, *_HEADER))
ERROR_RECORD: Final = Record(
    X1Reply,
    rows(
        X1,
        *_HEADER,
        ("kind", "requestMessageType+", word_of(*KINDS, EXTENDED)),
        ("error", "errorInformation+", ERROR),
        (
            "extension",
            "extensionInformation",
            Record(
                ExtensionInformation,
                rows(
                    X1,
                    ("specification", "extensionSpecification+", word_of("TS133128")),
                    ("request_type", "extendedRequestMessageType+", TEXT),
                ),
            ),
        ),
    ),
)
TOP_LEVEL: Final = Record(TopLevelError, rows(X1, *_HEAD))
