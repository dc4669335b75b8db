"""A fake mediation function: accepts X2/X3 connections, reads PDUs, acknowledges keepalives, can be killed."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable

import pytest

from asn1.x2x3 import Framer, PduType, X2X3Pdu, encode_pdu, keepalive, keepalive_ack


class FakeMediation:
    def __init__(self) -> None:
        self.pdus: list[X2X3Pdu] = []
        self.keepalives: list[int] = []
        self.acknowledgements: list[int] = []
        self.connections = 0
        self.acknowledge = True
        self.port = 0
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._changed = asyncio.Condition()

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def kill(self) -> None:
        """Close the listener and every connection at once, as a killed process would."""
        if self._server is not None:
            self._server.close()
        for writer in self._writers:
            writer.transport.abort()
        self._writers.clear()

    async def send(self, octets: bytes) -> None:
        for writer in self._writers:
            writer.write(octets)
            await writer.drain()

    async def ask(self, number: int) -> None:
        await self.send(encode_pdu(keepalive(number)))

    async def until(self, condition: Callable[[], object]) -> None:
        """Wait until `condition()` holds, at most ten seconds."""
        async with self._changed:
            await asyncio.wait_for(self._changed.wait_for(lambda: bool(condition())), 10)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        self.connections += 1
        await self._notify()
        framer = Framer()
        with contextlib.suppress(OSError):
            while octets := await reader.read(65_536):
                for pdu in framer.feed(octets):
                    self._take(pdu, writer)
                await self._notify()
        writer.close()

    def _take(self, pdu: X2X3Pdu, writer: asyncio.StreamWriter) -> None:
        if pdu.pdu_type is PduType.KEEPALIVE:
            self.keepalives.append(pdu.sequence_number or 0)
            if self.acknowledge:
                writer.write(encode_pdu(keepalive_ack(pdu)))
        elif pdu.pdu_type is PduType.KEEPALIVE_ACK:
            self.acknowledgements.append(pdu.sequence_number or 0)
        else:
            self.pdus.append(pdu)

    async def _notify(self) -> None:
        async with self._changed:
            self._changed.notify_all()


@pytest.fixture
async def mediation() -> AsyncIterator[FakeMediation]:
    fake = FakeMediation()
    await fake.start()
    yield fake
    await fake.kill()
