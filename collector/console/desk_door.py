"""The one way of the console's handlers to the desk's ledger and the court's orders.

Rules. Everything that reads or writes the ledger runs in one thread, so a page never waits on the event loop for a disk
and two acts of this process never meet. The ledger is locked for an act and let go behind it, since commands and the
desk's own process write too; what they wrote is read before anything is decided. Questions (`ask`) are answered from
the state in memory, which is looked at anew when the file has changed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final, TypeVar

from collector.desk.desk import Desk
from collector.desk.ledger import Reading, desk_key
from collector.registry import Registry
from mediation.law.access_facts import Circumstances
from mediation.law.actors import Action
from mediation.law.desk import NOTHING, Decision, decide
from mediation.law.desk_state import DeskState
from mediation.law.orders import CourtOrder
from mediation.runtime.clock import Clock

T = TypeVar("T")
Stamp = tuple[int, int, int]
LOCK_WAIT_S: Final = 2.0
"""How long an act waits for another process to end its own; a page then says so."""


class DeskDoor:
    """Raises NotReadyError where there is no desk, IntegrityError when its ledger was changed."""

    def __init__(self, directory: Path, pins: Path | None, registry: Registry, clock: Clock) -> None:
        desk_key(directory)
        self._directory = directory
        self._pins = pins
        self._registry = registry
        self._clock = clock
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="desk")
        self._desk: Desk | None = None
        self._seen: Stamp | None = None
        self._reading = Reading(directory, pins)
        self._state = DeskState()
        self._entries: list[dict[str, Any]] = []
        self._look()

    @property
    def state(self) -> DeskState:
        """As of the last look."""
        return self._state

    @property
    def orders(self) -> tuple[CourtOrder, ...]:
        """The newest version of each."""
        return self._registry.current()

    @property
    def registry(self) -> Registry:
        """The court's orders with their papers and all versions."""
        return self._registry

    @property
    def entries(self) -> list[dict[str, Any]]:
        """Of the ledger, oldest first, as of the last look; not to be changed."""
        return self._entries

    def close(self) -> None:
        self._thread.submit(self._close).result()
        self._thread.shutdown()

    async def look(self) -> None:
        """Read what others wrote, if they did."""
        await self._run(self._look)

    async def act(self, work: Callable[[Desk, int], T]) -> T:
        """Do something at the desk; `work` gets it open and the time. Raises what it raises, NotReadyError when
        another process holds the ledger too long."""
        return await self._run(lambda: self._act(work))

    def ask(self, user_id: str, action: Action, case_id: str = "", facts: Circumstances = NOTHING) -> Decision:
        """What the law says, from memory, without a record."""
        return decide(self._state, self.orders, user_id, action, case_id, self._clock.now_us(), facts)

    async def _run(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    def _act(self, work: Callable[[Desk, int], T]) -> T:
        self._registry.reload()
        if self._desk is None:
            self._desk = Desk.open(
                self._directory, lambda: self.orders, wait_s=LOCK_WAIT_S, pins=self._pins, reading=self._reading
            )
        else:
            self._desk.take_again(LOCK_WAIT_S)
        try:
            return work(self._desk, self._clock.now_us())
        finally:
            self._desk.let_go()
            self._state, self._entries, self._seen = self._desk.state, self._desk.lines, self._stamp()

    def _look(self) -> None:
        self._registry.reload()
        stamp = self._stamp()
        if stamp != self._seen:
            self._reading.look()
            self._state, self._entries, self._seen = self._reading.state, self._reading.lines, stamp

    def _stamp(self) -> Stamp:
        found = (self._directory / "audit" / "audit.jsonl").stat()
        return found.st_ino, found.st_size, found.st_ctime_ns

    def _close(self) -> None:
        if self._desk is not None:
            self._desk.close()
