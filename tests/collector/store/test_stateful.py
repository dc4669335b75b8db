"""Any order of batches, restarts, crashes and clock steps: what was acknowledged is there, once, and verifies."""

import tempfile
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from collector.rows import FORM_NOTICE
from collector.store.reader import StoreReader
from collector.store.verifier import verify_store
from tests.collector.store.conftest import Bench


class StoreMachine(RuleBasedStateMachine):
    """The oldest may have left; everything behind it is the newest that was acknowledged, nothing twice."""

    def __init__(self) -> None:
        super().__init__()
        self._place = tempfile.TemporaryDirectory()
        self._bench = Bench(Path(self._place.name))
        self._store = self._bench.open()
        self._made = 0

    @rule(count=st.integers(0, 60), octets=st.integers(1, 3000))
    def put(self, count: int, octets: int) -> None:
        records = [b"%08d" % (self._made + at) + bytes(octets) for at in range(count)]
        self._made += count
        self._bench.put(self._store, records)

    @rule()
    def restart(self) -> None:
        self._store.close()
        self._store = self._bench.open()

    @rule(torn=st.binary(min_size=1, max_size=200))
    def crash_in_a_unit(self, torn: bytes) -> None:
        """What a kill leaves behind the last commit: part of a unit that nobody was told of."""
        at, segments = self._store._end, self._store._segments
        self._store.close()
        if segments and at + len(torn) <= segments[-1].header.segment_octets:
            with segments[-1].path.open("r+b") as file:
                file.seek(at)
                file.write(torn)
        self._store = self._bench.open()

    @rule(step_us=st.integers(-10_000_000, 10_000_000))
    def clock_steps(self, step_us: int) -> None:
        self._bench.now_us += step_us

    @invariant()
    def capacity_is_never_exceeded(self) -> None:
        gauge = self._store.gauge()
        assert gauge.used_octets <= gauge.octets <= gauge.capacity_octets
        there = sum(path.stat().st_size for path in self._bench.directory.iterdir())
        assert there <= gauge.capacity_octets and not self._bench.failures

    def teardown(self) -> None:
        gauge = self._store.gauge()
        self._store.close()
        records = list(StoreReader(self._bench.directory, self._bench.keys).records())
        assert [one.sequence for one in records] == list(range(gauge.oldest, gauge.next))
        kept = [one.octets for one in records if one.form != FORM_NOTICE]
        assert len(set(kept)) == len(kept)
        newest = self._bench.acknowledged[len(self._bench.acknowledged) - len(kept) :]
        assert gauge.evicted or len(kept) == len(self._bench.acknowledged)
        # A batch is grouped by order, so a segment's edge never splits one: sets compare.
        assert set(kept) == set(newest)
        report = verify_store(self._bench.directory, self._bench.keys.trust, self._bench.keys, self._bench.pin)
        assert report.ok, report.tampered
        self._place.cleanup()


StoreMachine.TestCase.settings = settings(max_examples=6, stateful_step_count=15, deadline=None)
TestStore = StoreMachine.TestCase
