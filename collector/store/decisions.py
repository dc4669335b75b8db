"""The decisions about stored records that a store holds, and what of them must not go with the oldest segment.

Rules. A decision is a leaf in the ledger like a record and goes like one, first in first out. Before the segment it
stands in can be the one to go, it is written again, under its first sequence, as the first unit of a fresh segment: so
what is in force always stands in a segment that stays. What all of them take is bounded when they are made, never when
they must be carried.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from asn1.errors import RefusedError
from collector.batch import Batch, CommitInfo, OrderRef
from collector.rows import FORM_NOTICE, Rows
from collector.standing import Entry, Numbered, Standings, carried_to_json, entry_to_json
from collector.store.walk import NO_ORDER
from collector.voids import MAX_LEAF_OCTETS, Range, Void, Voids
from mediation.law.orders import OrderId
from mediation.law.verdicts import Reason, VerdictKind, reason_mask

LEAF_OVERHEAD_OCTETS: Final = 96
"""Row and hash of a leaf."""
_LATER: Final = 1 << 62
"""As long as any sequence number is written."""
RECORD: Final = b'{"decisions":1}'
"""Stands in a commit frame in the place of verdict records; no account counts it."""


@dataclass(frozen=True, slots=True)
class DecisionBatch(Batch):
    """`entries`: one a row, in their order."""

    entries: tuple[Entry, ...] = ()


def decision_batch(entries: Sequence[Entry], now_us: int, on_durable: Callable[[CommitInfo], None]) -> DecisionBatch:
    """One leaf of the store's own for each decision."""
    leaves = [entry_to_json(entry) for entry in entries]
    rows, view = own_rows(leaves, now_us)
    return DecisionBatch(rows, (view, memoryview(b"")), OWN, no_liid, RECORD, on_durable, tuple(entries))


def carrying_batch(entries: Iterable[Numbered], now_us: int) -> Batch:
    """Decisions once more, as few leaves as they fit in."""
    rows, view = own_rows(_leaves(list(entries)), now_us)
    return Batch(rows, (view, memoryview(b"")), OWN, no_liid, RECORD, lambda info: None)


OWN: Final = (OrderRef(NO_ORDER, 0, OrderId("")),)


def no_liid(liid: int) -> bytes:
    return b"-"


def own_rows(leaves: Sequence[bytes], now_us: int) -> tuple[Rows, memoryview]:
    """Rows of leaves that no peer sent: no stream, no kind, no order."""
    rows, offset = Rows(max(len(leaves), 1)), 0
    for leaf in leaves:
        rows.append(
            buffer=0,
            offset=offset,
            length=len(leaf),
            order=0,
            verdict=VerdictKind.ACCEPT,
            reasons=reason_mask((Reason.OK,)),
            received_us=now_us,
            event_us=now_us,
            liid=0,
            cin=-1,
            number=-1,
            epoch=0,
            kind=-1,
            content_tag=-1,
            direction=-1,
            iri_type=-1,
            form=FORM_NOTICE,
        )
        offset += len(leaf)
    return rows, memoryview(b"".join(leaves))


def _leaves(entries: list[Numbered]) -> list[bytes]:
    """Halved until each leaf is small enough."""
    leaf = carried_to_json(entries)
    if len(leaf) <= MAX_LEAF_OCTETS or len(entries) == 1:
        return [leaf]
    half = len(entries) // 2
    return _leaves(entries[:half]) + _leaves(entries[half:])


class DecisionBook:
    """`limit_octets`: what all decisions in force may take when they are carried together."""

    def __init__(self, limit_octets: int) -> None:
        self._limit_octets = limit_octets
        self.standings = Standings()
        self._stands_in: dict[int, int] = {}
        self._expected: list[Entry] = []
        """Promised a place and not durable yet."""
        self._voiding = Voids()
        """Voids that are durable, and those that are on their way."""
        self._lock = threading.Lock()
        """The writer adds what became durable while others promise."""

    def add(self, leaf: int, one: Numbered) -> None:
        """A decision was read or written in the leaf of that sequence."""
        sequence, entry = one
        with self._lock:
            self.standings.add(sequence, entry)
            self._stands_in[sequence] = max(leaf, self._stands_in.get(sequence, -1))
            if entry in self._expected:
                self._expected.remove(entry)

    def voided(self, void: Void) -> None:
        """A void was read or has become durable."""
        with self._lock:
            self.standings.voids.add(void)
            self._voiding.add(void)

    def expect_voids(self, voids: Iterable[Void]) -> None:
        """They are on their way: nobody voids these records again."""
        with self._lock:
            for void in voids:
                self._voiding.add(void)

    def not_voided(self, wanted: Iterable[Range]) -> list[Range]:
        """What of these records is neither voided nor about to be."""
        with self._lock:
            return [part for one in wanted for part in self._voiding.but(one)]

    def forget_voids(self, before: int) -> None:
        """Records below `before` were evicted."""
        with self._lock:
            self.standings.voids.forget(before)
            self._voiding.forget(before)

    def expect(self, entries: Sequence[Entry], oldest: int) -> None:
        """Promise a place to these. Raises RefusedError when they would make more than can be carried."""
        with self._lock:
            fresh = [(_LATER, entry) for entry in (*self._expected, *entries)]
            octets = sum(
                len(leaf) + LEAF_OVERHEAD_OCTETS for leaf in _leaves([*self.standings.in_force(oldest), *fresh])
            )
            if octets > self._limit_octets:
                raise RefusedError(
                    f"The decisions about stored records would take {octets} octets, this store carries "
                    f"{self._limit_octets}. Release what is done with, name orders in place of records, or give the "
                    "store larger segments."
                )
            self._expected += entries

    def to_carry(self, before: int, oldest: int) -> tuple[Numbered, ...]:
        """What is in force for records from `oldest` on and stands nowhere but in leaves before `before`."""
        return tuple(one for one in self.standings.in_force(oldest) if self._stands_in[one[0]] < before)
