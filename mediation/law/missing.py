"""What is missing, one item at a time: the item, the rule that asks for it, and plain words for a person.

Checks of papers never stop at the first lack: whoever has to complete a set wants to know all of it (R-050). Pure.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from asn1.errors import RefusedError
from mediation.law.verdicts import Reason


class Missing(NamedTuple):
    """`item` is the field as files name it: `complaint_number`, `declaration.urgent_need`."""

    item: str
    rule: str
    says: str
    reason: Reason = Reason.DOC_MISSING

    @property
    def code(self) -> str:
        """`DOC_MISSING:complaint_number`."""
        return f"{self.reason.name}:{self.item}"


class PapersRefusedError(RefusedError):
    """A set of papers that does not do. `missing` names every item, in the order they were found."""

    def __init__(self, missing: Sequence[Missing]) -> None:
        self.missing = tuple(missing)
        super().__init__("; ".join(f"{one.code} ({one.rule}): {one.says}" for one in self.missing))


class Lacks:
    """Gathers what is missing under a path, in order."""

    def __init__(self, path: str = "") -> None:
        self.found: list[Missing] = []
        self._path = path

    def need(self, holds: object, item: str, rule: str, says: str, reason: Reason = Reason.DOC_MISSING) -> None:
        """Note the item unless something is there: a text that is not blank, a value that is true."""
        if not (holds.strip() if isinstance(holds, str) else holds):
            self.found.append(Missing(self._path + item, rule, says, reason))

    def extend(self, missing: Sequence[Missing]) -> None:
        self.found.extend(missing)
