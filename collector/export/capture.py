"""Packets as a pcapng file that any analyser opens: link type RAW (IP), microseconds, marked as a simulation.

Source: the pcapng file format (IETF draft-ietf-opsawg-pcapng), blocks SHB, IDB and EPB.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from typing import Final

LINK_RAW: Final = 101
_SECTION: Final = 0x0A0D0D0A
_INTERFACE: Final = 1
_PACKET: Final = 6
_COMMENT: Final = 1
_DIRECTION_FLAGS: Final = 2
_INBOUND, _OUTBOUND = 1, 2


def pcapng(packets: Iterable[tuple[int, int, bytes]], comment: str) -> bytes:
    """A whole file of (event time in microseconds, direction 0 from the target or 1 to it, IP packet)."""
    section = struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1) + _option(_COMMENT, comment.encode()) + bytes(4)
    out = [_block(_SECTION, section), _block(_INTERFACE, struct.pack("<HHI", LINK_RAW, 0, 0))]
    for time_us, direction, octets in packets:
        stamp = max(time_us, 0)
        head = struct.pack("<IIIII", 0, stamp >> 32, stamp & 0xFFFFFFFF, len(octets), len(octets))
        flags = _option(_DIRECTION_FLAGS, struct.pack("<I", _OUTBOUND if direction == 0 else _INBOUND)) + bytes(4)
        out.append(_block(_PACKET, head + _padded(octets) + flags))
    return b"".join(out)


def _padded(octets: bytes) -> bytes:
    return octets + bytes(-len(octets) % 4)


def _option(code: int, value: bytes) -> bytes:
    return struct.pack("<HH", code, len(value)) + _padded(value)


def _block(kind: int, body: bytes) -> bytes:
    octets = len(body) + 12
    return struct.pack("<II", kind, octets) + body + struct.pack("<I", octets)
