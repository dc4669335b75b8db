"""From a unit of the store to what the index says about it: sums by communication, IRI events, order totals, marks.

Pure but for the reading of octets. Only stored octets are looked at, so nothing that was withheld can get in: of a
masked record the permitted fields, of an accepted one who took part, of a quarantined one nothing.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final

import numpy as np

from asn1.columns import KIND_IRI
from asn1.errors import DecodeError
from asn1.ps_pdu import liid_text
from collector.account_lines import read_line, take_lines
from collector.accounts import FIELDS
from collector.deciphering import read_agreed
from collector.facts.stored import content_service, dialect_of, facts_of_stored
from collector.rows import FORM_MASKED, FORM_RECEIVED, FORM_SYNTHETIC
from collector.store import frames
from collector.store.index_details import CLOSED, NOTHING, Details, details_of
from collector.store.index_events import COLUMNS, CommunicationKey, CommunicationSum, add_events, add_groups
from collector.store.index_tail import TailUnit
from collector.store.index_voids import voids_in
from collector.store.keys import Keys
from collector.store.sums import GROUP, sum_rows
from collector.store.walk import DataFrame, sound_rows
from collector.told import Told
from collector.voids import Void
from mediation.law.orders import OrderId, Service, order_uid

_SERVICE_OF_TAG: Final = {2: Service.DATA, 12: Service.VOICE}
"""CCContents alternatives iPCC[2] and iPMMCC[12]."""


@dataclass(slots=True)
class OrderSum:
    liid: str
    counts: dict[str, int] = field(default_factory=dict)
    reasons: dict[str, int] = field(default_factory=dict)


@dataclass(slots=True)
class Gathered:
    """Everything of some units, ready to be written in one transaction."""

    batches: list[dict[str, Any]] = field(default_factory=list)
    communications: dict[CommunicationKey, CommunicationSum] = field(default_factory=dict)
    events: list[tuple[Any, ...]] = field(default_factory=list)
    """In the order of the columns of IRI_EVENT."""
    orders: dict[tuple[int, str], OrderSum] = field(default_factory=dict)
    """By generation and order id; what `lines` has is not in it."""
    lines: dict[int, dict[bytes, int]] = field(default_factory=dict)
    """Records accepted, by generation and the rest of a plain line of an account (`account_lines`)."""
    voids: list[Void] = field(default_factory=list)
    """Of the last of them."""
    evicted: int = -1
    """The newest generation that an eviction notice among them names: all up to it is gone."""
    last_commit: int = -1
    records: int = 0
    """The store's size behind the last of them."""

    @property
    def rows(self) -> int:
        """About how many rows they make."""
        return len(self.events) + len(self.communications) + sum(len(lines) for lines in self.lines.values())

    @property
    def empty(self) -> bool:
        return self.last_commit < 0


class Gatherer:
    """`names`: order id by uid, known so far; the units' own verdict records add to it. `told`: what records say, from
    who judged them."""

    def __init__(self, keys: Keys, names: dict[bytes, str], told: Told) -> None:
        self._told = told
        self._keys = keys
        self._agreed = read_agreed(keys.directory)
        self._names = names
        self._named = set(names.values())

    def add(self, tail: TailUnit, into: Gathered) -> None:
        unit, generation = tail.unit, tail.header.generation
        batches: list[tuple[int, int]] = []
        for record in unit.commit.records:
            blob, plain = self._lines(record, into.lines.setdefault(generation, {}))
            self._blob(blob, generation, into)
            if "n" in blob and (rows := plain + _rows_of(blob)):
                batches.append((int(blob["n"]), rows))
        first = unit.data[0].first_sequence if unit.data else unit.size
        into.batches.append(
            {
                "commit_number": unit.commit.number,
                "generation": generation,
                "time_us": unit.commit.time_us,
                "first_sequence": first,
                "records": sum(data.records for data in unit.data),
                "octets": unit.end - unit.offset,
            }
        )
        for data, said in zip(unit.data, self._said(batches, unit.data), strict=True):
            self._frame(tail, data, said, into)
        into.voids += voids_in(tail)
        into.last_commit = unit.commit.number
        into.records = unit.size

    def _lines(self, record: bytes, lines: dict[bytes, int]) -> tuple[dict[str, Any], int]:
        """A batch's record without its plain lines, which are counted in `lines`; how many records those tell of."""
        rest, found = take_lines(record)
        total = 0
        for digits, line in found:
            records = int(digits)
            total += records
            if line in lines:
                lines[line] += records
            else:
                lines[line] = records
                self._name(read_line(line)[0])
        blob: dict[str, Any] = json.loads(rest)
        return blob, total

    def _name(self, order_id: str) -> None:
        if order_id not in self._named:
            self._named.add(order_id)
            self._names[order_uid(OrderId(order_id))] = order_id

    def _blob(self, blob: dict[str, Any], generation: int, into: Gathered) -> None:
        if "notice" in blob:
            into.evicted = max(into.evicted, int(blob["notice"]["generation"]))
        for one in blob.get("orders", ()):
            order_id = one["order"]
            self._name(order_id)
            found = into.orders.get((generation, order_id))
            if found is None:
                found = into.orders[generation, order_id] = OrderSum(one["liid"])
            counts = found.counts
            for name in _COUNTED:
                if name in one:
                    counts[name] = counts.get(name, 0) + one[name]
            for reason, times in one.get("reasons", {}).items():
                found.reasons[reason] = found.reasons.get(reason, 0) + times

    def _said(self, batches: Sequence[tuple[int, int]], frames_: Sequence[DataFrame]) -> list[dict[int, Details]]:
        """What is known of the rows of each frame without reading them: a batch with rows has one frame, in the order
        of the batches' records. `batches`: their numbers and how many rows they have."""
        if [rows for _, rows in batches] != [data.records for data in frames_]:
            return [{} for _ in frames_]
        return [self._told.take(number, rows) for number, rows in batches]

    def _frame(self, tail: TailUnit, data: DataFrame, said: dict[int, Details], into: Gathered) -> None:
        rows, generation = data.rows(), tail.header.generation
        liids = [_liid_text(liid) for liid in data.meta.liids]
        groups, found = sum_rows(rows)
        first_rows = np.frombuffer(groups, np.int64).reshape(-1, len(GROUP))[:found, _FIRST_ROW]
        if add_groups(
            groups, found, rows["content_tag"][first_rows].tolist(), _of_tag, liids, self._order_of(data.meta.extents),
            generation, data.first_sequence, into.communications,
        ):  # fmt: skip
            self._events(tail, data, rows, liids, said, into)

    def _events(
        self,
        tail: TailUnit,
        data: DataFrame,
        rows: np.ndarray[Any, Any],
        liids: list[str],
        said: dict[int, Details],
        into: Gathered,
    ) -> None:
        extents = data.meta.extents
        iri = np.flatnonzero(rows["kind"] == KIND_IRI)
        columns = [rows[name][iri].tolist() for name in COLUMNS]
        ask = self._asked(tail, data, rows, liids)
        add_events(
            columns, iri.tolist(), extents.at_rows(iri).tolist(), data.first_sequence, tail.header.generation, liids,
            self._order_of(extents), said, ask, into.communications, into.events,
        )  # fmt: skip

    def _asked(
        self, tail: TailUnit, data: DataFrame, rows: np.ndarray[Any, Any], liids: list[str]
    ) -> Callable[[int, int, int, int, int, int], Details]:
        """What a row says that nobody has told of: out of its stored octets."""
        extents = data.meta.extents
        readers: dict[int, tuple[int, Callable[[int], bytes | None]]] = {}

        def ask(row: int, extent: int, form: int, tag: int, number: int, cin: int) -> Details:
            if form == FORM_SYNTHETIC:
                return CLOSED
            if form not in (FORM_RECEIVED, FORM_MASKED):
                return NOTHING
            if extent not in readers:
                # Rows come by extent: the octets of the one before are not kept any longer.
                readers.clear()
                head = extents[extent]
                part = rows[head.first_row : head.first_row + head.rows]
                readers[extent] = head.first_row, self._reader(tail, data, head, part)
            first_row, read = readers[extent]
            record = self._opened(tag, read(row - first_row), data.meta.liids[number])
            return _details(form, tag, liids[number], cin, record)

        return ask

    def _reader(
        self, tail: TailUnit, data: DataFrame, extent: frames.ExtentHead, part: np.ndarray[Any, Any]
    ) -> Callable[[int], bytes | None]:
        """The octets of the extent's rows, read when the first is asked for; None for one that was changed."""
        held: list[tuple[bytes, list[int], list[bool] | None] | None] = []

        def read(index: int) -> bytes | None:
            if not held:
                try:
                    octets = tail.file.extent_octets(tail.header, data, extent, self._keys)
                except DecodeError:
                    # The verifier names what was changed; the index goes without the details.
                    octets = None
                if octets is None:
                    held.append(None)
                else:
                    # Encrypted octets that were changed do not decrypt; of others the leaf hashes say it.
                    sound = None if extent.encrypted else list(sound_rows(data, extent, octets))
                    held.append((octets, np.cumsum(part["length"], dtype=np.int64).tolist(), sound))
            if held[0] is None:
                return None
            octets, ends, sound = held[0]
            if sound is not None and not sound[index]:
                return None
            return octets[ends[index - 1] if index else 0 : ends[index]]

        return read

    def _order_of(self, extents: frames.Extents) -> Callable[[int], str | None]:
        """The order of an extent, by its number."""
        names, uid_of = self._names, extents.uid
        return lambda number: names.get(uid_of(number))

    def _opened(self, tag: int, record: bytes | None, liid: bytes) -> bytes | None:
        """What is inside, of a record that came in an encryption container."""
        if record is None or not self._agreed.any or dialect_of(tag) is not None:
            return record
        try:
            return self._agreed.plain(record, liid)
        except DecodeError:
            return record


_FIRST_ROW: Final = GROUP.index("first_row")
_REMEMBERED_LIIDS: Final = 1 << 17
_liid_text: Final = lru_cache(_REMEMBERED_LIIDS)(liid_text)


@lru_cache(1024)
def _of_tag(tag: int) -> tuple[bool, str | None]:
    """Whether records with this content tag are numbered, which those of the US dialects are not, and of which service
    content with it is."""
    dialect = dialect_of(tag) is not None
    service = content_service(tag) if dialect else _SERVICE_OF_TAG.get(tag)
    return not dialect, None if service is None else str(service)


_COUNTED: Final = ("delivered", *FIELDS)


def _rows_of(blob: dict[str, Any]) -> int:
    """How many rows a batch's own record says that it has."""
    counted = (*blob.get("orders", ()), *blob.get("unknown", ()))
    kept = sum(int(one.get(name, 0)) for one in counted for name in _KEPT)
    return kept + sum(int(one["count"]) for one in blob.get("synthetic", ()))


_KEPT: Final = ("accepted", "flagged", "masked", "quarantined")


def _details(form: int, tag: int, liid: str, cin: int, record: bytes | None) -> Details:
    """From the octets of a row that is kept as received, or masked."""
    if record is None:
        return NOTHING
    if form == FORM_MASKED:
        return details_of(json.loads(record), tag, dialect_of(tag) is not None)
    try:
        return details_of(facts_of_stored(tag, record, 0, liid, cin), tag, False)
    except DecodeError:
        return NOTHING
