"""Engines for the two databases by URL: SQLite and PostgreSQL with the same code above them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Engine, create_engine, event, make_url
from sqlalchemy.exc import SQLAlchemyError

from mediation.runtime.config import NotReadyError

BUSY_MS = 5000
"""How long a writer of SQLite waits for another."""


def open_engine(url: str, whose: str, pragmas: Sequence[str]) -> Engine:
    """An engine; `pragmas` are said to each connection of SQLite, which is set up for one writer beside readers.
    Raises NotReadyError; `whose` stands in its sentence."""
    try:
        where = make_url(url)
        if where.drivername in ("postgresql", "postgres"):
            where = where.set(drivername="postgresql+psycopg")
        engine = create_engine(where)
    except (SQLAlchemyError, ImportError) as error:
        raise NotReadyError(f"Cannot use the {whose} database {url}: {error}.") from error
    if engine.dialect.name == "sqlite":

        @event.listens_for(engine, "connect")
        def _set_up(connection: Any, _: Any) -> None:  # noqa: ANN401  the driver's own types
            cursor = connection.cursor()
            for pragma in ("journal_mode=WAL", f"busy_timeout={BUSY_MS}", *pragmas):
                cursor.execute(f"PRAGMA {pragma}")
            cursor.close()

    return engine


def sentence(error: Exception) -> str:
    """The first line of a database's error, without the statement and its values."""
    cause = getattr(error, "orig", None) or error
    return str(cause).splitlines()[0] if str(cause) else type(cause).__name__
