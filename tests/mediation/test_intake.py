"""X2/X3 listeners on loopback: in order, bounded, and one broken stream is that stream's affair alone."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from asn1.x2x3 import (
    VERSION_5,
    VERSION_6,
    PayloadDirection,
    PayloadFormat,
    PduType,
    X2X3Pdu,
    decode_pdu,
    encode_pdu,
    keepalive,
    keepalive_ack,
)
from mediation import intake as intake_module
from mediation.intake import GapBook, Intake
from mediation.runtime.config import Listen, NotReadyError

XID = bytes(range(16))


def pdu(number: int | None = 0, **changes: object) -> X2X3Pdu:
    one = X2X3Pdu(
        PduType.X3, PayloadFormat.IPV4, PayloadDirection.FROM_TARGET, xid=XID, correlation_id=7,
        payload=b"E" * 40, nfid="upf-1", ipid="ip-1", sequence_number=number, timestamp_ns=1_750_000_000_000_000_000,
    )  # fmt: skip
    return one._replace(**changes)  # type: ignore[arg-type]


# --- gaps ---------------------------------------------------------------------------------------------------------


def missing(*numbers: int | None) -> list[int]:
    book = GapBook()
    return [book.missing(pdu(number)) for number in numbers]


def test_what_was_skipped_is_counted_once() -> None:
    assert missing(0, 1, 2, 5, 6) == [0, 0, 0, 2, 0]


def test_a_context_that_starts_late_has_lost_its_beginning() -> None:
    assert missing(3, 4) == [3, 0]


def test_behind_a_restart_a_context_met_in_its_middle_has_lost_nothing_that_can_be_counted() -> None:
    book = GapBook(resumed=True)
    assert [book.missing(pdu(number)) for number in (700, 701, 704)] == [0, 0, 2]


def test_a_point_of_interception_that_starts_again_has_lost_nothing() -> None:
    assert missing(0, 1, 2, 0, 1) == [0, 0, 0, 0, 0]


def test_numbers_go_on_past_the_end_of_their_field() -> None:
    book = GapBook()
    book.missing(pdu(0xFFFFFFFE))
    assert [book.missing(pdu(number)) for number in (0xFFFFFFFF, 0, 1)] == [0, 0, 0]


def test_a_pdu_without_a_number_says_nothing_about_gaps() -> None:
    assert missing(0, None, 1) == [0, 0, 0]


@pytest.mark.parametrize(
    "other", [{"xid": bytes(16)}, {"nfid": "ims-1"}, {"ipid": None}, {"correlation_id": 8}, {"pdu_type": PduType.X2}]
)
def test_every_context_counts_by_itself(other: dict[str, object]) -> None:
    book = GapBook()
    assert [book.missing(one) for one in (pdu(0), pdu(0, **other), pdu(1), pdu(1, **other))] == [0, 0, 0, 0]
    assert book.missing(pdu(3, **other)) == 1 and book.missing(pdu(2)) == 0


def test_flood_of_contexts_holds_bounded_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intake_module, "MAX_CONTEXTS", 10)
    book = GapBook()
    book.missing(pdu(0, correlation_id=1))
    for correlation in range(2, 500):
        book.missing(pdu(0, correlation_id=correlation))
        book.missing(pdu(correlation, correlation_id=1))
    assert len(book._next) == 10
    assert book.missing(pdu(500, correlation_id=1)) == 0, "a context in use is not forgotten"


# --- listeners ----------------------------------------------------------------------------------------------------


class Bench:
    """An intake, what it took, and connections to it."""

    def __init__(self) -> None:
        self.taken: list[X2X3Pdu] = []
        self.room = asyncio.Event()
        self.room.set()
        self.intake = Intake(lambda pdus, frames: self.taken.extend(pdus), self.room)
        self.port = 0
        self.writers: list[asyncio.StreamWriter] = []

    async def connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        self.writers.append(writer)
        return reader, writer

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(10):
            while not condition():  # noqa: ASYNC110  yields to the loop, waits for no time
                await asyncio.sleep(0)

    @asynccontextmanager
    async def open(self) -> AsyncIterator[Bench]:
        self.port = await self.intake.listen("X3", Listen())
        try:
            yield self
        finally:
            for writer in self.writers:
                writer.close()
            await self.intake.close()


async def test_pdus_arrive_whole_and_in_order_whatever_the_pieces() -> None:
    async with Bench().open() as bench:
        _, writer = await bench.connect()
        sent = [pdu(number, payload=bytes([number]) * (number * 7 % 90)) for number in range(60)]
        octets = b"".join(encode_pdu(one) for one in sent)
        for first in range(0, len(octets), 37):
            writer.write(octets[first : first + 37])
            await writer.drain()
            await asyncio.sleep(0)
        await bench.until(lambda: len(bench.taken) == 60)
        assert bench.taken == sent


@pytest.mark.parametrize("version", [VERSION_5, VERSION_6])
async def test_keep_alives_are_answered_with_their_number_and_version_and_are_no_traffic(version: int) -> None:
    async with Bench().open() as bench:
        reader, writer = await bench.connect()
        writer.write(encode_pdu(keepalive(5, version)) + encode_pdu(pdu(0)) + encode_pdu(keepalive(6, version)))
        for number in (5, 6):
            answer = encode_pdu(keepalive_ack(keepalive(number, version)))
            assert answer[:2] == version.to_bytes(2, "big")
            got = await asyncio.wait_for(reader.readexactly(len(answer)), 10)
            assert got == answer and decode_pdu(got).pdu_type == PduType.KEEPALIVE_ACK
        await bench.until(lambda: len(bench.taken) == 1)


async def test_two_connections_are_taken_side_by_side() -> None:
    async with Bench().open() as bench:
        _, first = await bench.connect()
        _, second = await bench.connect()
        first.write(encode_pdu(pdu(0))[:50])
        second.write(encode_pdu(pdu(0, correlation_id=9)))
        await bench.until(lambda: bench.taken == [pdu(0, correlation_id=9)])
        assert bench.intake.connections == 2
        first.write(encode_pdu(pdu(0))[50:])
        await bench.until(lambda: bench.taken[1:] == [pdu(0)])


async def test_stream_of_another_dialect_is_closed_and_the_others_go_on() -> None:
    async with Bench().open() as bench:
        _, good = await bench.connect()
        reader, bad = await bench.connect()
        bad.write(b"GET / HTTP/1.1\r\nHost: intercept.invalid\r\n\r\n" + bytes(100))
        assert await asyncio.wait_for(reader.read(), 10) == b""
        await bench.until(lambda: bench.intake.connections == 1)
        assert bench.intake.broken == 1
        good.write(encode_pdu(pdu(0)))
        await bench.until(lambda: bench.taken == [pdu(0)])


async def test_a_pdu_that_is_whole_but_wrong_is_skipped_and_counted_and_the_stream_goes_on() -> None:
    async with Bench().open() as bench:
        _, writer = await bench.connect()
        wrong = bytearray(encode_pdu(pdu(1)))
        wrong[40:44] = b"\x00\x08\xff\xff"
        writer.write(encode_pdu(pdu(0)) + bytes(wrong) + encode_pdu(pdu(2)))
        await bench.until(lambda: len(bench.taken) == 2)
        assert bench.taken == [pdu(0), pdu(2)]
        assert (bench.intake.skipped, bench.intake.broken, bench.intake.connections) == (1, 0, 1)


async def test_oversized_pdu_is_refused_from_its_header_alone() -> None:
    async with Bench().open() as bench:
        reader, writer = await bench.connect()
        head = bytearray(encode_pdu(pdu(0)))
        head[8:12] = (1 << 31).to_bytes(4, "big")
        writer.write(encode_pdu(pdu(0)) + bytes(head[:40]))
        assert await asyncio.wait_for(reader.read(), 10) == b""
        await bench.until(lambda: bench.intake.broken == 1)


async def test_peer_that_stops_half_way_leaves_nothing_behind() -> None:
    async with Bench().open() as bench:
        _, writer = await bench.connect()
        writer.write(encode_pdu(pdu(0)) + encode_pdu(pdu(1))[:30])
        await bench.until(lambda: bench.taken == [pdu(0)])
        writer.transport.abort()
        await bench.until(lambda: bench.intake.connections == 0)
        assert bench.taken == [pdu(0)] and bench.intake.broken == 0


async def test_flood_is_held_back_while_there_is_no_room() -> None:
    """Nothing is taken and, once the socket's buffers are full, nothing more is accepted from the sender."""
    async with Bench().open() as bench:
        bench.room.clear()
        _, writer = await bench.connect()
        writer.transport.set_write_buffer_limits(high=1)
        one = encode_pdu(pdu(0, payload=bytes(60_000)))
        sent = 0
        stalled = False
        while not stalled:
            assert sent < 64 << 20
            writer.write(one)
            sent += len(one)
            try:
                await asyncio.wait_for(writer.drain(), 0.2)
            except TimeoutError:
                stalled = True
        assert bench.taken == []
        bench.room.set()
        await bench.until(lambda: len(bench.taken) == sent // len(one))


async def test_closing_ends_every_connection() -> None:
    async with Bench().open() as bench:
        reader, writer = await bench.connect()
        writer.write(encode_pdu(pdu(0)))
        await bench.until(lambda: len(bench.taken) == 1)
        await bench.intake.close()
        assert await asyncio.wait_for(reader.read(), 10) == b""
        with pytest.raises(OSError):
            await bench.connect()


async def test_busy_port_is_one_sentence_that_says_what_to_do() -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        held.listen()
        port = held.getsockname()[1]
        with pytest.raises(NotReadyError, match=rf"^Cannot listen for X2 on 127\.0\.0\.1:{port}: [^\n]*another\.$"):
            await Bench().intake.listen("X2", Listen(port=port))
