"""The fault proxy's process: its links, its control port, and the one place where its parts are put together.

Control routes (loopback, JSON): `GET /status` and `/healthz`, and with the proxy's word as a bearer token `GET /faults`
(what there is, what is on), `POST /faults/add` `{"by": …, "fault": FaultRequest}` and `POST /faults/clear` `{"by": …,
"id": "F1" or "all"}`. A refusal is 400 with a sentence, a wrong word 401. Who asked is in the log with what they asked.
"""

from __future__ import annotations

import asyncio
import hmac
import time
from collections.abc import Awaitable, Callable
from typing import Any, Final

from aiohttp import web

from asn1.errors import LabError, RefusedError
from lab import control
from lab.faults.board import Board, Standing
from lab.faults.certificates import Certificates
from lab.faults.config import FaultLink, FaultsConfig
from lab.faults.elsewhere import bodies
from lab.faults.flow import TICK_US
from lab.faults.model import ELSEWHERE, FAULTS, FaultRequest, fault_request
from lab.faults.proxy import Line, TcpLine, UdpLine
from mediation.runtime.config import ConfigError
from mediation.runtime.logs import get_logger
from mediation.runtime.process import ReadyFn
from mediation.runtime.status import start_status

MAX_BY: Final = 128


def monotonic_us() -> int:
    return time.monotonic_ns() // 1000


async def run(config: FaultsConfig, ready: ReadyFn, stop: asyncio.Event) -> None:
    """Until `stop` is set. Raises NotReadyError when it cannot listen."""
    proxy = Proxy(config, monotonic_us)
    ports = await proxy.start()
    status, control_port = await start_status(config.control, proxy.status, proxy.routes())
    ticking = asyncio.create_task(proxy.tick())
    try:
        ready({**ports, "control": control_port})
        await stop.wait()
    finally:
        ticking.cancel()
        await status.cleanup()
        await proxy.stop()


class Proxy:
    """The links of a configuration and the faults on them."""

    def __init__(self, config: FaultsConfig, now_us: Callable[[], int]) -> None:
        self._config = config
        self._now_us = now_us
        self.board = Board({link.name: link.spec for link in config.links}, config.seed)
        self._lines: dict[str, Line] = {}
        self._changing = asyncio.Lock()
        self._log = get_logger("faults")
        try:
            self._word = config.word_file.read_text().strip()
        except OSError as error:
            raise ConfigError(f"Cannot read {config.word_file}: {error.strerror}.") from error
        if len(self._word) < 16:
            raise ConfigError(f"{config.word_file}: the proxy's word has at least 16 characters.")

    async def start(self) -> dict[str, int]:
        """Listen on every link; their ports. Raises NotReadyError."""
        for link in self._config.links:
            self._lines[link.name] = self._line(link)
        return {name: await line.start() for name, line in self._lines.items()}

    def _line(self, link: FaultLink) -> Line:
        if link.transport == "udp":
            return UdpLine(link, self.board, self._now_us)
        shown = {"wrong_certificate": self._config.wrong, "expired_certificate": self._config.expired}
        tls = Certificates.of(self.board, link, shown if link.tls == "terminated" else {})
        return TcpLine(link, self.board, tls, self._now_us, self._config.max_connections)

    async def stop(self) -> None:
        for line in self._lines.values():
            await line.stop()

    async def tick(self) -> None:
        """End the faults whose time is over."""
        while True:
            await asyncio.sleep(TICK_US / 1e6)
            gone = self.board.expire(self._now_us())
            if gone:
                self._changed("fault_ended", gone, "time")

    async def add(self, values: dict[str, Any]) -> dict[str, Any]:
        """Raises RefusedError; then nothing was changed."""
        by, asked = _by(values), fault_request(values.get("fault"))
        async with self._changing:
            self.board.check(asked)
            if asked.elsewhere:
                await self._ask(asked.said.needs, [*self.board.elsewhere(), asked])
            one = self.board.add(asked, self._now_us())
        self._changed("fault_added", [one], by)
        return one.as_json()

    async def clear(self, values: dict[str, Any]) -> dict[str, Any]:
        """Raises RefusedError when there is no such fault."""
        by = _by(values)
        async with self._changing:
            gone = self.board.named(str(values.get("id", "")))
            rest = [one for one in self.board.elsewhere() if all(one is not other.request for other in gone)]
            for name in ELSEWHERE:
                if any(one.request.said.needs == name for one in gone):
                    await self._ask(name, rest)
            self.board.drop(gone)
        self._changed("fault_cleared", gone, by)
        return {"cleared": [one.name for one in gone]}

    async def _ask(self, process: str, standing: list[FaultRequest]) -> None:
        """Set the faults of the carrier or the mediation function. Raises RefusedError."""
        peer = self._config.carrier_sim if process == "carrier_sim" else self._config.mediation
        if peer is None:
            raise RefusedError(f"This proxy knows no control port of the {process}: the fault is set there.")
        try:
            await asyncio.to_thread(control.post, peer.port, "/fault", bodies(standing)[process])
        except control.ControlRefusedError as error:
            raise RefusedError(error.says) from error
        except control.ControlError as error:
            raise RefusedError(str(error)) from error

    def _changed(self, what: str, faults: list[Standing], by: str) -> None:
        for one in faults:
            self._log.warning(what, by=by, fault=one.as_json())
        for line in self._lines.values():
            line.apply()

    def faults(self) -> dict[str, Any]:
        return {
            "simulation": True,
            "links": sorted(self.board.links),
            "on": [one.as_json() for one in self.board.standing.values()],
            "kinds": [
                {"kind": name, "says": said.words, "needs": said.needs, "takes": list(said.takes)}
                for name, said in FAULTS.items()
            ],
        }

    def status(self) -> dict[str, Any]:
        return {
            "simulation": True,
            "faults": [one.as_json() for one in self.board.standing.values()],
            "links": {name: line.as_json() for name, line in self._lines.items()},
        }

    def routes(self) -> list[web.RouteDef]:
        async def told(_: dict[str, Any]) -> dict[str, Any]:
            return self.faults()

        return [
            web.get("/faults", self._answering(told)),
            web.post("/faults/add", self._answering(self.add)),
            web.post("/faults/clear", self._answering(self.clear)),
        ]

    def _answering(
        self, act: Callable[[dict[str, Any]], Awaitable[dict[str, Any]]]
    ) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        async def handler(request: web.Request) -> web.StreamResponse:
            kind, _, word = request.headers.get("Authorization", "").partition(" ")
            if kind != "Bearer" or not hmac.compare_digest(word.encode(), self._word.encode()):
                return web.json_response({"error": "Show the proxy's word as a bearer token."}, status=401)
            try:
                values = await request.json() if request.method == "POST" else {}
                if not isinstance(values, dict):
                    raise RefusedError("A request is a JSON object.")
                return web.json_response(await act(values))
            except (LabError, ValueError) as error:
                return web.json_response({"error": str(error)}, status=400)

        return handler


def _by(values: dict[str, Any]) -> str:
    return str(values.get("by", ""))[:MAX_BY]
