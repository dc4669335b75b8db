"""The memory a unit is put together in: page-aligned, so that it can be written past the page cache, and used again and
again, so that the kernel need not give and clear fresh pages for every commit. In large pages where the system has
them: a write past the page cache looks every page up."""

from __future__ import annotations

import contextlib
import mmap
from typing import Final

STEP_OCTETS: Final = 2 << 20
"""A large page of most systems."""


def private_pages(octets: int) -> mmap.mmap:
    """Fresh memory of this process alone, page-aligned."""
    pages = mmap.mmap(-1, octets, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    # A kernel without large pages refuses the advice.
    with contextlib.suppress(OSError):
        pages.madvise(mmap.MADV_HUGEPAGE)
    return pages


class UnitBuffer:
    """`reserve` before each use; a view taken before the next `reserve` must not be kept."""

    def __init__(self) -> None:
        self._map = private_pages(STEP_OCTETS)
        self.view = memoryview(self._map)

    def reserve(self, octets: int) -> memoryview:
        """Room for `octets` and more. What stood in it before is still there, as chance has it."""
        if octets > len(self.view):
            # Freed when the last view of it goes; nobody keeps one.
            self._map = private_pages(-(-octets // STEP_OCTETS) * STEP_OCTETS)
            self.view = memoryview(self._map)
        return self.view
