"""The devices' process: what people do to a device comes over its control port, and every deed is on signed record.

    POST /recorders/NAME/install | give-out | give-back | record | deliver | clear
    POST /cameras/NAME/take | read-out | reach
    POST /handhelds/NAME/take | read-out | reach | network | look

Rules. Nothing is decided here: devices know their own rules, the desk and the collector theirs. A deed and a refusal
are an entry of the devices' ledger (`devices/audit`) before they are answered. No route changes a recording (R-167).
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from aiohttp import web

from asn1.errors import LabError, RefusedError
from collector.store.audit_log import AuditLog, OneKey
from collector.store.private_files import own_signing_key
from lab.agency.devices.config import DevicesConfig
from lab.agency.devices.going_out import RecordManagement
from lab.agency.devices.held import HeldDevices
from lab.agency.devices.memory import DeviceFullError, Memory
from lab.agency.devices.recorders import Recorders
from mediation.runtime.logs import get_logger
from mediation.runtime.process import ReadyFn
from mediation.runtime.status import start_status

ORIGIN: Final = "calea-lab/devices"
CAPACITY_OCTETS: Final = 64 << 20
_FULL: Final = {"recorder": ["R-160"], "camera": ["R-169"], "handheld": ["R-170"]}
Deed = Callable[[str, Mapping[str, Any]], Awaitable[dict[str, Any]]]
"""A device's name and what was asked, to the fields of its entry."""


async def run(config: DevicesConfig, ready: ReadyFn, stop: asyncio.Event) -> None:
    """The process's own work, as `run_process` wants it."""
    await Service(config).run(ready, stop)


class Service:
    def __init__(self, config: DevicesConfig) -> None:
        self._config = config
        self._clock = config.clock.clock()
        self._log = get_logger("devices")

    async def run(self, ready: ReadyFn, stop: asyncio.Event) -> None:
        config = self._config
        key = own_signing_key(config.data_dir / "keys", "devices")
        self._audit = AuditLog(config.data_dir / "audit", OneKey(key), CAPACITY_OCTETS, ORIGIN)
        try:
            self._recorders = Recorders(config, self._clock, Memory)
            records = None if config.records is None else RecordManagement(config.records)
            common = (self._clock, Memory, records, config.collector)
            self._cameras = HeldDevices("camera", config.cameras, config.data_dir / "cameras", *common)
            self._handhelds = HeldDevices("handheld", config.handhelds, config.data_dir / "handhelds", *common)
            runner, port = await start_status(config.control, self.status, self._routes())
            try:
                self._log.info("listening", control=port, simulation=True)
                ready({"control": port})
                await stop.wait()
            finally:
                await runner.cleanup()
        finally:
            self._audit.close()

    def status(self) -> dict[str, Any]:
        return {
            "simulation": True,
            "recorders": self._recorders.status(),
            "cameras": self._cameras.status(),
            "handhelds": self._handhelds.status(),
            "entries": self._audit.entries,
        }

    def _routes(self) -> list[web.RouteDef]:
        return [
            web.post(f"/{kind}/{{name}}/{deed}", self._posted(f"{kind[:-1]}_{deed.replace('-', '_')}", work))
            for kind, deeds in (
                ("recorders", self._recorders.deeds()),
                ("cameras", self._cameras.deeds()),
                ("handhelds", self._handhelds.deeds()),
            )
            for deed, work in deeds.items()
        ]

    def _posted(self, kind: str, work: Deed) -> Callable[[web.Request], Awaitable[web.Response]]:
        async def post(request: web.Request) -> web.Response:
            name = request.match_info["name"]
            try:
                asked = json.loads(await request.read() or b"{}")
                if not isinstance(asked, dict):
                    raise ValueError
            except (ValueError, RecursionError):
                return web.json_response({"error": "The body is a JSON object."}, status=400)
            try:
                done = await work(name, asked)
            except DeviceFullError as error:
                self._put(
                    "device_full",
                    {"device": name, "deed": kind, "why": str(error), "rules": _FULL[kind.partition("_")[0]]},
                )
                return web.json_response({"error": str(error)}, status=409)
            except LabError as error:
                refused = isinstance(error, RefusedError)
                self._put("refused" if refused else "failed", {"device": name, "deed": kind, "why": str(error)})
                return web.json_response({"error": str(error)}, status=403 if refused else 502)
            self._put(kind, {"device": name, **done})
            return web.json_response(done)

        return post

    def _put(self, kind: str, fields: dict[str, Any]) -> None:
        self._audit.append(kind, fields, self._clock.now_us())
        self._audit.flush()
        self._log.info(kind, **fields)
