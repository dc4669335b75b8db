"""A piece of a covert recording: one encoding, one signature, one form of sound."""

from __future__ import annotations

import struct

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from asn1.errors import DecodeError, EncodeError
from asn1.recording import (
    MAX_SAMPLES,
    RECORDING,
    Recording,
    Sound,
    decode_recording,
    read_wav,
    sign_recording,
    signed_by,
    wav,
)
from asn1.table import encode

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PIECE = Recording("D1", "LI-14", 3, 7, 1_780_000_000_000_000, False, Sound("PCMU", b"\xff" * 801))


def test_what_the_device_signed_is_what_is_read() -> None:
    read = decode_recording(sign_recording(PIECE, KEY))
    assert read._replace(signature=b"") == PIECE and signed_by(read, KEY.public_key())
    assert not signed_by(read, Ed25519PrivateKey.generate().public_key())
    assert read.last_us == PIECE.begins_us + 801 * 125 - 1


@given(
    st.builds(
        Recording, st.text(min_size=1, max_size=64), st.text(max_size=64), st.integers(0, 2**32 - 1),
        st.integers(0, 2**32 - 1), st.integers(0, (1 << 61) - 1), st.booleans(),
        st.builds(Sound, st.sampled_from(["PCMU", "PCMA"]), st.binary(min_size=1, max_size=400)), st.just(b""),
    )
)  # fmt: skip
def test_every_piece_comes_out_as_it_went_in(piece: Recording) -> None:
    octets = sign_recording(piece, KEY)
    read = decode_recording(octets)
    assert read._replace(signature=b"") == piece and signed_by(read, KEY.public_key())


@given(st.data())
def test_attack_no_octet_of_a_piece_can_be_changed(data: st.DataObject) -> None:
    octets = bytearray(sign_recording(PIECE, KEY))
    at = data.draw(st.integers(0, len(octets) - 1))
    octets[at] ^= data.draw(st.integers(1, 255))
    try:
        read = decode_recording(bytes(octets))
    except DecodeError:
        return
    assert not signed_by(read, KEY.public_key())


@given(st.binary(max_size=300))
def test_attack_octets_that_are_nothing_are_a_decode_error(octets: bytes) -> None:
    with pytest.raises(DecodeError):
        decode_recording(octets)


def test_attack_a_second_encoding_of_the_same_piece_is_refused() -> None:
    octets = sign_recording(PIECE, KEY)
    assert octets[:2] == b"\x30\x82"
    with pytest.raises(DecodeError, match="one encoding"):
        decode_recording(b"\x30\x83\x00" + octets[2:])


def test_sound_is_a_wav_file_of_g711_and_nothing_else() -> None:
    file = wav(PIECE.sound)
    riff, size, kind = struct.unpack_from("<4sI4s", file)
    assert (riff, size, kind) == (b"RIFF", len(file) - 8, b"WAVE") and len(file) % 2 == 0
    assert struct.unpack_from("<HHIIHH", file, 20) == (7, 1, 8000, 8000, 1, 8)
    assert read_wav(file) == PIECE.sound and read_wav(wav(Sound("PCMA", b"\x55"))).code == "PCMA"
    for wrong in (file[:40], file + b"\0\0", file.replace(b"WAVE", b"AIFF"), file[:20] + b"\x01\0" + file[22:], b""):
        with pytest.raises(DecodeError):
            read_wav(wrong)


@pytest.mark.parametrize("sound", [Sound("PCMU", b""), Sound("PCMU", bytes(MAX_SAMPLES + 1)), Sound("G729", b"\0")])
def test_a_piece_has_sound_of_a_known_code_and_not_too_much(sound: Sound) -> None:
    with pytest.raises(EncodeError):
        sign_recording(PIECE._replace(sound=sound), KEY)


@pytest.mark.parametrize(
    "change", [{"device": ""}, {"device": "d" * 65}, {"liid": ""}, {"liid": "l" * 65}, {"beginsAt": 1 << 61}]
)
def test_names_and_times_have_bounds(change: dict[str, object]) -> None:
    values = {
        "device": "D1", "liid": "LI", "recording": 1, "piece": 1, "beginsAt": 5, "live": False, "wav": wav(PIECE.sound),
        "signature": bytes(64),
    }  # fmt: skip
    assert decode_recording(encode(RECORDING, values)).device == "D1"
    with pytest.raises(DecodeError):
        decode_recording(encode(RECORDING, {**values, **change}))
