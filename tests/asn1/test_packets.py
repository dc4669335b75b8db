"""IP, RTP and key readers on octets made by hand, and on noise."""

from __future__ import annotations

import struct
from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asn1.packets import TCP, UDP, is_rtcp, parse_ip, parse_rtp, parse_telephone_event

SOURCE4, DESTINATION4 = ip_address("198.51.100.7").packed, ip_address("192.0.2.80").packed
SOURCE6, DESTINATION6 = ip_address("2001:db8::7").packed, ip_address("2001:db8::80").packed


def ipv4(payload: bytes, protocol: int = UDP, flags: int = 0, options: bytes = b"", identification: int = 9) -> bytes:
    words = 5 + len(options) // 4
    head = struct.pack(
        ">BBHHHBBH4s4s",
        0x40 | words,
        0,
        words * 4 + len(payload),
        identification,
        flags,
        64,
        protocol,
        0,
        SOURCE4,
        DESTINATION4,
    )
    return head + options + payload


def ipv6(payload: bytes, following: int = UDP) -> bytes:
    return struct.pack(">IHBB16s16s", 6 << 28, len(payload), following, 64, SOURCE6, DESTINATION6) + payload


def udp(payload: bytes) -> bytes:
    return struct.pack(">HHHH", 4000, 5060, 8 + len(payload), 0) + payload


def tcp(payload: bytes, options: bytes = b"") -> bytes:
    return struct.pack(">HHIIBBHHH", 4000, 80, 77, 88, (5 + len(options) // 4) << 4, 0x18, 9, 0, 0) + options + payload


def test_ipv4_udp() -> None:
    octets = ipv4(udp(b"hello"), options=bytes(8))
    packet = parse_ip(octets)
    assert packet is not None
    assert (packet.version, packet.protocol, packet.source, packet.destination) == (
        4,
        UDP,
        "198.51.100.7",
        "192.0.2.80",
    )
    assert (packet.source_port, packet.destination_port) == (4000, 5060)
    assert packet.payload(octets + b"ethernet padding") == b"hello"
    assert not packet.fragment and not packet.truncated


def test_ipv4_tcp_with_options() -> None:
    octets = ipv4(tcp(b"GET", bytes(4)), TCP)
    packet = parse_ip(octets)
    assert packet is not None and packet.payload(octets) == b"GET"
    assert (packet.tcp_flags, packet.tcp_sequence, packet.payload_offset) == (0x18, 77, 44)


def test_ipv6_behind_extension_headers() -> None:
    chain = bytes((43, 0)) + bytes(6) + bytes((51, 1)) + bytes(14) + bytes((UDP, 1)) + bytes(10) + udp(b"hi")
    octets = ipv6(chain, 0)
    packet = parse_ip(octets)
    assert packet is not None and packet.protocol == UDP and packet.payload(octets) == b"hi"
    assert packet.source == "2001:db8::7"


def test_fragments_are_marked_and_later_ones_have_no_ports() -> None:
    first = parse_ip(ipv4(udp(b"part"), flags=0x2000))
    later = parse_ip(ipv4(b"rest of it, long enough", flags=3))
    whole = parse_ip(ipv4(udp(b"x"), flags=0x4000))
    assert first is not None and first.fragment and first.more_fragments and first.source_port == 4000
    assert later is not None and later.fragment and later.fragment_offset == 24 and later.source_port is None
    assert whole is not None and not whole.fragment
    six = parse_ip(ipv6(bytes((UDP, 0)) + struct.pack(">HI", 16 << 0 | 1, 0xABCD) + b"middle of it", 44))
    assert six is not None and six.fragment and six.identification == 0xABCD and six.more_fragments
    assert six.fragment_offset == 16 and six.source_port is None


def test_cut_packet_is_marked() -> None:
    octets = ipv4(udp(b"content"))[:28]
    packet = parse_ip(octets)
    assert packet is not None and packet.truncated and packet.payload_length == 0 and packet.source_port == 4000


@pytest.mark.parametrize(
    "octets", [b"", b"\x45", b"\x55" * 40, b"\x43" + bytes(30), ipv6(b"")[:39], b"\x4f" + bytes(20)]
)
def test_not_ip(octets: bytes) -> None:
    assert parse_ip(octets) is None


@given(st.binary(max_size=120), st.sampled_from([b"\x45", b"\x60", b"\x4f"]))
def test_noise_never_raises_and_spans_stay_inside(noise: bytes, first: bytes) -> None:
    octets = first + noise
    packet = parse_ip(octets)
    if packet is not None:
        assert 0 <= packet.payload_offset <= len(octets)
        assert packet.payload_offset + packet.payload_length <= len(octets)


def test_rtp() -> None:
    head = struct.pack(">BBHII", 0x80 | 0x20 | 0x10 | 1, 0x80 | 8, 7, 160, 0xCAFE)
    octets = head + struct.pack(">I", 5) + struct.pack(">HH", 0xBEDE, 1) + bytes(4) + b"speech" + b"\0\2"
    rtp = parse_rtp(octets)
    assert rtp is not None
    assert (rtp.marker, rtp.payload_type, rtp.sequence_number, rtp.timestamp, rtp.ssrc) == (True, 8, 7, 160, 0xCAFE)
    assert rtp.csrc == (5,) and octets[rtp.payload_offset :][: rtp.payload_length] == b"speech"


@pytest.mark.parametrize(
    "octets",
    [
        b"",
        b"\x00" * 12,
        b"\x80" + bytes(10),
        b"\x8f" + bytes(20),
        b"\x90" + bytes(12),
        b"\x90" + bytes(11) + b"\0\0\xff\xff",
        b"\xa0" + bytes(11) + b"\x09",
        b"\x80\xc8" + bytes(26),
    ],
)
def test_not_rtp(octets: bytes) -> None:
    assert parse_rtp(octets) is None


def test_rtcp() -> None:
    assert is_rtcp(b"\x80\xc8" + bytes(6)) and not is_rtcp(b"\x80\x08" + bytes(6)) and not is_rtcp(b"\x80\xc8")


@given(st.binary(max_size=60))
def test_rtp_noise(octets: bytes) -> None:
    rtp = parse_rtp(octets)
    assert rtp is None or rtp.payload_offset + rtp.payload_length <= len(octets)


def test_telephone_event() -> None:
    event = parse_telephone_event(bytes((11, 0x8A, 0x05, 0x00)))
    assert event is not None and (event.digit, event.end, event.volume, event.duration) == ("#", True, 10, 1280)
    other = parse_telephone_event(bytes((66, 0, 0, 0)))
    assert other is not None and other.digit is None
    assert parse_telephone_event(b"\1\2\3") is None
