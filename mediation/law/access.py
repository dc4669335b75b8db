"""One question, one answer: may this actor do this, to this, from here, now?

`may` is pure and total: it never raises and never says yes by omission. It checks in this order, and lists everything
that failed, the first deciding: the person, the device, the place, the purpose, the table, the condition of the cell.
Actions that touch what an interception collected (`PLACED`) also need the place, a grant and the order's time.
Facts come in as values; whoever calls keeps the entry log, the grants and the tickets, and audits the answer.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, NamedTuple

from mediation.law.actors import MATRIX, YES, Action, Role
from mediation.law.orders import OrderState, Window
from mediation.law.verdicts import Reason

FACILITY_COUNT: Final = 4
"""R-075: the system is used at exactly four places."""


class DeviceClass(StrEnum):
    CALEA_STATION = "CALEA_STATION"
    GENERAL_DESKTOP = "GENERAL_DESKTOP"
    NYPD_PED = "NYPD_PED"
    PERSONAL_DEVICE = "PERSONAL_DEVICE"
    DIGITAL_CAMERA = "DIGITAL_CAMERA"
    RECORD_MANAGEMENT = "RECORD_MANAGEMENT"
    VENDOR_LAPTOP = "VENDOR_LAPTOP"


class Purpose(StrEnum):
    """R-066: the four that exist. Immigration enforcement (R-065) is not among them and is refused by name."""

    CRIMINAL_INVESTIGATION = "criminal investigation"
    CIVIL_LITIGATION = "civil litigation"
    DISCIPLINARY_PROCEEDING = "disciplinary proceeding"
    OFFICIAL_BUSINESS = "other official business"


@dataclass(frozen=True, slots=True)
class Actor:
    """`trained_until_us` R-083; `background_check` R-082; `duties_end_us` the instant of a transfer (R-071);
    `suspended` after confirmed misuse (R-086)."""

    user_id: str
    role: Role
    trained_until_us: int | None = None
    background_check: bool = False
    duties_end_us: int | None = None
    suspended: bool = False


@dataclass(frozen=True, slots=True)
class Place:
    """Where the actor sits. `entered_us` is the entry log's row, `shift_start_us` the tour it must belong to (R-079).
    `segment_device` is the device class that the network segment itself is known for (R-077)."""

    facility: str
    device: DeviceClass
    segment_device: DeviceClass | None = None
    remote: bool = False
    entered_us: int | None = None
    shift_start_us: int = 0


@dataclass(frozen=True, slots=True)
class Grant:
    """Access of one user to one case, given by TARU staff (R-070), within the order's time (R-074)."""

    user_id: str
    case_id: str
    granted_by: str
    window: Window
    ended_us: int | None = None
    court_order_id: str | None = None


@dataclass(frozen=True, slots=True)
class Ticket:
    """A vendor's or an integrity case's ticket. `opened_by` and `approved_by` are different people (SD-4)."""

    ticket_id: str
    user_id: str
    opened_by: str
    approved_by: str
    window: Window
    need_to_know: bool = False


@dataclass(frozen=True, slots=True)
class CaseFile:
    """What the action is about. `window` is the order's effective window; `facilities` and `presence` are the order's
    lists (R-075, R-076); `document_author` wrote the order document, `requested_by` asked for access."""

    case_id: str
    window: Window
    state: OrderState
    facilities: frozenset[str] = frozenset()
    presence: frozenset[str] = frozenset()
    supervisors: frozenset[str] = frozenset()
    under_review: bool = False
    requested_by: str | None = None
    document_author: str | None = None
    joint_court_order_id: str | None = None


@dataclass(frozen=True, slots=True)
class Circumstances:
    """Everything else an answer may rest on. Blank means absent, and absent never helps."""

    place: Place | None = None
    purpose: str = Purpose.CRIMINAL_INVESTIGATION
    grants: tuple[Grant, ...] = ()
    tickets: tuple[Ticket, ...] = ()
    logged_reason: str = ""
    declaration_complete: bool = False
    papers_complete: bool = False
    named_employee: str = ""
    court_ruling_id: str = ""
    judge_direction_id: str = ""
    target_is_case_management: bool = False
    supervisory_authorisation: bool = False
    consent_or_no_privacy: bool = False
    beneficiary: str = ""


class Answer(NamedTuple):
    """`reasons` and `rules` run in parallel; both are empty when the answer is yes."""

    allowed: bool
    reasons: tuple[Reason, ...] = ()
    rules: tuple[str, ...] = ()


@dataclass(slots=True)
class _Failures:
    reasons: list[Reason] = field(default_factory=list)
    rules: list[str] = field(default_factory=list)

    def need(self, holds: bool, reason: Reason, rule: str) -> None:
        if not holds:
            self.reasons.append(reason)
            self.rules.append(rule)


PLACED: Final = frozenset(
    {
        Action.READ_CONTENT,
        Action.READ_CALL_IDENTIFYING,
        Action.MINIMISE,
        Action.MARK_PRIVILEGED,
        Action.READ_PRIVILEGED_HOLD,
        Action.READ_QUARANTINE,
    }
)
"""Actions on collected material: they need the station, the facility and the entry log whoever acts."""

_OPERATED: Final = frozenset({*PLACED, Action.EXPORT_HAND_OFF, Action.GRANT_ACCESS, Action.START_EXIGENT_USE})
"""Actions done at the system itself, hence only by trained people (R-083)."""


def facilities_error(facilities: frozenset[str]) -> str | None:
    """R-075: what is wrong with a configured list of facilities, in one sentence; None when it has exactly four."""
    if len(facilities) == FACILITY_COUNT:
        return None
    return (
        f"The configuration names {len(facilities)} facilities; the system is used at exactly {FACILITY_COUNT} (R-075)."
    )


def may(
    actor: Actor, action: Action, case: CaseFile | None, now_us: int, facts: Circumstances, facilities: frozenset[str]
) -> Answer:
    """Whether `actor` may do `action` on `case` at `now_us`. `facilities` are the configured four."""
    failures = _Failures()
    _person(actor, action, now_us, failures)
    if action in PLACED:
        _device(facts.place, failures)
        _facility(actor, case, facts.place, now_us, facilities, failures)
    _purpose(facts.purpose, failures)
    cell = MATRIX[action].get(actor.role)
    failures.need(cell is not None, Reason.ACCESS_DENIED_ROLE, "R-073")
    if cell is not None and cell != YES:
        _CONDITIONS[cell](_Question(actor, action, case, now_us, facts), failures)
    if action is Action.GRANT_ACCESS:
        _separate_grant(actor, case, facts, failures)
    if action is Action.CHECK_PAPERS and case is not None:
        failures.need(case.document_author != actor.user_id, Reason.ACCESS_DENIED_ROLE, "SD-2")
    if action in PLACED and case is not None and case.state is OrderState.CLOSED:
        failures.need(False, Reason.ACCESS_EXPIRED, "R-149")
    return Answer(not failures.reasons, tuple(failures.reasons), tuple(failures.rules))


def _person(actor: Actor, action: Action, now_us: int, failures: _Failures) -> None:
    failures.need(not actor.suspended, Reason.ACCESS_DENIED_ROLE, "R-086")
    in_duty = actor.duties_end_us is None or now_us < actor.duties_end_us
    failures.need(in_duty, Reason.ACCESS_EXPIRED, "R-071")
    if action in _OPERATED and MATRIX[action].get(actor.role) is not None:
        trained = actor.trained_until_us is not None and now_us < actor.trained_until_us
        failures.need(trained, Reason.NOT_TRAINED, "R-083")


def _device(place: Place | None, failures: _Failures) -> None:
    if place is None:
        failures.need(False, Reason.ACCESS_DENIED_DEVICE, "R-077")
        return
    never = (DeviceClass.DIGITAL_CAMERA, DeviceClass.NYPD_PED, DeviceClass.RECORD_MANAGEMENT)
    rule = "R-087" if place.device in never else "R-077"
    failures.need(place.device is DeviceClass.CALEA_STATION, Reason.ACCESS_DENIED_DEVICE, rule)
    segment_agrees = place.segment_device in (None, DeviceClass.CALEA_STATION)
    failures.need(segment_agrees, Reason.ACCESS_DENIED_DEVICE, "R-077")


def _facility(
    actor: Actor,
    case: CaseFile | None,
    place: Place | None,
    now_us: int,
    facilities: frozenset[str],
    failures: _Failures,
) -> None:
    if place is None:
        failures.need(False, Reason.ACCESS_DENIED_FACILITY, "R-075")
        return
    failures.need(not place.remote, Reason.ACCESS_DENIED_FACILITY, "R-088")
    failures.need(place.facility in facilities, Reason.ACCESS_DENIED_FACILITY, "R-075")
    entered = place.entered_us is not None and place.shift_start_us <= place.entered_us <= now_us
    failures.need(entered, Reason.ACCESS_DENIED_FACILITY, "R-079")
    if case is not None:
        listed = not case.facilities or place.facility in case.facilities
        failures.need(listed, Reason.ACCESS_DENIED_FACILITY, "R-075")
        present = not case.presence or actor.user_id in case.presence
        failures.need(present, Reason.ACCESS_DENIED_FACILITY, "R-076")


def _purpose(purpose: str, failures: _Failures) -> None:
    if "immigration" in purpose.lower():
        failures.need(False, Reason.PURPOSE_FORBIDDEN, "R-065")
        return
    failures.need(purpose in frozenset(Purpose), Reason.PURPOSE_FORBIDDEN, "R-066")


def _separate_grant(actor: Actor, case: CaseFile | None, facts: Circumstances, failures: _Failures) -> None:
    """R-070 is the table's; here: never to oneself, and not by the one who asked (SD-1)."""
    failures.need(bool(facts.beneficiary), Reason.ACCESS_DENIED_ROLE, "R-070")
    failures.need(facts.beneficiary != actor.user_id, Reason.ACCESS_DENIED_ROLE, "SD-1")
    if case is not None:
        failures.need(case.requested_by != actor.user_id, Reason.ACCESS_DENIED_ROLE, "SD-1")


class _Question(NamedTuple):
    actor: Actor
    action: Action
    case: CaseFile | None
    now_us: int
    facts: Circumstances


def _granted(question: _Question, failures: _Failures, rule: str = "R-073") -> Grant | None:
    """The grant that covers the case now. A case without one is denied as a case unknown to the actor (R-073)."""
    case, facts, now_us = question.case, question.facts, question.now_us
    mine = [
        grant
        for grant in facts.grants
        if case is not None and grant.case_id == case.case_id and grant.user_id == question.actor.user_id
    ]
    if not mine:
        failures.need(False, Reason.ACCESS_DENIED_ROLE, rule)
        return None
    for grant in mine:
        if grant.window.contains(now_us) and (grant.ended_us is None or now_us < grant.ended_us):
            return grant
    failures.need(False, Reason.ACCESS_EXPIRED, "R-074")
    return None


def _within_order(question: _Question, failures: _Failures) -> None:
    case = question.case
    live = case is not None and case.state is OrderState.ACTIVE and case.window.contains(question.now_us)
    failures.need(live, Reason.ACCESS_EXPIRED, "R-074")


def _c1(question: _Question, failures: _Failures) -> None:
    failures.need(question.facts.beneficiary != question.actor.user_id, Reason.ACCESS_DENIED_ROLE, "R-070")


def _c2(question: _Question, failures: _Failures) -> None:
    failures.need(question.facts.declaration_complete, Reason.DOC_MISSING, "R-030")
    failures.need(question.facts.papers_complete, Reason.DOC_MISSING, "R-045")


def _c3(question: _Question, failures: _Failures) -> None:
    failures.need(bool(question.facts.named_employee), Reason.ACCESS_DENIED_ROLE, "R-059")


def _c4(question: _Question, failures: _Failures) -> None:
    _granted(question, failures)
    _within_order(question, failures)


def _c5(question: _Question, failures: _Failures) -> None:
    case = question.case
    theirs = case is not None and question.actor.user_id in case.supervisors and case.under_review
    failures.need(theirs, Reason.ACCESS_DENIED_ROLE, "R-073")
    _within_order(question, failures)


def _c6(question: _Question, failures: _Failures) -> None:
    failures.need(bool(question.facts.logged_reason.strip()), Reason.NEED_TO_KNOW_MISSING, "R-073")


def _c7(question: _Question, failures: _Failures) -> None:
    case = question.case
    named = case is not None and bool(case.joint_court_order_id)
    failures.need(named, Reason.ACCESS_DENIED_ROLE, "R-080")
    grant = _granted(question, failures, "R-080")
    if grant is not None and case is not None:
        failures.need(grant.court_order_id == case.joint_court_order_id, Reason.ACCESS_DENIED_ROLE, "R-080")
    _within_order(question, failures)


def _c8(question: _Question, failures: _Failures) -> None:
    failures.need(bool(question.facts.court_ruling_id), Reason.ACCESS_DENIED_ROLE, "R-041")


def _ticket(question: _Question, failures: _Failures, rule: str) -> Ticket | None:
    mine = [ticket for ticket in question.facts.tickets if ticket.user_id == question.actor.user_id]
    if not mine:
        failures.need(False, Reason.NEED_TO_KNOW_MISSING, rule)
        return None
    ticket = next((one for one in mine if one.window.contains(question.now_us)), None)
    if ticket is None:
        failures.need(False, Reason.ACCESS_EXPIRED, rule)
        return None
    failures.need(ticket.opened_by != ticket.approved_by, Reason.ACCESS_DENIED_ROLE, "SD-4")
    return ticket


def _c9(question: _Question, failures: _Failures) -> None:
    _ticket(question, failures, "R-085")


def _c10(question: _Question, failures: _Failures) -> None:
    case = question.case
    over = case is not None and question.now_us >= case.window.end_us
    failures.need(over, Reason.ACCESS_DENIED_ROLE, "R-130")
    failures.need(question.facts.target_is_case_management, Reason.ACCESS_DENIED_ROLE, "R-173")


def _c11(question: _Question, failures: _Failures) -> None:
    failures.need(bool(question.facts.judge_direction_id), Reason.SEAL_MISSING, "R-131")


def _c12(question: _Question, failures: _Failures) -> None:
    failures.need(question.facts.supervisory_authorisation, Reason.DOC_MISSING, "R-165")
    failures.need(question.facts.consent_or_no_privacy, Reason.NO_ORDER, "R-166")


def _c13(question: _Question, failures: _Failures) -> None:
    """They may ask; running it is the ITB's (R-085)."""
    failures.need(False, Reason.ACCESS_DENIED_ROLE, "R-085")


def _c14(question: _Question, failures: _Failures) -> None:
    failures.need(question.actor.background_check, Reason.ACCESS_DENIED_ROLE, "R-082")
    ticket = _ticket(question, failures, "R-081")
    if ticket is not None:
        failures.need(ticket.need_to_know, Reason.NEED_TO_KNOW_MISSING, "R-081")


_CONDITIONS: Final[dict[str, Callable[[_Question, _Failures], None]]] = {
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
