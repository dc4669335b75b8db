"""The carrier's own decision, as a truth table written by hand from the rules, not from the code."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mediation.law.orders import (
    CaseId,
    CourtOrder,
    Exigency,
    Jurisdiction,
    Liid,
    OrderId,
    OrderKind,
    OrderState,
    PrttDirection,
    Service,
    Target,
    TargetKind,
    Window,
)
from mediation.scope import Scope, ScopeEvent, ScopeVerdict, allow, whole_window

START, END = 1_000_000, 9_000_000
WARRANT = CourtOrder(
    OrderId("O-1"), 1, OrderKind.EAVESDROPPING, CaseId("C-1"), Liid("LAB-1"), "LAB",
    Window(START, END), (Target(TargetKind.E164, "12125550101"),), frozenset({Service.VOICE, Service.SMS}),
)  # fmt: skip
PEN_REGISTER = replace(WARRANT, kind=OrderKind.PRTT, services=frozenset())
METADATA_ONLY = (OrderKind.PRTT, OrderKind.EXIGENT_PRTT)


def event(time_us: int = START, service: Service = Service.VOICE, content: bool = False, **more: Any) -> ScopeEvent:
    return ScopeEvent(time_us, service, content, **more)


@pytest.mark.rule("R-002", "R-002.1", "R-002.2", "R-002.3", "R-002.4")
@pytest.mark.parametrize("order", [WARRANT, PEN_REGISTER])
@pytest.mark.parametrize(
    ("time_us", "inside"),
    [(0, False), (START - 1, False), (START, True), (END - 1, True), (END, False), (END + 1, False)],
)
def test_the_window_is_half_open_to_the_microsecond(order: CourtOrder, time_us: int, inside: bool) -> None:
    """R-002, R-003."""
    verdict = allow(order, event(time_us))
    assert (verdict.scope is not Scope.WITHHOLD) is inside
    assert inside or verdict.rule == "R-002"


@pytest.mark.parametrize(
    ("field", "rule"),
    [
        pytest.param("revoked_at_us", "R-019", marks=pytest.mark.rule("R-019", "R-019.1")),
        pytest.param("objective_attained_at_us", "R-009", marks=pytest.mark.rule("R-009", "R-009.1", "R-009.2")),
    ],
)
def test_revocation_and_objective_attained_end_the_order_at_that_instant(field: str, rule: str) -> None:
    """R-019, R-009."""
    at = 5_000_000
    order = replace(WARRANT, state=OrderState.REVOKED, **{field: at})
    assert allow(order, event(at - 1)).scope is Scope.WHOLE, "what happened before is still handed over"
    assert allow(order, event(at)) == ScopeVerdict(Scope.WITHHOLD, rule)
    late = replace(WARRANT, **{field: END + 5})
    assert allow(late, event(END)).scope is Scope.WITHHOLD, "a later end does not lengthen the window"


def test_the_earliest_of_all_ends_counts() -> None:
    order = replace(WARRANT, revoked_at_us=6_000_000, objective_attained_at_us=4_000_000)
    assert allow(order, event(3_999_999)).scope is Scope.WHOLE
    assert allow(order, event(4_000_000)).scope is Scope.WITHHOLD


GIVES = {
    OrderState.DRAFT: False,
    OrderState.ISSUED: True,
    OrderState.ACTIVE: True,
    OrderState.EXPIRED: True,
    OrderState.TERMINATED: False,
    OrderState.REVOKED: True,
    OrderState.LAPSED: False,
    OrderState.SEALED: True,
    OrderState.HANDED_OFF: True,
    OrderState.CLOSED: False,
}
"""R-027. Where True, the window alone decides: what was intercepted before the end may still be on its way."""


@pytest.mark.parametrize("state", OrderState)
@pytest.mark.parametrize("order", [WARRANT, PEN_REGISTER])
def test_every_state_gives_or_gives_nothing(state: OrderState, order: CourtOrder) -> None:
    verdict = allow(replace(order, state=state), event())
    assert (verdict.scope is not Scope.WITHHOLD) is GIVES[state]
    assert GIVES[state] or verdict.rule == "R-027"


@pytest.mark.parametrize("kind", OrderKind)
@pytest.mark.parametrize("content", [True, False])
def test_every_kind_with_content_and_without(kind: OrderKind, content: bool) -> None:
    """R-110, R-113, R-116."""
    verdict = allow(replace(WARRANT, kind=kind), event(content=content))
    if kind is OrderKind.COVERT_AUDIO_WARRANT:
        assert verdict == (Scope.WITHHOLD, "R-166")
    elif kind not in METADATA_ONLY:
        assert verdict.scope is Scope.WHOLE
    elif content:
        assert verdict == ScopeVerdict(Scope.WITHHOLD, "R-110")
    else:
        assert verdict == ScopeVerdict(Scope.METADATA, "R-113")


@pytest.mark.parametrize("service", Service)
@pytest.mark.parametrize("content", [True, False])
def test_a_warrant_gives_only_the_services_it_lists(service: Service, content: bool) -> None:
    verdict = allow(WARRANT, event(service=service, content=content))
    listed = service in (Service.VOICE, Service.SMS)
    assert verdict == ScopeVerdict(Scope.WHOLE if listed else Scope.WITHHOLD, "R-116")


@pytest.mark.parametrize("service", Service)
def test_a_pen_register_gives_the_metadata_of_every_service(service: Service) -> None:
    assert allow(PEN_REGISTER, event(service=service)).scope is Scope.METADATA


@pytest.mark.parametrize(
    ("direction", "opens_sent", "target_sends", "given"),
    [
        (PrttDirection.PEN, True, None, True),
        (PrttDirection.PEN, True, False, True),
        (PrttDirection.PEN, False, True, False),
        (PrttDirection.PEN, None, True, True),
        (PrttDirection.PEN, None, False, False),
        (PrttDirection.PEN, None, None, False),
        (PrttDirection.TRAP, False, True, True),
        (PrttDirection.TRAP, True, False, False),
        (PrttDirection.TRAP, None, False, True),
        (PrttDirection.TRAP, None, True, False),
        (PrttDirection.TRAP, None, None, False),
        (PrttDirection.BOTH, True, None, True),
        (PrttDirection.BOTH, False, None, True),
        (PrttDirection.BOTH, None, None, True),
    ],
)
def test_pen_and_trap_go_by_who_opened_the_communication(
    direction: PrttDirection, opens_sent: bool | None, target_sends: bool | None, given: bool
) -> None:
    """R-023. The answers within a call belong to its opener; a direction nobody stated is not the one ordered."""
    order = replace(PEN_REGISTER, direction=direction)
    verdict = allow(order, event(target_sends=target_sends, opens_sent=opens_sent))
    assert verdict.scope is (Scope.METADATA if given else Scope.WITHHOLD)
    assert given or verdict.rule == "R-023"


def test_direction_of_a_pen_register_does_not_narrow_a_warrant() -> None:
    order = replace(WARRANT, direction=PrttDirection.PEN)
    assert allow(order, event(target_sends=False, opens_sent=False)).scope is Scope.WHOLE


def test_training_fault_of_a_late_end_moves_every_end_and_never_the_start() -> None:
    for order, end in ((WARRANT, END), (replace(WARRANT, revoked_at_us=5_000_000), 5_000_000)):
        assert allow(order, event(end + 99), slack_us=100).scope is Scope.WHOLE
        assert allow(order, event(end + 100), slack_us=100).scope is Scope.WITHHOLD
        assert allow(order, event(START - 1), slack_us=100).scope is Scope.WITHHOLD


def test_training_fault_of_over_delivery_gives_content_within_window_and_direction_alone() -> None:
    assert allow(PEN_REGISTER, event(content=True), overdeliver=True).scope is Scope.WHOLE
    assert allow(PEN_REGISTER, event(END, content=True), overdeliver=True).scope is Scope.WITHHOLD
    pen = replace(PEN_REGISTER, direction=PrttDirection.PEN)
    assert allow(pen, event(content=True, target_sends=False), overdeliver=True).scope is Scope.WITHHOLD


HOUR = 3_600_000_000
DAY = 24 * HOUR
T0 = 1_780_318_800_000_000
HOURS = {
    OrderKind.EXIGENT_PRTT: (48, "R-033"),
    OrderKind.EXIGENT_EAV_STATE: (24, "R-034"),
    OrderKind.EXIGENT_EAV_FEDERAL: (48, "R-035"),
}


def use(kind: OrderKind, start_us: int = T0, **acts: int) -> CourtOrder:
    exigency = Exigency(**{"activated_at_us": T0} | acts)
    return replace(WARRANT, kind=kind, window=Window(start_us, start_us + 20 * DAY), exigent=exigency)


@pytest.mark.parametrize(
    "kind",
    [
        pytest.param(OrderKind.EXIGENT_PRTT, marks=pytest.mark.rule("R-033", "R-033.3", "R-033.4")),
        pytest.param(OrderKind.EXIGENT_EAV_STATE, marks=pytest.mark.rule("R-034", "R-034.3")),
        pytest.param(OrderKind.EXIGENT_EAV_FEDERAL, marks=pytest.mark.rule("R-035")),
    ],
)
def test_the_carrier_withholds_from_the_deadline_on_where_no_order_came(kind: OrderKind) -> None:
    hours, rule = HOURS[kind]
    due = T0 + hours * HOUR
    for order in (use(kind), replace(use(kind), exigent=None)):
        assert allow(order, event(due - 1)).scope is not Scope.WITHHOLD
        for late in (due, due + 1, due + DAY):
            assert allow(order, event(late)) == ScopeVerdict(Scope.WITHHOLD, rule)
    for issued, holds in ((due, True), (due + 1, False)):
        seen = allow(use(kind, order_issued_at_us=issued), event(due))
        assert (seen.scope is not Scope.WITHHOLD) is holds


@pytest.mark.parametrize(
    ("act", "rule"),
    [
        pytest.param("denied_at_us", "R-038", marks=pytest.mark.rule("R-038", "R-038.1")),
        pytest.param("obtained_at_us", "R-039", marks=pytest.mark.rule("R-039", "R-039.1")),
        pytest.param("ended_at_us", "R-040", marks=pytest.mark.rule("R-040", "R-040.1")),
    ],
)
@pytest.mark.parametrize("kind", HOURS)
def test_what_ends_an_emergency_ends_the_carriers_delivery_at_that_instant(
    act: str, rule: str, kind: OrderKind
) -> None:
    at = T0 + 5 * HOUR
    order = use(kind, order_issued_at_us=T0 + HOUR, **{act: at})
    assert allow(order, event(at - 1)).scope is not Scope.WITHHOLD
    assert allow(order, event(at)) == ScopeVerdict(Scope.WITHHOLD, rule)
    unapproved = use(OrderKind.EXIGENT_EAV_STATE, **{act: T0 + 25 * HOUR})
    assert allow(unapproved, event(T0 + 24 * HOUR)).rule == "R-034", "the deadline was earlier"


@pytest.mark.rule("R-042", "R-042.1")
def test_the_carrier_gives_under_a_late_order_from_its_own_start_alone() -> None:
    issued = T0 + 25 * HOUR
    own = use(OrderKind.EXIGENT_EAV_STATE, issued, order_issued_at_us=issued)
    assert allow(own, event(issued)).scope is Scope.WHOLE and allow(own, event(issued - 1)).scope is Scope.WITHHOLD
    backdated = use(OrderKind.EXIGENT_EAV_STATE, order_issued_at_us=issued)
    assert allow(backdated, event(issued)) == ScopeVerdict(Scope.WITHHOLD, "R-034")


@pytest.mark.rule("R-043", "R-043.2")
def test_a_temporary_warrant_ends_for_the_carrier_too() -> None:
    order = use(OrderKind.EXIGENT_EAV_STATE, order_issued_at_us=T0)
    assert allow(order, event(T0 + 24 * HOUR - 1)).scope is Scope.WHOLE
    assert allow(order, event(T0 + 24 * HOUR + 1_000_000)) == ScopeVerdict(Scope.WITHHOLD, "R-043")


@pytest.mark.rule("R-008", "R-008.1", "R-008.2", "R-008.3")
@pytest.mark.parametrize(("first", "last"), [(3, 33), (None, 40), (12, 40)])
def test_the_carrier_counts_federal_days_itself(first: int | None, last: int) -> None:
    order = replace(
        WARRANT, jurisdiction=Jurisdiction.FEDERAL, entered_at_us=T0, window=Window(T0, T0 + 60 * DAY),
        first_interception_us=None if first is None else T0 + first * DAY,
    )  # fmt: skip
    end = T0 + last * DAY
    assert allow(order, event(end - 1)).scope is Scope.WHOLE
    assert allow(order, event(end)) == ScopeVerdict(Scope.WITHHOLD, "R-008")
    extended = replace(order, extensions_us=(end,))
    assert allow(extended, event(end)).scope is Scope.WHOLE
    assert allow(replace(order, extensions_us=(end + 1,)), event(end)).scope is Scope.WITHHOLD
    unknown = replace(order, entered_at_us=None, first_interception_us=None)
    assert allow(unknown, event(end)).scope is Scope.WHOLE
    register = replace(order, kind=OrderKind.PRTT)
    assert allow(register, event(end)).scope is Scope.METADATA


orders = st.builds(
    CourtOrder,
    order_id=st.just(OrderId("O-1")),
    version=st.just(1),
    kind=st.sampled_from(OrderKind),
    case_id=st.just(CaseId("C-1")),
    liid=st.just(Liid("LAB-1")),
    agency=st.just("LAB"),
    window=st.builds(Window, st.integers(0, 50), st.integers(0, 100)),
    targets=st.just(WARRANT.targets),
    services=st.frozensets(st.sampled_from(Service)),
    direction=st.sampled_from(PrttDirection),
    state=st.sampled_from(OrderState),
    revoked_at_us=st.none() | st.integers(0, 100),
    objective_attained_at_us=st.none() | st.integers(0, 100),
    jurisdiction=st.sampled_from(Jurisdiction),
    first_interception_us=st.none() | st.integers(0, 100).map(lambda at: at - 30 * DAY),
    exigent=st.none()
    | st.builds(
        Exigency,
        st.integers(0, 100) | st.integers(0, 100).map(lambda at: at - 48 * HOUR),
        *[st.none() | st.integers(0, 100)] * 4,
    ),
)
events = st.builds(
    ScopeEvent,
    st.integers(-5, 105),
    st.sampled_from(Service),
    st.booleans(),
    st.none() | st.booleans(),
    st.none() | st.booleans(),
)


@settings(max_examples=300, deadline=None)
@given(order=orders, seen=events)
def test_nothing_outside_the_effective_window_and_no_content_under_a_pen_register(
    order: CourtOrder, seen: ScopeEvent
) -> None:
    scope = allow(order, seen).scope
    if scope is not Scope.WITHHOLD:
        assert order.effective_window.contains(seen.time_us)
        assert GIVES[order.state]
    if order.kind in METADATA_ONLY:
        assert scope is not Scope.WHOLE and not (seen.content and scope is Scope.METADATA)
    else:
        assert scope is not Scope.METADATA


TIMES = st.one_of(st.none(), st.integers(START - 2, END + 2))


@settings(max_examples=500, deadline=None)
@given(
    kind=st.sampled_from(list(OrderKind)),
    state=st.sampled_from(list(OrderState)),
    services=st.frozensets(st.sampled_from(list(Service))),
    service=st.sampled_from(list(Service)),
    ends=st.tuples(TIMES, TIMES),
    use=st.one_of(st.none(), st.builds(Exigency, st.integers(0, END), st.none() | st.integers(0, END))),
    federal=st.booleans(),
    time_us=st.one_of(st.integers(START - 3, END + 3), st.sampled_from([0, START - 1, START, END - 1, END])),
    sends=st.sampled_from([True, False, None]),
    opens=st.sampled_from([True, False, None]),
)
def test_a_whole_window_says_of_every_time_what_the_gate_says(
    kind: OrderKind, state: OrderState, services: frozenset[Service], service: Service, ends: tuple[Any, Any],
    use: Exigency | None, federal: bool, time_us: int, sends: bool | None, opens: bool | None,
) -> None:  # fmt: skip
    """Of content, whoever sends it: what takes the short way was allowed, and allowed whole."""
    order = replace(
        WARRANT, kind=kind, state=state, services=services, revoked_at_us=ends[0], objective_attained_at_us=ends[1],
        exigent=use, jurisdiction=Jurisdiction.FEDERAL if federal else Jurisdiction.STATE,
    )  # fmt: skip
    window = whole_window(order, service)
    whole = allow(order, ScopeEvent(time_us, service, True, sends, opens)).scope is Scope.WHOLE
    assert whole is (window is not None and window[0] <= time_us < window[1])
