"""What a shard that comes back marks and voids: from the accounts and rows of its store alone."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from asn1.errors import LocalError
from collector.fleet.names import MarkBatch, Marked, Registered, StreamName
from collector.fleet.returning import Returning
from collector.rows import ROW_TYPE
from collector.store.reader import CommitView, DataView
from tests.collector.fleet.fakes import NAMING

CC = StreamName(b"L", 1, 1)
OTHER = StreamName(b"L", 2, 1)
ONCE = b"\x01" * 32


def commit(number: int, first: int, rows: Sequence[tuple[int, int]], **more: Any) -> tuple[CommitView, list[Any]]:
    """A commit of one batch: rows by CIN and number."""
    table = np.zeros(len(rows), ROW_TYPE)
    table["cin"], table["number"] = [cin for cin, _ in rows], [number for _, number in rows]
    table["kind"] = 1
    moved = [[b"L".hex(), cin, 1, 4, 0, 9, None] for cin in sorted({cin for cin, number in rows if number >= 0})]
    account = {"n": number, "orders": [{"order": "O", "accepted": len(rows)}], "moved": moved, **more}
    data = (DataView(first, table, (b"L",), ()),) if rows else ()
    records = (json.dumps(account).encode(),)
    return CommitView(number, 0, first + len(rows), data, records), [account]


class Fleet:
    def __init__(self, answers: dict[int, Marked]) -> None:
        self.answers = answers
        self.marked: list[MarkBatch] = []
        self.voided: list[tuple[int, int]] = []

    def mark(self, batches: Sequence[MarkBatch]) -> list[Marked]:
        self.marked += batches
        nothing = (frozenset[StreamName](), frozenset[bytes](), ())
        return [self.answers.get(one.commit, Marked(one.commit, *nothing)) for one in batches]

    def void(self, ranges: Any, why: Any, shard: str, on_durable: Any) -> tuple[()]:
        assert str(why) == "returned"
        self.voided += ranges
        return ()


def lost(number: int, *names: StreamName, twice: frozenset[bytes] = frozenset()) -> Marked:
    return Marked(number, frozenset(names), twice, ())


def test_only_what_is_behind_the_last_mark_is_marked_and_only_what_is_lost_is_voided() -> None:
    returning = Returning(Registered(2, 5, (), NAMING))
    for number, first in ((5, 0), (6, 3), (7, 6)):
        returning.commit(*commit(number, first, [(1, 0), (2, 0), (1, 1)]))
    fleet = Fleet({7: lost(7, CC)})
    returned = returning.bring_back(fleet.mark, fleet, "note", lambda: None)
    assert [(one.commit, one.note, one.records) for one in fleet.marked] == [(6, "note", 6), (7, "note", 9)]
    assert fleet.voided == [(6, 6), (8, 8)]
    assert (returned.batches, returned.lost, returned.newest) == (2, 1, 7)


def test_what_was_owed_when_it_died_is_voided_and_not_marked_again() -> None:
    returning = Returning(Registered(2, 6, (lost(5, OTHER), lost(6, twice=frozenset({ONCE}))), NAMING))
    returning.commit(*commit(5, 0, [(1, 0), (2, 0)]))
    returning.commit(*commit(6, 2, [(1, 1), (-1, -1)], once=[[ONCE.hex(), 1]]))
    fleet = Fleet({})
    assert returning.bring_back(fleet.mark, fleet, "note", lambda: None).newest == 6
    assert fleet.marked == []
    assert fleet.voided == [(1, 1), (3, 3)]


def test_a_close_goes_with_its_stream_and_a_record_without_a_number_with_none() -> None:
    returning = Returning(Registered(1, -1, (), NAMING))
    returning.commit(*commit(0, 0, [(1, 0), (1, -1), (1, -1)], closes=[[2, b"L".hex(), 1, 1]]))
    fleet = Fleet({0: lost(0, CC)})
    returning.bring_back(fleet.mark, fleet, "note", lambda: None)
    assert fleet.voided == [(0, 0), (2, 2)]


def test_leaves_of_the_stores_own_stand_between_batches() -> None:
    returning = Returning(Registered(1, -1, (), NAMING))
    view, (account,) = commit(0, 1, [(1, 0)])
    own = DataView(0, np.zeros(1, ROW_TYPE), (b"-",), ())
    view = view._replace(data=(own, *view.data), records=(b'{"decisions":1}', *view.records))
    returning.commit(view, [{"decisions": 1}, account])
    fleet = Fleet({0: lost(0, CC)})
    returning.bring_back(fleet.mark, fleet, "note", lambda: None)
    assert fleet.voided == [(1, 1)]


def test_a_batch_without_the_rows_of_its_account_is_a_defect() -> None:
    view, (account,) = commit(0, 0, [(1, 0)])
    account["orders"][0]["accepted"] = 2
    with pytest.raises(LocalError, match="does not have the rows"):
        Returning(Registered(1, -1, (), NAMING)).commit(view, [account])
