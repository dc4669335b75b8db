"""Rows of a batch: both ways in, growth, and views."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy
import pytest

from asn1.errors import LocalError

Scan = Callable[..., tuple[Any, Any]]
Record = Callable[..., bytes]
TIME_US = 1_750_000_000_000_000


def values(rows: Any, names: tuple[str, ...], row: int) -> dict[str, int]:
    return {name: getattr(rows, name)[row] for name in names}


def test_careful_row_keeps_every_field(kernels: SimpleNamespace) -> None:
    module = kernels.rows
    rows = module.Rows(2)
    fields = {name: 100 + i for i, name in enumerate(module.COLUMNS)}
    assert rows.append(**fields) == 0
    assert values(rows, module.COLUMNS, 0) == fields
    assert rows.append(buffer=1, offset=2, length=3, order=4, verdict=3, reasons=1 << 40, received_us=6) == 1
    held = values(rows, module.COLUMNS, 1)
    assert held["reasons"] == 1 << 40
    assert held["event_us"] == module.NO_TIME
    assert held["form"] == module.FORM_RECEIVED
    assert {held[name] for name in ("liid", "cin", "number", "epoch", "kind", "direction", "iri_type")} == {-1}


def test_growth_keeps_rows_and_clear_keeps_room(kernels: SimpleNamespace) -> None:
    rows = kernels.rows.Rows(1)
    for i in range(100):
        rows.append(buffer=0, offset=i, length=1, order=0, verdict=1, reasons=1, received_us=i)
    assert (len(rows), rows.capacity) == (100, 128)
    assert list(rows.offset[:100]) == list(range(100))
    rows.clear()
    assert (len(rows), rows.n, rows.capacity) == (0, 0, 128)


def test_bulk_rows_carry_the_scan(kernels: SimpleNamespace, scanned: Scan, ps_record: Record) -> None:
    records = [ps_record(cin=i % 3, number=i // 3, time_us=TIME_US + i, liid=b"L%d" % (i % 2)) for i in range(12)]
    cols, liids = scanned(records)
    streams = kernels.stream_table.StreamTable()
    verify = kernels.stream_table.VerifyColumns(12)
    kernels.stream_table.verify_columns(cols, streams, verify)
    assert len(liids) == 2
    lane = kernels.gate_columns.Lane(12)
    tally = kernels.rows.Tally()
    tally.reserve(8)
    for row in (1, 4, 11):
        lane.rows[row] = 1
        lane.slots[row] = 5 + cols.liid[row]
    rows = kernels.rows.Rows(1)
    rows.append(buffer=1, offset=0, length=9, order=0, verdict=3, reasons=1, received_us=1)
    assert rows.append_lane(cols, lane, verify, tally, 0, TIME_US + 99, 1, 1) == 3
    assert (len(rows), rows.octets) == (4, 9 + sum(len(records[row]) for row in (1, 4, 11)))
    assert tally.take() == [(5, 1), (6, 2)]
    assert tally.take() == []
    for at, row in ((1, 1), (2, 4), (3, 11)):
        assert values(rows, kernels.rows.COLUMNS, at) == {
            "buffer": 0,
            "offset": cols.offset[row],
            "length": len(records[row]),
            "order": 5 + cols.liid[row],
            "verdict": 1,
            "reasons": 1,
            "event_us": TIME_US + row,
            "received_us": TIME_US + 99,
            "liid": cols.liid[row],
            "cin": row % 3,
            "number": row // 3,
            "epoch": verify.epochs[row],
            "kind": 1,
            "content_tag": 12,
            "direction": 1,
            "iri_type": -1,
            "form": 0,
        }


def test_numpy_sees_the_rows(kernels: SimpleNamespace) -> None:
    rows = kernels.rows.Rows(4)
    seen = numpy.asarray(rows.number)
    rows.append(buffer=0, offset=0, length=1, order=0, verdict=1, reasons=1, received_us=0, number=42)
    assert (seen.dtype, seen[0]) == (numpy.int64, 42)


def test_misuse_is_told(kernels: SimpleNamespace, scanned: Scan, ps_record: Record) -> None:
    for capacity in (0, 1 << 30):
        with pytest.raises(LocalError):
            kernels.rows.Rows(capacity)
    rows = kernels.rows.Rows(1)
    with pytest.raises(LocalError, match="commit before"):
        rows.reserve(1 << 25)
    cols, _ = scanned([ps_record(), ps_record()])
    for lane_rows, verify_rows in ((1, 2), (2, 1)):
        lane = kernels.gate_columns.Lane(lane_rows)
        verify = kernels.stream_table.VerifyColumns(verify_rows)
        with pytest.raises(LocalError):
            rows.append_lane(cols, lane, verify, kernels.rows.Tally(), 0, 0, 1, 1)
    rows.append(buffer=0, offset=0, length=1, order=3, verdict=1, reasons=1, received_us=0)
    with pytest.raises(LocalError, match="order"):
        rows.gather_orders(3)


def test_orders_are_gathered_and_renumbered(kernels: SimpleNamespace) -> None:
    rows = kernels.rows.Rows(1)
    assert rows.gather_orders(0) == rows.gather_orders(9) == []
    for order in (7, 2, 7, 5):
        rows.append(buffer=0, offset=0, length=1, order=order, verdict=1, reasons=1, received_us=0)
    assert rows.gather_orders(9) == [2, 5, 7]
    assert rows.order[:4].tolist() == [2, 0, 2, 1]
    assert rows.gather_orders(3) == [0, 1, 2]
    assert rows.order[:4].tolist() == [2, 0, 2, 1]


def test_a_tally_grows_and_keeps_its_counts(kernels: SimpleNamespace) -> None:
    module = kernels.rows
    tally = module.Tally()
    tally.reserve(3)
    lane = kernels.gate_columns.Lane(1)
    lane.rows[0], lane.slots[0] = 1, 2
    cols, verify, rows = kernels.columns.Columns(1), kernels.stream_table.VerifyColumns(1), module.Rows(1)
    tally.counts[2], tally.touched[0] = 0, 0
    assert (rows.append_lane(cols, lane, verify, tally, 0, 0, 1, 1), tally.take()) == (0, [])
    tally.reserve(1000)
    assert tally.slots >= 1000
