"""Speech from packets: the codec against a codec we did not write, placing, loss, digits, hostile timestamps."""

from __future__ import annotations

import io
import json
import struct
import wave
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.export.audio import MAX_SECONDS, RATE_PER_S, TABLES, render, wav
from collector.export.communications import Packet

LINEAR = json.loads((Path(__file__).parents[2] / "vectors/g711/linear.json").read_text())
START_US = 1_700_000_000_000_000
LOUD = 0xAA
"""A-law code of +32256."""


def rtp(
    index: int, direction: int = 0, code: int = LOUD, payload_type: int = 8, ssrc: int = 7, stamp: int | None = None
) -> Packet:
    """Frame `index` of 20 ms of one party."""
    stamp = 160 * index if stamp is None else stamp
    head = struct.pack(">BBHII", 0x80, payload_type, index & 0xFFFF, stamp & 0xFFFFFFFF, ssrc)
    return Packet(index, START_US + 20_000 * index, direction, "rtpFrame", head + bytes([code]) * 160)


@pytest.mark.parametrize("name", ["PCMA", "PCMU"])
def test_every_code_has_the_value_another_codec_gives(name: str) -> None:
    assert TABLES[name].tolist() == LINEAR[name]


def test_each_party_has_a_channel_and_what_was_lost_is_silent() -> None:
    sound = render([rtp(0), rtp(1, 1, ssrc=9), rtp(2), rtp(4)], {})
    left, right = sound.samples[:, 0], sound.samples[:, 1]
    assert len(left) == 5 * 160 and sound.rtp_packets == 4
    heard = [bool(left[160 * frame : 160 * frame + 160].all()) for frame in range(5)]
    assert heard == [True, False, True, False, True]
    assert right[160:320].all() and not right[:160].any() and not right[320:].any()


def test_packets_out_of_order_and_doubled_give_the_same_sound() -> None:
    frames = [rtp(index, code=0x80 + index) for index in range(10)]
    straight = render(frames, {}).samples
    mixed = render([frames[0], *reversed(frames[1:]), frames[3]], {}).samples
    assert np.array_equal(straight, mixed)


def test_timestamps_that_wrap_go_on() -> None:
    stamps = [(0xFFFFFFFF - 100 + 160 * index) & 0xFFFFFFFF for index in range(4)]
    sound = render([rtp(index, stamp=stamp) for index, stamp in enumerate(stamps)], {})
    assert len(sound.samples) == 4 * 160 and sound.samples[:, 0].all()


def test_a_stream_that_begins_anew_is_placed_by_its_event_time() -> None:
    sound = render([rtp(0), rtp(500, stamp=12345678)], {})
    assert len(sound.samples) == 501 * 160 and sound.samples[500 * 160 :, 0].all()


def test_a_dynamic_payload_type_is_what_the_sdp_says() -> None:
    packet = rtp(0, payload_type=97)
    assert render([packet], {}).other_packets == 1
    assert render([packet], {97: "PCMA"}).samples[:, 0].all()
    assert render([packet], {97: "OPUS"}).other_packets == 1


def test_a_digit_counts_once_however_many_packets_it_takes() -> None:
    def press(index: int, digit: int, stamp: int, direction: int = 0) -> Packet:
        head = struct.pack(">BBHII", 0x80, 101, index, stamp, 7)
        return Packet(
            index, START_US + 20_000 * index, direction, "rtpFrame", head + struct.pack(">BBH", digit, 10, 800)
        )

    presses = [press(0, 7, 0), press(1, 7, 0), press(2, 7, 0), press(5, 7, 800), press(8, 11, 1600, 1)]
    sound = render(presses, {101: "TELEPHONE-EVENT"})
    assert sound.digits == {0: "77", 1: "#"}


def test_the_first_packet_to_come_need_not_be_the_first_of_its_stream() -> None:
    """What came late and was sent early was thrown away once: it lay before the beginning."""
    first, second, third = (rtp(index) for index in range(3))
    late = first._replace(event_us=second.event_us + 1)
    sound = render([second, late, third], {})
    assert len(sound.samples) == 3 * 160 and sound.samples[:, 0].all()
    assert sound.start_us == second.event_us - 20_000


def test_both_sides_stay_in_step_where_one_begins_with_a_delayed_packet() -> None:
    """A key heard on both sides at once: the packet that was least delayed says where a stream stands."""
    near = [rtp(index, code=LOUD if index == 10 else 0xD5) for index in range(20)]
    far = [rtp(index, 1, code=LOUD if index == 10 else 0xD5, ssrc=9) for index in range(20)]
    jitter = [90_000, 60_000, 31_000, 1_000, 0, 12_000, 500, 0]
    far = [one._replace(event_us=one.event_us + jitter[index % 8]) for index, one in enumerate(far)]
    sound = render(sorted([*near, *far], key=lambda packet: packet.event_us), {})
    loud = [int(np.argmax(np.abs(sound.samples[:, side]) > 1_000)) for side in (0, 1)]
    assert loud == [1600, 1600]


def test_silence_of_a_hold_has_the_length_it_had() -> None:
    """The numbers go on from where they were, as some handsets do it; the clock goes on as well, as others do."""
    for stamps in ([0, 160, 320, 48_320, 48_480], [0, 160, 320, 480, 640]):
        packets = [rtp(index, stamp=stamp) for index, stamp in enumerate(stamps)]
        gone = [0, 0, 0, 5_980_000, 5_980_000]
        held = [one._replace(event_us=one.event_us + late) for one, late in zip(packets, gone, strict=True)]
        sound = render(held, {})
        left = sound.samples[:, 0]
        assert len(left) == 48_320 + 320 and left[:480].all() and not left[480:48_320].any() and left[48_320:].all()


def test_a_sequence_that_wraps_and_a_source_that_changes_go_on() -> None:
    before = [rtp(0xFFFE + index, ssrc=1)._replace(event_us=START_US + 20_000 * index) for index in range(4)]
    after = [rtp(index, ssrc=2, stamp=99 + 160 * index) for index in range(4, 8)]
    sound = render([*before, *after], {})
    assert len(sound.samples) == 8 * 160 and sound.samples[:, 0].all()


def test_two_who_speak_at_once_are_both_heard_and_a_packet_that_comes_twice_is_not_twice_as_loud() -> None:
    once = render([rtp(0, code=0x80)], {}).samples[0, 0]
    assert render([rtp(0, code=0x80), rtp(0, code=0x80)], {}).samples[0, 0] == once
    assert render([rtp(0, code=0x80), rtp(0, code=0x80, ssrc=8)], {}).samples[0, 0] == 2 * once
    assert render([rtp(0), rtp(0, ssrc=8)], {}).samples[0, 0] == 32_767


def test_what_has_no_direction_is_on_both_sides() -> None:
    sound = render([rtp(0, -1)], {})
    assert sound.samples.all() and sound.samples.shape == (160, 2)


def test_keys_have_their_time_and_length_whatever_was_lost_of_them() -> None:
    def press(index: int, digit: int, stamp: int, duration: int, end: bool) -> Packet:
        head = struct.pack(">BBHII", 0x80, 101, index, stamp, 7)
        octets = head + struct.pack(">BBH", digit, (0x80 if end else 0) | 10, duration)
        return Packet(index, START_US + 20_000 * index, 0, "rtpFrame", octets)

    whole = [press(50 + step, 5, 8_000, 160 * (step + 1), step >= 3) for step in range(5)]
    end_lost, start_lost = whole[:2], whole[3:]
    late = [press(60, 9, 9_600, 480, False), *whole, press(61, 9, 9_600, 640, True)]
    for packets, wanted in ((whole, "5"), (end_lost, "5"), (start_lost, "5"), (late, "59")):
        sound = render([rtp(0), *packets], {101: "TELEPHONE-EVENT"})
        assert "".join(key.digit for key in sound.keys) == wanted
        assert sound.keys[0].time_us == START_US + 1_000_000
    assert [key.duration_ms for key in render([rtp(0), *late], {101: "TELEPHONE-EVENT"}).keys] == [100, 80]


def test_rtp_is_found_behind_ip_and_udp_headers_and_rtcp_is_not_speech() -> None:
    inner = rtp(0).octets
    udp = struct.pack(">HHHH", 20_000, 30_000, 8 + len(inner), 0) + inner
    ip = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), 1, 0, 64, 17, 0, b"\xc0\0\2\1", b"\xc0\0\2\2") + udp
    report = bytes([0x80, 200]) + bytes(26)
    for frame, octets in (("udpFrame", udp), ("ipFrame", ip)):
        assert render([Packet(0, START_US, 0, frame, octets)], {}).samples[:, 0].all()
    for frame, octets in (("rtpFrame", report), ("ipFrame", b""), ("tcpFrame", inner), ("ipFrame", ip[:20])):
        sound = render([Packet(0, START_US, 0, frame, octets)], {})
        assert (sound.rtp_packets, sound.other_packets, len(sound.samples)) == (0, 1, 0)


def test_attack_a_timestamp_years_ahead_takes_no_memory() -> None:
    far = rtp(1)._replace(event_us=START_US + 10**14)
    sound = render([rtp(0), far, rtp(2, stamp=0x7FFFFFFF)], {})
    assert len(sound.samples) <= 3 * 160
    before = render([rtp(5), rtp(0)], {})
    assert len(before.samples) <= 6 * 160 and MAX_SECONDS * RATE_PER_S * 4 < 1 << 30


@given(st.lists(st.tuples(st.binary(max_size=60), st.integers(-1, 2), st.integers(0, 1 << 62)), max_size=20))
def test_no_octets_break_it(packets: list[tuple[bytes, int, int]]) -> None:
    for frame in ("ipFrame", "udpFrame", "rtpFrame", "audioFrame"):
        sound = render([Packet(0, at, way, frame, octets) for octets, way, at in packets], {8: "PCMA", 101: "X"})
        assert sound.rtp_packets + sound.other_packets >= len(packets)


def test_the_file_is_a_wave_file_that_says_what_it_is() -> None:
    sound = render([rtp(0), rtp(1, 1)], {})
    octets = wav(sound, "SIMULATION")
    with wave.open(io.BytesIO(octets)) as read:
        assert (read.getnchannels(), read.getframerate(), read.getnframes()) == (2, 8000, 320)
        assert read.readframes(320) == sound.samples.astype("<i2").tobytes()
    assert b"INFOICMT" in octets and b"SIMULATION\0" in octets
    assert struct.unpack_from("<I", octets, 4)[0] == len(octets) - 8
