"""Transactions, and the digests that leave them.

A write of lasting meaning goes through `append` or `change`: it is given its revision there and noted. What was noted
is put on the desk's ledger before the transaction commits, as an entry `written` with table, key, revision, SHA-256 and
author. So there is never a row that the ledger does not know. A crash in between leaves an entry whose row never came
to be: at most one transaction's, since the ledger is locked meanwhile; `DeskDatabase.settle` says so on the ledger.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple, Protocol

from sqlalchemy import ColumnElement, Connection, and_, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from collector.desk.database.bounds import REVISIONS, BoundError, ConflictError
from collector.desk.database.tables import Noted

WRITTEN: Final = "written"
NOT_WRITTEN: Final = "not_written"
_TURNS: Final = 8


class Written(NamedTuple):
    """`key` names the thing within its table; `revision` counts from 1."""

    table: str
    key: tuple[str | int, ...]
    revision: int
    sha256: str
    by: str

    def fields(self) -> dict[str, Any]:
        """As they stand in the ledger."""
        return {**self._asdict(), "key": list(self.key)}


class DeskLedger(Protocol):
    """What of `Desk` is needed here."""

    def record(self, kind: str, fields: dict[str, Any], now_us: int) -> int: ...


class Reading:
    """One snapshot of the database."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection


class Writing(Reading):
    """A transaction. `notes` says whether what it writes will be put on the ledger."""

    def __init__(self, connection: Connection, notes: bool) -> None:
        super().__init__(connection)
        self._notes = notes
        self._written: list[Written] = []

    @property
    def written(self) -> tuple[Written, ...]:
        """What was noted so far."""
        return tuple(self._written)

    def append(
        self, noted: Noted, key: Mapping[str, str | int], values: Mapping[str, Any], by: str, seen: int | None = None
    ) -> int:
        """The next revision of a thing whose table keeps them all; its number. With `seen` given, that must be the
        newest one (0: there is none yet). Raises ConflictError, BoundError."""
        for _ in range(_TURNS):
            newest = newest_revision(self, noted, key)
            if seen is not None and seen != newest:
                raise ConflictError(_named(noted, key), newest)
            if newest >= REVISIONS:
                raise BoundError(f"There are {newest} revisions of {_named(noted, key)}; no more are kept.")
            row = {**key, **values, "revision": newest + 1}
            if self._inserted(noted, row, by):
                return newest + 1
        raise ConflictError(_named(noted, key), newest_revision(self, noted, key))

    def add(self, noted: Noted, row: Mapping[str, Any], by: str) -> bool:
        """A row that was not there before, as revision 1; False when there is one."""
        return self._inserted(noted, {**row, "revision": 1}, by)

    def change(self, noted: Noted, old: Mapping[str, Any], values: Mapping[str, Any], by: str) -> None:
        """Change a row in place, as it was read. Raises ConflictError when it is another one now."""
        self._may_note()
        columns = noted.table.c
        key = {name: old[name] for name in noted.key}
        same = and_(*(columns[name] == value for name, value in key.items()), columns.revision == old["revision"])
        new = {**values, "revision": old["revision"] + 1}
        if self.connection.execute(update(noted.table).where(same).values(new)).rowcount != 1:
            raise ConflictError(_named(noted, key), newest_revision(self, noted, key))
        self._written.append(written(noted, {**old, **new}, by))

    def _inserted(self, noted: Noted, row: dict[str, Any], by: str) -> bool:
        self._may_note()
        try:
            with self.connection.begin_nested():
                self.connection.execute(insert(noted.table), row)
        except IntegrityError:
            return False
        self._written.append(written(noted, row, by))
        return True

    def _may_note(self) -> None:
        if not self._notes:
            raise RuntimeError("A write of lasting meaning belongs in `DeskDatabase.recorded`.")


def newest_revision(reading: Reading, noted: Noted, key: Mapping[str, str | int]) -> int:
    """0 when there is none."""
    columns = noted.table.c
    same = and_(*(columns[name] == value for name, value in key.items()))
    return reading.connection.execute(select(func.max(columns.revision)).where(same)).scalar() or 0


def newest_row(reading: Reading, noted: Noted, key: Mapping[str, str | int]) -> dict[str, Any] | None:
    """The newest revision of a thing, None when there is none."""
    columns = noted.table.c
    same = and_(*(columns[name] == value for name, value in key.items()))
    query = select(noted.table).where(same).order_by(columns.revision.desc()).limit(1)
    row = reading.connection.execute(query).first()
    return None if row is None else row._asdict()


def newest_rows(reading: Reading, noted: Noted, *where: ColumnElement[bool]) -> Sequence[dict[str, Any]]:
    """The newest row of each thing that `where` picks (by columns of its key), in the order of their keys."""
    columns = noted.table.c
    keys = [columns[name] for name in noted.key]
    newest = select(*keys, func.max(columns.revision).label("newest")).where(*where).group_by(*keys).subquery()
    same = and_(*(columns[name] == newest.c[name] for name in noted.key), columns.revision == newest.c.newest)
    query = select(noted.table).join(newest, same).order_by(*keys)
    return [row._asdict() for row in reading.connection.execute(query)]


def revisions(reading: Reading, noted: Noted, key: Mapping[str, str | int]) -> Sequence[dict[str, Any]]:
    """Every row of a thing, oldest first."""
    columns = noted.table.c
    same = and_(*(columns[name] == value for name, value in key.items()))
    query = select(noted.table).where(same).order_by(columns.revision)
    return [row._asdict() for row in reading.connection.execute(query)]


def written(noted: Noted, row: Mapping[str, Any], by: str) -> Written:
    """What is noted of a row: its digest over canonical JSON of every column that has lasting meaning."""
    values: dict[str, Any] = {"table": noted.table.name}
    for column in noted.table.columns:
        if column.name not in noted.volatile:
            value = row[column.name]
            values[column.name] = hashlib.sha256(value).hexdigest() if column.name in noted.hashed else value
    canonical = json.dumps(values, sort_keys=True, separators=(",", ":")).encode()
    key = tuple(row[name] for name in noted.key)
    return Written(noted.table.name, key, row["revision"], hashlib.sha256(canonical).hexdigest(), by)


def _named(noted: Noted, key: Mapping[str, str | int]) -> str:
    return f"the {noted.table.name.replace('_', ' ')} {'/'.join(str(key[name]) for name in noted.key)}"
