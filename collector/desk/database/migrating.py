"""The tables brought to the newest version, in the transaction that the caller has begun under its lock.

A migration is a module of `migrations/versions` with `upgrade(operations)`; there is no way down, since what people
wrote is not thrown away. Nothing here uses alembic's `op`, which is one for a whole process.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

VERSION_TABLE: Final = "desk_version"
MIGRATIONS: Final = Path(__file__).with_name("migrations")


class NewerDatabaseError(Exception):
    """`args[0]` is the version that the database has and this program does not know."""


class OlderDatabaseError(Exception):
    """`args[0]` is the version that the database has, and is to keep."""


def scripts() -> ScriptDirectory:
    return ScriptDirectory(MIGRATIONS)


def versions() -> tuple[str, ...]:
    """All there are, oldest first."""
    return tuple(reversed([one.revision for one in scripts().walk_revisions()]))


def version_of(connection: Connection) -> str:
    """The version that a database has, empty for a fresh one. Raises NewerDatabaseError."""
    heads = _context(connection).get_current_heads()
    if not heads:
        return ""
    if len(heads) > 1 or heads[0] not in versions():
        raise NewerDatabaseError(heads[0])
    return heads[0]


def migrate(connection: Connection, version: str = "") -> None:
    """Up to `version`, which is the newest when it is empty. Raises NewerDatabaseError, SQLAlchemyError."""
    version_of(connection)
    directory = scripts()

    def steps(heads: Any, _: MigrationContext) -> Any:  # noqa: ANN401  alembic's own types are not public
        return directory._upgrade_revs(version or "head", heads)

    context = _context(connection, fn=steps)
    context.run_migrations(operations=Operations(context))


def _context(connection: Connection, **more: Any) -> MigrationContext:  # noqa: ANN401  alembic's options
    return MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE, **more})
