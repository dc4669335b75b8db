"""What all connections share, whatever their dialect: the arena they fill, the pressure, the limits, the ends.

Rules. When no arena is free nothing is read until one is. While much is received and not durable, connections that have
more to send are read in turn (`turns`). A connection is closed, with a code, when a record does not end in time, when
it sends nothing for too long, or when there are too many; what was received whole before that is judged, stored and
counted. Where unfinished records take more memory than is allowed, the one unfinished for longest goes: an honest one
ends in milliseconds, and a peer that never finishes makes itself the oldest. What is read, and how, is for `receive`
(ETSI) and `laes.receive` to say. One thread, the event loop's.
"""

from __future__ import annotations

import asyncio
import itertools
from abc import abstractmethod
from collections.abc import Callable
from typing import Final, Protocol

from asn1.columns import Columns, LiidTable
from collector.assembly import Assembly
from collector.fleet.claiming import Claiming
from collector.pipeline import LinkState, Pipeline
from collector.turns import Turn, Turns

ANSWERS_OCTETS: Final = 64 * 1024
"""Answers that a peer may leave unread before it is not read either."""
DISCARD_OCTETS: Final = 64 * 1024
TURN_S: Final = 0.002
"""Turns are given when something has become durable; so often where nothing is on its way."""

HALF_RECORD: Final = "HALF_RECORD"
SILENT: Final = "SILENT"
TOO_MANY_CONNECTIONS: Final = "TOO_MANY_CONNECTIONS"
TOO_MUCH_UNFINISHED: Final = "TOO_MUCH_UNFINISHED"


class ConnectionReport(Protocol):
    """Hears of every connection that is refused or closed for a reason; `text` is for people, without content."""

    def __call__(self, link: str, peer: str, code: str, text: str) -> None: ...


class Reading(Protocol):
    """Whatever reads on a link: a connection, or a socket for datagrams."""

    link: LinkState

    def pause(self) -> None: ...

    def resume(self) -> None: ...

    def check_time(self, now_s: float) -> None: ...

    def close(self) -> None: ...


class Receiver:
    """What all connections share: arena, pressure, limits. `spill_octets` bounds all unfinished large records,
    `backlog_octets` is what may be judged and not durable before connections are read in turn. `now_us` is the run's
    clock, `session_us` real time: the timers of peers are real. `claiming`: where streams are shared with other
    collectors."""

    def __init__(
        self,
        pipeline: Pipeline,
        assembly: Assembly,
        liids: LiidTable,
        *,
        max_connections: int,
        spill_octets: int,
        backlog_octets: int,
        now_us: Callable[[], int],
        session_us: Callable[[], int],
        report: ConnectionReport,
        on_defect: Callable[[str], None],
        claiming: Claiming | None = None,
    ) -> None:
        self.claiming = claiming
        self.pipeline = pipeline
        self.assembly = assembly
        self.liids = liids
        self.max_connections = max_connections
        self.spill_octets = spill_octets
        self.now_us = now_us
        self.session_us = session_us
        self.report = report
        self.on_defect = on_defect
        self.loop = asyncio.get_running_loop()
        self.connections: dict[int, Reading] = {}
        self.spilled = 0
        self.turns = Turns(backlog_octets, max(backlog_octets, spill_octets // 2))
        self._next_turns: asyncio.Handle | None = None
        self.paused = False
        self.stopped = False
        self.pauses = 0
        self.last_octets_s = self.loop.time()
        self.discard = memoryview(bytearray(DISCARD_OCTETS))
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

    def freed(self) -> None:
        """Something of somebody became durable: there may be room for those who wait."""
        if self.turns.waiting and (self._next_turns is None or isinstance(self._next_turns, asyncio.TimerHandle)):
            # Not at once: more of the same batch becomes durable in this turn of the loop.
            self._look_at_turns(self.loop.call_soon(self._give_turns))

    def await_turns(self) -> None:
        """Somebody waits."""
        if self._next_turns is None:
            self._look_at_turns(self.loop.call_later(TURN_S, self._give_turns))

    def _look_at_turns(self, handle: asyncio.Handle) -> None:
        if self._next_turns is not None:
            self._next_turns.cancel()
        self._next_turns = handle

    def _give_turns(self) -> None:
        self._next_turns = None
        for turn in self.turns.give():
            turn.wake()
        if self.turns.waiting:
            self.await_turns()

    def give_up_oldest(self, asking: PeerConnection) -> bool:
        """Close whoever's large record is unfinished for longest; False when that is `asking`, or nobody's."""
        held = [one for one in self.connections.values() if isinstance(one, PeerConnection) and one.holds]
        oldest = min((*held, asking), key=lambda one: one.unfinished_since_s)
        if oldest is asking:
            return False
        oldest.give_up()
        return True

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
        for connection in list(self.connections.values()):
            if isinstance(connection, PeerConnection):
                connection.check_answers()
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
            connection.close()


class PeerConnection(asyncio.BufferedProtocol):
    """One peer. `position` counts the octets of this connection that belong to whole records."""

    transport: asyncio.Transport

    def __init__(self, receiver: Receiver, link: LinkState, record_s: float, idle_s: float, limit: int) -> None:
        self._receiver = receiver
        self.link = link
        self._record_s = record_s
        self._idle_s = idle_s
        self._limit = limit
        self._number = next(receiver.numbers)
        self._peer = "?"
        self._counted = False
        self._closing = False
        self._deaf = False
        self._resting = False
        self._claiming = False
        """What came waits until its streams are claimed."""
        self.turn = Turn(link.name, self._wake)
        self._partial_since_s: float | None = None
        self._heard_s = 0.0
        self.position = 0
        self.outstanding = 0

    # What a dialect adds

    @property
    @abstractmethod
    def _unfinished(self) -> int:
        """Octets of a record that has not ended; 0 between records."""

    @property
    @abstractmethod
    def holds(self) -> bool:
        """Whether memory of its own is taken by an unfinished record."""

    @property
    @abstractmethod
    def _waits(self) -> bool:
        """Whether something whole waits for an arena."""

    @abstractmethod
    def durable(self, position: int) -> None:
        """Everything up to `position` is on disk or needs not be."""

    @abstractmethod
    def lost(self, position: int) -> None:
        """As `durable`, but another collector has taken streams of what came."""

    @abstractmethod
    def _begin(self) -> None:
        """The peer may send."""

    @abstractmethod
    def _go_on(self) -> None:
        """There may be an arena again for what waits."""

    @abstractmethod
    def _release(self) -> None:
        """Give back what is held of unfinished records."""

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
        self._begin()
        if receiver.paused or link.guard.paused:
            self.pause()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self._counted:
            return
        receiver = self._receiver
        receiver.connections.pop(self._number, None)
        self.link.connections -= 1
        receiver.assembly.forget(self)
        receiver.turns.forget(self.turn)
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

    def _rest(self) -> None:
        """Not read until its turn comes."""
        self._resting = True
        self.transport.pause_reading()
        self._receiver.await_turns()

    def _wake(self) -> None:
        """Its turn has come."""
        self._resting = False
        self._heard_again()
        if self._readable:
            self.transport.resume_reading()

    def _settled(self, position: int) -> None:
        """Everything up to `position` is durable: there is room for others."""
        self._receiver.turns.settled(self.turn, position)
        self._receiver.freed()

    def resume(self) -> None:
        self._heard_again()
        if not self.link.guard.paused:
            self._go_on()
        if self._readable:
            self.transport.resume_reading()

    def _heard_again(self) -> None:
        now_s = self._receiver.loop.time()
        self._heard_s = now_s
        if self._partial_since_s is not None:
            # While we did not read, the peer could not have finished.
            self._partial_since_s = now_s

    @property
    def _readable(self) -> bool:
        silenced = self._receiver.paused or self.link.guard.paused or self._deaf
        return not (silenced or self._resting or self._claiming or self._closing)

    @property
    def unfinished_since_s(self) -> float:
        """Since when its record is unfinished, by the loop's clock; now where it has just begun."""
        since_s = self._partial_since_s
        return self._receiver.loop.time() if since_s is None else since_s

    # Ends

    def check_answers(self) -> None:
        """Look whether an answer is owed for too long; also while nothing is read, which may be the reason."""

    def check_time(self, now_s: float) -> None:
        if self.link.guard.paused or self._resting or self._claiming:
            # It cannot finish a record that is not read.
            return
        since_s = self._partial_since_s
        if since_s is not None and not self._waits and now_s - since_s > self._record_s:
            self._end(
                HALF_RECORD, f"a record did not end within {self._record_s:g} s; {self._unfinished} octets of it came"
            )
        elif now_s - self._heard_s > self._idle_s:
            self._end(SILENT, f"nothing came for {self._idle_s:g} s")

    def close(self) -> None:
        self.transport.close()

    def give_up(self) -> None:
        """Its unfinished record takes memory that others need."""
        self._end(TOO_MUCH_UNFINISHED, "unfinished records of all connections take more memory than is allowed")
        self._release()

    def _end(self, code: str, text: str) -> None:
        if self._closing:
            return
        self._closing = True
        self.link.closed[code] += 1
        self._tell(code, text)
        self.transport.close()

    def _tell(self, code: str, text: str) -> None:
        self._receiver.report(self.link.name, self._peer, code, text)
