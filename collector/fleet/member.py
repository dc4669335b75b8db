"""How a collector joins its fleet, and leaves it: the one place where its way to the shared database is opened.

Rules. It registers before anything is recovered, which fences whoever still runs under the shard's name. What the store
has behind its last mark is marked and voided before the first port listens, so no stream is claimed before it is known
where it stands. A database that cannot be reached at the start is waited for a little, then said: without it nothing
could be acknowledged. While running, a database that is away is no failure.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, TypeVar

import psycopg

from collector.accounts import Totals
from collector.config import FleetConfig
from collector.databases import driver_url
from collector.fleet.catalogue import AuditTail, Segment
from collector.fleet.errands import ErrandHooks, Errands
from collector.fleet.keeper import KeeperHooks, MarkKeeper
from collector.fleet.returning import Returned, Returning
from collector.fleet.session import AwayError, Session
from collector.fleet.shared import Limits, SharedMarks
from collector.store.gauge import StoreError
from collector.store.store import Store
from mediation.runtime.config import NotReadyError

PATIENCE_S: Final = 30.0
"""How long a start waits for the shared database, and for a void to be on disk."""
TRY_AGAIN_S: Final = 0.5

T = TypeVar("T")


class Member:
    """`marks` is asked from the event loop's thread. `call` is the loop's `call_soon_threadsafe`."""

    def __init__(
        self,
        config: FleetConfig,
        audit: Path,
        call: Callable[[Callable[[], None]], object],
        hooks: KeeperHooks,
        errands: ErrandHooks,
    ) -> None:
        """`audit`: the directory of the audit log. Raises NotReadyError where the shared database cannot be asked."""
        self.shard = config.shard
        limits = Limits(config.lease_s, config.hold_ms)
        self._shared = SharedMarks(driver_url(config.database_url), config.shard, limits)
        self._registered = _patiently(self._shared.register)
        self.returning = Returning(self._registered)
        self.marks = MarkKeeper(self._shared, call, hooks, self._registered.last_commit)
        session = Session(driver_url(config.database_url), config.shard, config.lease_s)
        self.errands = Errands(session, config.shard, AuditTail(audit), errands, call)
        self._advertise = config.advertise
        self.naming = self._registered.naming

    def bring_back(self, store: Store, totals: Totals) -> Returned:
        """Behind the recovery, before the first claim: what is not marked yet is, what others have is voided, durably.
        Raises NotReadyError, also where the store is not the one that was marked, and StoreError."""
        if totals.last_batch < self._registered.last_commit:
            raise NotReadyError(
                f"The fleet has batch {self._registered.last_commit} of shard {self.shard} marked, and its store ends "
                f"with batch {totals.last_batch}: this is not the store that the shard had. Put the store back, or "
                "give the shard another name."
            )
        durable = threading.Semaphore(0)
        returned = self.returning.bring_back(
            lambda batches: _patiently(lambda: self._shared.mark(batches)), store, store.last_note, durable.release
        )
        for account in returned.voided:
            if not durable.acquire(timeout=PATIENCE_S):
                raise StoreError(f"A void was not on disk within {PATIENCE_S:g} s. {store.failed or ''}".strip())
            totals.apply(account)
        _patiently(lambda: self._shared.settle(returned.newest))
        return returned

    def start(self, ports: dict[str, int]) -> None:
        """The catalogue shows where this shard listens."""
        self.marks.tell({"ports": ports, "advertise": self._advertise})
        self.marks.start()
        self.errands.start()

    def catalogue(self, store: Store) -> None:
        """The segments as they are now."""
        self.errands.segments(
            [
                Segment(
                    one.header.generation,
                    one.header.first_sequence,
                    one.next_sequence - one.header.first_sequence,
                    one.header.first_commit,
                    one.data_end,
                )
                for one in store.segments()
            ]
        )

    def status(self) -> dict[str, Any]:
        return {
            "shard": self.shard,
            "incarnation": self._registered.incarnation,
            **self.marks.state._asdict(),
            "errands_error": self.errands.error,
        }

    def stop(self) -> None:
        """What waits is marked, for a little; then the others need not wait for this one."""
        self.marks.stop()
        self._shared.close()
        self.errands.stop()


def _patiently(ask: Callable[[], T]) -> T:
    until_s = time.monotonic() + PATIENCE_S
    while True:
        try:
            return ask()
        except (AwayError, psycopg.OperationalError) as error:
            if time.monotonic() > until_s:
                raise NotReadyError(
                    f"The fleet's database cannot be asked: {error} Start it, or mend fleet.database_url."
                ) from error
        time.sleep(TRY_AGAIN_S)
