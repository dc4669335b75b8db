"""A recorder's way to the collector: its pieces over the link, and the answer that all of them are durable."""

from __future__ import annotations

import asyncio
import contextlib
import struct
from collections.abc import Iterable
from typing import Final

from asn1.errors import RemoteError
from mediation.runtime.config import Peer
from mediation.runtime.tls import client_context

ANSWER_S: Final = 20.0
ANSWER: Final = struct.Struct(">Q")
"""How many octets of the connection are judged and durable (ADR 0038)."""


class HandingOverError(RemoteError):
    """Nobody answers on the collector's link, or not for all of it: the recordings stay where they are."""


async def hand_over(peer: Peer, pieces: Iterable[bytes]) -> int:
    """Send pieces and wait until the collector has judged all of them durably; how many octets that were. What became
    of each is not told: a source learns nothing of verdicts. Raises HandingOverError."""
    context = client_context(peer.tls) if peer.tls is not None else None
    try:
        async with asyncio.timeout(ANSWER_S):
            reader, writer = await asyncio.open_connection(peer.host, peer.port, ssl=context)
            try:
                sent = 0
                for piece in pieces:
                    writer.write(piece)
                    sent += len(piece)
                    await writer.drain()
                durable = 0
                while durable < sent:
                    durable = ANSWER.unpack(await reader.readexactly(ANSWER.size))[0]
                return sent
            finally:
                writer.close()
                with contextlib.suppress(OSError):
                    await writer.wait_closed()
    except (OSError, TimeoutError, asyncio.IncompleteReadError) as error:
        raise HandingOverError(
            f"The collector's link for recorders at {peer.host}:{peer.port} did not take it all ({error}). Nothing was "
            "cleared; try again."
        ) from error
