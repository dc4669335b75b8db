"""Two logs as one list: its order, its pages, its searches, its bounds."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asn1.errors import RefusedError
from collector.console.model.audit import COLLECTOR, DESK, AuditBook, AuditQuery, LogReader
from tests.collector.console.model.log_entries import S, T, access, book, entry


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
    query = AuditQuery("u", "C", "a", 1, 2, "DENIED", "desk", "t", "5.desk.6", 9)
    assert AuditQuery.parse(query.params()) == query and AuditQuery().params() == {}
    for wrong in ({"from": "x"}, {"limit": "0"}, {"text": "y" * 201}, {"after": "x.y"}):
        with pytest.raises(RefusedError):
            AuditQuery.parse(wrong)


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
