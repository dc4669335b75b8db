"""Oversight: two logs as one list, who saw what, tours, requests, hints."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asn1.errors import RefusedError
from collector.console.model.audit import (
    COLLECTOR,
    DAY_US,
    DENIALS,
    DESK,
    LOOKS,
    AuditBook,
    AuditQuery,
    LogReader,
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

T = 1_700_000_000_000_000
S = 1_000_000


def access(
    seq: int, user: str = "rivera", action: str = "read_content", allowed: bool = True, **more: Any
) -> dict[str, Any]:
    fields = {
        "utc_time": T + seq * S, "actor_id": user, "actor_role": "INV", "facility": "F1",
        "device_class": "CALEA_STATION", "case_id": "C-1", "order_id": "O-1",
        "action": action, "object_type": "record", "object_id": "7",
        "decision": "ALLOWED" if allowed else "DENIED", "reason_codes": [], "rule_ids": [], "note": "",
    }  # fmt: skip
    return {"seq": seq, "utc_us": T + seq * S, "kind": "access", "fields": fields | more}


def entry(seq: int, kind: str, at_us: int | None = None, **fields: Any) -> dict[str, Any]:
    return {"seq": seq, "utc_us": T + seq * S if at_us is None else at_us, "kind": kind, "fields": fields}


def book(desk: Any = (), collector: Any = ()) -> AuditBook:
    made = AuditBook()
    made.add(DESK, desk)
    made.add(COLLECTOR, collector)
    return made


@given(st.lists(st.tuples(st.sampled_from([DESK, COLLECTOR]), st.integers(0, 9)), max_size=30), st.integers(1, 5))
def test_two_logs_are_one_list_by_time_and_its_pages_are_all_of_it_once(values: Any, limit: int) -> None:
    made = AuditBook()
    times = {DESK: 0, COLLECTOR: 0}
    seqs = {DESK: 0, COLLECTOR: 0}
    for source, later in values:
        times[source] += later
        made.add(source, [entry(seqs[source], "heartbeat", times[source])])
        seqs[source] += 1
    everything = sorted(((one.at_us, one.source, one.seq) for one in made.rows()), reverse=True)
    assert [(one.at_us, one.source, one.seq) for one in made.rows()] == everything[::-1] and len(made) == len(values)
    query, found = AuditQuery(limit=limit), []
    while True:
        page = made.search(query)
        found += [(one.at_us, one.source, one.seq) for one in page.rows]
        if not page.next:
            break
        query = query._replace(after=page.next)
    assert found == everything


def test_a_search_takes_person_case_action_time_outcome_and_words() -> None:
    made = book(
        [access(0), access(1, "vega", allowed=False, reason_codes=["ACCESS_EXPIRED"]), access(2, case_id="C-2")],
        [entry(0, "alarm", T + 9 * S, order="O-1", reason="TARGET_MISMATCH", count=3)],
    )

    def names(**given: str) -> list[str]:
        return [one.name for one in made.search(AuditQuery.parse(given)).rows]

    assert names() == ["collector/0", "desk/2", "desk/1", "desk/0"]
    assert (
        names(user="vega") == ["desk/1"] and names(case="C-2") == ["desk/2"] and names(outcome="denied") == ["desk/1"]
    )
    assert names(text="expired") == ["desk/1"] and names(source="collector") == ["collector/0"]
    assert names(**{"from": str(T + S), "to": str(T + 2 * S)}) == ["desk/1"] and names(action="alarm") == [
        "collector/0"
    ]
    assert outcomes(made, AuditQuery()) == {"ALLOWED": 2, "DENIED": 1, "ALARM": 1}
    assert [(one.alarm_id, one.says) for one in alarms(made)] == [("collector/0", "alarm TARGET_MISMATCH O-1")]
    query = AuditQuery("u", "C", "a", 1, 2, "DENIED", "desk", "t", "5.desk.6", 9)
    assert AuditQuery.parse(query.params()) == query and AuditQuery().params() == {}
    for wrong in ({"from": "x"}, {"limit": "0"}, {"text": "y" * 201}, {"after": "x.y"}):
        with pytest.raises(RefusedError):
            AuditQuery.parse(wrong)


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


def test_a_log_is_read_on_and_a_half_line_waits(tmp_path: Path) -> None:
    reader = LogReader(tmp_path)
    assert list(reader.fresh()) == []
    lines = [json.dumps(access(at)).encode() + b"\n" for at in range(3)]
    path = tmp_path / "audit.jsonl"
    path.write_bytes(lines[0] + b"junk\n[1]\n" + lines[1][:30])
    assert [one["seq"] for one in reader.fresh()] == [0]
    path.write_bytes(lines[0] + b"junk\n[1]\n" + lines[1] + lines[2])
    assert [one["seq"] for one in reader.fresh()] == [1, 2] and list(reader.fresh()) == []


def test_attack_a_flood_of_entries_is_bounded_and_said() -> None:
    made = AuditBook(max_entries=10)
    made.add(DESK, (access(at) for at in range(25)))
    assert (len(made), made.cut, made.search(AuditQuery()).cut) == (10, 15, 15)
    made.add(
        DESK, [entry(99, "odd", fields_are="strange", case=7), {"seq": 1, "utc_us": 1, "kind": "x", "fields": None}]
    )
