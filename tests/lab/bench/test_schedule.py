"""The schedule waits for nothing, and latency counts from when a record was due."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from lab.bench.schedule import GROWTH, Latencies, Schedule


def test_due_is_what_the_clock_says() -> None:
    schedule = Schedule(100.0, 1000.0, 0.5)
    assert schedule.due(100.4) == 0
    assert schedule.due(100.5) == 1
    assert schedule.due(101.5005) == 1001


def test_a_stalled_collector_does_not_hide_the_wait_of_those_behind() -> None:
    """Coordinated omission: 1000 records a second, nothing answered for a second. Whoever counts from the send would
    see one slow record; half of those due meanwhile waited more than half a second."""
    schedule = Schedule(0.0, 1000.0)
    latencies = Latencies()
    latencies.add(schedule.latencies_us(0, 1000, 1.0))
    assert abs((latencies.percentile_us(0.5) or 0) - 500_000) < 10_000
    assert latencies.largest_us == 1_000_000


@given(st.lists(st.integers(0, 10_000_000), min_size=1, max_size=200), st.floats(0.01, 1.0))
def test_percentiles_are_those_of_the_values_within_a_bin(values: list[int], share: float) -> None:
    latencies = Latencies()
    latencies.add(np.array(values, np.int64))
    exact = sorted(values)[max(int(np.ceil(share * len(values))), 1) - 1]
    found = latencies.percentile_us(share)
    assert found is not None
    assert max(exact, 0) <= found * GROWTH + 1
    assert found <= max(exact, 1) * GROWTH + 1


def test_bins_carry_over_and_merge() -> None:
    one, other = Latencies(), Latencies()
    one.add(np.array([10, 20, 30]))
    other.add_many(1000, 5)
    both = one.merged(Latencies(other.bins(), other.largest_us))
    assert both.count == 8
    assert both.as_ms()["max"] == 1.0
    curve = both.curve_ms()
    assert [row[0] for row in curve] == sorted(row[0] for row in curve)
    assert [row[1] for row in curve] == sorted(row[1] for row in curve)


def test_no_records_no_latency() -> None:
    assert Latencies().as_ms() == {"p50": None, "p90": None, "p99": None, "p999": None, "max": None}
    assert Latencies().curve_ms() == []
