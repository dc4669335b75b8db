"""Calls that do not end where they were meant to: forwarded by the network, redirected by the handset, transferred.

Forwarded (unconditional, busy, no answer): the caller hears 181, and the network makes a second leg to the third, a
dialogue of its own with Diversion (RFC 5806) and History-Info (RFC 7044). Redirected: the handset answers 302 and the
caller's network tries again under the same Call-ID, as RFC 3261 section 8.1.3.4 wants it. In both, To goes on to name
who was called first (TS 24.604 as generally known, assumed), so each message tells on whose behalf the call went on,
and the second leg belongs to the same communication. Transferred: REFER (RFC 3515) out of a held call; the transferor
is out of it then, and what the two others say is no longer its communication. Source of causes: RFC 4458.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from heapq import merge
from itertools import chain
from typing import Final, Literal

from carrier_sim.dialogue import SERVER_ADDRESS, Dialogue, Endpoint, handset
from carrier_sim.events import InterceptEvent, Phase
from carrier_sim.media import End, MediaPlan, media_events
from carrier_sim.speech import Clips
from carrier_sim.subscribers import Party, Subscriber
from carrier_sim.voice import RINGING_US, CallPlan, answer_us, chance_of, reinvite, user_to_user

Condition = Literal["unconditional", "busy", "no_answer", "redirected"]
Transferor = Literal["caller", "callee"]

_CAUSES: Final[dict[Condition, int]] = {"unconditional": 302, "busy": 486, "no_answer": 408, "redirected": 302}
_REASONS: Final[dict[Condition, str]] = {
    "unconditional": "unconditional",
    "busy": "user-busy",
    "no_answer": "no-answer",
    "redirected": "deflection",
}
_SENT_ON_US: Final[dict[Condition, int]] = {
    "unconditional": 60_000,
    "busy": 350_000,
    "no_answer": 3_000_000,
    "redirected": 1_200_000,
}
"""From the INVITE to the moment the call is sent on."""
_LEG_US: Final = 20_000
TRANSFER_US: Final = 900_000
"""From the REFER to the answer of who is called then."""


@dataclass(frozen=True, slots=True)
class ForwardPlan:
    """`call.callee` is who has the call sent on, `third` to whom; the ringing of `call.ring_s` is the third's."""

    call: CallPlan
    third: Subscriber
    condition: Condition = "unconditional"


@dataclass(frozen=True, slots=True)
class TransferPlan:
    """`at_s` after the answer the transferor hands the other over to the third; they talk for the rest of the call."""

    call: CallPlan
    third: Subscriber
    at_s: float
    by: Transferor = "callee"


def forward_events(plan: ForwardPlan, correlation: int, seed: str, clips: Clips) -> Iterator[InterceptEvent]:
    """Every event of both legs in time order."""
    chance, call = chance_of(seed), plan.call
    first, forwarder, third = (handset(one, call.ipv6) for one in (call.caller, call.callee, plan.third))
    sent_on = call.start_us + _SENT_ON_US[plan.condition]
    answer = sent_on + answer_us(call, chance) - call.start_us
    release = answer + int(call.seconds * 1e6)
    uui = user_to_user(call.uui)
    asked = Dialogue(first, forwarder, correlation, chance, call.codec)
    yield asked.request(call.start_us, "INVITE", 1, sdp="sendrecv", extra=uui, phase=Phase.OPENS)
    yield asked.response(call.start_us + 4_000, "100 Trying", 1, "INVITE", tagged=False)
    if plan.condition in ("no_answer", "redirected"):
        yield asked.response(call.start_us + RINGING_US, "180 Ringing", 1, "INVITE")
    history = _history(plan)
    if plan.condition == "redirected":
        contact = f"<{plan.third.sip_uri}>"
        yield asked.response(sent_on, "302 Moved Temporarily", 1, "INVITE", contact=contact)
        yield asked.request(sent_on + 5_000, "ACK", 1, answered=True)
        again = Dialogue(
            first, third, correlation, chance, call.codec,
            addressed=forwarder.uri, call_id=asked.call_id, from_tag=asked.tags[0], stands_for=forwarder.party,
        )  # fmt: skip
        again.media = [asked.media[0], again.media[1]]
        ringing = sent_on + _LEG_US
        yield again.request(ringing, "INVITE", 2, sdp="sendrecv", extra=(*history, *uui), phase=Phase.OPENS)
        yield again.response(ringing + RINGING_US, "180 Ringing", 2, "INVITE")
        yield again.response(answer, "200 OK", 2, "INVITE", sdp="sendrecv", phase=Phase.OPENS)
        yield again.request(answer + 20_000, "ACK", 2, answered=True, branch=1)
        yield from _talk(call, first, third, again, (answer, release), forwarder.party, correlation, clips, chance)
        yield again.request(release, "BYE", 3, answered=True, branch=2)
        yield again.response(release + 5_000, "200 OK", 3, "BYE", phase=Phase.CLOSES, branch=2)
        return
    why = ("Reason: SIP;cause=486",) if plan.condition == "busy" else ()
    yield asked.response(sent_on, "181 Call Is Being Forwarded", 1, "INVITE", extra=(*history, *why))
    network = first._replace(host=SERVER_ADDRESS, party=None)
    onward = Dialogue(
        network, third, correlation, chance, call.codec, addressed=forwarder.uri, stands_for=forwarder.party
    )
    onward.media = [asked.media[0], onward.media[1]]
    asked.media[1] = onward.media[1]
    diversion = f"Diversion: <{forwarder.uri}>;reason={_REASONS[plan.condition]};counter=1"
    opening = (diversion, *history, *uui)
    yield onward.request(sent_on + _LEG_US, "INVITE", 1, sdp="sendrecv", extra=opening, phase=Phase.OPENS)
    yield onward.response(sent_on + _LEG_US + RINGING_US, "180 Ringing", 1, "INVITE")
    yield asked.response(sent_on + _LEG_US + RINGING_US + 4_000, "180 Ringing", 1, "INVITE", asserted=third)
    yield onward.response(answer, "200 OK", 1, "INVITE", sdp="sendrecv", phase=Phase.OPENS)
    yield asked.response(
        answer + 4_000, "200 OK", 1, "INVITE", sdp="sendrecv", extra=history, asserted=third, phase=Phase.OPENS
    )
    yield asked.request(answer + 20_000, "ACK", 1, answered=True, branch=1)
    yield onward.request(answer + 24_000, "ACK", 1, answered=True, branch=1)
    yield from _talk(call, first, third, onward, (answer, release), forwarder.party, correlation, clips, chance)
    yield asked.request(release, "BYE", 2, answered=True, branch=2)
    yield onward.request(release + 4_000, "BYE", 2, answered=True, branch=2)
    yield onward.response(release + 9_000, "200 OK", 2, "BYE", branch=2)
    yield asked.response(release + 13_000, "200 OK", 2, "BYE", phase=Phase.CLOSES, branch=2)


def _history(plan: ForwardPlan) -> tuple[str, ...]:
    """Who was asked first, and whom that led to with which cause (RFC 7044, RFC 4458)."""
    cause = _CAUSES[plan.condition]
    user, _, host = plan.third.sip_uri.partition("@")
    return (
        f"History-Info: <{plan.call.callee.sip_uri}>;index=1",
        f"History-Info: <{user}@{host};cause={cause}>;index=1.1;mp=1",
    )


def _talk(
    call: CallPlan,
    first: Endpoint,
    second: Endpoint,
    dialogue: Dialogue,
    between: tuple[int, int],
    behalf: Party | None,
    correlation: int,
    clips: Clips,
    chance: random.Random,
) -> Iterator[InterceptEvent]:
    """The media of two ends, as seen by who had the call sent on: what the caller says comes to that party's line."""
    assert first.party is not None and second.party is not None
    ends = (
        End(first.party, dialogue.media[0], call.caller_text),
        End(second.party, dialogue.media[1], call.callee_text),
    )
    answer, release = between
    plan = MediaPlan(*ends, answer + 40_000, release - 20_000, dialogue.codec, call.sound, call.dtmf)
    for event in media_events(plan, correlation, chance, clips):
        yield event if behalf is None else event._replace(behalf=(behalf, event.sender is second.party))


def transfer_events(plan: TransferPlan, correlation: int, seed: str, clips: Clips) -> Iterator[InterceptEvent]:
    """A call, the hold, the REFER and the call that follows from it, in time order."""
    chance, call = chance_of(seed), plan.call
    caller, callee, third = (handset(one, call.ipv6) for one in (call.caller, call.callee, plan.third))
    answer = answer_us(call, chance)
    release = answer + int(call.seconds * 1e6)
    held = answer + int(plan.at_s * 1e6)
    referred = held + 400_000
    reached = referred + TRANSFER_US
    first = Dialogue(caller, callee, correlation, chance, call.codec)
    by_caller = plan.by == "caller"
    transferor, other = (caller, callee) if by_caller else (callee, caller)
    onward = Dialogue(other, third, correlation, chance, call.codec)

    def established() -> Iterator[InterceptEvent]:
        yield first.request(call.start_us, "INVITE", 1, sdp="sendrecv", extra=user_to_user(call.uui), phase=Phase.OPENS)
        yield first.response(call.start_us + 4_000, "100 Trying", 1, "INVITE", tagged=False)
        yield first.response(call.start_us + RINGING_US, "180 Ringing", 1, "INVITE")
        yield first.response(answer, "200 OK", 1, "INVITE", sdp="sendrecv", phase=Phase.OPENS)
        yield first.request(answer + 20_000, "ACK", 1, answered=True, branch=1)

    def handed_over() -> Iterator[InterceptEvent]:
        yield from reinvite(first, held, 2, 3, "sendonly", "recvonly", by_caller)
        yield from refer(first, referred, 3, by_caller, third.uri, transferor.uri)
        invited = referred + 60_000
        by = (f"Referred-By: <{transferor.uri}>",)
        yield onward.request(invited, "INVITE", 1, sdp="sendrecv", extra=by, phase=Phase.OPENS)
        yield onward.response(invited + RINGING_US, "180 Ringing", 1, "INVITE")
        yield onward.response(reached, "200 OK", 1, "INVITE", sdp="sendrecv", phase=Phase.OPENS)
        yield onward.request(reached + 10_000, "ACK", 1, answered=True, branch=1)
        yield from referred_notice(first, reached + 20_000, 3, not by_caller, "200 OK")
        yield first.request(reached + 60_000, "BYE", 4, by_caller, answered=True, branch=6)
        yield first.response(reached + 65_000, "200 OK", 4, "BYE", by_caller, branch=6)

    yield from established()
    yield from merge(
        chain(
            _talk(call, caller, callee, first, (answer, held), None, correlation, clips, chance),
            _talk(call, other, third, onward, (reached, release), None, correlation, clips, chance),
        ),
        handed_over(),
        key=lambda event: event.time_us,
    )
    yield onward.request(release, "BYE", 2, answered=True, branch=2)
    yield onward.response(release + 5_000, "200 OK", 2, "BYE", phase=Phase.CLOSES, branch=2)


def refer(
    dialogue: Dialogue, at_us: int, sequence: int, from_caller: bool, to_uri: str, by_uri: str
) -> Iterator[InterceptEvent]:
    """A REFER inside a dialogue, accepted, and the first notice of what came of it (RFC 3515 section 2.4.4)."""
    extra = (f"Refer-To: <{to_uri}>", f"Referred-By: <{by_uri}>")
    yield dialogue.request(at_us, "REFER", sequence, from_caller, extra=extra, answered=True, branch=4)
    yield dialogue.response(at_us + 8_000, "202 Accepted", sequence, "REFER", from_caller, branch=4)
    yield from referred_notice(dialogue, at_us + 16_000, 2, not from_caller, "100 Trying")


def referred_notice(
    dialogue: Dialogue, at_us: int, sequence: int, from_caller: bool, status: str
) -> Iterator[InterceptEvent]:
    """A NOTIFY of the refer event package with a fragment of SIP (RFC 3420), and its answer."""
    state = "active;expires=60" if status.startswith("1") else "terminated;reason=noresource"
    extra = ("Event: refer", f"Subscription-State: {state}")
    body, kind = f"SIP/2.0 {status}\r\n".encode(), "message/sipfrag;version=2.0"
    yield dialogue.request(
        at_us, "NOTIFY", sequence, from_caller, body=body, content_type=kind, extra=extra, answered=True, branch=5
    )
    yield dialogue.response(at_us + 8_000, "200 OK", sequence, "NOTIFY", from_caller, branch=5)
