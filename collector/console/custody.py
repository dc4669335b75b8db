"""An order behind its end, for pages and API: sealed, handed off to case management, closed (R-130, R-131, R-145).

Each act was asked of the law before it comes here (the route's declaration). What else stands against it is all on
record; then the work, then the entry that changes the state, then the court's document. One at a time.
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from asn1.errors import RefusedError
from collector.console.acting import followed, order_of_case, refuse_if
from collector.console.forms import FormModel
from collector.console.page import Page
from collector.custody.handing import HandOff, package_lacks, packed
from collector.custody.said import Said, said_of, said_of_missing
from collector.custody.sealing import Sealing, copied, sealing_lacks
from collector.custody.steps import step_lacks
from collector.export.orders import export_fields, export_orders
from mediation.law.access_facts import Circumstances
from mediation.law.case_log import CaseLog, read_log
from mediation.law.desk import order_state
from mediation.law.disclosure import Disposition, Outcome, may_close, may_hand_off
from mediation.law.lifecycle import OrderEvent
from mediation.law.orders import CourtOrder, OrderState
from mediation.law.verdicts import Reason

OUTCOMES = {one.name.lower(): str(one) for one in Outcome}
Back = Annotated[str, Field(max_length=200)]


class SealForm(FormModel):
    case_id: str = Field(max_length=128)
    direction: str = Field(max_length=128)
    custody: str = Field(max_length=200)
    back: Back = ""


class HandOffForm(FormModel):
    """`to`: a configured case-management system; `need`: why it needs it; `receipt`: what it answered."""

    case_id: str = Field(max_length=128)
    to: str = Field(max_length=128)
    need: str = Field(max_length=200)
    receipt: str = Field("", max_length=200)
    back: Back = ""


class CloseForm(FormModel):
    """`disposition`: one of the outcomes of R-145; `classification` decides how long the city's schedule keeps it."""

    case_id: str = Field(max_length=128)
    disposition: str = Field("", pattern="^(" + "|".join(OUTCOMES) + ")?$")
    classification: str = Field("", max_length=128)
    appeal_pending: bool = False
    back: Back = ""


def directed(page: Page) -> Circumstances:
    return Circumstances(judge_direction_id=page.form(SealForm).direction)


def handed(page: Page) -> Circumstances:
    form = page.form(HandOffForm)
    return Circumstances(target_system=form.to, logged_reason=form.need)


def state_of(page: Page, order: CourtOrder) -> OrderState:
    return order_state(page.context.desk.state, order, page.now_us)


async def log_of(page: Page) -> CaseLog:
    """What the ledger says of cases. The ledger may be long, so not on the event loop."""
    return await page.work(read_log, page.context.desk.entries)


async def seal(page: Page) -> tuple[CourtOrder, dict[str, Any], str]:
    """The order, what the entry says, and a sentence where the court's document is still to come."""
    form, context = page.form(SealForm), page.context
    order, library = order_of_case(page, form.case_id), context.library
    async with context.custody:
        sealing = Sealing(order, page.user_id, form.direction, form.custody, page.now_us)
        target = context.config.sealed / str(order.order_id)
        sources = await page.work(library.sources)
        lacks = sealing_lacks(sealing, state_of(page, order), target, sources)
        await refuse_if(page, "seal", order, said_of_missing(lacks))
        await _recorded(page, "seal_started", {**sealing.fields(), "directory": str(target)})
        try:
            made = await page.work(copied, sealing, sources, target, library.missing)
        except RefusedError as error:
            found = [Said(Reason.SEAL_MISSING.name, rule, str(error)) for rule in ("R-041", "R-090")]
            await refuse_if(page, "seal", order, found)
            raise
        fields = {**sealing.fields(), **made, "started_us": sealing.started_us}
        await _recorded(page, "seal", fields)
        return order, fields, await followed(page, order, OrderState.SEALED)


async def hand_off(page: Page) -> tuple[CourtOrder, dict[str, Any], str]:
    """As `seal`. The package lies outside the store, with its manifest beside it (R-142)."""
    form, context = page.form(HandOffForm), page.context
    order, library, directory = order_of_case(page, form.case_id), context.library, context.config.handed_off
    async with context.custody:
        known = may_hand_off(form.to, form.need, context.desk.state.case_systems)
        lacks = step_lacks(state_of(page, order), order, OrderEvent.HAND_OFF, page.now_us)
        await refuse_if(page, "hand off", order, (*said_of(known), *said_of_missing(lacks)))
        sources = await page.work(library.sources)
        entry = await page.work(export_fields, page.user_id, form.need, [order], sources)
        entry |= {"missing": list(library.missing)} if library.missing else {}
        await _recorded(page, "export", entry)
        exports = await page.work(export_orders, sources, directory, [order])
        sealed = (await log_of(page)).seals[str(order.order_id)]
        asked = HandOff(order, page.user_id, form.to, form.need, form.receipt, page.now_us)
        fields = await page.work(packed, asked, directory, exports, sealed, library.missing)
        await _recorded(page, "export", fields)
        return order, fields, await followed(page, order, OrderState.HANDED_OFF)


async def close(page: Page) -> tuple[CourtOrder, dict[str, Any], str]:
    """As `seal`. The technical unit's access ends with it (R-149)."""
    form, context = page.form(CloseForm), page.context
    order = order_of_case(page, form.case_id)
    outcome = Outcome[form.disposition.upper()] if form.disposition else None
    async with context.custody:
        final = may_close(Disposition(outcome, form.classification, form.appeal_pending))
        lacks = step_lacks(state_of(page, order), order, OrderEvent.CLOSE, page.now_us)
        if not lacks:
            package = (await log_of(page)).packages.get(str(order.order_id))
            lacks = await page.work(package_lacks, package, context.config.handed_off)
        await refuse_if(page, "close", order, (*said_of(final), *said_of_missing(lacks)))
        fields = {
            "order_id": str(order.order_id),
            "case_id": str(order.case_id),
            "by": page.user_id,
            "outcome": str(outcome),
            "classification": form.classification,
        }
        await _recorded(page, "case_closed", fields)
        return order, fields, await followed(page, order, OrderState.CLOSED)


async def _recorded(page: Page, kind: str, fields: dict[str, Any]) -> None:
    await page.act(lambda desk, now_us: desk.record(kind, fields, now_us))
