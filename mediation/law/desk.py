"""The desk answers: who somebody is now, which case under which order, from where; then `access.may` decides. Pure.

Orders come from the court's documents and are never changed here; everything else is the fold of the desk's ledger.
Where several orders cover a case, the answer is that of the one that allows, else of the one that comes closest
(R-025). A decision names the order only to those who may know of the case, so that not even the ledger entry of an
attempt says whether a guessed case exists (R-073, R-026).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Final, NamedTuple

from mediation.law.access import knows_of, may
from mediation.law.access_facts import (
    Actor,
    Answer,
    CaseFile,
    Circumstances,
    Grant,
    Place,
    RequestFile,
)
from mediation.law.actors import MATRIX, Action, Role
from mediation.law.desk_state import DeskState
from mediation.law.desk_values import DeskRequest
from mediation.law.exigent import lapsed
from mediation.law.orders import CourtOrder, OrderState, Window
from mediation.law.verdicts import Reason

NOTHING: Final = Circumstances()

UNKNOWN_USER: Final = Answer(False, (Reason.ACCESS_DENIED_ROLE,), ("R-072",))
"""R-072: an id that nobody has."""


class Decision(NamedTuple):
    """`order_id` is blank unless the actor may know of the case."""

    answer: Answer
    role: str = ""
    order_id: str = ""
    place: Place | None = None
    purpose: str = ""
    note: str = ""


class GrantEnd(NamedTuple):
    """A grant whose time is over, and why."""

    grant_id: str
    at_us: int
    reason: Reason
    rule: str


class Cut(NamedTuple):
    """A live session that may not go on."""

    session_id: str
    answer: Answer


def ask(
    state: DeskState,
    orders: Sequence[CourtOrder],
    actor_id: str,
    action: Action,
    case_id: str,
    now_us: int,
    circumstances: Circumstances = NOTHING,
) -> Answer:
    """Whether they may, by the ledger and the orders. `circumstances` adds what neither of them holds."""
    return decide(state, orders, actor_id, action, case_id, now_us, circumstances).answer


def decide(
    state: DeskState,
    orders: Sequence[CourtOrder],
    actor_id: str,
    action: Action,
    case_id: str,
    now_us: int,
    circumstances: Circumstances = NOTHING,
) -> Decision:
    """The answer with what it was made from."""
    actor = actor_at(state, actor_id, now_us)
    if actor is None:
        return Decision(UNKNOWN_USER, purpose=circumstances.purpose)
    facts = _facts(state, orders, actor, case_id, now_us, circumstances)
    about = case_id if MATRIX[action].get(actor.role) is not None else None
    files = [_case_file(state, order, now_us) for order in orders if order.case_id == about]
    known = sorted((one for one in files if knows_of(actor, one, facts)), key=_closest(action, now_us))
    answers = [(may(actor, action, case, now_us, facts), case.order_id) for case in known]
    if not answers:
        answers = [(may(actor, action, None, now_us, facts), "")]
    answer, order_id = next((one for one in answers if one[0].allowed), answers[0])
    return Decision(answer, str(actor.role), order_id, facts.place, facts.purpose, facts.logged_reason)


def actor_at(state: DeskState, user_id: str, now_us: int) -> Actor | None:
    """What somebody is at that instant; None for an id that nobody has."""
    user = state.users.get(user_id)
    if user is None:
        return None
    duty = user.duty_at(now_us)
    return Actor(
        user.user_id,
        duty.role,
        duty.agency,
        user.trained_until_us,
        user.background_check,
        user.duty_end_us(now_us),
        user.suspended_us is not None and now_us >= user.suspended_us,
        user.access_control,
    )


def place_of(state: DeskState, user_id: str, now_us: int) -> Place | None:
    """Where the entry log says somebody is (R-079); None for somebody in no facility."""
    row = state.present.get(user_id)
    if row is None:
        return None
    return Place(
        row.facility,
        row.device,
        row.segment,
        remote=row.remote,
        entered_us=row.at_us,
        shift_start_us=state.tour_start_us(now_us),
    )


def order_state(state: DeskState, order: CourtOrder, now_us: int) -> OrderState:
    """Where an order is in its life (R-027): by its document and the time, once ended by what the desk recorded."""
    window = order.effective_window
    if order.state is OrderState.DRAFT:
        return OrderState.DRAFT
    if now_us < window.start_us:
        return OrderState.ISSUED
    if window.contains(now_us):
        return OrderState.ACTIVE
    phase = state.phases.get(order.order_id)
    if phase is not None:
        return phase
    if order.revoked_at_us == window.end_us:
        return OrderState.REVOKED
    if lapsed(order, now_us):
        return OrderState.LAPSED
    return OrderState.EXPIRED if window.end_us == order.window.end_us else OrderState.TERMINATED


def grant_window(grant: Grant, order: CourtOrder | None) -> Window:
    """R-074: a grant follows its order: shorter with a revocation, longer with an extension made in time. A version
    that begins after the grant did leaves a gap and needs a grant of its own (R-015)."""
    if order is None or order.window.start_us > grant.window.start_us:
        return grant.window
    return Window(grant.window.start_us, order.effective_window.end_us)


def due_ends(state: DeskState, orders: Sequence[CourtOrder], now_us: int) -> tuple[GrantEnd, ...]:
    """Grants that ended with their order and are not recorded as ended yet: no human action needed (R-037, R-074)."""
    by_id = {str(order.order_id): order for order in orders}
    ends: list[GrantEnd] = []
    for row in state.grants.values():
        order = by_id.get(row.grant.order_id)
        end_us = grant_window(row.grant, order).end_us
        if row.grant.ended_us is None and now_us >= end_us:
            ends.append(GrantEnd(row.grant_id, end_us, *_why_ended(order, end_us, now_us)))
    return tuple(ends)


def _why_ended(order: CourtOrder | None, end_us: int, now_us: int) -> tuple[Reason, str]:
    if order is not None and order.revoked_at_us == end_us:
        return Reason.ORDER_REVOKED, "R-019"
    if order is not None and lapsed(order, now_us):
        return Reason.ORDER_LAPSED, "R-037"
    return Reason.ACCESS_EXPIRED, "R-074"


def due_cuts(state: DeskState, orders: Sequence[CourtOrder], now_us: int) -> tuple[Cut, ...]:
    """Live sessions that may not go on: each is asked again, so whatever ended the right ends the session (R-074)."""
    cuts: list[Cut] = []
    for session in state.sessions.values():
        if session.ended_us is not None:
            continue
        reason = Circumstances(logged_reason=f"session {session.session_id}")
        answer = ask(state, orders, session.user_id, Action(session.action), session.case_id, now_us, reason)
        if not answer.allowed:
            cuts.append(Cut(session.session_id, answer))
    return tuple(cuts)


def uninspected(state: DeskState, tour_start_us: int) -> tuple[str, ...]:
    """R-084: the facilities that no supervisor inspected in the tour that began then."""
    tour = Window(tour_start_us, tour_start_us + state.tour_us)
    seen = {one.facility for one in state.inspections if tour.contains(one.at_us)}
    return tuple(sorted(state.facilities - seen))


def request_for(state: DeskState, case_id: str, user_id: str) -> DeskRequest | None:
    """The newest accepted request that asks for this user's access to the case, first of all one that was not followed
    by its grant: a case may have several orders, each with a request and a grant of its own."""
    found = [one for one in state.requests.values() if one.case_id == case_id and user_id in one.users and one.accepted]
    grants = [row.grant for row in state.grants.values() if row.grant.ended_us is None]
    held = {one.order_id for one in grants if (one.user_id, one.case_id) == (user_id, case_id)}
    waiting = [one for one in found if one.order_id not in held]
    return (waiting or found)[-1] if found else None


def request_file(request: DeskRequest) -> RequestFile:
    """A request as the rules of access see it. It is complete when it was accepted on a check that found it so."""
    check = request.checks[-1] if request.checks else None
    complete = request.accepted is True and check is not None and not check.missing
    return RequestFile(
        request.request_id,
        request.case_id,
        request.agency,
        request.requested_by,
        request.document_author,
        "" if check is None else check.by,
        complete,
        request.order_id,
    )


def _facts(
    state: DeskState,
    orders: Iterable[CourtOrder],
    actor: Actor,
    case_id: str,
    now_us: int,
    given: Circumstances,
) -> Circumstances:
    by_id = {str(order.order_id): order for order in orders}
    place = given.place or place_of(state, actor.user_id, now_us)
    if given.place is not None:
        row = state.present.get(actor.user_id)
        entered_us = row.at_us if row is not None and row.facility == given.place.facility else None
        place = replace(given.place, entered_us=entered_us, shift_start_us=state.tour_start_us(now_us))
    request = request_for(state, case_id, given.beneficiary) if given.beneficiary else None
    grants = [row.grant for row in state.grants.values() if row.grant.user_id == actor.user_id]
    return replace(
        given,
        facilities=state.facilities,
        case_systems=state.case_systems,
        place=place,
        grants=tuple(replace(one, window=grant_window(one, by_id.get(one.order_id))) for one in grants),
        tickets=tuple(row.ticket for row in state.tickets.values() if row.ticket.approved_by),
        request=given.request or (None if request is None else request_file(request)),
    )


def _case_file(state: DeskState, order: CourtOrder, now_us: int) -> CaseFile:
    requests = [one for one in state.requests.values() if one.case_id == order.case_id and one.agency == order.agency]
    accepted = [one for one in requests if one.accepted]
    return CaseFile(
        order.case_id,
        order.order_id,
        order.agency,
        order.effective_window,
        order_state(state, order, now_us),
        order.kind.metadata_only,
        order.facilities,
        order.presence,
        order.joint_with,
        frozenset(one.supervisor for one in accepted if one.supervisor),
        frozenset(one.prosecutor for one in requests if one.prosecutor),
        order.case_id not in state.idle,
    )


def _closest(action: Action, now_us: int) -> Callable[[CaseFile], tuple[bool, bool, int, str]]:
    """Sorts the orders of a case: in force first, then such as allow content where content is asked for."""

    def key(case: CaseFile) -> tuple[bool, bool, int, str]:
        contentless = action is Action.READ_CONTENT and case.metadata_only
        return not case.window.contains(now_us), contentless, -case.window.end_us, case.order_id

    return key


def may_ask_for_audit(actor: Actor | None, now_us: int) -> Answer:
    """R-085: integrity officers and Internal Affairs may ask for a focused audit; the technology bureau runs it."""
    if actor is None:
        return UNKNOWN_USER
    if actor.suspended:
        return Answer(False, (Reason.ACCESS_DENIED_ROLE,), ("R-086",))
    on_duty = actor.duties_end_us is None or now_us < actor.duties_end_us
    if actor.role in (Role.ICO, Role.IAB) and on_duty:
        return Answer(True)
    return Answer(False, (Reason.ACCESS_DENIED_ROLE,), ("R-085",))
