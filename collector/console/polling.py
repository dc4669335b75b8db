"""Asks the processes of a run how they are, at a steady pace, and folds what they say (`model.health`).

Each is asked beside the others, with a bound on time and size; one that does not answer is that, and nothing else.
Times are the machine's: how long somebody has been silent is told in real time, whatever the run's clock does.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from typing import Any, Final

import aiohttp

from collector.console.model.health import Health
from mediation.runtime.config import Peer

EVERY_S: Final = 5.0
TIMEOUT_S: Final = 3.0
MAX_ANSWER_OCTETS: Final = 8 << 20


async def ask(session: aiohttp.ClientSession, peer: Peer) -> dict[str, Any] | None:
    """`GET /status`; None when there is no answer, or none that is an object."""
    url = f"http://{peer.host}:{peer.port}/status"
    try:
        async with session.get(url, allow_redirects=False) as answer:
            octets = await answer.content.read(MAX_ANSWER_OCTETS + 1)
            while len(octets) <= MAX_ANSWER_OCTETS and (more := await answer.content.read(MAX_ANSWER_OCTETS)):
                octets += more
            value = json.loads(octets) if len(octets) <= MAX_ANSWER_OCTETS and answer.status == 200 else None
    except (aiohttp.ClientError, TimeoutError, ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


async def once(health: Health, watched: Mapping[str, Peer], wall_us: Callable[[], int]) -> None:
    """One round."""
    timeout = aiohttp.ClientTimeout(total=TIMEOUT_S)
    async with aiohttp.ClientSession(timeout=timeout) as session:
        answers = await asyncio.gather(*(ask(session, peer) for peer in watched.values()))
    for name, answer in zip(watched, answers, strict=True):
        health.fold(wall_us(), name, answer)


async def poll(health: Health, watched: Mapping[str, Peer], wall_us: Callable[[], int]) -> None:
    """Until it is cancelled."""
    while True:
        await once(health, watched, wall_us)
        await asyncio.sleep(EVERY_S)
