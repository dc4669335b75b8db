"""The sound of one communication as a page plays it: any stretch of it, made when it is asked for.

Rules. Nothing is rendered but what the reader may have. In place of what was minimised or is privileged stands a tone,
on the side that it is missing from; what is held, or does not hold its seal, is silence, since not even when it was
said is told. The whole is a WAV file of a size that is known beforehand, so that a browser may ask for any range of
it; an export begins with a mark that can be heard. Sizes are bounded by `audio.MAX_SECONDS`.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final, NamedTuple

import numpy as np

from asn1.errors import RefusedError
from collector.export.audio import MAX_SECONDS, RATE_PER_S, Placed, Samples, place, wav_head
from collector.export.communications import FROM_TARGET, TO_TARGET, Communication
from collector.export.service import payload_names

MARK: Final = "SIMULATION calea-lab"
TONE_HZ: Final = 440
MARK_HZ: Final = 1_000
TONE_LEVEL: Final = 1_500
"""Of 32767: heard, and not loud."""
FRAME_US: Final = 20_000
"""What a content record that cannot be read is taken to last."""
JOIN_US: Final = 200_000
"""Records that are missing this near to each other are one gap."""
BLOCK_SAMPLES: Final = 10 * RATE_PER_S
MAX_BUCKETS: Final = 4_000
_SAMPLE_OCTETS: Final = 4
_CHANNELS: Final = (FROM_TARGET, TO_TARGET)


class Gap(NamedTuple):
    """A stretch `[first_us, last_us)` of which it may be said that something was, and not what. `direction` as in
    `Packet`."""

    first_us: int
    last_us: int
    direction: int
    why: str


class ToneSpan(NamedTuple):
    """Where a tone stands: seconds of the sound, and the channels (0 from the target, 1 to it)."""

    start_s: float
    end_s: float
    channels: tuple[int, ...]
    why: str


class Peaks(NamedTuple):
    """Lowest and highest sample of each bucket, by channel, scaled to -128..127."""

    seconds_per_bucket: float
    low: tuple[tuple[int, ...], tuple[int, ...]]
    high: tuple[tuple[int, ...], tuple[int, ...]]

    def as_dict(self) -> dict[str, Any]:
        return {**self._asdict(), "low": [list(one) for one in self.low], "high": [list(one) for one in self.high]}


class PeakBook:
    """Peaks of a sound that grows: where there would be more than `buckets`, two become one. What was added in one
    piece and in many gives the same."""

    def __init__(self, buckets: int = MAX_BUCKETS, samples_a_bucket: int = 80) -> None:
        if not 2 <= buckets <= MAX_BUCKETS:
            raise RefusedError(f"A waveform has 2 to {MAX_BUCKETS} buckets.")
        self._buckets = buckets
        self._size = samples_a_bucket
        self._low = np.zeros((0, 2), np.int16)
        self._high = np.zeros((0, 2), np.int16)
        self._rest: Samples = np.zeros((0, 2), np.int16)

    def add(self, samples: Samples) -> None:
        """What follows what was added before; two columns."""
        self._rest = np.concatenate((self._rest, samples))
        self._fold()
        while len(self._low) + bool(len(self._rest)) > self._buckets:
            self._halve()

    def _fold(self) -> None:
        whole = len(self._rest) // self._size
        if whole:
            shaped = self._rest[: whole * self._size].reshape(whole, self._size, 2)
            self._low = np.concatenate((self._low, shaped.min(axis=1)))
            self._high = np.concatenate((self._high, shaped.max(axis=1)))
            self._rest = self._rest[whole * self._size :]

    def _halve(self) -> None:
        """Two buckets become one; a last one without a pair is kept apart until its other half comes."""
        odd = len(self._low) % 2
        if odd:
            # Its extremes stand for its samples: all that is asked of them are the extremes.
            stand_in = np.repeat(self._low[-1:], self._size, axis=0)
            stand_in[-1] = self._high[-1]
            self._rest = np.concatenate((stand_in, self._rest))
            self._low, self._high = self._low[:-1], self._high[:-1]
        self._low = self._low.reshape(-1, 2, 2).min(axis=1)
        self._high = self._high.reshape(-1, 2, 2).max(axis=1)
        self._size *= 2
        self._fold()

    def peaks(self) -> Peaks:
        low, high = self._low, self._high
        if len(self._rest):
            low = np.concatenate((low, self._rest.min(axis=0, keepdims=True)))
            high = np.concatenate((high, self._rest.max(axis=0, keepdims=True)))
        return Peaks(self._size / RATE_PER_S, _scaled(low), _scaled(high))


def _scaled(samples: Samples) -> tuple[tuple[int, ...], tuple[int, ...]]:
    left, right = (tuple(int(one) >> 8 for one in samples[:, channel]) for channel in _CHANNELS)
    return left, right


class Sound:
    """`gaps` are stretches beside those that the communication's own records tell of."""

    def __init__(self, communication: Communication, gaps: Iterable[Gap] = ()) -> None:
        placed = place(communication.packets, payload_names(communication))
        found = [*silenced(communication), *gaps]
        begins = [one.first_us for one in found] + ([] if placed.start_us is None else [placed.start_us])
        self.start_us = min(begins, default=None)
        self._placed = placed
        self._shift = (
            0 if placed.start_us is None or self.start_us is None else _samples(placed.start_us - self.start_us)
        )
        self.tones = tuple(self._tones(found))
        last_s = max((one.end_s for one in self.tones), default=0.0)
        length = max(placed.length + self._shift if placed.pieces else 0, round(last_s * RATE_PER_S))
        self.samples = min(length, MAX_SECONDS * RATE_PER_S)
        self._head = wav_head(self.samples, f"{MARK} LIID {communication.liid} CIN {communication.cin}")
        self._by_record = sorted((one.sequence, one.at) for one in placed.pieces)

    @property
    def seconds(self) -> float:
        return self.samples / RATE_PER_S

    @property
    def octets(self) -> int:
        """Of the whole file."""
        return len(self._head) + self.samples * _SAMPLE_OCTETS

    @property
    def placed(self) -> Placed:
        """What it is made of."""
        return self._placed

    def read(self, first: int, last: int) -> bytes:
        """Octets `[first, last]` of the file, both included, as a Range asks for them. Raises RefusedError outside."""
        if not 0 <= first <= last < self.octets:
            raise RefusedError(f"The sound has {self.octets} octets.")
        head = self._head[first : last + 1]
        if last < len(self._head):
            return head
        begin, end = max(first - len(self._head), 0), last + 1 - len(self._head)
        one, other = begin // _SAMPLE_OCTETS, -(-end // _SAMPLE_OCTETS)
        octets = self.between(one, other).astype("<i2").tobytes()
        return head + octets[begin - one * _SAMPLE_OCTETS : end - one * _SAMPLE_OCTETS]

    def between(self, first: int, last: int) -> Samples:
        """Samples `[first, last)`, two columns."""
        out = self._placed.between(first - self._shift, last - self._shift)
        for tone in self.tones:
            begin, end = round(tone.start_s * RATE_PER_S), round(tone.end_s * RATE_PER_S)
            begin, end = max(begin, first), min(end, last)
            if begin < end:
                for channel in tone.channels:
                    out[begin - first : end - first, channel] = _wave(TONE_HZ, begin, end)
        return out

    def blocks(self) -> Iterator[Samples]:
        for first in range(0, self.samples, BLOCK_SAMPLES):
            yield self.between(first, min(first + BLOCK_SAMPLES, self.samples))

    def peaks(self, buckets: int = 1_000) -> Peaks:
        book = PeakBook(buckets, max(1, -(-self.samples // buckets)))
        for block in self.blocks():
            book.add(block)
        return book.peaks()

    def marked_wav(self) -> Iterator[bytes]:
        """The file of an export: a mark that is heard, then the sound."""
        mark = marking()
        yield wav_head(self.samples + len(mark), f"{MARK}: marked export")
        yield mark.astype("<i2").tobytes()
        for block in self.blocks():
            yield block.astype("<i2").tobytes()

    def sequence_at(self, second: float) -> int | None:
        """The record that sounds at a position: the last one that begins before it; None before the first."""
        at = round(second * RATE_PER_S) - self._shift
        index = bisect_right(self._placed.pieces, at, key=lambda piece: piece.at)
        return self._placed.pieces[index - 1].sequence if index else None

    def second_of(self, sequence: int) -> float | None:
        """Where the sound of a record begins; None for one that does not sound."""
        index = bisect_left(self._by_record, (sequence, -(1 << 62)))
        if index == len(self._by_record) or self._by_record[index][0] != sequence:
            return None
        return (self._by_record[index][1] + self._shift) / RATE_PER_S

    def time_at(self, second: float) -> int | None:
        """When what sounds at a position was said."""
        return None if self.start_us is None else self.start_us + round(second * 1_000_000)

    def _tones(self, gaps: Sequence[Gap]) -> Iterator[ToneSpan]:
        """The gaps, joined, less what is there and may be heard."""
        assert self.start_us is not None or not gaps
        start_us = self.start_us or 0
        for channel in _CHANNELS:
            heard = [
                (one.at + self._shift, one.end + self._shift) for one in self._placed.pieces if channel in one.channels
            ]
            for why in dict.fromkeys(one.why for one in gaps):
                spans = [
                    (_samples(one.first_us - start_us), _samples(one.last_us - start_us))
                    for one in gaps
                    if one.why == why and channel in _sides(one.direction)
                ]
                for first, last in less(joined(spans, _samples(JOIN_US)), heard):
                    last = min(last, MAX_SECONDS * RATE_PER_S)
                    if first < last:
                        yield ToneSpan(first / RATE_PER_S, last / RATE_PER_S, (channel,), why)


def silenced(communication: Communication) -> Iterator[Gap]:
    """The records that are there and not handed out, of which it may be said when they were."""
    for one in communication.silenced:
        yield Gap(one.event_us, one.event_us + FRAME_US, one.direction, one.why)


def joined(spans: Iterable[tuple[int, int]], within: int = 0) -> list[tuple[int, int]]:
    """The spans in order, those not more than `within` apart as one."""
    found: list[tuple[int, int]] = []
    for first, last in sorted(spans):
        if found and first - found[-1][1] <= within:
            found[-1] = found[-1][0], max(found[-1][1], last)
        else:
            found.append((first, last))
    return found


def less(spans: Iterable[tuple[int, int]], taken: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """What of the spans (in order) none of `taken` covers."""
    covered = joined(taken)
    for first, last in spans:
        at = bisect_right(covered, first, key=lambda one: one[1])
        while first < last:
            if at == len(covered) or covered[at][0] >= last:
                yield first, last
                break
            if covered[at][0] > first:
                yield first, covered[at][0]
            first = max(first, covered[at][1])
            at += 1


def marking() -> Samples:
    """Three short tones and a pause: what an export of a simulation begins with."""
    beep = _wave(MARK_HZ, 0, RATE_PER_S // 5)
    one = np.concatenate((beep, np.zeros(RATE_PER_S // 10, np.int16)))
    sound = np.concatenate((one, one, one, np.zeros(RATE_PER_S // 2, np.int16)))
    return np.stack((sound, sound), axis=1)


def _wave(hertz: int, first: int, last: int) -> Samples:
    """By the number of the sample, so that a tone is the same in whatever pieces it is made."""
    turns = np.arange(first, last) * (2 * np.pi * hertz / RATE_PER_S)
    made: Samples = (TONE_LEVEL * np.sin(turns)).astype(np.int16)
    return made


def _samples(time_us: int) -> int:
    return time_us * RATE_PER_S // 1_000_000


def _sides(direction: int) -> tuple[int, ...]:
    return (direction,) if direction in _CHANNELS else _CHANNELS
