"""What the handlers of the console share, made once in the composition root (`service.py`). A value, no behaviour."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass

from collector.console.commanding import CommandSender
from collector.console.config import ConsoleConfig
from collector.console.desk_door import DeskDoor
from collector.console.fault_proxy import FaultProxy
from collector.console.memory import Memory
from collector.console.model.health import Health
from collector.console.model.library import CaseLibrary
from collector.console.model.live import Follower
from collector.console.overseeing import Oversight
from collector.console.passwords import Passwords
from collector.console.sign_in import SignIn
from collector.console.static_files import StaticFiles
from collector.console.stream import Streams
from collector.desk.database import DeskDatabase
from mediation.runtime.clock import Clock


@dataclass(frozen=True, slots=True)
class Context:
    """`clock` is the run's, for the law; `wall_us` the machine's, for what a person waits for (sessions, lock-outs,
    one-time codes). `workers` run what blocks, `Page.work` puts it there.
    `custody` is held by who seals, hands off or closes: one at a time."""

    config: ConsoleConfig
    clock: Clock
    wall_us: Callable[[], int]
    desk: DeskDoor
    database: DeskDatabase
    memory: Memory
    sign_in: SignIn
    passwords: Passwords
    library: CaseLibrary
    follower: Follower
    health: Health
    oversight: Oversight
    commands: CommandSender
    court: CommandSender
    faults: FaultProxy
    streams: Streams
    static: StaticFiles
    workers: Executor
    custody: asyncio.Lock
