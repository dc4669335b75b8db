"""May this order be entered beside those that are there? One question for the agency's registry and the carrier's.

An order passes its own checks (`entry.py`), follows lawfully from the version before it (`extensions.py`), and shares
its LIID with no other agency (R-026). Papers are asked for elsewhere (`papers.py`). Pure.
"""

from __future__ import annotations

from collections.abc import Iterable

from mediation.law.entry import DocumentRefusedError, check_order, conflicts
from mediation.law.extensions import check_next_version
from mediation.law.orders import CourtOrder
from mediation.law.settings import LawSettings


def admit(known: Iterable[CourtOrder], new: CourtOrder, settings: LawSettings) -> None:
    """Raises DocumentRefusedError, naming item and rule, for an order that may not be entered. `known` are the versions
    of all orders there; of those of the same order the last before this one is what it has to follow."""
    check_order(new, settings.strict_days)
    others = tuple(known)
    if conflicts(others, new):
        # nothing of the other agency is said, not even its name.
        raise DocumentRefusedError("liid", "R-026", "this LIID is taken; every agency has its own")
    before = [one for one in others if one.order_id == new.order_id and one.version < new.version]
    if before:
        check_next_version(max(before, key=lambda one: one.version), new)
