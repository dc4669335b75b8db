"""The first page of everybody: their cases, what waits for them, alarms."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from aiohttp import web

from collector.console.cases import known_cases
from collector.console.context import Context
from collector.console.page import Page
from collector.console.route import Door, Route
from collector.console.scoping import PRIVILEGED
from mediation.law.actors import Action, Role
from mediation.law.desk_values import DeskRequest

ALARMED: Final = frozenset({Role.SUP, Role.TARU, Role.TADM, Role.ICO, Role.IAB, Role.ITB})
NEWEST: Final = 10


class Waiting(NamedTuple):
    says: str
    about: str
    path: str = ""


def routes(context: Context) -> list[Route]:
    return [Route("GET", "/", show, Door.SIGNED_IN, title="Home", nav="Home")]


async def show(page: Page) -> web.Response:
    state, role = page.context.desk.state, page.role
    cases = () if role is None else known_cases(state, page.context.desk.orders, page.user_id, role, page.now_us)
    return page.render(
        "home/show.html",
        cases=cases,
        waiting=tuple(_waiting(page)),
        alarms=_alarms(page.context.desk.entries) if role in ALARMED else (),
        alarmed=role in ALARMED,
        case_base=_case_base(page),
    )


def _case_base(page: Page) -> str:
    """Where this role reads its cases; blank for one that only knows of them."""
    if page.has_cell(Action.READ_CALL_IDENTIFYING):
        return "/cases"
    return f"{PRIVILEGED}/cases" if page.has_cell(Action.READ_PRIVILEGED_HOLD) else ""


def _waiting(page: Page) -> Iterator[Waiting]:
    """What somebody of this role has to do next."""
    state = page.context.desk.state
    if page.signed_in is not None and page.user.station is None and page.role not in (Role.JUDGE, Role.PROS):
        yield Waiting("Enrol this browser as a station", "nothing collected is shown at another device", "/station")
    if page.role is Role.TARU:
        for request in state.requests.values():
            word = _next_of(request)
            if word and request.agency == _agency(page):
                yield Waiting(word, f"request {request.request_id}, case {request.case_id}", _to(page, request))
    if page.role in (Role.TARU, Role.TADM):
        for row in state.tickets.values():
            if not row.ticket.approved_by and row.ticket.opened_by != page.user_id:
                yield Waiting("Approve or leave a ticket", f"{row.ticket.ticket_id} for {row.ticket.user_id}")


def _next_of(request: DeskRequest) -> str:
    if request.accepted is not None:
        return ""
    return "Check the papers" if not request.checks else "Accept or refuse"


def _agency(page: Page) -> str:
    user = page.context.desk.state.users.get(page.user_id)
    return "" if user is None else user.duty_at(page.now_us).agency


def _to(page: Page, request: DeskRequest) -> str:
    return f"/requests/{request.request_id}" if page.has_route("/requests/{request_id}") else ""


def _alarms(entries: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The newest first."""
    found = [one for one in entries if one["kind"] == "alarm"]
    return found[: -NEWEST - 1 : -1]
