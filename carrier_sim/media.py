"""The media of a call: an RTP packet each 20 ms in either direction, speech, silence or a tone, and keys.

Generators throughout: an hour of a call is no list. A clip is cut into frames once, silence and tone are one frame
sent again and again. Sources: RFC 3550, RFC 3551, RFC 4733.
"""

from __future__ import annotations

import math
import random
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from heapq import merge
from itertools import count, islice, repeat
from typing import Final, Literal

from asn1.packets import DTMF_DIGITS
from carrier_sim.events import Address, EventKind, InterceptEvent
from carrier_sim.packets import UdpFlow
from carrier_sim.speech import (
    ALAW_SILENCE,
    FRAME_OCTETS,
    FRAME_US,
    ULAW_OF_ALAW,
    Clips,
    alaw_of_linear,
    frames,
)
from carrier_sim.subscribers import Party

Codec = Literal["PCMA", "PCMU"]
Sound = Literal["speech", "silence", "tone", "none"]

TELEPHONE_EVENT_TYPE: Final = 101
PAYLOAD_TYPE: Final = {"PCMU": 0, "PCMA": 8}
_DTMF_FIRST_US: Final = 1_000_000
_DTMF_EVERY_US: Final = 400_000
_DTMF_FRAMES: Final = 8
"""160 ms a key, then the end packet three times (RFC 4733 section 2.5.1.4)."""
_DTMF_END_REPEATS: Final = 3
_TURN_GAP_FRAMES: Final = 15
_TONE_HZ: Final = 400
"""A whole number of periods (8) in a frame, so that one frame repeated is a steady tone."""
_TONE_AMPLITUDE: Final = 8_000
_HEADER: Final = struct.Struct(">BBHII")


@dataclass(frozen=True, slots=True)
class End:
    party: Party
    address: Address
    text: str | None = None


@dataclass(frozen=True, slots=True)
class MediaPlan:
    """From `start_us` up to `end_us`; nothing is sent inside `pause`, `[from, to)` in microseconds."""

    caller: End
    callee: End
    start_us: int
    end_us: int
    codec: Codec = "PCMA"
    sound: Sound = "speech"
    dtmf: str = ""
    pause: tuple[int, int] | None = None


def media_events(plan: MediaPlan, correlation: int, chance: random.Random, clips: Clips) -> Iterator[InterceptEvent]:
    """Both directions in time order."""
    entropy = chance.getrandbits(96), chance.getrandbits(96)
    wanted = max(0, (plan.end_us - plan.start_us) // FRAME_US)
    if plan.sound == "none":
        return
    # Half a frame and a bit apart, as two handsets would be, and never at the same instant.
    yield from merge(
        stream_events(plan, correlation, entropy[0], True, plan.start_us, islice(_sounds(plan, clips, 0), wanted)),
        stream_events(
            plan, correlation, entropy[1], False, plan.start_us + 9_371, islice(_sounds(plan, clips, 1), wanted)
        ),
        key=lambda event: event.time_us,
    )


def tone() -> bytes:
    """One A-law frame of the tone."""
    return bytes(
        alaw_of_linear(round(_TONE_AMPLITUDE * math.sin(2 * math.pi * _TONE_HZ * index / 8_000)))
        for index in range(FRAME_OCTETS)
    )


def _sounds(plan: MediaPlan, clips: Clips, side: int) -> Iterator[bytes | None]:
    """Frames of one side without end, None for silence."""
    if plan.sound == "silence":
        return repeat(None)
    if plan.sound == "tone":
        return repeat(tone())
    return _conversation(plan, clips, side)


def _conversation(plan: MediaPlan, clips: Clips, side: int) -> Iterator[bytes | None]:
    """The parties take turns, the caller first."""
    cut: dict[bytes, tuple[bytes, ...]] = {}
    for turn in count():
        octets = _utterance(plan, clips, turn % 2, turn // 2)
        if octets not in cut:
            cut[octets] = tuple(frames(octets))
        spoken = cut[octets]
        if turn % 2 == side:
            yield from spoken
            yield from repeat(None, _TURN_GAP_FRAMES)
        else:
            yield from repeat(None, len(spoken) + _TURN_GAP_FRAMES)


def _utterance(plan: MediaPlan, clips: Clips, side: int, turn: int) -> bytes:
    role, end = ("caller", plan.caller) if side == 0 else ("callee", plan.callee)
    if end.text is not None and turn == 0 and (speech := clips.render(role, end.text)):
        return speech
    own = clips.of(role)
    return own[turn % len(own)].octets


def stream_events(
    plan: MediaPlan,
    correlation: int,
    entropy: int,
    of_caller: bool,
    start_us: int,
    sounds: Iterator[bytes | None],
) -> Iterator[InterceptEvent]:
    """One direction of the media: an RTP packet each 20 ms, keys of the caller in place of speech."""
    ssrc, sequence, timestamp = entropy & 0xFFFFFFFF, entropy >> 32 & 0xFFFF, entropy >> 48 & 0xFFFFFFFF
    sender, receiver = (plan.caller, plan.callee) if of_caller else (plan.callee, plan.caller)
    flow = UdpFlow(sender.address, receiver.address)
    payload_type = PAYLOAD_TYPE[plan.codec]
    table = ULAW_OF_ALAW if plan.codec == "PCMU" else None
    silence = bytes((ALAW_SILENCE,)) * FRAME_OCTETS
    keys = _keys(plan.dtmf) if of_caller else {}
    pause_from, pause_to = plan.pause or (0, 0)
    talking = False
    for index, frame in enumerate(sounds):
        at_us = start_us + index * FRAME_US
        if pause_from <= at_us < pause_to:
            talking = False
            continue
        stamp = timestamp + index * FRAME_OCTETS
        if keys and (key := keys.get(index)) is not None:
            event, step, end = key
            marker, kind, stamp = step == 0, TELEPHONE_EVENT_TYPE, timestamp + (index - step) * FRAME_OCTETS
            duration = min(step + 1, _DTMF_FRAMES) * FRAME_OCTETS
            payload = struct.pack(">BBH", event, (0x80 if end else 0) | 10, duration)
            talking = False
        else:
            octets = frame or silence
            payload = octets.translate(table) if table else octets
            marker, kind = (frame is not None and not talking), payload_type
            talking = frame is not None
        header = _HEADER.pack(0x80, (0x80 if marker else 0) | kind, sequence & 0xFFFF, stamp & 0xFFFFFFFF, ssrc)
        # Numbers count packets, so a pause leaves no gap in them (RFC 3550 5.1).
        sequence += 1
        yield InterceptEvent(
            at_us,
            EventKind.MEDIA,
            correlation,
            flow.packet(header + payload),
            sender.party,
            receiver.party,
            sender.address,
            receiver.address,
        )


def _keys(dtmf: str) -> dict[int, tuple[int, int, bool]]:
    """Frame number -> (event, step within the key, end bit)."""
    table: dict[int, tuple[int, int, bool]] = {}
    for number, digit in enumerate(dtmf.upper()):
        event = DTMF_DIGITS.find(digit)
        if event < 0:
            continue
        first = (_DTMF_FIRST_US + number * _DTMF_EVERY_US) // FRAME_US
        for step in range(_DTMF_FRAMES + _DTMF_END_REPEATS - 1):
            table[first + step] = (event, step, step >= _DTMF_FRAMES - 1)
    return table
