"""Acts on orders for programs, by the same functions as the pages: seal, hand-off, closing, ends; applications and
their oaths; what the judge decides; exigent start; papers."""

from __future__ import annotations

import base64
import binascii
from typing import Any, Final

from pydantic import BaseModel, Field

from collector.console import court, custody
from collector.console.acting import order_of, order_of_case, signed
from collector.console.context import Context
from collector.console.court import ApplyForm, DecideForm, ExigentForm, ExtendForm
from collector.console.custody import CloseForm, HandOffForm, SealForm
from collector.console.errors import FormError
from collector.console.forms import FormModel
from collector.console.orders import OrderLine, line_of
from collector.console.page import Page
from collector.console.pages.api_desk import OrderItem, Orders, order_item
from collector.console.pages.applications import state_word
from collector.console.pages.exigent import lines_of
from collector.console.pages.orders import EndForm
from collector.console.pages.requests import request_of
from collector.console.paper_files import keep, listed_for, subject
from collector.console.route import API_PREFIX, Asks, Route
from mediation.law.actors import Action
from mediation.law.applications import CourtApplication
from mediation.law.orders import CourtOrder

MAX_BODY: Final = 23 << 20
"""A paper of the largest size in base64, and its body around it."""


class Acted(BaseModel):
    """`event_id` names the attempt in the desk's ledger; `made` what is on record of it. `but`: what is still to come,
    blank when nothing is."""

    simulation: bool = True
    event_id: str
    made: dict[str, Any]
    but: str = ""


class Signed(BaseModel):
    """`refusals`: what the receivers of the document had against it, by process."""

    simulation: bool = True
    event_id: str
    order_id: str
    version: int
    refusals: dict[str, str]
    request_id: str = ""


class ApplicationItem(BaseModel):
    application_id: str
    asked: str
    order_id: str
    case_id: str
    investigator: str
    prosecutor: str
    swore: list[str]
    days: int
    results: str
    at_us: int
    state: str
    reason: str


class Applications(BaseModel):
    simulation: bool = True
    applications: list[ApplicationItem]


class BeforeCourt(BaseModel):
    simulation: bool = True
    order: OrderItem
    applications: list[ApplicationItem]


class PaperBody(FormModel):
    """`octets`: the file in base64."""

    name: str = Field(min_length=1, max_length=200)
    octets: str = Field(min_length=1, max_length=MAX_BODY)


class PaperItem(BaseModel):
    number: int
    name: str
    size_octets: int
    sha256: str
    uploaded_by: str


class Papers(BaseModel):
    simulation: bool = True
    papers: list[PaperItem]


def routes(context: Context) -> list[Route]:
    order, one = f"{API_PREFIX}orders/{{order_id}}", f"{API_PREFIX}applications/{{application_id}}"
    judged = f"{API_PREFIX}court/orders/{{order_id}}"
    carry, oath, decide, start = (
        Action.PROVISION_CARRIER,
        Action.SWEAR_APPLICATION,
        Action.DECIDE_ORDER,
        Action.START_EXIGENT_USE,
    )
    about, applied = ("order", "order_id"), ("application", "application_id")
    mine = f"{API_PREFIX}my-requests/{{request_id}}/papers"
    theirs = f"{API_PREFIX}requests/{{request_id}}/papers"
    asked = ("request", "request_id")
    return [
        Route("POST", f"{order}/seal", seal_order, Action.SEAL, case="case_id", form=SealForm, object=about,
              facts=custody.directed, answer=Acted),
        Route("POST", f"{order}/hand-off", hand_off_order, Action.EXPORT_HAND_OFF, case="case_id", form=HandOffForm,
              object=about, facts=custody.handed, answer=Acted),
        Route("POST", f"{order}/close", close_order, Action.SEAL, case="case_id", form=CloseForm, object=about,
              answer=Acted),
        Route("POST", f"{order}/ends", end_order, carry, case="case_id", form=EndForm, object=about, answer=Signed),
        Route("GET", f"{order}/papers", order_papers, carry, object=about, answer=Papers),
        Route("POST", f"{order}/papers", add_order_paper, carry, object=about, form=PaperBody, answer=Papers,
              most_octets=MAX_BODY),
        Route("GET", mine, own_papers, Action.DRAFT_REQUEST, asks=Asks.CELL, object=asked, answer=Papers),
        Route("POST", mine, add_own_paper, Action.DRAFT_REQUEST, asks=Asks.CELL, object=asked, form=PaperBody,
              answer=Papers, most_octets=MAX_BODY),
        Route("GET", theirs, request_papers, Action.CHECK_PAPERS, asks=Asks.CELL, object=asked, answer=Papers),
        Route("GET", f"{API_PREFIX}applications", list_applications, oath, answer=Applications),
        Route("POST", f"{API_PREFIX}applications", apply_to_court, oath, form=ApplyForm, answer=ApplicationItem),
        Route("GET", one, get_application, oath, object=applied, answer=ApplicationItem),
        Route("POST", f"{one}/swear", swear_application, oath, object=applied, answer=ApplicationItem),
        Route("GET", f"{one}/papers", application_papers, oath, object=applied, answer=Papers),
        Route("POST", f"{one}/papers", add_application_paper, oath, object=applied, form=PaperBody, answer=Papers,
              most_octets=MAX_BODY),
        Route("GET", f"{API_PREFIX}exigent", list_exigent, start, asks=Asks.CELL, answer=Orders),
        Route("POST", f"{API_PREFIX}exigent", begin_exigent, start, form=ExigentForm, facts=court.declared,
              answer=Signed),
        Route("GET", f"{API_PREFIX}court/orders", list_before_court, decide, answer=Orders),
        Route("GET", judged, get_before_court, decide, object=about, answer=BeforeCourt),
        Route("POST", f"{judged}/extend", extend_order, decide, object=about, form=ExtendForm, answer=Signed),
        Route("POST", f"{judged}/approve", approve_order, decide, object=about, form=DecideForm, answer=Signed),
        Route("POST", f"{judged}/deny", deny_order, decide, object=about, form=DecideForm, answer=Signed),
        Route("POST", f"{judged}/revoke", revoke_order, decide, object=about, form=DecideForm, answer=Signed),
        Route("POST", f"{judged}/release", release_order, decide, object=about, form=DecideForm, answer=Signed),
        Route("POST", f"{judged}/refuse", refuse_application, decide, object=about, form=DecideForm,
              answer=ApplicationItem),
    ]  # fmt: skip


def _event(page: Page) -> str:
    return "" if page.outcome is None else page.outcome.event_id


def _acted(page: Page, done: tuple[CourtOrder, dict[str, Any], str]) -> Acted:
    _, made, but = done
    return Acted(event_id=_event(page), made=made, but=but.strip())


def _signed(page: Page, made: dict[str, Any], request_id: str = "") -> Signed:
    return Signed(
        event_id=_event(page),
        order_id=made["order_id"],
        version=made["version"],
        refusals=made["refusals"],
        request_id=request_id,
    )


def _item(one: CourtApplication) -> ApplicationItem:
    return ApplicationItem(
        application_id=one.application_id,
        asked=str(one.asked),
        order_id=one.order_id,
        case_id=one.case_id,
        investigator=one.investigator,
        prosecutor=one.prosecutor,
        swore=sorted(one.swore),
        days=one.days,
        results=one.results,
        at_us=one.at_us,
        state=state_word(one),
        reason=one.reason,
    )


# Behind the end


async def seal_order(page: Page) -> Acted:
    """Seal an order that has ended: a copy outside the store that proves itself."""
    return _acted(page, await custody.seal(page))


async def hand_off_order(page: Page) -> Acted:
    """Hand a sealed order over to case management, with a manifest of every file."""
    return _acted(page, await custody.hand_off(page))


async def close_order(page: Page) -> Acted:
    """Close a case after its final disposition."""
    return _acted(page, await custody.close(page))


async def end_order(page: Page) -> Signed:
    """Tell the court that a use is over: information obtained, emergency over, objective attained."""
    form = page.form(EndForm)
    order = order_of_case(page, form.case_id)
    return _signed(page, await signed(page, form.what, order, form.reason))


# Papers


async def _papers(page: Page, of: str) -> Papers:
    found = await listed_for(page, of)
    return Papers(
        papers=[
            PaperItem(
                number=one.number,
                name=one.name,
                size_octets=one.size_octets,
                sha256=one.sha256,
                uploaded_by=one.uploaded_by,
            )
            for one in found
        ]
    )


async def _add(page: Page, of: str) -> Papers:
    form = page.form(PaperBody)
    try:
        octets = base64.b64decode(form.octets, validate=True)
    except (binascii.Error, ValueError) as error:
        raise FormError({"octets": "This is no base64."}) from error
    await keep(page, of, form.name, octets)
    return await _papers(page, of)


async def order_papers(page: Page) -> Papers:
    """The papers that were brought to an order."""
    return await _papers(page, subject(order_of(page)))


async def add_order_paper(page: Page) -> Papers:
    """Add a paper to an order."""
    return await _add(page, subject(order_of(page)))


async def own_papers(page: Page) -> Papers:
    """The papers of a request of one's own."""
    return await _papers(page, request_of(page, own=True).request_id)


async def add_own_paper(page: Page) -> Papers:
    """Add a paper to a request of one's own, until it is decided."""
    request = request_of(page, own=True)
    if request.accepted is not None:
        raise FormError({"octets": "The request is decided: papers are for another one."})
    return await _add(page, request.request_id)


async def request_papers(page: Page) -> Papers:
    """The papers of a request of the agency's."""
    return await _papers(page, request_of(page, own=False).request_id)


# Applications


async def list_applications(page: Page) -> Applications:
    """The applications that one has a hand in."""
    found = (await court.applications(page)).values()
    return Applications(applications=[_item(one) for one in found if page.user_id in one.people])


async def apply_to_court(page: Page) -> ApplicationItem:
    """Draft and swear an application; the other of investigator and prosecutor swears it too."""
    name = await court.apply(page)
    return _item((await court.applications(page))[name])


async def get_application(page: Page) -> ApplicationItem:
    """One application of one's own."""
    return _item(await court.application_of(page, page.path("application_id")))


async def swear_application(page: Page) -> ApplicationItem:
    """Swear an application that the other one drafted."""
    found = await court.application_of(page, page.path("application_id"))
    await court.swear(page, found)
    return _item(await court.application_of(page, found.application_id))


async def application_papers(page: Page) -> Papers:
    """The papers of an application."""
    return await _papers(page, (await court.application_of(page, page.path("application_id"))).application_id)


async def add_application_paper(page: Page) -> Papers:
    """Add a paper to an application."""
    return await _add(page, (await court.application_of(page, page.path("application_id"))).application_id)


# Emergency use


async def list_exigent(page: Page) -> Orders:
    """Emergency uses with their clocks, the nearest first."""
    return Orders(orders=[order_item(line) for line in lines_of(page)])


async def begin_exigent(page: Page) -> Signed:
    """Begin emergency use on a declaration and papers that lack nothing; the order may follow within its hours."""
    made, request_id = await court.begin(page)
    return _signed(page, made, request_id)


# The judge


def _line(page: Page, order: CourtOrder) -> OrderLine:
    return line_of(page.context.desk.state, order, page.now_us)


async def list_before_court(page: Page) -> Orders:
    """Every order with its clock."""
    return Orders(orders=[order_item(_line(page, one)) for one in page.context.desk.orders])


async def get_before_court(page: Page) -> BeforeCourt:
    """One order with the applications about it."""
    order = court.any_order(page)
    found = [one for one in (await court.applications(page)).values() if one.order_id == order.order_id]
    return BeforeCourt(order=order_item(_line(page, order)), applications=[_item(one) for one in found])


async def extend_order(page: Page) -> Signed:
    """Grant an extension on an application that both swore."""
    return _signed(page, await court.extend(page))


async def approve_order(page: Page) -> Signed:
    """Issue the order of an emergency use."""
    return _signed(page, await court.approve(page))


async def deny_order(page: Page) -> Signed:
    """Deny the order of an emergency use, which ends it."""
    return _signed(page, await court.deny(page))


async def revoke_order(page: Page) -> Signed:
    """Revoke an order: nothing from now on is covered."""
    return _signed(page, await court.revoke(page))


async def release_order(page: Page) -> Signed:
    """Release what is held of a lapsed order, by a ruling."""
    return _signed(page, await court.release(page))


async def refuse_application(page: Page) -> ApplicationItem:
    """Do not grant an application; the order stays as it is."""
    return _item(await court.refuse_application(page))
