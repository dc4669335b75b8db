"""The desk's database on SQLite and on PostgreSQL, and a desk's ledger to put things on."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, text

from collector.desk.database import DeskDatabase, Writing
from collector.desk.database.tables import METADATA
from collector.desk.desk import Desk
from collector.store.audit_log import read_audit

NOW_US = 1_750_000_000_000_000


class LedgerBench:
    """A desk's real ledger. `recorded` is a transaction on it, one second after the one before."""

    def __init__(self, directory: Path, database: DeskDatabase) -> None:
        self.directory = directory
        self.database = database
        self.now_us = NOW_US

    @contextlib.contextmanager
    def recorded(self) -> Iterator[Writing]:
        self.now_us += 1_000_000
        with Desk.open(self.directory) as desk, self.database.recorded(desk, self.now_us) as writing:
            yield writing

    def entries(self) -> list[dict[str, Any]]:
        return read_audit(self.directory / "audit")


@pytest.fixture(params=["sqlite", "postgresql"])
def backend(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def fresh_url(backend: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Of an empty database."""
    if backend == "sqlite":
        (tmp_path / "fresh").mkdir()
        yield f"sqlite:///{tmp_path / 'fresh' / 'desk.sqlite'}"
        return
    with request.getfixturevalue("postgres").database() as made:
        yield made


@pytest.fixture(scope="session")
def migrated(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[str], str]]:
    """URL of a database of that kind with the tables in it, the same for the whole run."""
    with contextlib.ExitStack() as stack:
        made: dict[str, str] = {}

        def url(backend: str) -> str:
            if backend not in made:
                if backend == "sqlite":
                    made[backend] = f"sqlite:///{tmp_path_factory.mktemp('desk') / 'desk.sqlite'}"
                else:
                    made[backend] = stack.enter_context(request.getfixturevalue("postgres").database())
                DeskDatabase.open(made[backend]).close()
            return made[backend]

        yield url


@pytest.fixture
def url(backend: str, migrated: Callable[[str], str]) -> Iterator[str]:
    """Of a database with the tables in it and nothing else."""
    where = migrated(backend)
    yield where
    engine = create_engine(where)
    with engine.begin() as connection:
        for table in METADATA.sorted_tables:
            connection.execute(table.delete())
    engine.dispose()


@pytest.fixture
def database(url: str) -> Iterator[DeskDatabase]:
    opened = DeskDatabase.open(url)
    yield opened
    opened.close()


@pytest.fixture
def ledger(tmp_path: Path, database: DeskDatabase) -> LedgerBench:
    return LedgerBench(tmp_path / "ledger", database)


@pytest.fixture
def behind(url: str) -> Iterator[Callable[..., int]]:
    """A statement past the console, as whoever reaches the database says it; how many rows it met."""
    engine = create_engine(url)

    def say(statement: str, **values: Any) -> int:
        with engine.begin() as connection:
            return connection.execute(text(statement), values).rowcount

    yield say
    engine.dispose()
