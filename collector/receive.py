"""ETSI connections: octets from sockets into arenas, records out of them, answers back. No record is judged here.

Rules. What a connection sends is framed by `asn1.scan` and nothing else. All connections receive into the same arena,
one after the other, so that a thousand slow peers need no thousand buffers; the beginning of a record that is not
whole yet is carried over by its connection, in a buffer of its own once it is large. A connection is closed, with a
code, when framing is lost; for its other ends see `receiver`. One thread, the event loop's.

Where streams are shared among collectors (ADR 0047) what lies behind a record of an unclaimed stream waits in the
connection's own buffer, and the connection is not read, until the streams are claimed; the others go on. When another
collector has taken a stream, the connection is closed without an answer: its peer sends again.
"""

from __future__ import annotations

from typing import Final

from asn1.errors import DecodeError
from asn1.handover import AnswerOverdue, LemfSession, OptionsAgreed, ProtocolViolation, TriSeen
from asn1.scan import scan
from collector.arena import Arena
from collector.fleet.names import StreamName
from collector.pipeline import LinkState
from collector.receiver import DISCARD_OCTETS, PeerConnection, Receiver

READ_OCTETS: Final = 256 * 1024
"""Most octets of one read: one busy connection must not keep the others waiting for long."""
FEW_CONNECTIONS: Final = 4
FEW_READ_OCTETS: Final = 1024 * 1024
"""The same where there are so few that each is soon read again: all that is paid by the read is paid less often."""
MIN_READ_OCTETS: Final = 16 * 1024
"""Less room than this at the end of an arena is not worth a system call; the next arena is taken."""
SMALL_CARRY_OCTETS: Final = 4096
"""Up to here the beginning of a record is copied to the next read; beyond, the connection gets its own buffer."""

STREAM_MOVED: Final = "STREAM_MOVED"
"""Another collector has taken a stream of this connection."""
ANSWER_OVERDUE: Final = "ANSWER_OVERDUE"
"""TIME2 passed before what the peer asked about was durable; it is answered when it is."""


class Connection(PeerConnection):
    """One peer that sends ETSI records."""

    def __init__(self, receiver: Receiver, link: LinkState, record_s: float, idle_s: float, limit: int) -> None:
        super().__init__(receiver, link, record_s, idle_s, limit)
        self._session = LemfSession(link.handover.session)
        self._arena: Arena | None = None
        self._carry = b""
        self._own: bytearray | None = None
        self._have = 0
        self._whole = False
        self._skip = 0
        self._offered = 0

    def _begin(self) -> None:
        self._session.connected(self._receiver.session_us())

    @property
    def _unfinished(self) -> int:
        return self._have or len(self._carry) or (1 if self._skip else 0)

    @property
    def holds(self) -> bool:
        return self._own is not None and not self._whole

    @property
    def _waits(self) -> bool:
        return self._whole

    def _go_on(self) -> None:
        if self._whole and not self._claiming:
            self._move()

    # Receiving. The transport calls get_buffer, receives and calls buffer_updated without a turn of the loop between.

    def get_buffer(self, sizehint: int) -> memoryview:
        if self._skip or self._closing:
            return self._receiver.discard[: min(self._skip or DISCARD_OCTETS, DISCARD_OCTETS)]
        if self._own is None:
            carried = len(self._carry)
            arena = self._receiver.assembly.reserve(carried + MIN_READ_OCTETS)
            if arena is not None:
                self._arena = arena
                start = arena.filled + carried
                few = len(self._receiver.connections) <= FEW_CONNECTIONS
                most = FEW_READ_OCTETS if few else READ_OCTETS
                most = self._receiver.turns.read_octets(self.turn, MIN_READ_OCTETS, most)
                self._offered = min(most, arena.octets - start)
                return arena.view[start : start + self._offered]
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
        if receiver.turns.judged(self.turn, self.position, nbytes, nbytes == self._offered, self._heard_s):
            self._rest()

    def _consume(self, arena: Arena, start: int, stop: int) -> None:
        fed = self._receiver.pipeline.feed(self.link, self, arena.view, start, stop, self.position)
        self.position += fed.end - start
        # What is not whole is copied out, so its place in the arena is free again.
        arena.filled = fed.end
        had_none = self._partial_since_s is None
        self._carry = b"" if fed.end == stop or fed.fatal or fed.wanted else bytes(arena.view[fed.end : stop])
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
        if fed.wanted:
            self._claim(fed.wanted, arena.view[fed.end : stop])
        if len(self._carry) > SMALL_CARRY_OCTETS and not self._closing:
            self._spill(self._larger(len(self._carry)))

    # Streams of others

    def _claim(self, wanted: tuple[StreamName, ...], rest: memoryview) -> None:
        """Keep the rest of what came until its streams are claimed."""
        receiver = self._receiver
        assert receiver.claiming is not None
        self._spill(len(rest))
        if self._closing:
            return
        assert self._own is not None
        self._own[: len(rest)] = rest
        self._have, self._whole = len(rest), True
        self._claiming = True
        self.transport.pause_reading()
        receiver.claiming.claim(wanted, self._claimed)

    def _claimed(self) -> None:
        """All streams that it waited for are ours, or were until a moment ago."""
        self._claiming = False
        if self._closing or not self._whole:
            return
        receiver = self._receiver
        self._heard_again()
        if not (receiver.paused or receiver.stopped or self.link.guard.paused):
            try:
                self._move()
            except Exception as error:
                receiver.on_defect(f"The collector met a defect and stops: {type(error).__name__}: {error}")
                raise
        if self._readable:
            self.transport.resume_reading()

    def lost(self, position: int) -> None:
        """What it brought is another collector's to keep: nothing more is answered here."""
        self._end(STREAM_MOVED, "another collector has taken over what this connection brings; it is to send again")

    # Large unfinished records

    def _spill(self, octets: int) -> None:
        """Room of `octets` in a buffer of the connection's own, for what it has of a record."""
        receiver = self._receiver
        old = self._own
        grown = octets - (len(old) if old is not None else 0)
        while receiver.spilled + grown > receiver.spill_octets and receiver.give_up_oldest(self):
            pass
        if receiver.spilled + grown > receiver.spill_octets:
            self.give_up()
            self._own = bytearray(MIN_READ_OCTETS)
            receiver.spilled += MIN_READ_OCTETS
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
        self._receiver.turns.judged(self.turn, self.position, 0, False, self._heard_s)

    def _release(self) -> None:
        if self._own is not None:
            self._receiver.spilled -= len(self._own)
        self._own, self._have, self._whole, self._carry = None, 0, False, b""

    # Session

    def tri(self, octets: bytes, position: int) -> None:
        """A transport-related record of this connection."""
        for event in self._session.tri(octets, position, self._receiver.session_us()):
            if isinstance(event, ProtocolViolation):
                self.link.errors[event.code] += 1
                if event.code == DecodeError.TOO_MANY:
                    self._end(event.code, event.message)
            elif isinstance(event, OptionsAgreed) and not event.acknowledgement:
                self.link.errors["NO_ACKNOWLEDGEMENT"] += 1
            elif isinstance(event, TriSeen):
                self.link.handover.heard(event.name, event.pdu, self._receiver.now_us())

    def durable(self, position: int) -> None:
        """Everything up to `position` is on disk or needs not be."""
        self._settled(position)
        self._session.durable(position, self._receiver.session_us())
        self._write()

    def _write(self) -> None:
        answer = self._session.outgoing()
        if answer and not self._closing:
            self.transport.write(answer)

    def check_answers(self) -> None:
        for event in self._session.timer(self._receiver.session_us()):
            if isinstance(event, AnswerOverdue):
                self.link.errors[ANSWER_OVERDUE] += 1
