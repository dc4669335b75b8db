"""Record management's database: SQLite beside it, or PostgreSQL by its URL, with one code above them.

The schema is made where it is not there yet: it is the first one, and nothing is altered. A change of it brings
migrations, as the desk's database has them (ADR 0022).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

from sqlalchemy import Connection, Table, insert, select, update
from sqlalchemy.exc import SQLAlchemyError

from collector.databases import open_engine, sentence
from lab.agency.records.law import Standing
from lab.agency.records.tables import ACCESS, CASES, FOUND, META, PEOPLE
from mediation.law.disclosure import Disposition, Outcome
from mediation.runtime.config import NotReadyError

MOST: Final = 200
"""Rows of one answer."""
Row = dict[str, Any]


class Database:
    def __init__(self, url: str) -> None:
        """Raises NotReadyError."""
        self._engine = open_engine(url, "record management's", ("foreign_keys=ON",))
        try:
            META.create_all(self._engine)
        except SQLAlchemyError as error:
            raise NotReadyError(f"Cannot use record management's database: {sentence(error)}.") from error

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """All of it, or nothing."""
        with self._engine.begin() as connection:
            yield connection

    def close(self) -> None:
        self._engine.dispose()

    def put(self, table: Table, row: Row) -> None:
        with self.writing() as connection:
            connection.execute(insert(table), row)

    def set(self, table: Table, key: Row, values: Row) -> None:
        """Of the one row with this key."""
        with self.writing() as connection:
            connection.execute(update(table).where(*_same(table, key)).values(values))

    def one(self, table: Table, **key: object) -> Row | None:
        found = self.all(table, **key)
        return found[0] if found else None

    def all(self, table: Table, **key: object) -> list[Row]:
        order = [table.c[name] for name in ("received_us", "at_us", "aware_us", "time_us") if name in table.c]
        with self._engine.connect() as connection:
            rows = connection.execute(select(table).where(*_same(table, key)).order_by(*order).limit(MOST))
            return [dict(row._mapping) for row in rows]

    # Cases

    def standing(self, case_id: str) -> Standing | None:
        row = self.one(CASES, case_id=case_id)
        if row is None:
            return None
        outcome = None if row["outcome"] is None else Outcome[row["outcome"]]
        return Standing(Disposition(outcome, row["classification"], row["appeal_pending"]), row["closed_us"])

    def open_to(self, user_id: str) -> list[str]:
        """The cases that somebody may read."""
        with self._engine.connect() as connection:
            rows = connection.execute(
                select(ACCESS.c.case_id).where(ACCESS.c.user_id == user_id, ACCESS.c.ended_us.is_(None))
            )
            return sorted(row[0] for row in rows)

    def role(self, user_id: str) -> str | None:
        row = self.one(PEOPLE, user_id=user_id)
        return None if row is None else str(row["role"])

    def search(self, cases: Sequence[str], asked: Row) -> list[Row]:
        """R-173: in these cases and no others. `asked`: case_id, who, kind, from_us, until_us; what is blank says
        nothing."""
        wanted = [FOUND.c.case_id.in_(cases)]
        for name in ("case_id", "kind", "who"):
            if asked.get(name):
                wanted.append(FOUND.c[name] == asked[name])
        if asked.get("from_us") is not None:
            wanted.append(FOUND.c.time_us >= asked["from_us"])
        if asked.get("until_us") is not None:
            wanted.append(FOUND.c.time_us < asked["until_us"])
        with self._engine.connect() as connection:
            rows = connection.execute(select(FOUND).where(*wanted).order_by(FOUND.c.time_us, FOUND.c.row).limit(MOST))
            return [dict(row._mapping) for row in rows]


def _same(table: Table, key: Row) -> list[Any]:
    return [table.c[name] == value for name, value in key.items()]
