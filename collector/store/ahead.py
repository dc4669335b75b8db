"""Reading files ahead of whoever goes through them in order, so that a disk works while hashes are made.

Rules. It only warms the page cache: what is verified is what the reader itself reads, and a file that cannot be read
ahead is no error here. One thread, at most `WINDOW_OCTETS` ahead, so that a store larger than memory pushes nothing out
that is still to be read. What is in the cache already costs one copy, done beside.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import threading
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Final

WINDOW_OCTETS: Final = 32 << 20
STEP_OCTETS: Final = 1 << 20


class ReadAhead:
    """Of `paths`, in their order. Use it in a `with`; say how far the reader came by `reached`."""

    def __init__(self, paths: Sequence[Path], window_octets: int = WINDOW_OCTETS) -> None:
        self._paths = tuple(paths)
        self._window_octets = window_octets
        sizes = [path.stat().st_size if path.exists() else 0 for path in self._paths]
        self._starts = [0, *itertools.accumulate(sizes)]
        self._condition = threading.Condition()
        self._reader = 0
        self._stopped = False
        self._thread = threading.Thread(target=self._run, name="read-ahead", daemon=True)

    def __enter__(self) -> ReadAhead:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        with self._condition:
            self._stopped = True
            self._condition.notify()
        self._thread.join()

    def reached(self, index: int, offset: int) -> None:
        """The reader stands at `offset` of file `index`."""
        with self._condition:
            self._reader = self._starts[index] + offset
            self._condition.notify()

    def _run(self) -> None:
        scratch = memoryview(bytearray(STEP_OCTETS))
        for index, path in enumerate(self._paths):
            # What cannot be read is for the reader to meet.
            with contextlib.suppress(OSError):
                descriptor = os.open(path, os.O_RDONLY)
                try:
                    self._file(index, descriptor, scratch)
                finally:
                    os.close(descriptor)

    def _file(self, index: int, descriptor: int, scratch: memoryview) -> None:
        start, end = self._starts[index], self._starts[index + 1]
        at = start
        while (at := self._next(at)) < end:
            octets = os.preadv(descriptor, [scratch], at - start)
            if not octets:
                return
            at += octets

    def _next(self, at: int) -> int:
        """Where to read next, from `at` on, once the window has come there; nothing that the reader has passed.
        Past all files when it is to stop."""
        with self._condition:
            self._condition.wait_for(lambda: self._stopped or at < self._reader + self._window_octets)
            return self._starts[-1] if self._stopped else max(at, self._reader)
