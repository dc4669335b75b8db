"""What the indexes of all shards are asked together: one communication is one, wherever its records lie.

Rules. Each shard's index is a schema of its own in the fleet's database, asked by the same functions that a collector's
own is. A communication whose signalling one shard has and whose content another is put together as the segments of one
shard are (`index_queries.merged`): it is listed once, at its earliest begin, and counted once. A hold on one shard
holds all of it. A shard is asked only where its store can be asked too: decisions stand there, and without them nobody
knows what is withheld. One that cannot is named with the ranges that the catalogue has of it, in every answer; never
does a shard go silently missing. Sequences are a shard's own, so they stand beside its name alone. Reads only.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final, NamedTuple

import psycopg
from sqlalchemy import inspect
from sqlalchemy.exc import SQLAlchemyError

from asn1.errors import LabError
from collector.accounts import FIELDS
from collector.databases import SILENT_MS, driver_url, in_schema, sentence
from collector.fleet import lists
from collector.fleet.lists import FleetTally
from collector.fleet.together import FleetRow, Row, ShardIndex, put_together, rows_of
from collector.fleet.view import CONNECT_S, CataloguedShard, Lost, Range, read_catalogue
from collector.standing import Standings
from collector.store import index_pages
from collector.store.index import open_database
from collector.store.index_pages import PageQuery, Place
from collector.store.index_queries import read_events, read_orders
from collector.store.index_tables import META
from collector.voids import merged_ranges
from mediation.runtime.config import NotReadyError

NOT_HERE: Final = "cannot be asked"
_ADDED: Final = ("delivered", *FIELDS, "voided")


class FleetPage(NamedTuple):
    """`missing`: the shards that could not be asked, and what is known to be there. `places`: behind which of its rows
    the next page begins, one a row."""

    rows: tuple[FleetRow, ...]
    places: tuple[Place, ...]
    missing: tuple[Lost, ...]


class FleetFresh(NamedTuple):
    """`cursors` by shard, for the next question. `more`: there was more than asked for."""

    rows: tuple[FleetRow, ...]
    cursors: dict[str, int]
    more: bool
    missing: tuple[Lost, ...]


class FleetIndex:
    """The shards' indexes as one. Close it."""

    def __init__(self, shards: Sequence[ShardIndex], missing: Sequence[Lost]) -> None:
        self.shards = tuple(shards)
        self.missing = tuple(missing)

    @classmethod
    def open(cls, url: str, standings: Mapping[str, Callable[[], Standings]]) -> FleetIndex:
        """`url` of the fleet's database; `standings` of the stores that are at hand, by shard: each is asked once, and
        may raise. Raises NotReadyError where the database does not answer."""
        catalogue = read_catalogue(url)
        held = held_ranges(url, catalogue)
        shards: list[ShardIndex] = []
        missing: list[Lost] = []
        for one in catalogue:
            ranges = held.get(one.shard, ())
            ask = standings.get(one.shard)
            if ask is None:
                missing.append(Lost(one.shard, ranges, f"{NOT_HERE}: its store is not here"))
                continue
            engine = open_database(in_schema(url, f"index_{one.shard}"))
            try:
                if not inspect(engine).has_table(META.name):
                    raise NotReadyError("its index is not there")
                standing, _ = index_pages.standing_of(engine, ask())
                shards.append(ShardIndex(one.shard, engine, standing))
            except (SQLAlchemyError, LabError, OSError) as error:
                engine.dispose()
                missing.append(Lost(one.shard, ranges, f"{NOT_HERE}: {sentence(error)}"))
        return cls(shards, missing)

    def close(self) -> None:
        for one in self.shards:
            one.engine.dispose()

    def one(self, liid: str, cin: int) -> FleetRow | None:
        """None where no shard that can be asked has anything of it."""
        found = rows_of(self.shards, [(liid, cin)])
        return put_together(self.shards, found[liid, cin]) if found else None

    def page(self, query: PageQuery) -> FleetPage:
        """As `index_pages.page`; kinds are those of what is put together (`lists`)."""
        found = lists.page(self.shards, query)
        return FleetPage(tuple(one.row for one in found), tuple(one.place for one in found), self.missing)

    def since(self, liids: Iterable[str], orders: Iterable[str], cursors: Mapping[str, int], limit: int) -> FleetFresh:
        """What began or went on in any shard behind its cursor; -1 is before its first record. A shard without one is
        met for the first time: it is asked from its newest on, since what it had before is nothing new."""
        keys: dict[tuple[str, int], None] = {}
        behind, more = dict(cursors), False
        streams, allowed = sorted(liids), sorted(orders)
        for one in self.shards:
            if one.shard not in cursors:
                behind[one.shard] = index_pages.newest(one.engine)
                continue
            found = index_pages.fresh(one.engine, streams, allowed, cursors[one.shard], limit)
            keys |= dict.fromkeys((row["liid"], row["cin"]) for row in found.rows)
            behind[one.shard], more = found.cursor, more or found.more
        rows = rows_of(self.shards, keys)
        fresh = (put_together(self.shards, rows[key]) for key in keys if key in rows)
        return FleetFresh(tuple(one for one in fresh if one.row["order_id"] in allowed), behind, more, self.missing)

    def counts(self, liids: Iterable[str], orders: Iterable[str]) -> FleetTally:
        """Communications by kind, each once, and what is held; every kind is named."""
        return lists.tally(self.shards, sorted(liids), orders)

    def events(self, liid: str, cin: int) -> list[Row]:
        """The IRI events of a communication by time, each with its `shard`; of what is held, that it exists."""
        rows = [
            row | {"shard": one.shard}
            for one in self.shards
            for row in read_events(one.engine, one.standing, liid, cin)
        ]
        return sorted(
            rows, key=lambda row: (row["event_us"] is not None, row["event_us"] or 0, row["shard"], row["sequence"])
        )

    def orders(self) -> list[Row]:
        """Verdicts by order over all shards, each with its `shards`."""
        found: dict[str, Row] = {}
        for one in self.shards:
            for row in read_orders(one.engine):
                whole = found.setdefault(row["order_id"], _no_verdicts(row))
                whole["shards"].append(one.shard)
                for name in _ADDED:
                    whole[name] += row[name]
                whole["reasons"] = dict(sorted((Counter(whole["reasons"]) + Counter(row["reasons"])).items()))
        return [found[order_id] for order_id in sorted(found)]


def _no_verdicts(row: Row) -> Row:
    named = {name: row[name] for name in ("order_id", "uid", "liid")}
    return {**named, **dict.fromkeys(_ADDED, 0), "reasons": {}, "shards": []}


def held_ranges(url: str, catalogue: Iterable[CataloguedShard]) -> dict[str, tuple[Range, ...]]:
    """Which records of each shard the catalogue has as stored and not evicted. Raises NotReadyError."""
    ranges: dict[str, list[Range]] = {one.shard: [] for one in catalogue}
    try:
        with psycopg.connect(driver_url(url), connect_timeout=CONNECT_S, tcp_user_timeout=SILENT_MS) as connection:
            connection.read_only = True
            there = connection.execute("SELECT to_regclass('fleet.segments') IS NOT NULL").fetchone()
            asked = "SELECT shard, first_sequence, records FROM fleet.segments WHERE evicted_us IS NULL AND records > 0"
            rows = connection.execute(asked).fetchall() if there is not None and there[0] else []
    except psycopg.Error as error:
        raise NotReadyError(f"Cannot read the fleet's catalogue: {sentence(error)}.") from error
    for shard, first, records in rows:
        if shard in ranges:
            ranges[shard].append((first, first + records - 1))
    for one in catalogue:
        known = ranges[one.shard]
        # The newest segment is told of now and then, what was marked with each batch.
        behind = max((last + 1 for _, last in known), default=one.evicted)
        if one.size > behind:
            known.append((behind, one.size - 1))
    return {shard: merged_ranges(found) for shard, found in ranges.items()}
