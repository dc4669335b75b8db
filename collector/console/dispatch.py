"""From a request to a handler: the one order in which everything is asked, for pages and API alike.

    name of the host, rate of the address, who signed in and where, state of the session, origin and token of a write,
    path, query and form, the law, the handler

Rules. Each step can only refuse. A write by a browser shows the session's own token and comes from our own origin; a
bearer token is no cookie, so no browser sends it by itself. Whatever fails becomes one page, or one problem+json, made
in `failing.py`; a failure of ours says nothing but its number in the log.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Awaitable, Callable, Iterable
from typing import Final
from urllib.parse import urlsplit

from aiohttp import web
from aiohttp.typedefs import Middleware
from pydantic import BaseModel

from collector.console.access import allowed, must_be_signed_in, raise_unless
from collector.console.context import Context
from collector.console.errors import FormError, HttpError, SignInFirstError, TooManyError
from collector.console.forms import CSRF_FIELD, checked, model_of_fields, query_of, read_fields, read_json
from collector.console.memory import Client
from collector.console.page import Page
from collector.console.rates import Rates
from collector.console.request_keys import ROUTE, SIGNED_IN, STATION, context_of
from collector.console.route import Asks, Door, Route
from collector.console.signed_in import SessionState, SignedIn
from mediation.law.access_facts import Circumstances
from mediation.law.actors import Action
from mediation.law.desk import NOTHING

SESSION_COOKIE: Final = "__Host-session"
STATION_COOKIE: Final = "__Host-station"
CSRF_HEADER: Final = "X-CSRF"
STATION_HEADER: Final = "X-Station"
"""Of the API: the token of the station that a program runs at, where it shows no certificate."""
BURST_S: Final = 10.0
MAX_TOKEN: Final = 128
_STATIC: Final = "/static/"
Serve = Callable[[web.Request], Awaitable[web.StreamResponse]]


def client_of(request: web.Request) -> Client:
    """What a request shows of itself. No header but the cookies is believed."""
    transport = request.transport
    tls = None if transport is None else transport.get_extra_info("ssl_object")
    certificate = None if tls is None else tls.getpeercert(binary_form=True)
    return Client(
        request.cookies.get(SESSION_COOKIE, "")[:MAX_TOKEN],
        request.cookies.get(STATION_COOKIE, "")[:MAX_TOKEN],
        hashlib.sha256(certificate).hexdigest() if certificate else "",
        request.remote or "",
    )


def routes_of(declared: Iterable[Route]) -> list[web.RouteDef]:
    """The declarations as aiohttp takes them."""
    made = []
    for route in declared:
        make = web.get if route.method == "GET" else web.post
        made.append(make(route.path, _serving(route)))
    return made


def _serving(route: Route) -> Serve:
    async def serve(request: web.Request) -> web.StreamResponse:
        request[ROUTE] = route
        context = context_of(request)
        await context.desk.look()
        await _recognise(request, route, context)
        if route.access is not Door.OPEN:
            _check_state(must_be_signed_in(request), route)
        if route.method == "POST" and not route.api:
            _same_origin(request)
        if isinstance(route.access, Action) and not route.cell(request[SIGNED_IN].role):
            # Who can never come through is refused before anything that they sent is read.
            await _decide(request, route, Page(request, route, case_id=request.match_info.get(route.case, "")), NOTHING)
        page = await _parsed(request, route)
        if isinstance(route.access, Action):
            await _decide(request, route, page, NOTHING if route.facts is None else route.facts(page))
        answer = await route.handler(page)
        if isinstance(answer, BaseModel):
            return web.json_response(text=answer.model_dump_json())
        return answer

    return serve


async def _recognise(request: web.Request, route: Route, context: Context) -> None:
    client = client_of(request)
    if route.api:
        client = client._replace(session_token="", station_token=request.headers.get(STATION_HEADER, "")[:MAX_TOKEN])
        signed_in = await context.memory.bearer(_bearer(request), client)
        why = "Send a token as `Authorization: Bearer …`; whoever is signed in makes one under Account."
    else:
        signed_in, station, why = await context.memory.recognise(client, route.asks is not Asks.PART)
        if station is not None:
            request[STATION] = station
    if signed_in is not None:
        request[SIGNED_IN] = signed_in
    elif route.access is not Door.OPEN:
        raise SignInFirstError(why or "Sign in to go on.")


def _bearer(request: web.Request) -> str:
    kind, _, value = request.headers.get("Authorization", "").partition(" ")
    return value.strip()[:MAX_TOKEN] if kind.lower() == "bearer" else ""


def _check_state(signed_in: SignedIn, route: Route) -> None:
    if signed_in.state is not SessionState.OPEN and not route.locked:
        raise HttpError(401, _STATES[signed_in.state], {"X-Console-State": signed_in.state.value})


_STATES: Final = {
    SessionState.IDLE: "Nothing was done for a while: give your password again.",
    SessionState.MUST_CHANGE: "Choose a password of your own first.",
    SessionState.MUST_ENROL: "Enrol a second factor first.",
}


async def _parsed(request: web.Request, route: Route) -> Page:
    """Raises HttpError for a write from elsewhere, and FormError."""
    form: BaseModel | None = None
    if route.method == "POST" and route.api:
        values = await read_json(request, route.most_octets)
        form = None if route.form is None else checked(route.form, values)
    elif route.method == "POST":
        fields = await read_fields(request, route.most_octets)
        shown = fields.pop(CSRF_FIELD, [""])[-1]
        _csrf(request, shown if isinstance(shown, str) else "")
        if route.form is not None:
            form = model_of_fields(route.form, fields)
        elif fields:
            raise FormError(dict.fromkeys(fields, "There is no such field."))
    asked = {name: request.query.getall(name) for name in request.query}
    query = None if route.query is None else query_of(route.query, asked)
    case_id = ""
    if route.case:
        case_id = request.match_info.get(route.case) or str(getattr(form, route.case, ""))
    return Page(request, route, query, form, case_id)


def _same_origin(request: web.Request) -> None:
    """A write comes from a page of ours. Raises HttpError."""
    origin = request.headers.get("Origin")
    if origin is None:
        if request.headers.get("Sec-Fetch-Site") == "same-origin":
            return
    elif origin == f"{request.scheme}://{request.host}":
        return
    raise HttpError(403, "The form was sent from elsewhere. Open the page itself and send it again.")


def _csrf(request: web.Request, shown: str) -> None:
    """Of somebody who is signed in; there is nothing to steal before. Raises HttpError."""
    if SIGNED_IN not in request:
        return
    given = shown or request.headers.get(CSRF_HEADER, "")
    if not hmac.compare_digest(given.encode(), request[SIGNED_IN].csrf.encode()):
        raise HttpError(403, "The page was older than your session. Open it again and send it once more.")


async def _decide(request: web.Request, route: Route, page: Page, facts: Circumstances) -> None:
    assert isinstance(route.access, Action), "a Door is no action"
    kind, parameter = route.object
    name = request.match_info.get(parameter, "") if parameter else f"{route.method} {route.path}"
    outcome = await allowed(request, route.access, page.case_id, facts, route.asks, (kind or "page", name), route)
    raise_unless(outcome, page.case_id)
    page.outcome = outcome


# Before any route


def guards(names: frozenset[str], per_s: float) -> Middleware:
    """The name that was asked for, and how often an address asks."""
    rates = Rates(per_s * BURST_S, per_s)

    @web.middleware
    async def guard(request: web.Request, handler: Serve) -> web.StreamResponse:
        name = urlsplit(f"//{request.headers.get('Host', '')}").hostname
        if name not in names:
            raise HttpError(421, "Use one of the names that the console was configured with.")
        if not request.path.startswith(_STATIC):
            wait_s = rates.take(request.remote or "", context_of(request).wall_us())
            if wait_s:
                raise TooManyError(wait_s)
        return await handler(request)

    return guard
