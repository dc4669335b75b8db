"""The element's tasks kept as they should be, over X1: what is missing is said, what is over is taken away.

It repeats itself safely: a task or destination that is there already is in order, and an element that was started anew
is told everything again. What should be is asked of `wanted` each round, and nothing is said when nothing changes. The
look that `admf` takes every few seconds is what keeps the element from missing us (TS 103 221-1 clause 6.6.2: any
request does).
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Set
from typing import Any

import aiohttp

from asn1 import x1
from asn1.errors import DecodeError
from mediation.interception import Interception, did_of
from mediation.runtime.clock import Clock
from mediation.runtime.exchange import Endpoint, RedirectedError, exchange
from mediation.runtime.logs import get_logger

Told = Callable[[str, uuid.UUID], None]


class X1Tasks:
    """`certify` hears of each interception that is in order at the element, `told` of every task that was activated,
    modified or deactivated there (the kind of the request, the XID)."""

    def __init__(
        self,
        element: Endpoint,
        ids: tuple[str, str],
        clock: Clock,
        wanted: Callable[[int], dict[uuid.UUID, Interception]],
        certify: Callable[[Interception], None],
        told: Told = lambda kind, xid: None,
    ) -> None:
        self.element = element
        self._admf_id, self._ne_id = ids
        self._clock = clock
        self._wanted = wanted
        self._certify = certify
        self.told = told
        # What each task was told; None when the element may not have it.
        self._active: dict[uuid.UUID, x1.TaskDetails | None] = {}
        self.destinations: tuple[x1.DestinationDetails, ...] = ()
        self._created = False
        self._log = get_logger("mediation.x1")

    @property
    def active(self) -> int:
        return sum(1 for told in self._active.values() if told)

    @property
    def idle(self) -> bool:
        """Whether the element was never told of a task that may still be there."""
        return not self._active

    @property
    def given(self) -> frozenset[uuid.UUID]:
        """The tasks the element was given, whether or not it is known to have them still."""
        return frozenset(self._active)

    def is_active(self, xid: uuid.UUID) -> bool:
        return self._active.get(xid) is not None

    def deliver_to(self, x2: tuple[str, int], x3: tuple[str, int]) -> None:
        """Where our own intake listens."""
        self.destinations = (
            x1.ip_destination(did_of("x2"), "X2Only", *x2, friendly_name="mediation X2"),
            x1.ip_destination(did_of("x3"), "X3Only", *x3, friendly_name="mediation X3"),
        )

    def details(self, xid: uuid.UUID, named: tuple[tuple[str, str], ...], content: bool) -> x1.TaskDetails:
        dids = tuple(one.did for one in self.destinations) if content else (did_of("x2"),)
        return x1.TaskDetails(xid, named, "X2andX3" if content else "X2Only", dids)

    def lost(self) -> None:
        """The element may be down or restarted: everything is said again when it answers."""
        self._created = False
        self._forget()

    async def ask(self, session: aiohttp.ClientSession, kind: str, **body: Any) -> x1.X1Reply:  # noqa: ANN401
        """One question to the element, with the body of its kind."""
        (reply,) = await self._post(session, [self._message(kind, **body)])
        return reply

    async def look(self, session: aiohttp.ClientSession, known: Set[uuid.UUID]) -> None:
        """Ask what the element holds. What it lost (it was started anew) is said again; what it holds of an order that
        ended while nobody could say so (we were started anew) is taken away. Tasks of others are left alone."""
        (reply,) = await self._post(session, [self._message("ListAllDetails")])
        if reply.error:
            self._log.warning("x1_refused", kind=reply.kind, code=reply.error.code)
            return
        held = frozenset(reply.xids)
        for xid in [xid for xid, told in self._active.items() if told and xid not in held]:
            self._log.warning("task_lost", xid=str(xid))
            del self._active[xid]
        for xid in held & known - self._active.keys():
            self._active[xid] = None
        if not {one.did for one in self.destinations} <= set(reply.dids):
            self._created = False

    async def reconcile(self, session: aiohttp.ClientSession) -> None:
        """Say the difference between what should be and what was said."""
        wanted = self._wanted(self._clock.now_us())
        messages: list[x1.X1Message] = []
        if not self._created:
            messages += [self._message("CreateDestination", destination=one) for one in self.destinations]
        for xid, one in wanted.items():
            if self._active.get(xid) != one.task:
                kind = "ModifyTask" if xid in self._active else "ActivateTask"
                messages.append(self._message(kind, task=one.task))
            else:
                self._certify(one)
        gone = [xid for xid in self._active if xid not in wanted]
        messages += [self._message("DeactivateTask", xid=xid) for xid in gone]
        if not messages:
            return
        again: list[x1.X1Message] = []
        created = known = True
        for message, reply in zip(messages, await self._post(session, messages), strict=True):
            code = reply.error.code if reply.error else 0
            if message.kind == "ActivateTask" and code == x1.XID_EXISTS:
                again.append(self._message("ModifyTask", task=message.task))
            elif code == x1.DID_EXISTS:
                # From before we were started anew: it may deliver to where we listened then.
                again.append(self._message("ModifyDestination", destination=message.destination))
            elif code not in (0, x1.NO_XID) or (code == x1.NO_XID and message.task is not None):
                self._log.warning("x1_refused", kind=message.kind, code=code)
                created = created and message.destination is None
                # It does not know what it was told before: it was started anew, and is told everything again.
                known = known and code not in (x1.NO_XID, x1.NO_DID)
                if code == x1.NO_XID and message.task is not None:
                    self._active.pop(message.task.xid, None)
                continue
            if message.task is not None:
                self._active[message.task.xid] = message.task
                self._certify(wanted[message.task.xid])
                self._say(message.kind, message.task.xid)
            elif message.xid is not None:
                self._active.pop(message.xid, None)
                self._say(message.kind, message.xid)
        self._created = created and known
        if again and any(reply.error for reply in await self._post(session, again)):
            known = False
        if not known:
            self._forget()

    def _say(self, kind: str, xid: uuid.UUID) -> None:
        self._log.info("task", kind=kind, xid=str(xid))
        self.told(kind, xid)

    def _forget(self) -> None:
        """What the element holds is not known: all is said again, and what has ended is still taken away."""
        self._active = dict.fromkeys(self._active)

    def _message(self, kind: str, **body: Any) -> x1.X1Message:  # noqa: ANN401  the body of the kind
        return x1.X1Message(kind, self._admf_id, self._ne_id, uuid.uuid4(), self._clock.now_us(), **body)

    async def _post(self, session: aiohttp.ClientSession, messages: list[x1.X1Message]) -> list[x1.X1Reply]:
        replies: list[x1.X1Reply] = []
        for first in range(0, len(messages), x1.MAX_MESSAGES):
            part = messages[first : first + x1.MAX_MESSAGES]
            request = x1.build_request(part)
            try:
                octets = await exchange(session, self.element, request, x1.MAX_OCTETS)
            except RedirectedError:
                # where we connect to is configuration, never the other side's to say.
                self._log.warning("alarm", rule="R-078", why="the element sends us to another address")
                raise
            answers = x1.parse_response(octets)
            if len(answers) != len(part):
                raise DecodeError(DecodeError.BAD_VALUE, "the element answered another number of messages")
            for asked, answer in zip(part, answers, strict=True):
                if (answer.transaction_id, answer.ne_id) != (asked.transaction_id, asked.ne_id):
                    raise DecodeError(DecodeError.BAD_VALUE, "another element answered, or another question")
            replies += answers
        return replies
