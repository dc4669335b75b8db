"""The composition root of `python -m carrier_sim`: clock, network, element, X1 server, control port.

Control routes (loopback, JSON): `GET /status`; `POST /start` lets held traffic go; `POST /inject` takes one traffic
item, or a list of them (also as `{"items": [...]}`), and schedules it from now; `POST /fault` sets training faults;
`GET /subscribers` lists who can be named, with all their identities, and nothing of who is intercepted (R-147).
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any, Literal

from aiohttp import web
from pydantic import ValidationError

from asn1.errors import LabError, RefusedError
from carrier_sim.config import TRAFFIC_ITEMS, CallItem, CarrierConfig, CarrierFaults, ReplayConfig, TrafficItem
from carrier_sim.delivery import DeliveryOptions
from carrier_sim.element import Element
from carrier_sim.events import InterceptEvent
from carrier_sim.keepalive import KeepaliveWatch, Timers
from carrier_sim.network import Network, Schedule
from carrier_sim.provisioning import Provisioning
from carrier_sim.replay import Replay
from carrier_sim.speech import Clips
from carrier_sim.subscribers import Directory
from carrier_sim.traffic import Traffic
from carrier_sim.x1_reports import Reporter
from carrier_sim.x1_server import X1Server
from mediation.runtime.clock import Clock
from mediation.runtime.config import NotReadyError
from mediation.runtime.exchange import Endpoint
from mediation.runtime.logs import get_logger
from mediation.runtime.process import ReadyFn
from mediation.runtime.status import start_http, start_status
from mediation.runtime.tls import client_context, peer_name

State = Literal["hold", "running", "done"]


class Carrier:
    """One simulated carrier: everything but the listeners, so that a test can drive it by hand."""

    def __init__(self, config: CarrierConfig, clock: Clock) -> None:
        self._config = config
        self._clock = clock
        self._clips = Clips()
        self._directory = Directory(config.seed, config.subscribers)
        self._replay: Replay | None = None
        self._replay_error: str | None = None
        self._started = False
        self._log = get_logger("carrier")
        self.schedule = Schedule()
        self._network = Network(config.seed, clock.now_us(), self._directory, self._clips, self.schedule)
        self.element = Element(
            DeliveryOptions(
                config.buffer_octets,
                config.retry_s,
                config.keepalive_s,
                config.keepalive_timeout_s,
                config.x2x3_minor_version,
                client_context(config.delivery_tls) if config.delivery_tls else None,
            )
        )
        self._faults = config.faults
        self._set_faults(config.faults)
        for name, value in config.faults.active().items():
            self._log.warning("fault_configured", fault=name, value=value)
        self.traffic = Traffic(clock, self.schedule, self.element.feed)

    def now_us(self) -> int:
        return self._clock.now_us()

    @property
    def state(self) -> State:
        if not self.schedule.empty:
            return "running"
        return "done" if self._started else "hold"

    async def start(self) -> None:
        """Schedule the configured traffic from now on; a second call does nothing. Raises `LabError`."""
        if self._started:
            return
        self._started = True
        try:
            if self._config.replay is not None:
                await self._add_replay(self._config.replay)
        except LabError:
            self._started = False
            raise
        for item in self._config.traffic:
            await self._render(item)
        start_us = self._clock.now_us()
        for item in self._config.traffic:
            self._network.add(item, start_us)
        self.traffic.wake()
        self._log.info("started", communications=self._network.communications, seed=self._config.seed)

    async def inject(self, values: object) -> int:
        """Schedule a traffic item or a list of them (JSON values), `at_s` from now, whether or not the configured
        traffic was started. All are checked before any is scheduled.

        Returns the number of communications scheduled so far. Raises `LabError` and pydantic's `ValidationError`.
        """
        if isinstance(values, dict) and "items" in values:
            if len(values) > 1:
                raise RefusedError("A batch has items and nothing else.")
            values = values["items"]
        items = TRAFFIC_ITEMS.validate_python(values if isinstance(values, list) else [values])
        for item in items:
            await self._render(item)
        now_us = self._clock.now_us()
        for item in items:
            self._network.add(item, now_us)
        if not self._config.traffic and self._config.replay is None:
            self._started = True
        self.traffic.wake()
        return self._network.communications

    def fault(self, values: object) -> dict[str, Any]:
        """Set training faults, each replacing what was set under its name. Raises pydantic's `ValidationError`."""
        if not isinstance(values, dict):
            raise RefusedError("A fault is a JSON object.")
        self._set_faults(CarrierFaults.model_validate({**self._faults.model_dump(), **values}))
        self._log.warning("fault_set", faults=self._faults.active())
        return {"faults": self._faults.active()}

    def _set_faults(self, faults: CarrierFaults) -> None:
        self._faults = faults
        self.element.set_clock_offsets(faults.clock_offset_us)

    async def _render(self, item: TrafficItem) -> None:
        """Speech of custom texts is made here, beside the event loop, and found ready when the call speaks."""
        if isinstance(item, CallItem):
            for role, text in (("caller", item.caller_text), ("callee", item.callee_text)):
                if text is not None:
                    await asyncio.to_thread(self._clips.render, role, text)

    async def _add_replay(self, config: ReplayConfig) -> None:
        rebase_us = config.rebase_us
        if rebase_us is None and config.at_s is not None:
            rebase_us = self._clock.now_us() + round(config.at_s * 1e6)
        replay = Replay(config.file, self._network.next_correlation, rebase_us, config.keep_identities)
        await asyncio.to_thread(replay.prepare)
        self._replay = replay
        self.schedule.add(self._guarded(replay.events()))

    def _guarded(self, events: Iterator[InterceptEvent]) -> Iterator[InterceptEvent]:
        """A replay that fails half-way ends there and says so; the rest of the traffic goes on."""
        try:
            yield from events
        except LabError as error:
            self._replay_error = str(error)
            self._log.error("replay_stopped", message=str(error))

    def status(self) -> dict[str, Any]:
        status: dict[str, Any] = {
            "simulation": True,
            "state": self.state,
            "now_us": self._clock.now_us(),
            "seed": self._config.seed,
            "faults": self._faults.active(),
            "schedule_empty": self.schedule.empty,
            "events_done": self.schedule.done,
            "events_total": self.schedule.known,
            "next_event_us": self.schedule.next_us,
            "communications": self._network.communications,
            **self.element.status(),
        }
        if self._replay is not None:
            counts = self._replay.counts
            status["replay"] = {**asdict(counts), "error": self._replay_error}
        return status

    def subscribers(self) -> list[dict[str, str]]:
        return [
            {
                "number": one.number,
                "name": one.name,
                "imsi": one.imsi,
                "sip_uri": one.sip_uri,
                "nai": one.nai,
                "ipv4": one.ipv4,
                "ipv6": one.ipv6,
            }
            for one in self._directory.known
        ]

    def routes(self) -> list[web.RouteDef]:
        async def start(_: web.Request) -> web.Response:
            try:
                await self.start()
            except LabError as error:
                return _refuse(error)
            return web.json_response({"state": self.state})

        async def inject(request: web.Request) -> web.Response:
            try:
                communications = await self.inject(await request.json())
            except (LabError, ValueError) as error:
                return _refuse(error)
            return web.json_response({"state": self.state, "communications": communications})

        async def fault(request: web.Request) -> web.Response:
            try:
                return web.json_response(self.fault(await request.json()))
            except (LabError, ValueError) as error:
                return _refuse(error)

        async def subscribers(_: web.Request) -> web.Response:
            return web.json_response(self.subscribers())

        return [
            web.post("/start", start),
            web.post("/inject", inject),
            web.post("/fault", fault),
            web.get("/subscribers", subscribers),
        ]


def _refuse(error: Exception) -> web.Response:
    message = str(error)
    if isinstance(error, ValidationError):
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "the body"
        message = f"{where}: {first['msg']}."
    return web.json_response({"error": message}, status=400)


def _reporter(config: CarrierConfig, carrier: Carrier, provisioning: Provisioning) -> Reporter:
    to = None
    if config.admf_url is not None:
        tls = config.x1_listen.tls
        name = config.admf_name or peer_name(config.admf_id)
        to = Endpoint(config.admf_url, client_context(tls) if tls else None, name)
    times = config.x1_keepalive
    watch = KeepaliveWatch(Timers(times.time_p1_s, times.time_p2_s, times.time_p3_s, times.deactivates))
    ids = (config.admf_id, config.ne_id)
    return Reporter(
        carrier.element, provisioning, to, ids, watch, carrier.now_us, time.monotonic, config.report_after_s
    )


async def main(config: CarrierConfig, ready: ReadyFn, stop: asyncio.Event) -> None:
    """Run until `stop` is set. Raises `NotReadyError` when a listener or the capture file is not there."""
    if config.replay is not None and not config.replay.file.is_file():
        raise NotReadyError(f"There is no capture {config.replay.file}: give an existing pcap or pcapng file.")
    carrier = Carrier(config, config.clock.clock())
    provisioning = Provisioning(carrier.element, carrier.now_us, config.deactivate_all, config.remove_all)
    reporter = _reporter(config, carrier, provisioning)
    x1 = X1Server(
        carrier.element, config.ne_id, config.admf_id, carrier.now_us, config.x1_readers, provisioning, reporter.heard
    )
    x1_runner, x1_port = await start_http(config.x1_listen, x1.routes())
    try:
        control_runner, control_port = await start_status(config.control, carrier.status, carrier.routes())
        try:
            pace = asyncio.create_task(carrier.traffic.run(), name="traffic")
            reports = asyncio.create_task(reporter.run(), name="x1 reports")
            if config.start == "now":
                await carrier.start()
            ready({"x1": x1_port, "control": control_port})
            stopped = asyncio.create_task(stop.wait())
            await asyncio.wait((pace, reports, stopped), return_when=asyncio.FIRST_COMPLETED)
            stopped.cancel()
            for task in (pace, reports):
                if task.done():
                    task.result()
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await task
        finally:
            await carrier.element.close()
            await control_runner.cleanup()
    finally:
        await x1_runner.cleanup()
