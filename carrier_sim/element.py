"""The network element behind X1: its tasks, its destinations, and the way from an event to a socket.

The X1 operations raise `TaskingError` with the error code of TS 103 221-1 (table 6.7-3 as third parties use it); the
X1 server turns that into an ErrorResponse. Everything here runs on one event loop and never blocks.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from asn1.errors import RefusedError
from asn1.x1_codes import (
    ACTIVATE_FAILED,
    CREATE_FAILED,
    DELIVERY_MISMATCH,
    DID_EXISTS,
    DID_IN_USE,
    MODIFY_DESTINATION_FAILED,
    NO_DID,
    NO_XID,
    TARGET_UNSUPPORTED,
    XID_EXISTS,
)
from carrier_sim.delivery import Delivery, DeliveryOptions
from carrier_sim.events import InterceptEvent
from carrier_sim.poi import Delivers, Poi, Task, TaskCount, normalise

MAX_TASKS: Final = 100_000
MAX_DESTINATIONS: Final = 256
_DRAIN_TIMEOUT_S: Final = 2.0


class TaskingError(RefusedError):
    """An X1 request that cannot be done; `code` is the X1 error code."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(slots=True)
class _Destination:
    delivers: Delivers
    delivery: Delivery
    runner: asyncio.Task[None]


class Element:
    """Tasks and destinations of one network element; `feed` sends what its points of interception see."""

    def __init__(self, options: DeliveryOptions) -> None:
        self._options = options
        self._poi = Poi(options.version)
        self._destinations: dict[str, _Destination] = {}
        self._dropped_before = 0

    @property
    def tasks(self) -> dict[str, Task]:
        return self._poi.tasks

    @property
    def dids(self) -> tuple[str, ...]:
        return tuple(self._destinations)

    def create_destination(self, did: str, host: str, port: int, delivers: Delivers) -> None:
        if did in self._destinations:
            raise TaskingError(DID_EXISTS, f"DID {did} already exists")
        if len(self._destinations) >= MAX_DESTINATIONS:
            raise TaskingError(CREATE_FAILED, f"this element holds {MAX_DESTINATIONS} destinations at most")
        delivery = Delivery(did, host, port, self._options)
        runner = asyncio.get_running_loop().create_task(delivery.run(), name=f"delivery {did}")
        self._destinations[did] = _Destination(delivers, delivery, runner)
        self._poi.set_destination(did, delivers)

    def modify_destination(self, did: str, host: str, port: int, delivers: Delivers) -> None:
        """What waits for the destination goes to its new place."""
        self.known_destination(did)
        destination = self._destinations[did]
        before, destination.delivers = destination.delivers, delivers
        try:
            for task in self._poi.tasks.values():
                if did in task.dids:
                    self._check_delivery(task)
        except TaskingError as error:
            destination.delivers = before
            raise TaskingError(MODIFY_DESTINATION_FAILED, f"a task needs it as it is: {error}") from error
        self._poi.set_destination(did, delivers)
        destination.delivery.move(host, port)

    def known_destination(self, did: str) -> None:
        if did not in self._destinations:
            raise TaskingError(NO_DID, f"DID {did} does not exist")

    def delivers(self, did: str) -> bool:
        """Whether the destination is there and connected."""
        return did in self._destinations and self._destinations[did].delivery.connected

    def counts(self, xid: str) -> TaskCount:
        return self._poi.counts.get(xid, TaskCount())

    def remove_destination(self, did: str) -> None:
        self.known_destination(did)
        if self._poi.destination_in_use(did):
            raise TaskingError(DID_IN_USE, f"DID {did} is used by a task")
        destination = self._destinations.pop(did)
        self._dropped_before += destination.delivery.dropped
        destination.runner.cancel()
        self._poi.remove_destination(did)

    def activate(self, task: Task) -> None:
        if task.xid in self._poi.tasks:
            raise TaskingError(XID_EXISTS, f"XID {task.xid} already exists")
        if len(self._poi.tasks) >= MAX_TASKS:
            raise TaskingError(ACTIVATE_FAILED, f"this element holds {MAX_TASKS} tasks at most")
        self._check(task)
        self._poi.set_task(task)

    def modify(self, task: Task) -> None:
        self._known(task.xid)
        self._check(task)
        self._poi.set_task(task)

    def deactivate(self, xid: str) -> None:
        self._known(xid)
        self._poi.remove_task(xid)

    def task(self, xid: str) -> Task:
        self._known(xid)
        return self._poi.tasks[xid]

    def _known(self, xid: str) -> None:
        if xid not in self._poi.tasks:
            raise TaskingError(NO_XID, f"XID {xid} does not exist")

    def _check(self, task: Task) -> None:
        for did in task.dids:
            self.known_destination(did)
        self._check_delivery(task)
        unknown = sorted({target.kind for target in task.targets if normalise(*target) is None})
        if unknown or not task.targets:
            raise TaskingError(TARGET_UNSUPPORTED, f"target identifier not supported: {', '.join(unknown) or 'none'}")

    def _check_delivery(self, task: Task) -> None:
        covered = {self._destinations[did].delivers for did in task.dids}
        both = covered >= {Delivers.X2, Delivers.X3} or Delivers.BOTH in covered
        if not (both or task.delivers in covered):
            raise TaskingError(DELIVERY_MISMATCH, f"no destination of the task takes {task.delivers.value}")

    def set_clock_offsets(self, offsets: Mapping[str, int]) -> None:
        """A training fault: by how much the stamps of a point are wrong, microseconds."""
        self._poi.clock_offset_us = offsets

    def feed(self, events: Iterable[InterceptEvent]) -> None:
        """Hand events to the points of interception and their PDUs to the destinations."""
        handle, destinations = self._poi.handle, self._destinations
        for event in events:
            for emission in handle(event):
                destinations[emission.did].delivery.offer(emission.octets)

    def status(self) -> dict[str, Any]:
        deliveries = {did: one.delivery.status() for did, one in self._destinations.items()}
        return {
            "tasks": {xid: {"x2": count.x2, "x3": count.x3} for xid, count in self._poi.counts.items()},
            "active_tasks": len(self._poi.tasks),
            "dropped": self._dropped_before + sum(one.delivery.dropped for one in self._destinations.values()),
            "destinations": deliveries,
            "destinations_connected": sum(1 for one in deliveries.values() if one["connected"]),
            "destinations_blocked": sum(1 for one in deliveries.values() if one["blocked"]),
        }

    async def close(self) -> None:
        """Write what is queued where there is a connection, then stop."""
        waiting = [
            one.delivery.drained(_DRAIN_TIMEOUT_S) for one in self._destinations.values() if one.delivery.connected
        ]
        await asyncio.gather(*waiting)
        for destination in self._destinations.values():
            destination.runner.cancel()
        for destination in self._destinations.values():
            with contextlib.suppress(asyncio.CancelledError):
                await destination.runner
        self._destinations.clear()
