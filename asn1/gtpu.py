"""The packet that a GTP-U message carries (TS 29.281 clause 5), for X3 payload format 12.

A third party's reading: version 1, protocol type 1; sequence number, N-PDU number and extension headers are passed
over. Only a G-PDU (message type 255) carries a packet; other messages are between the network's own nodes.
"""

from __future__ import annotations

from typing import Final

from asn1.errors import DecodeError

G_PDU: Final = 255
_HEADER_OCTETS: Final = 8
_OPTIONAL_OCTETS: Final = 4
_VERSION_MASK, _VERSION_1 = 0xF0, 0x30
_OPTIONAL_FLAGS: Final = 0x07
_EXTENSION_FLAG: Final = 0x04


def user_packet(octets: bytes) -> bytes | None:
    """The T-PDU; None for a message that is no G-PDU. Raises DecodeError for octets that are no GTP-U message."""
    if len(octets) < _HEADER_OCTETS:
        raise DecodeError(DecodeError.TRUNCATED, "a GTP-U header is cut", len(octets))
    flags, kind = octets[0], octets[1]
    if flags & _VERSION_MASK != _VERSION_1:
        raise DecodeError(DecodeError.BAD_VALUE, "not GTP-U version 1", 0)
    end = _HEADER_OCTETS + int.from_bytes(octets[2:4], "big")
    if end > len(octets):
        raise DecodeError(DecodeError.TRUNCATED, "the message ends before its length says", len(octets))
    if end < len(octets):
        raise DecodeError(DecodeError.BAD_LENGTH, f"{len(octets) - end} octets follow the message", end)
    if kind != G_PDU:
        return None
    start = _HEADER_OCTETS
    if flags & _OPTIONAL_FLAGS:
        start += _OPTIONAL_OCTETS
        following = octets[start - 1] if start <= end else 0
        while flags & _EXTENSION_FLAG and following and start < end:
            size = octets[start] * 4
            if size == 0:
                raise DecodeError(DecodeError.BAD_LENGTH, "an extension header of no octets", start)
            start += size
            following = octets[start - 1] if start <= end else 0
    if start > end:
        raise DecodeError(DecodeError.BAD_LENGTH, "the headers pass the end of the message", end)
    return octets[start:end]
