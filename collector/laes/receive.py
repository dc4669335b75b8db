"""The sockets of the US dialects: connections of call data, and one socket for the datagrams of a link.

Rules. Nothing is ever answered. Call data is framed by `asn1.laes.stream`; what has come whole is judged at once, into
the arena, or waits in the connection, which is not read meanwhile, until there is an arena again. A datagram is one
piece of content; while nothing is read, datagrams wait in the socket, and what the kernel drops there is counted and
told. Datagrams that nobody has announced wait in the lane, at least until the call data that came before was read, so
that a busy machine makes no difference. No record is judged here. One thread, the event loop's.
"""

from __future__ import annotations

import contextlib
import select
import socket
import struct
from collections import deque
from typing import Final, Protocol

from asn1.columns import KIND_CC, KIND_IRI
from asn1.laes import cc_apdu
from asn1.laes.describe import dialect_named
from asn1.laes.stream import Frame, Framer
from collector.assembly import Source
from collector.laes.lane import LaesLane
from collector.laes.link import Arrived
from collector.laes.terms import LaesTerms
from collector.pipeline import LinkState, Pipeline
from collector.receiver import PeerConnection, Receiver

READ_OCTETS: Final = 64 * 1024
"""Most octets of one read of call data, and more than a datagram can have."""
DATAGRAMS_A_TURN: Final = 64
"""Datagrams read before the event loop's other connections have their turn."""
SOCKET_OCTETS: Final = 4 << 20
"""Asked of the kernel for the datagrams of a link; it may give less (net.core.rmem_max)."""
KERNEL_DROPPED: Final = "KERNEL_DROPPED"
_SO_RXQ_OVFL: Final = 40
"""Linux's socket option: a count of what the kernel dropped comes with each datagram (asm-generic/socket.h)."""
_COUNT: Final = struct.Struct("=I")
_WRAP: Final = 1 << 32


class Counted(Source, Protocol):
    """`position`: octets of it that were judged."""

    position: int


class LinkSource(Counted, Protocol):
    """A socket of a link."""

    link: LinkState


class Lane(Protocol):
    """What gives one whole record its verdict."""

    def message(self, name: str, arrived: Arrived, now_us: int) -> None: ...

    def oversized(self, name: str, octets: int, kind: int) -> None: ...

    def taken(self) -> int: ...


class RecordFeed:
    """What the sockets of one lane share: the way of a whole record into an arena and through the lane. `kind`: of a
    record that is larger than its link takes."""

    def __init__(self, receiver: Receiver, pipeline: Pipeline, lane: Lane, kind: int = KIND_IRI) -> None:
        self.receiver = receiver
        self._pipeline = pipeline
        self._lane = lane
        self._kind = kind
        self.buffer = bytearray(READ_OCTETS)

    def judge(self, source: LinkSource, octets: bytes) -> bool:
        """One whole record; False, and nothing has happened, when no arena is free."""
        receiver, assembly = self.receiver, self.receiver.assembly
        arena = assembly.reserve(len(octets))
        if arena is None or arena.room < len(octets):
            receiver.pause()
            return False
        self._pipeline.come_due()
        start = arena.filled
        arena.view[start : start + len(octets)] = octets
        arena.filled = start + len(octets)
        now_us = receiver.now_us()
        self._hand(source, Arrived(octets, start, now_us), now_us)
        self.account(source, len(octets))
        return True

    def _hand(self, source: LinkSource, arrived: Arrived, now_us: int) -> None:
        self._lane.message(source.link.name, arrived, now_us)

    def oversized(self, source: LinkSource, octets: int) -> None:
        """A record that is larger than the link takes."""
        self._lane.oversized(source.link.name, octets, self._kind_on(source))
        self.account(source, 0)

    def _kind_on(self, source: LinkSource) -> int:
        return self._kind

    def account(self, source: Counted, octets: int) -> None:
        """What the lane has judged is delivered."""
        records = self._lane.taken()
        if records:
            source.position += octets
            self.receiver.assembly.scanned(source, source.position, octets, records)
            self.receiver.assembly.touch()


class Feed(RecordFeed):
    """That of the US dialects. It stands for its sockets where content leaves the lane that came on any of them."""

    def __init__(self, receiver: Receiver, pipeline: Pipeline, lane: LaesLane) -> None:
        super().__init__(receiver, pipeline, lane)
        self.lane = lane
        self.position = 0
        self.outstanding = 0

    def _hand(self, source: LinkSource, arrived: Arrived, now_us: int) -> None:
        if isinstance(source, CccSocket):
            self.lane.content(source.link.name, arrived, now_us)
        else:
            super()._hand(source, arrived, now_us)

    def _kind_on(self, source: LinkSource) -> int:
        return KIND_CC if isinstance(source, CccSocket) else KIND_IRI

    def waiting(self, everything: bool = False) -> None:
        """Content that has waited long enough, or all of it."""
        self.lane.waiting(self.receiver.now_us(), everything, self._unread)
        self.account(self, 0)

    def _unread(self, group: str) -> bool:
        """Whether call data of a group lies in one of our sockets, or in a connection that waits for something."""
        return any(
            one.unread
            for one in self.receiver.connections.values()
            if isinstance(one, CdcConnection) and one.link.laes is not None and one.link.laes.group == group
        )

    def durable(self, position: int) -> None:
        """Nobody is told."""

    def lost(self, position: int) -> None:
        """Another collector has taken a stream of the same batch; what comes here has none."""
        self.durable(position)


class RecordConnection(PeerConnection):
    """One peer that sends whole BER records, one behind the other, that begin with any of `starts`."""

    def __init__(
        self, feed: RecordFeed, link: LinkState, starts: bytes, record_s: float, idle_s: float, limit: int
    ) -> None:
        super().__init__(feed.receiver, link, record_s, idle_s, limit)
        self._feed = feed
        self._framer = Framer(starts, link.max_record_octets)
        self._whole: deque[Frame] = deque()
        self._spilled = 0

    def _begin(self) -> None:
        pass

    def durable(self, position: int) -> None:
        """Nobody is told."""

    def lost(self, position: int) -> None:
        """Another collector has taken a stream of the same batch; what comes here has none."""
        self.durable(position)

    @property
    def _unfinished(self) -> int:
        return self._framer.held_octets or int(self._framer.inside or bool(self._whole))

    @property
    def holds(self) -> bool:
        return self._spilled > 0

    @property
    def _waits(self) -> bool:
        return bool(self._whole)

    def get_buffer(self, sizehint: int) -> memoryview:
        return memoryview(self._feed.buffer)

    def buffer_updated(self, nbytes: int) -> None:
        receiver = self._receiver
        try:
            self._heard_s = receiver.last_octets_s = receiver.loop.time()
            self.link.octets += nbytes
            if not self._closing:
                self._updated(bytes(memoryview(self._feed.buffer)[:nbytes]))
        except Exception as error:
            # Half of what was received has been judged and half has not.
            receiver.on_defect(f"The collector met a defect and stops: {type(error).__name__}: {error}")
            raise

    def _updated(self, octets: bytes) -> None:
        frames = self._framer.feed(octets)
        self._whole.extend(frames)
        if not self._framer.inside:
            self._partial_since_s = None
        elif frames or self._partial_since_s is None:
            self._partial_since_s = self._heard_s
        self._drain()
        self._spill()

    def _drain(self) -> None:
        """Judge what is whole, as far as there is room and the link goes on."""
        while self._whole and not self.link.guard.paused:
            frame = self._whole[0]
            if frame.error is None:
                if not self._feed.judge(self, frame.octets):
                    return
            elif frame.passed_over:
                self._feed.oversized(self, frame.passed_over)
            else:
                self.link.errors[frame.error.code] += 1
                self._end(frame.error.code, f"framing was lost {frame.offset} octets into the connection")
            self._whole.popleft()
        if self.link.guard.paused:
            self._receiver.pause_link(self.link)

    def _go_on(self) -> None:
        self._drain()

    def _spill(self) -> None:
        """What is held of an unfinished record counts among that of all connections."""
        receiver, held = self._receiver, 0 if self._closing else self._framer.held_octets
        receiver.spilled += held - self._spilled
        self._spilled = held
        while receiver.spilled > receiver.spill_octets and held and receiver.give_up_oldest(self):
            pass
        if receiver.spilled > receiver.spill_octets and held:
            self.give_up()

    def _release(self) -> None:
        self._receiver.spilled -= self._spilled
        self._spilled = 0


class CdcConnection(RecordConnection):
    """One peer that sends call data."""

    def __init__(self, feed: Feed, link: LinkState, record_s: float, idle_s: float, limit: int) -> None:
        assert link.laes is not None
        super().__init__(feed, link, _starts(link.laes), record_s, idle_s, limit)

    @property
    def unread(self) -> bool:
        """Whether something has come that was not judged yet."""
        if self._closing or self._waits:
            return self._waits and not self._closing
        known = self.transport.get_extra_info("socket")
        looked = select.poll()
        looked.register(known, select.POLLIN)
        return bool(looked.poll(0))


def _starts(terms: LaesTerms) -> bytes:
    """CC-APDUs may be among the call data of a dialect that has them."""
    dialect = dialect_named(terms.dialect)
    return dialect.starts + (cc_apdu.STARTS if dialect.is_apdu(cc_apdu.STARTS) else b"")


class CccSocket:
    """The datagrams of one link. Nobody connects, so whoever can reach the address can send; what is sent is judged by
    what call data announced."""

    def __init__(self, feed: Feed, link: LinkState, bound: socket.socket) -> None:
        assert link.laes is not None and link.laes.ccc is not None
        self._feed = feed
        self.link = link
        self._socket = bound
        self._receiver = feed.receiver
        self._number = next(feed.receiver.numbers)
        self._waits: bytes | None = None
        self._reading = False
        self._dropped = 0
        self._told = 0
        self.position = 0
        self.outstanding = 0
        with contextlib.suppress(OSError):
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SOCKET_OCTETS)
        with contextlib.suppress(OSError):
            bound.setsockopt(socket.SOL_SOCKET, _SO_RXQ_OVFL, 1)
        bound.setblocking(False)
        feed.receiver.connections[self._number] = self
        self.resume()

    def durable(self, position: int) -> None:
        """Nobody is told."""

    def lost(self, position: int) -> None:
        """Another collector has taken a stream of the same batch; what comes here has none."""
        self.durable(position)

    def pause(self) -> None:
        if self._reading:
            self._reading = False
            self._receiver.loop.remove_reader(self._socket)

    def resume(self) -> None:
        if self._waits is not None and not self.link.guard.paused:
            octets, self._waits = self._waits, None
            self._judge(octets)
        if not (self._reading or self._receiver.paused or self._receiver.stopped or self.link.guard.paused):
            self._reading = True
            self._receiver.loop.add_reader(self._socket, self._readable)

    def check_time(self, now_s: float) -> None:
        """What has waited long enough is judged; what the kernel dropped is told."""
        self._feed.waiting()
        if self._dropped > self._told:
            lost, self._told = self._dropped - self._told, self._dropped
            self._receiver.report(
                self.link.name, "datagrams", KERNEL_DROPPED, f"the kernel had no room for {lost} datagrams"
            )

    def close(self) -> None:
        self.pause()
        self._receiver.connections.pop(self._number, None)
        self._receiver.assembly.forget(self)
        self._socket.close()

    def _readable(self) -> None:
        try:
            for _ in range(DATAGRAMS_A_TURN):
                if not self._reading or not self._receive():
                    break
            self._feed.waiting()
        except Exception as error:
            self._receiver.on_defect(f"The collector met a defect and stops: {type(error).__name__}: {error}")
            raise

    def _receive(self) -> bool:
        """One datagram; False when there is none."""
        buffer = self._feed.buffer
        try:
            octets, ancillary, _, _ = self._socket.recvmsg_into([buffer], socket.CMSG_SPACE(_COUNT.size))
        except (BlockingIOError, InterruptedError):
            return False
        except OSError as error:
            # A datagram that could not be had: the next may.
            self.link.errors[type(error).__name__] += 1
            return False
        self._receiver.last_octets_s = self._receiver.loop.time()
        self.link.octets += octets
        for level, kind, data in ancillary:
            if level == socket.SOL_SOCKET and kind == _SO_RXQ_OVFL:
                self._count(_COUNT.unpack(data)[0])
        self._judge(bytes(memoryview(buffer)[:octets]))
        return True

    def _judge(self, octets: bytes) -> None:
        if len(octets) > self.link.max_record_octets:
            self._feed.oversized(self, len(octets))
        elif not self._feed.judge(self, octets):
            self._waits = octets
        elif self.link.guard.paused:
            self._receiver.pause_link(self.link)

    def _count(self, dropped: int) -> None:
        """The kernel's counter of this socket, 32 bits, as of this datagram."""
        more = (dropped - self._dropped) % _WRAP
        self._dropped += more
        self.link.errors[KERNEL_DROPPED] += more
