"""A real Chromium for tests of pages: one a worker, driven in a thread of its own, watched for whatever a page does.

    def test_it(chromium: Chromium) -> None:                       # the fixture is in tests/conftest.py
        async def walk(page: Page) -> None:
            await page.goto("https://127.0.0.1:…/")
            await expect(page.get_by_role("heading")).to_have_text("Cases")
        seen = chromium.run(walk, ignore_https_errors=True)        # options of a browser context
        assert seen.faults == []

A walk runs in the loop of the browser's thread, so that a test may be plain or a coroutine; a coroutine whose server
runs in its own loop says `await asyncio.to_thread(chromium.run, walk)`. Each run has a context of its own: no cookies,
no cache. `chromium.visit` is for several people at a time: its walk opens as many browsers as it wants.
`seen.faults` are sentences: errors and warnings on the console, errors of scripts, violations of the content policy,
requests that failed. A refusal that is meant is named before it comes: `seen.refusals.add((address, 403))`; any other
is a fault like the rest. `seen.requests` are the addresses of all requests.
"""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import threading
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any, Final

from playwright.async_api import Browser, ConsoleMessage, Page, Playwright, Request, async_playwright, expect

NAMES: Final = ("chromium", "chromium-browser", "google-chrome")
ARGUMENTS: Final = (
    "--no-sandbox",  # as root in a container there is none to be had; only our own pages are opened
    "--disable-dev-shm-usage",
    "--disable-gpu",
    "--autoplay-policy=user-gesture-required",
)
WALK_S: Final = 100.0
"""The longest walk; a test has 120 s."""
WAIT_MS: Final = 30_000
"""For what is waited for on a page: long, so that a busy machine is no fault; what is to be quick says so itself."""
_STATUS: Final = re.compile(r"responded with a status of (\d{3})")
Opens = Callable[[], Awaitable[Page]]
"""Another browser, of somebody of their own."""


def find_chromium() -> str | None:
    """The browser of this machine: $CHROMIUM, or one of the usual names. tools/browser.sh installs one."""
    return next(
        (found for name in (os.environ.get("CHROMIUM"), *NAMES) if name and (found := shutil.which(name))), None
    )


@dataclass
class Seen:
    """What a page did."""

    requests: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    refusals: set[tuple[str, int]] = field(default_factory=set)

    def watch(self, page: Page) -> None:
        page.on("request", lambda request: self.requests.append(request.url))
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.faults.append(f"script error: {error}"))
        page.on("requestfailed", self._failed)
        page.on("popup", self.watch)

    def _console(self, message: ConsoleMessage) -> None:
        if message.type not in ("error", "warning"):
            return
        status = _STATUS.search(message.text)
        if status is None or (message.location.get("url", ""), int(status[1])) not in self.refusals:
            self.faults.append(f"console {message.type}: {message.text} {message.location.get('url', '')}")

    def _failed(self, request: Request) -> None:
        # A player stops asking when it has enough, a page when it is left.
        if request.failure != "net::ERR_ABORTED":
            self.faults.append(f"request failed: {request.url} {request.failure}")


class Chromium:
    """Started once; `stop` it."""

    def __init__(self, executable: str) -> None:
        expect.set_options(timeout=WAIT_MS)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="chromium", daemon=True)
        self._thread.start()
        self._playwright, self.browser = self._call(self._start(executable))

    def run(self, walk: Callable[[Page], Awaitable[object]], **context: Any) -> Seen:
        """Open a page in a fresh context, walk it, close it. Raises whatever the walk does."""

        async def alone(opens: Opens, seen: Seen) -> None:
            await walk(await opens())

        return self.visit(alone, **context)

    def visit(self, walk: Callable[[Opens, Seen], Awaitable[object]], **context: Any) -> Seen:
        """A walk that opens its browsers itself, each in a fresh context with these options."""
        return self._call(self._visit(walk, context))

    def stop(self) -> None:
        self._call(self._stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    def _call(self, made: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(made, self._loop).result(WALK_S + 30)

    async def _start(self, executable: str) -> tuple[Playwright, Browser]:
        playwright = await async_playwright().start()
        browser = await playwright.chromium.launch(executable_path=executable, args=list(ARGUMENTS))
        return playwright, browser

    async def _stop(self) -> None:
        await self.browser.close()
        await self._playwright.stop()

    async def _visit(self, walk: Callable[[Opens, Seen], Awaitable[object]], options: dict[str, Any]) -> Seen:
        seen = Seen()
        async with AsyncExitStack() as stack:

            async def opens() -> Page:
                context = await self.browser.new_context(**{"service_workers": "block", **options})
                stack.push_async_callback(context.close)
                page = await context.new_page()
                page.set_default_timeout(WAIT_MS)
                seen.watch(page)
                return page

            await asyncio.wait_for(walk(opens, seen), WALK_S)
        return seen
