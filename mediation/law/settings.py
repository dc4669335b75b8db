"""What the rules leave open, and what this lab takes: the conflicts C1 to C9 with their defaults, as values.

`LawSettings` holds what a configuration may change; a conflict that was settled for good stands in `CONFLICTS` with its
answer and the rules that follow from it. Numbers that nobody here has read in their source say so: `PROVENANCE` has
`verified` false for them. The hours of an emergency are not among the settings: who could lengthen them in a file could
lengthen an emergency.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Final, NamedTuple

from mediation.law.orders import OrderKind


@dataclass(frozen=True, slots=True)
class LawSettings:
    """Times in microseconds. What each stands on is in `PROVENANCE`, under the same name."""

    __pydantic_config__: ClassVar = {"extra": "forbid"}
    """A name that a configuration file has wrong is an error there, and no silent default."""

    order_may_follow: bool = True
    strict_days: bool = False
    cii_within_us: int = 8_000_000
    cii_share_percent: int = 95
    skew_us: int = 200_000
    skew_hard_us: int = 5_000_000
    spot_check_us: int = 10_000_000
    spot_check_every_us: int = 60_000_000


DEFAULTS: Final = LawSettings()
"""What holds where nothing is configured."""


class Provenance(NamedTuple):
    """`rule` a setting belongs to, `conflict` it settles (empty: none), where it comes from, and whether anybody here
    has read it there."""

    rule: str
    conflict: str
    source: str
    verified: bool


PROVENANCE: Final[dict[str, Provenance]] = {
    "order_may_follow": Provenance("R-051", "C3", "S1, ambiguous", True),
    "strict_days": Provenance("R-005", "C5", "D", True),
    "cii_within_us": Provenance("R-097", "C9", "M 47 CFR 1.20007", False),
    "cii_share_percent": Provenance("R-097", "C9", "M 47 CFR 1.20007", False),
    "skew_us": Provenance("R-098", "C9", "P, M 47 CFR 1.20007", False),
    "skew_hard_us": Provenance("R-098", "C9", "D", False),
    "spot_check_us": Provenance("R-118", "", "D", False),
    "spot_check_every_us": Provenance("R-118", "", "D", False),
}


class Conflict(NamedTuple):
    """Two sources, or one that says two things: the question, the answer taken, and where it shows."""

    number: str
    question: str
    answer: str
    rules: tuple[str, ...]


CONFLICTS: Final = (
    Conflict(
        "C1",
        "An emergency eavesdropping order is obtained within hours of first use, or applied for, or before use?",
        "The stricter of the two for each court; both clocks are shown.",
        ("R-034", "R-035", "R-043"),
    ),
    Conflict(
        "C2",
        "The state's article on pen registers has no emergency section; the policy gives 48 hours.",
        "The policy's, on the basis of the federal section.",
        ("R-033",),
    ),
    Conflict(
        "C3",
        "The emergency order is one of the papers, yet there are hours to get it.",
        "It may follow, and the use lapses by itself when it does not.",
        ("R-037", "R-051"),
    ),
    Conflict(
        "C4",
        "The store overwrites its oldest rows; originals are kept ten years.",
        "The working store overwrites, the sealed copy lies outside it, and an unsafe eviction raises an alarm.",
        ("R-133", "R-141", "R-143", "R-144"),
    ),
    Conflict(
        "C5",
        "Thirty or sixty days: calendar days or hours, and does the first count?",
        "Calendar days from the stated start; `strict_days` takes the shorter of the two.",
        ("R-005", "R-006"),
    ),
    Conflict(
        "C6",
        "A paragraph of the interception policy speaks of covert audio devices.",
        "A slip of drafting; nothing follows from it.",
        (),
    ),
    Conflict(
        "C7",
        "The policy lets vendors have access; commonly they have none.",
        "Only with an open ticket, without content, and after a background check.",
        ("R-081", "R-082"),
    ),
    Conflict(
        "C8",
        "An order ends in a call: content stops, but does the record of the call close?",
        "It is closed at the end, marked as cut by the order.",
        ("R-004",),
    ),
    Conflict(
        "C9",
        "The timing numbers of signalling were not seen in their source.",
        "They are settings, marked as not verified.",
        ("R-097", "R-098"),
    ),
)


class EmergencyClock(NamedTuple):
    """One of the clocks that run from the first use of an emergency: what has to be done within how many hours (0:
    before use), and who says so."""

    hours: int
    act: str
    source: str


EMERGENCY_CLOCKS: Final[dict[OrderKind, tuple[EmergencyClock, ...]]] = {
    OrderKind.EXIGENT_PRTT: (EmergencyClock(48, "order issued", "S1; V 18 USC 3125"),),
    OrderKind.EXIGENT_EAV_STATE: (
        EmergencyClock(24, "order issued", "S1"),
        EmergencyClock(0, "oral application made, temporary warrant issued", "V CPL 700.21"),
    ),
    OrderKind.EXIGENT_EAV_FEDERAL: (
        EmergencyClock(48, "order issued", "S1"),
        EmergencyClock(48, "application made", "V 18 USC 2518(7)"),
    ),
}
"""Conflict C1. The first of a kind closes the gates (`orders.EXIGENT_HOURS`); the others are shown beside it."""
