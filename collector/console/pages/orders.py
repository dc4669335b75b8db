"""The orders of the agency, for the technical unit: which are in force, their clocks, papers, duties and grants."""

from __future__ import annotations

from typing import Final

from aiohttp import web
from pydantic import Field

from asn1.errors import RefusedError
from collector.console.context import Context
from collector.console.errors import HttpError, NotFoundError
from collector.console.forms import FormModel
from collector.console.lists import Column, Filter
from collector.console.orders import GrantLine, OrderLine, grant_lines, order_lines, view_of
from collector.console.page import Page
from collector.console.route import Asks, Route
from collector.console.sealing import Sealing, copied, lacks_of
from mediation.law.access_facts import Circumstances
from mediation.law.actors import Action
from mediation.law.missing import Missing
from mediation.law.orders import CourtOrder, OrderKind, OrderState
from mediation.law.verdicts import Reason

AREA: Final = "Orders desk"


class SealForm(FormModel):
    case_id: str = Field(max_length=128)
    direction: str = Field(max_length=128)
    custody: str = Field(max_length=200)


class GrantForm(FormModel):
    user_id: str = Field(max_length=128)
    case_id: str = Field(max_length=128)
    back: str = Field("/grants", max_length=200)


def routes(context: Context) -> list[Route]:
    grants = Action.GRANT_ACCESS
    return [
        Route("GET", "/orders", show_all, Action.PROVISION_CARRIER, title="Orders", nav="Orders", area=AREA),
        Route("GET", "/orders/{order_id}", show, Action.PROVISION_CARRIER, title="Order", object=("order", "order_id")),
        Route(
            "POST",
            "/orders/{order_id}/seal",
            seal,
            Action.SEAL,
            title="A seal",
            case="case_id",
            form=SealForm,
            object=("order", "order_id"),
            facts=_directed,
        ),
        Route("GET", "/grants", show_grants, grants, title="Grants", nav="Grants", area=AREA, asks=Asks.CELL),
        Route("POST", "/grants", grant, grants, title="A grant", case="case_id", form=GrantForm, asks=Asks.CELL),
        Route("POST", "/grants/end", end, grants, title="A grant", case="case_id", form=GrantForm, asks=Asks.CELL),
    ]


def agency_of(page: Page) -> str:
    user = page.context.desk.state.users.get(page.user_id)
    return "" if user is None else user.duty_at(page.now_us).agency


async def show_all(page: Page) -> web.Response:
    desk = page.context.desk
    columns = [
        Column[OrderLine]("order_id", "Order", lambda one: one.order.order_id),
        Column[OrderLine]("case_id", "Case", lambda one: one.order.case_id),
        Column[OrderLine]("kind", "Kind", lambda one: str(one.order.kind)),
        Column[OrderLine]("liid", "LIID", lambda one: one.order.liid),
        Column[OrderLine]("state", "State", lambda one: str(one.state)),
        Column[OrderLine]("start", "From", lambda one: one.order.effective_window.start_us),
        Column[OrderLine]("end", "Ends", lambda one: one.end_us),
        Column[OrderLine]("clock", "Clock", lambda one: one.deadline_us or one.end_us),
    ]
    filters = [
        Filter("order_id", "Order"),
        Filter("case_id", "Case"),
        Filter("kind", "Kind", {str(one): str(one) for one in OrderKind}),
        Filter("state", "State", {str(one): str(one) for one in OrderState}),
    ]
    lines = order_lines(desk.state, desk.orders, agency_of(page), page.now_us)
    return page.render("orders/list.html", listed=page.listed(lines, columns, filters, sort="end"))


def order_of(page: Page) -> CourtOrder:
    """Of this agency (R-026). Raises NotFoundError."""
    wanted, agency = page.path("order_id"), agency_of(page)
    found = next((one for one in page.context.desk.orders if one.order_id == wanted and one.agency == agency), None)
    if found is None:
        raise NotFoundError
    return found


def _directed(page: Page) -> Circumstances:
    return Circumstances(judge_direction_id=page.form(SealForm).direction)


async def show(page: Page) -> web.Response:
    desk, order = page.context.desk, order_of(page)
    view = view_of(desk.state, desk.entries, desk.registry, order, page.context.config.law, page.now_us)
    return page.render("orders/show.html", view=view, order=order)


async def seal(page: Page) -> web.Response:
    """R-131, R-134, R-144: a copy outside the store that proves itself. What stands against it is all on record."""
    form, order, context = page.form(SealForm), order_of(page), page.context
    if order.case_id != form.case_id:
        raise NotFoundError
    sealing = Sealing(order, page.user_id, form.direction, form.custody, page.now_us)
    target = context.config.sealed / str(order.order_id)
    lacks = lacks_of(sealing, context.desk.state, target, context.library.store)
    if lacks:
        await _refused(page, sealing, lacks)
        raise HttpError(409, " ".join(f"{one.says} ({one.rule})." for one in lacks))
    await page.act(
        lambda desk, now_us: desk.record("seal_started", {**sealing.fields(), "directory": str(target)}, now_us)
    )
    try:
        made = await page.work(copied, sealing, context.library.store, context.library.keys, target)
    except RefusedError as error:
        await _refused(page, sealing, (Missing("seal", "R-041", str(error), Reason.SEAL_MISSING),))
        raise
    fields = {**sealing.fields(), **made, "started_us": sealing.started_us}
    await page.act(lambda desk, now_us: desk.record("seal", fields, now_us))
    return page.redirect(f"/orders/{order.order_id}", f"{order.order_id} is sealed: {made['records']} records.")


async def _refused(page: Page, sealing: Sealing, lacks: tuple[Missing, ...]) -> None:
    said = {"order_id": str(sealing.order.order_id), "case_id": str(sealing.order.case_id), "act": "seal"}
    codes, rules = [one.code for one in lacks], [one.rule for one in lacks]
    fields = {**said, "by": page.user_id, "codes": codes, "rule_ids": rules}
    await page.act(lambda desk, now_us: desk.record("case_refused", fields, now_us))


async def show_grants(page: Page) -> web.Response:
    desk, agency = page.context.desk, agency_of(page)
    mine = {str(one.order_id) for one in desk.orders if one.agency == agency}
    lines = [one for one in grant_lines(desk.state, desk.orders, page.now_us) if one.grant.order_id in mine]
    columns = [
        Column[GrantLine]("grant_id", "Grant", lambda one: one.grant_id),
        Column[GrantLine]("user_id", "To", lambda one: one.grant.user_id),
        Column[GrantLine]("case_id", "Case", lambda one: one.grant.case_id),
        Column[GrantLine]("order_id", "Order", lambda one: one.grant.order_id),
        Column[GrantLine]("by", "By", lambda one: one.grant.granted_by),
        Column[GrantLine]("from", "Since", lambda one: one.grant.window.start_us),
        Column[GrantLine]("end", "Ends", lambda one: one.end_us),
        Column[GrantLine]("state", "State", lambda one: "in force" if one.live else "ended"),
        Column[GrantLine]("act", "End it", lambda one: "", sorts=False),
    ]
    filters = [
        Filter("user_id", "To"),
        Filter("case_id", "Case"),
        Filter("state", "State", {"in force": "in force", "ended": "ended"}),
    ]
    return page.render("orders/grants.html", listed=page.listed(lines, columns, filters, sort="end"))


async def grant(page: Page) -> web.Response:
    """R-070, SD-1, SD-2: by another than who asked and who checked; as long as the order lasts (R-074)."""
    form = page.form(GrantForm)
    outcome = await page.must(
        lambda desk, now_us: desk.grant(page.user_id, form.user_id, form.case_id, now_us, page.facts()), form.case_id
    )
    return page.redirect(form.back, f"{form.user_id} has access to {form.case_id}: {outcome.made}.")


async def end(page: Page) -> web.Response:
    form = page.form(GrantForm)
    await page.must(
        lambda desk, now_us: desk.end_grants(page.user_id, form.user_id, form.case_id, now_us), form.case_id
    )
    return page.redirect(form.back, f"The access of {form.user_id} to {form.case_id} has ended.")
