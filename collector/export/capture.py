"""Packets as a pcapng file that any analyser opens, each under the link type that it has, marked as a simulation.

IP packets are RAW, frames of a data network Ethernet; RTP that was handed over without its IP header is an exported PDU
that names its protocol. A SIP message, which is handed over bare, is rebuilt into an IP packet between the addresses
of its record and says so in a comment, so that an analyser finds the media of the call. Sources: the pcapng file format
(draft-ietf-opsawg-pcapng), the list of link types of tcpdump.org, Wireshark's exported PDU tags (as generally known).
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from typing import Final, NamedTuple

LINK_ETHERNET: Final = 1
LINK_RAW: Final = 101
LINK_UPPER_PDU: Final = 252
SIP_PORT: Final = 5060
_SECTION: Final = 0x0A0D0D0A
_INTERFACE: Final = 1
_PACKET: Final = 6
_COMMENT: Final = 1
_NAME: Final = 2
_DIRECTION_FLAGS: Final = 2
_INBOUND, _OUTBOUND = 1, 2
_NAMES: Final = {LINK_RAW: "IP packets", LINK_ETHERNET: "Ethernet frames", LINK_UPPER_PDU: "RTP without IP headers"}
_DISSECTOR_NAME: Final = 12
_TCP: Final = 6
_UDP: Final = 17
MAX_UDP_OCTETS: Final = 65_507
"""What fits behind the IPv4 and the UDP header."""


class Frame(NamedTuple):
    """`direction` 0 from the target, 1 to it, anything else unknown; `comment` stands beside the packet."""

    time_us: int
    direction: int
    octets: bytes
    link: int = LINK_RAW
    comment: str = ""


def pcapng(frames: Iterable[Frame], comment: str) -> bytes:
    """A whole file, with an interface for every link type that occurs."""
    held = list(frames)
    links = sorted({frame.link for frame in held}, key=lambda link: (link != LINK_RAW, link)) or [LINK_RAW]
    section = struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1) + _option(_COMMENT, comment.encode()) + bytes(4)
    out = [_block(_SECTION, section)]
    for link in links:
        name = _option(_NAME, _NAMES.get(link, "").encode()) + bytes(4)
        out.append(_block(_INTERFACE, struct.pack("<HHI", link, 0, 0) + name))
    for frame in held:
        stamp, octets = max(frame.time_us, 0), frame.octets
        head = struct.pack("<IIIII", links.index(frame.link), stamp >> 32, stamp & 0xFFFFFFFF, len(octets), len(octets))
        options = _option(_COMMENT, frame.comment.encode()) if frame.comment else b""
        if frame.direction in (0, 1):
            flags = _OUTBOUND if frame.direction == 0 else _INBOUND
            options += _option(_DIRECTION_FLAGS, struct.pack("<I", flags))
        out.append(_block(_PACKET, head + _padded(octets) + (options + bytes(4) if options else b"")))
    return b"".join(out)


def rtp_pdu(octets: bytes) -> bytes:
    """RTP as an exported PDU (`LINK_UPPER_PDU`): tags in network order, the name of who reads it, then the octets."""
    name = b"rtp"
    return struct.pack(">HH", _DISSECTOR_NAME, 4) + name.ljust(4, b"\0") + bytes(4) + octets


def udp_packet(source: bytes, destination: bytes, port: int, payload: bytes) -> bytes | None:
    """An IP packet around `payload`, between two addresses of four or of sixteen octets; None where none can be."""
    if len(source) != len(destination) or len(source) not in (4, 16) or len(payload) > MAX_UDP_OCTETS - 20:
        return None
    udp = struct.pack(">HHHH", port, port, 8 + len(payload), 0)
    pseudo = source + destination + struct.pack(">II", len(udp) + len(payload), _UDP)
    check = _checksum(pseudo + udp + payload) or 0xFFFF
    udp = udp[:6] + struct.pack(">H", check)
    if len(source) == 16:
        return struct.pack(">IHBB", 6 << 28, len(udp) + len(payload), _UDP, 64) + source + destination + udp + payload
    return _ipv4(source, destination, _UDP, udp + payload)


def tcp_packet(
    source: bytes, destination: bytes, from_port: int, to_port: int, sequence: int, heard: int, payload: bytes
) -> bytes:
    """An IPv4 packet with one TCP segment (PSH, ACK) of a conversation that is put together again; `sequence` and
    `heard` are the octets sent before, and heard from the other side, both ways counted from 1. RFC 9293."""
    tcp = struct.pack(
        ">HHIIBBHHH", from_port, to_port, sequence & 0xFFFFFFFF, heard & 0xFFFFFFFF, 5 << 4, 0x18, 0xFFFF, 0, 0
    )
    pseudo = source + destination + struct.pack(">HH", _TCP, len(tcp) + len(payload))
    tcp = tcp[:16] + struct.pack(">H", _checksum(pseudo + tcp + payload)) + tcp[18:]
    return _ipv4(source, destination, _TCP, tcp + payload)


def _ipv4(source: bytes, destination: bytes, protocol: int, payload: bytes) -> bytes:
    head = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(payload), 0, 0, 64, protocol, 0) + source + destination
    return head[:10] + struct.pack(">H", _checksum(head)) + head[12:] + payload


def _checksum(octets: bytes) -> int:
    """RFC 1071."""
    octets += bytes(len(octets) % 2)
    total: int = sum(struct.unpack(f">{len(octets) // 2}H", octets))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def _padded(octets: bytes) -> bytes:
    return octets + bytes(-len(octets) % 4)


def _option(code: int, value: bytes) -> bytes:
    return struct.pack("<HH", code, len(value)) + _padded(value)


def _block(kind: int, body: bytes) -> bytes:
    octets = len(body) + 12
    return struct.pack("<II", kind, octets) + body + struct.pack("<I", octets)
