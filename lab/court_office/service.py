"""The office as a process: a control port that takes signed commands, one after the other. Loopback by default."""

from __future__ import annotations

import asyncio
from typing import Any

from aiohttp import web

from asn1.errors import LabError, RefusedError
from collector.commands import MAX_COMMAND_OCTETS
from collector.store.audit_log import AuditLog, OneKey
from collector.store.private_files import own_signing_key, read_public_key
from lab.court import Court
from lab.court_office.config import CourtOfficeConfig
from lab.court_office.office import COURT, ORIGIN, CourtOffice
from lab.paths import RunPaths
from mediation.runtime.clock import Clock
from mediation.runtime.logs import get_logger
from mediation.runtime.process import ReadyFn
from mediation.runtime.status import start_status


async def run(config: CourtOfficeConfig, ready: ReadyFn, stop: asyncio.Event) -> None:
    """The process's own work, as `run_process` wants it. Raises NotReadyError, IntegrityError."""
    await serve(config, config.clock.clock(), ready, stop)


async def serve(config: CourtOfficeConfig, clock: Clock, ready: ReadyFn, stop: asyncio.Event) -> None:
    """By the clock given, until `stop` is set."""
    key = OneKey(own_signing_key(config.data_dir / "keys", "court-office"))
    audit = AuditLog(config.data_dir / "audit", key, name=ORIGIN)
    console = read_public_key(config.command_public_key)
    office = CourtOffice(Court(RunPaths(config.run)), console, clock, audit)
    one = asyncio.Lock()

    async def post(request: web.Request) -> web.Response:
        if (request.content_length or 0) > MAX_COMMAND_OCTETS:
            return web.json_response({"error": f"A command has at most {MAX_COMMAND_OCTETS} octets."}, status=413)
        octets = await request.read()
        async with one:
            try:
                return web.json_response(await asyncio.to_thread(office.take, octets))
            except RefusedError as error:
                return web.json_response({"error": str(error)}, status=403)
            except LabError as error:
                return web.json_response({"error": str(error)}, status=409)

    def status() -> dict[str, Any]:
        return {"simulation": True, **office.counts, "audit": {"entries": audit.entries}}

    runner, port = await start_status(config.control, status, [web.post(f"/{COURT}", post)])
    try:
        get_logger("court_office").info("listening", ports={"control": port}, simulation=True)
        ready({"control": port})
        await stop.wait()
    finally:
        await runner.cleanup()
        audit.close()
