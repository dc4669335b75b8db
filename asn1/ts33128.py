"""TS 33.128 payloads: XIRIPayload (X2), IRIPayload and CCPayload (inside the PS-PDU), LINotificationPayload (HI4).

Rows of Rel-19 version 3 of the module (0.4.0.2.2.4.19.19.3); tags did not change from Rel-17 to Rel-19, so any version
is read. An event whose record is not described here keeps its name and decodes to a tag tree; one whose name is not
listed becomes (`[n]`, tree) and is reported as unknown. In Rel-16 tag 4 of CCPDU was pTCCCPDU: whoever reads that far
back must look at the release in cCPayloadOID.

An event is (name, value), such as ("sMSMessage", {...}); IRIEvent and XIRIEvent carry the same alternatives, so the
mediation function passes an event on as it is and puts its own object id on top.
"""

from __future__ import annotations

from collections.abc import Sequence as Listed
from typing import Final

from asn1.ip import IPIRI_PACKET_REPORT
from asn1.table import (
    BOOLEAN,
    GENERALIZED_TIME,
    OCTETS,
    RELATIVE_OID,
    UINT8,
    UNDESCRIBED,
    Choice,
    Field,
    Sequence,
    SequenceOf,
    Type,
    Value,
    decode,
    encode,
    enumerated,
)
from asn1.tlv import Buffer
from asn1.ts33128_messages import (
    IMS_MESSAGE,
    IMSCC_UNAVAILABLE,
    SMS_MESSAGE,
    SMS_REPORT,
    START_OF_INTERCEPTION_FOR_ACTIVE_IMS_SESSION,
)
from asn1.ts33128_mms import (
    MMS_DELIVERY_REPORT,
    MMS_NOTIFICATION,
    MMS_NOTIFICATION_RESPONSE,
    MMS_RETRIEVAL,
    MMS_SEND,
    MMSCCPDU,
)
from asn1.ts33128_session import (
    AMF_DEREGISTRATION,
    AMF_LOCATION_UPDATE,
    AMF_REGISTRATION,
    AMF_START_OF_INTERCEPTION_WITH_REGISTERED_UE,
    SMF_START_OF_INTERCEPTION_WITH_ESTABLISHED_PDU_SESSION,
    SMFPDU_SESSION_ESTABLISHMENT,
    SMFPDU_SESSION_MODIFICATION,
    SMFPDU_SESSION_RELEASE,
)
from asn1.ts33128_types import TARGET_IDENTIFIER

Event = tuple[str, Value]

XIRI_OID: Final = "4.19.19.3.1"
IRI_OID: Final = "4.19.19.3.3"
CC_OID: Final = "4.19.19.3.4"
LI_NOTIFICATION_OID: Final = "4.19.19.3.5"

_DESCRIBED: Final[dict[str, Type]] = {
    "registration": AMF_REGISTRATION,
    "deregistration": AMF_DEREGISTRATION,
    "locationUpdate": AMF_LOCATION_UPDATE,
    "startOfInterceptionWithRegisteredUE": AMF_START_OF_INTERCEPTION_WITH_REGISTERED_UE,
    "pDUSessionEstablishment": SMFPDU_SESSION_ESTABLISHMENT,
    "pDUSessionModification": SMFPDU_SESSION_MODIFICATION,
    "pDUSessionRelease": SMFPDU_SESSION_RELEASE,
    "startOfInterceptionWithEstablishedPDUSession": SMF_START_OF_INTERCEPTION_WITH_ESTABLISHED_PDU_SESSION,
    "sMSMessage": SMS_MESSAGE,
    "sMSReport": SMS_REPORT,
    "mMSSend": MMS_SEND,
    "mMSNotification": MMS_NOTIFICATION,
    "mMSNotificationResponse": MMS_NOTIFICATION_RESPONSE,
    "mMSRetrieval": MMS_RETRIEVAL,
    "mMSDeliveryReport": MMS_DELIVERY_REPORT,
    "iMSMessage": IMS_MESSAGE,
    "startOfInterceptionForActiveIMSSession": START_OF_INTERCEPTION_FOR_ACTIVE_IMS_SESSION,
    "iMSCCUnavailable": IMSCC_UNAVAILABLE,
    "iPIRIPacketReport": IPIRI_PACKET_REPORT,
}
_SHARED_EVENTS: Final = """
1=registration 2=deregistration 3=locationUpdate 4=startOfInterceptionWithRegisteredUE 5=unsuccessfulAMProcedure
6=pDUSessionEstablishment 7=pDUSessionModification 8=pDUSessionRelease
9=startOfInterceptionWithEstablishedPDUSession 10=unsuccessfulSMProcedure 11=servingSystemMessage 12=sMSMessage
13=lALSReport 14=pDHeaderReport 15=pDSummaryReport 17=mMSSend 18=mMSSendByNonLocalTarget 19=mMSNotification
20=mMSSendToNonLocalTarget 21=mMSNotificationResponse 22=mMSRetrieval 23=mMSDeliveryAck 24=mMSForward
25=mMSDeleteFromRelay 26=mMSDeliveryReport 27=mMSDeliveryReportNonLocalTarget 28=mMSReadReport
29=mMSReadReportNonLocalTarget 30=mMSCancel 31=mMSMBoxStore 32=mMSMBoxUpload 33=mMSMBoxDelete
34=mMSMBoxViewRequest 35=mMSMBoxViewResponse 36=pTCRegistration 37=pTCSessionInitiation 38=pTCSessionAbandon
39=pTCSessionStart 40=pTCSessionEnd 41=pTCStartOfInterception 42=pTCPreEstablishedSession
43=pTCInstantPersonalAlert 44=pTCPartyJoin 45=pTCPartyDrop 46=pTCPartyHold 47=pTCMediaModification
48=pTCGroupAdvertisement 49=pTCFloorControl 50=pTCTargetPresence 51=pTCParticipantPresence 52=pTCListManagement
53=pTCAccessPolicy 54=subscriberRecordChangeMessage 55=cancelLocationMessage 56=sMSReport
57=sMFMAPDUSessionEstablishment 58=sMFMAPDUSessionModification 59=sMFMAPDUSessionRelease
60=startOfInterceptionWithEstablishedMAPDUSession 61=unsuccessfulMASMProcedure 62=aMFIdentifierAssociation
63=mMEIdentifierAssociation 64=sMFPDUtoMAPDUSessionModification 87=mMEAttach 88=mMEDetach 89=mMELocationUpdate
90=mMEStartOfInterceptionWithEPSAttachedUE 91=mMEUnsuccessfulProcedure 102=separatedLocationReporting
103=sTIRSHAKENSignatureGeneration 104=sTIRSHAKENSignatureValidation 105=iMSMessage
106=startOfInterceptionForActiveIMSSession 107=iMSCCUnavailable 108=uDMLocationInformationResult
109=uDMUEInformationResponse 110=uDMUEAuthenticationResponse 111=positioningInfoTransfer
124=uDMStartOfInterceptionWithRegisteredTarget 132=aMFUEConfigurationUpdate 133=hSSServingSystemMessage
134=hSSStartOfInterceptionWithRegisteredTarget 140=rCSRegistration 141=rCSMessage 142=rCSCapabilityDiscovery
143=rCSSessionEstablishment 144=rCSSessionModification 145=rCSSessionRelease
157=startOfInterceptForRegisteredRCSUser 158=startOfInterceptWithEstablisedRCSSession 162=iMSDataChannelSetup
163=iMSDataChannelModification 164=iMSDataChannelTermination 165=mMSConvertedFromEmail 166=mMSConvertedToEmail
175=aMFUEContextUpdate 176=ePSPDNConnectionEstablishment 177=ePSPDNConnectionModification
178=ePSPDNConnectionRelease 179=ePSStartOfInterceptionWithEstablishedPDNConnection
180=ePSPDNUnsuccessfulProcedure 181=startOfInterceptionWithEstablishedIMSDataChannel
186=aMFIdentifierDeassociation 187=mMEIdentifierDeassociation
"""
_X2_ONLY: Final = "100=n9HRPDUSessionInfo 101=s8HRBearerInfo 161=iPIRIPacketReport"
_HI2_ONLY: Final = "16=mDFCellSiteReport"


def _events(name: str, rows: str) -> Choice:
    pairs = sorted((int(number), event) for number, event in (row.split("=") for row in rows.split()))
    return Choice(name, tuple(Field(number, event, _DESCRIBED.get(event, UNDESCRIBED)) for number, event in pairs))


XIRI_EVENT: Final = _events("XIRIEvent", f"{_SHARED_EVENTS} {_X2_ONLY}")
IRI_EVENT: Final = _events("IRIEvent", f"{_SHARED_EVENTS} {_HI2_ONLY}")

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
            Sequence(
                "ExtendedUPFCCPDU", (Field(1, "payload", UPFCCPDU_PAYLOAD), Field(2, "qFI", UINT8, optional=True))
            ),
        ),
        Field(3, "mMSCCPDU", MMSCCPDU),
        Field(4, "nIDDCCPDU", UNDESCRIBED),
        Field(5, "pTCCCPDU", UNDESCRIBED),
        Field(6, "iMSCCPDU", UNDESCRIBED),
        Field(7, "rCSCCPDU", UNDESCRIBED),
    ),
)
CC_PAYLOAD: Final = Sequence("CCPayload", (Field(1, "cCPayloadOID", RELATIVE_OID), Field(2, "pDU", CC_PDU)))
LI_NOTIFICATION: Final = Sequence(
    "LINotification",
    (
        Field(1, "notificationType", enumerated("LINotificationType", "1=activation 2=deactivation 3=modification")),
        Field(2, "appliedTargetID", TARGET_IDENTIFIER, optional=True),
        Field(3, "appliedDeliveryInformation", UNDESCRIBED, optional=True),
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
