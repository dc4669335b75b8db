"""From a unit of the store to what the index says about it: sums by communication, IRI events, order totals, marks.

Pure but for the reading of octets. Only stored octets are looked at, so nothing that was withheld can get in: of a
masked record the permitted fields, of an accepted one who took part, of a quarantined one nothing.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

import numpy as np

from asn1.columns import KIND_CC, KIND_IRI, NO_TIME
from asn1.errors import DecodeError
from asn1.ps_pdu import liid_text
from asn1.sip import number_of
from collector.accounts import FIELDS
from collector.deciphering import read_agreed
from collector.facts.stored import (
    content_service,
    dialect_of,
    facts_of_stored,
    masked_identities,
    masked_service,
)
from collector.rows import FORM_MASKED, FORM_RECEIVED, FORM_SYNTHETIC
from collector.store import frames
from collector.store.index_tables import MAX_NAME
from collector.store.index_tail import TailUnit
from collector.store.keys import Keys
from collector.store.sums import LATEST, sum_rows
from collector.store.walk import DataFrame, sound_rows
from mediation.law.orders import OrderId, Service, Target, TargetKind, order_uid

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
IMSI_DIGITS: Final = 15
IRI_BEGIN: Final = 1
IRI_END: Final = 2


class Details(NamedTuple):
    """What one stored IRI record says, as far as it may be read. `caller` and `called` as names of one of each side."""

    payload: str | None = None
    service: str | None = None
    parties: tuple[str, ...] = ()
    caller: str | None = None
    called: str | None = None
    sends: bool | None = None
    opens: bool = False
    answers: bool = False
    closes: bool = False


@dataclass(slots=True)
class CommunicationSum:
    """What units add to one communication. `service` is what signalling says, `content_service` what the tag of
    content does: the first outranks the second, whichever came first."""

    order_id: str | None = None
    service: str | None = None
    content_service: str | None = None
    parties: set[str] = field(default_factory=set)
    caller: str | None = None
    called: str | None = None
    sends: bool | None = None
    opened: bool = False
    ended: bool = False
    answer_us: int | None = None
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

    def told(self, said: Details, iri_type: int, event_us: int | None) -> None:
        """One record of signalling. Who called whom is what the first record says that says it."""
        if len(self.parties) < MAX_PARTIES:
            self.parties.update(said.parties)
        self.service = said.service or self.service
        self.caller = self.caller or said.caller
        self.called = self.called or said.called
        self.sends = said.sends if self.sends is None else self.sends
        self.opened = self.opened or said.opens or iri_type == IRI_BEGIN
        self.ended = self.ended or said.closes or iri_type == IRI_END
        if said.answers and event_us is not None:
            self.answer_us = event_us if self.answer_us is None else min(self.answer_us, event_us)


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
    kept: int = 0
    """Records of all of them."""

    @property
    def empty(self) -> bool:
        return self.last_commit < 0


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
        into.kept += sum(data.records for data in unit.data)
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
            # Encrypted octets that were changed do not decrypt; of others the leaf hashes say it.
            sound = None if octets is None or extent.encrypted else sound_rows(data, extent, octets)
            ends = np.cumsum(part["length"], dtype=np.int64)
            for index in iri.tolist():
                row = part[index]
                end = int(ends[index])
                unread = octets is None or (sound is not None and not sound[index])
                record = None if unread or octets is None else octets[end - int(row["length"]) : end]
                tag, of = int(row["content_tag"]), data.meta.liids[int(row["liid"])]
                record = self._opened(tag, record, of)
                said = _details(row, liids[int(row["liid"])], record)
                liid, cin = liids[int(row["liid"])], int(row["cin"])
                event_us = None if row["event_us"] == NO_TIME else int(row["event_us"])
                into.communications[tail.header.generation, liid, cin].told(said, int(row["iri_type"]), event_us)
                into.events.append(
                    {
                        "sequence": data.first_sequence + extent.first_row + index,
                        "generation": tail.header.generation,
                        "liid": liid,
                        "cin": cin,
                        "order_id": self._order(extent),
                        "event_us": event_us,
                        "verdict": int(row["verdict"]),
                        "iri_type": int(row["iri_type"]),
                        "payload": said.payload,
                        "direction": int(row["direction"]),
                        "parties": json.dumps(list(said.parties)),
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


def _details(row: Any, liid: str, record: bytes | None) -> Details:  # noqa: ANN401  a row of the frame
    form, tag = int(row["form"]), int(row["content_tag"])
    if form == FORM_SYNTHETIC:
        return Details(closes=True)
    if record is None:
        return Details()
    if form == FORM_MASKED:
        value = json.loads(record)
        return _masked_laes(tag, value) if dialect_of(tag) else _masked(value)
    if form != FORM_RECEIVED:
        return Details()
    try:
        facts = facts_of_stored(tag, record, 0, liid, int(row["cin"]))
    except DecodeError:
        return Details()
    parties = sorted({target.value for target in facts.parties})
    return Details(
        facts.payload, facts.service, tuple(parties[:MAX_PARTIES]), _side(facts.originators), _side(facts.recipients),
        facts.target_sends, facts.opens, facts.answers,
    )  # fmt: skip


def _side(targets: frozenset[Target]) -> str | None:
    """One name of a side: its number where it has one."""
    numbers = sorted(f"+{one.value}" for one in targets if one.kind is TargetKind.E164)
    names = numbers or sorted(one.value for one in targets)
    return _plain(names[0]) if names else None


def _plain(text: str) -> str:
    """What every database takes as text, and every page shows on one line."""
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in text[:MAX_NAME])


_LAES_OPENS: Final = {"origination": True, "termAttempt": False, "terminationattempt": False}
"""The messages with which a call begins, and whether the subject does."""


def _masked_laes(tag: int, value: dict[str, Any]) -> Details:
    payload, fields = value["payload"], value["fields"]
    parties = sorted(masked_identities(fields))
    service = masked_service(tag, payload)
    sends = _LAES_OPENS.get(payload)
    caller, called = (_laes_party(fields.get(name)) for name in ("calling", "called"))
    return Details(
        payload, service, tuple(parties[:MAX_PARTIES]), caller, called, sends, sends is not None, payload == "answer"
    )


def _laes_party(parties: Any) -> str | None:  # noqa: ANN401  a field of stored JSON
    found = masked_identities({"calling": parties}) if isinstance(parties, list) else []
    return party_name(found[0]) if found else None


def party_name(text: str) -> str:
    """How lists name somebody: a number with a plus, whether it came bare or in a URI; anything else as it is."""
    number = number_of(text) if ":" in text else text if text.isascii() and text.isdigit() else None
    return f"+{number}" if number and len(number) != IMSI_DIGITS else _plain(text)


def _masked(value: dict[str, Any]) -> Details:
    fields, payload = value["fields"], value["payload"]
    service = _SERVICE_OF_PAYLOAD.get(payload)
    transaction, status = fields.get("transaction"), fields.get("status")
    if transaction == "MESSAGE":
        service = Service.SMS
    parties: set[str] = set()
    for name in _PARTY_FIELDS:
        held = fields.get(name)
        parties.update(str(one) for one in (held if isinstance(held, list) else [held]) if one)
    opens = fields.get("method") in ("INVITE", "MESSAGE") and value.get("iri_type") in (None, "begin", "report")
    answers = transaction == "INVITE" and isinstance(status, int) and 200 <= status < 300
    caller, called = _masked_side(fields, "from", "source"), _masked_side(fields, "to", "destination")
    sends = {"fromTarget": True, "toTarget": False}.get(str(fields.get("direction")))
    short = tuple(sorted(parties)[:MAX_PARTIES])
    return Details(payload, service, short, caller, called, sends, opens or payload == "sMSMessage", answers)


def _masked_side(fields: dict[str, Any], *names: str) -> str | None:
    for name in names:
        held = fields.get(name)
        text = held[0] if isinstance(held, list) and held else held
        if isinstance(text, str) and text:
            return party_name(text)
    return None
