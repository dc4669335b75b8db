"""GetTaskDetails: what is asked, what is read, what is refused."""

import uuid
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from asn1 import x1
from asn1.errors import DecodeError
from collector.reconcile.task_details import build_details_request, normalised, parse_details_response, targets_of
from mediation.law.documents import order_from_fields

XID, TRANSACTION = uuid.UUID(int=7), uuid.UUID(int=8)
NOW = 1_750_000_000_000_000
IDENTITIES = "<targetIdentifier><e164Number>12125550101</e164Number></targetIdentifier>"


def response(targets: str = IDENTITIES, kind: str = "GetTaskDetailsResponse", xid: Any = XID) -> bytes:
    return f"""<?xml version="1.0"?><X1Response xmlns="{x1.X1}" xmlns:xsi="{x1.XSI}">
    <x1ResponseMessage xsi:type="{kind}"><admfIdentifier>a</admfIdentifier><neIdentifier>n</neIdentifier>
    <messageTimestamp>2025-06-15T00:00:00.000000Z</messageTimestamp><version>v1.6.1</version>
    <x1TransactionId>{TRANSACTION}</x1TransactionId><taskResponseDetails><taskDetails><xId>{xid}</xId>
    <targetIdentifiers>{targets}</targetIdentifiers><deliveryType>X2Only</deliveryType><listOfDIDs/>
    </taskDetails></taskResponseDetails></x1ResponseMessage></X1Response>""".encode()


def test_request_asks_for_each_task_in_the_order_of_the_schema() -> None:
    octets = build_details_request("a", "n", {TRANSACTION: XID, uuid.UUID(int=9): XID}, NOW)
    (first, _) = x1.parse_request(octets)
    assert (first.kind, first.admf_id, first.ne_id, first.transaction_id, first.time_us) == (
        "GetTaskDetails", "a", "n", TRANSACTION, NOW,
    )  # fmt: skip
    message = etree.fromstring(octets)[0]
    assert [etree.QName(one).localname for one in message] == [
        "admfIdentifier", "neIdentifier", "messageTimestamp", "version", "x1TransactionId", "xId",
    ]  # fmt: skip
    assert message[-1].text == str(XID)


def test_targets_are_read() -> None:
    (answer,) = parse_details_response(response())
    assert answer == (TRANSACTION, XID, frozenset({("e164Number", "12125550101")}), None)


def test_number_split_by_a_comment_is_read_whole() -> None:
    hidden = "<targetIdentifier><e164Number>1212555<!-- x -->0109</e164Number><!-- y --></targetIdentifier>"
    (answer,) = parse_details_response(response(hidden))
    assert answer.targets == frozenset({("e164Number", "12125550109")})


def test_error_answer_carries_its_code() -> None:
    reply = x1.X1Reply("GetTaskDetails", "a", "n", TRANSACTION, NOW, (x1.NO_XID, "gone"))
    assert parse_details_response(x1.build_response([reply])) == [(TRANSACTION, None, None, x1.NO_XID)]


@pytest.mark.parametrize(
    "octets",
    [
        response(targets=""),
        response(kind="PingResponse"),
        response(xid="no-uuid"),
        response().replace(b"taskDetails>", b"nothing>"),
        response(IDENTITIES * 257),
        b"<!DOCTYPE a>" + response(),
        b"",
    ],
)
def test_unsound_answers_are_refused(octets: bytes) -> None:
    with pytest.raises(DecodeError):
        parse_details_response(octets)


@settings(max_examples=100, deadline=None)
@given(st.integers(0, len(response()) - 1), st.integers(0, 255))
def test_any_octet_changed_is_read_or_refused_and_nothing_else(at: int, value: int) -> None:
    octets = bytearray(response())
    octets[at] = value
    try:
        parse_details_response(bytes(octets))
    except DecodeError:
        return


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
