"""The packet file, read back by a reader that was not written for it: the carrier simulator's, and octet by octet."""

from __future__ import annotations

import io
import struct

from asn1.packets import parse_ip
from carrier_sim.pcap import read_capture
from collector.export.capture import (
    LINK_ETHERNET,
    LINK_RAW,
    LINK_UPPER_PDU,
    MAX_UDP_OCTETS,
    Frame,
    pcapng,
    rtp_pdu,
    udp_packet,
)


def test_packets_are_read_back_with_their_times_and_octets() -> None:
    packets = [(1_700_000_000_123_456 + index, index % 2, bytes([0x45]) + bytes(index)) for index in range(9)]
    octets = pcapng((Frame(*packet) for packet in packets), "SIMULATION of nothing")
    found = list(read_capture(io.BytesIO(octets)))
    assert [(one.time_us, one.octets, one.link) for one in found] == [(at, held, LINK_RAW) for at, _, held in packets]
    assert b"SIMULATION" in octets and len(octets) % 4 == 0


def test_every_block_says_its_length_twice() -> None:
    octets = pcapng([Frame(5, 0, b"abc"), Frame(6, 1, b"")], "x")
    at, kinds = 0, []
    while at < len(octets):
        kind, length = struct.unpack_from("<II", octets, at)
        assert struct.unpack_from("<I", octets, at + length - 4) == (length,)
        kinds.append(kind)
        at += length
    assert kinds == [0x0A0D0D0A, 1, 6, 6]


def test_a_time_before_1970_becomes_its_first_moment() -> None:
    assert [one.time_us for one in read_capture(io.BytesIO(pcapng([Frame(-(1 << 63), 0, b"E")], "x")))] == [0]


def test_each_packet_stands_under_the_link_type_that_it_has() -> None:
    frames = [
        Frame(1, 0, b"\x45" + bytes(19)), Frame(2, 1, bytes(14) + b"x", LINK_ETHERNET),
        Frame(3, -1, b"\x60" + bytes(39)), Frame(4, 0, rtp_pdu(b"\x80\x08" + bytes(10)), LINK_UPPER_PDU, "a comment"),
    ]  # fmt: skip
    octets = pcapng(frames, "x")
    found = list(read_capture(io.BytesIO(octets)))
    assert [(one.time_us, one.link, one.octets) for one in found] == [
        (at, link, held) for at, _, held, link, _ in frames
    ]
    assert b"a comment" in octets and rtp_pdu(b"E").startswith(b"\0\x0c\0\x04rtp\0\0\0\0\0")


def test_a_message_in_a_packet_is_read_back_from_it_and_its_sums_are_right() -> None:
    for source, destination in ((b"\xc0\0\2\1", b"\xc0\0\2\2"), (bytes(15) + b"\1", bytes(15) + b"\2")):
        packet = udp_packet(source, destination, 5060, b"odd")
        assert packet is not None
        parsed = parse_ip(packet)
        assert parsed is not None and parsed.payload(packet) == b"odd"
        assert (parsed.source_port, parsed.destination_port) == (5060, 5060)
        udp = packet[-11:]
        pseudo = source + destination + struct.pack(">II", len(udp), 17) + udp + b"\0"
        assert sum(struct.unpack(f">{len(pseudo) // 2}H", pseudo)) % 0xFFFF == 0
        if len(source) == 4:
            assert sum(struct.unpack(">10H", packet[:20])) % 0xFFFF == 0
    assert udp_packet(bytes(4), bytes(16), 1, b"") is None and udp_packet(b"", b"", 1, b"") is None
    assert udp_packet(bytes(4), bytes(4), 1, bytes(MAX_UDP_OCTETS)) is None
