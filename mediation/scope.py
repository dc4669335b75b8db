"""The carrier's gate: may this interception product be handed over under this order, and how much of it?

The rules of this file. It is the carrier's own decision in its own code; with the collector's gate it shares the types
of `mediation.law` and nothing else, and one truth table runs both (`tests/contract`). Pure: one event and one order in,
one verdict out. Default is to withhold. The window is tested on the time of interception, half-open (R-002, R-003).
"""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple

from mediation.law.orders import CourtOrder, OrderState, PrttDirection, Service, Window

_GIVES_NOTHING = frozenset({OrderState.DRAFT, OrderState.LAPSED, OrderState.CLOSED, OrderState.TERMINATED})


class ScopeEvent(NamedTuple):
    """`content` is true for X3. `target_sends`: True from the target, False to it, None when the POI did not say.
    `opens_sent`: direction of the record that opened the communication, None when it is not known."""

    time_us: int
    service: Service
    content: bool
    target_sends: bool | None = None
    opens_sent: bool | None = None


class Scope(Enum):
    WITHHOLD = "withhold"
    METADATA = "metadata"
    """Hand over without what is content: `redact.py`."""
    WHOLE = "whole"


class ScopeVerdict(NamedTuple):
    scope: Scope
    rule: str


def allow(order: CourtOrder, event: ScopeEvent, slack_us: int = 0, overdeliver: bool = False) -> ScopeVerdict:
    """What may be handed over of one event. `slack_us` and `overdeliver` are the training faults of the configuration:
    a carrier that goes on after the end, or does not withhold content."""
    if order.state in _GIVES_NOTHING:
        return ScopeVerdict(Scope.WITHHOLD, "R-027")
    ends = [order.window.end_us]
    if order.revoked_at_us is not None:
        ends.append(order.revoked_at_us)
    if order.objective_attained_at_us is not None:
        ends.append(order.objective_attained_at_us)
    if not Window(order.window.start_us, min(ends) + slack_us).contains(event.time_us):
        return ScopeVerdict(Scope.WITHHOLD, "R-002")
    if order.kind.metadata_only:
        return _pen_register(order, event, overdeliver)
    if event.service not in order.services:
        return ScopeVerdict(Scope.WITHHOLD, "R-116")
    return ScopeVerdict(Scope.WHOLE, "R-116")


def _pen_register(order: CourtOrder, event: ScopeEvent, overdeliver: bool) -> ScopeVerdict:
    """R-110, R-113: no content. R-023: only the direction the order names, by who opened the communication."""
    sends = event.opens_sent if event.opens_sent is not None else event.target_sends
    if order.direction is not PrttDirection.BOTH and sends is not (order.direction is PrttDirection.PEN):
        return ScopeVerdict(Scope.WITHHOLD, "R-023")
    if overdeliver:
        return ScopeVerdict(Scope.WHOLE, "R-110")
    if event.content:
        return ScopeVerdict(Scope.WITHHOLD, "R-110")
    return ScopeVerdict(Scope.METADATA, "R-113")
