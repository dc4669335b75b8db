"""The trainer's process: the run of the class, the trainer's console, the control port that commands ask.

The console is the collector's own, with pages of its own (`pages.py`) on a desk of its own: sign-in, sessions, headers,
and the record of everything that is done are the same code. What a command asks for comes as JSON on the control port.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
from collections.abc import Mapping
from functools import partial
from typing import Any, Final

from collector.console.desk_door import DeskDoor
from collector.console.pages import account, assets, entrance
from collector.console.service import Console
from lab import nursery
from lab.training import control, pages
from lab.training.config import TrainerConfig
from lab.training.director import Director
from lab.training.jobs import Jobs
from lab.training.room import Room
from mediation.runtime.logs import get_logger
from mediation.runtime.process import ReadyFn

TICK_S: Final = 0.2
RECORD_S: Final = 30.0
PACKAGE: Final = "lab.training"


class TrainerLedger:
    """What was done to the class, on the trainer's desk; called from the class's own thread."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self.door: DeskDoor | None = None

    def record(self, kind: str, fields: Mapping[str, Any]) -> None:
        """Raises NotReadyError when it cannot be kept: then it is not done."""
        assert self.door is not None, "the trainer's desk is open before the class begins"
        acting = self.door.act(lambda desk, now_us: desk.record(kind, dict(fields), now_us))
        asyncio.run_coroutine_threadsafe(acting, self._loop).result(RECORD_S)


async def run(config: TrainerConfig, ready: ReadyFn, stop: asyncio.Event) -> None:
    """The process's own work, as `run_process` wants it."""
    from lab.cli import build

    nursery.want(os.environ)
    ledger, jobs = TrainerLedger(asyncio.get_running_loop()), Jobs()
    director = Director(Room(config.class_dir), build, ledger.record)
    try:
        await jobs.run(director.launch)
        areas = (assets.routes, entrance.routes, account.routes, partial(pages.routes, director=director, jobs=jobs))
        console = Console(config.console, config.console.clock.clock(), _wall_us, areas, (PACKAGE,))
        with console.open() as opened:
            ledger.door = opened.context.desk
            await jobs.run(director.begin)
            ticking = asyncio.create_task(_tick(director, jobs))
            try:
                await opened.run(ready, stop, control.routes(director, jobs))
            finally:
                ticking.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await ticking
    finally:
        # Not in the class's thread: a card may be waiting there for what is now ended.
        await asyncio.to_thread(director.close)
        jobs.close()


async def _tick(director: Director, jobs: Jobs) -> None:
    """Cues are looked for until the end; one that cannot be answered is in the view and on record."""
    while True:
        await asyncio.sleep(TICK_S)
        try:
            await jobs.run(director.tick)
        except Exception as error:
            get_logger("trainer").error("tick", error=repr(error))


def _wall_us() -> int:
    return time.time_ns() // 1000
