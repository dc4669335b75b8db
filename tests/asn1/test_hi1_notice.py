import pytest

from asn1.errors import EncodeError
from asn1.hi1_notice import HI1_OPERATION
from asn1.table import decode, encode

NOTICE = {
    "domainID": "0.4.0.2.2.0.1.7",
    "lawfulInterceptionIdentifier": b"LAB-0001",
    "communicationIdentifier": {
        "communication-Identity-Number": b"42",
        "network-Identifier": {
            "operator-Identifier": b"LABOP",
            "network-Element-Identifier": ("dNS-Format", b"med.invalid"),
        },
    },
    "timeStamp": ("utcTime", 1_710_333_000_000_000),
    "target-Information": b"+12125550101",
}


@pytest.mark.parametrize("name", ["liActivated", "liDeactivated", "liModified"])
def test_notifications(name):
    assert decode(HI1_OPERATION, encode(HI1_OPERATION, (name, NOTICE))) == (name, NOTICE)


def test_alarm():
    local = ("localTime", {"generalizedTime": "20240313083000", "winterSummerIndication": "summerTime"})
    alarm = {"timeStamp": local, "alarm-information": b"backlog full", "lawfulInterceptionIdentifier": b"LAB-0001"}
    octets = encode(HI1_OPERATION, ("alarms-indicator", alarm))
    assert decode(HI1_OPERATION, octets) == ("alarms-indicator", alarm)


def test_the_operator_has_five_octets_here():
    network = {"operator-Identifier": b"LABOP6"}
    with pytest.raises(EncodeError, match="operator-Identifier"):
        encode(HI1_OPERATION, ("liActivated", {**NOTICE, "communicationIdentifier": {"network-Identifier": network}}))
