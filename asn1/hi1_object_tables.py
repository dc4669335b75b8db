"""The tables of HI1's objects: attribute, element, what it holds, in the order of the V1.23.1 schema."""

from __future__ import annotations

from typing import Any, Final

from asn1.errors import DecodeError, EncodeError
from asn1.hi1_objects import (
    AUTH,
    COMMON,
    CORE,
    DOC,
    LAB,
    NOTIFICATION,
    TASK,
    ApprovalDetails,
    ApproverDetails,
    Authorisation,
    DeliveryDestination,
    DictionaryEntry,
    Document,
    DocumentBody,
    DocumentProperty,
    EndpointId,
    ErrorInformation,
    HI1Object,
    Kept,
    LITask,
    NationalFields,
    Notification,
    ObjectStatus,
    OtherObject,
    TargetFormat,
    TargetIdentifier,
    TargetValue,
    Timespan,
)
from asn1.hi1_walk import (
    COUNT,
    LONG,
    MAX_REPEATS,
    MOMENT,
    OCTETS,
    SHORT,
    UUID,
    YES_NO,
    Field,
    Kind,
    Listed,
    Opaque,
    Record,
    text_of,
)
from asn1.hi1_xml import RawXml, Writer, local, raw_of, split_tag, xsi_type

COUNTRY: Final = text_of(2, 2, "[A-Z]{2}")
LIID: Final = text_of(1, 50, "[ -~]{1,25}|([0-9a-f]{2}){13,25}")


class _NationalParameters:
    """Abstract in the schema: the type says whose. `country` is the tag of the element every such type begins with."""

    def __init__(self, country: str) -> None:
        self._country = country

    def read(self, element: Any, path: str, _kept: list[RawXml]) -> NationalFields | RawXml:  # noqa: ANN401
        space, name = split_tag(xsi_type(element, path))
        if space != LAB:
            return raw_of(element, "", path)
        first, *others = list(element) or [None]
        if first is None or first.tag != self._country:
            raise DecodeError(DecodeError.MISSING_FIELD, "national parameters name their country", 0, path)
        items = []
        for child in others:
            here = f"{path}.{local(str(child.tag))}"
            if split_tag(child.tag)[0] != LAB:
                raise DecodeError(DecodeError.BAD_TAG, "only the lab's own fields belong here", 0, here)
            items.append((local(child.tag), str(LONG.read(child, here, []))))
        if len(items) > MAX_REPEATS:
            raise DecodeError(DecodeError.TOO_MANY, f"at most {MAX_REPEATS} fields", 0, path)
        return NationalFields(name, str(COUNTRY.read(first, path, [])), tuple(items))

    def write(self, out: Writer, tag: str, value: NationalFields | RawXml, _kept: Kept) -> None:
        if isinstance(value, RawXml):
            _OPAQUE.write(out, tag, value, ())
            return
        out.open(tag, f"{{{LAB}}}{value.type_name}")
        COUNTRY.write(out, self._country, value.country, ())
        for name, text in value.items:
            if not name.isidentifier() or not name.isascii():
                raise EncodeError(f"{name!r} is no name of a field")
            LONG.write(out, f"{{{LAB}}}{name}", text, ())
        out.close(tag)


class _AnyObject:
    """An HI1Object by the type it names."""

    def read(self, element: Any, path: str, _kept: list[RawXml]) -> HI1Object:  # noqa: ANN401
        named = xsi_type(element, path)
        record = OBJECTS.get(named)
        if record is None:
            other: HI1Object = _OTHER.read_typed(element, path, OtherObject, type_name=named)
            return other
        found: HI1Object = record.read_typed(element, path, record.cls)
        return found

    def write(self, out: Writer, tag: str, value: HI1Object, _kept: Kept) -> None:
        if isinstance(value, OtherObject):
            _OTHER.write_typed(out, tag, value, value.type_name)
            return
        named = _NAMES.get(type(value))
        if named is None:
            raise EncodeError(f"{type(value).__name__} is no object of HI1")
        OBJECTS[named].write_typed(out, tag, value, named)


def elements(space: str, *rows: tuple[str, str, Kind], least: int = 0) -> tuple[Field, ...]:
    """Rows of a table: attribute, element name, what it holds. A name that ends in + is required, in * comes often."""
    found = []
    for attribute, name, kind in rows:
        required, most = int(name.endswith("+")) or least, MAX_REPEATS if name.endswith("*") else 1
        found.append(Field(attribute, f"{{{space}}}{name.rstrip('+*')}", kind, required, most))
    return tuple(found)


def _named(space: str, name: str) -> str:
    return f"{{{space}}}{name}"


def timespan(space: str, *more: tuple[str, str, Kind]) -> Record:
    return Record(Timespan, elements(space, ("start_us", "StartTime", MOMENT), ("end_us", "EndTime", MOMENT), *more))


_OPAQUE: Final = Opaque()
ENTRY: Final = Record(
    DictionaryEntry,
    elements(COMMON, ("owner", "Owner", SHORT), ("name", "Name", SHORT), ("value", "Value", SHORT), least=1),
)
ENDPOINT: Final = Record(
    EndpointId, elements(CORE, ("country", "CountryCode", COUNTRY), ("identifier", "UniqueIdentifier", LONG), least=1)
)
ERROR: Final = Record(
    ErrorInformation, elements(CORE, ("code", "ErrorCode", COUNT), ("description", "ErrorDescription", LONG), least=1)
)
OBJECT: Final = _AnyObject()

_APPROVER: Final = Record(
    ApproverDetails, elements(COMMON, ("name", "ApproverName", LONG), ("role", "ApproverRole", LONG))
)
_APPROVAL: Final = Record(
    ApprovalDetails,
    elements(
        COMMON,
        ("kind", "ApprovalType", LONG),
        ("description", "ApprovalDescription", LONG),
        ("reference", "ApprovalReference", LONG),
        ("approver", "ApproverDetails", _APPROVER),
        ("time_us", "ApprovalTimestamp", MOMENT),
        ("is_emergency", "ApprovalIsEmergency", YES_NO),
    ),
)
_BASE: Final = elements(
    CORE,
    ("object_id", "ObjectIdentifier+", UUID),
    ("country", "CountryCode", COUNTRY),
    ("owner", "OwnerIdentifier", SHORT),
    ("generation", "Generation", COUNT),
    ("external_id", "ExternalIdentifier", LONG),
    ("associated", "AssociatedObjects", Listed(_named(CORE, "AssociatedObject"), UUID)),
    ("last_changed_us", "LastChanged", MOMENT),
    ("national_handling", "NationalHandlingParameters", _NationalParameters(_named(CORE, "CountryCode"))),
)
_OTHER: Final = Record(OtherObject, _BASE)

_AUTHORISATION: Final = elements(
    AUTH,
    ("reference", "AuthorisationReference", LONG),
    ("legal_type", "AuthorisationLegalType", ENTRY),
    ("priority", "AuthorisationPriority", ENTRY),
    ("status", "AuthorisationStatus", ENTRY),
    ("desired_status", "AuthorisationDesiredStatus", ENTRY),
    ("timespan", "AuthorisationTimespan", timespan(AUTH)),
    ("csp_ids", "AuthorisationCSPID", Listed(_named(AUTH, "CSPID"), ENDPOINT, 1)),
    ("creation_us", "AuthorisationCreationTimestamp", MOMENT),
    ("served_us", "AuthorisationServedTimestamp", MOMENT),
    ("termination_us", "AuthorisationTerminationTimestamp", MOMENT),
    ("approvals", "AuthorisationApprovalDetails*", _APPROVAL),
    ("invalid_reason", "AuthorisationInvalidReason", ERROR),
    ("flags", "AuthorisationFlags", Listed(_named(AUTH, "AuthorisationFlag"), ENTRY)),
    ("manual_information", "AuthorisationManualInformation", LONG),
    ("national", "NationalAuthorisationParameters", _NationalParameters(_named(AUTH, "CountryCode"))),
    ("jurisdiction", "AuthorisationJurisdiction", LONG),
    ("type_of_case", "AuthorisationTypeOfCase", ENTRY),
    ("legal_entity", "AuthorisationLegalEntity", SHORT),
)
_TARGET_FORMAT: Final = Record(
    TargetFormat, elements(TASK, ("owner", "FormatOwner", SHORT), ("name", "FormatName", SHORT), least=1)
)
_TARGET_VALUE: Final = Record(
    TargetValue, elements(TASK, ("format", "FormatType", _TARGET_FORMAT), ("value", "Value", LONG), least=1)
)
_TARGET: Final = Record(
    TargetIdentifier,
    elements(
        TASK,
        ("values", "TargetIdentifierValues", Listed(_named(TASK, "TargetIdentifierValue"), _TARGET_VALUE, 1)),
        ("service_type", "ServiceType", ENTRY),
        ("subtype", "TargetIdentifierSubtype", ENTRY),
    ),
)
_DESTINATION: Final = Record(
    DeliveryDestination,
    elements(
        TASK,
        ("address", "DeliveryAddress", _OPAQUE),
        ("destination_reference", "DestinationReference", UUID),
        ("encryption_reference", "EncryptionReference", UUID),
        ("encryption_details", "EncryptionDetails", _OPAQUE),
        ("iri_or_cc", "IRIorCC", ENTRY),
        ("handover_format", "HandoverFormat", ENTRY),
        ("profile", "DeliveryProfile", ENTRY),
        ("national", "NationalDeliveryParameters", _NationalParameters(_named(TASK, "CountryCode"))),
    ),
)
_TASK_TIMESPAN: Final = timespan(
    TASK,
    ("termination_us", "TerminationTime", MOMENT),
    ("provisioning_us", "ProvisioningTime", MOMENT),
    ("deprovisioning_us", "DeprovisioningTime", MOMENT),
)
_LI_TASK: Final = elements(
    TASK,
    ("reference", "Reference", LIID),
    ("status", "Status", ENTRY),
    ("desired_status", "DesiredStatus", ENTRY),
    ("timespan", "Timespan", _TASK_TIMESPAN),
    ("target", "TargetIdentifier", _TARGET),
    ("delivery_type", "DeliveryType", ENTRY),
    ("deliveries", "DeliveryDetails", Listed(_named(TASK, "DeliveryDestination"), _DESTINATION, 1)),
    ("approvals", "ApprovalDetails*", _APPROVAL),
    ("csp_id", "CSPID", ENDPOINT),
    ("handling_profile", "HandlingProfile", ENTRY),
    ("invalid_reason", "InvalidReason", ERROR),
    ("flags", "Flags", Listed(_named(TASK, "TaskFlag"), ENTRY)),
    ("national", "NationalLITaskingParameters", _NationalParameters(_named(TASK, "CountryCode"))),
    ("traffic_policies", "ListOfTrafficPolicyReferences", _OPAQUE),
    ("iri_policies", "ListOfIRIPolicyReferences", _OPAQUE),
)
_DOCUMENT_BODY: Final = Record(
    DocumentBody,
    elements(
        DOC,
        ("contents", "Contents", OCTETS),
        ("content_type", "ContentType", SHORT),
        ("checksum", "Checksum", SHORT),
        ("checksum_type", "ChecksumType", SHORT),
    ),
)
_PROPERTY: Final = Record(
    DocumentProperty, elements(DOC, ("kind", "PropertyType", ENTRY), ("value", "PropertyValue", LONG), least=1)
)
_DOCUMENT: Final = elements(
    DOC,
    ("reference", "DocumentReference", LONG),
    ("name", "DocumentName", LONG),
    ("status", "DocumentStatus", ENTRY),
    ("desired_status", "DocumentDesiredStatus", ENTRY),
    ("timespan", "DocumentTimespan", timespan(DOC)),
    ("kind", "DocumentType", ENTRY),
    ("properties", "DocumentProperties", Listed(_named(DOC, "DocumentProperty"), _PROPERTY)),
    ("body", "DocumentBody", _DOCUMENT_BODY),
    ("signatures", "DocumentSignature*", _APPROVAL),
    ("invalid_reason", "DocumentInvalidReason", ERROR),
    ("national", "NationalDocumentParameters", _NationalParameters(_named(DOC, "CountryCode"))),
)
_OBJECT_STATUS: Final = Record(
    ObjectStatus,
    elements(
        NOTIFICATION,
        ("object_id", "AssociatedObject+", UUID),
        ("status", "Status+", ENTRY),
        ("details", "Details", LONG),
    ),
)
_STATUSES: Final = Listed(_named(NOTIFICATION, "AssociatedObjectStatus"), _OBJECT_STATUS, 1)
_NOTIFICATION: Final = elements(
    NOTIFICATION,
    ("details", "NotificationDetails", LONG),
    ("kind", "NotificationType", ENTRY),
    ("is_new", "NewNotification", YES_NO),
    ("time_us", "NotificationTimestamp", MOMENT),
    ("statuses", "StatusOfAssociatedObjects", _STATUSES),
    ("national", "NationalNotificationParameters", _NationalParameters(_named(NOTIFICATION, "CountryCode"))),
)

OBJECTS: Final[dict[str, Record]] = {
    _named(AUTH, "AuthorisationObject"): Record(Authorisation, _BASE + _AUTHORISATION),
    _named(TASK, "LITaskObject"): Record(LITask, _BASE + _LI_TASK),
    _named(DOC, "DocumentObject"): Record(Document, _BASE + _DOCUMENT),
    _named(NOTIFICATION, "NotificationObject"): Record(Notification, _BASE + _NOTIFICATION),
}
_NAMES: Final[dict[type[Any], str]] = {record.cls: name for name, record in OBJECTS.items()}
