"""The units of a store as they become durable, each once: what the index is fed with.

A unit that waits in memory (`fresh.py`) is taken from there, any other read from its segment. A tail holds no lock. It
reads nothing beyond the newest commit it was told is durable, looks at the segment's generation again after each unit,
and goes on with the oldest unit there is when what it had not read yet was evicted.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from asn1.errors import DecodeError
from collector.store import frames
from collector.store.fresh import FreshUnit, FreshUnits
from collector.store.walk import SegmentFile, Unit, segment_paths


class TailUnit(NamedTuple):
    """A unit and where it is, so that octets of its records can be read."""

    file: SegmentFile
    header: frames.SegmentHeader
    unit: Unit


class StoreTail:
    """Starts behind commit `after` (-1: with the oldest)."""

    def __init__(self, directory: Path, after: int = -1, fresh: FreshUnits | None = None) -> None:
        self._directory = directory
        self._after = after
        self._fresh = fresh
        self._file: SegmentFile | None = None
        self._header: frames.SegmentHeader | None = None
        self._offset = frames.BLOCK

    def read(self, durable: int) -> Iterator[TailUnit]:
        """Units not read yet, up to commit `durable`, oldest first."""
        while self._after < durable:
            fresh = None if self._fresh is None else self._fresh.take(self._after + 1)
            if fresh is not None:
                yield self._placed(fresh)
                continue
            if self._file is None and not self._open_next(-1):
                return
            file, header = self._file, self._header
            assert file is not None and header is not None
            unit = file.unit_at(header, self._offset)
            if unit is None or not file.still(header):
                if not self._open_next(header.generation):
                    return
                continue
            if unit.commit.number > durable:
                return
            self._offset = unit.end
            if unit.commit.number <= self._after:
                continue
            self._after = unit.commit.number
            yield TailUnit(file, header, unit)

    def _placed(self, fresh: FreshUnit) -> TailUnit:
        """As if it had been read, and reading goes on behind it."""
        if self._file is None or self._header is None or self._header.generation != fresh.header.generation:
            self.close()
            self._file, self._header = SegmentFile(fresh.path), fresh.header
        self._offset, self._after = fresh.unit.end, fresh.unit.commit.number
        return TailUnit(self._file, self._header, fresh.unit)

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
        self._file = None

    def _open_next(self, generation: int) -> bool:
        """The oldest segment behind `generation` that may hold what was not read yet; False when there is none."""
        found: list[tuple[frames.SegmentHeader, Path]] = []
        for path in segment_paths(self._directory):
            with SegmentFile(path) as file:
                try:
                    header = file.header()
                except DecodeError:
                    continue
            if header.generation > generation:
                found.append((header, path))
        found.sort(key=lambda one: one[0].generation)
        while len(found) > 1 and found[1][0].first_commit <= self._after + 1:
            found.pop(0)
        if not found:
            return False
        self.close()
        self._header, path = found[0]
        self._file = SegmentFile(path)
        self._offset = frames.BLOCK
        return True
