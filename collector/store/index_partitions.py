"""The index's tables of a segment, as PostgreSQL keeps them: a partition a segment, gone with it (ADR 0048).

Rules. SQLite has plain tables and deletes rows; nothing here does anything there. In PostgreSQL each table of
`OF_A_SEGMENT` is partitioned by its generation, under the same names and columns, so that who asks sees no difference.
A segment's partitions are made in the transaction that first writes of it, and attached, which stops no reader; they
are dropped in the transaction that takes in the notice of its eviction, which waits for who is reading the table and
makes who comes wait until that transaction ends. Whoever reads two of these tables does so in two transactions: then no
reader and the writer can wait for each other.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from sqlalchemy import Connection, MetaData, PrimaryKeyConstraint, Table

from collector.store.index_tables import METADATA, OF_A_SEGMENT


def make_tables(connection: Connection) -> None:
    """All of them, empty; what there is of them goes."""
    METADATA.drop_all(connection)
    (_partitioned() if _partitions(connection) else METADATA).create_all(connection)


_PARTS: Final = (
    "SELECT child.relname FROM pg_inherits JOIN pg_class child ON child.oid = inhrelid "
    "WHERE inhparent = to_regclass(%s)"
)


class Partitions:
    """Which segments have partitions. For one writer, whose transactions all succeed or are its last."""

    def __init__(self, connection: Connection) -> None:
        self._there: set[int] = set()
        if _partitions(connection):
            first = OF_A_SEGMENT[0]
            found = connection.exec_driver_sql(_PARTS, (first.name,)).scalars()
            self._there = {int(name.removeprefix(_name(first, ""))) for name in found}

    def make(self, connection: Connection, generations: Iterable[int]) -> None:
        """Those of these segments that are not there yet."""
        if not _partitions(connection):
            return
        for generation in sorted(set(generations) - self._there):
            for table in OF_A_SEGMENT:
                name = _name(table, generation)
                # A table that is made and then attached lets readers of the others go on; one made as a part does not.
                connection.exec_driver_sql(f"CREATE TABLE {name} (LIKE {table.name} INCLUDING ALL)")
                connection.exec_driver_sql(
                    f"ALTER TABLE {table.name} ATTACH PARTITION {name} FOR VALUES IN ({int(generation)})"
                )
            self._there.add(generation)

    def drop(self, connection: Connection, through: int) -> bool:
        """Those of segments up to generation `through`; False where there are no partitions, and rows are deleted."""
        if not _partitions(connection):
            return False
        for generation in sorted(one for one in self._there if one <= through):
            for table in OF_A_SEGMENT:
                connection.exec_driver_sql(f"DROP TABLE {_name(table, generation)}")
            self._there.discard(generation)
        return True


def _partitions(connection: Connection) -> bool:
    return connection.dialect.name == "postgresql"


def _name(table: Table, generation: int | str) -> str:
    return f"{table.name}_g{generation}"


def _partitioned() -> MetaData:
    """The same tables for PostgreSQL: what makes a row one of a kind has to name its partition."""
    made = MetaData()
    for table in METADATA.sorted_tables:
        if table not in OF_A_SEGMENT:
            table.to_metadata(made)
            continue
        part = table.to_metadata(made)
        part.kwargs["postgresql_partition_by"] = "LIST (generation)"
        key = [column.name for column in table.primary_key.columns]
        for column in part.columns:
            column.primary_key = False
        part.append_constraint(PrimaryKeyConstraint(*dict.fromkeys((*key, "generation"))))
    return made
