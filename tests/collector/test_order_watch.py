"""The order watch: every instant told once, in order, at the instant, by nobody's doing."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from asn1.errors import RefusedError
from collector import order_watch as watch
from collector.order_watch import due, end_us, happenings, next_us, said_in, state_at, unsafe
from mediation.law.exigent import deadline_us
from mediation.law.lifecycle import OrderEvent, after
from mediation.law.orders import (
    CaseId,
    CourtOrder,
    Exigency,
    Jurisdiction,
    Liid,
    OrderId,
    OrderKind,
    OrderState,
    Target,
    TargetKind,
    Window,
)

HOUR = 3_600_000_000
DAY = 24 * HOUR
T0 = 1_780_000_000_000_000


def order(kind: OrderKind = OrderKind.EAVESDROPPING, **changes: Any) -> CourtOrder:
    values: dict[str, Any] = {"window": Window(T0, T0 + 20 * DAY), "targets": (Target(TargetKind.E164, "12125550101"),)}
    values |= changes
    return CourtOrder(OrderId("O-1"), values.pop("version", 1), kind, CaseId("C"), Liid("L"), "LEA", **values)


def exigent(kind: OrderKind = OrderKind.EXIGENT_EAV_STATE, version: int = 1, **times: int) -> CourtOrder:
    return order(kind, version=version, exigent=Exigency(T0, **times))


def told(one: CourtOrder, now_us: int) -> list[tuple[str, int]]:
    return [(each.kind, each.at_us) for each in happenings(one, now_us)]


@pytest.mark.rule("R-002", "R-027")
def test_an_order_begins_at_its_start_and_ends_at_its_end() -> None:
    one = order()
    end = one.window.end_us
    assert told(one, T0 - 1) == [] and state_at(one, T0 - 1) is OrderState.ISSUED
    assert told(one, T0) == [("order_started", T0)] and state_at(one, T0) is OrderState.ACTIVE
    assert told(one, end - 1) == [("order_started", T0)] and state_at(one, end - 1) is OrderState.ACTIVE
    assert state_at(one, end) is OrderState.EXPIRED
    assert told(one, end)[1:] == [("order_expired", end), ("access_ended", end), ("seal_due", end)]


@pytest.mark.rule("R-130", "R-130.1")
def test_access_ends_at_the_end_and_not_a_microsecond_before() -> None:
    one = order(OrderKind.PRTT)
    end = one.window.end_us
    assert "access_ended" not in dict(told(one, end - 1))
    assert dict(told(one, end + 1))["access_ended"] == end
    (entry,) = [each for each in happenings(one, end) if each.kind == "access_ended"]
    assert entry.fields()["actor"] == "SYS" and entry.fields()["rules"] == ["R-130"]


@pytest.mark.rule("R-131", "R-131.1")
def test_sealing_is_due_at_the_end_of_a_warrant_with_its_two_limits() -> None:
    end = order().window.end_us
    (seal,) = [each for each in happenings(order(), end) if each.kind == "seal_due"]
    assert seal.fields()["start_by_us"] == end + 24 * HOUR and seal.fields()["finish_by_us"] == end + 48 * HOUR
    assert "seal_due" not in dict(told(order(OrderKind.PRTT), end))


@pytest.mark.rule("R-037", "R-037.1")
@pytest.mark.parametrize(
    ("kind", "hours"),
    [(OrderKind.EXIGENT_PRTT, 48), (OrderKind.EXIGENT_EAV_STATE, 24), (OrderKind.EXIGENT_EAV_FEDERAL, 48)],
)
def test_a_missed_deadline_lapses_by_itself_at_the_deadline(kind: OrderKind, hours: int) -> None:
    one, deadline = exigent(kind), T0 + hours * HOUR
    assert deadline_us(one) == deadline
    # At the deadline itself the order may still be issued; a microsecond later it was not.
    assert told(one, deadline) == [("order_started", T0)] and state_at(one, deadline) is OrderState.ACTIVE
    assert state_at(one, deadline + 1) is OrderState.LAPSED
    found = told(one, deadline + 1)
    assert ("lapse", deadline) in found and ("access_ended", deadline) in found and "order_expired" not in dict(found)
    (lapse,) = [each for each in happenings(one, deadline + 1) if each.kind == "lapse"]
    assert lapse.fields()["actor"] == "SYS" and lapse.fields()["state"] == "LAPSED"
    assert "R-037" in lapse.rules


@pytest.mark.rule("R-037")
def test_an_order_issued_at_the_deadline_is_in_time_and_nothing_lapses() -> None:
    one = exigent(OrderKind.EXIGENT_PRTT, order_issued_at_us=T0 + 48 * HOUR)
    assert state_at(one, T0 + 48 * HOUR + 1) is OrderState.ACTIVE
    assert "lapse" not in dict(told(one, T0 + 60 * DAY))
    late = exigent(OrderKind.EXIGENT_PRTT, order_issued_at_us=T0 + 48 * HOUR + 1)
    assert dict(told(late, T0 + 48 * HOUR + 1))["lapse"] == T0 + 48 * HOUR


@pytest.mark.rule("R-038", "R-038.1")
def test_a_denial_ends_the_use_at_once() -> None:
    one = exigent(denied_at_us=T0 + 5 * HOUR)
    assert end_us(one) == T0 + 5 * HOUR and not one.effective_window.contains(T0 + 5 * HOUR)
    assert one.effective_window.contains(T0 + 5 * HOUR - 1)
    (lapse,) = [each for each in happenings(one, T0 + 5 * HOUR) if each.kind == "lapse"]
    assert lapse.at_us == T0 + 5 * HOUR and "R-038" in lapse.rules


@pytest.mark.rule("R-039", "R-039.1")
def test_what_was_sought_is_obtained_and_the_use_ends_then() -> None:
    one = exigent(obtained_at_us=T0 + 5 * HOUR)
    assert not one.effective_window.contains(T0 + 5 * HOUR) and one.effective_window.contains(T0 + 5 * HOUR - 1)
    (over,) = [each for each in happenings(one, T0 + 5 * HOUR) if each.kind == "order_expired"]
    assert over.at_us == T0 + 5 * HOUR and "R-039" in over.rules and over.state is OrderState.TERMINATED
    # It still needs its order by the deadline.
    assert dict(told(one, T0 + 24 * HOUR + 1))["lapse"] == T0 + 24 * HOUR


@pytest.mark.rule("R-040", "R-040.1")
@pytest.mark.parametrize("first", ["deadline", "denied_at_us", "obtained_at_us", "ended_at_us"])
def test_the_first_of_the_four_ends_the_use(first: str) -> None:
    times = {"denied_at_us": T0 + 30 * HOUR, "obtained_at_us": T0 + 31 * HOUR, "ended_at_us": T0 + 32 * HOUR}
    wanted = T0 + 24 * HOUR
    if first != "deadline":
        wanted = times[first] = T0 + 3 * HOUR
    one = exigent(**times)
    assert end_us(one) == wanted
    assert dict(told(one, T0 + 40 * HOUR))["access_ended"] == wanted


def test_a_revocation_and_an_objective_attained_are_ends_of_their_own() -> None:
    revoked = order(state=OrderState.REVOKED, revoked_at_us=T0 + DAY)
    assert state_at(revoked, T0 + DAY - 1) is OrderState.ACTIVE and state_at(revoked, T0 + DAY) is OrderState.REVOKED
    attained = order(state=OrderState.TERMINATED, objective_attained_at_us=T0 + DAY)
    assert state_at(attained, T0 + DAY) is OrderState.TERMINATED
    (over,) = [each for each in happenings(attained, T0 + DAY) if each.kind == "order_expired"]
    assert "R-009" in over.rules


def test_a_draft_does_nothing_and_an_order_that_never_began_only_ends() -> None:
    assert told(order(state=OrderState.DRAFT), T0 + 90 * DAY) == []
    never = order(revoked_at_us=T0)
    assert "order_started" not in dict(told(never, T0 + DAY)) and dict(told(never, T0 + DAY))["order_expired"] == T0


def test_a_clock_that_jumps_over_everything_passes_it_in_order_and_once() -> None:
    first, second = order(), replace(exigent(OrderKind.EXIGENT_PRTT), order_id=OrderId("O-0"), liid=Liid("M"))
    now_us = T0 + 90 * DAY
    found = due((first, second), now_us, set())
    assert [one.at_us for one in found] == sorted(one.at_us for one in found)
    assert [one.kind for one in found] == [
        "order_started", "order_started", "lapse", "access_ended", "order_expired", "access_ended", "seal_due",
    ]  # fmt: skip
    assert due((first, second), now_us, {one.key for one in found}) == ()
    entries = [{"kind": one.kind, "fields": one.fields()} for one in found]
    assert due((first, second), now_us, said_in(entries)) == ()


def test_step_by_step_says_the_same_as_a_jump() -> None:
    orders = (order(), replace(exigent(), order_id=OrderId("O-0")))
    said: set[watch.Key] = set()
    steps, now_us = [], T0 - DAY
    while now_us < T0 + 40 * DAY:
        steps += due(orders, now_us, said)
        said |= {one.key for one in steps}
        now_us = min(next_us(orders, now_us), T0 + 40 * DAY)
    assert steps == list(due(orders, T0 + 40 * DAY, set()))


def test_the_next_instant_is_never_now() -> None:
    one = exigent(OrderKind.EXIGENT_PRTT)
    deadline = T0 + 48 * HOUR
    assert next_us((one,), T0 - 1) == T0 and next_us((one,), T0) == deadline
    assert next_us((one,), deadline) == deadline + 1
    assert next_us((one,), deadline + 1) == watch.NEVER_US and next_us((), T0) == watch.NEVER_US


def test_an_order_in_time_that_came_late_lifts_the_lapse_once() -> None:
    before, deadline = exigent(OrderKind.EXIGENT_PRTT), T0 + 48 * HOUR
    said = {one.key for one in due((before,), deadline + DAY, set())}
    after = exigent(OrderKind.EXIGENT_PRTT, version=2, order_issued_at_us=deadline)
    (lifted,) = due((after,), deadline + 2 * DAY, said)
    assert (lifted.kind, lifted.at_us, lifted.state) == ("lapse_lifted", deadline, OrderState.ACTIVE)
    assert due((after,), deadline + 2 * DAY, said | {lifted.key}) == ()


def test_attack_a_late_order_never_lifts_a_lapse() -> None:
    before, deadline = exigent(), T0 + 24 * HOUR
    said = {one.key for one in due((before,), deadline + DAY, set())}
    late = exigent(version=2, order_issued_at_us=T0 + 25 * HOUR)
    assert due((late,), deadline + 2 * DAY, said) == ()
    alone = replace(late, window=Window(T0 + 25 * HOUR, T0 + 20 * DAY))
    kinds = [one.kind for one in due((alone,), T0 + 26 * HOUR, said)]
    assert kinds == ["order_started"]
    assert state_at(alone, T0 + 26 * HOUR) is OrderState.ACTIVE


def test_an_extension_moves_the_end_and_a_new_end_is_told_again() -> None:
    before = order()
    said = {one.key for one in due((before,), before.window.end_us, set())}
    longer = order(version=2, window=Window(T0, before.window.end_us + 10 * DAY))
    assert due((longer,), before.window.end_us + DAY, said) == ()
    assert {one.kind for one in due((longer,), longer.window.end_us, said)} == {
        "order_expired", "access_ended", "seal_due",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("first_days", "end_days"),
    [
        pytest.param(3, 33, marks=pytest.mark.rule("R-008", "R-008.1")),
        pytest.param(None, 40, marks=pytest.mark.rule("R-008", "R-008.2")),
        pytest.param(12, 40, marks=pytest.mark.rule("R-008", "R-008.3")),
    ],
)
def test_thirty_days_from_the_first_interception_or_ten_days_after_entry(first_days: Any, end_days: int) -> None:
    one = order(
        window=Window(T0, T0 + 60 * DAY), jurisdiction=Jurisdiction.FEDERAL, entered_at_us=T0,
        first_interception_us=None if first_days is None else T0 + first_days * DAY,
    )  # fmt: skip
    assert end_us(one) == pytest.approx(T0 + end_days * DAY, abs=HOUR)
    assert state_at(one, end_us(one)) is OrderState.EXPIRED and state_at(one, end_us(one) - 1) is OrderState.ACTIVE


@pytest.mark.rule("R-143")
def test_records_may_only_go_quietly_when_the_order_is_handed_off() -> None:
    for state in OrderState:
        one = order(state=state)
        safe = state in (OrderState.HANDED_OFF, OrderState.CLOSED)
        assert (bytes(one.uid) in unsafe((one,))) is not safe


@pytest.mark.rule("R-130", "R-130.2")
def test_closed_comes_only_behind_a_hand_off() -> None:
    for state in OrderState:
        if state is OrderState.HANDED_OFF:
            assert after(state, OrderEvent.CLOSE) is OrderState.CLOSED
        else:
            with pytest.raises(RefusedError):
                after(state, OrderEvent.CLOSE)
