"""The signer process: a unix socket on one side, the key on the other (`wire`).

Rules. Who asks is known by the kernel (SO_PEERCRED): another user's connection is closed unheard. Only well-formed
checkpoints of the configured origins are signed, and only what `memory.judge` allows. A question that is no checkpoint
ends its connection; one that is refused is answered and logged. Connections are few, a question is bounded and has to
come whole within `QUESTION_S`. Nothing but the key's use is offered: no route reads it or changes what is remembered.
"""

from __future__ import annotations

import asyncio
import errno
import fcntl
import os
import socket
import struct
from pathlib import Path
from typing import Any, Final

from asn1.errors import DecodeError, RefusedError
from collector.signer.config import SignerConfig
from collector.signer.memory import SignerMemory, judge
from collector.signer.wire import KEY, LENGTH, MAX_OCTETS
from mediation.ledger.checkpoint import Signer, parse_body
from mediation.ledger.epochs import LedgerState
from mediation.runtime.config import NotReadyError
from mediation.runtime.logs import get_logger
from mediation.runtime.process import ReadyFn

MAX_CONNECTIONS: Final = 8
QUESTION_S: Final = 5.0
_PEER: Final = struct.Struct("3i")


async def run(config: SignerConfig, ready: ReadyFn, stop: asyncio.Event) -> None:
    """The process's own work, as `run_process` wants it."""
    service = SignerService(config)
    try:
        await _serve(service, config, ready, stop)
    finally:
        service.close()


async def _serve(service: SignerService, config: SignerConfig, ready: ReadyFn, stop: asyncio.Event) -> None:
    server = await service.start()
    try:
        ready({})
        ends: list[asyncio.Future[Any]] = [asyncio.ensure_future(stop.wait()), service.failed]
        await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        ends[0].cancel()
    finally:
        server.close()
        config.socket.unlink(missing_ok=True)
    if service.failed.done():
        raise NotReadyError(service.failed.result())


class SignerService:
    def __init__(self, config: SignerConfig) -> None:
        self._config = config
        self._log = get_logger("signer")
        self._memory = SignerMemory(config.data_dir)
        self._lock = _lock(config.data_dir)
        self._signers = {name: Signer(name, self._memory.key) for name in config.origins}
        self._connections = 0
        self.failed: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    def close(self) -> None:
        os.close(self._lock)

    async def start(self) -> asyncio.Server:
        """Raises NotReadyError."""
        path = self._config.socket
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            # What a killed signer left is replaced; a live one still answers.
            if path.is_socket() and await _answers(path.as_posix()):
                raise OSError(errno.EADDRINUSE, os.strerror(errno.EADDRINUSE))
            server = await asyncio.start_unix_server(self._serve, path.as_posix(), limit=MAX_OCTETS)
            # Others reach it by name where they are to ask; the kernel's word on who they are decides.
            path.chmod(0o600 if self._config.allowed == {os.getuid()} else 0o666)
        except OSError as error:
            raise NotReadyError(
                f"Cannot listen on {path}: {error.strerror or error}. Stop the signer that uses it, or configure "
                "another socket."
            ) from error
        return server

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        uid = _uid_of(writer)
        if uid not in self._config.allowed or self._connections >= MAX_CONNECTIONS:
            self._log.warning("turned_away", uid=uid, connections=self._connections)
            writer.close()
            return
        self._connections += 1
        asked: set[str] = set()
        try:
            while True:
                length = LENGTH.unpack(await reader.readexactly(LENGTH.size))[0]
                if length > MAX_OCTETS:
                    self._log.warning("garbage", uid=uid, octets=length)
                    return
                question = await asyncio.wait_for(reader.readexactly(length), QUESTION_S)
                answer = self._answer(question, asked)
                writer.write(LENGTH.pack(len(answer)) + answer)
                await asyncio.wait_for(writer.drain(), QUESTION_S)
        except DecodeError as error:
            self._log.warning("garbage", uid=uid, why=error.message)
        except OSError as error:
            if not self.failed.done() and not isinstance(error, ConnectionError | TimeoutError):
                self.failed.set_result(f"Cannot remember what is signed: {error.strerror}. Mend the disk; start again.")
        except (asyncio.IncompleteReadError, TimeoutError):
            pass
        finally:
            self._connections -= 1
            writer.close()

    def _answer(self, question: bytes, asked: set[str]) -> bytes:
        """Raises DecodeError for what is no checkpoint, OSError when nothing can be remembered."""
        if question == KEY:
            return b"+" + self._memory.key.public_key().public_bytes_raw().hex().encode()
        checkpoint = parse_body(question)
        origin = checkpoint.origin
        before = self._memory.signed(origin)
        try:
            if origin not in self._signers:
                raise RefusedError("this signer does not sign for that origin")
            after = judge(before, LedgerState(checkpoint.size, checkpoint.root), origin not in asked)
        except RefusedError as error:
            self._log.error("refused", why=str(error), size=checkpoint.size)
            return f"-{error}".encode()
        asked.add(origin)
        self._memory.keep(origin, after)
        if after.taken_back > before.taken_back:
            self._log.warning("taken_back", origin=origin, size=before.pending.size, now=checkpoint.size)
        return b"+" + self._signers[origin].sign(checkpoint).encode()


def _lock(directory: Path) -> int:
    """Two signers with one memory would sign two ledgers. Raises NotReadyError."""
    descriptor = os.open(directory / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(descriptor)
        raise NotReadyError(f"Another signer uses {directory}. Stop the signer that uses it.") from error
    return descriptor


def _uid_of(writer: asyncio.StreamWriter) -> int:
    peer: socket.socket = writer.get_extra_info("socket")
    return int(_PEER.unpack(peer.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _PEER.size))[1])


async def _answers(path: str) -> bool:
    try:
        _, writer = await asyncio.open_unix_connection(path)
    except OSError:
        return False
    writer.close()
    return True
