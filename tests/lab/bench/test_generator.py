"""The sending end without a network: a link beside a collector's session in memory."""

from __future__ import annotations

import asyncio
import time
from typing import Any, cast

from asn1 import tlv
from asn1.handover import HandoverConfig, LemfSession
from asn1.ps_pdu import decode_ps_pdu
from lab.bench.generator import Link
from lab.bench.profiles import named
from lab.bench.records import matrix_of
from lab.bench.schedule import Latencies, Schedule


class Wire:
    """A transport that keeps what is written, and a collector that acknowledges when told to."""

    def __init__(self) -> None:
        self.written = bytearray()
        self.session = LemfSession(HandoverConfig())
        self.session.connected(0)
        self.position = 0
        self.closed = False

    def write(self, octets: bytes | memoryview) -> None:
        self.written += octets

    def set_write_buffer_limits(self, high: int) -> None:
        assert high == 0

    def is_closing(self) -> bool:
        return self.closed

    def close(self) -> None:
        self.closed = True

    def records(self) -> int:
        """Takes in what was written; how many records of content were in it."""
        count = 0
        octets, self.written = bytes(self.written), bytearray()
        at = 0
        while at < len(octets):
            end = tlv.read_tlv(octets, at, len(octets)).end
            if decode_ps_pdu(octets[at:end]).payload[0] == "tRIPayload":
                self.session.tri(octets[at:end], self.position + end, 0)
            else:
                count += 1
            at = end
        self.position += len(octets)
        return count

    def durable(self) -> bytes:
        self.session.durable(self.position, 0)
        return self.session.outgoing()


def _link(wire: Wire) -> Link:
    matrix, _ = matrix_of(named("cc200"), 0, int(time.time()))
    link = Link(matrix, True, Latencies(), 64 * 1024)
    link.connection_made(cast("Any", _Transport(wire)))
    return link


class _Transport(asyncio.Transport):
    def __init__(self, wire: Wire) -> None:
        super().__init__()
        self.write = wire.write  # type: ignore[method-assign]
        self.set_write_buffer_limits = wire.set_write_buffer_limits  # type: ignore[method-assign,assignment]
        self.is_closing = wire.is_closing  # type: ignore[method-assign]
        self.close = wire.close  # type: ignore[method-assign]


async def test_a_link_negotiates_sends_and_times_what_is_acknowledged() -> None:
    wire = Wire()
    link = _link(wire)
    assert wire.records() == 0
    link.data_received(wire.session.outgoing())
    assert link.open.is_set()
    assert link.send(50, time.monotonic()) == 50
    assert (link.sent, link.acknowledged, wire.records()) == (50, 0, 50)
    assert not link.settled.is_set()
    link.data_received(wire.durable())
    assert (link.acknowledged, link.latencies.count) == (50, 50)
    assert link.settled.is_set()


async def test_no_answer_drives_the_next_send() -> None:
    """A collector that stays silent gets everything that is due."""
    wire = Wire()
    link = _link(wire)
    wire.records()
    link.data_received(wire.session.outgoing())
    link.schedule = Schedule(0.0, 1000.0)
    for now_s in (0.0, 0.5, 1.0, 2.0):
        link.send_due(now_s, 10_000)
    assert link.sent == 2001
    assert wire.records() == 2001
    assert link.acknowledged == 0


async def test_what_is_not_asked_for_at_once_is_not_timed() -> None:
    """Its answer comes with the next request, which would make it look slower than it was."""
    wire = Wire()
    link = _link(wire)
    wire.records()
    link.data_received(wire.session.outgoing())
    link.schedule, link.request_every_s = Schedule(0.0, 1000.0), 0.05
    for at in range(200):
        link.send_due(at / 1000, 10_000)
    wire.records()
    link.data_received(wire.durable())
    assert link.latencies.count == 4
    assert link.acknowledged < link.sent == 200
    assert not link.settled.is_set()
    link.finish()
    wire.records()
    link.data_received(wire.durable())
    assert link.acknowledged == 200 and link.settled.is_set()


async def test_a_full_pipe_shifts_no_schedule() -> None:
    wire = Wire()
    link = _link(wire)
    wire.records()
    link.data_received(wire.session.outgoing())
    begin_s = time.monotonic()
    link.schedule = Schedule(begin_s, 1000.0)
    link.pause_writing()
    link.send_due(begin_s + 1.0, 10_000)
    assert link.sent == 0
    assert link.behind_s == 1.0
    link.resume_writing()
    link.send_due(begin_s + 1.0, 10_000)
    assert link.sent == 1001
    wire.records()
    link.data_received(wire.durable())
    assert link.acknowledged == link.latencies.count == 1001


async def test_a_closed_connection_leaves_nobody_waiting() -> None:
    link = _link(Wire())
    link.connection_lost(None)
    for event in (link.open, link.opened, link.writable, link.settled, link.ended):
        assert event.is_set()
