"""Clocks: each duty at its last instant, one step later, and undone; none of them stops anything."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from asn1.errors import LocalError
from mediation.law.court_days import DAY_US, HOUR_US, add_court_days
from mediation.law.duties import (
    TABLE,
    Act,
    Duty,
    DutyKind,
    DutyState,
    OrderFacts,
    Severity,
    alarms,
    duties_of,
    duty,
    january_report,
    notice_duty,
    progress_reports,
    state_of,
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
START = 1_772_373_600 * SECOND
END = add_court_days(START, 30)
WARRANT = CourtOrder(
    OrderId("O-1"),
    1,
    OrderKind.EAVESDROPPING,
    CaseId("C-1"),
    Liid("LAB-1"),
    "LAB-LEA",
    Window(START, END),
    (Target(TargetKind.E164, "12125550101"),),
    frozenset({Service.VOICE}),
)


def state(one: Duty, done_us: int | None, now_us: int | None = None) -> DutyState:
    acts = [] if done_us is None else [Act(one.kind, one.subject, done_us)]
    return state_of(one, acts, max(done_us or 0, now_us or 0))


def raised(one: Duty, done_us: int | None, now_us: int | None = None) -> Severity | None:
    """The severity of the alarm that comes of it."""
    acts = [] if done_us is None else [Act(one.kind, one.subject, done_us)]
    found = alarms([one], acts, max(done_us or 0, now_us or 0))
    return found[0].severity if found else None


@pytest.mark.rule("R-044", "R-044.1")
def test_a_transcript_filed_at_24_hours_is_in_time() -> None:
    (due,) = [one for one in _oral() if one.kind is DutyKind.TRANSCRIPT]
    assert due.due_us == START + 24 * HOUR_US
    assert state(due, START + 24 * HOUR_US) is DutyState.MET


@pytest.mark.rule("R-044", "R-044.2")
def test_a_transcript_filed_later_is_an_alarm_and_the_order_stays() -> None:
    (due,) = [one for one in _oral() if one.kind is DutyKind.TRANSCRIPT]
    assert raised(due, START + 24 * HOUR_US + 1) is Severity.ALARM
    assert raised(due, None, START + 24 * HOUR_US + 1) is Severity.ALARM
    order = _oral_order()
    assert order.effective_window == Window(START, START + 24 * HOUR_US)


def _oral_order() -> CourtOrder:
    exigency = Exigency(START, order_issued_at_us=START)
    return CourtOrder(
        OrderId("O-2"), 1, OrderKind.EXIGENT_EAV_STATE, CaseId("C-1"), Liid("LAB-2"), "LAB-LEA",
        Window(START, END), WARRANT.targets, WARRANT.services, exigent=exigency,
    )  # fmt: skip


def _oral() -> tuple[Duty, ...]:
    return duties_of(_oral_order(), OrderFacts(oral=True))


@pytest.mark.rule("R-067", "R-067.1")
def test_a_progress_report_at_its_due_time_is_in_time() -> None:
    first, second, third = progress_reports("O-1", START, END, 10)
    assert [one.due_us for one in (first, second, third)] == [add_court_days(START, days) for days in (10, 20, 30)]
    assert state(second, second.due_us) is DutyState.MET
    assert raised(second, second.due_us) is None


@pytest.mark.rule("R-067", "R-067.2")
def test_a_progress_report_one_second_late_is_an_alarm_and_stops_nothing() -> None:
    second = progress_reports("O-1", START, END, 10)[1]
    assert state(second, second.due_us + SECOND) is DutyState.LATE
    assert raised(second, second.due_us + SECOND) is Severity.ALARM
    assert WARRANT.effective_window == Window(START, END)


@pytest.mark.rule("R-067")
def test_each_progress_report_answers_for_itself() -> None:
    reports = progress_reports("O-1", START, END, 10)
    acts = [Act(DutyKind.PROGRESS_REPORT, "O-1/1", reports[0].due_us)]
    assert [state_of(one, acts, reports[1].due_us + 1) for one in reports] == [
        DutyState.MET,
        DutyState.OVERDUE,
        DutyState.DUE,
    ]
    assert progress_reports("O-1", START, START + DAY_US, 10) == ()
    assert set(reports) <= set(duties_of(WARRANT, OrderFacts(progress_every_days=10)))
    with pytest.raises(LocalError):
        progress_reports("O-1", START, END, 0)


@pytest.mark.rule("R-084", "R-084.1")
def test_a_tour_without_an_inspection_is_an_alarm() -> None:
    tour = duty(DutyKind.INSPECTION, "F1/2026-03-01/1", START, START + 8 * HOUR_US)
    assert raised(tour, None, tour.due_us) is None
    assert raised(tour, None, tour.due_us + 1) is Severity.ALARM
    assert raised(tour, START + HOUR_US, tour.due_us + 1) is None
    # An inspection of the tour before, or of another facility, is not one of this tour.
    assert state_of(tour, [Act(tour.kind, tour.subject, START - 1)], tour.due_us + 1) is DutyState.OVERDUE
    assert state_of(tour, [Act(tour.kind, "F2/2026-03-01/1", START)], tour.due_us + 1) is DutyState.OVERDUE


@pytest.mark.rule("R-131", "R-131.1")
@pytest.mark.parametrize(
    ("kind", "hours", "severity"),
    [(DutyKind.SEAL_STARTED, 24, Severity.ALARM), (DutyKind.SEAL_FINISHED, 48, Severity.VIOLATION)],
)
def test_sealing_starts_within_24_hours_and_is_finished_within_48(
    kind: DutyKind, hours: int, severity: Severity
) -> None:
    (due,) = [one for one in duties_of(WARRANT, OrderFacts()) if one.kind is kind]
    assert due.due_us == END + hours * HOUR_US
    assert raised(due, None, due.due_us) is None
    assert raised(due, due.due_us) is None
    assert raised(due, None, due.due_us + 1) is severity
    assert raised(due, due.due_us + 1) is severity


@pytest.mark.rule("R-136", "R-136.1", "R-136.2")
def test_notice_on_day_90_is_in_time_and_on_day_91_a_violation() -> None:
    due = notice_duty(WARRANT, END)
    assert due is not None and due.rule == "R-136"
    assert raised(due, add_court_days(END, 90)) is None
    assert raised(due, add_court_days(END, 90) + 1) is Severity.VIOLATION
    assert raised(due, add_court_days(END, 91)) is Severity.VIOLATION
    assert raised(due, None, add_court_days(END, 91)) is Severity.VIOLATION


@pytest.mark.rule("R-137", "R-137.2")
def test_while_a_postponement_stands_the_90_days_do_not_run() -> None:
    assert notice_duty(WARRANT, END, "P-1") is None
    kinds = {one.kind for one in duties_of(WARRANT, OrderFacts(postponement_id="P-1"))}
    assert DutyKind.NOTICE not in kinds and DutyKind.SEAL_STARTED in kinds


@pytest.mark.rule("R-137", "R-137.1")
@pytest.mark.parametrize("postponement", [None, "", "  "])
def test_a_postponement_without_its_order_postpones_nothing(postponement: str | None) -> None:
    assert notice_duty(WARRANT, END, postponement) == duty(DutyKind.NOTICE, "O-1", END)


@pytest.mark.rule("R-138", "R-138.1")
def test_notice_is_due_after_a_denial_too() -> None:
    exigency = Exigency(START, denied_at_us=START + 5 * HOUR_US)
    denied = CourtOrder(
        OrderId("O-3"), 1, OrderKind.EXIGENT_EAV_STATE, CaseId("C-1"), Liid("LAB-3"), "LAB-LEA",
        Window(START, END), WARRANT.targets, WARRANT.services, exigent=exigency,
    )  # fmt: skip
    due = notice_duty(denied, END)
    assert due == Duty(DutyKind.NOTICE, "O-3", START + 5 * HOUR_US, add_court_days(START + 5 * HOUR_US, 90), "R-138")
    assert due in duties_of(denied, OrderFacts())


@pytest.mark.rule("R-139", "R-139.1")
def test_the_report_to_the_courts_on_day_30_is_in_time_and_on_day_31_an_alarm() -> None:
    (due,) = [one for one in duties_of(WARRANT, OrderFacts()) if one.kind is DutyKind.COURT_REPORT]
    assert raised(due, add_court_days(END, 30)) is None
    assert raised(due, add_court_days(END, 31)) is Severity.ALARM
    assert raised(due, None, add_court_days(END, 31)) is Severity.ALARM


@pytest.mark.rule("R-139")
def test_the_yearly_report_is_due_when_the_following_january_is_over() -> None:
    due = january_report("O-1", END)
    assert datetime.fromtimestamp((due.due_us + 1) // SECOND, UTC).isoformat() == "2027-02-01T05:00:00+00:00"
    new_year = int(datetime(2027, 1, 1, 4, 59, 59, tzinfo=UTC).timestamp()) * SECOND
    assert january_report("O-1", new_year).due_us == due.due_us
    assert january_report("O-1", new_year + SECOND).due_us > due.due_us


@pytest.mark.rule("R-146", "R-146.1")
def test_a_device_still_active_at_the_end_is_an_alarm() -> None:
    (due,) = [one for one in duties_of(WARRANT, OrderFacts(devices=("D-1",))) if one.subject == "D-1"]
    assert raised(due, None, END - 1) is None
    assert raised(due, None, END) is Severity.ALARM
    assert raised(due, END + 1) is Severity.ALARM
    assert raised(due, END) is None
    assert raised(due, START, END) is None


@pytest.mark.rule("R-148", "R-148.1", "R-148.2")
def test_the_log_of_an_own_packet_device_on_day_30_is_in_time_and_on_day_31_an_alarm() -> None:
    (due,) = [one for one in duties_of(WARRANT, OrderFacts(own_packet_device=True)) if one.kind is DutyKind.PACKET_LOG]
    assert raised(due, add_court_days(END, 30)) is None
    assert raised(due, add_court_days(END, 31)) is Severity.ALARM
    assert DutyKind.PACKET_LOG not in {one.kind for one in duties_of(WARRANT, OrderFacts())}


@pytest.mark.rule("R-154", "R-154.1", "R-154.2")
def test_an_improper_disclosure_is_reported_within_24_hours_of_awareness() -> None:
    due = duty(DutyKind.IMPROPER_DISCLOSURE, "X-1", START)
    assert raised(due, START + 24 * HOUR_US) is None
    assert raised(due, START + 24 * HOUR_US + SECOND) is Severity.VIOLATION
    assert raised(due, None, START + 24 * HOUR_US + SECOND) is Severity.VIOLATION


# --- the clocks themselves ------------------------------------------------------------------------------------------


def test_what_happens_after_now_has_not_happened() -> None:
    due = duty(DutyKind.COURT_REPORT, "O-1", END)
    assert state_of(due, [Act(due.kind, "O-1", END + 2)], END + 1) is DutyState.DUE


def test_the_first_act_counts_and_a_second_one_repairs_nothing() -> None:
    due = duty(DutyKind.IMPROPER_DISCLOSURE, "X-1", START)
    acts = [Act(due.kind, "X-1", due.due_us + 5), Act(due.kind, "X-1", due.due_us + 2)]
    assert state_of(due, acts, due.due_us + 9) is DutyState.LATE
    assert state_of(due, [*acts, Act(due.kind, "X-1", due.due_us)], due.due_us + 9) is DutyState.MET


def test_alarms_come_earliest_first_and_say_what_and_why() -> None:
    found = alarms(duties_of(WARRANT, OrderFacts()), [], add_court_days(END, 91))
    assert [one.duty.kind for one in found] == [
        DutyKind.SEAL_STARTED,
        DutyKind.SEAL_FINISHED,
        DutyKind.COURT_REPORT,
        DutyKind.NOTICE,
    ]
    assert found[0].says == "O-1: the recordings go to the justice for sealing at once (R-131): overdue"
    assert all(one.state is DutyState.OVERDUE for one in found)
    assert alarms(duties_of(WARRANT, OrderFacts()), [], END) == ()


def test_a_pen_register_has_no_seal_and_no_notice() -> None:
    prtt = CourtOrder(
        OrderId("O-4"), 1, OrderKind.PRTT, CaseId("C-1"), Liid("LAB-4"), "LAB-LEA", Window(START, END), WARRANT.targets
    )
    assert duties_of(prtt, OrderFacts(progress_every_days=10)) == ()
    assert notice_duty(prtt, END) is None


def test_an_order_on_paper_has_no_transcript() -> None:
    assert DutyKind.TRANSCRIPT not in {one.kind for one in duties_of(WARRANT, OrderFacts(oral=False))}
    assert DutyKind.TRANSCRIPT not in {one.kind for one in duties_of(WARRANT, OrderFacts(oral=True))}


def test_hours_are_hours_and_days_are_days_of_the_calendar() -> None:
    before_the_clocks_change = int(datetime(2026, 3, 7, 17, tzinfo=UTC).timestamp()) * SECOND
    assert duty(DutyKind.TRANSCRIPT, "O", before_the_clocks_change).due_us == before_the_clocks_change + 24 * HOUR_US
    assert duty(DutyKind.COURT_REPORT, "O", before_the_clocks_change).due_us == (
        before_the_clocks_change + 30 * DAY_US - HOUR_US
    )


@pytest.mark.parametrize("kind", DutyKind)
def test_the_table_says_when_each_duty_is_due_or_its_maker_does(kind: DutyKind) -> None:
    row = TABLE[kind]
    assert row.kind is kind and row.rule.startswith("R-")
    if row.hours is None and row.days is None:
        assert duty(kind, "O", START, START + 1).due_us == START + 1
        with pytest.raises(LocalError, match="maker"):
            duty(kind, "O", START)
    else:
        assert duty(kind, "O", START).due_us >= START
        with pytest.raises(LocalError, match="table"):
            duty(kind, "O", START, START + 1)
