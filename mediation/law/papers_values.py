"""The papers of an order as values: what the investigator, the prosecutor and the court put on paper.

Types only. A blank text, a None and an empty set all mean "not there"; nothing here is a default that helps. What must
be there for which kind of order is `papers.missing_papers`; how papers are written is `papers_fields.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Finding(StrEnum):
    """What the court found, or was asked to find (R-055 the first two, R-056 the other three)."""

    REASONABLE_SUSPICION = "reasonable_suspicion"
    RELEVANCE = "relevance"
    PROBABLE_CAUSE_OFFENCE = "probable_cause_offence"
    PROBABLE_CAUSE_COMMUNICATIONS = "probable_cause_communications"
    NORMAL_PROCEDURES_EXHAUSTED = "normal_procedures_exhausted"


class Standard(StrEnum):
    """Standards of proof, the lowest first (R-032)."""

    REASONABLE_SUSPICION = "reasonable_suspicion"
    REASONABLE_BELIEF = "reasonable_belief"
    PROBABLE_CAUSE = "probable_cause"


class Ground(StrEnum):
    """Why it cannot wait. Flight is a ground that carries nothing on its own (R-031)."""

    DANGER_OF_DEATH = "danger_of_death"
    DANGER_OF_SERIOUS_INJURY = "danger_of_serious_injury"
    FLIGHT = "flight"


@dataclass(frozen=True, slots=True)
class SupervisorNote:
    """R-063: use and its reasons were discussed with the supervisor before."""

    supervisor: str = ""
    reasons: str = ""
    at_us: int | None = None


@dataclass(frozen=True, slots=True)
class Application:
    """A sworn application: the first one, or the one for an extension, which also says what came of it so far
    (R-013: `results`, or `explanation` why there is none)."""

    investigator: str = ""
    prosecutor: str = ""
    investigator_swore: bool | None = None
    prosecutor_swore: bool | None = None
    offences: tuple[str, ...] = ()
    findings: frozenset[Finding] = frozenset()
    results: str = ""
    explanation: str = ""


@dataclass(frozen=True, slots=True)
class Declaration:
    """The exigent circumstances declaration (R-030): the offence and three statements, each true or it is not one."""

    declared_by: str = ""
    at_us: int | None = None
    offence: str = ""
    emergency: bool | None = None
    urgent_need: bool | None = None
    primary_purpose: bool | None = None
    grounds: frozenset[Ground] = frozenset()
    standard: Standard | None = None


@dataclass(frozen=True, slots=True)
class OrderPaper:
    """What the order or warrant itself shows on its face (R-052, R-053).

    `not_known` names fields that the court could not fill: subscriber, subject, number, location. `types` are the
    communications a warrant describes; `entry_needed` says whether somebody must go in to install;
    `minimise_afterwards` whether what is in code or a foreign language may be minimised afterwards (R-119). `device` is
    the covert audio device that a warrant for one names (R-166).
    """

    reference: str = ""
    signed: bool | None = None
    applicant: str = ""
    date_us: int | None = None
    judge: str = ""
    judge_title: str = ""
    agency: str = ""
    subscriber: str = ""
    subject: str = ""
    number: str = ""
    location: str = ""
    not_known: frozenset[str] = frozenset()
    geographic_limits: str = ""
    offence_statement: str = ""
    offences: tuple[str, ...] = ()
    types: frozenset[str] = frozenset()
    period: str = ""
    auto_termination: str = ""
    minimisation: str = ""
    minimise_afterwards: bool | None = None
    entry_needed: bool | None = None
    entry_authority: str = ""
    device: str = ""


@dataclass(frozen=True, slots=True)
class Papers:
    """The whole set that comes with a request and, the same, goes to the carrier (R-050, R-051, R-058).

    `extensions` holds one application an extension of the order, in their order (R-011, R-013, R-016).
    """

    complaint_number: str = ""
    queried: str = ""
    purpose: str = ""
    requesting_unit: str = ""
    political_activity: bool | None = None
    supervisor: SupervisorNote | None = None
    application: Application | None = None
    declaration: Declaration | None = None
    order_paper: OrderPaper | None = None
    extensions: tuple[Application, ...] = ()
