"""Delivery to the LEMF over one connection: the asyncio shell around `MfSession`. It decides nothing.

What is unacknowledged in the journal is sent again after every reconnect, before anything new (R-096: with its own
event times and numbers), to whichever collector of a fleet the link has come to (`peers.py`). A link that is cut, a
training fault, stays down until it is restored. Writing waits for the transport to drain, so a slow receiver slows this
link and nothing else; what piles up is the journal's to bound. Timers run on meanwhile: a peer whose cable was pulled
takes nothing and says nothing, and is given up for its silence, not when TCP gives it up after many minutes.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from asn1.handover import (
    Acknowledged,
    Event,
    HandoverConfig,
    MfSession,
    OptionsAgreed,
    PeerSilent,
    ProtocolViolation,
)
from mediation.journal import Held, Journal
from mediation.peers import Round
from mediation.runtime.config import Peer, TlsConfig
from mediation.runtime.logs import get_logger
from mediation.runtime.tls import client_context

CHUNK_OCTETS: Final = 256 * 1024
"""Written before the transport is asked to drain."""
CLOSE_S: Final = 1.0
"""So long what was written may go on its way when a connection is given up. What does not is in the journal."""
CONNECT_S: Final = 5.0
"""Beyond it nobody is there: a machine that is gone does not even refuse."""

SessionClock = Callable[[], int]
"""Microseconds for the session's timers: real time, since the peer's timers are real."""


@dataclass(slots=True)
class LinkStatus:
    state: str = "connecting"
    peer: str = ""
    """Whom the link is at, or tries."""
    connects: int = 0
    violations: int = 0
    acknowledging: bool = False
    sent: dict[str, int] = field(default_factory=dict)
    resent: dict[str, int] = field(default_factory=dict)
    acknowledged: dict[str, int] = field(default_factory=dict)
    tri_sent: int = 0
    """TRIs out of the journal; those of the session are not counted."""

    def as_dict(self) -> dict[str, Any]:
        return {
            "state": self.state,
            "peer": self.peer,
            "connects": self.connects,
            "violations": self.violations,
            "acknowledging": self.acknowledging,
            "tri_sent": self.tri_sent,
        }


Contexts = Mapping[TlsConfig | None, ssl.SSLContext | None]


def contexts_of(peers: Sequence[Peer]) -> Contexts:
    """By the files that each peer is met with; loaded before the first is. Raises NotReadyError."""
    return {one: None if one is None else client_context(one) for one in {peer.tls for peer in peers}}


async def reach(
    peer: Peer, status: LinkStatus, contexts: Contexts
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A connection. Raises OSError, of which a peer that does not answer in time is one."""
    status.peer = f"{peer.host}:{peer.port}"
    async with asyncio.timeout(CONNECT_S):
        return await asyncio.open_connection(peer.host, peer.port, ssl=contexts[peer.tls])


def _is_full(transport: asyncio.WriteTransport) -> bool:
    """Whether `drain` would wait: what is written now lies in memory of ours, outside of the journal's bounds."""
    return transport.get_write_buffer_size() > transport.get_write_buffer_limits()[1]


async def hang_up(writer: asyncio.StreamWriter) -> None:
    """Close, and wait for nobody who is gone."""
    writer.close()
    try:
        with contextlib.suppress(OSError):
            async with asyncio.timeout(CLOSE_S):
                await writer.wait_closed()
    finally:
        writer.transport.abort()


class Link:
    """One of HI2 and HI3. `wake()` after records were journalled for it."""

    def __init__(
        self, name: str, stream: int, peers: Sequence[Peer], journal: Journal, config: HandoverConfig,
        now_us: SessionClock, reconnect_s: float,
    ) -> None:  # fmt: skip
        self.name = name
        self.status = LinkStatus()
        self.stream = stream
        self._peers = tuple(peers)
        self._round = Round(self._peers, reconnect_s)
        self._journal = journal
        self._config = config
        self._now_us = now_us
        self._wake = asyncio.Event()
        self._up = asyncio.Event()
        self._up.set()
        self._highest_sent = -1
        self._session: MfSession | None = None
        self._log = get_logger("mediation.delivery").bind(link=name)

    def as_dict(self) -> dict[str, Any]:
        return self.status.as_dict()

    def wake(self) -> None:
        self._wake.set()

    def say(self, name: str, value: object = None) -> bool:
        """A test or padding PDU, now; False when the link is not up."""
        said = self._session is not None and self._session.say(name, self._now_us(), value)
        self._wake.set()
        return said

    def cut(self, down: bool) -> None:
        """Take the link down, or let it come up again."""
        if down and self._up.is_set():
            self._up.clear()
            self.status.state = "cut"
            self._wake.set()
        elif not down:
            self._up.set()

    async def run(self) -> None:
        """Connect, deliver, connect again; until cancelled."""
        contexts = contexts_of(self._peers)
        while True:
            if not self._up.is_set():
                self.status.state = "cut"
                self._log.warning("link_cut")
                await self._up.wait()
                self._log.warning("link_restored")
            self.status.state = "connecting"
            try:
                reader, writer = await reach(self._round.peer, self.status, contexts)
            except OSError:
                await asyncio.sleep(self._round.lost(time.monotonic()))
                continue
            self._round.opened(time.monotonic())
            self.status.state, self.status.connects = "open", self.status.connects + 1
            self._log.info("connected")
            try:
                await self._serve(reader, writer)
            except (OSError, asyncio.IncompleteReadError) as error:
                self._log.warning("connection_lost", why=type(error).__name__)
            finally:
                await hang_up(writer)
            await asyncio.sleep(self._round.lost(time.monotonic()))

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        session = self._session = MfSession(self._config)
        session.connected(self._now_us())
        next_id = -1
        inbound = asyncio.ensure_future(reader.read(65_536))
        room: asyncio.Future[None] | None = None
        """For more to be written, while there is more and the transport is full."""
        try:
            while True:
                if not self._up.is_set():
                    return
                writer.write(session.outgoing())
                if room is None or room.done():
                    if room is not None:
                        room.result()
                    next_id = self._send(session, writer, next_id)
                    room = asyncio.ensure_future(writer.drain()) if self._waits(next_id) else None
                delay = self._delay_s(session)
                woken = asyncio.ensure_future(self._wake.wait())
                waited: set[asyncio.Future[Any]] = {inbound, woken} if room is None else {inbound, woken, room}
                done, _ = await asyncio.wait(waited, timeout=delay, return_when=asyncio.FIRST_COMPLETED)
                woken.cancel()
                self._wake.clear()
                events = session.timer(self._now_us())
                if inbound in done:
                    octets = inbound.result()
                    if not octets:
                        self._log.info("peer_closed")
                        return
                    events += session.receive(octets, self._now_us())
                    inbound = asyncio.ensure_future(reader.read(65_536))
                if not self._handle(events):
                    return
        finally:
            self._session = None
            inbound.cancel()
            if room is not None:
                room.cancel()

    def _delay_s(self, session: MfSession) -> float | None:
        due_us = session.next_timer_us()
        return None if due_us is None else max(0.0, (due_us - self._now_us()) / 1e6)

    def _send(self, session: MfSession, writer: asyncio.StreamWriter, next_id: int) -> int:
        """Write what is held from `next_id` on, by chunks while the transport takes them; the id to go on from."""
        while not _is_full(writer.transport) and (pending := self._pending(next_id)):
            for held in pending:
                writer.write(held.octets)
                session.sent(held.journal_id, self._now_us(), held.records)
                self._count(held)
                next_id = held.journal_id + 1
            writer.write(session.outgoing())
        return next_id

    def _waits(self, next_id: int) -> bool:
        """Whether anything from `next_id` on is to be sent."""
        held = self._journal.held(self.stream)
        return bool(held) and held[-1].journal_id >= next_id

    def _pending(self, next_id: int) -> list[Held]:
        held = self._journal.held(self.stream)
        if not self._waits(next_id):
            return []
        found, octets = [], 0
        if held[0].journal_id >= next_id:
            source = iter(held)
        else:
            # New records are at the right end: walk back to where sending stopped.
            back = []
            for one in reversed(held):
                if one.journal_id < next_id:
                    break
                back.append(one)
            source = reversed(back)
        for one in source:
            found.append(one)
            octets += len(one.octets)
            if octets >= CHUNK_OCTETS:
                break
        return found

    def _count(self, held: Held) -> None:
        if held.tri:
            self.status.tri_sent += 1
            return
        counts = self.status.sent if held.journal_id > self._highest_sent else self.status.resent
        self._highest_sent = max(self._highest_sent, held.journal_id)
        for liid, records in held.each:
            counts[liid] = counts.get(liid, 0) + records

    def _handle(self, events: list[Event]) -> bool:
        """False when the connection is to be given up."""
        for event in events:
            if isinstance(event, Acknowledged):
                for held in self._journal.held(self.stream):
                    if held.journal_id > event.journal_id:
                        break
                    for liid, records in held.each:
                        self.status.acknowledged[liid] = self.status.acknowledged.get(liid, 0) + records
                self._journal.acknowledge(self.stream, event.journal_id)
            elif isinstance(event, OptionsAgreed):
                self.status.acknowledging = event.acknowledgement
                self._log.info("options", acknowledgement=event.acknowledgement)
            elif isinstance(event, ProtocolViolation):
                self.status.violations += 1
                self._log.warning("violation", code=event.code, message=event.message)
            elif isinstance(event, PeerSilent):
                self._log.warning("peer_silent")
                return False
        return True
