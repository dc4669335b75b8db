"""A data session: its flows, what the network said of it, its packets as a file; and who visited a host.

Pure but for what the library reads. A flow is one pair of ends and a protocol, told from the target's side. Names of
hosts come out of content and are there for whoever may read content. Without content (a pen register) the flows are
those that packet reports tell of. Tables are bounded; what is left out is counted.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, NamedTuple

from asn1.packets import IpPacket, parse_ip
from collector.console.model.calls import Withheld, withheld
from collector.console.model.hosts import host_in
from collector.console.model.library import CaseLibrary
from collector.console.model.lists import EventRow, ListQuery
from collector.console.model.scope import NotFoundError, Scope
from collector.console.model.sound import MARK
from collector.export.communications import FROM_TARGET, TO_TARGET, Communication, Signal
from collector.export.contents import ETHERNET
from collector.export.service import capture_of
from collector.store.index_whole import Kind
from mediation.law.orders import TargetKind

MAX_FLOWS: Final = 1_000
MAX_DETAILS: Final = 200
MAX_VALUE: Final = 200
PROTOCOLS: Final = {1: "ICMP", 6: "TCP", 17: "UDP", 58: "ICMPv6"}
_ETHERNET_OCTETS: Final = 14
_IP_TYPES: Final = (0x0800, 0x86DD)
_SHOWN: Final = frozenset(
    {
        "accessEventType", "internetAccessType", "iPVersion", "targetNetworkID", "startTime", "endTime", "endReason",
        "octetsReceived", "octetsTransmitted", "expectedEndTime", "user", "address", "subscriberIdentity",
        "accessMethod", "iPAddress", "accessSessionID", "packetDataSessionID", "reasonForTermination",
    }
)  # fmt: skip


class Flow(NamedTuple):
    """`source` is the target's end where that is known; out is from it. `host_from` says what named `host`."""

    protocol: str
    source: str
    source_port: int | None
    destination: str
    destination_port: int | None
    packets_out: int
    octets_out: int
    packets_in: int
    octets_in: int
    first_us: int
    last_us: int
    host: str
    host_from: str


class Detail(NamedTuple):
    """Something that the network said of the session."""

    time_us: int
    what: str
    name: str
    value: str


class SessionPage(NamedTuple):
    """`cut` flows are not in the table. `has_packets`: whether there is a capture to take."""

    row: EventRow
    flows: tuple[Flow, ...]
    cut: int
    details: tuple[Detail, ...]
    has_packets: bool
    withheld: tuple[Withheld, ...]
    unreadable: int


class Visitor(NamedTuple):
    """One visit to a host under a pen register: when, and from where (R-115)."""

    time_us: int | None
    address: str
    host: str
    records: int
    duration_us: int
    liid: str
    cin: int
    withheld: str


class VisitorPage(NamedTuple):
    rows: tuple[Visitor, ...]
    next: str


def session_page(library: CaseLibrary, scope: Scope, liid: str, cin: int) -> SessionPage:
    """Raises what `CaseLibrary.communication` does."""
    row = library.find(scope, liid, cin)
    communication = library.communication(scope, liid, cin)
    found = _Flows()
    _of_packets(communication, found)
    for signal in communication.signals:
        _of_report(signal, found)
    flows = sorted(found.made(), key=lambda one: (-(one.octets_out + one.octets_in), one.first_us))
    return SessionPage(
        row,
        tuple(flows),
        found.cut,
        tuple(details(communication)),
        any(True for _ in communication.packets),
        withheld(communication),
        communication.unreadable,
    )


def capture(library: CaseLibrary, scope: Scope, liid: str, cin: int) -> bytes:
    """The packets as pcapng, marked as a simulation. Raises NotFoundError where there are none for this reader."""
    communication = library.communication(scope, liid, cin)
    octets = capture_of(communication, f"{MARK} LIID {liid} CIN {cin}")
    if octets is None:
        raise NotFoundError("capture")
    return octets


def visitors(library: CaseLibrary, scope: Scope, query: ListQuery) -> VisitorPage:
    """The visits to the hosts that orders of the case name, paged like any list."""
    hosts = {str(one.order_id): _hosts(one.targets) for one in scope.orders}
    orders = tuple(one for one in scope.orders if hosts[str(one.order_id)])
    if not orders:
        return VisitorPage((), "")
    only = Scope(scope.case_id, orders, scope.content, scope.privileged, scope.user)
    page = library.page(only, query._replace(kinds=(Kind.DATA,)))
    rows = tuple(
        Visitor(
            row.begin_us, row.caller, hosts.get(row.order_id, ""), row.iri, row.duration_us, row.liid, row.cin,
            row.withheld,
        )
        for row in page.rows
    )  # fmt: skip
    return VisitorPage(rows, page.next)


def _hosts(targets: Iterable[Any]) -> str:
    return ", ".join(one.value for one in targets if one.kind is TargetKind.HOST)


def details(communication: Communication) -> Iterator[Detail]:
    """What signalling says of the session, record by record."""
    count = 0
    for signal in communication.signals:
        for name, value in signal.fields.items():
            if name in _SHOWN and count < MAX_DETAILS:
                count += 1
                yield Detail(signal.event_us, signal.payload, name, str(value)[:MAX_VALUE])


# Flows

_Ends = tuple[int, str, int | None, str, int | None]


class _Flow:
    def __init__(self, time_us: int) -> None:
        self.out = [0, 0]
        self.back = [0, 0]
        self.first_us = self.last_us = time_us
        self.host = self.host_from = ""


class _Flows:
    def __init__(self) -> None:
        self._flows: dict[_Ends, _Flow] = {}
        self.cut = 0

    def add(self, ends: _Ends, out: bool | None, packets: int, octets: int, time_us: int) -> tuple[_Flow, bool] | None:
        """The flow, and whether this went out of the target's end."""
        protocol, source, source_port, destination, destination_port = ends
        back = (protocol, destination, destination_port, source, source_port)
        key, outward = (ends, True) if out or (out is None and back not in self._flows) else (back, False)
        flow = self._flows.get(key)
        if flow is None:
            if len(self._flows) >= MAX_FLOWS:
                self.cut += 1
                return None
            flow = self._flows[key] = _Flow(time_us)
        counts = flow.out if outward else flow.back
        counts[0] += packets
        counts[1] += octets
        flow.first_us, flow.last_us = min(flow.first_us, time_us), max(flow.last_us, time_us)
        return flow, outward

    def made(self) -> Iterator[Flow]:
        for (protocol, source, source_port, destination, destination_port), flow in self._flows.items():
            name = PROTOCOLS.get(protocol, str(protocol))
            yield Flow(
                name, source, source_port, destination, destination_port, flow.out[0], flow.out[1], flow.back[0],
                flow.back[1], flow.first_us, flow.last_us, flow.host, flow.host_from,
            )  # fmt: skip


_WAYS: Final = {FROM_TARGET: True, TO_TARGET: False}


def _of_packets(communication: Communication, flows: _Flows) -> None:
    for packet in communication.packets:
        octets = packet.octets
        if packet.frame == ETHERNET:
            if int.from_bytes(octets[12:14], "big") not in _IP_TYPES:
                continue
            octets = octets[_ETHERNET_OCTETS:]
        parsed = parse_ip(octets)
        if parsed is None:
            continue
        found = flows.add(_ends(parsed), _WAYS.get(packet.direction), 1, parsed.total_octets, packet.event_us)
        if found is None or found[0].host or parsed.fragment:
            continue
        named = host_in(parsed.payload(octets), parsed.destination_port)
        if named is not None:
            found[0].host, found[0].host_from = named


def _ends(parsed: IpPacket) -> _Ends:
    return parsed.protocol, parsed.source, parsed.source_port, parsed.destination, parsed.destination_port


def _of_report(signal: Signal, flows: _Flows) -> None:
    """What a packet report, or a summary of packets, counts. Its fields are those a pen register keeps."""
    fields = signal.fields
    reports: list[Mapping[str, Any]] = [fields]
    for name in ("headerSet", "streamSet"):
        held = fields.get(name)
        reports += [one for one in (held if isinstance(held, list) else [held]) if isinstance(one, Mapping)]
    for report in reports:
        source, destination = _address(report, "source"), _address(report, "destination")
        if not source or not destination:
            continue
        ends = (
            _number(report.get("protocol")) or 0, source, _number(report.get("source_port")), destination,
            _number(report.get("destination_port")),
        )  # fmt: skip
        packets = _number(report.get("packetCount") or report.get("iPAggregatedNbrOfPackets")) or 1
        octets = (
            _number(report.get("byteCount") or report.get("iPAggregatedNbrOfBytes") or report.get("total_octets")) or 0
        )
        flows.add(ends, None, packets, octets, signal.event_us)


def _address(report: Mapping[str, Any], end: str) -> str:
    held = report.get(end) or report.get(f"{end}IPaddress")
    return str(held.get("address", "")) if isinstance(held, Mapping) else str(held or "")


def _number(value: Any) -> int | None:  # noqa: ANN401  a field of a report
    return value if isinstance(value, int) and not isinstance(value, bool) else None
