"""Calls: SIP dialogues with SDP, speech and keys in both directions.

One call is a generator of events in time order, made from a `CallPlan`, a seeded `Random` and the network's clips.
Long calls are not unrolled: what is going on at one moment is all that is held.
The point of interception sits in the IMS core of one operator that serves both parties, so each SIP message is seen
once, between the two handsets' addresses. Sources: RFC 3261, RFC 3264, RFC 3551, RFC 4733,
RFC 6086 (INFO).
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from heapq import merge
from typing import Final, Literal

from carrier_sim.events import Address, EventKind, InterceptEvent, Phase
from carrier_sim.media import PAYLOAD_TYPE, TELEPHONE_EVENT_TYPE, Codec, End, MediaPlan, Sound, media_events
from carrier_sim.speech import Clips
from carrier_sim.subscribers import Subscriber

Outcome = Literal["answered", "no_answer", "busy", "not_found"]

SIP_PORT: Final = 5060
BANNER: Final = "calea-lab SIMULATION"
RINGING_US: Final = 180_000
"""From the INVITE to the 180."""
_INFO_FIRST_US: Final = 1_000_000
_INFO_EVERY_US: Final = 400_000


@dataclass(frozen=True, slots=True)
class CallPlan:
    """`seconds` run from the answer to the release, or for a call that is not answered from INVITE to its end.

    `ring_s`: from INVITE to answer, drawn when None. `info_digits` are sent as SIP INFO after the answer. `hold`: so
    many seconds after the answer, and for how long, the caller holds the callee."""

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


class _Dialogue:
    """The SIP side of one call: who, where, which tags; makes messages as events."""

    def __init__(self, plan: CallPlan, correlation: int, chance: random.Random) -> None:
        self._plan = plan
        self._correlation = correlation
        self._call_id = f"{chance.getrandbits(64):016x}@{_host(plan.caller, plan.ipv6)}"
        self._branch = f"z9hG4bK{chance.getrandbits(48):012x}"
        self._tags = (f"{chance.getrandbits(32):08x}", f"{chance.getrandbits(32):08x}")
        self._session = chance.getrandbits(31)
        self.media_ports = (16_384 + 2 * chance.randrange(8_000), 16_384 + 2 * chance.randrange(8_000))

    def request(
        self,
        at_us: int,
        method: str,
        sequence: int,
        from_caller: bool = True,
        *,
        sdp: str = "",
        body: bytes = b"",
        content_type: str = "application/sdp",
        answered: bool = False,
        phase: Phase = Phase.WITHIN,
        branch: int = 0,
    ) -> InterceptEvent:
        plan = self._plan
        sender, receiver = (plan.caller, plan.callee) if from_caller else (plan.callee, plan.caller)
        lines = [
            f"{method} {receiver.sip_uri} SIP/2.0",
            f"Via: SIP/2.0/UDP {self._authority(sender)};branch={self._branch}{branch}",
            "Max-Forwards: 70",
            *self._from_to(from_caller, answered),
            f"Call-ID: {self._call_id}",
            f"CSeq: {sequence} {method}",
        ]
        if method == "INVITE":
            lines += [
                f"Contact: <sip:+{sender.number}@{self._authority(sender)}>",
                f"P-Asserted-Identity: <{sender.sip_uri}>",
                f"P-Asserted-Identity: <tel:+{sender.number}>",
            ]
        lines.append(f"User-Agent: {sender.handset} ({BANNER})")
        body = self._sdp(from_caller, sdp) if sdp else body
        return self._event(at_us, lines, from_caller, body, phase, content_type)

    def response(
        self,
        at_us: int,
        status: str,
        sequence: int,
        method: str,
        to_caller: bool = True,
        *,
        sdp: str = "",
        tagged: bool = True,
        phase: Phase = Phase.WITHIN,
        branch: int = 0,
    ) -> InterceptEvent:
        plan = self._plan
        responder, asker = (plan.callee, plan.caller) if to_caller else (plan.caller, plan.callee)
        lines = [
            f"SIP/2.0 {status}",
            f"Via: SIP/2.0/UDP {self._authority(asker)};branch={self._branch}{branch}",
            *self._from_to(to_caller, tagged),
            f"Call-ID: {self._call_id}",
            f"CSeq: {sequence} {method}",
        ]
        if method == "INVITE" and status[0] in "12" and tagged:
            lines += [
                f"Contact: <sip:+{responder.number}@{self._authority(responder)}>",
                f"P-Asserted-Identity: <{responder.sip_uri}>",
            ]
        return self._event(at_us, lines, not to_caller, self._sdp(not to_caller, sdp) if sdp else b"", phase)

    def _from_to(self, request_from_caller: bool, answered: bool) -> tuple[str, str]:
        plan = self._plan
        parties = [(plan.caller, self._tags[0]), (plan.callee, self._tags[1])]
        if not request_from_caller:
            parties.reverse()
        (sender, sender_tag), (receiver, receiver_tag) = parties
        to_tag = f";tag={receiver_tag}" if answered else ""
        return (
            f'From: "{sender.name}" <{sender.sip_uri}>;tag={sender_tag}',
            f"To: <{receiver.sip_uri}>{to_tag}",
        )

    def _sdp(self, of_caller: bool, mode: str) -> bytes:
        plan = self._plan
        party = plan.caller if of_caller else plan.callee
        host, family = _host(party, plan.ipv6), "IP6" if plan.ipv6 else "IP4"
        number = PAYLOAD_TYPE[plan.codec]
        return "".join(
            f"{line}\r\n"
            for line in (
                "v=0",
                f"o=- {self._session} {self._session} IN {family} {host}",
                f"s={BANNER}",
                f"c=IN {family} {host}",
                "t=0 0",
                f"m=audio {self.media_ports[0 if of_caller else 1]} RTP/AVP {number} {TELEPHONE_EVENT_TYPE}",
                f"a=rtpmap:{number} {plan.codec}/8000",
                f"a=rtpmap:{TELEPHONE_EVENT_TYPE} telephone-event/8000",
                f"a=fmtp:{TELEPHONE_EVENT_TYPE} 0-15",
                "a=ptime:20",
                f"a={mode}",
            )
        ).encode()

    def _authority(self, party: Subscriber) -> str:
        host = _host(party, self._plan.ipv6)
        return f"[{host}]:{SIP_PORT}" if self._plan.ipv6 else f"{host}:{SIP_PORT}"

    def _event(
        self,
        at_us: int,
        lines: list[str],
        from_caller: bool,
        body: bytes,
        phase: Phase,
        content_type: str = "application/sdp",
    ) -> InterceptEvent:
        return sip_event(
            at_us,
            self._correlation,
            lines,
            body,
            self._plan.caller,
            self._plan.callee,
            from_caller,
            phase,
            self._plan.ipv6,
            content_type,
        )


def sip_event(
    at_us: int,
    correlation: int,
    lines: list[str],
    body: bytes,
    caller: Subscriber,
    callee: Subscriber,
    from_caller: bool,
    phase: Phase,
    ipv6: bool = False,
    content_type: str = "application/sdp",
) -> InterceptEvent:
    """A SIP message as an event; Content-Type and Content-Length are added here."""
    sender, receiver = (caller, callee) if from_caller else (callee, caller)
    lines = [*lines, *([f"Content-Type: {content_type}"] if body else []), f"Content-Length: {len(body)}", "", ""]
    return InterceptEvent(
        at_us,
        EventKind.SIP,
        correlation,
        "\r\n".join(lines).encode() + body,
        sender.party,
        receiver.party,
        Address(_host(sender, ipv6), SIP_PORT),
        Address(_host(receiver, ipv6), SIP_PORT),
        phase,
    )


def _host(party: Subscriber, ipv6: bool) -> str:
    return party.ipv6 if ipv6 else party.ipv4


def call_events(plan: CallPlan, correlation: int, seed: str, clips: Clips) -> Iterator[InterceptEvent]:
    """Every event of one call in time order."""
    chance = random.Random(seed)  # noqa: S311  a reproducible run, not a secret
    dialogue = _Dialogue(plan, correlation, chance)
    start = plan.start_us
    yield dialogue.request(start, "INVITE", 1, sdp="sendrecv", phase=Phase.OPENS)
    yield dialogue.response(start + 4_000, "100 Trying", 1, "INVITE", tagged=False)
    if plan.outcome == "not_found":
        yield from _refused(dialogue, start + 60_000, "404 Not Found")
        return
    yield dialogue.response(start + RINGING_US, "180 Ringing", 1, "INVITE")
    if plan.outcome == "busy":
        yield from _refused(dialogue, start + 400_000, "486 Busy Here")
        return
    if plan.outcome == "no_answer":
        end = start + max(int(plan.seconds * 1e6), 500_000)
        yield dialogue.request(end, "CANCEL", 1)
        yield dialogue.response(end + 3_000, "200 OK", 1, "CANCEL")
        yield from _refused(dialogue, end + 8_000, "487 Request Terminated")
        return
    ring_us = 900_000 + chance.randrange(0, 1_200_000, 1_000) if plan.ring_s is None else round(plan.ring_s * 1e6)
    answer = start + ring_us
    release = answer + int(plan.seconds * 1e6)
    yield dialogue.response(answer, "200 OK", 1, "INVITE", sdp="sendrecv", phase=Phase.OPENS)
    yield dialogue.request(answer + 20_000, "ACK", 1, answered=True, branch=1)
    yield from merge(
        _within(plan, dialogue, answer, release),
        media_events(_media_plan(plan, dialogue, answer, release), correlation, chance, clips),
        key=lambda event: event.time_us,
    )
    by_caller = chance.random() < 0.5
    sequence = 2 + len(_requests(plan, answer, release)) if by_caller else 1
    yield dialogue.request(release, "BYE", sequence, by_caller, answered=True, branch=2)
    yield dialogue.response(release + 5_000, "200 OK", sequence, "BYE", by_caller, phase=Phase.CLOSES, branch=2)


def _refused(dialogue: _Dialogue, at_us: int, status: str) -> Iterator[InterceptEvent]:
    yield dialogue.response(at_us, status, 1, "INVITE")
    yield dialogue.request(at_us + 5_000, "ACK", 1, answered=True, phase=Phase.CLOSES)


def _media_plan(plan: CallPlan, dialogue: _Dialogue, answer: int, release: int) -> MediaPlan:
    ports = dialogue.media_ports
    ends = (
        End(plan.caller.party, Address(_host(plan.caller, plan.ipv6), ports[0]), plan.caller_text),
        End(plan.callee.party, Address(_host(plan.callee, plan.ipv6), ports[1]), plan.callee_text),
    )
    held = [at for at, what in _requests(plan, answer, release) if what in ("sendonly", "sendrecv")]
    pause = (held[0], held[1]) if held else None
    return MediaPlan(*ends, answer + 40_000, release - 20_000, plan.codec, plan.sound, plan.dtmf, pause)


def _requests(plan: CallPlan, answer: int, release: int) -> list[tuple[int, str]]:
    """The caller's requests inside the dialogue in time order: (time, a key, or the mode of a re-INVITE)."""
    found = [(answer + _INFO_FIRST_US + index * _INFO_EVERY_US, digit) for index, digit in enumerate(plan.info_digits)]
    if plan.hold is not None:
        from_us = answer + int(plan.hold[0] * 1e6)
        found += [(from_us, "sendonly"), (from_us + int(plan.hold[1] * 1e6), "sendrecv")]
        if found[-1][0] > release - 100_000:
            del found[-2:]
    return sorted(one for one in found if one[0] <= release - 100_000)


def _within(plan: CallPlan, dialogue: _Dialogue, answer: int, release: int) -> list[InterceptEvent]:
    """Keys as INFO (a body no reader of signalling alone may see) and the two re-INVITEs of a hold."""
    found = []
    for index, (at_us, what) in enumerate(_requests(plan, answer, release)):
        sequence, branch = 2 + index, 3 + index
        if what in ("sendonly", "sendrecv"):
            reply = "recvonly" if what == "sendonly" else what
            found += [
                dialogue.request(at_us, "INVITE", sequence, sdp=what, answered=True, branch=branch),
                dialogue.response(at_us + 8_000, "200 OK", sequence, "INVITE", sdp=reply, branch=branch),
                dialogue.request(at_us + 16_000, "ACK", sequence, answered=True, branch=branch),
            ]
        else:
            body = f"Signal={what.upper()}\r\nDuration=160\r\n".encode()
            kind = "application/dtmf-relay"
            found += [
                dialogue.request(at_us, "INFO", sequence, body=body, content_type=kind, answered=True, branch=branch),
                dialogue.response(at_us + 8_000, "200 OK", sequence, "INFO", branch=branch),
            ]
    return sorted(found, key=lambda event: event.time_us)
