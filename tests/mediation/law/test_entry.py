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
    conflicts,
    latest_end_us,
)
from mediation.law.orders import (
    CaseId,
    CourtOrder,
    Exigency,
    Jurisdiction,
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


@pytest.mark.parametrize(
    "kind",
    [
        pytest.param(OrderKind.PRTT, marks=pytest.mark.rule("R-005", "R-005.1", "R-005.2", "R-005.3")),
        pytest.param(OrderKind.EXIGENT_PRTT, marks=pytest.mark.rule("R-005")),
        pytest.param(OrderKind.EAVESDROPPING, marks=pytest.mark.rule("R-006", "R-006.1", "R-006.2")),
        pytest.param(OrderKind.EXIGENT_EAV_STATE, marks=pytest.mark.rule("R-006")),
        pytest.param(OrderKind.EXIGENT_EAV_FEDERAL, marks=pytest.mark.rule("R-006")),
        pytest.param(OrderKind.COVERT_AUDIO_WARRANT, marks=pytest.mark.rule("R-006")),
    ],
)
def test_every_kind_lasts_its_days_and_not_a_microsecond_longer(kind: OrderKind) -> None:
    days, rule = LONGEST[kind]
    end = START + days * DAY
    assert latest_end_us(kind, START) == (end, rule), "no clock change falls into these days"
    for ok in (end, end - DAY, START + 1):
        check_order(replace(ORDER, kind=kind, window=Window(START, ok)))
    assert refused(replace(ORDER, kind=kind, window=Window(START, end + 1))) == ("window", rule)


@pytest.mark.rule("R-005", "R-005.4")
@pytest.mark.parametrize("kind", [OrderKind.PRTT, OrderKind.EAVESDROPPING])
@pytest.mark.parametrize("length", [0, -1, -DAY])
def test_an_order_of_no_time_or_less_is_refused(kind: OrderKind, length: int) -> None:
    assert refused(replace(ORDER, kind=kind, window=Window(START, START + length))) == ("window", "R-002")


@pytest.mark.parametrize(
    ("start", "end", "hours"),
    [
        ("2026-02-15T09:00:00", "2026-04-16T09:00:00", 60 * 24 - 1),
        ("2026-10-01T09:00:00", "2026-11-30T09:00:00", 60 * 24 + 1),
    ],
)
def test_sixty_days_across_a_clock_change_to_the_microsecond(start: str, end: str, hours: int) -> None:
    """R-005: the hour that March leaves out and November has twice belongs to the sixty days."""
    begin = court_time(start)
    assert court_time(end) == begin + hours * HOUR
    order = replace(ORDER, kind=OrderKind.PRTT, window=Window(begin, court_time(end)))
    check_order(order)
    assert refused(replace(order, window=Window(begin, court_time(end) + 1))) == ("window", "R-005")


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


@pytest.mark.rule("R-017")
@pytest.mark.parametrize("kind", [OrderKind.EXIGENT_EAV_STATE, OrderKind.EXIGENT_EAV_FEDERAL])
def test_attack_an_emergency_order_is_never_extended_whoever_asks(kind: OrderKind) -> None:
    """R-017."""
    order = replace(ORDER, kind=kind, extensions_us=(START + HOUR,))
    assert refused(order) == ("extensions", "R-017")


@pytest.mark.rule("R-016")
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


# ---- issue and entry


@pytest.mark.rule("R-007", "R-007.1", "R-007.2")
@pytest.mark.parametrize("issued", ["2026-06-01T09:00:00", "2026-03-01T09:00:00", "2026-10-28T09:00:00"])
def test_a_warrant_of_the_state_begins_within_ten_days_of_its_issue(issued: str) -> None:
    at = court_time(issued)
    for start, ok in ((at, True), (add_court_days(at, 10), True), (add_court_days(at, 10) + 1, False)):
        order = replace(ORDER, issued_at_us=at, window=Window(start, start + DAY))
        check_order(order) if ok else None
        assert ok or refused(order) == ("start", "R-007")
    later = replace(ORDER, issued_at_us=at, window=Window(add_court_days(at, 11), add_court_days(at, 12)))
    assert refused(later) == ("start", "R-007")
    check_order(replace(later, jurisdiction=Jurisdiction.FEDERAL))
    check_order(replace(later, kind=OrderKind.PRTT))


def test_attack_an_order_that_begins_before_it_was_issued() -> None:
    """R-015: nothing is authorised afterwards. Only an emergency is used before its order."""
    early = replace(ORDER, issued_at_us=START + 1)
    for kind in OrderKind:
        if kind.exigent:
            check_order(replace(early, kind=kind))
        else:
            assert refused(replace(early, kind=kind)) == ("start", "R-015")


FEDERAL = replace(ORDER, jurisdiction=Jurisdiction.FEDERAL, entered_at_us=START)


@pytest.mark.parametrize("entered", ["2026-06-01T09:00:00", "2026-02-20T09:00:00", "2026-10-15T09:00:00"])
@pytest.mark.rule("R-008", "R-008.1", "R-008.2", "R-008.3")
def test_federal_days_run_from_the_first_interception_or_ten_days_after_entry(entered: str) -> None:
    at = court_time(entered)
    day = {number: add_court_days(at, number) for number in (3, 10, 12, 33, 40)}
    order = replace(FEDERAL, entered_at_us=at, window=Window(at, day[40]))
    check_order(order)
    for first, end in ((day[3], day[33]), (None, day[40]), (day[10], day[40]), (day[12], day[40])):
        window = replace(order, first_interception_us=first).effective_window
        assert window == Window(at, end) and window.contains(end - 1) and not window.contains(end)
    assert replace(order, first_interception_us=day[10] - 1).effective_window.end_us < day[40]


def test_a_federal_warrant_may_be_written_for_forty_days_from_its_entry_and_not_for_longer() -> None:
    """R-008. Its extensions last thirty days like any other (R-012)."""
    forty = add_court_days(START, 40)
    order = replace(FEDERAL, window=Window(START, forty))
    check_order(order)
    assert refused(replace(order, window=Window(START, forty + 1))) == ("window", "R-008")
    assert refused(replace(order, entered_at_us=None)) == ("window", "R-006"), "without its entry thirty days are all"
    assert refused(replace(order, jurisdiction=Jurisdiction.STATE)) == ("window", "R-006"), "the state has thirty"
    assert refused(replace(ORDER, entered_at_us=START)) == ("entered_at", "R-008")
    longer = replace(order, extensions_us=(forty,), window=Window(START, add_court_days(forty, 30)))
    check_order(longer)
    assert refused(replace(longer, window=Window(START, longer.window.end_us + 1))) == ("window", "R-006")
    check_order(replace(FEDERAL, kind=OrderKind.PRTT, window=Window(START, add_court_days(START, 60))))


def test_attack_an_entry_put_off_to_make_the_federal_days_run_later() -> None:
    """R-008: the order begins with its entry, so no later entry lengthens it; an emergency has thirty days as it is."""
    late = replace(FEDERAL, entered_at_us=START + 90 * DAY, window=Window(START, START + 120 * DAY))
    assert refused(late) == ("start", "R-008")
    assert refused(replace(FEDERAL, entered_at_us=START + 1)) == ("start", "R-008")
    emergency = replace(late, kind=OrderKind.EXIGENT_EAV_FEDERAL)
    assert refused(emergency) == ("window", "R-006")
    check_order(replace(emergency, window=Window(START, START + 30 * DAY)))


def test_strict_days_count_a_federal_warrant_in_hours_too() -> None:
    entered = court_time("2026-10-15T09:00:00")
    ten = add_court_days(entered, 10)
    order = replace(FEDERAL, entered_at_us=entered, window=Window(entered, ten + 30 * DAY))
    check_order(order, strict_days=True)
    longer = replace(order, window=Window(entered, ten + 30 * DAY + 1))
    check_order(longer)
    assert refused(longer, strict_days=True) == ("window", "R-008")


def test_a_pen_register_has_no_described_communication_to_end_with() -> None:
    """R-010."""
    check_order(replace(ORDER, terminate_on_first=True))
    assert refused(replace(ORDER, kind=OrderKind.PRTT, terminate_on_first=True)) == ("terminate_on_first", "R-010")


# ---- emergencies

USE = Exigency(START)


@pytest.mark.parametrize(
    ("kind", "changes", "item", "rule"),
    [
        ("EXIGENT_EAV_STATE", {"jurisdiction": Jurisdiction.FEDERAL}, "jurisdiction", "R-034"),
        ("EAVESDROPPING", {"exigent": USE}, "activated_at", "R-036"),
        ("PRTT", {"exigent": USE}, "activated_at", "R-036"),
        ("EXIGENT_PRTT", {"exigent": Exigency(START + 1)}, "start", "R-036"),
        ("EXIGENT_PRTT", {"exigent": replace(USE, denied_at_us=START - 1)}, "denied_at", "R-038"),
        ("EXIGENT_PRTT", {"exigent": replace(USE, obtained_at_us=START - 1)}, "obtained_at", "R-039"),
        ("EXIGENT_PRTT", {"exigent": replace(USE, ended_at_us=START - 1)}, "exigency_ended_at", "R-040"),
        (
            "EXIGENT_PRTT",
            {"exigent": replace(USE, order_issued_at_us=START + 48 * HOUR + 1)},
            "order_issued_at",
            "R-042",
        ),
        ("EXIGENT_EAV_STATE", {"exigent": replace(USE, order_issued_at_us=START - 1)}, "end", "R-043"),
    ],
)
def test_what_an_emergency_may_not_say_of_itself(kind: str, changes: dict[str, Any], item: str, rule: str) -> None:
    assert refused(replace(ORDER, kind=OrderKind(kind), **changes)) == (item, rule)


@pytest.mark.rule("R-043", "R-043.1", "R-043.2")
def test_a_temporary_warrant_written_for_more_than_a_day_is_refused() -> None:
    use = replace(USE, order_issued_at_us=START)
    order = replace(ORDER, kind=OrderKind.EXIGENT_EAV_STATE, exigent=use)
    check_order(replace(order, window=Window(START, START + 24 * HOUR)))
    assert refused(replace(order, window=Window(START, START + 24 * HOUR + 1_000_000))) == ("end", "R-043")
    check_order(replace(order, kind=OrderKind.EXIGENT_EAV_FEDERAL, window=Window(START, START + 30 * DAY)))


@pytest.mark.rule("R-042", "R-042.1")
def test_a_late_approval_is_entered_with_a_start_of_its_own() -> None:
    issued = START + 25 * HOUR
    late = replace(ORDER, kind=OrderKind.EXIGENT_EAV_STATE, exigent=replace(USE, order_issued_at_us=issued))
    check_order(replace(late, window=Window(issued, issued + DAY)))
    assert refused(replace(late, window=Window(issued - 1, issued + HOUR))) == ("order_issued_at", "R-042")
    in_time = replace(USE, order_issued_at_us=START + 24 * HOUR)
    check_order(replace(late, exigent=in_time, window=Window(START, START + 48 * HOUR)))


@pytest.mark.parametrize("acts", [{}, {"denied_at_us": START}, {"obtained_at_us": START}, {"ended_at_us": START}])
def test_an_emergency_may_end_as_soon_as_it_began(acts: dict[str, int]) -> None:
    check_order(replace(ORDER, kind=OrderKind.EXIGENT_PRTT, exigent=replace(USE, **acts)))


# ---- two agencies: R-026


@pytest.mark.rule("R-026")
def test_two_agencies_never_share_a_liid() -> None:
    mine = replace(ORDER, order_id=OrderId("O-2"))
    theirs = replace(ORDER, order_id=OrderId("B-1"), agency="OTHER")
    elsewhere = replace(theirs, liid=Liid("LAB-2"))
    assert conflicts((ORDER, mine), theirs) == (ORDER, mine)
    assert conflicts((ORDER, mine), elsewhere) == () == conflicts((ORDER, elsewhere), mine)
    assert conflicts((), theirs) == ()


@pytest.mark.rule("R-020")
def test_an_order_without_a_target_is_refused() -> None:
    assert refused(replace(ORDER, targets=())) == ("target", "R-020")
