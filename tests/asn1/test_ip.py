import pytest

from asn1.errors import DecodeError, EncodeError
from asn1.ip import IPCC, IPIRI, IPIRI_PACKET_REPORT, PACKET_REPORT_INDICATIONS, ipcc, ipiri, packet_header_report
from asn1.ps_common import ip_address
from asn1.table import Field, Sequence, decode, encode

SESSION = {
    "accessEventType": "accessAccept",
    "targetUsername": b"lab-user",
    "internetAccessType": "fTTx",
    "iPVersion": "iPV4",
    "targetIPAddress": ip_address(bytes((192, 0, 2, 7))),
    "startTime": 1_710_333_000_000_000,
    "octetsReceived": 2**64 - 1,
    "pOPIdentifier": ("ipAddressType", ip_address(bytes(16))),
}


def test_object_ids_on_the_wire():
    for record, (_, value), octets in (
        (IPIRI, ipiri(SESSION), "800405031401"),
        (IPCC, ipcc(b"x"), "800405031402"),
        (IPIRI_PACKET_REPORT, packet_header_report(b"x"), "800405031404"),
    ):
        assert encode(record, value)[2:].startswith(bytes.fromhex(octets))


def test_session():
    name, value = ipiri(SESSION)
    assert name == "iPIRI"
    assert decode(IPIRI, encode(IPIRI, value)) == value
    with pytest.raises(EncodeError, match="accessEventType"):
        encode(IPIRI, ipiri({**SESSION, "accessEventType": "lunch"})[1])
    with pytest.raises(EncodeError, match="lacks iPVersion"):
        encode(IPIRI, ipiri({key: held for key, held in SESSION.items() if key != "iPVersion"})[1])


def test_packet():
    _, value = ipcc(b"\x45" + bytes(19))
    assert decode(IPCC, encode(IPCC, value))["iPCCContents"] == ("iPPackets", b"\x45" + bytes(19))


def test_summary_report():
    value = {
        "iPIRIPacketReportObjId": "5.3.20.4",
        "report": (
            "summary",
            {
                "header": b"\x45",
                "indications": ["zeroedIPv4TotalLength", "zeroedUDPChecksum"],
                "trigger": "flowEnd",
                "packetCount": 12,
                "firstTimestamp": 1_710_333_000_000_000,
            },
        ),
    }
    assert decode(IPIRI_PACKET_REPORT, encode(IPIRI_PACKET_REPORT, value)) == value


def test_named_bits():
    kind = Sequence("B", (Field(0, "bits", PACKET_REPORT_INDICATIONS),))
    assert encode(kind, {"bits": ["zeroedIPv4TotalLength", "zeroedTCPFlags"]}).hex() == "3005" + "8003" + "078080"
    assert decode(kind, bytes.fromhex("30058003060001")) is not None
    assert decode(kind, bytes.fromhex("3004800200c0"))["bits"] == ["zeroedIPv4TotalLength", "zeroedIPv4Flags"]
    assert decode(kind, bytes.fromhex("300580030000 04".replace(" ", "")))["bits"] == [13]
    assert encode(kind, {"bits": []}).hex() == "3003800100"
    for octets in ("30028000", "3003800108", "3003800101"):
        with pytest.raises(DecodeError):
            decode(kind, bytes.fromhex(octets))
    for value in (["none"], [-1], "text", [True, 5000]):
        with pytest.raises(EncodeError):
            encode(kind, {"bits": value})
