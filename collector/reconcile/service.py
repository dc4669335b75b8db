"""The reconciler process put together: reads everything once a cycle, compares, puts on record what changed.

Rules. Tasks and streams are read before orders, so that an order which came meanwhile is known when they are judged.
A source that cannot be read does not stop the others. What goes wrong here (the findings log full, or changed) ends the
process with a sentence, since a control that goes on without its record is none; that it ended shows by its absence.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
from typing import Any, Final, NamedTuple

import aiohttp
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from asn1.errors import LabError
from collector.reconcile.compare import Facts, Ledger, LedgerFact, StreamFact, TaskFact, UnseenFact, compare
from collector.reconcile.config import ReconcileConfig
from collector.reconcile.findings import FindingBook, FindingsLog, Unseen
from collector.reconcile.ledgers import Mark
from collector.reconcile.sources import ElementSource, OrderSource
from collector.reconcile.watched import Watched, together
from collector.store.private_files import read_public_key
from mediation.runtime.config import NotReadyError
from mediation.runtime.exchange import new_session
from mediation.runtime.logs import get_logger
from mediation.runtime.process import ReadyFn
from mediation.runtime.status import start_status

REMEMBER_US: Final = 60_000_000
"""How often, at most, the newest checkpoints seen become an entry while nothing else happens."""
MAX_LISTED: Final = 1000
"""Findings listed on the status page; all are counted."""


async def run(config: ReconcileConfig, ready: ReadyFn, stop: asyncio.Event) -> None:
    """The process's own work, as `run_process` wants it."""
    await Reconciler(config).run(ready, stop)


Marks = dict[str, dict[Ledger, Mark | None]]
"""The newest checkpoints seen, by collector."""


class _Ledgers(NamedTuple):
    """What one cycle saw of the collectors' own state."""

    streams: tuple[StreamFact, ...]
    facts: tuple[LedgerFact, ...]
    unseen: tuple[UnseenFact, ...]


class Reconciler:
    def __init__(self, config: ReconcileConfig) -> None:
        self._config = config
        self._log = get_logger("reconcile")
        self._clock = config.clock.clock()
        self._started_us = self._clock.now_us()
        self._orders = self._open_orders()
        self._elements = [ElementSource(element, self._clock.now_us) for element in config.elements]
        self._record = FindingsLog(config.data_dir, config.pin, config.log_octets)
        memory = self._record.memory
        self._book = FindingBook(memory.open)
        self._watched = [
            Watched(name, paths, memory.of(name), self._pinned, self._started_us)
            for name, paths in config.collectors.items()
        ]
        self._remembered: Marks = self._seen()
        self._lately: Marks = self._seen()
        self._remembered_us = self._started_us
        self._answered_us: dict[str, int] = {}
        self._cycles = 0
        self._status = self._summary(Facts(), None)

    async def run(self, ready: ReadyFn, stop: asyncio.Event) -> None:
        """Until `stop` is set. Raises LabError when the record cannot be kept."""
        runner = None
        config_hash = hashlib.sha256(self._config.model_dump_json().encode()).hexdigest()
        self._append("start", {"config_sha256": config_hash, "open": len(self._book.open)})
        try:
            runner, port = await start_status(self._config.control, self.status)
            async with new_session() as session:
                self._log.info("listening", ports={"control": port}, simulation=True)
                ready({"control": port})
                while not stop.is_set():
                    await self.cycle(session)
                    with contextlib.suppress(TimeoutError):
                        await asyncio.wait_for(stop.wait(), self._config.cycle_s)
        finally:
            if runner is not None:
                await runner.cleanup()
            try:
                self._remember(self._clock.now_us(), 0)
                self._append("stop", {"open": len(self._book.open)})
            finally:
                self._record.close()

    def status(self) -> dict[str, Any]:
        return {"simulation": True, **self._status, "log": {"entries": self._record.entries}}

    async def cycle(self, session: aiohttp.ClientSession) -> None:
        """Read, compare, put on record."""
        tasks, unseen = await self._read_elements(session)
        ledgers = await asyncio.to_thread(self._read_ledgers)
        orders = self._orders.read()
        now_us = self._clock.now_us()
        facts = Facts(orders, tasks, ledgers.streams, ledgers.facts, (*unseen, *ledgers.unseen))
        blind = {one.source.rpartition("/")[2] for one in ledgers.unseen}
        # Graces begin anew with the process: a finding from before is not closed by them.
        young = now_us - self._started_us < self._config.limits.grace_us
        changes = self._book.advance(
            compare(facts, self._config.limits, now_us),
            Unseen(young or bool(unseen), young or Ledger.STORE in blind, young or Ledger.AUDIT in blind),
            now_us,
        )
        self._record.changes(changes, now_us)
        for finding in changes.opened:
            self._log.warning("finding_opened", code=finding.code, subject=finding.subject, why=finding.sentence)
        for gone in changes.closed:
            self._log.info("finding_closed", code=gone.finding.code, subject=gone.finding.subject)
        self._remember(now_us, 0 if changes.opened or changes.closed else REMEMBER_US)
        await asyncio.to_thread(self._record.flush)
        self._cycles += 1
        self._status = self._summary(facts, now_us)

    # Reading

    async def _read_elements(self, session: aiohttp.ClientSession) -> tuple[tuple[TaskFact, ...], list[UnseenFact]]:
        answers = await asyncio.gather(*(one.read(session) for one in self._elements), return_exceptions=True)
        tasks: list[TaskFact] = []
        unseen: list[UnseenFact] = []
        for element, answer in zip(self._elements, answers, strict=True):
            if isinstance(answer, tuple):
                tasks += answer
                self._answered(element.name)
            elif isinstance(answer, aiohttp.ClientError | OSError):
                unseen.append(self._not_answered(element.name, f"X1 gives no answer ({type(answer).__name__})", True))
            elif isinstance(answer, LabError):
                unseen.append(self._not_answered(element.name, str(answer), True))
            else:
                raise answer
        return tuple(tasks), unseen

    def _read_ledgers(self) -> _Ledgers:
        looks = [one.look() for one in self._watched]
        facts = tuple(fact for look in looks for fact in look.facts)
        for fact in facts:
            self._answered(fact.source)
        unseen = tuple(self._not_answered(source, why) for look in looks for source, why in look.unseen.items())
        return _Ledgers(together(one for look in looks for one in look.streams), facts, unseen)

    def _seen(self) -> Marks:
        return {one.name: dict(one.seen) for one in self._watched}

    # Opening

    def _open_orders(self) -> OrderSource:
        config = self._config
        try:
            config.inbox.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise NotReadyError(
                f"Cannot use the inbox {config.inbox}: {error.strerror}. Configure another hi1_inbox."
            ) from error
        key = read_public_key(config.court_public_key)
        return OrderSource(config.inbox, key, config.xid_namespace, self._clock.now_us, self._order_news, config.law)

    def _pinned(self, collector: str, key: Ed25519PublicKey) -> None:
        self._record.watching(key, self._clock.now_us(), collector)

    # Record

    def _append(self, kind: str, fields: dict[str, Any]) -> None:
        self._record.append(kind, fields, self._clock.now_us())

    def _order_news(self, kind: str, fields: dict[str, object]) -> None:
        self._append(kind, fields)
        self._log.info(kind, **fields)

    def _remember(self, now_us: int, after_us: int) -> None:
        """Put the checkpoints of the cycle before on record: by now they are on the collector's disk, whatever a power
        cut takes away."""
        if self._lately != self._remembered and now_us - self._remembered_us >= after_us:
            for name, marks in self._lately.items():
                if marks != self._remembered[name]:
                    self._record.seen(marks[Ledger.STORE], marks[Ledger.AUDIT], now_us, name)
            self._remembered, self._remembered_us = self._lately, now_us
        self._lately = self._seen()

    def _answered(self, source: str) -> None:
        self._answered_us[source] = self._clock.now_us()

    def _not_answered(self, source: str, why: str, is_element: bool = False) -> UnseenFact:
        return UnseenFact(source, why, self._answered_us.get(source, self._started_us), is_element)

    def _summary(self, facts: Facts, now_us: int | None) -> dict[str, Any]:
        opened = self._book.open
        return {
            "cycles": self._cycles,
            "last_cycle_us": now_us,
            "orders": len(facts.orders),
            "tasks": len(facts.tasks),
            "streams": len(facts.streams),
            "ledgers": {one.source: {"size": one.size, "seen": one.seen_size} for one in facts.ledgers},
            "unseen": {one.source: one.why for one in facts.unseen},
            "open": len(opened),
            "findings": [{**_listed(one.finding), "opened_us": one.opened_us} for one in opened[:MAX_LISTED]],
            "closed": [
                {**_listed(one.finding), "opened_us": one.opened_us, "closed_us": one.closed_us}
                for one in self._book.closed
            ],
        }


def _listed(finding: Any) -> dict[str, Any]:  # noqa: ANN401
    return {**finding._asdict(), "rules": list(finding.rules)}
