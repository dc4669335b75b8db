"""Listening to a call while it goes on, and what is done meanwhile: minimise, spot check, privileged.

The answer is a stream of frames until it may not go on: one octet of kind, four of length (little endian), the rest.
`S` sound, signed 16 bit little endian at 8000 a second; `W` nothing new, so that both ends know of each other; `E` JSON
with `state` and `why`, the last. What ends the right to listen ends the sound within a second (R-074): before every
piece the watch is asked. Commands go to the collector signed, each behind an attempt of its own.
"""

from __future__ import annotations

import asyncio
import json
from typing import Any, Final

from aiohttp import web
from pydantic import Field

from asn1.errors import LabError, RefusedError
from collector.console.errors import HttpError, NotFoundError
from collector.console.forms import FormModel
from collector.console.model.live import CHANNELS, ENDED, SOUND, STOPPED
from collector.console.page import Page
from collector.console.pages.cases.call import has_signed
from collector.console.pages.cases.common import ABOUT_CALL, CALL, base, cin_of, named
from collector.console.route import Asks, Route
from collector.console.scoping import Look, scope_for
from mediation.law.actors import Action, Role

STEP_S: Final = 0.1
BEAT_STEPS: Final = 10
WRITE_S: Final = 2.0
"""A listener whose machine takes nothing for so long is let go of."""


class ListenQuery(Look):
    channel: str = Field("mixed", max_length=20)


class MinimiseForm(FormModel):
    act: str = Field(pattern=r"^(start|stop|check)$")
    mode: str = Field("live-only", pattern=r"^(live-only|record-all)$")


class PrivilegedForm(FormModel):
    on: bool = True
    reason: str = Field("", max_length=200)


def routes() -> list[Route]:
    return [
        Route(
            "GET", f"{CALL}/listen", listen, Action.READ_CONTENT, case="case_id", asks=Asks.PART, object=ABOUT_CALL,
            title="Listening", query=ListenQuery,
        ),
        Route(
            "POST", f"{CALL}/minimise", minimise, Action.MINIMISE, case="case_id", object=ABOUT_CALL, form=MinimiseForm,
            title="Minimise",
        ),
        Route(
            "POST", f"{CALL}/privileged", privileged, Action.MARK_PRIVILEGED, case="case_id", object=ABOUT_CALL,
            form=PrivilegedForm, title="Privileged",
        ),
    ]  # fmt: skip


def frame(kind: bytes, octets: bytes = b"") -> bytes:
    return kind + len(octets).to_bytes(4, "little") + octets


def ended(state: str, why: str) -> bytes:
    return frame(b"E", json.dumps({"state": state, "why": why}).encode())


async def listen(page: Page) -> web.StreamResponse:
    """Begins a live session at the desk; it is over when this is."""
    scope = await scope_for(page)
    row = await named(page, scope)
    if not await has_signed(page):
        raise HttpError(409, "Sign the minimisation instructions of the case before you listen (R-118).")
    channel = page.query(ListenQuery).channel
    if channel not in CHANNELS or channel == "stereo":
        raise NotFoundError
    with page.context.streams.one(page.user_id):
        async with page.watching(Action.READ_CONTENT, page.case_id) as watch:

            def allowed() -> str:
                return watch.why if watch.ended.is_set() else ""

            try:
                audio = await page.work(page.context.follower.listen, scope, row.liid, row.cin, channel, allowed)
            except RefusedError as error:
                raise HttpError(409, str(error)) from error
            answer = web.StreamResponse(headers={"Content-Type": "application/octet-stream"})
            try:
                await answer.prepare(page.request)
                silent = 0
                while True:
                    step = audio.step(page.context.clock.now_us())
                    if step.state in (STOPPED, ENDED):
                        await _send(answer, ended(step.state, step.why or "The communication has ended."))
                        break
                    silent = 0 if step.state == SOUND else silent + 1
                    if step.state == SOUND:
                        await _send(answer, frame(b"S", step.pcm))
                    elif silent % BEAT_STEPS == 1:
                        await _send(answer, frame(b"W"))
                    await asyncio.sleep(STEP_S)
            except (TimeoutError, ConnectionError):
                # The listener is gone or takes nothing: nothing is kept for them.
                pass
            finally:
                audio.close()
            return answer


async def _send(answer: web.StreamResponse, octets: bytes) -> None:
    await asyncio.wait_for(answer.write(octets), WRITE_S)


async def minimise(page: Page) -> web.Response:
    form = page.form(MinimiseForm)
    liid, cin = _communication(page)
    fields: dict[str, Any] = {"liid": liid, "cin": cin}
    match form.act:
        case "start":
            fields |= {"on": True, "mode": form.mode}
        case "stop":
            fields |= {"on": False}
        case _:
            fields |= {"spot_check": True}
    said = await _give(page, "minimise", fields)
    return web.json_response({"done": form.act, "until_us": said.get("until_us"), "now_us": page.now_us})


async def privileged(page: Page) -> web.Response:
    form = page.form(PrivilegedForm)
    liid, cin = _communication(page)
    fields: dict[str, Any] = {"liid": liid, "cin": cin, "privileged": form.on, "reason": form.reason}
    await _give(page, "standing", fields)
    if page.request.headers.get("Accept", "").startswith("application/json"):
        return web.json_response({"done": "privileged" if form.on else "not privileged"})
    return page.redirect(base(page), "It is marked privileged: the filter team alone reads it (R-120).")


def _communication(page: Page) -> tuple[str, int]:
    """LIID and CIN that the path names, when an order of this case has that LIID. Raises NotFoundError.

    Whether a communication of that CIN is there is not asked: of one that is minimised from its first record on, or was
    just begun, nothing may be indexed yet."""
    liid, cin = page.path("liid"), cin_of(page)
    if not any(one.case_id == page.case_id and one.liid == liid for one in page.context.desk.orders):
        raise NotFoundError
    return liid, cin


async def _give(page: Page, name: str, fields: dict[str, Any]) -> dict[str, Any]:
    """Raises HttpError with the collector's sentence when it refuses, or does not answer."""
    role = page.role or Role.SYS
    try:
        return await page.context.commands.give(name, page.user_id, str(role), fields)
    except RefusedError as error:
        raise HttpError(409, str(error)) from error
    except LabError as error:
        raise HttpError(503, str(error)) from error
