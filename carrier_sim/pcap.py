"""Capture files: pcap and pcapng, read as a stream and written; and the IP packet inside a captured frame.

The only way captured traffic comes into the project is a file: there is no live capture. A file is as hostile as a
peer: every length is bounded, and `CaptureError` is all that a reader raises. A file cut in the middle of a packet
ends there (`tcpdump` that was killed leaves such files), it is no error.

Sources: draft-ietf-opsawg-pcap (pcap), draft-ietf-opsawg-pcapng, the LINKTYPE list of tcpdump.org.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import BinaryIO, Final, NamedTuple

from asn1.errors import RemoteError

MAX_PACKET_OCTETS: Final = 262_144
"""The largest snapshot length tools write."""
_MAX_BLOCK_OCTETS: Final = 16 << 20
_MAX_INTERFACES: Final = 1_024

LINK_NULL: Final = 0
LINK_ETHERNET: Final = 1
LINK_RAW: Final = 101
LINK_LOOP: Final = 108
LINK_SLL: Final = 113
LINK_IPV4: Final = 228
LINK_IPV6: Final = 229
LINK_SLL2: Final = 276
_RAW_TYPES: Final = (12, 14, LINK_RAW, LINK_IPV4, LINK_IPV6)

_ETHERTYPE_IPV4: Final = 0x0800
_ETHERTYPE_IPV6: Final = 0x86DD
_VLAN_TYPES: Final = (0x8100, 0x88A8, 0x9100)
_MAX_VLAN_TAGS: Final = 4

_MAGIC: Final = {
    b"\xa1\xb2\xc3\xd4": (">", 1),
    b"\xd4\xc3\xb2\xa1": ("<", 1),
    b"\xa1\xb2\x3c\x4d": (">", 1_000),
    b"\x4d\x3c\xb2\xa1": ("<", 1_000),
}
"""First octets -> (byte order, ticks a microsecond)."""

_SECTION: Final = 0x0A0D0D0A
_INTERFACE: Final = 1
_PACKET: Final = 2
_SIMPLE: Final = 3
_ENHANCED: Final = 6
_BYTE_ORDER: Final = 0x1A2B3C4D


class CaptureError(RemoteError):
    """The file is not a capture we can read. The message says what was found."""


class Captured(NamedTuple):
    """`time_us` in microseconds UTC; `link` a LINKTYPE number; `octets` as captured, perhaps cut (`length` says)."""

    time_us: int
    link: int
    octets: bytes
    length: int


def read_capture(stream: BinaryIO) -> Iterator[Captured]:
    """The packets of a pcap or pcapng file in file order. Raises `CaptureError`."""
    magic = stream.read(4)
    if magic in _MAGIC:
        yield from _pcap(stream, *_MAGIC[magic])
    elif magic == b"\x0a\x0d\x0d\x0a":
        yield from _pcapng(stream)
    else:
        raise CaptureError(f"Not a pcap or pcapng file: it starts with {magic.hex() or 'nothing'}.")


def _pcap(stream: BinaryIO, order: str, ticks: int) -> Iterator[Captured]:
    head = stream.read(20)
    if len(head) < 20:
        raise CaptureError("The pcap header is cut.")
    link = int(struct.unpack(order + "I", head[16:])[0]) & 0x0FFFFFFF
    record = struct.Struct(order + "IIII")
    while len(head := stream.read(16)) == 16:
        seconds, fraction, present, length = record.unpack(head)
        if present > MAX_PACKET_OCTETS:
            raise CaptureError(f"A packet of {present} octets: the file is damaged.")
        octets = stream.read(present)
        if len(octets) < present:
            return
        yield Captured(seconds * 1_000_000 + fraction // ticks, link, octets, length)


class _Interface(NamedTuple):
    link: int
    ticks_per_s: int
    offset_s: int
    snap_octets: int


def _pcapng(stream: BinaryIO) -> Iterator[Captured]:
    order = "<"
    interfaces: list[_Interface] = []
    head: bytes = b"\x0a\x0d\x0d\x0a" + stream.read(4)
    while len(head) == 8:
        is_section = head[:4] == b"\x0a\x0d\x0d\x0a"
        if is_section:
            mark = stream.read(4)
            order = "<" if mark == _BYTE_ORDER.to_bytes(4, "little") else ">"
            if order == ">" and mark != _BYTE_ORDER.to_bytes(4, "big"):
                raise CaptureError("The pcapng section header has no byte-order mark.")
            interfaces = []
        kind, total = struct.unpack(order + "II", head)
        body_octets = total - 12 - (4 if is_section else 0)
        if total % 4 or body_octets < 0 or total > _MAX_BLOCK_OCTETS:
            raise CaptureError(f"A pcapng block of {total} octets: the file is damaged.")
        body = stream.read(body_octets)
        if len(body) < body_octets or len(stream.read(4)) < 4:
            return
        if kind == _INTERFACE:
            if len(interfaces) == _MAX_INTERFACES:
                raise CaptureError(f"More than {_MAX_INTERFACES} interfaces in one pcapng section.")
            interfaces.append(_interface(order, body))
        elif kind in (_ENHANCED, _PACKET):
            yield _packet(order, kind, body, interfaces)
        elif kind == _SIMPLE:
            raise CaptureError("The pcapng file holds packets without a time (simple packet blocks).")
        head = stream.read(8)


def _interface(order: str, body: bytes) -> _Interface:
    if len(body) < 8:
        raise CaptureError("A pcapng interface block is cut.")
    link, _, snap = struct.unpack_from(order + "HHI", body)
    ticks, offset_s = 1_000_000, 0
    position = 8
    while position + 4 <= len(body):
        code, length = struct.unpack_from(order + "HH", body, position)
        value = body[position + 4 : position + 4 + length]
        position += 4 + length + (-length % 4)
        if code == 0:
            break
        if code == 9 and len(value) == 1:
            power = value[0] & 0x7F
            if power > (63 if value[0] & 0x80 else 19):
                raise CaptureError(f"A pcapng time resolution of {value[0]:#04x}.")
            ticks = 2**power if value[0] & 0x80 else 10**power
        elif code == 14 and len(value) == 8:
            offset_s = struct.unpack(order + "q", value)[0]
    return _Interface(link, ticks, offset_s, snap)


def _packet(order: str, kind: int, body: bytes, interfaces: list[_Interface]) -> Captured:
    if len(body) < 20:
        raise CaptureError("A pcapng packet block is cut.")
    form = "IIIII" if kind == _ENHANCED else "HHIIII"
    fields = struct.unpack_from(order + form, body)
    number = fields[0]
    high, low, present, length = fields[-4:]
    if number >= len(interfaces):
        raise CaptureError(f"A packet of interface {number}, which the pcapng file does not describe.")
    if present > MAX_PACKET_OCTETS or 20 + present > len(body):
        raise CaptureError(f"A packet of {present} octets does not fit its block: the file is damaged.")
    interface = interfaces[number]
    ticks = high << 32 | low
    time_us = ticks * 1_000_000 // interface.ticks_per_s + interface.offset_s * 1_000_000
    return Captured(time_us, interface.link, body[20 : 20 + present], length)


def ip_of_frame(link: int, octets: bytes) -> bytes | None:
    """The IP packet in a captured frame; None for ARP, unknown link types and cut frames."""
    if link == LINK_ETHERNET:
        return _behind_ethertype(octets, 12)
    if link == LINK_SLL:
        return _behind_ethertype(octets, 14)
    if link == LINK_SLL2:
        kind = int.from_bytes(octets[:2], "big")
        if kind in _VLAN_TYPES and len(octets) >= 24:
            return _behind_ethertype(octets, 22)
        return octets[20:] if kind in (_ETHERTYPE_IPV4, _ETHERTYPE_IPV6) and len(octets) > 20 else None
    if link in (LINK_NULL, LINK_LOOP):
        # Four octets of address family, whose IPv6 number differs by system: the version nibble tells it as well.
        octets = octets[4:]
    elif link not in _RAW_TYPES:
        return None
    return octets if octets and octets[0] >> 4 in (4, 6) else None


def _behind_ethertype(octets: bytes, position: int) -> bytes | None:
    for _ in range(_MAX_VLAN_TAGS + 1):
        if len(octets) < position + 2:
            return None
        kind = octets[position] << 8 | octets[position + 1]
        if kind not in _VLAN_TYPES:
            break
        position += 4
    return octets[position + 2 :] if kind in (_ETHERTYPE_IPV4, _ETHERTYPE_IPV6) else None


class PcapWriter:
    """Writes a little-endian pcap file, microseconds, of IP packets without a link layer by default."""

    def __init__(self, stream: BinaryIO, link: int = LINK_RAW) -> None:
        self._stream = stream
        stream.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, MAX_PACKET_OCTETS, link))

    def write(self, time_us: int, octets: bytes) -> None:
        seconds, fraction = divmod(time_us, 1_000_000)
        self._stream.write(struct.pack("<IIII", seconds, fraction, len(octets), len(octets)) + octets)


class PcapngWriter:
    """Writes a little-endian pcapng file with one interface, microseconds."""

    def __init__(self, stream: BinaryIO, link: int = LINK_RAW) -> None:
        self._stream = stream
        self._block(_SECTION, struct.pack("<IHHq", _BYTE_ORDER, 1, 0, -1))
        self._block(_INTERFACE, struct.pack("<HHI", link, 0, MAX_PACKET_OCTETS))

    def write(self, time_us: int, octets: bytes) -> None:
        head = struct.pack("<IIIII", 0, time_us >> 32, time_us & 0xFFFFFFFF, len(octets), len(octets))
        self._block(_ENHANCED, head + octets)

    def _block(self, kind: int, body: bytes) -> None:
        body += bytes(-len(body) % 4)
        size = struct.pack("<I", len(body) + 12)
        self._stream.write(struct.pack("<I", kind) + size + body + size)
