"""Media packets in bulk: RTP in UDP in IPv4 of stated sizes, each determined by its stream and number alone.

Rules of this file. Nothing is remembered from one packet to the next, so that any packet of a run can be made again.
What was "spoken" is a slice of a pool of octets whose sums are known, so that checksums (RFC 791, RFC 768, RFC 1071)
are right and cost nothing. RTP numbers and stamps go on with the number (RFC 3550, 8 000 Hz, 20 ms a packet).

One source for two paths (ADR 0002): `packets.pxd` types it for Cython.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from asn1.errors import LocalError

if TYPE_CHECKING:
    from asn1 import plain as cython
else:
    try:
        import cython
    except ImportError:
        from asn1 import plain as cython

if cython.compiled:
    from cython.cimports.libc.string import memcpy
else:
    # The same constants as in packets.pxd, where the compiler needs them; a test compares the two.
    _HEAD = 40
    _SAMPLES = 160

COMPILED: Final[bool] = cython.compiled

HEAD_OCTETS: Final = 40
"""IPv4 without options, UDP, RTP without extensions."""
MAX_OCTETS: Final = 65_535
MAX_SIZES: Final = 65_536


class Packets:
    """`head`: the first 40 octets of any packet of the flow. `sizes` in octets of the whole packet, taken in turn.
    `pool`: an even number of octets, more than the largest packet has."""

    def __init__(self, head: bytes, sizes: Sequence[int], pool: bytes) -> None:
        """Raises LocalError for what makes no packets."""
        if len(head) < HEAD_OCTETS or head[0] != 0x45 or head[9] != 17:
            raise LocalError("a media packet begins with IPv4 without options, UDP and RTP")
        if not 1 <= len(sizes) <= MAX_SIZES or not all(HEAD_OCTETS <= size <= MAX_OCTETS for size in sizes):
            raise LocalError(f"packets have {HEAD_OCTETS} to {MAX_OCTETS} octets, and there is at least one size")
        if len(pool) % 2 or len(pool) <= max(sizes) + 2:
            raise LocalError("the pool has an even number of octets, and more than the largest packet")
        fixed = bytearray(head[:HEAD_OCTETS])
        # What comes anew with each packet: length, identification and checksum, length and checksum, number and stamp.
        for at in (2, 3, 4, 5, 10, 11, 24, 25, 26, 27, *range(30, 40)):
            fixed[at] = 0
        self.most_octets = max(sizes)
        self._head = self._head_view = fixed
        self._pool = self._pool_view = bytearray(pool)
        self._sizes = self._sizes_view = array("q", sizes)
        self._count = len(sizes)
        words = array("q", bytes(4 * len(pool) + 8))
        total = 0
        for index in range(len(pool) // 2):
            total += pool[2 * index] << 8 | pool[2 * index + 1]
            words[index + 1] = total
        self._sums = self._sums_view = words
        # Places of payloads: even ones, so that the sums of words fit.
        self._places = (len(pool) - self.most_octets) // 2
        self._ip_sum = _sum(fixed[:20])
        # The pseudo header of UDP: both addresses and the protocol; behind it ports and the first octets of RTP.
        self._udp_sum = _sum(fixed[12:20]) + 17 + _sum(fixed[20:24]) + _sum(fixed[28:30])

    def packet(self, stream: int, number: int) -> bytes:
        """The packet of `stream` with `number`, both from 0."""
        if not (0 <= stream < 1 << 31 and 0 <= number < 1 << 32):
            raise LocalError(f"stream {stream}, number {number} are out of range")
        octets = self.size(stream, number)
        out = bytearray(octets)
        if cython.compiled:
            view = out
            self.put(cython.address(view[0]), 0, stream, number, octets)
        else:
            self.put(memoryview(out), 0, stream, number, octets)
        return bytes(out)

    # What compiled callers use, without the interpreter lock.

    def size(self, stream: int, number: int) -> int:
        """Octets of that packet."""
        return self._sizes_view[(stream + number) % self._count]

    def put(self, out: memoryview, at: int, stream: int, number: int, octets: int) -> None:
        """That packet, which has `octets`, into `out` from `at` on."""
        size = octets - _HEAD
        place = 2 * ((stream * 7_919 + number * 31) % self._places)
        if cython.compiled:
            memcpy(out + at, cython.address(self._head_view[0]), _HEAD)
            memcpy(out + at + _HEAD, cython.address(self._pool_view[place]), size)
        else:
            out[at : at + _HEAD] = self._head
            out[at + _HEAD : at + octets] = self._pool[place : place + size]
        identification = (stream * 131 + number) & 0xFFFF
        _put(out, at + 2, octets)
        _put(out, at + 4, identification)
        _put(out, at + 10, _checksum(self._ip_sum + octets + identification))
        datagram = octets - 20
        stamp = number * _SAMPLES
        high = stamp >> 16 & 0xFFFF
        _put(out, at + 24, datagram)
        _put(out, at + 30, number & 0xFFFF)
        _put(out, at + 32, high)
        _put(out, at + 34, stamp & 0xFFFF)
        _put(out, at + 36, stream >> 16)
        _put(out, at + 38, stream & 0xFFFF)
        total = self._udp_sum + 2 * datagram + (number & 0xFFFF) + high + (stamp & 0xFFFF)
        total += (stream >> 16) + (stream & 0xFFFF)
        first = place // 2
        total += self._sums_view[first + size // 2] - self._sums_view[first]
        if size & 1:
            total += self._pool_view[place + size - 1] << 8
        checksum = _checksum(total)
        # RFC 768: a sum of zero is sent as all ones, since zero says that there is none.
        _put(out, at + 26, checksum if checksum else 0xFFFF)


def _put(out: memoryview, at: int, value: int) -> None:
    out[at] = value >> 8
    out[at + 1] = value & 0xFF


def _checksum(total: int) -> int:
    while total > 0xFFFF:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def _sum(octets: bytearray) -> int:
    return sum(octets[at] << 8 | octets[at + 1] for at in range(0, len(octets), 2))
