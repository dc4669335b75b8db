"""A reader that knows where records lie: pages of a large store without reading all of it.

Rules. It is `StoreReader` with a memory: of each segment that was looked at, where its units stand and whether they
are signed, read once and gone on with where the last look stopped. A segment that was recycled since is forgotten. The
memory holds places and verdicts about signatures, never octets of records. Safe to use from several threads.
"""

from __future__ import annotations

import threading
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np

from asn1.errors import DecodeError
from asn1.segments import Run
from collector.standing import Standings
from collector.store import frames
from collector.store.keys import Keys
from collector.store.proof import SegmentProof
from collector.store.reader import DataView, StoredRecord, StoreReader, Wanted, records_of, runs_in
from collector.store.walk import NO_ORDER, SegmentFile, Unit, segment_paths
from collector.voids import Voids
from mediation.ledger.checkpoint import Trust
from mediation.runtime.process import IntegrityError

MAX_MAPPED: Final = 4_096
"""Segments whose units are remembered at once."""


class Place(NamedTuple):
    """A unit: where it is, its records `[first, next)`, and what is wrong with its signature. `own`: it holds leaves of
    the store's own; `cut`: its verdict records tell of contents that came in segments."""

    offset: int
    first: int
    next: int
    commit: int
    wrong: str | None
    own: bool
    cut: bool


class Span(NamedTuple):
    """Records `[first, last]` in the segment of that generation."""

    generation: int
    first: int
    last: int


class _Mapped:
    """One segment as far as it was read."""

    def __init__(self, path: Path, header: frames.SegmentHeader, trust: Trust | None) -> None:
        self.path = path
        self.header = header
        self.places: list[Place] = []
        self.cut: list[Place] = []
        self._proof = SegmentProof(header, trust)
        self._offset = frames.BLOCK

    def extend(self) -> bool:
        """Read on; False when the segment is another one by now."""
        with SegmentFile(self.path) as file:
            while (unit := file.unit_at(self.header, self._offset)) is not None:
                if not file.still(self.header):
                    return False
                place = _place(unit, self._proof.unit(unit))
                self.places.append(place)
                if place.cut:
                    self.cut.append(place)
                self._offset = unit.end
            return file.still(self.header)

    def holding(self, span: Span) -> list[Place]:
        """The units that hold records of a span."""
        first = bisect_right(self.places, span.first, key=_next)
        return self.places[first : bisect_right(self.places, span.last, key=_first)]


def _commit(place: Place) -> int:
    return place.commit


def _first(place: Place) -> int:
    return place.first


def _next(place: Place) -> int:
    return place.next


def _place(unit: Unit, wrong: str | None) -> Place:
    first = unit.data[0].first_sequence if unit.data else unit.size
    own = any(extent.uid == NO_ORDER for data in unit.data for extent in data.meta.extents)
    cut = any(b'"segments"' in record for record in unit.commit.records)
    return Place(unit.offset, first, unit.size, unit.commit.number, wrong, own, cut)


class PlacedReader(StoreReader):
    """As `StoreReader`; `within`, `standings`, `segments` and `read` look only where something can be."""

    def __init__(self, directory: Path, keys: Keys | None = None, public_key: Trust | None = None) -> None:
        super().__init__(directory, keys, public_key)
        self._map: dict[int, _Mapped] = {}
        self._lock = threading.RLock()

    def within(self, spans: Iterable[Span], wanted: Wanted | None = None) -> Iterator[StoredRecord]:
        """The records of these spans that `wanted` selects, oldest first; none that is voided or of a segment that is
        gone."""
        self.voids()
        for span in sorted(spans):
            mapped = self._mapped(span.generation)
            if mapped is None:
                continue
            with SegmentFile(mapped.path) as file:
                for place in mapped.holding(span):
                    unit = file.unit_at(mapped.header, place.offset)
                    if unit is None:
                        break
                    yield from self._of_unit(file, mapped.header, unit, place.wrong, wanted)

    def places(self, span: Span, wanted: Wanted) -> Iterator[np.ndarray]:
        """The sequences of the records that `wanted` selects, but voided ones, without reading them, a data frame's at
        a time."""
        self.voids()
        mapped = self._mapped(span.generation)
        if mapped is None:
            return
        with SegmentFile(mapped.path) as file:
            for place in mapped.holding(span):
                unit = file.unit_at(mapped.header, place.offset)
                for data in () if unit is None else unit.data:
                    view = DataView(data.first_sequence, data.rows(), data.meta.liids, data.meta.extents)
                    found = np.flatnonzero(self._chosen(view, wanted))
                    if len(found):
                        yield data.first_sequence + found

    def _of_unit(
        self, file: SegmentFile, header: frames.SegmentHeader, unit: Unit, wrong: str | None, wanted: Wanted | None
    ) -> Iterator[StoredRecord]:
        for data in unit.data:
            view = DataView(data.first_sequence, data.rows(), data.meta.liids, data.meta.extents)
            mask = self._chosen(view, wanted)
            for extent in data.meta.extents:
                chosen = mask[extent.first_row : extent.first_row + extent.rows]
                if not chosen.any():
                    continue
                octets, sound = self._octets(file, header, data, extent)
                if not file.still(header):
                    return
                for record in records_of(view, extent, chosen, octets, sound, wrong):
                    yield self._opened(record)

    def newest(self) -> int:
        """The number of the newest commit; -1 before the first."""
        headers = self._headers()
        mapped = self._mapped(headers[-1][1].generation) if headers else None
        if mapped is None:
            return -1
        return mapped.places[-1].commit if mapped.places else mapped.header.first_commit - 1

    def newest_note(self) -> str:
        """The checkpoint of the newest commit, as it was signed; empty before the first."""
        headers = self._headers()
        mapped = self._mapped(headers[-1][1].generation) if headers else None
        if mapped is None:
            return ""
        if not mapped.places:
            return mapped.header.note
        with SegmentFile(mapped.path) as file:
            unit = file.unit_at(mapped.header, mapped.places[-1].offset)
        return "" if unit is None else unit.commit.note

    def behind(self, commit: int, wanted: Wanted) -> Iterator[tuple[int, list[StoredRecord]]]:
        """The commits behind that one, each with its records that `wanted` selects, but those voided by now. Raises
        IntegrityError."""
        self.voids()
        for mapped, place in self._behind(commit):
            with SegmentFile(mapped.path) as file:
                unit = file.unit_at(mapped.header, place.offset)
                records = () if unit is None else self._of_unit(file, mapped.header, unit, place.wrong, wanted)
                yield place.commit, list(records)

    def read(self, sequence: int) -> StoredRecord | None:
        generation = self.generation_of(sequence)
        if generation is None:
            return None
        at = Span(generation, sequence, sequence)
        return next(self.within([at], lambda view: np.arange(len(view.rows)) == sequence - view.first_sequence), None)

    def generation_of(self, sequence: int) -> int | None:
        """The segment in which a record stands, or would."""
        found = [header for _, header, _ in self._headers() if header.first_sequence <= sequence]
        return found[-1].generation if found else None

    @property
    def size(self) -> int:
        """Records that are committed."""
        headers = self._headers()
        mapped = self._mapped(headers[-1][1].generation) if headers else None
        return 0 if mapped is None else mapped.places[-1].next if mapped.places else mapped.header.first_sequence

    def standings(self) -> Standings:
        """As `StoreReader.standings`."""
        with self._lock:
            for mapped, place in self._behind(self._stood):
                if place.own:
                    self._stand(mapped, place)
                self._stood = place.commit
            return self._standings

    def voids(self) -> Voids:
        """As `StoreReader.voids`."""
        return self.standings().voids

    def _stand(self, mapped: _Mapped, place: Place) -> None:
        with SegmentFile(mapped.path) as file:
            unit = file.unit_at(mapped.header, place.offset)
            if unit is not None:
                self._told(file, mapped.header, unit, place.wrong)

    def segments(self, liid: bytes) -> dict[tuple[int, int, int], list[Run]]:
        """As `StoreReader.segments`."""
        found: dict[tuple[int, int, int], list[Run]] = {}
        for _, header, _ in self._headers():
            mapped = self._mapped(header.generation)
            for place in () if mapped is None else tuple(mapped.cut):
                assert mapped is not None
                with SegmentFile(mapped.path) as file:
                    unit = file.unit_at(mapped.header, place.offset)
                for record in () if unit is None else unit.commit.records:
                    for key, run in runs_in(record, liid):
                        found.setdefault(key, []).append(run)
        return found

    def _behind(self, commit: int) -> Iterator[tuple[_Mapped, Place]]:
        """Units behind that commit, oldest first. Raises IntegrityError where some are missing in between."""
        for path, header, end_commit in self._headers():
            if end_commit is not None and end_commit <= commit:
                continue
            mapped = self._mapped(header.generation)
            if mapped is None:
                continue
            reached = mapped.places[-1].commit if mapped.places else header.first_commit - 1
            if end_commit is not None and reached < end_commit:
                raise IntegrityError(
                    f"{path.name}: commits {reached + 1} to {end_commit} cannot be read. Nothing is handed out of a "
                    "damaged store; look at it with 'calea-lab verify'."
                )
            first = bisect_right(mapped.places, commit, key=_commit)
            yield from ((mapped, place) for place in mapped.places[first:])

    def _mapped(self, generation: int) -> _Mapped | None:
        """The segment read as far as it goes now, None when it is not there."""
        with self._lock:
            known = self._map.get(generation)
            if known is None:
                known = self._find(generation)
                if known is None:
                    return None
                while len(self._map) >= MAX_MAPPED:
                    del self._map[next(iter(self._map))]
                self._map[generation] = known
            try:
                there = known.extend()
            except (OSError, DecodeError):
                there = False
            if not there:
                del self._map[generation]
            return known if there else None

    def _find(self, generation: int) -> _Mapped | None:
        for path in segment_paths(self._directory):
            with SegmentFile(path) as file:
                try:
                    header = file.header()
                except DecodeError:
                    continue
            if header.generation == generation:
                return _Mapped(path, header, self._public_key)
        return None


def rows_of(view: DataView, liid: bytes, cin: int, uids: Iterable[bytes]) -> np.ndarray:
    """Rows of one communication under these orders; a wanted of `PlacedReader.within`."""
    chosen = np.zeros(len(view.rows), bool)
    if liid not in view.liids:
        return chosen
    allowed = frozenset(uids)
    for extent in view.extents:
        if extent.uid in allowed:
            chosen[extent.first_row : extent.first_row + extent.rows] = True
    found: np.ndarray = chosen & (view.rows["liid"] == view.liids.index(liid)) & (view.rows["cin"] == cin)
    return found
