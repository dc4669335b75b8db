"""A pcapng file of packets with different link types: one interface a link type (draft-ietf-opsawg-pcapng)."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import Final, NamedTuple

RAW_IP: Final = 101
USER_0: Final = 147
"""LINKTYPE_USER0; the user link types are sixteen in a row."""

MAX_PACKET_OCTETS: Final = 65_000
"""Of what is put into one packet here: IPv4 ends at 65 535."""

_SECTION, _INTERFACE, _PACKET = 0x0A0D0D0A, 1, 6
_FLAGS: Final = 2
_INBOUND, _OUTBOUND = 1, 2


class Packet(NamedTuple):
    link_type: int
    octets: bytes
    inbound: bool = False


def pcapng(packets: Sequence[Packet]) -> bytes:
    links = sorted({packet.link_type for packet in packets})
    blocks = [_block(_SECTION, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1))]
    blocks += [_block(_INTERFACE, struct.pack("<HHI", link, 0, 0)) for link in links]
    for number, packet in enumerate(packets):
        head = struct.pack("<IIIII", links.index(packet.link_type), 0, number, len(packet.octets), len(packet.octets))
        flags = struct.pack("<HHIHH", _FLAGS, 4, _INBOUND if packet.inbound else _OUTBOUND, 0, 0)
        blocks.append(_block(_PACKET, head + packet.octets + bytes(-len(packet.octets) % 4) + flags))
    return b"".join(blocks)


def _block(kind: int, body: bytes) -> bytes:
    size = struct.pack("<I", 12 + len(body))
    return struct.pack("<I", kind) + size + body + size


_ENDS: Final = bytes((192, 0, 2, 1)) + bytes((192, 0, 2, 2))


def udp_packet(payload: bytes, port: int) -> bytes:
    """An IPv4 packet with a UDP datagram to `port`; no checksum in the datagram (RFC 768 allows that)."""
    return _ipv4(17, struct.pack(">HHHH", port, port, 8 + len(payload), 0) + payload)


def http_packet(body: bytes, media_type: str) -> bytes:
    """An IPv4 packet with one whole HTTP request on TCP port 80."""
    head = f"POST / HTTP/1.1\r\nHost: mms.invalid\r\nContent-Type: {media_type}\r\nContent-Length: {len(body)}\r\n\r\n"
    tcp = struct.pack(">HHIIBBHHH", 40_080, 80, 1, 1, 5 << 4, 0x18, 65_535, 0, 0)
    return _ipv4(6, tcp + head.encode() + body)


def _ipv4(protocol: int, body: bytes) -> bytes:
    head = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(body), 0, 0, 64, protocol, 0) + _ENDS
    total = sum(struct.unpack(">10H", head))
    total = (total & 0xFFFF) + (total >> 16)
    return head[:10] + struct.pack(">H", ~(total + (total >> 16)) & 0xFFFF) + head[12:] + body
