"""One question, one answer: may this actor do this, to this, from here, now?

`may` is pure and total: it never raises and never says yes by omission. It checks in this order, and lists everything
that failed, the first deciding: the person, the device, the place, the purpose, the table, the case, the condition of
the cell, the separation of duties, the order's life.

A case the actor may not know of is no case (R-073, R-026): the answer is made without it, so it is the same, reason by
reason, as for a case that does not exist. A role with no cell for an action learns nothing of the case either.

Actions that touch what an interception collected (`PLACED`) need a station at a facility. The court and the prosecutor
work on what is brought to them (R-156, SD-7) and have no station; papers, accounts and grants may be handled at the
desk itself, without one, but never from a device or a network that cannot be a client.
"""

from __future__ import annotations

from typing import Final

from mediation.law.access_conditions import CONDITIONS, Question, grants_of, holding, need_grant, sound_grant
from mediation.law.access_facts import (
    Actor,
    Answer,
    CaseFile,
    Circumstances,
    DeviceClass,
    Failures,
    Place,
    RequestFile,
)
from mediation.law.actors import MATRIX, YES, Action, Role
from mediation.law.orders import OrderState
from mediation.law.purposes import purpose_refusal
from mediation.law.verdicts import Reason

FACILITY_COUNT: Final = 4
"""R-075: the system is used at exactly four places."""

PLACED: Final = frozenset(
    {
        Action.READ_CONTENT,
        Action.READ_CALL_IDENTIFYING,
        Action.MINIMISE,
        Action.MARK_PRIVILEGED,
        Action.READ_PRIVILEGED_HOLD,
        Action.READ_QUARANTINE,
        Action.EXPORT_HAND_OFF,
    }
)
"""Actions on collected material: they need the station, the facility and the entry log."""

NEEDS_CASE: Final = PLACED | {
    Action.GRANT_ACCESS,
    Action.SEAL,
    Action.TURN_OVER_TO_PROSECUTOR,
    Action.DELIVER_TO_DEFENCE,
    Action.ORDER_DESTRUCTION_OR_CUSTODY,
}
"""Without a case that the actor may know of there is nothing to do these to."""

_OPERATED: Final = PLACED | {Action.GRANT_ACCESS, Action.START_EXIGENT_USE}
"""Actions done at the system itself, hence only by trained people (R-083)."""

_NO_STATION: Final = frozenset({Role.JUDGE, Role.PROS})
_OUTSIDERS: Final = frozenset({Role.VEND, Role.CARR, Role.DEF, Role.PUB, Role.SYS})
_NEEDS_GRANT: Final = frozenset({Role.INV, Role.OAG})
_RELEASES: Final = frozenset({Action.TURN_OVER_TO_PROSECUTOR, Action.DELIVER_TO_DEFENCE, Action.APPROVE_DISCLOSURE})
_CONTENT: Final = frozenset({Action.READ_CONTENT, Action.READ_CALL_IDENTIFYING})
_AUDITORS: Final = frozenset({Role.ICO, Role.IAB, Role.ITB})

_NEVER_CLIENTS: Final = {
    DeviceClass.DIGITAL_CAMERA: "R-169",
    DeviceClass.NYPD_PED: "R-170",
    DeviceClass.RECORD_MANAGEMENT: "R-171",
}

_EMPTY_CELL: Final = {
    Action.GRANT_ACCESS: "R-070",
    Action.GRANT_ACCESS_TO_ONESELF: "SD-1",
    Action.READ_PRIVILEGED_HOLD: "R-120",
    Action.READ_QUARANTINE: "R-041",
    Action.DELETE_RECORD: "R-141",
    Action.INSTALL_COVERT_AUDIO: "R-163",
    Action.READ_FULL_AUDIT: "R-085",
    Action.CHANGE_RECORDING: "R-091",
    Action.TURN_OFF_AUDIT_OR_GATE: "SD-6",
}
"""The rule that says most about an empty cell, where it is another than R-073."""


def facilities_error(facilities: frozenset[str]) -> str | None:
    """R-075: what is wrong with a configured list of facilities, in one sentence; None when it has exactly four."""
    if len(facilities) == FACILITY_COUNT:
        return None
    return (
        f"The configuration names {len(facilities)} facilities; the system is used at exactly {FACILITY_COUNT} (R-075)."
    )


def may(actor: Actor, action: Action, subject: CaseFile | None, now_us: int, facts: Circumstances) -> Answer:
    """Whether `actor` may do `action` to `subject` at `now_us`."""
    failures = Failures()
    cell = MATRIX[action].get(actor.role)
    case = subject if cell is not None and knows_of(actor, subject, facts) else None
    _person(actor, action, cell, now_us, failures)
    _place(actor, action, case, now_us, facts, failures)
    _purpose(facts, failures)
    if cell is None:
        failures.need(False, Reason.ACCESS_DENIED_ROLE, _empty_cell(actor.role, action))
        return failures.answer()
    if case is None and action in NEEDS_CASE:
        failures.need(False, Reason.ACCESS_DENIED_ROLE, "R-080" if actor.role is Role.OAG else "R-073")
        return failures.answer()
    question = Question(actor, action, case, now_us, facts)
    if cell != YES:
        CONDITIONS[cell](question, failures)
    elif action in PLACED and actor.role in _NEEDS_GRANT:
        need_grant(question, failures)
    _separate(question, failures)
    _release(question, failures)
    if case is not None and action in NEEDS_CASE:
        _life(case, action, failures)
    return failures.answer()


def knows_of(actor: Actor, case: CaseFile | None, facts: Circumstances) -> bool:
    """R-073, R-026, R-080: whether the actor may know that this case exists. Of another agency's nobody may but the
    court, and an officer whom a court order and a grant bring in."""
    if case is None:
        return False
    if actor.role is Role.JUDGE:
        return True
    if actor.role is Role.PROS:
        return actor.user_id in case.prosecutors
    if actor.role is Role.OAG:
        return actor.agency in case.joint_with and bool(grants_of(actor, case, facts))
    if actor.role in _OUTSIDERS or not actor.agency or actor.agency != case.agency:
        return False
    if actor.role is Role.INV:
        return bool(grants_of(actor, case, facts))
    return actor.role is not Role.SUP or actor.user_id in case.supervisors


def session_ends_us(actor: Actor, case: CaseFile, facts: Circumstances, now_us: int) -> int | None:
    """R-074: the instant at which a session that is allowed now must be cut, as far as it is known now; None for one
    that nothing ends. What may still come (a revocation, a transfer) is why it is asked again and again."""
    ends = [end for end in (actor.duties_end_us, actor.trained_until_us) if end is not None]
    if actor.role in (Role.INV, Role.OAG, Role.SUP):
        ends.append(case.window.end_us)
    if actor.role in _NEEDS_GRANT:
        sound = [one for one in grants_of(actor, case, facts) if sound_grant(one) is None]
        lasting = [
            min(one.window.end_us, one.window.end_us if one.ended_us is None else one.ended_us)
            for one in sound
            if holding(one, case, now_us)
        ]
        ends.append(max(lasting, default=now_us))
    return min(ends, default=None)


def _person(actor: Actor, action: Action, cell: str | None, now_us: int, failures: Failures) -> None:
    failures.need(not actor.suspended, Reason.ACCESS_DENIED_ROLE, "R-086")
    in_duty = actor.duties_end_us is None or now_us < actor.duties_end_us
    failures.need(in_duty, Reason.ACCESS_EXPIRED, "R-071")
    if action in _OPERATED and cell is not None and actor.role not in _NO_STATION:
        trained = actor.trained_until_us is not None and now_us < actor.trained_until_us
        failures.need(trained, Reason.NOT_TRAINED, "R-083")


def _place(
    actor: Actor, action: Action, case: CaseFile | None, now_us: int, facts: Circumstances, failures: Failures
) -> None:
    place = facts.place
    if action in PLACED and actor.role not in _NO_STATION:
        if place is None:
            failures.need(False, Reason.ACCESS_DENIED_DEVICE, "R-077")
            failures.need(False, Reason.ACCESS_DENIED_FACILITY, "R-075")
            return
        _client(place, failures)
        _facility(actor, case, place, now_us, facts.facilities, failures)
    elif place is not None:
        _client(place, failures)
        failures.need(not place.remote, Reason.ACCESS_DENIED_FACILITY, "R-088")


def _client(place: Place, failures: Failures) -> None:
    """R-077, R-087: what the client says it is and what its network is known for must both be a station."""
    for device in dict.fromkeys((place.device, place.segment_device)):
        if device is DeviceClass.CALEA_STATION:
            continue
        if device in _NEVER_CLIENTS:
            failures.need(False, Reason.ACCESS_DENIED_DEVICE, "R-087")
            failures.need(False, Reason.ACCESS_DENIED_DEVICE, _NEVER_CLIENTS[device])
        failures.need(False, Reason.ACCESS_DENIED_DEVICE, "R-077")


def _facility(
    actor: Actor,
    case: CaseFile | None,
    place: Place,
    now_us: int,
    facilities: frozenset[str],
    failures: Failures,
) -> None:
    failures.need(not place.remote, Reason.ACCESS_DENIED_FACILITY, "R-088")
    known = place.facility in facilities and len(facilities) == FACILITY_COUNT
    failures.need(known, Reason.ACCESS_DENIED_FACILITY, "R-075")
    entered = place.entered_us is not None and place.shift_start_us <= place.entered_us <= now_us
    failures.need(entered, Reason.ACCESS_DENIED_FACILITY, "R-079")
    if case is not None:
        listed = not case.facilities or place.facility in case.facilities
        failures.need(listed, Reason.ACCESS_DENIED_FACILITY, "R-075")
        present = not case.presence or actor.user_id in case.presence
        failures.need(present, Reason.ACCESS_DENIED_FACILITY, "R-076")


def _purpose(facts: Circumstances, failures: Failures) -> None:
    """R-065, R-066; what is forbidden as a purpose is forbidden as a reason too."""
    refusal = purpose_refusal(facts.purpose, facts.logged_reason)
    if refusal is not None:
        failures.need(False, refusal.reason, refusal.rule)


def _empty_cell(role: Role, action: Action) -> str:
    if action in _CONTENT:
        if role is Role.VEND:
            return "R-081"
        if role is Role.JUDGE:
            return "SD-7"
        if role in _AUDITORS:
            return "SD-5"
    return _EMPTY_CELL.get(action, "R-073")


def _separate(question: Question, failures: Failures) -> None:
    """SD-1, SD-2 and the grant's own rules. Ending access takes no papers."""
    actor, action, facts = question.actor, question.action, question.facts
    if action is Action.ADMINISTER:
        failures.need(actor.user_id != facts.beneficiary, Reason.ACCESS_DENIED_ROLE, "SD-1")
    request = facts.request
    if request is not None and request.agency != actor.agency:
        request = None
    if action is Action.CHECK_PAPERS:
        failures.need(request is not None, Reason.ACCESS_DENIED_ROLE, "R-073")
        if request is not None:
            had_a_hand = actor.user_id in (request.document_author, request.requested_by)
            failures.need(not had_a_hand, Reason.ACCESS_DENIED_ROLE, "SD-2")
    if action is Action.GRANT_ACCESS:
        failures.need(bool(facts.beneficiary), Reason.ACCESS_DENIED_ROLE, "R-070")
        if not facts.ending:
            _separate_grant(question, request, failures)


def _separate_grant(question: Question, request: RequestFile | None, failures: Failures) -> None:
    actor, case, facts = question.actor, question.case, question.facts
    failures.need(actor.user_id != facts.beneficiary, Reason.ACCESS_DENIED_ROLE, "SD-1")
    if request is None or case is None or request.case_id != case.case_id:
        failures.need(False, Reason.DOC_MISSING, "R-050")
        return
    named = request.order_id in ("", case.order_id)
    failures.need(named and request.complete and bool(request.checked_by), Reason.DOC_MISSING, "R-050")
    failures.need(actor.user_id != request.requested_by, Reason.ACCESS_DENIED_ROLE, "SD-1")
    failures.need(actor.user_id != request.checked_by, Reason.ACCESS_DENIED_ROLE, "SD-2")
    failures.need(question.now_us < case.window.end_us, Reason.ACCESS_EXPIRED, "R-074")


def _release(question: Question, failures: Failures) -> None:
    """R-151, R-157, R-173: to whom material may go."""
    actor, action, case, facts = question.actor, question.action, question.case, question.facts
    abroad = facts.recipient_agency not in ("", actor.agency)
    if action in _RELEASES or (action is Action.EXPORT_HAND_OFF and abroad):
        failures.need(facts.requester_confirmed, Reason.ACCESS_DENIED_ROLE, "R-151")
    if action is Action.EXPORT_HAND_OFF:
        known = bool(facts.target_system) and facts.target_system in facts.case_systems
        failures.need(known, Reason.ACCESS_DENIED_ROLE, "R-173")
        joint = case is not None and facts.recipient_agency in case.joint_with
        failures.need(not abroad or joint, Reason.ACCESS_DENIED_ROLE, "R-157")


def _life(case: CaseFile, action: Action, failures: Failures) -> None:
    # What a judge orders destroyed after ten years was closed long before.
    open_still = case.state is not OrderState.CLOSED or action is Action.ORDER_DESTRUCTION_OR_CUSTODY
    failures.need(open_still, Reason.ACCESS_EXPIRED, "R-149")
    if action is Action.READ_CONTENT:
        failures.need(not case.metadata_only, Reason.SCOPE_CONTENT_ON_PRTT, "R-110")
