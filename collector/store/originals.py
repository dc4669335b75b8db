"""The stored record under a number that is delivered again: is it the same, or another one (R-093)?

Rules. A look-up reads durable units alone, beside the writer and without its lock, newest segments first, each unit's
columns once: what it learns of a segment is a table of 16 octets a record. The newest `MAX_RECORDS` are looked at; what
is older, or gone, is not known. The record itself is decrypted with its batch, and the last batches stay, since records
that come again come in a row. Nothing here judges: the keyed digest of what was stored is handed out, and whoever
holds the new octets compares.
"""

from __future__ import annotations

import hashlib
import json
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np

from asn1.errors import DecodeError
from collector.rows import FORM_MASKED, FORM_QUARANTINED, FORM_RECEIVED
from collector.seal import kept_digest, withheld_digest
from collector.store import frames
from collector.store.keys import Keys
from collector.store.pack import ROW, ROW_OCTETS
from collector.store.walk import DataFrame, SegmentFile, Unit, own_leaves, segment_paths
from collector.voids import VOIDED, Voids, void_of
from mediation.law.orders import OrderUid

MAX_RECORDS: Final = 4_000_000
"""Looked back at, from the newest: 64 MB of tables."""
MAX_KEPT_OCTETS: Final = 32 << 20
"""Plain octets of batches kept for the next look-up."""
_STEP: Final = np.uint64(0x9E3779B97F4A7C15)


class Original(NamedTuple):
    """`digest`: HMAC-SHA-256 of the octets that were delivered first, under the collector's `hmac_key`; None when it
    cannot be told (the order's key was withdrawn, its octets were changed, or a box of the first version)."""

    sequence: int
    uid: OrderUid
    digest: bytes | None
    form: int


class _Place(NamedTuple):
    liid: bytes
    cin: int
    kind: int
    epoch: int
    number: int


@dataclass(slots=True)
class _Table:
    """A segment as far as it was read. `offsets` of its units and, beside each, its first record. `fresh` has the
    sequence by key while the segment grows; once it is full, `keys` and `sequences` have the same, sorted."""

    path: Path
    header: frames.SegmentHeader
    reached: int
    next_offset: int = frames.BLOCK
    offsets: list[int] = field(default_factory=list)
    firsts: list[int] = field(default_factory=list)
    fresh: dict[int, int] = field(default_factory=dict)
    keys: np.ndarray[Any, Any] | None = None
    sequences: np.ndarray[Any, Any] | None = None

    def __len__(self) -> int:
        return len(self.fresh) if self.keys is None else len(self.keys)

    def sequence_of(self, key: int) -> int | None:
        if self.keys is None or self.sequences is None:
            return self.fresh.get(key)
        at = int(np.searchsorted(self.keys, np.uint64(key)))
        return int(self.sequences[at]) if at < len(self.keys) and int(self.keys[at]) == key else None

    def close(self) -> None:
        """The segment is full: arrays in place of a dictionary six times their size."""
        keys = np.fromiter(self.fresh.keys(), np.uint64, len(self.fresh))
        order = np.argsort(keys)
        self.keys = keys[order]
        self.sequences = np.fromiter(self.fresh.values(), np.int64, len(self.fresh))[order]
        self.fresh = {}


class _Kept(NamedTuple):
    """A decrypted extent, and where each of its records ends."""

    octets: bytes
    ends: list[int]


class Originals:
    """`durable` answers the number of the newest durable commit. To be used by one thread."""

    def __init__(self, directory: Path, keys: Keys, durable: Callable[[], int]) -> None:
        self._directory = directory
        self._keys = keys
        self._durable = durable
        self._tables: dict[int, _Table] = {}
        self._order: list[_Table] = []
        self._listed = -1
        self._salts: dict[bytes, int] = {}
        self._kept: OrderedDict[tuple[int, int, int], _Kept] = OrderedDict()
        self._kept_octets = 0
        self._unit: tuple[int, int, Unit] | None = None
        self._voids = Voids()

    def find(self, liid: bytes, cin: int, kind: int, epoch: int, number: int) -> Original | None:
        """What is stored under that place; None when nothing is, or no longer."""
        if (durable := self._durable()) != self._listed:
            self._look(durable)
        place = _Place(liid, cin, kind, epoch, number)
        key = _key(self._salt(liid), *place[1:])
        for table in self._order:
            sequence = table.sequence_of(key)
            if sequence is None or self._voids.of(sequence) is not None:
                continue
            if (found := self._original(table, sequence, place)) is not None:
                return found
        return None

    def _look(self, durable: int) -> None:
        """Read on in the segments that there are, newest first."""
        found: list[_Table] = []
        for path in segment_paths(self._directory):
            with SegmentFile(path) as file:
                try:
                    header = file.header()
                except DecodeError:
                    continue
            known = self._tables.get(header.generation)
            same = known is not None and known.header.salt == header.salt
            found.append(known if known is not None and same else _Table(path, header, header.first_commit - 1))
        found.sort(key=lambda table: table.header.generation, reverse=True)
        self._order, records = [], 0
        for index, table in enumerate(found):
            last = found[index - 1].header.first_commit - 1 if index else durable
            if records >= MAX_RECORDS:
                break
            if table.keys is None:
                self._read_on(table, min(last, durable))
                if index and table.reached == last:
                    table.close()
            records += len(table)
            self._order.append(table)
        self._tables = {table.header.generation: table for table in self._order}
        self._listed = durable

    def _read_on(self, table: _Table, through: int) -> None:
        with SegmentFile(table.path) as file:
            while table.reached < through:
                unit = file.unit_at(table.header, table.next_offset)
                if unit is None or unit.commit.number > through:
                    return
                if unit.data:
                    table.offsets.append(table.next_offset)
                    table.firsts.append(unit.data[0].first_sequence)
                if any(VOIDED in record for record in unit.commit.records):
                    self._learn_voids(file, unit)
                for data in unit.data:
                    self._learn(table, data)
                table.next_offset, table.reached = unit.end, unit.commit.number

    def _learn_voids(self, file: SegmentFile, unit: Unit) -> None:
        """What another shard has is no original of ours. A leaf that is not the signed one says nothing."""
        for leaf in own_leaves(file, unit):
            void = void_of(leaf.octets, leaf.sequence) if leaf.sound else None
            if void is not None:
                self._voids.add(void)

    def _learn(self, table: _Table, data: DataFrame) -> None:
        rows = data.rows()
        which = np.flatnonzero((rows["kind"] >= 0) & (rows["number"] >= 0))
        rows = rows[which]
        salts = np.array([self._salt(liid) for liid in data.meta.liids], np.uint64)[rows["liid"]]
        keys = _keys(salts, rows["cin"], rows["kind"], rows["epoch"], rows["number"])
        # The first one under a number is the original; what conflicted with it was kept behind it.
        for key, sequence in zip(keys.tolist(), (which + data.first_sequence).tolist(), strict=True):
            if self._voids.of(table.fresh.setdefault(key, sequence)) is not None:
                table.fresh[key] = sequence

    def _salt(self, liid: bytes) -> int:
        """Keyed, so that nobody who chooses numbers can make two places look the same."""
        found = self._salts.get(liid)
        if found is None:
            digest = hashlib.blake2b(liid, digest_size=8, key=self._keys.hmac_key).digest()
            found = self._salts[liid] = int.from_bytes(digest, "little")
        return found

    def _original(self, table: _Table, sequence: int, place: _Place) -> Original | None:
        offset = table.offsets[bisect_right(table.firsts, sequence) - 1]
        unit = self._unit_at(table, offset)
        for data in unit.data if unit is not None else ():
            at = sequence - data.first_sequence
            if 0 <= at < data.records:
                columns = ROW.unpack_from(data.meta.rows, ROW_OCTETS * at)
                _, _, _, cin, number, epoch, liid, _, _, _, _, form, kind, *_ = columns
                if (data.meta.liids[liid], cin, kind, epoch, number) != place:
                    return None
                return self._digested(table, data, at, form)
        return None

    def _unit_at(self, table: _Table, offset: int) -> Unit | None:
        generation = table.header.generation
        if self._unit is None or self._unit[:2] != (generation, offset):
            with SegmentFile(table.path) as file:
                unit = file.unit_at(table.header, offset)
            if unit is None:
                return None
            self._unit = (generation, offset, unit)
        return self._unit[2]

    def _digested(self, table: _Table, data: DataFrame, at: int, form: int) -> Original:
        extent = next(one for one in data.meta.extents if one.first_row <= at < one.first_row + one.rows)
        sequence, uid = data.first_sequence + at, OrderUid(extent.uid)
        kept = None if self._keys.withdrawn(uid) else self._extent(table, data, extent)
        if kept is None:
            return Original(sequence, uid, None, form)
        row = at - extent.first_row
        octets = kept.octets[kept.ends[row - 1] if row else 0 : kept.ends[row]]
        return Original(sequence, uid, self._digest(form, octets), form)

    def _digest(self, form: int, octets: bytes) -> bytes | None:
        if form == FORM_RECEIVED:
            return withheld_digest(self._keys.hmac_key, octets)
        if form == FORM_MASKED:
            return bytes.fromhex(json.loads(octets)["original_hmac"])
        return kept_digest(octets) if form == FORM_QUARANTINED else None

    def _extent(self, table: _Table, data: DataFrame, extent: frames.ExtentHead) -> _Kept | None:
        name = (table.header.generation, data.first_sequence, extent.first_row)
        kept = self._kept.get(name)
        if kept is not None:
            self._kept.move_to_end(name)
            return kept
        with SegmentFile(table.path) as file:
            try:
                octets = file.extent_octets(table.header, data, extent, self._keys)
            except DecodeError:
                # The verifier names what was changed; here it only means that nothing can be compared.
                return None
        if octets is None:
            return None
        rows = data.rows()[extent.first_row : extent.first_row + extent.rows]
        kept = self._kept[name] = _Kept(octets, np.cumsum(rows["length"], dtype=np.int64).tolist())
        self._kept_octets += len(octets)
        while self._kept_octets > MAX_KEPT_OCTETS and len(self._kept) > 1:
            self._kept_octets -= len(self._kept.popitem(last=False)[1].octets)
        return kept


def _keys(salts: Any, *columns: Any) -> np.ndarray[Any, Any]:  # noqa: ANN401  numpy columns
    """One number of 64 bits for each place: the finaliser of splitmix64 after each part."""
    found = np.asarray(salts, np.uint64)
    for column in columns:
        found = (found ^ np.asarray(column).astype(np.int64).view(np.uint64)) + _STEP
        found = (found ^ (found >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        found = (found ^ (found >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        found = found ^ (found >> np.uint64(31))
    return found


def _key(salt: int, *values: int) -> int:
    """As `_keys`, for one place."""
    found, mask = salt, (1 << 64) - 1
    for value in values:
        found = ((found ^ (value & mask)) + 0x9E3779B97F4A7C15) & mask
        found = ((found ^ (found >> 30)) * 0xBF58476D1CE4E5B9) & mask
        found = ((found ^ (found >> 27)) * 0x94D049BB133111EB) & mask
        found ^= found >> 31
    return found
