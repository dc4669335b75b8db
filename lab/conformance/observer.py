"""A receiver that watches: a LEMF on HI2 and HI3, or on CDC and CCC, or an MDF on X2 and X3; it keeps all it hears.

It answers as it is told: as `asn1.handover.LemfSession` does, or not at all (`answering` false), or with a no to every
option (`accepting` false); in the US dialects nothing is ever answered. It stores nothing: here "durable" is what was
read. Bounded in connections, records and octets.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from asn1.errors import DecodeError
from asn1.handover import HandoverConfig, LemfSession
from asn1.x2x3 import PduType, decode_pdu, encode_pdu, keepalive_ack
from lab.conformance.seen import APDU, ENDS, Seen, content_of, said_of
from lab.conformance.tape import Said, Tape
from lab.conformance.wire import heard
from lab.faults.records import Framing, Records
from mediation.runtime.config import NotReadyError
from mediation.runtime.tls import names_in

READ_OCTETS: Final = 65_536
MAX_SEEN: Final = 50_000
MAX_CONNECTIONS: Final = 64
LOOK_S: Final = 0.05
DATAGRAM_BUFFER_OCTETS: Final = 4 << 20
"""Asked of the kernel: what it throws away would look like the sender's loss."""


@dataclass(slots=True)
class Joined:
    """One connection. `by_us`: we ended it; `tls`: the version that was spoken; `names`: of its certificate."""

    number: int
    link: str
    phase: str
    opened_us: int
    tls: str = ""
    names: frozenset[str] = frozenset()
    ended: bool = False
    by_us: bool = False


@dataclass(slots=True)
class Observer:
    tape: Tape
    framing: Framing = "ps-pdu"
    dialect: str = "etsi"
    form: str = APDU
    """Of content that comes as datagrams."""
    accepting: bool = True
    answering: bool = True
    hostile: bytes = b""
    """What it says to each new connection in the place of an answer."""
    away: bool = False
    """Connections are reset as they come."""
    phase: str = "normal"
    seen: list[Seen] = field(default_factory=list)
    joined: list[Joined] = field(default_factory=list)
    ports: dict[str, int] = field(default_factory=dict)
    datagram_ports: dict[str, int] = field(default_factory=dict)
    data: Counter[str] = field(default_factory=Counter)
    """By phase, how many data records came, or octets that nobody frames: counted as they come, for who waits."""
    ended: Counter[str] = field(default_factory=Counter)
    """By phase, how many communications were over; of the US dialects. What is sent again is over already."""
    left_out: int = 0
    refused: int = 0
    """Handshakes that came to nothing."""
    shown: ssl.SSLContext | None = None
    """A certificate to show in the place of our own."""
    _ends: set[bytes] = field(default_factory=set)
    _servers: list[asyncio.Server] = field(default_factory=list)
    _writers: dict[int, asyncio.StreamWriter] = field(default_factory=dict)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)
    _endpoints: list[asyncio.DatagramTransport] = field(default_factory=list)
    _numbers: dict[tuple[str, str], int] = field(default_factory=dict)
    """On the tape, datagrams of a link in a phase are one connection."""

    async def start(
        self,
        host: str,
        ports: Mapping[str, int],
        tls: ssl.SSLContext | None,
        datagrams: Mapping[str, int] | None = None,
    ) -> None:
        """Listen for each link by its name. Raises NotReadyError."""
        if tls is not None:
            tls.sni_callback = self._choose
        for link, port in ports.items():
            try:
                server = await asyncio.start_server(self._accepter(link), host, port, ssl=tls, reuse_address=True)
            except OSError as error:
                raise NotReadyError(
                    f"Cannot listen on {host}:{port} for {link}: {error.strerror}. Give another --listen."
                ) from error
            self._servers.append(server)
            self.ports[link] = int(server.sockets[0].getsockname()[1])
        for link, port in (datagrams or {}).items():
            await self._listen_datagrams(host, link, port)

    async def _listen_datagrams(self, host: str, link: str, port: int) -> None:
        one = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_DGRAM)
        one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, DATAGRAM_BUFFER_OCTETS)
        try:
            one.bind((host, port))
        except OSError as error:
            one.close()
            raise NotReadyError(
                f"Cannot listen on {host}:{port} (UDP) for {link}: {error.strerror}. Give another --listen-hi3."
            ) from error
        endpoint, _ = await asyncio.get_running_loop().create_datagram_endpoint(
            lambda: _Datagrams(self, link), sock=one
        )
        self._endpoints.append(endpoint)
        self.datagram_ports[link] = int(one.getsockname()[1])

    async def stop(self) -> None:
        for server in self._servers:
            server.close()
        for endpoint in self._endpoints:
            endpoint.close()
        self.drop()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def drop(self) -> None:
        """End every connection, as a receiver that is restarted does."""
        for one in self.joined:
            if not one.ended and one.number in self._writers:
                one.by_us = True
                self._writers[one.number].transport.abort()

    def of(self, phase: str) -> list[Seen]:
        return [one for one in self.seen if one.phase == phase]

    def said(self, phase: str) -> list[Said]:
        numbers = {one.number for one in self.joined if one.phase == phase}
        numbers |= {number for (_, of), number in self._numbers.items() if of == phase}
        return [one for one in self.tape.said if one.connection in numbers]

    async def until(self, holds: Callable[[], bool], seconds: float) -> bool:
        until = time.monotonic() + seconds
        while not holds():
            if time.monotonic() > until:
                return False
            await asyncio.sleep(LOOK_S)
        return True

    async def quiet(self, seconds: float, most_s: float) -> bool:
        """Until no data record has come for so long, but at least one; False when that took too long."""
        until, count, since = time.monotonic() + most_s, -1, time.monotonic()
        while time.monotonic() < until:
            now = self.data[self.phase]
            if now != count:
                count, since = now, time.monotonic()
            if count > 0 and time.monotonic() - since >= seconds:
                return True
            await asyncio.sleep(LOOK_S)
        return False

    def _choose(self, connection: ssl.SSLObject, _name: str | None, _context: ssl.SSLContext) -> None:
        if self.shown is not None:
            self.refused += 1
            connection.context = self.shown

    def _accepter(self, link: str) -> Callable[[asyncio.StreamReader, asyncio.StreamWriter], None]:
        def accepted(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            if self.away or len(self._writers) >= MAX_CONNECTIONS:
                writer.transport.abort()
                return
            one = self._joined(link, writer)
            self._writers[one.number] = writer
            task = asyncio.create_task(self._serve(one, reader, writer))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

        return accepted

    def _joined(self, link: str, writer: asyncio.StreamWriter) -> Joined:
        found = writer.get_extra_info("ssl_object")
        one = Joined(next(self.tape.connections), link, self.phase, time.time_ns() // 1000)
        if found is not None:
            one.tls, one.names = found.version() or "", names_in(found.getpeercert())
        self.joined.append(one)
        return one

    async def _serve(self, one: Joined, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            with contextlib.suppress(OSError):
                await self._converse(one, reader, writer)
        finally:
            one.ended = True
            del self._writers[one.number]
            writer.transport.abort()

    async def _converse(self, one: Joined, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        session = LemfSession(HandoverConfig(negotiate=self.accepting, operator_id=b"CONF", liid=b"-"))
        session.connected(_now_us())
        records, position = Records(self.framing), 0
        if self.hostile:
            self._say(one, writer, self.hostile)
        while octets := await reader.read(READ_OCTETS):
            self.tape.put(one.number, False, octets)
            for piece in records.feed(octets):
                position += len(piece.octets)
                seen = self._note(one, piece.octets, piece.record)
                if seen.tri and self.answering:
                    session.tri(piece.octets, position, _now_us())
                elif self.framing == "x2x3" and self.answering:
                    self._say(one, writer, _acknowledgement(piece.octets))
            session.durable(position, _now_us())
            self._say(one, writer, session.outgoing())
            await writer.drain()
        if rest := records.rest():
            self._note(one, rest, False)

    def _say(self, one: Joined, writer: asyncio.StreamWriter, octets: bytes) -> None:
        if octets:
            self.tape.put(one.number, True, octets)
            writer.write(octets)

    def datagram(self, link: str, octets: bytes) -> None:
        """One piece of content of a US dialect."""
        number = self._numbers.get((link, self.phase))
        if number is None:
            number = self._numbers[link, self.phase] = next(self.tape.connections)
        self.tape.put(number, False, octets, datagram=self.form)
        self._keep(Seen(_now_us(), link, number, self.phase, octets, None, said=content_of(octets, self.form)))

    def _note(self, one: Joined, octets: bytes, framed: bool) -> Seen:
        pdu = heard(octets).pdu if framed and self.framing == "ps-pdu" else None
        said = said_of(octets, self.dialect) if framed and self.framing == "ber" else None
        return self._keep(Seen(_now_us(), one.link, one.number, self.phase, octets, pdu, framed, said))

    def _keep(self, seen: Seen) -> Seen:
        self.data[seen.phase] += bool(seen.kind) or not seen.framed
        if seen.name in ENDS and seen.octets not in self._ends:
            if len(self._ends) < MAX_SEEN:
                self._ends.add(seen.octets)
            self.ended[seen.phase] += 1
        if len(self.seen) < MAX_SEEN:
            self.seen.append(seen)
        else:
            self.left_out += 1
        return seen


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, observer: Observer, link: str) -> None:
        self._observer = observer
        self._link = link

    def datagram_received(self, data: bytes, addr: object) -> None:
        self._observer.datagram(self._link, data)


def _acknowledgement(octets: bytes) -> bytes:
    """Of a keep-alive of X2 or X3 (TS 103 221-2 clause 6.2.4, third-party reading); of everything else nothing."""
    try:
        pdu = decode_pdu(octets)
    except DecodeError:
        return b""
    return encode_pdu(keepalive_ack(pdu)) if pdu.pdu_type is PduType.KEEPALIVE else b""


def _now_us() -> int:
    return time.time_ns() // 1000
