"""CC-APDU: one packet of content with its label, in T1.678 and, under another module identifier, in IAS.

Source: the compiled tables of both modules, which agree. The header is optional as a whole, and so is nearly everything
in it: an APDU without one can be told from others by its transport alone. APDUs follow each other with nothing between,
in a datagram as in a stream (assumed).
"""

from __future__ import annotations

from typing import Final, NamedTuple

from asn1.laes.message import expect_start
from asn1.laes.t1678_types import CASE_ID, CONTENT_IDENTIFIER, IAP_ID, TIMESTAMP
from asn1.table import INTEGER, OCTETS, Field, Sequence, UnknownTag, Value, decode_reporting, encode, enumerated

PACKET_DIRECTION: Final = enumerated("PacketDirection", "0=fromSubject 1=toSubject")
CORRELATION_INFO: Final = Sequence(
    "correlationInfo",
    (
        Field(0, "caseId", CASE_ID, optional=True),
        Field(1, "iapId", IAP_ID, optional=True),
        Field(2, "contentIdentifier", CONTENT_IDENTIFIER),
    ),
)
CC_DELIVERY_HEADER: Final = Sequence(
    "CCDeliveryHeader",
    (
        Field(0, "correlationInfo", CORRELATION_INFO),
        Field(1, "timeStamp", TIMESTAMP, optional=True),
        Field(2, "packetDirection", PACKET_DIRECTION, optional=True),
        Field(3, "sequenceNumber", INTEGER, optional=True),
    ),
)
CC_APDU: Final = Sequence(
    "CC-APDU", (Field(0, "ccDeliveryHeader", CC_DELIVERY_HEADER, optional=True), Field(1, "payload", OCTETS))
)
STARTS: Final = b"\x30"


class CcApdu(NamedTuple):
    """One packet of content; `header` by the names of `CC_DELIVERY_HEADER`, times in microseconds UTC."""

    header: dict[str, Value] | None
    payload: bytes
    unknown_tags: tuple[UnknownTag, ...] = ()


def decode_apdu(octets: bytes) -> CcApdu:
    """Exactly one CC-APDU. Raises DecodeError."""
    expect_start(octets, STARTS, "CC-APDU")
    held, unknown = decode_reporting(CC_APDU, octets)
    return CcApdu(held.get("ccDeliveryHeader"), held["payload"], unknown)


def encode_apdu(apdu: CcApdu) -> bytes:
    """One CC-APDU. Unknown tags are not written. Raises EncodeError."""
    header = {} if apdu.header is None else {"ccDeliveryHeader": apdu.header}
    return encode(CC_APDU, {**header, "payload": apdu.payload})
