"""The few file operations the store lives by, behind one interface, so that tests can make each of them fail.

Nothing here retries: a failed write or sync means that what is on disk is unknown, and whoever asked must stop.
"""

from __future__ import annotations

import contextlib
import errno
import os
from pathlib import Path
from typing import Protocol

from collector.store.blank import BlankFile, open_direct


class Files(Protocol):
    def create(self, path: Path, octets: int, header: bytes) -> None:
        """A new preallocated file with its first block written, durable under its name. Raises OSError where the name
        is taken: no file is ever written over."""

    def expect(self, path: Path, octets: int, ready_octets: int) -> None:
        """Before long `create` will be asked for `path`: so much of it may be made ready by now. Never fails, never
        waits."""

    def expect_nothing(self) -> None:
        """What was expected is not needed: nothing of it stays."""

    def open(self, path: Path) -> int:
        """Open for reading and writing; the descriptor."""

    def write(self, descriptor: int, octets: bytes | bytearray | memoryview, offset: int) -> int:
        """As pwrite: how many octets were taken, possibly fewer than given."""

    def sync(self, descriptor: int) -> None:
        """As fdatasync."""

    def still_there(self, descriptor: int, path: Path) -> None:
        """Whether the name still leads to the open file. Raises OSError when it was removed, moved or mounted over:
        what is written then is found by nobody."""

    def close(self, descriptor: int) -> None: ...


class RealFiles:
    """The operating system's, past the page cache where the file system allows it: what is written once is read back
    seldom, and copying it into the cache costs as much as everything else about writing. Memory, offsets and sizes that
    `write` is given are whole pages."""

    def __init__(self) -> None:
        self.direct: bool | None = None
        """Whether writes go past the page cache; None before the first file was opened."""
        self._next: BlankFile | None = None

    def create(self, path: Path, octets: int, header: bytes) -> None:
        if path.exists():
            raise FileExistsError(errno.EEXIST, f"{path.name} is there already and is not written over")
        temporary = path.with_suffix(".tmp")
        self._blank(temporary, octets)
        descriptor = os.open(temporary, os.O_RDWR)
        try:
            os.pwrite(descriptor, header, 0)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        temporary.rename(path)
        directory = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)

    def _blank(self, temporary: Path, octets: int) -> None:
        """Every block of it written once, so that no commit later has to turn reserved blocks into written ones."""
        ahead, self._next = self._next, None
        if ahead is not None and (ahead.path, ahead.octets) == (temporary, octets):
            with contextlib.suppress(OSError):
                ahead.finish()
                if temporary.stat().st_size == octets:
                    return
        if ahead is not None:
            ahead.drop()
        BlankFile(temporary, octets).finish()

    def expect(self, path: Path, octets: int, ready_octets: int) -> None:
        temporary = path.with_suffix(".tmp")
        if self._next is not None and self._next.path != temporary:
            self.expect_nothing()
        if self._next is None:
            self._next = BlankFile(temporary, octets)
        self._next.reach(ready_octets)

    def expect_nothing(self) -> None:
        if self._next is not None:
            self._next.drop()
            self._next = None

    def open(self, path: Path) -> int:
        descriptor, self.direct = open_direct(path)
        return descriptor

    def write(self, descriptor: int, octets: bytes | bytearray | memoryview, offset: int) -> int:
        return os.pwrite(descriptor, octets, offset)

    def sync(self, descriptor: int) -> None:
        os.fdatasync(descriptor)

    def still_there(self, descriptor: int, path: Path) -> None:
        there, held = path.stat(), os.fstat(descriptor)
        if (there.st_dev, there.st_ino) != (held.st_dev, held.st_ino):
            raise OSError(errno.ESTALE, f"{path.name} was replaced by another file")

    def close(self, descriptor: int) -> None:
        os.close(descriptor)


def write_all(files: Files, descriptor: int, octets: bytes | bytearray | memoryview, offset: int) -> None:
    """Write everything, however often the system takes less. Raises OSError."""
    view = memoryview(octets)
    done = 0
    while done < len(view):
        taken = files.write(descriptor, view[done:], offset + done)
        if taken <= 0:
            raise OSError("a write took nothing")
        done += taken
