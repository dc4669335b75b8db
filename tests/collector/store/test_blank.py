"""The next segment's file, made ahead: paced by who fills the one before, and never in anybody's way."""

import contextlib
import errno
import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from collector.store import blank
from collector.store.blank import PACED_OCTETS, BlankFile
from collector.store.files import RealFiles
from collector.store.reader import StoreReader
from collector.store.walk import segment_paths

Make = Callable[[int, int], list[bytes]]
OCTETS = 8 * PACED_OCTETS


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int]]:
    """(offset, octets) of every write of zeros."""
    found: list[tuple[int, int]] = []
    real = os.pwrite

    def write(descriptor: int, octets: memoryview, offset: int) -> int:
        taken = real(descriptor, octets, offset)
        found.append((offset, taken))
        return taken

    monkeypatch.setattr(blank.os, "pwrite", write)
    return found


def until(true: Callable[[], object]) -> None:
    give_up_s = time.monotonic() + 10
    while not true():
        assert time.monotonic() < give_up_s
        time.sleep(0.001)


def end(written: list[tuple[int, int]]) -> int:
    return max((offset + octets for offset, octets in written), default=0)


def test_no_more_is_written_than_was_asked_for(tmp_path: Path, written: list[tuple[int, int]]) -> None:
    file = BlankFile(tmp_path / "a.tmp", OCTETS)
    file.reach(PACED_OCTETS // 2)
    for reached in (PACED_OCTETS, 3 * PACED_OCTETS, 3 * PACED_OCTETS + 4096):
        file.reach(reached)
        until(lambda: end(written) >= reached // PACED_OCTETS * PACED_OCTETS)  # noqa: B023  done before the next
        assert end(written) == reached // PACED_OCTETS * PACED_OCTETS
    file.finish()
    assert end(written) == OCTETS == sum(octets for _, octets in written)
    assert (tmp_path / "a.tmp").read_bytes() == bytes(OCTETS)


def test_what_is_not_needed_is_taken_away_wherever_it_stands(tmp_path: Path) -> None:
    for reached in (0, PACED_OCTETS, OCTETS):
        file = BlankFile(tmp_path / "a.tmp", OCTETS)
        if reached:
            file.reach(reached)
        file.drop()
        assert list(tmp_path.iterdir()) == []


def test_what_was_made_ahead_is_what_is_created(tmp_path: Path, written: list[tuple[int, int]]) -> None:
    files, path = RealFiles(), tmp_path / "seg-000001.seg"
    files.expect(path, OCTETS, 2 * OCTETS)
    until(lambda: end(written) == OCTETS)
    before = len(written)
    files.create(path, OCTETS, b"head".ljust(4096, b"\0"))
    # The header, and nothing else.
    assert written[before:] == [(0, 4096)]
    assert path.read_bytes() == b"head".ljust(OCTETS, b"\0") and list(tmp_path.iterdir()) == [path]
    files.expect_nothing()
    assert path.exists()


@pytest.mark.parametrize("trouble", ["full disk", "removed", "cut short", "another"])
def test_a_file_that_could_not_be_made_ahead_is_made_when_it_is_needed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, trouble: str
) -> None:
    files, path = RealFiles(), tmp_path / "seg-000001.seg"
    temporary = path.with_suffix(".tmp")
    if trouble == "full disk":

        def full(*_: object) -> None:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

        with monkeypatch.context() as patch:
            patch.setattr(blank.os, "posix_fallocate", full)
            files.expect(path, OCTETS, 1)
            assert files._next is not None and files._next._thread is not None
            files._next._thread.join()
    elif trouble == "another":
        files.expect(tmp_path / "seg-000007.seg", OCTETS, OCTETS)
    else:
        files.expect(path, OCTETS, OCTETS)
        assert files._next is not None and files._next._thread is not None
        files._next._thread.join()
        if trouble == "removed":
            temporary.unlink()
        else:
            os.truncate(temporary, 4096)
    files.create(path, OCTETS, b"head".ljust(4096, b"\0"))
    assert path.read_bytes() == b"head".ljust(OCTETS, b"\0") and list(tmp_path.iterdir()) == [path]


def taken(directory: Path) -> int:
    """Octets of all segments, those that are made ahead too. One that is renamed between being listed and being looked
    at has all of them looked at again."""
    while True:
        with contextlib.suppress(FileNotFoundError):
            return sum(path.stat().st_size for path in directory.glob("seg-*.*"))


def test_a_store_has_its_next_file_ready_and_takes_no_more_room_than_its_capacity(bench, make_records: Make) -> None:
    store = bench.open()
    most = 0
    while store.gauge().evicted == 0:
        bench.put(store, make_records(60, 700))
        most = max(most, taken(bench.directory))
    assert most == store.config.capacity_octets
    # When every slot is in use none is made any more: the oldest one's is used again.
    assert not list(bench.directory.glob("*.tmp"))
    store.close()
    kept = {record.octets for record in StoreReader(bench.directory, bench.keys).records()}
    assert bench.failures == [] and set(bench.acknowledged[store.gauge().evicted :]) <= kept


def test_what_a_dead_process_had_made_ahead_is_gone_after_the_next_start(bench, make_records: Make) -> None:
    store = bench.open()
    bench.put(store, make_records(20, 200))
    until(lambda: list(bench.directory.glob("*.tmp")))
    (ahead,) = bench.directory.glob("*.tmp")
    octets = ahead.stat().st_size
    store.close()
    assert segment_paths(bench.directory) == [bench.directory / "seg-000000.seg"] and not ahead.exists()
    ahead.write_bytes(bytes(octets))
    store = bench.open()
    assert not ahead.exists()
    bench.put(store, make_records(20, 200))
    store.close()
    assert bench.failures == [] and not ahead.exists()
