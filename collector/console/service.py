"""The console process: the one place where its parts are made and put together.

It reads what the collector has committed (segments, index) and never asks the intake for a page; it writes to the desk
(ledger and database) and gives the collector signed commands. The control port says how it does.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from aiohttp import web

from collector.console.commanding import CommandSender
from collector.console.config import ConsoleConfig
from collector.console.context import Context
from collector.console.desk_door import DeskDoor
from collector.console.dispatch import guards, routes_of
from collector.console.failing import failing
from collector.console.fault_proxy import FaultProxy
from collector.console.headers import put_headers
from collector.console.memory import Memory
from collector.console.metering import Meter
from collector.console.model.audit import COLLECTOR
from collector.console.model.health import Health
from collector.console.model.live import Follower
from collector.console.overseeing import Oversight
from collector.console.pages import AREAS
from collector.console.passwords import Passwords
from collector.console.polling import poll
from collector.console.reading import follow, open_library
from collector.console.rendering import prepare_templates
from collector.console.request_keys import CONTEXT, DECLARED
from collector.console.route import Route
from collector.console.sign_in import SignIn
from collector.console.static_files import StaticFiles
from collector.console.stream import Streams
from collector.desk.database import DeskDatabase
from collector.registry import Registry
from collector.store.private_files import read_public_key
from mediation.runtime.clock import Clock
from mediation.runtime.logs import get_logger
from mediation.runtime.process import ReadyFn
from mediation.runtime.status import start_http, start_status

Area = Callable[[Context], list[Route]]
COURT_TIMEOUT_S = 20.0
"""The court answers when carrier and agency have, each within its own time."""
WORKERS = 4
"""Threads for what blocks: enough that one long sound does not keep the lists waiting."""


def wall_us() -> int:
    return time.time_ns() // 1000


async def run(config: ConsoleConfig, ready: ReadyFn, stop: asyncio.Event) -> None:
    """The process's own work, as `run_process` wants it."""
    with Console(config, config.clock.clock(), wall_us).open() as console:
        await console.run(ready, stop)


class Console:
    """`clock` is the run's, `wall` the machine's; `areas` make the routes; `packages` have templates of
    their own, which come before the console's."""

    def __init__(
        self,
        config: ConsoleConfig,
        clock: Clock,
        wall: Callable[[], int],
        areas: Sequence[Area] = AREAS,
        packages: Sequence[str] = (),
    ) -> None:
        self._areas = areas
        self._packages = packages
        self._config = config
        self._clock = clock
        self._wall_us = wall

    @contextlib.contextmanager
    def open(self) -> Iterator[Opened]:
        """Everything that it reads and writes. Raises NotReadyError, IntegrityError."""
        config, clock = self._config, self._clock
        registry = Registry(
            config.hi1_inbox,
            read_public_key(config.court_public_key),
            law=config.law,
            reads_only=True,
            more=config.more_inboxes,
        )
        with contextlib.ExitStack() as stack:
            desk = DeskDoor(config.desk.data_dir, config.desk.pin_directory, registry, clock)
            stack.callback(desk.close)
            url = config.desk.database or f"sqlite:///{config.desk.data_dir / 'desk.sqlite'}"
            database = DeskDatabase.open(url)
            stack.callback(database.close)
            policy = config.policy
            passwords = Passwords(policy.argon2_memory_kib, policy.argon2_passes)
            stack.callback(passwords.close)
            workers = ThreadPoolExecutor(WORKERS, thread_name_prefix="pages")
            stack.callback(workers.shutdown)
            memory = Memory(database, desk, clock, policy, self._wall_us)
            library = open_library(config)
            stack.callback(library.close)
            context = Context(
                config=config,
                clock=clock,
                wall_us=self._wall_us,
                desk=desk,
                database=database,
                memory=memory,
                sign_in=SignIn(memory, desk, passwords, policy),
                passwords=passwords,
                library=library,
                follower=Follower(library),
                health=Health(collectors=tuple(name or COLLECTOR for name in config.collectors)),
                oversight=Oversight(
                    lambda: desk.entries,
                    {name or COLLECTOR: one.data_dir / "audit" for name, one in config.collectors.items()},
                ),
                commands=CommandSender(
                    config.data_dir / "keys",
                    [one.control for one in config.collectors.values() if one.control is not None],
                    clock,
                ),
                court=CommandSender(
                    config.data_dir / "keys",
                    [] if config.court is None else [config.court],
                    clock,
                    "office of the court",
                    "court",
                    COURT_TIMEOUT_S,
                ),
                faults=FaultProxy(config.faults),
                streams=Streams(),
                static=StaticFiles(),
                workers=workers,
                custody=asyncio.Lock(),
            )
            yield Opened(context, self._areas, self._packages)


class Opened:
    def __init__(self, context: Context, areas: Sequence[Area], packages: Sequence[str] = ()) -> None:
        self.context = context
        self._packages = packages
        self.declared: tuple[Route, ...] = tuple(route for area in areas for route in area(context))
        """Every route there is: the pages, the API, the navigation and the tests go by these."""
        self.meter = Meter()
        self._log = get_logger("console")

    async def run(self, ready: ReadyFn, stop: asyncio.Event, more: Sequence[web.RouteDef] = ()) -> None:
        """Until `stop` is set; `more` is served on the control port. Raises NotReadyError when it cannot listen."""
        config = self.context.config
        await self._settle()
        async with contextlib.AsyncExitStack() as stack:
            port = await self.start(stack)
            status, control = await start_status(config.control, self.status, more)
            stack.push_async_callback(status.cleanup)
            ports = {"https": port, "control": control}
            self._log.info("listening", ports=ports, simulation=True)
            ready(ports)
            await stop.wait()

    async def start(self, stack: contextlib.AsyncExitStack) -> int:
        """Listen for browsers and follow the store, until the stack is closed; the port."""
        config = self.context.config
        names = frozenset({"localhost", "127.0.0.1", "::1", *config.names})
        largest = max(route.most_octets for route in self.declared)
        following = asyncio.create_task(follow(self.context.follower))
        stack.callback(following.cancel)
        polling = asyncio.create_task(poll(self.context.health, config.watched, self.context.wall_us))
        stack.callback(polling.cancel)
        runner, port = await start_http(
            config.listen,
            routes_of(self.declared),
            largest,
            (self.meter.middleware(), failing, guards(names, config.policy.requests_per_s)),
            self._prepare,
            client_certificates=False,
        )
        stack.push_async_callback(runner.cleanup)
        return port

    def status(self) -> dict[str, Any]:
        state = self.context.desk.state
        return {
            "simulation": True,
            "users": len(state.users),
            "live_sessions": sum(one.ended_us is None for one in state.sessions.values()),
            "streams": self.context.streams.open,
            "sign_ins_refused": self.context.sign_in.refused,
            "desk_entries": len(self.context.desk.entries),
        }

    def _prepare(self, app: web.Application) -> None:
        app[CONTEXT] = self.context
        app[DECLARED] = self.declared
        app.on_response_prepare.append(put_headers)
        prepare_templates(app, self._packages)

    async def _settle(self) -> None:
        """What a crash left between ledger and database is said on the ledger."""
        context = self.context
        lost = await context.desk.act(lambda desk, now_us: context.database.settle(desk, desk.lines, now_us))
        for one in lost:
            self._log.warning("not_written", table=one.table, revision=one.revision)
