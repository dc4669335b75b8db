"""What becomes of an order before the court, for pages and API: applied for, sworn, decided; emergency use begun.

The judge's acts are the judge's alone (R-027). An extension rests on an application that investigator and prosecutor
swore (R-011, R-054). Emergency use begins on a declaration and papers that lack nothing (R-030, R-045); the order may
follow within its hours (R-033 to R-035), else the use lapses by itself (R-037).
"""

from __future__ import annotations

from typing import Annotated, Any, Final

from pydantic import Field

from asn1.errors import RefusedError
from collector.console.acting import agency_of, ask_court, refuse_if, signed
from collector.console.cases import known_cases
from collector.console.errors import FormError, HttpError, NotFoundError
from collector.console.forms import FormModel
from collector.console.page import Page
from collector.custody.said import said_of_missing
from collector.desk.desk import Outcome
from mediation.law.access_facts import Circumstances, Purpose
from mediation.law.actors import Role
from mediation.law.applications import Asked, CourtApplication, lacks_of, read_applications
from mediation.law.court_days import add_court_days
from mediation.law.declaration import missing_of_declaration
from mediation.law.fields import order_from_fields
from mediation.law.missing import Missing
from mediation.law.orders import CourtOrder, OrderKind, Service
from mediation.law.papers import Ground, Papers, Standard, missing_papers, papers_from_fields

_ID: Final = 128
_WORDS: Final = 200
MAX_DAYS: Final = 366
EXIGENT: Final = tuple(str(one) for one in OrderKind if one.exigent)


class ApplyForm(FormModel):
    """`other`: who has to swear it too: the prosecutor of an investigator, the investigator of a prosecutor."""

    case_id: str = Field(max_length=_ID)
    order_id: str = Field(max_length=_ID)
    asked: Asked = Asked.EXTENSION
    other: str = Field(max_length=_ID)
    days: Annotated[int, Field(ge=1, le=MAX_DAYS)] = 30
    results: str = Field("", max_length=1000)


class ExtendForm(FormModel):
    application_id: str = Field(max_length=_ID)
    reason: str = Field("", max_length=_WORDS)


class DecideForm(FormModel):
    """`application_id` where an application asked for it."""

    application_id: str = Field("", max_length=_ID)
    reason: str = Field(max_length=_WORDS)


class ExigentForm(FormModel):
    """Of the exigent circumstances declaration the four elements, each ticked or it is not one (R-030)."""

    kind: str = Field(pattern="^(" + "|".join(EXIGENT) + ")$")
    case_id: str = Field(min_length=1, max_length=64)
    target: str = Field(max_length=_WORDS)
    services: tuple[Service, ...] = ()
    days: Annotated[int, Field(ge=1, le=60)] = 30
    complaint_number: str = Field("", max_length=_ID)
    purpose: str = Field("", max_length=_WORDS)
    requesting_unit: str = Field("", max_length=_ID)
    political_activity: bool = False
    supervisor: str = Field("", max_length=_ID)
    reasons: str = Field("", max_length=_WORDS)
    declared_by: str = Field("", max_length=_ID)
    offence: str = Field("", max_length=_ID)
    emergency: bool = False
    urgent_need: bool = False
    primary_purpose: bool = False
    grounds: tuple[Ground, ...] = ()
    standard: Standard | None = None
    prosecutor: str = Field("", max_length=_ID)


# Applications


async def applications(page: Page) -> dict[str, CourtApplication]:
    """All on the ledger, which may be long."""
    return await page.work(read_applications, page.context.desk.entries)


async def application_of(page: Page, name: str) -> CourtApplication:
    """One of whoever asks. Raises NotFoundError."""
    found = (await applications(page)).get(name)
    if found is None or page.user_id not in found.people:
        raise NotFoundError
    return found


def order_known(page: Page, case_id: str, order_id: str) -> CourtOrder:
    """An order of a case that whoever asks may know of. Raises NotFoundError, the same for one that is not there."""
    state, orders = page.context.desk.state, page.context.desk.orders
    cases = () if page.role is None else known_cases(state, orders, page.user_id, page.role, page.now_us)
    for case in cases:
        for one in case.orders if case.case_id == case_id else ():
            if one.order.order_id == order_id:
                return one.order
    raise NotFoundError


async def apply(page: Page) -> str:
    """Draft and swear it; its id. The other one swears it as it is."""
    form = page.form(ApplyForm)
    order = order_known(page, form.case_id, form.order_id)
    investigates = page.role is Role.INV
    people = (page.user_id, form.other) if investigates else (form.other, page.user_id)
    wanted = Role.PROS if investigates else Role.INV
    other = page.context.desk.state.users.get(form.other)
    if other is None or other.duty_at(page.now_us).role is not wanted:
        raise FormError({"other": f"{'The prosecutor' if investigates else 'The investigator'} swears it too (R-054)."})
    number = sum(1 for _ in await applications(page)) + 1
    drafted = CourtApplication(
        f"A-{number}", form.asked, str(order.order_id), str(order.case_id), agency_of(page), *people, form.days,
        form.results, page.now_us, frozenset((page.user_id,)),
    )  # fmt: skip
    waits = {f"application.{one}_swore" for one in ("investigator", "prosecutor")}
    lacks = [one for one in lacks_of(drafted, order) if one.item not in waits]
    await refuse_if(page, "apply", order, said_of_missing(lacks))
    fields = {
        "application_id": drafted.application_id, "asked": str(drafted.asked), "order_id": drafted.order_id,
        "case_id": drafted.case_id, "agency": drafted.agency, "investigator": drafted.investigator,
        "prosecutor": drafted.prosecutor, "days": drafted.days, "results": drafted.results, "by": page.user_id,
    }  # fmt: skip
    await page.act(lambda desk, now_us: desk.record("application", fields, now_us))
    return drafted.application_id


async def swear(page: Page, found: CourtApplication) -> None:
    """By the other of the two. Raises HttpError when they swore it already, or the court has decided."""
    if page.user_id in found.swore or found.granted is not None:
        raise HttpError(409, "It is sworn by you already, or decided.")
    fields = {"application_id": found.application_id, "case_id": found.case_id, "by": page.user_id}
    await page.act(lambda desk, now_us: desk.record("application_sworn", fields, now_us))


# The judge


def any_order(page: Page) -> CourtOrder:
    """The one that the path names: the court knows all. Raises NotFoundError."""
    wanted = page.path("order_id")
    found = next((one for one in page.context.desk.orders if one.order_id == wanted), None)
    if found is None:
        raise NotFoundError
    return found


async def _asked_for(page: Page, order: CourtOrder, name: str) -> CourtApplication:
    found = (await applications(page)).get(name)
    if found is None or found.order_id != order.order_id:
        raise NotFoundError
    return found


async def extend(page: Page) -> dict[str, Any]:
    """R-011 to R-016: on a sworn application, from where the period ends, for as many days as were asked for."""
    form, order = page.form(ExtendForm), any_order(page)
    found = await _asked_for(page, order, form.application_id)
    lacks = [*lacks_of(found, order)]
    if found.asked is not Asked.EXTENSION:
        lacks.append(Missing("application.asked", "R-011", "an extension is applied for as one"))
    await refuse_if(page, "extend", order, said_of_missing(lacks))
    end_us = add_court_days(order.effective_window.end_us, found.days)
    people = {"investigator": found.investigator, "prosecutor": found.prosecutor, "results": found.results}
    made = await signed(page, "extend", order, form.reason, at_us=end_us, **people)
    await _decided(page, found, True, form.reason, made)
    return made


async def approve(page: Page) -> dict[str, Any]:
    """R-033 to R-035: the emergency order is issued now; later than its deadline reopens nothing (R-042)."""
    form, order = page.form(DecideForm), any_order(page)
    found = await _asked_for(page, order, form.application_id) if form.application_id else None
    if found is not None:
        await refuse_if(page, "approve", order, said_of_missing(lacks_of(found, order)))
    made = await signed(page, "approve", order, form.reason)
    if found is not None:
        await _decided(page, found, True, form.reason, made)
    return made


async def deny(page: Page) -> dict[str, Any]:
    """R-038: the use ends now, although its hours are not over."""
    form, order = page.form(DecideForm), any_order(page)
    found = await _asked_for(page, order, form.application_id) if form.application_id else None
    made = await signed(page, "deny", order, form.reason)
    if found is not None:
        await _decided(page, found, False, form.reason, made)
    return made


async def revoke(page: Page) -> dict[str, Any]:
    """R-019: nothing from now on is covered."""
    return await signed(page, "revoke", any_order(page), page.form(DecideForm).reason)


async def release(page: Page) -> dict[str, Any]:
    """R-041: what is held of a lapsed order is opened to the agency, by a ruling."""
    return await signed(page, "release", any_order(page), page.form(DecideForm).reason)


async def refuse_application(page: Page) -> CourtApplication:
    """An application is not granted; the order stays as it is."""
    form, order = page.form(DecideForm), any_order(page)
    found = await _asked_for(page, order, form.application_id)
    if found.granted is not None:
        raise HttpError(409, f"{found.application_id} is decided already.")
    await _decided(page, found, False, form.reason, {})
    return found


async def _decided(page: Page, found: CourtApplication, granted: bool, reason: str, made: dict[str, Any]) -> None:
    fields = {
        "application_id": found.application_id, "case_id": found.case_id, "by": page.user_id, "granted": granted,
        "reason": reason, "version": made.get("version"),
    }  # fmt: skip
    await page.act(lambda desk, now_us: desk.record("application_decided", fields, now_us))


# Emergency use


def exigent_fields(form: ExigentForm, agency: str) -> dict[str, Any]:
    """The order as the court's office takes it: name, LIID and times are given there."""
    fields: dict[str, Any] = {
        "kind": form.kind, "case_id": form.case_id, "agency": agency, "targets": [form.target], "days": form.days,
        "services": [str(one) for one in form.services],
    }  # fmt: skip
    if form.kind == OrderKind.EXIGENT_EAV_FEDERAL:
        fields["jurisdiction"] = "FEDERAL"
    return fields


def exigent_papers(form: ExigentForm, by: str, now_us: int) -> dict[str, Any]:
    declaration = {
        "declared_by": form.declared_by or by, "at": now_us, "offence": form.offence, "emergency": form.emergency,
        "urgent_need": form.urgent_need, "primary_purpose": form.primary_purpose,
        "grounds": sorted(str(one) for one in form.grounds), "standard": str(form.standard or ""),
    }  # fmt: skip
    return {
        "complaint_number": form.complaint_number, "queried": form.target, "purpose": form.purpose,
        "requesting_unit": form.requesting_unit, "political_activity": form.political_activity,
        "supervisor": {"supervisor": form.supervisor, "reasons": form.reasons, "at": now_us},
        "declaration": declaration,
    }  # fmt: skip


def exigent_order(page: Page) -> tuple[CourtOrder, Papers]:
    """What the form amounts to, begun now. Raises FormError naming what is wrong with the order itself."""
    form = page.form(ExigentForm)
    fields = exigent_fields(form, agency_of(page))
    named = {"order_id": "O-new", "liid": "new", "start": page.now_us, "activated_at": page.now_us}
    try:
        order = order_from_fields(fields | named)
        return order, papers_from_fields(exigent_papers(form, page.user_id, page.now_us))
    except RefusedError as error:
        raise FormError({getattr(error, "item", ""): f"{error}."}) from error
    except ValueError as error:
        name, _, says = str(error).partition(": ")
        raise FormError({{"targets": "target"}.get(name, name): f"{says or name}."}) from error


def declared(page: Page) -> Circumstances:
    """For the table's condition (C2): whether declaration and papers are complete."""
    order, papers = exigent_order(page)
    declaration = missing_of_declaration(papers.declaration, order.kind, order.federal)
    missing = missing_papers(order, papers, page.context.config.law, page.now_us)
    return Circumstances(declaration_complete=not declaration, papers_complete=not missing)


async def begin(page: Page) -> tuple[dict[str, Any], str]:
    """What the court's office signed, and the request for access that an investigator's start asks with it; blank for
    the technical unit's."""
    form, (order, papers) = page.form(ExigentForm), exigent_order(page)
    missing = missing_papers(order, papers, page.context.config.law, page.now_us)
    await refuse_if(page, "begin", order, said_of_missing(missing))
    agency = agency_of(page)
    asked = {"order": exigent_fields(form, agency), "papers": exigent_papers(form, page.user_id, page.now_us)}
    try:
        made = await ask_court(page, "begin", asked)
    except RefusedError as error:
        await refuse_if(page, "begin", order, said_of_missing([Missing("court", "R-045", str(error))]))
        raise
    entry = {"order_id": made["order_id"], "case_id": form.case_id, "act": "begin", "by": page.user_id, "version": 1}
    await page.act(lambda desk, now_us: desk.record("court_act", entry, now_us))
    if page.role is not Role.INV:
        return made, ""
    outcome: Outcome = await page.must(
        lambda desk, now_us: desk.open_request(
            page.user_id, form.case_id, made["order_id"], now_us, form.declared_by or page.user_id, (page.user_id,),
            form.supervisor, form.prosecutor, page.facts(),
        )
    )  # fmt: skip
    return made, outcome.made


PURPOSES: Final = {str(one): str(one) for one in Purpose}
