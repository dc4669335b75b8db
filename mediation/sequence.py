"""CINs and sequence numbers, and the little that must be remembered of a communication.

One CIN a (task, correlation), counted up over all; one sequence number a (CIN, IRI or CC), from 0 (TS 102 232-1
5.2.4, 5.2.5 as the field does it; the scope of the counter is a reading, so one a LIID is to be had as well).
Everything here is journalled with the records, so that a restart goes on with the same numbers; where it cannot,
because the journal is gone or because the configuration wants it so, `reset` says before which record a CIN reset is
due. Pure.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Any, Final, Literal

MAX_COMMUNICATIONS: Final = 100_000
"""Communications remembered at once; beyond it the one longest unused is forgotten, its CIN is never used again."""


Scope = Literal["communication", "liid"]
"""Over what records are counted: (LIID, CIN, IRI or CC), or a LIID's all together."""


@dataclass(slots=True)
class Communication:
    """`next_iri`, `next_cc` are the numbers to give next. `begun`, `answered`, `ended` follow the signalling;
    `opens_sent`: whether the target opened it; `legs`: its SIP dialogues that were opened and not yet ended, each as a
    number made of its Call-ID, doubled, and one more once answered: a call that is sent on, handed over or joined to
    others ends with the last of them. `reset`: the peer may know other numbers, and is to be told. `liid`, `next_liid`:
    where LIIDs are counted, whose counter stood where behind this communication's last record. `call`: what the US
    dialects remember of it (`mediation.laes.calls`)."""

    cin: int
    next_iri: int = 0
    next_cc: int = 0
    begun: bool = False
    answered: bool = False
    ended: bool = False
    opens_sent: bool | None = None
    legs: list[int] = field(default_factory=list)
    reset: bool = False
    liid: str = ""
    next_liid: int = 0
    call: list[Any] | None = None


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
        "reset": one.reset,
        "liid": one.liid,
        "next_liid": one.next_liid,
        "call": one.call,
    }


Key = tuple[str, int]
"""(XID as text, correlation id)."""


class Counters:
    """All communications of one mediation function. `lost`: it has run before and knows nothing of it; every
    communication then begins with a reset, since its CIN may have been another's."""

    def __init__(self, scope: Scope = "communication", lost: bool = False) -> None:
        self.next_cin = 1
        self.scope: Scope = scope
        self.lost = lost
        self._held: OrderedDict[Key, Communication] = OrderedDict()
        self._liids: dict[str, int] = {}

    def communication(self, xid: str, correlation: int) -> Communication:
        """The communication of this correlation, a new one with the next CIN when there is none."""
        key = (xid, correlation)
        found = self._held.get(key)
        if found is None:
            found = Communication(self.next_cin, reset=self.lost)
            self.next_cin = self.next_cin % 0xFFFFFFFF + 1
            self._held[key] = found
            if len(self._held) > MAX_COMMUNICATIONS:
                self._held.popitem(last=False)
        else:
            self._held.move_to_end(key)
        return found

    def reset(self, one: Communication, liid: str) -> bool:
        """Whether a CIN reset goes ahead of the next record; its numbers then count from 0."""
        if self.scope == "liid":
            return self.lost and liid not in self._liids
        if one.reset:
            one.reset = False
            one.next_iri = one.next_cc = 0
            return True
        return False

    def number(self, one: Communication, liid: str, content: bool) -> int:
        """The number of the next record. `take` when it is encoded."""
        if self.scope == "liid":
            return self._liids.get(liid, 0)
        return one.next_cc if content else one.next_iri

    def take(self, one: Communication, liid: str, content: bool, number: int) -> None:
        """A record has this number, and the next one that behind it."""
        after = number + 1 & 0xFFFFFFFF
        if self.scope == "liid":
            self._liids[liid] = one.next_liid = after
            one.liid = liid
            after = (one.next_cc if content else one.next_iri) + 1
        if content:
            one.next_cc = after
        else:
            one.next_iri = after

    def counted(self, xid: str, correlation: int, one: Communication, next_cc: int) -> None:
        """Content up to this number left in bulk."""
        one.next_cc = next_cc
        if (xid, correlation) in self._held:
            self._held.move_to_end((xid, correlation))

    def advance(self, xid: str, correlation: int, cin: int, next_cc: int) -> None:
        """Put back what a journalled run says of a communication: no number below is given again."""
        known = self._held.get((xid, correlation))
        if known is None or known.cin != cin:
            known = self._held[xid, correlation] = Communication(cin)
        known.next_cc = max(known.next_cc, next_cc)
        self._held.move_to_end((xid, correlation))
        self.next_cin = max(self.next_cin, cin % 0xFFFFFFFF + 1)

    def begin_anew(self) -> None:
        """For a peer that wants every start to be one: all that was counted is told to be reset, as OpenLI does."""
        for one in self._held.values():
            one.reset = one.reset or bool(one.next_iri or one.next_cc)
        if self.scope == "liid":
            self.lost, self._liids = True, {}

    def peek(self, xid: str, correlation: int) -> Communication | None:
        """The communication of this correlation, if there is one."""
        return self._held.get((xid, correlation))

    def numbered(self, xid: str) -> int:
        """Records numbered for a task so far, over restarts."""
        return sum(one.next_iri + one.next_cc for (held, _), one in self._held.items() if held == xid)

    def snapshot(self) -> dict[str, Any]:
        """Everything, as plain values for the journal."""
        held = [[xid, correlation, plain(one)] for (xid, correlation), one in self._held.items()]
        return {"next_cin": self.next_cin, "held": held, "lost": self.lost, "liids": self._liids}

    def restore(self, snapshot: dict[str, Any]) -> None:
        self.next_cin = int(snapshot["next_cin"])
        self.lost = self.lost or bool(snapshot.get("lost"))
        self._liids = dict(snapshot.get("liids", {}))
        self._held = OrderedDict(
            ((xid, correlation), Communication(**one)) for xid, correlation, one in snapshot["held"]
        )

    def note(self, xid: str, correlation: int, state: dict[str, Any]) -> None:
        """Put back one communication as it was behind a journalled record. Records may have left out of their order or
        twice: no number is given again because of that."""
        known, one = self._held.get((xid, correlation)), Communication(**state)
        if one.liid:
            self._liids[one.liid] = max(one.next_liid, self._liids.get(one.liid, 0))
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
