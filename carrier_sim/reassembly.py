"""Putting captured pieces together again: IP fragments into datagrams, TCP segments into SIP messages.

Both are bounded in pieces, octets and time, and give up by forgetting the oldest: a capture is hostile input. Of
overlapping fragments the octets that came first count.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Final

from asn1.errors import DecodeError
from asn1.packets import IpPacket
from asn1.sip import MAX_MESSAGE_OCTETS, looks_like_sip, message_octets

_MAX_DATAGRAMS: Final = 256
_MAX_DATAGRAM_OCTETS: Final = 65_535
_MAX_FRAGMENTS: Final = 128
_LIFETIME_US: Final = 30_000_000
"""RFC 8200 section 4.5 gives 60 s, RFC 791 suggests 15 s."""
_MAX_STREAMS: Final = 1_024
_MAX_AHEAD: Final = 64


@dataclass(slots=True)
class _Datagram:
    begun_us: int
    head: bytes = b""
    total: int | None = None
    pieces: dict[int, bytes] = field(default_factory=dict)


class Fragments:
    """Reassembles IP datagrams. `lost` counts those given up."""

    def __init__(self) -> None:
        self._datagrams: OrderedDict[tuple[bytes, bytes, int, int], _Datagram] = OrderedDict()
        self.lost = 0

    def add(self, time_us: int, packet: IpPacket, octets: bytes) -> bytes | None:
        """The whole IP packet when this fragment completes it, its header as if it had never been cut."""
        self._forget(time_us)
        protocol = packet.protocol if packet.version == 4 else 0
        key = (packet.source_octets, packet.destination_octets, protocol, packet.identification)
        datagram = self._datagrams.setdefault(key, _Datagram(time_us))
        payload = octets[packet.transport_offset : min(len(octets), packet.total_octets)]
        end = packet.fragment_offset + len(payload)
        if end > _MAX_DATAGRAM_OCTETS or len(datagram.pieces) >= _MAX_FRAGMENTS:
            self._datagrams.pop(key)
            self.lost += 1
            return None
        if packet.fragment_offset == 0 and not datagram.head:
            datagram.head = _unfragmented_head(packet, octets)
        if not packet.more_fragments:
            datagram.total = end
        datagram.pieces.setdefault(packet.fragment_offset, payload)
        whole = _join(datagram)
        if whole is None:
            return None
        self._datagrams.pop(key)
        return _with_length(packet.version, datagram.head, whole)

    def _forget(self, time_us: int) -> None:
        while self._datagrams:
            oldest = next(iter(self._datagrams.values()))
            if len(self._datagrams) < _MAX_DATAGRAMS and time_us - oldest.begun_us < _LIFETIME_US:
                return
            self._datagrams.popitem(last=False)
            self.lost += 1


def _join(datagram: _Datagram) -> bytes | None:
    if datagram.total is None or not datagram.head:
        return None
    whole = bytearray()
    for offset in sorted(datagram.pieces):
        if offset > len(whole):
            return None
        whole += datagram.pieces[offset][len(whole) - offset :]
    return bytes(whole[: datagram.total]) if len(whole) >= datagram.total else None


def _unfragmented_head(packet: IpPacket, octets: bytes) -> bytes:
    if packet.version == 4:
        head = bytearray(octets[: packet.transport_offset])
        head[6:8] = bytes(2)
        return bytes(head)
    # The extension headers are left out with the fragment header: what is behind them is all that is looked at.
    head = bytearray(octets[:40])
    head[6] = packet.protocol
    return bytes(head)


def _with_length(version: int, head: bytes, payload: bytes) -> bytes | None:
    out = bytearray(head)
    length = len(payload) + (len(head) if version == 4 else 0)
    if length > _MAX_DATAGRAM_OCTETS:
        return None
    at = 2 if version == 4 else 4
    out[at : at + 2] = length.to_bytes(2, "big")
    if version == 4:
        out[10:12] = bytes(2)
        out[10:12] = ipv4_checksum(out).to_bytes(2, "big")
    return bytes(out) + payload


def ipv4_checksum(head: bytes | bytearray) -> int:
    """RFC 1071 over a header whose checksum field is zero."""
    total = int.from_bytes(head, "big") % 0xFFFF
    return ~total & 0xFFFF


@dataclass(slots=True)
class _Stream:
    next_sequence: int
    buffer: bytes = b""
    ahead: dict[int, bytes] = field(default_factory=dict)


class SipStreams:
    """SIP over TCP, light: one direction of a connection is followed once a segment starts with a SIP message."""

    def __init__(self) -> None:
        self._streams: OrderedDict[tuple[bytes, int, bytes, int], _Stream] = OrderedDict()
        self.broken = 0

    def add(self, packet: IpPacket, octets: bytes) -> list[bytes] | None:
        """Messages completed by a TCP packet; None when the packet belongs to no SIP connection."""
        payload = packet.payload(octets)
        key = (
            packet.source_octets,
            packet.source_port or 0,
            packet.destination_octets,
            packet.destination_port or 0,
        )
        stream = self._streams.get(key)
        if stream is None:
            if not looks_like_sip(payload):
                back = self._streams.get((*key[2:], *key[:2]))
                return [] if back is not None and not payload else None
            stream = self._streams[key] = _Stream(packet.tcp_sequence)
            if len(self._streams) > _MAX_STREAMS:
                self._streams.popitem(last=False)
        if payload:
            self._take(stream, packet.tcp_sequence, payload)
        return self._messages(key, stream)

    def _take(self, stream: _Stream, sequence: int, payload: bytes) -> None:
        distance = (sequence - stream.next_sequence) & 0xFFFFFFFF
        if distance >= 0x80000000:
            overlap = 0x100000000 - distance
            if overlap >= len(payload):
                return
            payload, distance = payload[overlap:], 0
        if distance:
            if len(stream.ahead) < _MAX_AHEAD:
                stream.ahead.setdefault(sequence, payload)
                return
            # Too much is waiting for octets that were never captured: go on from here.
            stream.buffer, stream.next_sequence = b"", sequence
            stream.ahead.clear()
            self.broken += 1
        stream.buffer += payload
        stream.next_sequence = (stream.next_sequence + len(payload)) & 0xFFFFFFFF
        if (following := stream.ahead.pop(stream.next_sequence, None)) is not None:
            self._take(stream, stream.next_sequence, following)

    def _messages(self, key: tuple[bytes, int, bytes, int], stream: _Stream) -> list[bytes]:
        out: list[bytes] = []
        try:
            while (size := message_octets(stream.buffer)) is not None:
                out.append(stream.buffer[:size].lstrip(b"\r\n"))
                stream.buffer = stream.buffer[size:]
            if len(stream.buffer) > MAX_MESSAGE_OCTETS:
                raise DecodeError(DecodeError.OVERSIZED, "a message that never ends")
        except DecodeError:
            self.broken += 1
            self._streams.pop(key, None)
        return out
