"""A fleet seen from outside: what the catalogue knows and no store has is named by its numbers."""

from __future__ import annotations

import psycopg
import pytest

from collector.databases import driver_url
from collector.fleet.catalogue import Segment, SharedCatalogue
from collector.fleet.names import MarkBatch
from collector.fleet.session import Session
from collector.fleet.shared import SharedMarks
from collector.fleet.view import CataloguedShard, Lost, lost_of, read_catalogue
from lab.postgres import Server
from mediation.runtime.config import NotReadyError


def _shard(name: str, records: int, evicted: int = 0) -> CataloguedShard:
    return CataloguedShard(name, records, records // 10, "", 1, evicted)


def test_a_shard_whose_store_is_gone_is_named_with_what_it_held() -> None:
    catalogue = [_shard("a", 100), _shard("b", 80, evicted=30), _shard("c", 5)]
    assert lost_of(catalogue, {"a": 100, "c": 7}) == (Lost("b", ((30, 79),), "is lost"),)
    [lost] = lost_of(catalogue, {"a": 100, "c": 7})
    assert lost.records == 50 and "records 30 to 79 (50)" in lost.sentence()


def test_a_store_that_was_cut_or_set_back_is_named_with_what_is_behind_its_end() -> None:
    [lost] = lost_of([_shard("a", 100)], {"a": 60})
    assert lost.ranges == ((60, 99),) and "ends before" in lost.sentence()


def test_a_shard_that_never_stored_anything_has_lost_nothing() -> None:
    [lost] = lost_of([_shard("a", 0)], {})
    assert lost.ranges == () and lost.records == 0 and "records none" in lost.sentence()


def test_the_catalogue_is_what_the_shards_marked(postgres: Server) -> None:
    with postgres.database() as url:
        assert read_catalogue(url) == ()
        for name, records in (("b", 70), ("a", 40)):
            marks = SharedMarks(driver_url(url), name)
            marks.register()
            marks.mark([MarkBatch(0, records, "a note", (), (), ())])
            marks.close()
        found = read_catalogue(url)
        assert [(one.shard, one.records, one.commit, one.size) for one in found] == [("a", 40, 0, 40), ("b", 70, 0, 70)]
        with psycopg.connect(driver_url(url)) as connection:
            assert connection.execute("SELECT count(*) FROM fleet.shards").fetchone() == (2,)
    with pytest.raises(NotReadyError, match="fleet's catalogue"):
        read_catalogue(url)


def _segments(*first: int) -> list[Segment]:
    """Of ten records each, by their first."""
    return [Segment(one // 10, one, 10, one, 4096) for one in first]


def test_what_left_with_notice_is_not_among_what_a_lost_shard_had(postgres: Server) -> None:
    with postgres.database() as url:
        for name in ("a", "b", "c"):
            marks = SharedMarks(driver_url(url), name)
            marks.register()
            marks.mark([MarkBatch(0, 45, "a note", (), (), ())])
            marks.close()
        session = Session(driver_url(url), "a", 3.0)
        catalogue = SharedCatalogue(session, "a")
        catalogue.keep(_segments(0, 10, 20))
        assert [one.evicted for one in read_catalogue(url)] == [0, 0, 0]
        catalogue.keep(_segments(20, 30, 40))
        SharedCatalogue(session, "b").keep(_segments(30, 40))
        session.close()
        found = read_catalogue(url)
        assert [(one.shard, one.evicted, one.held) for one in found] == [
            ("a", 20, ((20, 44),)), ("b", 30, ((30, 44),)), ("c", 0, ((0, 44),)),
        ]  # fmt: skip
        assert [one.ranges for one in lost_of(found, {"b": 45})] == [((20, 44),), ((0, 44),)]


def test_a_shard_of_which_everything_left_with_notice_has_lost_nothing() -> None:
    assert _shard("a", 40, evicted=40).held == () == _shard("a", 0).held
