"""Which step an order may take next, and what keeps it from one (R-027, R-130, R-131). Pure."""

from __future__ import annotations

from typing import Final

from asn1.errors import RefusedError
from mediation.law.exigent import lapse_us
from mediation.law.lifecycle import OrderEvent, after
from mediation.law.missing import Missing
from mediation.law.orders import CourtOrder, OrderState
from mediation.law.phases import EVENTS
from mediation.law.verdicts import Reason

_RUNNING: Final = frozenset({OrderState.DRAFT, OrderState.ISSUED, OrderState.ACTIVE})


def step_lacks(state: OrderState, order: CourtOrder, event: OrderEvent, now_us: int) -> tuple[Missing, ...]:
    """What keeps an order in `state` from its next step: its end, its seal, its hand-off."""
    try:
        after(state, event)
    except RefusedError as error:
        if state in _RUNNING:
            return (Missing("end", "R-131", "the order has not ended", Reason.SEAL_MISSING),)
        if event is OrderEvent.HAND_OFF and state not in EVENTS:
            rule = "R-027" if order.kind.metadata_only else "R-131"
            return (Missing("seal", rule, "it is sealed before it is handed off", Reason.SEAL_MISSING),)
        if event is OrderEvent.CLOSE and state is not OrderState.CLOSED:
            return (Missing("hand_off_package", "R-130", "the data is handed over before the case is closed"),)
        return (Missing("state", "R-027", str(error)),)
    if event is OrderEvent.SEAL and lapse_us(order) == now_us:
        return (Missing("end", "R-131", "at the deadline itself the order may still come", Reason.SEAL_MISSING),)
    return ()
