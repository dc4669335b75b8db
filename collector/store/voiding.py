"""Voids on their way into a store: a batch of leaves, and what the records were that they name (ADR 0048).

Rules. What is said of the records is read from the columns of their own segments, not taken from whoever voids them.
The commit's record tells the sums once more, so that whoever adds up verdict records has the voided ones beside them:

    {"voided": [[order uid, LIID, VerdictKind name, records], …]}      the first two hexadecimal, ascending
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from asn1.errors import LocalError
from collector.batch import Batch, CommitInfo
from collector.rows import FORM_NOTICE
from collector.store import frames
from collector.store.decisions import OWN, no_liid, own_rows
from collector.store.reader import DataView, Wanted
from collector.store.walk import DataFrame, SegmentFile
from collector.voids import Range, SumOfRows, Void, Why, ranges_of, void_leaves
from mediation.law.orders import OrderUid


@dataclass(frozen=True, slots=True)
class VoidBatch(Batch):
    """`voids`: what its leaves say."""

    voids: tuple[Void, ...]


def void_batch(voids: Sequence[Void], now_us: int, on_durable: Callable[[CommitInfo], None]) -> VoidBatch:
    """One leaf of the store's own for as much of each as fits in one."""
    rows, view = own_rows([leaf for void in voids for leaf in void_leaves(void)], now_us)
    return VoidBatch(rows, (view, memoryview(b"")), OWN, no_liid, _record(voids), on_durable, tuple(voids))


def _record(voids: Sequence[Void]) -> bytes:
    found: Counter[tuple[str, str, str]] = Counter()
    for one in (one for void in voids for one in void.sums):
        for verdict, records in one.verdicts:
            found[one.order.hex(), one.liid.hex(), verdict] += records
    told = [[*key, records] for key, records in sorted(found.items())]
    return json.dumps({"voided": told}, separators=(",", ":")).encode()


Segments = Sequence[tuple[Path, frames.SegmentHeader]]
"""Oldest first."""


def of_streams(names: Collection[tuple[bytes, int, int]]) -> Wanted:
    """The rows of these streams: LIID, CIN and kind."""

    def wanted(view: DataView) -> np.ndarray:
        liids = {liid: at for at, liid in enumerate(view.liids)}
        chosen = np.zeros(len(view.rows), bool)
        for liid, cin, kind in names:
            if liid in liids:
                rows = view.rows
                chosen |= (rows["liid"] == liids[liid]) & (rows["cin"] == cin) & (rows["kind"] == kind)
        return chosen

    return wanted


def find(segments: Segments, first: int, last: int, wanted: Wanted) -> tuple[Range, ...]:
    """The records of `[first, last]` that `wanted` selects: a batch's rows are stored order by order, so who knows a
    row of a batch does not know its sequence. Raises LocalError for records that cannot be read."""
    found: list[int] = []
    for at, (path, header) in enumerate(segments):
        parts = _parts(segments, at, [(first, last)])
        with SegmentFile(path) as file:
            for data, start, end in _frames(file, header, parts):
                view = DataView(data.first_sequence, data.rows(), data.meta.liids, data.meta.extents)
                chosen = np.flatnonzero(wanted(view)[start:end])
                found += (data.first_sequence + start + chosen).tolist()
    return ranges_of(found)


def voids_of(segments: Segments, ranges: Sequence[Range], shard: str, why: Why, now_us: int) -> list[Void]:
    """A void of these records for each segment that has any of them, with what they were. Raises LocalError for leaves
    that no peer sent, and for records that cannot be read."""
    found = []
    for at, (path, header) in enumerate(segments):
        parts = _parts(segments, at, ranges)
        if not parts:
            continue
        sums = SumOfRows()
        with SegmentFile(path) as file:
            for data, first, end in _frames(file, header, parts):
                rows = data.rows()
                if (rows["form"][first:end] == FORM_NOTICE).any():
                    raise LocalError(
                        f"records {data.first_sequence + first} to {data.first_sequence + end - 1} hold leaves of the "
                        "store's own: these are never voided"
                    )
                for extent in data.meta.extents:
                    chosen = rows[max(first, extent.first_row) : min(end, extent.first_row + extent.rows)]
                    if len(chosen):
                        sums.add(OrderUid(extent.uid), chosen, data.meta.liids)
        found.append(Void(header.generation, tuple(parts), sums.sums(), shard, why, now_us))
    return found


def _parts(segments: Segments, at: int, ranges: Sequence[Range]) -> list[Range]:
    """What of the ranges is in one of the segments."""
    begin = segments[at][1].first_sequence
    after = segments[at + 1][1].first_sequence if at + 1 < len(segments) else None
    return [
        (max(first, begin), last if after is None else min(last, after - 1))
        for first, last in ranges
        if last >= begin and (after is None or first < after)
    ]


def _frames(
    file: SegmentFile, header: frames.SegmentHeader, parts: Sequence[Range]
) -> Iterator[tuple[DataFrame, int, int]]:
    """The frames that hold records of these ranges, each with its rows `[first, end)` of one of them."""
    for first, last in parts:
        for data in _data(file, header, first, last):
            start, end = max(first - data.first_sequence, 0), min(last + 1 - data.first_sequence, data.records)
            if start < end:
                yield data, start, end


def _data(file: SegmentFile, header: frames.SegmentHeader, first: int, last: int) -> Iterator[DataFrame]:
    """The frames of the units that hold records `first` to `last`."""
    unit = file.unit_of(header, first)
    while unit is not None:
        yield from unit.data
        if unit.size > last:
            return
        unit = file.unit_at(header, unit.end)
    raise LocalError(f"{file.path.name}: records {first} to {last} are to be voided and cannot be read")
