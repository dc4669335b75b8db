"""The points of interception: events in, X2/X3 PDUs out, for tasked identities and for nothing else.

Pure but for its own tables: no socket, no clock. A task names identities, a delivery type and destinations (X1). An
event is looked up by the identities of its two parties; without a task on one of them nothing leaves this file
(`test_untasked_identity_emits_nothing`). Which network function speaks follows from the kind of event: `ims-1` for SIP
and media, `smsf-1` and `mmsc-1` for messages, `upf-1` for data and accounting, `smf-1`
and `amf-1` for what the packet core reports, `web-1` for packets at a host under a
pen register.

Late tasks. A communication that was already up when a task came would reach the mediation function without its
beginning (a known fault of others). So the opening signalling of every communication is kept while it lasts and sent
to a late task in front of the first thing it sees, stamped with that event's time: the information is given at the
moment the interception began, not dated back before it.

Sequence numbers: TS 103 221-2 clause 5.3.9 (third-party reading): from 0, +1 a PDU in the context (XID, DID, NFID,
IPID, correlation), X2 and X3 apart. Ours go with the correlation when that closes.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from ipaddress import IPv6Address, ip_address
from typing import Final, NamedTuple

from asn1.packets import parse_ip
from asn1.sip import canonical_uri, number_of
from asn1.x2x3 import (
    VERSION_5,
    PayloadDirection,
    PayloadFormat,
    PduType,
    X2X3Pdu,
    encode_pdu,
    target_xml,
)
from carrier_sim.events import EventKind, InterceptEvent, Phase
from carrier_sim.packet_core import already_up
from carrier_sim.subscribers import Identity, Party
from carrier_sim.x3_head import X3Head

MAX_OPEN_COMMUNICATIONS: Final = 100_000
"""Communications whose opening signalling is kept; beyond, the oldest is forgotten."""
_MAX_OPENING_EVENTS: Final = 16
"""A conference of three has five legs, each with an INVITE and its answer."""
_MAX_CLOSED: Final = 10_000
"""Recently closed communications whose sequence numbers are kept, for what trails in behind the last signalling."""
_MAX_CONTEXTS: Final = 2 * MAX_OPEN_COMMUNICATIONS
_MAX_HEADS: Final = 10_000


class Interface(Enum):
    X2 = "x2"
    X3 = "x3"


class Delivers(Enum):
    """X1 DeliveryType of a task or a destination."""

    X2 = "X2Only"
    X3 = "X3Only"
    BOTH = "X2andX3"

    def covers(self, interface: Interface) -> bool:
        return self is Delivers.BOTH or self is (Delivers.X2 if interface is Interface.X2 else Delivers.X3)


@dataclass(frozen=True, slots=True)
class Task:
    """What X1 asked for. `xid` is a lower-case UUID, `dids` the destinations, identities as X1 wrote them.

    `product_id` replaces the XID in the PDUs when the ADMF gave one (clause 5.2.7, third-party reading).
    """

    xid: str
    targets: tuple[Identity, ...]
    delivers: Delivers
    dids: tuple[str, ...]
    product_id: str | None = None

    @property
    def xid_octets(self) -> bytes:
        return bytes.fromhex((self.product_id or self.xid).replace("-", ""))


class Emission(NamedTuple):
    """One PDU for one destination."""

    did: str
    interface: Interface
    xid: str
    octets: bytes


class _Match(NamedTuple):
    """A task that a party falls under, and how: what it matched, and what else the party is known by.

    `at_host`: the party is a web host (by its name or its address), of which a task gets packet headers, and the
    packets themselves only where it asks for content.
    """

    task: Task
    at_host: bool
    matched_xml: tuple[str, ...]
    other_xml: tuple[str, ...]


@dataclass(slots=True)
class TaskCount:
    """PDUs of one task, and the time of the last event it saw."""

    x2: int = 0
    x3: int = 0
    last_us: int | None = None


@dataclass(slots=True)
class _Contexts:
    """Numbers of one communication, and which tasks have had its opening."""

    numbers: dict[tuple[str, str, str, str, Interface], int] = field(default_factory=dict)
    begun: set[str] = field(default_factory=set)


_FUNCTION: Final = {
    EventKind.SIP: ("ims-1", "ims-1-signalling"),
    EventKind.MEDIA: ("ims-1", "ims-1-media"),
    EventKind.SMS: ("smsf-1", "smsf-1-messages"),
    EventKind.MMS: ("mmsc-1", "mmsc-1-messages"),
    EventKind.MMS_CONTENT: ("mmsc-1", "mmsc-1-content"),
    EventKind.RADIUS: ("upf-1", "upf-1-accounting"),
    EventKind.DATA: ("upf-1", "upf-1-packets"),
    EventKind.SESSION: ("smf-1", "smf-1-sessions"),
    EventKind.REGISTRATION: ("amf-1", "amf-1-registrations"),
    EventKind.IMS: ("ims-1", "ims-1-events"),
}
"""(NFID, IPID) by kind; IPID tells the instance of the point within the function."""
_WEB: Final = ("web-1", "web-1-headers")
_X2_KINDS: Final = {
    EventKind.SIP: PayloadFormat.SIP,
    EventKind.SMS: PayloadFormat.TS_33128,
    EventKind.MMS: PayloadFormat.TS_33128,
    EventKind.RADIUS: PayloadFormat.RADIUS,
    EventKind.SESSION: PayloadFormat.TS_33128,
    EventKind.REGISTRATION: PayloadFormat.TS_33128,
    EventKind.IMS: PayloadFormat.TS_33128,
}
_WITHOUT_DIRECTION: Final = frozenset({EventKind.RADIUS, EventKind.SESSION, EventKind.REGISTRATION})
_X3_KINDS: Final = {EventKind.MMS_CONTENT: PayloadFormat.TS_33128}
"""What is no IP packet on X3."""


def normalise(kind: str, value: str) -> Identity | None:
    """An X1 target identifier as the network knows it; None for a kind this network has no identities of.

    URIs with a number become that number, IMPU and SUPI forms the identity inside, IPv6 its shortest text.
    """
    value = value.strip()
    if kind in ("e164Number", "gpsiMsisdn", "msisdn"):
        return Identity("e164Number", value.removeprefix("+"))
    if kind in ("imsi", "supiimsi"):
        return Identity("imsi", value)
    if kind in ("sipUri", "impu", "telUri"):
        if value.lower().startswith("tel:"):
            number = number_of(value)
            return Identity("e164Number", number) if number else None
        return Identity("sipUri", canonical_uri(value))
    if kind in ("nai", "supinai", "gpsiNai", "impi"):
        return Identity("nai", value.lower())
    if kind in ("ipv4Address", "ipv6Address"):
        try:
            return Identity(kind, str(ip_address(value)))
        except ValueError:
            return None
    return Identity("host", value.lower().rstrip(".")) if kind == "host" else None


class Poi:
    """All points of interception of the network element. `handle` turns one event into the PDUs it gives."""

    def __init__(self, version: int = VERSION_5) -> None:
        self._version = version
        self._tasks: dict[str, Task] = {}
        self._by_identity: dict[Identity, list[Task]] = {}
        self._matches: dict[Party, tuple[_Match, ...]] = {}
        self._destinations: dict[str, Delivers] = {}
        self._open: OrderedDict[int, list[InterceptEvent]] = OrderedDict()
        self._contexts: OrderedDict[int, _Contexts] = OrderedDict()
        self._closed: deque[int] = deque()
        self._heads: OrderedDict[tuple[object, ...], X3Head] = OrderedDict()
        self.counts: dict[str, TaskCount] = {}
        self.clock_offset_us: Mapping[str, int] = {}
        """A training fault: by how much the stamps of a point (its IPID, its NFID, or `*` for all) are wrong."""

    # ---- what X1 does

    @property
    def tasks(self) -> dict[str, Task]:
        return dict(self._tasks)

    def set_destination(self, did: str, delivers: Delivers) -> None:
        self._destinations[did] = delivers

    def remove_destination(self, did: str) -> None:
        self._destinations.pop(did, None)

    def destination_in_use(self, did: str) -> bool:
        return any(did in task.dids for task in self._tasks.values())

    def set_task(self, task: Task) -> None:
        """Activate or modify. Numbers go on where they were when a task is modified."""
        self._tasks[task.xid] = task
        self.counts.setdefault(task.xid, TaskCount())
        if len(self.counts) > _MAX_CONTEXTS:
            self.counts.pop(next(iter(self.counts)))
        self._reindex()

    def remove_task(self, xid: str) -> None:
        """Deactivate; from here on nothing is emitted for this XID. Its counts stay for the status page."""
        self._tasks.pop(xid, None)
        for contexts in self._contexts.values():
            contexts.begun.discard(xid)
        self._reindex()

    def _reindex(self) -> None:
        self._by_identity = {}
        self._matches = {}
        for task in self._tasks.values():
            for target in task.targets:
                if (identity := normalise(*target)) is not None:
                    self._by_identity.setdefault(identity, []).append(task)

    # ---- what the network does

    def handle(self, event: InterceptEvent) -> list[Emission]:
        """The PDUs of one event, in the order they are to be sent."""
        if event.phase is Phase.OPENS:
            self._remember(event)
        out: list[Emission] = []
        for match, direction in self._covering(event):
            out.extend(self._emit(match, event, direction))
        if event.phase is Phase.CLOSES:
            self._open.pop(event.correlation, None)
            self._closed.append(event.correlation)
            if len(self._closed) > _MAX_CLOSED:
                self._contexts.pop(self._closed.popleft(), None)
        if len(self._contexts) > _MAX_CONTEXTS:
            self._contexts.popitem(last=False)
        return out

    def _remember(self, event: InterceptEvent) -> None:
        opening = self._open.setdefault(event.correlation, [])
        if len(opening) < _MAX_OPENING_EVENTS:
            opening.append(event)
        if len(self._open) > MAX_OPEN_COMMUNICATIONS:
            self._open.popitem(last=False)

    def _covering(self, event: InterceptEvent) -> Iterator[tuple[_Match, PayloadDirection]]:
        """Each task the event falls under, once. A task on both parties sees the sender's side, one on a party that it
        happens on behalf of as well sees its own part."""
        sending = self._matches_of(event.sender)
        for match in sending:
            yield match, _direction(event.kind, PayloadDirection.FROM_TARGET)
        xids = {match.task.xid for match in sending}
        for match in self._matches_of(event.receiver):
            if match.task.xid not in xids:
                xids.add(match.task.xid)
                yield match, _direction(event.kind, PayloadDirection.TO_TARGET)
        if event.behalf is None:
            return
        party, sends = event.behalf
        for match in self._matches_of(party):
            if match.task.xid not in xids:
                way = PayloadDirection.FROM_TARGET if sends else PayloadDirection.TO_TARGET
                yield match, _direction(event.kind, way)

    def _matches_of(self, party: Party | None) -> tuple[_Match, ...]:
        if party is None or not self._by_identity:
            return ()
        found = self._matches.get(party)
        if found is None:
            if len(self._matches) >= MAX_OPEN_COMMUNICATIONS:
                self._matches.clear()
            found = self._matches[party] = tuple(self._find(party))
        return found

    def _find(self, party: Party) -> Iterator[_Match]:
        seen: set[str] = set()
        for identity in party.identities:
            for task in self._by_identity.get(identity, ()):
                if task.xid in seen:
                    continue
                seen.add(task.xid)
                wanted = {normalised for target in task.targets if (normalised := normalise(*target))}
                yield _Match(
                    task,
                    party.identities[0].kind == "host",
                    tuple(_xml(one) for one in party.identities if one in wanted),
                    tuple(_xml(one) for one in party.identities if one not in wanted and one.kind != "host"),
                )

    def _emit(self, match: _Match, event: InterceptEvent, direction: PayloadDirection) -> Iterator[Emission]:
        contexts = self._contexts.setdefault(event.correlation, _Contexts())
        xid = match.task.xid
        if xid not in contexts.begun:
            contexts.begun.add(xid)
            yield from self._opening(match, event, contexts)
        yield from self._send(match, event, direction, contexts)

    def _opening(self, match: _Match, event: InterceptEvent, contexts: _Contexts) -> Iterator[Emission]:
        if match.at_host:
            return
        for opening in self._open.get(event.correlation, ()):
            if opening is event:
                continue
            for other, direction in self._covering(opening):
                if other.task.xid == match.task.xid:
                    late = opening._replace(time_us=event.time_us)
                    if opening.kind is EventKind.SESSION:
                        late = late._replace(octets=already_up(opening.octets, opening.time_us))
                    yield from self._send(other, late, direction, contexts)

    def _send(
        self, match: _Match, event: InterceptEvent, direction: PayloadDirection, contexts: _Contexts
    ) -> Iterator[Emission]:
        at_host = event.kind is EventKind.DATA and match.at_host
        if event.kind in _X2_KINDS or at_host:
            yield from self._send_over(Interface.X2, match, event, direction, contexts, at_host)
        if event.kind not in _X2_KINDS:
            yield from self._send_over(Interface.X3, match, event, direction, contexts, at_host)

    def _send_over(
        self,
        interface: Interface,
        match: _Match,
        event: InterceptEvent,
        direction: PayloadDirection,
        contexts: _Contexts,
        at_host: bool,
    ) -> Iterator[Emission]:
        task = match.task
        if not task.delivers.covers(interface):
            return
        nfid, ipid = _WEB if at_host else _FUNCTION[event.kind]
        base: X2X3Pdu | None = None
        sent = False
        for did in task.dids:
            destination = self._destinations.get(did)
            if destination is None or not destination.covers(interface):
                continue
            key = (task.xid, did, nfid, ipid, interface)
            number = contexts.numbers.get(key, 0)
            contexts.numbers[key] = (number + 1) & 0xFFFFFFFF
            sent = True
            if interface is Interface.X3:
                time_us = event.time_us + self._offset_us(nfid, ipid)
                octets = self._head(match, event, direction, nfid, ipid).pdu(number, time_us, event.octets)
                yield Emission(did, interface, task.xid, octets)
                continue
            if base is None:
                base = self._pdu(match, event, direction, interface, nfid, ipid, at_host)
            yield Emission(did, interface, task.xid, encode_pdu(base._replace(sequence_number=number)))
        if sent:
            count = self.counts.setdefault(task.xid, TaskCount())
            count.last_us = event.time_us
            if interface is Interface.X2:
                count.x2 += 1
            else:
                count.x3 += 1

    def _head(self, match: _Match, event: InterceptEvent, direction: PayloadDirection, nfid: str, ipid: str) -> X3Head:
        form = _X3_KINDS.get(event.kind)
        if form is None:
            form = PayloadFormat.IPV6 if event.octets[:1] >= b"\x60" else PayloadFormat.IPV4
        key = (match.task.xid_octets, event.correlation, ipid, direction, form)
        head = self._heads.get(key)
        if head is None:
            bare = event._replace(octets=b"", time_us=0)
            pdu = self._pdu(match, bare, direction, Interface.X3, nfid, ipid, False)
            head = self._heads[key] = X3Head.learn(pdu._replace(payload_format=form))
            if len(self._heads) > _MAX_HEADS:
                self._heads.popitem(last=False)
        return head

    def _offset_us(self, nfid: str, ipid: str) -> int:
        offsets = self.clock_offset_us
        if not offsets:
            return 0
        return offsets.get(ipid, offsets.get(nfid, offsets.get("*", 0)))

    def _pdu(
        self,
        match: _Match,
        event: InterceptEvent,
        direction: PayloadDirection,
        interface: Interface,
        nfid: str,
        ipid: str,
        at_host: bool,
    ) -> X2X3Pdu:
        octets = _headers_of(event.octets) if at_host else event.octets
        form = _X2_KINDS.get(event.kind) or _X3_KINDS.get(event.kind)
        if form is None:
            form = PayloadFormat.IPV6 if octets[:1] >= b"\x60" else PayloadFormat.IPV4
        pdu = X2X3Pdu(
            PduType.X2 if interface is Interface.X2 else PduType.X3,
            form,
            direction,
            match.task.xid_octets,
            event.correlation,
            octets,
            self._version,
            nfid=nfid,
            ipid=ipid,
            timestamp_ns=(event.time_us + self._offset_us(nfid, ipid)) * 1000,
        )
        if interface is Interface.X3:
            # X3 needs neither identities nor addresses (TS 33.128 by a third party's reading): they would double it.
            return pdu
        return _with_addresses(pdu, event)._replace(matched_targets=match.matched_xml, other_targets=match.other_xml)


def _direction(kind: EventKind, direction: PayloadDirection) -> PayloadDirection:
    return PayloadDirection.NOT_APPLICABLE if kind in _WITHOUT_DIRECTION else direction


def _xml(identity: Identity) -> str:
    kind, value = identity
    return target_xml(kind, IPv6Address(value).exploded if kind == "ipv6Address" else value)


def _headers_of(octets: bytes) -> bytes:
    """A packet cut behind its transport header: who, where, when, and nothing that was said."""
    packet = parse_ip(octets)
    return octets[: packet.payload_offset] if packet is not None else b""


def _with_addresses(pdu: X2X3Pdu, event: InterceptEvent) -> X2X3Pdu:
    source, destination = event.source, event.destination
    if source is None or destination is None:
        return pdu
    ends = ip_address(source.host).packed, ip_address(destination.host).packed
    pdu = pdu._replace(source_port=source.port, destination_port=destination.port)
    if len(ends[0]) == 16:
        return pdu._replace(source_ipv6=ends[0], destination_ipv6=ends[1])
    return pdu._replace(source_ipv4=ends[0], destination_ipv4=ends[1])
