"""What whoever opened a page may see of its case: the scope that the read model works with.

Every page of what was collected is declared by `reading`: once for those who read a case, and once, under /privileged,
for the filter role (R-120). The route's own attempt is for call-identifying information; where content may be had as
well, that is a second attempt, on record too (`Asks.WHOLE`). An order that may not be read now is not in the scope.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from pydantic import Field

from collector.console.access import facts_for
from collector.console.forms import QueryModel
from collector.console.model.scope import NotFoundError, Scope, scope_of
from collector.console.page import Page
from collector.console.route import Asks, Handler, Route
from mediation.law.access_facts import Circumstances
from mediation.law.actors import Action
from mediation.law.desk import decide

PRIVILEGED: Final = "/privileged"
MAX_REASON: Final = 200


class Look(QueryModel):
    """Base of the query of a page of what was collected. `reason`: why; technical staff look only with one (R-073)."""

    reason: str = Field("", max_length=MAX_REASON)


def reason_of(page: Page) -> Circumstances:
    return Circumstances(logged_reason=page.query(Look).reason)


def reading(
    path: str,
    handler: Handler,
    title: str = "",
    query: type[Look] = Look,
    asks: Asks = Asks.WHOLE,
    object: tuple[str, str] = ("", ""),
) -> list[Route]:
    """GET `path` below a case, which has `{case_id}` in it, and the same for the filter role."""
    route = Route(
        "GET", path, handler, Action.READ_CALL_IDENTIFYING, case="case_id", asks=asks, object=object, title=title,
        query=query, facts=reason_of,
    )  # fmt: skip
    return [route, replace(route, path=PRIVILEGED + path, access=Action.READ_PRIVILEGED_HOLD)]


def prefix(page: Page) -> str:
    """What paths of this case begin with, for whoever reads this page."""
    return PRIVILEGED if page.route.access is Action.READ_PRIVILEGED_HOLD else ""


async def scope_for(page: Page) -> Scope:
    """The orders of the page's case that may be read now, and whether content may. Raises NotFoundError."""
    privileged = page.route.access is Action.READ_PRIVILEGED_HOLD
    action = Action.READ_PRIVILEGED_HOLD if privileged else Action.READ_CALL_IDENTIFYING
    facts = reason_of(page)
    state = page.context.desk.state
    mine = [one for one in page.context.desk.orders if one.case_id == page.case_id]
    whole = facts_for(page.request, facts)
    readable = [
        one
        for one in mine
        if decide(state, (one,), page.user_id, action, page.case_id, page.now_us, whole).answer.allowed
    ]
    if not readable:
        raise NotFoundError("case")
    content = privileged or page.may(Action.READ_CONTENT, page.case_id, facts)
    if content and not privileged and page.route.asks is Asks.WHOLE:
        kind, parameter = page.route.object
        about = (kind or "page", page.path(parameter) if parameter else page.route.path)
        await page.allowed(Action.READ_CONTENT, page.case_id, facts, about=about)
    return scope_of(page.case_id, readable, content, privileged, page.user_id)
