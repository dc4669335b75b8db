"""The notes of the table (`C1` … `C14`): what must hold besides the cell, each as one small function.

A condition is asked only where the cell carries its note and the actor may know of the case. It adds what does not
hold and never takes anything away.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple

from mediation.law.access_facts import Actor, CaseFile, Circumstances, Failures, Grant, Ticket
from mediation.law.actors import Action, Role
from mediation.law.orders import OrderState
from mediation.law.verdicts import Reason


class Question(NamedTuple):
    actor: Actor
    action: Action
    case: CaseFile | None
    now_us: int
    facts: Circumstances


def grants_of(actor: Actor, case: CaseFile, facts: Circumstances) -> list[Grant]:
    """The actor's grants for the case, whatever their state."""
    return [one for one in facts.grants if one.user_id == actor.user_id and one.case_id == case.case_id]


def sound_grant(grant: Grant) -> tuple[Reason, str] | None:
    """What is wrong with how a grant was given, None when nothing is: only the technical unit grants (R-070), nobody
    to themselves (SD-1), and not from the instant of a transfer on (R-071, SD-3)."""
    if grant.grantor_role is not Role.TARU:
        return Reason.ACCESS_DENIED_ROLE, "R-070"
    if grant.granted_by == grant.user_id:
        return Reason.ACCESS_DENIED_ROLE, "SD-1"
    if grant.grantor_duties_end_us is not None and grant.granted_us >= grant.grantor_duties_end_us:
        return Reason.ACCESS_EXPIRED, "R-071"
    return None


def holding(grant: Grant, case: CaseFile, now_us: int) -> bool:
    """Whether a grant is in force now for the order of the case file."""
    ended = grant.ended_us is not None and now_us >= grant.ended_us
    return grant.order_id == case.order_id and grant.window.contains(now_us) and not ended


def need_grant(question: Question, failures: Failures) -> Grant | None:
    """R-073, R-074: a grant that was given rightly and is in force."""
    case, now_us = question.case, question.now_us
    if case is None:
        return None
    mine = grants_of(question.actor, case, question.facts)
    wrong = [found for one in mine if (found := sound_grant(one)) is not None]
    sound = [one for one in mine if sound_grant(one) is None]
    for grant in sound:
        if holding(grant, case, now_us):
            return grant
    reason, rule = (Reason.ACCESS_EXPIRED, "R-074") if sound or not wrong else wrong[0]
    failures.need(False, reason, rule)
    return None


def need_order(question: Question, failures: Failures) -> None:
    """R-074: the order itself is in force."""
    case = question.case
    live = case is not None and case.state is OrderState.ACTIVE and case.window.contains(question.now_us)
    failures.need(live, Reason.ACCESS_EXPIRED, "R-074")


def need_ticket(
    question: Question, failures: Failures, rule: str, opens: Callable[[Ticket], bool] = lambda _: True
) -> Ticket | None:
    """The ticket in force; of several, one that `opens` what is asked for."""
    case_id = question.case.case_id if question.case is not None else ""
    mine = [one for one in question.facts.tickets if one.user_id == question.actor.user_id and one.case_id == case_id]
    if not mine:
        failures.need(False, Reason.NEED_TO_KNOW_MISSING, rule)
        return None
    current = [one for one in mine if one.window.contains(question.now_us)]
    if not current:
        failures.need(False, Reason.ACCESS_EXPIRED, rule)
        return None
    ticket = next((one for one in current if opens(one)), current[0])
    failures.need(ticket.opened_by != ticket.approved_by, Reason.ACCESS_DENIED_ROLE, "SD-4")
    return ticket


def _c1(question: Question, failures: Failures) -> None:
    failures.need(question.actor.access_control, Reason.ACCESS_DENIED_ROLE, "R-070")


def _c2(question: Question, failures: Failures) -> None:
    failures.need(question.facts.declaration_complete, Reason.DOC_MISSING, "R-030")
    failures.need(question.facts.papers_complete, Reason.DOC_MISSING, "R-045")


def _c3(question: Question, failures: Failures) -> None:
    failures.need(bool(question.facts.named_employee.strip()), Reason.ACCESS_DENIED_ROLE, "R-059")


def _c4(question: Question, failures: Failures) -> None:
    need_grant(question, failures)
    need_order(question, failures)


def _c5(question: Question, failures: Failures) -> None:
    case = question.case
    failures.need(case is not None and case.under_review, Reason.ACCESS_DENIED_ROLE, "R-073")
    need_order(question, failures)


def _c6(question: Question, failures: Failures) -> None:
    failures.need(bool(question.facts.logged_reason.strip()), Reason.NEED_TO_KNOW_MISSING, "R-073")


def _c7(question: Question, failures: Failures) -> None:
    grant, case = need_grant(question, failures), question.case
    if grant is not None and case is not None:
        failures.need(grant.court_order_id == case.order_id, Reason.ACCESS_DENIED_ROLE, "R-080")
    need_order(question, failures)


def _c8(question: Question, failures: Failures) -> None:
    failures.need(bool(question.facts.court_ruling_id.strip()), Reason.ACCESS_DENIED_ROLE, "R-041")


def _c9(question: Question, failures: Failures) -> None:
    need_ticket(question, failures, "R-085")


def _c10(question: Question, failures: Failures) -> None:
    case = question.case
    over = case is not None and question.now_us >= case.window.end_us
    failures.need(over, Reason.ACCESS_DENIED_ROLE, "R-130")


def _c11(question: Question, failures: Failures) -> None:
    failures.need(bool(question.facts.judge_direction_id.strip()), Reason.SEAL_MISSING, "R-131")


def _c12(question: Question, failures: Failures) -> None:
    failures.need(question.facts.supervisory_authorisation, Reason.DOC_MISSING, "R-165")
    failures.need(question.facts.consent_or_no_privacy, Reason.NO_ORDER, "R-166")


def _c13(question: Question, failures: Failures) -> None:
    """They may ask; running it is the technology bureau's (R-085)."""
    failures.need(False, Reason.ACCESS_DENIED_ROLE, "R-085")


def _c14(question: Question, failures: Failures) -> None:
    failures.need(question.actor.background_check, Reason.ACCESS_DENIED_ROLE, "R-082")
    ticket = need_ticket(
        question._replace(case=None), failures, "R-081", lambda one: bool(one.contract) and one.need_to_know
    )
    if ticket is not None:
        failures.need(bool(ticket.contract), Reason.NEED_TO_KNOW_MISSING, "R-081")
        failures.need(ticket.need_to_know, Reason.NEED_TO_KNOW_MISSING, "R-081")


CONDITIONS: Final[dict[str, Callable[[Question, Failures], None]]] = {
    "C1": _c1,
    "C2": _c2,
    "C3": _c3,
    "C4": _c4,
    "C5": _c5,
    "C6": _c6,
    "C7": _c7,
    "C8": _c8,
    "C9": _c9,
    "C10": _c10,
    "C11": _c11,
    "C12": _c12,
    "C13": _c13,
    "C14": _c14,
}
