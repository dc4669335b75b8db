"""Which cases somebody may know of, and how far their orders are. Pure, for lists and for the home page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from mediation.law.actors import Action, Role
from mediation.law.desk import decide, order_state
from mediation.law.desk_state import DeskState
from mediation.law.orders import CourtOrder, OrderState

_ASKED: Final = {
    Role.PROS: Action.MARK_PRIVILEGED,
    Role.FILT: Action.MARK_PRIVILEGED,
    Role.JUDGE: Action.SEAL,
    Role.ICO: Action.READ_QUARANTINE,
    Role.IAB: Action.READ_QUARANTINE,
}
"""By which action a role that reads nothing knows of a case at all."""


class CaseOrder(NamedTuple):
    order: CourtOrder
    state: OrderState


class CaseRow(NamedTuple):
    case_id: str
    orders: tuple[CaseOrder, ...]

    @property
    def active(self) -> bool:
        return any(one.state is OrderState.ACTIVE for one in self.orders)

    @property
    def end_us(self) -> int:
        """When the last of its orders ends."""
        return max(one.order.effective_window.end_us for one in self.orders)


def known_cases(
    state: DeskState, orders: Sequence[CourtOrder], user_id: str, role: Role, now_us: int
) -> tuple[CaseRow, ...]:
    """The cases that this person may know of, by id (R-073)."""
    action = _ASKED.get(role, Action.READ_CALL_IDENTIFYING)
    by_case: dict[str, list[CourtOrder]] = {}
    for order in orders:
        by_case.setdefault(order.case_id, []).append(order)
    return tuple(
        CaseRow(case_id, tuple(CaseOrder(one, order_state(state, one, now_us)) for one in found))
        for case_id, found in sorted(by_case.items())
        if decide(state, found, user_id, action, case_id, now_us).order_id
    )
