"""The routes of the control port beside its status: resume a paused link, take a signed command. Loopback by default.

Rules. Nothing is decided here. What is refused answers 403 with the sentence that went on record, what is not JSON or
names nothing answers 400 or 404.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from aiohttp import web

from asn1.errors import LabError, RefusedError
from collector.commands import MINIMISE, STANDING
from collector.recorder.devices import DEVICE

Resume = Callable[[str, str, str], dict[str, Any] | None]
"""Link, by, note to what went on record; None when there is no such link. Raises RefusedError."""
Take = Callable[[str, bytes], dict[str, Any]]
"""A command's name and octets to what went on record. Raises RefusedError."""


def control_routes(resume: Resume, take: Take, enrolled: Callable[[], dict[str, Any]]) -> list[web.RouteDef]:
    """`enrolled`: the devices, and when the last command taken was given."""

    async def post_resume(request: web.Request) -> web.Response:
        try:
            value = json.loads(await request.read())
            by, note = str(value.get("by", "")), str(value.get("note", ""))
        except (ValueError, AttributeError):
            return _answer(400, "The body is a JSON object with by and note.")
        try:
            done = resume(request.match_info["name"], by, note)
        except RefusedError as error:
            return _answer(403, str(error))
        return _answer(404, "There is no such link.") if done is None else web.json_response(done)

    def command(name: str) -> web.RouteDef:
        async def post(request: web.Request) -> web.Response:
            try:
                return web.json_response(take(name, await request.read()))
            except RefusedError as error:
                return _answer(403, str(error))
            except LabError as error:
                return _answer(409, str(error))

        return web.post(f"/{name}", post)

    async def get_devices(_: web.Request) -> web.Response:
        return web.json_response(enrolled())

    devices = web.get("/devices", get_devices)
    return [
        devices,
        web.post("/links/{name}/resume", post_resume),
        *(command(one) for one in (MINIMISE, STANDING, DEVICE)),
    ]


def _answer(status: int, why: str) -> web.Response:
    return web.json_response({"error": why}, status=status)
