"""Communications put together once, when they are written, so that a list of millions is paged through and not summed.

Rules. Part of the index writer's transaction: `add` takes what units add, `evict` what a segment takes away. A row of
`WHOLE` says what `index_queries.merged` says of the communication's rows. Its parties and its kind's tally change with
it, so counts and filters never disagree with the list.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from enum import StrEnum
from functools import lru_cache
from itertools import groupby
from typing import Any, Final, TypeVar

from sqlalchemy import Connection, select

from collector.store import index_sql
from collector.store.index_details import MAX_PARTIES, party_name
from collector.store.index_lists import read_list, write_list
from collector.store.index_queries import merged
from collector.store.index_rows import NewRows, kind_name
from collector.store.index_tables import COMMUNICATION, NO_BEGIN, WHOLE, WHOLE_PARTY, WHOLE_TALLY

KEYS_A_QUERY: Final = 300
_KEY: Final = ("liid", "cin")
EVICT_ROWS: Final = 5_000
_REMEMBERED: Final = 4_096

T = TypeVar("T")
Row = dict[str, Any]
Key = tuple[str, int]
"""LIID and CIN."""


class Kind(StrEnum):
    """What a communication is to whoever lists them. TEST: tests of the connection and notices, which are of no call;
    SIGNALLING: registrations and whatever else is signalled without a call."""

    CALL = "CALL"
    SMS = "SMS"
    MMS = "MMS"
    DATA = "DATA"
    SIGNALLING = "SIGNALLING"
    TEST = "TEST"


def kind_of(row: Row) -> Kind:
    """Of a merged row."""
    content = row["cc_from_target"] or row["cc_to_target"] or row["cc_other"]
    return Kind(kind_name(row["cin"], row["service"], row["content_service"], bool(row["opened"]), bool(content)))


def there(connection: Connection, keys: Sequence[Key]) -> set[Key]:
    """Those that there is a row of, here and so in COMMUNICATION."""
    return {key for some in chunks(list(keys), KEYS_A_QUERY) for key in index_sql.there(connection, WHOLE, _KEY, some)}


def add_new(connection: Connection, rows: NewRows) -> None:
    """Communications that there is no row of, into COMMUNICATION and all that goes with it."""
    index_sql.add_values(connection, COMMUNICATION, rows.communications)
    index_sql.add_values(connection, WHOLE, rows.wholes)
    index_sql.add_values(connection, WHOLE_PARTY, rows.parties)
    _count(connection, Counter(rows.tally))


def add(connection: Connection, rows: Iterable[Row]) -> None:
    """`rows` as in COMMUNICATION, what new units add to each, oldest segment first."""
    by_key: dict[Key, list[Row]] = {}
    for row in rows:
        by_key.setdefault((row["liid"], row["cin"]), []).append(row)
    tally: Counter[tuple[str, str]] = Counter()
    for keys in chunks(list(by_key), KEYS_A_QUERY):
        old = {(row["liid"], row["cin"]): row for row in index_sql.found(connection, WHOLE, _KEY, keys)}
        index_sql.take_away(connection, WHOLE, _KEY, list(old))
        fresh = {key: _whole(by_key[key], old.get(key)) for key in keys}
        index_sql.add(connection, WHOLE, list(fresh.values()))
        _beside(connection, [(old.get(key), row) for key, row in fresh.items()], tally)
    _count(connection, tally)


def evict(connection: Connection, generation: int) -> None:
    """All segments up to `generation` are gone, their rows of COMMUNICATION too."""
    tally: Counter[tuple[str, str]] = Counter()
    query = select(WHOLE).where(WHOLE.c.first_generation <= generation).limit(EVICT_ROWS)
    while rows := [dict(row._mapping) for row in connection.execute(query)]:
        for some in chunks(rows, KEYS_A_QUERY):
            keys = [(row["liid"], row["cin"]) for row in some]
            left = _left(connection, keys)
            index_sql.take_away(connection, WHOLE, _KEY, keys)
            fresh = {key: _whole(found) for key, found in left.items()}
            if fresh:
                index_sql.add(connection, WHOLE, list(fresh.values()))
            _beside(connection, [(row, fresh.get((row["liid"], row["cin"]))) for row in some], tally)
    _count(connection, tally)


def again(connection: Connection, keys: Sequence[Key]) -> None:
    """Rows of COMMUNICATION of these have changed or gone: theirs is put together anew."""
    tally: Counter[tuple[str, str]] = Counter()
    old = {(row["liid"], row["cin"]): row for row in index_sql.found(connection, WHOLE, _KEY, keys)}
    index_sql.take_away(connection, WHOLE, _KEY, list(old))
    fresh = {key: _whole(rows) for key, rows in _left(connection, keys).items()}
    index_sql.add(connection, WHOLE, list(fresh.values()))
    _beside(connection, [(old.get(key), fresh.get(key)) for key in keys], tally)
    _count(connection, tally)


def _left(connection: Connection, keys: Sequence[Key]) -> dict[Key, list[Row]]:
    rows = index_sql.found(connection, COMMUNICATION, _KEY, keys)
    rows.sort(key=lambda row: (row["liid"], row["cin"], row["generation"]))
    return {key: list(group) for key, group in groupby(rows, lambda row: (row["liid"], row["cin"]))}


def _whole(rows: Sequence[Row], old: Row | None = None) -> Row:
    parts = [_named(row) for row in rows]
    row, first = parts[0], rows[0]["generation"]
    if old is not None:
        begin = None if old["begin_us"] == NO_BEGIN else old["begin_us"]
        parts = [{name: begin if name == "begin_us" else old[name] for name in row}, *parts]
        first = old["first_generation"]
    # Nearly every communication is new and in one segment: then there is nothing to put together.
    if len(parts) > 1:
        row = merged(parts)
        first = min(first, *(one["generation"] for one in rows)) if old is None else first
    begin_us, end_us = row["begin_us"], row["end_us"]
    row["begin_us"] = NO_BEGIN if begin_us is None else begin_us
    row["duration_us"] = 0 if begin_us is None or end_us is None else max(end_us - begin_us, 0)
    row["first_generation"], row["kind"] = first, str(kind_of(row))
    return row


def _named(row: Row) -> Row:
    return {**row, "parties": _as_named(row["parties"])}


@lru_cache(_REMEMBERED)
def _as_named(parties: str) -> str:
    """A JSON list of parties with each as lists name them."""
    return write_list(sorted({party_name(party) for party in read_list(parties)})[:MAX_PARTIES])


@lru_cache(_REMEMBERED)
def _names(parties: str) -> tuple[str, ...]:
    return tuple(read_list(parties))


def _beside(
    connection: Connection, changes: Sequence[tuple[Row | None, Row | None]], tally: Counter[tuple[str, str]]
) -> None:
    """Parties and tallies follow rows that were there before, and are now."""
    gone: list[tuple[Any, ...]] = []
    come: list[tuple[Any, ...]] = []
    for old, new in changes:
        after = _parties(new)
        if old is None:
            come += after
        else:
            before = _parties(old)
            gone += before - after
            come += after - before
        for row, step in ((old, -1), (new, 1)):
            if row is not None:
                tally[row["liid"], row["kind"]] += step
    for some in chunks(gone, KEYS_A_QUERY):
        index_sql.take_away(connection, WHOLE_PARTY, WHOLE_PARTY.columns.keys(), some)
    index_sql.add_values(connection, WHOLE_PARTY, come)


def _parties(row: Row | None) -> set[tuple[Any, ...]]:
    if row is None:
        return set()
    return {(row["liid"], party, row["kind"], row["begin_us"], row["cin"]) for party in _names(row["parties"])}


def _count(connection: Connection, tally: Counter[tuple[str, str]]) -> None:
    """Adds to the tallies; one that falls to nothing goes."""
    name = ("liid", "kind")
    for keys in chunks([key for key, step in tally.items() if step], KEYS_A_QUERY):
        old = {
            (row["liid"], row["kind"]): row["communications"]
            for row in index_sql.found(connection, WHOLE_TALLY, name, keys)
        }
        index_sql.take_away(connection, WHOLE_TALLY, name, list(old))
        fresh = [(*key, old.get(key, 0) + tally[key]) for key in keys]
        index_sql.add_values(connection, WHOLE_TALLY, [one for one in fresh if one[2] > 0])


def chunks(values: list[T], size: int) -> Iterator[list[T]]:
    for start in range(0, len(values), size):
        yield values[start : start + size]
