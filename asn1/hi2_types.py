"""TS 101 671, HI2Operations version 18: the types its records share with HI1, with UMTS and with EPS.

Rows as in the published module (read in the schema; the prose of the standard was not). Field order is the module's,
which is not tag order. Cable and TETRA monitoring and geographical shapes (whose
members have no tags to tell them apart) stand as a tag tree under their name. A field that has a default in the
module is optional here, and its absence means that default.
"""

from __future__ import annotations

from typing import Final

from asn1.ps_common import IP_ADDRESS, NETWORK_ELEMENT_IDENTIFIER
from asn1.table import (
    INTEGER,
    OCTETS,
    UINT16,
    UNDESCRIBED,
    UTC_TIME,
    UTF8,
    Choice,
    Field,
    Integer,
    OctetString,
    Sequence,
    SequenceOf,
    Text,
    enumerated,
)

PARAMETERS: Final = SequenceOf(
    "SET OF OCTET STRING (SIZE (1..256))", OctetString("OCTET STRING (SIZE (1..256))", 1, 256), as_set=True
)
LOCAL_TIME_STAMP: Final = Sequence(
    "LocalTimeStamp",
    (
        Field(0, "generalizedTime", Text("GeneralizedTime", kind="local-time")),
        Field(
            1, "winterSummerIndication", enumerated("winterSummerIndication", "0=notProvided 1=winterTime 2=summerTime")
        ),
    ),
)
TIME_STAMP: Final = Choice(
    "TimeStamp",
    (
        Field(0, "localTime", LOCAL_TIME_STAMP),
        Field(1, "utcTime", UTC_TIME),
    ),
)
NETWORK_IDENTIFIER: Final = Sequence(
    "Network-Identifier",
    (
        Field(0, "operator-Identifier", OctetString("OCTET STRING (SIZE (1..5))", 1, 5)),
        Field(1, "network-Element-Identifier", NETWORK_ELEMENT_IDENTIFIER, optional=True),
    ),
)
COMMUNICATION_IDENTIFIER: Final = Sequence(
    "CommunicationIdentifier",
    (
        Field(0, "communication-Identity-Number", OctetString("OCTET STRING (SIZE (1..8))", 1, 8), optional=True),
        Field(1, "network-Identifier", NETWORK_IDENTIFIER),
    ),
)
INTERCEPTED_CALL_STATE: Final = enumerated("Intercepted-Call-State", "1=idle 2=setUpInProcess 3=connected")
TETRA_LOCATION: Final = Choice(
    "TetraLocation",
    (
        Field(
            1,
            "ms-Loc",
            Sequence(
                "ms-Loc",
                (
                    Field(1, "mcc", Integer("INTEGER (0..1023)", 0, 1023)),
                    Field(2, "mnc", Integer("INTEGER (0..16383)", 0, 16383)),
                    Field(3, "lai", UINT16),
                    Field(4, "ci", INTEGER, optional=True),
                ),
            ),
        ),
        Field(2, "ls-Loc", INTEGER),
    ),
)
MAP_DATUM: Final = enumerated("MapDatum", "0=wGS84 1=wGS72 2=eD50")
GSM_LOCATION: Final = Choice(
    "GSMLocation",
    (
        Field(
            1,
            "geoCoordinates",
            Sequence(
                "geoCoordinates",
                (
                    Field(1, "latitude", Text("PrintableString (SIZE (7..10))", 7, 10, "printable")),
                    Field(2, "longitude", Text("PrintableString (SIZE (8..11))", 8, 11, "printable")),
                    Field(3, "mapDatum", MAP_DATUM, optional=True),
                    Field(4, "azimuth", Integer("INTEGER (0..359)", 0, 359), optional=True),
                ),
            ),
        ),
        Field(
            2,
            "utmCoordinates",
            Sequence(
                "utmCoordinates",
                (
                    Field(1, "utm-East", Text("PrintableString (SIZE (10))", 10, 10, "printable")),
                    Field(2, "utm-North", Text("PrintableString (SIZE (7))", 7, 7, "printable")),
                    Field(3, "mapDatum", MAP_DATUM, optional=True),
                    Field(4, "azimuth", Integer("INTEGER (0..359)", 0, 359), optional=True),
                ),
            ),
        ),
        Field(
            3,
            "utmRefCoordinates",
            Sequence(
                "utmRefCoordinates",
                (
                    Field(None, "utmref-string", Text("PrintableString (SIZE (13))", 13, 13, "printable")),
                    Field(None, "mapDatum", MAP_DATUM, optional=True),
                ),
            ),
        ),
        Field(4, "wGS84Coordinates", OCTETS),
    ),
)
UMTS_LOCATION: Final = Choice(
    "UMTSLocation",
    (
        Field(1, "point", UNDESCRIBED),
        Field(2, "pointWithUnCertainty", UNDESCRIBED),
        Field(3, "polygon", UNDESCRIBED),
    ),
)
ETSI671_HI2_LOCATION: Final = Sequence(
    "ETSI671HI2Location",
    (
        Field(1, "e164-Number", OctetString("OCTET STRING (SIZE (1..25))", 1, 25), optional=True),
        Field(2, "globalCellID", OctetString("OCTET STRING (SIZE (5..7))", 5, 7), optional=True),
        Field(3, "tetraLocation", TETRA_LOCATION, optional=True),
        Field(4, "rAI", OctetString("OCTET STRING (SIZE (6))", 6, 6), optional=True),
        Field(5, "gsmLocation", GSM_LOCATION, optional=True),
        Field(6, "umtsLocation", UMTS_LOCATION, optional=True),
        Field(7, "sAI", OctetString("OCTET STRING (SIZE (7))", 7, 7), optional=True),
        Field(8, "oldRAI", OctetString("OCTET STRING (SIZE (6))", 6, 6), optional=True),
        Field(9, "tAI", OctetString("OCTET STRING (SIZE (6))", 6, 6), optional=True),
        Field(10, "eCGI", OctetString("OCTET STRING (SIZE (8))", 8, 8), optional=True),
    ),
)
DATA_NODE_ADDRESS: Final = Choice(
    "DataNodeAddress",
    (
        Field(1, "ipAddress", IP_ADDRESS),
        Field(2, "x25Address", OctetString("OCTET STRING (SIZE (1..25))", 1, 25)),
    ),
)
CALLING_PARTY_NUMBER: Final = Choice(
    "CallingPartyNumber",
    (
        Field(1, "iSUP-Format", OctetString("OCTET STRING (SIZE (1..25))", 1, 25)),
        Field(2, "dSS1-Format", OctetString("OCTET STRING (SIZE (1..25))", 1, 25)),
        Field(3, "mAP-Format", OctetString("OCTET STRING (SIZE (1..25))", 1, 25)),
    ),
)
CALLED_PARTY_NUMBER: Final = Choice(
    "CalledPartyNumber",
    (
        Field(1, "iSUP-Format", OctetString("OCTET STRING (SIZE (1..25))", 1, 25)),
        Field(2, "mAP-Format", OctetString("OCTET STRING (SIZE (1..25))", 1, 25)),
        Field(3, "dSS1-Format", OctetString("OCTET STRING (SIZE (1..25))", 1, 25)),
    ),
)
SERVICES_INFORMATION: Final = Sequence(
    "Services-Information",
    (
        Field(1, "iSUP-parameters", PARAMETERS, optional=True),
        Field(2, "dSS1-parameters-codeset-0", PARAMETERS, optional=True),
        Field(3, "mAP-parameters", PARAMETERS, optional=True),
    ),
)
STANDARD_SUPPLEMENTARY_SERVICES: Final = Sequence(
    "Standard-Supplementary-Services",
    (
        Field(1, "iSUP-SS-parameters", PARAMETERS, optional=True),
        Field(2, "dSS1-SS-parameters-codeset-0", PARAMETERS, optional=True),
        Field(3, "dSS1-SS-parameters-codeset-4", PARAMETERS, optional=True),
        Field(4, "dSS1-SS-parameters-codeset-5", PARAMETERS, optional=True),
        Field(5, "dSS1-SS-parameters-codeset-6", PARAMETERS, optional=True),
        Field(6, "dSS1-SS-parameters-codeset-7", PARAMETERS, optional=True),
        Field(7, "dSS1-SS-Invoke-components", PARAMETERS, optional=True),
        Field(8, "mAP-SS-Parameters", PARAMETERS, optional=True),
        Field(9, "mAP-SS-Invoke-Components", PARAMETERS, optional=True),
    ),
)
SIMPLE_INDICATION: Final = enumerated(
    "SimpleIndication",
    (
        "0=call-Waiting-Indication 1=add-conf-Indication 2=call-on-hold-Indication "
        "3=retrieve-Indication 4=suspend-Indication 5=resume-Indication 6=answer-Indication"
    ),
)
NON_STANDARD_SUPPLEMENTARY_SERVICES: Final = SequenceOf(
    "SET OF CHOICE",
    Choice(
        "Non-Standard-Supplementary-Services",
        (
            Field(1, "simpleIndication", SIMPLE_INDICATION),
            Field(2, "sciData", OctetString("OCTET STRING (SIZE (1..256))", 1, 256)),
        ),
    ),
    as_set=True,
)
SUPPLEMENTARY_SERVICES: Final = Sequence(
    "Supplementary-Services",
    (
        Field(1, "standard-Supplementary-Services", STANDARD_SUPPLEMENTARY_SERVICES, optional=True),
        Field(2, "non-Standard-Supplementary-Services", NON_STANDARD_SUPPLEMENTARY_SERVICES, optional=True),
        Field(3, "other-Services", PARAMETERS, optional=True),
    ),
)
GPRS_PARAMETERS: Final = Sequence(
    "GPRS-parameters",
    (
        Field(1, "pDP-address-allocated-to-the-target", DATA_NODE_ADDRESS, optional=True),
        Field(2, "aPN", OctetString("OCTET STRING (SIZE (1..100))", 1, 100), optional=True),
        Field(3, "pDP-type", OctetString("OCTET STRING (SIZE (2))", 2, 2), optional=True),
        Field(4, "nSAPI", OctetString("OCTET STRING (SIZE (1))", 1, 1), optional=True),
        Field(5, "additionalIPaddress", DATA_NODE_ADDRESS, optional=True),
    ),
)
SERVICES_DATA_INFORMATION: Final = Sequence(
    "Services-Data-Information", (Field(1, "gPRS-parameters", GPRS_PARAMETERS, optional=True),)
)
PARTY_INFORMATION: Final = Sequence(
    "PartyInformation",
    (
        Field(
            0,
            "party-Qualifier",
            enumerated("party-Qualifier", "0=originating-Party 1=terminating-Party 2=forwarded-to-Party 3=gPRS-Target"),
        ),
        Field(
            1,
            "partyIdentity",
            Sequence(
                "partyIdentity",
                (
                    Field(1, "imei", OctetString("OCTET STRING (SIZE (8))", 8, 8), optional=True),
                    Field(2, "tei", OctetString("OCTET STRING (SIZE (1..15))", 1, 15), optional=True),
                    Field(3, "imsi", OctetString("OCTET STRING (SIZE (3..8))", 3, 8), optional=True),
                    Field(4, "callingPartyNumber", CALLING_PARTY_NUMBER, optional=True),
                    Field(5, "calledPartyNumber", CALLED_PARTY_NUMBER, optional=True),
                    Field(6, "msISDN", OctetString("OCTET STRING (SIZE (1..9))", 1, 9), optional=True),
                    Field(7, "e164-Format", OctetString("OCTET STRING (SIZE (1..25))", 1, 25), optional=True),
                    Field(8, "sip-uri", OCTETS, optional=True),
                    Field(9, "tel-url", OCTETS, optional=True),
                    Field(
                        10,
                        "party-Validity",
                        enumerated("party-Validity", "0=trusted 1=untrusted 2=operator-added"),
                        optional=True,
                    ),
                    Field(11, "alphanumeric", UTF8, optional=True),
                ),
            ),
        ),
        Field(2, "services-Information", SERVICES_INFORMATION, optional=True),
        Field(3, "supplementary-Services-Information", SUPPLEMENTARY_SERVICES, optional=True),
        Field(4, "services-Data-Information", SERVICES_DATA_INFORMATION, optional=True),
    ),
)
CC_LINK_STATE: Final = enumerated("CCLink-State", "1=setUpInProcess 2=callActive 3=callReleased 4=lack-of-resource")
CALL_CONTENT_LINK_CHARACTERISTICS: Final = Sequence(
    "CallContentLinkCharacteristics",
    (
        Field(1, "cCLink-State", CC_LINK_STATE, optional=True),
        Field(2, "release-Time", TIME_STAMP, optional=True),
        Field(3, "release-Reason", OctetString("OCTET STRING (SIZE (2))", 2, 2), optional=True),
        Field(4, "lEMF-Address", CALLED_PARTY_NUMBER, optional=True),
    ),
)
SMS_REPORT: Final = Sequence(
    "SMS-report",
    (
        Field(1, "communicationIdentifier", COMMUNICATION_IDENTIFIER),
        Field(2, "timeStamp", TIME_STAMP),
        Field(
            3,
            "sMS-Contents",
            Sequence(
                "sMS-Contents",
                (
                    Field(1, "initiator", enumerated("initiator", "0=target 1=server 2=undefined-party")),
                    Field(
                        2,
                        "transfer-status",
                        enumerated("transfer-status", "0=succeed-transfer 1=not-succeed-transfer 2=undefined"),
                        optional=True,
                    ),
                    Field(3, "other-message", enumerated("other-message", "0=yes 1=no 2=undefined"), optional=True),
                    Field(4, "content", OctetString("OCTET STRING (SIZE (1..270))", 1, 270), optional=True),
                    Field(
                        5,
                        "enhancedContent",
                        Sequence(
                            "enhancedContent",
                            (
                                Field(1, "content", OCTETS),
                                Field(
                                    2,
                                    "character-encoding",
                                    enumerated(
                                        "character-encoding",
                                        "0=gsm-7-bit-ascii 1=eight-bit-ascii 2=eight-bit-binary "
                                        "3=ucs-2 4=utf-8 5=utf-16 6=other",
                                    ),
                                ),
                            ),
                        ),
                        optional=True,
                    ),
                ),
            ),
        ),
    ),
)
NATIONAL_HI2_ASN1_PARAMETERS: Final = Sequence(
    "National-HI2-ASN1parameters", (Field(1, "countryCode", Text("PrintableString (SIZE (2))", 2, 2, "printable")),)
)
UMTS_QOS: Final = Choice(
    "UmtsQos",
    (
        Field(1, "qosMobileRadio", OCTETS),
        Field(2, "qosGn", OCTETS),
    ),
)
IMS_EVENT: Final = enumerated(
    "IMSevent",
    (
        "1=unfilteredSIPmessage 2=sIPheaderOnly 3=decryptionKeysAvailable "
        "4=startOfInterceptionForIMSEstablishedSession 5=xCAPRequest 6=xCAPResponse 7=ccUnavailable"
    ),
)
LDI_EVENT: Final = enumerated("LDIevent", "1=targetEntersIA 2=targetLeavesIA")
