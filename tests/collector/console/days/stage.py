"""One running collector for the walks of a whole day, and a console of its own for each walk.

The collector is real and goes on: a walk sends it a call and listens to it. Store, desk and stations are made once a
session; each walk gets a console over a copy of the desk, so that one walk's grants and clocks are no other's. All
clocks run on one line from `BASE_US`, a console's may be put forward. Everything a walk says about a call, it says
about one that only it knows (`Stage.next_cin`).
"""

from __future__ import annotations

import asyncio
import json
import shutil
import threading
import time
from collections.abc import Coroutine
from contextlib import AsyncExitStack, ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final, TypeVar

from collector.console.commanding import CommandSender
from collector.store.walk import SegmentFile, segment_paths
from lab.desk import AGENCY, OTHER_AGENCY
from mediation.runtime.clock import ManualClock
from mediation.runtime.config import Peer
from mediation.runtime.tls import make_lab_ca
from tests.collector.conftest import Client, Court, Lab, Running, now_us
from tests.collector.console.courthouse import open_courthouse
from tests.collector.console.days import told
from tests.collector.console.days.told import ELSEWHERE, ENDED, HOST, JOINT, PENS, TAMPERED, VOICE, Timed
from tests.collector.console.world import CASE, OTHER_CASE, STATIONS, World, make_desk, open_world

T = TypeVar("T")
BASE_US: Final = 1_772_460_000_000_000
"""2026-03-02T14:00:00Z, a Monday: in the middle of a tour, whenever the walks are taken."""
DAY_US: Final = 86_400_000_000
HOUR_US: Final = 3_600_000_000
JOINT_CASE, TAMPERED_CASE, ENDED_CASE = "C-5", "C-6", "C-8"
GRANTED: Final = (("rivera", CASE, "O-2"), ("rivera", CASE, "O-4"), ("rivera", TAMPERED_CASE, "O-6"))
"""Beside O-1 of C-1, which she has in every world."""
JOINT_HOURS: Final = 4
"""The order that another agency's officer is brought in by ends so long after the day begins."""


class RunningClock(ManualClock):
    """Runs on from `now_us` as real time does; `advance` puts it forward."""

    def __init__(self, now_us: int, anchor_us: int) -> None:
        super().__init__(now_us)
        self._anchor_us = anchor_us

    def now_us(self) -> int:
        return super().now_us() + time.time_ns() // 1000 - self._anchor_us


@dataclass
class Stage:
    """`root` has what a console is made from, as `tests.collector.console.world` has its template."""

    root: Path
    lab: Lab
    clock: RunningClock
    records: Timed
    loop: asyncio.AbstractEventLoop
    running: Running
    client: Client
    spoken: int = 0
    cins: int = 100

    # From any thread

    def do(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(30)

    async def feed(self, *sent: bytes) -> None:
        """Until it is durable and in the lists. From the browser's loop as well."""
        await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(self._feed(sent), self.loop))

    def next_cin(self) -> int:
        self.cins += 1
        return self.cins

    def speech(self, cin: int, packets: int = 25, liid: str = VOICE) -> list[bytes]:
        """The next half second of a call, from the target: loud enough to be heard."""
        made = []
        for _ in range(packets):
            self.spoken += 1
            made.append(self.records.rtp(liid, cin, told.rtp(self.spoken), direction="fromTarget"))
        return made

    def entries(self, kind: str) -> list[dict[str, Any]]:
        """Of the collector's own audit log."""
        lines = (self.lab.data / "audit" / "audit.jsonl").read_text().splitlines()
        return [one["fields"] for one in map(json.loads, lines) if one["kind"] == kind]

    # In its loop

    async def _feed(self, sent: tuple[bytes, ...]) -> None:
        await self.client.send(*sent)
        await self.client.barrier(self.records)
        async with asyncio.timeout(20):
            while self.running.status()["index_lag_records"]:  # noqa: ASYNC110  the index's thread says when
                await asyncio.sleep(0.01)

    async def open(self, root: Path, stack: AsyncExitStack, **changes: Any) -> World:
        """A console over this stage, with a clock of its own."""
        shutil.copytree(self.root / "console", root / "console", dirs_exist_ok=True)
        control = Peer(port=self.running.ports["control"])
        clock = RunningClock(self.clock.now_us(), now_us())
        given = {
            "clock": clock,
            "collector": {"data_dir": self.lab.data, "control": control},
            "watched": {"collector": control},
        }
        return await open_world(root, self.root, clock.now_us(), stack, **(given | changes))

    async def open_with_court(self, root: Path, stack: AsyncExitStack, **changes: Any) -> World:
        """Beside an office of the court, which knows the three orders that every world has."""
        shutil.copytree(self.root / "console", root / "console")
        opening = partial(self.open, root, stack, **changes)
        world, _ = await open_courthouse(root, self.clock.now_us(), opening, stack)
        return world


def issue_orders(court: Court) -> None:
    """Of C-1 a warrant, a pen register and one on a host; of others a plain one, a joint, a damaged, an ended one."""
    whole = {"start": BASE_US - DAY_US, "end": BASE_US + 19 * DAY_US, "agency": AGENCY}
    services = ["VOICE", "SMS", "MMS", "DATA"]
    court.issue("O-1", VOICE, case_id=CASE, **whole | {"services": services})
    court.issue("O-2", PENS, kind="PRTT", services=[], case_id=CASE, **whole)
    hosts = ["host:sim.example.invalid", "ipv4Address:203.0.113.80"]
    court.issue("O-4", HOST, kind="PRTT", services=[], case_id=CASE, targets=hosts, **whole)
    court.issue("O-3", ELSEWHERE, case_id=OTHER_CASE, **whole)
    soon = whole | {"end": BASE_US + JOINT_HOURS * HOUR_US, "joint_with": [OTHER_AGENCY]}
    court.issue("O-5", JOINT, case_id=JOINT_CASE, **soon)
    court.issue("O-6", TAMPERED, case_id=TAMPERED_CASE, **whole)
    past = whole | {"start": BASE_US - 20 * DAY_US, "end": BASE_US - DAY_US}
    court.issue("O-8", ENDED, case_id=ENDED_CASE, **past)


async def _begin(root: Path, loop: asyncio.AbstractEventLoop) -> Stage:
    real_us = now_us()
    lab = Lab(root, Court(root))
    issue_orders(lab.court)
    clock = RunningClock(BASE_US, real_us)
    make_lab_ca(root / "ca", ("console", *STATIONS), real_us)
    CommandSender(root / "console" / "keys", [], clock)
    running = await lab.start(
        clock={"anchor_us": real_us, "base_us": BASE_US, "factor": 1.0},
        command_public_key=str(root / "console" / "keys" / "signing.pub"),
        law={"spot_check_every_us": 1_000},
    )
    records = Timed(clock=clock)
    client = await Client.connect(running.ports["hi2"])
    stage = Stage(root, lab, clock, records, loop, running, client)
    await stage._feed(tuple(told.everything(records)))
    await stage._feed(tuple(told.tampered(records)))
    _damage_newest(lab.data / "store")
    make_desk(root, clock.now_us(), *GRANTED)
    return stage


def _damage_newest(directory: Path) -> None:
    """One bit in the midst of what was stored last, in speech, as somebody with the disk in hand would."""
    path = segment_paths(directory)[-1]
    with SegmentFile(path) as file:
        data = list(file.units(file.header()))[-1].data[0]
        at = data.area_at + data.area_octets // 2
    with path.open("r+b") as opened:
        opened.seek(at)
        (octet,) = opened.read(1)
        opened.seek(at)
        opened.write(bytes((octet ^ 1,)))


def running_stage(root: Path, stack: ExitStack) -> Stage:
    """A stage in a thread of its own, until the stack is closed."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="stage", daemon=True)
    thread.start()

    def stop() -> None:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()

    stack.callback(stop)
    stage = asyncio.run_coroutine_threadsafe(_begin(root, loop), loop).result(60)
    stack.callback(lambda: stage.do(stage.running.end()))
    stack.callback(lambda: stage.do(stage.client.close()))
    return stage
