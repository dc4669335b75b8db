"""What must agree and does not: orders, tasks, streams and ledgers as values in, findings out. Pure.

Rules. Nothing is inferred from silence: what could not be read is a finding of its own, and a comparison that needs it
is not made. Grace is given only where honest work takes time (a new order or version on its way to the element, a task
on its way out); what no honest course of things explains is a finding at once. A task belongs to the order that its XID
is made from, never to one that happens to name the same number: a second, unnamed task on an ordered number is how an
interception hides. Rule numbers are those of the rules list; where that has none, a finding carries none.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final, NamedTuple

from mediation.law.orders import OrderState

Targets = frozenset[tuple[str, str]]
"""(X1 target identifier, normalised value)."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_IN_FORCE: Final = frozenset({OrderState.ISSUED, OrderState.ACTIVE})
_MAX_NAMED: Final = 8
"""Numbers and faults spelled out in one sentence; further ones are counted."""


class Code(StrEnum):
    TASK_WITHOUT_ORDER = "TASK_WITHOUT_ORDER"
    ORDER_WITHOUT_TASK = "ORDER_WITHOUT_TASK"
    STREAM_WITHOUT_EITHER = "STREAM_WITHOUT_EITHER"
    WRONG_NUMBER = "WRONG_NUMBER"
    TASK_OUTLIVES_ORDER = "TASK_OUTLIVES_ORDER"
    AUDIT_SILENCED = "AUDIT_SILENCED"
    ROLLBACK = "ROLLBACK"
    NUMBERS_UNSEEN = "NUMBERS_UNSEEN"
    SOURCE_UNSEEN = "SOURCE_UNSEEN"


class Ledger(StrEnum):
    STORE = "store"
    AUDIT = "audit"


@dataclass(frozen=True, slots=True)
class OrderFact:
    """The newest version of a court order. `[start_us, end_us)` is its effective window, cut at a revocation or the
    objective attained; `seen_us` is when this process first saw the version. `former_targets` are those of the version
    before it: for a while after a change an element may still hold them."""

    order_id: str
    version: int
    liid: str
    xid: str
    targets: Targets
    start_us: int
    end_us: int
    state: OrderState
    seen_us: int
    attained: bool = False
    former_targets: Targets | None = None

    @property
    def ended_us(self) -> int:
        """When nothing was covered any more: an order in an end state had ended by the time that was seen."""
        return self.end_us if self.state in _IN_FORCE else min(self.end_us, self.seen_us)

    def in_force(self, now_us: int) -> bool:
        return self.state in _IN_FORCE and self.start_us <= now_us < self.end_us


@dataclass(frozen=True, slots=True)
class TaskFact:
    """One task at one element. `targets` is None when the element does not show them."""

    element: str
    xid: str
    targets: Targets | None


@dataclass(frozen=True, slots=True)
class StreamFact:
    """What came under one LIID. `delivered` counts every record with a verdict; `stored` those with a leaf, whose event
    times are `first_event_us` and `last_event_us`. `seen_us` is the newest commit with such a record, `outside_us` the
    newest with one that was refused because no order covered its time. `fresh`: some came since the cycle before."""

    liid: str
    delivered: int
    stored: int
    first_event_us: int | None
    last_event_us: int | None
    seen_us: int
    outside_us: int | None
    fresh: bool


@dataclass(frozen=True, slots=True)
class LedgerFact:
    """`size` leaves are under the newest signed checkpoint, `seen_size` were under the newest one seen before, and
    `holds` says that this one is still contained. `faults` are breaks of chain or signature. `beat_us` is the newest
    signed sign of life of the audit, `stopped` that its process ended on purpose after it."""

    ledger: Ledger
    size: int
    seen_size: int
    holds: bool
    watched_since_us: int
    faults: tuple[str, ...] = ()
    beat_us: int | None = None
    stopped: bool = False
    collector: str = ""
    """Whose, in a fleet."""

    @property
    def source(self) -> str:
        return source_name(self.collector, self.ledger)

    @property
    def called(self) -> str:
        return f"{self.ledger} of {self.collector}" if self.collector else str(self.ledger)


def source_name(collector: str, ledger: Ledger) -> str:
    """What a ledger is called among the sources: `store`, or `collector-2/store` in a fleet."""
    return f"{collector}/{ledger}" if collector else str(ledger)


@dataclass(frozen=True, slots=True)
class UnseenFact:
    """A source that did not answer. `since_us`: last answer, or the start of the watch."""

    source: str
    why: str
    since_us: int
    is_element: bool = False


class Facts(NamedTuple):
    """What one cycle read."""

    orders: tuple[OrderFact, ...] = ()
    tasks: tuple[TaskFact, ...] = ()
    streams: tuple[StreamFact, ...] = ()
    ledgers: tuple[LedgerFact, ...] = ()
    unseen: tuple[UnseenFact, ...] = ()


class Limits(NamedTuple):
    """`grace_us`: what provisioning, taking out and an answer may take. `quiet_us`: how long a stream counts as coming
    in after its last record. `silence_us`: how long the audit may go without a sign of life."""

    grace_us: int
    quiet_us: int
    silence_us: int


class Finding(NamedTuple):
    """`subject` and `code` name it over time; `sentence` is for a person."""

    code: Code
    subject: str
    sentence: str
    rules: tuple[str, ...]

    @property
    def key(self) -> tuple[Code, str]:
        return self.code, self.subject


def compare(facts: Facts, limits: Limits, now_us: int) -> list[Finding]:
    """Everything that does not agree, at most one finding a code and subject, in the order of the codes."""
    found: dict[tuple[Code, str], Finding] = {}
    for finding in _all(facts, limits, now_us):
        found.setdefault(finding.key, finding)
    rank = {code: index for index, code in enumerate(Code)}
    return sorted(found.values(), key=lambda one: (rank[one.code], one.subject))


def render(findings: Iterable[Finding]) -> str:
    """The findings for a terminal, one paragraph each."""
    lines = []
    for one in findings:
        rules = f" [{', '.join(one.rules)}]" if one.rules else ""
        lines.append(f"{one.code} {one.subject}{rules}\n    {one.sentence}")
    if not lines:
        return "Orders, tasks, streams and ledgers agree.\n"
    return "\n".join(lines) + f"\n{len(lines)} finding{'s' if len(lines) > 1 else ''}.\n"


def time_text(time_us: int) -> str:
    """ISO 8601 UTC to the microsecond; a time beyond the calendar as the number it is."""
    try:
        return (_EPOCH + timedelta(microseconds=time_us)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    except OverflowError:
        return f"{time_us} us"


def _all(facts: Facts, limits: Limits, now_us: int) -> Iterator[Finding]:
    orders = {order.xid: order for order in facts.orders}
    for task in facts.tasks:
        yield from _task(task, orders.get(task.xid), limits, now_us)
    tasked = frozenset(task.xid for task in facts.tasks)
    if not any(one.is_element for one in facts.unseen):
        for order in facts.orders:
            # An order that names nothing an element knows of, such as a warrant for a device, has no task.
            if order.xid not in tasked and order.targets:
                yield from _untasked(order, limits, now_us)
    named: dict[str, list[OrderFact]] = {}
    for order in facts.orders:
        if order.state is not OrderState.DRAFT:
            named.setdefault(order.liid, []).append(order)
    for stream in facts.streams:
        yield from _stream(stream, named.get(stream.liid, []), tasked, limits, now_us)
    for ledger in facts.ledgers:
        yield from _ledger(ledger, limits, now_us)
    for source in facts.unseen:
        if now_us - source.since_us >= limits.grace_us:
            yield Finding(
                Code.SOURCE_UNSEEN,
                source.source,
                f"{source.source} has not been readable since {time_text(source.since_us)}: {source.why}. What depends "
                "on it is not compared.",
                (),
            )


def _task(task: TaskFact, order: OrderFact | None, limits: Limits, now_us: int) -> Iterator[Finding]:
    subject = f"{task.element}/{task.xid}"
    where = f"Task {task.xid} at {task.element}"
    if order is None:
        aimed = f" It is aimed at {_named(task.targets)}." if task.targets else ""
        yield Finding(
            Code.TASK_WITHOUT_ORDER, subject, f"{where} belongs to no court order.{aimed}", ("R-058", "R-059")
        )
        return
    if order.state is OrderState.DRAFT:
        yield Finding(
            Code.TASK_WITHOUT_ORDER,
            subject,
            f"{where} is active, but order {order.order_id} is a draft that no court has issued.",
            ("R-028", "R-058", "R-059"),
        )
    elif now_us < order.start_us:
        yield Finding(
            Code.TASK_WITHOUT_ORDER,
            subject,
            f"{where} is active, but order {order.order_id} starts only at {time_text(order.start_us)}.",
            ("R-002", "R-059"),
        )
    elif now_us >= max(order.ended_us, _ending_seen_us(order)) + limits.grace_us:
        rule, how = _ending(order)
        yield Finding(
            Code.TASK_OUTLIVES_ORDER,
            subject,
            f"{where} is still active, but order {order.order_id} {how} at {time_text(order.ended_us)}.",
            (rule, "R-146"),
        )
    yield from _numbers(task, order, limits, now_us)


def _numbers(task: TaskFact, order: OrderFact, limits: Limits, now_us: int) -> Iterator[Finding]:
    if task.targets is None:
        yield Finding(
            Code.NUMBERS_UNSEEN,
            task.element,
            f"{task.element} does not show what its tasks are aimed at: a wrong number there would not be found.",
            (),
        )
        return
    changing = order.former_targets is not None and now_us - order.seen_us < limits.grace_us
    if task.targets == order.targets or (changing and task.targets == order.former_targets):
        return
    extra, absent = task.targets - order.targets, order.targets - task.targets
    differs = [f"aimed at {_named(extra)}, which the order does not name"] if extra else []
    differs += [f"not aimed at {_named(absent)}, which it does"] if absent else []
    yield Finding(
        Code.WRONG_NUMBER,
        f"{task.element}/{task.xid}",
        f"Task {task.xid} at {task.element} for order {order.order_id} is {' and '.join(differs)}.",
        ("R-021", "R-022"),
    )


def _untasked(order: OrderFact, limits: Limits, now_us: int) -> Iterator[Finding]:
    """Also a new version has its grace: until it came, the order may have been over."""
    since_us = max(order.start_us, order.seen_us)
    if order.in_force(now_us) and now_us - since_us >= limits.grace_us:
        yield Finding(
            Code.ORDER_WITHOUT_TASK,
            order.order_id,
            f"Order {order.order_id} (version {order.version}) is in force since {time_text(order.start_us)}, but no "
            f"element has its task {order.xid}.",
            (),
        )


def _stream(
    stream: StreamFact, named: list[OrderFact], tasked: frozenset[str], limits: Limits, now_us: int
) -> Iterator[Finding]:
    if not named:
        if stream.fresh or now_us - stream.seen_us < limits.quiet_us:
            yield Finding(
                Code.STREAM_WITHOUT_EITHER,
                stream.liid,
                f"{stream.delivered} records came under LIID {stream.liid}, last at {time_text(stream.seen_us)}: no "
                "court order names it, so no task can be meant.",
                ("R-062", "R-073"),
            )
        return
    outside_us = stream.outside_us
    if outside_us is None or not (stream.fresh or now_us - outside_us < limits.quiet_us):
        return
    covered = any(order.start_us <= outside_us < order.ended_us + limits.grace_us for order in named)
    if not covered and not any(order.xid in tasked for order in named):
        yield Finding(
            Code.STREAM_WITHOUT_EITHER,
            stream.liid,
            f"Records outside every order still came under LIID {stream.liid} at {time_text(outside_us)}: its orders "
            f"({', '.join(sorted(order.order_id for order in named))}) were not in force and no element has their "
            "task.",
            ("R-003", "R-062"),
        )


def _ledger(fact: LedgerFact, limits: Limits, now_us: int) -> Iterator[Finding]:
    audit = fact.ledger is Ledger.AUDIT
    back = not fact.faults and (fact.size < fact.seen_size or not fact.holds)
    if back or (fact.faults and not audit):
        rules = ("R-092",) if audit else ("R-090", "R-091")
        yield Finding(Code.ROLLBACK, fact.source, _rollback_sentence(fact), rules)
    what = _silence(fact, limits, now_us) if audit else None
    if what is not None:
        whose = f"{fact.collector}'s" if fact.collector else "The collector's"
        yield Finding(Code.AUDIT_SILENCED, fact.source, f"{whose} audit is silenced: {what}.", ("R-092",))


def _silence(fact: LedgerFact, limits: Limits, now_us: int) -> str | None:
    """An old sign of life counts against a collector only when it had time to give a new one since the watch began."""
    if fact.faults:
        return _listed(fact.faults)
    if fact.size < fact.seen_size:
        return f"it had {fact.seen_size} signed entries and has {fact.size}"
    if fact.beat_us is None:
        if now_us - fact.watched_since_us < limits.silence_us:
            return None
        return f"there is no signed sign of life, looked for since {time_text(fact.watched_since_us)}"
    if now_us - fact.beat_us < limits.silence_us or now_us - fact.watched_since_us < limits.grace_us:
        return None
    stopped = "; its last entry says that the collector was stopped" if fact.stopped else ""
    return f"no signed sign of life since {time_text(fact.beat_us)}{stopped}"


def _rollback_sentence(fact: LedgerFact) -> str:
    if fact.faults:
        return f"The {fact.called} is not the one that was watched: {_listed(fact.faults)}."
    if fact.size < fact.seen_size:
        return (
            f"The newest checkpoint of the {fact.called} covers {fact.size} leaves, but one over {fact.seen_size} was "
            "seen before: it was rolled back or restored from an old copy."
        )
    return (
        f"The {fact.called} does not contain the checkpoint over {fact.seen_size} leaves that was seen before: it was "
        "rolled back and went on differently, or was replaced."
    )


def _ending(order: OrderFact) -> tuple[str, str]:
    if order.state is OrderState.REVOKED:
        return "R-019", "was revoked"
    if order.state is OrderState.LAPSED:
        return "R-037", "lapsed"
    if order.attained:
        return "R-009", "attained its objective"
    return "R-002", "ended"


def _ending_seen_us(order: OrderFact) -> int:
    """An end that a document brought begins to count when the document was there to be read; one that the former
    version said already, at its time."""
    return order.seen_us if order.state not in _IN_FORCE or order.attained else order.ended_us


def _named(targets: Targets | None) -> str:
    return _listed(sorted(f"{kind} {value}" for kind, value in targets or ()))


def _listed(words: Iterable[str]) -> str:
    every = tuple(words)
    more = f" and {len(every) - _MAX_NAMED} more" if len(every) > _MAX_NAMED else ""
    return ", ".join(every[:_MAX_NAMED]) + more
