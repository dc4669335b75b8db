"""Use before the order: every deadline to the microsecond, and what a lapse does to the window (R-033 to R-044)."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mediation.law.exigent import (
    End,
    deadline_us,
    exigency_of,
    issued_in_time,
    lapse_us,
    lapsed,
    lapsed_period,
    late_approval,
    use_ends,
)
from mediation.law.orders import (
    CaseId,
    CourtOrder,
    Exigency,
    Liid,
    OrderId,
    OrderKind,
    Service,
    Target,
    TargetKind,
    Window,
)

SECOND = 1_000_000
HOUR = 3_600 * SECOND
DAY = 24 * HOUR
T0 = 1_780_318_800_000_000
HOURS = {OrderKind.EXIGENT_PRTT: 48, OrderKind.EXIGENT_EAV_STATE: 24, OrderKind.EXIGENT_EAV_FEDERAL: 48}
ORDER = CourtOrder(
    OrderId("X-1"), 1, OrderKind.EXIGENT_PRTT, CaseId("C-1"), Liid("LAB-1"), "LAB", Window(T0, T0 + 20 * DAY),
    (Target(TargetKind.E164, "12125550100"),), frozenset({Service.VOICE}), exigent=Exigency(T0),
)  # fmt: skip


def use(kind: OrderKind, window: Window = ORDER.window, **acts: int | None) -> CourtOrder:
    return replace(ORDER, kind=kind, window=window, exigent=Exigency(**{"activated_at_us": T0, **acts}))  # type: ignore[arg-type]


def takes(order: CourtOrder, stamp_us: int) -> bool:
    return order.effective_window.contains(stamp_us)


@pytest.mark.parametrize(
    ("kind", "hours"),
    [
        pytest.param(OrderKind.EXIGENT_PRTT, 48, marks=pytest.mark.rule("R-033", "R-033.1", "R-033.2")),
        pytest.param(OrderKind.EXIGENT_EAV_STATE, 24, marks=pytest.mark.rule("R-034", "R-034.1", "R-034.2")),
        pytest.param(OrderKind.EXIGENT_EAV_FEDERAL, 48, marks=pytest.mark.rule("R-035", "R-035.1", "R-035.2")),
    ],
)
def test_an_emergency_order_is_in_time_at_its_hour_and_late_a_second_after(kind: OrderKind, hours: int) -> None:
    due = T0 + hours * HOUR
    assert deadline_us(use(kind)) == due
    for issued, in_time in ((T0 + HOUR, True), (due - 1, True), (due, True), (due + 1, False), (due + SECOND, False)):
        order = use(kind, order_issued_at_us=issued)
        assert issued_in_time(order) is in_time and late_approval(order) is not in_time
        assert (lapse_us(order) is None) is in_time
        assert takes(order, due) is in_time and takes(order, due - 1)
    assert not issued_in_time(use(kind)) and not late_approval(use(kind)), "nothing came at all"


@pytest.mark.parametrize(
    "kind",
    [
        pytest.param(OrderKind.EXIGENT_PRTT, marks=pytest.mark.rule("R-033", "R-033.3", "R-033.4")),
        pytest.param(OrderKind.EXIGENT_EAV_STATE, marks=pytest.mark.rule("R-034", "R-034.3")),
        pytest.param(OrderKind.EXIGENT_EAV_FEDERAL, marks=pytest.mark.rule("R-035")),
    ],
)
def test_without_an_order_a_record_of_the_deadline_is_not_taken_and_one_just_before_is(kind: OrderKind) -> None:
    due = T0 + HOURS[kind] * HOUR
    assert not takes(use(kind), due) and takes(use(kind), due - 1)
    assert takes(use(kind), T0) and not takes(use(kind), T0 - 1)


@pytest.mark.rule("R-036", "R-036.1")
def test_the_hours_count_from_the_activation_and_not_from_the_first_call() -> None:
    nine, three = T0, T0 + 6 * HOUR
    order = use(OrderKind.EXIGENT_PRTT)
    first_call = replace(order, first_interception_us=three)
    assert deadline_us(order) == deadline_us(first_call) == nine + 48 * HOUR
    later_window = use(OrderKind.EXIGENT_PRTT, Window(three, three + DAY))
    assert deadline_us(later_window) == nine + 48 * HOUR


def test_hours_are_exact_also_where_the_clocks_of_the_court_change() -> None:
    """New York leaves an hour out on 8 March 2026 and adds one on 1 November 2026; hours are hours of UTC."""
    for start in (1_772_895_600_000_000, 1_793_516_400_000_000):
        order = replace(ORDER, window=Window(start, start + 10 * DAY), exigent=Exigency(start))
        assert deadline_us(order) == start + 48 * HOUR


def test_without_a_stated_activation_the_start_of_the_window_counts_as_one() -> None:
    order = replace(ORDER, exigent=None)
    assert exigency_of(order) == Exigency(T0) and deadline_us(order) == T0 + 48 * HOUR
    assert order.effective_window == Window(T0, T0 + 48 * HOUR)


@pytest.mark.parametrize("kind", [kind for kind in OrderKind if kind not in HOURS])
def test_an_order_that_had_to_be_there_first_has_no_deadline(kind: OrderKind) -> None:
    order = replace(ORDER, kind=kind, exigent=None)
    assert not kind.exigent and exigency_of(order) is None and deadline_us(order) is None
    assert lapse_us(order) is None and not lapsed(order, T0 + 400 * DAY) and lapsed_period(order) is None
    assert use_ends(order) == () and not issued_in_time(order) and not late_approval(order)
    assert order.effective_window == order.window


@pytest.mark.rule("R-037", "R-037.1")
@pytest.mark.parametrize("kind", HOURS)
def test_a_use_lapses_by_the_clock_alone(kind: OrderKind) -> None:
    """The same document, unchanged, has not lapsed at its deadline and has a microsecond later."""
    due = T0 + HOURS[kind] * HOUR
    order = use(kind)
    assert lapse_us(order) == due
    assert [lapsed(order, now) for now in (T0, due - 1, due, due + 1)] == [False, False, False, True]
    assert not lapsed(use(kind, order_issued_at_us=due), due + 400 * DAY)


@pytest.mark.parametrize(
    ("act", "end"),
    [
        pytest.param("denied_at_us", End.DENIED, marks=pytest.mark.rule("R-038", "R-038.1")),
        pytest.param("obtained_at_us", End.OBTAINED, marks=pytest.mark.rule("R-039", "R-039.1")),
        pytest.param("ended_at_us", End.OVER, marks=pytest.mark.rule("R-040")),
    ],
)
@pytest.mark.parametrize("issued", [None, T0 + HOUR])
def test_denial_success_and_the_end_of_the_emergency_end_the_use_at_once(
    act: str, end: End, issued: int | None
) -> None:
    at = T0 + 5 * HOUR
    order = use(OrderKind.EXIGENT_PRTT, order_issued_at_us=issued, **{act: at})
    assert not takes(order, at) and takes(order, at - 1)
    assert use_ends(order)[0][:2] == (at, end)


def test_denied_use_has_lapsed_at_that_instant_and_use_that_ended_still_needs_its_order() -> None:
    at, due = T0 + 5 * HOUR, T0 + 48 * HOUR
    denied = use(OrderKind.EXIGENT_PRTT, denied_at_us=at)
    assert (lapse_us(denied), lapsed(denied, at - 1), lapsed(denied, at)) == (at, False, True)
    for act in ("obtained_at_us", "ended_at_us"):
        ended = use(OrderKind.EXIGENT_PRTT, **{act: at})
        assert (lapse_us(ended), lapsed(ended, due), lapsed(ended, due + 1)) == (due, False, True)
        assert lapsed_period(ended) == Window(T0, at)
        assert lapse_us(use(OrderKind.EXIGENT_PRTT, order_issued_at_us=due, **{act: at})) is None


@pytest.mark.rule("R-040", "R-040.1")
@pytest.mark.parametrize("order_of", list(permutations(range(4))))
def test_the_first_of_the_four_ends_counts(order_of: tuple[int, ...]) -> None:
    """Deadline, denial, information obtained, end of the emergency, in every sequence."""
    due = T0 + 48 * HOUR
    slots = [due + (place - order_of[0]) * HOUR for place in order_of]
    acts = dict(zip(("denied_at_us", "obtained_at_us", "ended_at_us"), slots[1:], strict=True))
    order = use(OrderKind.EXIGENT_PRTT, **acts)
    assert slots[0] == due and order.effective_window.end_us == min(slots)
    ends = use_ends(order)
    assert [one.at_us for one in ends] == sorted(slots)
    first = (End.DEADLINE, End.DENIED, End.OBTAINED, End.OVER)[slots.index(min(slots))]
    rules = {End.DEADLINE: "R-037", End.DENIED: "R-038", End.OBTAINED: "R-039", End.OVER: "R-040"}
    assert (ends[0].end, ends[0].rule) == (first, rules[first])


@pytest.mark.rule("R-041")
def test_what_was_taken_in_a_lapsed_use_is_the_whole_time_up_to_its_end() -> None:
    due = T0 + 24 * HOUR
    assert lapsed_period(use(OrderKind.EXIGENT_EAV_STATE)) == Window(T0, due)
    assert lapsed_period(use(OrderKind.EXIGENT_EAV_STATE, denied_at_us=T0 + HOUR)) == Window(T0, T0 + HOUR)
    revoked = replace(use(OrderKind.EXIGENT_EAV_STATE), revoked_at_us=T0 + 2 * HOUR)
    assert lapsed_period(revoked) == Window(T0, T0 + 2 * HOUR)
    assert lapsed_period(use(OrderKind.EXIGENT_EAV_STATE, order_issued_at_us=due)) is None


@pytest.mark.rule("R-042", "R-042.1")
def test_attack_a_late_approval_reopens_nothing() -> None:
    """Issued at t0 + 25 h before a state court: it covers from its own start; the hours before stay closed."""
    issued, due = T0 + 25 * HOUR, T0 + 24 * HOUR
    own = use(OrderKind.EXIGENT_EAV_STATE, Window(issued, issued + HOUR), order_issued_at_us=issued)
    assert late_approval(own) and lapse_us(own) is None and not lapsed(own, issued + DAY)
    assert own.effective_window == Window(issued, issued + HOUR)
    assert not any(takes(own, stamp) for stamp in (T0, due - 1, due, issued - 1)) and takes(own, issued)
    assert lapsed_period(own) == Window(T0, due)
    backdated = use(OrderKind.EXIGENT_EAV_STATE, Window(T0, issued + HOUR), order_issued_at_us=issued)
    assert backdated.effective_window.end_us == due == lapse_us(backdated)
    assert not any(takes(backdated, stamp) for stamp in (due, issued, issued + 1))


@pytest.mark.rule("R-043", "R-043.1", "R-043.2")
def test_a_temporary_warrant_of_the_state_ends_a_day_after_its_issue() -> None:
    """Whatever its window says, whether it was issued before use (C1) or after."""
    for issued in (T0 - HOUR, T0 + 23 * HOUR):
        order = use(OrderKind.EXIGENT_EAV_STATE, order_issued_at_us=issued)
        end = issued + 24 * HOUR
        assert takes(order, end - 1) and not takes(order, end) and not takes(order, end + SECOND)
        assert use_ends(order)[0] == (end, End.TEMPORARY, "R-043") and lapse_us(order) is None
    for kind in (OrderKind.EXIGENT_PRTT, OrderKind.EXIGENT_EAV_FEDERAL):
        assert use(kind, order_issued_at_us=T0).effective_window == ORDER.window


times = st.none() | st.integers(T0 - 3 * DAY, T0 + 4 * DAY)


@given(
    kind=st.sampled_from(sorted(HOURS)),
    start=st.integers(T0, T0 + 3 * DAY),
    issued=times,
    denied=times,
    obtained=times,
    ended=times,
    stamp=st.integers(T0 - HOUR, T0 + 4 * DAY),
)
def test_attack_no_combination_of_acts_takes_a_record_past_the_deadline_without_an_order(
    kind: OrderKind,
    start: int,
    issued: int | None,
    denied: int | None,
    obtained: int | None,
    ended: int | None,
    stamp: int,
) -> None:
    order = use(
        kind, Window(start, start + 10 * DAY), order_issued_at_us=issued, denied_at_us=denied, obtained_at_us=obtained,
        ended_at_us=ended,
    )  # fmt: skip
    due = T0 + HOURS[kind] * HOUR
    if takes(order, stamp):
        assert stamp < due or (issued is not None and (issued <= due or issued <= start))
        assert all(at is None or stamp < at for at in (denied, obtained, ended))
        assert all(stamp < one.at_us for one in use_ends(order))
    lapse, period = lapse_us(order), lapsed_period(order)
    assert (period is None) <= (lapse is None) and (lapse is None or order.effective_window.end_us <= lapse)
