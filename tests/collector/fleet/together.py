"""Shards in one process over `fakes.FakeShared`: real tables, lanes, assembly, connections; the test is the clock."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from asn1.ps_pdu import decode_ps_pdu
from collector.config import CollectorConfig
from collector.engine import Engine, Fleet, News
from collector.in_force import OrdersInForce
from collector.links import link_state
from collector.minimise import Minimised, SpotChecks
from collector.opening import open_keys, open_registry
from collector.receive import Connection
from collector.receiver import Receiver
from tests.collector.fleet.fakes import NAMING, FakeMarks, FakeShared, FakeStore, Wire


class Shard:
    """One collector whose store and database do nothing by themselves."""

    def __init__(self, name: str, values: dict[str, Any], shared: FakeShared, now_us: Any) -> None:
        config = CollectorConfig.model_validate(values | {"data_dir": str(Path(values["data_dir"]) / name)})
        self.name = name
        self.store = FakeStore()
        self.marks = FakeMarks(shared, name)
        registry = open_registry(config, lambda kind, fields: None)
        registry.reload()
        self.orders = OrdersInForce(registry, lambda order, event_us: None)
        self.orders.renew()
        self.failures: list[str] = []
        self.news: list[tuple[str, str]] = []
        news = News(self._room, lambda info, blob: None, self.failures.append)
        keys, fleet = open_keys(config), Fleet(self.marks, self.store, NAMING)
        self.engine = Engine(config, keys, self.store, self.orders, Minimised(SpotChecks(0, 0)), now_us, news, fleet)
        self.engine.pipeline.refresh(self.orders.current(), frozenset())
        self.receiver = Receiver(
            self.engine.pipeline, self.engine.assembly, self.engine.liids, max_connections=64, spill_octets=1 << 26,
            backlog_octets=1 << 22, now_us=now_us, session_us=now_us, report=self._report,
            on_defect=self.failures.append, claiming=self.engine.claiming,
        )  # fmt: skip
        self.link = link_state(config.links[0], config.law, False)
        self.limits = (30.0, 900.0, 64)

    def _room(self) -> None:
        self.receiver.resume()

    def _report(self, link: str, peer: str, code: str, text: str) -> None:
        self.news.append((code, text))

    def connect(self) -> Wire:
        wire = Wire()
        wire.connect(Connection(self.receiver, self.link, *self.limits))
        return wire

    def flush(self) -> None:
        self.engine.assembly.flush()

    async def write(self) -> bool:
        """The oldest batch on its way becomes durable, and the event loop's thread hears of it."""
        written = self.store.write()
        await turn()
        return written

    async def settle(self) -> None:
        """Everything judged is durable and marked, everything asked for is claimed."""
        for _ in range(10_000):
            self.flush()
            wrote, marked, claimed = await self.write(), self.marks.answer_mark(), self.marks.answer_claim()
            for wire in self.wires():
                wire.feed(b"")
            if not (wrote or marked or claimed) and self.engine.assembly.account.empty:
                return
        raise AssertionError("it never comes to rest")

    def wires(self) -> list[Wire]:
        found = []
        for one in list(self.receiver.connections.values()):
            assert isinstance(one, Connection) and isinstance(one.transport, Wire)
            if not one.transport.closed:
                found.append(one.transport)
        return found

    def close(self, wire: Wire) -> None:
        """The peer, or the network, has ended a connection."""
        wire.closed = wire.lost = True
        wire.protocol.connection_lost(None)


async def turn() -> None:
    """What was brought over from other threads is heard."""
    for _ in range(3):
        await asyncio.sleep(0)


@dataclass
class Peer:
    """A delivery function: sends records in their order, remembers those that nobody answered for, and sends these
    again when its connection is gone. A keep-alive follows every few records; its answer is for all before it."""

    records: Any
    every: int = 3
    wire: Wire | None = None
    waiting: list[tuple[Any, bytes]] = field(default_factory=list)
    acknowledged: list[Any] = field(default_factory=list)
    _asked: dict[int, int] = field(default_factory=dict)
    _sent: int = 0
    _number: int = 0
    _read: int = 0

    def connect(self, shard: Shard) -> None:
        self.wire, self._sent, self._asked, self._read = shard.connect(), 0, {}, 0

    def add(self, name: Any, octets: bytes) -> None:
        self.waiting.append((name, octets))

    def send(self, count: int, most: int | None = None) -> None:
        """The next `count` records, and a question for what was sent."""
        assert self.wire is not None
        parts = [octets for _, octets in self.waiting[self._sent : self._sent + count]]
        self._sent += len(parts)
        self._number += 1
        self._asked[self._number] = self._sent
        self.wire.feed(b"".join((*parts, self.records.keep_alive(self._number))), most)

    def hear(self) -> None:
        """Take in the answers that have come."""
        assert self.wire is not None
        octets, at, heard = bytes(self.wire.written), self._read, 0
        while at < len(octets):
            size = 2 + octets[at + 1]
            assert octets[at] == 0x30 and size < 0x82
            pdu = decode_ps_pdu(octets[at : at + size])
            heard = max(heard, self._asked.pop(pdu.header.sequence_number))
            at += size
        self._read = at
        if heard:
            self.acknowledged += [name for name, _ in self.waiting[:heard]]
            del self.waiting[:heard]
            self._sent -= heard
            self._asked = {number: count - heard for number, count in self._asked.items()}

    @property
    def gone(self) -> bool:
        return self.wire is None or self.wire.closed
