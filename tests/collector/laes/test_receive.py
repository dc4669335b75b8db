"""The receivers under pressure, without sockets: no arena, a paused link, records that never end."""

from __future__ import annotations

import asyncio
import socket
from collections import Counter
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from asn1.laes import t1678
from collector.laes.link import Arrived
from collector.laes.receive import CccSocket, CdcConnection, Feed
from collector.laes.terms import LaesTerms
from collector.receiver import Receiver


class Transport(asyncio.Transport):
    """Of a connection: whether it is read, and whether it was closed."""

    def __init__(self, ours: socket.socket | None = None) -> None:
        super().__init__({"peername": ("127.0.0.1", 1), "socket": ours})
        self.reading, self.closed = True, False

    def pause_reading(self) -> None:
        self.reading = False

    def resume_reading(self) -> None:
        self.reading = True

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        pass

    def close(self) -> None:
        self.closed = True


class Lane:
    """Takes what it is given, and pauses the link's guard when it is told to."""

    def __init__(self, link: Any) -> None:
        self.link, self.seen, self.count, self.pause_after = link, list[bytes](), 0, 0

    def message(self, name: str, arrived: Arrived, now_us: int) -> None:
        self.seen.append(arrived.octets)
        self.count += 1
        self.link.guard.paused = len(self.seen) == self.pause_after

    content = message

    def oversized(self, name: str, octets: int, kind: int) -> None:
        self.seen.append(b"oversized %d" % octets)
        self.count += 1

    def waiting(self, now_us: int, everything: bool = False, unread: Callable[[str], bool] = lambda _: False) -> None:
        self.unread = unread

    def taken(self) -> int:
        count, self.count = self.count, 0
        return count


class Arenas:
    """An assembly with `room` records of room left."""

    def __init__(self) -> None:
        self.room, self.delivered = 100, 0

    def reserve(self, octets: int) -> Any:
        if not self.room:
            return None
        self.room -= 1
        return SimpleNamespace(room=octets, filled=0, view=memoryview(bytearray(octets)))

    def scanned(self, source: Any, position: int, octets: int, records: int) -> None:
        self.delivered += records

    def touch(self) -> None:
        pass

    def forget(self, source: Any) -> None:
        pass


@pytest.fixture
async def rig() -> Any:
    reports: list[str] = []
    link = SimpleNamespace(
        name="cdc", laes=LaesTerms("t1678", "us", "apdu"), connections=0, accepted_connections=0, octets=0, records=0,
        errors=Counter(), closed=Counter(), max_record_octets=4096, guard=SimpleNamespace(paused=False),
    )  # fmt: skip
    arenas = Arenas()
    receiver = Receiver(
        SimpleNamespace(come_due=lambda: None), arenas, None, max_connections=10, spill_octets=6000,
        backlog_octets=1 << 20, now_us=lambda: 0, session_us=lambda: 0,
        report=lambda link, peer, code, text: reports.append(code), on_defect=reports.append,
    )  # fmt: skip
    lane = Lane(link)
    feed = Feed(receiver, SimpleNamespace(come_due=lambda: None), lane)

    def connect() -> tuple[CdcConnection, Transport]:
        connection, transport = CdcConnection(feed, link, 1.0, 60.0, 10), Transport()
        connection.connection_made(transport)
        return connection, transport

    return SimpleNamespace(
        link=link, arenas=arenas, receiver=receiver, lane=lane, feed=feed, connect=connect, reports=reports
    )


def give(connection: CdcConnection, octets: bytes) -> None:
    """As a transport does."""
    for at in range(0, len(octets), 1000):
        piece = octets[at : at + 1000]
        connection.get_buffer(-1)[: len(piece)] = piece
        connection.buffer_updated(len(piece))


@pytest.fixture
def messages(us: Any) -> list[bytes]:
    return [us.T1678Call("A", str(number)).release() for number in range(6)]


async def test_without_an_arena_nothing_is_read_and_nothing_is_lost(rig: Any, messages: list[bytes]) -> None:
    connection, transport = rig.connect()
    rig.arenas.room = 2
    give(connection, b"".join(messages))
    assert rig.lane.seen == messages[:2] and rig.receiver.paused and not transport.reading
    rig.arenas.room = 100
    rig.receiver.resume()
    assert rig.lane.seen == messages and transport.reading and rig.arenas.delivered == 6


async def test_a_paused_link_is_read_no_further_in_the_middle_of_what_came(rig: Any, messages: list[bytes]) -> None:
    """R-022: the record that trips the guard is the last; the rest goes on when a supervisor says so."""
    connection, transport = rig.connect()
    rig.lane.pause_after = 3
    give(connection, b"".join(messages))
    assert rig.lane.seen == messages[:3] and not transport.reading
    rig.link.guard.paused = False
    rig.receiver.resume_link(rig.link)
    assert rig.lane.seen == messages and transport.reading


async def test_attack_unfinished_records_of_all_connections_are_bounded(rig: Any) -> None:
    head = b"\xa1\x82\x0f\x00"
    first, second = rig.connect(), rig.connect()
    give(first[0], head + bytes(3500))
    assert rig.receiver.spilled == 3504
    give(second[0], head + bytes(3500))
    assert first[1].closed and not second[1].closed and rig.reports == ["TOO_MUCH_UNFINISHED"]
    assert rig.receiver.spilled <= 6000
    for connection, _ in (first, second):
        connection.connection_lost(None)
    assert rig.receiver.spilled == 0 and rig.link.connections == 0


async def test_attack_one_octet_at_a_time_does_not_reset_the_clock(rig: Any, messages: list[bytes]) -> None:
    connection, transport = rig.connect()
    for octet in messages[0][:20]:
        give(connection, bytes([octet]))
    connection.check_time(rig.receiver.loop.time() + 0.5)
    assert not transport.closed
    connection.check_time(rig.receiver.loop.time() + 1.5)
    assert transport.closed and rig.link.closed == {"HALF_RECORD": 1}


async def test_a_record_larger_than_the_link_takes_is_counted_and_passed_over(rig: Any, messages: list[bytes]) -> None:
    connection, transport = rig.connect()
    give(connection, messages[0] + b"\xa1\x82\x20\x00" + bytes(0x2000) + messages[1])
    assert rig.lane.seen == [messages[0], b"oversized 8196", messages[1]] and not transport.closed


async def test_where_framing_is_lost_what_came_before_is_judged(rig: Any, messages: list[bytes]) -> None:
    connection, transport = rig.connect()
    give(connection, messages[0] + b"GET / HTTP/1.1\r\n\r\n" + messages[1])
    assert rig.lane.seen == [messages[0]] and transport.closed and rig.link.errors == {"WRONG_DIALECT": 1}
    assert connection.eof_received() is False


async def test_a_connection_that_ends_within_a_record_is_told(rig: Any, messages: list[bytes]) -> None:
    connection, _ = rig.connect()
    give(connection, messages[0][:9])
    connection.connection_lost(None)
    assert rig.link.errors == {"HALF_RECORD": 1} and rig.reports == ["HALF_RECORD"]


async def test_call_data_that_was_not_read_is_known(rig: Any, messages: list[bytes]) -> None:
    """In the socket, or in a connection that finds no arena; of its own group alone."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        connection = CdcConnection(rig.feed, rig.link, 1.0, 60.0, 10)
        connection.connection_made(Transport(ours))
        rig.feed.waiting()
        unread = rig.lane.unread
        assert not unread("us")
        theirs.send(messages[0][:5])
        assert unread("us") and not unread("else")
        octets = ours.recv(100)
        assert not unread("us")
        rig.arenas.room = 0
        give(connection, octets + messages[0][5:])
        assert unread("us") and rig.receiver.paused
        rig.arenas.room = 9
        rig.receiver.resume()
        assert not unread("us") and rig.lane.seen == messages[:1]
        connection.close()


async def test_datagrams_wait_in_the_socket_while_nothing_is_read(rig: Any, us: Any) -> None:
    """What the kernel has no room for meanwhile is counted with the next one that it delivers."""
    bound = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    bound.bind(("127.0.0.1", 0))
    ccc = CccSocket(rig.feed, rig.link, bound)
    apdus = [us.T1678Call("A", "1").apdu(number) for number in range(5)]
    rig.arenas.room = 1
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        for octets in apdus:
            sender.sendto(octets, bound.getsockname())
        ccc._readable()
        assert rig.lane.seen == apdus[:1] and rig.receiver.paused
        rig.arenas.room = 100
        rig.receiver.resume()
        ccc._readable()
        assert rig.lane.seen == apdus and rig.arenas.delivered == 5
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        ccc.pause()
        for _ in range(100):
            sender.sendto(bytes(1000), bound.getsockname())
        ccc.resume()
        while ccc._receive():
            pass
        sender.sendto(b"last", bound.getsockname())
        ccc._readable()
    dropped = rig.link.errors["KERNEL_DROPPED"]
    assert 0 < dropped < 100 and len(rig.lane.seen) == 5 + 100 - dropped + 1
    ccc.check_time(0)
    assert rig.reports == ["KERNEL_DROPPED"]
    ccc.close()
    ccc.close()
    assert t1678.is_apdu(rig.lane.seen[0])
