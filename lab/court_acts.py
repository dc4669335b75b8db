"""What the lab's court does to an order that it signed before: one table, for the commands and for the court's office.

    act(court, order, "revoke", at_us, now_us)      signs the next version and sends it; the order as it is then
    follow(court, order, OrderState.SEALED, now_us) the versions up to a state that the desk recorded (R-027)

Raises RefusedError where the law does not let the next version follow.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Final, NamedTuple

from lab.court import Court
from lab.papers import lab_papers
from mediation.law import acts
from mediation.law.documents import DocumentAction, extended, revoked
from mediation.law.orders import CourtOrder, OrderState
from mediation.law.papers import Papers
from mediation.law.phases import EVENTS, advanced


class CourtAct(NamedTuple):
    """`make(order, at_us, now_us)` is the next version; what a document that is signed later than `at_us` says of an
    instant is dated by the later of both where `dated`."""

    action: DocumentAction
    make: Callable[[CourtOrder, int, int], CourtOrder]
    dated: bool = False


ACTS: Final[dict[str, CourtAct]] = {
    "extend": CourtAct(DocumentAction.EXTEND, extended),
    "revoke": CourtAct(DocumentAction.REVOKE, lambda order, at_us, now_us: revoked(order, at_us)),
    "approve": CourtAct(DocumentAction.APPROVE, lambda order, at_us, now_us: acts.approved(order, at_us), True),
    "deny": CourtAct(DocumentAction.DENY, lambda order, at_us, now_us: acts.denied(order, at_us)),
    "terminate": CourtAct(DocumentAction.TERMINATE, lambda order, at_us, now_us: acts.terminated(order, at_us)),
    "obtained": CourtAct(DocumentAction.OBTAINED, lambda order, at_us, now_us: acts.obtained(order, at_us)),
    "ended": CourtAct(DocumentAction.ENDED, lambda order, at_us, now_us: acts.exigency_ended(order, at_us)),
}


def act(
    court: Court, order: CourtOrder, name: str, at_us: int, now_us: int, papers: Papers | None = None
) -> CourtOrder:
    """`at_us` is the instant that the act is about: the new end of an extension, the end of all others."""
    one = ACTS[name]
    signed_us = max(now_us, at_us) if one.dated else now_us
    return court.sign(one.make(order, at_us, now_us), one.action, signed_us, papers)


def release(court: Court, order: CourtOrder, now_us: int) -> CourtOrder:
    """R-041: open with the court's key what is held of a lapsed order, and give its data keys back to the agency alone,
    a document for each. Raises ConfigError when nothing is held."""
    for key in court.held_keys(order):
        order = court.sign(acts.released(order), DocumentAction.RELEASE, now_us, data_key=key)
    return order


def extension_papers(court: Court, longer: CourtOrder, investigator: str, prosecutor: str, results: str) -> Papers:
    """The papers of the last version with one application more: who swore it, and what came of it so far (R-013)."""
    found = [
        one.papers for one in court.documents() if one.order.order_id == longer.order_id and one.papers is not None
    ]
    known = found[-1] if found else lab_papers(longer)
    last = replace(
        lab_papers(longer).extensions[-1],
        investigator=investigator,
        prosecutor=prosecutor,
        investigator_swore=bool(investigator),
        prosecutor_swore=bool(prosecutor),
        results=results,
    )
    return replace(known, extensions=(*known.extensions[: len(longer.extensions_us) - 1], last))


def follow(court: Court, order: CourtOrder, reached: OrderState | None, now_us: int) -> CourtOrder:
    """The order as far as the desk's ledger says it came, each step a version that the court signs."""
    steps = tuple(EVENTS)

    def place(state: OrderState | None) -> int:
        return steps.index(state) if state in EVENTS else -1

    while reached in EVENTS and place(order.state) < place(reached):
        order = advanced(order, EVENTS[steps[place(order.state) + 1]])
        court.sign(order, DocumentAction.CUSTODY, now_us)
    return order
