"""Oversight: what is on record, asked for and run as a focused audit; tours, reviews, who saw what.

Who reads which part is a rule of its own each. Everybody reads what they did themselves (R-085); the technology bureau
searches both logs, at the request of integrity officers and Internal Affairs, who then read what it found; a supervisor
sees to the tours (R-084) and to misuse (R-086), and sees who saw what of the cases they supervise. Every search is an
attempt on record, as any other.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from typing import Final, TypeVar

from aiohttp import web
from pydantic import Field

from asn1.errors import RefusedError
from collector.console.cases import known_cases
from collector.console.context import Context
from collector.console.errors import HttpError, NotFoundError
from collector.console.forms import FormModel
from collector.console.lists import Column, Filter
from collector.console.model.audit import AuditBook, AuditPage, AuditQuery, AuditRow
from collector.console.model.review import (
    AuditRequestRow,
    SawRow,
    audit_requests,
    inspections,
    misuse_hints,
    outcomes,
    who_saw_what,
)
from collector.console.page import Page
from collector.console.route import Asks, Route
from collector.desk.desk import Desk
from mediation.law.actors import Action, Role

AREA: Final = "Oversight"
ASKERS: Final = frozenset({Role.ICO, Role.IAB})
BUREAU: Final = frozenset({Role.ITB})
ROUNDS: Final = frozenset({Role.SUP})
REVIEWERS: Final = frozenset({Role.SUP, Role.IAB})
MAX_CSV_ROWS: Final = 100_000
T = TypeVar("T")
LEVELS: Final = {"command": "command level", "IAB": "Internal Affairs"}
_PARAMS: Final = ("user", "case", "action", "from", "to", "outcome", "source", "text", "after", "limit")


class RequestForm(FormModel):
    scope: str = Field(min_length=3, max_length=200)


class InspectForm(FormModel):
    facility: str = Field(max_length=200)


class ReviewForm(FormModel):
    user_id: str = Field(max_length=128)
    level: str = Field(pattern=r"^(command|IAB)$")


class DecideForm(FormModel):
    review_id: str = Field(max_length=128)
    confirmed: bool = False


def routes(context: Context) -> list[Route]:
    own, full = Action.READ_OWN_AUDIT, Action.READ_FULL_AUDIT
    return [
        Route("GET", "/audit/own", show_own, own, title="What I did", nav="What I did", area=AREA),
        Route("GET", "/audit", search, full, title="Audit", nav="Audit", area=AREA, roles=BUREAU, rule="R-085"),
        Route("GET", "/audit/csv", as_csv, full, title="Audit as CSV"),
        Route("GET", "/audit/requests", show_requests, own, title="Focused audits", nav="Focused audits", area=AREA,
              roles=ASKERS | BUREAU, rule="R-085"),
        Route("POST", "/audit/requests", ask, own, title="A focused audit", form=RequestForm, asks=Asks.CELL,
              roles=ASKERS, rule="R-085"),
        Route("POST", "/audit/requests/{request_id}/run", run_request, full, title="A focused audit",
              object=("audit", "request_id")),
        Route("GET", "/audit/requests/{request_id}", show_request, own, title="A focused audit", roles=ASKERS | BUREAU,
              rule="R-085", object=("audit", "request_id")),
        Route("GET", "/tours", show_tours, own, title="Inspections", nav="Inspections", area=AREA,
              roles=ROUNDS | ASKERS, rule="R-084"),
        Route("POST", "/tours", inspect, own, title="An inspection", form=InspectForm, roles=ROUNDS, rule="R-084"),
        Route("GET", "/reviews", show_reviews, own, title="Misuse reviews", nav="Misuse reviews", area=AREA,
              roles=REVIEWERS, rule="R-086"),
        Route("POST", "/reviews", open_review, own, title="A review", form=ReviewForm, roles=REVIEWERS, rule="R-086"),
        Route("POST", "/reviews/decide", decide_review, own, title="A review", form=DecideForm, roles=REVIEWERS,
              rule="R-086"),
        Route("GET", "/who-saw", who_saw_cases, own, title="Who saw what", nav="Who saw what", area=AREA, roles=ROUNDS,
              rule="R-085"),
        Route("GET", "/cases/{case_id}/who-saw", who_saw, own, case="case_id", title="Who saw what", roles=ROUNDS,
              rule="R-085"),
    ]  # fmt: skip


def _asked(page: Page) -> AuditQuery:
    try:
        return AuditQuery.parse({name: page.request.query.get(name, "") for name in _PARAMS})
    except RefusedError as error:
        raise HttpError(400, str(error)) from error


async def _look(page: Page, work: Callable[[AuditBook], T]) -> T:
    return await page.work(page.context.oversight.look, work)


# Searching


async def show_own(page: Page) -> web.Response:
    """Whatever the address says, it is about oneself."""
    query = _asked(page)._replace(user=page.user_id)
    return await _found(page, query, "/audit/own", own=True)


async def search(page: Page) -> web.Response:
    return await _found(page, _asked(page), "/audit", own=False)


async def _found(page: Page, query: AuditQuery, path: str, own: bool) -> web.Response:
    found, counts = await _look(page, lambda book: (book.search(query), outcomes(book, query)))
    return page.render(
        "oversight/search.html", found=found, query=query, path=path, own=own, counts=sorted(counts.items()),
        next=query.params(after=found.next) if found.next else None,
        csv=None if own else query.params(after="", limit=""),
    )  # fmt: skip


async def as_csv(page: Page) -> web.Response:
    query = _asked(page)._replace(after="", limit=MAX_CSV_ROWS)
    return page.download(csv_of(await _look(page, lambda book: book.search(query))), "audit.csv", "text/csv")


def csv_of(found: AuditPage) -> bytes:
    """A line says that it is a simulation. A cell that a spreadsheet would take for a formula begins with a quote."""
    out = io.StringIO()
    write = csv.writer(out)
    write.writerow(["SIMULATION: calea-lab intercepts nobody; every identity here is fictional."])
    write.writerow(AuditRow._fields)
    for row in found.rows:
        cells = (" ".join(one) if isinstance(one, tuple) else str(one) for one in row)
        write.writerow([f"'{one}" if one[:1] in ("=", "+", "-", "@", "\t", "\r") else one for one in cells])
    return out.getvalue().encode()


# Focused audits


async def show_requests(page: Page) -> web.Response:
    requests, done = await _look(page, lambda book: (audit_requests(book), _runs(book)))
    return page.render(
        "oversight/requests.html", requests=requests, done=done, asks=page.role in ASKERS,
        runs=page.role in BUREAU,
    )  # fmt: skip


async def ask(page: Page) -> web.Response:
    scope = page.form(RequestForm).scope
    place = page.facts().place
    outcome = await page.must(lambda desk, now_us: desk.request_audit(page.user_id, scope, now_us, place))
    return page.redirect("/audit/requests", f"{outcome.made} is asked for; the technology bureau runs it.")


async def run_request(page: Page) -> web.Response:
    """Puts on record that it was run and how much it found; from then on whoever asked may read it."""
    request = await _look(page, lambda book: _request(book, page.path("request_id")))
    if request is None:
        raise NotFoundError
    counts = await _look(page, lambda book: outcomes(book, request.query))

    def record(desk: Desk, now_us: int) -> int:
        fields = {"request_id": request.request_id, "by": page.user_id, "entries": counts.total()}
        return desk.record("audit_run", fields, now_us)

    await page.act(record)
    return page.redirect(f"/audit/requests/{request.request_id}", f"Run: {counts.total()} entries.")


async def show_request(page: Page) -> web.Response:
    name = page.path("request_id")
    request, ran = await _look(page, lambda book: (_request(book, name), _runs(book).get(name)))
    if request is None or (page.role in ASKERS and request.by != page.user_id):
        raise NotFoundError
    found = None
    if ran is not None or page.role in BUREAU:
        wanted = request.query._replace(after=_asked(page).after)
        found = await _look(page, lambda book: book.search(wanted))
    return page.render(
        "oversight/request.html", request=request, ran=ran, found=found, runs=page.role in BUREAU,
        here=page.request.path,
    )  # fmt: skip


def _request(book: AuditBook, request_id: str) -> AuditRequestRow | None:
    return next((one for one in audit_requests(book) if one.request_id == request_id), None)


def _runs(book: AuditBook) -> dict[str, AuditRow]:
    """The last run of each request."""
    return {row.object_id: row for row in book.rows() if row.kind == "audit_run"}


# Tours and reviews


async def show_tours(page: Page) -> web.Response:
    rows = inspections(page.context.desk.state, page.now_us)
    return page.render(
        "oversight/tours.html", rows=rows, acts=page.role in ROUNDS,
        facilities=sorted({one.facility for one in rows if one.state == "due"}),
    )  # fmt: skip


async def inspect(page: Page) -> web.Response:
    facility = page.form(InspectForm).facility
    await page.act(lambda desk, now_us: desk.inspect(page.user_id, facility, now_us))
    return page.redirect("/tours", f"{facility} is inspected: that is on record for this tour.")


async def show_reviews(page: Page) -> web.Response:
    state = page.context.desk.state
    hints = await _look(page, lambda book: misuse_hints(book, state))
    return page.render(
        "oversight/reviews.html", hints=hints, reviews=list(state.reviews.values()),
        people={name: name for name in sorted(state.users) if name != page.user_id}, levels=LEVELS, me_id=page.user_id,
    )  # fmt: skip


async def open_review(page: Page) -> web.Response:
    form = page.form(ReviewForm)
    made = await page.act(lambda desk, now_us: desk.open_review(page.user_id, form.user_id, form.level, now_us))
    return page.redirect("/reviews", f"Review {made} of {form.user_id} is open.")


async def decide_review(page: Page) -> web.Response:
    form = page.form(DecideForm)
    await page.act(lambda desk, now_us: desk.decide_review(page.user_id, form.review_id, form.confirmed, now_us))
    said = "confirmed: they are suspended at once" if form.confirmed else "not confirmed"
    return page.redirect("/reviews", f"{form.review_id} is decided: {said} (R-086).")


# Who saw what


async def who_saw_cases(page: Page) -> web.Response:
    state, orders = page.context.desk.state, page.context.desk.orders
    cases = () if page.role is None else known_cases(state, orders, page.user_id, page.role, page.now_us)
    return page.render("oversight/cases.html", cases=cases)


async def who_saw(page: Page) -> web.Response:
    state, orders = page.context.desk.state, page.context.desk.orders
    known = () if page.role is None else known_cases(state, orders, page.user_id, page.role, page.now_us)
    if page.case_id not in {one.case_id for one in known}:
        raise NotFoundError
    rows = await _look(page, lambda book: who_saw_what(book, page.case_id))
    columns: list[Column[SawRow]] = [
        Column("user", "Person", lambda one: one.user),
        Column("role", "Role", lambda one: one.role),
        Column("action", "Did", lambda one: one.action.replace("_", " ")),
        Column("object", "To what", lambda one: f"{one.object_type} {one.object_id}"),
        Column("times", "Times", lambda one: one.times),
        Column("first", "First", lambda one: one.first_us),
        Column("last", "Last", lambda one: one.last_us),
    ]
    people = {name: name for name in sorted({one.user for one in rows})}
    return page.render(
        "oversight/who_saw.html",
        listed=page.listed(rows, columns, [Filter("user", "Person", people)], sort="last", descending=True),
    )
