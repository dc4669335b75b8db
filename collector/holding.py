"""What was taken and turns out not to be ours, or not to be true, is held by a later leaf (docs/adr/0009-standing.md).

Two findings of the careful lane lead here: the first of two records under one number (R-093), and content that came
before its signalling, when the signalling then names nobody whom an order names (R-022, R-122). The lane only notes
them; standing and the audit entry are made here, on the service's turn. A hold that a crash left out is made again from
what recovery finds, and one that is there already is not made twice. Where a link requires integrity checks, what they
do not prove is held too.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final, NamedTuple, Protocol

from asn1.integrity import Chain
from asn1.integrity_check import Finding, Place
from collector import standing
from collector.accounts import label
from collector.conflicts import RecordName
from collector.standing import Entry, Scope
from mediation.law.verdicts import Reason

MAX_HELD_SINGLY: Final = 256
"""Records of one finding that are held each by a leaf of its own."""
MAX_KNOWN: Final = 65_536
"""Records known to be held for their checks; beyond, one may be held again, which changes nothing."""


class Stray(NamedTuple):
    """A communication of which content was kept and in which no target of an order takes part; `from_us`: from this
    event time on, where a target had the CIN before."""

    liid: bytes
    cin: int
    from_us: int | None = None


class Store(Protocol):
    """What of the store is needed here."""

    def stand(self, entries: Sequence[Entry]) -> None: ...


class Holds:
    """`append` writes the audit log; `known` are the decisions in force at the start."""

    def __init__(
        self,
        store: Store,
        append: Callable[[str, dict[str, Any]], None],
        now_us: Callable[[], int],
        known: Iterable[Entry],
    ) -> None:
        self._store = store
        self._append = append
        self._now_us = now_us
        known = tuple(known)
        self._singly: Counter[tuple[bytes, int]] = Counter()
        self._unproved: set[Scope] = {one.scope for one in known if one.reason is Reason.TAMPERED}
        found = (one.scope for one in known if one.reason is Reason.TARGET_MISMATCH)
        self._strays = {(one.liid, one.cin) for one in found}

    def conflicts(self, names: list[RecordName]) -> None:
        """R-093: the first of two records under one number is held like the second. Empties the list."""
        for name in names:
            self._hold(standing.of_record(*name), Reason.TAMPERED, name._asdict(), ["R-093"])
        names.clear()

    def strays(self, found: list[Stray]) -> None:
        """R-022, R-122: content of a wrong target, taken before anybody could know. Empties the list."""
        for stray in found:
            # Without an end: what was accepted early may be stamped later than the signalling that told.
            scope = standing.of_communication(stray.liid, stray.cin, stray.from_us)
            if (stray.liid, stray.cin) not in self._strays:
                self._strays.add((stray.liid, stray.cin))
                self._hold(scope, Reason.TARGET_MISMATCH, stray._asdict(), ["R-022", "R-122"])
        found.clear()

    def integrity(self, found: list[Finding], epoch_of: Callable[[Chain], int | None]) -> None:
        """What a check that is required says of its records (TS 102 232-1, 7.2.3; R-090): they are held one by one, and
        where that would be more than `MAX_HELD_SINGLY` of a communication, all of it, once. `epoch_of` is for those
        that are not there: None where nothing of their communication ever was, and so nothing is to be held."""
        for finding in found:
            chain = finding.chain
            whole = standing.of_communication(chain.liid, chain.cin)
            epoch = epoch_of(chain)
            absent = () if epoch is None else tuple(Place(epoch, number) for number in finding.absent)
            places = (*finding.records, *absent)
            scopes = [standing.of_record(*chain, one.epoch, one.number) for one in places]
            fresh = [one for one in scopes if one not in self._unproved]
            if not fresh or whole in self._unproved:
                continue
            if len(fresh) + self._singly[chain.liid, chain.cin] > MAX_HELD_SINGLY:
                fresh = [whole]
            else:
                self._singly[chain.liid, chain.cin] += len(fresh)
            if len(self._unproved) > MAX_KNOWN:
                self._unproved.clear()
            self._unproved.update(fresh)
            ground = f"integrity check: {finding.says}"
            now_us = self._now_us()
            self._store.stand([standing.held(one, Reason.TAMPERED, now_us, ground=ground) for one in fresh])
            where = {"liid": label(chain.liid), "cin": chain.cin, "kind": chain.kind, "records": len(places)}
            self._append(
                "standing", {"actor": "SYS", **where, "state": "HELD", "reason": "TAMPERED", "rules": ["R-090"]}
            )
            self._append("alarm", {**where, "reason": "TAMPERED", "count": len(places)})

    def _hold(self, scope: Scope, reason: Reason, name: dict[str, Any], rules: list[str]) -> None:
        self._store.stand([standing.held(scope, reason, self._now_us())])
        where = {**name, "liid": label(name["liid"])}
        self._append("standing", {"actor": "SYS", **where, "state": "HELD", "reason": reason.name, "rules": rules})
        self._append("alarm", {**where, "reason": reason.name, "count": 1})
