"""The file of the segment that comes next, written blank before it is needed, so that no commit waits for that.

Rules. A file that a commit writes into has every block of it written once already; for a whole segment that takes the
disk a good part of a second. So it is done beside the commits, by a thread of its own, and no faster than it is told:
the disk is the commits'. It stands under another name (`.tmp`, which recovery takes away) until it is used. Whatever
goes wrong here is no error: the file is then made when it is needed, and what fails there is told.
"""

from __future__ import annotations

import contextlib
import errno
import mmap
import os
import threading
from pathlib import Path
from typing import Final

STEP_OCTETS: Final = 4 << 20
"""Most that is written at once."""
PACED_OCTETS: Final = 1 << 20
"""Least that is, before the end: a commit may have to wait behind it, a millisecond or so."""


def open_direct(path: Path) -> tuple[int, bool]:
    """Open for reading and writing, past the page cache where the file system allows it; the descriptor, and whether it
    does. Raises OSError."""
    try:
        return os.open(path, os.O_RDWR | os.O_DIRECT), True
    except OSError as error:
        if error.errno != errno.EINVAL:
            raise
    return os.open(path, os.O_RDWR), False


class BlankFile:
    """`octets` (whole pages) of zeros at `path`, by and by. `reach` and then `finish` or `drop`, all on one thread."""

    def __init__(self, path: Path, octets: int) -> None:
        self.path = path
        self.octets = octets
        self._condition = threading.Condition()
        self._wanted = 0
        self._dropped = False
        self._error: OSError | None = None
        self._thread: threading.Thread | None = None

    def reach(self, octets: int) -> None:
        """So many of its octets are to be written by now."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="segment-ahead", daemon=True)
            self._thread.start()
        if octets - self._wanted >= PACED_OCTETS or octets >= self.octets:
            with self._condition:
                self._wanted = min(octets, self.octets)
                self._condition.notify()

    def finish(self) -> None:
        """Wait until it is all there, and durable but for its name. Raises OSError when it could not be made."""
        self.reach(self.octets)
        assert self._thread is not None
        self._thread.join()
        if self._error is not None:
            raise self._error

    def drop(self) -> None:
        """It is not needed: take it away."""
        with self._condition:
            self._dropped = True
            self._condition.notify()
        if self._thread is not None:
            self._thread.join()
        with contextlib.suppress(OSError):
            self.path.unlink()

    def _run(self) -> None:
        try:
            self._make()
        except OSError as error:
            self._error = error

    def _make(self) -> None:
        descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
        try:
            os.posix_fallocate(descriptor, 0, self.octets)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        descriptor, _ = open_direct(self.path)
        try:
            with mmap.mmap(-1, STEP_OCTETS) as zeros, memoryview(zeros) as blank:
                offset = 0
                while offset < self.octets and (more := self._more(offset)):
                    offset += os.pwrite(descriptor, blank[:more], offset)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def _more(self, offset: int) -> int:
        """How much to write from `offset` on, once it is time; 0 when it is not needed any more."""
        step = min(PACED_OCTETS, self.octets - offset)
        with self._condition:
            self._condition.wait_for(lambda: self._dropped or self._wanted - offset >= step)
            return 0 if self._dropped else min(self._wanted - offset, STEP_OCTETS)
