"""What a GTP-U message carries: with and without the optional part of its header, and nothing from other messages."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asn1.errors import DecodeError
from asn1.gtpu import user_packet

PACKET = bytes.fromhex("4500001c000100004011000cc0000201c633640213c413c400080000")


def message(payload: bytes = PACKET, flags: int = 0x30, kind: int = 255, head: bytes = b"") -> bytes:
    body = head + payload
    return bytes((flags, kind)) + len(body).to_bytes(2, "big") + b"\0\0\0\x07" + body


@pytest.mark.parametrize(
    ("flags", "head"),
    [
        (0x30, b""),
        (0x32, b"\0\x09\0\0"),
        (0x31, b"\0\0\x05\0"),
        (0x34, b"\0\0\0\x85\x01\x10\x01\x00"),
        (0x36, b"\0\x01\0\x85\x01\x10\x01\xc0\x02\1\2\3\4\5\6\0"),
    ],
    ids=["bare", "number", "n-pdu", "extension", "two-extensions"],
)
def test_the_packet_stands_behind_every_part_of_the_header(flags: int, head: bytes) -> None:
    assert user_packet(message(flags=flags, head=head)) == PACKET


@pytest.mark.parametrize("kind", [1, 2, 26, 254])
def test_other_messages_carry_no_packet(kind: int) -> None:
    assert user_packet(message(kind=kind)) is None


@pytest.mark.parametrize(
    "octets",
    [
        b"", message()[:7], message()[:-1], message() + b"x", message(flags=0x50), message(flags=0x20),
        message(b"", flags=0x34, head=b"\0\0\0\x85\0\0\0\0"), message(b"", flags=0x34, head=b"\0\0\0\x85\x09\0\0\0"),
        message(b"", flags=0x32, head=b"\0"),
    ],
)  # fmt: skip
def test_what_is_no_message_is_a_decode_error(octets: bytes) -> None:
    with pytest.raises(DecodeError):
        user_packet(octets)


@given(st.binary(max_size=60))
def test_noise_gives_a_packet_nothing_or_our_error(octets: bytes) -> None:
    try:
        found = user_packet(octets)
    except DecodeError:
        return
    assert found is None or octets.endswith(found)
