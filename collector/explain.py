"""Why a record was judged as it was: the chain of checks in the gate's order, each with its fact, rule and outcome.

Made from what is stored (verdict, reasons, the version of the order that decided) and never by judging again: an
explanation that could differ from the verdict would be worth nothing. Pure. The console shows the same objects.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple

from asn1.columns import KIND_CC, NO_TIME
from asn1.errors import DecodeError
from asn1.ps_pdu import liid_text
from collector.facts import RecordFacts
from collector.facts.stored import dialect_of
from collector.gate import Decision
from collector.rows import FORM_MASKED, FORM_NOTICE, FORM_QUARANTINED, FORM_SYNTHETIC
from collector.standing import StandingState, entries_of, rule_of
from collector.store.reader import StoredRecord
from collector.voids import Void, void_of
from mediation.law.exigent import deadline_us, exigency_of, use_ends
from mediation.law.orders import CourtOrder
from mediation.law.rules import RULE_OF, RULES
from mediation.law.verdicts import Reason, VerdictKind, reasons_of

HOLDS: Final = "holds"
FLAGS: Final = "flags"
WITHHOLDS: Final = "withholds part"
SETS_APART: Final = "sets apart"
REFUSES: Final = "refuses"
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_FORMS: Final = {
    FORM_MASKED: "the permitted fields, with a keyed digest of what was withheld",
    FORM_QUARANTINED: "sealed to a key that is not here",
    FORM_NOTICE: "the store's own notice",
    FORM_SYNTHETIC: "made by the collector",
}
_WEIGHT: Final = {
    VerdictKind.ACCEPT: HOLDS,
    VerdictKind.ACCEPT_FLAGGED: FLAGS,
    VerdictKind.MASK: WITHHOLDS,
    VerdictKind.QUARANTINE: SETS_APART,
    VerdictKind.REJECT: REFUSES,
    VerdictKind.DUPLICATE: REFUSES,
}
_ONLY_FLAGS: Final = frozenset(
    {Reason.OUT_OF_ORDER, Reason.GAP_DETECTED, Reason.LATE_DELIVERY, Reason.CLOCK_SKEW, Reason.CII_LATE}
)


class Step(NamedTuple):
    """One check: what was found, the rule it stands on, what that says and whence, and what came of it."""

    check: str
    fact: str
    rule: str
    statement: str
    source: str
    outcome: str


class _Case(NamedTuple):
    record: StoredRecord
    order: CourtOrder | None
    facts: RecordFacts | None


class _Check(NamedTuple):
    name: str
    rule: str
    reasons: frozenset[Reason]
    fact: Callable[[_Case], str]


def time_text(time_us: int) -> str:
    """ISO 8601 UTC to the microsecond."""
    if time_us == NO_TIME:
        return "no time"
    return (_EPOCH + timedelta(microseconds=time_us)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _parse(case: _Case) -> str:
    dialect = dialect_of(case.record.content_tag)
    octets = "nothing readable" if case.record.octets is None else f"{len(case.record.octets)} octets"
    of = "" if dialect is None else f" ({dialect})"
    if dialect is not None and case.record.kind == KIND_CC and case.record.cin < 0:
        return f"content of no call{of}: its channel was announced by nobody, by several calls, or for another case"
    if case.facts is None:
        return f"{octets} stored of it{of}"
    return f"read as {case.facts.kind}, {case.facts.payload}{of}"


def _duplicate(case: _Case) -> str:
    record = case.record
    if dialect_of(record.content_tag) is not None:
        what = "content is not numbered" if record.kind == KIND_CC else "the first of these octets on its link"
        return f"{_call(record.cin)}: {what}"
    return f"CIN {record.cin}, number {record.number}: the first of its number in this stream"


def _call(cin: int) -> str:
    return "of no call" if cin < 0 else f"call {cin}"


def _known(case: _Case) -> str:
    liid = liid_text(case.record.liid)
    if case.order is None:
        return f"LIID {liid}; the version of the order that decided is not here"
    return f"LIID {liid} belongs to {case.order.order_id} version {case.order.version}, {case.order.kind}"


def _state(case: _Case) -> str:
    order = case.order
    if order is None:
        return "not known"
    ended = [f"revoked at {time_text(order.revoked_at_us)}"] if order.revoked_at_us is not None else []
    if order.objective_attained_at_us is not None:
        ended.append(f"objective attained at {time_text(order.objective_attained_at_us)}")
    return "; ".join([f"state {order.state}", *ended])


def _exigency(case: _Case) -> str:
    order = case.order
    exigency, limit_us = (None, None) if order is None else (exigency_of(order), deadline_us(order))
    if order is None or exigency is None or limit_us is None:
        return "no emergency use"
    issued_us = exigency.order_issued_at_us
    issued = "no emergency order yet" if issued_us is None else f"emergency order issued at {time_text(issued_us)}"
    ends = [f"{one.end}, {time_text(one.at_us)} ({one.rule})" for one in use_ends(order)[:1]]
    begun = f"first used at {time_text(exigency.activated_at_us)}, order due by {time_text(limit_us)}; {issued}"
    return "; ends when ".join([begun, *ends])


def _time(case: _Case) -> str:
    record = case.record
    if case.order is None:
        return f"happened at {time_text(record.event_us)}, arrived at {time_text(record.received_us)}"
    window = case.order.effective_window
    return (
        f"happened at {time_text(record.event_us)}, order from {time_text(window.start_us)} to before "
        f"{time_text(window.end_us)}; arrived at {time_text(record.received_us)}"
    )


def _target(case: _Case) -> str:
    if case.order is None:
        return "not known"
    targets = ", ".join(sorted(f"{one.kind} {one.value}" for one in case.order.targets))
    if case.facts is None or not case.facts.parties_known:
        return f"order names {targets}; this record takes the answer of its communication's signalling"
    taking_part = sorted(one.value for one in set(case.order.targets) & case.facts.parties)
    return f"order names {targets}; of them takes part: {', '.join(taking_part) or 'none'}"


def _direction(case: _Case) -> str:
    if case.order is None or not case.order.kind.metadata_only:
        return "both directions"
    return f"order covers {case.order.direction}"


def _scope(case: _Case) -> str:
    if case.order is None:
        return "not known"
    if case.order.kind.metadata_only:
        found = ", ".join(case.facts.content) if case.facts is not None and case.facts.content else "none seen"
        return f"signalling only; content in it: {found}"
    services = ", ".join(sorted(case.order.services))
    service = "not known" if case.facts is None or case.facts.service is None else str(case.facts.service)
    return f"order lists {services}; this is {service}"


_CHECKS: Final = (
    _Check("parse", "R-100", frozenset({Reason.PARSE_ERROR, Reason.TAMPERED}), _parse),
    _Check("duplicate", "R-093", frozenset({Reason.DUPLICATE, Reason.OUT_OF_ORDER, Reason.GAP_DETECTED}), _duplicate),
    _Check("order known", "R-073", frozenset({Reason.CASE_UNKNOWN, Reason.NO_ORDER, Reason.DOC_MISSING}), _known),
    _Check(
        "order state",
        "R-019",
        frozenset({Reason.ORDER_REVOKED}),
        _state,
    ),
    _Check("exigency", "R-040", frozenset({Reason.EXIGENT_WINDOW_CLOSED, Reason.ORDER_LAPSED}), _exigency),
    _Check(
        "time",
        "R-002",
        frozenset(
            {
                Reason.ORDER_NOT_STARTED,
                Reason.ORDER_EXPIRED,
                Reason.NO_EVENT_TIME,
                Reason.LATE_DELIVERY,
                Reason.CLOCK_SKEW,
                Reason.CII_LATE,
            }
        ),
        _time,
    ),
    _Check("target", "R-022", frozenset({Reason.TARGET_MISMATCH, Reason.GEOGRAPHIC_LIMIT}), _target),
    _Check("direction", "R-023", frozenset({Reason.DIRECTION_NOT_AUTHORISED}), _direction),
    _Check(
        "kind and scope",
        "R-116",
        frozenset(
            {
                Reason.SCOPE_CONTENT_ON_PRTT,
                Reason.SCOPE_PCTDD,
                Reason.SCOPE_LOCATION,
                Reason.SCOPE_TYPE_NOT_AUTHORISED,
            }
        ),
        _scope,
    ),
    _Check("minimisation", "R-118", frozenset({Reason.MINIMISED, Reason.PRIVILEGED_HOLD}), lambda _: "none in force"),
)


def explain_record(
    record: StoredRecord,
    order: CourtOrder | None,
    facts: RecordFacts | None,
    standing: StandingState | None = None,
) -> tuple[Step, ...]:
    """The chain for one stored record. `order` is the version that decided, `facts` what can be read of the record.
    `standing`: what was decided about it since; of a held record the facts are not looked at (R-041)."""
    if record.form == FORM_NOTICE:
        return (_step("store", "R-090", _own_entry(record), HOLDS),)
    if standing is not None and not standing.metadata_shown:
        facts = None
    case = _Case(record, order, facts)
    kind, reasons = VerdictKind(record.verdict), reasons_of(record.reasons)
    steps: list[Step] = []
    for check in _CHECKS:
        found = [reason for reason in reasons if reason in check.reasons]
        for reason in found:
            number = RULE_OF.get(reason, check.rule)
            outcome = FLAGS if reason in _ONLY_FLAGS and kind is not VerdictKind.QUARANTINE else _WEIGHT[kind]
            steps.append(_step(check.name, number, f"{reason.name}: {check.fact(case)}", outcome))
        if not found:
            rule = "R-110" if check.rule == "R-116" and order is not None and order.kind.metadata_only else check.rule
            steps.append(_step(check.name, rule, check.fact(case), HOLDS))
    form = _FORMS.get(record.form, "the octets as they were received")
    stored = f"{kind.name}; leaf {record.sequence} holds {form}"
    steps.append(_step("store", "R-090", stored, _WEIGHT[kind]))
    if standing is not None and standing.reason is not None:
        rule = "R-090" if standing.fault else rule_of(standing.reason)
        steps.append(_step("standing", rule, standing.says(), WITHHOLDS if standing.withheld else HOLDS))
    return tuple(steps)


def explain_void(sequence: int, void: Void) -> tuple[Step, ...]:
    """Of a record that was stored here and is another shard's: nothing of it is looked at."""
    told = f"leaf {sequence} was stored here and voided at {time_text(void.at_us)}: {void.says()}"
    return (_step("void", rule_of(Reason.VOIDED), told, WITHHOLDS),)


def _own_entry(record: StoredRecord) -> str:
    """What a leaf of the store's own is about; such a leaf was never delivered and never judged."""
    try:
        octets = record.octets or b"{}"
        decisions, void = entries_of(octets, record.sequence), void_of(octets, record.sequence)
    except DecodeError:
        decisions, void = (), None
    own = f"leaf {record.sequence} is the store's own entry, not a record that was delivered"
    if void is not None:
        return f"{own}: it voids {void.records} records, {void.why}; {void.shard or 'another shard'} has them"
    if len(decisions) == 1:
        one = decisions[0][1]
        told = f"{one.state} for {one.reason.name}, decided by {one.by} at {time_text(one.at_us)}"
        return f"{own}: a decision about stored records, {told}"
    if decisions:
        return f"{own}: {len(decisions)} decisions about stored records, carried forward"
    return f"{own}: a notice of what was evicted"


def _step(check: str, number: str, fact: str, outcome: str) -> Step:
    rule = RULES[number]
    return Step(check, fact, number, rule.statement, rule.source, outcome)


def explain_decision(decision: Decision) -> tuple[Step, ...]:
    """A decision that is not stored, in short: one step a reason, the deciding one first, all under its verdict."""
    steps = []
    for reason in decision.verdict.reasons:
        if reason is Reason.OK:
            rule, fact = ("R-073", "no order") if decision.order is None else ("R-025", decision.order.order_id)
            steps.append(_step("order known", rule, f"OK: {fact}", HOLDS))
        else:
            step = explain_reason(reason)
            steps.append(step if step.outcome == FLAGS else step._replace(outcome=_WEIGHT[decision.verdict.kind]))
    return tuple(steps)


def explain_reason(reason: Reason) -> Step:
    """What a reason that stands in an order's totals means."""
    check = next((one for one in _CHECKS if reason in one.reasons), _CHECKS[2])
    outcome = FLAGS if reason in _ONLY_FLAGS else REFUSES
    return _step(check.name, RULE_OF.get(reason, check.rule), reason.name, outcome)
