"""Data sessions: accounting or what the SMF reports, and the packets of a subscriber at its own address.

A session is Start, packets, Interim half-way, Stop: a DNS question, a web exchange, then datagrams until the wished
number of packets is there; asking for access comes before, where the plan has an outcome of it. Source: RFC 1035 (DNS).
Payloads say that they are a simulation.
"""

from __future__ import annotations

import random
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Final, Literal, NamedTuple

from asn1.radius import INTERIM, START, STOP
from carrier_sim.access import SET_UP_US, Access, Outcome, access_events
from carrier_sim.accounting import Accounting
from carrier_sim.events import Address, EventKind, InterceptEvent
from carrier_sim.packet_core import SessionReport
from carrier_sim.packets import UdpFlow
from carrier_sim.subscribers import DNS_ADDRESS, HOSTS, Subscriber
from carrier_sim.web import MAX_SEGMENT_OCTETS, http_exchange

_DNS_ADDRESS_V6: Final = "2001:db8:ffff::53"
_HOST_ADDRESS_V6: Final = "2001:db8:ffff::81"
_MAX_PAGE_OCTETS: Final = 40 * MAX_SEGMENT_OCTETS


@dataclass(frozen=True, slots=True)
class DataPlan:
    """`packets`: how many IP packets the session carries at least, both directions together. `outcome`: what
    becomes of asking for access; None where that is not shown, and accounting comes first."""

    start_us: int
    subscriber: Subscriber
    seconds: float = 10.0
    packets: int = 20
    ipv6: bool = False
    report: Literal["accounting", "smf"] = "accounting"
    located: bool = False
    outcome: Outcome | None = None


class _Packet(NamedTuple):
    up: bool
    octets: bytes
    near: Address
    far: Address


def data_events(plan: DataPlan, correlation: int, seed: str) -> Iterator[InterceptEvent]:
    """Every event of one data session in time order."""
    chance = random.Random(seed)  # noqa: S311  a reproducible run, not a secret
    party = plan.subscriber.party
    session = chance.getrandbits(32)
    start_us = plan.start_us
    if plan.outcome is not None:
        access = Access(
            start_us, plan.subscriber, correlation, f"{session:08X}", session & 0xFF, chance.randbytes(16)
        )  # fmt: skip
        yield from access_events(access, plan.outcome)
        if plan.outcome != "accepted":
            return
        start_us += SET_UP_US
    accounting: Accounting | SessionReport
    if plan.report == "smf":
        accounting = SessionReport(
            plan.subscriber, correlation, 1 + session % 15, session, plan.start_us, plan.ipv6, plan.located
        )
    else:
        accounting = Accounting(plan.subscriber, correlation, f"{session:08X}", start_us)
    end_us = plan.start_us + max(200_000, int(plan.seconds * 1e6))
    half_us = (plan.start_us + end_us) // 2
    yield accounting.event(START, start_us)
    packets = _packets(plan, chance)
    first_us = plan.start_us + 50_000
    step_us = max(1, (end_us - first_us - 50_000) // len(packets))
    interim_due = True
    for index, packet in enumerate(packets):
        at_us = first_us + index * step_us
        if interim_due and at_us >= half_us:
            yield accounting.event(INTERIM, half_us)
            interim_due = False
        event = InterceptEvent(
            at_us,
            EventKind.DATA,
            correlation,
            packet.octets,
            party if packet.up else None,
            None if packet.up else party,
            packet.near if packet.up else packet.far,
            packet.far if packet.up else packet.near,
        )
        accounting.add(event)
        yield event
    yield accounting.event(STOP, end_us)


def _packets(plan: DataPlan, chance: random.Random) -> list[_Packet]:
    own = plan.subscriber.ipv6 if plan.ipv6 else plan.subscriber.ipv4
    host, host_ipv4 = HOSTS[1]
    server_at = _HOST_ADDRESS_V6 if plan.ipv6 else host_ipv4

    resolver, dns = Address(own, _port(chance)), Address(_DNS_ADDRESS_V6 if plan.ipv6 else DNS_ADDRESS, 53)
    identifier = chance.getrandbits(16)
    question = UdpFlow(resolver, dns).packet(dns_query(identifier, host, plan.ipv6))
    answer = UdpFlow(dns, resolver, 57).packet(dns_answer(identifier, host, server_at))
    packets = [_Packet(True, question, resolver, dns), _Packet(False, answer, resolver, dns)]

    client, server = Address(own, _port(chance)), Address(server_at, 80)
    page_octets = min(max(0, plan.packets - 12) // 4 * MAX_SEGMENT_OCTETS, _MAX_PAGE_OCTETS)
    packets += [
        _Packet(up, octets, client, server)
        for up, octets in http_exchange(client, server, host, "/", chance, page_octets)
    ]

    near, far = Address(own, _port(chance)), Address(server_at, 443)
    up_flow, down_flow = UdpFlow(near, far), UdpFlow(far, near, 57)
    while len(packets) < plan.packets:
        up = chance.random() < 0.4
        payload = b"SIMULATION datagram " + chance.randbytes(chance.randrange(20, 1_200))
        packets.append(_Packet(up, (up_flow if up else down_flow).packet(payload), near, far))
    return packets


def _port(chance: random.Random) -> int:
    return 40_000 + chance.randrange(20_000)


def dns_query(identifier: int, host: str, ipv6: bool) -> bytes:
    """A question for A (or AAAA), recursion desired."""
    return struct.pack(">HHHHHH", identifier, 0x0100, 1, 0, 0, 0) + _question(host, ipv6)


def dns_answer(identifier: int, host: str, address: str) -> bytes:
    """The answer to `dns_query`: one record, time to live 60 s, the name as a pointer to the question."""
    data = ip_address(address).packed
    ipv6 = len(data) == 16
    record = struct.pack(">HHHIH", 0xC00C, 28 if ipv6 else 1, 1, 60, len(data)) + data
    return struct.pack(">HHHHHH", identifier, 0x8180, 1, 1, 0, 0) + _question(host, ipv6) + record


def _question(host: str, ipv6: bool) -> bytes:
    labels = b"".join(bytes((len(label),)) + label.encode() for label in host.split("."))
    return labels + b"\0" + struct.pack(">HH", 28 if ipv6 else 1, 1)
