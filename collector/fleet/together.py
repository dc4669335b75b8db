"""One communication out of the rows that several shards have of it in their indexes.

Rules. A communication whose signalling one shard has and whose content another is one (`index_queries.merged`): it is
of the kind that tells most among its shards' (`KINDS`), from its earliest begin on. A hold on any shard holds all of
it, whether that shard has anything of it or not: a decision is on its way to the others. Rows are asked for by key,
many at once, so that a page costs each shard one question. Reads only.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple

from sqlalchemy import Engine

from collector.store import index_sql
from collector.store.index_queries import merged
from collector.store.index_standing import Hold, IndexStanding
from collector.store.index_tables import NO_BEGIN, WHOLE
from collector.store.index_whole import KEYS_A_QUERY, Kind, chunks

Row = dict[str, Any]
Key = tuple[str, int]
"""LIID and CIN."""

KINDS: Final = (Kind.CALL, Kind.MMS, Kind.SMS, Kind.DATA, Kind.SIGNALLING, Kind.TEST)
"""What tells most first: a shard that has some signalling alone does not know yet of what."""
_RANK: Final = {str(kind): at for at, kind in enumerate(KINDS)}
_OF_A_SHARD: Final = (
    "first_sequence", "last_sequence", "iri", "cc_from_target", "cc_to_target", "cc_other", "begin_us", "kind",
)  # fmt: skip
_OF_NO_SHARD: Final = ("first_sequence", "last_sequence", "first_generation", "generation")


class ShardIndex(NamedTuple):
    """One shard that can be asked: its index, and what was decided about what is in it."""

    shard: str
    engine: Engine
    standing: IndexStanding


class FleetRow(NamedTuple):
    """A communication in all shards. `row` as in `index_tables.WHOLE` without sequences; `shards`: of each that has
    anything of it, its sequences and counts, the earliest first; `hold`: the strictest on any shard."""

    row: Row
    shards: dict[str, Row]
    hold: Hold | None


def kind_of(kinds: Iterable[str]) -> str:
    """What a communication is that its shards have as these."""
    return min(kinds, key=_RANK.__getitem__)


def rows_of(shards: Sequence[ShardIndex], keys: Iterable[Key]) -> dict[Key, dict[str, Row]]:
    """The rows of WHOLE of these communications, by shard."""
    found: dict[Key, dict[str, Row]] = {}
    wanted = list(dict.fromkeys(keys))
    for shard in shards if wanted else ():
        with shard.engine.connect() as connection:
            for some in chunks(wanted, KEYS_A_QUERY):
                for row in index_sql.found(connection, WHOLE, ("liid", "cin"), some):
                    found.setdefault((row["liid"], row["cin"]), {})[shard.shard] = row
    return found


def put_together(shards: Sequence[ShardIndex], rows: Mapping[str, Row]) -> FleetRow:
    """One communication out of its rows by shard; there is at least one."""
    ordered = sorted(rows.items(), key=lambda each: begun(each[1], each[0]))
    parts = [{**row, "begin_us": None if row["begin_us"] == NO_BEGIN else row["begin_us"]} for _, row in ordered]
    whole = merged(parts)
    begin_us, end_us = whole["begin_us"], whole["end_us"]
    whole["begin_us"] = NO_BEGIN if begin_us is None else begin_us
    whole["duration_us"] = lasted(begin_us, end_us)
    whole["kind"] = kind_of(row["kind"] for row in rows.values())
    for name in _OF_NO_SHARD:
        del whole[name]
    mine = {shard: {name: row[name] for name in _OF_A_SHARD} for shard, row in ordered}
    return FleetRow(whole, mine, hold_of(shards, whole, rows))


def hold_of(
    shards: Iterable[ShardIndex], whole: Mapping[str, Any], rows: Mapping[str, Mapping[str, Any]]
) -> Hold | None:
    """The strictest hold that any shard has on a communication; `rows` of those that have some of it."""
    found = (hold for one in shards if (hold := one.standing.of(rows.get(one.shard, whole))) is not None)
    return max(found, key=lambda hold: hold.whole, default=None)


def lasted(begin_us: int | None, end_us: int | None) -> int:
    return 0 if begin_us is None or end_us is None else max(end_us - begin_us, 0)


def begun(row: Mapping[str, Any], shard: str) -> tuple[bool, int, str]:
    """Order of a communication's rows: by begin, one without any last."""
    return row["begin_us"] == NO_BEGIN, row["begin_us"], shard
