"""X2 and X3 from the points of interception: TCP servers that frame PDUs, answer keep-alives and count what is missing.

A broken stream closes its connection with a coded log line; nothing else is touched. Sequence numbers run by context
(XID, NFID, IPID, correlation, X2 or X3; TS 103 221-2 5.3.9, third-party reading): what is skipped was lost before us
and is reported as a gap.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from typing import Final, Protocol

from asn1.errors import DecodeError
from asn1.x2x3 import Framer, PduType, X2X3Pdu, encode_pdu, frame_size, keepalive_ack
from mediation.runtime.config import Listen, NotReadyError
from mediation.runtime.logs import get_logger
from mediation.runtime.tls import server_context

READ_OCTETS: Final = 256 * 1024
MAX_CONTEXTS: Final = 200_000
MAX_CONNECTIONS: Final = 64
"""Of both listeners together. Each holds at most one unfinished PDU, so this bounds the memory too."""

Consume = Callable[[list[X2X3Pdu], list[bytes]], None]
"""X2/X3 PDUs in order, and each as it was received."""


class Bulk(Protocol):
    """The short way of content whose context is known (`mediation.bulk`)."""

    def knows(self, octets: bytes | bytearray, at: int) -> bool:
        """Whether the PDU that begins there is of a known context."""

    def take(self, octets: bytes | bytearray, at: int) -> int:
        """Consume what is known from there on; the offset of what is not, or not whole."""

    def may_learn(self, frame: bytes) -> bool:
        """Whether this PDU may make its context known, so that it is worth being consumed at once."""


Flow = tuple[object, ...]
"""A context in which numbers run."""


def flow_of(pdu: X2X3Pdu) -> Flow:
    return (pdu.xid, pdu.nfid, pdu.ipid, pdu.correlation_id, pdu.pdu_type)


class GapBook:
    """Next number expected in each context. Numbers begin at 0; behind a restart of ours (`resumed`) a context may be
    met in its middle, and what it said while we were away nobody can count."""

    def __init__(self, resumed: bool = False) -> None:
        self._resumed = resumed
        self._next: OrderedDict[Flow, int] = OrderedDict()

    def missing(self, pdu: X2X3Pdu) -> int:
        """How many PDUs were skipped before this one."""
        if pdu.sequence_number is None:
            return 0
        key = flow_of(pdu)
        expected = self._next.get(key, pdu.sequence_number if self._resumed else 0)
        self.came(key, pdu.sequence_number + 1 & 0xFFFFFFFF)
        return max(0, pdu.sequence_number - expected)

    def came(self, key: Flow, number: int) -> None:
        """`number` comes next in this context."""
        self._next[key] = number
        self._next.move_to_end(key)
        if len(self._next) > MAX_CONTEXTS:
            self._next.popitem(last=False)


class Splitter:
    """One connection's octets: what `bulk` takes, and between that the PDUs it leaves, in their order."""

    def __init__(self, consume: Consume, bulk: Bulk | None) -> None:
        self.framer = Framer()
        self._consume = consume
        self._bulk = bulk
        self._buffer = bytearray()
        self._pdus: list[X2X3Pdu] = []
        self._frames: list[bytes] = []

    def feed(self, octets: bytes) -> list[X2X3Pdu]:
        """The keep-alives among them. When framing is lost, `framer.error` is set and all before that is consumed."""
        bulk = self._bulk
        buffer: bytes | bytearray = octets
        if self._buffer:
            self._buffer += octets
            buffer = self._buffer
        asked: list[X2X3Pdu] = []
        at = 0
        while self.framer.error is None:
            if bulk is not None and bulk.knows(buffer, at):
                # What came before is numbered and journalled before.
                self._flush()
                at = bulk.take(buffer, at)
            total = self._size(buffer, at)
            if total is None or at + total > len(buffer):
                break
            frame = bytes(buffer[at : at + total])
            at += total
            for pdu in self.framer.feed(frame):
                if pdu.pdu_type == PduType.KEEPALIVE:
                    asked.append(pdu)
                elif pdu.pdu_type in (PduType.X2, PduType.X3):
                    self._pdus.append(pdu)
                    self._frames.append(frame)
                    if bulk is not None and bulk.may_learn(frame):
                        self._flush()
        self._buffer = bytearray(memoryview(buffer)[at:])
        self._flush()
        return asked

    def _size(self, buffer: bytes | bytearray, at: int) -> int | None:
        """Octets of the PDU there; None where that is not to be known yet, or never."""
        with memoryview(buffer) as view:
            try:
                return frame_size(view, start=at)
            except DecodeError as error:
                self.framer.error = error.with_traceback(None)
                return None

    def _flush(self) -> None:
        if self._pdus:
            pdus, frames = self._pdus, self._frames
            self._pdus, self._frames = [], []
            self._consume(pdus, frames)


class Intake:
    """Both listeners. `consume` gets the X2/X3 PDUs of one read, in order, but for those that `bulk` has taken."""

    def __init__(self, consume: Consume, room: asyncio.Event, bulk: Bulk | None = None) -> None:
        """While `room` is not set nothing more is read: the backlog is at its bound."""
        self._consume = consume
        self._bulk = bulk
        self._room = room
        self._servers: list[asyncio.Server] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self.connections = 0
        self.broken = 0
        self.skipped = 0
        self._log = get_logger("mediation.intake")

    async def listen(self, name: str, listen: Listen) -> int:
        """Start one listener; its port. Raises NotReadyError."""
        tls = server_context(listen.tls) if listen.tls else None
        try:
            server = await asyncio.start_server(self._serve, listen.host, listen.port, ssl=tls, limit=READ_OCTETS)
        except OSError as error:
            raise NotReadyError(
                f"Cannot listen for {name} on {listen.host}:{listen.port}: {error.strerror}. "
                "Stop what uses that port or configure another."
            ) from error
        self._servers.append(server)
        return int(server.sockets[0].getsockname()[1])

    async def close(self) -> None:
        for server in self._servers:
            server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        if self.connections >= MAX_CONNECTIONS:
            self.broken += 1
            self._log.warning("too_many_connections", limit=MAX_CONNECTIONS)
            writer.close()
            return
        splitter, skipped = Splitter(self._consume, self._bulk), 0
        framer = splitter.framer
        self.connections += 1
        try:
            while octets := await reader.read(READ_OCTETS):
                await self._room.wait()
                for asked in splitter.feed(octets):
                    writer.write(encode_pdu(keepalive_ack(asked)))
                if framer.last_error is not None:
                    self.skipped += framer.broken - skipped
                    self._log.warning("undecodable_pdu", code=framer.last_error.code, skipped=framer.broken - skipped)
                    skipped, framer.last_error = framer.broken, None
                if framer.error is not None:
                    raise framer.error
                await writer.drain()
        except DecodeError as error:
            self.broken += 1
            self._log.warning("broken_stream", code=error.code, message=error.message)
        except OSError as error:
            self._log.info("connection_lost", why=type(error).__name__)
        finally:
            self.connections -= 1
            writer.close()
