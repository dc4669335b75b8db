"""Types shared by the T1.678 messages: parties, calls, content and its delivery, media, encapsulated signalling.

Source of every row: the compiled tables of the module of ATIS-1000678 version 2 (2006) in an open implementation;
versions 3 and 4 have not been seen. Assumed, since those tables were not at hand to that depth: the string types of
PartyId beyond `dn`, the type of a SIP header, and everything of H.323, which stays a tag tree. Words of enumerations
are short forms of ours where the source had only their meaning.
"""

from __future__ import annotations

from typing import Final

from asn1.laes.message import ANY_STRING, ASSUMED, VISIBLE, visible
from asn1.table import (
    GENERALIZED_TIME,
    INTEGER,
    OCTETS,
    OID,
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

CASE_ID: Final = visible(1, 25)
IAP_ID: Final = visible(1, 15)
CCC_ID: Final = visible(1, 20)
TIMESTAMP: Final = GENERALIZED_TIME
TRANSIT_CARRIER: Final = visible(3, 7)
SIP_HEADER: Final = ANY_STRING
SIP_HEADERS: Final = SequenceOf("SET OF SipHeader", SIP_HEADER, as_set=True)

CALL_ID: Final = Sequence("CallId", (Field(0, "main", UTF8), Field(1, "leg", UTF8, optional=True)))
CALL_IDS: Final = SequenceOf("SEQUENCE OF CallId", CALL_ID)
IP_VALUE: Final = OctetString("OCTET STRING (SIZE (4..16))", 4, 16)
IP_ADDRESS: Final = Choice("IpAddress", (Field(1, "ipV4", IP_VALUE), Field(2, "ipV6", IP_VALUE)))

PARTY_ID: Final = Sequence(
    "PartyId",
    (
        Field(0, "esn", ASSUMED, optional=True),
        Field(1, "imei", ASSUMED, optional=True),
        Field(2, "tei", ASSUMED, optional=True),
        Field(3, "spid", ASSUMED, optional=True),
        Field(4, "imsi", ASSUMED, optional=True),
        Field(5, "min", ASSUMED, optional=True),
        Field(6, "dn", visible(1, 15), optional=True),
        Field(7, "userProvided", ASSUMED, optional=True),
        Field(8, "appearanceId", ASSUMED, optional=True),
        Field(9, "callingCardNum", ASSUMED, optional=True),
        Field(10, "ipAddress", IP_ADDRESS, optional=True),
        Field(11, "x121", ASSUMED, optional=True),
        Field(12, "trunkId", ASSUMED, optional=True),
        Field(13, "subaddress", ASSUMED, optional=True),
        Field(14, "genericAddress", SequenceOf("list of address", ANY_STRING), optional=True),
        Field(15, "genericDigits", SequenceOf("list of digits", ANY_STRING), optional=True),
        Field(16, "genericName", SequenceOf("list of UTF8String", UTF8), optional=True),
        Field(17, "port", ASSUMED, optional=True),
        Field(18, "context", ASSUMED, optional=True),
        Field(19, "isdnHighLayer", ASSUMED, optional=True),
        Field(20, "isdnLowLayer", ASSUMED, optional=True),
        Field(21, "uri", SequenceOf("SET OF uri", ANY_STRING, as_set=True), optional=True),
        Field(22, "sipHeader", SIP_HEADERS, optional=True),
        Field(23, "h323AliasAddress", UNDESCRIBED, optional=True),
        Field(24, "h323AddressPattern", UNDESCRIBED, optional=True),
        Field(25, "h323RASAddress", UNDESCRIBED, optional=True),
        Field(26, "h323CallSigAddress", UNDESCRIBED, optional=True),
        Field(27, "nai", ASSUMED, optional=True),
        Field(28, "mac802", ASSUMED, optional=True),
        Field(29, "fqdn", ASSUMED, optional=True),
    ),
)
PARTY_IDS: Final = SequenceOf("SEQUENCE OF PartyId", PARTY_ID)

CONTENT_IDENTIFIER: Final = Choice(
    "ContentIdentifier", (Field(0, "correlationID", OCTETS), Field(1, "callID", CALL_ID))
)
SEPARATE_CCC: Final = Sequence("sepCCCpair", (Field(0, "sepXmitCCC", CCC_ID), Field(1, "sepRecvCCC", CCC_ID)))
CCC_IDENTITY: Final = Choice(
    "CCCIdentity",
    (
        Field(0, "combCCC", CCC_ID),
        Field(1, "sepCCCpair", SEPARATE_CCC),
        Field(2, "indXmitCCC", CCC_ID),
        Field(3, "indRecvCCC", CCC_ID),
        Field(4, "indCCC", CCC_ID),
    ),
)
CC_ADDRESS: Final = Sequence("CCAddress", (Field(0, "leaIPAddress", IP_ADDRESS), Field(1, "leaPortNumber", INTEGER)))
DELIVERY_IDENTIFIER: Final = Choice(
    "DeliveryIdentifier", (Field(0, "cccId", CCC_IDENTITY), Field(1, "ccAddress", CC_ADDRESS))
)
CC_DELIVERY_FORMAT: Final = Choice("CCDeliveryFormat", (Field(0, "cc-APDU", OID), Field(1, "scte", VISIBLE)))

MEDIA_STATUS: Final = enumerated("MediaStatus", "0=requested 1=granted 2=rejected 3=relayed")
OTHER_MEDIA: Final = Sequence("other", (Field(0, "type", OID), Field(1, "value", OCTETS)))
MEDIA_CHARACTERISTICS: Final = Choice(
    "characteristics", (Field(0, "sdp", UTF8), Field(1, "h323Media", UNDESCRIBED), Field(2, "other", OTHER_MEDIA))
)
MEDIA: Final = Sequence(
    "MediaInformation",
    (
        Field(0, "bearerCapability", UNDESCRIBED, optional=True),
        Field(1, "characteristics", MEDIA_CHARACTERISTICS, optional=True),
        Field(2, "status", MEDIA_STATUS, optional=True),
    ),
)
LOCATION: Final = Sequence("Location", (Field(0, "locationType", UTF8), Field(1, "location", UTF8)))
PARAMETER_FORMAT: Final = Choice(
    "ParameterFormat", (Field(0, "generic", UTF8), Field(1, "sip", SIP_HEADERS), Field(2, "h323", OCTETS))
)
CAUSE: Final = Sequence("Cause", (Field(0, "signalingType", UTF8), Field(1, "cause", PARAMETER_FORMAT)))

SIP_BODY: Final = Sequence("sipBody", (Field(0, "sipBodyHeader", SIP_HEADERS), Field(1, "sipBodyContents", OCTETS)))
# A SET under a context tag; being implicit, the tag hides that from the octets.
SIP_PARAMETERS: Final = Sequence(
    "sip", (Field(0, "sipHeader", SIP_HEADERS, optional=True), Field(1, "sipBody", SIP_BODY, optional=True))
)
H323_PARAMETERS: Final = Sequence(
    "h323",
    (
        Field(0, "h225RAS", UNDESCRIBED, optional=True),
        Field(1, "h225CS", UNDESCRIBED, optional=True),
        Field(2, "h245", UNDESCRIBED, optional=True),
    ),
)
PSP: Final = Choice("PSP", (Field(0, "sip", SIP_PARAMETERS), Field(1, "h323", H323_PARAMETERS)))
SIGNALING_MESSAGE: Final = Sequence(
    "EncapsulatedSignalingMessage", (Field(0, "signalingProt", UTF8), Field(1, "sigMsg", OCTETS))
)
SIGNALING_MESSAGES: Final = SequenceOf("SET OF EncapsulatedSignalingMessage", SIGNALING_MESSAGE, as_set=True)

DIALED: Final = Choice("input", (Field(0, "generic", VISIBLE), Field(1, "specific", PARTY_ID)))
INPUT: Final = Choice("input", (Field(6, "userInput", DIALED), Field(7, "translationInput", DIALED)))
REFER: Final = Choice("refer", (Field(0, "sip", SIP_HEADERS), Field(1, "h323", UNDESCRIBED)))
ADDRESS_INFO: Final = Choice("addressInfo", (Field(0, "generic", UNDESCRIBED), Field(1, "sip", SIP_HEADERS)))
EXPIRATION: Final = Choice("expirationPeriod", (Field(0, "generic", INTEGER), Field(1, "sip", ASSUMED)))
REDIRECTED_FROM: Final = Sequence(
    "RedirectedFromInformation",
    (
        Field(0, "lastRedirecting", PARTY_ID, optional=True),
        Field(1, "originalCalled", PARTY_ID, optional=True),
        Field(2, "numRedirections", INTEGER, optional=True),
    ),
)
FORKED_CALL: Final = Sequence(
    "ForkedCallInformation", (Field(0, "forkedCallID", CALL_ID), Field(1, "calledParty", PARTY_ID))
)
FORKED_CALLS: Final = SequenceOf("SET OF ForkedCallInformation", FORKED_CALL, as_set=True)

_SHOWN: Final = Text("VisibleString (SIZE (1..40))", 1, 40, "visible")
TERMINAL_DISPLAY_INFO: Final = Sequence(
    "TerminalDisplayInfo",
    (
        Field(0, "generalDisplay", visible(1, 80), optional=True),
        Field(1, "calledNumber", _SHOWN, optional=True),
        Field(2, "callingNumber", _SHOWN, optional=True),
        Field(3, "callingName", _SHOWN, optional=True),
        Field(4, "originalCalledNumber", _SHOWN, optional=True),
        Field(5, "lastRedirectingNumber", _SHOWN, optional=True),
        Field(6, "redirectingName", _SHOWN, optional=True),
        Field(7, "redirectingReason", _SHOWN, optional=True),
        Field(8, "messageWaitingNotif", _SHOWN, optional=True),
    ),
)

ALERTING_SIGNAL: Final = enumerated(
    "AlertingSignal",
    "0=notUsed 1=alertingPattern0 2=alertingPattern1 3=alertingPattern2 4=alertingPattern3 5=alertingPattern4 "
    "6=callWaitingPattern1 7=callWaitingPattern2 8=callWaitingPattern3 9=callWaitingPattern4 10=bargeIn",
)
AUDIBLE_SIGNAL: Final = enumerated(
    "AudibleSignal",
    "0=notUsed 1=dial 2=recallDial 3=ringback 4=reorder 5=busy 6=confirmation 7=expensiveRoute 8=messageWaiting "
    "9=receiverOffHook 10=specialInfo 11=denial 12=intercept 13=answer 14=tonesOff 15=pip 16=abbrevIntercept "
    "17=abbrevCongestion 18=warning 19=dialToneBurst 20=numberUnobtainable 21=authenticationFail",
)
REGISTRATION_TYPE: Final = enumerated("AddressRegistrationType", "0=unknown 1=registration 2=deregistration 3=both")
STATUS_EVENT_TYPE: Final = enumerated(
    "SurveillanceStatusEventType", "0=activation 1=deactivation 2=change 3=scheduledReport"
)
CURRENT_STATUS: Final = enumerated("CurrentSurveillanceStatus", "0=fullyActive 1=partiallyActive 2=inactive")
FEATURE_MANAGEMENT_TYPE: Final = enumerated("FeatureManagementType", "0=activation 1=deactivation")
