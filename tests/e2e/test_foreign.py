"""A collector and a mediator that nobody here wrote: how its octets look, how it behaves, how often it comes back.

The mediator in these tests makes its octets itself, with nothing of ours: what others' mediators were seen to send
(OpenLI 1.1.20, libwandder 2.0.20) and what its users ran into. The collector is ours, over real sockets on loopback.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from asn1.ps_pdu import decode_ps_pdu
from collector.config import CollectorConfig
from collector.facts import facts_of
from collector.service import Service
from collector.store.keys import Keys
from collector.store.reader import StoreReader
from lab.papers import lab_papers
from mediation.law.documents import make_document, order_from_fields

NOW_S = time.time_ns() // 1_000_000_000
COURT = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
T, A = "12125550100", "12125550144"
DAY_US = 86_400_000_000
OLD_OID, NEW_OID = bytes.fromhex("0400020205010f"), bytes.fromhex("0400020205012b")
SERVICE_IRI, SERVICE_CC = bytes.fromhex("050506010c"), bytes.fromhex("050506020c")
FORMS = ("minimal", "padded", "widest", "indefinite")


# --- the mediator's own octets


def tlv(tag: int, *parts: bytes, form: str = "minimal") -> bytes:
    """One value; `padded` writes two length octets where one would do, `widest` eight, as libwandder does."""
    value = b"".join(parts)
    if form == "indefinite" and tag & 0x20:
        return bytes([tag, 0x80]) + value + b"\0\0"
    if form == "widest":
        return bytes([tag, 0x88]) + len(value).to_bytes(8, "big") + value
    if form == "padded" or len(value) > 0xFF:
        return bytes([tag, 0x82]) + len(value).to_bytes(2, "big") + value
    return bytes([tag, *((0x81, len(value)) if len(value) > 0x7F else (len(value),))]) + value


def number(value: int) -> bytes:
    return value.to_bytes(value.bit_length() // 8 + 1, "big")


class Foreign:
    """A mediator of another maker: how it writes lengths, times and identifiers."""

    def __init__(
        self, form: str = "minimal", *, oid: bytes = NEW_OID, generalized: bool = False, country: bytes = b"NL",
        liid: bytes = b"openli-1.1.20",
    ) -> None:  # fmt: skip
        self.form, self.oid, self.generalized, self.country = form, oid, generalized, country
        self.own_liid = liid
        self.counters: dict[tuple[bytes, int, str], int] = {}
        self.alive = 0

    def _t(self, tag: int, *parts: bytes) -> bytes:
        return tlv(tag, *parts, form=self.form)

    def _header(self, liid: bytes, cin: int, sequence: int, element: bytes = b"med-7") -> bytes:
        if self.generalized:
            stamp = self._t(0x85, time.strftime("%Y%m%d%H%M%S.123Z", time.gmtime(NOW_S)).encode())
        else:
            stamp = self._t(0xA7, self._t(0x80, number(NOW_S)), self._t(0x81, number(123_000)))
        network = self._t(0xA0, self._t(0x80, b"other-operator"[:16]), self._t(0x81, element))
        where = self._t(0xA3, network, self._t(0x81, number(cin)), self._t(0x82, self.country))
        return self._t(
            0xA1, self._t(0x80, self.oid), self._t(0x81, liid), self._t(0x82, self.country), where,
            self._t(0x84, number(sequence)), stamp,
        )  # fmt: skip

    def _next(self, liid: bytes, cin: int, kind: str) -> int:
        held = self.counters.get((liid, cin, kind), 0)
        self.counters[liid, cin, kind] = held + 1
        return held

    def sip(self, liid: bytes, cin: int, iri_type: int = 1, method: str = "INVITE", caller: str = T) -> bytes:
        message = (
            f"{method} sip:+{A}@ims.invalid SIP/2.0\r\nv: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1\r\n"
            f"f: <sip:+{caller}@ims.invalid>;tag=a\r\nt: <sip:+{A}@ims.invalid>\r\ni: {cin}\r\nCSeq: 1 {method}\r\n"
            "l: 0\r\n\r\n"
        ).encode()
        address = self._t(0x81, b"\0"), self._t(0xA2, self._t(0x81, bytes([192, 0, 2, 1])))
        ends = [self._t(tag, *address) for tag in (0xA0, 0xA1)]
        contents = self._t(0xA1, self._t(0xA1, *ends, self._t(0x82, message)))
        payload = self._t(0xA2, self._t(0xAB, self._t(0x80, SERVICE_IRI), contents))
        one = self._t(0x30, self._t(0x80, bytes([iri_type])), payload)
        return self._record(liid, cin, "iri", self._t(0xA2, self._t(0xA0, one)))

    def rtp(self, liid: bytes, cin: int, direction: int = 0) -> bytes:
        packet = b"\x80\x08" + bytes(10) + b"\xd5" * 160
        contents = self._t(0xAC, self._t(0x80, SERVICE_CC), self._t(0x81, packet), self._t(0x82, b"\1"))
        one = self._t(0x30, self._t(0x80, bytes([direction])), self._t(0xA2, contents))
        return self._record(liid, cin, "cc", self._t(0xA2, self._t(0xA1, one)))

    def call(self, liid: bytes, cin: int, packets: int = 4) -> list[bytes]:
        media = [self.rtp(liid, cin, index % 2) for index in range(packets)]
        return [self.sip(liid, cin), *media, self.sip(liid, cin, 2, "BYE")]

    def _record(self, liid: bytes, cin: int, kind: str, payload: bytes) -> bytes:
        return self._t(0x30, self._header(liid, cin, self._next(liid, cin, kind)), payload)

    def tri(self, tag: int, value: bytes = b"", liid: bytes | None = None, cin: int = 0, sequence: int = 0) -> bytes:
        header = self._header(self.own_liid if liid is None else liid, cin, sequence)
        return self._t(0x30, header, self._t(0xA2, self._t(0xA2, self._t(tag, value))))

    def keep_alive(self) -> bytes:
        self.alive += 1
        return self.tri(0x83, sequence=self.alive)


def answers_of(octets: bytes) -> list[tuple[int, int]]:
    """(number, TRI tag) of each answer, read the way a stranger would; nothing may be left over."""
    found = []
    at = 0
    while at < len(octets):
        end, top = _value(octets, at)
        fields = _children(octets, *top)
        header = _children(octets, *fields[0xA1])
        payload = _children(octets, *_children(octets, *fields[0xA2])[0xA2])
        (tag,) = payload
        found.append((int.from_bytes(octets[slice(*header[0x84])], "big"), tag))
        at = end
    return found


def _value(octets: bytes, at: int) -> tuple[int, tuple[int, int]]:
    length, start = octets[at + 1], at + 2
    if length & 0x80:
        start += length & 0x7F
        length = int.from_bytes(octets[at + 2 : start], "big")
    return start + length, (start, start + length)


def _children(octets: bytes, at: int, stop: int) -> dict[int, tuple[int, int]]:
    found = {}
    while at < stop:
        tag = octets[at]
        at, found[tag] = _value(octets, at)
    return found


# --- the collector


class Lemf:
    def __init__(self, service: Service, ports: dict[str, int], data: Path) -> None:
        self.service, self.ports, self.data = service, ports, data

    def status(self) -> dict[str, Any]:
        return self.service._status.status()

    def counts(self, order: str = "O-1") -> dict[str, int]:
        return next(one for one in self.status()["orders"] if one["order"] == order)

    def stored(self) -> list[bytes | None]:
        return [record.octets for record in StoreReader(self.data / "store", Keys(self.data / "keys")).records()]

    async def settled(self, delivered: int) -> None:
        async with asyncio.timeout(10):
            while sum(one["delivered"] for one in self.status()["orders"]) < delivered:  # noqa: ASYNC110  over a socket
                await asyncio.sleep(0.005)


@asynccontextmanager
async def collecting(root: Path, liids: tuple[str, ...] = ("LAB-1",)) -> AsyncIterator[Lemf]:
    inbox = root / "inbox"
    inbox.mkdir(exist_ok=True)
    pem, form = serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    quarantine = X25519PrivateKey.from_private_bytes(bytes(range(32)))
    (root / "court.pub").write_bytes(COURT.public_key().public_bytes(pem, form))
    (root / "quarantine.pub").write_bytes(quarantine.public_key().public_bytes(pem, form))
    start = (NOW_S - 86_400) * 1_000_000
    for index, liid in enumerate(liids, 1):
        order = order_from_fields(
            {"order_id": f"O-{index}", "kind": "EAVESDROPPING", "liid": liid, "targets": [f"e164:{T}"],
             "start": start, "end": start + 20 * DAY_US, "services": ["VOICE"]}
        )  # fmt: skip
        (inbox / f"O-{index}.json").write_bytes(make_document(order, COURT, papers=lab_papers(order)))
    config = CollectorConfig.model_validate(
        {"data_dir": root / "collector", "court_public_key": root / "court.pub",
         "quarantine_public_key": root / "quarantine.pub", "hi1_inbox": inbox,
         "links": [{"name": "hi2", "interface": "HI2"}, {"name": "hi3", "interface": "HI3"}],
         "store": {"capacity_octets": 16 << 20, "segment_octets": 8 << 20}}
    )  # fmt: skip
    stop, ports = asyncio.Event(), asyncio.get_running_loop().create_future()
    service = Service(config)
    task = asyncio.create_task(service.run(ports.set_result, stop))
    await asyncio.wait([task, ports], return_when=asyncio.FIRST_COMPLETED)
    if task.done():
        await task
    try:
        yield Lemf(service, dict(ports.result()), root / "collector")
    finally:
        stop.set()
        await task


class Link:
    """A connection of the mediator. It keeps every octet that comes back."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer, self.heard = reader, writer, b""

    @classmethod
    async def to(cls, port: int) -> Link:
        return cls(*await asyncio.open_connection("127.0.0.1", port))

    async def send(self, *octets: bytes) -> None:
        self.writer.write(b"".join(octets))
        await self.writer.drain()

    async def answered(self, count: int) -> list[tuple[int, int]]:
        """Until `count` answers have come in all."""
        async with asyncio.timeout(10):
            while True:
                try:
                    found = answers_of(self.heard)
                except (IndexError, KeyError, ValueError):
                    found = []
                if len(found) >= count:
                    return found
                more = await self.reader.read(65_536)
                assert more, "the collector hung up"
                self.heard += more

    async def close(self) -> bytes:
        """Hang up in good order; what else was said meanwhile."""
        self.writer.write_eof()
        self.heard += await asyncio.wait_for(self.reader.read(), 10)
        self.writer.close()
        return self.heard


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("generalized", [False, True], ids=["microseconds", "generalized time"])
@pytest.mark.parametrize("oid", [OLD_OID, NEW_OID, NEW_OID + b"\0", OLD_OID + b"\0\0"], ids=bytes.hex)
def test_however_it_writes_lengths_times_and_versions_its_records_are_taken(
    form: str, generalized: bool, oid: bytes
) -> None:
    """As the collector reads them; over sockets in the tests below."""
    foreign = Foreign(form, oid=oid, generalized=generalized)
    begin, content, *_ = foreign.call(b"LAB-1", 3)
    facts = facts_of(decode_ps_pdu(begin), NOW_S * 1_000_000)
    assert facts.event_us == NOW_S * 1_000_000 + 123_000 and facts.liid == "LAB-1" and facts.iri_type == "begin"
    assert any(target.value == T for target in facts.originators)
    assert facts_of(decode_ps_pdu(content), NOW_S * 1_000_000).payload == "iPMMCC"
    assert decode_ps_pdu(content).header.oid.startswith("0.4.0.2.2.5.1.")


async def test_calls_of_every_way_of_writing_over_separate_ports_and_several_liids_a_link(tmp_path: Path) -> None:
    liids = ("LAB-1", "LAB-2", "LAB-3")
    sent: list[bytes] = []
    async with collecting(tmp_path, liids) as lemf:
        hi2, hi3 = await Link.to(lemf.ports["hi2"]), await Link.to(lemf.ports["hi3"])
        for cin, form in enumerate(FORMS, 1):
            for oid in (OLD_OID, NEW_OID + b"\0"):
                foreign = Foreign(form, oid=oid, generalized=cin % 2 == 0)
                for liid in liids:
                    call = foreign.call(liid.encode(), cin * 100 + len(oid))
                    await hi2.send(call[0], call[-1])
                    await hi3.send(*call[1:-1])
                    sent += call
        await lemf.settled(len(sent))
        for index in (1, 2, 3):
            counts = lemf.counts(f"O-{index}")
            assert counts["delivered"] == len(sent) // 3
            assert counts["accepted"] + counts["flagged"] == counts["delivered"], counts
        assert await hi2.close() == b"" and await hi3.close() == b""
        assert lemf.status()["balanced"]
    assert sorted(lemf.stored()) == sorted(sent)


@pytest.mark.parametrize("liid", [b"-", b"openli-1.1.20", b"none"])
async def test_a_keep_alive_of_a_stranger_is_answered_with_its_number_and_nothing_else_is_said(
    tmp_path: Path, liid: bytes
) -> None:
    """OpenLI hangs up on any other number and on anything it did not ask for (its issue 39 is of that kind)."""
    async with collecting(tmp_path) as lemf:
        foreign, link = Foreign("padded", liid=liid, generalized=True), await Link.to(lemf.ports["hi2"])
        assert await asyncio.wait_for(link.reader.read(0), 1) == b""
        await link.send(foreign.keep_alive())
        assert await link.answered(1) == [(1, 0x84)]
        call = foreign.call(b"LAB-1", 1)
        await link.send(*call, foreign.keep_alive(), foreign.keep_alive())
        assert await link.answered(3) == [(1, 0x84), (2, 0x84), (3, 0x84)]
        # The answer is the barrier: what came before it is on disk.
        assert lemf.counts()["delivered"] == len(call)
        assert answers_of(await link.close()) == [(1, 0x84), (2, 0x84), (3, 0x84)]


async def test_records_about_the_transport_that_ask_for_nothing_are_taken_without_a_word(tmp_path: Path) -> None:
    """Integrity checks with algorithms nobody knows, segment flags, a reset, padding, a message, and tags of later
    versions."""
    async with collecting(tmp_path) as lemf:
        foreign, link = Foreign("widest"), await Link.to(lemf.ports["hi3"])
        numbers = tlv(0xA0, tlv(0x02, b"\0"), tlv(0x02, b"\1"))
        unknown_hash = numbers + tlv(0x81, b"\1") + tlv(0x82, b"\2") + tlv(0x83, bytes(64)) + tlv(0x84, b"\x63")
        signature = numbers + tlv(0x81, b"\2") + tlv(0x83, b"") + tlv(0x85, b"\x07")
        call = foreign.call(b"LAB-1", 1)
        await link.send(
            foreign.tri(0x81), foreign.tri(0x82, bytes(50)), foreign.tri(0xA0, unknown_hash, b"LAB-1", 1, 1),
            foreign.tri(0x87, b"", b"LAB-1", 1), call[0], foreign.tri(0x85, b"", b"LAB-1", 1), *call[1:-1],
            foreign.tri(0x86, b"", b"LAB-1", 1), call[-1], foreign.tri(0xA0, signature, b"LAB-1", 1, 2),
            foreign.tri(0xA8, tlv(0x80, b"\2") + tlv(0x81, b"maintenance")), foreign.tri(0x9E, b"\1\2\3"),
            foreign.keep_alive(),
        )  # fmt: skip
        assert await link.answered(1) == [(1, 0x84)]
        counts = lemf.counts()
        assert counts["delivered"] == len(call) and counts["rejected"] == 0 and counts["quarantined"] == 0
        assert answers_of(await link.close()) == [(1, 0x84)] and lemf.status()["balanced"]


async def test_what_is_sent_again_after_a_reconnect_is_known_again(tmp_path: Path) -> None:
    async with collecting(tmp_path) as lemf:
        foreign = Foreign("indefinite")
        call = foreign.call(b"LAB-1", 1, 10)
        for _ in range(3):
            link = await Link.to(lemf.ports["hi2"])
            await link.send(*call, foreign.keep_alive())
            await link.answered(1)
            link.writer.transport.abort()
        counts = lemf.counts()
        assert counts["delivered"] == 3 * len(call) and counts["duplicate"] == 2 * len(call)
        assert lemf.status()["balanced"]
    assert sorted(lemf.stored()) == sorted(call)


async def test_attack_a_storm_of_reconnects_with_half_records_loses_nothing_and_makes_nothing_up(
    tmp_path: Path,
) -> None:
    async with collecting(tmp_path) as lemf:
        foreign = Foreign("padded")
        call = foreign.call(b"LAB-1", 1, 30)
        octets = b"".join(call)

        async def half(index: int) -> None:
            link = await Link.to(lemf.ports["hi2" if index % 2 else "hi3"])
            if index % 3:
                await link.send(octets[: index * 37 % len(octets)])
            link.writer.transport.abort()

        for first in range(0, 300, 50):
            await asyncio.gather(*(half(first + index) for index in range(50)))
        link = await Link.to(lemf.ports["hi2"])
        await link.send(octets, foreign.keep_alive())
        await link.answered(1)
        counts = lemf.counts()
        taken = counts["accepted"] + counts["flagged"]
        assert taken == len(call) and counts["delivered"] == taken + counts["duplicate"]
        async with asyncio.timeout(10):
            while any(one["connections"] > (one["name"] == "hi2") for one in lemf.status()["links"]):  # noqa: ASYNC110
                await asyncio.sleep(0.005)
        assert lemf.status()["balanced"] and await link.close()
    assert sorted(lemf.stored()) == sorted(call)


async def test_octets_in_the_smallest_pieces_are_the_same_records(tmp_path: Path) -> None:
    async with collecting(tmp_path) as lemf:
        foreign, link = Foreign("indefinite"), await Link.to(lemf.ports["hi2"])
        call = foreign.call(b"LAB-1", 1, 1)
        for octet in b"".join(call):
            link.writer.write(bytes([octet]))
            await asyncio.sleep(0)
        await link.send(foreign.keep_alive())
        assert await link.answered(1) == [(1, 0x84)]
        assert lemf.counts()["delivered"] == len(call)
    assert sorted(lemf.stored()) == sorted(call)
