"""The life of an order as a table (R-027): what may follow what. Anything absent is refused and changes nothing.

An order goes DRAFT, ISSUED, ACTIVE, then to one of the four ends, and from an end through sealing and hand-off to
CLOSED. No state is skipped, but a draft may be revoked. Pure: whoever moves an order audits what `attempt` says, the
move and the refusal alike.
"""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum
from typing import Final, NamedTuple

from asn1.errors import RefusedError
from mediation.law.entry import DocumentRefusedError
from mediation.law.orders import CourtOrder, OrderState


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


class Move(NamedTuple):
    """One attempt to move an order, for the audit log: `to` is None, and `refused` says why, when it was illegal."""

    order: CourtOrder
    event: OrderEvent
    to: OrderState | None
    refused: str = ""

    @property
    def moved(self) -> CourtOrder:
        """The order in its new state; unchanged when the move was refused."""
        return self.order if self.to is None else replace(self.order, state=self.to)

    @property
    def fields(self) -> dict[str, str | int]:
        """What an audit entry says of it."""
        said: dict[str, str | int] = {
            "order": self.order.order_id,
            "version": self.order.version,
            "event": str(self.event),
            "from": str(self.order.state),
        }
        return said | ({"refused": self.refused, "rule": "R-027"} if self.to is None else {"to": str(self.to)})


def attempt(order: CourtOrder, event: OrderEvent) -> Move:
    """The move, legal or refused; never raises, so that nobody can leave the refusal unsaid."""
    try:
        return Move(order, event, after(order.state, event))
    except RefusedError as error:
        return Move(order, event, None, str(error))


def tagged(order: CourtOrder, at_us: int) -> CourtOrder:
    """R-010: the next version of a warrant whose described communication was found in a record of `at_us`. It ends at
    that instant, so that nothing later is taken.

    Raises DocumentRefusedError for a warrant that does not end so, or for a record that it does not cover.
    """
    if not order.terminate_on_first:
        raise DocumentRefusedError(
            "terminate_on_first", "R-010", "this order does not end with the first communication"
        )
    if not order.effective_window.contains(at_us):
        raise DocumentRefusedError("objective_attained_at", "R-010", "the order covers no record of this time")
    return replace(order, version=order.version + 1, state=OrderState.TERMINATED, objective_attained_at_us=at_us)
