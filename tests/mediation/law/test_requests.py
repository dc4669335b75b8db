"""A request: attached by one person, checked by another, refused with every item, accepted once complete."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import pytest

from asn1.errors import RefusedError
from lab.papers import lab_papers
from mediation.law.access_facts import Actor
from mediation.law.actors import Role
from mediation.law.orders import (
    CaseId,
    CourtOrder,
    Exigency,
    Liid,
    OrderId,
    OrderKind,
    OrderState,
    Target,
    TargetKind,
    Window,
)
from mediation.law.requests import LIFE, Request, RequestEvent, RequestState, attach, decide, draft

START = 1_772_373_600_000_000


class Settings(NamedTuple):
    order_may_follow: bool = True


SETTINGS = Settings()
RIVERA, WEISS = Actor("rivera", Role.INV, "LAB-LEA"), Actor("weiss", Role.PROS, "LAB-LEA")
CHEN, BRANDT = Actor("chen", Role.TARU, "LAB-LEA"), Actor("brandt", Role.TARU, "LAB-LEA")
ORDER = CourtOrder(
    OrderId("O-1"),
    1,
    OrderKind.EXIGENT_PRTT,
    CaseId("C-1"),
    Liid("LAB-1"),
    "LAB-LEA",
    Window(START, START + 10_000_000),
    (Target(TargetKind.E164, "12125550101"),),
    state=OrderState.DRAFT,
    exigent=Exigency(START),
)
PAPERS = lab_papers(ORDER)


def submitted() -> Request:
    return attach(draft("R-1", ORDER, RIVERA, START), PAPERS, RIVERA, START)


@pytest.mark.rule("R-050")
def test_a_complete_request_is_accepted_and_its_order_leaves_draft() -> None:
    done = decide(submitted(), CHEN, SETTINGS, START)
    assert (done.state, done.decided_by, done.decided_at_us) == (RequestState.ACCEPTED, "chen", START)
    assert done.order == replace(ORDER, state=OrderState.ISSUED)
    assert done.missing == ()


@pytest.mark.rule("R-045", "R-045.1")
def test_an_emergency_without_complaint_number_is_refused_by_that_name_and_starts_once_it_is_there() -> None:
    asked = attach(draft("R-1", ORDER, RIVERA, START), replace(PAPERS, complaint_number=""), RIVERA, START)
    refused = decide(asked, CHEN, SETTINGS, START)
    assert refused.state is RequestState.REFUSED
    assert [lack.code for lack in refused.missing] == ["DOC_MISSING:complaint_number"]
    assert refused.order.state is OrderState.DRAFT
    again = attach(refused, PAPERS, WEISS, START + 1)
    assert (again.state, again.missing) == (RequestState.SUBMITTED, ())
    assert decide(again, CHEN, SETTINGS, START + 2).state is RequestState.ACCEPTED


@pytest.mark.rule("R-028", "R-028.1")
def test_a_refused_request_leaves_the_order_a_draft() -> None:
    asked = attach(draft("R-1", ORDER, RIVERA, START), replace(PAPERS, supervisor=None), RIVERA, START)
    assert decide(asked, CHEN, SETTINGS, START).order is ORDER


@pytest.mark.rule("SD-2")
def test_who_had_a_hand_in_it_does_not_check_it() -> None:
    asked = attach(draft("R-1", ORDER, RIVERA, START, order_author="chen"), PAPERS, WEISS, START)
    assert asked.handled_by == {"rivera", "weiss", "chen"}
    with pytest.raises(RefusedError, match="SD-2"):
        decide(asked, CHEN, SETTINGS, START)
    assert decide(asked, BRANDT, SETTINGS, START).state is RequestState.ACCEPTED


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.TARU])
def test_only_the_technical_unit_checks(role: Role) -> None:
    with pytest.raises(RefusedError, match="may not check papers"):
        decide(submitted(), Actor("somebody", role, "LAB-LEA"), SETTINGS, START)


@pytest.mark.parametrize("role", [role for role in Role if role not in (Role.INV, Role.SUP, Role.PROS)])
def test_only_investigator_supervisor_and_prosecutor_ask(role: Role) -> None:
    with pytest.raises(RefusedError, match="may not draft request"):
        draft("R-1", ORDER, Actor("somebody", role, "LAB-LEA"), START)


@pytest.mark.rule("R-071")
def test_a_checker_whose_duties_ended_checks_nothing() -> None:
    gone = replace(CHEN, duties_end_us=START)
    with pytest.raises(RefusedError, match="chen"):
        decide(submitted(), gone, SETTINGS, START)
    assert decide(submitted(), replace(CHEN, duties_end_us=START + 1), SETTINGS, START).state is RequestState.ACCEPTED
    with pytest.raises(RefusedError, match="chen"):
        decide(submitted(), replace(CHEN, suspended=True), SETTINGS, START)


@pytest.mark.parametrize("state", RequestState)
@pytest.mark.parametrize("event", RequestEvent)
def test_every_move_that_is_not_in_the_table_is_refused(state: RequestState, event: RequestEvent) -> None:
    request = replace(submitted(), state=state)
    if event is RequestEvent.REFUSE:
        request = replace(request, papers=None)

    def move() -> Request:
        if event is RequestEvent.ATTACH:
            return attach(request, PAPERS, RIVERA, START)
        return decide(request, CHEN, SETTINGS, START)

    if event in LIFE[state]:
        assert move().state is LIFE[state][event]
    else:
        with pytest.raises(RefusedError, match="cannot"):
            move()


def test_an_order_the_court_signed_already_stays_as_it_is() -> None:
    signed = replace(ORDER, state=OrderState.ISSUED)
    asked = attach(draft("R-1", signed, RIVERA, START), PAPERS, RIVERA, START)
    assert decide(asked, CHEN, SETTINGS, START).order is signed
