"""X2/X3 delivery: one TCP client a destination, with a bounded queue in front of it.

The simulator connects to the mediation function, sends PDUs back to back, keeps the connection alive (TS 103 221-2
clause 6.2.4, third-party reading) and connects again when it is lost. There is no product acknowledgement on X2/X3:
what was written to a socket that then died is gone, and shows as a gap in the sequence numbers at the other end. What
was not written yet waits here, at most `buffer_octets`; beyond that the oldest is dropped and counted.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections import deque
from dataclasses import dataclass
from typing import Any, Final

from asn1.errors import DecodeError
from asn1.x2x3 import VERSION_5, Framer, PduType, encode_pdu, keepalive, keepalive_ack
from mediation.runtime.closed import may_connect
from mediation.runtime.logs import get_logger

_WRITE_OCTETS: Final = 256 * 1024
"""At most so much is taken off the queue for one write: what a dying connection can lose beyond the socket's buffer."""
_CONNECT_TIMEOUT_S: Final = 5.0
_READ_OCTETS: Final = 16 * 1024
_RECEIVE_PAYLOAD_OCTETS: Final = 4 * 1024
"""The other side sends keepalives and acknowledgements only; anything large is not for us."""


@dataclass(frozen=True, slots=True)
class DeliveryOptions:
    """Times in real seconds: the network's timers do not follow the run's clock."""

    buffer_octets: int
    retry_s: float = 0.2
    keepalive_s: float = 60.0
    keepalive_timeout_s: float = 180.0
    version: int = VERSION_5
    tls: ssl.SSLContext | None = None


class Delivery:
    """The connection to one destination. `run` is its task; `offer` may be called at any time."""

    def __init__(self, did: str, host: str, port: int, options: DeliveryOptions) -> None:
        self._did = did
        self._host = host
        self._port = port
        self._options = options
        self._queue: deque[bytes] = deque()
        self._queued_octets = 0
        self._wake = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self._log = get_logger("delivery").bind(did=did)
        self.connected = False
        self.blocked = False
        self.connections = 0
        self.written = 0
        self.dropped = 0
        self._keepalives = 0
        self._acknowledged_at = 0.0
        self._moved = asyncio.Event()

    def offer(self, octets: bytes) -> None:
        """Queue one PDU, dropping the oldest while the buffer is over its limit."""
        self._queue.append(octets)
        self._queued_octets += len(octets)
        while self._queued_octets > self._options.buffer_octets:
            self._queued_octets -= len(self._queue.popleft())
            self.dropped += 1
        self._idle.clear()
        self._wake.set()

    def move(self, host: str, port: int) -> None:
        """Deliver to another place from now on; what was written to the one before is let go there."""
        if (host, port) != (self._host, self._port):
            self._host, self._port = host, port
            self._moved.set()
            self._wake.set()

    def status(self) -> dict[str, Any]:
        return {
            "host": self._host,
            "port": self._port,
            "connected": self.connected,
            "blocked": self.blocked,
            "connections": self.connections,
            "written": self.written,
            "queued": len(self._queue),
            "queued_octets": self._queued_octets,
            "dropped": self.dropped,
        }

    async def drained(self, timeout_s: float) -> bool:
        """Wait until everything queued was written; False when that took too long."""
        try:
            await asyncio.wait_for(self._idle.wait(), timeout_s)
        except TimeoutError:
            return False
        return True

    async def run(self) -> None:
        """Connect, send, connect again, until cancelled. An address outside the closed network, as X1 may name one, is
        not connected to; that is an alarm (R-078)."""
        while True:
            self._moved.clear()
            self.blocked = not may_connect(self._host)
            if self.blocked:
                self._log.warning("alarm", rule="R-078", host=self._host, port=self._port)
                await self._moved.wait()
                continue
            try:
                # Not wait_for: in Python 3.11 it can swallow a cancellation, and then nobody ends this.
                async with asyncio.timeout(_CONNECT_TIMEOUT_S):
                    reader, writer = await asyncio.open_connection(self._host, self._port, ssl=self._options.tls)
            except (OSError, TimeoutError):
                await asyncio.sleep(self._options.retry_s)
                continue
            self.connected = True
            self.connections += 1
            self._log.info("connected", connections=self.connections)
            try:
                await self._converse(reader, writer)
            except (OSError, DecodeError) as error:
                self._log.warning("connection_lost", error=type(error).__name__, queued=len(self._queue))
            finally:
                self.connected = False
                writer.close()
                if self._moved.is_set():
                    with contextlib.suppress(OSError, TimeoutError):
                        await asyncio.wait_for(writer.wait_closed(), _CONNECT_TIMEOUT_S)
                with contextlib.suppress(OSError):
                    writer.transport.abort()
            await asyncio.sleep(self._options.retry_s)

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Until either direction ends; raises what ended it."""
        self._acknowledged_at = asyncio.get_running_loop().time()
        parts = [
            asyncio.create_task(self._send(writer)),
            asyncio.create_task(self._receive(reader, writer)),
            asyncio.create_task(self._keep_alive(writer)),
        ]
        try:
            done, _ = await asyncio.wait(parts, return_when=asyncio.FIRST_COMPLETED)
            for part in done:
                part.result()
        finally:
            for part in parts:
                part.cancel()
            await asyncio.gather(*parts, return_exceptions=True)

    async def _send(self, writer: asyncio.StreamWriter) -> None:
        while not self._moved.is_set():
            if not self._queue:
                self._idle.set()
                self._wake.clear()
                await self._wake.wait()
                continue
            batch: list[bytes] = []
            size = 0
            while self._queue and size < _WRITE_OCTETS:
                octets = self._queue.popleft()
                size += len(octets)
                batch.append(octets)
            self._queued_octets -= size
            writer.write(b"".join(batch))
            self.written += len(batch)
            await writer.drain()

    async def _receive(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        framer = Framer(max_payload_octets=_RECEIVE_PAYLOAD_OCTETS)
        while octets := await reader.read(_READ_OCTETS):
            for pdu in framer.feed(octets):
                if pdu.pdu_type is PduType.KEEPALIVE:
                    writer.write(encode_pdu(keepalive_ack(pdu)))
                elif pdu.pdu_type is PduType.KEEPALIVE_ACK:
                    self._acknowledged_at = asyncio.get_running_loop().time()
            if framer.error is not None:
                raise framer.error
        raise ConnectionResetError("closed by the mediation function")

    async def _keep_alive(self, writer: asyncio.StreamWriter) -> None:
        loop, options = asyncio.get_running_loop(), self._options
        while True:
            await asyncio.sleep(min(options.keepalive_s, options.keepalive_timeout_s))
            if loop.time() - self._acknowledged_at >= options.keepalive_timeout_s:
                raise ConnectionResetError("no keepalive acknowledgement")
            writer.write(encode_pdu(keepalive(self._keepalives, options.version)))
            self._keepalives = (self._keepalives + 1) & 0xFFFFFFFF
