"""Where orders and tasks are read: the reconciler's own inbox, and the elements themselves over X1.

The carrier's administration function is not asked: what counts is what the element holds. Nothing here changes
anything at an element; the only requests are ListAllDetails and GetTaskDetails. An element that does not answer, or
answers something unsound, is unseen, and says why.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any, Final

import aiohttp
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from asn1 import x1
from asn1.errors import DecodeError, RefusedError
from collector.reconcile.compare import OrderFact, Targets, TaskFact
from collector.reconcile.config import ElementConfig
from collector.reconcile.task_details import targets_of, targets_shown
from collector.registry import Registry, Report
from mediation.law.orders import CourtOrder
from mediation.law.settings import DEFAULTS, LawSettings
from mediation.runtime.exchange import Endpoint, exchange
from mediation.runtime.tls import client_context, peer_name

QUESTIONS: Final = 256
"""Tasks asked for in one message: `x1.MAX_MESSAGES`; the answer stays far below `x1.MAX_OCTETS`."""
MAX_TASKS: Final = 16_384
"""Of one element in one cycle: what one answer of `x1.MAX_OCTETS` can list, with room."""


class OrderSource:
    """Court documents from the inbox, each checked here (`collector.registry`), and when each was first seen."""

    def __init__(
        self,
        inbox: Path,
        public_key: Ed25519PublicKey,
        namespace: uuid.UUID,
        now_us: Callable[[], int],
        report: Report,
        law: LawSettings = DEFAULTS,
    ) -> None:
        self._registry = Registry(inbox, public_key, report, law)
        self._namespace = namespace
        self._now_us = now_us
        self._seen_us: dict[tuple[str, int], int] = {}

    def read(self) -> tuple[OrderFact, ...]:
        """The newest version of every order."""
        self._registry.reload()
        now_us = self._now_us()
        return tuple(self._fact(order, now_us) for order in self._registry.current())

    def _fact(self, order: CourtOrder, now_us: int) -> OrderFact:
        former = self._registry.version(order.order_id, order.version - 1)
        window = order.effective_window
        attained_us = order.objective_attained_at_us
        return OrderFact(
            order.order_id,
            order.version,
            order.liid,
            str(uuid.uuid5(self._namespace, f"order:{order.order_id}")),
            targets_of(order),
            window.start_us,
            window.end_us,
            order.state,
            self._seen_us.setdefault((order.order_id, order.version), now_us),
            attained_us is not None and attained_us == window.end_us,
            None if former is None else targets_of(former),
        )


class ElementSource:
    """One network element over X1."""

    def __init__(self, config: ElementConfig, now_us: Callable[[], int]) -> None:
        self.name = config.ne_id
        self._config = config
        self._now_us = now_us
        tls = client_context(config.tls) if config.tls else None
        self._to = Endpoint(config.url, tls, config.peer_name or peer_name(config.ne_id))

    async def read(self, session: aiohttp.ClientSession) -> tuple[TaskFact, ...]:
        """Every task the element holds.

        Raises aiohttp.ClientError or TimeoutError when it cannot be reached, DecodeError for an unsound answer,
        RefusedError when it will not tell.
        """
        xids = await self._list(session)
        found: dict[uuid.UUID, Targets | None] = {}
        shows = True
        for asked in _batches(xids, QUESTIONS):
            if not shows:
                found |= dict.fromkeys(asked)
                continue
            answers = await self._details(session, asked)
            if answers is None:
                shows = False
                found |= dict.fromkeys(asked)
            else:
                found |= answers
        return tuple(TaskFact(self.name, str(xid), targets) for xid, targets in sorted(found.items()))

    async def _list(self, session: aiohttp.ClientSession) -> tuple[uuid.UUID, ...]:
        message = x1.X1Message("ListAllDetails", self._config.admf_id, self._config.ne_id, uuid.uuid4(), self._now_us())
        replies = x1.parse_response(await exchange(session, self._to, x1.build_request([message]), x1.MAX_OCTETS))
        if len(replies) != 1 or replies[0].transaction_id != message.transaction_id:
            raise DecodeError(DecodeError.BAD_VALUE, "the element answered another question")
        reply = replies[0]
        if reply.error is not None:
            raise RefusedError(f"it refuses to list its tasks (X1 error {reply.error.code})")
        if reply.kind != message.kind or reply.ne_id != message.ne_id:
            raise DecodeError(DecodeError.BAD_VALUE, "another element answered, or another question")
        if len(reply.xids) > MAX_TASKS:
            raise DecodeError(DecodeError.TOO_MANY, f"more than {MAX_TASKS} tasks")
        return reply.xids

    async def _details(
        self, session: aiohttp.ClientSession, xids: tuple[uuid.UUID, ...]
    ) -> dict[uuid.UUID, Targets | None] | None:
        """None when the element does not speak GetTaskDetails. A task that has gone meanwhile is left out."""
        questions = {uuid.uuid4(): xid for xid in xids}
        ids, now_us = (self._config.admf_id, self._config.ne_id), self._now_us()
        asked = [x1.X1Message("GetTaskDetails", *ids, one, now_us, xid=xid) for one, xid in questions.items()]
        answers = x1.parse_response(await exchange(session, self._to, x1.build_request(asked), x1.MAX_OCTETS))
        if sorted(one.transaction_id for one in answers) != sorted(questions):
            raise DecodeError(DecodeError.BAD_VALUE, "the element answered other questions")
        codes = [None if one.error is None else one.error.code for one in answers]
        if all(code == x1.UNSUPPORTED_REQUEST for code in codes):
            return None
        found: dict[uuid.UUID, Targets | None] = {}
        for answer, code in zip(answers, codes, strict=True):
            xid = questions[answer.transaction_id]
            shown = None if answer.task is None else answer.task.details
            if code is None and (shown is None or shown.xid != xid):
                raise DecodeError(DecodeError.BAD_VALUE, "the element answered with another task")
            if code != x1.NO_XID:
                found[xid] = None if shown is None else targets_shown(shown)
        return found


def _batches(items: Iterable[uuid.UUID], size: int) -> Iterator[tuple[uuid.UUID, ...]]:
    rest: Any = iter(items)
    while batch := tuple(islice(rest, size)):
        yield batch
