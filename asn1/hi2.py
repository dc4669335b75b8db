"""TS 101 671 HI2 as TS 102 232 carries it (eTSI671IRI): calls, short messages and packet sessions of parts 6 and 7.

One IRI-Parameters by itself or, in iRIsContent, a begin, end, continue or report record or a sequence of them. Rows as
in HI2Operations version 18 (read in the schema); `iRIversion` is redundant since the domain id exists. Short messages
are of 1 to 270 octets in `content`, in the mobile TPDU form, or in `enhancedContent` with their alphabet.
"""

from __future__ import annotations

from typing import Final

from asn1.hi2_types import (
    CALL_CONTENT_LINK_CHARACTERISTICS,
    COMMUNICATION_IDENTIFIER,
    DATA_NODE_ADDRESS,
    ETSI671_HI2_LOCATION,
    IMS_EVENT,
    INTERCEPTED_CALL_STATE,
    LDI_EVENT,
    NATIONAL_HI2_ASN1_PARAMETERS,
    NETWORK_IDENTIFIER,
    PARAMETERS,
    PARTY_INFORMATION,
    SMS_REPORT,
    TIME_STAMP,
    UMTS_QOS,
)
from asn1.ps_common import CORRELATION_VALUES, LIID, NETWORK_ELEMENT_IDENTIFIER
from asn1.table import OCTETS, OID, UNDESCRIBED, Choice, Field, OctetString, Sequence, SequenceOf, enumerated

GPRS_EVENT: Final = enumerated(
    "GPRSEvent",
    (
        "1=pDPContextActivation 2=startOfInterceptionWithPDPContextActive 4=pDPContextDeactivation "
        "5=gPRSAttach 6=gPRSDetach 10=cellOrRAUpdate 11=sMS 13=pDPContextModification "
        "14=endOfInterceptionWithPDPContextActive"
    ),
)
IRI_PARAMETERS: Final = Sequence(
    "IRI-Parameters",
    (
        Field(0, "domainID", OID, optional=True),
        Field(
            23,
            "iRIversion",
            enumerated("iRIversion", "2=version2 3=version3 4=version4 5=version5 6=version6 7=version7 8=lastVersion"),
            optional=True,
        ),
        Field(1, "lawfulInterceptionIdentifier", LIID),
        Field(2, "communicationIdentifier", COMMUNICATION_IDENTIFIER),
        Field(3, "timeStamp", TIME_STAMP),
        Field(
            4,
            "intercepted-Call-Direct",
            enumerated("intercepted-Call-Direct", "0=not-Available 1=originating-Target 2=terminating-Target"),
            optional=True,
        ),
        Field(5, "intercepted-Call-State", INTERCEPTED_CALL_STATE, optional=True),
        Field(6, "ringingDuration", OctetString("OCTET STRING (SIZE (3))", 3, 3), optional=True),
        Field(7, "conversationDuration", OctetString("OCTET STRING (SIZE (3))", 3, 3), optional=True),
        Field(8, "locationOfTheTarget", ETSI671_HI2_LOCATION, optional=True),
        Field(
            9, "partyInformation", SequenceOf("SET OF PartyInformation", PARTY_INFORMATION, as_set=True), optional=True
        ),
        Field(
            10,
            "callContentLinkInformation",
            Sequence(
                "callContentLinkInformation",
                (
                    Field(1, "cCLink1Characteristics", CALL_CONTENT_LINK_CHARACTERISTICS, optional=True),
                    Field(2, "cCLink2Characteristics", CALL_CONTENT_LINK_CHARACTERISTICS, optional=True),
                ),
            ),
            optional=True,
        ),
        Field(11, "release-Reason-Of-Intercepted-Call", OctetString("OCTET STRING (SIZE (2))", 2, 2), optional=True),
        Field(
            12,
            "nature-Of-The-intercepted-call",
            enumerated(
                "nature-Of-The-intercepted-call",
                (
                    "0=gSM-ISDN-PSTN-circuit-call 1=gSM-SMS-Message 2=uUS4-Messages 3=tETRA-circuit-call "
                    "4=teTRA-Packet-Data 5=gPRS-Packet-Data 6=uMTS-circuit-call 7=lTE-SMS-Message "
                    "8=lTE-circuit-call"
                ),
            ),
            optional=True,
        ),
        Field(13, "serverCenterAddress", PARTY_INFORMATION, optional=True),
        Field(14, "sMS", SMS_REPORT, optional=True),
        Field(15, "cC-Link-Identifier", OctetString("OCTET STRING (SIZE (1..8))", 1, 8), optional=True),
        Field(16, "national-Parameters", PARAMETERS, optional=True),
        Field(18, "gPRSCorrelationNumber", OctetString("OCTET STRING (SIZE (8..20))", 8, 20), optional=True),
        Field(20, "gPRSevent", GPRS_EVENT, optional=True),
        Field(21, "sgsnAddress", DATA_NODE_ADDRESS, optional=True),
        Field(22, "gPRSOperationErrorCode", OctetString("OCTET STRING (SIZE (2))", 2, 2), optional=True),
        Field(24, "ggsnAddress", DATA_NODE_ADDRESS, optional=True),
        Field(25, "qOS", UMTS_QOS, optional=True),
        Field(26, "networkIdentifier", NETWORK_IDENTIFIER, optional=True),
        Field(27, "sMSOriginatingAddress", DATA_NODE_ADDRESS, optional=True),
        Field(28, "sMSTerminatingAddress", DATA_NODE_ADDRESS, optional=True),
        Field(29, "iMSevent", IMS_EVENT, optional=True),
        Field(30, "sIPMessage", OCTETS, optional=True),
        Field(31, "servingSGSN-number", OctetString("OCTET STRING (SIZE (1..20))", 1, 20), optional=True),
        Field(32, "servingSGSN-address", OctetString("OCTET STRING (SIZE (5..17))", 5, 17), optional=True),
        Field(33, "tARGETACTIVITYMONITOR", UNDESCRIBED, optional=True),
        Field(34, "ldiEvent", LDI_EVENT, optional=True),
        Field(35, "correlation", CORRELATION_VALUES, optional=True),
        Field(36, "tARGETACTIVITYMONITORind", UNDESCRIBED, optional=True),
        Field(37, "tARGETCOMMSMONITORind", UNDESCRIBED, optional=True),
        Field(38, "tTRAFFICind", UNDESCRIBED, optional=True),
        Field(39, "cTTRAFFICind", UNDESCRIBED, optional=True),
        Field(40, "servingSystem", NETWORK_ELEMENT_IDENTIFIER, optional=True),
        Field(255, "national-HI2-ASN1parameters", NATIONAL_HI2_ASN1_PARAMETERS, optional=True),
    ),
)
IRI_CONTENT: Final = Choice(
    "IRIContent",
    (
        Field(1, "iRI-Begin-record", IRI_PARAMETERS),
        Field(2, "iRI-End-record", IRI_PARAMETERS),
        Field(3, "iRI-Continue-record", IRI_PARAMETERS),
        Field(4, "iRI-Report-record", IRI_PARAMETERS),
    ),
)
IRI_SEQUENCE: Final = SequenceOf("SEQUENCE OF IRIContent", IRI_CONTENT)
IRIS_CONTENT: Final = Choice(
    "IRIsContent",
    (
        Field(None, "iRIContent", IRI_CONTENT),
        Field(None, "iRISequence", IRI_SEQUENCE),
    ),
)
