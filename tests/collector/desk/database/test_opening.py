"""Opening: migrations up from every version, under a lock, and what is refused."""

from __future__ import annotations

import stat
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import create_engine, inspect, text

from collector.desk.database import DatabaseError, DeskDatabase, synopses, views
from collector.desk.database.migrating import MIGRATIONS, VERSION_TABLE, migrate, version_of, versions
from collector.desk.database.tables import METADATA
from mediation.runtime.config import NotReadyError


@pytest.mark.parametrize("version", ["", *versions()])
def test_it_is_brought_up_from_every_version_to_the_tables_of_the_code(fresh_url: str, version: str) -> None:
    if version:
        engine = create_engine(fresh_url)
        with engine.begin() as connection:
            migrate(connection, version)
            assert version_of(connection) == version
        engine.dispose()
    DeskDatabase.open(fresh_url).close()
    engine = create_engine(fresh_url)
    with engine.begin() as connection:
        context = MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE})
        assert compare_metadata(context, METADATA) == []
        assert version_of(connection) == versions()[-1]
    engine.dispose()


def test_what_was_written_is_there_after_it_was_opened_again(fresh_url: str) -> None:
    first = DeskDatabase.open(fresh_url)
    with first.writing() as writing:
        views.save(writing, "rivera", "mine", "sort=time", 1)
    first.close()
    second = DeskDatabase.open(fresh_url)
    with second.reading() as reading:
        assert [one.query for one in views.of_user(reading, "rivera")] == ["sort=time"]
    second.close()


def test_several_open_a_fresh_one_at_once(fresh_url: str) -> None:
    failures: list[Exception] = []

    def open_it() -> None:
        try:
            DeskDatabase.open(fresh_url).close()
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=open_it) for _ in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join(30)
    assert failures == []


def test_one_of_a_newer_program_is_refused_and_left_as_it_is(fresh_url: str) -> None:
    DeskDatabase.open(fresh_url).close()
    engine = create_engine(fresh_url)
    with engine.begin() as connection:
        connection.execute(text(f"UPDATE {VERSION_TABLE} SET version_num = '9999'"))
    with pytest.raises(NotReadyError, match=r"is of version 9999; this program knows versions up to .* newer program"):
        DeskDatabase.open(fresh_url)
    with engine.begin() as connection:
        assert connection.execute(text(f"SELECT version_num FROM {VERSION_TABLE}")).scalar() == "9999"
    engine.dispose()


def test_tables_of_somebody_else_are_not_taken_over(fresh_url: str) -> None:
    engine = create_engine(fresh_url)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE station (name TEXT)"))
    with pytest.raises(NotReadyError, match="Cannot use the desk's database"):
        DeskDatabase.open(fresh_url)
    assert inspect(engine).get_table_names() == ["station"]
    engine.dispose()


@pytest.mark.parametrize(
    ("where", "why"),
    [
        ("sqlite://", "keeps nothing"),
        ("sqlite:////proc/nothing/desk.sqlite", "Bring the directory back"),
        ("postgresql://nobody@127.0.0.1:1/none", "bring back a copy, do not remove it"),
        ("what is this", "Cannot use the desk's database"),
    ],
)
def test_what_cannot_be_used_is_told_in_words(where: str, why: str) -> None:
    with pytest.raises(NotReadyError, match=why):
        DeskDatabase.open(where)


def test_a_damaged_file_is_told_in_words(tmp_path: Path) -> None:
    path = tmp_path / "desk.sqlite"
    path.write_bytes(b"SQLite format 3\x00" + bytes(range(256)) * 40)
    with pytest.raises(NotReadyError, match="bring back a copy, do not remove it"):
        DeskDatabase.open(f"sqlite:///{path}")


def test_the_file_is_its_owners_alone(tmp_path: Path) -> None:
    path = tmp_path / "desk" / "desk.sqlite"
    DeskDatabase.open(f"sqlite:///{path}").close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600 and stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_a_password_in_the_url_is_not_shown() -> None:
    with pytest.raises(NotReadyError) as raised:
        DeskDatabase.open("postgresql://nobody:hush@127.0.0.1:1/none")
    assert "hush" not in str(raised.value)


def test_nothing_of_a_transaction_that_fails_is_kept(database: DeskDatabase) -> None:
    with pytest.raises(ZeroDivisionError), database.writing() as writing:
        views.save(writing, "rivera", "mine", "", 1)
        raise ZeroDivisionError
    with database.reading() as reading:
        assert views.of_user(reading, "rivera") == []


def test_a_table_that_went_away_is_told_in_words(database: DeskDatabase, behind: Callable[..., int]) -> None:
    behind("ALTER TABLE saved_view RENAME TO gone")
    try:
        with pytest.raises(DatabaseError, match="Nothing was saved; try again"), database.writing() as writing:
            views.save(writing, "rivera", "mine", "", 1)
    finally:
        behind("ALTER TABLE gone RENAME TO saved_view")


def test_a_reader_sees_one_snapshot(database: DeskDatabase) -> None:
    with database.reading() as reading:
        assert synopses.draft(reading, "LAB-0001", 7, "rivera") is None
        with database.writing() as writing:
            synopses.autosave(writing, "LAB-0001", 7, "words", 0, "rivera", 1)
        assert synopses.draft(reading, "LAB-0001", 7, "rivera") is None
    with database.reading() as reading:
        assert synopses.draft(reading, "LAB-0001", 7, "rivera") is not None


def test_every_migration_is_a_module_of_the_package() -> None:
    """So that it is installed: a directory that is no package would be left out."""
    folder = MIGRATIONS / "versions"
    assert {one.name for one in (MIGRATIONS, folder) if (one / "__init__.py").exists()} == {"migrations", "versions"}
    assert len(versions()) == len([one for one in folder.glob("*.py") if one.name != "__init__.py"])
