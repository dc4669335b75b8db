"""The only module that imports scapy: IP packets with UDP or TCP inside.

scapy builds one packet a flow, checksums and all; every further packet of the flow is that template with length,
identification, ports' payload and checksums patched, since building a layered packet takes some hundred microseconds
and a flow of speech needs fifty a second and direction. A test holds patched packets against packets built by scapy.
"""

from __future__ import annotations

import struct
from typing import Final

from scapy.layers.inet import IP, TCP, UDP
from scapy.layers.inet6 import IPv6

from carrier_sim.events import Address

_MAX_PAYLOAD: Final = 65_000

FIN: Final = 0x01
SYN: Final = 0x02
PSH: Final = 0x08
ACK: Final = 0x10


class UdpFlow:
    """One direction of one UDP conversation. `packet(payload)` gives the next IP packet."""

    def __init__(self, source: Address, destination: Address, ttl: int = 64) -> None:
        self._ipv6 = ":" in source.host
        self._transport = 40 if self._ipv6 else 20
        template = bytes(_ip(source, destination, ttl) / UDP(sport=source.port, dport=destination.port))
        self._head = bytearray(template[: self._transport + 8])
        self._identification = (source.port * 7 + destination.port) & 0xFFFF
        self._pseudo = _pseudo_sum(self._head, self._ipv6, 17) + source.port + destination.port
        self._ip_sum = 0 if self._ipv6 else _sum16(self._head[:20], skip=(2, 4, 10))

    def packet(self, payload: bytes) -> bytes:
        """The next packet of the flow, at most 65 000 octets of payload."""
        if len(payload) > _MAX_PAYLOAD:
            raise ValueError(f"{len(payload)} octets do not fit one UDP datagram")
        head, transport = self._head, self._transport
        length = len(payload) + 8
        _patch_ip(head, self._ipv6, length, self._identification, self._ip_sum)
        self._identification = (self._identification + 1) & 0xFFFF
        checksum = _fold(self._pseudo + 2 * length + _sum16(payload)) or 0xFFFF
        struct.pack_into(">HH", head, transport + 4, length, checksum)
        return bytes(head) + payload


class TcpFlow:
    """One direction of one TCP connection; the caller keeps sequence and acknowledgement numbers."""

    def __init__(self, source: Address, destination: Address, ttl: int = 64) -> None:
        self._ipv6 = ":" in source.host
        self._transport = 40 if self._ipv6 else 20
        template = bytes(_ip(source, destination, ttl) / TCP(sport=source.port, dport=destination.port))
        self._head = bytearray(template[: self._transport + 20])
        self._identification = (source.port * 11 + destination.port) & 0xFFFF
        self._pseudo = _pseudo_sum(self._head, self._ipv6, 6)
        self._ip_sum = 0 if self._ipv6 else _sum16(self._head[:20], skip=(2, 4, 10))

    def packet(self, sequence: int, acknowledgement: int, flags: int, payload: bytes = b"") -> bytes:
        """One segment; `sequence` and `acknowledgement` are taken modulo 2^32."""
        if len(payload) > _MAX_PAYLOAD:
            raise ValueError(f"{len(payload)} octets do not fit one TCP segment")
        head, transport = self._head, self._transport
        length = len(payload) + 20
        _patch_ip(head, self._ipv6, length, self._identification, self._ip_sum)
        self._identification = (self._identification + 1) & 0xFFFF
        struct.pack_into(">II", head, transport + 4, sequence & 0xFFFFFFFF, acknowledgement & 0xFFFFFFFF)
        head[transport + 13] = flags
        struct.pack_into(">H", head, transport + 16, 0)
        checksum = _fold(self._pseudo + length + _sum16(head[transport:]) + _sum16(payload))
        struct.pack_into(">H", head, transport + 16, checksum)
        return bytes(head) + payload


def _ip(source: Address, destination: Address, ttl: int) -> IP | IPv6:
    if ":" in source.host:
        return IPv6(src=source.host, dst=destination.host, hlim=ttl)
    return IP(src=source.host, dst=destination.host, ttl=ttl, flags="DF")


def _patch_ip(head: bytearray, ipv6: bool, length: int, identification: int, ip_sum: int) -> None:
    if ipv6:
        struct.pack_into(">H", head, 4, length)
        return
    total = 20 + length
    struct.pack_into(">HH", head, 2, total, identification)
    struct.pack_into(">H", head, 10, _fold(ip_sum + total + identification))


def _sum16(octets: bytes | bytearray, skip: tuple[int, ...] = ()) -> int:
    """Sum of big-endian 16-bit words, an odd last octet padded, the words at the offsets in `skip` left out.

    By RFC 1071 section 2 the ones' complement sum is the number modulo 65535, so one big integer does for all words.
    """
    total = int.from_bytes(octets, "big") << (8 if len(octets) & 1 else 0)
    total -= sum((octets[at] << 8 | octets[at + 1]) << (8 * (len(octets) + (len(octets) & 1) - at - 2)) for at in skip)
    return total % 0xFFFF or (0xFFFF if total else 0)


def _fold(total: int) -> int:
    while total > 0xFFFF:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def _pseudo_sum(head: bytearray, ipv6: bool, protocol: int) -> int:
    return _sum16(head[8:40] if ipv6 else head[12:20]) + protocol
