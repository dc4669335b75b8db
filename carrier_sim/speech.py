"""What the parties of a call say: pre-rendered clips, or a text of the scenario when espeak-ng is on the machine.

Speech is G.711 at 8000 Hz, 160 octets a frame of 20 ms. Clips are stored as A-law; µ-law comes from a table. A custom
text is rendered once, before the run starts, and a machine without espeak-ng speaks the clips instead: the scenario
still runs, and `Clips.can_render` tells whoever asks.
"""

from __future__ import annotations

import shutil
import subprocess
import tomllib
import wave
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import resources
from io import BytesIO
from typing import Final

FRAME_OCTETS: Final = 160
FRAME_US: Final = 20_000
ALAW_SILENCE: Final = 0xD5
ULAW_SILENCE: Final = 0xFF

MAX_TEXT_LETTERS: Final = 2_000
MAX_SPEECH_OCTETS: Final = 8_000 * 300
"""Five minutes of one party without a pause."""
_RENDER_TIMEOUT_S: Final = 20


@dataclass(frozen=True, slots=True)
class Clip:
    """`octets` are A-law at 8000 Hz, a whole number of frames."""

    role: str
    text: str
    octets: bytes


class Clips:
    """The clips of `data/clips`, by role, and the renderer of custom texts."""

    def __init__(self) -> None:
        root = resources.files("carrier_sim") / "data"
        listing = tomllib.loads((root / "clips.toml").read_text("utf-8"))
        self.all: tuple[Clip, ...] = tuple(
            Clip(entry["role"], entry["text"], whole_frames((root / "clips" / entry["file"]).read_bytes()))
            for entry in listing["clips"]
        )
        self._espeak = shutil.which("espeak-ng")
        self._rendered: dict[tuple[str, str], bytes | None] = {}

    @property
    def can_render(self) -> bool:
        return self._espeak is not None

    def of(self, role: str) -> tuple[Clip, ...]:
        """The clips of `caller` or `callee`, in the order of a conversation."""
        return tuple(clip for clip in self.all if clip.role == role)

    def render(self, role: str, text: str) -> bytes | None:
        """A-law speech of `text`, or None without espeak-ng or when it fails. Blocks; asked twice, rendered once."""
        key = (role, text[:MAX_TEXT_LETTERS])
        if key not in self._rendered:
            self._rendered[key] = self._espeak_alaw(*key)
        return self._rendered[key]

    def _espeak_alaw(self, role: str, text: str) -> bytes | None:
        if self._espeak is None:
            return None
        voice = "en-us+m3" if role == "caller" else "en-us+f2"
        try:
            done = subprocess.run(  # noqa: S603  a fixed program; the text goes to its standard input, not to a shell
                [self._espeak, "-v", voice, "-s", "165", "--stdin", "--stdout"],
                input=text.encode(),
                capture_output=True,
                timeout=_RENDER_TIMEOUT_S,
                check=True,
            )
            return whole_frames(_alaw_of_wav(done.stdout))
        except (OSError, subprocess.SubprocessError, wave.Error, EOFError):
            return None


def whole_frames(octets: bytes) -> bytes:
    """`octets` of A-law, padded with silence to whole frames and cut at `MAX_SPEECH_OCTETS`."""
    octets = octets[:MAX_SPEECH_OCTETS]
    return octets + bytes((ALAW_SILENCE,)) * (-len(octets) % FRAME_OCTETS)


def frames(octets: bytes) -> Iterator[bytes]:
    for at in range(0, len(octets), FRAME_OCTETS):
        yield octets[at : at + FRAME_OCTETS]


def _alaw_of_wav(octets: bytes) -> bytes:
    """Mono 16-bit wave -> A-law at 8000 Hz. espeak-ng writes a data length of 2^31 to a pipe; what is there counts."""
    with wave.open(BytesIO(octets)) as reader:
        rate, channels, width = reader.getframerate(), reader.getnchannels(), reader.getsampwidth()
        raw = reader.readframes(min(reader.getnframes(), rate * 300))
    if (channels, width) != (1, 2):
        raise wave.Error("espeak-ng did not write mono 16-bit samples")
    samples = [int.from_bytes(raw[at : at + 2], "little", signed=True) for at in range(0, len(raw) - 1, 2)]
    count = len(samples) * 8_000 // rate
    # Averaging the input samples of each output sample is filter enough for speech synthesised for a telephone.
    out = bytearray()
    for index in range(count):
        start, end = index * rate // 8_000, (index + 1) * rate // 8_000
        window = samples[start : max(end, start + 1)]
        out.append(alaw_of_linear(sum(window) // len(window)))
    return bytes(out)


def alaw_of_linear(sample: int) -> int:
    """ITU-T G.711 A-law of a 16-bit sample."""
    sign = 0x80 if sample >= 0 else 0
    value = min(32_767, sample if sample >= 0 else -sample - 1) >> 4
    if value < 16:
        code = value
    else:
        exponent = value.bit_length() - 4
        code = exponent << 4 | (value >> (exponent - 1)) & 0x0F
    return (code | sign) ^ 0x55


def linear_of_alaw(code: int) -> int:
    """The 16-bit sample of an A-law octet."""
    code ^= 0x55
    exponent, mantissa = code >> 4 & 0x07, code & 0x0F
    value = (mantissa << 4) + 8 if exponent == 0 else ((mantissa << 4) + 0x108) << (exponent - 1)
    return value if code & 0x80 else -value


def ulaw_of_linear(sample: int) -> int:
    """ITU-T G.711 µ-law of a 16-bit sample."""
    sign = 0x80 if sample < 0 else 0
    value = min(32_635, abs(sample)) + 132
    exponent = value.bit_length() - 8
    return ~(sign | exponent << 4 | (value >> (exponent + 3)) & 0x0F) & 0xFF


ULAW_OF_ALAW: Final = bytes(ulaw_of_linear(linear_of_alaw(code)) for code in range(256))
"""For `bytes.translate`."""
