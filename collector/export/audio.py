"""Speech of a call as sound: RTP payloads put where their timestamps say, two channels, 16 bit, 8000 Hz.

Left is what came from the target, right what went to it; what nobody says the way of is on both sides. What was lost
or refused stays silent, so that times in the sound are times of the call. A stream is put where the packet of it that
was least delayed says, so that jitter moves nothing and both sides are in step; streams that sound at once are added
up, a packet that comes twice counts once. G.711 only (A-law, µ-law); packets of other codecs are counted. Keys pressed
(RFC 4733) are read. Hostile timestamps are bounded: where a stream's clock and the event times part by more than
`DRIFT_S`, the event time wins, and nothing is placed beyond `MAX_SECONDS`. Sources: ITU-T G.711, RFC 3550, RFC 3551,
RFC 4733.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

import numpy as np

from asn1.packets import UDP, is_rtcp, parse_ip, parse_rtp, parse_telephone_event
from collector.export.communications import FROM_TARGET, TO_TARGET, Packet

RATE_PER_S: Final = 8000
MAX_SECONDS: Final = 4 * 3600
DRIFT_S: Final = 2.0
EVENTS: Final = "TELEPHONE-EVENT"
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


class Key(NamedTuple):
    """One press. `direction` as in `Packet`; `duration_ms` is the longest that any of its packets says."""

    time_us: int
    direction: int
    digit: str
    duration_ms: int


@dataclass(slots=True)
class Audio:
    """`samples` has a row a sample and two columns. `keys` in the order of their times. `other_packets` were not speech
    we read. `start_us`: when the first sample was, None when there is none."""

    samples: Samples
    rtp_packets: int = 0
    other_packets: int = 0
    keys: list[Key] = field(default_factory=list)
    start_us: int | None = None

    @property
    def seconds(self) -> float:
        return len(self.samples) / RATE_PER_S

    @property
    def digits(self) -> dict[int, str]:
        """The keys of each direction as one text."""
        found: dict[int, str] = {}
        for key in self.keys:
            found[key.direction] = found.get(key.direction, "") + key.digit
        return found


@dataclass(slots=True)
class _Run:
    """A stretch of one stream in which its clock and the event times agree. `offset`: the sample of the call at which
    timestamp `first` stands, by the packet that was least delayed. `pieces`: what sounds, by samples since `first`."""

    first: int
    offset: int
    newest: int
    pieces: dict[int, Samples] = field(default_factory=dict)
    presses: dict[tuple[int, str], int] = field(default_factory=dict)


class _Mixer:
    def __init__(self, names: Mapping[int, str]) -> None:
        self._names = names
        self._streams: dict[tuple[int, int], list[_Run]] = {}
        self._start_us: int | None = None
        self.audio = Audio(np.zeros((0, 2), np.int16))

    def add(self, packet: Packet) -> None:
        octets = rtp_octets(packet)
        header = None if octets is None or is_rtcp(octets) else parse_rtp(octets)
        if octets is None or header is None:
            self.audio.other_packets += 1
            return
        if self._start_us is None:
            self._start_us = packet.event_us
        self.audio.rtp_packets += 1
        payload = octets[header.payload_offset : header.payload_offset + header.payload_length]
        name = self._names.get(header.payload_type) or STATIC_NAMES.get(header.payload_type, "")
        if name != EVENTS and name not in TABLES:
            self.audio.other_packets += 1
            return
        expected = (packet.event_us - self._start_us) * RATE_PER_S // 1_000_000
        run, at = self._place(packet.direction, header.ssrc, header.timestamp, expected)
        if name == EVENTS:
            event = parse_telephone_event(payload)
            if event is not None and event.digit is not None:
                # All packets of one press have its timestamp.
                press = at, event.digit
                run.presses[press] = max(event.duration, run.presses.get(press, 0))
        else:
            run.pieces[at] = TABLES[name][np.frombuffer(payload, np.uint8)]

    def _place(self, direction: int, ssrc: int, timestamp: int, expected: int) -> tuple[_Run, int]:
        """The run a packet belongs to, and its place in it. One that comes late may be of the run before."""
        runs = self._streams.setdefault((direction, ssrc), [])
        for run in reversed(runs[-2:]):
            gone = run.newest + _apart(timestamp, run.first + run.newest)
            if abs(run.offset + gone - expected) <= DRIFT_S * RATE_PER_S:
                run.offset = min(run.offset, expected - gone)
                run.newest = max(run.newest, gone)
                return run, gone
        run = _Run(timestamp, expected, 0)
        runs.append(run)
        return run, 0

    def mix(self) -> Audio:
        placed = [
            (direction, run.offset + at, samples)
            for (direction, _), runs in self._streams.items()
            for run in runs
            for at, samples in run.pieces.items()
        ]
        limit = MAX_SECONDS * RATE_PER_S
        # Whoever was delayed when the first packet came may begin before it.
        earliest = min((at for _, at, _ in placed), default=0)
        shift = -earliest if -DRIFT_S * RATE_PER_S <= earliest < 0 else 0
        placed = [one for one in placed if 0 <= one[1] + shift < limit]
        length = max((at + shift + len(samples) for _, at, samples in placed), default=0)
        mixed = np.zeros((length, 2), np.int16)
        for direction, at, samples in placed:
            for channel in (direction,) if direction in (FROM_TARGET, TO_TARGET) else (FROM_TARGET, TO_TARGET):
                held = mixed[at + shift : at + shift + len(samples), channel]
                # Sixteen bits could run over where two speak at once.
                held[:] = np.clip(held.astype(np.int32) + samples, -32_768, 32_767)
        self.audio.samples = mixed
        if self._start_us is not None:
            self.audio.start_us = self._start_us - shift * 1_000_000 // RATE_PER_S
            self.audio.keys = sorted(self._keys(self._start_us))
        return self.audio

    def _keys(self, start_us: int) -> Iterator[Key]:
        for (direction, _), runs in self._streams.items():
            for run in runs:
                for (at, digit), duration in run.presses.items():
                    time_us = start_us + (run.offset + at) * 1_000_000 // RATE_PER_S
                    yield Key(time_us, direction, digit, duration * 1_000 // RATE_PER_S)


def _apart(timestamp: int, other: int) -> int:
    """How far a timestamp lies behind another, of 32 bits that wrap."""
    return (timestamp - other + (1 << 31)) % (1 << 32) - (1 << 31)


def rtp_octets(packet: Packet) -> bytes | None:
    """The RTP packet inside a packet of a call; None where there is none."""
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
