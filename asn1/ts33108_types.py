"""TS 33.108, module UmtsHI2Operations: the types that the UMTS and the EPS records share.

Rows as in the published Rel-15 module (read in the schema). Push-to-talk, civic addresses, altitude and floor stand
as a tag tree under their name.
"""

from __future__ import annotations

from typing import Final

from asn1.hi2_types import GSM_LOCATION, SERVICES_DATA_INFORMATION, TIME_STAMP, UMTS_LOCATION
from asn1.ps_common import IP_ADDRESS, IRI_TO_CC
from asn1.table import (
    BOOLEAN,
    INTEGER,
    NULL,
    OCTETS,
    UINT16,
    UNDESCRIBED,
    UTF8,
    Choice,
    Field,
    OctetString,
    Sequence,
    SequenceOf,
    Text,
    enumerated,
)

UMTS_HI2_LOCATION: Final = Sequence(
    "UmtsHI2Location",
    (
        Field(1, "e164-Number", OctetString("OCTET STRING (SIZE (1..25))", 1, 25), optional=True),
        Field(2, "globalCellID", OctetString("OCTET STRING (SIZE (5..7))", 5, 7), optional=True),
        Field(4, "rAI", OctetString("OCTET STRING (SIZE (6))", 6, 6), optional=True),
        Field(5, "gsmLocation", GSM_LOCATION, optional=True),
        Field(6, "umtsLocation", UMTS_LOCATION, optional=True),
        Field(7, "sAI", OctetString("OCTET STRING (SIZE (7))", 7, 7), optional=True),
        Field(8, "oldRAI", OctetString("OCTET STRING (SIZE (6))", 6, 6), optional=True),
        Field(9, "tAI", OctetString("OCTET STRING (SIZE (6))", 6, 6), optional=True),
        Field(10, "eCGI", OctetString("OCTET STRING (SIZE (8))", 8, 8), optional=True),
        Field(11, "civicAddress", UNDESCRIBED, optional=True),
        Field(12, "operatorSpecificInfo", OCTETS, optional=True),
        Field(
            13,
            "uELocationTimestamp",
            Choice(
                "uELocationTimestamp",
                (
                    Field(0, "timestamp", TIME_STAMP),
                    Field(1, "timestampUnknown", NULL),
                ),
            ),
            optional=True,
        ),
    ),
)
UMTS_PARTY_INFORMATION: Final = Sequence(
    "PartyInformation",
    (
        Field(0, "party-Qualifier", enumerated("party-Qualifier", "3=gPRS-Target")),
        Field(
            1,
            "partyIdentity",
            Sequence(
                "partyIdentity",
                (
                    Field(1, "imei", OctetString("OCTET STRING (SIZE (8))", 8, 8), optional=True),
                    Field(3, "imsi", OctetString("OCTET STRING (SIZE (3..8))", 3, 8), optional=True),
                    Field(6, "msISDN", OctetString("OCTET STRING (SIZE (1..9))", 1, 9), optional=True),
                    Field(7, "e164-Format", OctetString("OCTET STRING (SIZE (1..25))", 1, 25), optional=True),
                    Field(8, "sip-uri", OCTETS, optional=True),
                    Field(9, "tel-uri", OCTETS, optional=True),
                    Field(10, "x-3GPP-Asserted-Identity", OCTETS, optional=True),
                    Field(11, "xUI", OCTETS, optional=True),
                ),
            ),
        ),
        Field(4, "services-Data-Information", SERVICES_DATA_INFORMATION, optional=True),
    ),
)
UMTS_SMS_REPORT: Final = Sequence(
    "SMS-report",
    (
        Field(
            3,
            "sMS-Contents",
            Sequence(
                "sMS-Contents",
                (
                    Field(1, "sms-initiator", enumerated("sms-initiator", "0=target 1=server 2=undefined-party")),
                    Field(
                        2,
                        "transfer-status",
                        enumerated("transfer-status", "0=succeed-transfer 1=not-succeed-transfer 2=undefined"),
                        optional=True,
                    ),
                    Field(3, "other-message", enumerated("other-message", "0=yes 1=no 2=undefined"), optional=True),
                    Field(4, "content", OctetString("OCTET STRING (SIZE (1..270))", 1, 270), optional=True),
                ),
            ),
        ),
    ),
)
UMTS_GPRS_EVENT: Final = enumerated(
    "GPRSEvent",
    (
        "1=pDPContextActivation 2=startOfInterceptionWithPDPContextActive 4=pDPContextDeactivation "
        "5=gPRSAttach 6=gPRSDetach 10=locationInfoUpdate 11=sMS 13=pDPContextModification "
        "14=servingSystem 15=startOfInterceptionWithMSAttached 16=packetDataHeaderInformation "
        "17=hSS-Subscriber-Record-Change 18=registration-Termination 19=location-Up-Date "
        "20=cancel-UmtsHI2Location 21=register-UmtsHI2Location 22=location-Information-Request"
    ),
)
CC_KEY_INFO: Final = Sequence(
    "CCKeyInfo",
    (
        Field(1, "cCCSID", OCTETS),
        Field(2, "cCDecKey", OCTETS),
        Field(3, "cCSalt", OCTETS, optional=True),
    ),
)
MEDIA_DECRYPTION_INFO: Final = SequenceOf("SEQUENCE OF CCKeyInfo", CC_KEY_INFO)
TPDU_DIRECTION: Final = enumerated("TPDU-direction", "1=from-target 2=to-target 3=unknown")
PACKET_DATA_HEADER_MAPPED: Final = Sequence(
    "PacketDataHeaderMapped",
    (
        Field(1, "sourceIPAddress", IP_ADDRESS),
        Field(2, "sourcePortNumber", UINT16, optional=True),
        Field(3, "destinationIPAddress", IP_ADDRESS),
        Field(4, "destinationPortNumber", UINT16, optional=True),
        Field(5, "transportProtocol", INTEGER),
        Field(6, "packetsize", INTEGER, optional=True),
        Field(7, "flowLabel", INTEGER, optional=True),
        Field(8, "packetCount", INTEGER, optional=True),
        Field(9, "direction", TPDU_DIRECTION),
    ),
)
PACKET_DATA_HEADER_COPY: Final = Sequence(
    "PacketDataHeaderCopy",
    (
        Field(1, "direction", TPDU_DIRECTION),
        Field(2, "headerCopy", OCTETS),
    ),
)
PACKET_DATA_HEADER_REPORT: Final = Choice(
    "PacketDataHeaderReport",
    (
        Field(1, "packetDataHeaderMapped", PACKET_DATA_HEADER_MAPPED),
        Field(2, "packetDataHeaderCopy", PACKET_DATA_HEADER_COPY),
    ),
)
REPORT_INTERVAL: Final = Sequence(
    "ReportInterval",
    (
        Field(0, "firstPacketTimeStamp", TIME_STAMP),
        Field(1, "lastPacketTimeStamp", TIME_STAMP),
    ),
)
REPORT_REASON: Final = enumerated(
    "ReportReason",
    "0=timerExpired 1=countThresholdHit 2=pDPComtextDeactivated 3=pDPContextModification 4=otherOrUnknown",
)
PACKET_FLOW_SUMMARY: Final = Sequence(
    "PacketFlowSummary",
    (
        Field(1, "sourceIPAddress", IP_ADDRESS),
        Field(2, "sourcePortNumber", UINT16, optional=True),
        Field(3, "destinationIPAddress", IP_ADDRESS),
        Field(4, "destinationPortNumber", UINT16, optional=True),
        Field(5, "transportProtocol", INTEGER),
        Field(6, "flowLabel", INTEGER, optional=True),
        Field(7, "summaryPeriod", REPORT_INTERVAL),
        Field(8, "packetCount", INTEGER),
        Field(9, "sumOfPacketSizes", INTEGER),
        Field(10, "packetDataSummaryReason", REPORT_REASON),
    ),
)
PACKET_DATA_SUMMARY_REPORT: Final = SequenceOf("SEQUENCE OF PacketFlowSummary", PACKET_FLOW_SUMMARY)
PACKET_DATA_HEADER_INFORMATION: Final = Choice(
    "PacketDataHeaderInformation",
    (
        Field(1, "packetDataHeader", PACKET_DATA_HEADER_REPORT),
        Field(2, "packetDataSummary", PACKET_DATA_SUMMARY_REPORT),
    ),
)
MEDIA_SEC_FAILURE_INDICATION: Final = enumerated("MediaSecFailureIndication", "0=genericFailure")
IMS_VOIP_CORRELATION: Final = SequenceOf(
    "SET OF SEQUENCE",
    Sequence(
        "IMS-VoIP-Correlation",
        (
            Field(0, "ims-iri", OCTETS),
            Field(1, "ims-cc", IRI_TO_CC, optional=True),
        ),
    ),
    as_set=True,
)
REQUESTING_NODE_TYPE: Final = enumerated("Requesting-Node-Type", "1=mSC 2=sMS-Centre 3=gMLC 4=mME 5=sGSN")
EXTENDED_LOC_PARAMETERS: Final = Sequence(
    "ExtendedLocParameters",
    (
        Field(0, "posMethod", Text("PrintableString", kind="printable"), optional=True),
        Field(
            1,
            "mapData",
            Choice(
                "mapData",
                (
                    Field(0, "base64Map", Text("PrintableString", kind="printable")),
                    Field(1, "url", Text("PrintableString", kind="printable")),
                ),
            ),
            optional=True,
        ),
        Field(2, "altitude", UNDESCRIBED, optional=True),
        Field(3, "speed", Text("PrintableString", kind="printable"), optional=True),
        Field(4, "direction", Text("PrintableString", kind="printable"), optional=True),
        Field(5, "level-conf", Text("PrintableString", kind="printable"), optional=True),
        Field(6, "qOS-not-met", BOOLEAN, optional=True),
        Field(
            7,
            "motionStateList",
            Sequence(
                "motionStateList",
                (
                    Field(0, "primaryMotionState", Text("PrintableString", kind="printable")),
                    Field(
                        1,
                        "secondaryMotionState",
                        SequenceOf("SEQUENCE OF PrintableString", Text("PrintableString", kind="printable")),
                        optional=True,
                    ),
                    Field(2, "confidence", Text("PrintableString", kind="printable")),
                ),
            ),
            optional=True,
        ),
        Field(8, "floor", UNDESCRIBED, optional=True),
        Field(9, "additional-info", Text("PrintableString", kind="printable"), optional=True),
        Field(10, "lALS-rawMLPPosData", UTF8, optional=True),
    ),
)
CSR_EVENT: Final = enumerated("CSREvent", "1=cSREventMessage")
