"""What a row of the rulebook is made of."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple


class Hold(StrEnum):
    """What software does about a rule."""

    ENFORCED = "enforced"
    """Code decides by it: what is against the rule does not happen."""
    RECORDED = "recorded"
    """People act; the act or its absence is recorded and alarmed, and stops nothing."""
    WAITING = "waiting"
    """Decided by a part that is not built yet; `why` says which."""
    OUTSIDE = "outside"
    """Nothing that software in this lab can decide; `why` says so."""


class Rule(NamedTuple):
    """`statement` in our words; `source` with the marks of the rules list (S0 to S4 the policies, V text read, P partly
    read, M from memory and unverified, I inferred, D our design). `why` where `hold` asks for it."""

    number: str
    statement: str
    source: str
    hold: Hold = Hold.ENFORCED
    why: str = ""
