"""Many rows at once, by key: read, taken away, put. The driver gets statements and values as they are.

What SQLAlchemy does for each parameter of each row costs several times what the database takes for the row; here a
statement is text, made of the table's own names, and its values are the driver's to bind. Nothing of it comes from
outside. The same text does for SQLite and PostgreSQL, but for the mark of a parameter.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Table

Row = dict[str, Any]


def add(connection: Connection, table: Table, rows: Sequence[Row]) -> None:
    """Rows that say every column of the table."""
    names = table.columns.keys()
    add_values(connection, table, [tuple([row[name] for name in names]) for row in rows])


def add_values(connection: Connection, table: Table, rows: list[tuple[Any, ...]], otherwise: str = "") -> None:
    """Rows as values in the order of the table's columns. `otherwise`: what becomes of those that are there."""
    if not rows:
        return
    names = table.columns.keys()
    marks = ", ".join([_mark(connection)] * len(names))
    statement = f"INSERT INTO {table.name} ({', '.join(names)}) VALUES ({marks}) {otherwise}"  # noqa: S608  the table's own names
    connection.exec_driver_sql(statement, rows)


def found(connection: Connection, table: Table, key: Sequence[str], keys: Sequence[tuple[Any, ...]]) -> list[Row]:
    """The rows whose columns `key`, the first of the primary key in any order, have one of these values. The keys are
    a table that is walked, and each looks its row up: `(a, b) IN (VALUES …)` makes SQLite look through all of the
    table."""
    names = table.columns.keys()
    return [dict(zip(names, row, strict=True)) for row in _looked_up(connection, table, names, key, keys)]


def there(
    connection: Connection, table: Table, key: Sequence[str], keys: Sequence[tuple[Any, ...]]
) -> list[tuple[Any, ...]]:
    """Those of the keys that `found` finds a row of."""
    return _looked_up(connection, table, key, key, keys)


def _looked_up(
    connection: Connection,
    table: Table,
    names: Sequence[str],
    key: Sequence[str],
    keys: Sequence[tuple[Any, ...]],
) -> list[tuple[Any, ...]]:
    if not keys:
        return []
    one = f"({', '.join([_mark(connection)] * len(key))})"
    wanted = f"WITH wanted ({', '.join(key)}) AS (VALUES {', '.join([one] * len(keys))})"
    same = " AND ".join(f"{table.name}.{name} = wanted.{name}" for name in key)
    columns = ", ".join(f"{table.name}.{name}" for name in names)
    statement = f"{wanted} SELECT {columns} FROM wanted CROSS JOIN {table.name} WHERE {same}"  # noqa: S608  as above
    return [
        tuple(row) for row in connection.exec_driver_sql(statement, tuple([value for row in keys for value in row]))
    ]


def take_away(connection: Connection, table: Table, key: Sequence[str], keys: Sequence[tuple[Any, ...]]) -> None:
    """Deletes what `found` finds."""
    if not keys:
        return
    same = " AND ".join(f"{name} = {_mark(connection)}" for name in key)
    connection.exec_driver_sql(f"DELETE FROM {table.name} WHERE {same}", list(keys))  # noqa: S608  the table's own names


def _mark(connection: Connection) -> str:
    return "?" if connection.dialect.paramstyle == "qmark" else "%s"
