"""What the system may be used for: four purposes (R-066), never immigration enforcement (R-065).

One answer for requests, for access and for disclosure, so that no route is softer than another. Pure.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from mediation.law.access_facts import Purpose
from mediation.law.verdicts import Reason

PURPOSES: Final = frozenset(str(purpose) for purpose in Purpose)
_NAMES: Final = ", ".join(sorted(PURPOSES))
_IMMIGRATION: Final = ("immigration", "deportation")


class PurposeRefusal(NamedTuple):
    reason: Reason
    rule: str
    says: str


def immigration(text: str) -> bool:
    """Whether a text speaks of immigration enforcement, in whatever case."""
    return any(word in text.casefold() for word in _IMMIGRATION)


def purpose_refusal(purpose: str, *more: str) -> PurposeRefusal | None:
    """Why this purpose is refused; None for one of the four. `more` are the other texts of the same request: a purpose
    that is forbidden does not become another one by the field it stands in."""
    if any(immigration(text) for text in (purpose, *more)):
        return PurposeRefusal(Reason.PURPOSE_FORBIDDEN, "R-065", "immigration enforcement is never a purpose")
    if purpose not in PURPOSES:
        return PurposeRefusal(Reason.PURPOSE_FORBIDDEN, "R-066", f"the purpose is one of {_NAMES}")
    return None
