"""Whole records of a byte stream, and what a fault changes in one. Pure.

A stream whose framing is lost, or whose record is larger than `MAX_RECORD_OCTETS`, is passed on as it comes from there:
a proxy never holds back what it does not understand. PS-PDUs are read by `asn1`; numbers and lengths are rewritten, all
other octets stay.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Final, Literal, NamedTuple

from asn1 import tlv
from asn1.errors import DecodeError
from asn1.ps_pdu import decode_ps_pdu, encode_ps_pdu, liid_text
from asn1.x2x3 import frame_size

Framing = Literal["ps-pdu", "ber", "x2x3", "none"]
MAX_RECORD_OCTETS: Final = 1 << 20
_PS_HEADER: Final = 1
_NUMBER: Final = 4
_KEEP_ALIVES: Final = frozenset({"keep-alive", "keep-aliveResponse"})


class Piece(NamedTuple):
    """Octets of a stream; a whole record, or some of what nobody frames."""

    octets: bytes
    record: bool


class Records:
    """Cuts a stream into records."""

    def __init__(self, framing: Framing) -> None:
        self._end_of = None if framing == "none" else _END_OF[framing]
        self._held = bytearray()

    @property
    def held(self) -> int:
        """Octets of a record that is not whole yet."""
        return len(self._held)

    def feed(self, octets: bytes) -> list[Piece]:
        if self._end_of is None:
            return [Piece(octets, False)] if octets else []
        self._held += octets
        whole, found, at = bytes(self._held), [], 0
        while at < len(whole):
            end = self._end_of(whole, at)
            if end is None and len(whole) - at <= MAX_RECORD_OCTETS:
                break
            if end is None or end < 0:
                # From here on nobody knows where a record begins.
                self._end_of, end = None, len(whole)
                found.append(Piece(whole[at:], False))
            else:
                found.append(Piece(whole[at:end], True))
            at = end
            if self._end_of is None:
                break
        del self._held[:at]
        return found

    def rest(self) -> bytes:
        """The beginning of a record whose end did not come."""
        rest = bytes(self._held)
        self._held.clear()
        return rest


_LOST: Final = -1


def _tlv_end(octets: bytes, at: int) -> int | None:
    try:
        return tlv.read_tlv(octets, at, len(octets)).end
    except DecodeError as error:
        return None if error.code == DecodeError.TRUNCATED else _LOST


def _ps_pdu_end(octets: bytes, at: int) -> int | None:
    return _tlv_end(octets, at) if octets[at] == 0x30 else _LOST


def _x2x3_end(octets: bytes, at: int) -> int | None:
    try:
        size = frame_size(memoryview(octets), start=at)
    except DecodeError:
        return _LOST
    return None if size is None or at + size > len(octets) else at + size


_END_OF: Final[dict[str, Callable[[bytes, int], int | None]]] = {
    "ps-pdu": _ps_pdu_end,
    "ber": _tlv_end,
    "x2x3": _x2x3_end,
}
"""Where the record that begins there ends; None while it is not whole, below zero when there is none."""


class About(NamedTuple):
    """What a record says of itself: its LIID, and the TRI it is, if it is one."""

    liid: str = ""
    tri: str = ""

    @property
    def keepalive(self) -> bool:
        return self.tri in _KEEP_ALIVES


def about(octets: bytes, framing: Framing) -> About:
    """Of a record; nothing is known of one that does not decode."""
    if framing != "ps-pdu":
        return About()
    try:
        pdu = decode_ps_pdu(octets)
    except DecodeError:
        return About()
    name, value = pdu.payload
    return About(liid_text(pdu.header.liid), value[0] if name == "tRIPayload" else "")


def with_number(octets: bytes, by: int) -> bytes:
    """A PS-PDU whose sequence number is so much higher, modulo 2**32. As it was when it has none."""
    try:
        outer = tlv.read_tlv(octets, 0, len(octets))
        header = next(tlv.children(octets, outer))
        if header.number != _PS_HEADER:
            return octets
        parts = []
        for field in tlv.children(octets, header):
            if field.number == _NUMBER:
                number = tlv.decode_integer(octets, field.content, field.content_end) + by & 0xFFFFFFFF
                parts.append(tlv.encode_tlv(_CONTEXT, False, _NUMBER, tlv.encode_integer(number)))
            else:
                parts.append(octets[field.start : field.end])
    except (DecodeError, StopIteration):
        return octets
    made = tlv.encode_tlv(_CONTEXT, True, _PS_HEADER, b"".join(parts))
    return tlv.encode_tlv(0, True, _SEQUENCE, made + octets[header.end : outer.content_end])


_CONTEXT: Final = 2
_SEQUENCE: Final = 16


def with_bad_check(octets: bytes) -> bytes:
    """An integrity check whose value is wrong in its last bit."""
    pdu = decode_ps_pdu(octets)
    name, (tri, check) = pdu.payload
    value = check["checkValue"]
    changed = value[:-1] + bytes([value[-1] ^ 1]) if value else b"\x01"
    return encode_ps_pdu(pdu.header, (name, (tri, {**check, "checkValue": changed})))


def corrupted(octets: bytes, place: str, random: Random) -> bytes:
    """A bit turned: of the frame's head, of the header's tag, or anywhere behind the header."""
    out = bytearray(octets)
    header_at, payload_at = _places(octets)
    if place == "frame":
        at, mask = 0, 0x40
    elif place == "header":
        at, mask = header_at, 0x01
    else:
        at, mask = random.randrange(min(payload_at, len(out) - 1), len(out)), 1 << random.randrange(8)
    out[at] ^= mask
    return bytes(out)


def _places(octets: bytes) -> tuple[int, int]:
    """Where the header's tag stands and where the header ends; the first octet and the middle where none is found."""
    try:
        outer = tlv.read_tlv(octets, 0, len(octets))
        header = next(tlv.children(octets, outer))
    except (DecodeError, StopIteration):
        return 0, len(octets) // 2
    return header.start, min(header.end, len(octets) - 1)
