"""Extensions, revocations and next versions: what may follow an order, and what never does."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from mediation.law.admission import admit
from mediation.law.court_days import COURT_ZONE, add_court_days
from mediation.law.entry import DocumentRefusedError
from mediation.law.extensions import check_extension, check_next_version, extended, revoked
from mediation.law.orders import (
    CaseId,
    CourtOrder,
    Exigency,
    Jurisdiction,
    Liid,
    OrderId,
    OrderKind,
    OrderState,
    Service,
    Target,
    TargetKind,
    Window,
)
from mediation.law.settings import LawSettings

SECOND = 1_000_000
HOUR = 3_600 * SECOND
DAY = 24 * HOUR


def utc(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp()) * SECOND


def court(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=COURT_ZONE).timestamp()) * SECOND


START, END = utc("2026-04-10T14:00:00Z"), utc("2026-05-10T14:00:00Z")
WARRANT = CourtOrder(
    OrderId("W-1"), 1, OrderKind.EAVESDROPPING, CaseId("C-1"), Liid("LAB-1"), "LAB", Window(START, END),
    (Target(TargetKind.E164, "12125550100"),), frozenset({Service.VOICE}),
)  # fmt: skip
PRTT = replace(WARRANT, kind=OrderKind.PRTT, services=frozenset())
EMERGENCIES = [OrderKind.EXIGENT_EAV_STATE, OrderKind.EXIGENT_EAV_FEDERAL]


def check(
    previous: CourtOrder, longer: CourtOrder, applied: int = END - HOUR, granted: int = END - 1, **more: Any
) -> None:
    check_extension(previous, longer, applied, granted, **{"sworn": True, "results": "three calls", **more})


def refused(previous: CourtOrder, longer: CourtOrder, *times: int, **more: Any) -> tuple[str, str]:
    with pytest.raises(DocumentRefusedError) as caught:
        check(previous, longer, *times, **more)
    return caught.value.item, caught.value.rule


def longer(order: CourtOrder, end_us: int) -> CourtOrder:
    """The extension as a court would write it, whatever its length."""
    return replace(
        order, version=order.version + 1, window=Window(order.window.start_us, end_us),
        extensions_us=(*order.extensions_us, order.window.end_us),
    )  # fmt: skip


@pytest.mark.rule("R-011", "R-011.1", "R-011.2", "R-011.3")
def test_an_extended_pen_register_is_a_new_sworn_application_with_every_finding_for_sixty_days() -> None:
    sixty = add_court_days(END, 60)
    check(PRTT, longer(PRTT, sixty), results="")
    assert refused(PRTT, longer(PRTT, add_court_days(END, 61))) == ("window", "R-005")
    assert refused(PRTT, longer(PRTT, sixty + 1)) == ("window", "R-005")
    assert refused(PRTT, longer(PRTT, sixty), missing_findings=("relevance",)) == ("relevance", "R-011")
    assert refused(PRTT, longer(PRTT, sixty), sworn=False) == ("sworn", "R-011")
    assert refused(PRTT, longer(PRTT, sixty), END - 1, END - 2) == ("granted_at", "R-011")


@pytest.mark.rule("R-012", "R-012.1", "R-012.2", "R-012.3", "R-012.4")
def test_an_extended_warrant_was_applied_for_before_its_end_and_lasts_thirty_days() -> None:
    thirty = add_court_days(END, 30)
    check(WARRANT, longer(WARRANT, thirty), END - SECOND)
    for granted in (END - 1, END, END + SECOND):
        assert refused(WARRANT, longer(WARRANT, thirty), END, granted) == ("applied_at", "R-012")
    with pytest.raises(DocumentRefusedError, match="R-012"):
        extended(WARRANT, thirty, END)
    assert refused(PRTT, longer(PRTT, thirty), END, END) == ("extension", "R-015"), "R-012 is of warrants"
    assert refused(WARRANT, longer(WARRANT, add_court_days(END, 31))) == ("window", "R-006")
    assert refused(WARRANT, longer(WARRANT, thirty + 1)) == ("window", "R-006")


@pytest.mark.rule("R-013", "R-013.1")
@pytest.mark.parametrize("blank", ["", "  \n"])
def test_an_extension_tells_the_results_so_far_or_why_there_are_none(blank: str) -> None:
    assert refused(WARRANT, longer(WARRANT, END + DAY), results=blank) == ("extension_results", "R-013")


@pytest.mark.rule("R-014")
def test_an_extension_begins_exactly_where_the_period_before_it_ends() -> None:
    good = longer(WARRANT, END + DAY)
    check(WARRANT, good)
    for at in (END - 1, END + 1):
        assert refused(WARRANT, replace(good, extensions_us=(at,))) == ("extensions", "R-014")
    assert refused(WARRANT, replace(good, extensions_us=())) == ("extensions", "R-014")
    assert good.effective_window == Window(START, END + DAY), "no gap and no overlap: one window"


@pytest.mark.parametrize(
    "changes",
    [
        {"targets": (Target(TargetKind.E164, "12125550123"),)},
        {"services": frozenset(Service)},
        {"kind": OrderKind.COVERT_AUDIO_WARRANT},
        {"version": 1},
        {"window": Window(START - DAY, END + DAY)},
        {"order_id": OrderId("W-2")},
    ],
)
def test_attack_an_extension_that_changes_more_than_the_end(changes: dict[str, Any]) -> None:
    assert refused(WARRANT, replace(longer(WARRANT, END + DAY), **changes)) == ("extensions", "R-011")


@pytest.mark.rule("R-015", "R-015.2")
def test_attack_a_grant_after_the_end_that_states_the_old_end_as_its_start() -> None:
    """Old end 10:00, granted 10:05: as an extension refused, and as an order of its own that starts at 10:00 too."""
    granted = END + 300 * SECOND
    assert refused(WARRANT, longer(WARRANT, END + DAY), END - HOUR, granted) == ("extension", "R-015")
    with pytest.raises(DocumentRefusedError) as caught:
        extended(WARRANT, END + DAY, granted, END - HOUR)
    assert caught.value.rule == "R-015"
    new = replace(WARRANT, order_id=OrderId("W-2"), window=Window(END, END + DAY), issued_at_us=granted)
    with pytest.raises(DocumentRefusedError) as caught:
        admit((WARRANT,), new, LawSettings())
    assert (caught.value.item, caught.value.rule) == ("start", "R-015")
    admit((WARRANT,), replace(new, window=Window(granted, END + DAY)), LawSettings())


@pytest.mark.rule("R-016", "R-016.1")
def test_the_fifth_extension_is_as_good_as_the_first_if_it_repeats_the_findings() -> None:
    order = WARRANT
    for _ in range(5):
        end = order.window.end_us
        following = longer(order, add_court_days(end, 30))
        assert refused(order, following, end - HOUR, end - 1, missing_findings=("probable cause",))[1] == "R-011"
        check(order, following, end - HOUR, end - 1)
        assert following == extended(order, add_court_days(end, 30), end - 1)
        order = following
    assert len(order.extensions_us) == 5


@pytest.mark.rule("R-017", "R-017.1")
@pytest.mark.parametrize("kind", EMERGENCIES)
@pytest.mark.parametrize("issued", [None, START + HOUR])
def test_attack_an_emergency_eavesdropping_order_is_extended_by_nobody(kind: OrderKind, issued: int | None) -> None:
    """Not by an application in time, not by the court's command, not by a document that comes as it is."""
    emergency = replace(
        WARRANT, kind=kind, window=Window(START, START + 20 * HOUR),
        exigent=Exigency(START, order_issued_at_us=issued),
    )  # fmt: skip
    asked = START + 10 * HOUR
    assert refused(emergency, longer(emergency, START + DAY), asked, asked) == ("extensions", "R-017")
    with pytest.raises(DocumentRefusedError, match="R-017"):
        extended(emergency, START + DAY, asked)
    with pytest.raises(DocumentRefusedError, match="R-017"):
        admit((emergency,), longer(emergency, START + DAY), LawSettings())


def test_a_federal_order_is_extended_from_where_its_thirty_days_end() -> None:
    """R-008, R-014: first interception three days after entry, so the end is day 33 and not day 40."""
    order = replace(
        WARRANT, jurisdiction=Jurisdiction.FEDERAL, entered_at_us=START,
        window=Window(START, add_court_days(START, 40)),
        first_interception_us=add_court_days(START, 3),
    )  # fmt: skip
    end = add_court_days(START, 33)
    following = extended(order, add_court_days(end, 30), end - 1)
    assert following.extensions_us == (end,)
    assert following.effective_window == Window(START, add_court_days(end, 30))
    check(order, following, end - HOUR, end - 1)
    with pytest.raises(DocumentRefusedError, match="R-015"):
        extended(order, add_court_days(end, 30), end, end - 1)


def test_without_the_first_interception_an_earlier_take_over_is_believed_and_a_later_one_is_not() -> None:
    """R-008, R-014: the document of a federal order ends on day 40, the order perhaps on day 33."""
    forty, thirty_three = add_court_days(START, 40), add_court_days(START, 33)
    order = replace(WARRANT, jurisdiction=Jurisdiction.FEDERAL, entered_at_us=START, window=Window(START, forty))
    early = replace(
        order, version=2, extensions_us=(thirty_three,), window=Window(START, add_court_days(thirty_three, 30))
    )
    check(order, early, START, START)
    check(order, replace(early, extensions_us=(forty,)), START, START)
    assert refused(order, replace(early, extensions_us=(forty + 1,)), START, START) == ("extensions", "R-014")
    first = replace(early, first_interception_us=add_court_days(START, 3))
    assert first.effective_window == early.window
    late = replace(first, extensions_us=(forty,))
    assert late.effective_window.end_us == thirty_three, "it took over what had ended a week before"
    again = replace(early, version=3, extensions_us=(thirty_three, early.window.end_us - 1))
    assert refused(early, again, START, START) == ("extensions", "R-014"), "a second period has an end that is known"


# ---- versions


@pytest.mark.rule("R-019")
def test_a_revocation_ends_the_order_and_no_later_version_undoes_it() -> None:
    at = START + DAY
    ended = revoked(WARRANT, at)
    assert (ended.version, ended.state, ended.effective_window) == (2, OrderState.REVOKED, Window(START, at))
    with pytest.raises(DocumentRefusedError, match="R-019"):
        revoked(ended, at)
    assert revoked(ended, at - HOUR).effective_window.end_us == at - HOUR
    assert revoked(WARRANT, START - HOUR).revoked_at_us == START, "nothing is revoked before it began"
    for again in (None, at + 1):
        with pytest.raises(DocumentRefusedError, match="R-019"):
            check_next_version(ended, replace(ended, version=3, revoked_at_us=again))
    check_next_version(ended, replace(ended, version=3, revoked_at_us=at))


USE = replace(WARRANT, kind=OrderKind.EXIGENT_PRTT, services=frozenset(), exigent=Exigency(START))


@pytest.mark.rule("R-036")
@pytest.mark.parametrize(
    "moved", [{"exigent": Exigency(START + HOUR)}, {"exigent": None, "window": Window(START + HOUR, END)}]
)
def test_attack_a_later_version_moves_the_activation_to_gain_time(moved: dict[str, Any]) -> None:
    with pytest.raises(DocumentRefusedError, match="R-036"):
        check_next_version(USE, replace(USE, version=2, **moved))


@pytest.mark.rule("R-042")
def test_attack_a_late_approval_as_the_next_version_of_what_has_lapsed() -> None:
    late = START + 49 * HOUR
    new = replace(USE, version=2, exigent=Exigency(START, order_issued_at_us=late), window=Window(late, END))
    with pytest.raises(DocumentRefusedError, match="R-042"):
        check_next_version(USE, new)
    own = replace(new, order_id=OrderId("W-2"), version=1)
    admit((USE,), own, LawSettings())
    check_next_version(own, replace(own, version=2))
    check_next_version(USE, replace(USE, version=2, exigent=Exigency(START, order_issued_at_us=START + 48 * HOUR)))


@pytest.mark.parametrize(
    ("act", "rule"), [("denied_at_us", "R-038"), ("obtained_at_us", "R-039"), ("ended_at_us", "R-040")]
)
def test_attack_what_ended_an_emergency_use_is_taken_back(act: str, rule: str) -> None:
    ended = replace(USE, exigent=Exigency(START, **{act: START + HOUR}))
    for exigent in (Exigency(START), Exigency(START, **{act: START + HOUR + 1})):
        with pytest.raises(DocumentRefusedError, match=rule):
            check_next_version(ended, replace(ended, version=2, exigent=exigent))
    check_next_version(ended, replace(ended, version=2, exigent=Exigency(START, **{act: START + HOUR - 1})))
    check_next_version(USE, replace(ended, version=2))


# ---- admission: the one question of both registries


@pytest.mark.rule("R-026")
def test_attack_a_second_agency_on_the_same_liid_would_read_the_first_one_s_product() -> None:
    other = replace(WARRANT, order_id=OrderId("B-1"), agency="OTHER")
    with pytest.raises(DocumentRefusedError) as caught:
        admit((WARRANT,), other, LawSettings())
    assert (caught.value.item, caught.value.rule) == ("liid", "R-026")
    assert WARRANT.agency not in str(caught.value).split(), "and it does not learn whose it is"
    admit((WARRANT,), replace(other, liid=Liid("LAB-2")), LawSettings())
    admit((WARRANT,), replace(other, agency="LAB"), LawSettings())


def test_admission_counts_days_as_the_settings_say() -> None:
    start = court("2026-10-15T09:00:00")
    order = replace(WARRANT, window=Window(start, add_court_days(start, 30)))
    admit((), order, LawSettings())
    with pytest.raises(DocumentRefusedError, match="R-006"):
        admit((), order, LawSettings(strict_days=True))


def test_a_version_is_held_against_the_last_one_before_it() -> None:
    first, second = USE, replace(USE, version=2, exigent=Exigency(START, denied_at_us=START + HOUR))
    with pytest.raises(DocumentRefusedError, match="R-038"):
        admit((second, first), replace(first, version=3), LawSettings())
    admit((second,), first, LawSettings())
