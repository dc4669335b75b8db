"""The trainer's control port: what `calea-lab train …` asks for, as JSON. Loopback, like every process's.

A browser's form cannot ask here: what is not sent as `application/json` is refused, and no other origin may send that.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any, Final, Literal

from aiohttp import web
from pydantic import Field, ValidationError

from asn1.errors import LabError
from lab.training.director import Director
from lab.training.jobs import Jobs
from mediation.runtime.config import Model

MAX_OCTETS: Final = 16 * 1024
Handler = Callable[[web.Request], Awaitable[web.Response]]


class Ask(Model):
    """One request; each act takes what it needs of it."""

    by: str = Field("command", min_length=1, max_length=64)
    card: str = Field("", max_length=64)
    trainee: str = Field("", max_length=64)
    mark: str = Field("", max_length=64, pattern=r"^([a-z][a-z0-9-]{0,40})?$")
    speed: Literal["max"] | float = Field(1.0)


def routes(director: Director, jobs: Jobs) -> list[web.RouteDef]:
    def job(work: Callable[[Ask], None]) -> Handler:
        async def handler(request: web.Request) -> web.Response:
            try:
                asked = await _asked(request)
                number = jobs.submit(lambda: work(asked))
            except LabError as error:
                return web.json_response({"refused": str(error)})
            return web.json_response({"job": number})

        return handler

    async def view(request: web.Request) -> web.Response:
        return web.json_response(told(director, jobs))

    return [
        web.get("/class", view),
        web.post("/inject", job(lambda asked: director.inject(asked.card, asked.trainee, asked.by))),
        web.post("/mark", job(lambda asked: director.mark(asked.mark, asked.by))),
        web.post("/rewind", job(lambda asked: director.rewind(asked.mark, asked.by))),
        web.post("/pause", _now(director.pause)),
        web.post("/resume", _now(director.resume)),
        web.post("/speed", _now(director.set_speed, lambda asked: (asked.speed,))),
    ]


def told(director: Director, jobs: Jobs) -> dict[str, Any]:
    """The class, as a program reads it. `jobs` by number: blank when done, else the sentence why not."""
    view = director.view
    return {
        "simulation": True,
        "scenario": view.held.scenario,
        "state": view.state,
        "busy": view.busy,
        "paused": view.paused,
        "speed": view.held.speed,
        "now_us": director.now_us,
        "run": view.held.run,
        "trainees": [one.user_id for one in view.held.trainees],
        "marks": [one.model_dump() for one in view.held.marks],
        "played": list(view.played),
        "failed": [{"card": card, "why": why} for card, why in view.failed],
        "waiting": jobs.waiting,
        "jobs": {str(number): why for number, why in jobs.ended.items()},
    }


def _now(act: Callable[..., None], arguments: Callable[[Ask], tuple[Any, ...]] = lambda _: ()) -> Handler:
    """What waits for nothing: the clock is in the trainer's hand, whatever card is being played."""

    async def handler(request: web.Request) -> web.Response:
        try:
            asked = await _asked(request)
            await asyncio.to_thread(act, *arguments(asked), asked.by)
        except LabError as error:
            return web.json_response({"refused": str(error)})
        return web.json_response({"job": 0})

    return handler


async def _asked(request: web.Request) -> Ask:
    if request.content_type != "application/json":
        raise web.HTTPUnsupportedMediaType(text="Send application/json.\n")
    octets = await request.content.read(MAX_OCTETS + 1)
    if len(octets) > MAX_OCTETS:
        raise web.HTTPRequestEntityTooLarge(MAX_OCTETS, len(octets))
    try:
        return Ask.model_validate(json.loads(octets or b"{}"))
    except (ValueError, RecursionError) as error:
        said = error.errors()[0]["msg"] if isinstance(error, ValidationError) else "this is no JSON object"
        raise web.HTTPBadRequest(text=f"{said}\n") from error
