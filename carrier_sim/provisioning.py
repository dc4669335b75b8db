"""What X1 asks of the element, operation by operation: the values of X1 on one side, the element's own on the other.

Each operation does the whole of what was asked or raises `TaskingError` with the code of X1, having done nothing. What
this network cannot honour (services, traffic policies, destination sets, elements of a later schema) is refused: a task
that is narrower than it was understood would deliver too much. What is kept for the ADMF's own use (mediation details,
a correlation id, extensions) is given back as it came.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from asn1.x1_codes import (
    ACTIVATE_FAILED,
    ADDRESS_UNSUPPORTED,
    DEACTIVATE_ALL_OFF,
    DIDS_IN_USE,
    ISSUE_NON_TERMINATING,
    MODIFY_FAILED,
    NO_OBJECT,
    OBJECT_EXISTS,
    OBJECT_FAILED,
    REMOVE_ALL_OFF,
    SERVICE_UNSUPPORTED,
    TARGET_UNSUPPORTED,
)
from asn1.x1_values import (
    DestinationDetails,
    DestinationResponse,
    DestinationSetId,
    DestinationStatus,
    GenericObject,
    NeStatus,
    ObjectResponse,
    TaskDetails,
    TaskResponse,
    TaskStatus,
    X1Error,
)
from carrier_sim.element import Element, TaskingError
from carrier_sim.poi import Delivers, Task
from carrier_sim.subscribers import Identity

MAX_OBJECTS: Final = 1024


@dataclass(frozen=True, slots=True)
class _Held:
    """A task as it was said, and how often it was changed since."""

    details: TaskDetails
    changed_us: int | None = None
    changes: int = 0


class Provisioning:
    """`now_us` gives the run's time. `deactivate_all` and `remove_all` say whether the sweeping operations are on: by
    default the first is and the second is not (clauses 6.2.4 and 6.3.4, third-party reading)."""

    def __init__(
        self,
        element: Element,
        now_us: Callable[[], int],
        deactivate_all: bool = True,
        remove_all: bool = False,
    ) -> None:
        self._element = element
        self._now_us = now_us
        self._deactivate_all = deactivate_all
        self._remove_all = remove_all
        self._tasks: dict[str, _Held] = {}
        self._destinations: dict[str, DestinationDetails] = {}
        self._objects: dict[UUID, GenericObject] = {}

    # ---- tasks

    def activate(self, details: TaskDetails) -> None:
        self._element.activate(self._task(details, ACTIVATE_FAILED))
        self._tasks[str(details.xid)] = _Held(details)

    def modify(self, details: TaskDetails) -> None:
        self._element.modify(self._task(details, MODIFY_FAILED))
        before = self._tasks.get(str(details.xid))
        changes = 1 if before is None else before.changes + 1
        self._tasks[str(details.xid)] = _Held(details, self._now_us(), changes)

    def deactivate(self, xid: UUID) -> None:
        self._element.deactivate(str(xid))
        self._tasks.pop(str(xid), None)

    def deactivate_all(self) -> None:
        if not self._deactivate_all:
            raise TaskingError(DEACTIVATE_ALL_OFF, "this element does not deactivate all tasks at once")
        self.clear()

    def clear(self) -> int:
        """Every task goes, whatever is allowed to others; how many went."""
        gone = tuple(self._element.tasks)
        for xid in gone:
            self.deactivate(UUID(xid))
        return len(gone)

    def xids(self) -> tuple[UUID, ...]:
        return tuple(UUID(xid) for xid in self._element.tasks)

    def task(self, xid: UUID) -> TaskResponse:
        task = self._element.task(str(xid))
        held = self._tasks.get(task.xid) or _Held(_details(task))
        count = self._element.counts(task.xid)
        status = TaskStatus(
            "complete",
            tuple(fault for did in task.dids for fault in self._faults(did)),
            count.last_us,
            count.x2,
            count.x3,
            held.changed_us,
            held.changes,
        )
        return TaskResponse(held.details, status)

    def tasks(self) -> tuple[TaskResponse, ...]:
        return tuple(self.task(xid) for xid in self.xids())

    def _task(self, details: TaskDetails, failed: int) -> Task:
        if details.unknown:
            raise TaskingError(failed, f"{details.unknown[0].name} is not known here, and may narrow the task")
        if details.traffic_policies:
            raise TaskingError(failed, "this element has no traffic policies")
        if details.service_types is not None:
            raise TaskingError(SERVICE_UNSUPPORTED, "this element does not tell services apart: task without them")
        unknown = [did for did in details.dids if isinstance(did, DestinationSetId)]
        if unknown:
            raise TaskingError(NO_OBJECT, f"there is no destination set {unknown[0]}")
        targets = []
        for name, value in details.targets:
            if not isinstance(value, str):
                raise TaskingError(TARGET_UNSUPPORTED, f"target identifier not supported: {name.rpartition('}')[2]}")
            targets.append(Identity(name, value))
        product_id = None if details.product_id is None else str(details.product_id)
        dids = tuple(str(did) for did in details.dids)
        return Task(str(details.xid), tuple(targets), Delivers(details.delivery_type), dids, product_id)

    # ---- destinations

    def create_destination(self, details: DestinationDetails) -> None:
        host, port = self._place(details)
        self._element.create_destination(str(details.did), host, port, Delivers(details.delivery_type))
        self._destinations[str(details.did)] = details

    def modify_destination(self, details: DestinationDetails) -> None:
        host, port = self._place(details)
        self._element.modify_destination(str(details.did), host, port, Delivers(details.delivery_type))
        self._destinations[str(details.did)] = details

    def remove_destination(self, did: UUID) -> None:
        self._element.remove_destination(str(did))
        self._destinations.pop(str(did), None)

    def remove_all_destinations(self) -> None:
        if not self._remove_all:
            raise TaskingError(REMOVE_ALL_OFF, "this element does not remove all destinations at once")
        if any(task.dids for task in self._element.tasks.values()):
            raise TaskingError(DIDS_IN_USE, "destinations are used by tasks: deactivate those first")
        for did in self._element.dids:
            self.remove_destination(UUID(did))

    def dids(self) -> tuple[UUID, ...]:
        return tuple(UUID(did) for did in self._element.dids)

    def destination(self, did: UUID) -> DestinationResponse:
        self._element.known_destination(str(did))
        faults = self._faults(str(did))
        status = DestinationStatus("deliveryFault" if faults else "activeAndWorking", faults)
        return DestinationResponse(self._destinations[str(did)], status)

    def destinations(self) -> tuple[DestinationResponse, ...]:
        return tuple(self.destination(UUID(did)) for did in self._element.dids if did in self._destinations)

    @staticmethod
    def _place(details: DestinationDetails) -> tuple[str, int]:
        if details.endpoint is None:
            raise TaskingError(ADDRESS_UNSUPPORTED, "the delivery address must be an IP address and a TCP port")
        return details.endpoint

    def _faults(self, did: str) -> tuple[X1Error, ...]:
        if self._element.delivers(did):
            return ()
        return (X1Error(ISSUE_NON_TERMINATING, f"there is no connection to destination {did}"),)

    def status(self) -> NeStatus:
        """Of the element as a whole: it has faults where a destination that tasks use is out of reach."""
        used = {did for task in self._element.tasks.values() for did in task.dids}
        faults = tuple(fault for did in sorted(used) for fault in self._faults(did))
        return NeStatus("Faults" if faults else "OK", faults)

    # ---- generic objects: kept, and given back

    def create_object(self, created: GenericObject) -> None:
        if created.object_id in self._objects:
            raise TaskingError(OBJECT_EXISTS, f"object {created.object_id} already exists")
        if len(self._objects) >= MAX_OBJECTS:
            raise TaskingError(OBJECT_FAILED, f"this element holds {MAX_OBJECTS} objects at most")
        self._objects[created.object_id] = created

    def modify_object(self, changed: GenericObject) -> None:
        if self.object(changed.object_id).object.type_name != changed.type_name:
            raise TaskingError(OBJECT_FAILED, "an object keeps its type")
        self._objects[changed.object_id] = changed

    def delete_object(self, object_id: UUID) -> None:
        self.object(object_id)
        del self._objects[object_id]

    def delete_all_objects(self) -> None:
        self._objects.clear()

    def object(self, object_id: UUID) -> ObjectResponse:
        if object_id not in self._objects:
            raise TaskingError(NO_OBJECT, f"object {object_id} does not exist")
        return ObjectResponse(self._objects[object_id])

    def objects(self, object_type: str | None = None) -> tuple[ObjectResponse, ...]:
        """All, or those of one type, written as `Q{namespace}name`."""
        found = self._objects.values()
        return tuple(ObjectResponse(one) for one in found if object_type in (None, f"Q{one.type_name}"))


def _details(task: Task) -> TaskDetails:
    product_id = None if task.product_id is None else UUID(task.product_id)
    dids = tuple(UUID(did) for did in task.dids)
    targets = tuple((one.kind, one.value) for one in task.targets)
    return TaskDetails(UUID(task.xid), targets, task.delivers.value, dids, product_id=product_id)
