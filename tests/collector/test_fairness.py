"""Many connections beside one that floods: in memory with a writer of a known speed, and over real sockets."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from types import SimpleNamespace
from typing import Any

import pytest

from asn1 import multimedia
from asn1.columns import LiidTable
from asn1.record_template import cc_template
from collector.arena import ArenaPool
from collector.assembly import Source
from collector.gate import LinkPolicy
from collector.gate_columns import GateLimits
from collector.pipeline import Fed, LinkState
from collector.receive import Connection
from collector.receiver import Receiver

RECORD_OCTETS = 300
ROUND_OCTETS = 160 * 1024
"""What the writer of these tests makes durable in one round."""


def now_us() -> int:
    return time.time_ns() // 1000


class Transport(asyncio.Transport):
    def __init__(self) -> None:
        super().__init__()
        self.reading, self.closed = True, False

    def pause_reading(self) -> None:
        self.reading = False

    def resume_reading(self) -> None:
        self.reading = not self.closed

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        pass

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return ("192.0.2.1", 1)

    def write(self, data: Any) -> None:
        pass

    def close(self) -> None:
        self.closed, self.reading = True, False


class Writer:
    """Stands for assembly and store: one open arena, and what was judged becomes durable in its order."""

    def __init__(self, received_octets: int) -> None:
        self.pool = ArenaPool(1 << 20, received_octets >> 20)
        self._arena = self.pool.take()
        self._flying: deque[tuple[Source, int, int, Any]] = deque()
        self.stopped = False

    def reserve(self, octets: int) -> Any:
        if self._arena is not None and self._arena.room >= octets:
            return self._arena
        if self._arena is not None:
            self.pool.drop(self._arena)
        self._arena = self.pool.take()
        return self._arena

    def scanned(self, source: Source, position: int, octets: int) -> None:
        self.pool.hold(self._arena)
        self._flying.append((source, position, octets, self._arena))

    def touch(self) -> None:
        pass

    def forget(self, source: Source) -> None:
        pass

    @property
    def waiting_octets(self) -> int:
        return sum(octets for _, _, octets, _ in self._flying)

    def commit(self, octets: int) -> bool:
        """Whether an arena came free."""
        freed = False
        while self._flying and self._flying[0][2] <= octets:
            source, position, done, arena = self._flying.popleft()
            octets -= done
            freed = self.pool.drop(arena) or freed
            source.durable(position)
        if self._flying and octets:
            source, position, left, arena = self._flying[0]
            self._flying[0] = (source, position, left - octets, arena)
        return freed


class Peer:
    """A sender and its connection: `supply` octets wait in the network for it."""

    def __init__(self, table: Table, link: LinkState) -> None:
        self.connection = Connection(table.receiver, link, 30.0, 900.0, 10_000)
        self.transport = Transport()
        self.connection.connection_made(self.transport)
        self.supply = 0
        self.sent = 0
        self.waits: deque[tuple[int, int]] = deque()
        self.latencies: list[int] = []
        told = self.connection.durable

        def durable(position: int) -> None:
            told(position)
            while self.waits and self.waits[0][0] <= position:
                self.latencies.append(table.round - self.waits.popleft()[1])

        self.connection.durable = durable  # type: ignore[method-assign]

    def send(self, octets: int, at_round: int) -> None:
        self.supply += octets
        self.sent += octets
        self.waits.append((self.sent // RECORD_OCTETS * RECORD_OCTETS, at_round))

    def read(self) -> None:
        if not self.transport.reading or not self.supply:
            return
        view = self.connection.get_buffer(-1)
        octets = min(len(view), self.supply)
        self.supply -= octets
        self.connection.buffer_updated(octets)


class Table:
    """A receiver whose records are all of one size, its connections, and a loop that the test turns by hand."""

    def __init__(self, backlog_octets: int, received_octets: int = 64 << 20) -> None:
        self.writer = Writer(received_octets)
        self.reports: list[str] = []
        self.round = 0
        self.receiver = Receiver(
            SimpleNamespace(feed=self._feed),  # type: ignore[arg-type]
            self.writer,  # type: ignore[arg-type]
            LiidTable(),
            max_connections=20_000,
            spill_octets=received_octets,
            backlog_octets=backlog_octets,
            now_us=lambda: 0,
            session_us=lambda: 0,
            report=lambda link, peer, code, text: self.reports.append(code),
            on_defect=self.reports.append,
        )
        self.peers: list[Peer] = []
        loop = self.receiver.loop
        # A round is a millisecond.
        self.receiver.loop = SimpleNamespace(  # type: ignore[assignment]
            time=lambda: self.round / 1000, call_soon=loop.call_soon, call_later=loop.call_later
        )

    def _feed(self, link: LinkState, peer: Source, view: memoryview, start: int, stop: int, position: int) -> Fed:
        end = start + (stop - start) // RECORD_OCTETS * RECORD_OCTETS
        if end > start:
            self.writer.scanned(peer, position + end - start, end - start)
        return Fed(end, None, 0)

    def connect(self, link: str) -> Peer:
        policy = LinkPolicy()
        self.peers.append(Peer(self, LinkState(link, policy, GateLimits(8_000_000, 2_000_000, 7), 1 << 20)))
        return self.peers[-1]

    async def play(self, rounds: int, arriving: Any) -> None:
        """`arriving(round)` puts octets into the network; then a turn of the loop, and the writer's share of it."""
        for _ in range(rounds):
            arriving(self.round)
            for peer in self.peers:
                peer.read()
            if self.writer.commit(ROUND_OCTETS):
                self.receiver.resume()
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            self.round += 1


def p99(values: list[int]) -> int:
    return sorted(values)[len(values) * 99 // 100]


async def honest_latencies(floods: int, backlog_octets: int) -> tuple[list[int], Table]:
    """Rounds from sending to durable of 100 connections that send three records every fourth round each."""
    table = Table(backlog_octets)
    honest = [table.connect(f"honest-{number}") for number in range(100)]
    flooding = [table.connect(f"flood-{number}") for number in range(floods)]

    def arriving(at_round: int) -> None:
        for number, peer in enumerate(honest):
            if (number + at_round) % 4 == 0 and at_round < 400:
                peer.send(3 * RECORD_OCTETS, at_round)
        for peer in flooding:
            peer.supply = 1 << 20
            peer.waits.clear()

    await table.play(430, arriving)
    assert not table.reports
    return [one for peer in honest for one in peer.latencies], table


@pytest.mark.parametrize("floods", [1, 10])
async def test_flooding_link_does_not_starve_others(floods: int) -> None:
    calm, _ = await honest_latencies(0, 2 << 20)
    flooded, table = await honest_latencies(floods, 2 << 20)
    # In rounds of the writer: what may be ahead of a record is the backlog, and what one more turn brings.
    assert p99(calm) == 0 and len(flooded) == len(calm)
    assert p99(flooded) <= (2 << 20) // ROUND_OCTETS + 2
    assert table.writer.waiting_octets <= (2 << 20) + 256 * 1024 * (floods + 1)
    # The flood has what the others leave, and all of the writer.
    taken = sum(peer.connection.position for peer in table.peers)
    assert taken >= 0.98 * 430 * ROUND_OCTETS
    # The same without turns shows what they are for.
    unfair, _ = await honest_latencies(floods, 1 << 34)
    assert p99(unfair) > 4 * p99(flooded) or len(unfair) < len(calm) // 2


async def test_connections_that_send_without_end_get_even_shares() -> None:
    table = Table(2 << 20)
    peers = [table.connect(f"hi3-{number}") for number in range(40)]

    def arriving(at_round: int) -> None:
        for peer in peers:
            peer.supply = 1 << 20

    await table.play(1_000, arriving)
    taken = [peer.connection.position for peer in peers]
    assert sum(taken) >= 0.98 * 1_000 * ROUND_OCTETS and max(taken) <= 1.15 * min(taken)


async def test_idle_connections_hold_no_arena() -> None:
    table = Table(2 << 20)
    peers = [table.connect("hi3") for _ in range(1_000)]
    await table.play(8, lambda at_round: [peer.send(RECORD_OCTETS, at_round) for peer in peers if at_round < 2])
    assert all(peer.latencies for peer in peers)
    # The one that is being filled.
    assert table.writer.pool.in_use == 1 and table.receiver.spilled == 0 and table.receiver.turns.backlog == 0


async def test_a_connection_waiting_for_its_turn_is_not_blamed_for_it() -> None:
    table = Table(2 << 20)
    peers = [table.connect("hi3") for _ in range(12)]

    def arriving(at_round: int) -> None:
        for peer in peers:
            peer.supply = 1 << 20

    await table.play(20, arriving)
    resting = [peer.connection for peer in peers if not peer.transport.reading]
    assert resting
    for connection in resting:
        connection.check_time(table.receiver.loop.time() + 10_000)
    assert not table.reports


async def test_thousand_half_open_records_hold_bounded_memory() -> None:
    """Each begins a record of a megaoctet and never ends it; an honest large one gets through in between."""
    table = Table(2 << 20, received_octets=8 << 20)

    def feed(link: LinkState, peer: Source, view: memoryview, start: int, stop: int, position: int) -> Fed:
        return Fed(start, None, 0)

    table.receiver.pipeline.feed = feed  # type: ignore[method-assign]
    head = b"\x30\x84\x00\x0f\xff\x00\xa1\x84\x00\x0f\xf0\x00"
    peers = [table.connect("hi3") for _ in range(1_000)]
    for peer in peers:
        for octets in (len(head), 30_000, 60_000):
            if peer.transport.closed:
                break
            view = peer.connection.get_buffer(-1)
            view[: len(head)] = head
            peer.connection.buffer_updated(min(octets, len(view)))
        assert table.receiver.spilled <= 8 << 20
        assert table.writer.pool.in_use <= 1
    closed = [peer for peer in peers if peer.transport.closed]
    # The oldest go, whoever asks; those that came last are still there.
    assert set(table.reports) == {"TOO_MUCH_UNFINISHED"} and len(closed) == len(table.reports)
    assert peers[0].transport.closed and not peers[-1].transport.closed
    for peer in peers:
        peer.connection.connection_lost(None)
    assert table.receiver.spilled == 0 and not table.receiver.connections


async def test_two_hundred_connections_are_served_while_one_floods(lab: Any, records: Any, connect: Any) -> None:
    """Over sockets: the flood goes on until the last honest connection has its acknowledgement."""
    lab.court.issue("O-1", "LAB-0001")
    lab.court.issue("O-2", "LAB-0002")
    running = await lab.start(
        links=[{"name": "hi3", "max_connections": 300}, {"name": "loud"}], limits={"backlog_octets": 1 << 18}
    )
    flood = await connect(running.ports["loud"])
    begin = records.sip("LAB-0002", 1)
    template = cc_template(records.header("LAB-0002", 1, "cc", now_us(), 0), multimedia.ipmmcc(bytes(160)), "toTarget")
    flooded, done = 0, asyncio.Event()

    async def pour() -> int:
        nonlocal flooded
        await flood.send(begin)
        out = bytearray(256 * 400)
        while not done.is_set():
            end, stamp_us = 0, now_us()
            for _ in range(256):
                end = template.write(out, end, b"LAB-0002", 1, flooded, stamp_us, bytes(160), 1)
                flooded += 1
            await flood.send(bytes(out[:end]))
        await flood.barrier(records)
        return flooded

    async def call(number: int) -> None:
        client = await connect(running.ports["hi3"])
        await client.send(*records.call("LAB-0001", number, 3))
        await client.barrier(records)
        await client.close()

    pouring = asyncio.create_task(pour())
    async with asyncio.timeout(60):
        while True:
            if running.service._receiver.turns.given:
                break
            await asyncio.sleep(0.01)
        await asyncio.gather(*(call(number) for number in range(1, 201)))
        done.set()
        await pouring
    assert running.order("O-1")["accepted"] == 200 * 5
    assert running.order("O-2")["accepted"] + running.order("O-2")["flagged"] == flooded + 1
    status = running.status()
    assert status["balanced"] and status["pauses"] == 0 and status["turns"]["waiting"] == 0
    await flood.close()
    await running.end()
