"""The index, on SQLite and on PostgreSQL: what it says, that it can be lost, and that eviction takes its rows along."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, text

from asn1.columns import KIND_CC, KIND_IRI
from collector.batch import Batch, CommitInfo, OrderRef
from collector.rows import Rows
from collector.standing import Standings, held, of_order, of_sequences
from collector.store.fresh import FRESH_OCTETS, FreshUnits
from collector.store.index import Index, open_database
from collector.store.index_pages import standing_of
from collector.store.index_queries import read_communications, read_events, read_marks, read_orders
from collector.store.index_standing import IndexStanding
from collector.store.index_tables import METADATA, OF_A_SEGMENT
from collector.store.reader import StoreReader
from collector.store.store import Store
from collector.store.walk import SegmentFile
from lab.postgres import Server, own_server
from mediation.law.orders import OrderId, order_uid
from mediation.law.verdicts import Reason
from mediation.runtime.config import NotReadyError

LIIDS = (b"LAB-0001", b"LAB-0002")
ORDERS = tuple(OrderRef(order_uid(OrderId(name)), 1, name) for name in ("O-1", "O-2"))


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'index.sqlite'}"
        return
    server: Server = request.getfixturevalue("postgres")
    with server.database() as made:
        yield made


@pytest.fixture
def calls(bench: Any, records: Any) -> Any:
    """Puts calls into a store, each with signalling and content, one batch a call."""
    numbers: dict[tuple[int, int, int], int] = {}

    def put(store: Store, cin: int, packets: int = 6, order: int = 0, octets: int = 160, sip: bool = True) -> None:
        liid = LIIDS[order].decode()
        made = [(KIND_IRI, records.sip(liid, cin))] if sip else []
        made += [(KIND_CC, records.rtp(liid, cin, b"\x80\x00" + bytes(octets))) for _ in range(packets)]
        rows, arena = Rows(len(made)), bytearray()
        for index, (kind, record) in enumerate(made):
            key = (order, cin, kind)
            numbers[key] = numbers.get(key, -1) + 1
            rows.append(
                buffer=0, offset=len(arena), length=len(record), order=0, verdict=1, reasons=1,
                received_us=bench.tick(), event_us=bench.now_us, liid=order, cin=cin, number=numbers[key],
                epoch=0, kind=kind, content_tag=12 if kind == KIND_CC else -1, direction=index % 2,
                iri_type=1 if kind == KIND_IRI else -1,
            )  # fmt: skip
            arena += record
        one = {"order": ORDERS[order].order_id, "liid": liid, "delivered": len(made), "accepted": len(made)}
        note = json.dumps({"n": 1, "orders": [{**one, "reasons": {"OK": len(made)}}]}).encode()
        done: list[CommitInfo] = []
        view = (memoryview(bytes(arena)), memoryview(b""))
        store.submit(Batch(rows, view, (ORDERS[order],), LIIDS.__getitem__, note, done.append))
        while not store.idle:
            time.sleep(0.0002)

    return put


def last_commit(bench: Any) -> int:
    return max((one.number for one in StoreReader(bench.directory).commits()), default=-1)


def indexed(bench: Any, url: str) -> Index:
    """An index that has taken in all that is durable."""
    index = Index(url, bench.directory, bench.keys, last_commit(bench))
    index.start()
    assert index.wait(20)
    return index


def said(url: str) -> dict[str, Any]:
    """Every answer that the index can give."""
    engine, nothing = open_database(url), IndexStanding(Standings(), {})
    try:
        communications = read_communications(engine, nothing)
        return {
            "communications": communications,
            "events": [
                read_events(engine, IndexStanding(Standings(), {}), one["liid"], one["cin"]) for one in communications
            ],
            "orders": read_orders(engine),
            "marks": list(read_marks(engine)),
        }
    finally:
        engine.dispose()


def test_it_says_who_when_and_how_much(bench: Any, calls: Any, url: str) -> None:
    store = bench.open()
    calls(store, 7)
    calls(store, 7, packets=3, sip=False)
    calls(store, 9, packets=2, order=1)
    store.close()
    indexed(bench, url).stop()
    first, second = said(url)["communications"]
    assert (first["liid"], first["cin"], first["order_id"], first["service"]) == ("LAB-0001", 7, "O-1", "VOICE")
    assert {"12125550101", "12125550102"} <= set(first["parties"])
    assert (first["iri"], first["cc_from_target"] + first["cc_to_target"] + first["cc_other"]) == (1, 9)
    assert (second["liid"], second["cin"], second["iri"]) == ("LAB-0002", 9, 1)
    orders = said(url)["orders"]
    assert [(one["order_id"], one["delivered"], one["reasons"]) for one in orders] == [
        ("O-1", 10, {"OK": 10}), ("O-2", 3, {"OK": 3}),
    ]  # fmt: skip
    assert ("LAB-0001", 7, KIND_CC, 0, 8) in said(url)["marks"]
    (event,) = said(url)["events"][1]
    assert (event["payload"], event["iri_type"]) == ("iPMMIRI", 1)


def test_an_index_made_anew_says_what_the_lost_one_said(bench: Any, calls: Any, url: str, tmp_path: Path) -> None:
    """With evictions in between, taken in step by step or all at once."""
    store = bench.open()
    index = Index(url, bench.directory, bench.keys, -1)
    index.start()
    for turn in range(36):
        calls(store, 1 + turn % 5, packets=60, order=turn % 2, octets=500, sip=turn % 3 == 0)
        if turn % 4 == 0:
            index.notify(last_commit(bench))
            assert index.wait(20)
    index.notify(last_commit(bench))
    assert index.wait(20)
    store.close()
    index.stop()
    assert store.gauge().evicted > 0
    fresh = f"sqlite:///{tmp_path / 'fresh.sqlite'}"
    indexed(bench, fresh).stop()
    assert said(url) == said(fresh)
    assert said(url)["communications"]


def tables(url: str) -> dict[str, list[tuple[Any, ...]]]:
    """Everything that is written down."""
    engine = open_database(url)
    try:
        with engine.connect() as connection:
            return {
                table.name: sorted((tuple(row) for row in connection.execute(select(table))), key=repr)
                for table in METADATA.sorted_tables
            }
    finally:
        engine.dispose()


@pytest.mark.parametrize("encryption", [True, False])
@pytest.mark.parametrize("limit_octets", [0, 6_000, FRESH_OCTETS], ids=["nothing fits", "some fit", "all fit"])
def test_units_from_memory_give_the_index_that_units_from_disk_give(
    bench: Any, calls: Any, tmp_path: Path, limit_octets: int, encryption: bool
) -> None:
    """With evictions and decisions in between, with what does not fit read back, and over a restart."""
    bench.fresh, bench.encryption = FreshUnits(limit_octets), encryption
    url, fresh = (f"sqlite:///{tmp_path / name}.sqlite" for name in ("index", "anew"))
    last = -1
    for _ in range(2):
        store = bench.open()
        index = Index(url, bench.directory, bench.keys, last, bench.fresh)
        index.start()
        for turn in range(18):
            calls(store, 1 + turn % 5, packets=60, order=turn % 2, octets=500, sip=turn % 3 == 0)
            if turn % 6 == 5:
                last = last_commit(bench)
                index.notify(last)
                assert index.wait(20)
        store.close()
        last = last_commit(bench)
        index.notify(last)
        index.stop()
        bench.fresh = FreshUnits(limit_octets)
    assert store.gauge().evicted > 0
    bench.fresh = None
    indexed(bench, fresh).stop()
    assert tables(url) == tables(fresh)
    assert tables(url)["iri_event"] and tables(url)["communication"]


def test_what_waits_in_memory_is_bounded_and_taken_once(bench: Any, calls: Any) -> None:
    everything, little = FreshUnits(), FreshUnits(12_000)
    bench.fresh = everything
    store = bench.open()
    for _ in range(8):
        calls(store, 1, packets=20, octets=20, sip=False)
    store.close()
    units = [everything.take(number) for number in range(8)]
    assert all(one is not None for one in units) and everything.take(8) is None
    with SegmentFile(units[0].path) as file:
        for one, read in zip(units, file.units(file.header()), strict=True):
            assert one.header == file.header()
            # Without signalling nobody needs the hashes.
            data = tuple(data._replace(meta=data.meta._replace(hashes=b"")) for data in read.data)
            assert one.unit == read._replace(data=data)
    for one in units:
        little.offer(one)
    assert little.take(0) == units[0] and little.take(0) is None
    left = [number for number in range(1, 8) if little.take(number)]
    assert left and left == list(range(1, 1 + len(left))) and len(left) < 6
    little.close()
    little.offer(units[0])
    assert little.take(0) is None


def test_attack_what_is_held_later_is_named_by_no_answer(bench: Any, calls: Any, url: str) -> None:
    """The index took the names in when the calls came; the hold came after."""
    store = bench.open()
    calls(store, 7)
    calls(store, 9, packets=2, order=1)
    store.close()
    indexed(bench, url).stop()
    engine = open_database(url)
    whole, _ = standing_of(engine, Standings([(0, held(of_order(ORDERS[0].uid), Reason.ORDER_LAPSED, 1))]))
    first, second = read_communications(engine, whole)
    assert (first["parties"], first["service"], first["begin_us"]) == ([], None, None)
    assert "ORDER_LAPSED (R-041)" in first["withheld"] and second["withheld"] == "" and second["parties"]
    (event,) = read_events(engine, whole, "LAB-0001", 7)
    assert (event["parties"], event["payload"], event["event_us"]) == ([], None, None)
    (other,) = read_events(engine, whole, "LAB-0002", 9)
    assert other["parties"] and other["payload"] == "iPMMIRI"
    one, reached = standing_of(engine, Standings([(0, held(of_sequences([event["sequence"]]), Reason.TAMPERED, 1))]))
    first, second = read_communications(engine, one)
    assert reached and first["parties"] == [] and first["service"] == "VOICE" and second["parties"]
    assert read_events(engine, one, "LAB-0001", 7)[0]["parties"] == []
    engine.dispose()


def test_rows_go_with_their_segment(bench: Any, calls: Any, url: str) -> None:
    store = bench.open()
    for cin in range(1, 34):
        calls(store, cin, packets=60, octets=500)
    store.close()
    index = indexed(bench, url)
    index.stop()
    oldest = next(StoreReader(bench.directory).records()).sequence
    engine = open_database(url)
    with engine.connect() as connection:
        events = [row.sequence for row in connection.execute(text("SELECT sequence FROM iri_event"))]
        kept = {table.name: len(connection.execute(select(table)).all()) for table in OF_A_SEGMENT}
    engine.dispose()
    assert store.gauge().evicted > 0 and min(events) >= oldest > 0
    assert kept["communication"] < 33 and kept["batch"] < 40


def test_it_goes_on_where_it_stopped(bench: Any, calls: Any, url: str) -> None:
    store = bench.open()
    calls(store, 7)
    indexed(bench, url).stop()
    calls(store, 8)
    store.close()
    index = indexed(bench, url)
    assert index.state().records == 14 and index.state().error == ""
    index.stop()
    assert [one["cin"] for one in said(url)["communications"]] == [7, 8]
    assert [one["delivered"] for one in said(url)["orders"]] == [14]


def test_an_index_of_another_store_or_one_that_knows_too_much_is_made_anew(
    bench: Any, calls: Any, url: str, tmp_path: Path
) -> None:
    store = bench.open()
    calls(store, 7)
    store.close()
    indexed(bench, url).stop()
    Index(url, bench.directory, bench.keys, -1).stop()
    assert said(url)["communications"] == []
    indexed(bench, url).stop()
    assert len(said(url)["communications"]) == 1


def test_attack_a_name_of_odd_octets_does_not_stop_the_index(bench: Any, calls: Any, records: Any, url: str) -> None:
    """A sender's NUL and its like reach the index as text that every database takes."""
    store = bench.open()
    calls(store, 7)
    rows = Rows(1)
    odd = records.sip("LAB-0001", 8, caller="12125550101\x00'; DROP TABLE batch --")
    rows.append(
        buffer=0, offset=0, length=len(odd), order=0, verdict=1, reasons=1, received_us=1, event_us=2, liid=0, cin=8,
        number=0, epoch=0, kind=KIND_IRI, content_tag=-1, direction=0, iri_type=1,
    )  # fmt: skip
    names = (b"LAB\x00-1",)
    store.submit(Batch(rows, (memoryview(odd), memoryview(b"")), ORDERS[:1], names.__getitem__, b"{}", lambda _: None))
    store.close()
    index = indexed(bench, url)
    assert index.state().error == ""
    index.stop()
    assert [one["liid"] for one in said(url)["communications"]] == ["LAB-0001", "0x4c4142002d31"]


def test_a_defect_of_the_index_is_said_and_does_not_look_like_lagging_behind(
    bench: Any, calls: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> bool:
        raise TypeError("an argument too few")

    store = bench.open()
    calls(store, 7)
    store.close()
    monkeypatch.setattr(Index, "_gather", broken)
    index = Index(f"sqlite:///{tmp_path}/index.sqlite", bench.directory, bench.keys, last_commit(bench))
    index.start()
    assert not index.wait(20)
    assert "a defect, TypeError: an argument too few" in index.state().error
    index.stop()


def test_a_database_that_is_not_there_is_told_in_words(bench: Any) -> None:
    with pytest.raises(NotReadyError, match=r"index database .* configure another index_url"):
        Index("postgresql://nobody@127.0.0.1:1/none", bench.directory, bench.keys, -1)


def test_a_server_of_our_own_can_be_started_where_none_answers() -> None:
    with own_server() as server, server.database() as made:
        engine = open_database(made)
        with engine.connect() as connection:
            assert connection.execute(text("SELECT 1")).scalar() == 1
        engine.dispose()
