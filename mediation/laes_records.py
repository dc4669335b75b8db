"""From what scope let through to journal entries and datagrams of the US dialects.

Messages are encoded and numbered as records of the order's CDC stream; packets are labelled and kept here until the
journal has the messages before them and the numbers they took. Nothing of a PDU is kept when one of its records cannot
be made. Which orders go out in which dialect is configuration.
"""

from __future__ import annotations

import ipaddress
from collections import Counter
from typing import Final, NamedTuple

from asn1.errors import RefusedError
from asn1.laes.message import CdcMessage
from asn1.packets import parse_ip
from asn1.x2x3 import X2X3Pdu, parse_target_xml
from mediation import convert as etsi
from mediation.config import MediationConfig
from mediation.journal import Entry, Journal, Note
from mediation.laes import content, t1678
from mediation.laes.calls import Call
from mediation.laes.convert import TONGUES, tell
from mediation.laes.moment import Moment, Site
from mediation.laes.summaries import Summaries
from mediation.laes_config import Dialect, LaesModel
from mediation.laes_delivery import CccLink, CdcLink
from mediation.law.orders import CourtOrder
from mediation.redact import granted
from mediation.sequence import Communication, Counters, plain

STREAMS: Final[dict[Dialect, int]] = {"t1678": 2, "pcesp": 3, "ias": 4, "jstd025": 5}
"""Of the journal; never to be changed."""
_TELLS_STATUS: Final = ("t1678",)


class Packet(NamedTuple):
    """One datagram to be, and the note that its number was used."""

    dialect: Dialect
    liid: str
    octets: bytes
    note: Note


class Said(NamedTuple):
    """What one PDU gave."""

    entries: list[Entry]
    packets: int
    counted: bool = False
    """It goes into a summary that is told later."""


class LaesRecords:
    """`links`: by dialect, the CDC and, where content is configured, the CCC."""

    def __init__(self, config: MediationConfig) -> None:
        self._config = config
        self._sites = {dialect: _site(config, one) for dialect, one in config.laes.items()}
        self._packets: list[Packet] = []
        access = config.laes.get("ias")
        summed = access is not None and access.reports == "summary"
        self._summaries = Summaries(int(access.summary_s * 1e6)) if access is not None and summed else None
        self._journalled = dict.fromkeys(config.laes, -1)
        self.links: dict[Dialect, tuple[CdcLink, CccLink | None]] = {}

    def dialect_of(self, liid: str) -> Dialect | None:
        return self._config.dialect_of(liid)

    def convert(self, role: str, pdu: X2X3Pdu, order: CourtOrder, xid: str, state: Communication, whole: bool) -> Said:
        """The entries of one PDU; its packet, if any, waits for `take`. Raises DecodeError and EncodeError, and then
        nothing has changed."""
        dialect = self.dialect_of(order.liid)
        if dialect is None:
            raise RefusedError(f"{order.liid} is delivered in no US dialect.")
        tongue, site = TONGUES[dialect], self._sites[dialect]
        direction = etsi.DIRECTIONS.get(int(pdu.payload_direction))
        sends = None if direction is None else direction == "fromTarget"
        allowed = granted(order)
        at = Moment(
            site, order.liid, pdu.nfid or site.system, (pdu.timestamp_ns or 0) // 1000, state.cin, sends,
            Call.of(state.call), place=allowed.place, content=whole, subject=_subject(pdu, order),
        )  # fmt: skip
        told = tell(tongue, role, pdu, at, allowed, self._content_up(dialect))
        if self._summaries is not None and [one.name for one in told.messages] == ["packetDataHeaderReport"]:
            packet = parse_ip(pdu.payload)
            assert packet is not None, "it has a header report"
            self._summaries.add((xid, pdu.correlation_id), at, packet)
            return Said([], 0, True)
        octets = [tongue.wire.encode(one) for one in told.messages]
        datagram = None if told.packet is None else content.encode(at, told.packet, state.next_cc)
        if octets and not state.begun:
            state.begun, state.opens_sent = True, sends
        state.call = told.call.plain
        entries = []
        for one in octets:
            state.next_iri = state.next_iri + 1 & 0xFFFFFFFF
            entries.append(Entry(STREAMS[dialect], order.liid, one, (xid, pdu.correlation_id, plain(state))))
        if datagram is not None:
            state.next_cc = state.next_cc + 1 & 0xFFFFFFFF
            self._packets.append(Packet(dialect, order.liid, datagram, (xid, pdu.correlation_id, plain(state))))
        return Said(entries, int(datagram is not None))

    def take(self) -> list[Packet]:
        """The packets since the last time, in order."""
        packets, self._packets = self._packets, []
        return packets

    def journalled(self, stream: int, journal_id: int) -> None:
        """A record of ours is in the journal."""
        for dialect in self._journalled:
            if STREAMS[dialect] == stream:
                self._journalled[dialect] = journal_id

    def offer(self, packets: list[Packet]) -> None:
        """Hand packets to their links, behind what was journalled so far."""
        for one in packets:
            link = self.links[one.dialect][1]
            if link is not None:
                link.offer(one.liid, one.octets, self._journalled[one.dialect])

    def waiting(self, journal: Journal) -> dict[str, int]:
        """Records made and never written, by LIID."""
        found: Counter[str] = Counter()
        for dialect, (cdc, ccc) in self.links.items():
            held = journal.held(STREAMS[dialect])
            found.update(one.liid for one in held if one.journal_id > cdc.written_id)
            found.update({} if ccc is None else ccc.waiting)
        return dict(found)

    def dropped(self, liid: str) -> int:
        """Datagrams that were made and could not be sent."""
        return sum(ccc.dropped.get(liid, 0) for _, ccc in self.links.values() if ccc is not None)

    @property
    def full(self) -> bool:
        """Whether content waits in such numbers that nothing more should be read."""
        return any(ccc is not None and ccc.full for _, ccc in self.links.values())

    # What no PDU causes

    @property
    def counted(self) -> int:
        """Summaries that are not told yet."""
        return 0 if self._summaries is None else len(self._summaries)

    def due(self, counters: Counters, now_us: int, everything: bool) -> list[Entry]:
        """The summaries whose time has come."""
        entries = []
        for (xid, correlation), liid, report in (
            [] if self._summaries is None else self._summaries.due(now_us, everything)
        ):
            octets = TONGUES["ias"].wire.encode(report)
            state = counters.communication(xid, correlation)
            state.begun = True
            state.next_iri = state.next_iri + 1 & 0xFFFFFFFF
            entries.append(Entry(STREAMS["ias"], liid, octets, (xid, correlation, plain(state))))
        return entries

    def tells_status(self, liid: str, state: Communication | None, active: bool) -> bool:
        """Whether the order's dialect tells of its task, and that has changed."""
        said = state is not None and state.begun and not state.ended
        return said != active and self.dialect_of(liid) in _TELLS_STATUS

    def status(self, order: CourtOrder, xid: str, state: Communication, now_us: int, active: bool) -> Entry:
        """That the task has begun or has ended. It shows nothing that was intercepted, so no scope is asked."""
        state.begun, state.ended = True, not active
        return self._own(t1678.status(order.liid, self._config.network_element_id, now_us, active), order, xid, state)

    def test(self, order: CourtOrder, xid: str, state: Communication, now_us: int) -> Entry:
        """Raises RefusedError for an order whose dialect has no such message."""
        if self.dialect_of(order.liid) not in _TELLS_STATUS:
            raise RefusedError(f"{order.liid} is not delivered over T1.678, which alone has a message for a test.")
        return self._own(t1678.test(order.liid, self._config.network_element_id, now_us), order, xid, state)

    def _own(self, message: CdcMessage, order: CourtOrder, xid: str, state: Communication) -> Entry:
        octets = TONGUES["t1678"].wire.encode(message)
        state.next_iri = state.next_iri + 1 & 0xFFFFFFFF
        return Entry(STREAMS["t1678"], order.liid, octets, (xid, 0, plain(state)))

    def _content_up(self, dialect: Dialect) -> bool:
        _, ccc = self.links.get(dialect, (None, None))
        return ccc is not None and ccc.up


def _subject(pdu: X2X3Pdu, order: CourtOrder) -> str:
    """The identity that the point of interception matched; content does not say it, and has the order's first."""
    matched = next((one for text in pdu.matched_targets if (one := parse_target_xml(text)) is not None), None)
    return matched[1] if matched is not None else next((target.value for target in order.targets), "")


def _site(config: MediationConfig, one: LaesModel) -> Site:
    if one.ccc is None:
        return Site(config.network_element_id)
    # Of several the first: records stay as they were made when the link goes to another collector.
    peer = one.ccc.peers[0]
    try:
        address = ipaddress.ip_address("127.0.0.1" if peer.host == "localhost" else peer.host).packed
    except ValueError:
        # A name is looked up by the link; records can say only an address.
        address = None
    return Site(config.network_element_id, one.ccc.form, address, peer.port)
