"""TS 102 232-3, iPIRIOnly: headers of packets and summaries of flows (PDHR, PDSR), for orders without content.

Rows of the module's version 20 (read in the schema). Superseded by iPIRIPacketReport (`asn1.ip`); kept for equipment
that still sends it.
"""

from __future__ import annotations

from typing import Final

from asn1.table import (
    GENERALIZED_TIME,
    INTEGER,
    NULL,
    OCTETS,
    RELATIVE_OID,
    Bits,
    Choice,
    Field,
    OctetString,
    Sequence,
    enumerated,
)

IPV4_INFORMATION: Final = Sequence(
    "IPv4Information",
    (
        Field(0, "headerLength", OCTETS, optional=True),
        Field(1, "typeOfService", OCTETS, optional=True),
        Field(2, "totalLength", OctetString("OCTET STRING (SIZE (2))", 2, 2), optional=True),
        Field(3, "identification", OctetString("OCTET STRING (SIZE (2))", 2, 2), optional=True),
        Field(4, "fragment", OctetString("OCTET STRING (SIZE (2))", 2, 2), optional=True),
        Field(5, "ttl", OCTETS, optional=True),
        Field(6, "protocol", OCTETS, optional=True),
        Field(7, "headerChecksum", OctetString("OCTET STRING (SIZE (2))", 2, 2), optional=True),
        Field(8, "source", OctetString("OCTET STRING (SIZE (4))", 4, 4)),
        Field(9, "destination", OctetString("OCTET STRING (SIZE (4))", 4, 4)),
        Field(10, "options", OctetString("OCTET STRING (SIZE (0..40))", 0, 40), optional=True),
    ),
)
IPV6_INFORMATION: Final = Sequence(
    "IPv6Information",
    (
        Field(0, "trafficClass", OCTETS, optional=True),
        Field(1, "flowLabel", OctetString("OCTET STRING (SIZE (20))", 20, 20), optional=True),
        Field(2, "payloadLength", OctetString("OCTET STRING (SIZE (4))", 4, 4), optional=True),
        Field(3, "nextHeader", OCTETS, optional=True),
        Field(4, "hopLimit", OCTETS, optional=True),
        Field(5, "source", OctetString("OCTET STRING (SIZE (16))", 16, 16)),
        Field(6, "destination", OctetString("OCTET STRING (SIZE (16))", 16, 16)),
    ),
)
IP_INFORMATION: Final = Choice(
    "IPInformation",
    (
        Field(0, "iPv4Information", IPV4_INFORMATION),
        Field(1, "iPv6Information", IPV6_INFORMATION),
    ),
)
TCP_INFORMATION: Final = Sequence(
    "TCPInformation",
    (
        Field(0, "sourcePort", OctetString("OCTET STRING (SIZE (2))", 2, 2), optional=True),
        Field(1, "destinationPort", OctetString("OCTET STRING (SIZE (2))", 2, 2), optional=True),
        Field(2, "sequenceNumber", OctetString("OCTET STRING (SIZE (4))", 4, 4), optional=True),
        Field(3, "ackNumber", OctetString("OCTET STRING (SIZE (4))", 4, 4), optional=True),
        Field(4, "dataOffset", Bits("BIT STRING", 4, 4), optional=True),
        Field(5, "controlBits", Bits("BIT STRING", 6, 6), optional=True),
        Field(6, "windowSize", OctetString("OCTET STRING (SIZE (2))", 2, 2), optional=True),
        Field(7, "checkSum", OctetString("OCTET STRING (SIZE (2))", 2, 2), optional=True),
        Field(8, "urgentPointer", OctetString("OCTET STRING (SIZE (2))", 2, 2), optional=True),
        Field(9, "options", OctetString("OCTET STRING (SIZE (0..40))", 0, 40), optional=True),
    ),
)
UDP_INFORMATION: Final = Sequence(
    "UDPInformation",
    (
        Field(0, "sourcePort", OctetString("OCTET STRING (SIZE (2))", 2, 2), optional=True),
        Field(1, "destinationPort", OctetString("OCTET STRING (SIZE (2))", 2, 2), optional=True),
        Field(2, "length", OctetString("OCTET STRING (SIZE (2))", 2, 2), optional=True),
        Field(3, "checkSum", OctetString("OCTET STRING (SIZE (2))", 2, 2), optional=True),
    ),
)
PROTOCOL_INFORMATION: Final = Choice(
    "ProtocolInformation",
    (
        Field(0, "none", NULL),
        Field(1, "tCPInformation", TCP_INFORMATION),
        Field(2, "uDPInformation", UDP_INFORMATION),
    ),
)
PDSR_SUMMARY_TRIGGER: Final = enumerated(
    "PDSRSummaryTrigger", "0=startOfFlow 1=timerExpiry 2=packetCount 3=byteCount 4=endOfFlow"
)
PDSR_INFORMATION: Final = Sequence(
    "PDSRInformation",
    (
        Field(0, "summaryTrigger", PDSR_SUMMARY_TRIGGER),
        Field(1, "firstPacketTimestamp", GENERALIZED_TIME),
        Field(2, "lastPacketTimestamp", GENERALIZED_TIME),
        Field(3, "packetCount", INTEGER),
        Field(4, "byteCount", INTEGER),
    ),
)
IPIRI_ONLY: Final = Sequence(
    "IPIRIOnly",
    (
        Field(0, "iPIRIOnlyObjId", RELATIVE_OID),
        Field(1, "iPInformation", IP_INFORMATION),
        Field(2, "protocolInformation", PROTOCOL_INFORMATION),
        Field(3, "iPAggregatedNbrOfPackets", INTEGER, optional=True),
        Field(4, "iPAggregatedNbrOfBytes", INTEGER, optional=True),
        Field(5, "pDSRInformation", PDSR_INFORMATION, optional=True),
    ),
)
