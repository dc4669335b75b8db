"""Tickets of vendors and integrity cases: opened by one, approved by another, open for their time box (R-081, SD-4)."""

from __future__ import annotations

from typing import Annotated

from aiohttp import web
from pydantic import Field

from collector.console.context import Context
from collector.console.errors import FormError
from collector.console.forms import FormModel
from collector.console.lists import Column, Filter
from collector.console.page import Page
from collector.console.pages.orders import AREA
from collector.console.route import Asks, Route
from mediation.law.actors import Action
from mediation.law.desk_values import TicketRow

DAY_MINUTES = 24 * 60


class TicketForm(FormModel):
    user_id: str = Field(max_length=128)
    minutes: Annotated[int, Field(ge=1, le=DAY_MINUTES)] = 60
    contract: str = Field("", max_length=128)
    need_to_know: bool = False
    case_id: str = Field("", max_length=128)


class ApproveForm(FormModel):
    ticket_id: str = Field(max_length=128)


def routes(context: Context) -> list[Route]:
    act, cell = Action.ADMINISTER, Asks.CELL
    return [
        Route("GET", "/tickets", show, act, title="Tickets", nav="Tickets", area=AREA, asks=cell),
        Route("POST", "/tickets", open_ticket, act, title="A ticket", form=TicketForm, asks=cell),
        Route("POST", "/tickets/approve", approve, act, title="A ticket", form=ApproveForm, asks=cell),
    ]


def _state(row: TicketRow, now_us: int) -> str:
    if not row.ticket.approved_by:
        return "waits for approval"
    return "open" if row.ticket.window.contains(now_us) else "over"


async def show(page: Page) -> web.Response:
    now_us = page.now_us
    columns = [
        Column[TicketRow]("ticket_id", "Ticket", lambda one: one.ticket.ticket_id),
        Column[TicketRow]("user_id", "For", lambda one: one.ticket.user_id),
        Column[TicketRow]("contract", "Contract", lambda one: one.ticket.contract),
        Column[TicketRow]("opened_by", "Opened by", lambda one: one.ticket.opened_by),
        Column[TicketRow]("approved_by", "Approved by", lambda one: one.ticket.approved_by),
        Column[TicketRow]("minutes", "Minutes", lambda one: one.minutes),
        Column[TicketRow]("state", "State", lambda one: _state(one, now_us)),
        Column[TicketRow]("act", "Approve", lambda one: "", sorts=False),
    ]
    states = ("waits for approval", "open", "over")
    filters = [Filter("user_id", "For"), Filter("state", "State", {one: one for one in states})]
    rows = list(page.context.desk.state.tickets.values())
    return page.render("orders/tickets.html", listed=page.listed(rows, columns, filters, "ticket_id", True))


async def open_ticket(page: Page) -> web.Response:
    """It opens nothing until another person approves it."""
    form = page.form(TicketForm)
    if form.user_id not in page.context.desk.state.users:
        raise FormError({"user_id": "The desk knows nobody of that id."})
    outcome = await page.must(
        lambda desk, now_us: desk.open_ticket(
            page.user_id,
            form.user_id,
            now_us,
            form.minutes,
            form.contract,
            form.need_to_know,
            form.case_id,
            page.facts(),
        )
    )
    return page.redirect("/tickets", f"Ticket {outcome.made} waits for somebody else's approval.")


async def approve(page: Page) -> web.Response:
    """SD-4: by another than whoever opened it; the time box begins."""
    wanted = page.form(ApproveForm).ticket_id
    await page.must(lambda desk, now_us: desk.approve_ticket(page.user_id, wanted, now_us, page.facts()))
    return page.redirect("/tickets", f"Ticket {wanted} is open from now on.")
