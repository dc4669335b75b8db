"""The orders desk for programs: orders, requests, grants, tickets, stations, by the same acts as the pages."""

from __future__ import annotations

from pydantic import BaseModel, Field

from collector.console.acting import agency_of, order_of
from collector.console.context import Context
from collector.console.forms import FormModel
from collector.console.orders import OrderLine, grant_lines, lacks_of, order_lines, state_word
from collector.console.page import Page
from collector.console.pages.requests import AskForm, DecideForm, request_of
from collector.console.pages.tickets import ApproveForm, TicketForm
from collector.console.route import API_PREFIX, Asks, Route
from collector.desk.database import Reading, stations
from collector.desk.desk import Outcome
from mediation.law.actors import Action
from mediation.law.desk_values import DeskRequest


class OrderItem(BaseModel):
    """Times in microseconds UTC; `end_us` is exclusive. `deadline_us`: by when an emergency's order is due."""

    order_id: str
    version: int
    case_id: str
    kind: str
    liid: str
    state: str
    start_us: int
    end_us: int
    deadline_us: int | None
    lapsed: bool


class Orders(BaseModel):
    simulation: bool = True
    orders: list[OrderItem]


class RequestItem(BaseModel):
    request_id: str
    case_id: str
    order_id: str
    requested_by: str
    document_author: str
    users: list[str]
    state: str


class Requests(BaseModel):
    simulation: bool = True
    requests: list[RequestItem]


class LackItem(BaseModel):
    item: str
    rule: str
    says: str


class Checked(BaseModel):
    simulation: bool = True
    event_id: str
    missing: list[LackItem]


class GrantItem(BaseModel):
    grant_id: str
    user_id: str
    case_id: str
    order_id: str
    granted_by: str
    start_us: int
    end_us: int
    live: bool


class Grants(BaseModel):
    simulation: bool = True
    grants: list[GrantItem]


class TicketItem(BaseModel):
    ticket_id: str
    user_id: str
    opened_by: str
    approved_by: str
    minutes: int


class Tickets(BaseModel):
    simulation: bool = True
    tickets: list[TicketItem]


class StationItem(BaseModel):
    station_id: str
    facility: str
    device: str
    revoked: bool


class Stations(BaseModel):
    simulation: bool = True
    stations: list[StationItem]


class Done(BaseModel):
    """`event_id` names the entry of the attempt in the desk's ledger; `made` what came of it."""

    simulation: bool = True
    event_id: str
    made: str


class GrantForm(FormModel):
    user_id: str = Field(min_length=1, max_length=128)
    case_id: str = Field(min_length=1, max_length=128)


def routes(context: Context) -> list[Route]:
    base, cell = API_PREFIX, Asks.CELL
    ask, check, give, admin = Action.DRAFT_REQUEST, Action.CHECK_PAPERS, Action.GRANT_ACCESS, Action.ADMINISTER
    one = f"{base}requests/{{request_id}}"
    about = ("request", "request_id")
    order = ("order", "order_id")
    return [
        Route("GET", f"{base}orders", list_orders, Action.PROVISION_CARRIER, answer=Orders),
        Route("GET", f"{base}orders/{{order_id}}", get_order, Action.PROVISION_CARRIER, object=order, answer=OrderItem),
        Route("GET", f"{base}requests", list_requests, check, asks=cell, answer=Requests),
        Route("POST", f"{base}requests", open_request, ask, asks=cell, form=AskForm, answer=Done),
        Route("GET", one, get_request, check, asks=cell, object=about, answer=RequestItem),
        Route("POST", f"{one}/check", check_request, check, asks=cell, object=about, answer=Checked),
        Route("POST", f"{one}/decide", decide_request, check, asks=cell, object=about, form=DecideForm, answer=Done),
        Route("GET", f"{base}grants", list_grants, give, asks=cell, answer=Grants),
        Route("POST", f"{base}grants", grant, give, case="case_id", asks=cell, form=GrantForm, answer=Done),
        Route("POST", f"{base}grants/end", end_grants, give, case="case_id", asks=cell, form=GrantForm, answer=Done),
        Route("GET", f"{base}tickets", list_tickets, admin, asks=cell, answer=Tickets),
        Route("POST", f"{base}tickets", open_ticket, admin, asks=cell, form=TicketForm, answer=Done),
        Route("POST", f"{base}tickets/approve", approve_ticket, admin, asks=cell, form=ApproveForm, answer=Done),
        Route("GET", f"{base}stations", list_stations, admin, answer=Stations),
    ]


def order_item(line: OrderLine) -> OrderItem:
    return OrderItem(
        order_id=line.order.order_id,
        version=line.order.version,
        case_id=line.order.case_id,
        kind=str(line.order.kind),
        liid=line.order.liid,
        state=str(line.state),
        start_us=line.order.effective_window.start_us,
        end_us=line.end_us,
        deadline_us=line.deadline_us,
        lapsed=line.lapsed,
    )


def _request(request: DeskRequest) -> RequestItem:
    return RequestItem(
        request_id=request.request_id,
        case_id=request.case_id,
        order_id=request.order_id,
        requested_by=request.requested_by,
        document_author=request.document_author,
        users=sorted(request.users),
        state=state_word(request),
    )


def _done(outcome: Outcome) -> Done:
    return Done(event_id=outcome.event_id, made=outcome.made)


async def list_orders(page: Page) -> Orders:
    """The agency's orders with their clocks."""
    desk = page.context.desk
    lines = order_lines(desk.state, desk.orders, agency_of(page), page.now_us)
    return Orders(orders=[order_item(line) for line in lines])


async def get_order(page: Page) -> OrderItem:
    """One order."""
    return order_item(next(iter(order_lines(page.context.desk.state, [order_of(page)], agency_of(page), page.now_us))))


async def list_requests(page: Page) -> Requests:
    """The agency's requests for access."""
    agency = agency_of(page)
    found = page.context.desk.state.requests.values()
    return Requests(requests=[_request(one) for one in found if one.agency == agency])


async def get_request(page: Page) -> RequestItem:
    """One request for access."""
    return _request(request_of(page, own=False))


async def open_request(page: Page) -> Done:
    """Ask for access on the papers of an order."""
    form = page.form(AskForm)
    people = (form.document_author, form.users, form.supervisor, form.prosecutor)
    return _done(
        await page.must(
            lambda desk, now_us: desk.open_request(
                page.user_id, form.case_id, form.order_id, now_us, *people, page.facts()
            )
        )
    )


async def check_request(page: Page) -> Checked:
    """A second person's check of the papers (SD-2)."""
    request = request_of(page, own=False)
    lacks = lacks_of(page.context.desk.registry, request, page.context.config.law, page.now_us)
    codes = [one.code for one in lacks]
    done = await page.must(
        lambda desk, now_us: desk.check_request(page.user_id, request.request_id, codes, now_us, page.facts())
    )
    missing = [LackItem(item=one.item, rule=one.rule, says=one.says) for one in lacks]
    return Checked(event_id=done.event_id, missing=missing)


async def decide_request(page: Page) -> Done:
    """Accept or refuse, with a reason."""
    request, form = request_of(page, own=False), page.form(DecideForm)
    return _done(
        await page.must(
            lambda desk, now_us: desk.decide_request(
                page.user_id, request.request_id, form.accepted, now_us, form.reason, page.facts()
            )
        )
    )


async def list_grants(page: Page) -> Grants:
    """Every grant there was under the agency's orders."""
    desk, agency = page.context.desk, agency_of(page)
    mine = {str(one.order_id) for one in desk.orders if one.agency == agency}
    lines = [one for one in grant_lines(desk.state, desk.orders, page.now_us) if one.grant.order_id in mine]
    return Grants(
        grants=[
            GrantItem(
                grant_id=one.grant_id,
                user_id=one.grant.user_id,
                case_id=one.grant.case_id,
                order_id=one.grant.order_id,
                granted_by=one.grant.granted_by,
                start_us=one.grant.window.start_us,
                end_us=one.end_us,
                live=one.live,
            )
            for one in lines
        ]
    )


async def grant(page: Page) -> Done:
    """Let a user into a case for as long as its order lasts."""
    form = page.form(GrantForm)
    return _done(
        await page.must(
            lambda desk, now_us: desk.grant(page.user_id, form.user_id, form.case_id, now_us, page.facts()),
            form.case_id,
        )
    )


async def end_grants(page: Page) -> Done:
    """End a user's access to a case now."""
    form = page.form(GrantForm)
    return _done(
        await page.must(
            lambda desk, now_us: desk.end_grants(page.user_id, form.user_id, form.case_id, now_us, page.facts()),
            form.case_id,
        )
    )


async def list_tickets(page: Page) -> Tickets:
    """Tickets of vendors and integrity cases."""
    return Tickets(
        tickets=[
            TicketItem(
                ticket_id=row.ticket.ticket_id,
                user_id=row.ticket.user_id,
                opened_by=row.ticket.opened_by,
                approved_by=row.ticket.approved_by,
                minutes=row.minutes,
            )
            for row in page.context.desk.state.tickets.values()
        ]
    )


async def open_ticket(page: Page) -> Done:
    """Open a ticket; nothing until another person approves it (SD-4)."""
    form = page.form(TicketForm)
    return _done(
        await page.must(
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
    )


async def approve_ticket(page: Page) -> Done:
    """Approve a ticket that another person opened."""
    wanted = page.form(ApproveForm).ticket_id
    return _done(await page.must(lambda desk, now_us: desk.approve_ticket(page.user_id, wanted, now_us, page.facts())))


async def list_stations(page: Page) -> Stations:
    """Enrolled stations, revoked ones too."""

    def find(reading: Reading) -> list[StationItem]:
        return [
            StationItem(
                station_id=one.station_id,
                facility=one.facility,
                device=str(one.device_class),
                revoked=one.revoked_us is not None,
            )
            for one in stations.listed(reading)
        ]

    return Stations(stations=await page.context.memory.read(find))
