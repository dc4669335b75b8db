"""What only adds is added up by the database, to the rows that reading, merging and writing them gives; what is held
back for a transaction is lost by no crash, and `wait` gives it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, delete, select

from collector.account_lines import line_of
from collector.store import index as written
from collector.store import index_plain, index_sql, index_whole
from collector.store.index import Index, _pause_s, _row, open_database
from collector.store.index_details import NOTHING
from collector.store.index_events import CommunicationSum
from collector.store.index_partitions import Partitions
from collector.store.index_queries import merged
from collector.store.index_tables import COMMUNICATION, METADATA, ORDER_TOTALS, STREAM_MARK
from collector.store.index_units import Gathered, OrderSum
from collector.store.reader import StoreReader
from mediation.law.orders import Service

LIIDS = ("LAB-0001", "LAB-0002")
TIMES = st.one_of(st.none(), st.integers(0, 9))
SUMS = st.tuples(
    st.sampled_from(LIIDS), st.sampled_from([-1, 1, 2]), st.booleans(), st.sampled_from(["O-1", "O-2", None]),
    st.sampled_from([None, "VOICE", "DATA"]), TIMES, st.integers(0, 3), st.integers(0, 3), st.integers(-1, 1 << 33),
)  # fmt: skip
UNITS = st.lists(st.tuples(st.integers(0, 1), st.lists(SUMS, max_size=5, unique_by=lambda one: one[:2])), max_size=6)
"""How many segments later each unit is, and its sums."""


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest, tmp_path: Any) -> Iterator[Engine]:
    if request.param == "sqlite":
        found = open_database(f"sqlite:///{tmp_path / 'index.sqlite'}")
        yield found
        found.dispose()
        return
    with request.getfixturevalue("postgres").database() as made:
        found = open_database(made)
        yield found
        found.dispose()


def sum_of(value: Any, sequence: int) -> CommunicationSum:
    _, cin, told, order, service, begin, length, content, place = value
    one = CommunicationSum()
    one.order_id, one.cc_to_target, one.cc_place = order, content, place
    one.first_sequence, one.last_sequence = sequence, sequence + 3
    if begin is not None:
        one.span(begin, begin + length)
    if told:
        one.iri, one.iri_place = 1, place // 2
        said = NOTHING._replace(service=None if service is None else Service(service), parties=(f"party {cin}",))
        one.told(said, 1 if content else 0, begin)
    elif content:
        one.content_service = service
    return one


def made_of(units: Any) -> list[Gathered]:
    """A transaction's worth each."""
    found: list[Gathered] = []
    generation = sequence = 0
    for later, values in units:
        generation += later
        gathered = Gathered(last_commit=len(found), records=sequence)
        for value in values:
            gathered.communications[generation, value[0], value[1]] = sum_of(value, sequence)
            sequence += 10
        order = values[0][3] if values else None
        if order is not None:
            gathered.lines[generation] = {line_of(order, 1, LIIDS[0]): 1 + len(values)}
            counts = {"delivered": 2, "masked": 2}
            gathered.orders[generation, order] = OrderSum(LIIDS[0], counts, {"METADATA_ONLY": 2})
        found.append(gathered)
    return found


def together(units: list[Gathered]) -> Gathered:
    """The same as one transaction, where no communication comes twice in a segment."""
    whole = Gathered()
    for one in units:
        assert not whole.communications.keys() & one.communications.keys()
        whole.communications |= one.communications
        whole.last_commit, whole.records = one.last_commit, one.records
    return whole


def anew(engine: Engine) -> None:
    """Empty tables: emptied, since making them takes a server longer."""
    METADATA.create_all(engine)
    with engine.begin() as connection:
        for table in METADATA.sorted_tables:
            connection.execute(delete(table))


def tables(engine: Engine, *names: str) -> dict[str, list[tuple[Any, ...]]]:
    wanted = names or ("communication", "stream_mark", "whole", "whole_party", "whole_tally")
    with engine.connect() as connection:
        return {
            name: sorted(map(tuple, connection.execute(select(METADATA.tables[name]))), key=repr) for name in wanted
        }


def by_reading(engine: Engine, units: list[Gathered]) -> None:
    """Each row by itself: read, merged, written."""
    with engine.begin() as connection:
        for gathered in units:
            for key, one in sorted(gathered.communications.items(), key=lambda item: item[0]):
                row = _row(key, one)
                which = (COMMUNICATION.c.generation == key[0]) & (COMMUNICATION.c.liid == key[1])
                which &= COMMUNICATION.c.cin == key[2]
                old = connection.execute(select(COMMUNICATION).where(which)).first()
                connection.execute(delete(COMMUNICATION).where(which))
                whole = row if old is None else merged([dict(old._mapping), row])
                index_sql.add(connection, COMMUNICATION, [whole])
                index_whole.add(connection, [row])
                for kind, place in ((0, one.iri_place), (1, one.cc_place)):
                    same = (STREAM_MARK.c.generation == key[0]) & (STREAM_MARK.c.liid == key[1])
                    same &= (STREAM_MARK.c.cin == key[2]) & (STREAM_MARK.c.kind == kind)
                    mark = connection.execute(select(STREAM_MARK.c.epoch, STREAM_MARK.c.mark).where(same)).first()
                    connection.execute(delete(STREAM_MARK).where(same))
                    highest = max(() if mark is None else tuple(mark), divmod(place, 1 << 32) if place >= 0 else ())
                    if highest:
                        index_sql.add_values(connection, STREAM_MARK, [(*key, kind, *highest)])


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=20)
@given(UNITS)
def test_what_the_database_adds_up_is_what_reading_and_merging_gives(engine: Engine, units: Any) -> None:
    anew(engine)
    by_reading(engine, made_of(units))
    wanted = tables(engine)
    anew(engine)
    for gathered in made_of(units):
        with engine.begin() as connection:
            written._write(connection, gathered, Partitions(connection))
    assert tables(engine) == wanted


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=20)
@given(UNITS)
def test_one_transaction_over_several_segments_is_what_many_are(engine: Engine, units: Any) -> None:
    units = [(1, values) for _, values in units]
    anew(engine)
    for gathered in made_of(units):
        with engine.begin() as connection:
            written._write(connection, gathered, Partitions(connection))
    wanted = tables(engine)
    anew(engine)
    with engine.begin() as connection:
        written._write(connection, together(made_of(units)), Partitions(connection))
    assert tables(engine) == wanted


def test_counts_of_orders_add_up_whichever_way_they_come(engine: Engine) -> None:
    anew(engine)
    value = ("LAB-0001", 1, False, "O-1", "VOICE", 1, 1, 1, 1)
    for gathered in made_of([(0, [value]), (0, [value]), (1, [value])]):
        with engine.begin() as connection:
            written._write(connection, gathered, Partitions(connection))
    names = ORDER_TOTALS.columns.keys()
    rows = [dict(zip(names, row, strict=True)) for row in tables(engine, "order_totals")["order_totals"]]
    counts = [(one["generation"], one["delivered"], one["accepted"], one["masked"], one["reasons"]) for one in rows]
    assert counts == [(0, 8, 4, 4, '{"METADATA_ONLY": 4}'), (1, 4, 2, 2, '{"METADATA_ONLY": 2}')]


def test_sqlite_looks_up_what_is_added_and_does_not_walk_through_all_that_is_there(tmp_path: Any) -> None:
    engine = open_database(f"sqlite:///{tmp_path / 'index.sqlite'}")
    anew(engine)
    value = ("LAB-0001", 1, False, "O-1", "VOICE", 1, 1, 1, 1)
    with engine.begin() as connection:
        written._write(connection, made_of([(0, [value])])[0], Partitions(connection))
        for statement in (index_plain._WHOLE, index_plain._UNLISTED):
            plan = [row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}")]
            assert "SCAN index_added" in plan, plan
            assert any(one.startswith("SEARCH whole USING INDEX") for one in plan), plan
    engine.dispose()


def test_a_transaction_waits_as_long_as_it_is_dear_and_no_longer_than_is_said() -> None:
    assert _pause_s(0.0) == 0.0
    assert _pause_s(0.001) == pytest.approx(0.05)
    assert _pause_s(0.02) == written.PAUSE_S
    assert _pause_s(1.0) == written.COSTLY_TIMES
    assert _pause_s(60.0) == written.LATEST_S


# What is held back.


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> None:
    """After the first transaction, nothing is ever due."""
    monkeypatch.setattr(written, "_pause_s", lambda spent_s: 1e6)


def commit_of(bench: Any) -> int:
    return max((one.number for one in StoreReader(bench.directory).commits()), default=-1)


def put(bench: Any, store: Any, make_records: Any, turns: int, octets: int = 900) -> None:
    for _ in range(turns):
        bench.put(store, make_records(60, octets))


def until(done: Any) -> None:
    until_s = time.monotonic() + 20
    while not done() and time.monotonic() < until_s:
        time.sleep(0.002)
    assert done()


def gathering(bench: Any, url: str, make_records: Any, store: Any) -> Index:
    """An index that has written one transaction, and holds what came since."""
    put(bench, store, make_records, 2)
    index = Index(url, bench.directory, bench.keys, commit_of(bench))
    index.start()
    assert index.wait(20)
    put(bench, store, make_records, 3)
    index.notify(commit_of(bench))
    until(lambda: index._taken == commit_of(bench))
    assert index.state().commit < commit_of(bench) and index.state().records < store.size, "the lag is shown"
    return index


def said(url: str) -> dict[str, list[tuple[Any, ...]]]:
    engine = open_database(url)
    try:
        return tables(engine, *METADATA.tables)
    finally:
        engine.dispose()


def made_anew(bench: Any, tmp_path: Any) -> dict[str, list[tuple[Any, ...]]]:
    url = f"sqlite:///{tmp_path / 'anew.sqlite'}"
    index = Index(url, bench.directory, bench.keys, commit_of(bench))
    index.start()
    assert index.wait(20)
    index.stop()
    return said(url)


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Any) -> Iterator[str]:
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'index.sqlite'}"
        return
    with request.getfixturevalue("postgres").database() as made:
        yield made


@pytest.mark.usefixtures("held")
def test_wait_gives_what_was_held_back(bench: Any, make_records: Any, tmp_path: Any, url: str) -> None:
    store = bench.open()
    index = gathering(bench, url, make_records, store)
    assert index.wait(20)
    assert index.state().records == store.size
    store.close()
    assert said(url) == made_anew(bench, tmp_path)
    index.stop()


@pytest.mark.usefixtures("held")
@pytest.mark.parametrize("where", ["_write", "add_content", "add_marks", "evict"])
def test_attack_a_crash_with_rows_held_back_loses_none_and_counts_none_twice(
    bench: Any, make_records: Any, tmp_path: Any, url: str, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    """Before the transaction, in its middle and at its end: what it was to say is read again."""
    store = bench.open()
    index = gathering(bench, url, make_records, store)
    put(bench, store, make_records, 30 if where == "evict" else 1)
    owner = {"_write": written, "evict": index_whole}.get(where, index_plain)
    with monkeypatch.context() as crash:

        def power_cut(*_: Any) -> None:
            raise OSError("the power is cut")

        crash.setattr(owner, where, power_cut)
        index.notify(commit_of(bench))
        assert not index.wait(20)
        index.stop()
    assert "the power is cut" in index.state().error
    store.close()
    again = Index(url, bench.directory, bench.keys, commit_of(bench))
    again.start()
    assert again.wait(20)
    again.stop()
    assert said(url) == made_anew(bench, tmp_path)


@pytest.mark.usefixtures("held")
def test_what_is_evicted_while_it_is_held_back_is_not_written_down(
    bench: Any, make_records: Any, tmp_path: Any, url: str
) -> None:
    store = bench.open()
    index = gathering(bench, url, make_records, store)
    put(bench, store, make_records, 40)
    assert store.gauge().evicted > 0
    index.notify(commit_of(bench))
    until(lambda: index._taken == commit_of(bench))
    index.stop()
    store.close()
    assert said(url) == made_anew(bench, tmp_path)
    assert said(url)["communication"]
