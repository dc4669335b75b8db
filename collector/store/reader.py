"""Reading a store that another process may be writing: commits for the index, records for exports.

A reader holds no lock. It sees whole units only, and since a segment may be recycled while it is being read, it
looks at the segment's generation again after each unit and drops what it read when that has changed. What it reads is
checked on the way (R-090): checkpoints against the tree that the stored hashes give, octets against their hashes.
A voided record (`collector.voids`) is not handed out: `voids` says which there are. Commits are told whole.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np

from asn1.errors import DecodeError
from asn1.segments import Run
from collector.deciphering import AgreedKeys, read_agreed
from collector.rows import FORM_RECEIVED
from collector.standing import Standings, State, entries_of
from collector.store import frames
from collector.store.keys import Keys
from collector.store.proof import KnownProof, SegmentProof, UnitProof
from collector.store.walk import DataFrame, SegmentFile, Unit, own_leaves, segment_paths, sound_rows
from collector.voids import VOIDED, Voids, void_of
from mediation.law.orders import OrderUid
from mediation.ledger.checkpoint import Trust
from mediation.runtime.process import IntegrityError


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
    extents: frames.Extents


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
    epoch: int = 0
    fault: str | None = None
    """R-090: what of its seal does not hold, for a sentence to a person. Its octets are not handed out then."""
    plain: bytes | None = None
    """Of a record that came in an encryption container: what was inside, as a record without one."""

    @property
    def record(self) -> bytes | None:
        """What there is to read: what was inside, else the octets."""
        return self.octets if self.plain is None else self.plain


class LeafHashes(NamedTuple):
    """`hashes`, 32 octets each, of the leaves from `first` on; `peaks` of the tree before them; the newest `note`."""

    first: int
    peaks: tuple[bytes, ...]
    hashes: bytes
    note: str


Wanted = Callable[[DataView], np.ndarray]
"""From a data frame's columns to a boolean mask of its rows."""


class Survey(NamedTuple):
    """What one pass over a store tells before any octets are read: `leaves` and the chain value of each commit, all
    under signatures that hold; the decisions; the contents of one LIID that came in segments; how many records are
    `wanted`, and how many more would be, were they not `voided`."""

    leaves: LeafHashes
    chains: Mapping[int, bytes]
    standings: Standings
    segments: dict[tuple[int, int, int], list[Run]]
    wanted: int
    voided: int


class StoreReader:
    """`keys` decrypt; without them octets are None. Signatures are checked with their signing key, or with
    `public_key`; with neither, nothing is checked."""

    def __init__(self, directory: Path, keys: Keys | None = None, public_key: Trust | None = None) -> None:
        self._directory = directory
        self._keys = keys
        self._public_key = keys.trust if public_key is None and keys is not None else public_key
        self._agreed = AgreedKeys() if keys is None else read_agreed(keys.directory)
        self._standings = Standings()
        self._stood = -1
        self._doubted = Voids()
        """What leaves say that are not signed: nothing to go by, and nothing to pass over."""
        self._looked: dict[int, int] = {}
        """How far each segment was looked through for voids, by generation."""

    def commits(self, after: int = -1) -> Iterator[CommitView]:
        """The commits whose number is above `after`, oldest first, with the rows of voided records too."""
        for _, _, unit, _ in self._units(after):
            data = tuple(_view(one) for one in unit.data)
            yield CommitView(unit.commit.number, unit.commit.time_us, unit.size, data, unit.commit.records)

    def records(self, wanted: Wanted | None = None, known: Survey | None = None) -> Iterator[StoredRecord]:
        """The records that `wanted` selects (all, when None), in sequence order, but voided ones. One that does not
        hold comes without octets and with its fault (R-090). With `known`, commits are held against that survey and not
        against their signatures once more. Raises IntegrityError when commits cannot be read that must be there."""
        if known is None:
            self.voids()
        for file, header, unit, wrong in self._units(-1, known):
            for data in unit.data:
                view = _view(data)
                mask = self._chosen(view, wanted)
                for extent in data.meta.extents:
                    chosen = mask[extent.first_row : extent.first_row + extent.rows]
                    if chosen.any():
                        octets, sound = self._octets(file, header, data, extent)
                        if not file.still(header):
                            return
                        for record in records_of(view, extent, chosen, octets, sound, wrong):
                            yield self._opened(record)

    def read(self, sequence: int) -> StoredRecord | None:
        """One record; None when it is not there (evicted, voided, or not yet written)."""
        if self.voids().of(sequence) is not None:
            return None
        for path, header, _ in reversed(self._headers()):
            if header.first_sequence > sequence:
                continue
            proof = SegmentProof(header, self._public_key)
            with SegmentFile(path) as file:
                for unit in file.units(header):
                    wrong = proof.unit(unit)
                    for data in unit.data:
                        at = sequence - data.first_sequence
                        if 0 <= at < data.records:
                            return self._one(file, header, data, at, wrong)
            return None
        return None

    def standings(self) -> Standings:
        """The decisions about stored records so far; reading goes on where the last call stopped.

        A decision that is not under a sound signature withholds and never releases. Raises IntegrityError when
        commits are missing or the store's own leaves cannot be read: then nobody knows what is withheld.
        """
        for file, header, unit, wrong in self._units(self._stood):
            self._decided(file, header, unit, wrong)
        return self._standings

    def _decided(self, file: SegmentFile, header: frames.SegmentHeader, unit: Unit, wrong: str | None) -> None:
        if unit.commit.number <= self._stood:
            return
        self._told(file, header, unit, wrong)
        self._stood = unit.commit.number

    def _told(self, file: SegmentFile, header: frames.SegmentHeader, unit: Unit, wrong: str | None) -> None:
        """Take in what the store's own leaves in a unit say. Raises IntegrityError for one that cannot be read."""
        for leaf in own_leaves(file, unit):
            if not file.still(header):
                break
            try:
                entries, void = entries_of(leaf.octets, leaf.sequence), void_of(leaf.octets, leaf.sequence)
            except DecodeError as error:
                raise IntegrityError(
                    f"{file.path.name}: {error.message}. Look at it with 'calea-lab verify'."
                ) from error
            trusted = leaf.sound and wrong is None
            for sequence, entry in entries:
                if trusted or entry.state is not State.RELEASED:
                    self._standings.add(sequence, entry)
            if void is not None:
                (self._standings.voids if trusted else self._doubted).add(void)

    def voids(self) -> Voids:
        """The records that are voided, as far as signed leaves say so: heads of frames are read, and segments that tell
        of voids. Raises IntegrityError where these leaves cannot be read: then nobody knows which records are here."""
        for path, header, _ in self._headers():
            with SegmentFile(path) as file:
                start = self._looked.get(header.generation, frames.BLOCK)
                needed, looked = file.commits_saying(header, VOIDED, start)
                if needed and not self._find_voids(file, header, start, needed):
                    continue
            self._looked[header.generation] = looked
        return self._standings.voids

    def _find_voids(self, file: SegmentFile, header: frames.SegmentHeader, start: int, needed: int) -> bool:
        """Those of the units in `[start, needed)`; False when the segment was recycled meanwhile."""
        proof = SegmentProof(header, self._public_key)
        end = frames.BLOCK
        for unit in file.units(header):
            wrong = proof.unit(unit)
            if unit.offset >= start and any(VOIDED in record for record in unit.commit.records):
                self._told(file, header, unit, wrong)
            end = unit.end
            if end >= needed:
                break
        if end < needed and file.still(header):
            raise IntegrityError(
                f"{file.path.name}, octet {end}: which records are voided cannot be read. Nothing is handed out of a "
                "damaged store; look at it with 'calea-lab verify'."
            )
        return file.still(header)

    def _chosen(self, view: DataView, wanted: Wanted | None) -> np.ndarray:
        """The rows of a frame that `wanted` selects and that are not voided."""
        chosen = np.ones(len(view.rows), bool) if wanted is None else wanted(view)
        voided = self._standings.voids.mask(view.first_sequence, len(view.rows))
        return chosen if voided is None else chosen & ~voided

    def survey(self, liid: bytes, wanted: Wanted) -> Survey:
        """One pass, for whoever then reads the records in another. Raises IntegrityError when one of the checkpoints on
        the way does not hold."""
        self.voids()
        leaves, chains, found = _Leaves(), dict[int, bytes](), dict[tuple[int, int, int], list[Run]]()
        count = voided = 0
        for file, header, unit, wrong in self._units(-1):
            leaves.add(file, header, unit, wrong)
            chains[unit.commit.number] = unit.commit.chain
            self._decided(file, header, unit, wrong)
            for record in unit.commit.records:
                for key, run in runs_in(record, liid):
                    found.setdefault(key, []).append(run)
            for view in map(_view, unit.data):
                every, here = int(wanted(view).sum()), int(self._chosen(view, wanted).sum())
                count, voided = count + here, voided + every - here
        return Survey(leaves.all(), chains, self._standings, found, count, voided)

    def segments(self, liid: bytes) -> dict[tuple[int, int, int], list[Run]]:
        """Records of a LIID that are one content, by CIN, kind and epoch (TS 102 232-1, segment flags)."""
        found: dict[tuple[int, int, int], list[Run]] = {}
        for _, _, unit, _ in self._units(-1):
            for record in unit.commit.records:
                for key, run in runs_in(record, liid):
                    found.setdefault(key, []).append(run)
        return found

    def key_ids(self, uid: OrderUid) -> frozenset[bytes]:
        """The names of the data keys that an order's stored octets are encrypted under."""
        return frozenset(
            extent.key_id
            for _, _, unit, _ in self._units(-1)
            for data in unit.data
            for extent in data.meta.extents
            if extent.uid == uid and extent.encrypted
        )

    def leaf_hashes(self) -> LeafHashes:
        """All leaf hashes that are there, with the signed state before and behind them. Raises IntegrityError when one
        of the checkpoints on the way does not hold."""
        leaves = _Leaves()
        for file, header, unit, wrong in self._units(-1):
            leaves.add(file, header, unit, wrong)
        return leaves.all()

    def _octets(
        self, file: SegmentFile, header: frames.SegmentHeader, data: DataFrame, extent: frames.ExtentHead
    ) -> tuple[bytes | None, np.ndarray]:
        """The plain octets of an extent, and for each of its records whether they are the signed ones."""
        try:
            octets = file.extent_octets(header, data, extent, self._keys)
        except DecodeError:
            octets = file.changed_octets(data, extent, self._keys) if self._keys is not None else None
        if octets is None:
            return None, np.ones(extent.rows, bool)
        return octets, sound_rows(data, extent, octets)

    def _one(
        self, file: SegmentFile, header: frames.SegmentHeader, data: DataFrame, row: int, wrong: str | None
    ) -> StoredRecord | None:
        extent = next(one for one in data.meta.extents if one.first_row <= row < one.first_row + one.rows)
        octets, sound = self._octets(file, header, data, extent)
        if not file.still(header):
            return None
        view = _view(data)
        chosen = np.arange(extent.rows) == row - extent.first_row
        return self._opened(next(records_of(view, extent, chosen, octets, sound, wrong)))

    def _opened(self, record: StoredRecord) -> StoredRecord:
        if self._doubted and self._doubted.of(record.sequence) is not None:
            return record._replace(octets=None, fault=record.fault or "a leaf that is not signed says it is voided")
        if not self._agreed.any or record.form != FORM_RECEIVED or record.octets is None:
            return record
        try:
            plain = self._agreed.plain(record.octets, record.liid)
        except DecodeError:
            return record
        return record if plain is record.octets else record._replace(plain=plain)

    def _units(
        self, after: int, known: Survey | None = None
    ) -> Iterator[tuple[SegmentFile, frames.SegmentHeader, Unit, str | None]]:
        """Each with what is wrong with its signature. Raises IntegrityError where units are missing in between."""
        for path, header, end_commit in self._headers():
            if end_commit is not None and end_commit <= after:
                continue
            proof: UnitProof = SegmentProof(header, self._public_key)
            if known is not None:
                proof = KnownProof(header, known.chains, known.leaves.first, known.leaves.hashes)
            reached = header.first_commit - 1
            with SegmentFile(path) as file:
                for unit in file.units(header):
                    if not file.still(header):
                        break
                    reached = unit.commit.number
                    wrong = proof.unit(unit)
                    if reached > after:
                        yield file, header, unit, wrong
                if end_commit is not None and reached < end_commit and file.still(header):
                    raise IntegrityError(
                        f"{path.name}: commits {reached + 1} to {end_commit} cannot be read. Nothing is handed out of "
                        "a damaged store; look at it with 'calea-lab verify'."
                    )

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


class _Leaves:
    """Leaf hashes as they are gathered, unit by unit."""

    def __init__(self) -> None:
        self._first, self._note = -1, ""
        self._before: tuple[bytes, ...] = ()
        self._hashes: list[bytes] = []

    def add(self, file: SegmentFile, header: frames.SegmentHeader, unit: Unit, wrong: str | None) -> None:
        """Raises IntegrityError for a unit with whose signature anything is wrong."""
        if wrong is not None:
            raise IntegrityError(f"{file.path.name}, octet {unit.offset}: {wrong}.")
        if self._first < 0:
            self._first, self._before = header.first_sequence, header.peaks
        self._hashes += [data.meta.hashes for data in unit.data]
        self._note = unit.commit.note

    def all(self) -> LeafHashes:
        return LeafHashes(max(self._first, 0), self._before, b"".join(self._hashes), self._note)


def _view(data: DataFrame) -> DataView:
    return DataView(data.first_sequence, data.rows(), data.meta.liids, data.meta.extents)


def runs_in(record: bytes, liid: bytes) -> Iterator[tuple[tuple[int, int, int], Run]]:
    """What a verdict record tells of contents in segments: CIN, kind and epoch, and the run of numbers."""
    if b'"segments"' not in record:
        return
    for of, cin, kind, epoch, first, last in json.loads(record).get("segments", ()):
        if of == liid.hex():
            yield (cin, kind, epoch), Run(first, last)


def records_of(
    view: DataView,
    extent: frames.ExtentHead,
    chosen: np.ndarray,
    octets: bytes | None,
    sound: np.ndarray,
    wrong: str | None,
) -> Iterator[StoredRecord]:
    """The chosen rows of an extent as records. `octets` are the extent's, `sound` says for each of its rows whether
    they are the signed ones, `wrong` what does not hold of the unit's signature."""
    rows = view.rows[extent.first_row : extent.first_row + extent.rows]
    ends = np.cumsum(rows["length"], dtype=np.int64)
    for index in np.flatnonzero(chosen):
        row, end = rows[index], int(ends[index])
        fault = wrong if sound[index] else "its octets are not the signed ones"
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
            None if octets is None or fault is not None else octets[end - int(row["length"]) : end],
            int(row["epoch"]),
            fault,
        )
