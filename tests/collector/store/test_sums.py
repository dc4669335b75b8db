"""Sums by communication: compiled, interpreted and a plain dictionary agree."""

from __future__ import annotations

from types import ModuleType

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from asn1.columns import NO_TIME
from collector.store import sums
from collector.store.walk import ROW_DTYPE

ROW = st.tuples(
    st.integers(0, 3),
    st.sampled_from([-1, 0, 1, 2**32 - 1, 2**40]),
    st.sampled_from([0, 1, -1, 3]),
    st.integers(-1, 3),
    st.sampled_from([NO_TIME, 0, 5, 1_700_000_000_000_000]),
    st.integers(0, 2**32 - 1),
    st.integers(-1, 2**32 - 1),
)


@pytest.fixture(scope="module", params=["compiled", "interpreted"])
def kernel(request, interpreted_twin) -> ModuleType:
    if request.param == "compiled":
        assert sums.COMPILED
        return sums
    module = interpreted_twin("collector.store.sums")["collector.store.sums"]
    assert not module.COMPILED
    return module


def columns(rows: list[tuple[int, ...]]) -> np.ndarray:
    table = np.zeros(len(rows), ROW_DTYPE)
    for name, values in zip(
        ("liid", "cin", "kind", "direction", "event_us", "epoch", "number"), zip(*rows, strict=True), strict=False
    ):
        table[name] = values
    table["extent"] = np.arange(len(rows)) % 5
    return table


def naive(rows: list[tuple[int, ...]]) -> list[tuple[int, ...]]:
    groups: dict[tuple[int, int, int], list[int]] = {}
    for index, (liid, cin, kind, direction, event, epoch, number) in enumerate(rows):
        if kind not in (0, 1):
            continue
        one = groups.setdefault((liid, cin, kind), [index % 5, 0, 0, 0, sums.LATEST, NO_TIME, 0, index, index])
        one[1] += 1
        one[2] += direction == 0
        one[3] += direction == 1
        if event != NO_TIME:
            one[4], one[5] = min(one[4], event), max(one[5], event)
        one[6] = max(one[6], epoch << 32 | max(number, 0)) if epoch < 2**31 else one[6]
        one[8] = index
    return [(*key, *values) for key, values in groups.items()]


def groups_of(kernel: ModuleType, table: np.ndarray) -> list[tuple[int, ...]]:
    groups, found = kernel.sum_rows(table)
    size = len(kernel.GROUP)
    return [tuple(groups[size * at : size * (at + 1)]) for at in range(found)]


@settings(max_examples=80)
@given(rows=st.lists(ROW, max_size=60))
def test_groups_are_those_of_a_plain_dictionary(kernel: ModuleType, rows: list[tuple[int, ...]]) -> None:
    rows = [(*row[:5], row[5] & 0x7FFFFFFF, row[6]) for row in rows]
    if rows:
        assert groups_of(kernel, columns(rows)) == naive(rows)


def test_more_groups_than_the_first_table_holds(kernel: ModuleType) -> None:
    rows = [(index % 7, index, 1, 0, index, 0, index) for index in range(3000)]
    assert groups_of(kernel, columns(rows)) == naive(rows)


def test_no_rows_no_groups(kernel: ModuleType) -> None:
    assert groups_of(kernel, np.zeros(0, ROW_DTYPE)) == []
