"""Feature codes: what a subscriber dials to the network itself, such as *66 for continuous redial.

The code is a short dialogue with the application server, on its own or while a call still rings: a communication of its
own, whose request URI is the code, so that the key is plain signalling before any answer. That a network signals
feature codes in this way is our assumption. Source: RFC 3261.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from carrier_sim.dialogue import BANNER, SERVER_ADDRESS, SIP_PORT
from carrier_sim.events import Address, EventKind, InterceptEvent, Phase
from carrier_sim.subscribers import IMS_DOMAIN, Subscriber

_STEP_US: Final = 15_000


@dataclass(frozen=True, slots=True)
class FeaturePlan:
    """`start_us`: when the code is dialled. `*72` and the number behind it forward the subscriber's calls."""

    start_us: int
    caller: Subscriber
    code: str


def feature_events(plan: FeaturePlan, correlation: int, seed: str) -> Iterator[InterceptEvent]:
    """The code dialled, accepted and ended by the network."""
    chance = random.Random(seed)  # noqa: S311  a reproducible run, not a secret
    caller = plan.caller
    uri = f"sip:{plan.code.replace('#', '%23')}@{IMS_DOMAIN};user=phone"
    call_id = f"{chance.getrandbits(64):016x}@{caller.ipv4}"
    branch = f"{chance.getrandbits(48):012x}"
    here, there = (f"{chance.getrandbits(32):08x}" for _ in range(2))
    near, far = Address(caller.ipv4, SIP_PORT), Address(SERVER_ADDRESS, SIP_PORT)
    subscriber, network = f'"{caller.name}" <{caller.sip_uri}>;tag={here}', f"<{uri}>"
    answered = f"{network};tag={there}"

    def message(step: int, start: str, from_to: tuple[str, str], cseq: str, up: bool, phase: Phase) -> InterceptEvent:
        asker = SERVER_ADDRESS if cseq.endswith("BYE") else caller.ipv4
        lines = [
            start,
            f"Via: SIP/2.0/UDP {asker}:{SIP_PORT};branch=z9hG4bK{branch}{step // 3}",
            f"From: {from_to[0]}",
            f"To: {from_to[1]}",
            f"Call-ID: {call_id}",
            f"CSeq: {cseq}",
        ]
        if start.startswith("INVITE"):
            lines += ["Max-Forwards: 70", f"P-Asserted-Identity: <{caller.sip_uri}>"]
        if up:
            lines.append(f"User-Agent: {caller.handset} ({BANNER})")
        octets = "\r\n".join([*lines, "Content-Length: 0", "", ""]).encode()
        sender, receiver = (caller.party, None) if up else (None, caller.party)
        source, destination = (near, far) if up else (far, near)
        time_us = plan.start_us + step * _STEP_US
        return InterceptEvent(time_us, EventKind.SIP, correlation, octets, sender, receiver, source, destination, phase)

    yield message(0, f"INVITE {uri} SIP/2.0", (subscriber, network), "1 INVITE", True, Phase.OPENS)
    yield message(1, "SIP/2.0 200 OK", (subscriber, answered), "1 INVITE", False, Phase.OPENS)
    yield message(2, f"ACK {uri} SIP/2.0", (subscriber, answered), "1 ACK", True, Phase.WITHIN)
    yield message(3, f"BYE {caller.sip_uri} SIP/2.0", (answered, subscriber), "1 BYE", False, Phase.WITHIN)
    yield message(4, "SIP/2.0 200 OK", (answered, subscriber), "1 BYE", True, Phase.CLOSES)
