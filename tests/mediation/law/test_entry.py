"""Entry checks: what an order must have to become one, and days counted on the calendar of the court."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mediation.law.court_days import COURT_ZONE, add_court_days
from mediation.law.entry import (
    MAX_AREAS,
    MAX_EXTENSIONS,
    MAX_TARGETS,
    MAX_TIME_US,
    MAX_VERSION,
    DocumentRefusedError,
    check_order,
    latest_end_us,
)
from mediation.law.orders import (
    CaseId,
    CourtOrder,
    Liid,
    OrderId,
    OrderKind,
    Service,
    Target,
    TargetKind,
    Window,
)

DAY = 86_400_000_000
HOUR = DAY // 24


def court_time(text: str) -> int:
    """Wall-clock time in New York, in microseconds UTC."""
    return int(datetime.fromisoformat(text).replace(tzinfo=COURT_ZONE).timestamp()) * 1_000_000


START = court_time("2026-06-01T09:00:00")
ORDER = CourtOrder(
    OrderId("O-1"), 1, OrderKind.EAVESDROPPING, CaseId("C-1"), Liid("LAB-1"), "LAB", Window(START, START + DAY),
    (Target(TargetKind.E164, "12125550101"),), frozenset({Service.VOICE}),
)  # fmt: skip
LONGEST = {
    OrderKind.PRTT: (60, "R-005"),
    OrderKind.EXIGENT_PRTT: (60, "R-005"),
    OrderKind.EAVESDROPPING: (30, "R-006"),
    OrderKind.EXIGENT_EAV_STATE: (30, "R-006"),
    OrderKind.EXIGENT_EAV_FEDERAL: (30, "R-006"),
    OrderKind.COVERT_AUDIO_WARRANT: (30, "R-006"),
}


def refused(order: CourtOrder, strict_days: bool = False) -> tuple[str, str]:
    with pytest.raises(DocumentRefusedError) as caught:
        check_order(order, strict_days)
    assert f"DOC_MISSING:{caught.value.item} ({caught.value.rule})" in str(caught.value)
    return caught.value.item, caught.value.rule


def test_a_complete_order_passes() -> None:
    check_order(ORDER)


@pytest.mark.parametrize(
    ("changes", "item", "rule"),
    [
        ({"targets": ()}, "target", "R-020"),
        ({"targets": ORDER.targets * (MAX_TARGETS + 1)}, "target", "R-020"),
        ({"services": frozenset()}, "services", "R-116"),
        ({"liid": ""}, "liid", "TS 102 232-1 5.2.2"),
        ({"liid": "L" * 26}, "liid", "TS 102 232-1 5.2.2"),
        ({"liid": "LAB\n1"}, "liid", "TS 102 232-1 5.2.2"),
        ({"liid": "LÄB-1"}, "liid", "TS 102 232-1 5.2.2"),
        ({"order_id": ""}, "order_id", "R-028"),
        ({"order_id": "../../etc/x"}, "order_id", "R-028"),
        ({"order_id": "-x"}, "order_id", "R-028"),
        ({"order_id": "O" * 65}, "order_id", "R-028"),
        ({"order_id": "O-1\n"}, "order_id", "R-028"),
        ({"case_id": ""}, "case_id", "R-028"),
        ({"case_id": "C" * 65}, "case_id", "R-028"),
        ({"agency": ""}, "agency", "R-028"),
        ({"agency": "a\x1bb"}, "agency", "R-028"),
        ({"version": 0}, "version", "R-028"),
        ({"version": MAX_VERSION + 1}, "version", "R-028"),
        ({"trap_area": frozenset({"1212", "x"})}, "trap_area", "R-024"),
        ({"trap_area": frozenset({""})}, "trap_area", "R-024"),
        ({"trap_area": frozenset(map(str, range(MAX_AREAS + 1)))}, "trap_area", "R-024"),
        ({"window": Window(START, START)}, "window", "R-002"),
        ({"window": Window(START, START - 1)}, "window", "R-002"),
        ({"window": Window(-1, START)}, "window", "R-002"),
        ({"window": Window(MAX_TIME_US - 1, MAX_TIME_US + 1)}, "window", "R-002"),
    ],
)
def test_what_is_missing_or_wrong_is_named_with_its_rule(changes: dict[str, Any], item: str, rule: str) -> None:
    assert refused(replace(ORDER, **changes)) == (item, rule)


@pytest.mark.parametrize(
    "changes",
    [
        {"targets": ORDER.targets * MAX_TARGETS},
        {"liid": "L" * 25},
        {"liid": " "},
        {"order_id": "a" * 64},
        {"version": MAX_VERSION},
        {"trap_area": frozenset(str(number) for number in range(MAX_AREAS))},
        {"window": Window(0, 1)},
        {"window": Window(MAX_TIME_US - 1, MAX_TIME_US)},
        {"kind": OrderKind.PRTT, "services": frozenset()},
    ],
)
def test_the_largest_and_smallest_that_fit_pass(changes: dict[str, Any]) -> None:
    check_order(replace(ORDER, **changes))


@pytest.mark.parametrize("kind", OrderKind)
def test_every_kind_lasts_its_days_and_not_a_microsecond_longer(kind: OrderKind) -> None:
    """R-005, R-006."""
    days, rule = LONGEST[kind]
    end = START + days * DAY
    assert latest_end_us(kind, START) == (end, rule), "no clock change falls into these days"
    for ok in (end, end - DAY, START + 1):
        check_order(replace(ORDER, kind=kind, window=Window(START, ok)))
    assert refused(replace(ORDER, kind=kind, window=Window(START, end + 1))) == ("window", rule)


@pytest.mark.parametrize(
    ("start", "end", "hours"),
    [
        ("2026-02-15T09:00:00", "2026-03-17T09:00:00", 30 * 24 - 1),
        ("2026-10-15T09:00:00", "2026-11-14T09:00:00", 30 * 24 + 1),
        ("2026-06-01T09:00:00", "2026-07-01T09:00:00", 30 * 24),
    ],
)
def test_thirty_days_from_nine_end_at_nine_also_across_a_clock_change(start: str, end: str, hours: int) -> None:
    begin = court_time(start)
    assert add_court_days(begin, 30) == court_time(end) == begin + hours * HOUR
    assert add_court_days(begin + 7, 30) == court_time(end) + 7, "microseconds are kept"
    order = replace(ORDER, window=Window(begin, court_time(end)))
    check_order(order)
    assert refused(replace(order, window=Window(begin, court_time(end) + 1))) == ("window", "R-006")


def test_strict_days_take_the_shorter_of_calendar_and_hours() -> None:
    """Conflict C5 of the rules list, as configuration."""
    for start in ("2026-02-15T09:00:00", "2026-10-15T09:00:00"):
        begin = court_time(start)
        calendar, _ = latest_end_us(OrderKind.EAVESDROPPING, begin)
        strict, _ = latest_end_us(OrderKind.EAVESDROPPING, begin, strict_days=True)
        assert strict == min(calendar, begin + 30 * DAY)
        order = replace(ORDER, window=Window(begin, strict))
        check_order(order, strict_days=True)
        assert refused(replace(order, window=Window(begin, strict + 1)), strict_days=True) == ("window", "R-006")


@given(st.integers(0, MAX_TIME_US), st.integers(1, 366))
def test_days_of_the_court_are_days_but_for_one_hour(start: int, days: int) -> None:
    assert abs(add_court_days(start, days) - start - days * DAY) <= HOUR


@pytest.mark.parametrize("kind", [OrderKind.EXIGENT_EAV_STATE, OrderKind.EXIGENT_EAV_FEDERAL])
def test_attack_an_emergency_order_is_never_extended_whoever_asks(kind: OrderKind) -> None:
    """R-017."""
    order = replace(ORDER, kind=kind, extensions_us=(START + HOUR,))
    assert refused(order) == ("extensions", "R-017")


def test_each_period_of_an_extended_order_may_last_its_days() -> None:
    """R-011, R-012, R-016: a fifth extension is as good as a first, each counted from where it took over."""
    edges = [START]
    for _ in range(6):
        edges.append(add_court_days(edges[-1], 30))
    order = replace(ORDER, window=Window(START, edges[-1]), extensions_us=tuple(edges[1:-1]))
    check_order(order)
    assert refused(replace(order, window=Window(START, edges[-1] + 1))) == ("window", "R-006")
    assert refused(replace(order, extensions_us=tuple(edges[2:-1]))) == ("window", "R-006"), "sixty days in one"


@pytest.mark.parametrize(
    "cuts", [(START,), (START - 1,), (START + DAY,), (START + 2, START + 2), (START + 3, START + 2)]
)
def test_attack_extensions_outside_the_window_or_out_of_order_are_refused(cuts: tuple[int, ...]) -> None:
    """R-014: each begins where one ended, inside the window."""
    assert refused(replace(ORDER, extensions_us=cuts)) == ("extensions", "R-014")


def test_more_extensions_than_a_document_holds_are_refused() -> None:
    cuts = tuple(START + number for number in range(1, MAX_EXTENSIONS + 2))
    assert refused(replace(ORDER, extensions_us=cuts)) == ("extensions", "R-016")
    check_order(replace(ORDER, extensions_us=cuts[:-1]))
