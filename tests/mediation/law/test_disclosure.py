"""What may leave: every road, every ground, and the roads that do not exist."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mediation.law.disclosure import (
    Disclosure,
    DisclosureGround,
    DisclosureRecord,
    Disposition,
    Form,
    Outcome,
    Recipient,
    Source,
    may_close,
    may_disclose,
    may_hand_off,
    quarterly_summary,
    to_be_told,
)
from mediation.law.orders import Window
from mediation.law.verdicts import Reason

HAND_OVER = Disclosure(
    Recipient.PROSECUTOR,
    "weiss",
    "criminal investigation",
    identity_confirmed=True,
    affiliation_confirmed=True,
    has_jurisdiction=True,
)
OUTSIDE = replace(
    HAND_OVER,
    recipient=Recipient.OTHER_AGENCY,
    requester="marsh",
    source=Source.CASE_MANAGEMENT,
    ground=DisclosureGround.LAW,
    approval_id="APO-4",
)
ROADS = [replace(OUTSIDE, recipient=recipient) for recipient in Recipient]


def rules(request: Disclosure) -> tuple[str, ...]:
    answer = may_disclose(request)
    assert answer.allowed == (not answer.rules) and len(answer.reasons) == len(answer.rules)
    return answer.rules


@pytest.mark.rule("R-150", "R-150.1")
@pytest.mark.parametrize("request_", ROADS)
@pytest.mark.parametrize("purpose", ["", "  "])
def test_nothing_leaves_without_a_purpose(request_: Disclosure, purpose: str) -> None:
    answer = may_disclose(replace(request_, purpose=purpose))
    assert (answer.allowed, answer.reasons[0], answer.rules[0]) == (False, Reason.PURPOSE_FORBIDDEN, "R-150")


@pytest.mark.rule("R-066")
def test_a_purpose_that_is_none_of_the_four() -> None:
    assert rules(replace(HAND_OVER, purpose="curiosity")) == ("R-066",)


@pytest.mark.rule("R-151", "R-151.1")
@pytest.mark.parametrize("request_", ROADS)
@pytest.mark.parametrize("unchecked", [{"identity_confirmed": False}, {"affiliation_confirmed": False}])
def test_who_asks_is_confirmed_first(request_: Disclosure, unchecked: dict[str, bool]) -> None:
    assert "R-151" in rules(replace(request_, **unchecked))


@pytest.mark.rule("R-151")
def test_nobody_is_confirmed_without_a_name() -> None:
    assert rules(replace(HAND_OVER, requester=" ")) == ("R-151",)


NEEDS = {
    DisclosureGround.CONSENT: "approval_id",
    DisclosureGround.LAW: "approval_id",
    DisclosureGround.MISSION: "approval_id",
    DisclosureGround.CITY_APPROVED: "city_approval_id",
    DisclosureGround.ROUTINE: "routine_id",
    DisclosureGround.CRIME: "crime_reference",
    DisclosureGround.WELFARE: "welfare_reference",
}


@pytest.mark.rule("R-152")
@pytest.mark.parametrize("ground", DisclosureGround)
def test_each_ground_stands_on_its_own_paper(ground: DisclosureGround) -> None:
    bare = replace(OUTSIDE, ground=ground, approval_id="")
    assert rules(bare) == ("R-152",)
    for name in set(NEEDS.values()):
        given = replace(bare, **{name: "X-1"})
        assert rules(given) == (() if name == NEEDS[ground] else ("R-152",))
        assert rules(replace(given, ground=None)) == ("R-152",)


@pytest.mark.rule("R-152", "R-152.1")
def test_the_agencys_mission_without_an_approval_is_no_ground() -> None:
    mission = replace(OUTSIDE, ground=DisclosureGround.MISSION)
    assert rules(replace(mission, approval_id="")) == ("R-152",)
    assert rules(mission) == ()


@pytest.mark.rule("R-152", "R-152.2")
def test_a_crime_as_ground_names_the_crime() -> None:
    crime = replace(OUTSIDE, ground=DisclosureGround.CRIME)
    assert rules(crime) == ("R-152",)
    assert rules(replace(crime, crime_reference="2026-000-00044")) == ()


@pytest.mark.rule("R-153", "R-153.1")
def test_a_crime_as_ground_does_not_open_immigration_enforcement() -> None:
    crime = replace(OUTSIDE, ground=DisclosureGround.CRIME, crime_reference="2026-000-00044")
    for changes in ({"purpose": "immigration enforcement"}, {"details": "Immigration enforcement"}):
        answer = may_disclose(replace(crime, **changes))
        assert not answer.allowed
        assert (answer.reasons[0], answer.rules[0]) == (Reason.PURPOSE_FORBIDDEN, "R-153")


@pytest.mark.rule("R-065", "R-065.1")
@pytest.mark.parametrize("request_", ROADS)
def test_immigration_enforcement_is_refused_on_every_road(request_: Disclosure) -> None:
    for name in ("purpose", "details", "crime_reference", "welfare_reference"):
        refused = rules(replace(request_, **{name: "for IMMIGRATION enforcement"}))
        assert refused[:2] == ("R-153", "R-065")
    assert "R-065" in may_hand_off("case-system", "immigration enforcement", frozenset({"case-system"})).rules


@pytest.mark.rule("R-150")
def test_inside_the_agency_duty_is_enough() -> None:
    assert rules(replace(HAND_OVER, recipient=Recipient.INTERNAL)) == ()


@pytest.mark.rule("R-156", "R-156.1")
def test_the_prosecutor_gets_a_package_and_no_login() -> None:
    assert rules(HAND_OVER) == ()
    assert rules(replace(HAND_OVER, form=Form.LOGIN)) == ("R-156",)
    assert rules(replace(HAND_OVER, has_jurisdiction=False)) == ("R-156",)


@pytest.mark.rule("R-156")
def test_the_defence_gets_it_from_the_prosecutor() -> None:
    assert rules(replace(HAND_OVER, recipient=Recipient.DEFENCE, court_order_id="J-1")) == ("R-156",)


@pytest.mark.rule("R-157", "R-157.1")
def test_another_agency_gets_nothing_from_the_collection_without_a_court_order() -> None:
    direct = replace(OUTSIDE, source=Source.COLLECTION)
    assert rules(direct) == ("R-157",)
    assert rules(replace(direct, court_order_id="J-2")) == ()
    assert rules(OUTSIDE) == ()
    assert rules(replace(OUTSIDE, form=Form.LOGIN)) == ("R-152",)


@pytest.mark.rule("R-158", "R-158.1")
def test_a_public_records_request_is_answered_by_nobody_automatically() -> None:
    asked = replace(OUTSIDE, recipient=Recipient.PUBLIC_RECORDS)
    assert rules(asked) == ("R-158",)
    assert rules(replace(asked, reviewed_by="legal bureau")) == ()


@pytest.mark.rule("R-159", "R-159.1")
@pytest.mark.parametrize("recipient", [Recipient.PRESS, Recipient.COMMUNITY_LEADER])
@pytest.mark.parametrize("source", Source)
def test_there_is_no_road_to_the_press(recipient: Recipient, source: Source) -> None:
    everything = replace(OUTSIDE, recipient=recipient, source=source, court_order_id="J-1", reviewed_by="x")
    answer = may_disclose(everything)
    assert (answer.allowed, answer.reasons, answer.rules) == (False, (Reason.PURPOSE_FORBIDDEN,), ("R-159",))


@pytest.mark.rule("R-147", "R-147.1")
def test_the_subscriber_does_not_learn_of_the_tap_while_the_order_is_sealed() -> None:
    asked = replace(OUTSIDE, recipient=Recipient.SUBSCRIBER)
    assert rules(asked) == ("R-147",)
    assert rules(replace(asked, court_order_id="J-3")) == ()


@pytest.mark.rule("R-173", "R-173.1")
def test_a_hand_off_goes_into_a_known_system_for_a_stated_need() -> None:
    known = frozenset({"case-system"})
    assert may_hand_off("case-system", "case 21", known).allowed
    assert may_hand_off("usb-stick", "case 21", known).rules == ("R-173",)
    assert may_hand_off("", "case 21", known).reasons == (Reason.ACCESS_DENIED_ROLE,)
    assert may_hand_off("case-system", " ", known).reasons == (Reason.NEED_TO_KNOW_MISSING,)


@pytest.mark.rule("R-145", "R-145.1")
@pytest.mark.parametrize("outcome", Outcome)
def test_a_case_with_an_appeal_pending_is_not_closed(outcome: Outcome) -> None:
    assert may_close(Disposition(outcome, "felony investigation")).allowed
    assert may_close(Disposition(outcome, "felony investigation", appeal_pending=True)).rules == ("R-145",)


@pytest.mark.rule("R-145")
def test_a_case_without_disposition_or_classification_is_not_closed() -> None:
    assert may_close(Disposition(None, "felony investigation")).rules == ("R-145",)
    assert may_close(Disposition(Outcome.NO_ARREST, "")).rules == ("R-145",)


@pytest.mark.rule("R-155")
def test_who_is_affected_is_told_where_harm_is_likely_or_somebody_says_so() -> None:
    record = DisclosureRecord(5, Recipient.OUTSIDE, DisclosureGround.LAW, allowed=True)
    assert not record.must_tell
    tell = [replace(record, **{name: True}) for name in ("harm_likely", "told_by_decision", "law_requires_telling")]
    assert to_be_told([record, *tell, replace(tell[0], told_at_us=9)]) == tuple(tell)


@pytest.mark.rule("R-155")
def test_the_quarterly_summary_counts_and_names_nobody() -> None:
    record = DisclosureRecord(5, Recipient.OUTSIDE, DisclosureGround.LAW, allowed=True)
    given = [
        record,
        replace(record, at_us=6),
        replace(record, allowed=False),
        replace(record, recipient=Recipient.PROSECUTOR, ground=None),
        replace(record, at_us=10),
        replace(record, at_us=4),
    ]
    assert quarterly_summary(given, Window(5, 10)) == {
        "outside: refused": 1,
        "outside: required or permitted by law": 2,
        "prosecutor: no ground needed": 1,
    }
