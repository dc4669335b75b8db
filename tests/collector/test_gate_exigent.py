"""The agency's gate and the clocks of an emergency, extensions with and without a gap, federal days: R-008 to R-043."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collector.explain import explain_decision
from collector.facts import RecordFacts
from collector.gate import LinkPolicy, bulk_terms, decide
from collector.gate_scope import CinState
from collector.stream_table import TARGET_OK
from mediation.law.court_days import add_court_days
from mediation.law.extensions import extended
from mediation.law.lifecycle import tagged
from mediation.law.orders import (
    CaseId,
    CourtOrder,
    Exigency,
    Jurisdiction,
    Liid,
    OrderId,
    OrderKind,
    OrderState,
    Service,
    Target,
    TargetKind,
    Window,
)
from mediation.law.verdicts import Reason, Verdict, VerdictKind

SECOND = 1_000_000
HOUR = 3_600 * SECOND
DAY = 24 * HOUR
T0 = 1_780_318_800_000_000
US, OTHER = Target(TargetKind.E164, "12125550100"), Target(TargetKind.E164, "12125550123")
POLICY = LinkPolicy(skew_us=0)
WARRANT = CourtOrder(
    OrderId("W-1"), 1, OrderKind.EAVESDROPPING, CaseId("C-1"), Liid("L-1"), "LEA", Window(T0, T0 + 20 * DAY), (US,),
    frozenset({Service.VOICE}),
)  # fmt: skip
HOURS = {OrderKind.EXIGENT_PRTT: 48, OrderKind.EXIGENT_EAV_STATE: 24, OrderKind.EXIGENT_EAV_FEDERAL: 48}
CLOSED = {Reason.EXIGENT_WINDOW_CLOSED, Reason.ORDER_LAPSED}


def use(
    kind: OrderKind, window: Window = WARRANT.window, state: OrderState = OrderState.ACTIVE, **acts: Any
) -> CourtOrder:
    services = frozenset() if kind.metadata_only else WARRANT.services
    exigency = Exigency(**{"activated_at_us": T0} | acts)
    return replace(WARRANT, kind=kind, window=window, services=services, state=state, exigent=exigency)


def record(stamp_us: int, arrival_us: int | None = None, content: bool = False) -> RecordFacts:
    """Signalling of a call of the target's, or its sound; it arrives at once unless said otherwise."""
    base = RecordFacts(
        "L-1", 7, 0, "iri", "iPMMIRI", "begin", Service.VOICE, stamp_us, "timeOfInterception",
        stamp_us if arrival_us is None else arrival_us, originators=frozenset({US}), recipients=frozenset({OTHER}),
        parties=frozenset({US, OTHER}), parties_known=True, target_sends=True, opens=True,
    )  # fmt: skip
    if not content:
        return base
    return replace(
        base, kind="cc", payload="iPMMCC", iri_type=None, parties=frozenset(), originators=frozenset(),
        recipients=frozenset(), parties_known=False, opens=False, content=("content",),
    )  # fmt: skip


def judged(
    orders: CourtOrder | tuple[CourtOrder, ...], stamp_us: int, arrival_us: int | None = None, **more: Any
) -> Verdict:
    several = orders if isinstance(orders, tuple) else (orders,)
    return decide(several, record(stamp_us, arrival_us, **more), POLICY, CinState(TARGET_OK, True)).verdict


def kind_of(orders: CourtOrder | tuple[CourtOrder, ...], stamp_us: int, arrival_us: int | None = None) -> VerdictKind:
    return judged(orders, stamp_us, arrival_us).kind


# ---- the deadline


@pytest.mark.parametrize(
    "kind",
    [
        pytest.param(OrderKind.EXIGENT_PRTT, marks=pytest.mark.rule("R-033", "R-033.3", "R-033.4")),
        pytest.param(OrderKind.EXIGENT_EAV_STATE, marks=pytest.mark.rule("R-034", "R-034.3")),
        pytest.param(OrderKind.EXIGENT_EAV_FEDERAL, marks=pytest.mark.rule("R-035")),
    ],
)
def test_at_the_deadline_without_an_order_the_gate_closes_and_a_microsecond_before_it_is_open(kind: OrderKind) -> None:
    due, order = T0 + HOURS[kind] * HOUR, use(kind)
    assert kind_of(order, due - 1) is VerdictKind.ACCEPT
    for late in (due, due + 1, due + SECOND, order.window.end_us + 1):
        verdict = judged(order, late)
        assert verdict.kind is VerdictKind.REJECT and set(verdict.reasons) == CLOSED
        assert verdict.reasons[0] is Reason.EXIGENT_WINDOW_CLOSED and verdict.rules == ("R-040", "R-037")
    assert judged(order, T0 - 1).reasons == (Reason.ORDER_NOT_STARTED,)


@pytest.mark.parametrize(
    ("kind", "issued", "kept"),
    [
        pytest.param(OrderKind.EXIGENT_PRTT, 48 * HOUR, True, marks=pytest.mark.rule("R-033", "R-033.1")),
        pytest.param(OrderKind.EXIGENT_PRTT, 48 * HOUR + SECOND, False, marks=pytest.mark.rule("R-033", "R-033.2")),
        pytest.param(OrderKind.EXIGENT_EAV_STATE, 24 * HOUR, True, marks=pytest.mark.rule("R-034", "R-034.1")),
        pytest.param(
            OrderKind.EXIGENT_EAV_STATE, 24 * HOUR + SECOND, False, marks=pytest.mark.rule("R-034", "R-034.2")
        ),
        pytest.param(OrderKind.EXIGENT_EAV_FEDERAL, 48 * HOUR, True, marks=pytest.mark.rule("R-035", "R-035.1")),
        pytest.param(
            OrderKind.EXIGENT_EAV_FEDERAL, 48 * HOUR + SECOND, False, marks=pytest.mark.rule("R-035", "R-035.2")
        ),
    ],
)
def test_an_order_in_time_keeps_the_gate_open_and_a_late_one_does_not(kind: OrderKind, issued: int, kept: bool) -> None:
    order, due = use(kind, order_issued_at_us=T0 + issued), T0 + HOURS[kind] * HOUR
    expected = VerdictKind.ACCEPT if kept else VerdictKind.REJECT
    for stamp in (due, T0 + issued + HOUR):
        assert kind_of(order, stamp) is expected
    assert kind_of(order, due - 1) is VerdictKind.ACCEPT


@pytest.mark.rule("R-037", "R-037.1")
@pytest.mark.parametrize("kind", HOURS)
def test_attack_records_held_back_until_the_use_has_lapsed_are_not_readable(kind: OrderKind) -> None:
    """Nobody does anything: the same document, the same record, only the arrival differs (R-041)."""
    due, order = T0 + HOURS[kind] * HOUR, use(kind)
    for stamp in (T0, T0 + HOUR, due - 1):
        assert kind_of(order, stamp, min(stamp + SECOND, due)) is VerdictKind.ACCEPT
        verdict = judged(order, stamp, due + 1)
        assert verdict.kind is VerdictKind.QUARANTINE and Reason.ORDER_LAPSED in verdict.reasons
        assert Reason.EXIGENT_WINDOW_CLOSED not in verdict.reasons
    in_time = use(kind, order_issued_at_us=due)
    assert Reason.ORDER_LAPSED not in judged(in_time, due - 1, due + DAY).reasons


def test_content_that_a_lapsed_pen_register_may_not_keep_is_not_sealed_either() -> None:
    """R-110: set apart and withheld at once means kept in no form."""
    order = use(OrderKind.EXIGENT_PRTT)
    text = record(T0 + HOUR, T0 + 49 * HOUR)._replace(content=("sms_text",))
    verdict = decide((order,), text, POLICY, CinState(TARGET_OK, True)).verdict
    assert verdict.kind is VerdictKind.REJECT
    assert set(verdict.reasons) >= {Reason.ORDER_LAPSED, Reason.SCOPE_CONTENT_ON_PRTT}


@pytest.mark.rule("R-041")
@pytest.mark.parametrize("issued", [None, T0 + HOUR])
def test_an_order_that_says_it_has_lapsed_sets_apart_what_it_covered_and_refuses_the_rest(issued: int | None) -> None:
    order = use(OrderKind.EXIGENT_EAV_FEDERAL, state=OrderState.LAPSED, order_issued_at_us=issued)
    assert judged(order, T0 + 2 * HOUR).reasons == (Reason.ORDER_LAPSED,)
    assert kind_of(order, T0 + 2 * HOUR) is VerdictKind.QUARANTINE
    assert kind_of(order, order.effective_window.end_us) is VerdictKind.REJECT
    assert bulk_terms(order) is None


# ---- other ends


@pytest.mark.parametrize(
    "act",
    [
        pytest.param("denied_at_us", marks=pytest.mark.rule("R-038", "R-038.1")),
        pytest.param("obtained_at_us", marks=pytest.mark.rule("R-039", "R-039.1")),
        pytest.param("ended_at_us", marks=pytest.mark.rule("R-040", "R-040.1")),
    ],
)
@pytest.mark.parametrize("kind", HOURS)
def test_denied_at_five_hours_means_nothing_from_five_hours_on(act: str, kind: OrderKind) -> None:
    at = T0 + 5 * HOUR
    order = use(kind, **{act: at})
    verdict = judged(order, at)
    assert verdict.kind is VerdictKind.REJECT and set(verdict.reasons) == CLOSED
    assert kind_of(order, at - 1) is VerdictKind.ACCEPT
    assert set(judged(order, T0 + 50 * HOUR).reasons) == CLOSED
    held = kind_of(order, at - 1, at)
    assert held is (VerdictKind.QUARANTINE if act == "denied_at_us" else VerdictKind.ACCEPT)


def test_of_a_revocation_and_an_emergency_that_ended_both_are_named() -> None:
    order = replace(use(OrderKind.EXIGENT_PRTT, denied_at_us=T0 + HOUR), revoked_at_us=T0 + 2 * HOUR)
    assert judged(order, T0 + 3 * HOUR).reasons == (
        Reason.EXIGENT_WINDOW_CLOSED, Reason.ORDER_LAPSED, Reason.ORDER_REVOKED,
    )  # fmt: skip
    assert Reason.ORDER_REVOKED not in judged(order, T0 + HOUR).reasons


@pytest.mark.rule("R-042", "R-042.1")
def test_a_late_approval_covers_from_its_own_start_and_the_gap_stays_closed() -> None:
    """A state court's order at t0 + 25 h, beside the use that lapsed and alone."""
    issued, due = T0 + 25 * HOUR, T0 + 24 * HOUR
    lapsed = use(OrderKind.EXIGENT_EAV_STATE)
    own = replace(
        use(OrderKind.EXIGENT_EAV_STATE, Window(issued, issued + DAY), order_issued_at_us=issued),
        order_id=OrderId("W-2"),
    )
    for orders in ((own,), (lapsed, own), (own, lapsed)):
        assert kind_of(orders, issued) is VerdictKind.ACCEPT
        for stamp in (due, issued - 1):
            assert kind_of(orders, stamp, issued + SECOND) is VerdictKind.REJECT
            assert set(judged(orders, stamp).reasons) == CLOSED
        late = judged(orders, due - 1, issued + SECOND)
        assert late.kind is VerdictKind.QUARANTINE and Reason.ORDER_LAPSED in late.reasons
    assert judged(own, T0 - 1).reasons == (Reason.ORDER_NOT_STARTED,)
    assert bulk_terms(own) is None, "what is left of the use that lapsed needs a careful look"


@pytest.mark.rule("R-043", "R-043.1", "R-043.2")
def test_a_temporary_warrant_ends_by_itself_a_day_after_its_issue() -> None:
    issued = T0 + HOUR
    order, end = use(OrderKind.EXIGENT_EAV_STATE, order_issued_at_us=issued), issued + 24 * HOUR
    assert kind_of(order, end - 1) is VerdictKind.ACCEPT
    for late in (end, end + SECOND):
        assert judged(order, late).reasons == (Reason.ORDER_EXPIRED,)


# ---- what follows an order


@pytest.mark.rule("R-018", "R-018.1")
@pytest.mark.parametrize("gap_us", [0, SECOND])
def test_a_warrant_takes_over_where_the_emergency_order_ended_and_a_gap_stays_a_gap(gap_us: int) -> None:
    end = T0 + 40 * HOUR
    emergency = use(OrderKind.EXIGENT_EAV_FEDERAL, Window(T0, end), order_issued_at_us=T0 + 30 * HOUR)
    warrant = replace(WARRANT, order_id=OrderId("W-2"), window=Window(end + gap_us, end + DAY))
    both = (emergency, warrant)
    assert kind_of(both, end - 1) is VerdictKind.ACCEPT
    for stamp in (end, end + SECOND // 2, end + SECOND - 1):
        assert (kind_of(both, stamp) is VerdictKind.ACCEPT) is (gap_us == 0)
    decision = decide(both, record(end + SECOND), POLICY, CinState())
    assert decision.verdict.kind is VerdictKind.ACCEPT and decision.order is warrant


@pytest.mark.rule("R-014", "R-014.1")
def test_an_extension_leaves_no_gap_and_where_one_is_a_microsecond_wide_that_instant_is_refused() -> None:
    order = replace(WARRANT, window=Window(T0, T0 + DAY))
    longer = extended(order, T0 + 2 * DAY, T0 + HOUR)
    for stamp in (T0 + DAY - 1, T0 + DAY, T0 + DAY + 1):
        assert kind_of(longer, stamp) is VerdictKind.ACCEPT
    apart = replace(order, order_id=OrderId("W-2"), window=Window(T0 + DAY + 1, T0 + 2 * DAY))
    found = [kind_of((order, apart), stamp) for stamp in (T0 + DAY - 1, T0 + DAY, T0 + DAY + 1)]
    assert found == [VerdictKind.ACCEPT, VerdictKind.REJECT, VerdictKind.ACCEPT]


@pytest.mark.rule("R-015", "R-015.1")
def test_a_late_grant_leaves_a_real_gap() -> None:
    """Old end 10:00, granted and begun 10:05: 10:02 is refused, also when it arrives under the new order."""
    old = replace(WARRANT, window=Window(T0, T0 + DAY))
    start = T0 + DAY + 300 * SECOND
    new = replace(old, order_id=OrderId("W-2"), window=Window(start, start + DAY))
    two = T0 + DAY + 120 * SECOND
    assert judged((old, new), two).reasons == (Reason.ORDER_EXPIRED,)
    assert kind_of((old, new), two, start + HOUR) is VerdictKind.REJECT
    assert kind_of((old, new), start) is VerdictKind.ACCEPT


@pytest.mark.rule("R-010", "R-010.1")
def test_after_the_described_communication_was_tagged_the_next_record_is_refused() -> None:
    warrant, at = replace(WARRANT, terminate_on_first=True), T0 + HOUR
    assert kind_of(warrant, at) is VerdictKind.ACCEPT
    ended = tagged(warrant, at)
    for stamp in (at, at + 1, at + DAY):
        assert judged(ended, stamp).reasons == (Reason.ORDER_EXPIRED,)
    assert kind_of(ended, at - 1) is VerdictKind.ACCEPT
    assert bulk_terms(ended) is None


@pytest.mark.rule("R-008", "R-008.1", "R-008.2", "R-008.3")
@pytest.mark.parametrize(("first", "last"), [(3, 33), (None, 40), (12, 40)])
def test_a_federal_warrant_ends_thirty_days_after_its_first_interception(first: int | None, last: int) -> None:
    seen = None if first is None else add_court_days(T0, first)
    warrant = replace(
        WARRANT, jurisdiction=Jurisdiction.FEDERAL, entered_at_us=T0, first_interception_us=seen,
        window=Window(T0, add_court_days(T0, 40)),
    )  # fmt: skip
    end = add_court_days(T0, last)
    assert kind_of(warrant, end - 1) is VerdictKind.ACCEPT
    assert judged(warrant, end).reasons == (Reason.ORDER_EXPIRED,)
    terms = bulk_terms(warrant)
    assert terms is not None and terms[:2] == (T0, end)


# ---- the bulk lane, and explanations


def test_only_a_use_that_cannot_lapse_any_more_has_terms_for_the_bulk_lane() -> None:
    kind = OrderKind.EXIGENT_EAV_FEDERAL
    assert bulk_terms(use(kind)) is None
    assert bulk_terms(use(kind, order_issued_at_us=T0 + HOUR, denied_at_us=T0 + 2 * HOUR)) is None
    approved = use(kind, order_issued_at_us=T0 + HOUR, obtained_at_us=T0 + 9 * HOUR)
    terms = bulk_terms(approved)
    assert terms is not None and terms[:2] == (T0, T0 + 9 * HOUR)


def test_a_closed_window_is_explained_with_the_rule_that_closed_it() -> None:
    order = use(OrderKind.EXIGENT_PRTT)
    refused = decide((order,), record(T0 + 48 * HOUR), POLICY, CinState())
    assert [(step.rule, step.outcome) for step in explain_decision(refused)] == [
        ("R-040", "refuses"),
        ("R-037", "refuses"),
    ]
    apart = decide((order,), record(T0, T0 + 49 * HOUR), POLICY, CinState())
    assert {step.outcome for step in explain_decision(apart)} == {"sets apart", "flags"}
    accepted = decide((order,), record(T0 + HOUR), POLICY, CinState())
    assert [(step.rule, step.outcome) for step in explain_decision(accepted)] == [("R-025", "holds")]


instants = st.none() | st.integers(T0 - HOUR, T0 + 60 * HOUR) | st.sampled_from([T0 + 24 * HOUR, T0 + 48 * HOUR])


@settings(max_examples=400, deadline=None)
@given(
    kind=st.sampled_from(sorted(HOURS)),
    state=st.sampled_from([OrderState.ISSUED, OrderState.ACTIVE, OrderState.EXPIRED, OrderState.LAPSED]),
    acts=st.fixed_dictionaries(
        dict.fromkeys(("order_issued_at_us", "denied_at_us", "obtained_at_us", "ended_at_us"), instants)
    ),
    start=st.sampled_from([T0, T0 + 25 * HOUR, T0 + 49 * HOUR]),
    stamp=st.integers(T0 - HOUR, T0 + 60 * HOUR) | st.sampled_from([T0 + 24 * HOUR, T0 + 48 * HOUR]),
    behind=st.integers(0, 60 * HOUR) | st.just(0),
)
def test_attack_no_emergency_makes_a_record_readable_that_no_order_in_time_covers(
    kind: OrderKind, state: OrderState, acts: dict[str, int | None], start: int, stamp: int, behind: int
) -> None:
    """By the rules and not by the code: which record may be readable, worked out from the four ends."""
    order = use(kind, Window(start, start + 20 * DAY), state=state, **acts)
    verdict = judged(order, stamp, stamp + behind)
    due, issued = T0 + HOURS[kind] * HOUR, acts["order_issued_at_us"]
    if verdict.kind in (VerdictKind.ACCEPT, VerdictKind.ACCEPT_FLAGGED):
        in_time = issued is not None and issued <= due
        own_start = issued is not None and issued <= start
        assert start <= stamp and state is not OrderState.LAPSED
        assert in_time or own_start or (stamp < due and stamp + behind <= due)
        assert all(stamp < at for name, at in acts.items() if name != "order_issued_at_us" and at is not None)
        assert acts["denied_at_us"] is None or stamp + behind < acts["denied_at_us"]
    elif verdict.kind is VerdictKind.QUARANTINE:
        assert verdict.reasons[0] is Reason.ORDER_LAPSED and stamp >= T0
    else:
        assert verdict.kind is VerdictKind.REJECT
