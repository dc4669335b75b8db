"""The bulk gate: one plain record passes, and every single departure from it goes to the careful lane."""

from __future__ import annotations

import random
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from asn1.errors import LocalError

START_US = 1_750_000_000_000_000
END_US = START_US + 3_600_000_000
NOW_US = START_US + 60_000_000
SKEW_US = 200_000
LATE_US = 30_000_000
Scan = Callable[..., tuple[Any, Any]]
Record = Callable[..., bytes]


class Gate:
    """One order over LIID id 0, which is LAB-0001; the target of CIN 1 established."""

    def __init__(self, kernels: SimpleNamespace, **order: Any) -> None:
        self.kernels = kernels
        self.liids = kernels.columns.LiidTable()
        self.liids.intern(b"LAB-0001")
        self.streams = kernels.stream_table.StreamTable()
        slot = self.streams.slot_of(0, 1, 1, create=True)
        self.streams.set_target_state(slot, kernels.stream_table.TARGET_OK)
        self.orders = kernels.gate_columns.OrderColumns()
        fields = {"bulk": True, "start_us": START_US, "end_us": END_US, "content_tags": 1 << 12, "order_slot": 3}
        self.orders.set(0, **(fields | order))

    def __call__(self, *records: bytes, now_us: int = NOW_US, **limits: int) -> list[int]:
        octets = b"".join(records)
        cols = self.kernels.columns.Columns(len(records))
        self.kernels.scan.scan(octets, 0, len(octets), cols, self.liids, 4096)
        verify = self.kernels.stream_table.VerifyColumns(len(records))
        self.kernels.stream_table.verify_columns(cols, self.streams, verify)
        gate = self.kernels.gate_columns
        self.lane = gate.Lane(len(records))
        settings = gate.GateLimits(**({"late_us": LATE_US, "skew_us": SKEW_US} | limits))
        bulk = gate.gate_columns(cols, verify, self.orders, self.streams, now_us, settings, self.lane)
        lane = list(self.lane.rows)
        assert bulk == sum(lane) == sum(slot >= 0 for slot in self.lane.slots)
        return lane


def test_plain_records_are_bulk(kernels: SimpleNamespace, ps_record: Record) -> None:
    gate = Gate(kernels)
    assert gate(*(ps_record(number=i, time_us=NOW_US) for i in range(4))) == [1] * 4
    assert list(gate.lane.slots) == [3] * 4


DEPARTURES: dict[str, dict[str, Any]] = {
    "other liid": {"liid": b"LAB-0002"},
    "other communication, target unknown": {"cin": 2},
    "iri": {"kind": "iri"},
    "tri": {"kind": "tri"},
    "cin reset": {"reset": True},
    "service not in the mask": {"content_tag": 2},
    "no time": {"time_us": None},
    "two payloads": {"payloads": 2},
    "no payload": {"payloads": 0},
    "stamped at mediation": {"qualifier": 2},
    "stamped at aggregation": {"qualifier": 3},
    "unknown qualifier": {"qualifier": 100},
    "gap": {"number": 1},
    "bad header": {"liid": b"x" * 65},
}


@pytest.mark.parametrize("name", DEPARTURES)
def test_one_departure_is_careful(kernels: SimpleNamespace, ps_record: Record, name: str) -> None:
    gate = Gate(kernels)
    assert gate(ps_record(**({"time_us": NOW_US} | DEPARTURES[name]))) == [0]


@pytest.mark.parametrize("qualifier", [None, 0, 1])
def test_stamps_that_count_by_default(kernels: SimpleNamespace, ps_record: Record, qualifier: int | None) -> None:
    assert Gate(kernels)(ps_record(time_us=NOW_US, qualifier=qualifier)) == [1]


def test_link_may_trust_mediation_stamps(kernels: SimpleNamespace, ps_record: Record) -> None:
    mask = kernels.gate_columns.QUALIFIER_MEDIATION
    assert Gate(kernels)(ps_record(time_us=NOW_US, qualifier=2), qualifiers=mask) == [1]


@pytest.mark.parametrize(
    ("event_us", "skew_us", "bulk"),
    [
        (START_US - 1, 0, 0),
        (START_US, 0, 0),
        (START_US + 1, 0, 1),
        (END_US - 1, 0, 1),
        (END_US, 0, 0),
        (END_US + 1, 0, 0),
        (START_US + SKEW_US, SKEW_US, 0),
        (START_US + SKEW_US + 1, SKEW_US, 1),
        (END_US - SKEW_US, SKEW_US, 0),
        (END_US - SKEW_US - 1, SKEW_US, 1),
    ],
)
def test_window_is_half_open_and_its_edges_are_careful(
    kernels: SimpleNamespace, ps_record: Record, event_us: int, skew_us: int, bulk: int
) -> None:
    """R-002, R-099. The very first microsecond is allowed, but on an edge: the careful lane says so."""
    assert Gate(kernels)(ps_record(time_us=event_us), now_us=event_us, skew_us=skew_us) == [bulk]


@pytest.mark.parametrize(
    ("behind_us", "bulk"), [(LATE_US, 1), (LATE_US + 1, 0), (-SKEW_US, 1), (-SKEW_US - 1, 0), (0, 1)]
)
def test_lateness_and_clocks_that_run_ahead(
    kernels: SimpleNamespace, ps_record: Record, behind_us: int, bulk: int
) -> None:
    event_us = START_US + 1_800_000_000
    assert Gate(kernels)(ps_record(time_us=event_us), now_us=event_us + behind_us) == [bulk]


def test_order_that_is_not_bulk_or_was_cleared(kernels: SimpleNamespace, ps_record: Record) -> None:
    assert Gate(kernels, bulk=False)(ps_record(time_us=NOW_US)) == [0]
    gate = Gate(kernels)
    assert gate(ps_record(number=0, time_us=NOW_US)) == [1]
    gate.orders.clear(0)
    gate.orders.clear(77)
    assert gate(ps_record(number=1, time_us=NOW_US)) == [0]


def test_order_above_the_first_growth(kernels: SimpleNamespace, ps_record: Record) -> None:
    gate = Gate(kernels)
    gate.orders.set(5000, True, START_US, END_US, 1 << 12, 70)
    assert gate(ps_record(time_us=NOW_US)) == [1]
    assert (gate.orders.n, gate.orders.slots) == (5001, 71)


def test_target_mismatch_is_careful(kernels: SimpleNamespace, ps_record: Record) -> None:
    gate = Gate(kernels)
    gate.streams.set_target_state(gate.streams.slot_of(0, 1, 0), kernels.stream_table.TARGET_MISMATCH)
    assert gate(ps_record(time_us=NOW_US)) == [0]


def test_extreme_times_do_not_wrap(kernels: SimpleNamespace, ps_record: Record) -> None:
    gate = Gate(kernels, start_us=0, end_us=(1 << 62) - 1)
    most = 4_000_000_000_000 * 1_000_000 + 999_999
    wide = (1 << 62) - 1
    assert gate(ps_record(time_us=most), now_us=0, skew_us=wide, late_us=wide) == [0]
    assert gate(ps_record(number=1, time_us=0), now_us=wide, skew_us=0, late_us=0) == [0]


def test_misuse_is_told(kernels: SimpleNamespace, scanned: Scan, ps_record: Record) -> None:
    gate, streams = kernels.gate_columns, kernels.stream_table
    orders = gate.OrderColumns()
    for bad in (
        (-1, True, 0, 1, 0, 0),
        (1 << 20, True, 0, 1, 0, 0),
        (0, True, -1, 1, 0, 0),
        (0, True, 0, 1 << 62, 0, 0),
        (0, True, 0, 1, 1 << 63, 0),
        (0, True, 0, 1, -1, 0),
        (0, True, 0, 1, 0, -1),
    ):
        with pytest.raises(LocalError):
            orders.set(*bad)
    for late_us, skew_us, qualifiers in ((-1, 0, 0), (0, 1 << 62, 0), (0, 0, -1)):
        with pytest.raises(LocalError):
            gate.GateLimits(late_us, skew_us, qualifiers)
    cols, _ = scanned([ps_record(), ps_record()])
    limits = gate.GateLimits(0, 0)
    table = streams.StreamTable()
    for verify_rows, lane_rows, now_us in ((1, 2, 0), (2, 1, 0), (2, 2, -1)):
        with pytest.raises(LocalError):
            gate.gate_columns(
                cols, streams.VerifyColumns(verify_rows), orders, table, now_us, limits, gate.Lane(lane_rows)
            )
    with pytest.raises(LocalError):
        gate.Lane(0)


def test_slots_of_another_table_are_never_followed(kernels: SimpleNamespace, scanned: Scan, ps_record: Record) -> None:
    """Misuse that would read outside the table: rows verified against one, gated with another."""
    gate, streams = kernels.gate_columns, kernels.stream_table
    cols, _ = scanned([ps_record(cin=i, time_us=NOW_US) for i in range(200)])
    verify = streams.VerifyColumns(200)
    streams.verify_columns(cols, streams.StreamTable(), verify)
    orders = gate.OrderColumns()
    orders.set(0, True, START_US, END_US, 1 << 12, 0)
    lane = gate.Lane(200)
    assert gate.gate_columns(cols, verify, orders, streams.StreamTable(), NOW_US, gate.GateLimits(0, 0), lane) == 0


times = st.integers(START_US - 3 * SKEW_US, START_US + 3 * SKEW_US) | st.integers(
    END_US - 3 * SKEW_US, END_US + 3 * SKEW_US
)


@settings(max_examples=200, deadline=None)
@given(
    event_us=times,
    late_us=st.integers(0, 4 * SKEW_US),
    skew_us=st.integers(0, 2 * SKEW_US),
    behind_us=st.integers(-SKEW_US, 4 * SKEW_US),
)
def test_bulk_times_satisfy_every_rule(
    kernels: SimpleNamespace, ps_record: Record, event_us: int, late_us: int, skew_us: int, behind_us: int
) -> None:
    now_us = event_us + behind_us
    [bulk] = Gate(kernels)(ps_record(time_us=event_us), now_us=now_us, late_us=late_us, skew_us=skew_us)
    inside = START_US <= event_us < END_US
    clear = abs(event_us - START_US) > skew_us and abs(event_us - END_US) > skew_us
    assert bool(bulk) == (inside and clear and -skew_us <= behind_us <= late_us)


def test_paths_agree_on_random_batches(
    compiled: SimpleNamespace, interpreted: SimpleNamespace, ps_record: Record
) -> None:
    rng = random.Random(8)
    pair = Gate(compiled, content_tags=1 << 12 | 1 << 2), Gate(interpreted, content_tags=1 << 12 | 1 << 2)
    number = 0
    seen = set()
    for _ in range(40):
        records = []
        for _ in range(15):
            fields: dict[str, Any] = {"number": number, "time_us": NOW_US + rng.randrange(-SKEW_US, SKEW_US)}
            if rng.randrange(3) == 0:
                fields |= rng.choice(list(DEPARTURES.values()))
            records.append(ps_record(**fields))
            number = (number + 1) if fields["number"] == number else 0
        one, other = (gate(*records) for gate in pair)
        assert one == other
        assert list(pair[0].lane.slots) == list(pair[1].lane.slots)
        seen |= set(one)
    assert seen == {0, 1}
