"""What follows the end of an order: seal, hand-off, closing, for whoever may; and how far the orders of a case came.

The technical unit works from the page of an order; supervisor and investigator, who may hand off as well (C10), from
the page of their case.
"""

from __future__ import annotations

from typing import Final, NamedTuple
from urllib.parse import quote

from aiohttp import web

from collector.console.acting import agency_of
from collector.console.context import Context
from collector.console.custody import (
    OUTCOMES,
    CloseForm,
    HandOffForm,
    SealForm,
    close,
    directed,
    hand_off,
    handed,
    log_of,
    seal,
    state_of,
)
from collector.console.page import Page
from collector.console.route import Asks, Route
from mediation.law.actors import Action
from mediation.law.case_log import Package
from mediation.law.custody import Seal
from mediation.law.orders import CourtOrder, OrderState

ENDED: Final = frozenset({OrderState.EXPIRED, OrderState.TERMINATED, OrderState.REVOKED, OrderState.LAPSED})


class Steps(NamedTuple):
    """Which step is next and whether this person may ever take it; what the forms offer."""

    next: str
    may: bool
    systems: dict[str, str]
    outcomes: dict[str, str]


class CaseOrder(NamedTuple):
    """An order of the case with how far it came; `seal` and `package` None while there is none."""

    order: CourtOrder
    state: OrderState
    steps: Steps
    seal: Seal | None
    package: Package | None


def routes(context: Context) -> list[Route]:
    about = ("order", "order_id")
    return [
        Route("POST", "/orders/{order_id}/seal", post_seal, Action.SEAL, title="A seal", case="case_id", form=SealForm,
              object=about, facts=directed),
        Route("POST", "/orders/{order_id}/hand-off", post_hand_off, Action.EXPORT_HAND_OFF, title="A hand-off",
              case="case_id", form=HandOffForm, object=about, facts=handed),
        Route("POST", "/orders/{order_id}/close", post_close, Action.SEAL, title="A closing", case="case_id",
              form=CloseForm, object=about),
        Route("GET", "/cases/{case_id}/custody", show, Action.EXPORT_HAND_OFF, title="Seal and hand-off",
              case="case_id", asks=Asks.CELL),
    ]  # fmt: skip


def steps_of(page: Page, order: CourtOrder, state: OrderState) -> Steps:
    """What an order may do next, by how far it is."""
    following, action = "", Action.SEAL
    if state in ENDED:
        following = "seal"
    elif state is OrderState.SEALED:
        following, action = "hand_off", Action.EXPORT_HAND_OFF
    elif state is OrderState.HANDED_OFF:
        following = "close"
    systems = {one: one for one in sorted(page.context.desk.state.case_systems)}
    return Steps(following, page.has_cell(action), systems, OUTCOMES)


async def show(page: Page) -> web.Response:
    agency, log = agency_of(page), await log_of(page)
    mine = [one for one in page.context.desk.orders if one.case_id == page.case_id and one.agency == agency]
    rows = []
    for order in mine:
        state, name = state_of(page, order), str(order.order_id)
        steps = steps_of(page, order, state)
        rows.append(CaseOrder(order, state, steps, log.seals.get(name), log.packages.get(name)))
    return page.render("cases/custody.html", rows=rows, base=f"/cases/{quote(page.case_id, safe='')}")


async def post_seal(page: Page) -> web.Response:
    order, made, but = await seal(page)
    return _back(page, order, page.form(SealForm).back, f"{order.order_id} is sealed: {made['records']} records.", but)


async def post_hand_off(page: Page) -> web.Response:
    order, made, but = await hand_off(page)
    says = f"{order.order_id} is handed off to {made['to']}: {made['files']} files; the manifest is {made['sha256']}."
    return _back(page, order, page.form(HandOffForm).back, says, but)


async def post_close(page: Page) -> web.Response:
    order, _, but = await close(page)
    return _back(page, order, page.form(CloseForm).back, f"The case of {order.order_id} is closed.", but)


def _back(page: Page, order: CourtOrder, back: str, says: str, but: str) -> web.Response:
    to = back or f"/orders/{order.order_id}"
    return page.redirect(to, says + but, "warn" if but else "done")
