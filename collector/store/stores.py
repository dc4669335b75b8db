"""Several stores read as one: names for the records of all of them, and what was decided about them anywhere.

Rules. Sequences are a store's own, so over several stores a record goes by a number that says both: its store's number
and its sequence there. A store that is alone has the number 0, and its records' numbers are their sequences; the stores
of a fleet are 1, 2, 3 and so on. People read and write a number as `17`, or `2-17` in a fleet. A decision that a
store has about an order, a communication or a place in a stream holds in all of them: whoever decided meant the record,
not where it lies, and of two stores the stricter one is believed. One that names sequences is about its own store.
A record whose own store is not among them is judged by nobody: what was decided about it is not known.
Records come in the order in which they were received. Reads only.
"""

from __future__ import annotations

import heapq
import re
from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple, Protocol

from asn1.segments import Run
from collector.rows import FORM_SYNTHETIC
from collector.standing import Judged, Standings, StandingState, State
from collector.store.reader import StoredRecord, Wanted
from mediation.law.orders import OrderUid
from mediation.law.verdicts import Reason
from mediation.runtime.config import NotReadyError

SEQUENCES: Final = 1 << 50
"""More records than a store ever has: thirty years at a million a second."""
MAX_STORES: Final = 4_096
_NAME: Final = re.compile(r"(?:([1-9][0-9]{0,3})-)?(0|[1-9][0-9]{0,15})")
_STRICTEST: Final = (State.VOID, State.HELD, State.PRIVILEGED, State.MINIMISED)


def number_of(store: int, sequence: int) -> int:
    """The number of a record over all stores."""
    return store * SEQUENCES + sequence


def place_of(number: int) -> tuple[int, int]:
    """The store's number and the sequence in it."""
    return divmod(number, SEQUENCES)


def record_name(number: int) -> str:
    """As people read it."""
    store, sequence = place_of(number)
    return f"{store}-{sequence}" if store else str(sequence)


def record_number(name: str) -> int:
    """The number that a name says. Raises ValueError for what is none; each number has one name."""
    found = _NAME.fullmatch(name)
    if found is None or int(found[2]) >= SEQUENCES or int(found[1] or 0) > MAX_STORES:
        raise ValueError(f"{name!r} names no record")
    return number_of(int(found[1] or 0), int(found[2]))


class Decisions(Protocol):
    """What was decided about records: `Standings` of one store, or `ManyStandings`."""

    @property
    def version(self) -> tuple[object, ...]: ...
    def of(self, record: Judged, but: frozenset[Reason] = frozenset()) -> StandingState: ...


class Reading(Protocol):
    """What is read of a store: `StoreReader` has it, and `Stores`."""

    def records(self, wanted: Wanted | None = None) -> Iterator[StoredRecord]: ...
    def standings(self) -> Decisions: ...
    def segments(self, liid: bytes) -> dict[tuple[int, int, int], list[Run]]: ...


class OneReading(Protocol):
    """The same of one store, with its own sequences."""

    def records(self, wanted: Wanted | None = None) -> Iterator[StoredRecord]: ...
    def standings(self) -> Standings: ...
    def segments(self, liid: bytes) -> dict[tuple[int, int, int], list[Run]]: ...


class Stores:
    """`readers` by their store's number."""

    def __init__(self, readers: Mapping[int, OneReading]) -> None:
        self._readers = dict(readers)

    def records(self, wanted: Wanted | None = None) -> Iterator[StoredRecord]:
        """As `StoreReader.records`, each record under its number."""
        return by_arrival(numbered(store, one.records(wanted)) for store, one in self._readers.items())

    def standings(self) -> Decisions:
        """As `StoreReader.standings`, of all stores."""
        return together({store: one.standings() for store, one in self._readers.items()})

    def segments(self, liid: bytes) -> dict[tuple[int, int, int], list[Run]]:
        """As `StoreReader.segments`: the pieces of one content may lie in several stores."""
        found: dict[tuple[int, int, int], dict[Run, None]] = {}
        for one in self._readers.values():
            for key, runs in one.segments(liid).items():
                found.setdefault(key, {}).update(dict.fromkeys(runs))
        return {key: list(runs) for key, runs in found.items()}


def numbered(store: int, records: Iterator[StoredRecord]) -> Iterator[StoredRecord]:
    """The records of a store under their numbers."""
    if store == 0:
        return records
    return (one._replace(sequence=number_of(store, one.sequence)) for one in records)


def by_arrival(each: Iterator[Iterator[StoredRecord]]) -> Iterator[StoredRecord]:
    """Records of several stores, each in its own order, as one stream."""
    return heapq.merge(*each, key=_received)


def _received(record: StoredRecord) -> int:
    return record.received_us


def together(by_store: Mapping[int, Standings]) -> Decisions:
    """The decisions of these stores as one."""
    return by_store[0] if by_store.keys() == {0} else ManyStandings(by_store)


class _Judged(NamedTuple):
    """A record as one of the stores is asked about it."""

    sequence: int
    uid: OrderUid
    liid: bytes
    cin: int
    kind: int
    epoch: int
    number: int
    event_us: int
    form: int
    reasons: int
    fault: str | None


class ManyStandings:
    """The decisions of several stores, by store. `of` is asked with numbers."""

    def __init__(self, by_store: Mapping[int, Standings]) -> None:
        self._by_store = dict(sorted(by_store.items()))

    @property
    def version(self) -> tuple[object, ...]:
        """Another one whenever a decision or a void has come in since, or a store has come or gone."""
        return tuple((store, one.version) for store, one in self._by_store.items())

    def of(self, record: Judged, but: frozenset[Reason] = frozenset()) -> StandingState:
        """The strictest that any store says; what the record's own store says where none withholds it. A negative
        sequence is of no store. Raises NotReadyError for a record whose own store is not here."""
        home, sequence = place_of(record.sequence)
        if home >= 0 and home not in self._by_store:
            raise NotReadyError(
                f"Record {record_name(record.sequence)} cannot be shown: its store cannot be read now, so nobody knows "
                "what was decided about it. Try again."
            )
        place = (record.uid, record.liid, record.cin, record.kind, record.epoch, record.number, record.event_us)
        own, found = StandingState(), list[StandingState]()
        for store, one in self._by_store.items():
            if store == home:
                own = one.of(_Judged(sequence, *place, record.form, record.reasons, record.fault), but)
                found.append(own)
            elif len(one):
                # What the record says of itself is for its own store to weigh.
                found.append(one.of(_Judged(-1, *place, FORM_SYNTHETIC, 0, None), but))
        for state in _STRICTEST:
            for each in found:
                if each.state is state:
                    return each
        if own.state is not None:
            return own
        return next((each for each in found if each.state is not None), StandingState())
