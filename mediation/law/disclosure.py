"""What may leave, to whom, on what ground: one question, one answer with all its reasons.

`may_disclose` looks at, in this order: the purpose (R-150, R-153), who asks (R-151), then the road of the recipient.
Inside the agency duty is enough (R-150). The prosecutor gets a package, never a login, and the defence gets it from the
prosecutor (R-156). Other agencies ask case management, and the collection system only with a court order (R-157). The
public gets what a person reviewed (R-158), press and community leaders nothing (R-159), the subscriber of a tapped line
nothing either while the order is sealed (R-147). What goes outside also needs one of seven grounds (R-152).
Immigration enforcement is refused on every road, whatever the ground. Pure: whoever acts audits the answer.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, NamedTuple

from mediation.law.access_facts import Answer, Failures
from mediation.law.orders import Window
from mediation.law.purposes import immigration, purpose_refusal
from mediation.law.verdicts import Reason


class Recipient(StrEnum):
    INTERNAL = "internal"
    PROSECUTOR = "prosecutor"
    DEFENCE = "defence"
    OTHER_AGENCY = "other_agency"
    OUTSIDE = "outside"
    PUBLIC_RECORDS = "public_records"
    PRESS = "press"
    COMMUNITY_LEADER = "community_leader"
    SUBSCRIBER = "subscriber"


class Form(StrEnum):
    """How it would leave."""

    PACKAGE = "package"
    LOGIN = "login"


class Source(StrEnum):
    """Where it would leave from. After the hand-off, material lives in case management."""

    COLLECTION = "collection"
    CASE_MANAGEMENT = "case_management"


class DisclosureGround(StrEnum):
    """R-152, the seven in their order."""

    CONSENT = "consent of the subject or guardian"
    LAW = "required or permitted by law"
    MISSION = "in furtherance of the agency's mission"
    CITY_APPROVED = "approved beforehand by the city's privacy officer"
    ROUTINE = "designated as routine"
    CRIME = "crime committed, attempted or impending"
    WELFARE = "welfare of a minor or of somebody not competent"


_APPROVED: Final = frozenset({DisclosureGround.CONSENT, DisclosureGround.LAW, DisclosureGround.MISSION})


@dataclass(frozen=True, slots=True)
class Disclosure:
    """Blank means absent, and absent never helps. `approval_id` is the agency privacy officer's written approval,
    `city_approval_id` that of the city's; `court_order_id` orders this disclosure; `reviewed_by` read the material for
    a public records request."""

    recipient: Recipient
    requester: str
    purpose: str
    details: str = ""
    identity_confirmed: bool = False
    affiliation_confirmed: bool = False
    has_jurisdiction: bool = False
    form: Form = Form.PACKAGE
    source: Source = Source.COLLECTION
    ground: DisclosureGround | None = None
    approval_id: str = ""
    city_approval_id: str = ""
    routine_id: str = ""
    crime_reference: str = ""
    welfare_reference: str = ""
    court_order_id: str = ""
    reviewed_by: str = ""


def may_disclose(request: Disclosure) -> Answer:
    """Whether this may be released. `reasons` and `rules` name everything that stands against it."""
    failures = Failures()
    _purpose(request, failures)
    confirmed = bool(request.requester.strip()) and request.identity_confirmed and request.affiliation_confirmed
    failures.need(confirmed, Reason.ACCESS_DENIED_ROLE, "R-151")
    match request.recipient:
        case Recipient.INTERNAL:
            pass
        case Recipient.PROSECUTOR:
            failures.need(request.form is Form.PACKAGE, Reason.ACCESS_DENIED_ROLE, "R-156")
            failures.need(request.has_jurisdiction, Reason.ACCESS_DENIED_ROLE, "R-156")
        case Recipient.DEFENCE:
            failures.need(False, Reason.ACCESS_DENIED_ROLE, "R-156")
        case Recipient.PRESS | Recipient.COMMUNITY_LEADER:
            failures.need(False, Reason.PURPOSE_FORBIDDEN, "R-159")
        case Recipient.SUBSCRIBER:
            failures.need(bool(request.court_order_id.strip()), Reason.ACCESS_DENIED_ROLE, "R-147")
        case _:
            _outside(request, failures)
    return failures.answer()


def _purpose(request: Disclosure, failures: Failures) -> None:
    texts = (request.details, request.crime_reference, request.welfare_reference)
    if any(immigration(text) for text in (request.purpose, *texts)):
        failures.need(False, Reason.PURPOSE_FORBIDDEN, "R-153")
        failures.need(False, Reason.PURPOSE_FORBIDDEN, "R-065")
    elif purpose_refusal(request.purpose) is not None:
        failures.need(False, Reason.PURPOSE_FORBIDDEN, "R-150" if not request.purpose.strip() else "R-066")


def _outside(request: Disclosure, failures: Failures) -> None:
    ordered = bool(request.court_order_id.strip())
    failures.need(request.form is Form.PACKAGE, Reason.ACCESS_DENIED_ROLE, "R-152")
    if request.recipient is Recipient.OTHER_AGENCY and request.source is Source.COLLECTION:
        failures.need(ordered, Reason.ACCESS_DENIED_ROLE, "R-157")
    if request.recipient is Recipient.PUBLIC_RECORDS:
        failures.need(bool(request.reviewed_by.strip()), Reason.ACCESS_DENIED_ROLE, "R-158")
    failures.need(_ground_holds(request), Reason.ACCESS_DENIED_ROLE, "R-152")


def _ground_holds(request: Disclosure) -> bool:
    ground = request.ground
    if ground is None:
        return False
    if ground in _APPROVED:
        return bool(request.approval_id.strip())
    needed = {
        DisclosureGround.CITY_APPROVED: request.city_approval_id,
        DisclosureGround.ROUTINE: request.routine_id,
        DisclosureGround.CRIME: request.crime_reference,
        DisclosureGround.WELFARE: request.welfare_reference,
    }
    return bool(needed[ground].strip())


def may_hand_off(target_system: str, need: str, case_systems: frozenset[str]) -> Answer:
    """R-173: hand-off copies go into a known case-management system, for a need that somebody can state."""
    failures = Failures()
    failures.need(target_system in case_systems, Reason.ACCESS_DENIED_ROLE, "R-173")
    failures.need(bool(need.strip()), Reason.NEED_TO_KNOW_MISSING, "R-173")
    failures.need(not immigration(need), Reason.PURPOSE_FORBIDDEN, "R-065")
    return failures.answer()


class Outcome(StrEnum):
    """R-145: how a case may have ended for good. Each is final only without a pending appeal."""

    PROSECUTED = "prosecution and appeals concluded"
    SETTLED = "settlement"
    NO_ARREST = "no arrest"
    RESTITUTION = "restitution made"


class Disposition(NamedTuple):
    """`classification` decides how long the city's schedule keeps it."""

    outcome: Outcome | None
    classification: str
    appeal_pending: bool = False


def may_close(disposition: Disposition) -> Answer:
    """R-145: a case is closed only after its final disposition."""
    failures = Failures()
    final = disposition.outcome is not None and not disposition.appeal_pending
    failures.need(final, Reason.DOC_MISSING, "R-145")
    failures.need(bool(disposition.classification.strip()), Reason.DOC_MISSING, "R-145")
    return failures.answer()


@dataclass(frozen=True, slots=True)
class DisclosureRecord:
    """What was asked and answered, kept for the quarterly summary and for those affected (R-155)."""

    at_us: int
    recipient: Recipient
    ground: DisclosureGround | None
    allowed: bool
    harm_likely: bool = False
    told_by_decision: bool = False
    law_requires_telling: bool = False
    told_at_us: int | None = None

    @property
    def must_tell(self) -> bool:
        """R-155: whether the individuals affected are told in writing."""
        return self.harm_likely or self.told_by_decision or self.law_requires_telling


def to_be_told(records: Iterable[DisclosureRecord]) -> tuple[DisclosureRecord, ...]:
    """R-155: the disclosures whose individuals are to be told and were not yet."""
    return tuple(record for record in records if record.must_tell and record.told_at_us is None)


def quarterly_summary(records: Iterable[DisclosureRecord], quarter: Window) -> dict[str, int]:
    """R-155: how many went to whom on which ground, and how many were refused. Counts only: nobody is named."""
    counts: Counter[str] = Counter()
    for record in records:
        if quarter.contains(record.at_us):
            ground = "no ground needed" if record.ground is None else str(record.ground)
            counts[f"{record.recipient}: {ground}" if record.allowed else f"{record.recipient}: refused"] += 1
    return dict(sorted(counts.items()))
