"""Fragments and TCP segments: overlaps, IPv6, floods, time, and streams that never make sense."""

from __future__ import annotations

import itertools
import struct
from ipaddress import ip_address

from hypothesis import given, settings
from hypothesis import strategies as st

from asn1.packets import IpPacket, parse_ip
from carrier_sim.events import Address
from carrier_sim.packets import ACK, TcpFlow, UdpFlow
from carrier_sim.reassembly import Fragments, SipStreams, ipv4_checksum

A, B = Address("198.51.100.1", 4000), Address("198.51.100.2", 5000)
MESSAGE = b"OPTIONS sip:a@b.invalid SIP/2.0\r\nCall-ID: 1\r\nContent-Length: 5\r\n\r\nhello"


def parsed(octets: bytes) -> IpPacket:
    packet = parse_ip(octets)
    assert packet is not None
    return packet


def fragment4(payload: bytes, offset: int, more: bool, identification: int = 1) -> bytes:
    head = bytearray(UdpFlow(A, B).packet(b"")[:20])
    head[2:4] = struct.pack(">H", 20 + len(payload))
    head[4:6] = struct.pack(">H", identification)
    head[6:8] = struct.pack(">H", (0x2000 if more else 0) | offset // 8)
    return bytes(head) + payload


def fragment6(payload: bytes, offset: int, more: bool) -> bytes:
    ends = ip_address("2001:db8::1").packed + ip_address("2001:db8::2").packed
    head = struct.pack(">IHBB", 6 << 28, 8 + len(payload), 44, 64) + ends
    return head + struct.pack(">BBHI", 17, 0, offset | more, 7) + payload


def join(parts: list[bytes]) -> tuple[bytes | None, Fragments]:
    fragments, whole = Fragments(), None
    for part in parts:
        whole = fragments.add(0, parsed(part), part) or whole
    return whole, fragments


@given(st.data())
@settings(max_examples=60)
def test_any_cut_in_any_order(data: st.DataObject) -> None:
    payload = data.draw(st.binary(min_size=9, max_size=400))
    original = UdpFlow(A, B).packet(payload)
    body = original[20:]
    cuts = sorted({8 * cut for cut in data.draw(st.lists(st.integers(1, len(body) // 8), max_size=6))})
    edges = [0, *(cut for cut in cuts if cut < len(body)), len(body)]
    if len(edges) < 3:
        return
    parts = [fragment4(body[start:end], start, end < len(body)) for start, end in itertools.pairwise(edges)]
    whole, fragments = join(data.draw(st.permutations(parts)))
    assert whole is not None and fragments.lost == 0
    packet = parsed(whole)
    assert not packet.fragment and packet.payload(whole) == payload
    head = bytearray(whole[:20])
    head[10:12] = bytes(2)
    assert ipv4_checksum(head).to_bytes(2, "big") == whole[10:12]


def test_ipv6() -> None:
    body = struct.pack(">HHHH", 1, 2, 8 + 24, 0) + bytes(range(24))
    whole, _ = join([fragment6(body[16:], 16, False), fragment6(body[:16], 0, True)])
    assert whole is not None and parsed(whole).payload(whole) == bytes(range(24))
    assert parsed(whole).destination_port == 2


def test_of_overlaps_the_first_octets_count() -> None:
    body = struct.pack(">HHHH", 1, 2, 24, 0) + b"aaaaaaaabbbbbbbb"
    whole, _ = join([fragment4(body[:16], 0, True), fragment4(b"X" * 16, 8, False)])
    assert whole is not None and whole.endswith(b"aaaaaaaaXXXXXXXX")
    again, _ = join([fragment4(body[:16], 0, True), fragment4(b"ZZZZZZZZ", 0, True), fragment4(body[16:], 16, False)])
    assert again is not None and again.endswith(body[8:])


def test_hostile_fragments_are_given_up() -> None:
    _, too_long = join([fragment4(bytes(4_000), 65_528 - 3_992, True)])
    assert too_long.lost == 1
    _, too_many = join([fragment4(bytes(8), 8 * number, True) for number in range(200)])
    assert too_many.lost >= 1
    _, flood = join([fragment4(bytes(8), 0, True, number) for number in range(1_000)])
    assert flood.lost == 1_000 - 256


def test_old_fragments_are_forgotten() -> None:
    fragments = Fragments()
    first, last = fragment4(bytes(8), 0, True), fragment4(bytes(8), 8, False)
    assert fragments.add(0, parsed(first), first) is None
    assert fragments.add(31_000_000, parsed(last), last) is None and fragments.lost == 1


def test_ipv4_datagram_larger_than_its_length_field() -> None:
    parts = [fragment4(bytes(65_504), 0, True), fragment4(bytes(31), 65_504, False)]
    whole, _ = join(parts)
    assert whole is None


def segments(*parts: tuple[int, bytes]) -> tuple[list[bytes], SipStreams]:
    streams, flow, out = SipStreams(), TcpFlow(A, B), []
    for sequence, payload in parts:
        octets = flow.packet(sequence, 0, ACK, payload)
        out += streams.add(parsed(octets), octets) or []
    return out, streams


def test_retransmissions_and_overlaps_give_one_message() -> None:
    assert segments((0, MESSAGE[:40]), (0, MESSAGE[:40]), (20, MESSAGE[20:]), (5, MESSAGE[5:9]))[0] == [MESSAGE]


def test_traffic_that_is_not_sip_is_not_taken() -> None:
    octets = TcpFlow(A, B).packet(1, 0, ACK, b"GET / HTTP/1.1\r\n")
    assert SipStreams().add(parsed(octets), octets) is None


def test_lost_segment_is_given_up_after_a_while() -> None:
    ahead = [(1_000 + 10 * number, b"x" * 10) for number in range(64)]
    out, streams = segments((0, MESSAGE[:40]), *ahead, (5_000, MESSAGE))
    assert out == [MESSAGE] and streams.broken == 1


def test_stream_that_turns_to_nonsense_is_dropped_and_may_begin_again() -> None:
    size = len(MESSAGE)
    out, streams = segments((0, MESSAGE), (size, b"nonsense\r\n\r\n" * 3), (9_000, MESSAGE))
    assert out == [MESSAGE, MESSAGE] and streams.broken == 1
    endless = [(size + 1_000 * number, b"A: " + b"b" * 995 + b"\r\n") for number in range(70)]
    _, streams = segments((0, MESSAGE), (size, b"OPTIONS sip:a SIP/2.0\r\n" + bytes(977)), *endless[1:])
    assert streams.broken >= 1


def test_streams_are_bounded() -> None:
    streams = SipStreams()
    for port in range(1, 1_200):
        octets = TcpFlow(Address("198.51.100.1", port), B).packet(0, 0, ACK, MESSAGE[:40])
        assert streams.add(parsed(octets), octets) == []
    octets = TcpFlow(Address("198.51.100.1", 1), B).packet(40, 0, ACK, MESSAGE[40:])
    assert streams.add(parsed(octets), octets) is None
