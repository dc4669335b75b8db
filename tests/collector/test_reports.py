"""What is reported to the carrier: once, and closed once."""

from __future__ import annotations

from typing import Any

import pytest

from collector.reports import MAX_OPEN, MAX_RANGES, CarrierReports


def entries(reports: CarrierReports) -> list[dict[str, Any]]:
    return [{"kind": kind, "fields": fields} for kind, fields in reports.turn()]


@pytest.mark.rule("R-095", "R-095.1", "R-095.2")
def test_a_gap_of_one_is_one_report_and_what_comes_later_closes_it() -> None:
    reports = CarrierReports()
    reports.batch({"gaps": [["4c", 1, 0, 0, 6, 6]]})
    (opened,) = entries(reports)
    assert opened["kind"] == "gap_report" and (opened["fields"]["state"], opened["fields"]["count"]) == ("open", 1)
    gap = {"liid": "4c", "cin": 1, "kind": 0, "epoch": 0, "first": 6, "last": 6}
    assert opened["fields"]["gaps"] == [gap] and opened["fields"]["rules"] == ["R-095"]
    assert entries(reports) == []
    reports.batch({"filled": [["4c", 1, 0, 0, 6, 6]]})
    (closed,) = entries(reports)
    assert (closed["fields"]["state"], closed["fields"]["gaps"]) == ("closed", [gap])
    assert entries(reports) == []


def test_a_wide_gap_closes_when_all_of_it_has_come() -> None:
    reports = CarrierReports()
    reports.batch({"gaps": [["4c", 1, 1, 0, 3, 5], ["4c", 1, 1, 0, 8, 8]]})
    assert entries(reports)[0]["fields"]["count"] == 2
    for number in (5, 3):
        reports.batch({"filled": [["4c", 1, 1, 0, number, number]]})
        assert entries(reports) == []
    reports.batch({"filled": [["4c", 1, 1, 0, 4, 4], ["4c", 2, 1, 0, 8, 8]]})
    (closed,) = entries(reports)
    assert [one["first"] for one in closed["fields"]["gaps"]] == [3]


def test_a_restart_says_no_gap_twice_and_closes_what_it_said() -> None:
    before = CarrierReports()
    first = {"gaps": [["4c", 1, 0, 0, 6, 6]]}
    before.batch(first)
    said = entries(before)
    after = CarrierReports()
    after.restore(said)
    after.batch(first)
    assert entries(after) == []
    after.batch({"filled": [["4c", 1, 0, 0, 6, 6]]})
    assert [one["fields"]["state"] for one in entries(after)] == ["closed"]


def test_attack_a_flood_of_gaps_is_bounded() -> None:
    reports = CarrierReports()
    reports.batch({"gaps": [["4c", 1, 0, 0, 2 * n, 2 * n] for n in range(MAX_OPEN + 500)]})
    (entry,) = entries(reports)
    assert entry["fields"]["count"] == MAX_OPEN + 500 and len(entry["fields"]["gaps"]) == MAX_RANGES
    assert reports._watched == MAX_OPEN


def refusal(reason: str, order: str = "O-1") -> dict[str, Any]:
    return {"order": order, "liid": "L", "verdict": "REJECT", "reasons": [reason], "count": 200}


@pytest.mark.rule("R-062", "R-062.1")
def test_over_delivery_opens_one_report_to_the_carrier() -> None:
    reports = CarrierReports()
    for _ in range(3):
        reports.batch({"refusals": [refusal("SCOPE_CONTENT_ON_PRTT"), refusal("SCOPE_PCTDD"), refusal("NO_ORDER", "")]})
    (entry,) = entries(reports)
    assert entry["kind"] == "carrier_report" and entry["fields"]["order"] == "O-1"
    assert entry["fields"]["cause"] == "over-delivery" and "R-062" in entry["fields"]["rules"]
    reports.batch({"refusals": [refusal("SCOPE_CONTENT_ON_PRTT"), refusal("ORDER_EXPIRED")]})
    assert entries(reports) == []
    again = CarrierReports()
    again.restore([entry])
    again.batch({"refusals": [refusal("SCOPE_PCTDD")]})
    assert entries(again) == []


@pytest.mark.rule("R-062", "R-022")
def test_a_wrong_number_is_a_report_of_its_own_for_each_order() -> None:
    reports = CarrierReports()
    reports.batch({"refusals": [refusal("TARGET_MISMATCH"), refusal("TARGET_MISMATCH", "O-2")]})
    assert [(one["fields"]["order"], one["fields"]["cause"]) for one in entries(reports)] == [
        ("O-1", "wrong number"), ("O-2", "wrong number"),
    ]  # fmt: skip


def test_what_was_masked_or_came_again_is_no_report() -> None:
    reports = CarrierReports()
    reports.batch({"refusals": [refusal("SCOPE_CONTENT_ON_PRTT") | {"verdict": "DUPLICATE"}]})
    assert entries(reports) == []
