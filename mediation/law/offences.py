"""Designated offences (R-057): which list counts for which order, and whether a citation is on it.

A state pen register takes the eavesdropping list and three additions; a state eavesdropping warrant the list alone;
a federal one a list of its own. A federal pen register has no list: it serves any federal criminal investigation.

The lists are a lab selection. That CPL 700.05(8), PL 460.10(1), PL 215.56, 215.57, PL 240.30 and 18 USC 2516 are the
sources is read (S1); which sections the first two and the last hold was not read and is from memory, unverified (M).
"""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Final, NamedTuple

from mediation.law.orders import OrderKind


class OffenceList(StrEnum):
    NY_PRTT = "CPL 705 designated crimes"
    NY_EAVESDROPPING = "CPL 700.05(8) designated offenses"
    FEDERAL_EAVESDROPPING = "18 USC 2516 designated offenses"
    FEDERAL_PRTT = "any federal offense under investigation"


class Source(NamedTuple):
    """Where a part of a list comes from. `read` is False for a selection from memory."""

    provision: str
    sections: frozenset[str]
    read: bool


_CPL_700_05_8: Final = Source(
    "CPL 700.05(8)",
    frozenset(
        {
            "PL 120.10",
            "PL 125.20",
            "PL 125.25",
            "PL 125.27",
            "PL 135.20",
            "PL 135.25",
            "PL 140.30",
            "PL 155.40",
            "PL 155.42",
            "PL 160.10",
            "PL 160.15",
            "PL 220.16",
            "PL 220.39",
            "PL 220.41",
            "PL 220.43",
            "PL 265.03",
            "PL 265.12",
            "PL 265.13",
        }
    ),
    read=False,
)
_PL_460_10_1: Final = Source(
    "PL 460.10(1)", frozenset({"PL 120.05", "PL 155.30", "PL 165.45", "PL 170.10", "PL 225.10"}), read=False
)
_BAIL_JUMPING: Final = Source("PL 215.56, 215.57", frozenset({"PL 215.56", "PL 215.57"}), read=True)
_HARASSMENT: Final = Source("PL 240.30", frozenset({"PL 240.30"}), read=True)
_USC_2516: Final = Source(
    "18 USC 2516",
    frozenset(
        {"18 USC 844", "18 USC 1201", "18 USC 1203", "18 USC 1343", "18 USC 1951", "18 USC 1956", "21 USC 841",
         "21 USC 846"}
    ),
    read=False,
)  # fmt: skip

SOURCES: Final[dict[OffenceList, tuple[Source, ...]]] = {
    OffenceList.NY_PRTT: (_CPL_700_05_8, _PL_460_10_1, _BAIL_JUMPING, _HARASSMENT),
    OffenceList.NY_EAVESDROPPING: (_CPL_700_05_8,),
    OffenceList.FEDERAL_EAVESDROPPING: (_USC_2516,),
    OffenceList.FEDERAL_PRTT: (),
}

_CITED: Final = re.compile(
    r"(?P<code>PL|[0-9]{1,2} USC)\s*§{0,2}\s*(?P<section>[0-9]{1,5}(?:\.[0-9]{1,3})?[a-z]?)"
    r"(?:\([0-9a-z]{1,4}\))*(?:[ ,].*)?",
    re.IGNORECASE,
)


def offence_list(kind: OrderKind, federal: bool) -> OffenceList:
    """The list that counts for an order of this kind in a state or a federal court."""
    if kind is OrderKind.EXIGENT_EAV_FEDERAL or (federal and not kind.metadata_only):
        return OffenceList.FEDERAL_EAVESDROPPING
    if kind.metadata_only:
        return OffenceList.FEDERAL_PRTT if federal else OffenceList.NY_PRTT
    return OffenceList.NY_EAVESDROPPING


def section_of(citation: str) -> str | None:
    """`PL § 240.30(1), aggravated harassment` to `PL 240.30`; None for what cites no section so."""
    found = _CITED.fullmatch(citation.strip())
    return None if found is None else f"{found['code'].upper()} {found['section'].lower()}"


def designated(citation: str, which: OffenceList) -> bool:
    """Whether the offence cited is on the list."""
    section = section_of(citation)
    if section is None:
        return False
    if which is OffenceList.FEDERAL_PRTT:
        return " USC " in section
    return any(section in source.sections for source in SOURCES[which])
