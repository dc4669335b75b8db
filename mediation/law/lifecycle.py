"""The life of an order as a table (R-027): what may follow what. Anything absent is refused and changes nothing.

An order goes DRAFT, ISSUED, ACTIVE, then to one of the four ends, and from an end through sealing and hand-off to
CLOSED. No state is skipped, but a draft may be revoked. Pure: whoever moves an order audits the move and the refusal.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from asn1.errors import RefusedError
from mediation.law.orders import OrderState


class OrderEvent(StrEnum):
    """What happens to an order. LAPSE comes of itself when an exigent deadline passes (R-037)."""

    ISSUE = "issue"
    START = "start"
    EXPIRE = "expire"
    TERMINATE = "terminate"
    REVOKE = "revoke"
    LAPSE = "lapse"
    SEAL = "seal"
    HAND_OFF = "hand off"
    CLOSE = "close"


_END: Final = {OrderEvent.SEAL: OrderState.SEALED}

LIFE: Final[dict[OrderState, dict[OrderEvent, OrderState]]] = {
    OrderState.DRAFT: {OrderEvent.ISSUE: OrderState.ISSUED, OrderEvent.REVOKE: OrderState.REVOKED},
    OrderState.ISSUED: {OrderEvent.START: OrderState.ACTIVE},
    OrderState.ACTIVE: {
        OrderEvent.EXPIRE: OrderState.EXPIRED,
        OrderEvent.TERMINATE: OrderState.TERMINATED,
        OrderEvent.REVOKE: OrderState.REVOKED,
        OrderEvent.LAPSE: OrderState.LAPSED,
    },
    OrderState.EXPIRED: _END,
    OrderState.TERMINATED: _END,
    OrderState.REVOKED: _END,
    OrderState.LAPSED: _END,
    OrderState.SEALED: {OrderEvent.HAND_OFF: OrderState.HANDED_OFF},
    OrderState.HANDED_OFF: {OrderEvent.CLOSE: OrderState.CLOSED},
    OrderState.CLOSED: {},
}


def after(state: OrderState, event: OrderEvent) -> OrderState:
    """The state that `event` leads to. Raises RefusedError, naming what is possible, for an illegal move."""
    following = LIFE[state].get(event)
    if following is None:
        possible = ", ".join(LIFE[state]) or "nothing"
        raise RefusedError(f"An order that is {state} cannot {event} (R-027); possible: {possible}.")
    return following
