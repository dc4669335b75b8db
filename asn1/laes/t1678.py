"""T1.678 (ATIS-1000678): the call-data messages of voice over packet, tags 1 to 24.

Rows as in the compiled module of version 2 (2006), optionality included; later versions may differ, and what they add
is kept and reported. A record is `enhancedProtocol` (identifier and message) or the bare message; both are read and
written. Tag 6 is reserved: J-STD-025 had its PacketEnvelope there. Over TCP, records follow each other with nothing
between (assumed: BER delimits itself, and no transport has been seen that says otherwise).
"""

from __future__ import annotations

from typing import Final

from asn1.laes import cc_apdu
from asn1.laes.message import VISIBLE, CdcMessage, Dialect, expect_start, split, visible
from asn1.laes.t1678_types import (
    ADDRESS_INFO,
    ALERTING_SIGNAL,
    AUDIBLE_SIGNAL,
    CALL_ID,
    CALL_IDS,
    CASE_ID,
    CAUSE,
    CC_DELIVERY_FORMAT,
    CONTENT_IDENTIFIER,
    CURRENT_STATUS,
    DELIVERY_IDENTIFIER,
    EXPIRATION,
    FEATURE_MANAGEMENT_TYPE,
    FORKED_CALLS,
    IAP_ID,
    INPUT,
    LOCATION,
    MEDIA,
    PARTY_ID,
    PARTY_IDS,
    PSP,
    REDIRECTED_FROM,
    REFER,
    REGISTRATION_TYPE,
    SIGNALING_MESSAGES,
    STATUS_EVENT_TYPE,
    TERMINAL_DISPLAY_INFO,
    TIMESTAMP,
    TRANSIT_CARRIER,
)
from asn1.table import OCTETS, OID, UTF8, Choice, Field, Sequence, SequenceOf, Type, decode_reporting, encode

MODULE: Final = "1.2.840.113737.2.1.0.0.0.1"
"""The identifier the open implementation writes for version 2; those of versions 3 and 4 are unknown."""

CC_DELIVERY_HEADER_MODULE: Final = "1.2.840.113737.2.1.0.1.1"
"""What `ccDeliveryFormat` names when content comes as CC-APDUs."""

_CASE: Final = (
    Field(0, "caseId", CASE_ID),
    Field(1, "iAPSystemId", IAP_ID, optional=True),
    Field(2, "timestamp", TIMESTAMP),
)


def _signaling(psp: int) -> tuple[Field, Field]:
    """The two rows most messages end with: parsed parameters, and whole signalling messages one tag behind."""
    return (
        Field(psp, "psp", PSP, optional=True),
        Field(psp + 1, "signalingMsg", SIGNALING_MESSAGES, optional=True),
    )


def _optional(tag: int, name: str, kind: Type) -> Field:
    return Field(tag, name, kind, optional=True)


ANSWER: Final = Sequence(
    "Answer",
    (
        *_CASE,
        Field(3, "callId", CALL_ID),
        _optional(4, "answering", PARTY_ID),
        _optional(5, "location", LOCATION),
        _optional(6, "answeringMedia", MEDIA),
        *_signaling(7),
    ),
)
CC_CLOSE: Final = Sequence(
    "CCClose",
    (
        *_CASE,
        Field(3, "contentIdentifier", CONTENT_IDENTIFIER),
        Field(4, "deliveryIdentifier", DELIVERY_IDENTIFIER),
        *_signaling(5),
    ),
)
CC_OPEN: Final = Sequence(
    "CCOpen",
    (
        *_CASE,
        Field(3, "contentIdentifier", CONTENT_IDENTIFIER),
        Field(4, "deliveryIdentifier", DELIVERY_IDENTIFIER),
        Field(5, "ccDeliveryFormat", CC_DELIVERY_FORMAT),
        _optional(6, "subjectMedia", MEDIA),
        _optional(7, "associateMedia", MEDIA),
        *_signaling(8),
    ),
)
PREVIOUS: Final = Sequence("previous", (Field(0, "call-identities", CALL_IDS),))
RESULTING: Final = Sequence(
    "resulting", (Field(0, "call-identities", CALL_IDS), _optional(1, "deliveryIdentifier", DELIVERY_IDENTIFIER))
)
CHANGE: Final = Sequence(
    "Change", (*_CASE, Field(3, "previous", PREVIOUS), Field(4, "resulting", RESULTING), *_signaling(5))
)
ORIGINATION: Final = Sequence(
    "Origination",
    (
        *_CASE,
        Field(3, "callId", CALL_ID),
        _optional(4, "calling", PARTY_ID),
        _optional(5, "called", PARTY_ID),
        Field(None, "input", INPUT),
        _optional(8, "location", LOCATION),
        _optional(9, "transitCarrierId", TRANSIT_CARRIER),
        _optional(10, "subjectMedia", MEDIA),
        Field(11, "originationCause", VISIBLE),
        *_signaling(12),
        _optional(14, "forkedCalls", FORKED_CALLS),
    ),
)
REDIRECTION: Final = Sequence(
    "Redirection",
    (
        *_CASE,
        Field(3, "callId", CALL_ID),
        _optional(4, "newCallId", CALL_ID),
        _optional(5, "redirectedFrom", PARTY_ID),
        _optional(6, "redirectedTo", PARTY_ID),
        _optional(7, "transitCarrierId", TRANSIT_CARRIER),
        _optional(8, "subjectMedia", MEDIA),
        _optional(9, "associateMedia", MEDIA),
        _optional(10, "visitedSystemIdentity", VISIBLE),
        *_signaling(11),
    ),
)
RELEASE: Final = Sequence(
    "Release",
    (
        *_CASE,
        Field(3, "callId", CALL_ID),
        _optional(4, "location", LOCATION),
        _optional(5, "cause", CAUSE),
        _optional(6, "contactAddresses", PARTY_ID),
        *_signaling(7),
    ),
)
SERVING_SYSTEM: Final = Sequence(
    "ServingSystem",
    (
        *_CASE,
        _optional(3, "systemIdentity", VISIBLE),
        _optional(4, "networkAddress", VISIBLE),
        _optional(5, "requestId", CALL_ID),
        _optional(6, "registrationType", REGISTRATION_TYPE),
        _optional(7, "registering", PARTY_ID),
        _optional(8, "requesting", PARTY_ID),
        _optional(9, "registrar", PARTY_ID),
        _optional(10, "requestAddressInfo", ADDRESS_INFO),
        _optional(11, "responseAddressInfo", ADDRESS_INFO),
        _optional(12, "failureReason", CAUSE),
        _optional(13, "expirationPeriod", EXPIRATION),
        *_signaling(14),
    ),
)
TERMINATION_ATTEMPT: Final = Sequence(
    "TerminationAttempt",
    (
        *_CASE,
        Field(3, "callId", CALL_ID),
        Field(4, "calling", PARTY_ID),
        _optional(5, "called", PARTY_ID),
        _optional(6, "location", LOCATION),
        _optional(7, "associateMedia", MEDIA),
        _optional(8, "redirectedFromInfo", REDIRECTED_FROM),
        *_signaling(9),
    ),
)
CONNECTION_TEST: Final = Sequence(
    "ConnectionTest",
    (
        _optional(0, "caseId", CASE_ID),
        _optional(1, "iAPSystemId", IAP_ID),
        Field(2, "timestamp", TIMESTAMP),
        _optional(3, "memo", visible(1, 255)),
    ),
)
CONF_PARTY_CHANGE: Final = Sequence(
    "ConfPartyChange",
    (
        *_CASE,
        Field(3, "callId", CALL_IDS),
        _optional(4, "communicatingParties", PARTY_IDS),
        _optional(5, "removedParties", PARTY_IDS),
        _optional(6, "joinedParties", PARTY_IDS),
        *_signaling(7),
    ),
)
CONNECTION: Final = Sequence(
    "Connection",
    (
        *_CASE,
        Field(3, "callId", CALL_IDS),
        _optional(4, "connectedParties", PARTY_IDS),
        _optional(5, "newParties", PARTY_IDS),
        _optional(6, "connectedMedia", MEDIA),
        *_signaling(7),
    ),
)
CONNECTION_BREAK: Final = Sequence(
    "ConnectionBreak",
    (
        *_CASE,
        Field(3, "callId", CALL_IDS),
        _optional(4, "removedParties", PARTY_IDS),
        _optional(5, "remainingParties", PARTY_IDS),
        _optional(6, "droppedParties", PARTY_IDS),
        _optional(7, "suspendedMedia", MEDIA),
        *_signaling(8),
    ),
)
DIALED_DIGIT_EXTRACTION: Final = Sequence(
    "DialedDigitExtraction",
    (*_CASE, Field(3, "callId", CALL_ID), Field(4, "digits", visible(1, 32)), _optional(5, "psp", PSP)),
)
NETWORK_SIGNAL: Final = Sequence(
    "NetworkSignal",
    (
        *_CASE,
        _optional(3, "callId", CALL_ID),
        _optional(4, "signaledToPartyId", PARTY_ID),
        _optional(5, "subjectContactAddresses", PARTY_ID),
        _optional(6, "associateContactAddresses", PARTY_ID),
        _optional(7, "associateMedia", MEDIA),
        _optional(8, "alertingSignal", ALERTING_SIGNAL),
        _optional(9, "subjectAudibleSignal", AUDIBLE_SIGNAL),
        _optional(10, "terminalDisplayInfo", TERMINAL_DISPLAY_INFO),
        _optional(11, "other", UTF8),
        _optional(12, "refer", REFER),
        *_signaling(13),
    ),
)
_SIGNAL_TEXT: Final = visible(1, 128)
SIGNAL: Final = Sequence(
    "signal",
    (
        _optional(0, "switchhookFlash", _SIGNAL_TEXT),
        _optional(1, "dialedDigits", _SIGNAL_TEXT),
        _optional(2, "featureKey", _SIGNAL_TEXT),
        _optional(3, "otherSignalingInformation", _SIGNAL_TEXT),
        _optional(4, "refer", REFER),
    ),
)
SUBJECT_SIGNAL: Final = Sequence(
    "SubjectSignal",
    (
        *_CASE,
        _optional(3, "callId", CALL_ID),
        _optional(4, "signalingPartyId", PARTY_ID),
        _optional(5, "signaledPartyId", PARTY_ID),
        Field(None, "input", INPUT),
        _optional(8, "subjectMedia", MEDIA),
        Field(9, "signal", SIGNAL),
        *_signaling(10),
    ),
)
DIRECT_SIGNAL_REPORTING: Final = Sequence(
    "DirectSignalReporting",
    (
        *_CASE,
        Field(3, "correlationID", OCTETS),
        _optional(4, "psp", PSP),
        Field(5, "signalingMsg", SIGNALING_MESSAGES),
    ),
)
MEDIA_AND_ADDRESS_REPORTING: Final = Sequence(
    "MediaAndAddressReporting",
    (
        *_CASE,
        Field(3, "callId", CALL_ID),
        _optional(4, "subjectMedia", MEDIA),
        _optional(5, "associateMedia", SequenceOf("SET OF MediaInformation", MEDIA, as_set=True)),
        _optional(6, "redirectedToPartyMedia", MEDIA),
        _optional(7, "subjectContactAddresses", PARTY_ID),
        _optional(8, "associateContactAddresses", PARTY_ID),
        _optional(9, "redirectedToPartyContactAddresses", PARTY_ID),
        *_signaling(10),
    ),
)
CC_CHANGE: Final = Sequence(
    "CCChange",
    (
        *_CASE,
        Field(3, "contentIdentifier", CONTENT_IDENTIFIER),
        Field(4, "deliveryIdentifier", DELIVERY_IDENTIFIER),
        _optional(5, "subjectMedia", MEDIA),
        _optional(6, "associateMedia", MEDIA),
        *_signaling(7),
    ),
)
CC_UNAVAILABLE: Final = Sequence(
    "CCUnavailable",
    (*_CASE, Field(3, "callId", CALL_ID), _optional(4, "unavailabilityReason", VISIBLE), *_signaling(5)),
)
SURVEILLANCE_STATUS: Final = Sequence(
    "SurveillanceStatus",
    (
        Field(0, "caseId", CASE_ID),
        _optional(1, "reportingSystemId", IAP_ID),
        Field(2, "timestamp", TIMESTAMP),
        Field(3, "statusEventType", STATUS_EVENT_TYPE),
        Field(4, "currentStatus", CURRENT_STATUS),
    ),
)
FEATURE_MANAGEMENT: Final = Sequence(
    "FeatureManagement",
    (
        *_CASE,
        _optional(3, "subscriberId", PARTY_ID),
        Field(4, "featureId", UTF8),
        Field(5, "managementType", FEATURE_MANAGEMENT_TYPE),
        _optional(6, "activationInfo", UTF8),
        _optional(7, "failureReason", UTF8),
    ),
)
UU_CONTENT: Final = Sequence(
    "UUContent", (*_CASE, Field(3, "callId", CALL_ID), _optional(4, "content", PSP), *_signaling(5))
)

LAES_MESSAGE: Final = Choice(
    "LaesMessage",
    (
        Field(1, "answer", ANSWER),
        Field(2, "ccClose", CC_CLOSE),
        Field(3, "ccOpen", CC_OPEN),
        Field(4, "change", CHANGE),
        Field(5, "origination", ORIGINATION),
        Field(7, "redirection", REDIRECTION),
        Field(8, "release", RELEASE),
        Field(9, "servingSystem", SERVING_SYSTEM),
        Field(10, "termAttempt", TERMINATION_ATTEMPT),
        Field(11, "connTest", CONNECTION_TEST),
        Field(12, "confPartyChange", CONF_PARTY_CHANGE),
        Field(13, "connection", CONNECTION),
        Field(14, "connectionBreak", CONNECTION_BREAK),
        Field(15, "dialedDgtExtrn", DIALED_DIGIT_EXTRACTION),
        Field(16, "networkSignal", NETWORK_SIGNAL),
        Field(17, "subjectSignal", SUBJECT_SIGNAL),
        Field(18, "directSignalReporting", DIRECT_SIGNAL_REPORTING),
        Field(19, "mediaAndAddressReporting", MEDIA_AND_ADDRESS_REPORTING),
        Field(20, "ccChange", CC_CHANGE),
        Field(21, "ccUnavailable", CC_UNAVAILABLE),
        Field(22, "surveillanceStatus", SURVEILLANCE_STATUS),
        Field(23, "featureManagement", FEATURE_MANAGEMENT),
        Field(24, "uuContent", UU_CONTENT),
    ),
)
ENHANCED_PROTOCOL: Final = Sequence(
    "EnhancedProtocol", (Field(0, "protocolIdentifier", OID), Field(1, "laesMessage", LAES_MESSAGE))
)
LAES_PROTOCOL: Final = Choice(
    "LAESProtocol", (Field(0, "enhancedProtocol", ENHANCED_PROTOCOL), Field(1, "laesMessage", LAES_MESSAGE))
)
_STARTS: Final = b"\xa0\xa1"


def decode_message(octets: bytes) -> CdcMessage:
    """Exactly one record, in either form. Raises DecodeError."""
    expect_start(octets, _STARTS, "T1.678")
    (form, held), unknown = decode_reporting(LAES_PROTOCOL, octets)
    if form == "enhancedProtocol":
        return split(held["laesMessage"], held["protocolIdentifier"], unknown)
    return split(held, None, unknown)


def encode_message(message: CdcMessage) -> bytes:
    """One record; the bare form when the message has no module. Unknown tags are not written. Raises EncodeError."""
    chosen = (message.name, message.fields)
    if message.module is None:
        return encode(LAES_PROTOCOL, ("laesMessage", chosen))
    return encode(LAES_PROTOCOL, ("enhancedProtocol", {"protocolIdentifier": message.module, "laesMessage": chosen}))


def is_apdu(octets: bytes) -> bool:
    """Whether a record of this dialect is content: the universal tag of a CC-APDU begins no message."""
    return octets[:1] == cc_apdu.STARTS


DIALECT: Final = Dialect("t1678", LAES_MESSAGE, _STARTS, decode_message, encode_message, is_apdu, "protocolIdentifier")
