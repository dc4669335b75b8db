"""X2/X3 delivery: order, reconnection, the bounded buffer, keepalives."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from asn1.x2x3 import PduType, X2X3Pdu, encode_pdu
from carrier_sim.delivery import Delivery, DeliveryOptions


def pdu(number: int, octets: int = 10) -> bytes:
    return encode_pdu(X2X3Pdu(PduType.X3, 5, 3, bytes(range(16)), 1, bytes(octets), sequence_number=number))


@asynccontextmanager
async def running(port: int, **values: Any) -> AsyncIterator[Delivery]:
    options = DeliveryOptions(**{"buffer_octets": 1 << 20, "retry_s": 0.01, **values})
    delivery = Delivery("did", "127.0.0.1", port, options)
    task = asyncio.create_task(delivery.run())
    try:
        yield delivery
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


def numbers(mediation: Any) -> list[int]:
    return [one.sequence_number for one in mediation.pdus]


async def test_everything_arrives_in_order(mediation: Any) -> None:
    async with running(mediation.port) as delivery:
        for number in range(2_000):
            delivery.offer(pdu(number))
        await mediation.until(lambda: len(mediation.pdus) == 2_000)
        assert numbers(mediation) == list(range(2_000))
        assert await delivery.drained(5)
        status = delivery.status()
        assert status["written"] == 2_000 and status["queued"] == status["queued_octets"] == status["dropped"] == 0


async def test_what_is_offered_while_nobody_listens_arrives_later(mediation: Any) -> None:
    await mediation.kill()
    async with running(mediation.port) as delivery:
        for number in range(50):
            delivery.offer(pdu(number))
        await asyncio.sleep(0)
        assert not delivery.connected and not await delivery.drained(0.01)
        await mediation.start()
        await mediation.until(lambda: len(mediation.pdus) == 50)
        assert numbers(mediation) == list(range(50))


async def test_killed_and_back_again_goes_on_with_what_was_not_written(mediation: Any) -> None:
    async with running(mediation.port) as delivery:
        for number in range(10):
            delivery.offer(pdu(number))
        await mediation.until(lambda: len(mediation.pdus) == 10)
        await mediation.kill()
        while delivery.connected:  # noqa: ASYNC110  the event loop turns, no time passes
            await asyncio.sleep(0)
        for number in range(10, 20):
            delivery.offer(pdu(number))
        await mediation.start()
        await mediation.until(lambda: len(mediation.pdus) == 20)
        assert numbers(mediation) == list(range(20))
        assert delivery.connections == 2 and mediation.connections == 2


async def test_full_buffer_drops_the_oldest_and_counts(mediation: Any) -> None:
    await mediation.kill()
    size = len(pdu(0))
    async with running(mediation.port, buffer_octets=10 * size) as delivery:
        for number in range(25):
            delivery.offer(pdu(number))
        assert delivery.status()["dropped"] == 15 and delivery.status()["queued_octets"] == 10 * size
        await mediation.start()
        await mediation.until(lambda: len(mediation.pdus) == 10)
        assert numbers(mediation) == list(range(15, 25))


async def test_keepalives_are_sent_and_answered(mediation: Any) -> None:
    async with running(mediation.port, keepalive_s=0.01, keepalive_timeout_s=5):
        await mediation.until(lambda: len(mediation.keepalives) >= 3)
        assert mediation.keepalives[:3] == [0, 1, 2]
        await mediation.ask(77)
        await mediation.until(lambda: mediation.acknowledgements)
        assert mediation.acknowledgements == [77] and mediation.connections == 1


async def test_silent_mediation_function_is_left(mediation: Any) -> None:
    mediation.acknowledge = False
    async with running(mediation.port, keepalive_s=0.01, keepalive_timeout_s=0.05):
        await mediation.until(lambda: mediation.connections >= 2)


async def test_nonsense_from_the_other_side_ends_the_connection_only(mediation: Any) -> None:
    async with running(mediation.port) as delivery:
        await mediation.until(lambda: mediation.connections == 1)
        await mediation.send(b"\xff" * 100)
        await mediation.until(lambda: mediation.connections == 2)
        delivery.offer(pdu(1))
        await mediation.until(lambda: mediation.pdus)
