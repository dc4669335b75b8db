"""Speech of a call as sound: RTP payloads put where their timestamps say, two channels, 16 bit, 8000 Hz.

Left is what came from the target, right what went to it. What was lost or refused stays silent, so that times in the
sound are times of the call. G.711 only (A-law, µ-law); packets of other codecs are counted. Digits pressed (RFC 4733)
are read. Hostile timestamps are bounded: where a stream's clock and the event times part by more than `DRIFT_S`, the
event time wins, and nothing is placed beyond `MAX_SECONDS`. Sources: ITU-T G.711, RFC 3550, RFC 3551, RFC 4733.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np

from asn1.packets import UDP, is_rtcp, parse_ip, parse_rtp, parse_telephone_event
from collector.export.communications import FROM_TARGET, TO_TARGET, Packet

RATE_PER_S: Final = 8000
MAX_SECONDS: Final = 4 * 3600
DRIFT_S: Final = 2.0
STATIC_NAMES: Final = {0: "PCMU", 8: "PCMA"}
_UDP_HEADER_OCTETS: Final = 8
Samples = np.ndarray[Any, np.dtype[np.int16]]


def _alaw_value(code: int) -> int:
    code ^= 0x55
    exponent, mantissa = code >> 4 & 7, code & 15
    value = (mantissa << 4) + 8 + (0x100 if exponent else 0)
    value <<= max(exponent - 1, 0)
    return value if code & 0x80 else -value


def _ulaw_value(code: int) -> int:
    code = ~code & 0xFF
    value = (((code & 15) << 3) + 0x84 << (code >> 4 & 7)) - 0x84
    return -value if code & 0x80 else value


TABLES: Final[Mapping[str, Samples]] = {
    "PCMA": np.array([_alaw_value(code) for code in range(256)], np.int16),
    "PCMU": np.array([_ulaw_value(code) for code in range(256)], np.int16),
}
"""Linear value of each code (G.711 tables 1 and 2, scaled to 16 bit)."""


@dataclass(slots=True)
class Audio:
    """`samples` has a row a sample and two columns. `digits` by direction. `other_packets` were not speech we read."""

    samples: Samples
    rtp_packets: int = 0
    other_packets: int = 0
    digits: dict[int, str] = field(default_factory=dict)
    start_us: int | None = None

    @property
    def seconds(self) -> float:
        return len(self.samples) / RATE_PER_S


@dataclass(slots=True)
class _Stream:
    anchor: int
    timestamp: int
    last_event: int = -1


class _Mixer:
    def __init__(self, names: Mapping[int, str]) -> None:
        self._names = names
        self._streams: dict[tuple[int, int], _Stream] = {}
        self._pieces: list[tuple[int, int, Samples]] = []
        self.audio = Audio(np.zeros((0, 2), np.int16))

    def add(self, packet: Packet) -> None:
        octets = _rtp_octets(packet)
        header = None if octets is None or is_rtcp(octets) else parse_rtp(octets)
        if octets is None or header is None or packet.direction not in (FROM_TARGET, TO_TARGET):
            self.audio.other_packets += 1
            return
        if self.audio.start_us is None:
            self.audio.start_us = packet.event_us
        self.audio.rtp_packets += 1
        payload = octets[header.payload_offset : header.payload_offset + header.payload_length]
        stream, at = self._place(packet, header.ssrc, header.timestamp)
        name = self._names.get(header.payload_type) or STATIC_NAMES.get(header.payload_type, "")
        if name == "TELEPHONE-EVENT":
            self._digit(packet.direction, stream, header.timestamp, payload)
        elif name in TABLES and 0 <= at < MAX_SECONDS * RATE_PER_S:
            self._pieces.append((packet.direction, at, TABLES[name][np.frombuffer(payload, np.uint8)]))
        elif name not in TABLES:
            self.audio.other_packets += 1

    def _place(self, packet: Packet, ssrc: int, timestamp: int) -> tuple[_Stream, int]:
        """The stream and the sample its packet begins at."""
        assert self.audio.start_us is not None
        expected = (packet.event_us - self.audio.start_us) * RATE_PER_S // 1_000_000
        stream = self._streams.get((packet.direction, ssrc))
        if stream is None:
            stream = self._streams[packet.direction, ssrc] = _Stream(expected, timestamp)
        gone = (timestamp - stream.timestamp + (1 << 31)) % (1 << 32) - (1 << 31)
        if abs(stream.anchor + gone - expected) > DRIFT_S * RATE_PER_S:
            stream.anchor, stream.timestamp, gone = expected, timestamp, 0
        return stream, stream.anchor + gone

    def _digit(self, direction: int, stream: _Stream, timestamp: int, payload: bytes) -> None:
        """Packets of one press share its timestamp; the press counts once."""
        event = parse_telephone_event(payload)
        if event is None or event.digit is None or stream.last_event == timestamp:
            return
        stream.last_event = timestamp
        self.audio.digits[direction] = self.audio.digits.get(direction, "") + event.digit

    def mix(self) -> Audio:
        length = max((at + len(samples) for _, at, samples in self._pieces), default=0)
        mixed = np.zeros((length, 2), np.int16)
        for direction, at, samples in self._pieces:
            mixed[at : at + len(samples), direction] = samples
        self.audio.samples = mixed
        return self.audio


def _rtp_octets(packet: Packet) -> bytes | None:
    if packet.frame in ("rtpFrame", "artificialRtpFrame"):
        return packet.octets
    if packet.frame == "udpFrame":
        return packet.octets[_UDP_HEADER_OCTETS:]
    if packet.frame != "ipFrame":
        return None
    parsed = parse_ip(packet.octets)
    return parsed.payload(packet.octets) if parsed is not None and parsed.protocol == UDP else None


def render(packets: Iterable[Packet], names: Mapping[int, str]) -> Audio:
    """The sound of one call. `packets` in event order; `names` of dynamic payload types, from the call's SDP."""
    mixer = _Mixer(names)
    for packet in packets:
        mixer.add(packet)
    return mixer.mix()


def wav(audio: Audio, comment: str) -> bytes:
    """A RIFF WAVE file, PCM; `comment` goes into its INFO list, where players show it."""
    text = comment.encode() + b"\0"
    text += b"\0" * (len(text) % 2)
    info = b"INFO" + b"ICMT" + struct.pack("<I", len(text)) + text
    samples = audio.samples.astype("<i2").tobytes()
    form = struct.pack("<HHIIHH", 1, 2, RATE_PER_S, RATE_PER_S * 4, 4, 16)
    chunks = _chunk(b"fmt ", form) + _chunk(b"LIST", info) + _chunk(b"data", samples)
    return b"RIFF" + struct.pack("<I", 4 + len(chunks)) + b"WAVE" + chunks


def _chunk(name: bytes, body: bytes) -> bytes:
    return name + struct.pack("<I", len(body)) + body
