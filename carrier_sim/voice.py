"""Calls: SIP dialogues with SDP, speech and keys in both directions.

One call is a generator of events in time order, made from a `CallPlan`, a seeded `Random` and the network's clips.
Long calls are not unrolled: what is going on at one moment is all that is held. Calls that are sent on, handed over or
joined are in `redirection.py` and `conference.py`. Sources: RFC 3261, RFC 3264, RFC 3311 (UPDATE), RFC 6086 (INFO),
RFC 3960 (early media), RFC 7433 (User-to-User), TS 24.615 for the call waiting tone in Alert-Info (assumed).
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from heapq import merge
from itertools import chain
from typing import Final, Literal

from carrier_sim.dialogue import Dialogue, handset, media_port
from carrier_sim.events import Address, InterceptEvent, Phase
from carrier_sim.media import Codec, End, MediaPlan, Sound, media_events
from carrier_sim.speech import Clips
from carrier_sim.subscribers import Subscriber

Outcome = Literal["answered", "no_answer", "busy", "not_found"]
Change = Literal["codec", "address"]

RINGING_US: Final = 180_000
"""From the INVITE to the 180."""
_INFO_FIRST_US: Final = 1_000_000
_INFO_EVERY_US: Final = 400_000
_SWITCH_US: Final = 30_000
_CHANGES: Final = ("codec", "address")
_OTHER: Final[dict[Codec, Codec]] = {"PCMA": "PCMU", "PCMU": "PCMA"}


_EARLY_MEDIA_US: Final = 40_000
CALL_WAITING: Final = "Alert-Info: <urn:alert:service:call-waiting>"
_PROTOCOL_DISCRIMINATOR: Final = b"\x04"
"""User data are IA5 characters (ITU-T Q.931 table 4-26), the first octet of what a User-to-User header carries."""


@dataclass(frozen=True, slots=True)
class CallPlan:
    """`seconds` run from the answer to the release, or for a call that is not answered from INVITE to its end.

    `ring_s`: from INVITE to answer, drawn when None. `info_digits` are sent as SIP INFO after the answer. `hold`: so
    many seconds after the answer, and for how long, the caller holds the callee. `update`: so many seconds after the
    answer the caller changes the codec (by re-INVITE) or where it takes its media (by UPDATE). `early_media`: the
    network's ringing tone is sent before the answer. `call_waiting`: the callee is in another call, and says so.
    `uui`: words the caller sends along with the INVITE."""

    start_us: int
    caller: Subscriber
    callee: Subscriber
    seconds: float = 6.0
    outcome: Outcome = "answered"
    codec: Codec = "PCMA"
    dtmf: str = ""
    caller_text: str | None = None
    callee_text: str | None = None
    ipv6: bool = False
    ring_s: float | None = None
    sound: Sound = "speech"
    info_digits: str = ""
    hold: tuple[float, float] | None = None
    update: tuple[float, Change] | None = None
    early_media: bool = False
    call_waiting: bool = False
    uui: str = ""


def chance_of(seed: str) -> random.Random:
    return random.Random(seed)  # noqa: S311  a reproducible run, not a secret


def user_to_user(words: str) -> tuple[str, ...]:
    """The header that carries a caller's words (RFC 7433); none for no words."""
    if not words:
        return ()
    return (f"User-to-User: {(_PROTOCOL_DISCRIMINATOR + words.encode()).hex()};encoding=hex;purpose=isdn-uui",)


def answer_us(plan: CallPlan, chance: random.Random) -> int:
    """When the call is answered."""
    drawn = 900_000 + chance.randrange(0, 1_200_000, 1_000) if plan.ring_s is None else round(plan.ring_s * 1e6)
    return plan.start_us + drawn


def call_events(plan: CallPlan, correlation: int, seed: str, clips: Clips) -> Iterator[InterceptEvent]:
    """Every event of one call in time order."""
    chance = chance_of(seed)
    ends = handset(plan.caller, plan.ipv6), handset(plan.callee, plan.ipv6)
    dialogue = Dialogue(*ends, correlation, chance, plan.codec)
    start = plan.start_us
    yield dialogue.request(start, "INVITE", 1, sdp="sendrecv", extra=user_to_user(plan.uui), phase=Phase.OPENS)
    yield dialogue.response(start + 4_000, "100 Trying", 1, "INVITE", tagged=False)
    if plan.outcome == "not_found":
        yield from dialogue.refused(start + 60_000, "404 Not Found")
        return
    if plan.early_media:
        yield dialogue.response(start + RINGING_US, "183 Session Progress", 1, "INVITE", sdp="sendonly")
    else:
        waiting = (CALL_WAITING,) if plan.call_waiting else ()
        yield dialogue.response(start + RINGING_US, "180 Ringing", 1, "INVITE", extra=waiting)
    if plan.outcome == "busy":
        yield from dialogue.refused(start + 400_000, "486 Busy Here")
        return
    if plan.outcome == "no_answer":
        end = start + max(int(plan.seconds * 1e6), 500_000)
        if plan.early_media:
            yield from _ringing_tone(plan, dialogue, end, correlation, chance, clips)
        yield dialogue.request(end, "CANCEL", 1)
        yield dialogue.response(end + 3_000, "200 OK", 1, "CANCEL")
        yield from dialogue.refused(end + 8_000, "487 Request Terminated")
        return
    answer = answer_us(plan, chance)
    release = answer + int(plan.seconds * 1e6)
    if plan.early_media:
        yield from _ringing_tone(plan, dialogue, answer, correlation, chance, clips)
    yield dialogue.response(answer, "200 OK", 1, "INVITE", sdp="sendrecv", phase=Phase.OPENS)
    yield dialogue.request(answer + 20_000, "ACK", 1, answered=True, branch=1)
    before = list(dialogue.media)
    within = _within(plan, dialogue, answer, release, chance)
    media = [
        media_events(one, correlation, chance, clips)
        for one in _media_plans(plan, before, list(dialogue.media), answer, release)
    ]
    yield from merge(within, chain(*media), key=lambda event: event.time_us)
    by_caller = chance.random() < 0.5
    sequence = 2 + len(_requests(plan, answer, release)) if by_caller else 1
    yield dialogue.request(release, "BYE", sequence, by_caller, answered=True, branch=2)
    yield dialogue.response(release + 5_000, "200 OK", sequence, "BYE", by_caller, phase=Phase.CLOSES, branch=2)


def _ringing_tone(
    plan: CallPlan, dialogue: Dialogue, answer: int, correlation: int, chance: random.Random, clips: Clips
) -> Iterator[InterceptEvent]:
    """What the caller hears before the answer; the caller itself is silent."""
    from_us = plan.start_us + RINGING_US + _EARLY_MEDIA_US
    ends = End(plan.caller.party, dialogue.media[0]), End(plan.callee.party, dialogue.media[1])
    tone = MediaPlan(*ends, from_us, answer - _EARLY_MEDIA_US, plan.codec, "tone")
    return (event for event in media_events(tone, correlation, chance, clips) if event.sender == plan.callee.party)


def _media_plans(
    plan: CallPlan, before: list[Address], after: list[Address], answer: int, release: int
) -> list[MediaPlan]:
    """One plan, or where the session is updated one for each side of that."""
    requests = _requests(plan, answer, release)
    held = [at for at, what in requests if what in ("sendonly", "sendrecv")]
    pause = (held[0], held[1]) if held else None
    changed = next(((at, what) for at, what in requests if what in _CHANGES), None)
    first_us, last_us = answer + 40_000, release - 20_000

    def between(from_us: int, to_us: int, media: list[Address], codec: Codec, dtmf: str) -> MediaPlan:
        ends = (
            End(plan.caller.party, media[0], plan.caller_text),
            End(plan.callee.party, media[1], plan.callee_text),
        )
        return MediaPlan(*ends, from_us, to_us, codec, plan.sound, dtmf, pause)

    if changed is None:
        return [between(first_us, last_us, before, plan.codec, plan.dtmf)]
    at_us, what = changed
    codec = _OTHER[plan.codec] if what == "codec" else plan.codec
    return [
        between(first_us, at_us, before, plan.codec, plan.dtmf),
        between(at_us + _SWITCH_US, last_us, after, codec, ""),
    ]


def _requests(plan: CallPlan, answer: int, release: int) -> list[tuple[int, str]]:
    """The caller's requests inside the dialogue in time order: (time, a key, the mode of a re-INVITE, or a change)."""
    found = [(answer + _INFO_FIRST_US + index * _INFO_EVERY_US, digit) for index, digit in enumerate(plan.info_digits)]
    if plan.hold is not None:
        from_us = answer + int(plan.hold[0] * 1e6)
        found += [(from_us, "sendonly"), (from_us + int(plan.hold[1] * 1e6), "sendrecv")]
        if found[-1][0] > release - 100_000:
            del found[-2:]
    if plan.update is not None:
        found.append((answer + int(plan.update[0] * 1e6), plan.update[1]))
    return sorted(one for one in found if one[0] <= release - 100_000)


def _within(
    plan: CallPlan, dialogue: Dialogue, answer: int, release: int, chance: random.Random
) -> list[InterceptEvent]:
    """Keys as INFO (a body no reader of signalling alone may see), the two re-INVITEs of a hold, and the change of a
    session: a codec by re-INVITE, an address by UPDATE."""
    found = []
    for index, (at_us, what) in enumerate(_requests(plan, answer, release)):
        sequence, branch = 2 + index, 3 + index
        if what in ("sendonly", "sendrecv"):
            reply = "recvonly" if what == "sendonly" else what
            found += reinvite(dialogue, at_us, sequence, branch, what, reply)
        elif what == "codec":
            dialogue.codec = _OTHER[dialogue.codec]
            dialogue.session_version += 1
            found += reinvite(dialogue, at_us, sequence, branch, "sendrecv", "sendrecv")
        elif what == "address":
            dialogue.media[0] = dialogue.media[0]._replace(port=media_port(chance))
            dialogue.session_version += 1
            found += [
                dialogue.request(at_us, "UPDATE", sequence, sdp="sendrecv", answered=True, branch=branch),
                dialogue.response(at_us + 8_000, "200 OK", sequence, "UPDATE", sdp="sendrecv", branch=branch),
            ]
        else:
            body = f"Signal={what.upper()}\r\nDuration=160\r\n".encode()
            kind = "application/dtmf-relay"
            found += [
                dialogue.request(at_us, "INFO", sequence, body=body, content_type=kind, answered=True, branch=branch),
                dialogue.response(at_us + 8_000, "200 OK", sequence, "INFO", branch=branch),
            ]
    return sorted(found, key=lambda event: event.time_us)


def reinvite(
    dialogue: Dialogue, at_us: int, sequence: int, branch: int, offer: str, answer: str, from_caller: bool = True
) -> list[InterceptEvent]:
    """A re-INVITE with its answer; `offer` and `answer` are directions of the media."""
    return [
        dialogue.request(at_us, "INVITE", sequence, from_caller, sdp=offer, answered=True, branch=branch),
        dialogue.response(at_us + 8_000, "200 OK", sequence, "INVITE", from_caller, sdp=answer, branch=branch),
        dialogue.request(at_us + 16_000, "ACK", sequence, from_caller, answered=True, branch=branch),
    ]
