"""The element tells its ADMF: `POST /X1/ADMF` with ReportTaskIssue, ReportDestinationIssue and ReportNEIssue.

A destination that was connected and stays down for `after_s`, or could not be reached for so long, is a
NonTerminatingFault (9020), of itself and of each task that uses it; when it is back, AllClear (9000), of a task only
when no other destination of it is down. What the ADMF does not acknowledge is said again. Bounded: of `MAX_WAITING`
reports the oldest go. The keep-alive of clause 6.6.2 is watched here too (`keepalive`). Real seconds: a network's
timers do not follow the run's clock.
"""

from __future__ import annotations

import asyncio
import uuid
from collections import OrderedDict
from collections.abc import Callable
from typing import Any, Final

import aiohttp

from asn1.errors import DecodeError
from asn1.x1 import MAX_MESSAGES, MAX_OCTETS, X1Message, build_request, parse_response
from asn1.x1_codes import (
    DATABASE_CLEARED,
    ISSUE_CLEARED,
    ISSUE_NON_TERMINATING,
    NO_KEEPALIVES,
)
from carrier_sim.element import Element
from carrier_sim.keepalive import Action, KeepaliveWatch
from carrier_sim.provisioning import Provisioning
from mediation.runtime.exchange import Endpoint, exchange, new_session
from mediation.runtime.logs import get_logger

MAX_WAITING: Final = 4096
MAX_TASKS_REPORTED: Final = 1024
"""Of one destination; the destination's own report says what has happened to the others."""
_LOOK_S: Final = 0.25
_DOWN, _CLEAR = ("NonTerminatingFault", ISSUE_NON_TERMINATING), ("AllClear", ISSUE_CLEARED)


class Reporter:
    """`now_s` is a monotonic clock, `now_us` the run's."""

    def __init__(
        self,
        element: Element,
        provisioning: Provisioning,
        to: Endpoint | None,
        ids: tuple[str, str],
        watch: KeepaliveWatch,
        now_us: Callable[[], int],
        now_s: Callable[[], float],
        after_s: float = 2.0,
    ) -> None:
        self._element = element
        self._provisioning = provisioning
        self._to = to
        self._admf_id, self._ne_id = ids
        self._watch = watch
        self._now_us = now_us
        self._now_s = now_s
        self._after_s = after_s
        self._waiting: OrderedDict[uuid.UUID, X1Message] = OrderedDict()
        self._down_since: dict[str, float] = {}
        self._reported: dict[str, tuple[str, ...]] = {}
        self._keepalive_report: uuid.UUID | None = None
        self._log = get_logger("x1.reports")
        self.acknowledged = 0

    @property
    def waiting(self) -> int:
        return len(self._waiting)

    def heard(self) -> None:
        """A request of the ADMF came."""
        if self._watch.heard(self._now_s()) is Action.CLEARED:
            self._say_of_ne("FaultCleared", "X1 requests come again", NO_KEEPALIVES)

    def look(self) -> None:
        """Compare what is with what was said, and say the difference."""
        now_s = self._now_s()
        for did in self._element.dids:
            if self._element.delivers(did):
                self._down_since.pop(did, None)
                if did in self._reported:
                    tasks = self._reported.pop(did)
                    still = {xid for others in self._reported.values() for xid in others}
                    clear = tuple(xid for xid in tasks if xid not in still)
                    self._say(did, clear, *_CLEAR, "the connection is up again")
            elif now_s - self._down_since.setdefault(did, now_s) >= self._after_s and did not in self._reported:
                using = [xid for xid, task in self._element.tasks.items() if did in task.dids]
                self._reported[did] = tuple(using[:MAX_TASKS_REPORTED])
                self._say(did, self._reported[did], *_DOWN, "there is no connection")
        for gone in [did for did in self._reported if did not in self._element.dids]:
            del self._reported[gone]
            self._down_since.pop(gone, None)
        action = self._watch.due(now_s)
        if action is Action.REPORT:
            self._keepalive_report = self._say_of_ne("FaultReport", "no X1 request has come", NO_KEEPALIVES)
        elif action is Action.DEACTIVATE:
            count = self._provisioning.clear()
            self._log.warning("alarm", why="no X1 request for too long", deactivated=count)
            self._say_of_ne("Alert", f"no X1 request has come: {count} tasks were deactivated", DATABASE_CLEARED)

    async def run(self) -> None:
        """Until cancelled."""
        async with new_session() as session:
            while True:
                self.look()
                if self._waiting and self._to is not None:
                    try:
                        await self.send(session, self._to)
                    except (aiohttp.ClientError, TimeoutError, DecodeError) as error:
                        self._log.warning("admf_unreachable", why=type(error).__name__, waiting=self.waiting)
                await asyncio.sleep(_LOOK_S)

    async def send(self, session: aiohttp.ClientSession, to: Endpoint) -> None:
        """Say what waits, oldest first; what is acknowledged or refused in words waits no more."""
        messages = list(self._waiting.values())[:MAX_MESSAGES]
        octets = await exchange(session, to, build_request(messages), MAX_OCTETS)
        for reply in parse_response(octets):
            if reply.transaction_id not in self._waiting:
                continue
            kind = self._waiting.pop(reply.transaction_id).kind
            if reply.error is not None:
                self._log.warning("report_refused", kind=kind, code=reply.error.code)
                continue
            self.acknowledged += 1
            if reply.transaction_id == self._keepalive_report:
                self._watch.acknowledged(self._now_s())

    def _say(self, did: str, xids: tuple[str, ...], kind: str, code: int, details: str) -> None:
        self._log.warning("destination_issue", did=did, says=kind, tasks=len(xids))
        issue: dict[str, Any] = {"report_type": kind, "issue_code": code, "issue_details": details}
        self._put("ReportDestinationIssue", did=uuid.UUID(did), **issue)
        for xid in xids:
            self._put("ReportTaskIssue", xid=uuid.UUID(xid), **issue)

    def _say_of_ne(self, kind: str, details: str, code: int) -> uuid.UUID:
        self._log.warning("element_issue", says=kind, code=code)
        return self._put("ReportNEIssue", report_type=kind, issue_details=details, issue_code=code)

    def _put(self, kind: str, **body: Any) -> uuid.UUID:  # noqa: ANN401  the body of the kind
        transaction_id = uuid.uuid4()
        if self._to is not None:
            message = X1Message(kind, self._admf_id, self._ne_id, transaction_id, self._now_us(), **body)
            self._waiting[transaction_id] = message
            if len(self._waiting) > MAX_WAITING:
                self._waiting.popitem(last=False)
        return transaction_id
