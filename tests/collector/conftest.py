"""A collector on a temporary directory with a court of its own, and records to send to it."""

import asyncio
import json
import socket
import time
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from asn1 import multimedia, ps_pdu, sms_tpdu, ts33128
from asn1.handover import HandoverConfig
from collector.config import CollectorConfig
from collector.service import Service
from lab.papers import lab_papers
from mediation.law.documents import DocumentAction, make_document, order_from_fields
from mediation.law.orders import CourtOrder

TARGET, OTHER = "12125550101", "12125550102"
DAY_US = 86_400_000_000


def now_us() -> int:
    return time.time_ns() // 1000


@dataclass
class Records:
    """PS-PDUs as a mediation function writes them; `counters` number each stream from 0, `clock` says when it is."""

    clock: Callable[[], int] = now_us
    counters: dict[tuple[bytes, int, str], int] = field(default_factory=dict)

    def header(self, liid: str, cin: int, kind: str, time_us: int | None, number: int | None) -> ps_pdu.PsHeader:
        key = (liid.encode(), cin, kind)
        if number is None:
            number = self.counters.get(key, 0)
            self.counters[key] = number + 1
        return ps_pdu.PsHeader(
            liid=liid.encode(), authorization_country="US", delivery_country="US", operator_id=b"SIMOP",
            network_element_id=b"simmf-1", cin=cin, sequence_number=number,
            time_us=self.clock() if time_us is None else time_us, time_qualifier="timeOfInterception",
        )  # fmt: skip

    def sip(
        self, liid: str, cin: int, iri_type: str = "begin", *, method: str = "INVITE", body: bytes = b"",
        caller: str = TARGET, callee: str = OTHER, time_us: int | None = None, number: int | None = None,
        to_tag: str = "", direction: str = "fromTarget", shown: str = "",
    ) -> bytes:  # fmt: skip
        """`shown`: the name that the caller shows, as it stands before the address."""
        tag = f";tag={to_tag}" if to_tag else ""
        text = (
            f"{method} sip:+{callee}@ims.invalid SIP/2.0\r\n"
            "Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK1\r\n"
            f"From: {shown}<sip:+{caller}@ims.invalid>;tag=a\r\nTo: <sip:+{callee}@ims.invalid>{tag}\r\n"
            f"Call-ID: {cin}@ims.invalid\r\nCSeq: 1 {method}\r\nMax-Forwards: 70\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        ).encode() + body
        contents = multimedia.sip_iri(b"\xc0\x00\x02\x01", b"\xc0\x00\x02\x02", text)
        header = self.header(liid, cin, "iri", time_us, number)
        return ps_pdu.iri_pdu(header, contents, iri_type, payload_direction=direction)

    def rtp(
        self, liid: str, cin: int, content: bytes = b"\x80\x00" + bytes(158), *, direction: str = "fromTarget",
        time_us: int | None = None, number: int | None = None,
    ) -> bytes:  # fmt: skip
        header = self.header(liid, cin, "cc", time_us, number)
        return ps_pdu.cc_pdu(header, multimedia.ipmmcc(content, frame_type="rtpFrame"), direction)

    def sms(
        self, liid: str, cin: int, text: str, *, sender: str = TARGET, receiver: str = OTHER, time_us: int | None = None
    ) -> bytes:
        message = {
            "originatingSMSParty": {"gPSI": ("mSISDN", sender)},
            "terminatingSMSParty": {"gPSI": ("mSISDN", receiver)},
            "direction": "fromTarget",
            "linkTransferStatus": "transferSucceeded",
            "sMSTPDUData": ("sMSTPDU", sms_tpdu.encode_submit(text, receiver)[0]),
            "messageType": "submit",
        }
        contents = ("threeGPP33128DefinedIRI", ts33128.encode_iri(("sMSMessage", message)))
        return ps_pdu.iri_pdu(self.header(liid, cin, "iri", time_us, None), contents, "report")

    def call(self, liid: str, cin: int, packets: int = 20) -> list[bytes]:
        """Begin, content both ways, end."""
        begin = self.sip(liid, cin)
        media = [self.rtp(liid, cin, direction="fromTarget" if n % 2 else "toTarget") for n in range(packets)]
        return [begin, *media, self.sip(liid, cin, "end", method="BYE", to_tag="b")]

    def keep_alive(self, number: int) -> bytes:
        return HandoverConfig(liid=b"med").tri("keep-alive", number, now_us())


@dataclass
class Court:
    """Keys and signed orders."""

    root: Path
    key: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)
    quarantine: X25519PrivateKey = field(default_factory=X25519PrivateKey.generate)

    def __post_init__(self) -> None:
        for name, key in (("court.pub", self.key), ("quarantine.pub", self.quarantine)):
            pem = key.public_key().public_bytes(
                serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
            )
            (self.root / name).write_bytes(pem)
        self.inbox.mkdir(parents=True)

    @property
    def inbox(self) -> Path:
        return self.root / "inbox"

    def issue(self, order_id: str, liid: str, kind: str = "EAVESDROPPING", **fields: Any) -> None:
        start = (now_us() - DAY_US) // 1_000_000 * 1_000_000
        values: dict[str, Any] = {
            "order_id": order_id, "kind": kind, "liid": liid, "targets": [f"e164:{TARGET}"], "start": start,
            "end": start + 20 * DAY_US,
        }  # fmt: skip
        if kind == "EAVESDROPPING":
            values["services"] = ["VOICE", "SMS", "DATA"]
        order = order_from_fields(values | fields)
        (self.inbox / f"{order_id}.v{order.version}.json").write_bytes(
            make_document(order, self.key, papers=lab_papers(order))
        )

    def send(self, order: CourtOrder, action: DocumentAction, signed_at_us: int, data_key: bytes | None = None) -> None:
        """A later version of an order that is there."""
        document = make_document(order, self.key, action, signed_at_us, lab_papers(order), data_key)
        (self.inbox / f"{order.order_id}.v{order.version}.json").write_bytes(document)


@dataclass
class Running:
    service: Service
    ports: dict[str, int]
    stop: asyncio.Event
    task: asyncio.Task[None]

    async def end(self) -> None:
        self.stop.set()
        await self.task

    def status(self) -> dict[str, Any]:
        return self.service._status.status()

    def order(self, name: str) -> dict[str, Any]:
        return next(one for one in self.status()["orders"] if one["order"] == name)

    async def settled(self, delivered: int) -> None:
        """Until so many records in all have a durable verdict."""
        await until_delivered(self.status, delivered, 10)


async def until_delivered(status: Callable[[], dict[str, Any]], delivered: int, within_s: float) -> None:
    """Until so many records in all have a durable verdict, by what the collector says of itself."""
    async with asyncio.timeout(within_s):
        while True:
            now = status()
            if sum(one["delivered"] for one in now["orders"]) + now["unknown"]["delivered"] >= delivered:
                return
            await asyncio.sleep(0.005)


@dataclass
class Lab:
    root: Path
    court: Court

    @property
    def data(self) -> Path:
        return self.root / "collector"

    def values(self, **changes: Any) -> dict[str, Any]:
        return {
            "data_dir": str(self.data),
            "court_public_key": str(self.root / "court.pub"),
            "quarantine_public_key": str(self.root / "quarantine.pub"),
            "hi1_inbox": str(self.court.inbox),
            "links": [{"name": "hi2", "interface": "HI2"}, {"name": "hi3", "interface": "HI3"}],
            "store": {"capacity_octets": 16 << 20, "segment_octets": 8 << 20},
        } | changes

    async def start(self, **changes: Any) -> Running:
        config = CollectorConfig.model_validate(self.values(**changes))
        stop, ports = asyncio.Event(), asyncio.get_running_loop().create_future()
        service = Service(config)
        task = asyncio.create_task(service.run(ports.set_result, stop))
        await asyncio.wait([task, ports], return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            await task
        return Running(service, dict(ports.result()), stop, task)


class Client:
    """A delivery function reduced to a socket: sends octets, reads the answers to keep-alives."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer
        self._number = 0

    @classmethod
    async def connect(cls, port: int) -> "Client":
        return cls(*await asyncio.open_connection("127.0.0.1", port))

    async def send(self, *records: bytes) -> None:
        self.writer.write(b"".join(records))
        await self.writer.drain()

    async def barrier(self, records: Records, within_s: float = 10) -> None:
        """Returns when everything sent so far has been acknowledged."""
        self._number += 1
        await self.send(records.keep_alive(self._number))
        answer = await asyncio.wait_for(self.reader.readexactly(2), within_s)
        assert answer[0] == 0x30 and answer[1] < 0x80
        pdu = ps_pdu.decode_ps_pdu(answer + await self.reader.readexactly(answer[1]))
        assert pdu.payload == ("tRIPayload", ("keep-aliveResponse", None))
        assert pdu.header.sequence_number == self._number

    async def close(self) -> None:
        self.writer.close()
        await asyncio.gather(self.writer.wait_closed(), return_exceptions=True)


@pytest.fixture
def records() -> Records:
    return Records()


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    return Lab(tmp_path, Court(tmp_path))


@pytest.fixture
def connect() -> Callable[[int], Any]:
    return Client.connect


def http_get(port: int, path: str) -> bytes:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as answer:
        return bytes(answer.read())


@pytest.fixture
def get_json() -> Callable[[int, str], Any]:
    return lambda port, path: json.loads(http_get(port, path))


@pytest.fixture
def get_text() -> Callable[[int, str], str]:
    return lambda port, path: http_get(port, path).decode()


@pytest.fixture
def busy_port() -> Any:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        held.listen()
        yield held.getsockname()[1]
