"""Who may do what in record management, and when a case may be closed or let go. Pure.

Rules. Access takes a role that has the task, and a need that somebody can state (R-173); a case is open to whom it was
given, by somebody else (SD-1). Disclosure is `mediation.law.disclosure` with one more condition: another agency has a
written agreement. What never came from the collection system may go to the press under the grounds that hold outside;
what did, never (R-159). Immigration enforcement is refused whatever is asked (R-065, R-153).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from enum import StrEnum
from typing import Final, NamedTuple

from mediation.law.access_facts import Answer, Failures
from mediation.law.actors import Role
from mediation.law.custody import years_later
from mediation.law.disclosure import Disclosure, Disposition, Recipient, may_close, may_disclose
from mediation.law.purposes import immigration
from mediation.law.verdicts import Reason


class Task(StrEnum):
    READ = "read a case"
    SEARCH = "search"
    GIVE = "give access to a case"
    DISPOSE = "say how a case ended"
    PROSECUTOR = "turn material over to the prosecutor"
    DISCLOSE = "disclose outside"
    REVIEW = "review a public records request"
    AGREE = "file an agreement with another agency"
    REPORT = "report an improper disclosure"
    NOTICE = "say that a disclosure was improper"
    SUMMARY = "read the quarterly summary"
    AUDIT = "read the ledger"


_READERS: Final = frozenset({Role.INV, Role.SUP})
ROLES: Final[Mapping[Task, frozenset[Role]]] = {
    Task.READ: _READERS,
    Task.SEARCH: _READERS,
    Task.GIVE: frozenset({Role.SUP, Role.TADM}),
    Task.DISPOSE: frozenset({Role.SUP}),
    Task.PROSECUTOR: frozenset({Role.SUP}),
    Task.DISCLOSE: frozenset({Role.APO}),
    Task.REVIEW: frozenset({Role.APO}),
    Task.AGREE: frozenset({Role.APO}),
    Task.REPORT: frozenset({Role.APO}),
    Task.NOTICE: frozenset({Role.INV, Role.SUP, Role.APO, Role.ICO}),
    Task.SUMMARY: frozenset({Role.APO, Role.ICO}),
    Task.AUDIT: frozenset({Role.ICO, Role.IAB, Role.ITB}),
}
"""The prosecutor and the other agencies have no task here: they are brought a package (R-156, R-157)."""


class Who(NamedTuple):
    """Somebody who asks; `role` is None for somebody unknown."""

    user_id: str
    role: Role | None


def may(task: Task, who: Who, need: str, given: bool = True) -> Answer:
    """`given`: whether the case, where it is about one, is open to them. A case that is not is answered like one that
    there is not (R-073)."""
    failures = Failures()
    failures.need(who.role in ROLES[task], Reason.ACCESS_DENIED_ROLE, "R-173")
    failures.need(bool(need.strip()), Reason.NEED_TO_KNOW_MISSING, "R-173")
    failures.need(not immigration(need), Reason.PURPOSE_FORBIDDEN, "R-065")
    failures.need(given, Reason.ACCESS_DENIED_ROLE, "R-073")
    return failures.answer()


def may_give(who: Who, to: Who, need: str) -> Answer:
    """R-173, SD-1: access to a case is somebody else's to give, to a role that reads."""
    failures = Failures()
    failures.need(who.user_id != to.user_id, Reason.ACCESS_DENIED_ROLE, "SD-1")
    failures.need(to.role in _READERS, Reason.ACCESS_DENIED_ROLE, "R-173")
    return joined(may(Task.GIVE, who, need), failures.answer())


def may_share(who: Who, request: Disclosure, collected: bool, agreement: bool) -> Answer:
    """R-150 to R-159. `collected`: whether any of it came from the collection system. `agreement`: whether there is a
    written one with the agency that asks."""
    task = Task.PROSECUTOR if request.recipient in (Recipient.PROSECUTOR, Recipient.DEFENCE) else Task.DISCLOSE
    failures = Failures()
    failures.need(who.role in ROLES[task], Reason.ACCESS_DENIED_ROLE, "R-150")
    if request.recipient is Recipient.OTHER_AGENCY:
        failures.need(agreement, Reason.ACCESS_DENIED_ROLE, "R-157")
    if not collected and request.recipient in (Recipient.PRESS, Recipient.COMMUNITY_LEADER):
        request = replace(request, recipient=Recipient.OUTSIDE)
    return joined(failures.answer(), may_disclose(request))


class Standing(NamedTuple):
    """How a case stands. `closed_us` is None while it is open."""

    disposition: Disposition
    closed_us: int | None = None


def may_end(standing: Standing) -> Answer:
    """R-145: prosecution and appeals exhausted, a settlement, no arrest, or restitution no longer sought."""
    return may_close(standing.disposition)


def keep_until_us(standing: Standing, schedule: Mapping[str, int]) -> int | None:
    """R-145: until when a case is kept: by its classification, from its closing. None while it is open, or an appeal is
    pending, or the schedule does not know its classification: then for good."""
    years = schedule.get(standing.disposition.classification)
    if standing.closed_us is None or standing.disposition.appeal_pending or years is None:
        return None
    return years_later(standing.closed_us, years)


def joined(*answers: Answer) -> Answer:
    """All that stands against it, from every answer, each once and in order."""
    pairs = dict.fromkeys(
        pair for one in answers for pair in zip(one.reasons, one.rules, strict=True) if not one.allowed
    )
    return Answer(not pairs, tuple(reason for reason, _ in pairs), tuple(rule for _, rule in pairs))
