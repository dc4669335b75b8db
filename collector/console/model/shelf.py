"""One store among those that the console reads, with its index: what `library` puts together is asked here.

Rules. Read-only, beside the writer, without its lock. Records leave under their numbers (`store.stores`), so nobody
above has to know in which store they lie. Whether a store can be read at all is asked before anything is shown of it:
without its decisions nobody knows what is withheld.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from asn1.errors import DecodeError, LabError, LocalError
from asn1.ps_pdu import liid_text
from collector.console.model.minimised import MinimiseLog
from collector.databases import sentence
from collector.fleet.together import ShardIndex
from collector.standing import Standings
from collector.store import index_pages
from collector.store.epochs import TrustOnDisk, read_trust
from collector.store.index import open_database
from collector.store.index_standing import IndexStanding
from collector.store.index_tables import META
from collector.store.keys import Keys, pin_name
from collector.store.placed import PlacedReader, Span, rows_of
from collector.store.reader import DataView, StoredRecord, Wanted
from collector.store.stores import number_of, numbered
from collector.store.verifier import Witnessed
from mediation.law.orders import OrderUid
from mediation.ledger.checkpoint import parse_note, verify_note

ALONE: Final = 0
"""The number of a store that is the only one."""


class IndexLag(NamedTuple):
    """The commit that the index has reached, and how many records the store has beyond it."""

    commit: int
    records: int


class Checkpoint(NamedTuple):
    """The newest checkpoint of a store: `size` records under `root`; `note` is the signed text, `signed` whether a key
    of the collector's signed it. `collector` is its name in a fleet, blank where there is one alone."""

    collector: str
    size: int
    root: str
    note: str
    signed: bool


class Shelf:
    """`name` and `number` of the store; `pin`, `audit`, `witnessed`: what `verify_record` holds a record against."""

    def __init__(
        self,
        index_url: str,
        store: Path,
        keys: Keys,
        pin: Path | None = None,
        audit: Path | None = None,
        witnessed: Witnessed | None = None,
        name: str = "",
        number: int = ALONE,
    ) -> None:
        self.name, self.number = name, number
        self.engine = open_database(index_url, reads=True)
        # The signing key may be changed while we read: certificates are asked for when a signature is looked at.
        self.reader = PlacedReader(store, keys, TrustOnDisk(keys.directory, keys.identity))
        self.store, self.keys = store, keys
        self.pin, self.audit, self.witnessed = pin, audit, witnessed
        self.minimised = MinimiseLog(audit)
        self._listed: tuple[tuple[object, ...], IndexStanding] | None = None

    @classmethod
    def of(
        cls, data: Path, index_url: str | None, pin_directory: Path | None, name: str = "", number: int = ALONE
    ) -> Shelf:
        """Of a collector's directory. Raises NotReadyError where no collector has begun."""
        keys = Keys(data / "keys")
        pin = None if pin_directory is None else pin_directory / pin_name(keys.identity)
        url = index_url or f"sqlite:///{data / 'index.sqlite'}"
        return cls(url, data / "store", keys, pin, data / "audit", None, name, number)

    def close(self) -> None:
        self.engine.dispose()

    def trouble(self) -> str:
        """Why nothing can be shown of this store now; empty when it can be read."""
        try:
            if not any(self.store.glob("*.seg")):
                return "its store is not here"
            self.reader.standings()
            index_pages.newest(self.engine)
        except (SQLAlchemyError, LabError, OSError) as error:
            return sentence(error)
        return ""

    # The index

    def index(self) -> ShardIndex:
        """Raises IntegrityError when decisions cannot be read."""
        return ShardIndex(self.name, self.engine, self.standing())

    def standing(self) -> IndexStanding:
        standings = self.reader.standings()
        known = self._listed
        if known is not None and known[0] == standings.version:
            return known[1]
        standing, all_reached = index_pages.standing_of(self.engine, standings)
        # What is decided about a record that the index has not reached yet is looked up again.
        self._listed = (standings.version, standing) if all_reached else None
        return standing

    def lag(self) -> IndexLag:
        """Raises LocalError when the index does not answer."""
        try:
            with self.engine.connect() as connection:
                meta = {row.key: row.value for row in connection.execute(select(META))}
        except SQLAlchemyError as error:
            raise LocalError("The index does not answer; it is made by the collector when it runs.") from error
        size = self.reader.size
        return IndexLag(int(meta.get("commit", -1)), max(size - int(meta.get("records", 0)), 0))

    # The store

    def standings(self) -> Standings:
        return self.reader.standings()

    def checkpoint(self) -> Checkpoint | None:
        """None before the first commit, or where it cannot be read."""
        note = self.reader.newest_note()
        try:
            found = parse_note(note).checkpoint
        except DecodeError:
            return None
        signed = verify_note(note, found.origin, read_trust(self.keys.directory)) is not None
        return Checkpoint(self.name, found.size, found.root.hex(), note, signed)

    def read(self, sequence: int) -> StoredRecord | None:
        """One record, by its sequence here."""
        found = self.reader.read(sequence)
        return None if found is None else found._replace(sequence=number_of(self.number, sequence))

    def records(
        self, liid: bytes, cin: int, uids: frozenset[OrderUid], kind: int | None, first: int
    ) -> Iterator[StoredRecord]:
        """Of one communication (of one kind, from sequence `first` on) under these orders, oldest first."""
        spans = [
            Span(generation, max(begin, first), end)
            for generation, begin, end in self._segments_of(liid, cin)
            if end >= first
        ]

        def wanted(view: DataView) -> np.ndarray:
            rows = rows_of(view, liid, cin, uids)
            if first > view.first_sequence:
                rows[: first - view.first_sequence] = False
            return rows if kind is None else rows & (view.rows["kind"] == kind)

        return numbered(self.number, self.reader.within(spans, wanted))

    def sequences(self, liid: bytes, cin: int, uids: frozenset[OrderUid]) -> Iterator[np.ndarray]:
        """The sequences of the records of one communication, ascending, some at a time."""

        def mine(view: DataView) -> np.ndarray:
            return rows_of(view, liid, cin, uids)

        for generation, first, last in self._segments_of(liid, cin):
            yield from self.reader.places(Span(generation, first, last), mine)

    def behind(self, commit: int, wanted: Wanted) -> Iterable[tuple[int, list[StoredRecord]]]:
        """As `PlacedReader.behind`, each record under its number."""
        for number, records in self.reader.behind(commit, wanted):
            yield number, list(numbered(self.number, iter(records)))

    def _segments_of(self, liid: bytes, cin: int) -> list[tuple[int, int, int]]:
        return index_pages.segments_of(self.engine, liid_text(liid), cin)


Shelves = Callable[[], tuple[Shelf, ...]]
