"""The signer process: a unix socket on one side, the key on the other (`wire`).

Rules. Who asks is known by the kernel (SO_PEERCRED): another user's connection is closed unheard. What is signed is
`purposes`' to say; whatever is no checkpoint of a configured ledger is put on record first. A question that is none
ends its connection; one that is refused is answered and logged. Connections are few, a question is bounded and has to
come whole within `QUESTION_S`. Nothing but the key's use is offered: no route reads it or changes what is remembered.
"""

from __future__ import annotations

import asyncio
import errno
import fcntl
import hashlib
import os
import socket
import struct
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from asn1.errors import DecodeError, RefusedError
from collector.signer.config import SignerConfig
from collector.signer.memory import SignerMemory
from collector.signer.purposes import Signed, certificate_of, judge, judge_epoch, judge_root, read_manifest
from collector.signer.wire import CERTIFICATE, EPOCH, KEY, LENGTH, MANIFEST, MAX_MANIFEST_OCTETS, MAX_OCTETS, NEXT, ROOT
from mediation.ledger.checkpoint import parse_body
from mediation.ledger.epochs import NAME, Epoch, LedgerState, signature_line
from mediation.runtime.config import NotReadyError
from mediation.runtime.logs import get_logger
from mediation.runtime.process import ReadyFn
from mediation.runtime.status import start_status

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
    runner = None
    try:
        ports = {}
        if config.control is not None:
            runner, ports["control"] = await start_status(config.control, service.status)
        ready(ports)
        ends: list[asyncio.Future[Any]] = [asyncio.ensure_future(stop.wait()), service.failed]
        await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        ends[0].cancel()
    finally:
        server.close()
        config.socket.unlink(missing_ok=True)
        if runner is not None:
            await runner.cleanup()
    if service.failed.done():
        raise NotReadyError(service.failed.result())


class SignerService:
    """`now_us` stamps what goes on record: the time of the machine that the key is on."""

    def __init__(self, config: SignerConfig, now_us: Callable[[], int] = lambda: time.time_ns() // 1000) -> None:
        self._config = config
        self._now_us = now_us
        self._log = get_logger("signer")
        config.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._lock = _lock(config.data_dir)
        try:
            self._memory = SignerMemory(config.data_dir)
        except BaseException:
            os.close(self._lock)
            raise
        self._connections = 0
        self._counts: Counter[str] = Counter()
        self.failed: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    def close(self) -> None:
        self._memory.close()
        os.close(self._lock)

    def status(self) -> dict[str, Any]:
        ledgers = {
            origin: {"signed": one.pending.size, "confirmed": one.confirmed.size, "taken_back": one.taken_back}
            for origin, one in self._memory.signed.items()
        }
        return {
            "simulation": True,
            "checkpoints": self._counts["checkpoints"],
            "manifests": self._counts["manifests"],
            "refused": self._counts["refused"],
            "turned_away": self._counts["turned_away"],
            "epoch": max(1, len(self._memory.epochs)),
            "ledgers": ledgers,
        }

    async def start(self) -> asyncio.Server:
        """Raises NotReadyError."""
        path = self._config.socket
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            # What a killed signer left is replaced; a live one still answers.
            if path.is_socket() and await _answers(path.as_posix()):
                raise OSError(errno.EADDRINUSE, os.strerror(errno.EADDRINUSE))
            server = await asyncio.start_unix_server(self._serve, path.as_posix())
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
            self._counts["turned_away"] += 1
            self._log.warning("turned_away", uid=uid, connections=self._connections)
            writer.close()
            return
        self._connections += 1
        asked: set[str] = set()
        try:
            while True:
                length = LENGTH.unpack(await reader.readexactly(LENGTH.size))[0]
                question = await self._read(reader, length)
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

    async def _read(self, reader: asyncio.StreamReader, length: int) -> bytes:
        """A question; only a manifest may be long. Raises DecodeError, TimeoutError, IncompleteReadError."""
        if length > len(MANIFEST) + MAX_MANIFEST_OCTETS:
            raise DecodeError(DecodeError.OVERSIZED, f"a question of {length} octets")
        first = await asyncio.wait_for(reader.readexactly(min(length, MAX_OCTETS)), QUESTION_S)
        if length <= MAX_OCTETS:
            return first
        if not first.startswith((MANIFEST, ROOT, EPOCH)):
            raise DecodeError(DecodeError.OVERSIZED, f"a checkpoint of {length} octets")
        return first + await asyncio.wait_for(reader.readexactly(length - len(first)), QUESTION_S)

    def _answer(self, question: bytes, asked: set[str]) -> bytes:
        """Raises DecodeError for what is no question, OSError when nothing can be remembered."""
        try:
            return b"+" + self._said(question, asked).encode()
        except RefusedError as error:
            self._counts["refused"] += 1
            self._log.error("refused", why=str(error))
            return f"-{error}".encode()

    def _said(self, question: bytes, asked: set[str]) -> str:
        memory = self._memory
        if question == KEY:
            return memory.identity.public_bytes_raw().hex()
        if question == NEXT:
            return memory.next_key().public_bytes_raw().hex()
        if question.startswith(CERTIFICATE):
            return certificate_of(memory.epochs, question.removeprefix(CERTIFICATE).decode("ascii", "replace"))
        if question.startswith(MANIFEST):
            return self._manifest(question.removeprefix(MANIFEST))
        for word, answer in ((ROOT, self._root), (EPOCH, self._epoch)):
            if question.startswith(word):
                try:
                    return answer(question.removeprefix(word).decode("utf-8", "replace"))
                except DecodeError as error:
                    raise RefusedError(f"the certificate does not hold: {error.message}") from error
        return self._checkpoint(question, asked)

    def _checkpoint(self, question: bytes, asked: set[str]) -> str:
        checkpoint = parse_body(question)
        origin = checkpoint.origin
        if origin not in self._config.origins:
            raise RefusedError("this signer does not sign for that origin")
        before = self._memory.signed.get(origin, Signed())
        after = judge(before, LedgerState(checkpoint.size, checkpoint.root), origin not in asked)
        if after.taken_back > before.taken_back:
            given_up, now = before.pending, after.pending
            states = {"given_up": [given_up.size, given_up.root.hex()], "signed": [now.size, now.root.hex()]}
            self._memory.record("taken_back", {"origin": origin, **states}, self._now_us())
            self._log.warning("taken_back", origin=origin, size=given_up.size, now=now.size)
        asked.add(origin)
        self._memory.keep(origin, after)
        self._counts["checkpoints"] += 1
        return self._memory.signer(origin).sign(checkpoint)

    def _manifest(self, octets: bytes) -> str:
        made = read_manifest(octets, self._memory.signed)
        digest = hashlib.sha256(octets.partition(b"\n")[2]).hexdigest()
        self._memory.record("manifest", {**made._asdict(), "manifest_sha256": digest}, self._now_us())
        self._counts["manifests"] += 1
        return self._memory.key.sign(octets).hex()

    def _root(self, note: str) -> str:
        memory = self._memory
        epoch = judge_root(note, memory.key.public_key(), memory.root, memory.epochs)
        memory.record("root", {"root": epoch.root_key.hex()}, self._now_us())
        return signature_line(NAME, memory.key, epoch)

    def _epoch(self, note: str) -> str:
        memory = self._memory
        if note in memory.epochs:
            return ""
        epoch = judge_epoch(note, memory.epochs, memory.identity, memory.following(), memory.signed)
        memory.record("epoch", _said_of(epoch), self._now_us())
        memory.begin_epoch(note)
        self._log.info("epoch", number=epoch.number)
        return ""


def _said_of(epoch: Epoch) -> dict[str, Any]:
    return {"epoch": epoch.number, "key": epoch.public_key.hex(), "root": epoch.root_key.hex()}


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
