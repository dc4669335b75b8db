"""Lists over several shards: by time, by kind, by party, by duration, and how many there are of what.

Rules. By time, the shards' own lists are met in one order, and a communication stands where the first of its rows that
the list has is met: it comes once, whatever is written meanwhile. How long one lasted over several shards no index
says, so what is sorted by duration is sorted by hand, of at most BY_HAND rows, and refused in words beyond. Counts are
exact up to as many rows; beyond, each kind is counted shard by shard and said to be at most so many, since what two
shards have is counted twice. Reads only.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from operator import itemgetter
from typing import Any, Final, NamedTuple, TypeVar

from sqlalchemy import func, select

from asn1.errors import RefusedError
from collector.fleet.together import (
    FleetRow,
    Key,
    Row,
    ShardIndex,
    begun,
    hold_of,
    kind_of,
    lasted,
    put_together,
    rows_of,
)
from collector.store import index_pages
from collector.store.index_lists import read_list
from collector.store.index_pages import BEGIN, MAX_LIIDS, MAX_SORTED, PageQuery, Place
from collector.store.index_standing import Hold
from collector.store.index_tables import NO_BEGIN, WHOLE, WHOLE_TALLY
from collector.store.index_whole import KEYS_A_QUERY, Kind

BY_HAND: Final = 10_000
"""Rows of all shards together that are looked at one by one: some tens of milliseconds."""


T = TypeVar("T")


class FleetTally(NamedTuple):
    """Communications by kind, each once, without those that are held, and those by the sentence that says why. Not
    `exact`: at most so many."""

    kinds: dict[Kind, int]
    held: dict[str, int]
    exact: bool


class Listed(NamedTuple):
    """A communication, and the place at which the list has it."""

    row: FleetRow
    place: Place


def page(shards: Sequence[ShardIndex], query: PageQuery) -> list[Listed]:
    """At most `limit`, from the page on. Raises RefusedError for what `index_pages.page` does, and for more than
    BY_HAND rows by duration."""
    if len(query.liids) > MAX_LIIDS:
        raise RefusedError(f"A list is of at most {MAX_LIIDS} interceptions; ask for one order's.")
    if query.sort == BEGIN:
        return list(islice(_by_time(shards, query), query.limit))
    if query.party:
        raise RefusedError("Communications of one party are listed by time only.")
    return list(islice(_by_duration(shards, query), query.limit))


def _taken(whole: FleetRow, query: PageQuery) -> bool:
    """Whether a communication belongs into the list, now that it is put together. What is held is found by nothing
    that may not be said of it (R-041)."""
    row, begin_us = whole.row, whole.row["begin_us"]
    timed = query.from_us is not None or query.to_us is not None
    if query.kinds and row["kind"] not in query.kinds:
        return False
    if query.from_us is not None and begin_us < query.from_us:
        return False
    if query.to_us is not None and not NO_BEGIN < begin_us < query.to_us:
        return False
    if row["order_id"] not in query.orders:
        return False
    said = bool(query.kinds or query.party or timed)
    return not (said and whole.hold is not None and (whole.hold.whole or query.party))


# By time


def _by_time(shards: Sequence[ShardIndex], query: PageQuery) -> Iterator[Listed]:
    walked = query
    if query.kinds:
        # What a shard has as signalling alone may be more elsewhere.
        walked = query._replace(kinds=tuple(dict.fromkeys((*query.kinds, str(Kind.SIGNALLING)))))
    met = heapq.merge(
        *(_walk(one, walked) for one in shards),
        key=lambda each: (each[1][BEGIN], each[1]["liid"], each[1]["cin"]),
        reverse=query.descending,
    )
    while some := list(islice(met, min(query.limit, KEYS_A_QUERY))):
        rows = rows_of(shards, ((row["liid"], row["cin"]) for _, row in some))
        for shard, row in some:
            found = rows.get((row["liid"], row["cin"]))
            if found is None or _first(found, walked) != shard:
                continue
            whole = put_together(shards, found)
            if _taken(whole, query):
                yield Listed(whole, Place(row[BEGIN], row["liid"], row["cin"]))


def _walk(shard: ShardIndex, query: PageQuery) -> Iterator[tuple[str, Row]]:
    """The rows of one shard from the page on, in its order."""
    while rows := index_pages.page(shard.engine, query, shard.standing):
        yield from ((shard.shard, row) for row in rows)
        if len(rows) < query.limit:
            return
        last = rows[-1]
        query = query._replace(after=Place(last[BEGIN], last["liid"], last["cin"]))


def _first(rows: Mapping[str, Row], query: PageQuery) -> str | None:
    """The shard in whose walk a communication stands first in time; None where none has it by now."""
    walked = [(shard, row) for shard, row in rows.items() if _walks(row, query)]
    return min(walked, key=lambda each: begun(each[1], each[0]), default=(None, {}))[0]


def _walks(row: Row, query: PageQuery) -> bool:
    begin_us = row[BEGIN]
    return (
        row["order_id"] in query.orders
        and (not query.kinds or row["kind"] in query.kinds)
        and (not query.party or query.party in read_list(row["parties"]))
        and (query.from_us is None or begin_us >= query.from_us)
        and (query.to_us is None or NO_BEGIN < begin_us < query.to_us)
    )


# By hand


@dataclass(slots=True)
class _Brief:
    """What is counted and sorted by of one communication; `rows` of its shards, as far as a hold asks."""

    begin_us: int | None
    end_us: int | None
    rows: dict[str, Row]

    @property
    def kind(self) -> str:
        return kind_of(row["kind"] for row in self.rows.values())

    @property
    def whole(self) -> Row:
        row = next(iter(self.rows.values()))
        begin_us = NO_BEGIN if self.begin_us is None else self.begin_us
        return {**row, "begin_us": begin_us, "end_us": self.end_us}


def _briefs(shards: Iterable[ShardIndex], liids: Iterable[str], orders: Iterable[str]) -> dict[Key, _Brief]:
    table = WHOLE.c
    query = select(table.liid, table.cin, table.kind, table.order_id, table.begin_us, table.end_us)
    query = query.where(table.liid.in_(sorted(liids)), table.order_id.in_(sorted(orders)))
    found: dict[Key, _Brief] = {}
    for one in shards:
        with one.engine.connect() as connection:
            for liid, cin, kind, order_id, begin_us, end_us in connection.execute(query):
                row = {
                    "liid": liid, "cin": cin, "kind": kind, "order_id": order_id, "begin_us": begin_us,
                    "end_us": end_us,
                }  # fmt: skip
                brief = found.setdefault((liid, cin), _Brief(None, None, {}))
                brief.rows[one.shard] = row
                if begin_us != NO_BEGIN:
                    brief.begin_us = begin_us if brief.begin_us is None else min(brief.begin_us, begin_us)
                if end_us is not None:
                    brief.end_us = end_us if brief.end_us is None else max(brief.end_us, end_us)
    return found


def _by_duration(shards: Sequence[ShardIndex], query: PageQuery) -> Iterator[Listed]:
    timed = query.from_us is not None or query.to_us is not None
    if timed:
        wanted = query._replace(sort=BEGIN, kinds=(), after=None, limit=MAX_SORTED + 1)
        found = list(islice(_by_time(shards, wanted), MAX_SORTED + 1))
        if len(found) > MAX_SORTED:
            raise RefusedError(
                f"More than {MAX_SORTED} communications are in this span of time: sort by time, or narrow the span."
            )
        placed = [(_place(one.row.row["duration_us"], one.row.row), one.row) for one in found]
        for place, row in _behind(placed, query):
            if _taken(row, query):
                yield Listed(row, place)
        return
    if rows_in(shards, query.liids) > BY_HAND:
        raise RefusedError(
            f"More than {BY_HAND} communications over several collectors are listed by time only: ask for a span of "
            "time, or for one order."
        )
    briefs = _briefs(shards, query.liids, query.orders)
    keys = [(_place(lasted(one.begin_us, one.end_us), {"liid": liid, "cin": cin}), (liid, cin))
            for (liid, cin), one in briefs.items()
            if not query.kinds or one.kind in query.kinds]  # fmt: skip
    ordered = _behind(keys, query)
    while some := list(islice(ordered, query.limit)):
        rows = rows_of(shards, (key for _, key in some))
        for place, key in some:
            whole = put_together(shards, rows[key]) if key in rows else None
            if whole is not None and _taken(whole, query):
                yield Listed(whole, place)


def _place(value: int, row: Mapping[str, Any]) -> Place:
    return Place(value, row["liid"], row["cin"])


def _behind(placed: list[tuple[Place, T]], query: PageQuery) -> Iterator[tuple[Place, T]]:
    """Sorted, from the page on."""
    after = query.after
    for place, one in sorted(placed, key=itemgetter(0), reverse=query.descending):
        if after is None or (place < after if query.descending else place > after):
            yield place, one


# How many


def rows_in(shards: Iterable[ShardIndex], liids: Iterable[str]) -> int:
    """Rows of WHOLE of these LIIDs in all shards."""
    wanted = select(func.sum(WHOLE_TALLY.c.communications)).where(WHOLE_TALLY.c.liid.in_(sorted(liids)))
    total = 0
    for one in shards:
        with one.engine.connect() as connection:
            total += int(connection.execute(wanted).scalar() or 0)
    return total


def tally(shards: Sequence[ShardIndex], liids: Sequence[str], orders: Iterable[str]) -> FleetTally:
    """How many communications of each kind, every kind named."""
    kinds: Counter[str] = Counter()
    held: Counter[str] = Counter()
    allowed = sorted(orders)
    exact = rows_in(shards, liids) <= BY_HAND
    if exact:
        for brief in _briefs(shards, liids, allowed).values():
            hold: Hold | None = hold_of(shards, brief.whole, brief.rows)
            if hold is not None and hold.whole:
                held[hold.says()] += 1
            else:
                kinds[brief.kind] += 1
    else:
        for one in shards:
            kinds.update(index_pages.tallies(one.engine, liids, allowed, one.standing))
            held.update(index_pages.held(one.engine, liids, allowed, one.standing))
    return FleetTally({kind: kinds[str(kind)] for kind in Kind}, dict(held), exact)
