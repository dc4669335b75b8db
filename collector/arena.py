"""Receive buffers: page-aligned arenas that many connections fill one after the other, from a pool that ends somewhere.

An arena is filled from front to back and never moved: rows of batches point into it. It goes back to the pool when it
is retired (nobody fills it any more) and every batch that points into it is durable. The pool's size bounds what the
process holds of received octets that are not durable yet; when it is empty, connections stop being read.
All of this belongs to the event loop's thread.
"""

from __future__ import annotations

import mmap
from typing import Final

from asn1.errors import LocalError

PAGE_OCTETS: Final = mmap.PAGESIZE


class Arena:
    """`filled` octets of `view` are taken. `holds`: batches that point into it, plus one while it is being filled."""

    __slots__ = ("_map", "filled", "holds", "octets", "view")

    def __init__(self, octets: int) -> None:
        # Anonymous and page-aligned; the kernel gives pages only as they are touched.
        self._map = mmap.mmap(-1, octets)
        self.view = memoryview(self._map)
        self.octets = octets
        self.filled = 0
        self.holds = 0

    @property
    def room(self) -> int:
        return self.octets - self.filled


class ArenaPool:
    """At most `limit` arenas of `octets` each, made when first needed and used again and again."""

    def __init__(self, octets: int, limit: int) -> None:
        if octets < PAGE_OCTETS or octets % PAGE_OCTETS or limit < 1:
            raise LocalError(f"arenas are whole pages of {PAGE_OCTETS} octets and at least one: {octets}, {limit}")
        self.octets = octets
        self.limit = limit
        self._made = 0
        self._free: list[Arena] = []

    @property
    def available(self) -> int:
        """How many more can be taken."""
        return len(self._free) + self.limit - self._made

    @property
    def in_use(self) -> int:
        return self._made - len(self._free)

    def take(self) -> Arena | None:
        """An empty arena with one hold on it, the filler's; None when all are in use."""
        if self._free:
            arena = self._free.pop()
        elif self._made < self.limit:
            arena = Arena(self.octets)
            self._made += 1
        else:
            return None
        arena.filled = 0
        arena.holds = 1
        return arena

    def hold(self, arena: Arena) -> None:
        arena.holds += 1

    def drop(self, arena: Arena) -> bool:
        """One hold less; True when that freed the arena."""
        if arena.holds < 1:
            raise LocalError("an arena was dropped more often than held; this is a defect of the collector")
        arena.holds -= 1
        if arena.holds:
            return False
        self._free.append(arena)
        return True
