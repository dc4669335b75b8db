"""From a unit of the store to what the index says about it: sums by communication, IRI events, order totals, marks.

Pure but for the reading of octets. Only stored octets are looked at, so nothing that was withheld can get in: of a
masked record the permitted fields, of an accepted one who took part, of a quarantined one nothing.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np

from asn1.columns import KIND_CC, KIND_IRI, NO_TIME
from asn1.errors import DecodeError
from asn1.ps_pdu import liid_text
from collector.accounts import FIELDS
from collector.deciphering import read_agreed
from collector.facts.stored import (
    content_service,
    dialect_of,
    facts_of_stored,
    masked_identities,
    masked_service,
)
from collector.rows import FORM_MASKED, FORM_RECEIVED
from collector.store import frames
from collector.store.index_tail import TailUnit
from collector.store.keys import Keys
from collector.store.sums import LATEST, sum_rows
from collector.store.walk import DataFrame
from mediation.law.orders import OrderId, Service, order_uid

CommunicationKey = tuple[int, str, int]
"""Generation of the segment, LIID, CIN."""
_SERVICE_OF_TAG: Final = {2: Service.DATA, 12: Service.VOICE}
"""CCContents alternatives iPCC[2] and iPMMCC[12]."""
_SERVICE_OF_PAYLOAD: Final = {
    "iPMMIRI": Service.VOICE,
    "iPIRI": Service.DATA,
    "iPIRIPacketReport": Service.DATA,
    "sMSMessage": Service.SMS,
}
_PARTY_FIELDS: Final = ("from", "to", "request_uri", "asserted", "user", "address", "source", "destination")
"""Of the permitted fields of a masked record, those that name somebody (see `collector.facts`)."""
MAX_PARTIES: Final = 32


@dataclass(slots=True)
class CommunicationSum:
    """What units add to one communication. `service` is what signalling says, `content_service` what the tag of
    content does: the first outranks the second, whichever came first."""

    order_id: str | None = None
    service: str | None = None
    content_service: str | None = None
    parties: set[str] = field(default_factory=set)
    begin_us: int | None = None
    end_us: int | None = None
    iri: int = 0
    cc_from_target: int = 0
    cc_to_target: int = 0
    cc_other: int = 0
    first_sequence: int = 1 << 62
    last_sequence: int = -1

    def span(self, first_us: int, last_us: int) -> None:
        self.begin_us = first_us if self.begin_us is None else min(self.begin_us, first_us)
        self.end_us = last_us if self.end_us is None else max(self.end_us, last_us)

    def name(self, parties: tuple[str, ...]) -> None:
        if len(self.parties) < MAX_PARTIES:
            self.parties.update(parties)


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
    events: list[dict[str, Any]] = field(default_factory=list)
    orders: dict[tuple[int, str], OrderSum] = field(default_factory=dict)
    """By generation and order id."""
    marks: dict[tuple[int, str, int, int], tuple[int, int]] = field(default_factory=dict)
    """(epoch, mark) by generation, LIID, CIN and kind."""
    evicted: int = -1
    """The newest generation that an eviction notice among them names: all up to it is gone."""
    last_commit: int = -1
    records: int = 0
    """The store's size behind the last of them."""


class Gatherer:
    """`names`: order id by uid, known so far; the units' own verdict records add to it."""

    def __init__(self, keys: Keys, names: dict[bytes, str]) -> None:
        self._keys = keys
        self._agreed = read_agreed(keys.directory)
        self._names = names

    def add(self, tail: TailUnit, into: Gathered) -> None:
        unit, generation = tail.unit, tail.header.generation
        for record in unit.commit.records:
            self._blob(json.loads(record), generation, into)
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
        for data in unit.data:
            self._frame(tail, data, into)
        into.last_commit = unit.commit.number
        into.records = unit.size

    def _blob(self, blob: dict[str, Any], generation: int, into: Gathered) -> None:
        if "notice" in blob:
            into.evicted = max(into.evicted, int(blob["notice"]["generation"]))
        for one in blob.get("orders", ()):
            self._names[order_uid(OrderId(one["order"]))] = one["order"]
            found = into.orders.setdefault((generation, one["order"]), OrderSum(one["liid"]))
            for name in ("delivered", *FIELDS):
                found.counts[name] = found.counts.get(name, 0) + one.get(name, 0)
            for reason, times in one.get("reasons", {}).items():
                found.reasons[reason] = found.reasons.get(reason, 0) + times

    def _frame(self, tail: TailUnit, data: DataFrame, into: Gathered) -> None:
        rows, generation = data.rows(), tail.header.generation
        liids = [liid_text(liid) for liid in data.meta.liids]
        groups = sum_rows(rows)
        for group in groups:
            liid = liids[group.liid]
            found = into.communications.setdefault((generation, liid, group.cin), CommunicationSum())
            extent = data.meta.extents[group.extent]
            found.order_id = found.order_id or self._order(extent)
            if group.kind == KIND_CC:
                found.cc_from_target += group.from_target
                found.cc_to_target += group.to_target
                found.cc_other += group.records - group.from_target - group.to_target
                tag = int(rows["content_tag"][group.first_row])
                service = content_service(tag) if dialect_of(tag) else _SERVICE_OF_TAG.get(tag)
                found.content_service = found.content_service or service
            else:
                found.iri += group.records
            if group.first_us != LATEST:
                found.span(group.first_us, group.last_us)
            found.first_sequence = min(found.first_sequence, data.first_sequence + group.first_row)
            found.last_sequence = max(found.last_sequence, data.first_sequence + group.last_row)
            if dialect_of(int(rows["content_tag"][group.first_row])):
                # Records of the US dialects are not numbered.
                continue
            mark = (group.place >> 32, group.place & 0xFFFFFFFF)
            key = (generation, liid, group.cin, group.kind)
            into.marks[key] = max(mark, into.marks.get(key, (-1, -1)))
        if any(group.kind == KIND_IRI for group in groups):
            self._events(tail, data, rows, liids, into)

    def _events(
        self, tail: TailUnit, data: DataFrame, rows: np.ndarray[Any, Any], liids: list[str], into: Gathered
    ) -> None:
        for extent in data.meta.extents:
            part = rows[extent.first_row : extent.first_row + extent.rows]
            iri = np.flatnonzero(part["kind"] == KIND_IRI)
            if not len(iri):
                continue
            try:
                octets = tail.file.extent_octets(tail.header, data, extent, self._keys)
            except DecodeError:
                # The verifier names what was changed; the index goes without the details.
                octets = None
            ends = np.cumsum(part["length"], dtype=np.int64)
            for index in iri.tolist():
                row = part[index]
                end = int(ends[index])
                record = None if octets is None else octets[end - int(row["length"]) : end]
                tag, of = int(row["content_tag"]), data.meta.liids[int(row["liid"])]
                record = self._opened(tag, record, of)
                payload, service, parties = _details(row, liids[int(row["liid"])], record)
                liid, cin = liids[int(row["liid"])], int(row["cin"])
                found = into.communications[tail.header.generation, liid, cin]
                found.name(parties)
                found.service = service or found.service
                event_us = int(row["event_us"])
                into.events.append(
                    {
                        "sequence": data.first_sequence + extent.first_row + index,
                        "generation": tail.header.generation,
                        "liid": liid,
                        "cin": cin,
                        "order_id": self._order(extent),
                        "event_us": None if event_us == NO_TIME else event_us,
                        "verdict": int(row["verdict"]),
                        "iri_type": int(row["iri_type"]),
                        "payload": payload,
                        "direction": int(row["direction"]),
                        "parties": json.dumps(list(parties)),
                    }
                )

    def _order(self, extent: frames.ExtentHead) -> str | None:
        return self._names.get(extent.uid)

    def _opened(self, tag: int, record: bytes | None, liid: bytes) -> bytes | None:
        """What is inside, of a record that came in an encryption container."""
        if record is None or not self._agreed.any or dialect_of(tag) is not None:
            return record
        try:
            return self._agreed.plain(record, liid)
        except DecodeError:
            return record


def _details(row: Any, liid: str, record: bytes | None) -> tuple[str | None, str | None, tuple[str, ...]]:  # noqa: ANN401
    """(payload, service, parties) of a stored IRI record, as far as it may be read; `row` is its row."""
    form, tag = int(row["form"]), int(row["content_tag"])
    if record is None:
        return None, None, ()
    if form == FORM_MASKED:
        value = json.loads(record)
        return _masked_laes(tag, value) if dialect_of(tag) else _masked(value)
    if form != FORM_RECEIVED:
        return None, None, ()
    try:
        facts = facts_of_stored(tag, record, 0, liid, int(row["cin"]))
    except DecodeError:
        return None, None, ()
    parties = sorted({target.value for target in facts.parties})
    return facts.payload, facts.service, tuple(parties[:MAX_PARTIES])


def _masked_laes(tag: int, value: dict[str, Any]) -> tuple[str | None, str | None, tuple[str, ...]]:
    parties = sorted(masked_identities(value["fields"]))
    return value["payload"], masked_service(tag, value["payload"]), tuple(parties[:MAX_PARTIES])


def _masked(value: dict[str, Any]) -> tuple[str | None, str | None, tuple[str, ...]]:
    fields, payload = value["fields"], value["payload"]
    service = _SERVICE_OF_PAYLOAD.get(payload)
    if fields.get("transaction") == "MESSAGE":
        service = Service.SMS
    parties: set[str] = set()
    for name in _PARTY_FIELDS:
        held = fields.get(name)
        parties.update(str(one) for one in (held if isinstance(held, list) else [held]) if one)
    return payload, service, tuple(sorted(parties)[:MAX_PARTIES])
