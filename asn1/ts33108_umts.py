"""TS 33.108 B.3: IRI of the UMTS packet domain (UmtsHI2Operations): contexts, short messages, IMS, registrations.

Rows as in the published Rel-15 module (read in the schema)."""

from __future__ import annotations

from typing import Final

from asn1.hi2_types import (
    DATA_NODE_ADDRESS,
    IMS_EVENT,
    LDI_EVENT,
    NATIONAL_HI2_ASN1_PARAMETERS,
    NETWORK_IDENTIFIER,
    PARAMETERS,
    TIME_STAMP,
    UMTS_QOS,
)
from asn1.ps_common import CORRELATION_VALUES, LIID
from asn1.table import (
    NULL,
    OCTETS,
    OID,
    UNDESCRIBED,
    Choice,
    Field,
    Integer,
    OctetString,
    Sequence,
    SequenceOf,
    Text,
    enumerated,
)
from asn1.ts33108_types import (
    CSR_EVENT,
    EXTENDED_LOC_PARAMETERS,
    IMS_VOIP_CORRELATION,
    MEDIA_DECRYPTION_INFO,
    MEDIA_SEC_FAILURE_INDICATION,
    PACKET_DATA_HEADER_INFORMATION,
    REQUESTING_NODE_TYPE,
    UMTS_GPRS_EVENT,
    UMTS_HI2_LOCATION,
    UMTS_PARTY_INFORMATION,
    UMTS_SMS_REPORT,
)

PANI_UMTS_HI2_LOCATION: Final = Sequence(
    "PANI-UmtsHI2Location",
    (
        Field(1, "raw-UmtsHI2Location", OCTETS, optional=True),
        Field(2, "location", UMTS_HI2_LOCATION, optional=True),
    ),
)
PANI_HEADER_INFO: Final = Sequence(
    "PANI-Header-Info",
    (
        Field(1, "access-Type", OCTETS, optional=True),
        Field(2, "access-Class", OCTETS, optional=True),
        Field(3, "network-Provided", NULL, optional=True),
        Field(4, "pANI-UmtsHI2Location", PANI_UMTS_HI2_LOCATION, optional=True),
    ),
)
CURRENT_PREVIOUS_SYSTEMS: Final = Sequence(
    "Current-Previous-Systems",
    (
        Field(1, "serving-System-Identifier", OCTETS, optional=True),
        Field(2, "current-Serving-SGSN-Number", OCTETS, optional=True),
        Field(3, "current-Serving-SGSN-Address", OCTETS, optional=True),
        Field(4, "current-Serving-S4-SGSN-Address", OCTETS, optional=True),
        Field(5, "previous-Serving-System-Identifier", OCTETS, optional=True),
        Field(6, "previous-Serving-SGSN-Number", OCTETS, optional=True),
        Field(7, "previous-Serving-SGSN-Address", OCTETS, optional=True),
        Field(8, "previous-Serving-S4-SGSN-Address", OCTETS, optional=True),
    ),
)
CHANGE_OF_TARGET_IDENTITY: Final = Sequence(
    "Change-Of-Target-Identity",
    (
        Field(1, "new-MSISDN", UMTS_PARTY_INFORMATION, optional=True),
        Field(2, "old-MSISDN", UMTS_PARTY_INFORMATION, optional=True),
        Field(3, "new-IMSI", UMTS_PARTY_INFORMATION, optional=True),
        Field(4, "old-IMSI", UMTS_PARTY_INFORMATION, optional=True),
        Field(5, "new-IMEI", UMTS_PARTY_INFORMATION, optional=True),
        Field(6, "old-IMEI", UMTS_PARTY_INFORMATION, optional=True),
        Field(7, "new-IMPI", UMTS_PARTY_INFORMATION, optional=True),
        Field(8, "old-IMPI", UMTS_PARTY_INFORMATION, optional=True),
        Field(9, "new-SIP-URI", UMTS_PARTY_INFORMATION, optional=True),
        Field(10, "old-SIP-URI", UMTS_PARTY_INFORMATION, optional=True),
        Field(11, "new-TEL-URI", UMTS_PARTY_INFORMATION, optional=True),
        Field(12, "old-TEL-URI", UMTS_PARTY_INFORMATION, optional=True),
    ),
)
UMTS_IRI_PARAMETERS: Final = Sequence(
    "UmtsIRI-Parameters",
    (
        Field(0, "hi2DomainId", OID),
        Field(
            23,
            "iRIversion",
            enumerated("iRIversion", "2=version2 3=version3 4=version4 6=version6 8=lastVersion"),
            optional=True,
        ),
        Field(1, "lawfulInterceptionIdentifier", LIID),
        Field(3, "timeStamp", TIME_STAMP),
        Field(
            4,
            "initiator",
            enumerated("initiator", "0=not-Available 1=originating-Target 2=terminating-Target"),
            optional=True,
        ),
        Field(8, "locationOfTheTarget", UMTS_HI2_LOCATION, optional=True),
        Field(
            9,
            "partyInformation",
            SequenceOf("SET OF PartyInformation", UMTS_PARTY_INFORMATION, as_set=True),
            optional=True,
        ),
        Field(13, "serviceCenterAddress", UMTS_PARTY_INFORMATION, optional=True),
        Field(14, "sMS", UMTS_SMS_REPORT, optional=True),
        Field(16, "national-Parameters", PARAMETERS, optional=True),
        Field(18, "gPRSCorrelationNumber", OctetString("OCTET STRING (SIZE (8..20))", 8, 20), optional=True),
        Field(20, "gPRSevent", UMTS_GPRS_EVENT, optional=True),
        Field(21, "sgsnAddress", DATA_NODE_ADDRESS, optional=True),
        Field(22, "gPRSOperationErrorCode", OCTETS, optional=True),
        Field(24, "ggsnAddress", DATA_NODE_ADDRESS, optional=True),
        Field(25, "qOS", UMTS_QOS, optional=True),
        Field(26, "networkIdentifier", NETWORK_IDENTIFIER, optional=True),
        Field(27, "sMSOriginatingAddress", DATA_NODE_ADDRESS, optional=True),
        Field(28, "sMSTerminatingAddress", DATA_NODE_ADDRESS, optional=True),
        Field(29, "iMSevent", IMS_EVENT, optional=True),
        Field(30, "sIPMessage", OCTETS, optional=True),
        Field(31, "servingSGSN-number", OctetString("OCTET STRING (SIZE (1..20))", 1, 20), optional=True),
        Field(32, "servingSGSN-address", OctetString("OCTET STRING (SIZE (5..17))", 5, 17), optional=True),
        Field(34, "ldiEvent", LDI_EVENT, optional=True),
        Field(35, "correlation", CORRELATION_VALUES, optional=True),
        Field(36, "mediaDecryption-info", MEDIA_DECRYPTION_INFO, optional=True),
        Field(37, "servingS4-SGSN-address", OCTETS, optional=True),
        Field(38, "sipMessageHeaderOffer", OCTETS, optional=True),
        Field(39, "sipMessageHeaderAnswer", OCTETS, optional=True),
        Field(40, "sdpOffer", OCTETS, optional=True),
        Field(41, "sdpAnswer", OCTETS, optional=True),
        Field(42, "uLITimestamp", OctetString("OCTET STRING (SIZE (8))", 8, 8), optional=True),
        Field(43, "packetDataHeaderInformation", PACKET_DATA_HEADER_INFORMATION, optional=True),
        Field(44, "mediaSecFailureIndication", MEDIA_SEC_FAILURE_INDICATION, optional=True),
        Field(45, "pANI-Header-Info", SequenceOf("SEQUENCE OF PANI-Header-Info", PANI_HEADER_INFO), optional=True),
        Field(46, "imsVoIP", IMS_VOIP_CORRELATION, optional=True),
        Field(47, "xCAPmessage", OCTETS, optional=True),
        Field(48, "ccUnavailableReason", Text("PrintableString", kind="printable"), optional=True),
        Field(49, "carrierSpecificData", OCTETS, optional=True),
        Field(50, "current-Previous-Systems", CURRENT_PREVIOUS_SYSTEMS, optional=True),
        Field(51, "change-Of-Target-Identity", CHANGE_OF_TARGET_IDENTITY, optional=True),
        Field(52, "requesting-Network-Identifier", OCTETS, optional=True),
        Field(53, "requesting-Node-Type", REQUESTING_NODE_TYPE, optional=True),
        Field(54, "serving-System-Identifier", OCTETS, optional=True),
        Field(55, "extendedLocParameters", EXTENDED_LOC_PARAMETERS, optional=True),
        Field(56, "locationErrorCode", Integer("INTEGER (1..699)", 1, 699), optional=True),
        Field(57, "cSREvent", CSR_EVENT, optional=True),
        Field(58, "ptc", UNDESCRIBED, optional=True),
        Field(59, "ptcEncryption", UNDESCRIBED, optional=True),
        Field(255, "national-HI2-ASN1parameters", NATIONAL_HI2_ASN1_PARAMETERS, optional=True),
    ),
)
UMTS_IRI_CONTENT: Final = Choice(
    "UmtsIRIContent",
    (
        Field(1, "iRI-Begin-record", UMTS_IRI_PARAMETERS),
        Field(2, "iRI-End-record", UMTS_IRI_PARAMETERS),
        Field(3, "iRI-Continue-record", UMTS_IRI_PARAMETERS),
        Field(4, "iRI-Report-record", UMTS_IRI_PARAMETERS),
    ),
)
UMTS_IRI_SEQUENCE: Final = SequenceOf("SEQUENCE OF UmtsIRIContent", UMTS_IRI_CONTENT)
UMTS_IRIS_CONTENT: Final = Choice(
    "UmtsIRIsContent",
    (
        Field(None, "umtsiRIContent", UMTS_IRI_CONTENT),
        Field(None, "umtsIRISequence", UMTS_IRI_SEQUENCE),
    ),
)
