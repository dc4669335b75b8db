"""The store's bench as one shard of a fleet: what it puts is marked before it is acknowledged, and rivals take streams.

`ShardBench` has the face of `tests.collector.store.conftest.Bench`, so the store's own tests run on it unchanged. It
claims the streams of what it puts and marks each batch when it is durable. In a fleet of several, every second batch
loses one of its two streams before it is marked: its rows are voided here and stored by the rival, as `collector.fleet`
does it. So the store under test holds what a shard's store holds: records, and leaves that say which of them are
another's.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from collector.batch import CommitInfo
from collector.fleet.names import MarkBatch, Moved, StreamName
from collector.store.store import Store
from collector.store.voiding import of_streams
from collector.voids import Why
from tests.collector.fleet.fakes import FakeShared
from tests.collector.store.conftest import Bench

STREAMS = (StreamName(b"LAB-0", 7, 1), StreamName(b"LAB-1", 7, 1))
"""Of all that a bench puts; the second is the one that goes."""
KEPT, GOES = STREAMS


class ShardBench(Bench):
    """`rivals` are the other shards. `acknowledged` is what this one has acknowledged and has still."""

    def __init__(self, root: Path, name: str, shared: FakeShared) -> None:
        super().__init__(root)
        self.name = name
        self.shared = shared
        self.rivals: list[ShardBench] = []
        self.voided = 0
        self._store: Store | None = None
        self._tokens: dict[StreamName, int] = {}
        self._batches = 0
        self._lock = threading.Lock()
        self._lost: list[tuple[list[bytes], CommitInfo]] = []
        """Batches that lost the stream that goes, and have not voided it yet."""

    def put(self, store: Store, records: list[bytes], note: bytes = b"{}", wait: bool = True) -> threading.Event:
        self._claim(*STREAMS)
        self._batches += 1
        rival = None
        if self.rivals and wait and len(records) > 1 and self._batches % 2 == 0:
            rival = self.rivals[self._batches // 2 % len(self.rivals)]
            rival._claim(GOES)
        done = super().put(store, records, note, wait)
        for lost, info in self._lost:
            assert rival is not None
            self._void(store, lost, info, rival)
        self._lost.clear()
        return done

    def durable(self, records: list[bytes], info: CommitInfo) -> None:
        with self._lock:
            moved = tuple(Moved(one, self._tokens[one], 0, self._next(one), None) for one in STREAMS)
            number = self.shared.marked.get(self.name, -1) + 1
            marked = self.shared.mark(self.name, MarkBatch(number, info.size, "", moved, (), ()))
        if marked.lost:
            self._lost.append((records, info))
        else:
            super().durable(records, info)

    def close(self) -> None:
        if self._store is not None:
            self._store.close()

    def _claim(self, *streams: StreamName) -> None:
        """Those that are not ours."""
        for one in streams:
            held = self.shared.streams.get(one)
            if held is None or held.owner != self.name:
                (claimed,) = self.shared.claim(self.name, [one])
                self._tokens[one] = claimed.token

    def _next(self, stream: StreamName) -> int:
        return self.shared.streams[stream].mark + 1

    def _void(self, store: Store, records: list[bytes], info: CommitInfo, rival: ShardBench) -> None:
        """The stream went before the batch was marked: its records are the rival's, and the others were marked."""
        last = info.first_sequence + len(records) - 1
        ranges = store.find(info.first_sequence, last, of_streams({tuple(GOES)}))
        done = threading.Event()
        sums = store.void(ranges, Why.LOST, rival.name, lambda _: done.set())
        while not (done.wait(0.01) or self.failures):
            pass
        self.voided += sum(one.records for one in sums)
        self.acknowledged += records[0::2]
        rival.take(records[1::2])

    def take(self, records: list[bytes]) -> None:
        """A peer sends here what nobody acknowledged."""
        if self._store is None:
            self._store = self.open()
        self.put(self._store, records)
        assert not self.failures


@contextmanager
def shard_bench(root: Path, others: Path, shards: int) -> Iterator[ShardBench]:
    """The bench of one shard in `root`; those of its rivals under `others`."""
    shared = FakeShared()
    bench = ShardBench(root, "shard-1", shared)
    for number in range(2, shards + 1):
        place = others / f"shard-{number}"
        place.mkdir()
        bench.rivals.append(ShardBench(place, f"shard-{number}", shared))
    yield bench
    for one in bench.rivals:
        one.close()
