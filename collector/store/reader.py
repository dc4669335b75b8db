"""Reading a store that another process may be writing: commits for the index, records for exports.

A reader holds no lock. It sees whole units only, and since a segment may be recycled while it is being read, it
looks at the segment's generation again after each unit and drops what it read when that has changed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

from asn1.errors import DecodeError
from collector.store import frames
from collector.store.keys import Keys
from collector.store.walk import DataFrame, SegmentFile, Unit, segment_paths
from mediation.law.orders import OrderUid


class CommitView(NamedTuple):
    """One commit: verdict records, and for each data frame its first sequence, rows, LIIDs and extents."""

    number: int
    time_us: int
    size: int
    data: tuple[DataView, ...]
    records: tuple[bytes, ...]


class DataView(NamedTuple):
    first_sequence: int
    rows: np.ndarray
    liids: tuple[bytes, ...]
    extents: tuple[frames.ExtentHead, ...]


class StoredRecord(NamedTuple):
    """One leaf. `octets` is None when the order's data key is not there. Row fields as in `pack.py`."""

    sequence: int
    uid: OrderUid
    version: int
    verdict: int
    form: int
    reasons: int
    received_us: int
    event_us: int
    liid: bytes
    cin: int
    number: int
    kind: int
    content_tag: int
    direction: int
    iri_type: int
    octets: bytes | None


Wanted = Callable[[DataView], np.ndarray]
"""From a data frame's columns to a boolean mask of its rows."""


class StoreReader:
    """`keys` decrypt; without them octets are None."""

    def __init__(self, directory: Path, keys: Keys | None = None) -> None:
        self._directory = directory
        self._keys = keys

    def commits(self, after: int = -1) -> Iterator[CommitView]:
        """The commits whose number is above `after`, oldest first."""
        for _, _, unit in self._units(after):
            data = tuple(
                DataView(one.first_sequence, one.rows(), one.meta.liids, one.meta.extents) for one in unit.data
            )
            yield CommitView(unit.commit.number, unit.commit.time_us, unit.size, data, unit.commit.records)

    def records(self, wanted: Wanted | None = None) -> Iterator[StoredRecord]:
        """The records that `wanted` selects (all, when None), in sequence order.

        Raises DecodeError when encrypted octets were changed.
        """
        for file, header, unit in self._units(-1):
            for data in unit.data:
                view = DataView(data.first_sequence, data.rows(), data.meta.liids, data.meta.extents)
                mask = np.ones(data.records, bool) if wanted is None else wanted(view)
                for extent in data.meta.extents:
                    chosen = mask[extent.first_row : extent.first_row + extent.rows]
                    if chosen.any():
                        octets = file.extent_octets(header, data, extent, self._keys)
                        if not self._unchanged(file, header):
                            return
                        yield from _records(view, extent, chosen, octets)

    def read(self, sequence: int) -> StoredRecord | None:
        """One record; None when it is not there (evicted, or not yet written)."""

        for path, header, _ in reversed(self._headers()):
            if header.first_sequence > sequence:
                continue
            with SegmentFile(path) as file:
                unit = file.unit_of(header, sequence)
                for data in unit.data if unit is not None else ():
                    at = sequence - data.first_sequence
                    if 0 <= at < data.records:
                        return self._one(file, header, data, at)
            return None
        return None

    def _one(self, file: SegmentFile, header: frames.SegmentHeader, data: DataFrame, row: int) -> StoredRecord | None:
        extent = next(one for one in data.meta.extents if one.first_row <= row < one.first_row + one.rows)
        octets = file.extent_octets(header, data, extent, self._keys)
        if not self._unchanged(file, header):
            return None
        view = DataView(data.first_sequence, data.rows(), data.meta.liids, data.meta.extents)
        chosen = np.arange(extent.rows) == row - extent.first_row
        return next(_records(view, extent, chosen, octets))

    def _units(self, after: int) -> Iterator[tuple[SegmentFile, frames.SegmentHeader, Unit]]:
        for path, header, end_commit in self._headers():
            if end_commit is not None and end_commit <= after:
                continue
            with SegmentFile(path) as file:
                for unit in file.units(header):
                    if not self._unchanged(file, header):
                        break
                    if unit.commit.number > after:
                        yield file, header, unit

    def _headers(self) -> list[tuple[Path, frames.SegmentHeader, int | None]]:
        found = []
        for path in segment_paths(self._directory):
            with SegmentFile(path) as file:
                try:
                    found.append((path, file.header()))
                except DecodeError:
                    continue
        found.sort(key=lambda one: one[1].generation)
        if not found:
            return []
        nexts = [header.first_commit - 1 for _, header in found[1:]]
        return [(path, header, last) for (path, header), last in zip(found, [*nexts, None], strict=True)]

    @staticmethod
    def _unchanged(file: SegmentFile, header: frames.SegmentHeader) -> bool:
        try:
            return file.header().generation == header.generation
        except DecodeError:
            return False


def _records(
    view: DataView, extent: frames.ExtentHead, chosen: np.ndarray, octets: bytes | None
) -> Iterator[StoredRecord]:
    rows = view.rows[extent.first_row : extent.first_row + extent.rows]
    ends = np.cumsum(rows["length"], dtype=np.int64)
    for index in np.flatnonzero(chosen):
        row, end = rows[index], int(ends[index])
        yield StoredRecord(
            view.first_sequence + extent.first_row + int(index),
            OrderUid(extent.uid),
            extent.version,
            int(row["verdict"]),
            int(row["form"]),
            int(row["reasons"]),
            int(row["received_us"]),
            int(row["event_us"]),
            view.liids[int(row["liid"])],
            int(row["cin"]),
            int(row["number"]),
            int(row["kind"]),
            int(row["content_tag"]),
            int(row["direction"]),
            int(row["iri_type"]),
            None if octets is None else octets[end - int(row["length"]) : end],
        )
