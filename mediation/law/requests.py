"""A request for interception, from its draft to the answer: the papers are attached by one person, checked by another.

    DRAFTED -> attach -> SUBMITTED -> decide -> ACCEPTED | REFUSED -> attach -> SUBMITTED …

An investigator, supervisor or prosecutor drafts and attaches; the technical unit checks, and never the person who
drafted it, attached the papers or wrote the order (SD-2). A refusal names every missing item (R-050); nothing is
refused for good: what was missing may be attached, and the request is checked again. An accepted one has left DRAFT
(R-028). Pure: whoever moves a request audits the move.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from asn1.errors import RefusedError
from mediation.law.access_facts import Actor
from mediation.law.actors import MATRIX, YES, Action
from mediation.law.missing import Missing
from mediation.law.orders import CourtOrder, OrderState
from mediation.law.papers import PaperSettings, leave_draft, missing_papers
from mediation.law.papers_values import Papers


class RequestState(StrEnum):
    DRAFTED = "DRAFTED"
    SUBMITTED = "SUBMITTED"
    ACCEPTED = "ACCEPTED"
    REFUSED = "REFUSED"


class RequestEvent(StrEnum):
    ATTACH = "attach papers"
    ACCEPT = "accept"
    REFUSE = "refuse"


LIFE: Final[dict[RequestState, dict[RequestEvent, RequestState]]] = {
    RequestState.DRAFTED: {RequestEvent.ATTACH: RequestState.SUBMITTED},
    RequestState.SUBMITTED: {
        RequestEvent.ATTACH: RequestState.SUBMITTED,
        RequestEvent.ACCEPT: RequestState.ACCEPTED,
        RequestEvent.REFUSE: RequestState.REFUSED,
    },
    RequestState.REFUSED: {RequestEvent.ATTACH: RequestState.SUBMITTED},
    RequestState.ACCEPTED: {},
}


@dataclass(frozen=True, slots=True)
class Request:
    """`handled_by` is everybody who drafted it, attached to it or wrote the order: none of them may check it.
    `missing` is what the last check found; `decided_*` are of that check."""

    request_id: str
    order: CourtOrder
    requested_by: str
    drafted_at_us: int
    handled_by: frozenset[str]
    papers: Papers | None = None
    state: RequestState = RequestState.DRAFTED
    missing: tuple[Missing, ...] = ()
    decided_by: str = ""
    decided_at_us: int | None = None


def draft(request_id: str, order: CourtOrder, actor: Actor, now_us: int, order_author: str = "") -> Request:
    """A new request. Raises RefusedError for somebody who may not ask."""
    _may(actor, Action.DRAFT_REQUEST, now_us)
    handled = {name for name in (actor.user_id, order_author) if name}
    return Request(request_id, order, actor.user_id, now_us, frozenset(handled))


def attach(request: Request, papers: Papers, actor: Actor, now_us: int) -> Request:
    """The request with this set of papers in place of what it had. Raises RefusedError once it is accepted."""
    _may(actor, Action.DRAFT_REQUEST, now_us)
    return replace(
        request,
        state=_after(request.state, RequestEvent.ATTACH),
        papers=papers,
        handled_by=request.handled_by | {actor.user_id},
        missing=(),
    )


def decide(request: Request, checker: Actor, settings: PaperSettings, now_us: int) -> Request:
    """The request ACCEPTED, its order issued, or REFUSED with every missing item.

    Raises RefusedError when the checker may not check, or may not check this one (SD-2), or nothing was submitted.
    """
    _may(checker, Action.CHECK_PAPERS, now_us)
    if checker.user_id in request.handled_by:
        raise RefusedError(f"{checker.user_id} had a hand in {request.request_id}: a second person checks it (SD-2).")
    missing = missing_papers(request.order, request.papers, settings, now_us)
    state = _after(request.state, RequestEvent.REFUSE if missing else RequestEvent.ACCEPT)
    order = request.order
    if not missing and order.state is OrderState.DRAFT:
        order = leave_draft(order, request.papers, settings, now_us)
    return replace(request, order=order, state=state, missing=missing, decided_by=checker.user_id, decided_at_us=now_us)


def _may(actor: Actor, action: Action, now_us: int) -> None:
    """By the table alone, within the actor's duties (R-071); place and device are the desk's to check."""
    on_duty = actor.duties_end_us is None or now_us < actor.duties_end_us
    if MATRIX[action].get(actor.role) != YES or actor.suspended or not on_duty:
        raise RefusedError(f"{actor.user_id} ({actor.role}) may not {action.replace('_', ' ')} (R-073).")


def _after(state: RequestState, event: RequestEvent) -> RequestState:
    following = LIFE[state].get(event)
    if following is None:
        possible = ", ".join(LIFE[state]) or "nothing"
        raise RefusedError(f"A request that is {state} cannot {event}; possible: {possible}.")
    return following
