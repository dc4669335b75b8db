"""A piece of a covert recording, to the same facts as any record: content, of one device, at a time of its own.

Its device is the target that a warrant names (R-166). Both ends of the sound count: a piece that begins inside a
warrant and ends behind it is outside (R-002, R-164). Pure.
"""

from __future__ import annotations

from typing import Final

from asn1.recording import Recording
from collector.facts.record import RecordFacts
from mediation.law.orders import Service, Target, TargetKind

COVERT_AUDIO: Final = "covertAudio"
"""The payload's name, by which a gate tells a device's recording from a carrier's record."""


def target_of(recording: Recording) -> Target:
    return Target(TargetKind.DEVICE, recording.device)


def facts_of_recording(recording: Recording, arrival_us: int) -> RecordFacts:
    """`cin` is the caller's to say."""
    return RecordFacts(
        recording.liid, None, recording.piece, "cc", COVERT_AUDIO, None, Service.VOICE, recording.begins_us, None,
        arrival_us, parties=frozenset({target_of(recording)}), parties_known=True, content=("sound",), all_content=True,
        stamps_us=(recording.begins_us, recording.last_us),
    )  # fmt: skip
