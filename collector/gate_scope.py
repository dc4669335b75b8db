"""What of a record a lawful order covers: kinds of communication, and under a pen register each field (R-110 to R-117).

The rules of this file. Only the question "what of it" is answered here; whether there is an order, a time and a target
is the gate's. Pure: it adds to the three lists it is given. What it does not know of, it withholds.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from collector.facts import RecordFacts
from mediation.law.orders import CourtOrder
from mediation.law.verdicts import Reason

TARGET_UNKNOWN: Final = 0
TARGET_OK: Final = 1
TARGET_MISMATCH: Final = 2


class CinState(NamedTuple):
    """What is known of a communication. `target_originates`: who called whom, from its opening record.
    `first_cc_us`: event time of its first content; `answered_us`: of its answer; None before."""

    target: int = TARGET_UNKNOWN
    target_originates: bool | None = None
    first_cc_us: int | None = None
    answered_us: int | None = None


def advance(cin: CinState, facts: RecordFacts) -> CinState:
    """The state as this record leaves it, as far as scope is concerned."""
    return cin


def check_scope(
    order: CourtOrder,
    facts: RecordFacts,
    cin: CinState,
    refusals: list[Reason],
    apart: list[Reason],
    masks: list[Reason],
) -> None:
    """R-110 to R-117."""
    if order.kind.metadata_only:
        if facts.kind == "cc":
            refusals.append(Reason.SCOPE_CONTENT_ON_PRTT)
            return
        if facts.content:
            masks.append(Reason.SCOPE_CONTENT_ON_PRTT)
        if facts.location and not order.location_authorised:
            masks.append(Reason.SCOPE_LOCATION)
        return
    if facts.service is None:
        apart.append(Reason.PARSE_ERROR)
    elif facts.service not in order.services:
        refusals.append(Reason.SCOPE_TYPE_NOT_AUTHORISED)
