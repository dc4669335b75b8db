"""Engines for the two databases by URL: SQLite and PostgreSQL with the same code above them.

Several may share one database of PostgreSQL, each in a schema of its own: `?schema=NAME` in the URL, a word of ours
that no driver sees. Tables are then made and found there and nowhere else.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import URL, Engine, create_engine, event, make_url
from sqlalchemy.exc import SQLAlchemyError

from mediation.runtime.config import NotReadyError

BUSY_MS = 5000
"""How long a writer of SQLite waits for another."""
CONNECT_S = 2
"""A server that takes no connection in this time is away: whoever reads a page waits for it."""
SILENT_MS = 5_000
"""What was sent and is not acknowledged in this time is lost: else a pulled cable is noticed after a quarter of an
hour."""
STATEMENT_MS = 30_000
"""The longest question of a page. One that takes longer keeps others from the server, and nobody waits for it."""


SCHEMA = "schema"
_SCHEMES = ("postgresql", "postgres", "postgresql+psycopg")


def is_postgresql(url: str) -> bool:
    """Whether a server of PostgreSQL is meant. False of what is no URL."""
    try:
        return make_url(url).drivername in _SCHEMES
    except SQLAlchemyError:
        return False


def driver_url(url: str) -> str:
    """Of a PostgreSQL: as its driver takes it when no SQLAlchemy is between, without our own words."""
    where = make_url(url)
    return where.set(drivername="postgresql").difference_update_query([SCHEMA]).render_as_string(hide_password=False)


def in_schema(url: str, schema: str) -> str:
    """The URL of the same PostgreSQL database, of tables in `schema`; made there by who opens it."""
    where = make_url(url).difference_update_query([SCHEMA])
    return where.update_query_dict({SCHEMA: schema}).render_as_string(hide_password=False)


def open_engine(url: str, whose: str, pragmas: Sequence[str], reads: bool = False) -> Engine:
    """An engine; `pragmas` are said to each connection of SQLite, which is set up for one writer beside readers. Of one
    that `reads` for people no wait is endless: what PostgreSQL is asked has its bounds. Raises NotReadyError; `whose`
    stands in its sentence."""
    try:
        where = make_url(url)
        if where.drivername in _SCHEMES:
            return _postgresql(where, reads)
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


def _postgresql(where: URL, reads: bool) -> Engine:
    schema = where.query.get(SCHEMA)
    where = where.set(drivername="postgresql+psycopg").difference_update_query([SCHEMA])
    waits = {"connect_timeout": CONNECT_S, "tcp_user_timeout": SILENT_MS} if reads else {}
    engine = create_engine(where, connect_args=waits)
    if reads:

        @event.listens_for(engine, "connect")
        def _bound(connection: Any, _: Any) -> None:  # noqa: ANN401  the driver's own types
            with connection.cursor() as cursor:
                cursor.execute(f"SET statement_timeout TO {STATEMENT_MS}")
            connection.commit()

    if schema is not None:
        quoted = f'"{str(schema).replace(chr(34), chr(34) * 2)}"'

        @event.listens_for(engine, "connect")
        def _enter(connection: Any, _: Any) -> None:  # noqa: ANN401  the driver's own types
            with connection.cursor() as cursor:
                # Who may only read finds it there: asking for what exists already would need the right to make it.
                cursor.execute("SELECT 1 FROM pg_namespace WHERE nspname = %s", (schema,))
                if cursor.fetchone() is None:
                    # Two who find it missing at once take turns by its name.
                    cursor.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", (schema,))
                    cursor.execute(f"CREATE SCHEMA IF NOT EXISTS {quoted}")
                cursor.execute(f"SET search_path TO {quoted}")
            connection.commit()

    return engine


def sentence(error: Exception) -> str:
    """The first line of a database's error, without the statement and its values."""
    cause = getattr(error, "orig", None) or error
    return str(cause).splitlines()[0] if str(cause) else type(cause).__name__
