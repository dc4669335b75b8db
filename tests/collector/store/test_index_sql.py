"""Many keys at once, each found by the primary key, however large the table."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import create_engine, event, insert, select

from collector.store.index import open_database
from collector.store.index_sql import found, take_away
from collector.store.index_tables import METADATA, STREAM_MARK
from collector.store.index_whole import KEYS_A_QUERY
from lab.postgres import Server

NAMES = ("liid", "cin", "kind", "generation")


def mark(cin: int) -> dict[str, Any]:
    return {"liid": f"L-{cin % 7}", "cin": cin, "kind": cin % 2, "generation": 1 << 40, "epoch": 0, "mark": cin}


def key(row: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(row[name] for name in NAMES)


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_rows_are_found_and_gone_by_their_keys(database: str, request: pytest.FixtureRequest) -> None:
    if database == "sqlite":
        found_by_keys(create_engine("sqlite://"))
        return
    server: Server = request.getfixturevalue("postgres")
    with server.database() as url:
        found_by_keys(open_database(url))


def found_by_keys(engine: Any) -> None:
    METADATA.create_all(engine)
    rows = [mark(cin) for cin in range(2 * KEYS_A_QUERY)]
    with engine.begin() as connection:
        connection.execute(insert(STREAM_MARK), rows)
        wanted = [*(key(row) for row in rows[: 2 * KEYS_A_QUERY - 2 : 2]), ("L-9", -1, 0, 5)]
        rows_found = found(connection, STREAM_MARK, NAMES, wanted)
        assert sorted(map(key, rows_found)) == sorted(wanted[:-1]) and rows_found[0].keys() == rows[0].keys()
        of_one = found(connection, STREAM_MARK, NAMES[:2], [("L-3", 3), ("L-3", 10)])
        assert sorted(row["mark"] for row in of_one) == [3, 10]
        take_away(connection, STREAM_MARK, NAMES, wanted)
        assert not found(connection, STREAM_MARK, NAMES, wanted)
        assert len(connection.execute(select(STREAM_MARK)).all()) == len(rows) - len(wanted) + 1
        assert found(connection, STREAM_MARK, NAMES, []) == [] and take_away(connection, STREAM_MARK, NAMES, []) is None
    engine.dispose()


def test_no_table_is_looked_through() -> None:
    engine = create_engine("sqlite://")
    METADATA.create_all(engine)
    asked: list[tuple[str, Any]] = []

    @event.listens_for(engine, "before_cursor_execute")
    def heard(_: Any, __: Any, statement: str, values: Any, *___: Any) -> None:
        if "EXPLAIN" not in statement:
            asked.append((statement, values))

    with engine.begin() as connection:
        found(connection, STREAM_MARK, NAMES, [("L", 1, 0, 0), ("L", 2, 0, 0)])
        take_away(connection, STREAM_MARK, NAMES, [("L", 1, 0, 0)])
        assert len(asked) == 2
        for statement, values in list(asked):
            plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values).all()
            steps = [str(step[-1]) for step in plan]
            assert any(step.startswith("SEARCH stream_mark") for step in steps), steps
            assert not any(step.startswith("SCAN stream_mark") for step in steps), steps
    engine.dispose()
