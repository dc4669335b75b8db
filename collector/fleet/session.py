"""One connection to the fleet's database, and a transaction on it, said again where that is all there is to do.

Rules. A session is one thread's. What cannot be asked now (the server is away, starts, is full, serves readers alone)
is AwayError: the connection is given up, and the same is asked again later over a new one. Two transactions that wait
for each other are no trouble of anybody's: one is said again at once. Everything else is a defect and goes up as it is.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Final, TypeVar

import psycopg
from psycopg import errors

from collector.databases import sentence
from collector.fleet.tables import Row, open_connection

TRIES: Final = 8
"""Of one transaction that meets another in the wrong order. Locks have an order, so two should do."""
_AGAIN: Final = (errors.DeadlockDetected, errors.SerializationFailure)
_AWAY: Final = (
    psycopg.OperationalError,
    psycopg.InterfaceError,
    errors.IdleInTransactionSessionTimeout,
    errors.ReadOnlySqlTransaction,
)

_T = TypeVar("_T")


class AwayError(Exception):
    """The database cannot be asked now, or the answer did not arrive: the same call again, later. A sentence why."""


class Session:
    """Connects when it is asked something. `shard` is how the server names the session, `lease_s` how long it may
    hang."""

    def __init__(self, url: str, shard: str, lease_s: float) -> None:
        self.url = url
        self.connection: psycopg.Connection[Row] | None = None
        self._shard = shard
        self._lease_s = lease_s

    def transaction(
        self,
        work: Callable[[psycopg.Connection[Row]], _T],
        before: Callable[[psycopg.Connection[Row]], None] | None = None,
    ) -> _T:
        """What `work` answers, committed; `before` is done outside of its transaction. Raises AwayError, psycopg.Error
        and what `work` raises, with nothing changed; after AwayError it may have been changed all the same."""
        return self._asked(work, before, False)

    def statement(self, work: Callable[[psycopg.Connection[Row]], _T]) -> _T:
        """The same of `work` that says one statement: that is a transaction by itself, and neither its begin nor its
        end takes a word of its own."""
        return self._asked(work, None, True)

    def _asked(
        self,
        work: Callable[[psycopg.Connection[Row]], _T],
        before: Callable[[psycopg.Connection[Row]], None] | None,
        alone: bool,
    ) -> _T:
        left = TRIES
        while True:
            try:
                if self.connection is None:
                    self.connection = open_connection(self.url, self._shard, self._lease_s)
                connection = self.connection
                if before is not None:
                    before(connection)
                if connection.autocommit != alone:
                    connection.autocommit = alone
                answer = work(connection)
                if not alone:
                    connection.commit()
            except _AGAIN as error:
                self._roll_back()
                left -= 1
                if not left:
                    raise AwayError(sentence(error)) from error
            except _AWAY as error:
                self.close()
                raise AwayError(sentence(error)) from error
            except BaseException:
                self._roll_back()
                raise
            else:
                return answer

    def close(self) -> None:
        connection, self.connection = self.connection, None
        if connection is not None:
            with contextlib.suppress(psycopg.Error):
                connection.close()

    def _roll_back(self) -> None:
        if self.connection is not None:
            try:
                self.connection.rollback()
            except psycopg.Error:
                self.close()
