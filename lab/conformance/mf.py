"""Cases of a mediation function: what it sent us as a LEMF, held against each clause.

Each is a pure judgement over one observation (`watched`). `mf_every` has those of every dialect, `mf_etsi` ETSI's own,
`mf_us` and `mf_content` those of the US dialects: call data, and content.
"""

from __future__ import annotations

from typing import Final

from lab.conformance import mf_content, mf_etsi, mf_every, mf_us
from lab.conformance.model import Case
from lab.conformance.watched import AWAY, DECLINED, HOSTILE, NORMAL, PHASES, WITHHELD, WRONG, Mf, phase_of

__all__ = ("AWAY", "CASES", "DECLINED", "HOSTILE", "NORMAL", "PHASES", "WITHHELD", "WRONG", "Mf", "phase_of")

CASES: Final[tuple[Case[Mf], ...]] = (*mf_every.CASES, *mf_etsi.CASES, *mf_us.CASES, *mf_content.CASES)
