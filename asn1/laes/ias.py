"""IAS (ATIS-1000013): the 12 messages of internet access, among them packet header and packet summary reports.

Rows as in the compiled module of 2007; `location` in Access-Session-End and Packet-Data-Session-End is an addition of
version 2 (2015) known from a secondary source. Header and summary reports are how packet data is told without content.
Assumed: the identifiers of the alternatives (the message's name in the usual spelling), a location's inner form, and
`contentIdentifier` and `cccId` as in T1.678, whose octets the checked records have. The module of optional messages has
an identifier we do not know, so its records cannot be told from these by it: such a link must not be configured `ias`.
"""

from __future__ import annotations

from typing import Final

from asn1 import tlv
from asn1.errors import DecodeError
from asn1.laes.message import CdcMessage, Dialect, expect_start, split
from asn1.laes.t1678_types import CASE_ID, CCC_IDENTITY, CONTENT_IDENTIFIER, IAP_ID, IP_ADDRESS, TIMESTAMP
from asn1.table import (
    INTEGER,
    NULL,
    OCTETS,
    OID,
    UNDESCRIBED,
    UTF8,
    Choice,
    Field,
    Sequence,
    SequenceOf,
    Text,
    Type,
    decode_reporting,
    encode,
    enumerated,
)

MODULE: Final = "1.2.840.113737.2.1.1.0.0"
CC_MODULE: Final = "1.2.840.113737.2.1.1.1.0"
"""What `ccDeliveryFormat` names when content comes as IAS-CC-APDUs, whose shape is that of T1.678's."""


def _optional(tag: int, name: str, kind: Type, clause: str = "") -> Field:
    return Field(tag, name, kind, optional=True, clause=clause)


VALUE: Final = Choice(
    "Value",
    (
        Field(0, "stringVS", Text("VisibleString", kind="visible")),
        Field(1, "stringUTF8", UTF8),
        Field(2, "integer", INTEGER),
        Field(3, "octets", OCTETS),
        Field(4, "numeric", Text("NumericString", kind="numeric")),
    ),
)
ALLOCATION_METHOD: Final = Choice(
    "allocationMethod",
    (Field(0, "static", NULL), Field(1, "dynamic", NULL), Field(2, "unknown", NULL), Field(3, "notApplicable", NULL)),
)
IP_ADDRESS_INFO: Final = Sequence(
    "IPAddress",
    (
        Field(0, "address", IP_ADDRESS),
        Field(1, "allocationMethod", ALLOCATION_METHOD),
        _optional(2, "iPv6FlowLabel", UTF8),
        _optional(3, "prefixLen", INTEGER),
    ),
)
ACCESS_TYPE: Final = Choice(
    "accessType",
    (
        Field(0, "dialUp", NULL),
        Field(1, "dsl", NULL),
        Field(2, "lan", NULL),
        Field(3, "cable", NULL),
        Field(4, "wiFi", NULL),
        Field(5, "wiMax", NULL),
        Field(6, "other", UTF8),
    ),
)
ACCESS_METHOD: Final = Sequence(
    "AccessMethod",
    (
        _optional(0, "accessType", ACCESS_TYPE),
        _optional(1, "accessEquipmentID", UTF8),
        _optional(2, "partOfMultipleLogin", NULL),
    ),
)
PROTOCOL: Final = Choice("Protocol", (Field(0, "radius", NULL), Field(1, "other", UTF8)))
PROTOCOL_SIGNAL: Final = Sequence(
    "ProtocolSignal",
    (Field(0, "protocol", PROTOCOL), Field(1, "signal", SequenceOf("SET OF Value", VALUE, as_set=True))),
)
PORT_NUMBER: Final = UTF8
HEADER_SET: Final = Sequence(
    "HeaderSet",
    (
        Field(0, "streamID", VALUE),
        Field(1, "sourceIPaddress", IP_ADDRESS_INFO),
        Field(2, "destinationIPaddress", IP_ADDRESS_INFO),
        _optional(3, "sourcePortNumber", PORT_NUMBER),
        _optional(4, "destinationPortNumber", PORT_NUMBER),
    ),
)
STREAM_SET: Final = Sequence(
    "StreamSet",
    (
        Field(0, "streamID", VALUE),
        Field(1, "sourceIPaddress", IP_ADDRESS_INFO),
        Field(2, "destinationIPaddress", IP_ADDRESS_INFO),
        Field(3, "packetCount", INTEGER),
        _optional(4, "sourcePortNumber", PORT_NUMBER),
        _optional(5, "destinationPortNumber", PORT_NUMBER),
    ),
)
CC_ADDRESS: Final = Sequence(
    "CCAddress", (Field(0, "leaIPAddress", IP_ADDRESS), Field(1, "leaPortNumber", PORT_NUMBER))
)
DELIVERY_IDENTIFIER: Final = Choice(
    "DeliveryIdentifier", (Field(0, "cccId", CCC_IDENTITY), Field(1, "ccAddress", CC_ADDRESS))
)
CC_DELIVERY_FORMAT: Final = Choice(
    "IAS-CCDeliveryFormat",
    (Field(0, "scteDatagram", NULL), Field(1, "atis-678-ASN1", OID), Field(2, "iasDatagram", NULL)),
)
LEA_CMC_DELIVERY: Final = Sequence(
    "LEA-CmC-Delivery",
    (
        Field(0, "contentIdentifier", CONTENT_IDENTIFIER),
        Field(1, "deliveryIdentifier", DELIVERY_IDENTIFIER),
        Field(2, "ccDeliveryFormat", CC_DELIVERY_FORMAT),
    ),
)
MESSAGE_TYPE: Final = enumerated("MessageType", "0=radius 1=diameter 2=xml 3=asn.1 4=other")
INTERCEPTED_SIGNALING_MESSAGE: Final = Sequence(
    "InterceptedSignalingMessage", (Field(0, "messageType", MESSAGE_TYPE), Field(1, "message", UTF8))
)

_CASE: Final = (Field(0, "caseId", CASE_ID), Field(1, "iAPSystemId", IAP_ID), Field(2, "timestamp", TIMESTAMP))
_SUBSCRIBER: Final = (*_CASE, Field(3, "subscriberIdentity", VALUE))

ACCESS_ATTEMPT: Final = Sequence(
    "Access-Attempt",
    (
        *_SUBSCRIBER,
        _optional(4, "accessMethod", ACCESS_METHOD),
        _optional(5, "networkAccessNodeIdentity", VALUE),
        _optional(6, "protocolSignal", PROTOCOL_SIGNAL),
    ),
)
ACCESS_ACCEPTED: Final = Sequence(
    "Access-Accepted",
    (
        *_SUBSCRIBER,
        _optional(4, "accessMethod", ACCESS_METHOD),
        _optional(5, "networkAccessNodeIdentity", VALUE),
        _optional(6, "iPAddress", IP_ADDRESS_INFO),
        Field(7, "accessSessionID", VALUE),
        _optional(8, "accessSessionCharacteristics", VALUE),
        _optional(9, "location", UNDESCRIBED),
        _optional(10, "protocolSignal", PROTOCOL_SIGNAL),
    ),
)
_REFUSED: Final = (
    *_SUBSCRIBER,
    _optional(4, "iPAddress", IP_ADDRESS_INFO),
    _optional(5, "reasonForTermination", VALUE),
    _optional(6, "protocolSignal", PROTOCOL_SIGNAL),
)
ACCESS_FAILED: Final = Sequence("Access-Failed", _REFUSED)
ACCESS_SESSION_END: Final = Sequence(
    "Access-Session-End",
    (
        *_SUBSCRIBER,
        _optional(4, "iPAddress", IP_ADDRESS_INFO),
        Field(5, "accessSessionID", VALUE),
        _optional(6, "reasonForTermination", VALUE),
        _optional(7, "protocolSignal", PROTOCOL_SIGNAL),
        _optional(8, "location", UNDESCRIBED, "version 2"),
    ),
)
ACCESS_REJECTED: Final = Sequence("Access-Rejected", _REFUSED)
ACCESS_SIGNALING_MESSAGE_REPORT: Final = Sequence(
    "Access-Signaling-Message-Report",
    (
        *_CASE,
        _optional(3, "accessSessionID", VALUE),
        Field(
            4,
            "signalingMsg",
            SequenceOf("SET OF InterceptedSignalingMessage", INTERCEPTED_SIGNALING_MESSAGE, as_set=True),
        ),
    ),
)
_SESSION: Final = (
    *_SUBSCRIBER,
    _optional(4, "accessSessionID", VALUE),
    Field(5, "packetDataSessionID", VALUE),
    Field(6, "iPAddress", IP_ADDRESS_INFO),
)
_ESTABLISHED: Final = (
    *_SESSION,
    _optional(7, "accessSessionCharacteristics", VALUE),
    _optional(8, "location", UNDESCRIBED),
    _optional(9, "deliveryInformation", LEA_CMC_DELIVERY),
)
PACKET_DATA_SESSION_START: Final = Sequence("Packet-Data-Session-Start", _ESTABLISHED)
PACKET_DATA_SESSION_FAILED: Final = Sequence(
    "Packet-Data-Session-Failed",
    (*_SUBSCRIBER, _optional(4, "accessSessionID", VALUE), _optional(5, "reasonForTermination", VALUE)),
)
PACKET_DATA_SESSION_END: Final = Sequence(
    "Packet-Data-Session-End",
    (*_SESSION, _optional(7, "reasonForTermination", VALUE), _optional(8, "location", UNDESCRIBED, "version 2")),
)
PACKET_DATA_SESSION_ALREADY_ESTABLISHED: Final = Sequence("Packet-Data-Session-Already-Established", _ESTABLISHED)
PACKET_DATA_HEADER_REPORT: Final = Sequence(
    "Packet-Data-Header-Report",
    (*_CASE, Field(3, "contentIdentifier", CONTENT_IDENTIFIER), Field(4, "headerSet", HEADER_SET)),
)
PACKET_DATA_SUMMARY_REPORT: Final = Sequence(
    "Packet-Data-Summary-Report",
    (*_CASE, Field(3, "contentIdentifier", CONTENT_IDENTIFIER), Field(4, "streamSet", STREAM_SET)),
)

IAS_MESSAGE: Final = Choice(
    "IasMessage",
    (
        Field(0, "accessAttempt", ACCESS_ATTEMPT),
        Field(1, "accessAccepted", ACCESS_ACCEPTED),
        Field(2, "accessFailed", ACCESS_FAILED),
        Field(3, "accessSessionEnd", ACCESS_SESSION_END),
        Field(4, "accessRejected", ACCESS_REJECTED),
        Field(5, "accessSignalingMessageReport", ACCESS_SIGNALING_MESSAGE_REPORT),
        Field(6, "packetDataSessionStart", PACKET_DATA_SESSION_START),
        Field(7, "packetDataSessionFailed", PACKET_DATA_SESSION_FAILED),
        Field(8, "packetDataSessionEnd", PACKET_DATA_SESSION_END),
        Field(9, "packetDataSessionAlreadyEstablished", PACKET_DATA_SESSION_ALREADY_ESTABLISHED),
        Field(10, "packetDataHeaderReport", PACKET_DATA_HEADER_REPORT),
        Field(11, "packetDataSummaryReport", PACKET_DATA_SUMMARY_REPORT),
    ),
)
# The message stands here without a tag of its own, so one that no row describes is seen as an unknown element of this
# record; `decode_message` gives it back as the message. Hence optional to the table, and to nobody else.
IAS_PROTOCOL: Final = Sequence(
    "IasProtocol",
    (Field(None, "protocolIdentifier", OID), Field(None, "iasMessage", IAS_MESSAGE, optional=True)),
)
_STARTS: Final = b"\x30"


def decode_message(octets: bytes) -> CdcMessage:
    """Exactly one record. Raises DecodeError."""
    expect_start(octets, _STARTS, "IAS")
    held, unknown = decode_reporting(IAS_PROTOCOL, octets)
    chosen = held.get("iasMessage")
    if chosen is None:
        tags = [item.tag for item in unknown if not item.path]
        if not tags:
            raise DecodeError(DecodeError.MISSING_FIELD, "IasProtocol lacks iasMessage")
        chosen = (tags[0], {})
    return split(chosen, held["protocolIdentifier"], unknown)


def encode_message(message: CdcMessage) -> bytes:
    """One record, of `MODULE` when the message names none. Unknown tags are not written. Raises EncodeError."""
    module = MODULE if message.module is None else message.module
    return encode(IAS_PROTOCOL, {"protocolIdentifier": module, "iasMessage": (message.name, message.fields)})


def is_apdu(octets: bytes) -> bool:
    """Whether a record of this dialect is content: its first element is no identifier, as a CC-APDU has none."""
    try:
        _, _, content, _ = tlv.read_head(octets, 0, len(octets))
    except DecodeError:
        return False
    return octets[content : content + 1] in (b"\xa0", b"\x81", b"\xa1")


DIALECT: Final = Dialect("ias", IAS_MESSAGE, _STARTS, decode_message, encode_message, is_apdu, "protocolIdentifier")
