"""The desk process: what time does at the desk, done by itself once a poll period.

Grants end with their orders (R-037, R-074), live sessions that may not go on are cut, and a tour in which a facility
was not inspected is an alarm (R-084), each tour once, however far the clock went in one step. Rules. The ledger is
locked only while something is written, so that commands can write in between. What goes wrong here (a ledger that was
changed, is full, or older than its pin) ends the process with a sentence.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterable
from typing import Any, Final

from collector.desk.config import DeskConfig
from collector.desk.desk import Desk
from collector.desk.ledger import Reading, desk_key
from collector.registry import Registry
from collector.store.private_files import read_public_key
from mediation.law.desk import due_cuts, due_ends, uninspected
from mediation.law.desk_state import DeskState
from mediation.runtime.clock import Clock
from mediation.runtime.logs import get_logger
from mediation.runtime.process import ReadyFn
from mediation.runtime.status import start_status

TOUR_ALARM: Final = "R-084"


async def run(config: DeskConfig, ready: ReadyFn, stop: asyncio.Event) -> None:
    """The process's own work, as `run_process` wants it."""
    await DeskKeeper(config, config.clock.clock()).run(ready, stop)


class DeskKeeper:
    """Raises NotReadyError when there is no desk, IntegrityError when its ledger was changed."""

    def __init__(self, config: DeskConfig, clock: Clock) -> None:
        self._config = config
        self._clock = clock
        self._log = get_logger("desk")
        desk_key(config.data_dir)
        self._registry = Registry(
            config.hi1_inbox,
            read_public_key(config.court_public_key),
            law=config.law,
            reads_only=True,
            more=config.more_inboxes,
        )
        self._reading = Reading(config.data_dir, config.pin_directory)
        self._seen: tuple[int, int, int] | None = None
        self._state = DeskState()
        self._toured_us: int | None = None
        self._counts = {"polls": 0, "grants_ended": 0, "sessions_cut": 0, "alarms": 0}
        self._polled_us: int | None = None
        self._read()

    async def run(self, ready: ReadyFn, stop: asyncio.Event) -> None:
        """Until `stop` is set. Raises LabError when what time did cannot be put on record."""
        runner, port = await start_status(self._config.control, self.status)
        try:
            self._log.info("listening", ports={"control": port}, simulation=True)
            ready({"control": port})
            while not stop.is_set():
                await asyncio.to_thread(self.poll)
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(stop.wait(), self._config.poll_s)
        finally:
            await runner.cleanup()

    def status(self) -> dict[str, Any]:
        state = self._state
        return {
            "simulation": True,
            **self._counts,
            "polled_us": self._polled_us,
            "grants": sum(1 for row in state.grants.values() if row.grant.ended_us is None),
            "sessions": sum(1 for one in state.sessions.values() if one.ended_us is None),
            "users": len(state.users),
        }

    def poll(self) -> None:
        """Look at the orders, the ledger and the clock; put on record what is due."""
        self._registry.reload()
        self._read()
        now_us = self._clock.now_us()
        orders, tours = self._registry.current(), self._tours(now_us)
        missed = [start_us for start_us in tours if uninspected(self._state, start_us)]
        if missed or due_ends(self._state, orders, now_us) or due_cuts(self._state, orders, now_us):
            self._record(missed, now_us)
        if tours:
            self._toured_us = tours[-1] + self._state.tour_us
        self._counts["polls"] += 1
        self._polled_us = now_us

    def _record(self, missed: Iterable[int], now_us: int) -> None:
        config = self._config
        # A command may have written meanwhile: what is due is found again under the lock.
        with Desk.open(
            config.data_dir, self._registry.current, pins=config.pin_directory, reading=self._reading
        ) as desk:
            live = {name for name, one in desk.state.sessions.items() if one.ended_us is None}
            for end in desk.tick(now_us):
                self._counts["grants_ended"] += 1
                self._log.info("grant_ended", grant=end.grant_id, reason=end.reason.name, rule=end.rule)
            for name in sorted(one for one in live if desk.state.sessions[one].ended_us is not None):
                self._counts["sessions_cut"] += 1
                self._log.info("session_cut", session=name)
            for start_us in missed:
                facilities = desk.end_tour(start_us, now_us)
                self._counts["alarms"] += bool(facilities)
                self._log.warning("alarm", rule=TOUR_ALARM, facilities=list(facilities), tour_start_us=start_us)
            self._state = desk.state

    def _read(self) -> None:
        """The ledger again, if anybody wrote to it."""
        found = (self._config.data_dir / "audit" / "audit.jsonl").stat()
        seen = (found.st_ino, found.st_size, found.st_ctime_ns)
        if seen != self._seen:
            self._reading.look()
            self._state, self._seen = self._reading.state, seen
            if self._toured_us is None:
                self._toured_us = first_tour_us(self._reading.lines, self._state)

    def _tours(self, now_us: int) -> list[int]:
        """When the tours began that ended since the last look."""
        if self._toured_us is None:
            return []
        return list(range(self._toured_us, self._state.tour_start_us(now_us), self._state.tour_us))


def first_tour_us(entries: Iterable[dict[str, Any]], state: DeskState) -> int | None:
    """The start of the first tour that is still to be judged: the one behind the last alarm, or else the first that
    began when there were facilities; None while there are none."""
    since_us: int | None = None
    for entry in entries:
        fields = entry["fields"]
        if entry["kind"] == "configuration_change" and fields.get("facilities") and since_us is None:
            since_us = entry["utc_us"]
        elif entry["kind"] == "alarm" and fields.get("rule") == TOUR_ALARM:
            since_us = fields["tour_start_us"] + 1
    if since_us is None:
        return None
    start_us = state.tour_start_us(since_us)
    return start_us if start_us == since_us else start_us + state.tour_us
