"""Signed commands to another process: to the collector (minimise, spot check, privilege, fence: the console's one way
to touch the intake) and to the office of the court (what becomes of an order).

Rules. In a fleet a command is given to the first collector that answers, and that one tells the others (ADR 0046).
A command is given only behind an attempt that the desk allowed and recorded; the receiver checks the signature
and what a rule asks for in the command, and puts it on its own record. Commands go one after the other, each later than
the last, as the receiver wants them. What it refuses is a RefusedError with its sentence.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import aiohttp

from asn1.errors import RefusedError
from collector.commands import sign_command
from collector.store.private_files import own_signing_key
from mediation.runtime.clock import Clock
from mediation.runtime.config import NotReadyError, Peer

TIMEOUT_S: Final = 5.0
_MAX_ANSWER_OCTETS: Final = 1 << 20


class CommandSender:
    """`directory` holds the console's key, made on first use; its public half is configured at the receiver. `receiver`
    names it for people, `setting` is where the configuration names its address."""

    def __init__(
        self,
        directory: Path,
        peers: Sequence[Peer],
        clock: Clock,
        receiver: str = "collector",
        setting: str = "collector.control",
        timeout_s: float = TIMEOUT_S,
    ) -> None:
        self._key = own_signing_key(directory, "console")
        self._peers = list(peers)
        self._clock = clock
        self._one = asyncio.Lock()
        self._last_us = -1
        self._receiver = receiver
        self._setting = setting
        self._timeout_s = timeout_s

    @property
    def configured(self) -> bool:
        return bool(self._peers)

    async def give(self, name: str, by: str, role: str, fields: Mapping[str, Any]) -> dict[str, Any]:
        """`name` is `minimise` or `standing` (`collector.commands`), or `court`; what the receiver put on record.
        Raises RefusedError, and NotReadyError when it does not answer."""
        async with self._one:
            self._last_us = max(self._last_us + 1, self._clock.now_us())
            octets = sign_command(name, {**fields, "by": by, "role": role}, self._key, self._last_us)
            return await self._post(f"/{name}", octets)

    async def status(self) -> dict[str, Any]:
        """What the receiver says of itself (`GET /status`). Raises NotReadyError."""
        return await self._ask("GET", "/status", None)

    async def _post(self, path: str, octets: bytes) -> dict[str, Any]:
        return await self._ask("POST", path, octets)

    async def _ask(self, method: str, path: str, octets: bytes | None) -> dict[str, Any]:
        if not self._peers:
            raise NotReadyError(f"No {self._receiver} is configured for commands: set {self._setting} and start again.")
        timeout = aiohttp.ClientTimeout(total=self._timeout_s)
        value: Any = None
        for peer in tuple(self._peers):
            url = f"http://{peer.host}:{peer.port}{path}"
            try:
                async with (
                    aiohttp.ClientSession(timeout=timeout, read_bufsize=_MAX_ANSWER_OCTETS) as session,
                    session.request(method, url, data=octets, allow_redirects=False) as answer,
                ):
                    value = await answer.json(content_type=None)
                break
            except (aiohttp.ClientError, TimeoutError, ValueError) as error:
                failed = error
                # Who does not answer is asked last from now on.
                self._peers.remove(peer)
                self._peers.append(peer)
        else:
            raise NotReadyError(f"The {self._receiver} does not answer. Try again.") from failed
        if not isinstance(value, dict):
            raise NotReadyError(f"The {self._receiver} answered something else than expected.")
        if answer.status != 200:
            raise RefusedError(str(value.get("error", f"The {self._receiver} refused the command.")))
        return value
