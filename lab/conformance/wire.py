"""One connection of ours to a peer that may do anything: bounded octets, bounded time, everything on tape."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from typing import Final, NamedTuple

from asn1.errors import DecodeError
from asn1.ps_pdu import PsPdu, decode_ps_pdu
from lab.conformance.tape import Tape
from lab.faults.records import Framing, Records

READ_OCTETS: Final = 65_536
MAX_HEARD: Final = 4 << 20
"""Octets of a peer on one connection; it answers in a few hundred each."""
CONNECT_S: Final = 5.0


class Heard(NamedTuple):
    """A record of the peer. `pdu` None: it does not decode, or is no PS-PDU."""

    octets: bytes
    pdu: PsPdu | None

    @property
    def tri(self) -> str:
        if self.pdu is None or self.pdu.payload[0] != "tRIPayload":
            return ""
        return str(self.pdu.payload[1][0])

    @property
    def number(self) -> int:
        return -1 if self.pdu is None else self.pdu.header.sequence_number


class Wire:
    """`closed`: the peer has ended the connection, or broken it. Sending to such a peer is no error here."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, tape: Tape, framing: Framing = "ps-pdu"
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._tape = tape
        self._number = next(tape.connections)
        self._records = Records(framing)
        self._heard: list[Heard] = []
        self._octets = 0
        self.closed = False
        self.flooded = False

    @classmethod
    async def open(cls, host: str, port: int, tape: Tape, tls: ssl.SSLContext | None = None) -> Wire:
        """Raises OSError (TLS errors among them) or TimeoutError."""
        async with asyncio.timeout(CONNECT_S):
            return cls(*await asyncio.open_connection(host, port, ssl=tls), tape)

    async def __aenter__(self) -> Wire:
        return self

    async def __aexit__(self, *_: object) -> None:
        self._writer.close()
        with contextlib.suppress(OSError, TimeoutError):
            async with asyncio.timeout(1.0):
                await self._writer.wait_closed()

    @property
    def tls(self) -> ssl.SSLObject | None:
        found: ssl.SSLObject | None = self._writer.get_extra_info("ssl_object")
        return found

    def abort(self) -> None:
        self._writer.transport.abort()
        self.closed = True

    async def send(self, *records: bytes) -> None:
        """What a peer does not read within the time of a case is the case's to find."""
        for octets in records:
            self._tape.put(self._number, True, octets)
            with contextlib.suppress(OSError):
                self._writer.write(octets)
        with contextlib.suppress(OSError):
            await self._writer.drain()

    async def hear(self, seconds: float) -> Heard | None:
        """The next record within so long; None when none came, or the connection ended."""
        until = asyncio.get_running_loop().time() + seconds
        while not self._heard and not self.closed:
            left = until - asyncio.get_running_loop().time()
            if left <= 0 or not await self._read(left):
                break
        return self._heard.pop(0) if self._heard else None

    async def answer(self, name: str, number: int, seconds: float) -> Heard | None:
        """The first TRI of that name and number within so long; other records are passed over."""
        until = asyncio.get_running_loop().time() + seconds
        while (left := until - asyncio.get_running_loop().time()) > 0:
            heard = await self.hear(left)
            if heard is None:
                return None
            if (heard.tri, heard.number) == (name, number):
                return heard
        return None

    async def until_closed(self, seconds: float) -> bool:
        """Whether the peer ends the connection within so long."""
        until = asyncio.get_running_loop().time() + seconds
        while not self.closed and (left := until - asyncio.get_running_loop().time()) > 0:
            await self._read(left)
        return self.closed

    async def _read(self, seconds: float) -> bool:
        """False when time was over."""
        try:
            async with asyncio.timeout(seconds):
                octets = await self._reader.read(READ_OCTETS)
        except TimeoutError:
            return False
        except OSError:
            octets = b""
        if not octets:
            self.closed = True
            return True
        self._octets += len(octets)
        if self._octets > MAX_HEARD:
            self.flooded = True
            self.abort()
            return True
        self._tape.put(self._number, False, octets)
        self._heard += [heard(piece.octets) for piece in self._records.feed(octets)]
        return True


def heard(octets: bytes) -> Heard:
    try:
        return Heard(octets, decode_ps_pdu(octets))
    except DecodeError:
        return Heard(octets, None)
