"""The memory a unit is put together in: page-aligned, so that it can be written past the page cache, and used again and
again, so that the kernel need not give and clear fresh pages for every commit."""

from __future__ import annotations

import mmap
from typing import Final

STEP_OCTETS: Final = 1 << 20


class UnitBuffer:
    """`reserve` before each use; a view taken before the next `reserve` must not be kept."""

    def __init__(self) -> None:
        self._map = mmap.mmap(-1, STEP_OCTETS)
        self.view = memoryview(self._map)

    def reserve(self, octets: int) -> memoryview:
        """Room for `octets` and more. What stood in it before is still there, as chance has it."""
        if octets > len(self.view):
            # Freed when the last view of it goes; nobody keeps one.
            self._map = mmap.mmap(-1, -(-octets // STEP_OCTETS) * STEP_OCTETS)
            self.view = memoryview(self._map)
        return self.view
