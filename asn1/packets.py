"""IPv4, IPv6, UDP, TCP, RTP and RFC 4733 digits, read just far enough to label a packet.

Readers of packets somebody else made: no reader here raises, each answers None for octets that are not what it reads.
A packet cut short behind its transport header is still a packet (`truncated`), since header-only reporting cuts on
purpose. Nothing is reassembled; a fragment is marked and, unless it is the first, has no ports. Building packets is
not done here.

Sources: RFC 791, RFC 8200, RFC 768, RFC 9293, RFC 3550 section 5.1, RFC 4733 section 2.3, RFC 5761 section 4.
"""

from __future__ import annotations

from ipaddress import IPv6Address
from typing import Final, NamedTuple

TCP: Final = 6
UDP: Final = 17

DTMF_DIGITS: Final = "0123456789*#ABCD"
"""RFC 4733 table 3: the event code is the index."""

_HOP_BY_HOP: Final = 0
_ROUTING: Final = 43
_FRAGMENT: Final = 44
_AUTHENTICATION: Final = 51
_DESTINATION: Final = 60
_NO_NEXT: Final = 59

_MAX_EXTENSION_HEADERS: Final = 16
"""More than any honest packet carries; a bound on the walk, not a rule of RFC 8200."""


class IpPacket(NamedTuple):
    """Where the parts of one IP packet are; offsets count from its first octet.

    `protocol` is the upper-layer protocol behind all IPv6 extension headers. Ports are None unless the packet holds
    the start of a UDP or TCP header. `payload_offset`/`payload_length` span the transport payload, or all that follows
    the IP headers where no UDP or TCP header was read; only octets that are present count. `total_octets` is the
    packet's own word for its length. `fragment` is true for every fragment; `identification` names its datagram.
    `headers_octets` ends behind the transport header (= `payload_offset`).
    """

    version: int
    protocol: int
    source: str
    destination: str
    source_octets: bytes
    destination_octets: bytes
    source_port: int | None
    destination_port: int | None
    transport_offset: int
    payload_offset: int
    payload_length: int
    total_octets: int
    truncated: bool
    fragment: bool
    fragment_offset: int
    more_fragments: bool
    identification: int
    tcp_flags: int
    tcp_sequence: int

    def payload(self, octets: bytes | memoryview) -> bytes:
        """The transport payload, given the octets this packet was read from."""
        return bytes(octets[self.payload_offset : self.payload_offset + self.payload_length])


class RtpHeader(NamedTuple):
    """RFC 3550 section 5.1. The payload span leaves out CSRC list, header extension and padding."""

    padding: bool
    extension: bool
    marker: bool
    payload_type: int
    sequence_number: int
    timestamp: int
    ssrc: int
    csrc: tuple[int, ...]
    payload_offset: int
    payload_length: int


class TelephoneEvent(NamedTuple):
    """RFC 4733 section 2.3. `duration` in RTP timestamp units; `volume` in dBm0 below zero, 0..63."""

    event: int
    end: bool
    volume: int
    duration: int

    @property
    def digit(self) -> str | None:
        """`0`..`9`, `*`, `#`, `A`..`D`, or None for an event that is no DTMF digit."""
        return DTMF_DIGITS[self.event] if self.event < len(DTMF_DIGITS) else None


class _Network(NamedTuple):
    version: int
    protocol: int
    source: bytes
    destination: bytes
    transport_offset: int
    total_octets: int
    fragment_offset: int
    more_fragments: bool
    identification: int


def parse_ip(octets: bytes | bytearray | memoryview) -> IpPacket | None:
    """Read one IPv4 or IPv6 packet; None when `octets` do not start with a whole IP header of either."""
    if len(octets) < 1:
        return None
    version = octets[0] >> 4
    network = _ipv4(octets) if version == 4 else _ipv6(octets) if version == 6 else None
    if network is None:
        return None
    end = min(len(octets), max(network.total_octets, network.transport_offset))
    start = network.transport_offset
    payload = start
    source_port = destination_port = None
    flags = sequence = 0
    if network.fragment_offset == 0 and network.protocol == UDP and end - start >= 8:
        source_port = octets[start] << 8 | octets[start + 1]
        destination_port = octets[start + 2] << 8 | octets[start + 3]
        payload = start + 8
    elif network.fragment_offset == 0 and network.protocol == TCP and end - start >= 20:
        header = (octets[start + 12] >> 4) * 4
        if header >= 20:
            source_port = octets[start] << 8 | octets[start + 1]
            destination_port = octets[start + 2] << 8 | octets[start + 3]
            sequence = int.from_bytes(octets[start + 4 : start + 8], "big")
            flags = octets[start + 13]
            payload = min(start + header, end)
    return IpPacket(
        network.version,
        network.protocol,
        address_text(network.source),
        address_text(network.destination),
        network.source,
        network.destination,
        source_port,
        destination_port,
        start,
        payload,
        max(0, end - payload),
        network.total_octets,
        len(octets) < network.total_octets,
        network.more_fragments or network.fragment_offset > 0,
        network.fragment_offset,
        network.more_fragments,
        network.identification,
        flags,
        sequence,
    )


def address_text(octets: bytes) -> str:
    """Four or sixteen octets as the usual text form (RFC 5952 for IPv6)."""
    if len(octets) == 4:
        return f"{octets[0]}.{octets[1]}.{octets[2]}.{octets[3]}"
    return str(IPv6Address(octets))


def _ipv4(octets: bytes | bytearray | memoryview) -> _Network | None:
    if len(octets) < 20:
        return None
    header = (octets[0] & 0x0F) * 4
    if header < 20 or header > len(octets):
        return None
    total = octets[2] << 8 | octets[3]
    # A total length of zero is what segmentation offload leaves in captures: the octets present are the packet.
    total = total or len(octets)
    if total < header:
        return None
    flags = octets[6] << 8 | octets[7]
    return _Network(
        4,
        octets[9],
        bytes(octets[12:16]),
        bytes(octets[16:20]),
        header,
        total,
        (flags & 0x1FFF) * 8,
        bool(flags & 0x2000),
        octets[4] << 8 | octets[5],
    )


def _ipv6(octets: bytes | bytearray | memoryview) -> _Network | None:
    if len(octets) < 40:
        return None
    length = octets[4] << 8 | octets[5]
    total = 40 + length if length else len(octets)
    protocol = octets[6]
    position = 40
    offset, more, identification = 0, False, 0
    for _ in range(_MAX_EXTENSION_HEADERS):
        if protocol not in (_HOP_BY_HOP, _ROUTING, _FRAGMENT, _AUTHENTICATION, _DESTINATION) or offset:
            break
        if position + 8 > min(len(octets), total):
            protocol = _NO_NEXT
            break
        following = octets[position]
        if protocol == _FRAGMENT:
            word = octets[position + 2] << 8 | octets[position + 3]
            offset, more = word & 0xFFF8, bool(word & 1)
            identification = int.from_bytes(octets[position + 4 : position + 8], "big")
            size = 8
        elif protocol == _AUTHENTICATION:
            size = (octets[position + 1] + 2) * 4
        else:
            size = (octets[position + 1] + 1) * 8
        protocol = following
        position += size
    if position > min(len(octets), total):
        position, protocol = min(len(octets), total), _NO_NEXT
    source, destination = bytes(octets[8:24]), bytes(octets[24:40])
    return _Network(6, protocol, source, destination, position, total, offset, more, identification)


def parse_rtp(octets: bytes | bytearray | memoryview) -> RtpHeader | None:
    """Read an RTP header at the start of a UDP payload; None for other versions, RTCP and cut headers."""
    if len(octets) < 12 or octets[0] >> 6 != 2 or is_rtcp(octets):
        return None
    padding, extension, sources = bool(octets[0] & 0x20), bool(octets[0] & 0x10), octets[0] & 0x0F
    start = 12 + 4 * sources
    end = len(octets)
    if start > end:
        return None
    csrc = tuple(int.from_bytes(octets[at : at + 4], "big") for at in range(12, start, 4))
    if extension:
        if start + 4 > end:
            return None
        start += 4 + 4 * (octets[start + 2] << 8 | octets[start + 3])
        if start > end:
            return None
    if padding:
        pad = octets[end - 1] if end > start else 0
        if not 0 < pad <= end - start:
            return None
        end -= pad
    return RtpHeader(
        padding,
        extension,
        bool(octets[1] & 0x80),
        octets[1] & 0x7F,
        octets[2] << 8 | octets[3],
        int.from_bytes(octets[4:8], "big"),
        int.from_bytes(octets[8:12], "big"),
        csrc,
        start,
        end - start,
    )


def is_rtcp(octets: bytes | bytearray | memoryview) -> bool:
    """RFC 5761 section 4: version 2 and a packet type of 192..223 in the second octet."""
    return len(octets) >= 8 and octets[0] >> 6 == 2 and 192 <= octets[1] <= 223


def parse_telephone_event(octets: bytes | bytearray | memoryview) -> TelephoneEvent | None:
    """Read an RFC 4733 event payload (the RTP payload alone); None when it is shorter than four octets."""
    if len(octets) < 4:
        return None
    return TelephoneEvent(octets[0], bool(octets[1] & 0x80), octets[1] & 0x3F, octets[2] << 8 | octets[3])
