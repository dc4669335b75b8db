"""What was taken and turns out not to be ours, or not to be true, is held by a later leaf (docs/adr/0009-standing.md).

Two findings of the careful lane lead here: the first of two records under one number (R-093), and content that came
before its signalling, when the signalling then names nobody whom an order names (R-022, R-122). The lane only notes
them; standing and the audit entry are made here, on the service's turn. A hold that a crash left out is made again from
what recovery finds, and one that is there already is not made twice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple, Protocol

from collector import standing
from collector.accounts import label
from collector.conflicts import RecordName
from collector.standing import Entry, Scope
from mediation.law.verdicts import Reason


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

    def _hold(self, scope: Scope, reason: Reason, name: dict[str, Any], rules: list[str]) -> None:
        self._store.stand([standing.held(scope, reason, self._now_us())])
        where = {**name, "liid": label(name["liid"])}
        self._append("standing", {"actor": "SYS", **where, "state": "HELD", "reason": reason.name, "rules": rules})
        self._append("alarm", {**where, "reason": reason.name, "count": 1})
