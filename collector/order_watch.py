"""What time does to orders: which have begun, ended or lapsed, and what is due because of it.

Rules. Pure: orders and a time in, happenings out; nobody has to do anything for them to come (R-037). An instant is
told once: who asks gives what was said before, known again from the audit log after a restart. A clock that jumps over
several instants passes all of them, in order. States between ISSUED and the end are derived here, since no document
says that a day has passed (R-027); states behind the end come with a document.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final, NamedTuple

from mediation.law.exigent import exigency_of, lapse_us, lapsed, lapsed_period, use_ends
from mediation.law.orders import CourtOrder, OrderId, OrderState

ORDER_STARTED: Final = "order_started"
ORDER_EXPIRED: Final = "order_expired"
LAPSE: Final = "lapse"
LAPSE_LIFTED: Final = "lapse_lifted"
ACCESS_ENDED: Final = "access_ended"
SEAL_DUE: Final = "seal_due"
KINDS: Final = (LAPSE_LIFTED, ORDER_STARTED, LAPSE, ORDER_EXPIRED, ACCESS_ENDED, SEAL_DUE)
"""The audit kinds told from here, in the order they are told when they share an instant."""

SEAL_START_US: Final = 24 * 3_600_000_000
SEAL_FINISH_US: Final = 48 * 3_600_000_000
"""R-131: from the end to the start and the finish of sealing. "Immediately" is the law's word, the numbers are ours."""
NEVER_US: Final = 1 << 62

_OPEN_STATES: Final = frozenset({OrderState.ISSUED, OrderState.ACTIVE})
_HANDED_OVER: Final = frozenset({OrderState.HANDED_OFF, OrderState.CLOSED})

Key = tuple[str, str, int]
"""What was said: the kind, the order, the instant."""


class Happening(NamedTuple):
    """Something that is due: `kind` is the audit kind, `state` the order's state behind it, `rules` the reason."""

    at_us: int
    kind: str
    order_id: OrderId
    version: int
    state: OrderState
    rules: tuple[str, ...]

    @property
    def key(self) -> Key:
        return (self.kind, self.order_id, self.at_us)

    def fields(self) -> dict[str, Any]:
        """The audit entry: nobody did it, so the actor is the system."""
        found: dict[str, Any] = {
            "actor": "SYS",
            "order": self.order_id,
            "version": self.version,
            "at_us": self.at_us,
            "state": str(self.state),
            "rules": list(self.rules),
        }
        if self.kind == SEAL_DUE:
            found |= {"start_by_us": self.at_us + SEAL_START_US, "finish_by_us": self.at_us + SEAL_FINISH_US}
        return found


def state_at(order: CourtOrder, now_us: int) -> OrderState:
    """R-027: the state the order is in at a time, as its newest document and the clock have it."""
    if order.state is OrderState.DRAFT or (order.state not in _OPEN_STATES and _ended_by_document(order)):
        return order.state
    if lapsed(order, now_us):
        return OrderState.LAPSED
    window = order.effective_window
    if now_us < window.start_us:
        return OrderState.ISSUED
    # At the deadline itself an emergency order may still be issued.
    return _end_state(order) if now_us >= window.end_us and lapse_us(order) != now_us else OrderState.ACTIVE


def end_us(order: CourtOrder) -> int:
    """The instant at which the order ends, or ended, as its document stands: the earliest of all its ends (R-040)."""
    return order.effective_window.end_us


def lapse_at_us(order: CourtOrder) -> int | None:
    """When the use lapsed or will, as the document stands; also of one whose order came too late and has a start of
    its own. None: it has not and will not."""
    period = lapsed_period(order)
    if period is None:
        return None
    lapse = lapse_us(order)
    return period.end_us if lapse is None else lapse


def unsafe(orders: Iterable[CourtOrder]) -> frozenset[bytes]:
    """R-143: the uids of orders whose records may not go without an alarm: all that are not handed off."""
    return frozenset(bytes(order.uid) for order in orders if order.state not in _HANDED_OVER)


def happenings(order: CourtOrder, now_us: int) -> tuple[Happening, ...]:
    """All that has happened to one order by `now_us`, oldest first."""
    if order.state is OrderState.DRAFT:
        return ()
    found: list[Happening] = []
    window, lapse = order.effective_window, lapse_at_us(order)

    def add(at_us: int, kind: str, state: OrderState, *rules: str) -> None:
        found.append(Happening(at_us, kind, order.order_id, order.version, state, rules))

    def over(at_us: int, state: OrderState) -> None:
        add(at_us, ACCESS_ENDED, state, "R-130")
        if not order.kind.metadata_only:
            add(at_us, SEAL_DUE, state, "R-131")

    exigency = exigency_of(order)
    use_us = min(window.start_us, exigency.activated_at_us) if exigency is not None else window.start_us
    for start_us in sorted({use_us, window.start_us}):
        if start_us <= now_us and start_us < max(window.end_us, lapse or 0):
            add(start_us, ORDER_STARTED, OrderState.ACTIVE, "R-002", "R-027")
    is_lapsed = lapse is not None and (lapsed(order, now_us) or (lapse_us(order) is None and now_us > lapse))
    if lapse is not None and is_lapsed:
        denied = exigency is not None and exigency.denied_at_us == lapse
        add(lapse, LAPSE, OrderState.LAPSED, "R-038" if denied else "R-037", "R-040", "R-041")
    if lapse == window.end_us:
        if is_lapsed:
            over(window.end_us, OrderState.LAPSED)
    elif now_us >= window.end_us:
        state = _end_state(order)
        add(window.end_us, ORDER_EXPIRED, state, *_end_rules(order, state), "R-027")
        over(window.end_us, state)
    return tuple(sorted(found, key=_rank))


def due(orders: Iterable[CourtOrder], now_us: int, said: frozenset[Key] | set[Key]) -> tuple[Happening, ...]:
    """What has happened and was not said yet, oldest first. A lapse that the newest document undoes, because the order
    had been issued in time and only came late, is lifted: once for each lapse that was said. An order issued too late
    lifts nothing (R-042)."""
    found = []
    lapses: dict[str, set[int]] = {}
    for kind, order_id, at_us in said:
        if kind == LAPSE:
            lapses.setdefault(order_id, set()).add(at_us)
    for order in orders:
        mine = [one for one in happenings(order, now_us) if one.key not in said]
        for at_us in lapses.get(order.order_id, ()):
            lifted = Happening(
                at_us, LAPSE_LIFTED, order.order_id, order.version, state_at(order, now_us), ("R-037", "R-041")
            )
            if lapse_at_us(order) is None and lifted.key not in said:
                mine.append(lifted)
        found += mine
    return tuple(sorted(found, key=_rank))


def next_us(orders: Iterable[CourtOrder], now_us: int) -> int:
    """The next instant at which something will be due, later than `now_us`."""
    instants = [NEVER_US]
    for order in orders:
        lapse = lapse_at_us(order)
        window = order.effective_window
        # An act at the deadline is timely, so the lapse is certain one microsecond later.
        instants += [window.start_us, window.end_us, *(() if lapse is None else (lapse, lapse + 1))]
    return min(at for at in instants if at > now_us)


def said_in(entries: Iterable[dict[str, Any]]) -> set[Key]:
    """What an audit log's entries have said."""
    return {
        (entry["kind"], entry["fields"]["order"], entry["fields"]["at_us"])
        for entry in entries
        if entry["kind"] in KINDS
    }


_END_RULES: Final[dict[OrderState, tuple[str, ...]]] = {
    OrderState.EXPIRED: ("R-002",),
    OrderState.REVOKED: ("R-019",),
    OrderState.TERMINATED: ("R-009",),
}


def _rank(one: Happening) -> tuple[int, int, str]:
    return (one.at_us, KINDS.index(one.kind), one.order_id)


def _end_rules(order: CourtOrder, state: OrderState) -> tuple[str, ...]:
    uses = tuple(one.rule for one in use_ends(order) if one.at_us == order.effective_window.end_us)
    return uses or _END_RULES.get(state, ())


def _ended_by_document(order: CourtOrder) -> bool:
    """A revocation or an end that carries its instant holds from that instant, not from the document on."""
    own_us = {
        OrderState.REVOKED: order.revoked_at_us,
        OrderState.TERMINATED: order.objective_attained_at_us,
    }.get(order.state)
    return own_us is None


def _end_state(order: CourtOrder) -> OrderState:
    """Which of the ends it is, by what cut the window."""
    end = order.effective_window.end_us
    if order.revoked_at_us is not None and order.revoked_at_us <= end:
        return OrderState.REVOKED
    if order.objective_attained_at_us is not None and order.objective_attained_at_us <= end:
        return OrderState.TERMINATED
    if any(one.at_us <= end for one in use_ends(order)):
        return OrderState.TERMINATED
    return OrderState.EXPIRED
