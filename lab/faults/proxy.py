"""The link itself: listens, connects onward, and moves octets as `Flow` says. It decides nothing.

A connection that a fault cuts is reset, so that its peers see what a broken line shows. While the far end is gone
(`half_open`) what the near end sends is read and thrown away; when the fault ends, those connections are reset.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import Callable
from typing import Any, Final, Protocol

from lab.faults.board import Board
from lab.faults.certificates import Certificates
from lab.faults.config import FaultLink
from lab.faults.flow import READ_OCTETS, TICK_US, Flow
from mediation.runtime.config import NotReadyError
from mediation.runtime.logs import get_logger

Clock = Callable[[], int]
"""Microseconds that only grow: real time, as the peers' timers are real."""
CONNECT_S: Final = 5.0


class Line(Protocol):
    """A link that listens."""

    async def start(self) -> int: ...
    def apply(self) -> None: ...
    async def stop(self) -> None: ...
    def as_json(self) -> dict[str, Any]: ...


class TcpLine:
    def __init__(self, link: FaultLink, board: Board, tls: Certificates, now_us: Clock, most: int) -> None:
        self._link = link
        self._board = board
        self._tls = tls
        self._now_us = now_us
        self._most = most
        self._server: asyncio.Server | None = None
        self._pairs: set[_Pair] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._accepted = 0
        self._log = get_logger("faults.line").bind(link=link.name)

    async def start(self) -> int:
        """The port. Raises NotReadyError when it cannot listen."""
        listen = self._link.listen
        try:
            self._server = await asyncio.start_server(
                self._accept, listen.host, listen.port, ssl=self._tls.listening(), reuse_address=True
            )
        except OSError as error:
            raise NotReadyError(
                f"Cannot listen on {listen.host}:{listen.port} for {self._link.name}: {error.strerror}. Stop what uses "
                "that port or configure another."
            ) from error
        return int(self._server.sockets[0].getsockname()[1])

    def apply(self) -> None:
        """Faults have changed: what is to be cut is cut, now."""
        cut, half = self._down("cut"), self._down("half_open")
        for pair in list(self._pairs):
            if cut or (pair.half and not half):
                pair.reset()
            elif half and not pair.half:
                pair.lose_far_end()

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
        for pair in list(self._pairs):
            pair.reset()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def as_json(self) -> dict[str, Any]:
        return {
            "connections": len(self._pairs),
            "accepted": self._accepted,
            "octets": {name: sum(pair.octets[name] for pair in self._pairs) for name in ("up", "down")},
            "queued_octets": sum(flow.queued for pair in self._pairs for flow in pair.flows.values()),
        }

    def _down(self, kind: str) -> bool:
        return bool(self._board.on(self._link.name, kind))

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._accepted += 1
        if self._down("cut") or len(self._pairs) >= self._most:
            writer.transport.abort()
            return
        pair = _Pair(self._link, self._board, self._now_us, reader, writer)
        self._pairs.add(pair)
        task = asyncio.create_task(self._serve(pair))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, pair: _Pair) -> None:
        try:
            if self._down("half_open"):
                pair.half = True
                await pair.swallow()
            else:
                to = self._link.to
                async with asyncio.timeout(CONNECT_S):
                    far = await asyncio.open_connection(to.host, to.port, ssl=self._tls.connecting())
                await pair.run(*far)
                if pair.half:
                    await pair.swallow()
        except (OSError, ssl.SSLError, TimeoutError) as error:
            self._log.info("connection_ended", why=type(error).__name__)
        finally:
            self._pairs.discard(pair)
            pair.reset()


class _Pair:
    """Two connections joined."""

    def __init__(
        self, link: FaultLink, board: Board, now_us: Clock, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self._now_us = now_us
        self._near = (reader, writer)
        self._far: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        self.flows = {name: Flow(board, link.spec, name) for name in ("up", "down")}
        self.octets = {"up": 0, "down": 0}
        self.half = False
        """The far end has gone, and the near end does not know."""

    async def run(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Until both directions have ended. Raises OSError when one of the connections breaks."""
        self._far = (reader, writer)
        jobs = [
            asyncio.create_task(self._move("up", self._near[0], writer)),
            asyncio.create_task(self._move("down", reader, self._near[1])),
        ]
        try:
            await asyncio.gather(*jobs)
        except OSError:
            if not self.half:
                raise
        finally:
            for job in jobs:
                job.cancel()
            await asyncio.gather(*jobs, return_exceptions=True)

    def lose_far_end(self) -> None:
        self.half = True
        if self._far is not None:
            self._far[1].transport.abort()

    async def swallow(self) -> None:
        """Read what the near end says, and say nothing."""
        while await self._near[0].read(READ_OCTETS):
            pass

    def reset(self) -> None:
        for end in (self._near, self._far):
            if end is not None:
                end[1].transport.abort()

    async def _move(self, name: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        flow, wake = self.flows[name], asyncio.Event()
        writing = asyncio.create_task(self._write(flow, wake, self._now_us, writer))
        try:
            while not writing.done():
                if flow.slow or flow.full:
                    await asyncio.sleep(TICK_US / 1e6)
                if flow.full:
                    continue
                octets = await reader.read(flow.read_octets())
                if self.half:
                    return
                self.octets[name] += len(octets)
                if not octets:
                    break
                flow.feed(octets, self._now_us())
                wake.set()
            flow.end(self._now_us())
            wake.set()
            while flow.queued and not writing.done():
                await asyncio.wait({writing}, timeout=TICK_US / 1e6)
            if writing.done():
                return
            if writer.can_write_eof():
                writer.write_eof()
            else:
                writer.close()
        finally:
            writing.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await writing

    @staticmethod
    async def _write(flow: Flow, wake: asyncio.Event, now_us: Clock, writer: asyncio.StreamWriter) -> None:
        while True:
            for octets in flow.due(now_us()):
                writer.write(octets)
            await writer.drain()
            next_us = flow.next_us()
            wait_s = None if next_us is None else max(next_us - now_us(), 0) / 1e6
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(wait_s):
                    await wake.wait()
            wake.clear()


class UdpLine(asyncio.DatagramProtocol):
    """Datagrams go one way: what comes in goes on to `to`, from a socket of its own."""

    def __init__(self, link: FaultLink, board: Board, now_us: Clock) -> None:
        self._link = link
        self._board = board
        self._now_us = now_us
        self._flow = Flow(board, link.spec, "up")
        self._in: asyncio.DatagramTransport | None = None
        self._out: asyncio.DatagramTransport | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._datagrams = 0

    async def start(self) -> int:
        """The port. Raises NotReadyError when it cannot listen."""
        loop, listen, to = asyncio.get_running_loop(), self._link.listen, self._link.to
        try:
            self._in, _ = await loop.create_datagram_endpoint(lambda: self, local_addr=(listen.host, listen.port))
            self._out, _ = await loop.create_datagram_endpoint(asyncio.DatagramProtocol, remote_addr=(to.host, to.port))
        except OSError as error:
            raise NotReadyError(
                f"Cannot pass datagrams from {listen.host}:{listen.port} on: {error.strerror}. Configure another port."
            ) from error
        return int(self._in.get_extra_info("sockname")[1])

    def datagram_received(self, data: bytes, addr: object) -> None:
        self._datagrams += 1
        if self._board.on(self._link.name, "cut") or self._flow.full:
            return
        self._flow.feed(data, self._now_us())
        self._send()

    def apply(self) -> None:
        self._send()

    async def stop(self) -> None:
        for one in (self._timer, self._in, self._out):
            if isinstance(one, asyncio.TimerHandle):
                one.cancel()
            elif one is not None:
                one.close()

    def as_json(self) -> dict[str, Any]:
        return {"datagrams": self._datagrams, "queued_octets": self._flow.queued}

    def _send(self) -> None:
        if self._out is None:
            return
        for octets in self._flow.due(self._now_us()):
            self._out.sendto(octets)
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if (next_us := self._flow.next_us()) is not None:
            wait_s = max(next_us - self._now_us(), 0) / 1e6
            self._timer = asyncio.get_running_loop().call_later(wait_s, self._send)
