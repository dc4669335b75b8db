"""What the lab's people said and did before the day begins, as records of a handover: calls, messages, data, visits;
and everything hostile that a record can carry, each with the same canary in it.

`CANARY` is what a page would run if it took any of it for markup: it leaves a mark in the window, and asks elsewhere.
"""

from __future__ import annotations

import io
import math
import struct
from dataclasses import dataclass, field
from typing import Any, Final

from PIL import Image

from asn1 import ps_pdu
from asn1.ip import ipcc, packet_header_report
from asn1.mime import Part
from asn1.mms import encode_pdu
from asn1.ps_pdu import PsHeader
from asn1.ts33128 import encode_cc, encode_iri
from carrier_sim.speech import alaw_of_linear
from mediation.runtime.clock import ManualClock
from tests.collector.conftest import Records

CANARY: Final = (
    "<script>window.canary=1</script>"
    "<img src=https://elsewhere.invalid/x onerror=window.canary=2>"
    "<svg onload=window.canary=3></svg>"
    "{{7*7}}"
)
VOICE, PENS, ELSEWHERE, HOST, JOINT, TAMPERED, ENDED = (f"LAB-{number:04}" for number in (1, 2, 3, 4, 5, 6, 8))
A, B, C = "12125550101", "12125550102", "12125550103"
CALL, MESSAGE, SECOND_CALL, HOSTILE_CALL, HOSTILE_MESSAGE, MMS, SESSION, PICTURE = 1, 2, 3, 4, 5, 6, 7, 8
"""CINs of what is told under the warrant."""
SECOND_US: Final = 1_000_000
_MINE, _SITE = bytes((192, 0, 2, 1)), bytes((203, 0, 113, 80))
_VERSION: Final = {"majorVersion": 1, "minorVersion": 0}
_TONE: Final = bytes(alaw_of_linear(round(8000 * math.sin(2 * math.pi * 440 * at / 8000))) for at in range(160))


def rtp(number: int) -> bytes:
    """A packet of 20 ms of a tone, G.711 A-law."""
    head = bytes((0x80, 8)) + (number & 0xFFFF).to_bytes(2, "big") + (160 * number & 0xFFFFFFFF).to_bytes(4, "big")
    return head + (7).to_bytes(4, "big") + _TONE


@dataclass
class Timed(Records):
    """Records that are stamped by the walks' clock."""

    clock: ManualClock = field(default_factory=ManualClock)

    def header(self, liid: str, cin: int, kind: str, time_us: int | None, number: int | None) -> PsHeader:
        return super().header(liid, cin, kind, self.clock.now_us() if time_us is None else time_us, number)


def call(records: Timed, liid: str, cin: int, at_us: int, packets: int = 150, **sip: Any) -> list[bytes]:
    """Begin, speech of both, end; `at_us` is when."""
    made = [records.sip(liid, cin, time_us=at_us, **sip)]
    for number in range(packets):
        way = "fromTarget" if number // 25 % 2 else "toTarget"
        made.append(records.rtp(liid, cin, rtp(number), direction=way, time_us=at_us + number * 20_000))
    end_us = at_us + packets * 20_000
    return [*made, records.sip(liid, cin, "end", method="BYE", to_tag="b", time_us=end_us)]


def everything(records: Timed) -> list[bytes]:
    """Two calls and a talk of messages under the warrant, a data session, what is hostile; a pen register's call, a
    visit to a host; a call of another case, and of the joint one."""
    hour = records.clock.now_us() - 3600 * SECOND_US
    return [
        *call(records, VOICE, CALL, hour),
        records.sms(VOICE, MESSAGE, "hello, the usual place", receiver=B, time_us=hour + 100 * SECOND_US),
        records.sms(VOICE, MESSAGE + 20, "at nine", sender=B, receiver=A, time_us=hour + 130 * SECOND_US),
        *call(records, VOICE, SECOND_CALL, hour + 600 * SECOND_US, packets=60, callee=C),
        *hostile(records, VOICE, hour + 900 * SECOND_US),
        *session(records, VOICE, SESSION, hour + 1200 * SECOND_US),
        *multimedia(records, VOICE, PICTURE, "the house", [Part("text/plain", (), (), b"like this"), _photo()]),
        records.sip(PENS, 5, time_us=hour),
        records.sip(PENS, 5, "end", method="BYE", to_tag="b", time_us=hour + 60 * SECOND_US),
        *visit(records, HOST, 30, hour),
        *call(records, ELSEWHERE, 7, hour, packets=4),
        *call(records, JOINT, 9, hour, packets=50),
        *call(records, TAMPERED, 1, hour, packets=20),
    ]  # fmt: skip


def tampered(records: Timed) -> list[bytes]:
    """A second call, which is in a batch of its own, and of which one octet will be changed on disk."""
    return call(records, TAMPERED, 2, records.clock.now_us() - 600 * SECOND_US, packets=20)


def hostile(records: Timed, liid: str, at_us: int) -> list[bytes]:
    """Markup where a name, a subject, a text, a slide show and a page of a message stand; and a huge one."""
    shown = f'"{CANARY}" '
    body = (CANARY * 60).encode()
    huge = records.sip(liid, HOSTILE_CALL, method="INFO", body=body, time_us=at_us + SECOND_US, to_tag="b")
    return [
        *call(records, liid, HOSTILE_CALL, at_us, packets=10, shown=shown)[:-1],
        huge,
        records.sip(liid, HOSTILE_CALL, "end", method="BYE", to_tag="b", time_us=at_us + 2 * SECOND_US, shown=shown),
        records.sms(liid, HOSTILE_MESSAGE, f"words {CANARY}"[:140], receiver=C, time_us=at_us + 60 * SECOND_US),
        *multimedia(
            records, liid, MMS, f"subject {CANARY}",
            [
                Part("application/smil", (), (), f"<smil><body>{CANARY}<img src='x'/></body></smil>".encode()),
                Part("text/html", (("name", f"{CANARY}.html"),), (), f"<html>{CANARY}</html>".encode()),
                Part("text/plain", (), (), f"plain {CANARY}".encode()),
                Part("image/svg+xml", (("name", "x.svg"),), (), f"<svg>{CANARY}</svg>".encode()),
                Part("image/png", (), (), b"\x89PNG\r\n\x1a\nbroken " + CANARY.encode()),
            ],
        ),
    ]  # fmt: skip


def _photo() -> Part:
    out = io.BytesIO()
    picture = Image.new("RGB", (240, 160), (70, 110, 150))
    picture.paste((200, 160, 90), (60, 60, 180, 160))
    picture.save(out, "PNG")
    return Part("image/png", (("name", "house.png"),), (), out.getvalue())


def multimedia(records: Timed, liid: str, cin: int, subject: str, parts: list[Part]) -> list[bytes]:
    """A message with parts, sent by the target, as IRI and as content."""
    headers = [("from", f"+{A}/TYPE=PLMN"), ("to", f"+{C}/TYPE=PLMN"), ("subject", subject)]
    message = encode_pdu("m-send-req", headers, ("application/vnd.wap.multipart.related", ()), parts)
    content = encode_cc(("mMSCCPDU", {"version": _VERSION, "transactionID": "T", "mMSContent": message}))
    event = {
        "transactionID": "T", "version": _VERSION, "dateTime": records.clock.now_us() // SECOND_US,
        "originatingMMSParty": _party(A), "terminatingMMSParty": [_party(C)], "direction": "fromTarget",
        "contentType": "multipart/related", "expiry": {"expiryPeriod": 60, "periodFormat": "relative"},
        "responseStatus": "ok", "messageID": "m@x.invalid",
    }  # fmt: skip
    said = ("threeGPP33128DefinedIRI", encode_iri(("mMSSend", event)))
    return [
        ps_pdu.iri_pdu(records.header(liid, cin, "iri", None, None), said, "report"),
        ps_pdu.cc_pdu(records.header(liid, cin, "cc", None, None), ("threeGPP33128DefinedCC", content), "fromTarget"),
    ]


def _party(number: str) -> dict[str, Any]:
    return {"mMSPartyIDs": [("e164Number", number)], "nonLocalID": "local"}


def session(records: Timed, liid: str, cin: int, at_us: int) -> list[bytes]:
    """A name asked for and a page fetched."""
    question = b"\0\1\1\0\0\1\0\0\0\0\0\0" + b"\3www\7example\7invalid\0" + b"\0\1\0\1"
    asked = b"GET /news HTTP/1.1\r\nHost: www.example.invalid\r\n\r\n"
    flow = [
        (_udp(_MINE, 5000, _SITE, 53, question), "fromTarget"),
        (_udp(_SITE, 53, _MINE, 5000, b"x" * 50), "toTarget"),
        (_tcp(_MINE, 5001, _SITE, 80, asked), "fromTarget"),
        (_tcp(_SITE, 80, _MINE, 5001, b"y" * 900), "toTarget"),
    ]
    return [
        ps_pdu.cc_pdu(records.header(liid, cin, "cc", at_us + number * SECOND_US, None), ipcc(octets), way)
        for number, (octets, way) in enumerate(flow)
    ]


def visit(records: Timed, liid: str, cin: int, at_us: int) -> list[bytes]:
    """Somebody comes to the host of a pen register."""
    report = packet_header_report(_tcp(_MINE, 5001, _SITE, 80))
    return [ps_pdu.iri_pdu(records.header(liid, cin, "iri", at_us, None), report, "report")]


def _udp(source: bytes, port: int, destination: bytes, other: int, payload: bytes = b"") -> bytes:
    return _ip(17, source, destination, struct.pack(">HHHH", port, other, 8 + len(payload), 0) + payload)


def _tcp(source: bytes, port: int, destination: bytes, other: int, payload: bytes = b"") -> bytes:
    return _ip(6, source, destination, struct.pack(">HHIIBBHHH", port, other, 1, 1, 0x50, 0x18, 100, 0, 0) + payload)


def _ip(protocol: int, source: bytes, destination: bytes, body: bytes) -> bytes:
    head = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(body), 0, 0, 64, protocol, 0)
    return head + source + destination + body
