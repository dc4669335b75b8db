"""What the indexes of all shards are asked together: one communication is one, wherever its records lie.

Rules. Each shard's index is a schema of its own in the fleet's database, asked by the same functions that a collector's
own is. A communication whose signalling one shard has and whose content another is put together as the segments of one
shard are (`index_queries.merged`): it is listed once, at its earliest begin, and counted once. A hold on one shard
holds all of it. A shard is asked only where its store can be asked too: decisions stand there, and without them nobody
knows what is withheld. One that cannot is named with the ranges that the catalogue has of it, in every answer; never
does a shard go silently missing. Sequences are a shard's own, so they stand beside its name alone. Reads only.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, Final, NamedTuple

import psycopg
from sqlalchemy import Engine, bindparam, inspect, text
from sqlalchemy.exc import SQLAlchemyError

from asn1.errors import LabError, RefusedError
from collector.accounts import FIELDS
from collector.databases import driver_url, in_schema, sentence
from collector.fleet.view import CONNECT_S, CataloguedShard, Lost, Range, read_catalogue
from collector.standing import Standings
from collector.store import index_pages
from collector.store.index import open_database
from collector.store.index_pages import BEGIN, PageQuery, Place
from collector.store.index_queries import merged, read_events, read_orders
from collector.store.index_standing import Hold, IndexStanding
from collector.store.index_tables import META, NO_BEGIN, WHOLE
from collector.store.index_whole import Kind, kind_of
from collector.voids import merged_ranges
from mediation.runtime.config import NotReadyError

NOT_HERE: Final = "cannot be asked"
_OF_A_SHARD: Final = ("first_sequence", "last_sequence", "iri", "cc_from_target", "cc_to_target", "cc_other")

_ADDED: Final = ("delivered", *FIELDS, "voided")

Row = dict[str, Any]


class ShardIndex(NamedTuple):
    """One shard that can be asked: its index, and what was decided about what is in it."""

    shard: str
    engine: Engine
    standing: IndexStanding


class FleetRow(NamedTuple):
    """A communication in all shards. `row` as in `index_tables.WHOLE` without sequences; `shards`: of each that has
    anything of it, its sequences and counts; `hold`: the strictest on any shard."""

    row: Row
    shards: dict[str, Row]
    hold: Hold | None


class FleetPage(NamedTuple):
    """`missing`: the shards that could not be asked, and what is known to be there."""

    rows: tuple[FleetRow, ...]
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
        held = _held_ranges(url, catalogue)
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
        found = {one.shard: row for one in self.shards if (row := index_pages.one(one.engine, liid, cin)) is not None}
        return self._together(found) if found else None

    def page(self, query: PageQuery) -> FleetPage:
        """By begin, as `index_pages.page`; kinds are those of what is put together. Raises RefusedError also for
        another order, or a party: no index serves these over several shards."""
        if query.sort != BEGIN or query.party:
            raise RefusedError("A list over several shards is by time and of all parties.")
        met = heapq.merge(
            *(self._walk(one, query) for one in self.shards),
            key=lambda each: (each[1]["begin_us"], each[1]["liid"], each[1]["cin"]),
            reverse=query.descending,
        )
        return FleetPage(tuple(islice(self._listed(met, query), query.limit)), self.missing)

    def _walk(self, shard: ShardIndex, query: PageQuery) -> Iterator[tuple[str, Row]]:
        """The rows of one shard from the page on, in its order."""
        asked = query._replace(kinds=())
        while rows := index_pages.page(shard.engine, asked, shard.standing):
            yield from ((shard.shard, row) for row in rows)
            if len(rows) < asked.limit:
                return
            last = rows[-1]
            asked = asked._replace(after=Place(last[BEGIN], last["liid"], last["cin"]))

    def _listed(self, met: Iterable[tuple[str, Row]], query: PageQuery) -> Iterator[FleetRow]:
        """Each communication where its earliest begin is met, and nowhere else."""
        said = bool(query.kinds) or query.from_us is not None or query.to_us is not None
        for shard, row in met:
            whole = self.one(row["liid"], row["cin"])
            if whole is None or min(whole.shards, key=lambda name: _begun(whole.shards[name], name)) != shard:
                continue
            if said and whole.hold is not None and whole.hold.whole:
                continue
            if query.kinds and whole.row["kind"] not in query.kinds:
                continue
            yield whole

    def since(self, liids: Iterable[str], orders: Iterable[str], cursors: Mapping[str, int], limit: int) -> FleetFresh:
        """What began or went on in any shard behind its cursor; a shard without one is asked from its beginning."""
        keys: dict[tuple[str, int], None] = {}
        behind, more = dict(cursors), False
        streams, allowed = sorted(liids), sorted(orders)
        for one in self.shards:
            found = index_pages.fresh(one.engine, streams, allowed, cursors.get(one.shard, -1), limit)
            keys |= dict.fromkeys((row["liid"], row["cin"]) for row in found.rows)
            behind[one.shard], more = found.cursor, more or found.more
        rows = tuple(row for liid, cin in keys if (row := self.one(liid, cin)) is not None)
        return FleetFresh(rows, behind, more, self.missing)

    def counts(self, liids: Iterable[str], orders: Iterable[str]) -> dict[Kind, int]:
        """Communications by kind, each once, without those that are held; every kind is named."""
        streams, allowed = sorted(liids), sorted(orders)
        found: Counter[str] = Counter()
        for one in self.shards:
            found.update(index_pages.tallies(one.engine, streams, allowed, one.standing))
        for liid, cin in self._on_several(streams):
            whole = self.one(liid, cin)
            if whole is None:
                continue
            for one in self.shards:
                row = index_pages.one(one.engine, liid, cin)
                hold = None if row is None else one.standing.of(row)
                if row is not None and (hold is None or not hold.whole):
                    found[row["kind"]] -= 1
            if whole.hold is None or not whole.hold.whole:
                found[whole.row["kind"]] += 1
        return {kind: found[str(kind)] for kind in Kind}

    def _on_several(self, liids: Sequence[str]) -> list[tuple[str, int]]:
        """The communications that more than one shard has anything of."""
        if len(self.shards) < 2 or not liids:
            return []
        parts = [
            f"SELECT liid, cin FROM {_quoted(f'index_{one.shard}')}.{WHOLE.name} WHERE liid IN :liids"  # noqa: S608
            for one in self.shards
        ]
        joined = " UNION ALL ".join(parts)
        asked = f"SELECT liid, cin FROM ({joined}) AS k GROUP BY liid, cin HAVING count(*) > 1"  # noqa: S608
        question = text(asked).bindparams(bindparam("liids", expanding=True))
        with self.shards[0].engine.connect() as connection:
            return [(str(liid), int(cin)) for liid, cin in connection.execute(question, {"liids": list(liids)})]

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

    def _together(self, rows: Mapping[str, Row]) -> FleetRow:
        """One communication out of its rows of WHOLE by shard."""
        ordered = sorted(rows.items(), key=lambda each: _begun(each[1], each[0]))
        begun = [{**row, "begin_us": None if row["begin_us"] == NO_BEGIN else row["begin_us"]} for _, row in ordered]
        whole = merged(begun)
        begin_us, end_us = whole["begin_us"], whole["end_us"]
        whole["begin_us"] = NO_BEGIN if begin_us is None else begin_us
        whole["duration_us"] = 0 if begin_us is None or end_us is None else max(end_us - begin_us, 0)
        whole["kind"] = str(kind_of(whole))
        for name in ("first_sequence", "last_sequence", "first_generation", "generation"):
            del whole[name]
        holds = [hold for one in self.shards if one.shard in rows and (hold := one.standing.of(rows[one.shard]))]
        hold = max(holds, key=lambda one: one.whole, default=None)
        shards = {shard: {name: row[name] for name in (*_OF_A_SHARD, "begin_us")} for shard, row in ordered}
        return FleetRow(whole, shards, hold)


def _begun(row: Mapping[str, Any], shard: str) -> tuple[bool, int, str]:
    """Order of a communication's rows: by begin, one without any last."""
    return row["begin_us"] == NO_BEGIN, row["begin_us"], shard


def _no_verdicts(row: Row) -> Row:
    named = {name: row[name] for name in ("order_id", "uid", "liid")}
    return {**named, **dict.fromkeys(_ADDED, 0), "reasons": {}, "shards": []}


def _held_ranges(url: str, catalogue: Iterable[CataloguedShard]) -> dict[str, tuple[Range, ...]]:
    """Which records of each shard the catalogue has as stored and not evicted. Raises NotReadyError."""
    ranges: dict[str, list[Range]] = {one.shard: [] for one in catalogue}
    try:
        with psycopg.connect(driver_url(url), connect_timeout=CONNECT_S) as connection:
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


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
