"""TS 102 232-3: internet access. Session IRI, IP packets as content, packet header and summary reports.

Rows as in the module's version 20; the object ids below are those of that version. Rules that a sender keeps (module
comments): `targetIPAddress` may be absent only when there is none (failed logon); `additionalIPAddress` carries the
first IPv6 address or prefix when `iPVersion` is iPV4andV6; `sessionStart`/`sessionEnd` are unused since version 4.
"""

from __future__ import annotations

from typing import Final

from asn1.ps_common import COUNTRY_CODE, IP_ADDRESS
from asn1.ps_location import LOCATION
from asn1.table import (
    GENERALIZED_TIME,
    INTEGER,
    OCTETS,
    RELATIVE_OID,
    UINT32,
    UINT64,
    BitString,
    Choice,
    Field,
    OctetString,
    Sequence,
    SequenceOf,
    Text,
    Value,
    enumerated,
)

IPIRI_OBJ_ID: Final = "5.3.20.1"
IPCC_OBJ_ID: Final = "5.3.20.2"
IPIRI_PACKET_REPORT_OBJ_ID: Final = "5.3.20.4"

ACCESS_EVENT_TYPE: Final = enumerated(
    "AccessEventType",
    "0=accessAttempt 1=accessAccept 2=accessReject 3=accessFailed 4=sessionStart 5=sessionEnd 6=interimUpdate "
    "7=startOfInterceptionWithSessionActive 8=accessEnd 9=endOfInterceptionWithSessionActive 10=unknown "
    "11=startOfInterceptionWithoutNetworkSession 12=endOfInterceptionWithoutNetworkSession 13=sessionExpired",
)
INTERNET_ACCESS_TYPE: Final = enumerated(
    "InternetAccessType",
    "0=undefined 1=dialUp 2=xDSL 3=cableModem 4=lAN 5=wirelessLAN 6=fTTx 7=wIMAX-HIPERMAN 8=satellite 9=wireless-other",
)
IP_VERSION: Final = enumerated("IPVersion", "1=iPV4 2=iPV6 3=iPV4andV6")
END_REASON: Final = enumerated(
    "EndReason", "0=undefined 1=regularLogoff 2=connectionLoss 3=connectionTimeout 4=leaseExpired"
)
AUTHENTICATION_TYPE: Final = enumerated("AuthenticationType", "0=unknown 1=static 2=radiusAAA 3=dhcpAAA 4=diameterAAA")
POP_IDENTIFIER: Final = Choice(
    "IPIRIIDType",
    (
        Field(0, "printableIDType", Text("UTF8String (SIZE (1..128))", 1, 128)),
        Field(1, "macAddressType", OctetString("OCTET STRING (SIZE (6))", 6, 6)),
        Field(2, "ipAddressType", IP_ADDRESS),
    ),
)
_UTF8_20: Final = Text("UTF8String (SIZE (1..20))", 1, 20)

NATIONAL_IPIRI_PARAMETERS: Final = Sequence("NationalIPIRIParameters", (Field(1, "countryCode", COUNTRY_CODE),))
OTHER_TARGET_IDENTIFIERS: Final = Choice("OtherTargetIdentifiers", (Field(0, "iPAddress", IP_ADDRESS),))
FRAMED_ROUTE: Final = Choice("FramedRoute", (Field(0, "framedRoute", OCTETS),))
_OTHER_TARGET_IDENTIFIERS: Final = SequenceOf("SEQUENCE OF OtherTargetIdentifiers", OTHER_TARGET_IDENTIFIERS)
_FRAMED_ROUTES: Final = SequenceOf("SEQUENCE OF FramedRoute", FRAMED_ROUTE)

IPIRI_CONTENTS: Final = Sequence(
    "IPIRIContents",
    (
        Field(0, "accessEventType", ACCESS_EVENT_TYPE),
        Field(1, "targetUsername", OCTETS),
        Field(2, "internetAccessType", INTERNET_ACCESS_TYPE),
        Field(3, "iPVersion", IP_VERSION),
        Field(4, "targetIPAddress", IP_ADDRESS, optional=True),
        Field(5, "targetNetworkID", _UTF8_20, optional=True),
        Field(6, "targetCPEID", Text("UTF8String (SIZE (1..128))", 1, 128), optional=True),
        Field(7, "targetLocation", Text("UTF8String (SIZE (1..64))", 1, 64), optional=True),
        Field(8, "pOPPortNumber", UINT32, optional=True),
        Field(9, "callBackNumber", _UTF8_20, optional=True),
        Field(10, "startTime", GENERALIZED_TIME, optional=True),
        Field(11, "endTime", GENERALIZED_TIME, optional=True),
        Field(12, "endReason", END_REASON, optional=True),
        Field(13, "octetsReceived", UINT64, optional=True),
        Field(14, "octetsTransmitted", UINT64, optional=True),
        Field(15, "rawAAAData", OCTETS, optional=True),
        Field(16, "expectedEndTime", GENERALIZED_TIME, optional=True),
        Field(17, "pOPPhoneNumber", _UTF8_20, optional=True),
        Field(18, "pOPIdentifier", POP_IDENTIFIER, optional=True),
        Field(19, "pOPIPAddress", IP_ADDRESS, optional=True),
        Field(20, "nationalIPIRIParameters", NATIONAL_IPIRI_PARAMETERS, optional=True),
        Field(21, "additionalIPAddress", IP_ADDRESS, optional=True),
        Field(22, "authenticationType", AUTHENTICATION_TYPE, optional=True),
        Field(23, "otherTargetIdentifiers", _OTHER_TARGET_IDENTIFIERS, optional=True),
        Field(24, "location", LOCATION, optional=True),
        Field(25, "pOPPortID", OCTETS, optional=True),
        Field(26, "framedRoutes", _FRAMED_ROUTES, optional=True),
    ),
)
IPIRI: Final = Sequence("IPIRI", (Field(0, "iPIRIObjId", RELATIVE_OID), Field(1, "iPIRIContents", IPIRI_CONTENTS)))
IP_TRUNCATED_PACKET: Final = Sequence(
    "IPTruncatedPacket",
    (Field(0, "truncatedPacket", OCTETS), Field(1, "originalLength", INTEGER, optional=True)),
)
IPCC_CONTENTS: Final = Choice(
    "IPCCContents", (Field(0, "iPPackets", OCTETS), Field(1, "iPTruncatedPacket", IP_TRUNCATED_PACKET))
)
IPCC: Final = Sequence("IPCC", (Field(0, "iPCCObjId", RELATIVE_OID), Field(1, "iPCCContents", IPCC_CONTENTS)))

PACKET_REPORT_TRIGGER: Final = enumerated(
    "PacketReportTrigger",
    "1=flowStart 2=flowEnd 3=flowTimeout 4=flowTimerExpiration 5=flowPacketCount 6=flowByteCount "
    "7=sessionTimerExpiration 8=sessionPacketCount 9=sessionByteCount 10=reportEnd",
)
PACKET_REPORT_INDICATIONS: Final = BitString(
    "PacketReportIndications",
    rows=(
        (0, "zeroedIPv4TotalLength"),
        (1, "zeroedIPv4Flags"),
        (2, "zeroedIPv4TimeToLive"),
        (3, "zeroedIPv4HeaderChecksum"),
        (4, "zeroedIPv6PayloadLength"),
        (5, "removedIPv6ExtensionHeaders"),
        (6, "zeroedTCPSequenceNumber"),
        (7, "zeroedTCPAcknowledgementNumber"),
        (8, "zeroedTCPFlags"),
        (9, "zeroedTCPWindowSize"),
        (10, "zeroedTCPChecksum"),
        (11, "zeroedUDPLength"),
        (12, "zeroedUDPChecksum"),
    ),
)
PACKET_REPORT_HEADER: Final = Sequence("PacketReportHeader", (Field(1, "header", OCTETS),))
PACKET_REPORT_SUMMARY: Final = Sequence(
    "PacketReportSummary",
    (
        Field(1, "header", OCTETS),
        Field(2, "indications", PACKET_REPORT_INDICATIONS),
        Field(3, "trigger", PACKET_REPORT_TRIGGER),
        Field(4, "packetCount", INTEGER, optional=True),
        Field(5, "byteCount", INTEGER, optional=True),
        Field(6, "firstTimestamp", GENERALIZED_TIME, optional=True),
        Field(7, "lastTimestamp", GENERALIZED_TIME, optional=True),
    ),
)
IPIRI_PACKET_REPORT: Final = Sequence(
    "IPIRIPacketReport",
    (
        Field(0, "iPIRIPacketReportObjId", RELATIVE_OID),
        Field(
            1,
            "report",
            Choice(
                "PacketReport",
                (Field(1, "header", PACKET_REPORT_HEADER), Field(2, "summary", PACKET_REPORT_SUMMARY)),
            ),
        ),
    ),
)


def ipiri(contents: dict[str, Value]) -> tuple[str, dict[str, Value]]:
    """The IRIContents alternative for session IRI; `contents` by `IPIRI_CONTENTS`, times in microseconds UTC."""
    return "iPIRI", {"iPIRIObjId": IPIRI_OBJ_ID, "iPIRIContents": contents}


def ipcc(packet: bytes) -> tuple[str, dict[str, Value]]:
    """The CCContents alternative for one whole IP packet."""
    return "iPCC", {"iPCCObjId": IPCC_OBJ_ID, "iPCCContents": ("iPPackets", packet)}


def packet_header_report(header: bytes) -> tuple[str, dict[str, Value]]:
    """The IRIContents alternative for the headers of one packet, content cut off."""
    report = ("header", {"header": header})
    return "iPIRIPacketReport", {"iPIRIPacketReportObjId": IPIRI_PACKET_REPORT_OBJ_ID, "report": report}
