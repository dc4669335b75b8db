"""What `bench.shards` compares: the same load on each shard, whatever it is a shard of; and its arithmetic."""

from typing import Any

import pytest

from bench import shards_database
from bench.shards import KINDS, MOST, SCENES, ratios, row, sent_to_each

RATE = 20_000


@pytest.mark.parametrize("scene", [one for one in SCENES if one != "split"])
def test_whoever_is_compared_each_collector_is_sent_the_same(scene: str) -> None:
    assert len({sent_to_each(scene, kind.collectors, RATE) for kind in KINDS.values()}) == 1


def test_a_load_that_is_split_is_the_same_in_all() -> None:
    for kind in KINDS.values():
        assert sent_to_each("split", kind.collectors, RATE) == (kind.collectors, RATE // kind.collectors)


def test_idle_is_nothing_and_flat_out_has_no_rate() -> None:
    assert sent_to_each("idle", 4, RATE) is None
    assert sent_to_each("flat", 4, RATE) == (MOST, None)


def _round(collectors_us: float, postgres_us: float, marks_us: float) -> dict[str, Any]:
    return {
        "records": 1000,
        "collectors_us_per_record": collectors_us,
        "postgres_us_per_record": postgres_us,
        "threads_us_per_record": {"main": 1.0, "marks": marks_us},
    }


def test_ratios_are_of_rounds_and_the_lower_of_the_middle_two_stands() -> None:
    rounds = {"four": [_round(2.2, 1.0, 1), _round(3.0, 1.0, 1)], "one": [_round(2.0, 1.0, 1), _round(4.0, 1.0, 1)]}
    found = ratios(rounds["four"], rounds["one"])
    assert found["collectors_of_rounds"] == [1.1, 0.75] and found["collectors"] == 0.75
    assert found["with_postgres_of_rounds"] == [1.0667, 0.8]


def test_of_a_fleet_the_middle_of_its_rounds_stands_also_by_thread() -> None:
    found = row([_round(1.0, 2.0, 0.5), _round(3.0, 2.0, 0.7), _round(2.0, 2.0, 0.9)])
    assert found["collectors_us_per_record"] == 2.0
    assert found["threads_us_per_record"] == {"main": 1.0, "marks": 0.7}


def test_idle_is_told_by_the_second() -> None:
    idle = {"collectors_cpu_ms_a_second": 4.0, "postgres_cpu_ms_a_second": 1.0, "threads_cpu_ms_a_second": {"main": 1}}
    one = idle | {"collectors_cpu_ms_a_second": 1.0}
    assert ratios([idle], [one])["collectors"] == 4.0


def test_of_several_databases_of_one_server_what_is_the_server_s_counts_once() -> None:
    before = {"transactions": 10, "wal_octets": 200, "network_octets": 20, "streams": 4}
    after = {"transactions": 30, "wal_octets": 1000, "network_octets": 60, "streams": 8}
    found = shards_database.since(after, before, 2)
    assert found == {"transactions": 20, "wal_octets": 400, "network_octets": 20, "streams": 8}


def test_without_a_database_it_did_nothing() -> None:
    assert shards_database.since({}, {}, 0) == {}
