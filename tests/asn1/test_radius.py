"""RADIUS: build, read back, and refuse what is broken."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from asn1.errors import DecodeError, EncodeError
from asn1.radius import ACCESS_ACCEPT, ACCOUNTING_REQUEST, START, STOP, build_radius, parse_radius

ATTRIBUTES = [
    ("User-Name", "sim-2125550101@data.invalid"),
    ("NAS-IP-Address", "192.0.2.20"),
    ("Framed-IP-Address", "198.51.100.2"),
    ("Framed-IPv6-Prefix", "2001:db8:d4:1::/64"),
    ("Framed-IPv6-Address", "2001:db8:d4:1::1"),
    ("Calling-Station-Id", "12125550101"),
    ("Acct-Status-Type", STOP),
    ("Acct-Session-Id", "0000AB01"),
    ("Acct-Input-Octets", 10),
    ("Acct-Input-Gigawords", 2),
    ("Acct-Output-Octets", 20),
    ("3GPP-IMSI", "001012125550101"),
    ("Class", b"\x00\x01"),
]
PACKET = build_radius(ACCOUNTING_REQUEST, 7, ATTRIBUTES)


def test_round_trip() -> None:
    packet = parse_radius(PACKET + b"padding")
    assert (packet.code, packet.identifier) == (ACCOUNTING_REQUEST, 7)
    assert dict(packet.attributes) == dict(ATTRIBUTES)
    assert packet.status_type == STOP
    assert packet.input_octets == 2 << 32 | 10 and packet.output_octets == 20
    assert packet.text("3GPP-IMSI") == "001012125550101" and packet.number("User-Name") is None
    assert len(packet.raw) == len(ATTRIBUTES) and packet.unknown == ()


def test_an_answer_is_digested_over_the_authenticator_of_its_request() -> None:
    asked = bytes(range(16))
    answer = build_radius(ACCESS_ACCEPT, 7, ATTRIBUTES[:1], authenticator=asked)
    digest = hashlib.md5(answer[:4] + asked + answer[20:] + b"simulation", usedforsecurity=False).digest()
    assert parse_radius(answer).authenticator == digest != build_radius(ACCESS_ACCEPT, 7, ATTRIBUTES[:1])[4:20]


def test_authenticator_is_that_of_accounting() -> None:
    body = PACKET[20:]
    assert PACKET[4:20] == hashlib.md5(PACKET[:4] + bytes(16) + body + b"simulation").digest()


def test_first_value_counts_and_unknown_ones_are_kept() -> None:
    raw = PACKET[20:] + bytes((1, 5)) + b"two" + bytes((200, 3, 1)) + bytes((26, 9)) + b"\0\0\0\x09\1\3x"
    packet = parse_radius(PACKET[:2] + (20 + len(raw)).to_bytes(2, "big") + PACKET[4:20] + raw)
    assert packet.text("User-Name") == "sim-2125550101@data.invalid"
    assert packet.unknown == ((0, 200, b"\1"), (9, 0, b"\1\3x"))


@given(st.integers(0, len(PACKET) - 1))
def test_truncated(length: int) -> None:
    with pytest.raises(DecodeError):
        parse_radius(PACKET[:length])


@given(st.integers(0, len(PACKET) * 8 - 1))
@settings(max_examples=200)
def test_any_bit_flipped_gives_only_our_error(bit: int) -> None:
    octets = bytearray(PACKET)
    octets[bit // 8] ^= 1 << bit % 8
    try:
        parse_radius(octets)
    except DecodeError:
        return


@given(st.binary(max_size=100), st.integers(20, 120))
def test_noise(octets: bytes, length: int) -> None:
    try:
        parse_radius(b"\4\1" + length.to_bytes(2, "big") + octets)
    except DecodeError:
        return


@pytest.mark.parametrize(
    "attribute",
    [
        ("No-Such-Name", "x"),
        ("Acct-Status-Type", "text"),
        ("Acct-Status-Type", 2**32),
        ("Framed-IP-Address", "not an address"),
        ("User-Name", "x" * 300),
        ("3GPP-IMSI", "0" * 260),
    ],
)
def test_values_that_do_not_fit(attribute: tuple) -> None:
    with pytest.raises(EncodeError):
        build_radius(ACCOUNTING_REQUEST, 1, [("Acct-Status-Type", START), attribute])


def test_too_long() -> None:
    with pytest.raises(EncodeError):
        build_radius(ACCOUNTING_REQUEST, 1, [("User-Name", "x" * 200)] * 30)
