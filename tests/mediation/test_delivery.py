"""Delivery over loopback against the collector's own end of the session."""

import asyncio
import socket
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from asn1 import tlv
from asn1.errors import DecodeError
from asn1.handover import HandoverConfig, LemfSession, TriSeen
from asn1.ps_pdu import PsHeader, cc_pdu, decode_ps_pdu
from mediation import delivery
from mediation.delivery import Link
from mediation.journal import ADVANCE, HI3, Entry, Journal
from mediation.runtime.config import Peer


class Lemf:
    """Takes records and acknowledges what `durable` says; can be told to die before acknowledging."""

    def __init__(self, negotiate: bool = True, acknowledge: bool = True) -> None:
        self.records: list[bytes] = []
        self.connections = 0
        self.acknowledge = acknowledge
        self.hang_up_after: int | None = None
        self._negotiate = negotiate
        self._server: asyncio.Server | None = None

    async def start(self) -> int:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        return int(self._server.sockets[0].getsockname()[1])

    async def stop(self) -> None:
        assert self._server is not None
        self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        session = LemfSession(HandoverConfig(negotiate=self._negotiate))
        session.connected(0)
        self.connections += 1
        buffer, position = b"", 0
        while octets := await reader.read(4096):
            buffer += octets
            while True:
                try:
                    end = tlv.read_tlv(buffer, 0, len(buffer)).end
                except DecodeError:
                    break
                record, buffer = buffer[:end], buffer[end:]
                position += len(record)
                if decode_ps_pdu(record).payload[0] == "tRIPayload":
                    session.tri(record, position, 1)
                else:
                    self.records.append(record)
                    if self.hang_up_after is not None and len(self.records) >= self.hang_up_after:
                        self.hang_up_after = None
                        writer.transport.abort()
                        return
            if self.acknowledge:
                session.durable(position, 1)
            writer.write(session.outgoing())
        writer.close()


def record(number: int, octets: int = 40) -> bytes:
    header = PsHeader(liid=b"LAB-1", operator_id=b"OP", cin=1, sequence_number=number, time_us=1_000_000)
    return cc_pdu(header, ("iPCC", {"iPCCObjId": "5.3.20.2", "iPCCContents": ("iPPackets", b"E" * octets)}), "toTarget")


@pytest.fixture
async def delivering(tmp_path: Path) -> AsyncIterator[Callable[..., Link]]:
    tasks: list[asyncio.Task[None]] = []
    now = [1]

    def tick() -> int:
        now[0] += 1_000
        return now[0]

    def make(journal: Journal, port: int, *others: int, **config: object) -> Link:
        link = Link(
            "hi3", HI3, [Peer(port=one) for one in (port, *others)], journal, HandoverConfig(**config), tick, 0.01
        )
        tasks.append(asyncio.create_task(link.run()))
        return link

    yield make
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def journal_of(tmp_path: Path) -> Journal:
    journal = Journal(tmp_path / "journal", tmp_path / "key", 1 << 20, 1 << 20, False)
    journal.start({"next_cin": 1, "held": []})
    return journal


def put(journal: Journal, link: Link, first: int, count: int) -> None:
    journal.append([Entry(HI3, "LAB-1", record(n), ("x", 1, {"cin": 1})) for n in range(first, first + count)])
    link.wake()


async def until(condition: Callable[[], bool], within_s: float = 10) -> None:
    async with asyncio.timeout(within_s):
        while not condition():  # noqa: ASYNC110  yields to the loop, waits for no time
            await asyncio.sleep(0)


@pytest.mark.parametrize("negotiate", [True, False])
async def test_everything_is_delivered_once_and_acknowledged(
    tmp_path: Path, delivering: Callable[..., Link], negotiate: bool
) -> None:
    """With negotiated acknowledgement, and against a peer that declines: then the keep-alive is the barrier."""
    lemf, journal = Lemf(negotiate), journal_of(tmp_path)
    link = delivering(journal, await lemf.start())
    for first in range(0, 600, 100):
        put(journal, link, first, 100)
    await until(lambda: not journal.held(HI3))
    assert lemf.records == [record(n) for n in range(600)]
    assert link.status.acknowledging is negotiate
    assert link.status.sent == link.status.acknowledged == {"LAB-1": 600}
    await lemf.stop()


async def test_reconnect_sends_again_exactly_what_was_not_acknowledged(
    tmp_path: Path, delivering: Callable[..., Link]
) -> None:
    lemf, journal = Lemf(acknowledge=False), journal_of(tmp_path)
    link = delivering(journal, await lemf.start(), ack_every_records=10)
    put(journal, link, 0, 30)
    await until(lambda: len(lemf.records) == 30)
    assert len(journal.held(HI3)) == 30
    lemf.hang_up_after = 45
    put(journal, link, 30, 20)
    await until(lambda: lemf.connections == 2)
    lemf.acknowledge = True
    await until(lambda: not journal.held(HI3))
    assert lemf.records[45:] == [record(n) for n in range(50)]
    assert link.status.resent["LAB-1"] >= 45
    await lemf.stop()


def put_run(journal: Journal, link: Link, first: int, count: int) -> None:
    octets = b"".join(record(n) for n in range(first, first + count))
    rows = ADVANCE.pack(UUID(int=1).bytes, 1, 1, first + count, count, 5) + b"LAB-1"
    journal.append_run(HI3, octets, count, rows, (("LAB-1", count),))
    link.wake()


async def test_runs_among_records_are_delivered_acknowledged_and_sent_again_in_their_order(
    tmp_path: Path, delivering: Callable[..., Link]
) -> None:
    lemf, journal = Lemf(acknowledge=False), journal_of(tmp_path)
    link = delivering(journal, await lemf.start(), ack_every_records=64)
    put(journal, link, 0, 3)
    put_run(journal, link, 3, 200)
    put(journal, link, 203, 1)
    put_run(journal, link, 204, 96)
    await until(lambda: len(lemf.records) == 300)
    assert [held.records for held in journal.held(HI3)] == [1, 1, 1, 200, 1, 96]
    lemf.hang_up_after = 310
    put_run(journal, link, 300, 50)
    await until(lambda: lemf.connections == 2)
    lemf.acknowledge = True
    put_run(journal, link, 350, 50)
    await until(lambda: not journal.held(HI3))
    again = lemf.records[310:]
    assert again == [record(n) for n in range(400)]
    assert link.status.acknowledged == {"LAB-1": 400} and link.status.sent["LAB-1"] == 400
    assert link.status.resent["LAB-1"] >= 300
    await lemf.stop()


async def test_lemf_that_comes_late_gets_everything(tmp_path: Path, delivering: Callable[..., Link]) -> None:
    lemf, journal = Lemf(), journal_of(tmp_path)
    port = await lemf.start()
    await lemf.stop()
    link = delivering(journal, port)
    put(journal, link, 0, 5)
    lemf._server = await asyncio.start_server(lemf._serve, "127.0.0.1", port)
    await until(lambda: not journal.held(HI3))
    assert lemf.records == [record(n) for n in range(5)]
    await lemf.stop()


@pytest.mark.rule("R-096", "R-096.1")
async def test_a_cut_link_keeps_everything_and_delivers_it_as_it_was_when_restored(
    tmp_path: Path, delivering: Callable[..., Link]
) -> None:
    """The octets, and with them times and numbers, are those from before the cut."""
    lemf, journal = Lemf(), journal_of(tmp_path)
    link = delivering(journal, await lemf.start())
    put(journal, link, 0, 5)
    await until(lambda: not journal.held(HI3))
    link.cut(True)
    link.cut(True)
    put(journal, link, 5, 20)
    await until(lambda: link.status.state == "cut")
    for _ in range(300):
        await asyncio.sleep(0)
    assert len(lemf.records) == 5 and len(journal.held(HI3)) == 20 and link.status.state == "cut"
    link.cut(False)
    await until(lambda: not journal.held(HI3))
    assert lemf.records == [record(n) for n in range(25)]
    assert {decode_ps_pdu(one).header.time_us for one in lemf.records} == {1_000_000}
    assert link.status.connects == 2
    await lemf.stop()


async def test_a_link_cut_from_the_start_never_connects(tmp_path: Path, delivering: Callable[..., Link]) -> None:
    lemf, journal = Lemf(), journal_of(tmp_path)
    link = delivering(journal, await lemf.start())
    link.cut(True)
    put(journal, link, 0, 1)
    for _ in range(300):
        await asyncio.sleep(0)
    assert lemf.connections == 0 and len(journal.held(HI3)) == 1
    await lemf.stop()


async def test_a_link_that_is_lost_goes_to_the_next_collector_with_its_whole_window(
    tmp_path: Path, delivering: Callable[..., Link]
) -> None:
    first, second, journal = Lemf(acknowledge=False), Lemf(), journal_of(tmp_path)
    link = delivering(journal, await first.start(), await second.start())
    put(journal, link, 0, 30)
    await until(lambda: len(first.records) == 30)
    first.hang_up_after = 40
    put(journal, link, 30, 20)
    await until(lambda: not journal.held(HI3))
    assert second.records == [record(n) for n in range(50)]
    assert (first.connections, second.connections) == (1, 1)
    assert link.status.acknowledged == {"LAB-1": 50} and link.status.connects == 2
    await first.stop()
    await second.stop()


async def test_collectors_that_are_not_there_are_passed_over(tmp_path: Path, delivering: Callable[..., Link]) -> None:
    gone, there, journal = Lemf(), Lemf(), journal_of(tmp_path)
    port = await gone.start()
    await gone.stop()
    link = delivering(journal, port, port, await there.start())
    put(journal, link, 0, 5)
    await until(lambda: not journal.held(HI3))
    assert there.records == [record(n) for n in range(5)]
    await there.stop()


async def test_a_collector_that_does_not_even_refuse_holds_nobody_up_for_long(
    tmp_path: Path, delivering: Callable[..., Link], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A machine that is gone leaves what is sent to it without any answer."""
    lemf, journal, tried = Lemf(), journal_of(tmp_path), []
    opens = asyncio.open_connection

    async def open_connection(host: str, port: int, **more: Any) -> Any:
        tried.append(port)
        if port == 9:
            await asyncio.Event().wait()
        return await opens(host, port, **more)

    monkeypatch.setattr(delivery, "CONNECT_S", 0.01)
    monkeypatch.setattr(asyncio, "open_connection", open_connection)
    link = delivering(journal, 9, await lemf.start())
    put(journal, link, 0, 5)
    await until(lambda: not journal.held(HI3))
    assert tried[0] == 9 and lemf.records == [record(n) for n in range(5)]
    await lemf.stop()


class HearingLemf(Lemf):
    """Says in what order everything came: numbers of records, names of TRIs that are nobody's question."""

    def __init__(self) -> None:
        super().__init__(acknowledge=False)
        self.heard: list[int | str] = []

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        session = LemfSession(HandoverConfig())
        session.connected(0)
        self.connections += 1
        buffer, position = b"", 0
        while octets := await reader.read(65_536):
            buffer += octets
            while True:
                try:
                    end = tlv.read_tlv(buffer, 0, len(buffer)).end
                except DecodeError:
                    break
                octets, buffer = buffer[:end], buffer[end:]
                position += end
                pdu = decode_ps_pdu(octets)
                if pdu.payload[0] != "tRIPayload":
                    self.heard.append(pdu.header.sequence_number)
                    continue
                for event in session.tri(octets, position, 1):
                    if isinstance(event, TriSeen):
                        self.heard.append(event.name)
            if self.acknowledge:
                session.durable(position, 1)
            writer.write(session.outgoing())
            if self.hang_up_after is not None and len(self.heard) >= self.hang_up_after:
                self.hang_up_after = None
                writer.transport.abort()
                return
        writer.close()


async def test_tris_of_the_buffer_come_again_in_their_place_and_those_of_the_session_do_not(
    tmp_path: Path, delivering: Callable[..., Link]
) -> None:
    """6.3.3: what was not acknowledged before new things, in its order; test PDUs are not buffered."""
    journal, lemf = journal_of(tmp_path), HearingLemf()
    link = delivering(journal, await lemf.start())
    message = HandoverConfig().tri(
        "operatorLeaMessage", 1, 1, {"messagePriority": "informational", "message": b"SIMULATION"}
    )
    reset = HandoverConfig().tri("cINReset", 0, 1)
    assert not link.say("testPDU"), "nobody is there to hear it"
    await until(lambda: link.status.state == "open")
    journal.append([
        Entry(HI3, "LAB-1", reset, None, True), Entry(HI3, "LAB-1", record(0), None),
        Entry(HI3, "-", message, None, True), Entry(HI3, "LAB-1", record(1), None),
    ])  # fmt: skip
    await until(lambda: link.say("testPDU"))
    await until(lambda: len(lemf.heard) == 5)
    assert [one for one in lemf.heard if one != "testPDU"] == ["cINReset", 0, "operatorLeaMessage", 1]
    lemf.heard.clear()
    lemf.hang_up_after = 1
    link.say("paddingPDU", bytes(10))
    await until(lambda: lemf.connections == 2)
    lemf.acknowledge = True
    put(journal, link, 2, 1)
    await until(lambda: not journal.held(HI3))
    assert lemf.heard == ["paddingPDU", "cINReset", 0, "operatorLeaMessage", 1, 2]
    assert link.status.sent == {"LAB-1": 3} and link.status.resent == {"LAB-1": 2}
    assert link.status.acknowledged == {"LAB-1": 3} and link.status.tri_sent == 4
    await lemf.stop()


def test_a_full_buffer_overwrites_the_oldest_whatever_it_is_and_says_so(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal", tmp_path / "journal.key", 400, 1 << 16, False)
    journal.start({"next_cin": 1, "held": []})
    journal.append([Entry(HI3, "-", bytes(100), None, True), Entry(HI3, "LAB-1", bytes(300), None)])
    assert journal.dropped_total == 0
    journal.append([Entry(HI3, "LAB-1", bytes(200), None)])
    assert journal.dropped == {"-": 1, "LAB-1": 1} and journal.dropped_total == 2
    assert [len(held.octets) for held in journal.held(HI3)] == [200]


class Deaf:
    """Takes connections, and not an octet of what comes over them: as a machine whose cable was pulled."""

    def __init__(self) -> None:
        self._listening = socket.socket()
        self._listening.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self._listening.bind(("127.0.0.1", 0))
        self._listening.listen()
        self.port = int(self._listening.getsockname()[1])

    def close(self) -> None:
        self._listening.close()


FULL = [record(number, 2000) for number in range(4000)]
"""More octets than the kernel holds for a connection that nobody reads."""


def full_link(tmp_path: Path, *ports: int) -> tuple[Journal, Link]:
    """With all of FULL to deliver, in real time."""
    journal = Journal(tmp_path / "journal", tmp_path / "key", 64 << 20, 64 << 20, False)
    journal.start({"next_cin": 1, "held": []})
    journal.append([Entry(HI3, "LAB-1", octets, ("x", 1, {"cin": 1})) for octets in FULL])
    config = HandoverConfig(time1_us=200_000, time2_us=1_000_000, time3_us=2_000_000)
    peers = [Peer(port=port) for port in ports]
    return journal, Link("hi3", HI3, peers, journal, config, lambda: time.monotonic_ns() // 1000, 0.01)


async def test_a_peer_that_takes_nothing_is_given_up_for_its_silence_and_the_next_gets_everything(
    tmp_path: Path,
) -> None:
    """Neither what could not be written to it nor what it did not take holds the link up."""
    deaf, lemf = Deaf(), Lemf()
    journal, link = full_link(tmp_path, deaf.port, await lemf.start())
    task = asyncio.create_task(link.run())
    await until(lambda: not journal.held(HI3), 60)
    assert set(lemf.records) == set(FULL) and link.status.resent and link.status.connects > 1
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await lemf.stop()
    deaf.close()


async def test_a_link_that_hangs_up_on_a_peer_that_takes_nothing_ends_when_it_is_told_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery, "CLOSE_S", 3600.0)
    hangs_up, closing = asyncio.Event(), asyncio.StreamWriter.close

    def close(self: asyncio.StreamWriter) -> None:
        closing(self)
        hangs_up.set()

    monkeypatch.setattr(asyncio.StreamWriter, "close", close)
    deaf = Deaf()
    _, link = full_link(tmp_path, deaf.port)
    task = asyncio.create_task(link.run())
    await asyncio.wait_for(hangs_up.wait(), 60)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(task, 10)
    deaf.close()


async def test_attack_who_reads_nothing_fills_the_journal_and_not_the_memory_behind_the_socket(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In pieces each of which is less than a chunk: what a full socket does not take stays where it is bounded."""
    transports: list[asyncio.Transport] = []
    opening = asyncio.open_connection

    async def opened(*where: Any, **how: Any) -> Any:
        reader, writer = await opening(*where, **how)
        transports.append(writer.transport)
        return reader, writer

    monkeypatch.setattr(asyncio, "open_connection", opened)
    deaf = Deaf()
    journal = Journal(tmp_path / "journal", tmp_path / "key", 64 << 20, 64 << 20, False)
    journal.start({"next_cin": 1, "held": []})
    link = Link("hi3", HI3, [Peer(port=deaf.port)], journal, HandoverConfig(negotiate=False), lambda: 1, 0.01)
    task = asyncio.create_task(link.run())
    await until(lambda: bool(transports))
    most = transports[0].get_write_buffer_limits()[1] + 2 * delivery.CHUNK_OCTETS
    for at in range(0, len(FULL), 20):
        journal.append([Entry(HI3, "LAB-1", octets, ("x", 1, {"cin": 1})) for octets in FULL[at : at + 20]])
        link.wake()
        for _ in range(5):
            await asyncio.sleep(0)
        assert transports[0].get_write_buffer_size() < most
    assert transports[0].get_write_buffer_size() and len(journal.held(HI3)) == len(FULL)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    deaf.close()
