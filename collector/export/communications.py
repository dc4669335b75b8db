"""The stored records of one LIID after another, put together into communications: who, when, which packets.

Only what the store holds in readable form gets here: accepted records whole, of masked ones the permitted fields, of
quarantined ones nothing but that they exist. What was withheld since (`collector.standing`), or does not hold its seal
(R-090), is listed with its reason and not rendered: of a held record that it exists (R-041), of a minimised or
privileged one who, when and how, never what was said (R-118, R-120). The octets held at once are bounded; whoever
wants more takes one LIID or one communication at a time.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from copy import copy
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

import numpy as np

from asn1.columns import KIND_CC, KIND_IRI, NO_TIME
from asn1.errors import DecodeError, LocalError
from asn1.laes.cc_apdu import CcApdu
from asn1.laes.ccc import CccDatagram
from asn1.laes.message import CdcMessage
from asn1.ps_pdu import PsPdu, decode_ps_pdu, liid_text, payload_time_us
from asn1.recording import decode_recording
from asn1.segments import MAX_SEGMENTS, Run
from asn1.sip import number_of
from collector.export import contents
from collector.facts import CC_SERVICES, RecordFacts, facts_of
from collector.facts.signalling import read_sip
from collector.facts.stored import (
    RECORDER,
    content_service,
    dialect_of,
    facts_of_stored,
    masked_identities,
    masked_service,
    read_laes,
)
from collector.rows import FORM_MASKED, FORM_RECEIVED, FORM_SYNTHETIC
from collector.standing import StandingState
from collector.store.reader import DataView, StoredRecord
from collector.store.stores import Reading
from collector.synthetic import read_close
from mediation.law.orders import Service, Target, TargetKind

MAX_OCTETS: Final = 1 << 30
MAX_WHOLE_OCTETS: Final = 64 << 20
"""Of one content put together from its segments."""
FROM_TARGET: Final = 0
TO_TARGET: Final = 1
UNREADABLE: Final = "(not readable)"
WITHHELD: Final = "(withheld)"
SYNTHETIC: Final = "(closed by the collector)"
_DIRECTIONS: Final = {"fromTarget": FROM_TARGET, "toTarget": TO_TARGET}
_IMSI_DIGITS: Final = 15
RTP_VERSION: Final = 2


class Packet(NamedTuple):
    """One content record. `octets` begin with the layer that `frame` names: of a call `ipFrame`, `udpFrame` or
    `rtpFrame`, else `ip`, `ethernet` or `mms`."""

    sequence: int
    event_us: int
    direction: int
    frame: str
    octets: bytes


class Signal(NamedTuple):
    """One IRI record. `facts` and `pdu` are there for an accepted one, `fields` for a masked one as well. `withheld`
    says why what is not there is not handed out."""

    sequence: int
    event_us: int
    verdict: int
    iri_type: str | None
    payload: str
    fields: dict[str, Any]
    facts: RecordFacts | None
    pdu: PsPdu | None
    withheld: str = ""
    message: CdcMessage | None = None
    """Of an accepted one of a US dialect, which has no `pdu`."""


class Silenced(NamedTuple):
    """A content record that is there and not handed out, of which it may be said when and which way it was."""

    sequence: int
    event_us: int
    direction: int
    why: str


@dataclass(slots=True)
class Communication:
    """`begin_us` and `end_us` are the first and the last event time seen, None when no record has one. `withheld`
    counts records that are there and not handed out, by the sentence that says why."""

    liid: str
    cin: int
    service: str | None = None
    numbers: set[str] = field(default_factory=set)
    identities: set[str] = field(default_factory=set)
    begin_us: int | None = None
    end_us: int | None = None
    iri: int = 0
    cc_from_target: int = 0
    cc_to_target: int = 0
    cc_other: int = 0
    unreadable: int = 0
    withheld: Counter[str] = field(default_factory=Counter)
    packets: list[Packet] = field(default_factory=list)
    signals: list[Signal] = field(default_factory=list)
    silenced: list[Silenced] = field(default_factory=list)

    @property
    def parties(self) -> list[str]:
        """Telephone numbers (with a plus) where there are any, else whatever else names somebody."""
        return sorted(f"+{number}" for number in self.numbers) or sorted(self.identities)

    @property
    def what(self) -> str:
        """In words, for tables: the service, and where it is no call of its own, what it is instead."""
        if self.cin < 0:
            return "notices of no call"
        told = {signal.payload for signal in self.signals} - {SYNTHETIC}
        content = self.cc_from_target or self.cc_to_target or self.cc_other
        if told == {"directSignalReporting"} and not content:
            return f"{self.service} signalling alone" if self.service else "signalling alone"
        return self.service or "signalling"

    def copied(self) -> Communication:
        """Another one that can grow without this one's growing."""
        held = {name: getattr(self, name) for name in self.__slots__}
        return Communication(**{name: copy(one) for name, one in held.items()})

    def seen(self, event_us: int) -> None:
        if event_us == NO_TIME:
            return
        self.begin_us = event_us if self.begin_us is None else min(self.begin_us, event_us)
        self.end_us = event_us if self.end_us is None else max(self.end_us, event_us)

    def name(self, targets: frozenset[Target]) -> None:
        for target in targets:
            (self.numbers if target.kind is TargetKind.E164 else self.identities).add(target.value)


class Shown(NamedTuple):
    """What a reader may have of a record: all of it where `why` is empty; else, of signalling, what a pen register
    keeps where `metadata` holds, or nothing but that it exists."""

    why: str = ""
    metadata: bool = True


Judge = Callable[[StoredRecord], Shown]
Segments = dict[tuple[int, int, int], list[Run]]
"""Runs of records that are one content, by CIN, kind and epoch: `StoreReader.segments`."""


def shown(standing: StandingState) -> Shown:
    """By what was decided about the record alone."""
    return Shown(standing.says(), standing.metadata_shown) if standing.withheld else Shown()


def gather(reader: Reading, liid: bytes, max_octets: int = MAX_OCTETS) -> list[Communication]:
    """The communications of one LIID by their first record. Raises LocalError when they hold more than `max_octets`."""
    standings, segments = reader.standings(), reader.segments(liid)
    records = reader.records(lambda view: _rows_of(view, liid))
    return put_together(liid, records, lambda record: shown(standings.of(record)), segments, max_octets)


def put_together(
    liid: bytes,
    records: Iterable[StoredRecord],
    judge: Judge,
    segments: Segments,
    max_octets: int = MAX_OCTETS,
    onto: Communication | None = None,
) -> list[Communication]:
    """The same of these records, IRI and CC of one LIID, as `judge` lets them be seen. `onto` is what records before
    them were put together to (without contents in segments); it stays as it is. Raises LocalError when all together
    hold more than `max_octets`."""
    found: dict[int, Communication] = {} if onto is None else {onto.cin: onto.copied()}
    text, wholes = liid_text(liid), _wholes(segments)
    octets = 0 if onto is None else sum(len(packet.octets) for packet in onto.packets)
    for record in records:
        octets += len(record.octets or b"")
        if octets > max_octets:
            raise LocalError(f"The records of {text} hold more than {max_octets} octets: export them piece by piece.")
        communication = found.setdefault(record.cin, Communication(text, record.cin))
        communication.seen(record.event_us)
        may = judge(record)
        if may.why:
            communication.withheld[may.why] += 1
        if record.kind == KIND_CC:
            _content(communication, record, may, wholes)
        else:
            _signal(communication, record, may)
    for communication in found.values():
        _join(communication, wholes.get(communication.cin, {}))
        communication.packets.sort(key=lambda packet: packet.event_us)
        communication.signals.sort(key=lambda signal: signal.event_us)
        communication.silenced.sort(key=lambda one: one.event_us)
    return list(found.values())


def _rows_of(view: DataView, liid: bytes) -> np.ndarray[Any, Any]:
    if liid not in view.liids:
        return np.zeros(len(view.rows), bool)
    kinds = (view.rows["kind"] == KIND_IRI) | (view.rows["kind"] == KIND_CC)
    chosen: np.ndarray[Any, Any] = (view.rows["liid"] == view.liids.index(liid)) & kinds
    return chosen


@dataclass(slots=True)
class _Whole:
    """One content that came in segments: what is there of it, by number."""

    run: Run
    pieces: dict[int, Packet] = field(default_factory=dict)

    @property
    def numbers(self) -> list[int]:
        count = (self.run.last - self.run.first & 0xFFFFFFFF) + 1
        return [self.run.first + at & 0xFFFFFFFF for at in range(count)]


_Wholes = dict[int, dict[tuple[int, int], _Whole]]
"""By CIN, and then epoch and number of each segment."""


def _wholes(segments: Segments) -> _Wholes:
    found: _Wholes = {}
    for (cin, kind, epoch), runs in segments.items():
        for run in runs if kind == KIND_CC else ():
            whole = _Whole(run)
            for number in whole.numbers[:MAX_SEGMENTS]:
                found.setdefault(cin, {})[epoch, number] = whole
    return found


def _join(communication: Communication, wholes: dict[tuple[int, int], _Whole]) -> None:
    """Contents whose segments are all there, each as one packet; the others not: half of one is not what was said."""
    for whole in {id(one): one for one in wholes.values()}.values():
        found = [whole.pieces[number] for number in whole.numbers if number in whole.pieces]
        octets = sum(len(one.octets) for one in found)
        if len(found) == len(whole.numbers) and octets <= MAX_WHOLE_OCTETS:
            communication.packets.append(found[0]._replace(octets=b"".join(one.octets for one in found)))
        else:
            communication.unreadable += len(found)


def _content(communication: Communication, record: StoredRecord, may: Shown, wholes: _Wholes) -> None:
    if record.direction == FROM_TARGET:
        communication.cc_from_target += 1
    elif record.direction == TO_TARGET:
        communication.cc_to_target += 1
    else:
        communication.cc_other += 1
    if may.why:
        if may.metadata and record.event_us != NO_TIME:
            communication.silenced.append(Silenced(record.sequence, record.event_us, record.direction, may.why))
        return
    if record.form != FORM_RECEIVED or record.octets is None:
        communication.unreadable += 1
        return
    try:
        packets = list(packets_of(record))
    except DecodeError:
        communication.unreadable += 1
        return
    for packet in packets:
        communication.service = communication.service or contents.SERVICES.get(packet.frame, "VOICE")
    piece = wholes.get(record.cin, {}).get((record.epoch, record.number))
    if piece is None:
        communication.packets += packets
    elif len(packets) == 1:
        piece.pieces.setdefault(record.number, packets[0])


def packets_of(record: StoredRecord) -> Iterator[Packet]:
    """The packets of a content record; aggregated payloads give several, each with its own time and direction. Raises
    DecodeError."""
    assert record.octets is not None
    dialect = dialect_of(record.content_tag)
    if dialect == RECORDER:
        frame, octets = contents.frame_of_recording(decode_recording(record.octets))
        yield Packet(record.sequence, record.event_us, record.direction, frame, octets)
        return
    if dialect is not None:
        yield _laes_packet(record, record.octets)
        return
    kind, payloads = decode_ps_pdu(record.record or b"").payload
    for payload in payloads if kind == "cCPayloadSequence" else ():
        name, value = payload["cCContents"]
        direction = _DIRECTIONS.get(payload.get("payloadDirection"), record.direction)
        own_us = payload_time_us(payload)
        where = (record.sequence, record.event_us if own_us is None else own_us, direction)
        for frame, octets in contents.frames_of(name, value):
            yield Packet(*where, frame, octets)


def _laes_packet(record: StoredRecord, octets: bytes) -> Packet:
    """Content of a US dialect is one IP packet; RTP alone in a CC-APDU is read too (assumed)."""
    held = read_laes(record.content_tag, octets)
    packet = held.payload if isinstance(held, CcApdu) else held.packet if isinstance(held, CccDatagram) else b""
    frame = "ipFrame" if content_service(record.content_tag) is Service.VOICE else "ip"
    if frame == "ipFrame" and packet[:1] and packet[0] >> 6 == RTP_VERSION:
        frame = "rtpFrame"
    return Packet(record.sequence, record.event_us, record.direction, frame, packet)


def _signal(communication: Communication, record: StoredRecord, may: Shown) -> None:
    # The collector's own close of a call that an order cut is listed, and is no record of the carrier.
    communication.iri += record.form != FORM_SYNTHETIC
    signal = _read_signal(record)
    if may.why:
        signal = _withheld(signal, may)
    communication.signals.append(signal)
    if signal.payload == UNREADABLE:
        communication.unreadable += 1
    elif signal.facts is not None:
        communication.name(signal.facts.parties)
        _name_conference(communication, signal)
        communication.service = signal.facts.service or communication.service
    elif signal.payload not in (WITHHELD, SYNTHETIC):
        if dialect_of(record.content_tag) is None:
            _name_masked(communication, signal)
        else:
            _name_masked_laes(communication, signal, record.content_tag)


def _withheld(signal: Signal, may: Shown) -> Signal:
    """What may still be said of it: the fields that a pen register would have, or nothing."""
    fields = signal.fields if may.metadata else {}
    payload = signal.payload if may.metadata else WITHHELD
    iri_type = signal.iri_type if may.metadata else None
    return signal._replace(
        iri_type=iri_type, payload=payload, fields=fields, facts=None, pdu=None, message=None, withheld=may.why
    )


def _read_signal(record: StoredRecord) -> Signal:
    where = (record.sequence, record.event_us, record.verdict)
    unreadable = Signal(*where, None, UNREADABLE, {}, None, None)
    if record.octets is None:
        return unreadable
    if record.form == FORM_MASKED:
        value = json.loads(record.octets)
        return Signal(*where, value["iri_type"], value["payload"], value["fields"], None, None)
    if record.form == FORM_SYNTHETIC:
        made = read_close(record.octets) or {}
        return Signal(*where, None, SYNTHETIC, {"truncated_by_order": made.get("order", "")}, None, None)
    if record.form != FORM_RECEIVED:
        return unreadable
    if dialect_of(record.content_tag) is not None:
        return _read_laes_signal(record, record.octets, unreadable)
    try:
        pdu = decode_ps_pdu(record.record or b"")
        facts = facts_of(pdu, record.received_us)
    except DecodeError:
        return unreadable
    return Signal(*where, facts.iri_type, facts.payload, dict(facts.permitted), facts, pdu)


def _read_laes_signal(record: StoredRecord, octets: bytes, unreadable: Signal) -> Signal:
    try:
        held = read_laes(record.content_tag, octets)
        facts = facts_of_stored(record.content_tag, octets, record.received_us, liid_text(record.liid), record.cin)
    except DecodeError:
        return unreadable
    message = held if isinstance(held, CdcMessage) else None
    if message is not None and message.name == "uuContent":
        facts = _with_sides(facts, message)
    return unreadable._replace(
        iri_type=facts.iri_type, payload=facts.payload, fields=dict(facts.permitted), facts=facts, message=message
    )


def _with_sides(facts: RecordFacts, message: CdcMessage) -> RecordFacts:
    """Who wrote to whom, by the signalling beside the content."""
    for one in message.fields.get("signalingMsg", ()):
        try:
            said = read_sip(one["sigMsg"])
        except DecodeError:
            continue
        return facts._replace(originators=said.originators, recipients=said.recipients, parties=said.parties)
    return facts


_SERVICE_OF_PAYLOAD: Final = {
    "iPMMIRI": CC_SERVICES["iPMMCC"],
    "iPIRI": CC_SERVICES["iPCC"],
    "iPIRIPacketReport": CC_SERVICES["iPCC"],
    "emailIRI": CC_SERVICES["emailCC"],
}
_NAMES: Final = ("from", "to", "asserted", "redirected_by", "user", "address", "source", "destination")


def _name_conference(communication: Communication, signal: Signal) -> None:
    """Who was in a conference, by its notices: each is written with how they stand behind the address."""
    for one in signal.fields.get("conference", ()):
        text = str(one).partition(" ")[0]
        number = _number_in(text)
        (communication.numbers if number else communication.identities).add(number or text)


def _name_masked(communication: Communication, signal: Signal) -> None:
    short = signal.payload == "sMSMessage" or signal.fields.get("transaction") == "MESSAGE"
    service = "SMS" if short else _SERVICE_OF_PAYLOAD.get(signal.payload)
    communication.service = str(service) if service else communication.service
    _name_conference(communication, signal)
    for name in _NAMES:
        held = signal.fields.get(name)
        for one in held if isinstance(held, list) else [held]:
            if one:
                text = str(one)
                number = _number_in(text)
                (communication.numbers if number else communication.identities).add(number or text)


def _name_masked_laes(communication: Communication, signal: Signal, tag: int) -> None:
    service = masked_service(tag, signal.payload)
    communication.service = communication.service or (None if service is None else str(service))
    for text in masked_identities(signal.fields):
        number = _number_in(text.lstrip("+"))
        (communication.numbers if number else communication.identities).add(number or text)


def _number_in(text: str) -> str | None:
    """E.164 digits; an IMSI has fifteen digits and is none."""
    if text.isascii() and text.isdigit():
        return text if len(text) < _IMSI_DIGITS else None
    return number_of(text) if ":" in text else None
