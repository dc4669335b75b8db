"""The stores and their indexes as the console reads them: lists, communications, records, each for one reader.

Rules. Everything is asked with a `Scope`, and nothing outside its orders is answered: a communication or a record of
another case is the same NotFoundError as one that is not there (R-073). Read-only, beside the writers, without their
locks. Safe to use from several threads. One store and the stores of a fleet are asked alike, and no page knows which it
is: a communication is one, wherever its records lie, and records go by numbers that say the store (`store.stores`).
What cannot be read of a fleet is in `missing`. What was read of a communication is kept for the next question while
nothing was added to it and nothing was decided since; how much is kept is bounded in octets.
"""

from __future__ import annotations

import threading
from collections import OrderedDict, deque
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np

from asn1.columns import KIND_IRI
from collector.console.model.calls import CallPage, Withheld, page_of
from collector.console.model.lists import EventRow, FreshRows, ListPage, ListQuery, shown, shown_of_fleet, token_of
from collector.console.model.minimised import gaps, open_since
from collector.console.model.scope import NotFoundError, Scope
from collector.console.model.shelf import Checkpoint, IndexLag, Shelf
from collector.console.model.shelves import Shelves
from collector.console.model.sound import Sound
from collector.export.communications import Communication, put_together
from collector.export.sources import Source
from collector.fleet.lists import FleetTally
from collector.fleet.queries import FleetIndex
from collector.store import index_pages
from collector.store.index_queries import read_orders
from collector.store.index_whole import Kind
from collector.store.keys import Keys
from collector.store.reader import StoredRecord
from collector.store.stores import Decisions, Stores, by_arrival, number_of, place_of, together
from collector.store.verifier import Witnessed
from mediation.runtime.config import NotReadyError

CACHE_OCTETS: Final = 256 << 20
MAX_OCTETS: Final = 192 << 20
"""Of one communication that is shown whole: some six hours of a call both ways."""
AT_ONCE: Final = 20_000
"""Content records that a page of a call reads while it is made: some three minutes both ways."""
MAX_SOUNDS: Final = 4
"""Sounds that are kept placed: a browser asks for one in many ranges."""
_KIND_ORDER: Final = tuple(Kind)
_OVERHEAD_OCTETS: Final = 512
"""What an object of a record takes beside its octets, roughly from above."""

Cursor = Mapping[str, int]
"""By the name of the collector: behind which of its records."""


class Counts(NamedTuple):
    """How many communications of each kind, every kind named; what is held counts as of none. Not `exact`: at most so
    many, since what lies in several stores is counted in each (`fleet.lists`)."""

    kinds: dict[Kind, int]
    exact: bool = True


class _Kept(NamedTuple):
    """`newest`: by store, the number up to which records are in it."""

    communication: Communication
    octets: int
    newest: dict[int, int]


class CaseLibrary:
    """Over the stores of `shelves`."""

    def __init__(self, shelves: Shelves, cache_octets: int = CACHE_OCTETS) -> None:
        self._shelves = shelves
        self._cache: OrderedDict[tuple[object, ...], _Kept] = OrderedDict()
        self._cache_octets, self._cached = cache_octets, 0
        self._sounds: deque[tuple[Communication, int, Sound]] = deque(maxlen=MAX_SOUNDS)
        self._lock = threading.Lock()

    @classmethod
    def of_one(
        cls,
        index_url: str,
        store: Path,
        keys: Keys,
        pin: Path | None = None,
        audit: Path | None = None,
        witnessed: Witnessed | None = None,
        cache_octets: int = CACHE_OCTETS,
    ) -> CaseLibrary:
        """Over one store that is of no fleet. Raises NotReadyError when the index cannot be opened."""
        return cls(Shelves.alone(Shelf(index_url, store, keys, pin, audit, witnessed)), cache_octets)

    def close(self) -> None:
        self._shelves.close()

    # The stores

    @property
    def shelves(self) -> tuple[Shelf, ...]:
        """Those that can be read now. Looks, where there are several."""
        return self._shelves.look().shelves

    @property
    def missing(self) -> tuple[str, ...]:
        """A sentence for each part of the fleet that could not be read when it was looked for last."""
        return self._shelves.seen.says

    def look(self) -> tuple[str, ...]:
        """As `missing`, looked for now where that is not just done."""
        return self._shelves.look().says

    @property
    def mark(self) -> int:
        """A point in time, for `missed`."""
        return self._shelves.mark

    def missed(self, mark: int) -> tuple[str, ...]:
        """A sentence for each part of the fleet that could not be read at any time since `mark`, looked for now."""
        return self._shelves.missed(mark)

    def sources(self) -> list[Source]:
        """The stores for whoever copies out of them. Raises NotReadyError where one that is configured cannot be read:
        whoever takes out a part of an order for the whole would not know."""
        here = self._shelves.look()
        if len(here.shelves) < self._shelves.places:
            raise NotReadyError(
                f"Not every collector can be read, so nothing is copied: {'; '.join(here.says)}. Bring it back, or, "
                "where it is lost for good, take it out of fleet.shards: what it had is then named in the copy."
            )
        return [
            Source(one.name, one.number, one.store, one.audit or one.store.parent / "audit", one.keys)
            for one in here.shelves
        ]

    def shelf_of(self, number: int) -> Shelf:
        """The store that a record's number names. Raises NotFoundError where there is none such, NotReadyError where it
        cannot be read now."""
        store, _ = place_of(number)
        here = self._shelves.look()
        found = next((one for one in here.shelves if one.number == store), None)
        if found is None:
            if 0 < store <= self._shelves.places:
                raise NotReadyError("; ".join(here.says) or "The collector of this record cannot be asked now.")
            raise NotFoundError("record")
        return found

    def _alone(self) -> Shelf | None:
        """The one store there is, where it is of no fleet."""
        return self._shelves.only

    def _index(self) -> FleetIndex:
        here = self._shelves.look()
        return FleetIndex([one.index() for one in here.shelves], here.missing)

    # Lists

    def page(self, scope: Scope, query: ListQuery) -> ListPage:
        """Raises RefusedError for a list that no index serves, IntegrityError when decisions cannot be read."""
        asked, one = query.of(scope), self._alone()
        if one is not None:
            standing = one.standing()
            found = index_pages.page(one.engine, asked, standing)
            rows = tuple(shown(row, standing.of(row)) for row in found[: query.limit])
            more = len(found) > query.limit
        else:
            listed = self._index().page(asked)
            rows = tuple(
                shown_of_fleet(row, self._shelves.numbers, place.value)
                for row, place in zip(listed.rows[: query.limit], listed.places, strict=False)
            )
            more = len(listed.rows) > query.limit
        return ListPage(rows, token_of(rows[-1], query.sort) if more else "", not query.after)

    def counts(self, scope: Scope) -> Counts:
        one = self._alone()
        if one is None:
            tally = self._tally(scope)
            return Counts(tally.kinds, tally.exact)
        found = index_pages.tallies(one.engine, scope.liids, scope.order_ids, one.standing())
        return Counts({kind: found.get(str(kind), 0) for kind in _KIND_ORDER})

    def held(self, scope: Scope) -> tuple[Withheld, ...]:
        """How many communications are held as a whole, whatever they are: a list that is asked for a kind, a party or a
        time has none of them."""
        one = self._alone()
        if one is None:
            found = self._tally(scope).held
        else:
            found = index_pages.held(one.engine, scope.liids, scope.order_ids, one.standing())
        return tuple(Withheld(count, says) for says, count in sorted(found.items()))

    def _tally(self, scope: Scope) -> FleetTally:
        return self._index().counts(scope.liids, scope.order_ids)

    def cursor(self) -> Cursor:
        """Behind everything that lists show now."""
        return {one.name: index_pages.newest(one.engine) for one in self.shelves}

    def since(self, scope: Scope, cursor: Cursor, limit: int = 100) -> FreshRows:
        """The communications that began or went on since `cursor`."""
        one = self._alone()
        if one is not None:
            at = cursor.get(one.name, -1)
            found = index_pages.fresh(one.engine, scope.liids, scope.order_ids, at, limit)
            standing = one.standing()
            rows = tuple(shown(row, standing.of(row)) for row in found.rows)
            return FreshRows(rows, {one.name: found.cursor}, found.more)
        fresh = self._index().since(scope.liids, scope.order_ids, cursor, limit)
        rows = tuple(shown_of_fleet(row, self._shelves.numbers) for row in fresh.rows)
        return FreshRows(rows, fresh.cursors, fresh.more)

    def find(self, scope: Scope, liid: str, cin: int) -> EventRow:
        """Raises NotFoundError."""
        found: EventRow | None = None
        one = self._alone()
        if liid in scope.liids and one is not None:
            row = index_pages.one(one.engine, liid, cin)
            found = None if row is None else shown(row, one.standing().of(row))
        elif liid in scope.liids:
            whole = self._index().one(liid, cin)
            found = None if whole is None else shown_of_fleet(whole, self._shelves.numbers)
        if found is None or found.order_id not in scope.order_ids:
            raise NotFoundError("communication")
        return found

    def lag(self) -> IndexLag:
        """Of all stores together. Raises LocalError when an index does not answer."""
        each = [one.lag() for one in self.shelves]
        return IndexLag(min((one.commit for one in each), default=-1), sum(one.records for one in each))

    def standings(self, among: Iterable[Shelf] | None = None) -> Decisions:
        return together({one.number: one.standings() for one in (self.shelves if among is None else among)})

    def totals(self) -> list[dict[str, Any]]:
        """Verdicts and reasons by order, as far back as segments are there."""
        one = self._alone()
        return read_orders(one.engine) if one is not None else self._index().orders()

    def checkpoints(self) -> tuple[Checkpoint, ...]:
        """The newest of each store; of one before its first commit there is none."""
        return tuple(found for one in self.shelves if (found := one.checkpoint()) is not None)

    # Records

    def communication(self, scope: Scope, liid: str, cin: int, signalling: bool = False) -> Communication:
        """The records of one communication as this reader may see them, or its signalling alone. Raises NotFoundError,
        LocalError when it holds more than MAX_OCTETS, IntegrityError when decisions cannot be read. Not to be changed:
        it is shared."""
        row = self.find(scope, liid, cin)
        # One look for all of it: records, pieces and decisions are of the same stores.
        among = self.shelves
        decisions, octets = self.standings(among), liid_octets(liid)
        last = {place_of(last)[0]: last for _, last in row.parts}
        key = (liid, cin, scope.order_ids, scope.content, scope.privileged, decisions.version, signalling)
        segments = {} if signalling else Stores({one.number: one.reader for one in among}).segments(octets)
        with self._lock:
            kept = self._cache.get(key)
            if kept is not None:
                self._cache.move_to_end(key)
        if kept is not None and all(kept.newest.get(store, -1) >= number for store, number in last.items()):
            return kept.communication
        if segments:
            kept = None
        # What is there already is gone on with: a call that goes on is not read again from its beginning.
        onto, newest = (None, dict[int, int]()) if kept is None else (kept.communication, dict(kept.newest))
        kind = KIND_IRI if signalling else None
        records = _watched(self.records(scope, liid, cin, kind, dict(newest), among), newest)
        found = put_together(octets, records, scope.judge(decisions), segments, MAX_OCTETS, onto)
        communication = found[0] if found else Communication(liid, cin)
        if last.keys() <= {one.number for one in among}:
            reached = {store: max(newest.get(store, -1), number) for store, number in last.items()}
            self._keep(key, communication, newest | reached)
        return communication

    def records(
        self,
        scope: Scope,
        liid: str,
        cin: int,
        kind: int | None = None,
        behind: Mapping[int, int] | None = None,
        among: Iterable[Shelf] | None = None,
    ) -> Iterator[StoredRecord]:
        """The stored records of one communication (of one kind, `behind` a number of each store, `among` these stores)
        under the orders of the scope, as they came, whatever was decided about them: whoever shows them asks
        `Scope.judge`."""
        octets, uids = liid_octets(liid), scope.uids
        known = behind or {}
        return by_arrival(
            one.records(octets, cin, uids, kind, place_of(known[one.number])[1] + 1 if one.number in known else 0)
            for one in (self.shelves if among is None else among)
        )

    def record(self, scope: Scope, number: int) -> StoredRecord:
        """One record. Raises NotFoundError for one of another case, of the store's own, or that is not there;
        NotReadyError where its store cannot be read now."""
        found = self.shelf_of(number).read(place_of(number)[1])
        if found is None or found.uid not in scope.uids:
            raise NotFoundError("record")
        return found

    def beside(self, scope: Scope, record: StoredRecord) -> tuple[int | None, int | None]:
        """The record before and the one behind it in its communication, store by store."""
        before: int | None = None
        uids = scope.uids
        for shelf in self.shelves:
            for sequences in shelf.sequences(record.liid, record.cin, uids):
                numbers = sequences + number_of(shelf.number, 0)
                at = int(np.searchsorted(numbers, record.sequence))
                if at > 0:
                    before = int(numbers[at - 1])
                after = at + 1 if at < len(numbers) and numbers[at] == record.sequence else at
                if after < len(numbers):
                    return before, int(numbers[after])
        return before, None

    # Pages of a call

    def call_page(self, scope: Scope, liid: str, cin: int) -> CallPage:
        """As `communication`; the sound of a call of more than AT_ONCE records is left for `sound`."""
        row = self.find(scope, liid, cin)
        later = row.content_records > AT_ONCE
        communication = self.communication(scope, liid, cin, signalling=later)
        sound = self.sound(scope, liid, cin) if row.content_records and not later else None
        return page_of(row, communication, scope.targets, sound)

    def sound(self, scope: Scope, liid: str, cin: int) -> Sound:
        """What may be heard of a communication. As `communication`."""
        communication, entries = self.communication(scope, liid, cin), self._minimised()
        with self._lock:
            for known, said, sound in self._sounds:
                if known is communication and said == len(entries):
                    return sound
        begin_us, end_us = communication.begin_us, communication.end_us
        none = begin_us is None or end_us is None
        made = Sound(communication, () if none else gaps(entries, liid, cin, begin_us or 0, end_us or 0))
        with self._lock:
            self._sounds.append((communication, len(entries), made))
        return made

    def _minimised(self) -> tuple[dict[str, Any], ...]:
        """When anything was minimised, by the audit logs of all collectors: each has the command."""
        one = self._alone()
        if one is not None:
            return one.minimised.entries()
        each = (one.minimised.entries() for one in self.shelves)
        return tuple(sorted(chain.from_iterable(each), key=lambda entry: int(entry["at_us"])))

    def minimised_since(self, liid: str, cin: int) -> int | None:
        """When it was minimised, in microseconds; None for a communication that is not minimised now."""
        return open_since(self._minimised(), liid, cin)

    def _keep(self, key: tuple[object, ...], communication: Communication, newest: dict[int, int]) -> None:
        octets = sum(len(one.octets) + _OVERHEAD_OCTETS for one in communication.packets)
        octets += 16 * _OVERHEAD_OCTETS * len(communication.signals)
        if octets > self._cache_octets:
            return
        with self._lock:
            before = self._cache.pop(key, None)
            self._cached += octets - (0 if before is None else before.octets)
            self._cache[key] = _Kept(communication, octets, newest)
            while self._cached > self._cache_octets:
                _, gone = self._cache.popitem(last=False)
                self._cached -= gone.octets


def _watched(records: Iterable[StoredRecord], newest: dict[int, int]) -> Iterator[StoredRecord]:
    """The records, the highest number of them in each store kept in `newest`."""
    for record in records:
        store = place_of(record.sequence)[0]
        newest[store] = max(newest.get(store, -1), record.sequence)
        yield record


def liid_octets(text: str) -> bytes:
    """A LIID out of the form that people read (`ps_pdu.liid_text`). Raises NotFoundError for what is none."""
    try:
        return bytes.fromhex(text[2:]) if text.startswith("0x") else text.encode("ascii")
    except ValueError as error:
        raise NotFoundError("communication") from error
