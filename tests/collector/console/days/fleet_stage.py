"""Two collectors of one fleet for a walk: real ones, sharing a database, each with links of its own.

As `stage.Stage`, but that the other end is chosen: `feed` sends to the first collector, `feed_second` to the second, as
a delivery function does whose link has failed. Both take one another's streams by the fleet's own rules.
"""

from __future__ import annotations

import asyncio
import threading
from contextlib import AsyncExitStack, ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from collector.console.commanding import CommandSender
from mediation.runtime.config import Peer
from mediation.runtime.tls import make_lab_ca
from tests.collector.conftest import Client, Court, Lab, Running, now_us
from tests.collector.console.days import told
from tests.collector.console.days.stage import BASE_US, GRANTED, RunningClock, Stage, issue_orders
from tests.collector.console.days.told import Timed
from tests.collector.console.world import STATIONS, World, make_desk

NAMES: Final = ("collector-1", "collector-2")


@dataclass
class FleetStage(Stage):
    database: str = ""
    second: Running | None = None
    second_client: Client | None = None

    async def feed_second(self, *sent: bytes) -> None:
        """To the second collector, until it is durable, marked, and in its lists."""
        await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(self._feed_second(sent), self.loop))

    async def _feed_second(self, sent: tuple[bytes, ...]) -> None:
        assert self.second is not None and self.second_client is not None
        await self.second_client.send(*sent)
        await self.second_client.barrier(self.records)
        async with asyncio.timeout(20):
            while self.second.status()["index_lag_records"]:  # noqa: ASYNC110  the index's thread says when
                await asyncio.sleep(0.01)

    def audit_of(self, name: str) -> Path:
        return self.root / name / "audit" / "audit.jsonl"

    async def open(self, root: Path, stack: AsyncExitStack, **changes: Any) -> World:
        assert self.second is not None
        ports = (self.running.ports["control"], self.second.ports["control"])
        peers = dict(zip(NAMES, (Peer(port=port) for port in ports), strict=True))
        shards = {name: {"data_dir": self.root / name, "control": peer} for name, peer in peers.items()}
        fleet = {"database_url": self.database, "shards": shards}
        return await super().open(root, stack, collector=None, fleet=fleet, watched=peers, **changes)


async def _begin(root: Path, loop: asyncio.AbstractEventLoop, database: str) -> FleetStage:
    real_us = now_us()
    lab = Lab(root, Court(root))
    issue_orders(lab.court)
    clock = RunningClock(BASE_US, real_us)
    make_lab_ca(root / "ca", ("console", *STATIONS), real_us)
    CommandSender(root / "console" / "keys", [], clock)
    started = []
    for name in NAMES:
        (root / name / "hi1-inbox").mkdir(parents=True)
        for document in lab.court.inbox.iterdir():
            (root / name / "hi1-inbox" / document.name).write_bytes(document.read_bytes())
        started.append(
            await lab.start(
                data_dir=str(root / name),
                hi1_inbox=str(root / name / "hi1-inbox"),
                fleet={"database_url": database, "shard": name},
                clock={"anchor_us": real_us, "base_us": BASE_US, "factor": 1.0},
                command_public_key=str(root / "console" / "keys" / "signing.pub"),
                law={"spot_check_every_us": 1_000},
            )
        )
    records = Timed(clock=clock)
    clients = [await Client.connect(one.ports["hi2"]) for one in started]
    stage = FleetStage(
        root, lab, clock, records, loop, started[0], clients[0], database=database, second=started[1],
        second_client=clients[1],
    )  # fmt: skip
    everything = told.everything(records)
    half = len(everything) // 2
    await stage._feed(tuple(everything[:half]))
    await stage._feed_second(tuple(everything[half:]))
    make_desk(root, clock.now_us(), *GRANTED)
    return stage


def running_fleet(root: Path, database: str, stack: ExitStack) -> FleetStage:
    """In a thread of its own, until the stack is closed."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="fleet", daemon=True)
    thread.start()

    def stop() -> None:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()

    stack.callback(stop)
    stage = asyncio.run_coroutine_threadsafe(_begin(root, loop, database), loop).result(90)
    for running, client in ((stage.second, stage.second_client), (stage.running, stage.client)):
        assert running is not None and client is not None
        stack.callback(lambda one=running: stage.do(one.end()))
        stack.callback(lambda one=client: stage.do(one.close()))
    return stage
