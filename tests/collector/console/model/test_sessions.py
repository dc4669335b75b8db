"""Data sessions: flows from the target's side, hosts where they may be read, captures, visitors of a host."""

from __future__ import annotations

import struct
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asn1 import ps_pdu
from asn1.ip import ipcc, packet_header_report
from collector.console.model import sessions
from collector.console.model.hosts import dns_name, host_in, http_host, server_name
from collector.console.model.lists import ListQuery
from collector.console.model.scope import NotFoundError
from collector.console.model.sessions import MAX_FLOWS, capture, session_page, visitors
from collector.export.communications import Communication, Packet, Signal
from collector.standing import held, of_order
from mediation.law.orders import OrderId, order_uid
from mediation.law.verdicts import Reason, VerdictKind

MINE, SITE = bytes((192, 0, 2, 1)), bytes((203, 0, 113, 80))


def udp(source: bytes, port: int, destination: bytes, other: int, payload: bytes = b"") -> bytes:
    body = struct.pack(">HHHH", port, other, 8 + len(payload), 0) + payload
    return struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(body), 0, 0, 64, 17, 0) + source + destination + body


def tcp(source: bytes, port: int, destination: bytes, other: int, payload: bytes = b"") -> bytes:
    body = struct.pack(">HHIIBBHHH", port, other, 1, 1, 0x50, 0x18, 100, 0, 0) + payload
    return struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(body), 0, 0, 64, 6, 0) + source + destination + body


def client_hello(name: bytes) -> bytes:
    entry = b"\0" + len(name).to_bytes(2, "big") + name
    sni = (len(entry)).to_bytes(2, "big") + entry
    extensions = b"\xff\x01\0\1\0" + b"\0\0" + len(sni).to_bytes(2, "big") + sni
    body = b"\3\3" + bytes(32) + b"\0" + b"\0\2\x13\1" + b"\1\0" + len(extensions).to_bytes(2, "big") + extensions
    shake = b"\1" + len(body).to_bytes(3, "big") + body
    return b"\x16\3\1" + len(shake).to_bytes(2, "big") + shake


QUERY = b"\0\1\1\0\0\1\0\0\0\0\0\0" + b"\3www\7example\7invalid\0" + b"\0\1\0\1"
HTTP = b"GET /secret HTTP/1.1\r\nUser-Agent: x\r\nHost: www.example.invalid\r\n\r\n"


def test_names_of_hosts_are_read_from_what_asks_for_them() -> None:
    assert dns_name(QUERY) == http_host(HTTP) == "www.example.invalid"
    assert server_name(client_hello(b"mail.example.invalid")) == "mail.example.invalid"
    assert host_in(QUERY, 53) == ("www.example.invalid", "DNS") and host_in(QUERY, 99) is None
    assert http_host(HTTP.replace(b"www.example", b"<script>")) is None
    assert http_host(b"GET / HTTP/1.1\r\n\r\n") is None and server_name(client_hello(b"a b")) is None


@given(st.one_of(st.binary(max_size=300), st.integers(0, 120).map(lambda cut: client_hello(b"a.invalid")[:cut])))
def test_attack_any_octets_are_no_name_or_one(octets: bytes) -> None:
    for port in (53, 443, None):
        found = host_in(octets, port)
        assert found is None or found[0] == found[0].lower()


@pytest.fixture
def session(records: Any) -> list[bytes]:
    def packet(octets: bytes, way: str) -> bytes:
        return ps_pdu.cc_pdu(records.header("LAB-0001", 20, "cc", None, None), ipcc(octets), way)

    return [
        packet(udp(MINE, 5000, SITE, 53, QUERY), "fromTarget"),
        packet(udp(SITE, 53, MINE, 5000, b"x" * 50), "toTarget"),
        packet(tcp(MINE, 5001, SITE, 80, HTTP), "fromTarget"),
        packet(tcp(SITE, 80, MINE, 5001, b"y" * 900), "toTarget"),
        packet(tcp(MINE, 5001, SITE, 80), "fromTarget"),
        packet(tcp(MINE, 5002, SITE, 443, client_hello(b"s.invalid")), "fromTarget"),
    ]


async def test_a_session_has_its_flows_from_the_target_s_side(made: Any, sent: Any, session: Any) -> None:
    case = await made(*sent, *session)
    page = session_page(case.library, case.scope(), "LAB-0001", 20)
    flows = {one.destination_port: one for one in page.flows}
    assert {one.source for one in page.flows} == {"192.0.2.1"} and page.has_packets and not page.cut
    web = flows[80]
    assert (web.protocol, web.source_port, web.packets_out, web.packets_in) == ("TCP", 5001, 2, 1)
    assert (web.octets_in, web.host, web.host_from) == (940, "www.example.invalid", "HTTP")
    assert (flows[53].host_from, flows[443].host) == ("DNS", "s.invalid") and web.first_us < web.last_us
    assert b"SIMULATION" in capture(case.library, case.scope(), "LAB-0001", 20)


async def test_attack_without_content_there_is_no_flow_host_or_capture(made: Any, sent: Any, session: Any) -> None:
    case = await made(*sent, *session)
    page = session_page(case.library, case.scope(content=False), "LAB-0001", 20)
    assert page.flows == () and not page.has_packets and page.withheld[0].records == 6
    with pytest.raises(NotFoundError):
        capture(case.library, case.scope(content=False), "LAB-0001", 20)
    case.decide(held(of_order(order_uid(OrderId("O-1"))), Reason.ORDER_LAPSED, 5))
    assert "invalid" not in repr(session_page(case.library, case.scope(), "LAB-0001", 20))


def report(at: int, **fields: Any) -> Signal:
    return Signal(at, at, VerdictKind.MASK, None, "iPIRIPacketReport", fields, None, None)


def test_a_pen_register_s_flows_are_what_packet_reports_count() -> None:
    made = sessions._Flows()
    ends = {
        "source": "192.0.2.1",
        "destination": "203.0.113.80",
        "protocol": 6,
        "source_port": 9,
        "destination_port": 80,
    }
    back = {
        "source": "203.0.113.80",
        "destination": "192.0.2.1",
        "protocol": 6,
        "source_port": 80,
        "destination_port": 9,
    }
    for signal in (report(1, total_octets=40, **ends), report(2, packetCount=7, byteCount=700, **back)):
        sessions._of_report(signal, made)
    (flow,) = made.made()
    assert (flow.packets_out, flow.octets_out, flow.packets_in, flow.octets_in) == (1, 40, 7, 700)
    assert (flow.source, flow.destination_port, flow.host) == ("192.0.2.1", 80, "")


def test_attack_a_scan_of_every_port_fills_no_memory() -> None:
    call = Communication("L", 1)
    call.packets = [
        Packet(port, port, 0, "ip", udp(MINE, port, SITE, 80)) for port in range(1, MAX_FLOWS + 50)
    ] + [Packet(1, 1, 0, "ip", b"junk"), Packet(1, 1, 0, "ethernet", bytes(14))]  # fmt: skip
    made = sessions._Flows()
    sessions._of_packets(call, made)
    assert len(list(made.made())) == MAX_FLOWS and made.cut == 49


async def test_visitors_of_a_host_are_addresses_and_times(made: Any, sent: Any, records: Any, lab: Any) -> None:
    lab.court.issue(
        "O-8", "LAB-0008", kind="PRTT", services=[], case_id="C-1",
        targets=["host:sim.example.invalid", "ipv4Address:203.0.113.80"],
    )  # fmt: skip
    header = tcp(MINE, 5001, SITE, 80)
    contents = packet_header_report(header)
    visit = ps_pdu.iri_pdu(records.header("LAB-0008", 30, "iri", None, None), contents, "report")
    case = await made(*sent, visit)
    page = visitors(case.library, case.scope(), ListQuery())
    assert [(one.address, one.host, one.records) for one in page.rows] == [("192.0.2.1", "sim.example.invalid", 1)]
    without = case.scope(orders=tuple(one for one in case.scope().orders if one.order_id == "O-1"))
    assert visitors(case.library, without, ListQuery()).rows == ()
