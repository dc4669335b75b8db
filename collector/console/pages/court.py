"""The court's own pages: applications that wait, orders with their clocks, what the judge does to them (R-027).

The judge sees papers and clocks, never what was collected (SD-7), and needs no station (R-156).
"""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import quote

from aiohttp import web

from collector.console.context import Context
from collector.console.court import (
    DecideForm,
    ExtendForm,
    any_order,
    applications,
    approve,
    deny,
    extend,
    refuse_application,
    release,
    revoke,
)
from collector.console.errors import NotFoundError
from collector.console.lists import Column, Filter
from collector.console.orders import OrderLine, line_of
from collector.console.page import Page
from collector.console.paper_files import download, listed_for
from collector.console.route import Route
from mediation.law.actors import Action
from mediation.law.exigent import deadline_us, issued_in_time, use_ends
from mediation.law.extensions import NEVER_EXTENDED
from mediation.law.orders import OrderKind, OrderState

AREA: Final = "Court"


def routes(context: Context) -> list[Route]:
    decide, one, about = Action.DECIDE_ORDER, "/court/{order_id}", ("order", "order_id")
    return [
        Route("GET", "/court", show_all, decide, title="Before the court", nav="Before the court", area=AREA),
        Route("GET", one, show, decide, title="An order before the court", object=about),
        Route("GET", one + "/applications/{application_id}/papers/{number}", paper, decide, object=about),
        Route("POST", one + "/extend", post_extend, decide, title="An extension", form=ExtendForm, object=about),
        Route("POST", one + "/approve", post_approve, decide, title="An approval", form=DecideForm, object=about),
        Route("POST", one + "/deny", post_deny, decide, title="A denial", form=DecideForm, object=about),
        Route("POST", one + "/revoke", post_revoke, decide, title="A revocation", form=DecideForm, object=about),
        Route("POST", one + "/release", post_release, decide, title="A release", form=DecideForm, object=about),
        Route("POST", one + "/refuse", post_refuse, decide, title="An application", form=DecideForm, object=about),
    ]  # fmt: skip


async def show_all(page: Page) -> web.Response:
    desk = page.context.desk
    waiting: dict[str, int] = {}
    for found in (await applications(page)).values():
        if found.granted is None:
            waiting[found.order_id] = waiting.get(found.order_id, 0) + 1
    columns = [
        Column[OrderLine]("order_id", "Order", lambda one: one.order.order_id),
        Column[OrderLine]("case_id", "Case", lambda one: one.order.case_id),
        Column[OrderLine]("agency", "Agency", lambda one: one.order.agency),
        Column[OrderLine]("kind", "Kind", lambda one: str(one.order.kind)),
        Column[OrderLine]("state", "State", lambda one: str(one.state)),
        Column[OrderLine]("end", "Ends", lambda one: one.end_us),
        Column[OrderLine]("clock", "Clock", lambda one: one.deadline_us or one.end_us),
        Column[OrderLine]("waits", "Applications", lambda one: waiting.get(str(one.order.order_id), 0)),
    ]
    filters = [
        Filter("case_id", "Case"),
        Filter("kind", "Kind", {str(one): str(one) for one in OrderKind}),
        Filter("state", "State", {str(one): str(one) for one in OrderState}),
    ]
    lines = [line_of(desk.state, order, page.now_us) for order in desk.orders]
    return page.render("court/list.html", listed=page.listed(lines, columns, filters, sort="clock"))


async def show(page: Page) -> web.Response:
    desk, order = page.context.desk, any_order(page)
    line = line_of(desk.state, order, page.now_us)
    mine = [one for one in (await applications(page)).values() if one.order_id == order.order_id]
    files: dict[str, Any] = {one.application_id: await listed_for(page, one.application_id) for one in mine}
    running = line.state in (OrderState.ISSUED, OrderState.ACTIVE)
    return page.render(
        "court/show.html",
        order=order,
        line=line,
        applications=mine,
        files=files,
        ends=use_ends(order),
        versions=tuple(reversed(desk.registry.documents(order.order_id))),
        deadline=deadline_us(order),
        waits=order.kind.exigent and not issued_in_time(order) and running,
        extendable=running and order.kind not in NEVER_EXTENDED,
        running=running,
        base=f"/court/{quote(order.order_id, safe='')}",
        court=page.context.court.configured,
    )


async def paper(page: Page) -> web.Response:
    order, name = any_order(page), page.path("application_id")
    found = (await applications(page)).get(name)
    if found is None or found.order_id != order.order_id:
        raise NotFoundError
    return await download(page, name)


async def post_extend(page: Page) -> web.Response:
    return _done(page, await extend(page), "extended")


async def post_approve(page: Page) -> web.Response:
    return _done(page, await approve(page), "approved")


async def post_deny(page: Page) -> web.Response:
    return _done(page, await deny(page), "denied")


async def post_revoke(page: Page) -> web.Response:
    return _done(page, await revoke(page), "revoked")


async def post_release(page: Page) -> web.Response:
    return _done(page, await release(page), "released for review")


async def post_refuse(page: Page) -> web.Response:
    found = await refuse_application(page)
    return page.redirect(f"/court/{found.order_id}", f"{found.application_id} is not granted.")


def _done(page: Page, made: dict[str, Any], word: str) -> web.Response:
    order_id, refusals = page.path("order_id"), made.get("refusals") or {}
    says = f"{order_id} is {word}: version {made.get('version')} is signed and sent."
    against = "".join(f" {name} refused it: {why}." for name, why in sorted(refusals.items()))
    return page.redirect(f"/court/{quote(order_id, safe='')}", says + against, "warn" if refusals else "done")
