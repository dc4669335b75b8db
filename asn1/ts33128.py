"""TS 33.128 payloads: XIRIPayload (X2), IRIPayload and CCPayload (inside the PS-PDU), LINotificationPayload (HI4).

Rows of Rel-19 version 3 of the module (0.4.0.2.2.4.19.19.3); tags did not change from Rel-17 to Rel-19, so any version
is read. An event whose record is not described keeps its name and decodes to a tag tree; one whose name is not
listed becomes (`[n]`, tree) and is reported as unknown. In Rel-16 tag 4 of CCPDU was pTCCCPDU: whoever reads that far
back must look at the release in cCPayloadOID.

An event is (name, value), such as ("sMSMessage", {...}); IRIEvent and XIRIEvent carry the same alternatives, so the
mediation function passes an event on as it is and puts its own object id on top.
"""

from __future__ import annotations

from collections.abc import Sequence as Listed
from typing import Final

from asn1.table import (
    BOOLEAN,
    GENERALIZED_TIME,
    OCTETS,
    RELATIVE_OID,
    UINT16,
    Choice,
    Field,
    Integer,
    Sequence,
    SequenceOf,
    Value,
    decode,
    encode,
    enumerated,
)
from asn1.tlv import Buffer
from asn1.ts33128_events import IRI_EVENT, XIRI_EVENT
from asn1.ts33128_messages import IMSCCPDU, RCSCCPDU
from asn1.ts33128_mms import MMSCCPDU
from asn1.ts33128_types import IP_ADDRESS, TARGET_IDENTIFIER

Event = tuple[str, Value]

XIRI_OID: Final = "4.19.19.3.1"
IRI_OID: Final = "4.19.19.3.3"
CC_OID: Final = "4.19.19.3.4"
LI_NOTIFICATION_OID: Final = "4.19.19.3.5"

XIRI_PAYLOAD: Final = Sequence("XIRIPayload", (Field(1, "xIRIPayloadOID", RELATIVE_OID), Field(2, "event", XIRI_EVENT)))
IRI_TARGET_IDENTIFIER: Final = Sequence(
    "IRITargetIdentifier",
    (
        Field(1, "identifier", TARGET_IDENTIFIER),
        Field(
            2,
            "provenance",
            enumerated("TargetIdentifierProvenance", "1=lEAProvided 2=observed 3=matchedOn 4=other"),
            optional=True,
        ),
    ),
)
IRI_PAYLOAD: Final = Sequence(
    "IRIPayload",
    (
        Field(1, "iRIPayloadOID", RELATIVE_OID),
        Field(2, "event", IRI_EVENT),
        Field(
            3,
            "targetIdentifiers",
            SequenceOf("SEQUENCE OF IRITargetIdentifier", IRI_TARGET_IDENTIFIER),
            optional=True,
        ),
        Field(
            4,
            "mediatedFromIndicator",
            Choice("MediatedFromIndicator", (Field(1, "xIRIRelativeOID", RELATIVE_OID),)),
            optional=True,
        ),
    ),
)
QFI: Final = Integer("QFI", 0, 63)
UPFCCPDU_PAYLOAD: Final = Choice(
    "UPFCCPDUPayload",
    (Field(1, "uPFIPCC", OCTETS), Field(2, "uPFEthernetCC", OCTETS), Field(3, "uPFUnstructuredCC", OCTETS)),
)
CC_PDU: Final = Choice(
    "CCPDU",
    (
        Field(1, "uPFCCPDU", OCTETS),
        Field(
            2,
            "extendedUPFCCPDU",
            Sequence("ExtendedUPFCCPDU", (Field(1, "payload", UPFCCPDU_PAYLOAD), Field(2, "qFI", QFI, optional=True))),
        ),
        Field(3, "mMSCCPDU", MMSCCPDU),
        Field(4, "nIDDCCPDU", OCTETS),
        Field(5, "pTCCCPDU", OCTETS),
        Field(6, "iMSCCPDU", IMSCCPDU),
        Field(7, "rCSCCPDU", RCSCCPDU),
    ),
)
CC_PAYLOAD: Final = Sequence("CCPayload", (Field(1, "cCPayloadOID", RELATIVE_OID), Field(2, "pDU", CC_PDU)))
LI_APPLIED_DELIVERY_INFORMATION: Final = Sequence(
    "LIAppliedDeliveryInformation",
    (
        Field(1, "hI2DeliveryIPAddress", IP_ADDRESS, optional=True),
        Field(2, "hI2DeliveryPortNumber", UINT16, optional=True),
        Field(3, "hI3DeliveryIPAddress", IP_ADDRESS, optional=True),
        Field(4, "hI3DeliveryPortNumber", UINT16, optional=True),
    ),
)
LI_NOTIFICATION: Final = Sequence(
    "LINotification",
    (
        Field(1, "notificationType", enumerated("LINotificationType", "1=activation 2=deactivation 3=modification")),
        Field(2, "appliedTargetID", TARGET_IDENTIFIER, optional=True),
        Field(
            3,
            "appliedDeliveryInformation",
            SequenceOf("SEQUENCE OF LIAppliedDeliveryInformation", LI_APPLIED_DELIVERY_INFORMATION),
            optional=True,
        ),
        Field(4, "appliedStartTime", GENERALIZED_TIME, optional=True),
        Field(5, "appliedEndTime", GENERALIZED_TIME, optional=True),
        Field(6, "appliedTargetIsLocal", BOOLEAN, optional=True),
        Field(7, "appliedTargetIsNonLocal", BOOLEAN, optional=True),
    ),
)
LI_NOTIFICATION_PAYLOAD: Final = Sequence(
    "LINotificationPayload",
    (
        Field(1, "lINotificationPayloadOID", RELATIVE_OID),
        Field(2, "notification", Choice("LINotificationMessage", (Field(1, "lINotification", LI_NOTIFICATION),))),
    ),
)


def encode_xiri(event: Event, oid: str = XIRI_OID) -> bytes:
    """An XIRIPayload, the payload of an X2 PDU of format 2. Raises EncodeError."""
    return encode(XIRI_PAYLOAD, {"xIRIPayloadOID": oid, "event": event})


def decode_xiri(octets: Buffer) -> Event:
    """The event of exactly one XIRIPayload. Raises DecodeError."""
    event: Event = decode(XIRI_PAYLOAD, octets)["event"]
    return event


def encode_iri(
    event: Event,
    targets: Listed[tuple[tuple[str, Value], str]] = (),
    mediated_from: str | None = None,
    oid: str = IRI_OID,
) -> bytes:
    """An IRIPayload, the content of threeGPP33128DefinedIRI. Raises EncodeError.

    `targets` are (TargetIdentifier, provenance) such as (("mSISDN", "12125550101"), "lEAProvided"); `mediated_from` is
    the object id of the xIRI when its release or version is not ours.
    """
    value: dict[str, Value] = {"iRIPayloadOID": oid, "event": event}
    if targets:
        value["targetIdentifiers"] = [{"identifier": target, "provenance": origin} for target, origin in targets]
    if mediated_from is not None:
        value["mediatedFromIndicator"] = ("xIRIRelativeOID", mediated_from)
    return encode(IRI_PAYLOAD, value)


def decode_iri(octets: Buffer) -> Event:
    """The event of exactly one IRIPayload. Raises DecodeError."""
    event: Event = decode(IRI_PAYLOAD, octets)["event"]
    return event


def encode_cc(pdu: Event, oid: str = CC_OID) -> bytes:
    """A CCPayload, the content of threeGPP33128DefinedCC. Raises EncodeError."""
    return encode(CC_PAYLOAD, {"cCPayloadOID": oid, "pDU": pdu})


def decode_cc(octets: Buffer) -> Event:
    """The PDU of exactly one CCPayload. Raises DecodeError."""
    pdu: Event = decode(CC_PAYLOAD, octets)["pDU"]
    return pdu
