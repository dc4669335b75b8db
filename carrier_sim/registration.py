"""Registrations: a handset tells the network where it is to be reached, and when it no longer is.

Source: RFC 3261 section 10; RFC 3455 for P-Associated-URI. The challenge before the answer is left out: its octets
would be secrets of a kind, and no handover record shows it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from carrier_sim.dialogue import BANNER, SIP_PORT, handset, server, sip_event
from carrier_sim.events import InterceptEvent, Phase
from carrier_sim.subscribers import IMS_DOMAIN, Subscriber
from carrier_sim.voice import chance_of


@dataclass(frozen=True, slots=True)
class RegisterPlan:
    """`expires_s` 0 takes the registration back."""

    start_us: int
    subscriber: Subscriber
    expires_s: int = 3_600


def register_events(plan: RegisterPlan, correlation: int, seed: str) -> Iterator[InterceptEvent]:
    """REGISTER and its answer."""
    chance = chance_of(seed)
    here, registrar = handset(plan.subscriber), server(f"sip:{IMS_DOMAIN}", "Registrar")
    tag, there = f"{chance.getrandbits(32):08x}", f"{chance.getrandbits(32):08x}"
    contact = f"Contact: <sip:{here.contact_user}@{here.host}:{SIP_PORT}>;expires={plan.expires_s}"
    common = [
        f"Via: SIP/2.0/UDP {here.host}:{SIP_PORT};branch=z9hG4bK{chance.getrandbits(48):012x}",
        f'From: "{here.name}" <{here.uri}>;tag={tag}',
    ]
    dialogue = [f"Call-ID: {chance.getrandbits(64):016x}@{here.host}", "CSeq: 1 REGISTER", contact]
    request = [
        f"REGISTER sip:{IMS_DOMAIN} SIP/2.0",
        *common,
        "Max-Forwards: 70",
        f"To: <{here.uri}>",
        *dialogue,
        f"User-Agent: {here.agent} ({BANNER})",
    ]
    response = [
        "SIP/2.0 200 OK",
        *common,
        f"To: <{here.uri}>;tag={there}",
        *dialogue,
        f"P-Associated-URI: <{here.uri}>, <tel:+{here.number}>",
    ]
    yield sip_event(plan.start_us, correlation, request, b"", here, registrar, True, Phase.OPENS)
    yield sip_event(plan.start_us + 30_000, correlation, response, b"", here, registrar, False, Phase.CLOSES)
