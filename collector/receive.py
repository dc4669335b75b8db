"""Connections: octets from sockets into arenas, records out of them, answers back. No record is judged here.

Rules. What a connection sends is framed by `asn1.scan` and nothing else. All connections receive into the same arena,
one after the other, so that a thousand slow peers need no thousand buffers; the beginning of a record that is not
whole yet is carried over by its connection, in a buffer of its own once it is large. When no arena is free nothing is
read until one is. A connection is closed, with a code, when framing is lost, when a record does not end in time, when
it sends nothing for too long, or when there are too many; what was received whole before that is judged, stored and
counted. One thread, the event loop's.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable
from typing import Final, Protocol

from asn1.columns import Columns, LiidTable
from asn1.errors import DecodeError
from asn1.handover import HandoverConfig, LemfSession, OptionsAgreed, ProtocolViolation
from asn1.scan import scan
from collector.arena import Arena
from collector.assembly import Assembly
from collector.pipeline import LinkState, Pipeline

READ_OCTETS: Final = 256 * 1024
"""Most octets of one read: one busy connection must not keep the others waiting for long."""
MIN_READ_OCTETS: Final = 16 * 1024
"""Less room than this at the end of an arena is not worth a system call; the next arena is taken."""
SMALL_CARRY_OCTETS: Final = 4096
"""Up to here the beginning of a record is copied to the next read; beyond, the connection gets its own buffer."""
ANSWERS_OCTETS: Final = 64 * 1024
"""Answers that a peer may leave unread before it is not read either."""
_DISCARD: Final = 64 * 1024

HALF_RECORD: Final = "HALF_RECORD"
SILENT: Final = "SILENT"
TOO_MANY_CONNECTIONS: Final = "TOO_MANY_CONNECTIONS"
TOO_MUCH_UNFINISHED: Final = "TOO_MUCH_UNFINISHED"


class ConnectionReport(Protocol):
    """Hears of every connection that is refused or closed for a reason; `text` is for people, without content."""

    def __call__(self, link: str, peer: str, code: str, text: str) -> None: ...


class Receiver:
    """What all connections share: arena, pressure, limits. `spill_octets` bounds all unfinished large records."""

    def __init__(
        self,
        pipeline: Pipeline,
        assembly: Assembly,
        liids: LiidTable,
        session: HandoverConfig,
        *,
        max_connections: int,
        spill_octets: int,
        now_us: Callable[[], int],
        report: ConnectionReport,
        on_defect: Callable[[str], None],
    ) -> None:
        self.pipeline = pipeline
        self.assembly = assembly
        self.liids = liids
        self.session = session
        self.max_connections = max_connections
        self.spill_octets = spill_octets
        self.now_us = now_us
        self.report = report
        self.on_defect = on_defect
        self.loop = asyncio.get_running_loop()
        self.connections: dict[int, Connection] = {}
        self.spilled = 0
        self.paused = False
        self.stopped = False
        self.pauses = 0
        self.last_octets_s = self.loop.time()
        self.discard = memoryview(bytearray(_DISCARD))
        self.probe = Columns(1)
        self.numbers = itertools.count()

    def pause(self) -> None:
        """No arena is free: nothing more is read from anybody."""
        if self.paused:
            return
        self.paused = True
        self.pauses += 1
        for connection in self.connections.values():
            connection.pause()

    def resume(self) -> None:
        """An arena came free."""
        if not self.paused or self.stopped:
            return
        self.paused = False
        for connection in list(self.connections.values()):
            connection.resume()
            if self.paused:
                return

    def pause_link(self, link: LinkState) -> None:
        """R-022: nothing more is read on this link; what its peers send waits with them."""
        for connection in self.connections.values():
            if connection.link is link:
                connection.pause()

    def resume_link(self, link: LinkState) -> None:
        """A supervisor says that the link goes on."""
        if self.paused:
            return
        for connection in list(self.connections.values()):
            if connection.link is link:
                connection.resume()

    def sweep(self) -> None:
        """Close what has been half-way or silent for too long. Called every second or so."""
        if self.paused:
            return
        now_s = self.loop.time()
        for connection in list(self.connections.values()):
            connection.check_time(now_s)

    def stop(self) -> None:
        """Read nothing more, for good."""
        self.stopped = True
        self.pause()

    def close(self) -> None:
        for connection in list(self.connections.values()):
            connection.transport.close()


class Connection(asyncio.BufferedProtocol):
    """One peer. `position` counts the octets of this connection that belong to whole records."""

    transport: asyncio.Transport

    def __init__(self, receiver: Receiver, link: LinkState, record_s: float, idle_s: float, limit: int) -> None:
        self._receiver = receiver
        self.link = link
        self._record_s = record_s
        self._idle_s = idle_s
        self._limit = limit
        self._number = next(receiver.numbers)
        self._session = LemfSession(receiver.session)
        self._peer = "?"
        self._counted = False
        self._closing = False
        self._deaf = False
        self._arena: Arena | None = None
        self._carry = b""
        self._own: bytearray | None = None
        self._have = 0
        self._whole = False
        self._skip = 0
        self._partial_since_s: float | None = None
        self._heard_s = 0.0
        self.position = 0
        self.outstanding = 0

    # Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        name = transport.get_extra_info("peername")
        self._peer = f"{name[0]}:{name[1]}" if isinstance(name, tuple) else "local"
        receiver, link = self._receiver, self.link
        if len(receiver.connections) >= receiver.max_connections or link.connections >= self._limit:
            self._end(TOO_MANY_CONNECTIONS, "there are as many connections as the configuration allows")
            return
        receiver.connections[self._number] = self
        self._counted = True
        link.connections += 1
        link.accepted_connections += 1
        self._heard_s = receiver.loop.time()
        transport.set_write_buffer_limits(ANSWERS_OCTETS)
        self._session.connected(receiver.now_us())
        if receiver.paused or link.guard.paused:
            self.pause()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self._counted:
            return
        receiver = self._receiver
        receiver.connections.pop(self._number, None)
        self.link.connections -= 1
        receiver.assembly.forget(self)
        if not self._closing and self._unfinished:
            self.link.errors[HALF_RECORD] += 1
            self._tell(HALF_RECORD, f"the connection ended {self._unfinished} octets into a record")
        self._release()

    def eof_received(self) -> bool:
        return False

    def pause_writing(self) -> None:
        """It does not read our answers: then we do not read its questions."""
        self._deaf = True
        self.transport.pause_reading()

    def resume_writing(self) -> None:
        self._deaf = False
        if self._readable:
            self.transport.resume_reading()

    def pause(self) -> None:
        self.transport.pause_reading()

    def resume(self) -> None:
        now_s = self._receiver.loop.time()
        self._heard_s = now_s
        if self._partial_since_s is not None:
            # While we did not read, the peer could not have finished.
            self._partial_since_s = now_s
        if self._whole and not self.link.guard.paused:
            self._move()
        if self._readable:
            self.transport.resume_reading()

    @property
    def _readable(self) -> bool:
        return not (self._receiver.paused or self.link.guard.paused or self._deaf or self._closing)

    # Receiving. The transport calls get_buffer, receives and calls buffer_updated without a turn of the loop between.

    def get_buffer(self, sizehint: int) -> memoryview:
        if self._skip or self._closing:
            return self._receiver.discard[: min(self._skip or _DISCARD, _DISCARD)]
        if self._own is None:
            carried = len(self._carry)
            arena = self._receiver.assembly.reserve(carried + MIN_READ_OCTETS)
            if arena is not None:
                self._arena = arena
                start = arena.filled + carried
                return arena.view[start : min(start + READ_OCTETS, arena.octets)]
            self._receiver.pause()
            self._spill(max(2 * carried, MIN_READ_OCTETS))
        assert self._own is not None
        if self._have == len(self._own):
            self._spill(len(self._own) + MIN_READ_OCTETS)
        return memoryview(self._own)[self._have :]

    def buffer_updated(self, nbytes: int) -> None:
        try:
            self._updated(nbytes)
        except Exception as error:
            # Half of what was received has been judged and half has not: nothing may be acknowledged from here on.
            self._receiver.on_defect(f"The collector met a defect and stops: {type(error).__name__}: {error}")
            raise

    def _updated(self, nbytes: int) -> None:
        receiver = self._receiver
        self._heard_s = receiver.last_octets_s = receiver.loop.time()
        self.link.octets += nbytes
        if self._closing:
            return
        if self._skip:
            self._skip -= nbytes
            self.position += nbytes
            if not self._skip:
                self._partial_since_s = None
            return
        if self._own is not None:
            self._have += nbytes
            self._grown()
            return
        arena, carry = self._arena, self._carry
        assert arena is not None
        start, stop = arena.filled, arena.filled + len(carry) + nbytes
        if carry:
            arena.view[start : start + len(carry)] = carry
        self._consume(arena, start, stop)

    def _consume(self, arena: Arena, start: int, stop: int) -> None:
        fed = self._receiver.pipeline.feed(self.link, self, arena.view, start, stop, self.position)
        self.position += fed.end - start
        # What is not whole is copied out, so its place in the arena is free again.
        arena.filled = fed.end
        had_none = self._partial_since_s is None
        self._carry = b"" if fed.end == stop or fed.fatal else bytes(arena.view[fed.end : stop])
        self._skip = fed.skip
        if self._carry or self._skip:
            if had_none or fed.end > start:
                self._partial_since_s = self._heard_s
        else:
            self._partial_since_s = None
        self._receiver.assembly.touch()
        self._write()
        if fed.fatal:
            self.link.errors[fed.fatal] += 1
            self._end(fed.fatal, f"framing was lost {self.position} octets into the connection")
        elif self.link.guard.paused:
            self._receiver.pause_link(self.link)
        if len(self._carry) > SMALL_CARRY_OCTETS and not self._closing:
            self._spill(self._larger(len(self._carry)))

    # Large unfinished records

    def _spill(self, octets: int) -> None:
        """Room of `octets` in a buffer of the connection's own, for what it has of a record."""
        receiver = self._receiver
        old = self._own
        grown = octets - (len(old) if old is not None else 0)
        if receiver.spilled + grown > receiver.spill_octets:
            self._end(TOO_MUCH_UNFINISHED, "unfinished records of all connections take more memory than is allowed")
            self._own, self._have, self._carry = bytearray(MIN_READ_OCTETS), 0, b""
            receiver.spilled += MIN_READ_OCTETS - (len(old) if old is not None else 0)
            return
        own = bytearray(octets)
        if old is not None:
            own[: self._have] = memoryview(old)[: self._have]
        else:
            self._have = len(self._carry)
            own[: self._have] = self._carry
            self._carry = b""
        receiver.spilled += grown
        self._own = own

    def _grown(self) -> None:
        """More octets in the own buffer: is there a whole record now?"""
        receiver, probe = self._receiver, self._receiver.probe
        assert self._own is not None
        end = scan(self._own, 0, self._have, probe, receiver.liids, self.link.max_record_octets)
        if end or probe.n or probe.fatal or probe.skip:
            self._whole = True
            self._move()
        elif self._have == len(self._own):
            self._spill(self._larger(self._have))

    def _larger(self, octets: int) -> int:
        """The next size of the own buffer. At the largest record and a little more the scan has given its answer."""
        return max(min(2 * octets, self.link.max_record_octets + MIN_READ_OCTETS), octets + MIN_READ_OCTETS)

    def _move(self) -> None:
        """From the own buffer into an arena, as soon as there is one."""
        assert self._own is not None
        arena = self._receiver.assembly.reserve(self._have)
        if arena is None or arena.room < self._have:
            self._receiver.pause()
            return
        start, stop = arena.filled, arena.filled + self._have
        arena.view[start:stop] = memoryview(self._own)[: self._have]
        self._release()
        self._consume(arena, start, stop)

    def _release(self) -> None:
        if self._own is not None:
            self._receiver.spilled -= len(self._own)
        self._own, self._have, self._whole, self._carry = None, 0, False, b""

    # Session

    def tri(self, octets: bytes, position: int) -> None:
        """A transport-related record of this connection."""
        for event in self._session.tri(octets, position, self._receiver.now_us()):
            if isinstance(event, ProtocolViolation):
                self.link.errors[event.code] += 1
                if event.code == DecodeError.TOO_MANY:
                    self._end(event.code, event.message)
            elif isinstance(event, OptionsAgreed) and not event.acknowledgement:
                self.link.errors["NO_ACKNOWLEDGEMENT"] += 1

    def durable(self, position: int) -> None:
        """Everything up to `position` is on disk or needs not be."""
        self._session.durable(position, self._receiver.now_us())
        self._write()

    def _write(self) -> None:
        answer = self._session.outgoing()
        if answer and not self._closing:
            self.transport.write(answer)

    # Ends

    @property
    def _unfinished(self) -> int:
        return self._have or len(self._carry) or (1 if self._skip else 0)

    def check_time(self, now_s: float) -> None:
        if self.link.guard.paused:
            # It cannot finish a record that is not read.
            return
        since_s = self._partial_since_s
        if since_s is not None and not self._whole and now_s - since_s > self._record_s:
            self._end(
                HALF_RECORD, f"a record did not end within {self._record_s:g} s; {self._unfinished} octets of it came"
            )
        elif now_s - self._heard_s > self._idle_s:
            self._end(SILENT, f"nothing came for {self._idle_s:g} s")

    def _end(self, code: str, text: str) -> None:
        if self._closing:
            return
        self._closing = True
        self.link.closed[code] += 1
        self._tell(code, text)
        self.transport.close()

    def _tell(self, code: str, text: str) -> None:
        self._receiver.report(self.link.name, self._peer, code, text)
