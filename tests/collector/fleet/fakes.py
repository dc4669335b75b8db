"""Doubles for tests of several shards in one process: the shared database, a shard's store, a peer's end of a socket.

`FakeShared` keeps what PostgreSQL would keep and answers as `collector.fleet.shared` does; nothing happens in it before
the test says so, so a test chooses who is answered when. A `FakeStore` holds what it was given as rows; a unit becomes
durable when the test says so, and what never did is lost with the shard.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from collector.batch import Batch, CommitInfo
from collector.fleet.names import (
    Claimed,
    Known,
    MarkBatch,
    Marked,
    MarksState,
    Registered,
    StreamName,
    merged,
    nothing_known,
)
from mediation.law.orders import OrderUid


@dataclass
class _Stream:
    owner: str = ""
    token: int = 0
    epoch: int = 0
    mark: int = -1
    gaps: tuple[tuple[int, int, int], ...] = ()


NAMING = bytes(range(32))


class FakeShared:
    """What all shards share."""

    def __init__(self) -> None:
        self.streams: dict[StreamName, _Stream] = {}
        self.known: dict[tuple[bytes, int], Known] = {}
        self.once: dict[bytes, str] = {}
        self.marked: dict[str, int] = {}
        self.answers: dict[tuple[str, int], Marked] = {}
        self.incarnations: dict[str, int] = {}

    def register(self, shard: str) -> Registered:
        self.incarnations[shard] = self.incarnations.get(shard, 0) + 1
        return Registered(self.incarnations[shard], self.marked.get(shard, -1), (), NAMING)

    def claim(self, shard: str, names: Sequence[StreamName]) -> list[Claimed]:
        return [self._claim(shard, name) for name in names]

    def _claim(self, shard: str, name: StreamName) -> Claimed:
        stream = self.streams.setdefault(name, _Stream())
        stream.owner, stream.token = shard, stream.token + 1
        known = self.known.get(name[:2], nothing_known(*name[:2]))
        return Claimed(name, stream.token, stream.epoch, stream.mark, stream.gaps, known)

    def mark(self, shard: str, batch: MarkBatch) -> Marked:
        if (shard, batch.commit) in self.answers:
            return self.answers[shard, batch.commit]
        assert batch.commit > self.marked.get(shard, -1), "batches are marked in their order"
        self.marked[shard] = batch.commit
        lost = set()
        for one in batch.moved:
            stream = self.streams[one.name]
            if (stream.owner, stream.token) != (shard, one.token):
                lost.add(one.name)
                continue
            assert (one.epoch, one.mark) >= (stream.epoch, stream.mark)
            stream.epoch, stream.mark = one.epoch, one.mark
            if one.gaps is not None:
                stream.gaps = one.gaps
        twice = frozenset(one for one in batch.once if self.once.setdefault(one, shard) != shard)
        learned = []
        for said in batch.known:
            held = self.known.get(said[:2], nothing_known(*said[:2]))
            self.known[said[:2]] = merged(held, said)
        for place in dict.fromkeys(one.name[:2] for one in batch.moved):
            held = self.known.get(place)
            if held is not None and held not in batch.known:
                learned.append(held)
        answer = Marked(batch.commit, frozenset(lost), twice, tuple(learned))
        self.answers[shard, batch.commit] = answer
        return answer


class FakeMarks:
    """One shard's way to the shared database. What is asked waits until `answer`, `answer_claim` or `answer_mark`."""

    def __init__(self, shared: FakeShared, shard: str) -> None:
        self.shared = shared
        self.shard = shard
        self.claims: deque[tuple[tuple[StreamName, ...], Callable[[list[Claimed]], None]]] = deque()
        self.batches: deque[tuple[MarkBatch, Callable[[Marked], None]]] = deque()
        self.asked: list[tuple[StreamName, ...]] = []
        self.settled_commit = -1

    def claim(self, names: Sequence[StreamName], done: Callable[[list[Claimed]], None]) -> None:
        self.asked.append(tuple(names))
        self.claims.append((tuple(names), done))

    def mark(self, batch: MarkBatch, done: Callable[[Marked], None]) -> None:
        self.batches.append((batch, done))

    def settled(self, commit: int) -> None:
        assert commit >= self.settled_commit
        self.settled_commit = commit

    @property
    def state(self) -> MarksState:
        return MarksState(
            True, len(self.batches), len(self.claims), self.shared.marked.get(self.shard, -1), 0, 0, 0, ""
        )

    def answer_claim(self, at: int = 0) -> bool:
        """The claim that was asked `at` places after the oldest; False where there is none."""
        if at >= len(self.claims):
            return False
        names, done = self.claims[at]
        del self.claims[at]
        done(self.shared.claim(self.shard, names))
        return True

    def answer_mark(self) -> bool:
        if not self.batches:
            return False
        batch, done = self.batches.popleft()
        done(self.shared.mark(self.shard, batch))
        return True


class Row(NamedTuple):
    """A stored record: its place, what it is, and where it stands."""

    sequence: int
    liid: bytes
    cin: int
    kind: int
    epoch: int
    number: int
    verdict: int
    form: int
    octets: bytes


class Sums(NamedTuple):
    order: OrderUid
    liid: bytes
    verdicts: tuple[tuple[str, int], ...]


@dataclass
class FakeStore:
    """Rows by sequence. `batches` are on their way."""

    batches: deque[Batch] = field(default_factory=deque)
    rows: list[Row] = field(default_factory=list)
    voids: dict[int, str] = field(default_factory=dict)
    commits: int = 0
    last_note: str = "note"

    def submit(self, batch: Batch) -> None:
        self.batches.append(batch)

    def write(self) -> bool:
        """The oldest batch becomes durable; False where none waits."""
        if not self.batches:
            return False
        batch = self.batches.popleft()
        rows, first = batch.rows, len(self.rows)
        for row in sorted(range(rows.n), key=lambda row: rows.order[row]):
            start, buffer = int(rows.offset[row]), batch.buffers[int(rows.buffer[row])]
            octets = bytes(buffer[start : start + int(rows.length[row])])
            place = (batch.liids(int(rows.liid[row])), int(rows.cin[row]), int(rows.kind[row]), int(rows.epoch[row]))
            number, verdict, form = int(rows.number[row]), int(rows.verdict[row]), int(rows.form[row])
            self.rows.append(Row(len(self.rows), *place, number, verdict, form, octets))
        self.commits += 1
        batch.on_durable(CommitInfo(self.commits, first, len(self.rows), bytes(32), 0))
        return True

    def void(
        self, ranges: Sequence[tuple[int, int]], why: str, shard: str, on_durable: Callable[[CommitInfo], None]
    ) -> tuple[Sums, ...]:
        counts: dict[bytes, int] = {}
        for first, last in ranges:
            assert 0 <= first <= last < len(self.rows), "only what is durable is voided"
            for sequence in range(first, last + 1):
                if sequence not in self.voids:
                    self.voids[sequence] = str(why)
                    liid = self.rows[sequence].liid
                    counts[liid] = counts.get(liid, 0) + 1
        return tuple(Sums(OrderUid(b""), liid, (("ACCEPT", count),)) for liid, count in counts.items())

    @property
    def standing(self) -> list[Row]:
        """What is stored and not voided."""
        return [row for row in self.rows if row.sequence not in self.voids]


class Wire(asyncio.Transport):
    """A shard's end of a connection. `feed` plays the kernel: what the connection does not read waits."""

    def __init__(self) -> None:
        super().__init__()
        self.reading = True
        self.closed = False
        self.lost = False
        self.written = bytearray()
        self.waiting = bytearray()
        self.protocol: Any = None

    def connect(self, protocol: Any) -> None:
        self.protocol = protocol
        protocol.connection_made(self)

    def feed(self, octets: bytes, most: int | None = None) -> None:
        """The peer has sent `octets`; what is read of all that waits, in reads of at most `most` octets."""
        self.waiting += octets
        while self.waiting and self.reading and not self.closed:
            buffer = self.protocol.get_buffer(-1)
            count = min(len(buffer), len(self.waiting), most or len(self.waiting))
            buffer[:count] = self.waiting[:count]
            del self.waiting[:count]
            self.protocol.buffer_updated(count)

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return ("127.0.0.1", 1) if name == "peername" else default

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        pass

    def pause_reading(self) -> None:
        self.reading = False

    def resume_reading(self) -> None:
        self.reading = True

    def write(self, data: Any) -> None:
        if not self.lost:
            assert not self.closed, "nothing is written to a connection that this shard has closed"
            self.written += data

    def is_closing(self) -> bool:
        return self.closed

    def close(self) -> None:
        self.closed = True
