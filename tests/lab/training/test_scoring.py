"""The pure score: points for entries that are there, none for anything else, and a reason for each line."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from lab.training.rubric import Line, Scoring, Task, Trace
from lab.training.scoring import AuditEntry, entries_of, score
from mediation.runtime.config import ConfigError

T0 = 1_772_373_600_000_000
TIMES = {"T0": T0, "END": T0 + 3_600_000_000}
GRANTED = Trace(kind="grant", fields={"user_id": "t1"}, says="a grant to t1")
TO_HIMSELF = Trace(kind="access", fields={"actor_id": "t1", "action": "grant_access"}, says="t1 tries to grant access")


def line(**changes: Any) -> Line:
    values: dict[str, Any] = {
        "id": "one", "task": Task.GRANT, "title": "one thing", "points": 100, "rule": "R-070", "needs": (GRANTED,),
    }  # fmt: skip
    return Line.model_validate(values | changes)


def entry(number: int, kind: str, at_us: int = T0, ledger: Any = "desk", **fields: Any) -> AuditEntry:
    return AuditEntry(ledger, number, at_us, kind, fields)


def total(*entries: AuditEntry, **changes: Any) -> int:
    return score(Scoring(rubric=(line(**changes),)), entries, TIMES).total


def test_doing_nothing_earns_nothing_and_says_what_is_absent() -> None:
    found = score(Scoring(rubric=(line(forbids=(TO_HIMSELF,)),)), (), TIMES)
    assert found.total == 0
    (reason,) = found.lines[0].reasons
    assert (reason.entry, reason.good, reason.says) == ("", False, "Not in the audit: a grant to t1")


def test_the_entry_that_earned_the_points_is_named() -> None:
    found = score(Scoring(rubric=(line(),)), [entry(7, "grant", user_id="t1", by="chen")], TIMES)
    assert (found.total, found.lines[0].reasons[0].entry, found.lost) == (100, "desk/7", ())


def test_an_entry_that_must_not_be_costs_the_line_and_is_named() -> None:
    tried = entry(9, "access", actor_id="t1", action="grant_access", decision="DENIED")
    found = score(Scoring(rubric=(line(forbids=(TO_HIMSELF,)),)), [entry(7, "grant", user_id="t1"), tried], TIMES)
    assert found.total == 0
    bad = [one for one in found.lines[0].reasons if not one.good]
    assert [(one.entry, one.says) for one in bad] == [("desk/9", "Must not be: t1 tries to grant access")]


@pytest.mark.parametrize(
    ("at_us", "points"),
    [(T0 - 1, 0), (T0, 100), (T0 + 3_599_999_999, 100), (T0 + 3_600_000_000, 0)],
)
def test_a_window_is_half_open(at_us: int, points: int) -> None:
    within = GRANTED.model_copy(update={"since": "T0", "until": "END"})
    assert total(entry(0, "grant", at_us, user_id="t1"), needs=(within,)) == points


def test_behind_and_before_go_by_the_number_within_a_ledger_and_by_time_between_two() -> None:
    lapse = Trace(ledger="collector", kind="lapse", says="the lapse")
    request = Trace(kind="request", says="a request")
    grant = entry(5, "grant", user_id="t1")
    behind, before = GRANTED.model_copy(update={"after": request}), GRANTED.model_copy(update={"before": request})
    assert total(entry(4, "request"), grant, needs=(behind,)) == 100
    assert total(grant, entry(6, "request"), needs=(behind,)) == 0
    assert total(grant, entry(6, "request"), needs=(before,)) == 100
    assert total(entry(4, "request"), grant, needs=(before,)) == 0
    across = GRANTED.model_copy(update={"after": lapse})
    assert total(grant, needs=(across,)) == 0
    assert total(grant, entry(0, "lapse", T0, "collector"), needs=(across,)) == 100
    assert total(grant, entry(0, "lapse", T0 + 1, "collector"), needs=(across,)) == 0


def test_about_wants_a_field_that_names_the_other_entry() -> None:
    alarm = Trace(ledger="collector", kind="alarm", fields={"order": "O-1"}, says="the alarm")
    seen = Trace(kind="written", about=alarm, says="the alarm is acknowledged")
    alarms = [entry(3, "alarm", ledger="collector", order="O-1"), entry(4, "alarm", ledger="collector", order="O-2")]
    assert total(*alarms, entry(9, "written", key=["collector/3"], by="t1"), needs=(seen,)) == 100
    assert total(*alarms, entry(9, "written", key=["collector/4"], by="t1"), needs=(seen,)) == 0


def test_joined_wants_the_same_in_a_field_of_both() -> None:
    asked = Trace(kind="request", fields={"case_id": "C-B"}, says="the request on C-B")
    refused = Trace(kind="request_decided", joined="request_id", to=asked, says="it is refused")
    requests = [entry(at, "request", case_id=f"C-{name}", request_id=f"Q-{at}") for at, name in ((1, "A"), (2, "B"))]
    assert total(*requests, entry(3, "request_decided", request_id="Q-2"), needs=(refused,)) == 100
    assert total(*requests, entry(3, "request_decided", request_id="Q-1"), needs=(refused,)) == 0
    assert total(*requests, entry(3, "request_decided"), needs=(refused,)) == 0
    with pytest.raises(ValidationError, match="joined names a field"):
        Trace(kind="request_decided", joined="request_id", says="it is refused")


def test_so_many_times_at_least() -> None:
    twice = GRANTED.model_copy(update={"least": 2})
    assert total(entry(0, "grant", user_id="t1"), needs=(twice,)) == 0
    assert total(entry(0, "grant", user_id="t1"), entry(1, "grant", user_id="t1"), needs=(twice,)) == 100


def test_fields_may_be_times_of_the_lesson_and_a_wrong_name_is_an_error() -> None:
    wanted = GRANTED.model_copy(update={"fields": {"end_us": "=END"}})
    assert total(entry(0, "grant", end_us=TIMES["END"]), needs=(wanted,)) == 100
    with pytest.raises(ConfigError, match="NOWHERE"):
        total(entry(0, "grant"), needs=(GRANTED.model_copy(update={"since": "NOWHERE"}),))


@pytest.mark.parametrize(
    "wrong",
    [{"points": 99}, {"rule": "R-999"}, {"needs": ()}, {"task": "sing"}, {"id": "Two Words"}],
)
def test_a_rubric_that_is_not_whole_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Scoring.model_validate({"rubric": [line().model_dump() | wrong]})


def test_two_lines_of_one_name_are_refused() -> None:
    half = line(points=50).model_dump()
    with pytest.raises(ValidationError, match="two lines"):
        Scoring.model_validate({"rubric": [half, half]})


def test_entries_keep_the_number_that_their_ledger_gave_them() -> None:
    (found,) = entries_of("desk", [{"seq": 12, "utc_us": T0, "kind": "grant", "fields": {"by": "chen"}}])
    assert (found.name, found.at_us, found.fields) == ("desk/12", T0, {"by": "chen"})
