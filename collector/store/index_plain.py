"""What only adds: sums of communications of which nothing but content came, marks of streams, records accepted.

Rules. Part of the index writer's transaction. What content adds to a communication is put into a table of the
connection's own and taken from there by a statement for all of them, where the database adds it up; no row is read, and
none is written twice. It says what `index_queries.merged` and `index_whole` say of the same rows: a test holds the two
against each other. What content changes in a list beyond its counts (who is listed, as what, from when on) is told
apart beforehand and left to `index_whole`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import BigInteger, Column, Connection, MetaData, String, Table
from sqlalchemy.schema import CreateTable

from collector.account_lines import read_line
from collector.accounts import FIELDS
from collector.store import index_sql
from collector.store.index_events import CommunicationSum
from collector.store.index_tables import NO_BEGIN, ORDER_TOTALS, STREAM_MARK
from mediation.law.orders import OrderId, order_uid

ADDED: Final = Table(
    "index_added",
    MetaData(),
    Column("liid", String(64), nullable=False),
    Column("cin", BigInteger, nullable=False),
    Column("generation", BigInteger, nullable=False),
    Column("order_id", String(128)),
    Column("content_service", String(16)),
    Column("begin_us", BigInteger),
    Column("end_us", BigInteger),
    Column("cc_from_target", BigInteger, nullable=False),
    Column("cc_to_target", BigInteger, nullable=False),
    Column("cc_other", BigInteger, nullable=False),
    Column("first_sequence", BigInteger, nullable=False),
    Column("last_sequence", BigInteger, nullable=False),
    prefixes=["TEMPORARY"],
)
"""Of one segment at a time. It has no key: a database that could look rows up in it might walk through all that is
there to find those that change."""

_COUNTS: Final = ("cc_from_target", "cc_to_target", "cc_other")


def _sooner(old: str, new: str) -> str:
    return f"CASE WHEN {old} IS NULL OR {new} < {old} THEN {new} ELSE {old} END"


def _later(old: str, new: str) -> str:
    return f"CASE WHEN {old} IS NULL OR {new} > {old} THEN {new} ELSE {old} END"


def _set(table: str, added: str) -> dict[str, str]:
    """What becomes of a row of `table` to which the row `added` is added, by column."""
    found = {name: f"COALESCE({table}.{name}, {added}.{name})" for name in ("order_id", "content_service")}
    found |= {name: f"{table}.{name} + {added}.{name}" for name in _COUNTS}
    found["end_us"] = _later(f"{table}.end_us", f"{added}.end_us")
    found["first_sequence"] = _sooner(f"{table}.first_sequence", f"{added}.first_sequence")
    found["last_sequence"] = _later(f"{table}.last_sequence", f"{added}.last_sequence")
    return found


def _assignments(values: Mapping[str, str]) -> str:
    return ", ".join(f"{name} = {value}" for name, value in values.items())


_COMMUNICATIONS: Final = (
    f"INSERT INTO communication ({', '.join(ADDED.columns.keys())}, parties, opened, ended, iri) "  # noqa: S608  the table's own names
    f"SELECT {', '.join(ADDED.columns.keys())}, '[]', 0, 0, 0 FROM index_added WHERE 1 = 1 "
    "ON CONFLICT (liid, cin, generation) DO UPDATE SET "
    + _assignments(
        _set("communication", "excluded") | {"begin_us": _sooner("communication.begin_us", "excluded.begin_us")}
    )
)
_LISTED: Final = (
    f"whole.kind <> 'SIGNALLING' AND whole.begin_us <> {NO_BEGIN} "
    "AND (index_added.begin_us IS NULL OR index_added.begin_us >= whole.begin_us)"
)
"""That a list goes on saying the same of it but for how much and until when."""
_END: Final = _set("whole", "index_added")["end_us"]
_WHOLE: Final = (
    "UPDATE whole SET "  # noqa: S608  as above
    + _assignments(
        {
            **_set("whole", "index_added"),
            "generation": "index_added.generation",
            "duration_us": f"COALESCE(({_END}) - whole.begin_us, 0)",
        }
    )
    + " FROM index_added WHERE whole.liid = index_added.liid AND whole.cin = index_added.cin AND "
    + _LISTED
)
_UNLISTED: Final = (
    "SELECT index_added.liid, index_added.cin FROM index_added LEFT JOIN whole "  # noqa: S608  as above
    "ON whole.liid = index_added.liid AND whole.cin = index_added.cin "
    f"WHERE whole.liid IS NULL OR NOT ({_LISTED})"
)


def add_content(
    connection: Connection, generation: int, sums: Sequence[tuple[str, int, CommunicationSum]]
) -> list[tuple[str, int]]:
    """Sums without signalling of one segment, by LIID and CIN, sorted; the newest segment so far. Rows of COMMUNICATION
    and of WHOLE; the LIIDs and CINs of which WHOLE is left to be changed."""
    if not sums:
        return []
    connection.execute(CreateTable(ADDED, if_not_exists=True))
    connection.exec_driver_sql("DELETE FROM index_added")
    index_sql.add_values(
        connection,
        ADDED,
        [
            (
                liid, cin, generation, one.order_id, one.content_service, one.begin_us, one.end_us, one.cc_from_target,
                one.cc_to_target, one.cc_other, one.first_sequence, one.last_sequence,
            )
            for liid, cin, one in sums
        ],
    )  # fmt: skip
    connection.exec_driver_sql(_COMMUNICATIONS)
    left = [(liid, cin) for liid, cin in connection.exec_driver_sql(_UNLISTED)]
    if len(left) < len(sums):
        connection.exec_driver_sql(_WHOLE)
    return left


_MARKS: Final = (
    "ON CONFLICT (liid, cin, kind, generation) DO UPDATE SET epoch = excluded.epoch, mark = excluded.mark "
    "WHERE (excluded.epoch, excluded.mark) > (stream_mark.epoch, stream_mark.mark)"
)


def add_marks(connection: Connection, marks: list[tuple[int, str, int, int, int]]) -> None:
    """Generation, LIID, CIN, kind and place of each stream: the highest stays."""
    rows = [(*key, place >> 32, place & 0xFFFFFFFF) for *key, place in marks]
    index_sql.add_values(connection, STREAM_MARK, rows, _MARKS)


_TOTALS: Final = (
    "ON CONFLICT (order_id, generation) DO UPDATE SET liid = excluded.liid, "
    "delivered = order_totals.delivered + excluded.delivered, accepted = order_totals.accepted + excluded.accepted"
)


def add_lines(connection: Connection, generation: int, lines: Iterable[tuple[bytes, int]]) -> None:
    """Records accepted by order, as `account_lines` tells of them."""
    nothing = (0,) * (len(FIELDS) - 1)
    rows: list[tuple[Any, ...]] = []
    for line, records in lines:
        order_id, liid = read_line(line)
        uid = order_uid(OrderId(order_id)).hex()
        rows.append((generation, order_id, uid, liid, records, records, *nothing, "{}"))
    index_sql.add_values(connection, ORDER_TOTALS, rows, _TOTALS)
