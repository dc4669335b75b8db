"""Reading ahead: within its window, past what the reader has passed, and never in the reader's way."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from collector.store import ahead
from collector.store.ahead import ReadAhead

MIB = 1 << 20


class Reads:
    """(file, offset) of each read, in order."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.seen: list[tuple[str, int]] = []
        real = ahead.os.preadv

        def preadv(descriptor: int, buffers: list[memoryview], offset: int) -> int:
            name = Path(f"/proc/self/fd/{descriptor}").readlink().name
            octets = real(descriptor, buffers, offset)
            if octets:
                self.seen.append((name, offset))
            return octets

        monkeypatch.setattr(ahead.os, "preadv", preadv)

    def settled(self, count: int) -> list[tuple[str, int]]:
        """Once so many were made."""
        until = time.monotonic() + 10
        while len(self.seen) < count and time.monotonic() < until:
            time.sleep(0.001)
        return self.seen


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> Reads:
    return Reads(monkeypatch)


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Callable[..., list[Path]]]:
    def files(*mib: int) -> list[Path]:
        paths = []
        for number, size in enumerate(mib):
            path = tmp_path / f"f{number}"
            with path.open("wb") as file:
                file.truncate(size * MIB)
            paths.append(path)
        return paths

    yield files
    assert not [one for one in threading.enumerate() if one.name == "read-ahead"]


def test_it_stays_within_its_window_and_goes_on_into_the_next_file(
    reads: Reads, make: Callable[..., list[Path]]
) -> None:
    with ReadAhead(make(3, 3), 2 * MIB) as reading:
        assert reads.settled(2) == [("f0", 0), ("f0", MIB)]
        reading.reached(0, 2 * MIB)
        assert reads.settled(4)[2:] == [("f0", 2 * MIB), ("f1", 0)]


def test_what_the_reader_has_passed_is_not_read(reads: Reads, make: Callable[..., list[Path]]) -> None:
    with ReadAhead(make(8, 2), MIB) as reading:
        reads.settled(1)
        reading.reached(0, 6 * MIB)
        assert reads.settled(2)[1:] == [("f0", 6 * MIB)]
        reading.reached(1, MIB)
        assert reads.settled(3)[2:] == [("f1", MIB)]


def test_a_file_that_is_not_there_is_no_error(reads: Reads, make: Callable[..., list[Path]]) -> None:
    first, gone, last = make(1, 1, 1)
    gone.unlink()
    with ReadAhead([first, gone, last]):
        assert reads.settled(2) == [("f0", 0), ("f2", 0)]


def test_one_that_is_cut_short_meanwhile_is_no_error(reads: Reads, make: Callable[..., list[Path]]) -> None:
    first, last = make(4, 1)
    with ReadAhead([first, last], MIB) as reading:
        reads.settled(1)
        with first.open("r+b") as file:
            file.truncate(MIB)
        reading.reached(0, 2 * MIB)
        reading.reached(1, 0)
        assert ("f1", 0) in reads.settled(2)


def test_it_ends_at_once_with_its_context(make: Callable[..., list[Path]]) -> None:
    with pytest.raises(ZeroDivisionError), ReadAhead(make(64), MIB):
        raise ZeroDivisionError
    with ReadAhead([]):
        pass
