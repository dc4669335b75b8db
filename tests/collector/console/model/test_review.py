"""Oversight: who saw what, tours, focused audits, hints, alarms."""

from __future__ import annotations

from dataclasses import replace

from collector.console.model.audit import AuditQuery
from collector.console.model.review import (
    DAY_US,
    DENIALS,
    LOOKS,
    alarms,
    audit_requests,
    inspections,
    misuse_hints,
    outcomes,
    query_of,
    who_saw_what,
)
from mediation.law.desk_state import DeskState
from mediation.law.desk_values import Inspection, Review
from tests.collector.console.model.log_entries import S, T, access, book, entry


def test_who_saw_what_counts_what_was_allowed_and_nothing_else() -> None:
    made = book(
        [access(0), access(5), access(6, allowed=False), access(7, action="grant_access"), access(8, case_id="C-2")]
    )
    (row,) = who_saw_what(made, "C-1")
    assert (row.user, row.action, row.object_id, row.times, row.last_us) == (
        "rivera",
        "read_content",
        "7",
        2,
        T + 5 * S,
    )


def test_tours_are_inspected_due_or_missed() -> None:
    state = DeskState(facilities=frozenset({"F1", "F2"}))
    now_us = T - T % state.tour_us + 5 * S
    state = replace(state, inspections=(Inspection("F1", "okafor", now_us - S),))
    rows = inspections(state, now_us, 2)
    assert [(one.facility, one.state, one.by) for one in rows] == [
        ("F1", "inspected", "okafor"), ("F2", "due", ""), ("F1", "missed", ""), ("F2", "missed", ""),
    ]  # fmt: skip


def test_a_focused_audit_is_a_search_that_its_words_ask_for() -> None:
    made = book(
        [
            entry(0, "audit_request", request_id="AR-1", by="chen", scope="user:vega outcome:denied please"),
            access(1, "vega", allowed=False),
        ]
    )
    (asked,) = audit_requests(made)
    assert (asked.request_id, asked.by) == ("AR-1", "chen")
    assert [one.name for one in made.search(asked.query).rows] == ["desk/1"]
    assert query_of("exports of last week").text == "exports of last week"


def test_hints_name_who_and_where_to_look_and_how_a_review_stands() -> None:
    denied = [access(at, "vega", allowed=False) for at in range(DENIALS)]
    slow = [access(100 + at, "slow", allowed=False, utc_time=T + at * DAY_US) for at in range(DENIALS)]
    grave = [access(200, "novak", allowed=False, reason_codes=["PURPOSE_FORBIDDEN"])]
    shared = [entry(201, "alarm", rule="R-072", user_id="lee", facilities=["F1", "F2"])]
    many = [access(1_000 + at, "busy") for at in range(LOOKS)]
    made = book([*denied, *slow, *grave, *shared, *many])
    state = DeskState(reviews={"R-1": Review("R-1", "vega", "okafor", "command")})
    hints = {one.user: one for one in misuse_hints(made, state)}
    assert set(hints) == {"vega", "novak", "lee", "busy"}
    assert (hints["vega"].times, hints["vega"].review, hints["vega"].entries[0]) == (DENIALS, "open", "desk/0")
    assert "R-072" in hints["lee"].says and hints["busy"].times == LOOKS and len(hints["busy"].entries) == 20


def test_alarms_and_outcomes_are_counted_newest_first() -> None:
    made = book(
        [access(0), access(1, "vega", allowed=False), entry(2, "duty_alarm", order="O-1", rule="R-136")],
        [entry(0, "alarm", T + 9 * S, order="O-1", reason="TARGET_MISMATCH", count=3)],
    )
    assert outcomes(made, AuditQuery()) == {"ALLOWED": 1, "DENIED": 1, "ALARM": 2}
    assert [(one.alarm_id, one.says) for one in alarms(made)] == [
        ("collector/0", "alarm TARGET_MISMATCH O-1"), ("desk/2", "duty alarm O-1"),
    ]  # fmt: skip
    assert alarms(made, 1) == alarms(made)[:1]
