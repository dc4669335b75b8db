"""The sound of a call as pages play it: any range of it, tones for what may not be heard, peaks that grow."""

from __future__ import annotations

import io
import wave
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from asn1.errors import RefusedError
from collector.console.model.minimised import MinimiseLog, gaps, open_since
from collector.console.model.sound import (
    MAX_BUCKETS,
    Gap,
    PeakBook,
    Sound,
    joined,
    less,
    marking,
)
from collector.export.audio import RATE_PER_S
from collector.export.communications import FROM_TARGET, TO_TARGET, Communication, Packet, Silenced

START_US = 1_700_000_000_000_000
QUIET = b"\xd5" * 160
LOUD = b"\xaa" * 160


def packet(index: int, direction: int = 0, payload: bytes = LOUD) -> Packet:
    head = bytes((0x80, 8)) + index.to_bytes(2, "big") + (160 * index).to_bytes(4, "big") + bytes((0, 0, 0, direction))
    return Packet(100 + index, START_US + 20_000 * index, direction, "rtpFrame", head + payload)


def call(*packets: Packet, silenced: tuple[Silenced, ...] = ()) -> Communication:
    made = Communication("LAB-0001", 1, packets=list(packets))
    made.silenced = list(silenced)
    return made


SOME = call(packet(0), packet(1, 1), packet(2), packet(7, 1))


@given(st.data())
@settings(deadline=None, max_examples=60)
def test_any_range_of_the_file_is_that_range_of_the_whole(data: Any) -> None:
    sound = Sound(SOME, [Gap(START_US + 60_000, START_US + 100_000, FROM_TARGET, "minimised")])
    whole = sound.read(0, sound.octets - 1)
    first = data.draw(st.integers(0, sound.octets - 1))
    last = data.draw(st.integers(first, min(first + 700, sound.octets - 1)))
    assert sound.read(first, last) == whole[first : last + 1]


def test_the_file_is_sound_and_says_simulation() -> None:
    sound = Sound(SOME)
    with wave.open(io.BytesIO(sound.read(0, sound.octets - 1))) as read:
        assert (read.getnchannels(), read.getframerate(), read.getnframes()) == (2, RATE_PER_S, sound.samples)
    assert b"SIMULATION" in sound.read(0, 200) and sound.samples == 8 * 160
    for first, last in ((-1, 5), (5, 4), (0, sound.octets)):
        with pytest.raises(RefusedError):
            sound.read(first, last)


def test_position_and_record_lead_to_each_other() -> None:
    sound = Sound(SOME)
    for index in (0, 1, 2, 7):
        second = sound.second_of(100 + index)
        assert second == index * 0.02 and sound.sequence_at(second) == 100 + index
    assert sound.sequence_at(0.139) == 102 and sound.second_of(103) is None and sound.second_of(1) is None
    assert sound.time_at(0.5) == START_US + 500_000


def test_what_was_minimised_is_a_tone_on_its_own_side_and_nothing_of_it_is_heard() -> None:
    quiet = tuple(Silenced(200 + at, START_US + 20_000 * at, TO_TARGET, "minimised") for at in range(3, 6))
    sound = Sound(call(packet(0), packet(8, payload=QUIET), silenced=quiet))
    (tone,) = sound.tones
    assert (tone.start_s, tone.end_s, tone.channels) == (0.06, 0.12, (1,))
    samples = sound.between(0, sound.samples)
    assert np.abs(samples[480:960, 1]).max() > 1000 and not samples[480:960, 0].any()
    assert not samples[:480, 1].any() and not samples[960:, 1].any()


def test_what_was_said_before_the_first_readable_packet_moves_the_sound() -> None:
    sound = Sound(call(packet(5), silenced=(Silenced(1, START_US, FROM_TARGET, "privileged"),)))
    assert sound.start_us == START_US and sound.second_of(105) == 0.1 and sound.seconds == pytest.approx(0.12)


def test_a_call_of_which_nothing_may_be_heard_is_a_tone() -> None:
    sound = Sound(call(silenced=tuple(Silenced(at, START_US + 20_000 * at, 0, "minimised") for at in range(50))))
    assert sound.seconds == pytest.approx(1.0) and sound.tones[0].end_s == pytest.approx(1.0)
    assert Sound(call()).samples == 0 and Sound(call()).octets == len(Sound(call())._head)


def test_a_spot_check_is_heard_and_takes_the_tone_s_place() -> None:
    sound = Sound(call(packet(0), packet(4)), [Gap(START_US, START_US + 200_000, -1, "minimised")])
    left = [(one.start_s, one.end_s) for one in sound.tones if one.channels == (0,)]
    assert left == [(0.02, 0.08), (0.1, 0.2)]


def test_an_export_begins_with_a_mark_that_is_heard() -> None:
    octets = b"".join(Sound(SOME).marked_wav())
    with wave.open(io.BytesIO(octets)) as read:
        assert read.getnframes() == Sound(SOME).samples + len(marking())
        first = np.frombuffer(read.readframes(RATE_PER_S // 5), "<i2")
    assert np.abs(first).max() > 1000 and b"SIMULATION" in octets


@given(
    st.lists(st.integers(-32768, 32767), max_size=600), st.lists(st.integers(1, 90), max_size=20), st.integers(2, 9),
    st.integers(1, 5),
)  # fmt: skip
@settings(deadline=None)
def test_peaks_that_grew_are_the_peaks_of_the_whole(values: Any, cuts: Any, buckets: int, size: int) -> None:
    samples = np.array([values, values[::-1]], np.int16).T.reshape(-1, 2)
    whole, grown, at = PeakBook(buckets, size), PeakBook(buckets, size), 0
    whole.add(samples)
    for cut in [*cuts, len(values) + 1]:
        grown.add(samples[at : at + cut])
        at += cut
    found = whole.peaks()
    assert found == grown.peaks() and len(found.low[0]) <= buckets
    width = round(found.seconds_per_bucket * RATE_PER_S)
    for channel in (0, 1):
        parts = [samples[first : first + width, channel] for first in range(0, len(samples), width)]
        assert list(found.low[channel]) == [int(part.min()) >> 8 for part in parts]
        assert list(found.high[channel]) == [int(part.max()) >> 8 for part in parts]


def test_attack_a_million_buckets_are_refused() -> None:
    with pytest.raises(RefusedError):
        Sound(SOME).peaks(MAX_BUCKETS + 1)
    assert len(Sound(SOME).peaks(2).low[0]) == 2 and Sound(call()).peaks().as_dict()["low"] == [[], []]


SPANS = st.lists(
    st.tuples(st.integers(0, 40), st.integers(1, 9)).map(lambda one: (one[0], one[0] + one[1])), max_size=6
)


@given(SPANS, SPANS)
def test_what_is_left_of_spans_is_what_nothing_covers(spans: Any, taken: Any) -> None:
    left = {at for first, last in less(joined(spans), taken) for at in range(first, last)}
    covered = {at for first, last in taken for at in range(first, last)}
    assert left == {at for first, last in spans for at in range(first, last)} - covered


def test_the_audit_log_tells_when_nothing_was_stored(tmp_path: Any) -> None:
    log = MinimiseLog(tmp_path)
    assert log.entries() == () and MinimiseLog(None).entries() == ()
    path = tmp_path / "audit.jsonl"

    def line(**fields: Any) -> bytes:
        import json

        entry = {"fields": {"liid": "L", "cin": 1, "by": "u", **fields}, "kind": "minimise"}
        return json.dumps(entry, separators=(",", ":")).encode() + b"\n"

    path.write_bytes(line(on=True, at_us=100) + b'{"kind":"other"}\n' + line(spot_check=True, at_us=150)[:20])
    assert [one["at_us"] for one in log.entries()] == [100]
    path.write_bytes(
        line(on=True, at_us=100) + b'{"kind":"other"}\n' + line(spot_check=True, at_us=150)
        + line(on=False, at_us=200) + line(on=True, at_us=250, cin=None) + line(on=True, at_us=300, cin=2)
    )  # fmt: skip
    entries = log.entries()
    assert len(entries) == 5
    assert [(one.first_us, one.last_us) for one in gaps(entries, "L", 1, 120, 400)] == [(120, 200), (250, 400)]
    assert [(one.first_us, one.last_us) for one in gaps(entries, "L", 2, 0, 270)] == [(250, 270)]
    assert list(gaps(entries, "M", 1, 0, 999)) == []
    assert [open_since(entries, *one) for one in (("L", 1), ("L", 2), ("L", 9), ("M", 1))] == [250, 250, 250, None]
    assert open_since(entries[:3], "L", 1) is None
