"""What one shard asks and tells the fleet's database: claims of streams and marks of durable batches, over one
connection.

Rules. One thread. A call is one transaction, and each of them checks that this process is still the one that runs under
the shard's name (FencedError). Locks are taken in one order everywhere: the shard's own row, streams by key,
communications by key, digests. Between two shards the lock of a stream's row decides: a batch that is marked before a
claim is in the claim's answer, one that comes after it is lost. `mark` may be called again with the same batches until
it answers: what is marked already is answered from what was written in the same transaction. What a shard owes for a
batch (rows to be voided) stays on record until `settle` says that it is done, since the shard may die between learning
it and doing it.

A claim takes nothing from a shard that is alive and got the stream less than `hold_ms` ago. A stream that is ours stays
ours under its token, whichever start of the shard claimed it. Time is the database's, so that shards need not agree on
theirs.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import pairwise
from operator import itemgetter
from typing import Any, Final, NamedTuple

import psycopg

from asn1.errors import LocalError
from collector.fleet import statements
from collector.fleet.names import (
    MAX_NAMES,
    Claimed,
    FencedError,
    Known,
    MarkBatch,
    Marked,
    Moved,
    Registered,
    StreamName,
    merged,
    nothing_known,
)
from collector.fleet.session import AwayError as AwayError
from collector.fleet.session import Session
from collector.fleet.tables import (
    TIDY_LOCK,
    Numbers,
    Octets,
    Row,
    lock,
    make_tables,
    packed_gaps,
    unpacked_gaps,
)
from collector.stream_table import NEVER
from mediation.runtime.config import NotReadyError

ONCE_S: Final = 86_400.0
"""How long a `once` digest keeps others from storing the same: longer than any resend window."""
KEEP_S: Final = 30 * 86_400.0
"""A stream that has not moved for so long is forgotten; a number of it would be a first one again."""
TIDY_ROWS: Final = 10_000
"""Rows of a table that one `tidy` takes away."""
TOLD_ROWS: Final = 1_000
"""News of communications taken in with one call; the rest comes with the next."""
FEW: Final = 256
"""Streams of a batch that is marked with one statement: which of them are lost is looked for by comparing all."""
_NAME: Final = itemgetter(0)
_NO_STREAM: Final = StreamName(b"", 0, 0)


class Limits(NamedTuple):
    """`lease_s`: without a sign of life for so long a shard keeps no stream from another. `hold_ms`: so long a stream
    stays with who claimed it, while that one is alive."""

    lease_s: float = 3.0
    hold_ms: int = 250
    once_s: float = ONCE_S
    keep_s: float = KEEP_S
    tidy_s: float = 600.0


DEFAULT: Final = Limits()


class SharedMarks:
    """`now_us`: microseconds in place of the database's time, for tests. Nothing is asked before `register`.

    Every method raises AwayError, FencedError, and psycopg.Error for what is a defect of ours.
    """

    def __init__(self, url: str, shard: str, limits: Limits = DEFAULT, now_us: Callable[[], int] | None = None) -> None:
        self._session = Session(url, shard, limits.lease_s)
        self._shard = shard
        self._limits = limits
        self._now_us = now_us
        self._us = -1
        self._incarnation = 0
        self._last = -1
        self._sure = False
        """Is the newest marked commit `_last`, or may a transaction have come through whose answer did not?"""
        self._owing = False
        self._heard: list[int] = []

    @property
    def connected(self) -> bool:
        return self._session.connection is not None

    @property
    def limits(self) -> Limits:
        return self._limits

    def register(self, newest_commit: int | None = None) -> Registered:
        """From here on this process alone may mark under the shard's name. `newest_commit`: of the shard's store, -1
        for none; raises NotReadyError when more of it is marked than it has, which is another store."""

        def work(connection: psycopg.Connection[Row]) -> tuple[list[Row], bytes]:
            row = self._execute(connection, statements.REGISTERED, {"shard": self._shard}).fetchone()
            if newest_commit is not None and row is not None and row[0] > newest_commit:
                raise NotReadyError(
                    f"The fleet has commit {row[0]} of shard {self._shard} marked, and its store ends with commit "
                    f"{newest_commit}: this is not the store that the shard had. Give the shard another name, or put "
                    "its store back."
                )
            ours = _only(self._execute(connection, statements.REGISTER, {"shard": self._shard}))
            self._us, self._incarnation, self._last = ours
            (naming,) = _only(self._execute(connection, statements.NAMING, {}))
            return self._execute(connection, statements.OWED, {"after": -1}).fetchall(), bytes(naming)

        rows, naming = self._session.transaction(work, make_tables)
        owed = _by_commit(rows)
        self._sure = True
        self._owing = bool(owed)
        return Registered(self._incarnation, self._last, tuple(owed[commit] for commit in sorted(owed)), naming)

    def claim(self, names: Sequence[StreamName], whole: bool = False) -> tuple[list[Claimed], list[StreamName]]:
        """Those that are ours now, and those that have to wait. `whole`: all or none of them, but for a lost race."""
        wanted = sorted(set(names))
        if not wanted:
            return [], []
        if len(wanted) > MAX_NAMES:
            raise LocalError(f"{len(wanted)} streams are claimed at once, and {MAX_NAMES} are the most")
        times = {"hold_us": self._limits.hold_ms * 1000, "lease_us": int(self._limits.lease_s * 1e6)}
        streams = _stream_columns(wanted) | times | {"whole": whole}
        both = sorted({name[:2] for name in wanted if name.cin >= 0})

        def work(connection: psycopg.Connection[Row]) -> tuple[list[Row], list[Row]]:
            with connection.pipeline():
                fence = self._execute(connection, statements.OURS, {})
                taken = self._execute(connection, statements.CLAIM, streams)
                known = None
                if both:
                    liids, cins = zip(*both, strict=True)
                    communications = {"liid": Octets(liids), "cin": Numbers(cins)}
                    known = self._execute(connection, statements.COMMUNICATIONS, communications)
            self._check(fence.rowcount)
            return taken.fetchall(), [] if known is None else known.fetchall()

        rows, about = self._session.transaction(work)
        known = _by_communication(about)
        claimed = [
            Claimed(
                StreamName(liid, cin, kind),
                token,
                epoch,
                mark,
                unpacked_gaps(gaps),
                known.get((liid, cin)) or nothing_known(liid, cin),
            )
            for liid, cin, kind, token, epoch, mark, gaps in rows
        ]
        ours = {one.name for one in claimed}
        return claimed, [name for name in wanted if name not in ours]

    def mark(self, batches: Sequence[MarkBatch]) -> list[Marked]:
        """Commits ascending; one answer a batch, in their order. All or nothing is marked."""
        if any(one.commit >= other.commit for one, other in pairwise(batches)):
            raise LocalError("commits are marked in their order")
        if not batches:
            return []

        def work(connection: psycopg.Connection[Row]) -> dict[int, Marked]:
            if not self._sure:
                self._look(connection)
            done = [batch for batch in batches if batch.commit <= self._last]
            new = [batch for batch in batches if batch.commit > self._last]
            answers = self._answered(connection, done) if done else {}
            if new:
                self._sure = False
                answers |= self._marked(connection, new)
            return answers

        first = batches[0]
        if len(batches) == 1 and self._sure and first.commit > self._last and _is_quiet(first):
            answers = self._session.statement(lambda connection: {first.commit: self._marked_alone(connection, first)})
        else:
            answers = self._session.transaction(work)
        self._last = max(self._last, batches[-1].commit)
        self._sure = True
        self._owing = self._owing or any(one.lost or one.twice for one in answers.values())
        return [answers[batch.commit] for batch in batches]

    def beat(self, about: dict[str, Any] | None = None) -> None:
        """A sign of life. `about`: what the catalogue shows of this shard, None to leave it as it is."""
        values = {"about": None if about is None else json.dumps(about)}
        self._check(
            self._session.statement(lambda connection: self._execute(connection, statements.BEAT, values).rowcount)
        )

    def leave(self) -> None:
        """An orderly end: others need not wait for the lease."""
        self._session.transaction(lambda connection: self._execute(connection, statements.LEAVE, {}))
        self.close()

    def settle(self, commit: int) -> None:
        """What was owed for commits up to this one is voided, and that is durable."""
        if not self._owing:
            return

        def work(connection: psycopg.Connection[Row]) -> bool:
            self._execute(connection, statements.SETTLE, {"commit": commit})
            return bool(_only(self._execute(connection, statements.OWING, {}))[0])

        self._owing = self._session.transaction(work)

    def news(self) -> list[Known]:
        """What others have found out of communications that we have, or had, a stream of. It comes again until the call
        after the one that brought it."""

        def work(connection: psycopg.Connection[Row]) -> list[Row]:
            if self._heard:
                self._execute(connection, statements.HEARD, {"heard": Numbers(self._heard)})
            return self._execute(connection, statements.NEWS, {"rows": TOLD_ROWS}).fetchall()

        rows = self._session.transaction(work) if self._heard else self._session.statement(work)
        self._heard = [row[0] for row in rows]
        return [Known(*row[1:]) for row in rows]

    def tidy(self) -> None:
        """Takes away what is over: digests past their time, streams that have not moved for long. One shard at a
        time."""
        times = {
            "once_us": int(self._limits.once_s * 1e6),
            "keep_us": int(self._limits.keep_s * 1e6),
            "rows": TIDY_ROWS,
        }

        def work(connection: psycopg.Connection[Row]) -> None:
            one, two = lock(TIDY_LOCK)
            if _only(self._execute(connection, statements.ALONE, {"one": one, "two": two}))[0]:
                for statement in statements.TIDY:
                    self._execute(connection, statement, times)

        self._session.transaction(work)

    def close(self) -> None:
        self._session.close()

    def _marked_alone(self, connection: psycopg.Connection[Row], batch: MarkBatch) -> Marked:
        """A quiet batch, in one statement."""
        values = {"commit": batch.commit, "records": batch.records, "note": batch.note, "last": self._last}
        self._sure = False
        rows = self._execute(connection, statements.MARK, values | _moved_columns(_newest_moves([batch]))).fetchall()
        self._check(len(rows))
        lost = frozenset(StreamName(*row) for row in rows if row[0] is not None)
        return Marked(batch.commit, lost, frozenset(), ())

    def _marked(self, connection: psycopg.Connection[Row], batches: Sequence[MarkBatch]) -> dict[int, Marked]:
        """The transaction up to its commit."""
        newest = batches[-1]
        moved = _newest_moves(batches)
        said = _all_known(batches)
        digests = sorted({digest for batch in batches for digest in batch.once})
        streams = _moved_columns(moved) if moved else {}
        communications = _known_columns(said) if said else {}
        commit = {"commit": newest.commit}
        moves = learned = first = None
        with connection.pipeline():
            counted = commit | {"records": newest.records, "note": newest.note, "last": self._last}
            fence = self._execute(connection, statements.COMMIT, counted)
            if moved:
                moves = self._execute(connection, statements.MOVE, streams)
            if said:
                self._execute(connection, statements.ADD_KNOWN, communications | commit)
                self._execute(connection, statements.TELL, communications | commit)
                learned = self._execute(connection, statements.LEARNED, communications)
            if digests:
                once = commit | {"digest": Octets(digests), "once_us": int(self._limits.once_s * 1e6)}
                first = self._execute(connection, statements.ONCE, once)
        self._check(fence.rowcount)
        lost: set[Row] = set()
        if moves is not None and moves.rowcount != len(moved):
            lost = set(self._execute(connection, statements.LOST, streams).fetchall())
        twice = set(digests).difference(digest for (digest,) in first.fetchall()) if first is not None else set()
        more = _by_communication(learned.fetchall()) if learned is not None else {}
        answers = {batch.commit: _answer(batch, lost, twice, more) for batch in batches}
        if lost or twice:
            self._execute(connection, statements.OWE, _owed_columns(answers.values()))
        return answers

    def _answered(self, connection: psycopg.Connection[Row], batches: Sequence[MarkBatch]) -> dict[int, Marked]:
        """The answers to batches that are marked already."""
        owed = _by_commit(self._execute(connection, statements.OWED, {"after": batches[0].commit - 1}).fetchall())
        said = _all_known(batches)
        rows = self._execute(connection, statements.LEARNED, _known_columns(said)).fetchall() if said else []
        more = _by_communication(rows)
        answers = {}
        for batch in batches:
            found = owed.get(batch.commit) or Marked(batch.commit, frozenset(), frozenset(), ())
            answers[batch.commit] = found._replace(learned=_learned(batch, more))
        return answers

    def _look(self, connection: psycopg.Connection[Row]) -> None:
        """Up to where are we marked? Waits for a transaction of ours whose connection died."""
        found = self._execute(connection, statements.LAST, {}).fetchall()
        self._check(len(found))
        ((commit,),) = found
        if commit < self._last:
            raise FencedError(
                f"The fleet's database has commit {commit} of shard {self._shard} marked, and had {self._last} before: "
                "it was put back to an older state. Start the shard again: it marks again what its store has."
            )
        self._last = commit
        self._sure = True

    def _check(self, ours: int) -> None:
        if not ours:
            raise FencedError(
                f"Another process was started as shard {self._shard} of the fleet: this one may not mark any more. End "
                "one of the two."
            )

    def _execute(
        self, connection: psycopg.Connection[Row], statement: str, values: Mapping[str, object]
    ) -> psycopg.Cursor[Row]:
        now = None if self._now_us is None else self._now_us()
        ours = {"us": self._us, "incarnation": self._incarnation, "now": now, "never": NEVER}
        return connection.cursor(binary=True).execute(statement, {**ours, **values})


def _stream_columns(names: Sequence[StreamName]) -> dict[str, object]:
    liids, cins, kinds = zip(*names, strict=True)
    return {"liid": Octets(liids), "cin": Numbers(cins), "kind": Numbers(kinds)}


def _moved_columns(moved: Sequence[Moved]) -> dict[str, object]:
    names, tokens, epochs, marks, gaps = zip(*moved, strict=True)
    return _stream_columns(names) | {
        "token": Numbers(tokens),
        "epoch": Numbers(epochs),
        "mark": Numbers(marks),
        "gaps": Octets(None if one is None else packed_gaps(one) for one in gaps),
    }


def _known_columns(said: Sequence[Known]) -> dict[str, object]:
    liids, *numbers = zip(*said, strict=True)
    names = ("cin", "target", "originates", "answered", "first_cc", "last_reset")
    return {"liid": Octets(liids)} | dict(zip(names, map(Numbers, numbers), strict=True))


def _only(cursor: psycopg.Cursor[Row]) -> Row:
    (row,) = cursor.fetchall()
    return row


def _is_quiet(batch: MarkBatch) -> bool:
    """Whether it says nothing but where few streams stand."""
    return 0 < len(batch.moved) <= FEW and not batch.known and not batch.once


def _newest_moves(batches: Sequence[MarkBatch]) -> list[Moved]:
    """Where each stream stands behind all of them, by name and token; gaps None where no batch changed them."""
    if len(batches) == 1:
        return sorted(batches[0].moved, key=_NAME)
    newest: dict[tuple[StreamName, int], Moved] = {}
    for batch in batches:
        for move in batch.moved:
            key = (move.name, move.token)
            if move.gaps is None and (before := newest.get(key)) is not None:
                newest[key] = move._replace(gaps=before.gaps)
            else:
                newest[key] = move
    return sorted(newest.values(), key=_NAME)


def _all_known(batches: Sequence[MarkBatch]) -> list[Known]:
    """What all of them say of each communication, by key."""
    said: dict[Row, Known] = {}
    for batch in batches:
        for known in batch.known:
            before = said.get(known[:2])
            said[known[:2]] = known if before is None else merged(before, known)
    return [said[key] for key in sorted(said)]


def _by_communication(rows: Iterable[Row]) -> dict[Row, Known]:
    return {row[:2]: Known(*row) for row in rows}


def _learned(batch: MarkBatch, more: Mapping[Row, Known]) -> tuple[Known, ...]:
    return tuple(found for known in batch.known if (found := more.get(known[:2], known)) != known)


def _answer(batch: MarkBatch, lost: set[Row], twice: set[bytes], more: Mapping[Row, Known]) -> Marked:
    gone = frozenset(move.name for move in batch.moved if lost and (*move.name, move.token) in lost)
    return Marked(batch.commit, gone, frozenset(twice.intersection(batch.once)), _learned(batch, more))


def _owed_columns(answers: Iterable[Marked]) -> dict[str, object]:
    rows: list[tuple[int, StreamName, bytes | None]] = []
    for one in answers:
        rows.extend((one.commit, name, None) for name in sorted(one.lost))
        rows.extend((one.commit, _NO_STREAM, digest) for digest in sorted(one.twice))
    commits, names, digests = zip(*rows, strict=True)
    return _stream_columns(names) | {"commits": Numbers(commits), "digest": Octets(digests)}


def _by_commit(rows: Iterable[Row]) -> dict[int, Marked]:
    """What is owed, as it was answered but for what was learned."""
    lost: dict[int, set[StreamName]] = {}
    twice: dict[int, set[bytes]] = {}
    for commit, liid, cin, kind, digest in rows:
        if digest is None:
            lost.setdefault(commit, set()).add(StreamName(liid, cin, kind))
        else:
            twice.setdefault(commit, set()).add(digest)
    return {
        commit: Marked(commit, frozenset(lost.get(commit, ())), frozenset(twice.get(commit, ())), ())
        for commit in lost.keys() | twice.keys()
    }
