"""Patched templates are the packets scapy would have built, checksums included."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scapy.layers.inet import IP
from scapy.layers.inet6 import IPv6

from asn1.packets import parse_ip
from carrier_sim.events import Address
from carrier_sim.packets import ACK, PSH, TcpFlow, UdpFlow

ENDS = {
    4: (Address("198.51.100.1", 16_384), Address("192.0.2.9", 16_500)),
    6: (Address("2001:db8::1", 16_384), Address("2001:db8::2", 16_500)),
}


def rebuilt(octets: bytes) -> bytes:
    """The packet taken apart by scapy and built again with every checksum computed anew."""
    packet = IP(octets) if octets[0] >> 4 == 4 else IPv6(octets)
    if octets[0] >> 4 == 4:
        del packet.chksum
    del packet.payload.chksum
    return bytes(packet)


@given(st.sampled_from([4, 6]), st.lists(st.binary(max_size=300), min_size=1, max_size=3), st.integers(0, 2**33))
@settings(max_examples=60, deadline=None)
def test_patched_is_built(version: int, payloads: list[bytes], sequence: int) -> None:
    udp, tcp = UdpFlow(*ENDS[version]), TcpFlow(*ENDS[version])
    for payload in payloads:
        for octets in (udp.packet(payload), tcp.packet(sequence, 5, ACK | PSH, payload)):
            assert rebuilt(octets) == octets
            packet = parse_ip(octets)
            assert packet is not None and packet.payload(octets) == payload
            assert (packet.source, packet.source_port) == ENDS[version][0]
            assert (packet.destination, packet.destination_port) == ENDS[version][1]


def test_zero_udp_checksum_is_sent_as_all_ones() -> None:
    for filler in range(65_536):
        octets = UDP_FLOW.packet(filler.to_bytes(2, "big"))
        assert octets[26:28] != b"\0\0"
        if octets[26:28] == b"\xff\xff":
            return
    raise AssertionError("no payload gave the checksum")


UDP_FLOW = UdpFlow(*ENDS[4])


def test_too_long() -> None:
    with pytest.raises(ValueError, match="do not fit"):
        UdpFlow(*ENDS[4]).packet(bytes(65_001))
    with pytest.raises(ValueError, match="do not fit"):
        TcpFlow(*ENDS[4]).packet(0, 0, ACK, bytes(65_001))
