"""Calls: SIP dialogues with SDP, speech and keys in both directions.

One call is a generator of events in time order, made from a `CallPlan`, a seeded `Random` and the network's clips.
The point of interception sits in the IMS core of one operator that serves both parties, so each SIP message is seen
once, between the two handsets' addresses. Sources: RFC 3261, RFC 3264, RFC 3551, RFC 4733.
"""

from __future__ import annotations

import random
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from heapq import merge
from typing import Final, Literal

from asn1.packets import DTMF_DIGITS
from carrier_sim.events import Address, EventKind, InterceptEvent, Phase
from carrier_sim.packets import UdpFlow
from carrier_sim.speech import (
    ALAW_SILENCE,
    FRAME_OCTETS,
    FRAME_US,
    ULAW_OF_ALAW,
    Clips,
    frames,
)
from carrier_sim.subscribers import Subscriber

Outcome = Literal["answered", "no_answer", "busy", "not_found"]
Codec = Literal["PCMA", "PCMU"]

SIP_PORT: Final = 5060
TELEPHONE_EVENT_TYPE: Final = 101
BANNER: Final = "calea-lab SIMULATION"

_PAYLOAD_TYPE: Final = {"PCMU": 0, "PCMA": 8}
_DTMF_FIRST_US: Final = 1_000_000
_DTMF_EVERY_US: Final = 400_000
_DTMF_FRAMES: Final = 8
"""160 ms a key, then the end packet three times (RFC 4733 section 2.5.1.4)."""
_DTMF_END_REPEATS: Final = 3
_TURN_GAP_FRAMES: Final = 15


@dataclass(frozen=True, slots=True)
class CallPlan:
    """`seconds` run from the answer to the release, or for a call that is not answered from INVITE to its end."""

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
        sdp: bool = False,
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
        return self._event(at_us, lines, from_caller, self._sdp(from_caller) if sdp else b"", phase)

    def response(
        self,
        at_us: int,
        status: str,
        sequence: int,
        method: str,
        to_caller: bool = True,
        *,
        sdp: bool = False,
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
        return self._event(at_us, lines, not to_caller, self._sdp(not to_caller) if sdp else b"", phase)

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

    def _sdp(self, of_caller: bool) -> bytes:
        plan = self._plan
        party = plan.caller if of_caller else plan.callee
        host, family = _host(party, plan.ipv6), "IP6" if plan.ipv6 else "IP4"
        number = _PAYLOAD_TYPE[plan.codec]
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
                "a=sendrecv",
            )
        ).encode()

    def _authority(self, party: Subscriber) -> str:
        host = _host(party, self._plan.ipv6)
        return f"[{host}]:{SIP_PORT}" if self._plan.ipv6 else f"{host}:{SIP_PORT}"

    def _event(self, at_us: int, lines: list[str], from_caller: bool, body: bytes, phase: Phase) -> InterceptEvent:
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
    yield dialogue.request(start, "INVITE", 1, sdp=True, phase=Phase.OPENS)
    yield dialogue.response(start + 4_000, "100 Trying", 1, "INVITE", tagged=False)
    if plan.outcome == "not_found":
        yield from _refused(dialogue, start + 60_000, "404 Not Found")
        return
    yield dialogue.response(start + 180_000, "180 Ringing", 1, "INVITE")
    if plan.outcome == "busy":
        yield from _refused(dialogue, start + 400_000, "486 Busy Here")
        return
    if plan.outcome == "no_answer":
        end = start + max(int(plan.seconds * 1e6), 500_000)
        yield dialogue.request(end, "CANCEL", 1)
        yield dialogue.response(end + 3_000, "200 OK", 1, "CANCEL")
        yield from _refused(dialogue, end + 8_000, "487 Request Terminated")
        return
    answer = start + 900_000 + chance.randrange(0, 1_200_000, 1_000)
    release = answer + int(plan.seconds * 1e6)
    yield dialogue.response(answer, "200 OK", 1, "INVITE", sdp=True, phase=Phase.OPENS)
    yield dialogue.request(answer + 20_000, "ACK", 1, answered=True, branch=1)
    yield from _media(plan, dialogue, correlation, chance, clips, answer + 40_000, release - 20_000)
    by_caller = chance.random() < 0.5
    sequence = 2 if by_caller else 1
    yield dialogue.request(release, "BYE", sequence, by_caller, answered=True, branch=2)
    yield dialogue.response(release + 5_000, "200 OK", sequence, "BYE", by_caller, phase=Phase.CLOSES, branch=2)


def _refused(dialogue: _Dialogue, at_us: int, status: str) -> Iterator[InterceptEvent]:
    yield dialogue.response(at_us, status, 1, "INVITE")
    yield dialogue.request(at_us + 5_000, "ACK", 1, answered=True, phase=Phase.CLOSES)


def _media(
    plan: CallPlan,
    dialogue: _Dialogue,
    correlation: int,
    chance: random.Random,
    clips: Clips,
    start_us: int,
    end_us: int,
) -> Iterator[InterceptEvent]:
    caller_port, callee_port = dialogue.media_ports
    caller_at = Address(_host(plan.caller, plan.ipv6), caller_port)
    callee_at = Address(_host(plan.callee, plan.ipv6), callee_port)
    frames_wanted = max(0, (end_us - start_us) // FRAME_US)
    caller_speech, callee_speech = _conversation(plan, clips, frames_wanted)
    # Half a frame and a bit apart, as two handsets would be, and never at the same instant.
    yield from merge(
        _stream(plan, correlation, chance.getrandbits(96), caller_at, callee_at, True, start_us, caller_speech),
        _stream(
            plan, correlation, chance.getrandbits(96), callee_at, caller_at, False, start_us + 9_371, callee_speech
        ),
        key=lambda event: event.time_us,
    )


def _conversation(plan: CallPlan, clips: Clips, count: int) -> tuple[list[bytes | None], list[bytes | None]]:
    """Frames of either side, None for silence: the parties take turns until `count` frames are full."""
    sides: tuple[list[bytes | None], list[bytes | None]] = ([], [])
    turn = 0
    while len(sides[0]) < count:
        role = ("caller", "callee")[turn % 2]
        spoken = list(frames(_utterance(plan, clips, role, turn // 2)))
        pause: list[bytes | None] = [None] * _TURN_GAP_FRAMES
        sides[turn % 2].extend([*spoken, *pause])
        sides[1 - turn % 2].extend([None] * (len(spoken) + _TURN_GAP_FRAMES))
        turn += 1
    return sides[0][:count], sides[1][:count]


def _utterance(plan: CallPlan, clips: Clips, role: str, turn: int) -> bytes:
    text = plan.caller_text if role == "caller" else plan.callee_text
    if text is not None and turn == 0 and (speech := clips.render(role, text)):
        return speech
    own = clips.of(role)
    return own[turn % len(own)].octets


def _stream(
    plan: CallPlan,
    correlation: int,
    entropy: int,
    source: Address,
    destination: Address,
    of_caller: bool,
    start_us: int,
    speech: list[bytes | None],
) -> Iterator[InterceptEvent]:
    """One direction of the media: an RTP packet each 20 ms, keys of the caller in place of speech."""
    ssrc, sequence, timestamp = entropy & 0xFFFFFFFF, entropy >> 32 & 0xFFFF, entropy >> 48 & 0xFFFFFFFF
    flow = UdpFlow(source, destination)
    payload_type = _PAYLOAD_TYPE[plan.codec]
    table = ULAW_OF_ALAW if plan.codec == "PCMU" else None
    silence = bytes((ALAW_SILENCE,)) * FRAME_OCTETS
    sender, receiver = (plan.caller, plan.callee) if of_caller else (plan.callee, plan.caller)
    sender_party, receiver_party = sender.party, receiver.party
    keys = _keys(plan.dtmf) if of_caller else {}
    talking = False
    for index, frame in enumerate(speech):
        stamp = timestamp + index * FRAME_OCTETS
        if (key := keys.get(index)) is not None:
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
        header = struct.pack(
            ">BBHII",
            0x80,
            (0x80 if marker else 0) | kind,
            (sequence + index) & 0xFFFF,
            stamp & 0xFFFFFFFF,
            ssrc,
        )
        yield InterceptEvent(
            start_us + index * FRAME_US,
            EventKind.MEDIA,
            correlation,
            flow.packet(header + payload),
            sender_party,
            receiver_party,
            source,
            destination,
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
