"""TS 33.108 B.3a: IRI of the UMTS circuit domain (UmtsCS-HI2Operations): calls, short messages, registrations.

Rows as in the published Rel-15 module (read in the schema)."""

from __future__ import annotations

from typing import Final

from asn1.hi2_types import (
    CALL_CONTENT_LINK_CHARACTERISTICS,
    COMMUNICATION_IDENTIFIER,
    INTERCEPTED_CALL_STATE,
    NATIONAL_HI2_ASN1_PARAMETERS,
    PARAMETERS,
    PARTY_INFORMATION,
    TIME_STAMP,
)
from asn1.ps_common import LIID
from asn1.table import OCTETS, OID, Choice, Field, Integer, OctetString, Sequence, SequenceOf, enumerated
from asn1.ts33108_types import EXTENDED_LOC_PARAMETERS, REQUESTING_NODE_TYPE, UMTS_HI2_LOCATION, UMTS_SMS_REPORT

UMTS_CS_EVENT: Final = enumerated(
    "Umts-Cs-Event",
    (
        "1=call-establishment 2=answer 3=supplementary-Service 4=handover 5=release 6=sMS "
        "7=location-update 8=subscriber-Controlled-Input 9=hLR-Subscriber-Record-Change "
        "10=serving-System 11=cancel-UmtsHI2Location 12=register-UmtsHI2Location "
        "13=location-Information-Request"
    ),
)
CS_CURRENT_PREVIOUS_SYSTEMS: Final = Sequence(
    "Current-Previous-Systems",
    (
        Field(1, "current-Serving-System-Identifier", OCTETS, optional=True),
        Field(2, "current-Serving-MSC-Number", OCTETS, optional=True),
        Field(3, "current-Serving-MSC-Address", OCTETS, optional=True),
        Field(4, "previous-Serving-System-Identifier", OCTETS, optional=True),
        Field(5, "previous-Serving-MSC-Number", OCTETS, optional=True),
        Field(6, "previous-Serving-MSC-Address", OCTETS, optional=True),
    ),
)
CS_CHANGE_OF_TARGET_IDENTITY: Final = Sequence(
    "Change-Of-Target-Identity",
    (
        Field(1, "new-MSISDN", PARTY_INFORMATION, optional=True),
        Field(2, "old-MSISDN", PARTY_INFORMATION, optional=True),
        Field(3, "new-IMSI", PARTY_INFORMATION, optional=True),
        Field(4, "old-IMSI", PARTY_INFORMATION, optional=True),
        Field(5, "new-IMEI", PARTY_INFORMATION, optional=True),
        Field(6, "old-IMEI", PARTY_INFORMATION, optional=True),
    ),
)
UMTS_CS_IRI_PARAMETERS: Final = Sequence(
    "UmtsCS-IRI-Parameters",
    (
        Field(0, "hi2CSDomainId", OID),
        Field(
            23, "iRIversion", enumerated("iRIversion", "1=version1 2=version2 3=version3 8=lastVersion"), optional=True
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
        Field(8, "locationOfTheTarget", UMTS_HI2_LOCATION, optional=True),
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
                    "4=teTRA-Packet-Data 5=gPRS-Packet-Data"
                ),
            ),
            optional=True,
        ),
        Field(13, "serviceCenterAddress", PARTY_INFORMATION, optional=True),
        Field(14, "sMS", UMTS_SMS_REPORT, optional=True),
        Field(15, "cC-Link-Identifier", OctetString("OCTET STRING (SIZE (1..8))", 1, 8), optional=True),
        Field(16, "national-Parameters", PARAMETERS, optional=True),
        Field(33, "umts-Cs-Event", UMTS_CS_EVENT, optional=True),
        Field(34, "serving-System-Identifier", OCTETS, optional=True),
        Field(35, "carrierSpecificData", OCTETS, optional=True),
        Field(36, "current-Previous-Systems", CS_CURRENT_PREVIOUS_SYSTEMS, optional=True),
        Field(37, "change-Of-Target-Identity", CS_CHANGE_OF_TARGET_IDENTITY, optional=True),
        Field(38, "requesting-Network-Identifier", OCTETS, optional=True),
        Field(39, "requesting-Node-Type", REQUESTING_NODE_TYPE, optional=True),
        Field(40, "extendedLocParameters", EXTENDED_LOC_PARAMETERS, optional=True),
        Field(41, "locationErrorCode", Integer("INTEGER (1..699)", 1, 699), optional=True),
        Field(255, "national-HI2-ASN1parameters", NATIONAL_HI2_ASN1_PARAMETERS, optional=True),
    ),
)
UMTS_CS_IRI_CONTENT: Final = Choice(
    "UmtsCS-IRIContent",
    (
        Field(1, "iRI-Begin-record", UMTS_CS_IRI_PARAMETERS),
        Field(2, "iRI-End-record", UMTS_CS_IRI_PARAMETERS),
        Field(3, "iRI-Continue-record", UMTS_CS_IRI_PARAMETERS),
        Field(4, "iRI-Report-record", UMTS_CS_IRI_PARAMETERS),
    ),
)
UMTS_CS_IRI_SEQUENCE: Final = SequenceOf("SEQUENCE OF UmtsCS-IRIContent", UMTS_CS_IRI_CONTENT)
UMTS_CS_IRIS_CONTENT: Final = Choice(
    "UmtsCS-IRIsContent",
    (
        Field(None, "iRIContent", UMTS_CS_IRI_CONTENT),
        Field(None, "iRISequence", UMTS_CS_IRI_SEQUENCE),
    ),
)
