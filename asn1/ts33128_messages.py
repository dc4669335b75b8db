"""TS 33.128 short message and IMS events, and IMS content (Rel-19 version 3 of the module).

The direction enumerations of SMS, MMS, IMS and the PS-PDU have different numbers; they are never shared.
"""

from __future__ import annotations

from typing import Final

from asn1.table import (
    BOOLEAN,
    INTEGER,
    NULL,
    OCTETS,
    UINT8,
    UTF8,
    Choice,
    Field,
    OctetString,
    Sequence,
    SequenceOf,
    enumerated,
)
from asn1.ts33128_location import LOCATION, SIP_ACCESS_NETWORK_INFORMATION, SIP_CELLULAR_NETWORK_INFORMATION
from asn1.ts33128_types import BIT_STRING, DIRECTION, E164_NUMBER, GPSI, IMPU, IP_ADDRESS, PEI, SUPI
from asn1.ts33128_udm import IMS_SUBSCRIBER_I_DS

SMS_ADDRESS: Final = OctetString("SMSAddress", 2, 12)
SMS_PARTY: Final = Sequence(
    "SMSParty",
    (
        Field(1, "sUPI", SUPI, optional=True),
        Field(2, "pEI", PEI, optional=True),
        Field(3, "gPSI", GPSI, optional=True),
        Field(4, "sMSAddress", SMS_ADDRESS, optional=True),
    ),
)
SMS_TRANSFER_STATUS: Final = enumerated("SMSTransferStatus", "1=transferSucceeded 2=transferFailed 3=undefined")
SMSNF_ADDRESS: Final = Choice(
    "SMSNFAddress",
    (
        Field(1, "iPAddress", IP_ADDRESS),
        Field(2, "e164Number", E164_NUMBER),
    ),
)
SMSNF_TYPE: Final = enumerated("SMSNFType", "1=sMSGMSC 2=iWMSC 3=sMSRouter")
SMSTPDU: Final = OctetString("SMSTPDU", 1, 270)
TRUNCATED_SMSTPDU: Final = OctetString("TruncatedSMSTPDU", 1, 130)
SMSTPDU_DATA: Final = Choice(
    "SMSTPDUData",
    (
        Field(1, "sMSTPDU", SMSTPDU),
        Field(2, "truncatedSMSTPDU", TRUNCATED_SMSTPDU),
        Field(3, "redactedSMSTPDU", SMSTPDU),
        Field(4, "threeGPP2SMSTPDU", OCTETS),
        Field(5, "redacted3GPP2SMSTPDU", OCTETS),
    ),
)
SMS_MESSAGE_TYPE: Final = enumerated(
    "SMSMessageType",
    "1=deliver 2=deliverReportAck 3=deliverReportError 4=statusReport 5=command 6=submit 7=submitReportAck "
    "8=submitReportError 9=reserved",
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
PREDEFINED_PAYLOAD_MODIFICATION: Final = enumerated(
    "PredefinedPayloadModification",
    "1=pANILocationRemoval 2=cNILocationRemoval 3=sIPGeolocationInfoRemoval 4=presenceInformationLocationRemoval "
    "5=tS33128SMSTPDURedaction 6=tS33128TruncatedSMSTPDU 7=iMSTextContentRemoval 8=iMSSubjectContentRemoval "
    "9=rCSPresenceLocationRemoval 10=rCSCPIMLocationRemoval 11=rCSTextContentRemoval 12=rCSSubjectContentRemoval "
    "13=rCSGeolocationPUSHContentRemoval 14=rCSFileURLContentRemoval 15=threeGPP2SMSUserDataRedaction",
)
MIME_PART_IDENTIFIER: Final = Choice(
    "MIMEPartIdentifier",
    (Field(1, "index", INTEGER),),
)
MIME_BODY: Final = Choice(
    "MIMEBody",
    (
        Field(1, "fullBody", NULL),
        Field(2, "bodyPart", MIME_PART_IDENTIFIER),
    ),
)
INDEX_RANGE: Final = Sequence(
    "IndexRange",
    (
        Field(1, "start", INTEGER),
        Field(2, "end", INTEGER),
    ),
)
MODIFICATION_LOCATION: Final = Choice(
    "ModificationLocation",
    (
        Field(1, "jSONPointer", UTF8),
        Field(2, "xPath", UTF8),
        Field(3, "sIPHeader", UTF8),
        Field(4, "sIPBody", NULL),
        Field(5, "mIMEHeader", UTF8),
        Field(6, "mIMEBody", MIME_BODY),
        Field(7, "uTF8Location", INDEX_RANGE),
        Field(8, "octetLocation", INDEX_RANGE),
        Field(9, "aBNFRule", UTF8),
    ),
)
PAYLOAD_INFORMATION_REMOVED: Final = Choice(
    "PayloadInformationRemoved",
    (
        Field(1, "charactersRemoved", INTEGER),
        Field(2, "octetsRemoved", INTEGER),
        Field(3, "bitsRemoved", INTEGER),
    ),
)
PAYLOAD_INFORMATION_REPLACED_WITH_CHARACTERS: Final = Sequence(
    "PayloadInformationReplacedWithCharacters",
    (Field(1, "characters", UTF8),),
)
MODIFICATION_TYPE: Final = Choice(
    "ModificationType",
    (
        Field(1, "removed", PAYLOAD_INFORMATION_REMOVED),
        Field(2, "replacedWithCharacters", PAYLOAD_INFORMATION_REPLACED_WITH_CHARACTERS),
        Field(3, "replacedWithOctets", OCTETS),
        Field(4, "replacedWithBits", BIT_STRING),
    ),
)
PAYLOAD_MODIFICATION_DESCRIPTION: Final = Sequence(
    "PayloadModificationDescription",
    (
        Field(1, "modificationLocation", MODIFICATION_LOCATION),
        Field(2, "modificationType", MODIFICATION_TYPE),
    ),
)
PAYLOAD_MODIFICATION: Final = Choice(
    "PayloadModification",
    (
        Field(1, "predefinedModification", PREDEFINED_PAYLOAD_MODIFICATION),
        Field(2, "describedModification", PAYLOAD_MODIFICATION_DESCRIPTION),
    ),
)
PAYLOAD_MODIFICATIONS: Final = Sequence(
    "PayloadModifications",
    (Field(1, "modificationList", SequenceOf("SEQUENCE OF PayloadModification", PAYLOAD_MODIFICATION)),),
)
MODIFIED_SIP_MESSAGE: Final = Sequence(
    "ModifiedSIPMessage",
    (
        Field(1, "modifiedSIPContent", SIP_MESSAGE),
        Field(2, "modifications", PAYLOAD_MODIFICATIONS),
    ),
)
IMS_PAYLOAD: Final = Choice(
    "IMSPayload",
    (
        Field(1, "encapsulatedSIPMessage", SIP_MESSAGE),
        Field(2, "modifiedSIPMessage", MODIFIED_SIP_MESSAGE),
    ),
)
SESSION_DIRECTION: Final = enumerated("SessionDirection", "1=fromTarget 2=toTarget 3=combined 4=indeterminate")
VO_IP_ROAMING_INDICATION: Final = enumerated("VoIPRoamingIndication", "1=roamingLBO 2=roamingS8HR 3=roamingN9HR")
PARTY_INDICATION: Final = enumerated("PartyIndication", "1=callingParty 2=calledParty")
TRANSLATION_INPUT: Final = Choice(
    "TranslationInput",
    (Field(1, "iMSIdentities", IMS_SUBSCRIBER_I_DS),),
)
NUMBER_TRANSLATION: Final = Sequence(
    "NumberTranslation",
    (
        Field(1, "partyIndication", PARTY_INDICATION),
        Field(2, "translationInput", TRANSLATION_INPUT),
    ),
)
IMS_MESSAGE: Final = Sequence(
    "IMSMessage",
    (
        Field(1, "payload", IMS_PAYLOAD),
        Field(2, "sessionDirection", SESSION_DIRECTION),
        Field(3, "voIPRoamingIndication", VO_IP_ROAMING_INDICATION, optional=True),
        Field(6, "location", LOCATION, optional=True),
        Field(
            7,
            "accessNetworkInformation",
            SequenceOf("SEQUENCE OF SIPAccessNetworkInformation", SIP_ACCESS_NETWORK_INFORMATION),
            optional=True,
        ),
        Field(
            8,
            "cellularNetworkInformation",
            SequenceOf("SEQUENCE OF SIPCellularNetworkInformation", SIP_CELLULAR_NETWORK_INFORMATION),
            optional=True,
        ),
        Field(
            9,
            "numberTranslationInformation",
            SequenceOf("SEQUENCE OF NumberTranslation", NUMBER_TRANSLATION),
            optional=True,
        ),
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
        Field(
            8,
            "accessNetworkInformation",
            SequenceOf("SEQUENCE OF SIPAccessNetworkInformation", SIP_ACCESS_NETWORK_INFORMATION),
            optional=True,
        ),
        Field(
            9,
            "cellularNetworkInformation",
            SequenceOf("SEQUENCE OF SIPCellularNetworkInformation", SIP_CELLULAR_NETWORK_INFORMATION),
            optional=True,
        ),
    ),
)
IMSCC_UNAVAILABLE: Final = Sequence(
    "IMSCCUnavailable",
    (
        Field(1, "cCUnavailableReason", UTF8),
        Field(2, "sDPState", OCTETS, optional=True),
    ),
)
IMSCCPDU: Final = Sequence(
    "IMSCCPDU",
    (
        Field(1, "payload", OCTETS),
        Field(2, "sDPInfo", OCTETS, optional=True),
    ),
)
MIME_ENTITY: Final = Sequence(
    "MIMEEntity",
    (
        Field(1, "contentType", UTF8),
        Field(2, "encapsulatedMIMEEntity", UTF8),
    ),
)
MSRP_MESSAGE: Final = Sequence(
    "MSRPMessage",
    (Field(1, "encapsulatedMSRP", UTF8),),
)
ENCAPSULATED_RCS_PAYLOAD: Final = Choice(
    "EncapsulatedRCSPayload",
    (
        Field(1, "mIME", MIME_ENTITY),
        Field(2, "mSRP", MSRP_MESSAGE),
        Field(3, "sIP", SIP_MESSAGE),
    ),
)
RCSCCPDU: Final = Choice(
    "RCSCCPDU",
    (Field(1, "encapsulatedRCSPayload", ENCAPSULATED_RCS_PAYLOAD),),
)
