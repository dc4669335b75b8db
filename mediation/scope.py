"""The carrier's gate: may this interception product be handed over under this order, and how much of it?

The rules of this file. It is the carrier's own decision in its own code; with the collector's gate it shares the types
of `mediation.law` and nothing else, and one truth table runs both (`tests/contract`). Pure: one event and one order in,
one verdict out. Default is to withhold. The window is tested on the time of interception, half-open (R-002, R-003); an
emergency use that no order follows in time is withheld from its deadline on (R-033 to R-037). What was intercepted
before is handed over: setting it apart is for the agency to do (R-041).
"""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple

from mediation.law.court_days import HOUR_US, add_court_days
from mediation.law.orders import CourtOrder, Jurisdiction, OrderKind, OrderState, PrttDirection, Service

_GIVES_NOTHING = frozenset({OrderState.DRAFT, OrderState.LAPSED, OrderState.CLOSED, OrderState.TERMINATED})
_EMERGENCY = {
    OrderKind.EXIGENT_PRTT: (48, "R-033"),
    OrderKind.EXIGENT_EAV_STATE: (24, "R-034"),
    OrderKind.EXIGENT_EAV_FEDERAL: (48, "R-035"),
}
"""Hours of use that an emergency has before its order, and the rule."""


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
    end_us, rule = _end(order)
    if event.time_us < order.window.start_us:
        return ScopeVerdict(Scope.WITHHOLD, "R-002")
    if event.time_us >= end_us + slack_us:
        return ScopeVerdict(Scope.WITHHOLD, rule)
    if order.kind.metadata_only:
        return _pen_register(order, event, overdeliver)
    if order.kind is OrderKind.COVERT_AUDIO_WARRANT:
        # A warrant for a device of the agency's own: no carrier's traffic is meant.
        return ScopeVerdict(Scope.WITHHOLD, "R-166")
    if event.service not in order.services:
        return ScopeVerdict(Scope.WITHHOLD, "R-116")
    return ScopeVerdict(Scope.WHOLE, "R-116")


def whole_window(order: CourtOrder, service: Service) -> tuple[int, int] | None:
    """From when until when, exclusive, content of this service is handed over whole, whoever sends it; None when that
    depends on more than its time. It says nothing that `allow` does not say."""
    if order.state in _GIVES_NOTHING or order.kind.metadata_only or service not in order.services:
        return None
    if order.kind is OrderKind.COVERT_AUDIO_WARRANT:
        return None
    end_us, _ = _end(order)
    return (order.window.start_us, end_us) if order.window.start_us < end_us else None


def _end(order: CourtOrder) -> tuple[int, str]:
    """When the carrier stops, exclusive, and the rule behind that: the earliest of all that ends the order."""
    ends = [(order.window.end_us, "R-002")]
    if order.revoked_at_us is not None:
        ends.append((order.revoked_at_us, "R-019"))
    if order.objective_attained_at_us is not None:
        ends.append((order.objective_attained_at_us, "R-009"))
    if order.kind in _EMERGENCY:
        ends += _emergency_ends(order)
    federal = order.jurisdiction is Jurisdiction.FEDERAL or order.kind is OrderKind.EXIGENT_EAV_FEDERAL
    if federal and not order.kind.metadata_only:
        ends += _federal_ends(order)
    return min(ends)


def _emergency_ends(order: CourtOrder) -> list[tuple[int, str]]:
    hours, rule = _EMERGENCY[order.kind]
    use = order.exigent
    if use is None:
        return [(order.window.start_us + hours * HOUR_US, rule)]
    said = ((use.denied_at_us, "R-038"), (use.obtained_at_us, "R-039"), (use.ended_at_us, "R-040"))
    ends = [(at_us, why) for at_us, why in said if at_us is not None]
    due_us, issued_us = use.activated_at_us + hours * HOUR_US, use.order_issued_at_us
    # an order that came late holds only where it begins after its issue.
    holds = issued_us is not None and (issued_us <= due_us or issued_us <= order.window.start_us)
    if not holds:
        ends.append((due_us, rule))
    if issued_us is not None and order.kind is OrderKind.EXIGENT_EAV_STATE:
        ends.append((issued_us + 24 * HOUR_US, "R-043"))
    return ends


def _federal_ends(order: CourtOrder) -> list[tuple[int, str]]:
    """R-008: thirty days from the first interception, or from ten days after entry when that is earlier."""
    begins = [order.first_interception_us] if order.first_interception_us is not None else []
    if order.entered_at_us is not None:
        begins.append(add_court_days(order.entered_at_us, 10))
    ends = [add_court_days(min(begins), 30)] if begins else []
    return [(end, "R-008") for end in ends if not order.extensions_us or order.extensions_us[0] > end]


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
