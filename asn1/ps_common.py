"""Types of TS 102 232-1 that several of its parts share: addresses, times, directions, correlation."""

from __future__ import annotations

from typing import Final

from asn1.table import (
    BOOLEAN,
    OCTETS,
    UINT64,
    Choice,
    Field,
    Integer,
    OctetString,
    Sequence,
    SequenceOf,
    Text,
    enumerated,
)

MICRO_SECOND_TIME_STAMP: Final = Sequence(
    "MicroSecondTimeStamp",
    (Field(0, "seconds", UINT64), Field(1, "microSeconds", Integer("INTEGER", 0, 999_999))),
)
TIME_STAMP_QUALIFIER: Final = enumerated(
    "TimeStampQualifier", "0=unknown 1=timeOfInterception 2=timeOfMediation 3=timeOfAggregation"
)
PAYLOAD_DIRECTION: Final = enumerated(
    "PayloadDirection", "0=fromTarget 1=toTarget 2=indeterminate 3=combined 4=notapplicable"
)
LIID: Final = OctetString("LawfulInterceptionIdentifier", 1, 25)
"""TS 103 280: 1 to 25 octets, either printable ASCII or any octets (then written in hexadecimal)."""

COUNTRY_CODE: Final = Text("PrintableString (SIZE (2))", 2, 2, "printable")

IP_VALUE: Final = Choice(
    "IP-value",
    (
        Field(1, "iPBinaryAddress", OctetString("OCTET STRING (SIZE (4..16))", 4, 16)),
        Field(2, "iPTextAddress", Text("IA5String (SIZE (7..45))", 7, 45, "ia5")),
    ),
)
IP_ADDRESS: Final = Sequence(
    "IPAddress",
    (
        Field(1, "iP-type", enumerated("iP-type", "0=iPV4 1=iPV6")),
        Field(2, "iP-value", IP_VALUE),
        Field(3, "iP-assignment", enumerated("iP-assignment", "1=static 2=dynamic 3=notKnown"), optional=True),
        Field(4, "iPv6PrefixLength", Integer("INTEGER", 1, 128), optional=True),
        Field(5, "iPv4SubnetMask", OctetString("OCTET STRING (SIZE (4))", 4, 4), optional=True),
        Field(6, "iP-NAT-translated", BOOLEAN, optional=True),
    ),
)
_FORMAT: Final = OctetString("OCTET STRING (SIZE (1..25))", 1, 25)
NETWORK_ELEMENT_IDENTIFIER: Final = Choice(
    "Network-Element-Identifier",
    (
        Field(1, "e164-Format", _FORMAT),
        Field(2, "x25-Format", _FORMAT),
        Field(3, "iP-Format", _FORMAT),
        Field(4, "dNS-Format", _FORMAT),
        Field(5, "iP-Address", IP_ADDRESS),
    ),
    # TS 101 671 HI2Operations, also the eTSI671NEID of the PS header
)
IRI_TO_CC: Final = Sequence(
    "IRI-to-CC-Correlation",
    (
        Field(0, "cc", SequenceOf("SET OF OCTET STRING", OCTETS, as_set=True)),
        Field(1, "iri", OCTETS, optional=True),
    ),
)
CORRELATION_VALUES: Final = Choice(
    "CorrelationValues",
    (
        Field(0, "iri-to-CC", IRI_TO_CC),
        Field(1, "iri-to-iri", OCTETS),
        Field(2, "both-IRI-CC", Sequence("both-IRI-CC", (Field(0, "iri-CC", IRI_TO_CC), Field(1, "iri-IRI", OCTETS)))),
    ),
)


def ip_address(packed: bytes) -> dict[str, object]:
    """The IPAddress value for 4 or 16 address octets, for the encoders' callers."""
    return {"iP-type": "iPV4" if len(packed) == 4 else "iPV6", "iP-value": ("iPBinaryAddress", packed)}
