"""The witness process: the composition root over memory, feed and the two ways in, its own feed and HTTP.

`POST /add-checkpoint` (C2SP tlog-witness) answers 200 with a signature line, 409 with the size it knows, 403, 422, 400.
`GET /checkpoint` gives the newest checkpoint with both signatures. What is refused for good (403, 422) is an alarm: it
stays in the status until somebody looks.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import Any, Final

import aiohttp
from aiohttp import web

from asn1.errors import DecodeError
from collector.store.epochs import TrustOnDisk
from collector.store.keys import pin_name
from collector.store.pin import pinned_size
from collector.store.private_files import read_public_key
from collector.witness.config import FeedConfig, WitnessConfig
from collector.witness.feed import Feed, LostError
from collector.witness.memory import Memory
from mediation.ledger.epochs import LedgerState
from mediation.ledger.witness import (
    MAX_SUBMISSION_OCTETS,
    NOTHING,
    Judgement,
    Submission,
    cosign,
    format_submission,
    judge,
    parse_submission,
)
from mediation.runtime.clock import Clock
from mediation.runtime.config import NotReadyError
from mediation.runtime.logs import get_logger
from mediation.runtime.process import ReadyFn
from mediation.runtime.status import start_status

Submit = Callable[[Submission], Awaitable[tuple[int, int]]]
PATH: Final = "/add-checkpoint"
MAX_ALARMS: Final = 100


async def run(config: WitnessConfig, ready: ReadyFn, stop: asyncio.Event) -> None:
    """The process's own work, as `run_process` wants it."""
    await WitnessService(config, config.clock.clock()).run(ready, stop)


class WitnessService:
    """Raises NotReadyError and IntegrityError, saying what to do."""

    def __init__(self, config: WitnessConfig, clock: Clock) -> None:
        self._config = config
        self._clock = clock
        self._log = get_logger("witness")
        self._memory = Memory(config.data_dir, config.name) if config.witness else None
        self._fed = NOTHING if self._memory is None else self._memory.state
        self._alarms: list[dict[str, Any]] = []
        self._signed = 0

    async def run(self, ready: ReadyFn, stop: asyncio.Event) -> None:
        routes = [] if self._memory is None else [web.post(PATH, self._post), web.get("/checkpoint", self._newest)]
        runner, port = await start_status(self._config.control, self.status, routes)
        tasks: list[asyncio.Task[Any]] = [asyncio.create_task(stop.wait())]
        if self._config.feed is not None:
            tasks.append(asyncio.create_task(self._feed(self._config.feed)))
        try:
            self._log.info("listening", ports={"control": port}, simulation=True)
            ready({"control": port})
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await runner.cleanup()

    def status(self) -> dict[str, Any]:
        return {
            "simulation": True,
            "name": self._config.name,
            "witness": self._memory is not None,
            "size": self._fed.size if self._memory is None else self._memory.state.size,
            "signed": self._signed,
            "alarms": list(self._alarms),
        }

    # The witness

    def take(self, submission: Submission) -> tuple[Judgement, str]:
        """Judge one submission and, when it holds, remember and sign it: the judgement and the signature line."""
        memory = self._memory
        assert memory is not None
        trust = TrustOnDisk(self._config.keys, memory.collector_key(self._config.keys))
        found = judge(memory.state, submission, self._config.origin, trust)
        if found.status != 200:
            if found.status != 409:
                self._alarm(found.why, submission.old_size)
            return found, ""
        line = cosign(self._config.name, memory.key, submission.note, self._clock.now_us() // 1_000_000)
        memory.keep(submission.note + line, found.state)
        self._signed += 1
        return found, line

    async def _post(self, request: web.Request) -> web.Response:
        octets = await request.content.read(MAX_SUBMISSION_OCTETS + 1)
        try:
            submission = parse_submission(octets)
            found, line = await asyncio.to_thread(self.take, submission)
        except DecodeError as error:
            return web.Response(status=400, text=f"{error.message}\n")
        except NotReadyError as error:
            return web.Response(status=503, text=f"{error}\n")
        if found.status == 409:
            return web.Response(status=409, text=f"{found.state.size}\n", content_type="text/x.tlog.size")
        return web.Response(status=found.status, text=line or f"{found.why}\n")

    async def _newest(self, _: web.Request) -> web.Response:
        assert self._memory is not None
        path = self._memory.checkpoint
        if not path.exists():
            return web.Response(status=404, text="nothing was witnessed yet\n")
        return web.Response(text=path.read_text("utf-8"))

    # The feed

    async def _feed(self, config: FeedConfig) -> None:
        feed = Feed(config.store, lambda: self._pinned(config))
        try:
            async with contextlib.AsyncExitStack() as stack:
                submit: Submit = self._submit_here
                if config.submit_to is not None:
                    timeout = aiohttp.ClientTimeout(total=10)
                    session = await stack.enter_async_context(aiohttp.ClientSession(timeout=timeout))
                    url = config.submit_to.rstrip("/") + PATH
                    submit = lambda one: self._submit_there(session, url, one)  # noqa: E731  one expression
                while True:
                    if not await self._step(feed, submit):
                        await asyncio.sleep(config.every_s)
        finally:
            feed.close()

    def _pinned(self, config: FeedConfig) -> int:
        if config.pin_directory is None:
            return 0
        return pinned_size(config.pin_directory / pin_name(read_public_key(self._config.keys / "signing.pub")))

    async def _step(self, feed: Feed, submit: Submit) -> bool:
        """Submit what is new, if anything; whether to go on at once."""
        try:
            submission = await asyncio.to_thread(feed.next, self._fed.size)
            if submission is None:
                return False
            status, size = await submit(submission)
        except LostError as error:
            self._alarm(f"the store cannot prove what it is: {error}", self._fed.size)
            return False
        except (NotReadyError, DecodeError, OSError, aiohttp.ClientError, TimeoutError) as error:
            # The collector may not have begun, the witness may be away: it is tried again.
            self._log.info("not_yet", why=type(error).__name__)
            feed.forget()
            return False
        if status != 200:
            feed.forget()
        self._fed = LedgerState(size, b"")
        return status == 200

    async def _submit_here(self, submission: Submission) -> tuple[int, int]:
        found, _ = await asyncio.to_thread(self.take, submission)
        return found.status, found.state.size

    async def _submit_there(self, session: aiohttp.ClientSession, url: str, submission: Submission) -> tuple[int, int]:
        body = format_submission(submission.old_size, submission.nodes, submission.note)
        async with session.post(url, data=body) as answer:
            text = (await answer.content.read(4096)).decode("utf-8", "replace").strip()
        if answer.status == 200:
            return 200, int(submission.note.split("\n")[1])
        if answer.status == 409 and text.isascii() and text.isdigit() and len(text) <= 19:
            return 409, int(text)
        self._alarm(f"the witness answers {answer.status}: {text[:200]!r}", submission.old_size)
        return answer.status, submission.old_size

    def _alarm(self, why: str, size: int) -> None:
        if not self._alarms or (self._alarms[-1]["why"], self._alarms[-1]["size"]) != (why, size):
            self._alarms.append({"why": why, "size": size, "at_us": self._clock.now_us()})
            del self._alarms[:-MAX_ALARMS]
            self._log.error("alarm", why=why, size=size)
