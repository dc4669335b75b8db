"""A fleet's database, a time that stands still, and shards over both."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, NoReturn

import psycopg
import pytest

from collector.fleet.names import Known, MarkBatch, Moved, StreamName
from collector.fleet.shared import DEFAULT, Limits, SharedMarks
from lab.postgres import Server


@dataclass
class Now:
    """Microseconds; moved by the test alone."""

    us: int = 1_700_000_000_000_000

    def __call__(self) -> int:
        return self.us

    def later(self, ms: float) -> None:
        self.us += int(ms * 1000)


@pytest.fixture
def now() -> Now:
    return Now()


Start = Callable[..., SharedMarks]


@pytest.fixture
def start(server: Server, now: Now) -> Iterator[Start]:
    """Starts a shard over a database of the test's own, at the test's time; closed with it."""
    with server.database() as url, contextlib.ExitStack() as stack:

        def begin(shard: str, limits: Limits = DEFAULT, newest: int | None = None) -> SharedMarks:
            marks = SharedMarks(url, shard, limits, now)
            stack.callback(marks.close)
            marks.register(newest)
            return marks

        yield begin


def stream(number: int = 1, kind: int = 1, liid: bytes = b"L1") -> StreamName:
    return StreamName(liid, number, kind)


def batch(
    commit: int, *moved: Moved, known: tuple[Known, ...] = (), once: tuple[bytes, ...] = (), records: int = 10
) -> MarkBatch:
    return MarkBatch(commit, records, f"note {commit}", moved, known, once)


def next_marking_dies(marks: SharedMarks, behind: bool) -> None:
    """The connection dies at the end of the next marking, be that a commit or one statement alone: it does not reach
    the server, or, `behind` it, its answer not us."""
    session, connection = marks._session, marks._session.connection
    assert connection is not None
    commit, statement = connection.commit, session.statement

    def dies() -> NoReturn:
        session.statement = statement  # type: ignore[method-assign]
        connection.close()
        raise psycopg.OperationalError("the connection is lost")

    def committed() -> None:
        if behind:
            commit()
        dies()

    def alone(work: Callable[[psycopg.Connection[Any]], Any]) -> object:
        def said(one: psycopg.Connection[Any]) -> NoReturn:
            if behind:
                work(one)
            dies()

        return statement(said)

    connection.commit = committed  # type: ignore[method-assign]
    session.statement = alone  # type: ignore[method-assign,assignment]
