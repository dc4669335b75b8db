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
