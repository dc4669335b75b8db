"""TS 33.128 short message and IMS events (Rel-19 version 3 of the module).

The direction enumerations of SMS, MMS, IMS and the PS-PDU have different numbers; they are never shared.
"""

from __future__ import annotations

from typing import Final

from asn1.table import (
    BOOLEAN,
    OCTETS,
    UINT8,
    UNDESCRIBED,
    UTF8,
    Choice,
    Field,
    OctetString,
    Sequence,
    SequenceOf,
    enumerated,
)
from asn1.ts33128_types import DIRECTION, E164_NUMBER, GPSI, IMPU, IP_ADDRESS, LOCATION, PEI, SUPI

SMS_TRANSFER_STATUS: Final = enumerated("SMSTransferStatus", "1=transferSucceeded 2=transferFailed 3=undefined")
SMS_MESSAGE_TYPE: Final = enumerated(
    "SMSMessageType",
    "1=deliver 2=deliverReportAck 3=deliverReportError 4=statusReport 5=command 6=submit "
    "7=submitReportAck 8=submitReportError 9=reserved",
)
SMSNF_TYPE: Final = enumerated("SMSNFType", "1=sMSGMSC 2=iWMSC 3=sMSRouter")
SESSION_DIRECTION: Final = enumerated("SessionDirection", "1=fromTarget 2=toTarget 3=combined 4=indeterminate")
VO_IP_ROAMING_INDICATION: Final = enumerated("VoIPRoamingIndication", "1=roamingLBO 2=roamingS8HR 3=roamingN9HR")
SMS_ADDRESS: Final = OctetString("SMSAddress", 2, 12)
SMSTPDU: Final = OctetString("SMSTPDU", 1, 270)
TRUNCATED_SMSTPDU: Final = OctetString("TruncatedSMSTPDU", 1, 130)
SMS_PARTY: Final = Sequence(
    "SMSParty",
    (
        Field(1, "sUPI", SUPI, optional=True),
        Field(2, "pEI", PEI, optional=True),
        Field(3, "gPSI", GPSI, optional=True),
        Field(4, "sMSAddress", SMS_ADDRESS, optional=True),
    ),
)
SMSTPDU_DATA: Final = Choice(
    "SMSTPDUData",
    (
        Field(1, "sMSTPDU", SMSTPDU),
        Field(2, "truncatedSMSTPDU", TRUNCATED_SMSTPDU),
        Field(3, "redactedSMSTPDU", SMSTPDU),
        Field(4, "threeGPP2SMSTPDU", UNDESCRIBED),
        Field(5, "redacted3GPP2SMSTPDU", UNDESCRIBED),
    ),
)
SMSNF_ADDRESS: Final = Choice(
    "SMSNFAddress",
    (
        Field(1, "iPAddress", IP_ADDRESS),
        Field(2, "e164Number", E164_NUMBER),
    ),
)
SMS_MESSAGE: Final = Sequence(
    "SMSMessage",
    (
        Field(1, "originatingSMSParty", SMS_PARTY),
        Field(2, "terminatingSMSParty", SMS_PARTY),
        Field(3, "direction", DIRECTION),
        Field(4, "linkTransferStatus", SMS_TRANSFER_STATUS),
        Field(5, "otherMessage", BOOLEAN, optional=True),
        Field(6, "location", LOCATION, optional=True),
        Field(7, "peerNFAddress", SMSNF_ADDRESS, optional=True),
        Field(8, "peerNFType", SMSNF_TYPE, optional=True),
        Field(9, "sMSTPDUData", SMSTPDU_DATA, optional=True),
        Field(10, "messageType", SMS_MESSAGE_TYPE, optional=True),
        Field(11, "rPMessageReference", UINT8, optional=True),
    ),
)
SMS_REPORT: Final = Sequence(
    "SMSReport",
    (
        Field(1, "location", LOCATION, optional=True),
        Field(2, "sMSTPDUData", SMSTPDU_DATA),
        Field(3, "messageType", SMS_MESSAGE_TYPE),
        Field(4, "rPMessageReference", UINT8),
    ),
)
SIP_MESSAGE: Final = Sequence(
    "SIPMessage",
    (
        Field(1, "iPSourceAddress", IP_ADDRESS),
        Field(2, "iPDestinationAddress", IP_ADDRESS),
        Field(3, "sIPContent", OCTETS),
    ),
)
IMS_PAYLOAD: Final = Choice(
    "IMSPayload",
    (
        Field(1, "encapsulatedSIPMessage", SIP_MESSAGE),
        Field(2, "modifiedSIPMessage", UNDESCRIBED),
    ),
)
IMS_MESSAGE: Final = Sequence(
    "IMSMessage",
    (
        Field(1, "payload", IMS_PAYLOAD),
        Field(2, "sessionDirection", SESSION_DIRECTION),
        Field(3, "voIPRoamingIndication", VO_IP_ROAMING_INDICATION, optional=True),
        Field(6, "location", LOCATION, optional=True),
        Field(7, "accessNetworkInformation", UNDESCRIBED, optional=True),
        Field(8, "cellularNetworkInformation", UNDESCRIBED, optional=True),
        Field(9, "numberTranslationInformation", UNDESCRIBED, optional=True),
    ),
)
START_OF_INTERCEPTION_FOR_ACTIVE_IMS_SESSION: Final = Sequence(
    "StartOfInterceptionForActiveIMSSession",
    (
        Field(1, "originatingId", SequenceOf("SEQUENCE OF IMPU", IMPU)),
        Field(2, "terminatingId", IMPU),
        Field(3, "sDPState", SequenceOf("SEQUENCE OF OCTET STRING", OCTETS), optional=True),
        Field(4, "diversionIdentity", IMPU, optional=True),
        Field(5, "voIPRoamingIndication", VO_IP_ROAMING_INDICATION, optional=True),
        Field(7, "location", LOCATION, optional=True),
        Field(8, "accessNetworkInformation", UNDESCRIBED, optional=True),
        Field(9, "cellularNetworkInformation", UNDESCRIBED, optional=True),
    ),
)
IMSCC_UNAVAILABLE: Final = Sequence(
    "IMSCCUnavailable",
    (
        Field(1, "cCUnavailableReason", UTF8),
        Field(2, "sDPState", OCTETS, optional=True),
    ),
)
