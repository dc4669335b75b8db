"""Orders and requests as the technical unit's pages show them: clocks, papers, what is due. Pure.

Nothing here decides: the law does (`mediation.law`); this puts its answers side by side for a page.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from collector.registry import Registry
from mediation.law.access_facts import Grant
from mediation.law.case_log import duties_for, read_log
from mediation.law.desk import grant_window, order_state
from mediation.law.desk_state import DeskState
from mediation.law.desk_values import DeskRequest
from mediation.law.documents import CourtDocument
from mediation.law.duties import Duty, DutyState, state_of
from mediation.law.exigent import UseEnd, deadline_us, issued_in_time, lapsed, use_ends
from mediation.law.missing import Missing
from mediation.law.orders import CourtOrder, OrderState
from mediation.law.papers import missing_papers
from mediation.law.settings import LawSettings

ORDER_MISSING = Missing("order", "R-050", "no order of that name and case is on file")


class OrderLine(NamedTuple):
    """`deadline_us`: by when the emergency order is due; None where it was issued, or where there is no emergency."""

    order: CourtOrder
    state: OrderState
    deadline_us: int | None
    lapsed: bool

    @property
    def end_us(self) -> int:
        return self.order.effective_window.end_us


class DutyLine(NamedTuple):
    duty: Duty
    state: DutyState


class OrderView(NamedTuple):
    """`versions` newest first; `ends` of an emergency use, the earliest first."""

    line: OrderLine
    versions: tuple[CourtDocument, ...]
    missing: tuple[Missing, ...]
    ends: tuple[UseEnd, ...]
    duties: tuple[DutyLine, ...]
    grants: tuple[GrantLine, ...]
    requests: tuple[DeskRequest, ...]


class GrantLine(NamedTuple):
    """`end_us`: its own end, or that of its order."""

    grant_id: str
    grant: Grant
    end_us: int
    live: bool


def line_of(state: DeskState, order: CourtOrder, now_us: int) -> OrderLine:
    due_us = None if issued_in_time(order) else deadline_us(order)
    return OrderLine(order, order_state(state, order, now_us), due_us, lapsed(order, now_us))


def order_lines(state: DeskState, orders: Iterable[CourtOrder], agency: str, now_us: int) -> tuple[OrderLine, ...]:
    """Those of one agency; of another's nobody here knows (R-026)."""
    return tuple(line_of(state, order, now_us) for order in orders if order.agency == agency)


def view_of(
    state: DeskState,
    entries: Sequence[Mapping[str, Any]],
    registry: Registry,
    order: CourtOrder,
    law: LawSettings,
    now_us: int,
) -> OrderView:
    """Everything of one order."""
    log = read_log(entries)
    duties = [DutyLine(one, state_of(one, log.acts, now_us)) for one in duties_for(order, log)]
    return OrderView(
        line_of(state, order, now_us),
        tuple(reversed(registry.documents(order.order_id))),
        tuple(missing_papers(order, registry.papers(order.order_id), law, now_us)),
        use_ends(order),
        tuple(sorted(duties, key=lambda one: (one.duty.due_us, one.duty.kind))),
        tuple(one for one in grant_lines(state, registry.current(), now_us) if one.grant.order_id == order.order_id),
        tuple(one for one in state.requests.values() if one.order_id == order.order_id),
    )


def grant_lines(state: DeskState, orders: Iterable[CourtOrder], now_us: int) -> tuple[GrantLine, ...]:
    """Every grant there was, with the end that its order gives it (R-074)."""
    by_id = {str(order.order_id): order for order in orders}
    found = []
    for row in state.grants.values():
        end_us = grant_window(row.grant, by_id.get(row.grant.order_id)).end_us
        if row.grant.ended_us is not None:
            end_us = min(end_us, row.grant.ended_us)
        found.append(GrantLine(row.grant_id, row.grant, end_us, row.grant.window.start_us <= now_us < end_us))
    return tuple(found)


def order_of(orders: Iterable[CourtOrder], request: DeskRequest) -> CourtOrder | None:
    """The order that a request stands on, when there is one of that name for that case."""
    found = next((one for one in orders if one.order_id == request.order_id), None)
    return found if found is not None and found.case_id == request.case_id else None


def lacks_of(registry: Registry, request: DeskRequest, law: LawSettings, now_us: int) -> tuple[Missing, ...]:
    """What the papers behind a request lack, each with its rule (R-050)."""
    order = order_of(registry.current(), request)
    if order is None:
        return (ORDER_MISSING,)
    return tuple(missing_papers(order, registry.papers(order.order_id), law, now_us))


def state_word(request: DeskRequest) -> str:
    """How far a request is: open, checked, accepted, refused."""
    if request.accepted is not None:
        return "accepted" if request.accepted else "refused"
    return "checked" if request.checks else "open"
