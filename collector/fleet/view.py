"""A fleet seen from outside: which shards there are by the catalogue, and what of them is not there to be looked at.

Rules. The catalogue is what the shards said of themselves: what they stored, when they marked it, and which segments
there are and which have left with notice, once a second. It proves nothing, and what a store says of itself, signed,
goes before it. It is for what no store says any more: a shard whose directory is lost, or whose store ends before the
last number that the fleet has marked. Such ranges are named, never silently missing; what was evicted with notice is
none of them. Reads only, with a connection of its own; time is the database's.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Mapping
from typing import Any, Final, NamedTuple

import psycopg

from asn1.errors import DecodeError
from collector.databases import driver_url, sentence
from mediation.ledger.checkpoint import parse_note
from mediation.runtime.config import NotReadyError

CONNECT_S: Final = 5

_CATALOGUE: Final = """
SELECT s.shard, s.records, s.last_commit, s.note, s.beat_us, COALESCE(min(g.first_sequence), 0)
FROM fleet.shards s LEFT JOIN fleet.segments g ON g.shard = s.shard AND g.evicted_us IS NULL
GROUP BY s.id ORDER BY s.shard"""
"""Segments go in their order: what lies before the oldest that is there has left."""

Range = tuple[int, int]
"""First and last sequence number."""


class CataloguedShard(NamedTuple):
    """`records`: the size of its store behind the last batch that was marked, with `note` its newest checkpoint; it
    holds numbers up to `records` less one. `evicted`: how many of the first of them have left it with notice, by what
    it said last; a few more may have when it was lost. `beat_us`: when it was heard last, microseconds since 1970."""

    shard: str
    records: int
    commit: int
    note: str
    beat_us: int
    evicted: int = 0

    @property
    def size(self) -> int:
        """As its newest checkpoint has it, where it has one that can be read."""
        with contextlib.suppress(DecodeError, ValueError):
            return max(self.records, parse_note(self.note.encode()).checkpoint.size)
        return self.records

    @property
    def held(self) -> tuple[Range, ...]:
        """The numbers that it had and that have not left it with notice."""
        return ((self.evicted, self.size - 1),) if self.size > self.evicted else ()


class Lost(NamedTuple):
    """Records of one shard that were stored and cannot be looked at, by their sequence numbers."""

    shard: str
    ranges: tuple[Range, ...]
    why: str

    @property
    def records(self) -> int:
        return sum(last - first + 1 for first, last in self.ranges)

    def sentence(self) -> str:
        numbers = ", ".join(f"{first} to {last}" for first, last in self.ranges) or "none"
        return f"{self.shard} {self.why}: records {numbers} ({self.records}) are not here to be looked at"

    def as_dict(self) -> dict[str, Any]:
        return {"shard": self.shard, "ranges": [list(one) for one in self.ranges], "why": self.why}


def read_catalogue(url: str) -> tuple[CataloguedShard, ...]:
    """The shards of the fleet whose database this is, by name; none where no shard has begun. Raises NotReadyError."""
    try:
        with psycopg.connect(driver_url(url), connect_timeout=CONNECT_S) as connection:
            connection.read_only = True
            there = connection.execute("SELECT to_regclass('fleet.shards') IS NOT NULL").fetchone()
            if there is None or not there[0]:
                return ()
            rows = connection.execute(_CATALOGUE).fetchall()
    except psycopg.Error as error:
        raise NotReadyError(f"Cannot read the fleet's catalogue: {sentence(error)}.") from error
    return tuple(CataloguedShard(*row) for row in rows)


def lost_of(catalogue: Iterable[CataloguedShard], sizes: Mapping[str, int]) -> tuple[Lost, ...]:
    """What the catalogue knows of and no store has: `sizes` are those of the stores that are there, by shard."""
    found = []
    for one in catalogue:
        size = sizes.get(one.shard)
        if size is None:
            found.append(Lost(one.shard, one.held, "is lost"))
        elif size < one.size:
            found.append(Lost(one.shard, ((size, one.size - 1),), "ends before what the fleet has marked"))
    return tuple(found)
