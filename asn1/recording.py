"""One piece of a covert audio recording as the device signs it: who recorded, under which warrant, when, and the sound.

A form of this lab's own (ADR 0038): no standard that was read here describes how such a device hands over. It is BER in
one encoding alone, so that octets which verify are the octets that were signed; the sound is a WAV file of G.711, one
channel of 8000 samples a second. A piece is short, and its time is that of its first sample. Without a `liid` it was
made without a warrant. Pure; whose key a device has is not known here.
"""

from __future__ import annotations

import struct
from typing import Final, NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from asn1.errors import DecodeError, EncodeError
from asn1.table import BOOLEAN, OCTETS, UINT32, UINT64, UTF8, Field, Sequence, Value, decode_reference, encode

SAMPLES_PER_S: Final = 8000
SAMPLE_US: Final = 125
MAX_SAMPLES: Final = 10 * SAMPLES_PER_S
"""Of one piece."""
MAX_NAME: Final = 64
STARTS: Final = b"\x30"
CODES: Final = {7: "PCMU", 6: "PCMA"}
"""WAVE format tags of G.711 and the names RTP has for its two laws."""
_TAGS: Final = {name: tag for tag, name in CODES.items()}
_SIGNED: Final = (
    Field(0, "device", UTF8),
    Field(1, "liid", UTF8, optional=True),
    Field(2, "recording", UINT32),
    Field(3, "piece", UINT32),
    Field(4, "beginsAt", UINT64),
    Field(5, "live", BOOLEAN),
    Field(6, "wav", OCTETS),
)
SIGNED: Final = Sequence("CovertAudioSigned", _SIGNED)
RECORDING: Final = Sequence("CovertAudio", (*_SIGNED, Field(7, "signature", OCTETS)))
_RIFF: Final = struct.Struct("<4sI4s4sIHHIIHHH4sII4sI")
"""A RIFF header with `fmt ` of 18 octets and `fact`, as WAVE files of anything but PCM have them."""
_HEAD_OCTETS: Final = _RIFF.size


class Sound(NamedTuple):
    """`code`: PCMU or PCMA; `octets` one a sample."""

    code: str
    octets: bytes


class Recording(NamedTuple):
    """`begins_us`: of the first sample, UTC by the device's clock. `live`: sent while it was recorded. `signature` is
    empty for one that is still to be signed."""

    device: str
    liid: str
    recording: int
    piece: int
    begins_us: int
    live: bool
    sound: Sound
    signature: bytes = b""

    @property
    def last_us(self) -> int:
        """The last microsecond that the sound takes."""
        return self.begins_us + len(self.sound.octets) * SAMPLE_US - 1


def wav(sound: Sound) -> bytes:
    """A WAV file. Raises EncodeError for sound of another code, or none, or too much."""
    size = len(sound.octets)
    if sound.code not in _TAGS or not 0 < size <= MAX_SAMPLES:
        raise EncodeError(f"a piece has 1 to {MAX_SAMPLES} samples of {' or '.join(_TAGS)}")
    padding = bytes(size & 1)
    return (
        _RIFF.pack(
            b"RIFF", _HEAD_OCTETS - 8 + size + len(padding), b"WAVE", b"fmt ", 18, _TAGS[sound.code], 1, SAMPLES_PER_S,
            SAMPLES_PER_S, 1, 8, 0, b"fact", 4, size, b"data", size,
        )
        + sound.octets
        + padding
    )  # fmt: skip


def read_wav(octets: bytes) -> Sound:
    """The sound of a WAV file as `wav` writes it. Raises DecodeError for any other."""
    if len(octets) <= _HEAD_OCTETS:
        raise DecodeError(DecodeError.TRUNCATED, "the sound ends inside its header", len(octets), "wav")
    tag = struct.unpack_from("<H", octets, 20)[0]
    sound = Sound(CODES.get(tag, ""), octets[_HEAD_OCTETS:])
    size = struct.unpack_from("<I", octets, _HEAD_OCTETS - 4)[0]
    sound = sound._replace(octets=sound.octets[:size])
    try:
        same = wav(sound) == octets
    except EncodeError as error:
        raise DecodeError(DecodeError.BAD_VALUE, str(error), 0, "wav") from error
    if not same:
        raise DecodeError(DecodeError.BAD_VALUE, "not a WAV file of G.711, mono, 8000 samples a second", 0, "wav")
    return sound


def decode_recording(octets: bytes) -> Recording:
    """Exactly one piece; whether its signature is anybody's is not looked at. Raises DecodeError."""
    held, unknown = decode_reference(RECORDING, octets)
    if unknown or encode(RECORDING, held) != octets:
        raise DecodeError(DecodeError.BAD_VALUE, "a recording has one encoding, and this is another")
    device, liid = held["device"], held.get("liid", "")
    if not 0 < len(device) <= MAX_NAME or len(liid) > MAX_NAME or ("liid" in held and not liid):
        raise DecodeError(DecodeError.BAD_VALUE, f"device and liid have 1 to {MAX_NAME} characters")
    if held["beginsAt"] >= 1 << 61:
        raise DecodeError(DecodeError.BAD_VALUE, "no time is so late", 0, "beginsAt")
    return Recording(
        device, liid, held["recording"], held["piece"], held["beginsAt"], held["live"], read_wav(held["wav"]),
        held["signature"],
    )  # fmt: skip


def sign_recording(recording: Recording, key: Ed25519PrivateKey) -> bytes:
    """The octets that the device keeps and hands over. Raises EncodeError."""
    signed = encode(SIGNED, _values(recording))
    return encode(RECORDING, {**_values(recording), "signature": key.sign(signed)})


def signed_by(recording: Recording, key: Ed25519PublicKey) -> bool:
    """Whether this key signed it."""
    try:
        key.verify(recording.signature, encode(SIGNED, _values(recording)))
    except InvalidSignature:
        return False
    return True


def _values(recording: Recording) -> dict[str, Value]:
    values: dict[str, Value] = {
        "device": recording.device, "recording": recording.recording, "piece": recording.piece,
        "beginsAt": recording.begins_us, "live": recording.live, "wav": wav(recording.sound),
    }  # fmt: skip
    return values | ({"liid": recording.liid} if recording.liid else {})
