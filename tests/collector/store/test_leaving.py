"""What is in the segment that goes next, found out beside the commits; and what is on record before it goes."""

import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

from collector.store.eviction import Contents, Leaving, contents_of
from collector.store.files import RealFiles
from collector.store.recovery import SegmentState
from collector.store.store import Store, StoreConfig, StoreHooks

Make = Callable[[int, int], list[bytes]]
CAPACITY, SEGMENT = 1 << 20, 256 * 1024


def collected(records: Iterable[bytes]) -> list[bytes]:
    return list(records)


@pytest.fixture
def segment(bench, make_records: Make) -> SegmentState:
    """One that is written to no more, of more than twenty commits."""
    store = bench.open()
    for number in range(200):
        bench.put(store, make_records(8, 500), b'{"number": %d}' % number)
        if len(store._segments) > 1:
            break
    found = store._segments[0]
    store.close()
    assert found.commits > 20
    return found


def alive() -> list[threading.Thread]:
    return [one for one in threading.enumerate() if one.name == "eviction-ahead"]


def test_what_is_found_ahead_is_what_is_there(segment: SegmentState) -> None:
    expected = contents_of(segment, collected)
    assert len(expected.ranges) == 3 and len(expected.summary) == segment.commits
    for shares in ((), (0.0,), (0.3, 0.6), (1.0,)):
        leaving = Leaving(collected)
        for share in shares:
            leaving.reach(segment, share)
        assert leaving.take(segment) == expected
    assert not alive()


def test_no_more_is_gone_through_than_was_asked_for(segment: SegmentState) -> None:
    met: list[int] = []

    def summarise(records: Iterable[bytes]) -> int:
        for _ in records:
            met.append(len(met))
        return len(met)

    leaving = Leaving(summarise)
    before = 0
    for share in (0.25, 0.5):
        leaving.reach(segment, share)
        give_up_s = time.monotonic() + 10
        # Units are of about one size: what is due is known to one of them.
        while len(met) < share * segment.commits - 3 and time.monotonic() < give_up_s:
            time.sleep(0.001)
        assert before < len(met) <= share * segment.commits + 3
        before = len(met)
    leaving.drop()
    assert len(met) <= 0.5 * segment.commits + 3 and not alive()


def test_another_segment_than_was_looked_at_is_gone_through_when_it_goes(segment: SegmentState) -> None:
    asked: list[int] = []

    def summarise(records: Iterable[bytes]) -> int:
        asked.append(1)
        return sum(1 for _ in records)

    other = segment._replace(header=segment.header._replace(generation=segment.header.generation + 1))
    leaving = Leaving(summarise)
    leaving.reach(other, 0.1)
    assert leaving.take(segment) == contents_of(segment, summarise)
    leaving.reach(other, 0.1)
    leaving.reach(segment, 0.1)
    assert len(alive()) == 1
    assert leaving.take(segment).summary == segment.commits
    assert not alive()


def test_trouble_ahead_is_met_by_the_writer(segment: SegmentState) -> None:
    def failing(records: Iterable[bytes]) -> Any:
        raise ValueError("cannot")

    leaving = Leaving(failing)
    leaving.reach(segment, 1.0)
    with pytest.raises(ValueError, match="cannot"):
        leaving.take(segment)
    leaving = Leaving(collected)
    path = segment.path.rename(segment.path.with_suffix(".away"))
    leaving.reach(segment, 1.0)
    assert leaving._thread is not None
    leaving._thread.join()
    path.rename(segment.path)
    assert leaving.take(segment) == contents_of(segment, collected)


class Watching(RealFiles):
    """What the audit hook was given and had not made durable when anything was written."""

    def __init__(self) -> None:
        super().__init__()
        self.loose: list[str] = []
        self.at_writes: list[tuple[str, ...]] = []

    def write(self, descriptor: int, octets: bytes | bytearray | memoryview, offset: int) -> int:
        self.at_writes.append(tuple(self.loose))
        return super().write(descriptor, octets, offset)


def test_what_goes_is_named_on_record_before_anything_of_it_is_written_over(
    bench, make_records: Make, tmp_path: Path
) -> None:
    files, told = Watching(), []

    def audit(kind: str, fields: dict[str, Any]) -> None:
        told.append(kind)
        files.loose.append(kind)

    hooks = StoreHooks(
        now_us=bench.tick, is_unsafe=lambda uid: True, audit=audit, settle=files.loose.clear,
        on_failure=bench.failures.append,
    )  # fmt: skip
    store = Store.open(tmp_path / "full", StoreConfig(CAPACITY, SEGMENT), bench.keys, hooks, files)
    while store.gauge().evicted == 0:
        bench.put(store, make_records(30, 700))
    store.close()
    assert bench.failures == [] and told[:4] == ["fifo_unsafe"] * 3 + ["eviction"]
    assert set(files.at_writes) == {()}


def test_a_full_store_that_is_opened_again_goes_on_as_before(bench, make_records: Make) -> None:
    store = bench.open()
    while store.gauge().evicted == 0:
        bench.put(store, make_records(30, 700))
    store.close()
    assert not alive()
    store = bench.open()
    evicted = store.gauge().evicted
    while store.gauge().evicted == evicted:
        bench.put(store, make_records(30, 700))
    store.close()
    entries = [fields for kind, fields in bench.audited if kind == "eviction"]
    assert [one["summary"]["records"] > 0 for one in entries] == [True] * len(entries)
    assert sum(one["count"] for one in entries) == store.gauge().evicted and not alive()
    assert isinstance(contents_of(store._segments[0], collected), Contents)
