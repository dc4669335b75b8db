"""What the acts on orders share, for pages and API: whose order it is, how a refusal goes on record, how the court is
asked.

Rules. An order of another agency is none (R-026). Whatever stands against an act is recorded rule by rule
(`case_refused`) before anybody reads it. The court decides behind its own office; what it signed is an entry here too.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from asn1.errors import RefusedError
from collector.console.errors import HttpError, NotFoundError
from collector.console.page import Page
from collector.custody.said import Said, refusal_fields
from mediation.law.orders import CourtOrder, OrderState
from mediation.runtime.config import NotReadyError

COURT: Final = "court"
REFUSED_THERE: Final = "COURT_REFUSED"
_RULE: Final = re.compile(r"\bR-\d{3}\b")


def agency_of(page: Page) -> str:
    user = page.context.desk.state.users.get(page.user_id)
    return "" if user is None else user.duty_at(page.now_us).agency


def order_of(page: Page) -> CourtOrder:
    """The one that the path names, of this agency. Raises NotFoundError."""
    wanted, agency = page.path("order_id"), agency_of(page)
    found = next((one for one in page.context.desk.orders if one.order_id == wanted and one.agency == agency), None)
    if found is None:
        raise NotFoundError
    return found


def order_of_case(page: Page, case_id: str) -> CourtOrder:
    """The same, of the case that the form names and the law was asked about. Raises NotFoundError."""
    order = order_of(page)
    if order.case_id != case_id:
        raise NotFoundError
    return order


async def refuse_if(page: Page, act: str, order: CourtOrder, against: Iterable[Said]) -> None:
    """Raises HttpError with everything that stands against it, once that is on record."""
    found = tuple(dict.fromkeys(against))
    if not found:
        return
    fields = refusal_fields(act, page.user_id, order, found)
    await page.act(lambda desk, now_us: desk.record("case_refused", fields, now_us))
    raise HttpError(409, " ".join(f"{one.says.rstrip('.')} ({one.rule})." for one in found))


async def ask_court(page: Page, act: str, fields: Mapping[str, Any]) -> dict[str, Any]:
    """Have the court sign; what it signed: order_id, version, refusals. Raises RefusedError, NotReadyError."""
    return await page.context.court.give(COURT, page.user_id, str(page.role), {"act": act, **fields})


async def signed(page: Page, act: str, order: CourtOrder, reason: str = "", **fields: Any) -> dict[str, Any]:  # noqa: ANN401  of the command
    """An act of the court on an order, on record with its outcome. Raises HttpError for a refusal, NotReadyError."""
    try:
        made = await ask_court(page, act, {"order_id": str(order.order_id), **fields})
    except RefusedError as error:
        rules = _RULE.findall(str(error)) or ["R-027"]
        await refuse_if(page, act, order, [Said(REFUSED_THERE, rules[0], _without_rules(str(error)))])
        raise
    entry: dict[str, Any] = {
        "order_id": str(order.order_id),
        "case_id": str(order.case_id),
        "act": act,
        "by": page.user_id,
    }
    entry |= {"version": made.get("version"), "reason": reason[:200], **fields}
    await page.act(lambda desk, now_us: desk.record("court_act", entry, now_us))
    return made


def _without_rules(sentence: str) -> str:
    return re.sub(r"\s*\((?:R-\d{3}(?:, )?)+\)", "", sentence).strip()


async def followed(page: Page, order: CourtOrder, reached: OrderState) -> str:
    """The court's document of what the desk recorded; a sentence where it did not come, which stops nothing: the next
    step brings it."""
    try:
        await ask_court(page, "custody", {"order_id": str(order.order_id), "state": str(reached)})
    except (RefusedError, NotReadyError) as error:
        return f" The court's document of it is still to come: {error}"
    return ""
