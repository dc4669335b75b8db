"""What the indexes of several shards say together: each communication once, and who is missing by name."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import psycopg
import pytest
from sqlalchemy import create_engine, text

from asn1.errors import RefusedError
from collector.databases import driver_url, in_schema
from collector.fleet import lists
from collector.fleet.queries import FleetIndex
from collector.fleet.tables import make_tables
from collector.fleet.together import FleetRow, ShardIndex
from collector.standing import Standings, held, of_communication
from collector.store import index_pages
from collector.store.index_pages import DURATION, PageQuery, Place
from collector.store.index_whole import Kind
from collector.store.reader import StoreReader
from lab.postgres import Server
from mediation.law.verdicts import Reason
from mediation.runtime.process import IntegrityError
from tests.collector.store import test_index as neighbour
from tests.collector.store.conftest import Bench
from tests.collector.store.test_index import indexed

LIIDS, ORDERS = ("LAB-0001", "LAB-0002"), frozenset({"O-1", "O-2"})
EVERYTHING = PageQuery(LIIDS, ORDERS)
calls = neighbour.calls


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    """Of the calls' clock: the shards' are their own."""
    return Bench(tmp_path)


class Fleet(NamedTuple):
    url: str
    shards: dict[str, Bench]

    def take_in(self) -> None:
        for name, one in self.shards.items():
            indexed(one, in_schema(self.url, f"index_{name}")).stop()

    def open(self, *away: str) -> FleetIndex:
        readers = {name: StoreReader(one.directory, one.keys) for name, one in self.shards.items() if name not in away}
        return FleetIndex.open(self.url, {name: reader.standings for name, reader in readers.items()})


@pytest.fixture
def fleet(postgres: Server, tmp_path: Path) -> Iterator[Fleet]:
    with postgres.database() as url:
        shards = {}
        with psycopg.connect(driver_url(url), autocommit=True) as connection:
            make_tables(connection)
            for name in ("north", "south"):
                root = tmp_path / name
                root.mkdir()
                shards[name] = Bench(root)
                connection.execute(
                    "INSERT INTO fleet.shards (shard, incarnation, last_commit, records, note, beat_us, about) "
                    "VALUES (%s, 1, 0, 40, '', 0, '{}')",
                    (name,),
                )
                connection.execute("INSERT INTO fleet.segments VALUES (%s, 3, 10, 20, 5, 4096, NULL)", (name,))
                connection.execute("INSERT INTO fleet.segments VALUES (%s, 2, 0, 10, 0, 4096, 7)", (name,))
        yield Fleet(url, shards)


def told(row: FleetRow) -> tuple[str, int, int, int]:
    return row.row["liid"], row.row["cin"], row.row["iri"], content(row.row)


def content(row: dict[str, Any]) -> int:
    return int(row["cc_from_target"] + row["cc_to_target"] + row["cc_other"])


def filled(fleet: Fleet, calls: Any) -> None:
    """CIN 7: signalling in the north, content in the south. 8 is the north's, 9 and the order of 20 the south's."""
    north, south = (fleet.shards[name].open() for name in ("north", "south"))
    calls(north, 7, packets=0)
    calls(south, 7, packets=5, sip=False)
    calls(north, 8, packets=2)
    calls(south, 9, packets=3)
    calls(south, 20, packets=1, order=1)
    north.close()
    south.close()
    fleet.take_in()


def test_a_call_whose_signalling_one_shard_has_and_whose_content_another_is_one(fleet: Fleet, calls: Any) -> None:
    filled(fleet, calls)
    index = fleet.open()
    found = index.page(EVERYTHING)
    assert [told(one) for one in found.rows] == [
        ("LAB-0002", 20, 1, 1), ("LAB-0001", 9, 1, 3), ("LAB-0001", 8, 1, 2), ("LAB-0001", 7, 1, 5),
    ]  # fmt: skip
    assert found.missing == ()
    seventh = found.rows[-1]
    assert {name: (one["iri"], content(one)) for name, one in seventh.shards.items()} == {
        "north": (1, 0),
        "south": (0, 5),
    }
    assert (seventh.row["kind"], seventh.row["order_id"]) == ("CALL", "O-1") and "+12125550101" in seventh.row[
        "parties"
    ]
    assert "first_sequence" not in seventh.row and index.one("LAB-0001", 99) is None
    events = index.events("LAB-0001", 7)
    assert [(one["shard"], one["iri_type"]) for one in events] == [("north", 1)]
    index.close()


@pytest.mark.parametrize("descending", [True, False])
@pytest.mark.parametrize("limit", [1, 2, 3, 50])
def test_pages_have_each_communication_once_in_time_s_order_whatever_their_length(
    fleet: Fleet, calls: Any, descending: bool, limit: int
) -> None:
    filled(fleet, calls)
    index = fleet.open()
    query, seen = EVERYTHING._replace(descending=descending, limit=limit), []
    while rows := index.page(query).rows:
        seen += [one.row["cin"] for one in rows]
        last = rows[-1].row
        query = query._replace(after=Place(last["begin_us"], last["liid"], last["cin"]))
        assert len(rows) <= limit
    assert seen == ([20, 9, 8, 7] if descending else [7, 8, 9, 20])
    index.close()


def test_what_is_asked_for_is_asked_of_what_was_put_together(fleet: Fleet, calls: Any) -> None:
    filled(fleet, calls)
    index = fleet.open()
    every = index.page(EVERYTHING).rows
    begins = sorted(one.row["begin_us"] for one in every)
    only = EVERYTHING._replace(from_us=begins[1], to_us=begins[3])
    assert [one.row["cin"] for one in index.page(only).rows] == [9, 8]
    assert [one.row["cin"] for one in index.page(EVERYTHING._replace(kinds=("CALL",))).rows] == [20, 9, 8, 7]
    assert index.page(EVERYTHING._replace(kinds=("SMS",))).rows == ()
    with pytest.raises(RefusedError, match="listed by time only"):
        index.page(EVERYTHING._replace(sort=DURATION, party="+12125550101"))
    index.close()


@pytest.mark.parametrize("descending", [True, False])
@pytest.mark.parametrize("limit", [1, 2, 50])
def test_the_longest_is_by_what_all_shards_have_of_it(fleet: Fleet, calls: Any, descending: bool, limit: int) -> None:
    """Of 7 the north has the first moment and the south the last: longer together than in either."""
    filled(fleet, calls)
    index = fleet.open()
    lasted = {one.row["cin"]: one.row["duration_us"] for one in index.page(EVERYTHING).rows}
    apart = [row["end_us"] - row["begin_us"] for one in index.shards if (row := of(one, 7)) is not None]
    assert len(apart) == 2 and lasted[7] > max(apart)
    query, seen = EVERYTHING._replace(sort=DURATION, descending=descending, limit=limit), []
    while (found := index.page(query)).rows:
        seen += [one.row["cin"] for one in found.rows]
        assert len(found.rows) <= limit
        query = query._replace(after=found.places[-1])
    assert sorted(seen) == [7, 8, 9, 20] and len(seen) == 4
    assert [lasted[cin] for cin in seen] == sorted(lasted.values(), reverse=descending)
    begins = sorted(one.row["begin_us"] for one in index.page(EVERYTHING).rows)
    within = EVERYTHING._replace(sort=DURATION, from_us=begins[1], to_us=begins[3])
    assert {one.row["cin"] for one in index.page(within).rows} == {8, 9}
    index.close()


def of(shard: ShardIndex, cin: int) -> dict[str, Any] | None:
    return index_pages.one(shard.engine, "LAB-0001", cin)


def test_a_party_is_found_in_whichever_shard_names_it(fleet: Fleet, calls: Any) -> None:
    filled(fleet, calls)
    index = fleet.open()
    (first, *_) = index.page(EVERYTHING).rows
    party = first.row["caller"]
    asked = EVERYTHING._replace(party=party)
    assert [one.row["cin"] for one in index.page(asked).rows] == [20, 9, 8, 7]
    assert [one.row["cin"] for one in index.page(asked._replace(kinds=("CALL",), limit=2)).rows] == [20, 9]
    assert index.page(EVERYTHING._replace(party="+19995550100")).rows == ()
    seventh = index.page(asked).rows[-1]
    assert set(seventh.shards) == {"north", "south"}, "the south has its speech and names nobody"
    index.close()


def test_what_cannot_be_sorted_or_counted_by_hand_is_said(
    fleet: Fleet, calls: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    filled(fleet, calls)
    index = fleet.open()
    monkeypatch.setattr(lists, "BY_HAND", 3)
    with pytest.raises(RefusedError, match="listed by time only: ask for a span of time"):
        index.page(EVERYTHING._replace(sort=DURATION))
    tally = index.counts(LIIDS, ORDERS)
    assert not tally.exact and tally.kinds[Kind.CALL] == 5, "what two have is counted in each"
    index.close()


def test_counts_have_each_communication_once_and_orders_all_shards(fleet: Fleet, calls: Any) -> None:
    filled(fleet, calls)
    index = fleet.open()
    tally = index.counts(LIIDS, ORDERS)
    assert tally.kinds == dict.fromkeys(Kind, 0) | {Kind.CALL: 4} and tally.exact and tally.held == {}
    first, second = index.orders()
    assert (first["order_id"], first["delivered"], first["shards"]) == ("O-1", 13, ["north", "south"])
    assert (second["order_id"], second["accepted"], second["shards"]) == ("O-2", 2, ["south"])
    index.close()


def test_what_came_since_is_asked_by_the_shard_s_own_cursors(fleet: Fleet, calls: Any) -> None:
    filled(fleet, calls)
    index = fleet.open()
    found = index.since(LIIDS, ORDERS, {"north": -1, "south": -1}, 50)
    assert {one.row["cin"] for one in found.rows} == {7, 8, 9, 20} and not found.more
    assert index.since(LIIDS, ORDERS, found.cursors, 50).rows == ()
    index.close()
    south = fleet.shards["south"].open()
    calls(south, 8, packets=4, sip=False)
    south.close()
    fleet.take_in()
    index = fleet.open()
    (fresh,) = index.since(LIIDS, ORDERS, found.cursors, 50).rows
    assert told(fresh) == ("LAB-0001", 8, 1, 6) and set(fresh.shards) == {"north", "south"}
    index.close()


def test_a_hold_on_one_shard_holds_all_of_the_communication(fleet: Fleet, calls: Any) -> None:
    filled(fleet, calls)
    store = fleet.shards["north"].open()
    store.stand([held(of_communication(b"LAB-0001", 7), Reason.TARGET_MISMATCH, 5)])
    store.close()
    fleet.take_in()
    index = fleet.open()
    row = index.one("LAB-0001", 7)
    assert row is not None and row.hold is not None and row.hold.whole and set(row.shards) == {"north", "south"}
    tally = index.counts(LIIDS, ORDERS)
    assert tally.kinds[Kind.CALL] == 3 and list(tally.held.values()) == [1], "held once, though two have it"
    assert [one.row["cin"] for one in index.page(EVERYTHING._replace(kinds=("CALL",))).rows] == [20, 9, 8]
    index.close()


def test_a_shard_whose_store_is_not_here_is_named_with_its_ranges_and_shows_nothing(fleet: Fleet, calls: Any) -> None:
    filled(fleet, calls)
    index = fleet.open("north")
    for missing in (index.page(EVERYTHING).missing, index.since(LIIDS, ORDERS, {}, 9).missing, index.missing):
        (lost,) = missing
        assert (lost.shard, lost.ranges) == ("north", ((10, 39),)) and "10 to 39" in lost.sentence()
    assert [told(one) for one in index.page(EVERYTHING).rows][-1] == ("LAB-0001", 7, 0, 5)
    index.close()


def test_attack_a_store_whose_decisions_cannot_be_read_is_missing_and_not_free_of_them(
    fleet: Fleet, calls: Any
) -> None:
    filled(fleet, calls)

    def broken() -> Standings:
        raise IntegrityError("commits 3 to 4 cannot be read")

    south = StoreReader(fleet.shards["south"].directory, fleet.shards["south"].keys)
    index = FleetIndex.open(fleet.url, {"north": broken, "south": south.standings})
    (lost,) = index.missing
    assert lost.shard == "north" and "commits 3 to 4" in lost.why
    assert {name for one in index.page(EVERYTHING).rows for name in one.shards} == {"south"}
    index.close()


def test_a_shard_that_comes_back_does_not_stream_its_history_as_new(fleet: Fleet, calls: Any) -> None:
    filled(fleet, calls)
    index = fleet.open()
    known = index.since(LIIDS, ORDERS, {"north": -1, "south": -1}, 50).cursors
    found = index.since(LIIDS, ORDERS, {"north": known["north"]}, 50)
    assert found.rows == () and found.cursors == known
    assert index.since(LIIDS, ORDERS, {}, 50).cursors == known
    index.close()


def test_a_shard_whose_index_is_not_there_is_named(fleet: Fleet, calls: Any) -> None:
    filled(fleet, calls)
    engine = create_engine(fleet.url.replace("postgresql://", "postgresql+psycopg://"))
    with engine.begin() as connection:
        connection.execute(text("DROP SCHEMA index_south CASCADE"))
    engine.dispose()
    index = fleet.open()
    (lost,) = index.missing
    assert lost.shard == "south" and "index is not there" in lost.why
    assert [one.row["cin"] for one in index.page(EVERYTHING).rows] == [8, 7]
    index.close()
