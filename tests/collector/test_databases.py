"""Engines by URL: what of them is ours, and a database that several share, each in a schema of its own."""

from __future__ import annotations

import threading

import pytest
from sqlalchemy import Column, Integer, MetaData, Table, inspect, select

from collector.databases import SILENT_MS, STATEMENT_MS, driver_url, in_schema, is_postgresql, open_engine
from lab.postgres import Server


@pytest.mark.parametrize(
    ("url", "there"),
    [
        ("postgresql://lab@127.0.0.1/calea", True),
        ("postgresql+psycopg://lab@127.0.0.1/calea", True),
        ("sqlite:///index.sqlite", False),
        ("no url", False),
    ],
)
def test_which_urls_are_of_a_postgresql(url: str, there: bool) -> None:
    assert is_postgresql(url) is there


def test_our_own_word_never_reaches_the_driver() -> None:
    url = in_schema("postgresql+psycopg://lab@127.0.0.1:5433/calea?connect_timeout=2", "index_a")
    assert url.endswith("?connect_timeout=2&schema=index_a")
    assert in_schema(url, "index_b").endswith("?connect_timeout=2&schema=index_b")
    assert driver_url(url) == "postgresql://lab@127.0.0.1:5433/calea?connect_timeout=2"


def test_two_schemas_of_one_database_do_not_see_each_other(postgres: Server) -> None:
    tables = MetaData()
    marks = Table("marks", tables, Column("mark", Integer))
    with postgres.database() as url:
        # Names that mean something in SQL, or in an option of the driver, are names and nothing more.
        engines = [
            open_engine(in_schema(url, name), "test's", ()) for name in ('a"; DROP', "index_shard-1 x", "index_b")
        ]
        for at, engine in enumerate(engines[:2]):
            tables.create_all(engine)
            with engine.begin() as connection:
                connection.execute(marks.insert().values(mark=at))
        for at, engine in enumerate(engines[:2]):
            with engine.connect() as connection:
                assert connection.execute(select(marks.c.mark)).scalars().all() == [at]
        assert inspect(engines[2]).get_table_names() == []
        for engine in engines:
            engine.dispose()


def test_many_who_open_the_same_schema_at_once_all_get_it(postgres: Server) -> None:
    failures: list[Exception] = []

    def enter(url: str, gate: threading.Barrier) -> None:
        engine = open_engine(url, "test's", ())
        gate.wait(10)
        try:
            with engine.connect():
                pass
        except Exception as error:
            failures.append(error)
        finally:
            engine.dispose()

    with postgres.database() as url:
        gate = threading.Barrier(6)
        threads = [threading.Thread(target=enter, args=(in_schema(url, "index_a"), gate)) for _ in range(6)]
        for one in threads:
            one.start()
        for one in threads:
            one.join(30)
    assert not failures


def test_an_engine_that_reads_for_people_waits_for_nothing_without_end(postgres: Server) -> None:
    with postgres.database() as url:
        for reads, bound in ((True, STATEMENT_MS), (False, 0)):
            engine = open_engine(in_schema(url, "index_a"), "test's", (), reads=reads)
            with engine.connect() as connection:
                asked = "SELECT setting FROM pg_settings WHERE name = 'statement_timeout'"
                assert int(connection.exec_driver_sql(asked).scalar_one()) == bound
                driver = connection.connection.driver_connection
                assert driver is not None
                waits = driver.info.get_parameters()
                assert waits.get("tcp_user_timeout") == (str(SILENT_MS) if reads else None)
            engine.dispose()
