"""How far an ended order came, as versions of its document: SEALED, then HANDED_OFF, then CLOSED (R-027, R-130).

    advanced(order, event)            the next version, which differs in its state and in nothing else
    check_phase(known, new, at_us)    whether a version signed then may follow the one right before it

The window stays, so that a record stamped inside the order and that comes late is judged as before the seal. Pure.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from asn1.errors import RefusedError
from mediation.law.entry import DocumentRefusedError
from mediation.law.exigent import lapse_us, lapsed_period
from mediation.law.lifecycle import OrderEvent, after
from mediation.law.orders import CourtOrder, OrderState

EVENTS: Final[dict[OrderState, OrderEvent]] = {
    OrderState.SEALED: OrderEvent.SEAL,
    OrderState.HANDED_OFF: OrderEvent.HAND_OFF,
    OrderState.CLOSED: OrderEvent.CLOSE,
}
"""The states behind an end, in their order, and what leads to each."""


def advanced(order: CourtOrder, event: OrderEvent) -> CourtOrder:
    """The next version of an order that ended. Raises RefusedError for a step that is not the next one (R-027)."""
    from_state = order.state if order.state in EVENTS else OrderState.EXPIRED
    return replace(order, version=order.version + 1, state=after(from_state, event))


def check_phase(known: CourtOrder, new: CourtOrder, signed_at_us: int) -> None:
    """Raises DocumentRefusedError: the order still runs, a step is left out, or something else is changed with it."""
    if known.state not in EVENTS:
        _ended(known, signed_at_us)
    try:
        expected = advanced(known, EVENTS[new.state])
    except RefusedError as error:
        raise DocumentRefusedError("state", "R-027", str(error)) from error
    if replace(new, version=expected.version, first_interception_us=known.first_interception_us) != expected:
        raise DocumentRefusedError("state", "R-027", f"a version that is {new.state} changes nothing but that")


def _ended(known: CourtOrder, at_us: int) -> None:
    # At the deadline of an emergency use its order may still come.
    if at_us < known.effective_window.end_us or lapse_us(known) == at_us:
        raise DocumentRefusedError("state", "R-131", "what still runs is not sealed")
    instant_us = {
        OrderState.REVOKED: known.revoked_at_us,
        OrderState.TERMINATED: known.objective_attained_at_us,
        OrderState.LAPSED: None if lapsed_period(known) is None else known.effective_window.end_us,
    }.get(known.state, known.effective_window.end_us)
    if instant_us is None:
        # Its state alone keeps records out; another state would let them in.
        raise DocumentRefusedError("state", "R-027", f"this order is {known.state} and does not say since when")
