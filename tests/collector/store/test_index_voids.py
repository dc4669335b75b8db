"""What another shard has goes out of the index: its counts are what readers find, written along or made anew."""

from __future__ import annotations

import random
import threading
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from asn1.columns import KIND_CC, KIND_IRI
from asn1.ps_pdu import liid_text
from collector.rows import FORM_NOTICE
from collector.standing import Standings
from collector.store import index_pages
from collector.store.index import Index, open_database
from collector.store.index_standing import IndexStanding
from collector.store.index_tables import COMMUNICATION, IRI_EVENT, VOIDED_TOTALS, WHOLE, WHOLE_PARTY, WHOLE_TALLY
from collector.store.reader import StoreReader
from collector.store.store import Store
from collector.voids import Why, ranges_of
from tests.collector.store import test_index as neighbour
from tests.collector.store.test_index import indexed, last_commit, said

calls, url = neighbour.calls, neighbour.url
LIIDS, ORDERS = ("LAB-0001", "LAB-0002"), frozenset({"O-1", "O-2"})
LISTED = (COMMUNICATION, IRI_EVENT, VOIDED_TOTALS, WHOLE, WHOLE_PARTY, WHOLE_TALLY)


def void(store: Store, sequences: list[int]) -> None:
    done = threading.Event()
    if store.void(ranges_of(sequences), Why.LOST, "north", lambda _: done.set()):
        assert done.wait(10)


def tables(where: str) -> dict[str, list[Any]]:
    """Everything that stands in the index of communications, in an order of its own."""
    engine = open_database(where)
    with engine.connect() as connection:
        found = {
            table.name: sorted(map(repr, (tuple(row) for row in connection.execute(select(table))))) for table in LISTED
        }
    engine.dispose()
    return found


def there(bench: Any) -> Counter[tuple[str, int, int]]:
    """Records by communication and kind, as readers find them."""
    return Counter(
        (liid_text(one.liid), one.cin, one.kind)
        for one in StoreReader(bench.directory).records(lambda view: view.rows["form"] != FORM_NOTICE)
    )


def counted(where: str) -> Counter[tuple[str, int, int]]:
    found: Counter[tuple[str, int, int]] = Counter()
    for row in said(where)["communications"]:
        found[row["liid"], row["cin"], KIND_IRI] += row["iri"]
        found[row["liid"], row["cin"], KIND_CC] += row["cc_from_target"] + row["cc_to_target"] + row["cc_other"]
    return +found


@pytest.mark.parametrize("seed", range(3))
def test_written_along_or_made_anew_it_counts_what_readers_find(
    bench: Any, calls: Any, url: str, tmp_path: Path, seed: int
) -> None:
    """Random calls and voids, past the store's capacity; some voids take all of a call, some all of its signalling."""
    rng = random.Random(seed)
    store = bench.open()
    index = Index(url, bench.directory, bench.keys, -1)
    index.start()
    for _ in range(26):
        calls(store, rng.randrange(6), packets=rng.randrange(1, 50), order=rng.randrange(2), octets=1300)
        if rng.random() < 0.6:
            own = {
                one.sequence for one in StoreReader(bench.directory).records(lambda v: v.rows["form"] == FORM_NOTICE)
            }
            some = range(max(store.gauge().oldest, store.size - rng.randrange(1, 70)), store.size)
            void(store, [one for one in some if one not in own and rng.random() < rng.choice((0.5, 1.0))])
        if rng.random() < 0.5:
            index.notify(last_commit(bench))
            assert index.wait(20) and counted(url) == there(bench)
    assert store.gauge().evicted > 0
    store.close()
    index.notify(last_commit(bench))
    assert index.wait(20)
    index.stop()
    assert counted(url) == there(bench)
    fresh = f"sqlite:///{tmp_path / 'anew.sqlite'}"
    indexed(bench, fresh).stop()
    assert tables(fresh) == tables(url) and said(fresh)["orders"] == said(url)["orders"]
    voids = StoreReader(bench.directory).voids()
    assert sum(one["voided"] for one in said(url)["orders"]) == voids.count(store.gauge().oldest, store.size)


def test_a_call_that_is_all_another_shard_s_is_in_no_list_and_its_order_says_so(
    bench: Any, calls: Any, url: str
) -> None:
    store = bench.open()
    calls(store, 7)
    calls(store, 8, packets=2)
    index = Index(url, bench.directory, bench.keys, last_commit(bench))
    index.start()
    assert index.wait(20)
    engine, nothing = open_database(url), IndexStanding(Standings(), {})
    assert index_pages.tallies(engine, LIIDS, ORDERS, nothing) == {"CALL": 2}
    void(store, list(range(7)))
    index.notify(last_commit(bench))
    assert index.wait(20)
    rows = index_pages.page(engine, index_pages.PageQuery(LIIDS, ORDERS), nothing)
    assert [row["cin"] for row in rows] == [8] and index_pages.tallies(engine, LIIDS, ORDERS, nothing) == {"CALL": 1}
    assert index_pages.one(engine, "LAB-0001", 7) is None and index_pages.segments_of(engine, "LAB-0001", 7) == []
    (order,) = said(url)["orders"]
    assert (order["delivered"], order["accepted"], order["voided"]) == (10, 10, 7)
    engine.dispose()
    index.stop()
    store.close()


def test_what_came_back_behind_its_void_is_listed_again(bench: Any, calls: Any, url: str, tmp_path: Path) -> None:
    """The stream went and came back: counts and the first record are of what came behind, along and anew."""
    store = bench.open()
    calls(store, 7)
    void(store, list(range(7)))
    calls(store, 7, packets=3)
    store.close()
    indexed(bench, url).stop()
    (row,) = said(url)["communications"]
    assert (row["iri"], row["first_sequence"]) == (1, 8) and counted(url) == there(bench)
    again = f"sqlite:///{tmp_path / 'anew.sqlite'}"
    indexed(bench, again).stop()
    assert tables(again) == tables(url)
