"""PostgreSQL keeps a segment's rows in partitions of their own, made and dropped with the segment; SQLite does not."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import create_engine, text

from collector.databases import in_schema
from collector.store.index import Index, open_database
from collector.store.index_tables import META, OF_A_SEGMENT
from collector.store.walk import SegmentFile, segment_paths
from lab.postgres import Server
from tests.collector.store import test_index as neighbour
from tests.collector.store.test_index import indexed, last_commit, said

calls = neighbour.calls
PARTS = text("SELECT inhparent::regclass::text, inhrelid::regclass::text FROM pg_inherits ORDER BY 2")


def parts(where: str) -> dict[str, set[int]]:
    """Generations with a partition, by table."""
    engine = open_database(where)
    found: dict[str, set[int]] = {}
    with engine.connect() as connection:
        for parent, child in connection.execute(PARTS):
            table, generation = child.rsplit("_g", 1)
            if table == parent and generation.isdigit():
                found.setdefault(parent, set()).add(int(generation))
    engine.dispose()
    return found


def generations(bench: Any) -> set[int]:
    return {SegmentFile(path).header().generation for path in segment_paths(bench.directory)}


@pytest.fixture
def postgresql(postgres: Server):
    with postgres.database() as made:
        yield made


def test_each_segment_has_its_partitions_and_they_go_in_the_transaction_of_its_notice(
    bench: Any, calls: Any, postgresql: str
) -> None:
    store = bench.open()
    index = Index(postgresql, bench.directory, bench.keys, -1)
    index.start()
    names = {table.name for table in OF_A_SEGMENT}
    for turn in range(24):
        calls(store, turn, packets=60, octets=1400)
        index.notify(last_commit(bench))
        assert index.wait(20)
        assert parts(postgresql) == dict.fromkeys(names, generations(bench))
    store.close()
    index.notify(last_commit(bench))
    assert index.wait(20)
    index.stop()
    there = parts(postgresql)
    assert set(there) == names and there["batch"] == generations(bench) and min(there["batch"]) > 0
    before = said(postgresql)
    again = indexed(bench, postgresql)
    again.stop()
    assert said(postgresql) == before and parts(postgresql) == there


def test_plain_tables_of_before_are_made_anew_as_partitioned_ones(bench: Any, calls: Any, postgresql: str) -> None:
    store = bench.open()
    calls(store, 7)
    store.close()
    indexed(bench, postgresql).stop()
    before = said(postgresql)
    engine = create_engine(postgresql)
    with engine.begin() as connection:
        for table in OF_A_SEGMENT:
            connection.execute(text(f"DROP TABLE {table.name}"))
            table.create(connection)
        connection.execute(META.update().where(META.c.key == "schema").values(value="3"))
    engine.dispose()
    assert parts(postgresql) == {}
    indexed(bench, postgresql).stop()
    assert said(postgresql) == before and set(parts(postgresql)["batch"]) == {0}


def test_two_shards_share_a_database_and_neither_s_partitions_are_the_other_s(
    bench: Any, calls: Any, postgresql: str
) -> None:
    urls = [in_schema(postgresql, f"index_{name}") for name in ("north", "south")]
    store = bench.open()
    calls(store, 7)
    store.close()
    for one in urls:
        indexed(bench, one).stop()
    assert said(urls[0]) == said(urls[1]) and said(urls[0])["communications"]
    store = bench.open()
    for turn in range(24):
        calls(store, 10 + turn, packets=60, octets=1400)
    store.close()
    indexed(bench, urls[1]).stop()
    old = said(urls[0])["communications"]
    assert [one["cin"] for one in old] == [7]
    assert 7 not in {one["cin"] for one in said(urls[1])["communications"]}


def test_a_reader_s_transaction_holds_the_drop_up_and_nobody_dies(bench: Any, calls: Any, postgresql: str) -> None:
    """The writer waits for who reads the segment, then goes on; nothing is aborted."""
    store = bench.open()
    calls(store, 7)
    indexed(bench, postgresql).stop()
    engine = open_database(postgresql)
    index = Index(postgresql, bench.directory, bench.keys, last_commit(bench))
    index.start()
    with engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM communication")).scalar_one() == 1
        for turn in range(24):
            calls(store, 10 + turn, packets=60, octets=1400)
        index.notify(last_commit(bench))
        assert not index.wait(0.5) and index.state().error == ""
        assert connection.execute(text("SELECT count(*) FROM communication")).scalar_one() >= 1
    assert index.wait(20) and index.state().error == ""
    index.stop()
    store.close()
    assert parts(postgresql)["batch"] == generations(bench)
    engine.dispose()
