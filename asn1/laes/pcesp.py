"""PCESP, the PacketCable dialect: 14 call-data messages, module version 4.

Source: the published module (1.3.6.1.4.1.4491.2.2.5.1.4), which marks everything as extensible: what a later version
adds is kept and reported. Its tags 12, 18, 19 and 20 are other messages than T1.678's, so the dialect comes from the
configuration, never from a tag. Reserved NULLs are mandatory where the module has them; their names here are by tag.
Assumed: the shape of `terminalDisplayInfo` and `redirectedFromInfo` (as in T1.678), the type of `port`, UTF-8 for SDP.
"""

from __future__ import annotations

from typing import Final

from asn1.errors import EncodeError
from asn1.laes.message import ASSUMED, CdcMessage, Dialect, expect_start, split, visible
from asn1.laes.t1678_types import TERMINAL_DISPLAY_INFO
from asn1.table import (
    GENERALIZED_TIME,
    INTEGER,
    NULL,
    UTF8,
    Choice,
    Field,
    Sequence,
    SequenceOf,
    Type,
    decode_reporting,
    encode,
    enumerated,
)


def _optional(tag: int, name: str, kind: Type) -> Field:
    return Field(tag, name, kind, optional=True)


PROTOCOL_VERSION: Final = enumerated("ProtocolVersion", "3=v3 4=v4")
FLOW_DIRECTION: Final = enumerated("FlowDirection", "1=downstream 2=upstream 3=downstream-and-upstream")
ALERTING_SIGNAL: Final = enumerated(
    "AlertingSignal",
    "0=notUsed 1=alertingPattern0 2=alertingPattern1 3=alertingPattern2 4=alertingPattern3 5=alertingPattern4 "
    "6=callWaitingPattern1 7=callWaitingPattern2 8=callWaitingPattern3 9=callWaitingPattern4 10=bargeInTone "
    "11=alertingPattern5 12=alertingPattern6 13=alertingPattern7 14=alertingPattern8 15=alertingPattern9",
)
AUDIBLE_SIGNAL: Final = enumerated(
    "AudibleSignal",
    "0=notUsed 1=dialTone 2=recallDialTone 3=ringbackTone 4=reorderTone 5=busyTone 6=confirmationTone "
    "7=expensiveRouteTone 8=messageWaitingTone 9=receiverOffHookTone 10=specialInfoTone 11=denialTone "
    "12=interceptTone 13=answerTone 14=tonesOff 15=pipTone 16=abbreviatedIntercept 17=abbreviatedCongestion "
    "18=warningTone 19=dialToneBurst 20=numberUnObtainableTone 21=authenticationFailureTone",
)
RESOURCE_STATE: Final = enumerated("ResourceState", "1=reserved 2=committed")
SDP: Final = UTF8
_TEXT_32: Final = visible(1, 32)
TRANSIT_CARRIER: Final = visible(3, 7)

CALL_ID: Final = Sequence(
    "CallId", (Field(0, "sequencenumber", visible(1, 25)), Field(1, "systemidentity", visible(1, 15)))
)
PARTY_ID: Final = Sequence(
    "PartyId",
    (
        _optional(6, "dn", visible(1, 15)),
        _optional(7, "userProvided", visible(1, 15)),
        _optional(10, "ipAddress", _TEXT_32),
        _optional(12, "trunkId", _TEXT_32),
        _optional(14, "genericAddress", _TEXT_32),
        _optional(15, "genericDigits", _TEXT_32),
        _optional(16, "genericName", visible(1, 48)),
        _optional(17, "port", ASSUMED),
        _optional(18, "context", _TEXT_32),
    ),
)
# CCC-Identifier: 32 bits, in call data written as eight characters 0-9A-F (`asn1.laes.ccc.ccc_text`).
_CCC_ID: Final = visible(8, 8)
SEPARATE_CCC: Final = Sequence("sepCCCpair", (Field(0, "sepXmitCCC", _CCC_ID), Field(1, "sepRecvCCC", _CCC_ID)))
CCC_ID: Final = Choice("CCCId", (Field(0, "combCCC", _CCC_ID), Field(1, "sepCCCpair", SEPARATE_CCC)))
REDIRECTED_FROM: Final = Sequence(
    "RedirectedFromInfo",
    (
        _optional(0, "lastRedirecting", PARTY_ID),
        _optional(1, "originalCalled", PARTY_ID),
        _optional(2, "numRedirections", INTEGER),
    ),
)

_EVENT: Final = (
    Field(0, "caseId", visible(1, 25)),
    Field(1, "accessingElementId", visible(1, 15)),
    Field(2, "eventTime", GENERALIZED_TIME),
)
_CALL: Final = (*_EVENT, Field(3, "callId", CALL_ID))

ANSWER: Final = Sequence("Answer", (*_CALL, _optional(4, "answering", PARTY_ID)))
CC_OPEN_OPTION: Final = Choice(
    "ccOpenOption", (Field(3, "ccOpenTime", SequenceOf("SEQUENCE OF CallId", CALL_ID)), Field(4, "reserved0", NULL))
)
CC_OPEN: Final = Sequence(
    "CCOpen",
    (
        *_EVENT,
        Field(None, "ccOpenOption", CC_OPEN_OPTION),
        Field(5, "cCCId", CCC_ID),
        _optional(6, "subject", SDP),
        _optional(7, "associate", SDP),
        Field(8, "flowDirection", FLOW_DIRECTION),
    ),
)
CC_CHANGE: Final = Sequence(
    "CCChange",
    (
        *_CALL,
        Field(4, "cCCId", CCC_ID),
        _optional(5, "subject", SDP),
        _optional(6, "associate", SDP),
        Field(7, "flowDirection", FLOW_DIRECTION),
        _optional(8, "resourceState", RESOURCE_STATE),
    ),
)
CC_CLOSE: Final = Sequence("CCClose", (*_EVENT, Field(3, "cCCId", CCC_ID), Field(4, "flowDirection", FLOW_DIRECTION)))
INPUT: Final = Choice("input", (Field(6, "userinput", _TEXT_32), Field(7, "translationinput", _TEXT_32)))
ORIGINATION: Final = Sequence(
    "Origination",
    (
        *_CALL,
        Field(4, "calling", PARTY_ID),
        _optional(5, "called", PARTY_ID),
        Field(None, "input", INPUT),
        Field(8, "reserved0", NULL),
        _optional(9, "transitCarrierId", TRANSIT_CARRIER),
    ),
)
TERMINATION_ATTEMPT: Final = Sequence(
    "TerminationAttempt",
    (
        *_CALL,
        _optional(4, "calling", PARTY_ID),
        _optional(5, "called", PARTY_ID),
        Field(6, "reserved0", NULL),
        _optional(7, "redirectedFromInfo", REDIRECTED_FROM),
    ),
)
REDIRECTION: Final = Sequence(
    "Redirection",
    (
        *_EVENT,
        Field(3, "old", CALL_ID),
        Field(4, "redirectedto", PARTY_ID),
        _optional(5, "transitCarrierId", TRANSIT_CARRIER),
        Field(6, "reserved0", NULL),
        Field(7, "reserved1", NULL),
        _optional(8, "new", CALL_ID),
        _optional(9, "redirectedfrom", PARTY_ID),
    ),
)
RELEASE: Final = Sequence("Release", _CALL)
DIALED_DIGIT_EXTRACTION: Final = Sequence("DialedDigitExtraction", (*_CALL, Field(4, "digits", _TEXT_32)))
NETWORK_SIGNAL: Final = Sequence(
    "NetworkSignal",
    (
        *_CALL,
        _optional(4, "alertingSignal", ALERTING_SIGNAL),
        _optional(5, "subjectAudibleSignal", AUDIBLE_SIGNAL),
        _optional(6, "terminalDisplayInfo", TERMINAL_DISPLAY_INFO),
        _optional(7, "other", visible(1, 128)),
        Field(8, "signaledToPartyId", PARTY_ID),
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
    ),
)
SUBJECT_SIGNAL: Final = Sequence(
    "SubjectSignal",
    (*_EVENT, _optional(3, "callId", CALL_ID), Field(4, "signal", SIGNAL), Field(5, "signaledFromPartyId", PARTY_ID)),
)
MEDIA_REPORT: Final = Sequence("MediaReport", (*_CALL, _optional(4, "subject", SDP), _optional(5, "associate", SDP)))
SERVICE_INSTANCE: Final = Sequence(
    "ServiceInstance",
    (
        *_CALL,
        _optional(4, "relatedCallId", CALL_ID),
        Field(5, "serviceName", visible(1, 128)),
        _optional(6, "firstCallCalling", PARTY_ID),
        _optional(7, "secondCallCalling", PARTY_ID),
        _optional(8, "called", PARTY_ID),
        _optional(9, "calling", PARTY_ID),
    ),
)
CONFERENCE_PARTY: Final = Sequence(
    "conferenceParty",
    (_optional(0, "partyId", SequenceOf("SEQUENCE OF PartyId", PARTY_ID)), _optional(1, "cCCId", CCC_ID)),
)
_CONFERENCE_PARTIES: Final = SequenceOf("SEQUENCE OF conferenceParty", CONFERENCE_PARTY)
CONFERENCE_PARTY_CHANGE: Final = Sequence(
    "ConferencePartyChange",
    (
        *_CALL,
        _optional(4, "communicating", _CONFERENCE_PARTIES),
        _optional(5, "removed", _CONFERENCE_PARTIES),
        _optional(6, "joined", _CONFERENCE_PARTIES),
    ),
)

MESSAGE: Final = Choice(
    "Message",
    (
        Field(1, "answer", ANSWER),
        Field(2, "ccclose", CC_CLOSE),
        Field(3, "ccopen", CC_OPEN),
        Field(5, "origination", ORIGINATION),
        Field(7, "redirection", REDIRECTION),
        Field(8, "release", RELEASE),
        Field(10, "terminationattempt", TERMINATION_ATTEMPT),
        Field(12, "ccchange", CC_CHANGE),
        Field(15, "dialeddigitextraction", DIALED_DIGIT_EXTRACTION),
        Field(16, "networksignal", NETWORK_SIGNAL),
        Field(17, "subjectsignal", SUBJECT_SIGNAL),
        Field(18, "mediareport", MEDIA_REPORT),
        Field(19, "serviceinstance", SERVICE_INSTANCE),
        Field(20, "confpartychange", CONFERENCE_PARTY_CHANGE),
    ),
)
CDC_PDU: Final = Sequence("CdcPdu", (Field(0, "protocolVersion", PROTOCOL_VERSION), Field(1, "message", MESSAGE)))
_STARTS: Final = b"\x30"

_SIGNALS: Final = ("alertingSignal", "subjectAudibleSignal", "terminalDisplayInfo", "other")


def decode_message(octets: bytes) -> CdcMessage:
    """Exactly one record. Raises DecodeError."""
    expect_start(octets, _STARTS, "PCESP")
    held, unknown = decode_reporting(CDC_PDU, octets)
    return split(held["message"], held["protocolVersion"], unknown)


def encode_message(message: CdcMessage) -> bytes:
    """One record, `v4` when the message names no module. Unknown tags are not written. Raises EncodeError.

    Two messages must say something: the module demands at least one of their optional signals.
    """
    name, fields = message.name, message.fields
    if name == "networksignal" and fields.keys().isdisjoint(_SIGNALS):
        raise EncodeError(f"{name} lacks a signal: one of {', '.join(_SIGNALS)}")
    if name == "subjectsignal" and not fields.get("signal"):
        raise EncodeError(f"{name} lacks a signal")
    version = "v4" if message.module is None else message.module
    return encode(CDC_PDU, {"protocolVersion": version, "message": (name, fields)})


def is_apdu(octets: bytes) -> bool:
    """No record of this dialect is content: that comes in datagrams (`asn1.laes.ccc`)."""
    return False


DIALECT: Final = Dialect("pcesp", MESSAGE, _STARTS, decode_message, encode_message, is_apdu, "protocolVersion")
