"""Where the desk's database of a run lies, and whether it is what the desk's ledger says it is."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from collector.desk.database import Checked, DeskDatabase, check_against_ledger
from lab.desk import desk_directory, entries_of, open_desk

DATABASE: Final = "desk.sqlite"


def database_url(data: Path) -> str:
    return f"sqlite:///{(desk_directory(data) / DATABASE).resolve()}"


def checked(data: Path) -> Checked | None:
    """The database against the desk's ledger; None where there is no database yet. Nobody writes meanwhile. Raises
    NotReadyError, IntegrityError, ConfigError."""
    if not (desk_directory(data) / DATABASE).exists():
        return None
    # Whoever notes a row holds the ledger until it is committed.
    with open_desk(data):
        database = DeskDatabase.open(database_url(data), migrates=False)
        try:
            return check_against_ledger(database, entries_of(data)[1])
        finally:
            database.close()
