"""What is in the oldest segment when it is to go, and what is said about it before it does (R-141, R-143).

Rules. To go through a segment takes seconds where its commits are small, and no commit is to wait for that: it is done
beside them, by a thread of its own, as far as the newest segment is filled. What the thread meets in the way of trouble
is for the writer to meet: then, and where there was no time, the segment is gone through when it is to go.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Generator, Iterable
from dataclasses import dataclass, field
from typing import Any, Final

from collector.store.recovery import SegmentState
from collector.store.walk import NO_ORDER, SegmentFile
from mediation.law.orders import OrderUid

MAX_RANGES: Final = 1000
"""Of records named in one audit entry; more of them make more entries."""

Summarise = Callable[[Iterable[bytes]], Any]


@dataclass(slots=True)
class Contents:
    """`ranges`: `[first, next)` of the records of each order, in their order; `summary`: what is said of the verdict
    records."""

    ranges: dict[OrderUid, list[list[int]]] = field(default_factory=dict)
    octets: int = 0
    summary: Any = None

    @property
    def counts(self) -> dict[str, int]:
        """Records by order."""
        return {uid.hex(): _count(ranges) for uid, ranges in self.ranges.items()}


def contents_of(
    segment: SegmentState, summarise: Summarise, reached: Callable[[int], None] = lambda offset: None
) -> Contents:
    """`reached` hears before each unit where it ends."""
    found = Contents()

    def records() -> Generator[bytes]:
        with SegmentFile(segment.path) as file:
            for unit in file.units(segment.header):
                reached(unit.end)
                for data in unit.data:
                    found.octets += data.area_octets
                    for extent in data.meta.extents:
                        if extent.uid != NO_ORDER:
                            first = data.first_sequence + extent.first_row
                            _extend(found.ranges.setdefault(OrderUid(extent.uid), []), first, first + extent.rows)
                yield from unit.commit.records

    walk = records()
    found.summary = summarise(walk)
    for _ in walk:
        # Whoever makes the summary need not read to the end.
        pass
    return found


class _Dropped(Exception):  # noqa: N818  not an error: the thread's way out
    """Nobody wants to know any more."""


class Leaving:
    """The oldest segment's contents, found out by and by. `reach` and then `take` or `drop`, all on one thread."""

    def __init__(self, summarise: Summarise) -> None:
        self._summarise = summarise
        self._condition = threading.Condition()
        self._segment: SegmentState | None = None
        self._wanted = 0.0
        self._dropped = False
        self._found: Contents | None = None
        self._thread: threading.Thread | None = None

    def reach(self, segment: SegmentState, share: float) -> None:
        """That much of `segment`, which nothing is written to any more, is to be known by now."""
        if self._segment is None or self._segment.header.generation != segment.header.generation:
            self.drop()
            self._segment, self._wanted, self._dropped = segment, 0.0, False
            self._thread = threading.Thread(target=self._run, args=(segment,), name="eviction-ahead", daemon=True)
            self._thread.start()
        with self._condition:
            self._wanted = share
            self._condition.notify()

    def take(self, segment: SegmentState) -> Contents:
        """Everything that is in `segment`. Raises as `contents_of`."""
        found = None
        if self._segment is not None and self._segment.header.generation == segment.header.generation:
            self.reach(segment, 1.0)
            assert self._thread is not None
            self._thread.join()
            found = self._found
        self.drop()
        return contents_of(segment, self._summarise) if found is None else found

    def drop(self) -> None:
        """What is in it is not asked for."""
        with self._condition:
            self._dropped = True
            self._condition.notify()
        if self._thread is not None:
            self._thread.join()
        self._segment = self._thread = self._found = None

    def _run(self, segment: SegmentState) -> None:
        def reached(offset: int) -> None:
            with self._condition:
                self._condition.wait_for(lambda: self._dropped or offset <= self._wanted * segment.data_end)
                if self._dropped:
                    raise _Dropped

        # Whatever it is: the writer goes through the segment itself then, and meets it again.
        with contextlib.suppress(Exception):
            self._found = contents_of(segment, self._summarise, reached)


def _extend(ranges: list[list[int]], first: int, after: int) -> None:
    if ranges and ranges[-1][1] == first:
        ranges[-1][1] = after
    else:
        ranges.append([first, after])


def _count(ranges: list[list[int]]) -> int:
    return sum(after - first for first, after in ranges)


def unsafe_entries(
    segment: SegmentState, uid: OrderUid, ranges: list[list[int]], blocked: bool
) -> list[dict[str, Any]]:
    """R-143: the fields of the audit entries that name an order's records before they go. `blocked`: they wait."""
    found = []
    for at in range(0, len(ranges), MAX_RANGES):
        part = ranges[at : at + MAX_RANGES]
        name = {"segment": segment.path.name, "generation": segment.header.generation, "order": uid.hex()}
        found.append({**name, "records": _count(part), "ranges": part, "blocked": blocked})
    return found
