"""What one reader may see of one case: its orders, and whether content, or what is privileged, is for them.

Who may see what is decided by the desk (`mediation.law.access`) before anything here is asked; a scope carries the
answer. From it and from what was decided about a record comes what is shown of that record, in one place: withheld is
listed with its reason and never rendered (R-041, R-118, R-120), what does not hold its seal is not handed out (R-090).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from asn1.errors import LocalError, RefusedError
from collector.export.communications import Shown
from collector.rows import FORM_RECEIVED
from collector.standing import Judged
from collector.store.stores import Decisions
from mediation.law.orders import CourtOrder, OrderUid
from mediation.law.verdicts import Reason

NOT_FOR_THIS_READER: Final = "content is not for whoever reads call-identifying information alone (R-073)"
_PRIVILEGED: Final = frozenset({Reason.PRIVILEGED_HOLD})


class NotFoundError(RefusedError):
    """There is nothing of that name that this reader may know of; the same whether there is one or not (R-073)."""

    def __init__(self, what: str = "page") -> None:
        super().__init__(f"There is no such {what}.")


@dataclass(frozen=True)
class Scope:
    """`orders`: all orders of the case that the reader may read now, newest versions. `content`: whether what was said
    is for them; `privileged`: whether they are the filter role (R-120)."""

    case_id: str
    orders: tuple[CourtOrder, ...]
    content: bool
    privileged: bool = False
    user: str = ""

    def __post_init__(self) -> None:
        strange = [one.order_id for one in self.orders if one.case_id != self.case_id]
        if strange:
            raise LocalError(f"order {strange[0]} is not of case {self.case_id}")

    @property
    def liids(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(str(one.liid) for one in self.orders))

    @property
    def order_ids(self) -> frozenset[str]:
        return frozenset(str(one.order_id) for one in self.orders)

    @property
    def uids(self) -> frozenset[OrderUid]:
        return frozenset(one.uid for one in self.orders)

    @property
    def targets(self) -> frozenset[str]:
        """As lists name them: numbers with a plus."""
        found = (target for order in self.orders for target in order.targets)
        return frozenset(f"+{one.value}" if one.kind == "e164" else one.value for one in found)

    @property
    def lifted(self) -> frozenset[Reason]:
        """Reasons that do not withhold from this reader."""
        return _PRIVILEGED if self.privileged else frozenset()

    def order_of(self, uid: bytes) -> CourtOrder | None:
        return next((one for one in self.orders if one.uid == uid), None)

    def judge(self, standings: Decisions) -> Callable[[Judged], Shown]:
        """What this reader may have of a record of one of the orders; whoever asks made sure that it is."""
        but = self.lifted

        def shown(record: Judged) -> Shown:
            standing = standings.of(record, but)
            if standing.withheld:
                return Shown(standing.says(), standing.metadata_shown)
            if not self.content and record.form == FORM_RECEIVED:
                return Shown(NOT_FOR_THIS_READER)
            return Shown()

        return shown


def scope_of(
    case_id: str, orders: Iterable[CourtOrder], content: bool, privileged: bool = False, user: str = ""
) -> Scope:
    """The scope of a case out of all orders that there are. Raises NotFoundError where none is of it."""
    mine = tuple(one for one in orders if one.case_id == case_id)
    if not mine:
        raise NotFoundError("case")
    return Scope(case_id, mine, content, privileged, user)
