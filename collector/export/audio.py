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
from bisect import bisect_left
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


class Piece(NamedTuple):
    """What one packet adds to the sound: `octets` in the code `name`, from sample `at` on. `direction` as in
    `Packet`."""

    at: int
    direction: int
    name: str
    octets: bytes
    sequence: int

    @property
    def end(self) -> int:
        return self.at + len(self.octets)

    @property
    def channels(self) -> tuple[int, ...]:
        """Left is from the target, right to it; what nobody says the way of is on both."""
        return (self.direction,) if self.direction in (FROM_TARGET, TO_TARGET) else (FROM_TARGET, TO_TARGET)


@dataclass(slots=True)
class _Run:
    """A stretch of one stream in which its clock and the event times agree. `offset`: the sample of the call at which
    timestamp `first` stands, by the packet that was least delayed. `pieces`: what sounds, by samples since `first`."""

    first: int
    offset: int
    newest: int
    pieces: dict[int, Piece] = field(default_factory=dict)
    presses: dict[tuple[int, str], int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Placed:
    """A call's sound, not made yet: pieces by their place. `start_us`: when sample 0 was, None without a packet.
    `length` of the whole and of its `longest` piece in samples."""

    pieces: tuple[Piece, ...] = ()
    start_us: int | None = None
    keys: tuple[Key, ...] = ()
    rtp_packets: int = 0
    other_packets: int = 0
    length: int = 0
    longest: int = 0

    def between(self, first: int, last: int) -> Samples:
        """Samples `[first, last)`, two columns."""
        begin = bisect_left(self.pieces, first - self.longest, key=_at)
        return mixed(self.pieces[begin : bisect_left(self.pieces, last, key=_at)], first, last)


def _at(piece: Piece) -> int:
    return piece.at


def mixed(pieces: Iterable[Piece], first: int, last: int) -> Samples:
    """The sound of these pieces over samples `[first, last)`."""
    out = np.zeros((last - first, 2), np.int16)
    for piece in pieces:
        begin, end = max(piece.at, first), min(piece.end, last)
        if begin >= end:
            continue
        codes = np.frombuffer(piece.octets, np.uint8, end - begin, begin - piece.at)
        samples = TABLES[piece.name][codes]
        for channel in piece.channels:
            held = out[begin - first : end - first, channel]
            # Sixteen bits could run over where two speak at once.
            held[:] = np.clip(held.astype(np.int32) + samples, -32_768, 32_767)
    return out


class Placer:
    """Takes packets in the order of their events and says where their sound stands; `names` of dynamic payload
    types."""

    def __init__(self, names: Mapping[int, str]) -> None:
        self._names = names
        self._streams: dict[tuple[int, int], list[_Run]] = {}
        self._start_us: int | None = None
        self.rtp_packets = 0
        self.other_packets = 0

    @property
    def start_us(self) -> int | None:
        """When the first packet was."""
        return self._start_us

    def add(self, packet: Packet) -> None:
        octets = rtp_octets(packet)
        header = None if octets is None or is_rtcp(octets) else parse_rtp(octets)
        if octets is None or header is None:
            self.other_packets += 1
            return
        if self._start_us is None:
            self._start_us = packet.event_us
        self.rtp_packets += 1
        payload = octets[header.payload_offset : header.payload_offset + header.payload_length]
        name = self._names.get(header.payload_type) or STATIC_NAMES.get(header.payload_type, "")
        if name != EVENTS and name not in TABLES:
            self.other_packets += 1
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
            run.pieces[at] = Piece(at, packet.direction, name, payload, packet.sequence)

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

    def placed(self) -> Placed:
        """Everything so far, in the order of the places."""
        found = self._pieces()
        limit = MAX_SECONDS * RATE_PER_S
        # Whoever was delayed when the first packet came may begin before it.
        earliest = min((one.at for one in found), default=0)
        shift = -earliest if -DRIFT_S * RATE_PER_S <= earliest < 0 else 0
        found = [one._replace(at=one.at + shift) for one in found if 0 <= one.at + shift < limit]
        found.sort(key=_at)
        start_us = None if self._start_us is None else self._start_us - shift * 1_000_000 // RATE_PER_S
        keys = () if self._start_us is None else tuple(sorted(self._keys(self._start_us)))
        length = max((one.end for one in found), default=0)
        longest = max((len(one.octets) for one in found), default=0)
        return Placed(tuple(found), start_us, keys, self.rtp_packets, self.other_packets, length, longest)

    def _pieces(self) -> list[Piece]:
        runs = (run for runs in self._streams.values() for run in runs)
        return [one._replace(at=run.offset + at) for run in runs for at, one in run.pieces.items()]

    def take(self, until: int) -> list[Piece]:
        """The pieces that begin before sample `until` of the first packet's clock; they are not kept any longer."""
        taken: list[Piece] = []
        for runs in self._streams.values():
            for run in runs:
                for at in [at for at in run.pieces if run.offset + at < until]:
                    taken.append(run.pieces.pop(at)._replace(at=run.offset + at))
        return sorted(taken, key=_at)

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


def place(packets: Iterable[Packet], names: Mapping[int, str]) -> Placed:
    """Where the sound of one call stands. `packets` in event order; `names` of dynamic payload types, from the call's
    SDP."""
    placer = Placer(names)
    for packet in packets:
        placer.add(packet)
    return placer.placed()


def render(packets: Iterable[Packet], names: Mapping[int, str]) -> Audio:
    """The sound of one call, made; as `place`."""
    placed = place(packets, names)
    samples = placed.between(0, placed.length)
    return Audio(samples, placed.rtp_packets, placed.other_packets, list(placed.keys), placed.start_us)


def wav(audio: Audio, comment: str) -> bytes:
    """A RIFF WAVE file, PCM; `comment` goes into its INFO list, where players show it."""
    return wav_head(len(audio.samples), comment) + audio.samples.astype("<i2").tobytes()


def wav_head(samples: int, comment: str, channels: int = 2) -> bytes:
    """What stands before the samples of such a file."""
    text = comment.encode() + b"\0"
    text += b"\0" * (len(text) % 2)
    info = b"INFO" + b"ICMT" + struct.pack("<I", len(text)) + text
    frame = 2 * channels
    form = struct.pack("<HHIIHH", 1, channels, RATE_PER_S, RATE_PER_S * frame, frame, 16)
    chunks = _chunk(b"fmt ", form) + _chunk(b"LIST", info) + b"data" + struct.pack("<I", samples * frame)
    return b"RIFF" + struct.pack("<I", 4 + len(chunks) + samples * frame) + b"WAVE" + chunks


def _chunk(name: bytes, body: bytes) -> bytes:
    return name + struct.pack("<I", len(body)) + body
