"""The API's own routes: its document, and who a token stands for. Areas add theirs beside their pages."""

from __future__ import annotations

from aiohttp import web
from pydantic import BaseModel

from collector.console.cases import known_cases
from collector.console.context import Context
from collector.console.openapi import document
from collector.console.page import Page
from collector.console.request_keys import DECLARED
from collector.console.route import Door, Route
from mediation.law.actors import MATRIX, Action


class WhoAmI(BaseModel):
    """`actions`: what the token may be used for, as far as the role has a cell; whether it is allowed is asked anew
    each time."""

    simulation: bool = True
    user_id: str
    role: str | None
    station: str | None
    facility: str | None
    actions: list[str]


class OrderOfCase(BaseModel):
    order_id: str
    version: int
    kind: str
    state: str
    start_us: int
    end_us: int


class CaseOfMine(BaseModel):
    case_id: str
    orders: list[OrderOfCase]


class CasesOfMine(BaseModel):
    simulation: bool = True
    cases: list[CaseOfMine]


def routes(context: Context) -> list[Route]:
    return [
        Route("GET", "/api/v1/openapi.json", openapi, Door.OPEN, title="The API's document"),
        Route("GET", "/api/v1/me", me, Door.SIGNED_IN, answer=WhoAmI),
        Route("GET", "/api/v1/cases", cases, Door.SIGNED_IN, answer=CasesOfMine),
    ]


async def openapi(page: Page) -> web.Response:
    """This document."""
    declared = page.request.app[DECLARED]
    return web.json_response(document(declared))


async def me(page: Page) -> WhoAmI:
    """Whose token it is, where, and for what."""
    user, station = page.user, page.user.station
    mine = {action for action in Action if user.role is not None and MATRIX[action].get(user.role) is not None}
    if user.actions is not None:
        mine &= user.actions
    return WhoAmI(
        user_id=user.user_id,
        role=None if user.role is None else str(user.role),
        station=None if station is None else station.station_id,
        facility=None if station is None else station.facility,
        actions=sorted(mine),
    )


async def cases(page: Page) -> CasesOfMine:
    """The cases that you may know of, with their orders."""
    desk, role = page.context.desk, page.role
    found = () if role is None else known_cases(desk.state, desk.orders, page.user_id, role, page.now_us)
    return CasesOfMine(
        cases=[
            CaseOfMine(
                case_id=case.case_id,
                orders=[
                    OrderOfCase(
                        order_id=one.order.order_id,
                        version=one.order.version,
                        kind=str(one.order.kind),
                        state=str(one.state),
                        start_us=one.order.effective_window.start_us,
                        end_us=one.order.effective_window.end_us,
                    )
                    for one in case.orders
                ],
            )
            for case in found
        ]
    )
