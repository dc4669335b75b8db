"""What a restart counts again: every batch and every void once, wherever a crash fell."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any

import pytest

from collector.accounts import Totals, summarise
from collector.recovery import Recovered
from collector.store.reader import StoreReader
from collector.store.store import Store, StoreConfig, StoreHooks
from collector.voids import Why
from tests.collector.fleet.fakes import FakeShared
from tests.collector.fleet.together import Shard
from tests.collector.store.conftest import CAPACITY, SEGMENT, Bench

RECORDS = 60


class Kept:
    """A store with accounts, voids, and an audit log that a test can read."""

    def __init__(self, bench: Bench, lab: Any) -> None:
        self.bench = bench
        self._lab = lab
        self.batches = 0
        self.voided = 0

    def open(self) -> Store:
        hooks = StoreHooks(
            now_us=self.bench.tick,
            summarise=summarise,
            audit=lambda kind, fields: self.bench.audited.append((kind, fields)),
            on_failure=self.bench.failures.append,
        )
        return Store.open(self.bench.directory, StoreConfig(CAPACITY, SEGMENT), self.bench.keys, hooks)

    def put(self, store: Store) -> None:
        """A batch, and a void of two of its records."""
        counts = {"order": "O-1", "version": 1, "liid": "LAB-1", "delivered": RECORDS, "accepted": RECORDS}
        account = {"v": 1, "n": self.batches, "orders": [counts]}
        self.bench.put(store, [bytes(700)] * RECORDS, json.dumps(account).encode())
        if self.bench.failures:
            return
        self.batches += 1
        done = threading.Event()
        sums = store.void([(store.size - 2, store.size - 1)], Why.LOST, "north", lambda info: done.set())
        while not (done.wait(0.01) or self.bench.failures):
            pass
        if done.is_set():
            self.voided += sum(one.records for one in sums)

    def recovered(self) -> tuple[Totals, Recovered]:
        """As a start finds it."""
        engine = Shard("a", self._lab.values(), FakeShared(), self.bench.tick).engine
        said = [{"kind": kind, "fields": json.loads(json.dumps(fields))} for kind, fields in self.bench.audited]
        commits = StoreReader(self.bench.directory).commits()
        found, _ = engine.recover(said, commits, lambda blob: None, self.bench.tick())
        return engine.totals, found

    def check(self) -> None:
        totals, _ = self.recovered()
        assert totals.orders["O-1"].accepted == self.batches * RECORDS and totals.balanced
        assert totals.voided.total() == self.voided > 0


@pytest.fixture
def kept(tmp_path: Path, lab: Any) -> Kept:
    root = tmp_path / "bench"
    root.mkdir()
    return Kept(Bench(root), lab)


def evictions(bench: Bench) -> int:
    return sum(kind == "eviction" for kind, _ in bench.audited)


async def test_a_restart_knows_what_was_voided(kept: Kept) -> None:
    store = kept.open()
    for _ in range(3):
        kept.put(store)
    store.close()
    kept.check()


async def test_voids_of_evicted_segments_and_of_those_that_are_there_count_once(kept: Kept) -> None:
    store = kept.open()
    while evictions(kept.bench) < 2:
        kept.put(store)
    store.close()
    assert kept.recovered()[1].batches < kept.batches
    kept.check()


async def test_a_void_counts_once_after_a_crash_between_an_eviction_s_audit_entry_and_its_notice(
    kept: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The summary of the segment is on record and the segment still there: it is counted by one of the two."""

    def power_goes(self: Store, notice: bytes) -> None:
        raise OSError(5, "power went")

    store = kept.open()
    with monkeypatch.context() as patch:
        patch.setattr(Store, "_commit_notice", power_goes)
        while not kept.bench.failures:
            kept.put(store)
        store.close()
    assert evictions(kept.bench) == 1 and store.gauge().evicted == 0
    kept.check()
    kept.bench.failures.clear()
    again = kept.open()
    while evictions(kept.bench) < 3:
        kept.put(again)
    again.close()
    generations = [fields["generation"] for kind, fields in kept.bench.audited if kind == "eviction"]
    assert generations == [0, 0, 1], "the same segment goes once more, and then the next"
    kept.check()
