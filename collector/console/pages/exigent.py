"""Exigent start: the declaration with its four elements, the papers, and the clocks that begin with it (R-030, R-045).

Emergency uses of the agency are listed for the technical unit; an investigator sees those of their own cases.
"""

from __future__ import annotations

from typing import Final

from aiohttp import web

from collector.console.acting import agency_of
from collector.console.cases import known_cases
from collector.console.context import Context
from collector.console.court import EXIGENT, PURPOSES, ExigentForm, begin, declared
from collector.console.orders import OrderLine, line_of
from collector.console.page import Page
from collector.console.pages.orders import AREA
from collector.console.route import Asks, Route
from mediation.law.actors import Action, Role
from mediation.law.orders import EXIGENT_HOURS, OrderKind, Service
from mediation.law.papers import Ground, Standard

WORDS: Final = {
    str(OrderKind.EXIGENT_PRTT): "Pen register, trap and trace (order within 48 hours)",
    str(OrderKind.EXIGENT_EAV_STATE): "Eavesdropping, state court (order within 24 hours)",
    str(OrderKind.EXIGENT_EAV_FEDERAL): "Eavesdropping, federal court (order within 48 hours)",
}


def routes(context: Context) -> list[Route]:
    start = Action.START_EXIGENT_USE
    return [
        Route("GET", "/exigent", show, start, title="Exigent start", nav="Exigent start", area=AREA, asks=Asks.CELL),
        Route("POST", "/exigent", post, start, title="An exigent start", form=ExigentForm, facts=declared),
    ]


def lines_of(page: Page) -> list[OrderLine]:
    """The emergency uses that this person may know of, the nearest clock first."""
    desk, agency = page.context.desk, agency_of(page)
    if page.role is Role.TARU:
        orders = [one for one in desk.orders if one.agency == agency]
    else:
        cases = () if page.role is None else known_cases(desk.state, desk.orders, page.user_id, page.role, page.now_us)
        orders = [one.order for case in cases for one in case.orders]
    lines = [line_of(desk.state, one, page.now_us) for one in orders if one.kind.exigent]
    return sorted(lines, key=lambda one: one.deadline_us or one.end_us)


async def show(page: Page) -> web.Response:
    return page.render(
        "exigent/show.html",
        lines=lines_of(page),
        kinds={one: WORDS[one] for one in EXIGENT},
        hours={str(kind): hours for kind, (hours, _) in EXIGENT_HOURS.items()},
        services=[str(one) for one in Service],
        grounds={str(one): str(one).replace("_", " ") for one in Ground},
        standards={str(one): str(one).replace("_", " ") for one in Standard},
        purposes=PURPOSES,
        technical=page.role is Role.TARU,
        court=page.context.court.configured,
    )


async def post(page: Page) -> web.Response:
    made, request = await begin(page)
    order_id = made["order_id"]
    if request:
        says = f"{order_id} has begun; its clock runs. Request {request} asks for your access: add the papers now."
        return page.redirect(f"/my-requests/{request}", says)
    return page.redirect(f"/orders/{order_id}", f"{order_id} has begun; its clock runs. Add the papers now.")
