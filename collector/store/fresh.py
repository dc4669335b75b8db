"""Units that have just become durable, on their way to the index through memory: what was written is not read back.

Rules. The store puts a unit once it is on disk, and never waits for whoever takes it: what does not fit is left out,
and is read from its segment instead. Both ways give the same values, but for the leaf hashes of frames without
signalling, which the index has no use for.
"""

from __future__ import annotations

import threading
from collections import deque
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np

from asn1.columns import KIND_IRI
from collector.store import frames
from collector.store.walk import ROW_DTYPE, DataFrame, Unit

FRESH_OCTETS: Final = 32 << 20
"""Row columns of half a million records: half a second of the fastest lane, and all that waits may take."""
_UNIT_OCTETS: Final = 1024
"""What a unit takes beside rows, hashes and records, roughly from above."""


class FramePlace(NamedTuple):
    """A data frame in the memory that a unit is put together in: `at` is where it stands there."""

    at: int
    first_sequence: int
    records: int
    layout: frames.Layout
    extents: frames.Extents
    liids: tuple[bytes, ...]
    digest: bytes

    def frame(self, unit: memoryview, offset: int) -> DataFrame:
        """As it would be read from a segment in which the unit stands at `offset`."""
        layout = self.layout
        rows = bytes(unit[self.at + layout.rows_at : self.at + layout.hashes_at])
        signalling = (np.frombuffer(rows, ROW_DTYPE)["kind"] == KIND_IRI).any()
        hashes = bytes(unit[self.at + layout.hashes_at : self.at + layout.area_at]) if signalling else b""
        meta = frames.DataMeta(self.extents, self.liids, rows, hashes, self.digest)
        area_at = self.at + layout.area_at
        return DataFrame(self.first_sequence, self.records, meta, offset + area_at, layout.octets - layout.area_at)


class FreshUnit(NamedTuple):
    """A unit, and the segment that it stands in."""

    path: Path
    header: frames.SegmentHeader
    unit: Unit

    @property
    def octets(self) -> int:
        metas = (data.meta for data in self.unit.data)
        return (
            _UNIT_OCTETS
            + sum(len(meta.rows) + len(meta.hashes) + _UNIT_OCTETS + 64 * len(meta.liids) for meta in metas)
            + sum(len(record) for record in self.unit.commit.records)
        )


class FreshUnits:
    """At most `limit_octets` of units, oldest first. `offer` on the store's thread, `take` on the index's."""

    def __init__(self, limit_octets: int = FRESH_OCTETS) -> None:
        self._limit_octets = limit_octets
        self._lock = threading.Lock()
        self._units: deque[FreshUnit] = deque()
        self._octets = 0
        self._closed = False

    def offer(self, one: FreshUnit) -> None:
        """Left out when there is no room: nobody waits."""
        octets = one.octets
        with self._lock:
            if not self._closed and self._octets + octets <= self._limit_octets:
                self._units.append(one)
                self._octets += octets

    def take(self, number: int) -> FreshUnit | None:
        """The unit of commit `number`; None when it was left out. Older ones are dropped."""
        with self._lock:
            while self._units and self._units[0].unit.commit.number <= number:
                one = self._units.popleft()
                self._octets -= one.octets
                if one.unit.commit.number == number:
                    return one
        return None

    def close(self) -> None:
        """Nobody takes any more."""
        with self._lock:
            self._closed = True
            self._units.clear()
            self._octets = 0
