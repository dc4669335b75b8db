"""Where devices go: to record management, with the certificate of who reads them out, and in vain to the collector."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
from collections.abc import Mapping
from typing import Any, Final

import aiohttp
from yarl import URL

from asn1.errors import RefusedError, RemoteError
from mediation.runtime.config import Peer
from mediation.runtime.tls import client_context

TIMEOUT_S: Final = 20.0
REACH_S: Final = 10.0
_MAX_ANSWER_OCTETS: Final = 1 << 20
_CSRF: Final = re.compile(r'name="csrf" value="([0-9a-f]{64})"')


class RecordManagement:
    """Record management over HTTPS. Each visit is a connection of its own, and a session of its own."""

    def __init__(self, peer: Peer) -> None:
        self._base = URL.build(scheme="https" if peer.tls else "http", host=peer.host, port=peer.port)
        self._context = client_context(peer.tls) if peer.tls is not None else None

    def _session(self) -> aiohttp.ClientSession:
        connector = aiohttp.TCPConnector(ssl=self._context) if self._context is not None else None
        # The cookie of an address and not of a name: kept for one visit.
        return aiohttp.ClientSession(
            connector=connector,
            timeout=aiohttp.ClientTimeout(total=TIMEOUT_S),
            cookie_jar=aiohttp.CookieJar(unsafe=True),
        )

    async def bring(self, octets: bytes, said: Mapping[str, str]) -> str:
        """The item's name there. Raises RefusedError, RemoteError."""
        url = (self._base / "api/v1/items").with_query(dict(said))
        try:
            async with self._session() as session, session.post(url, data=octets) as answer:
                value = await _json(answer)
        except (aiohttp.ClientError, TimeoutError) as error:
            raise RemoteError(f"Record management does not answer: {error}. Nothing was cleared.") from error
        return str(value["item_id"])

    async def search(self, user_id: str, password: str, asked: Mapping[str, str]) -> list[dict[str, Any]]:
        """As somebody who signs in for it, and out again. Raises RefusedError, RemoteError."""
        try:
            async with self._session() as session:
                form = {"user_id": user_id, "password": password}
                async with session.post(self._base / "sign-in", data=form) as answer:
                    found = _CSRF.search(await answer.text())
                if found is None:
                    raise RefusedError("ACCESS_DENIED_ROLE: record management knows no such id and password.")
                csrf = {"X-CSRF": found[1]}
                async with session.post(self._base / "api/v1/search", json=dict(asked), headers=csrf) as answer:
                    value = await _json(answer)
                async with session.post(self._base / "sign-out", data={"csrf": found[1]}):
                    pass
        except (aiohttp.ClientError, TimeoutError) as error:
            raise RemoteError(f"Record management does not answer: {error}.") from error
        rows: list[dict[str, Any]] = value.get("rows", [])
        return rows


async def _json(answer: aiohttp.ClientResponse) -> dict[str, Any]:
    octets = await answer.content.read(_MAX_ANSWER_OCTETS)
    try:
        value = json.loads(octets)
    except ValueError as error:
        raise RemoteError(f"Record management answered {answer.status} with something else than JSON.") from error
    if answer.status != 200 or not isinstance(value, dict):
        against = value.get("against", ()) if isinstance(value, dict) else ()
        why = ", ".join(f"{one['code']} ({one['rule']})" for one in against) or str(value.get("error", ""))
        raise RefusedError(f"Record management refused it: {why}")
    return value


async def reach(peer: Peer, octets: bytes) -> bytes:
    """What the collector's link answers to octets that are no recording: nothing, before it closes. Raises
    RemoteError where nobody listens."""
    context = client_context(peer.tls) if peer.tls is not None else None
    try:
        async with asyncio.timeout(REACH_S):
            reader, writer = await asyncio.open_connection(peer.host, peer.port, ssl=context)
    except (OSError, TimeoutError) as error:
        raise RemoteError(f"The collector's link at {peer.host}:{peer.port} cannot be tried: {error}.") from error
    try:
        async with asyncio.timeout(REACH_S):
            writer.write(octets)
            await writer.drain()
            return await reader.read(1 << 16)
    except (OSError, TimeoutError):
        # Closed in the middle, or silent: not answered.
        return b""
    finally:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()
