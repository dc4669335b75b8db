"""The heart of it: what a pen register withholds lies nowhere under the data directory, however it gets in.

Two ways in: a capture whose messages, signalling and speech carry canaries, through a carrier that hands content over
although it may not; and a mediation function that lies, which sends content straight to the agency's ports.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from asn1 import multimedia, ps_pdu
from asn1.ip import ipcc
from asn1.ts33128 import decode_xiri, encode_iri
from carrier_sim.events import Address
from carrier_sim.packets import UdpFlow
from carrier_sim.pcap import PcapWriter
from carrier_sim.sms import SmsPlan, sms_events
from carrier_sim.subscribers import Directory
from lab import canary
from lab.cli_verify import check_store, find_store
from lab.demo import STORE, common_checks
from lab.play import Play
from lab.processes import wait_for
from lab.results import order_rows, totals_of
from lab.stack import Plan, Stack
from lab.verified import Verified
from mediation.runtime.clock import ClockSpec

TARGET, OTHER = "+12125550101", "+12125550142"
LIID = "LAB-PRTT-9"
SPEECH, BODY, SUBJECT, TEXT, LIES = (f"CANARY-{name}-5519" for name in ("SPEECH", "BODY", "SUBJECT", "TEXT", "LIES"))
A, B = "198.51.100.7", "198.51.100.8"
THERE, BACK = UdpFlow(Address(A, 5060), Address(B, 5060)), UdpFlow(Address(B, 5060), Address(A, 5060))
MEDIA = UdpFlow(Address(A, 20_000), Address(B, 30_000)), UdpFlow(Address(B, 30_000), Address(A, 20_000))


def sip(start: str, call: str, cseq: str, body: str, kind: str, tag: str = "", extra: str = "") -> bytes:
    lines = [
        start,
        f"From: <sip:{TARGET}@ims.invalid>;tag=a",
        f"To: <sip:{OTHER}@ims.invalid>{tag}",
        f"Call-ID: {call}",
        f"CSeq: {cseq}",
        *([extra] if extra else []),
        *([f"Content-Type: {kind}"] if body else []),
        f"Content-Length: {len(body)}",
    ]
    return "\r\n".join([*lines, "", body]).encode()


def sdp(host: str, port: int) -> str:
    return (
        f"v=0\r\no=- 1 1 IN IP4 {host}\r\ns={BODY}\r\nc=IN IP4 {host}\r\nt=0 0\r\n"
        f"m=audio {port} RTP/AVP 8\r\na=note:{BODY}\r\n"
    )


def packets() -> Iterator[bytes]:
    uri = f"sip:{OTHER}@ims.invalid"
    subject = f"Subject: {SUBJECT}"
    yield THERE.packet(sip(f"INVITE {uri} SIP/2.0", "call", "1 INVITE", sdp(A, 20_000), "application/sdp", "", subject))
    yield BACK.packet(sip("SIP/2.0 200 OK", "call", "1 INVITE", sdp(B, 30_000), "application/sdp", ";tag=b"))
    yield THERE.packet(sip(f"ACK {uri} SIP/2.0", "call", "1 ACK", "", "", ";tag=b"))
    for number in range(40):
        head = b"\x80\x08" + number.to_bytes(2, "big") + (160 * number).to_bytes(4, "big") + b"\0\0\0\7"
        yield MEDIA[number % 2].packet(head + SPEECH.encode() * 8)
    yield THERE.packet(sip(f"MESSAGE {uri} SIP/2.0", "text", "1 MESSAGE", TEXT, "text/plain"))
    yield BACK.packet(sip("SIP/2.0 200 OK", "text", "1 MESSAGE", TEXT, "text/plain", ";tag=c"))
    yield THERE.packet(sip(f"INFO {uri} SIP/2.0", "call", "2 INFO", BODY, "application/x-private", ";tag=b"))
    yield THERE.packet(sip(f"BYE {uri} SIP/2.0", "call", "3 BYE", BODY, "text/plain", ";tag=b", f"X-Note: {BODY}"))
    yield BACK.packet(sip("SIP/2.0 200 OK", "call", "3 BYE", "", "", ";tag=b", f"Contact: <sip:x@{B}?body={BODY}>"))


def lies(now_us: int) -> list[bytes]:
    """Content under the pen register's LIID: speech, packets, messages, signalling with a body, and broken ones."""

    def header(number: int) -> ps_pdu.PsHeader:
        return ps_pdu.PsHeader(
            liid=LIID.encode(),
            authorization_country="US",
            delivery_country="US",
            operator_id=b"SIMOP",
            network_element_id=b"liar",
            cin=77,
            sequence_number=number,
            time_us=now_us,
            time_qualifier="timeOfInterception",
        )

    directory = Directory(1, 10)
    sender, receiver = directory.get(TARGET), directory.get(OTHER)
    (submit, *_) = sms_events(SmsPlan(now_us, sender, receiver, LIES), 1, "seed")
    packet = THERE.packet(LIES.encode() * 3)
    message = sip(f"INVITE sip:{OTHER}@ims.invalid SIP/2.0", "lie", "1 INVITE", LIES, "text/plain")
    iri = multimedia.sip_iri(bytes((192, 0, 2, 1)), bytes((192, 0, 2, 2)), message)
    made = [
        ps_pdu.cc_pdu(header(0), multimedia.ipmmcc(packet), "fromTarget"),
        ps_pdu.cc_pdu(header(1), ipcc(packet), "toTarget"),
        ps_pdu.iri_pdu(header(0), ("threeGPP33128DefinedIRI", encode_iri(decode_xiri(submit.octets))), "report"),
        ps_pdu.iri_pdu(header(1), iri, "begin"),
    ]
    broken = bytearray(made[-1])
    broken[broken.index(b"INVITE") - 2] ^= 0x55
    nobody = ps_pdu.cc_pdu(header(2)._replace(liid=b"LAB-NOBODY"), multimedia.ipmmcc(packet), "fromTarget")
    return [*made, bytes(broken), nobody]


@pytest.fixture
def capture(tmp_path: Path) -> Path:
    path = tmp_path / "canaries.pcap"
    with path.open("wb") as stream:
        writer = PcapWriter(stream)
        for index, octets in enumerate(packets()):
            writer.write(1_700_000_000_000_000 + index * 20_000, octets)
    return path


def test_no_canary_of_a_pen_register_lies_in_any_file(
    tmp_path: Path, capture: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    data = tmp_path / "var"
    now_us = time.time_ns() // 1000
    text = {"kind": "sms", "at_s": 0.1, "from": TARGET, "to": OTHER, "text": TEXT}
    answer = {"kind": "sms", "at_s": 0.2, "from": OTHER, "to": TARGET, "text": f"Grüße {TEXT} 你好"}
    play = Play(
        Stack(data),
        Plan(
            clock=ClockSpec(now_us, now_us, 1.0),
            carrier={
                "replay": {"file": str(capture), "at_s": 0.1},
                "traffic": [text, answer],
                "start": "hold",
            },
            mediation={"faults": {"overdeliver_content": [LIID]}},
            collector={"store": STORE},
        ),
    )
    try:
        play.open()
        order = {"order_id": "O-PRTT", "liid": LIID, "kind": "PRTT", "targets": [TARGET], "days": 30}
        orders = play.send_orders([order | {"start": now_us - 60_000_000}])
        play.run(play.start_us())
        before = play.last.judged("delivered")
        for name in ("hi2", "hi3"):
            with socket.create_connection(("127.0.0.1", play.stack.running["collector"].ports[f"{name}-1"])) as liar:
                liar.sendall(b"".join(lies(play.stack.clock.now_us())))
                liar.shutdown(socket.SHUT_WR)
                while liar.recv(4096):
                    pass

        def judged() -> bool:
            play._look("lies")
            return play.last.judged("delivered") >= before + 10 and play.idle()

        assert wait_for(judged, 20)
    finally:
        play.close()
    needles = [form for word in (SPEECH, BODY, SUBJECT, TEXT, LIES) for form in canary.forms(word)]
    config = data / "config" / "carrier_sim.toml"
    assert list(canary.find(data, needles, [config])) == []
    assert list(canary.find(data, canary.forms(TEXT))) == [config], "the search itself finds what is there"
    place = find_store(data)
    report = check_store(place)
    (row, *_) = order_rows(totals_of(place.store), orders)
    assert report.ok and row["masked"] >= 6 and row["rejected"] >= 2
    failed = [check for check in common_checks(play.last, [row], orders, Verified({"": report})) if not check.ok]
    assert {check.name for check in failed} <= {"every record the mediation function made arrived once"}
