"""What becomes of an error: a page for a browser, a part of one for htmx, problem+json (RFC 9457) for a program."""

from __future__ import annotations

import json
import secrets
from collections.abc import Awaitable, Callable
from typing import Any, Final

from aiohttp import web

from asn1.errors import LabError, LocalError, RefusedError
from collector.console.errors import WORDS, DeniedError, FormError, HttpError, NotFoundError, SignInFirstError
from collector.console.model.scope import NotFoundError as NothingThereError
from collector.console.rendering import rendered
from collector.console.request_keys import ROUTE, SIGNED_IN
from collector.console.route import API_PREFIX
from collector.console.signed_in import SessionState
from collector.desk.explain import explain_access
from mediation.runtime.config import NotReadyError
from mediation.runtime.logs import get_logger
from mediation.runtime.process import IntegrityError

PROBLEM: Final = "application/problem+json"
_GO: Final = {
    SessionState.IDLE.value: "/unlock",
    SessionState.MUST_CHANGE.value: "/account/password",
    SessionState.MUST_ENROL.value: "/account/code",
}
Serve = Callable[[web.Request], Awaitable[web.StreamResponse]]


@web.middleware
async def failing(request: web.Request, handler: Serve) -> web.StreamResponse:
    try:
        return await handler(request)
    except HttpError as error:
        return answer(request, error)
    except web.HTTPException as error:
        return answer(request, _of_aiohttp(error))
    except ConnectionError:
        raise
    except IntegrityError as error:
        return _ours(request, error, "What the console reads was changed. Nothing is shown from it; see the log.")
    except NotReadyError as error:
        return answer(request, HttpError(503, str(error), {"Retry-After": "2"}))
    except NothingThereError:
        return answer(request, NotFoundError())
    except (RefusedError, LocalError) as error:
        return answer(request, HttpError(409, str(error)))
    except Exception as error:
        return _ours(request, error, "That should not have happened.")


def answer(request: web.Request, error: HttpError) -> web.Response:
    """The same error as whoever asks can read it."""
    if request.path.startswith(API_PREFIX):
        return _problem(request, error)
    if isinstance(error, SignInFirstError) or error.status == 401:
        return _elsewhere(request, error)
    words = WORDS.get(error.status, "That did not work")
    values: dict[str, Any] = {
        "status": error.status,
        "words": words,
        "title": words,
        "says": error.says,
        "chain": (),
        "event": "",
        "faults": {},
    }
    if isinstance(error, DeniedError):
        values |= {"chain": explain_access(error.outcome.entry), "event": error.outcome.event_id}
    if isinstance(error, FormError):
        values["faults"] = error.faults
    part = "HX-Request" in request.headers and "HX-Boosted" not in request.headers
    text = rendered(request, "error/part.html" if part else "error/page.html", values)
    return web.Response(
        text=text, status=error.status, content_type="text/html", charset="utf-8", headers=error.headers
    )


def _elsewhere(request: web.Request, error: HttpError) -> web.Response:
    """To the sign-in, or to what has to be done first. A path that somebody may not see is not told apart."""
    to = _GO.get(error.headers.get("X-Console-State", ""), "/sign-in")
    if "HX-Request" in request.headers:
        return web.Response(status=401, headers={"HX-Redirect": to})
    if request.method == "GET" and request.headers.get("Sec-Fetch-Dest", "document") == "document":
        return web.Response(status=303, headers={"Location": to})
    return web.Response(text=error.says, status=401)


def _problem(request: web.Request, error: HttpError) -> web.Response:
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": WORDS.get(error.status, "That did not work"),
        "status": error.status,
        "detail": error.says,
        "simulation": True,
    }
    if isinstance(error, DeniedError):
        body["event_id"] = error.outcome.event_id
        body["chain"] = [step._asdict() for step in explain_access(error.outcome.entry)]
    if isinstance(error, FormError):
        body["faults"] = error.faults
    headers = dict(error.headers)
    if error.status == 401:
        headers["WWW-Authenticate"] = 'Bearer realm="calea-lab SIMULATION"'
    return web.Response(text=json.dumps(body), status=error.status, content_type=PROBLEM, headers=headers)


def _of_aiohttp(error: web.HTTPException) -> HttpError:
    if error.status == 404:
        return NotFoundError()
    allow = error.headers.get("Allow")
    says = {405: "The page is there and is asked another way.", 413: "That is more than is taken here."}
    return HttpError(error.status, says.get(error.status, "That is not in order."), {"Allow": allow} if allow else None)


def _ours(request: web.Request, error: Exception, says: str) -> web.Response:
    """Into the log with a number; to the browser only that. Never content: an error's own text stays in the log."""
    number = secrets.token_hex(4)
    route = request.get(ROUTE)
    get_logger("console").error(
        "failed",
        number=number,
        route=None if route is None else f"{route.method} {route.path}",
        user=request[SIGNED_IN].user_id if SIGNED_IN in request else None,
        error=type(error).__name__,
        message=str(error) if isinstance(error, LabError) else "",
        at=_place(error),
    )
    return answer(request, HttpError(500, f"{says} Its number in the log is {number}."))


def _place(error: Exception) -> str:
    """Where it came from, file and line, without any value."""
    at = error.__traceback__
    while at is not None and at.tb_next is not None:
        at = at.tb_next
    return "" if at is None else f"{at.tb_frame.f_code.co_filename.rsplit('/', 1)[-1]}:{at.tb_lineno}"
