"""The carrier's side: nothing without papers and a named employee's act, everything certified, discoveries reported."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lab.papers import lab_papers
from mediation.law.certification import (
    NOBODY,
    REPORT_WITHIN_US,
    SHORTLY_US,
    CarrierFinding,
    Certification,
    carrier_report,
    certification_from_fields,
    certification_to_fields,
    certify,
    missing_of,
    report_to_fields,
)
from mediation.law.duties import Act, DutyKind, DutyState, duty, state_of
from mediation.law.orders import CaseId, CourtOrder, Exigency, Liid, OrderId, OrderKind, Target, TargetKind, Window
from mediation.law.settings import LawSettings

START = 1_772_373_600_000_000
SETTINGS = LawSettings()
ORDER = CourtOrder(
    OrderId("O-1"),
    1,
    OrderKind.PRTT,
    CaseId("C-1"),
    Liid("LAB-1"),
    "LAB-LEA",
    Window(START, START + 1_000_000_000),
    (Target(TargetKind.E164, "12125550101"),),
)
PAPERS = lab_papers(ORDER)
WHOLE = certify("+12125550101", "moreno", START, START + 60_000_000, order=ORDER, papers=PAPERS)


@pytest.mark.rule("R-060")
def test_a_certification_made_from_order_and_papers_is_whole() -> None:
    assert missing_of(WHOLE) == ()
    assert (
        Certification(
            circuit="+12125550101",
            started_at_us=START,
            presented_by="rivera",
            authorised_by="adair",
            interception_type="PRTT",
            responsible="moreno",
            signed_by="moreno",
            made_at_us=START + 60_000_000,
            liid="LAB-1",
            order_id="O-1",
        )
        == WHOLE
    )


@pytest.mark.rule("R-060", "R-060.1")
@pytest.mark.parametrize(
    ("changes", "items"),
    [
        ({"circuit": ""}, ["circuit"]),
        ({"started_at_us": None}, ["started_at"]),
        ({"presented_by": " "}, ["presented_by"]),
        ({"authorised_by": ""}, ["authorised_by"]),
        ({"interception_type": ""}, ["interception_type"]),
        ({"responsible": ""}, ["responsible", "signed_by"]),
        ({"signed_by": ""}, ["signed_by"]),
        ({"signed_by": "somebody else"}, ["signed_by"]),
        ({"made_at_us": None}, ["made_at"]),
        ({"made_at_us": START - 1}, ["made_at"]),
        ({"made_at_us": START}, []),
        ({"made_at_us": START + SHORTLY_US}, []),
        ({"made_at_us": START + SHORTLY_US + 1}, ["made_at"]),
    ],
)
def test_each_missing_element_makes_it_invalid(changes: dict[str, object], items: list[str]) -> None:
    found = missing_of(replace(WHOLE, **changes))
    assert [(lack.item, lack.rule) for lack in found] == [(f"certification.{item}", "R-060") for item in items]


@pytest.mark.rule("R-060")
def test_without_papers_nobody_is_made_up() -> None:
    blank = certify("+12125550101", "moreno", START, START, order=ORDER)
    assert [lack.item for lack in missing_of(blank)] == ["certification.presented_by", "certification.authorised_by"]


@pytest.mark.rule("R-060")
def test_in_an_emergency_who_declared_it_stands_for_the_judge_until_the_order_comes() -> None:
    exigent = replace(ORDER, kind=OrderKind.EXIGENT_PRTT, exigent=Exigency(START))
    made = certify("+12125550101", "moreno", START, START, order=exigent, papers=lab_papers(exigent))
    assert (made.presented_by, made.authorised_by, missing_of(made)) == ("rivera", "rivera", ())


@pytest.mark.rule("R-061", "R-061.1")
def test_an_unauthorised_tap_is_certified_too() -> None:
    made = certify("+12125550102", "moreno", START, START, liid="STRAY-1")
    assert missing_of(made) == ()
    assert (made.authorised, made.presented_by, made.authorised_by) == (False, NOBODY, NOBODY)
    assert (made.interception_type, made.liid) == ("UNAUTHORISED", "STRAY-1")
    assert WHOLE.authorised


@pytest.mark.rule("R-062", "R-062.1")
@pytest.mark.parametrize("finding", CarrierFinding)
def test_a_discovery_opens_a_report_to_the_agency(finding: CarrierFinding) -> None:
    report = carrier_report(finding, "LAB-LEA", "LAB-1", START, "content under a pen register", "moreno")
    assert (report.agency, report.liid, report.discovered_at_us) == ("LAB-LEA", "LAB-1", START)
    assert report.due_us == START + REPORT_WITHIN_US
    assert report_to_fields(report)["finding"] == str(finding)


@pytest.mark.rule("R-062")
def test_the_report_has_a_clock() -> None:
    due = duty(DutyKind.CARRIER_REPORT, "LAB-1", START)
    assert due.due_us == carrier_report(CarrierFinding.OVER_DELIVERY, "A", "LAB-1", START, "").due_us
    on_time = [Act(DutyKind.CARRIER_REPORT, "LAB-1", due.due_us)]
    assert state_of(due, on_time, due.due_us) is DutyState.MET
    assert state_of(due, [], due.due_us + 1) is DutyState.OVERDUE


def test_certifications_are_kept_as_plain_values() -> None:
    assert certification_from_fields(certification_to_fields(WHOLE)) == WHOLE
    assert len(missing_of(certification_from_fields({}))) == 7
    for broken in ({"circuits": ""}, {"circuit": 1}, {"started_at_us": "now"}, {"made_at_us": True}):
        with pytest.raises(ValueError, match=next(iter(broken))):
            certification_from_fields(broken)
