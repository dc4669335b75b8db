"""Sequence numbers row by row: what the column check could not settle alone.

`stream_table` moves a stream's mark and flags what is not simply next. Here the numbers that were skipped are
remembered, so that a number at or below the mark is told apart: it fills a gap (R-094), or it came before (R-093).
Pure; one `StreamBook` a collector. Memory is bounded: a stream remembers at most `MAX_RANGES` gaps and gives up the
oldest beyond that, which is counted.
"""

from __future__ import annotations

from enum import Enum
from typing import Final

MAX_RANGES: Final = 1024
"""Gaps remembered for one stream. A carrier that leaves more open has lost them."""


class Outcome(Enum):
    IN_ORDER = "in_order"
    GAP = "gap"
    OUT_OF_ORDER = "out_of_order"
    DUPLICATE = "duplicate"


class StreamBook:
    """Missing ranges by slot and epoch. Ranges are [first, last], both missing."""

    def __init__(self) -> None:
        self._missing: dict[int, dict[int, list[list[int]]]] = {}
        self.given_up = 0

    def gap(self, slot: int, epoch: int, first: int, last: int) -> None:
        """Numbers `first` to `last` were skipped."""
        if first > last:
            return
        ranges = self._missing.setdefault(slot, {}).setdefault(epoch, [])
        ranges.append([first, last])
        if len(ranges) > MAX_RANGES:
            lost = ranges.pop(0)
            self.given_up += lost[1] - lost[0] + 1

    def below(self, slot: int, epoch: int, number: int) -> Outcome:
        """A number at or below the mark: OUT_OF_ORDER when it was missing (it is not any more), else DUPLICATE."""
        ranges = self._missing.get(slot, {}).get(epoch, [])
        for index, (first, last) in enumerate(ranges):
            if first <= number <= last:
                pieces = [[first, number - 1], [number + 1, last]]
                ranges[index : index + 1] = [piece for piece in pieces if piece[0] <= piece[1]]
                if not ranges:
                    del self._missing[slot][epoch]
                return Outcome.OUT_OF_ORDER
        return Outcome.DUPLICATE

    def missing(self, slot: int, epoch: int) -> list[list[int]]:
        """The open gaps of a stream, oldest first; a copy."""
        return [list(one) for one in self._missing.get(slot, {}).get(epoch, [])]

    def open_of(self, slot: int) -> tuple[tuple[int, int, int], ...]:
        """The open gaps of a stream in all its epochs: (epoch, first, last), oldest first."""
        epochs = self._missing.get(slot, {})
        return tuple((epoch, first, last) for epoch in sorted(epochs) for first, last in epochs[epoch])

    def restore(self, slot: int, epoch: int, ranges: list[list[int]]) -> None:
        """Put back what `missing` gave before a restart."""
        if ranges:
            self._missing.setdefault(slot, {})[epoch] = [list(one) for one in ranges[-MAX_RANGES:]]

    def take_over(self, slot: int, gaps: tuple[tuple[int, int, int], ...]) -> None:
        """The open gaps are these, as `open_of` gave them elsewhere."""
        self._missing.pop(slot, None)
        for epoch, first, last in gaps:
            self.gap(slot, epoch, first, last)

    def forget(self, slot: int) -> None:
        """An ended communication's slot may be given out again."""
        self._missing.pop(slot, None)

    @property
    def open_gaps(self) -> int:
        return sum(len(ranges) for epochs in self._missing.values() for ranges in epochs.values())
