"""Framing of a run of BER records (call data, or CC-APDUs): whole records out, pieces of any size in.

Rules of this file. Records follow each other with nothing between (assumed: no source has seen an outer frame). A
record comes out the same however its octets were cut. Work is linear in the octets received, and memory is bounded by
one record of at most `max_record_octets` and one piece: a larger record of definite length is passed over and told, one
of indefinite length loses the framing, since its end cannot be found without reading it. Where framing is lost, nothing
more is read.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from asn1 import tlv
from asn1.errors import DecodeError

MAX_RECORD_OCTETS: Final = 1 << 20
"""Octets. Call data is a few hundred octets and a CC-APDU one packet; whole SIP messages inside leave room to spare."""


class Frame(NamedTuple):
    """One record at `offset` of the stream, or, where `error` is set, what stands there instead of one; `passed_over`
    is then how long the record is, where reading goes on behind it."""

    offset: int
    octets: bytes
    error: DecodeError | None = None
    passed_over: int = 0


class Framer:
    """One direction of one connection. `starts`: the identifier octets a record of the dialect may begin with."""

    def __init__(self, starts: bytes, max_record_octets: int = MAX_RECORD_OCTETS) -> None:
        self._starts = starts
        self._limit = max_record_octets
        self._held = bytearray()
        self._base = 0
        self._skip = 0
        # Of the record being read, counted from its first octet: how far it has been walked, how many indefinite
        # lengths are open there, and how many elements that took.
        self._walked = 0
        self._open = 0
        self._elements = 0
        self.lost = False

    def feed(self, octets: bytes) -> list[Frame]:
        """The records that end in these octets, in order."""
        if self.lost:
            return []
        if self._skip:
            dropped = min(self._skip, len(octets))
            self._skip -= dropped
            self._base += dropped
            octets = octets[dropped:]
        self._held += octets
        frames: list[Frame] = []
        pos = 0
        while pos < len(self._held) and not self.lost:
            try:
                length = self._length(pos)
            except DecodeError as error:
                self.lost = True
                frames.append(Frame(self._base + pos, b"", error))
                break
            if length is None:
                break
            if length > self._limit:
                message = f"a record of {length} octets; at most {self._limit} are read"
                frames.append(Frame(self._base + pos, b"", DecodeError(DecodeError.OVERSIZED, message), length))
                self._skip = max(0, length - (len(self._held) - pos))
            else:
                frames.append(Frame(self._base + pos, bytes(self._held[pos : pos + length])))
            pos = min(pos + length, len(self._held))
            self._walked = self._open = self._elements = 0
        if self.lost:
            pos = len(self._held)
        self._base += pos
        del self._held[:pos]
        return frames

    @property
    def held_octets(self) -> int:
        """Octets of a record that has begun and not ended."""
        return len(self._held)

    @property
    def inside(self) -> bool:
        """Whether a record has begun that has not ended, one that is passed over included."""
        return bool(self._held or self._skip)

    def finish(self) -> Frame | None:
        """The stream has ended: what is left of a record that has not, if any."""
        if self._skip:
            message = f"the stream ends {self._skip} octets before its last record does"
        elif self._held:
            message = "the stream ends inside a record"
        else:
            return None
        return Frame(self._base, bytes(self._held), DecodeError(DecodeError.TRUNCATED, message))

    def _length(self, start: int) -> int | None:
        """Octets of the record at `start`, or None while they cannot be told or, within the limit, have not all come.

        Raises DecodeError where framing is lost.
        """
        held, end = self._held, len(self._held)
        if held[start] not in self._starts:
            raise DecodeError(DecodeError.WRONG_DIALECT, f"0x{held[start]:02x} begins no record of this dialect")
        while True:
            if self._open and self._walked > self._limit:
                message = f"an indefinite record of more than {self._limit} octets"
                raise DecodeError(DecodeError.OVERSIZED, message)
            pos = start + self._walked
            if self._open:
                if end - pos < 2:
                    return None
                if tlv.at_end_of_contents(held, pos, end):
                    self._walked += 2
                    self._open -= 1
                    if not self._open:
                        return self._walked
                    continue
            try:
                _, _, content, length = tlv.read_head(held, pos, end)
            except DecodeError as error:
                if error.code == DecodeError.TRUNCATED:
                    return None
                raise DecodeError(error.code, error.message, pos - start) from error
            if not self._open and length != tlv.INDEFINITE:
                whole = content - start + length
                return whole if whole > self._limit or start + whole <= end else None
            self._elements += 1
            if self._elements > tlv.MAX_ELEMENTS:
                raise DecodeError(DecodeError.TOO_MANY, f"more than {tlv.MAX_ELEMENTS} elements")
            if length == tlv.INDEFINITE:
                self._walked = content - start
                self._open += 1
                if self._open > tlv.MAX_DEPTH:
                    raise DecodeError(DecodeError.TOO_DEEP, f"more than {tlv.MAX_DEPTH} values inside each other")
            else:
                self._walked = content - start + length
