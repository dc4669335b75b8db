"""Targets that can be compared: as an order names them and as an element shows them."""

import uuid

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from asn1 import x1
from asn1.x1_values import PortRange
from collector.reconcile.task_details import normalised, targets_of, targets_shown
from mediation.law.documents import order_from_fields

NOW = 1_750_000_000_000_000


def test_an_identifier_no_order_can_name_differs_from_every_order() -> None:
    named = (("telUri", "tel:+1-212-555-0101"), ("tcpPortRange", PortRange(1, 2)), ("vrf", "v"))
    shown = targets_shown(x1.TaskDetails(uuid.UUID(int=1), named, "X2Only", ()))
    assert ("e164Number", "12125550101") in shown and len(shown) == 3


@pytest.mark.parametrize(
    ("written", "same"),
    [
        (("e164Number", "12125550101"), ("telUri", "tel:+1-212-555-0101")),
        (("sipUri", "sip:+12125550101@ims.invalid"), ("impu", "SIP:+12125550101@IMS.invalid;user=phone")),
        (("ipv6Address", "2001:0db8:0000:0000:0000:0000:0000:0001"), ("ipv6Address", "2001:db8::1")),
    ],
)
def test_equal_identifiers_are_equal(written: tuple[str, str], same: tuple[str, str]) -> None:
    assert normalised(*written) == normalised(*same)


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(["e164Number", "telUri", "sipUri", "impu", "ipv4Address", "ipv6Address", "x"]), st.text())
def test_any_identifier_can_be_compared(kind: str, value: str) -> None:
    assert normalised(kind, value)[1] is not None


def test_targets_of_an_order_are_those_a_task_shows() -> None:
    names = ["e164:+1 212-555-0101", "imsi:001012125550101", "ipv6Address:2001:db8::1", "host:a.invalid"]
    fields = {"order_id": "O-1", "kind": "PRTT", "liid": "LAB-1", "targets": names, "start": NOW, "end": NOW + 10**9}
    assert targets_of(order_from_fields(fields)) == {
        ("e164Number", "12125550101"), ("imsi", "001012125550101"), ("ipv6Address", "2001:db8::1"),
    }  # fmt: skip
