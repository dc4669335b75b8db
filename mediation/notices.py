"""What becomes of tasks, for whoever ordered them: Notification objects of HI1, on file before anybody is told.

A notice is made when a task is activated at the element, goes on under another version of its order, or is taken away,
and says the task's status then (TaskStatus of TS 103 120). Notifications are made by the receiver alone (clause 7.4,
third-party reading); here the issuer fetches them with LIST and GET. The same again is not said again, also after a
restart. Of a task that no order stands behind nothing is said here: it was nobody's order.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Final, NamedTuple

from mediation.activation import ActivationState
from mediation.admf import Admf
from mediation.filing import Filing
from mediation.interception import xid_of
from mediation.law.hi1_standing import Notice, TaskFacts, task_status

MAX_NOTICES: Final = 10_000
"""Notices that can be fetched; the file keeps all."""


class _Last(NamedTuple):
    status: str
    version: int
    provisioned_us: int | None
    deprovisioned_us: int | None


class Notices:
    def __init__(self, admf: Admf, filing: Filing, now_us: Callable[[], int]) -> None:
        self._admf = admf
        self._filing = filing
        self._now_us = now_us
        self._count = 0
        self._last: dict[str, _Last] = {}
        self.held: dict[int, Notice] = {}
        for line in filing.read():
            self._keep(
                str(line.get("order")), int(line.get("version", 0)), str(line.get("status")),
                int(line.get("time_us", 0)), str(line.get("details", "")),
            )  # fmt: skip

    def told(self, _kind: str, xid: uuid.UUID) -> None:
        """The element was told of a task; what that means for its order."""
        activation = self._admf.activations.get(xid)
        order = self._admf.orders.get(xid)
        if activation is None or order is None or xid != xid_of(order.order_id):
            return
        now_us, active = self._now_us(), self._admf.tasks.is_active(xid)
        awaits = activation.state is ActivationState.AWAITING
        status = "Active" if active else task_status(order, now_us, TaskFacts(awaits, False))
        last = self._last.get(order.order_id)
        if last is not None and (last.status, last.version) == (status, order.version):
            return
        details = f"version {order.version} of {order.order_id}: the task is {status}"
        line = {"order": order.order_id, "version": order.version, "status": status, "time_us": now_us}
        self._filing.append(line | {"details": details})
        self._keep(order.order_id, order.version, status, now_us, details)

    def facts(self, order_id: str, awaits_act: bool, provisioned: bool) -> TaskFacts:
        last = self._last.get(order_id)
        if last is None:
            return TaskFacts(awaits_act, provisioned)
        return TaskFacts(awaits_act, provisioned, last.provisioned_us, last.deprovisioned_us)

    def _keep(self, order_id: str, version: int, status: str, time_us: int, details: str) -> None:
        last = self._last.get(order_id)
        before = None if last is None else last.provisioned_us
        active = status == "Active"
        self._last[order_id] = _Last(
            status, version, time_us if active and before is None else before, None if active else time_us
        )
        self._count += 1
        self.held[self._count] = Notice(self._count, order_id, status, time_us, details)
        if len(self.held) > MAX_NOTICES:
            del self.held[next(iter(self.held))]
