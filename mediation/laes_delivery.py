"""Delivery in the US dialects: call data over TCP and content over UDP, one of each a dialect. It decides nothing.

Call data (CDC) has no acknowledgement. What was written stays in the journal for a window of octets and seconds and is
written again after a reconnect, from the oldest on; behind the window it is given up, since nobody can say whether it
arrived. A restart sends the whole window once more. Content (CCC) is never sent again and lies on no disk: it waits in
memory, bounded, until the call data journalled before it have been written, so that nothing goes out unannounced.
Bursts are paced, as nothing tells a sender of datagrams that the receiver's buffer is full.
"""

from __future__ import annotations

import asyncio
import socket
import time
from collections import Counter, deque
from typing import Any, Final

from mediation.delivery import CHUNK_OCTETS, LinkStatus, contexts_of, hang_up, reach
from mediation.journal import Held, Journal
from mediation.laes_config import CccModel, LaesModel
from mediation.peers import Round
from mediation.runtime.config import Peer
from mediation.runtime.logs import get_logger

_LOOK_S: Final = 0.25
"""How often what has left the window is given up."""
_BURST: Final = 32
_REFUSED_S: Final = 0.1
"""Before a datagram is tried again that nobody listens for."""
_PAUSE_S: Final = 0.002
"""Between bursts of datagrams: a receiver drains its buffer meanwhile."""


class CdcLink:
    """Call data of one dialect. `wake()` after records were journalled for it."""

    def __init__(self, name: str, stream: int, config: LaesModel, journal: Journal, reconnect_s: float) -> None:
        self.name = name
        self.status = LinkStatus()
        self.written = asyncio.Event()
        """Set when `written_id` has grown; who waits for it clears it."""
        self.written_id = -1
        self._stream = stream
        self._config = config
        self._journal = journal
        self._round = Round(config.cdc.peers, reconnect_s)
        self._wake = asyncio.Event()
        self._up = asyncio.Event()
        self._up.set()
        self._window: deque[tuple[int, int, float]] = deque()
        self._window_octets = 0
        self._log = get_logger("mediation.delivery").bind(link=name)

    @property
    def at(self) -> int:
        """Which of its peers it is at, or tries."""
        return self._round.at

    def as_dict(self) -> dict[str, Any]:
        return self.status.as_dict() | {"window_records": len(self._window), "window_octets": self._window_octets}

    def wake(self) -> None:
        self._wake.set()

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
        contexts = contexts_of(self._config.cdc.peers)
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
            self._limit_silence(writer)
            self.status.state, self.status.connects = "open", self.status.connects + 1
            self._log.info("connected")
            try:
                await self._serve(reader, writer)
            except OSError as error:
                self._log.warning("connection_lost", why=type(error).__name__)
            finally:
                await hang_up(writer)
            await asyncio.sleep(self._round.lost(time.monotonic()))

    def _limit_silence(self, writer: asyncio.StreamWriter) -> None:
        """Nothing answers here but TCP itself. Who has not taken what was written while half of the window lasts is
        gone, and another peer gets it before it is given up."""
        milliseconds = max(1, int(self._config.resend_s * 500))
        writer.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, milliseconds)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        next_id = -1
        inbound = asyncio.ensure_future(reader.read(4096))
        try:
            while self._up.is_set():
                next_id = await self._send(writer, next_id)
                self._give_up(time.monotonic())
                woken = asyncio.ensure_future(self._wake.wait())
                await asyncio.wait({inbound, woken}, timeout=_LOOK_S, return_when=asyncio.FIRST_COMPLETED)
                woken.cancel()
                self._wake.clear()
                if inbound.done():
                    if not inbound.result():
                        self._log.info("peer_closed")
                        return
                    # Nothing is defined in this direction.
                    self.status.violations += 1
                    inbound = asyncio.ensure_future(reader.read(4096))
        finally:
            inbound.cancel()

    async def _send(self, writer: asyncio.StreamWriter, next_id: int) -> int:
        """Write every held record from `next_id` on; the id to go on from."""
        while pending := self._pending(next_id):
            for held in pending:
                writer.write(held.octets)
            await writer.drain()
            now_s = time.monotonic()
            for held in pending:
                self._count(held, now_s)
            next_id = pending[-1].journal_id + 1
            if not self._up.is_set():
                break
        return next_id

    def _pending(self, next_id: int) -> list[Held]:
        found: list[Held] = []
        octets = 0
        window = self._journal.held(self._stream)
        if not window or window[-1].journal_id < next_id:
            return found
        for held in window:
            if held.journal_id < next_id:
                continue
            found.append(held)
            octets += len(held.octets)
            if octets >= CHUNK_OCTETS:
                break
        return found

    def _count(self, held: Held, now_s: float) -> None:
        if held.journal_id > self.written_id:
            self.written_id = held.journal_id
            self.written.set()
            self._window.append((held.journal_id, len(held.octets), now_s))
            self._window_octets += len(held.octets)
            counted = self.status.sent
        else:
            counted = self.status.resent
        counted[held.liid] = counted.get(held.liid, 0) + 1

    def _give_up(self, now_s: float) -> None:
        """Let go what has left the window, in one step."""
        last = -1
        while self._window:
            journal_id, octets, written_s = self._window[0]
            if self._window_octets <= self._config.resend_octets and now_s - written_s < self._config.resend_s:
                break
            self._window.popleft()
            self._window_octets -= octets
            last = journal_id
        if last >= 0:
            self._journal.acknowledge(self._stream, last)


class CccLink:
    """Content of one dialect: offered in order, sent in order, once."""

    def __init__(self, name: str, peer: CccModel, queue_octets: int, announced: CdcLink) -> None:
        self.name = name
        self.status = LinkStatus()
        self.dropped: dict[str, int] = {}
        self.failed = 0
        self._peers = peer.peers
        self._at = -1
        self._limit_octets = queue_octets
        self._announced = announced
        self._queue: deque[tuple[int, str, bytes]] = deque()
        self._octets = 0
        self._last: str | None = None
        self._wake = asyncio.Event()
        self._up = asyncio.Event()
        self._up.set()
        self._log = get_logger("mediation.delivery").bind(link=name)

    @property
    def up(self) -> bool:
        return self._up.is_set()

    @property
    def waiting(self) -> dict[str, int]:
        """Datagrams not sent yet, by LIID."""
        return dict(Counter(liid for _, liid, _ in self._queue))

    @property
    def full(self) -> bool:
        """Three quarters of the queue are taken: nobody should read more."""
        return self._octets > self._limit_octets * 3 // 4

    def offer(self, liid: str, octets: bytes, after_id: int) -> None:
        """Send a datagram once the call data up to the journal's `after_id` were written. Beyond the bound the oldest
        are dropped and counted."""
        self._queue.append((after_id, liid, octets))
        self._octets += len(octets)
        while self._octets > self._limit_octets:
            _, lost, gone = self._queue.popleft()
            self._octets -= len(gone)
            self.dropped[lost] = self.dropped.get(lost, 0) + 1

    def wake(self) -> None:
        self._wake.set()

    def cut(self, down: bool) -> None:
        """Take the link down, or let it come up again; what comes meanwhile waits as long as there is room."""
        if down:
            self._up.clear()
            self.status.state = "cut"
        else:
            self._up.set()

    async def run(self) -> None:
        """Send whatever is offered; until cancelled."""
        while True:
            self._at = self._announced.at
            peer = self._peers[self._at]
            family = socket.AF_INET6 if ":" in peer.host else socket.AF_INET
            with socket.socket(family, socket.SOCK_DGRAM) as sender:
                sender.setblocking(False)
                await self._connect(sender, peer)
                await self._serve(sender)

    async def _serve(self, sender: socket.socket) -> None:
        """Until the call data go to another peer: what they announce is told there."""
        while True:
            await self._up.wait()
            if self._at != self._announced.at:
                return
            self.status.state = "open"
            if not self._queue:
                self._wake.clear()
                await self._wake.wait()
            elif self._queue[0][0] > self._announced.written_id:
                self._announced.written.clear()
                await self._announced.written.wait()
            else:
                await self._burst(sender)
                await asyncio.sleep(_PAUSE_S)

    async def _connect(self, sender: socket.socket, peer: Peer) -> None:
        self.status.peer = f"{peer.host}:{peer.port}"
        await asyncio.get_running_loop().sock_connect(sender, (peer.host, peer.port))
        self.status.connects += 1
        self._last = None

    async def _burst(self, sender: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        for _ in range(_BURST):
            if not self._queue or self._queue[0][0] > self._announced.written_id or not self.up:
                return
            one = self._queue.popleft()
            _, liid, octets = one
            self._octets -= len(octets)
            try:
                await loop.sock_sendall(sender, octets)
            except ConnectionRefusedError:
                # Nobody listened for the datagram before this one, which is lost; this one was not sent.
                self._queue.appendleft(one)
                self._octets += len(octets)
                self._lost()
                self.status.state = "refused"
                await asyncio.sleep(_REFUSED_S)
                return
            except OSError as error:
                self.failed += 1
                self.dropped[liid] = self.dropped.get(liid, 0) + 1
                self._log.warning("datagram_failed", why=type(error).__name__)
                continue
            self._last = liid
            self.status.sent[liid] = self.status.sent.get(liid, 0) + 1

    def _lost(self) -> None:
        """The datagram sent last has come back as refused."""
        self.failed += 1
        if self._last is not None:
            self.status.sent[self._last] -= 1
            self.dropped[self._last] = self.dropped.get(self._last, 0) + 1
            self._last = None

    def as_dict(self) -> dict[str, Any]:
        return self.status.as_dict() | {"waiting": len(self._queue), "failed": self.failed}
