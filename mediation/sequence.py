"""CINs and sequence numbers, and the little that must be remembered of a communication.

One CIN a (task, correlation), counted up over all; one sequence number a (CIN, IRI or CC), from 0 (TS 102 232-1
5.2.4, 5.2.5 as the field does it; the scope of the counter is a reading). Everything here is journalled with the
records, so that a restart goes on with the same numbers. Pure.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Any, Final

MAX_COMMUNICATIONS: Final = 100_000
"""Communications remembered at once; beyond it the one longest unused is forgotten, its CIN is never used again."""


@dataclass(slots=True)
class Communication:
    """`next_iri`, `next_cc` are the numbers to give next. `begun`, `answered`, `ended` follow the signalling;
    `opens_sent`: whether the target opened it; `legs`: its SIP dialogues that were opened and not yet ended, each as a
    number made of its Call-ID, doubled, and one more once answered: a call that is sent on, handed over or joined to
    others ends with the last of them."""

    cin: int
    next_iri: int = 0
    next_cc: int = 0
    begun: bool = False
    answered: bool = False
    ended: bool = False
    opens_sent: bool | None = None
    legs: list[int] = field(default_factory=list)


def plain(one: Communication) -> dict[str, Any]:
    """As plain values; written out, since every record on its way to the journal takes one along."""
    return {
        "cin": one.cin,
        "next_iri": one.next_iri,
        "next_cc": one.next_cc,
        "begun": one.begun,
        "answered": one.answered,
        "ended": one.ended,
        "opens_sent": one.opens_sent,
        "legs": one.legs,
    }


Key = tuple[str, int]
"""(XID as text, correlation id)."""


class Counters:
    """All communications of one mediation function."""

    def __init__(self) -> None:
        self.next_cin = 1
        self._held: OrderedDict[Key, Communication] = OrderedDict()

    def communication(self, xid: str, correlation: int) -> Communication:
        """The communication of this correlation, a new one with the next CIN when there is none."""
        key = (xid, correlation)
        found = self._held.get(key)
        if found is None:
            found = Communication(self.next_cin)
            self.next_cin = self.next_cin % 0xFFFFFFFF + 1
            self._held[key] = found
            if len(self._held) > MAX_COMMUNICATIONS:
                self._held.popitem(last=False)
        else:
            self._held.move_to_end(key)
        return found

    def numbered(self, xid: str) -> int:
        """Records numbered for a task so far, over restarts."""
        return sum(one.next_iri + one.next_cc for (held, _), one in self._held.items() if held == xid)

    def snapshot(self) -> dict[str, Any]:
        """Everything, as plain values for the journal."""
        held = [[xid, correlation, plain(one)] for (xid, correlation), one in self._held.items()]
        return {"next_cin": self.next_cin, "held": held}

    def restore(self, snapshot: dict[str, Any]) -> None:
        self.next_cin = int(snapshot["next_cin"])
        self._held = OrderedDict(
            ((xid, correlation), Communication(**one)) for xid, correlation, one in snapshot["held"]
        )

    def note(self, xid: str, correlation: int, state: dict[str, Any]) -> None:
        """Put back one communication as it was behind a journalled record. Records may have left out of their order or
        twice: no number is given again because of that."""
        known, one = self._held.get((xid, correlation)), Communication(**state)
        if known is not None and known.cin == one.cin:
            newer, older = (
                (one, known) if one.next_iri + one.next_cc >= known.next_iri + known.next_cc else (known, one)
            )
            newer.next_iri = max(newer.next_iri, older.next_iri)
            newer.next_cc = max(newer.next_cc, older.next_cc)
            one = newer
        self._held[xid, correlation] = one
        self._held.move_to_end((xid, correlation))
        self.next_cin = max(self.next_cin, int(state["cin"]) % 0xFFFFFFFF + 1)
