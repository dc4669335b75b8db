"""The orders of the agency, for the technical unit: which are in force, their clocks, papers, duties and grants."""

from __future__ import annotations

from typing import Final
from urllib.parse import quote

from aiohttp import web
from pydantic import Field

from collector.console.acting import agency_of, order_of, order_of_case, signed
from collector.console.context import Context
from collector.console.forms import FormModel
from collector.console.lists import Column, Filter
from collector.console.orders import GrantLine, OrderLine, grant_lines, order_lines, view_of
from collector.console.page import Page
from collector.console.pages.custody import steps_of
from collector.console.paper_files import MAX_PAPER_FORM, PaperForm, download, kept, listed_for, subject
from collector.console.route import Asks, Route
from mediation.law.actors import Action
from mediation.law.orders import OrderKind, OrderState

AREA: Final = "Orders desk"
_TERMINATE: Final = {"terminate": "the objective of the order is attained (R-009)"}
ENDS_OF: Final = {
    False: _TERMINATE,
    True: {
        "obtained": "the information sought was obtained (R-039)",
        "ended": "the emergency is over (R-040)",
        **_TERMINATE,
    },
}
"""What may end a use before its time, by whether it is an emergency's."""


class EndForm(FormModel):
    """Why delivery under the order ends before its time."""

    case_id: str = Field(max_length=128)
    what: str = Field(pattern="^(obtained|ended|terminate)$")
    reason: str = Field(max_length=200)


class GrantForm(FormModel):
    user_id: str = Field(max_length=128)
    case_id: str = Field(max_length=128)
    back: str = Field("/grants", max_length=200)


def routes(context: Context) -> list[Route]:
    grants, about = Action.GRANT_ACCESS, ("order", "order_id")
    return [
        Route("GET", "/orders", show_all, Action.PROVISION_CARRIER, title="Orders", nav="Orders", area=AREA),
        Route("GET", "/orders/{order_id}", show, Action.PROVISION_CARRIER, title="Order", object=about),
        Route("POST", "/orders/{order_id}/ends", end_use, Action.PROVISION_CARRIER, title="An end", case="case_id",
              form=EndForm, object=about),
        Route("POST", "/orders/{order_id}/papers", add_paper, Action.PROVISION_CARRIER, title="A paper", form=PaperForm,
              object=about, most_octets=MAX_PAPER_FORM),
        Route("GET", "/orders/{order_id}/papers/{number}", get_paper, Action.PROVISION_CARRIER, object=about),
        Route("GET", "/grants", show_grants, grants, title="Grants", nav="Grants", area=AREA, asks=Asks.CELL),
        Route("POST", "/grants", grant, grants, title="A grant", case="case_id", form=GrantForm, asks=Asks.CELL),
        Route("POST", "/grants/end", end, grants, title="A grant", case="case_id", form=GrantForm, asks=Asks.CELL),
    ]  # fmt: skip


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


async def show(page: Page) -> web.Response:
    desk, order, law = page.context.desk, order_of(page), page.context.config.law
    view = await page.work(view_of, desk.state, desk.entries, desk.registry, order, law, page.now_us)
    return page.render(
        "orders/show.html",
        view=view,
        order=order,
        steps=steps_of(page, order, view.line.state),
        ends=ENDS_OF[order.kind.exigent],
        files=await listed_for(page, subject(order)),
        base=f"/orders/{quote(order.order_id, safe='')}",
        court=page.context.court.configured,
    )


async def end_use(page: Page) -> web.Response:
    """R-009, R-039, R-040: the technical unit tells the court that the use is over; delivery ends with its document."""
    form = page.form(EndForm)
    order = order_of_case(page, form.case_id)
    made = await signed(page, form.what, order, form.reason)
    return page.redirect(f"/orders/{order.order_id}", f"{order.order_id} has ended by version {made['version']}.")


async def add_paper(page: Page) -> web.Response:
    """A scan that belongs to an order: the judge's direction, the declaration, a receipt, the disposition."""
    order = order_of(page)
    says = await kept(page, subject(order))
    return page.redirect(f"/orders/{order.order_id}", says)


async def get_paper(page: Page) -> web.Response:
    return await download(page, subject(order_of(page)))


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
        lambda desk, now_us: desk.end_grants(page.user_id, form.user_id, form.case_id, now_us, page.facts()),
        form.case_id,
    )
    return page.redirect(form.back, f"The access of {form.user_id} to {form.case_id} has ended.")
