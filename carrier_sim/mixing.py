"""What a conference bridge sends: each party hears the sum of the others, each at its own place in time.

A voice is a clip that repeats with pauses, looked up by the frame's place since the epoch, so that a party that joins
late hears the others in the middle of a word and all hear the same. Pure but for the clips it is given.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from heapq import merge
from itertools import count, islice, repeat
from typing import Final

from carrier_sim.events import InterceptEvent
from carrier_sim.media import Codec, End, MediaPlan, Sound, stream_events, tone
from carrier_sim.speech import FRAME_US, Clips, alaw_of_linear, frames, linear_of_alaw

_GAP_FRAMES: Final = 40
_APART_FRAMES: Final = 70
"""Voices begin so far apart, so that they speak one at a time and at times over each other."""
_LINEAR: Final = tuple(linear_of_alaw(code) for code in range(256))


def conference_media(
    ends: tuple[End, End],
    between: tuple[int, int],
    own: int,
    others: tuple[int, ...],
    form: tuple[Codec, Sound],
    correlation: int,
    chance: random.Random,
    clips: Clips,
) -> Iterator[InterceptEvent]:
    """The two directions of one leg between a party and the focus. `own` and `others` number the voices; `between` are
    its first and last instant."""
    codec, sound = form
    entropy = chance.getrandbits(96), chance.getrandbits(96)
    if sound == "none":
        return iter(())
    plan = MediaPlan(*ends, *between, codec, sound)
    wanted = max(0, (between[1] - between[0]) // FRAME_US)
    spoken = islice(_sounds(sound, clips, own, between[0]), wanted)
    heard = islice(mixed([_sounds(sound, clips, one, between[0]) for one in others]), wanted)
    # Half a frame and a bit apart, as two handsets would be, and never at the same instant.
    return merge(
        stream_events(plan, correlation, entropy[0], True, between[0], spoken),
        stream_events(plan, correlation, entropy[1], False, between[0] + 9_371, heard),
        key=lambda event: event.time_us,
    )


def mixed(voices: list[Iterator[bytes | None]]) -> Iterator[bytes | None]:
    """The sum of A-law frames, frame by frame without end; None where all are silent."""
    while True:
        speaking = [frame for voice in voices if (frame := next(voice)) is not None]
        yield None if not speaking else speaking[0] if len(speaking) == 1 else _sum(speaking)


def _sum(speaking: list[bytes]) -> bytes:
    return bytes(alaw_of_linear(max(-32_768, min(32_767, sum(one)))) for one in _columns(speaking))


def _columns(speaking: list[bytes]) -> Iterator[list[int]]:
    for codes in zip(*speaking, strict=True):
        yield [_LINEAR[code] for code in codes]


def _sounds(sound: Sound, clips: Clips, voice: int, from_us: int) -> Iterator[bytes | None]:
    if sound == "silence":
        return repeat(None)
    if sound == "tone":
        return repeat(tone())
    return _voice(clips, voice, from_us // FRAME_US)


def _voice(clips: Clips, voice: int, first: int) -> Iterator[bytes | None]:
    cycle: list[bytes | None] = []
    for clip in clips.of("callee" if voice % 2 else "caller"):
        cycle += [*frames(clip.octets), *repeat(None, _GAP_FRAMES)]
    for index in count(first + voice * _APART_FRAMES):
        yield cycle[index % len(cycle)]
