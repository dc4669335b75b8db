"""Server-sent events: what a page shows as it happens, bounded in number, time and memory.

Rules. A stream goes on only while its watch does (`watch.py`); its last event is `ended`, with the sentence that the
page shows. A reader that does not read is let go of: nothing waits for it. A stream has a greatest age; the browser
then asks anew, which is an attempt of its own.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Iterator
from typing import Any, Final, NamedTuple

from aiohttp import web

from collector.console.errors import TooManyError
from collector.console.watch import Watch

MAX_STREAMS: Final = 64
MAX_STREAMS_A_USER: Final = 6
"""A browser opens no more to one host over HTTP/1.1."""
MAX_AGE_S: Final = 3600.0
BEAT_S: Final = 10.0
"""A comment when nothing happens, so that both ends know of each other."""
LOOK_S: Final = 0.25
"""How soon it is seen that a reader has gone."""
BEAT_LOOKS: Final = int(BEAT_S / LOOK_S)
WRITE_S: Final = 5.0
MAX_EVENT_OCTETS: Final = 256 * 1024


class Event(NamedTuple):
    """`data` is HTML for a swap, or JSON text. Without a name htmx swaps it into its target."""

    data: str
    name: str = ""
    id: str = ""


def encoded(event: Event) -> bytes:
    """As `text/event-stream` has it. Neither a name nor an id can break out of its line."""
    lines = [f"data: {line}" for line in event.data.replace("\r\n", "\n").replace("\r", "\n").split("\n")]
    for field, value in (("event", event.name), ("id", event.id)):
        if value:
            lines.insert(0, f"{field}: {value.translate(_ONE_LINE)}")
    return ("\n".join(lines) + "\n\n").encode()


_ONE_LINE: Final = {ord(one): " " for one in "\r\n\0"}


class Streams:
    """How many there are, of each user and in all."""

    def __init__(self) -> None:
        self._open: Counter[str] = Counter()

    @property
    def open(self) -> int:
        return self._open.total()

    @contextlib.contextmanager
    def one(self, user_id: str) -> Iterator[None]:
        """Raises TooManyError."""
        if self._open.total() >= MAX_STREAMS or self._open[user_id] >= MAX_STREAMS_A_USER:
            raise TooManyError(BEAT_S)
        self._open[user_id] += 1
        try:
            yield
        finally:
            self._open[user_id] -= 1
            self._open += Counter()


async def send_events(request: web.Request, events: AsyncIterator[Event], watch: Watch) -> web.StreamResponse:
    """Send until the watch ends, the reader goes, or the greatest age is reached."""
    response = web.StreamResponse(headers={"Content-Type": "text/event-stream; charset=utf-8"})
    await response.prepare(request)
    ending = asyncio.create_task(watch.ended.wait())
    try:
        async with asyncio.timeout(MAX_AGE_S):
            await _send(request, response, events, ending)
        if watch.ended.is_set():
            await _write(response, ended_event(watch.why, watch.rules))
    except (TimeoutError, ConnectionError):
        pass
    finally:
        ending.cancel()
    return response


def ended_event(why: str, rules: tuple[str, ...] = ()) -> Event:
    data: dict[str, Any] = {"why": why, "rules": list(rules)}
    return Event(json.dumps(data), "ended")


async def _send(
    request: web.Request, response: web.StreamResponse, events: AsyncIterator[Event], ending: asyncio.Task[Any]
) -> None:
    coming: asyncio.Task[Event | None] = asyncio.create_task(_next(events))
    looks = 0
    try:
        while True:
            await asyncio.wait({coming, ending}, timeout=LOOK_S, return_when=asyncio.FIRST_COMPLETED)
            # Who has left the page leaves their place at once to the next page that they open.
            if ending.done() or request.transport is None:
                return
            if not coming.done():
                looks += 1
                if looks % BEAT_LOOKS == 0:
                    await _within(response.write(b": \n\n"))
                continue
            event = coming.result()
            if event is None:
                return
            await _write(response, event)
            coming = asyncio.create_task(_next(events))
    finally:
        coming.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await coming


async def _next(events: AsyncIterator[Event]) -> Event | None:
    return await anext(events, None)


async def _write(response: web.StreamResponse, event: Event) -> None:
    octets = encoded(event)
    if len(octets) <= MAX_EVENT_OCTETS:
        await _within(response.write(octets))


async def _within(writing: Awaitable[None]) -> None:
    """Raises TimeoutError for a reader that does not read."""
    async with asyncio.timeout(WRITE_S):
        await writing
