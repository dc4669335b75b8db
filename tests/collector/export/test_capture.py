"""The packet file, read back by a reader that was not written for it: the carrier simulator's, and octet by octet."""

from __future__ import annotations

import io
import struct

from carrier_sim.pcap import read_capture
from collector.export.capture import LINK_RAW, pcapng


def test_packets_are_read_back_with_their_times_and_octets() -> None:
    packets = [(1_700_000_000_123_456 + index, index % 2, bytes([0x45]) + bytes(index)) for index in range(9)]
    octets = pcapng(packets, "SIMULATION of nothing")
    found = list(read_capture(io.BytesIO(octets)))
    assert [(one.time_us, one.octets, one.link) for one in found] == [(at, held, LINK_RAW) for at, _, held in packets]
    assert b"SIMULATION" in octets and len(octets) % 4 == 0


def test_every_block_says_its_length_twice() -> None:
    octets = pcapng([(5, 0, b"abc"), (6, 1, b"")], "x")
    at, kinds = 0, []
    while at < len(octets):
        kind, length = struct.unpack_from("<II", octets, at)
        assert struct.unpack_from("<I", octets, at + length - 4) == (length,)
        kinds.append(kind)
        at += length
    assert kinds == [0x0A0D0D0A, 1, 6, 6]


def test_a_time_before_1970_becomes_its_first_moment() -> None:
    assert [one.time_us for one in read_capture(io.BytesIO(pcapng([(-(1 << 63), 0, b"E")], "x")))] == [0]
