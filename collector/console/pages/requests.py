"""Requests for access: asked with papers, checked by a second person, accepted or refused with a reason, granted.

Who asks sees their own requests under /my-requests; the technical unit sees those of its agency under /requests. Nobody
is told by a form whether an order exists (R-073): what a request names wrongly, the check finds.
"""

from __future__ import annotations

from typing import Final

from aiohttp import web
from pydantic import Field, field_validator

from collector.console.acting import agency_of
from collector.console.context import Context
from collector.console.errors import FormError, NotFoundError
from collector.console.forms import FormModel
from collector.console.lists import Column, Filter
from collector.console.orders import lacks_of, order_of, state_word
from collector.console.page import Page
from collector.console.pages.orders import AREA
from collector.console.paper_files import MAX_PAPER_FORM, PaperForm, download, kept, listed_for
from collector.console.route import Asks, Route
from mediation.law.actors import Action
from mediation.law.desk_values import DeskRequest

STATES: Final = {one: one for one in ("open", "checked", "accepted", "refused")}
_ID: Final = 128


class AskForm(FormModel):
    case_id: str = Field(max_length=_ID)
    order_id: str = Field(max_length=_ID)
    document_author: str = Field(max_length=_ID)
    users: tuple[str, ...] = ()
    supervisor: str = Field("", max_length=_ID)
    prosecutor: str = Field("", max_length=_ID)

    @field_validator("users", mode="before")
    @classmethod
    def _parted(cls, value: object) -> object:
        """`rivera, vega` in one field."""
        parts = [value] if isinstance(value, str) else value
        if isinstance(parts, list | tuple):
            return tuple(name.strip() for one in parts for name in str(one).split(",") if name.strip())[:50]
        return parts


class DecideForm(FormModel):
    accepted: bool
    reason: str = Field(max_length=200)


def routes(context: Context) -> list[Route]:
    ask, check, cell = Action.DRAFT_REQUEST, Action.CHECK_PAPERS, Asks.CELL
    mine, all_of, one = "/my-requests", "/requests", "/{request_id}"
    about = ("request", "request_id")
    file = "/papers/{number}"
    return [
        Route("GET", mine, show_mine, ask, title="Your requests", nav="Your requests", area=AREA, asks=cell),
        Route("POST", mine, open_request, ask, title="A request", form=AskForm, asks=cell),
        Route("GET", mine + one, show_own, ask, title="Your request", asks=cell, object=about),
        Route(
            "POST", mine + one + "/papers", add_own, ask, title="Your request", form=PaperForm, asks=cell,
            object=about, most_octets=MAX_PAPER_FORM,
        ),
        Route("GET", mine + one + file, own_paper, ask, asks=cell, object=about),
        Route("GET", all_of, show_all, check, title="Requests", nav="Requests", area=AREA, asks=cell),
        Route("GET", all_of + one, show, check, title="Request", asks=cell, object=about),
        Route(
            "POST", all_of + one + "/papers", add, check, title="Request", form=PaperForm, asks=cell, object=about,
            most_octets=MAX_PAPER_FORM,
        ),
        Route("GET", all_of + one + file, paper, check, asks=cell, object=about),
        Route("POST", all_of + one + "/check", check_papers, check, title="Request", asks=cell, object=about),
        Route("POST", all_of + one + "/decide", decide, check, title="Request", form=DecideForm, asks=cell),
    ]  # fmt: skip


def request_of(page: Page, own: bool) -> DeskRequest:
    """Of this agency, and for who asks: one of their own. Raises NotFoundError."""
    found = page.context.desk.state.requests.get(page.path("request_id"))
    if found is None or found.agency != agency_of(page) or (own and not _of(found, page.user_id)):
        raise NotFoundError
    return found


def _of(request: DeskRequest, user_id: str) -> bool:
    return user_id in (request.requested_by, request.document_author, request.supervisor, request.prosecutor)


async def show_mine(page: Page) -> web.Response:
    found = [one for one in page.context.desk.state.requests.values() if _of(one, page.user_id)]
    return page.render("requests/mine.html", listed=_listed(page, found))


async def show_all(page: Page) -> web.Response:
    agency = agency_of(page)
    found = [one for one in page.context.desk.state.requests.values() if one.agency == agency]
    return page.render("requests/list.html", listed=_listed(page, found))


def _listed(page: Page, found: list[DeskRequest]) -> object:
    columns = [
        Column[DeskRequest]("request_id", "Request", lambda one: one.request_id, order=lambda one: _number(one)),
        Column[DeskRequest]("case_id", "Case", lambda one: one.case_id),
        Column[DeskRequest]("order_id", "Order", lambda one: one.order_id),
        Column[DeskRequest]("by", "Asked by", lambda one: one.requested_by),
        Column[DeskRequest]("users", "For", lambda one: ", ".join(sorted(one.users))),
        Column[DeskRequest]("state", "State", state_word),
    ]
    filters = [Filter("case_id", "Case"), Filter("by", "Asked by"), Filter("state", "State", STATES)]
    return page.listed(found, columns, filters, sort="request_id", descending=True)


def _number(request: DeskRequest) -> int:
    digits = request.request_id.rpartition("-")[2]
    return int(digits) if digits.isdigit() else 0


async def open_request(page: Page) -> web.Response:
    form = page.form(AskForm)
    outcome = await page.must(
        lambda desk, now_us: desk.open_request(
            page.user_id,
            form.case_id,
            form.order_id,
            now_us,
            form.document_author,
            form.users,
            form.supervisor,
            form.prosecutor,
            page.facts(),
        )
    )
    return page.redirect(f"/my-requests/{outcome.made}", f"Request {outcome.made} is asked. Add its papers now.")


async def show_own(page: Page) -> web.Response:
    return await _show(page, request_of(page, own=True), "/my-requests", technical=False)


async def show(page: Page) -> web.Response:
    return await _show(page, request_of(page, own=False), "/requests", technical=True)


async def _show(page: Page, request: DeskRequest, base: str, technical: bool) -> web.Response:
    desk = page.context.desk
    files = await listed_for(page, request.request_id)
    lacks = lacks_of(desk.registry, request, page.context.config.law, page.now_us) if technical else ()
    granted = {
        row.grant.user_id
        for row in desk.state.grants.values()
        if row.grant.case_id == request.case_id and row.grant.ended_us is None
    }
    return page.render(
        "requests/show.html",
        request=request,
        order=order_of(desk.orders, request) if technical else None,
        state=state_word(request),
        files=files,
        lacks=lacks,
        granted=granted,
        base=f"{base}/{request.request_id}",
        technical=technical,
        had_a_hand=page.user_id in (request.requested_by, request.document_author),
        checked_by={one.by for one in request.checks},
    )


async def add_own(page: Page) -> web.Response:
    return await _add(page, request_of(page, own=True), "/my-requests")


async def add(page: Page) -> web.Response:
    return await _add(page, request_of(page, own=False), "/requests")


async def _add(page: Page, request: DeskRequest, base: str) -> web.Response:
    """A paper, as it came, with its hash on record. Nothing looks into it."""
    if request.accepted is not None:
        raise FormError({"paper": "The request is decided: papers are for another one."})
    says = await kept(page, request.request_id)
    return page.redirect(f"{base}/{request.request_id}", says)


async def own_paper(page: Page) -> web.Response:
    return await download(page, request_of(page, own=True).request_id)


async def paper(page: Page) -> web.Response:
    return await download(page, request_of(page, own=False).request_id)


async def check_papers(page: Page) -> web.Response:
    """SD-2: a second person. What is missing is found by the law and goes on record item by item."""
    request = request_of(page, own=False)
    lacks = lacks_of(page.context.desk.registry, request, page.context.config.law, page.now_us)
    await page.must(
        lambda desk, now_us: desk.check_request(
            page.user_id, request.request_id, [one.code for one in lacks], now_us, page.facts()
        )
    )
    if lacks:
        return page.redirect(f"/requests/{request.request_id}", f"{len(lacks)} things are missing.", "warn")
    return page.redirect(f"/requests/{request.request_id}", "The papers are complete.")


async def decide(page: Page) -> web.Response:
    request, form = request_of(page, own=False), page.form(DecideForm)
    await page.must(
        lambda desk, now_us: desk.decide_request(
            page.user_id, request.request_id, form.accepted, now_us, form.reason, page.facts()
        )
    )
    return page.redirect(f"/requests/{request.request_id}", "Accepted." if form.accepted else "Refused.")
