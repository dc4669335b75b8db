"""Web visits: one HTTP exchange over TCP, inside a short data session of the visitor.

The far end is a party too, so that a pen register on the host sees the packets, while a task on the visitor sees the
session as any other data session. Payloads say that they are a simulation. Source: RFC 9293 (TCP).
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from asn1.errors import LocalError
from asn1.radius import START, STOP
from carrier_sim.accounting import Accounting
from carrier_sim.events import Address, EventKind, InterceptEvent
from carrier_sim.packets import ACK, FIN, PSH, SYN, TcpFlow
from carrier_sim.subscribers import HOSTS, Subscriber, host_party

MAX_SEGMENT_OCTETS: Final = 1_360
_PAGE_OCTETS: Final = 2 * MAX_SEGMENT_OCTETS


@dataclass(frozen=True, slots=True)
class WebPlan:
    """One visit to `host`; `path` and what the page says are content, which a pen register never gets."""

    start_us: int
    visitor: Subscriber
    host: str = HOSTS[0][0]
    path: str = "/"


def host_address(host: str) -> str:
    """The address of a host of the network. Raises `LocalError` for a host it does not have."""
    known = dict(HOSTS)
    if host not in known:
        raise LocalError(f"{host} is not a host of the simulated network; it has {', '.join(known)}.")
    return known[host]


def web_events(plan: WebPlan, correlation: int, seed: str) -> Iterator[InterceptEvent]:
    """The events of one visit in time order, IPv4."""
    chance = random.Random(seed)  # noqa: S311  a reproducible run, not a secret
    address = host_address(plan.host)
    visitor, host = plan.visitor.party, host_party(plan.host, address)
    accounting = Accounting(plan.visitor, correlation, f"{chance.getrandbits(32):08X}", plan.start_us)
    client, server = Address(plan.visitor.ipv4, 40_000 + chance.randrange(20_000)), Address(address, 80)
    yield accounting.event(START, plan.start_us)
    at_us = plan.start_us + 30_000
    for up, octets in http_exchange(client, server, plan.host, plan.path, chance, _PAGE_OCTETS):
        event = InterceptEvent(
            at_us,
            EventKind.DATA,
            correlation,
            octets,
            visitor if up else host,
            host if up else visitor,
            client if up else server,
            server if up else client,
        )
        accounting.add(event)
        yield event
        at_us += 2_000 + chance.randrange(20_000)
    yield accounting.event(STOP, at_us + 100_000)


def http_exchange(
    client: Address, server: Address, host: str, path: str, chance: random.Random, page_octets: int
) -> Iterator[tuple[bool, bytes]]:
    """(from the client?, IP packet) of one connection: handshake, GET, page, close."""
    up, down = TcpFlow(client, server), TcpFlow(server, client, 57)
    mine, theirs = chance.getrandbits(32), chance.getrandbits(32)
    yield True, up.packet(mine, 0, SYN)
    mine += 1
    yield False, down.packet(theirs, mine, SYN | ACK)
    theirs += 1
    yield True, up.packet(mine, theirs, ACK)
    request = f"GET {path} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: calea-lab SIMULATION\r\nConnection: close\r\n\r\n"
    yield True, up.packet(mine, theirs, PSH | ACK, request.encode())
    mine += len(request.encode())
    page = b"<!doctype html><title>SIMULATION</title><p>This page exists only in a simulation.\n"
    page += (b"SIMULATION " * (page_octets // 11 + 1))[: max(0, page_octets - len(page))]
    head = f"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {len(page)}\r\nConnection: close\r\n\r\n"
    answer = head.encode() + page
    for at in range(0, len(answer), MAX_SEGMENT_OCTETS):
        segment = answer[at : at + MAX_SEGMENT_OCTETS]
        yield False, down.packet(theirs, mine, PSH | ACK, segment)
        theirs += len(segment)
        yield True, up.packet(mine, theirs, ACK)
    yield False, down.packet(theirs, mine, FIN | ACK)
    theirs += 1
    yield True, up.packet(mine, theirs, FIN | ACK)
    yield False, down.packet(theirs, mine + 1, ACK)
