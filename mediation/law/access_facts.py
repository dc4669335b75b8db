"""What an answer about access may rest on, as values: who asks, from where, about which case, on which papers.

Types only. Blank means absent. Whoever asks keeps the ledger these come from (`collector/desk`) and audits the answer.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from mediation.law.actors import Role
from mediation.law.orders import OrderState, Window
from mediation.law.verdicts import Reason


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
    `suspended` after confirmed misuse (R-086); `access_control` marks the technical unit's access-control staff (C1).
    One person has one id (R-072), so separation of duties compares ids."""

    user_id: str
    role: Role
    agency: str
    trained_until_us: int | None = None
    background_check: bool = False
    duties_end_us: int | None = None
    suspended: bool = False
    access_control: bool = False


@dataclass(frozen=True, slots=True)
class Place:
    """Where the actor sits. `device` is what the client says of itself, `segment_device` what the network segment it
    comes from is known for (R-077). `entered_us` is the entry log's row, `shift_start_us` the tour it must belong to
    (R-079). `second_factor` says that one was shown; it opens nothing (R-088)."""

    facility: str
    device: DeviceClass
    segment_device: DeviceClass | None = None
    remote: bool = False
    second_factor: bool = False
    entered_us: int | None = None
    shift_start_us: int = 0


@dataclass(frozen=True, slots=True)
class Grant:
    """Access of one user to one order's material, given by staff of the technical unit (R-070), within the order's
    time (R-074). `grantor_role` and `grantor_duties_end_us` are those of the instant `granted_us` (R-071)."""

    user_id: str
    case_id: str
    order_id: str
    granted_by: str
    granted_us: int
    window: Window
    grantor_role: Role = Role.TARU
    grantor_duties_end_us: int | None = None
    ended_us: int | None = None
    court_order_id: str = ""


@dataclass(frozen=True, slots=True)
class Ticket:
    """A vendor's ticket, or that of an integrity case (then with `case_id`). `opened_by` and `approved_by` are
    different people (SD-4); the window is its time box (R-081)."""

    ticket_id: str
    user_id: str
    opened_by: str
    approved_by: str
    window: Window
    need_to_know: bool = False
    contract: str = ""
    case_id: str = ""


@dataclass(frozen=True, slots=True)
class RequestFile:
    """A request for access with its papers. `complete` says that no paper is missing and `checked_by` who found so;
    `order_id` is the order whose papers they are, and the one that access is given for (R-074)."""

    request_id: str
    case_id: str
    agency: str
    requested_by: str
    document_author: str
    checked_by: str = ""
    complete: bool = False
    order_id: str = ""


@dataclass(frozen=True, slots=True)
class CaseFile:
    """What the action is about: one case under one of its orders. `window` is the order's effective window;
    `facilities` and `presence` are the order's lists (R-075, R-076), `joint_with` the agencies it names for joint work
    (R-080). `metadata_only`: the order allows no content at all (R-110)."""

    case_id: str
    order_id: str
    agency: str
    window: Window
    state: OrderState
    metadata_only: bool = False
    facilities: frozenset[str] = frozenset()
    presence: frozenset[str] = frozenset()
    joint_with: frozenset[str] = frozenset()
    supervisors: frozenset[str] = frozenset()
    prosecutors: frozenset[str] = frozenset()
    under_review: bool = False


@dataclass(frozen=True, slots=True)
class Circumstances:
    """Everything else an answer may rest on. `facilities` are the configured four, `case_systems` the case-management
    systems that may receive a hand-off (R-173). `beneficiary` is whom a grant or an account is for."""

    facilities: frozenset[str] = frozenset()
    case_systems: frozenset[str] = frozenset()
    place: Place | None = None
    purpose: str = Purpose.CRIMINAL_INVESTIGATION
    grants: tuple[Grant, ...] = ()
    tickets: tuple[Ticket, ...] = ()
    request: RequestFile | None = None
    logged_reason: str = ""
    declaration_complete: bool = False
    papers_complete: bool = False
    named_employee: str = ""
    court_ruling_id: str = ""
    judge_direction_id: str = ""
    target_system: str = ""
    recipient_agency: str = ""
    requester_confirmed: bool = False
    supervisory_authorisation: bool = False
    consent_or_no_privacy: bool = False
    beneficiary: str = ""
    ending: bool = False


class Answer(NamedTuple):
    """`reasons` and `rules` run in parallel; both are empty when the answer is yes. The first decided."""

    allowed: bool
    reasons: tuple[Reason, ...] = ()
    rules: tuple[str, ...] = ()


@dataclass(slots=True)
class Failures:
    """What did not hold, in the order it was looked at."""

    reasons: list[Reason] = field(default_factory=list)
    rules: list[str] = field(default_factory=list)

    def need(self, holds: bool, reason: Reason, rule: str) -> None:
        if not holds:
            self.reasons.append(reason)
            self.rules.append(rule)

    def answer(self) -> Answer:
        return Answer(not self.reasons, tuple(self.reasons), tuple(self.rules))
