"""When the carrier may enable an interception: complete papers first, then the act of a named employee.

R-058: nothing is enabled without the carrier's own copy of the papers. R-059: nor without an affirmative act of an
officer or employee, by name. A new version that asks for no more than what was enabled, above all one that ends it,
needs no new act; one that asks for more waits for one. The states are a table; what is absent there is refused and
changes nothing. Pure: the time is an argument.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from asn1.errors import RefusedError
from mediation.law.missing import Missing
from mediation.law.orders import CourtOrder
from mediation.law.papers_values import Papers


class ActivationState(StrEnum):
    UNKNOWN = "unknown"
    REFUSED = "refused"
    AWAITING = "awaiting"
    ENABLED = "enabled"


class ActivationEvent(StrEnum):
    """WIDER is a complete document that asks for something not enabled yet, NARROWER one that asks for no more."""

    LACKING = "lacking papers"
    WIDER = "complete, asks for more"
    NARROWER = "complete, asks for no more"
    ACT = "act of an employee"


TRANSITIONS: Final[dict[ActivationState, dict[ActivationEvent, ActivationState]]] = {
    ActivationState.UNKNOWN: {
        ActivationEvent.LACKING: ActivationState.REFUSED,
        ActivationEvent.WIDER: ActivationState.AWAITING,
    },
    ActivationState.REFUSED: {
        ActivationEvent.LACKING: ActivationState.REFUSED,
        ActivationEvent.WIDER: ActivationState.AWAITING,
    },
    ActivationState.AWAITING: {
        ActivationEvent.LACKING: ActivationState.AWAITING,
        ActivationEvent.WIDER: ActivationState.AWAITING,
        ActivationEvent.NARROWER: ActivationState.AWAITING,
        ActivationEvent.ACT: ActivationState.ENABLED,
    },
    ActivationState.ENABLED: {
        ActivationEvent.LACKING: ActivationState.ENABLED,
        ActivationEvent.WIDER: ActivationState.AWAITING,
        ActivationEvent.NARROWER: ActivationState.ENABLED,
    },
}


@dataclass(frozen=True, slots=True)
class Activation:
    """Where one order stands at the carrier. `order` and `papers` are its newest complete version, `enabled` the one an
    employee acted on, `lacks` what the last document lacked."""

    state: ActivationState = ActivationState.UNKNOWN
    order: CourtOrder | None = None
    papers: Papers | None = None
    enabled: CourtOrder | None = None
    employee: str = ""
    enabled_at_us: int | None = None
    lacks: tuple[Missing, ...] = ()


def next_state(state: ActivationState, event: ActivationEvent) -> ActivationState:
    """Raises RefusedError for an event that has no place in this state."""
    try:
        return TRANSITIONS[state][event]
    except KeyError as error:
        raise RefusedError(f"An order that is {state} takes no {event}.") from error


def received(held: Activation, order: CourtOrder, papers: Papers | None, lacks: tuple[Missing, ...]) -> Activation:
    """A document of this order came in; `lacks` is what its papers lack. An older version changes nothing."""
    if held.order is not None and order.version <= held.order.version:
        return held
    if lacks:
        return replace(held, state=next_state(held.state, ActivationEvent.LACKING), lacks=lacks)
    narrower = held.enabled is not None and not asks_for_more(held.enabled, order)
    event = ActivationEvent.NARROWER if narrower else ActivationEvent.WIDER
    state = next_state(held.state, event)
    kept = papers if papers is not None else held.papers
    return replace(held, state=state, order=order, papers=kept, lacks=())


def acted(held: Activation, employee: str, now_us: int) -> Activation:
    """An employee enables the order. Raises RefusedError without a name, without complete papers, or twice."""
    name = employee.strip()
    if not name:
        raise RefusedError(
            "ACCESS_DENIED_ROLE:carrier_employee (R-059): an officer or employee of the carrier, by name, enables it."
        )
    if held.state in (ActivationState.UNKNOWN, ActivationState.REFUSED) or held.papers is None:
        codes = ", ".join(one.code for one in held.lacks) or "DOC_MISSING:papers"
        raise RefusedError(f"{codes} (R-058): the carrier has no complete copy of the papers.")
    state = next_state(held.state, ActivationEvent.ACT)
    return replace(held, state=state, enabled=held.order, employee=name, enabled_at_us=now_us)


def asks_for_more(enabled: CourtOrder, order: CourtOrder) -> bool:
    """Whether a version asks for anything that the version an employee acted on did not."""
    return (
        order.kind is not enabled.kind
        or order.liid != enabled.liid
        or order.direction is not enabled.direction
        or not set(order.targets) <= set(enabled.targets)
        or not order.services <= enabled.services
        or order.location_authorised > enabled.location_authorised
        or order.pctdd_authorised > enabled.pctdd_authorised
        or order.effective_window.start_us < enabled.effective_window.start_us
        or order.effective_window.end_us > enabled.effective_window.end_us
        or (bool(enabled.trap_area) and not (order.trap_area and order.trap_area <= enabled.trap_area))
    )


def covered(held: Activation) -> CourtOrder | None:
    """What may be intercepted now: the newest version once it is enabled; while that waits for its act the version that
    was enabled before, if the newest leaves all of it standing."""
    if held.state is ActivationState.ENABLED:
        return held.order
    if held.enabled is None or held.order is None or asks_for_more(held.order, held.enabled):
        return None
    return held.enabled
