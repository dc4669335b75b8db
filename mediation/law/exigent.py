"""Use before the order: what runs out when, and what becomes of the records then (R-033 to R-044).

The hours count from the first activation, not the first record (R-036), and are exact hours of UTC. An act, such as
issuing the emergency order, is timely up to and including the deadline; a record needs a stamp before it. When the
deadline passes without an order, or the application is denied, the use lapses by itself (R-037, R-038): nothing later
is taken, and what was taken is set apart for legal review, not deleted (R-041). An order that comes later covers only
from a start of its own (R-042). The window that follows is `CourtOrder.effective_window`. Pure: time is an argument.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final, NamedTuple

from mediation.law.court_days import HOUR_US
from mediation.law.orders import EXIGENT_HOURS, TEMPORARY_WARRANT_HOURS, CourtOrder, Exigency, OrderKind, Window

TRANSCRIPT_HOURS: Final = 24
"""R-044: how long after the issue of a temporary warrant the transcript of its oral application is filed."""


class End(StrEnum):
    """What ends an emergency use (R-040)."""

    DEADLINE = "the deadline passed without an order"
    DENIED = "the application was denied"
    OBTAINED = "the information sought was obtained"
    OVER = "the emergency ended"
    TEMPORARY = "the temporary warrant ended"


END_RULE: Final = {
    End.DEADLINE: "R-037",
    End.DENIED: "R-038",
    End.OBTAINED: "R-039",
    End.OVER: "R-040",
    End.TEMPORARY: "R-043",
}


class UseEnd(NamedTuple):
    """`at_us` is exclusive: a record of that instant is not taken."""

    at_us: int
    end: End
    rule: str


def exigency_of(order: CourtOrder) -> Exigency | None:
    """The emergency use of an order; where no activation is stated, the start of the window counts as one. None for an
    order that had to be there first."""
    if not order.kind.exigent:
        return None
    return order.exigent or Exigency(order.window.start_us)


def deadline_us(order: CourtOrder) -> int | None:
    """The last instant at which the emergency order is issued in time (R-033 to R-036)."""
    exigency = exigency_of(order)
    return None if exigency is None else _deadline_us(order, exigency)


def issued_in_time(order: CourtOrder) -> bool:
    """Whether the emergency order was issued by the deadline."""
    exigency = exigency_of(order)
    return exigency is not None and _in_time(order, exigency)


def late_approval(order: CourtOrder) -> bool:
    """Whether the emergency order was issued after the deadline (R-042)."""
    exigency = exigency_of(order)
    return exigency is not None and exigency.order_issued_at_us is not None and not _in_time(order, exigency)


def use_ends(order: CourtOrder) -> tuple[UseEnd, ...]:
    """All that ends the emergency use as the document stands, the earliest first (R-040). A late order that has a start
    of its own is no longer under the deadline it missed."""
    exigency = exigency_of(order)
    if exigency is None:
        return ()
    issued_us = exigency.order_issued_at_us
    found = [
        (exigency.denied_at_us, End.DENIED),
        (exigency.obtained_at_us, End.OBTAINED),
        (exigency.ended_at_us, End.OVER),
    ]
    if not _in_time(order, exigency) and not _stands_alone(order, exigency):
        found.append((_deadline_us(order, exigency), End.DEADLINE))
    if issued_us is not None and order.kind is OrderKind.EXIGENT_EAV_STATE:
        found.append((issued_us + TEMPORARY_WARRANT_HOURS * HOUR_US, End.TEMPORARY))
    return tuple(sorted(UseEnd(at_us, end, END_RULE[end]) for at_us, end in found if at_us is not None))


def lapse_us(order: CourtOrder) -> int | None:
    """When the use lapses as the document stands: at its denial, or at the deadline when no order met it. None: never.
    Use that ended otherwise still needs its order by the deadline."""
    lapses = [one.at_us for one in use_ends(order) if one.end in (End.DENIED, End.DEADLINE)]
    return min(lapses, default=None)


def lapsed(order: CourtOrder, now_us: int) -> bool:
    """Whether the use has lapsed by now (R-037, R-038). At the deadline itself an order may still be issued."""
    at_us, exigency = lapse_us(order), exigency_of(order)
    if at_us is None or exigency is None:
        return False
    return now_us > at_us or (now_us == at_us and exigency.denied_at_us == at_us)


def lapsed_period(order: CourtOrder) -> Window | None:
    """The time whose records are set apart once the use has lapsed (R-041), also before the own start of a late order.
    None where nothing lapses."""
    exigency = exigency_of(order)
    if exigency is not None and _stands_alone(order, exigency):
        return Window(exigency.activated_at_us, _deadline_us(order, exigency))
    return None if lapse_us(order) is None else order.effective_window


def _deadline_us(order: CourtOrder, exigency: Exigency) -> int:
    return exigency.activated_at_us + EXIGENT_HOURS[order.kind][0] * HOUR_US


def _in_time(order: CourtOrder, exigency: Exigency) -> bool:
    issued_us = exigency.order_issued_at_us
    return issued_us is not None and issued_us <= _deadline_us(order, exigency)


def _stands_alone(order: CourtOrder, exigency: Exigency) -> bool:
    issued_us = exigency.order_issued_at_us
    return issued_us is not None and not _in_time(order, exigency) and order.window.start_us >= issued_us
