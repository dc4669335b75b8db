"""Content that is refused again for what an earlier record was refused for: judged once, counted as it comes.

Rules. A refusal is known again only where nothing that the gate asks can have another answer: the very same orders and
link policy, one order, the communication's state unchanged since, the next record in its stream, the same kind of
content with the same qualifier and direction, an event time on the same side of the same edge, and, where signalling is
awaited, an arrival on the same side of the end of that wait (R-097). Emergency uses are left out, since their answers
depend on when a record arrives in other ways (R-041). It can only refuse: whatever it does not know is judged. What
becomes of a record so refused is what becomes of any other; of each kind the first few are digested, as ever. The pass
of the bulk lane knows most of it too, as numbers (`refused_columns`). Pure. One thread, the event loop's.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from asn1.columns import KIND_CC
from collector.accounts import MAX_DIGESTS
from collector.facts import RecordFacts
from collector.gate import Decision, LinkPolicy
from collector.gate_scope import TARGET_UNKNOWN, CinState
from collector.in_force import counts_from_first
from collector.refused_columns import MAX_REFUSED, RefusedColumns, Terms
from mediation.law.orders import CourtOrder, PrttDirection
from mediation.law.verdicts import Reason, Verdict, VerdictKind

ALWAYS_US: Final = 1 << 62
MAX_KNOWN: Final = 1 << 16
"""Communications whose refusal is kept in mind; beyond, all are forgotten and learnt anew."""


class Shape(NamedTuple):
    """What of a scanned row the gate asks about, beside its time."""

    content_tag: int
    qualifier: int
    direction: int


@dataclass(slots=True)
class Sum:
    """Records of one stream, or of a LIID of nobody's (`order` None, `slot` -1), refused alike in the piece being
    judged. `records`: the first few, where they lie."""

    order: CourtOrder | None
    text: str
    kind: int
    verdict: Verdict
    slot: int = -1
    count: int = 0
    octets: int = 0
    first: int = -1
    last: int = -1
    records: list[memoryview] = field(default_factory=list)

    def add(self, number: int, record: memoryview) -> None:
        self.count += 1
        self.octets += len(record)
        if number >= 0:
            self.first = number if self.first < 0 else min(self.first, number)
            self.last = max(self.last, number)
        if len(self.records) < MAX_DIGESTS:
            self.records.append(record)

    def add_all(self, count: int, octets: int, first: int, last: int, records: list[memoryview]) -> None:
        """`count` records of `octets` together; `records`: the first few of them."""
        self.count += count
        self.octets += octets
        if first >= 0:
            self.first = first if self.first < 0 else min(self.first, first)
            self.last = max(self.last, last)
        self.records += records[: MAX_DIGESTS - len(self.records)]


@dataclass(slots=True)
class Known:
    """A refusal and what it holds for: event times in `[from_us, to_us)`, and where `now` is True only such as agree
    with the clock; arrivals from `since_us` to `until_us`. `sum`: what of the piece being judged was refused by it."""

    orders: tuple[CourtOrder, ...]
    policy: LinkPolicy
    shape: Shape
    from_us: int
    to_us: int
    now: bool
    since_us: int
    until_us: int
    text: str
    verdict: Verdict
    slot: int
    sum: Sum | None = None


class Nobodys(NamedTuple):
    """A LIID that no order has, and what is said of its records."""

    liid: int
    kind: int
    text: str
    verdict: Verdict


class Refusals:
    """`orders_for`: the orders of a LIID now. What is known is by slot, and forgotten with it."""

    def __init__(self, orders_for: Callable[[str], tuple[CourtOrder, ...]]) -> None:
        self._orders_for = orders_for
        self._known: dict[int, Known] = {}
        self._open: list[Known] = []
        self._nobodys: dict[tuple[int, int], Sum] = {}
        self.columns = RefusedColumns()
        """What of it the pass of the bulk lane refuses by itself."""
        self._numbered: list[Known | Nobodys] = []
        """By the numbers of the columns."""
        self._strangers: set[int] = set()
        """LIIDs that the columns know to be nobody's."""
        self._policies: list[LinkPolicy] = []

    def orders_changed(self) -> None:
        """Orders are others, or mean something else: the columns know nothing of it."""
        self.columns.clear()
        self._numbered.clear()
        self._strangers.clear()

    def policy_number(self, policy: LinkPolicy) -> int:
        """By identity: there are as many as links."""
        for number, one in enumerate(self._policies):
            if one is policy:
                return number
        self._policies.append(policy)
        return len(self._policies) - 1

    def count_again(self, view: memoryview) -> None:
        """Take over what a pass over `view` has refused."""
        for one in self.columns.take():
            known = self._numbered[one.refusal]
            found = self._sum(known) if isinstance(known, Known) else self._nobodys_sum(known)
            records = [view[start : start + octets] for start, octets in one.places]
            found.add_all(one.records, one.octets, one.first, one.last, records)

    def again(self, slot: int, policy: LinkPolicy, shape: Shape, event_us: int, now_us: int) -> Known | None:
        """The refusal of a row that is the next in its stream, if it is known."""
        known = self._known.get(slot)
        if known is None or known.shape != shape or known.policy is not policy:
            return None
        if not known.from_us <= event_us < known.to_us or self._orders_for(known.text) is not known.orders:
            return None
        if not known.since_us <= now_us <= known.until_us:
            return None
        if known.now and not -policy.late_us <= event_us - now_us <= policy.skew_us:
            return None
        return known

    def learn(
        self,
        slot: int,
        policy: LinkPolicy,
        shape: Shape,
        orders: tuple[CourtOrder, ...],
        text: str,
        facts: RecordFacts,
        state: CinState,
        decision: Decision,
        now_us: int,
    ) -> None:
        """A row that is the next in its stream has been judged."""
        order, event_us, verdict = orders[0], facts.event_us, decision.verdict
        if verdict.kind is not VerdictKind.REJECT or Reason.MINIMISED in verdict.reasons or event_us is None:
            return
        if len(orders) != 1 or order.kind.exigent or facts.kind != "cc" or facts.stamps_us or facts.unplaced:
            return
        if decision.cin != state or (state.target == TARGET_UNKNOWN and state.first_cc_us is None):
            return
        if order.kind.metadata_only and order.direction is not PrttDirection.BOTH:
            return
        span = _span(order, policy, event_us, now_us)
        if span is not None:
            if len(self._known) >= MAX_KNOWN:
                self._known.clear()
            arrivals = _arrivals(state, policy, now_us)
            known = self._known[slot] = Known(orders, policy, shape, *span, *arrivals, text, verdict, slot)
            # What a first interception changes, it changes in the middle of a pass.
            if not counts_from_first(order):
                self._number(known)
                ahead = (policy.late_us, policy.skew_us) if known.now else (ALWAYS_US, ALWAYS_US)
                self.columns.know(
                    slot >> 1,
                    Terms(self.policy_number(policy), *shape, known.from_us, known.to_us, *ahead, *arrivals),
                )

    def forget(self, slot: int) -> None:
        """What is known of the communication of `slot` holds no longer."""
        self._known.pop(slot | 1, None)
        self.columns.forget(slot >> 1)

    def count(self, known: Known, number: int, record: memoryview) -> None:
        """One record refused by what is known."""
        self._sum(known).add(number, record)

    def nobodys(self, liid: int, kind: int, text: str, number: int, record: memoryview, verdict: Verdict) -> None:
        """One record of a LIID that no order has."""
        one = Nobodys(liid, kind, text, verdict)
        if kind == KIND_CC and liid >= 0 and liid not in self._strangers:
            self._number(one)
            self._strangers.add(liid)
            self.columns.know_nobodys(liid)
        self._nobodys_sum(one).add(number, record)

    def _number(self, one: Known | Nobodys) -> None:
        """The next number of the columns is of this one."""
        if self.columns.n >= MAX_REFUSED:
            self.orders_changed()
        self._numbered.append(one)

    def _sum(self, known: Known) -> Sum:
        if known.sum is None:
            known.sum = Sum(known.orders[0], known.text, KIND_CC, known.verdict, known.slot)
            self._open.append(known)
        return known.sum

    def _nobodys_sum(self, one: Nobodys) -> Sum:
        found = self._nobodys.get((one.liid, one.kind))
        if found is None:
            found = self._nobodys[one.liid, one.kind] = Sum(None, one.text, one.kind, one.verdict)
        return found

    def take(self) -> list[Sum]:
        """All sums of the piece; there are none afterwards."""
        sums = [one.sum for one in self._open if one.sum is not None] + list(self._nobodys.values())
        for one in self._open:
            one.sum = None
        self._open.clear()
        self._nobodys.clear()
        return sums


def _arrivals(state: CinState, policy: LinkPolicy, now_us: int) -> tuple[int, int]:
    """The arrivals at which signalling that has not come is as late as now, or not yet."""
    if state.target != TARGET_UNKNOWN or state.first_cc_us is None:
        return 0, ALWAYS_US
    over_us = state.first_cc_us + policy.cii_wait_us
    return (over_us + 1, ALWAYS_US) if now_us > over_us else (0, over_us)


def _span(order: CourtOrder, policy: LinkPolicy, event_us: int, now_us: int) -> tuple[int, int, bool] | None:
    """The event times that have the same answer as this one: on the same side of the window, or well inside it and of
    now, where nothing about the time is flagged."""
    window, skew_us = order.effective_window, policy.skew_us
    if event_us < window.start_us:
        return 0, window.start_us, False
    if event_us >= window.end_us:
        from_us = max(window.end_us, order.revoked_at_us or 0)
        return (from_us, ALWAYS_US, False) if event_us >= from_us else None
    if not -policy.late_us <= event_us - now_us <= skew_us:
        return None
    from_us, to_us = window.start_us + skew_us + 1, window.end_us - skew_us
    return (from_us, to_us, True) if from_us <= event_us < to_us else None
