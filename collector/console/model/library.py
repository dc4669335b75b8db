"""The store and its index as the console reads them: lists, communications, records, each for one reader.

Rules. Everything is asked with a `Scope`, and nothing outside its orders is answered: a communication or a record of
another case is the same NotFoundError as one that is not there (R-073). Read-only, beside the writer, without its lock.
Safe to use from several threads. What was read of a communication is kept for the next question while nothing was
added to it and nothing was decided since; how much is kept is bounded in octets.
"""

from __future__ import annotations

import threading
from collections import OrderedDict, deque
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from asn1.columns import KIND_IRI
from asn1.errors import DecodeError, LocalError
from asn1.ps_pdu import liid_text
from collector.console.model.calls import CallPage, Withheld, page_of
from collector.console.model.lists import EventRow, FreshRows, ListPage, ListQuery, shown, token_of
from collector.console.model.minimised import MinimiseLog, gaps, open_since
from collector.console.model.scope import NotFoundError, Scope
from collector.console.model.sound import Sound
from collector.export.communications import Communication, put_together
from collector.standing import Standings
from collector.store import index_pages
from collector.store.epochs import TrustOnDisk, read_trust
from collector.store.index import open_database
from collector.store.index_queries import read_orders
from collector.store.index_standing import IndexStanding
from collector.store.index_tables import META
from collector.store.index_whole import Kind
from collector.store.keys import Keys
from collector.store.placed import PlacedReader, Span, rows_of
from collector.store.reader import DataView, StoredRecord
from collector.store.verifier import Witnessed
from mediation.ledger.checkpoint import parse_note, verify_note

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


class IndexLag(NamedTuple):
    """The commit that the index has reached, and how many records the store has beyond it."""

    commit: int
    records: int


class Checkpoint(NamedTuple):
    """The newest checkpoint of the store: `size` records under `root`; `note` is the signed text, `signed` whether a
    key of the collector's signed it."""

    size: int
    root: str
    note: str
    signed: bool


class _Kept(NamedTuple):
    """`newest`: the sequence up to which records are in it."""

    communication: Communication
    octets: int
    newest: int


class CaseLibrary:
    """`pin`, `audit`, `witnessed`: what `verify_record` holds a record against. Raises NotReadyError when the index
    cannot be opened."""

    def __init__(
        self,
        index_url: str,
        store: Path,
        keys: Keys,
        pin: Path | None = None,
        audit: Path | None = None,
        witnessed: Witnessed | None = None,
        cache_octets: int = CACHE_OCTETS,
    ) -> None:
        self._engine = open_database(index_url)
        # The signing key may be changed while we read: certificates are asked for when a signature is looked at.
        self.reader = PlacedReader(store, keys, TrustOnDisk(keys.directory, keys.identity))
        self.store, self.keys = store, keys
        self.pin, self.audit, self.witnessed = pin, audit, witnessed
        self._cache: OrderedDict[tuple[object, ...], _Kept] = OrderedDict()
        self._cache_octets, self._cached = cache_octets, 0
        self._minimise = MinimiseLog(audit)
        self._sounds: deque[tuple[Communication, int, Sound]] = deque(maxlen=MAX_SOUNDS)
        self._lock = threading.Lock()
        self._listed: tuple[int, IndexStanding] | None = None

    def close(self) -> None:
        self._engine.dispose()

    # Lists

    def page(self, scope: Scope, query: ListQuery) -> ListPage:
        """Raises RefusedError for a list that no index serves, IntegrityError when decisions cannot be read."""
        standing = self._standing()
        found = index_pages.page(self._engine, query.of(scope), standing)
        rows = tuple(shown(row, standing) for row in found[: query.limit])
        more = len(found) > query.limit
        return ListPage(rows, token_of(rows[-1], query.sort) if more else "", not query.after)

    def counts(self, scope: Scope) -> dict[Kind, int]:
        """How many communications of each kind, every kind named; what is held counts as of none."""
        found = index_pages.tallies(self._engine, scope.liids, scope.order_ids, self._standing())
        return {kind: found.get(str(kind), 0) for kind in _KIND_ORDER}

    def held(self, scope: Scope) -> tuple[Withheld, ...]:
        """How many communications are held as a whole, whatever they are: a list that is asked for a kind, a party or a
        time has none of them."""
        found = index_pages.held(self._engine, scope.liids, scope.order_ids, self._standing())
        return tuple(Withheld(count, says) for says, count in sorted(found.items()))

    def cursor(self) -> int:
        """Behind everything that lists show now."""
        return index_pages.newest(self._engine)

    def since(self, scope: Scope, cursor: int, limit: int = 100) -> FreshRows:
        """The communications that began or went on since `cursor`."""
        found = index_pages.fresh(self._engine, scope.liids, scope.order_ids, cursor, limit)
        standing = self._standing()
        return FreshRows(tuple(shown(row, standing) for row in found.rows), found.cursor, found.more)

    def find(self, scope: Scope, liid: str, cin: int) -> EventRow:
        """Raises NotFoundError."""
        row = index_pages.one(self._engine, liid, cin) if liid in scope.liids else None
        if row is None or row["order_id"] not in scope.order_ids:
            raise NotFoundError("communication")
        return shown(row, self._standing())

    def lag(self) -> IndexLag:
        """Raises LocalError when the index does not answer."""
        try:
            with self._engine.connect() as connection:
                meta = {row.key: row.value for row in connection.execute(select(META))}
        except SQLAlchemyError as error:
            raise LocalError("The index does not answer; it is made by the collector when it runs.") from error
        size = self.reader.size
        return IndexLag(int(meta.get("commit", -1)), max(size - int(meta.get("records", 0)), 0))

    def standings(self) -> Standings:
        return self.reader.standings()

    def totals(self) -> list[dict[str, Any]]:
        """Verdicts and reasons by order, as far back as segments are there."""
        return read_orders(self._engine)

    def checkpoint(self) -> Checkpoint | None:
        """None before the first commit, or where it cannot be read."""
        note = self.reader.newest_note()
        try:
            found = parse_note(note).checkpoint
        except DecodeError:
            return None
        signed = verify_note(note, found.origin, read_trust(self.keys.directory)) is not None
        return Checkpoint(found.size, found.root.hex(), note, signed)

    def _standing(self) -> IndexStanding:
        standings = self.reader.standings()
        known = self._listed
        if known is not None and known[0] == len(standings):
            return known[1]
        standing, all_reached = index_pages.standing_of(self._engine, standings)
        # What is decided about a record that the index has not reached yet is looked up again.
        self._listed = (len(standings), standing) if all_reached else None
        return standing

    # Records

    def communication(self, scope: Scope, liid: str, cin: int, signalling: bool = False) -> Communication:
        """The records of one communication as this reader may see them, or its signalling alone. Raises NotFoundError,
        LocalError when it holds more than MAX_OCTETS, IntegrityError when decisions cannot be read. Not to be changed:
        it is shared."""
        row = self.find(scope, liid, cin)
        standings = self.reader.standings()
        octets = liid_octets(liid)
        key = (liid, cin, scope.order_ids, scope.content, scope.privileged, standings.version, signalling)
        segments = {} if signalling else self.reader.segments(octets)
        with self._lock:
            kept = self._cache.get(key)
            if kept is not None:
                self._cache.move_to_end(key)
        if kept is not None and kept.newest >= row.last_sequence:
            return kept.communication
        if segments:
            kept = None
        # What is there already is gone on with: a call that goes on is not read again from its beginning.
        onto, newest = (None, [-1]) if kept is None else (kept.communication, [kept.newest])
        records = _watched(self.records(scope, liid, cin, KIND_IRI if signalling else None, newest[0] + 1), newest)
        found = put_together(octets, records, scope.judge(standings), segments, MAX_OCTETS, onto)
        communication = found[0] if found else Communication(liid, cin)
        self._keep(key, communication, max(newest[0], row.last_sequence))
        return communication

    def records(
        self, scope: Scope, liid: str, cin: int, kind: int | None = None, first: int = 0
    ) -> Iterator[StoredRecord]:
        """The stored records of one communication (of one kind, from sequence `first` on) under the orders of the
        scope, oldest first, whatever was decided about them: whoever shows them asks `Scope.judge`."""
        octets, uids = liid_octets(liid), scope.uids
        spans = [
            Span(generation, max(begin, first), end)
            for generation, begin, end in index_pages.segments_of(self._engine, liid, cin)
            if end >= first
        ]

        def wanted(view: DataView) -> np.ndarray:
            rows = rows_of(view, octets, cin, uids)
            if first > view.first_sequence:
                rows[: first - view.first_sequence] = False
            return rows if kind is None else rows & (view.rows["kind"] == kind)

        return self.reader.within(spans, wanted)

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
        communication, entries = self.communication(scope, liid, cin), self._minimise.entries()
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

    def minimised_since(self, liid: str, cin: int) -> int | None:
        """When it was minimised, in microseconds; None for a communication that is not minimised now."""
        return open_since(self._minimise.entries(), liid, cin)

    def record(self, scope: Scope, sequence: int) -> StoredRecord:
        """One record. Raises NotFoundError for one of another case, of the store's own, or that is not there."""
        found = self.reader.read(sequence) if 0 <= sequence < 1 << 62 else None
        if found is None or found.uid not in scope.uids:
            raise NotFoundError("record")
        return found

    def beside(self, scope: Scope, record: StoredRecord) -> tuple[int | None, int | None]:
        """The record before and the one behind it in its communication."""
        uids = scope.uids
        before: int | None = None

        def mine(view: DataView) -> np.ndarray:
            return rows_of(view, record.liid, record.cin, uids)

        for generation, first, last in index_pages.segments_of(self._engine, liid_text(record.liid), record.cin):
            for sequences in self.reader.places(Span(generation, first, last), mine):
                at = int(np.searchsorted(sequences, record.sequence))
                if at > 0:
                    before = int(sequences[at - 1])
                behind = at + 1 if at < len(sequences) and sequences[at] == record.sequence else at
                if behind < len(sequences):
                    return before, int(sequences[behind])
        return before, None

    def _keep(self, key: tuple[object, ...], communication: Communication, newest: int) -> None:
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


def _watched(records: Iterable[StoredRecord], newest: list[int]) -> Iterator[StoredRecord]:
    """The records, the highest sequence of them kept in `newest`."""
    for record in records:
        newest[0] = max(newest[0], record.sequence)
        yield record


def liid_octets(text: str) -> bytes:
    """A LIID out of the form that people read (`ps_pdu.liid_text`). Raises NotFoundError for what is none."""
    try:
        return bytes.fromhex(text[2:]) if text.startswith("0x") else text.encode("ascii")
    except ValueError as error:
        raise NotFoundError("communication") from error
