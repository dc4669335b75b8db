"""The search for the knee against collectors that are functions."""

from __future__ import annotations

import pytest

from lab.bench.search import Limits, Point, Step, search


class Pretended:
    """Takes up to `knee` records a second in 2 ms; above it latency runs away. `moody`: every third try is bad."""

    def __init__(self, knee: int, moody: bool = False) -> None:
        self.knee = knee
        self.moody = moody
        self.asked: list[int] = []

    def __call__(self, rate: int) -> Point:
        self.asked.append(rate)
        bad = rate > self.knee or (self.moody and len(self.asked) % 3 == 0)
        latency: dict[str, float | None] = {"p50": 1.0, "p99": 400.0 if bad else 2.0, "p999": None}
        return Point(rate, latency, 0, min(rate, self.knee))


@pytest.mark.parametrize("knee", [3_000, 50_000, 70_000, 123_456, 900_000])
@pytest.mark.parametrize("moody", [False, True])
def test_the_knee_is_found_within_the_precision(knee: int, moody: bool) -> None:
    pretended = Pretended(knee, moody)
    found = search(pretended, Limits(), first_per_s=50_000, highest_per_s=5_000_000, precision=0.05)
    assert found.knee is not None and found.failed_at_per_s is not None
    assert found.knee.point.rate_per_s <= knee < found.failed_at_per_s * 1.0001
    assert found.failed_at_per_s <= found.knee.point.rate_per_s * 1.0501 + 1
    assert len(pretended.asked) < 40


def test_a_collector_that_takes_everything_is_told_as_bounded() -> None:
    found = search(Pretended(1 << 40), Limits(), first_per_s=50_000, highest_per_s=300_000)
    assert found.bounded and found.knee is not None
    assert found.knee.point.rate_per_s == 300_000


def test_a_collector_that_takes_nothing_has_no_knee() -> None:
    found = search(Pretended(0), Limits(), first_per_s=1000, highest_per_s=300_000)
    assert found.knee is None and not found.bounded
    assert all(not one.holds for one in found.steps)


def test_a_rate_fails_only_when_it_fails_often_enough() -> None:
    pretended = Pretended(10)
    search(pretended, Limits(), first_per_s=100, highest_per_s=100, tries=3)
    assert pretended.asked == [100, 100, 100]


@pytest.mark.parametrize(
    ("limits", "point", "words"),
    [
        (Limits(), Point(1, {"p99": 49.0}, 0, 1), ""),
        (Limits(), Point(1, {"p99": 51.0}, 0, 1), "p99 51 ms, limit 50 ms"),
        (Limits(), Point(1, {"p99": None}, 0, 1), "p99 unknown"),
        (Limits(p50_ms=1.0), Point(1, {"p50": 2.0, "p99": 2.0}, 0, 1), "p50 2 ms"),
        (Limits(p999_ms=1.0), Point(1, {"p999": 2.0, "p99": 2.0}, 0, 1), "p999 2 ms"),
        (Limits(), Point(1, {"p99": 1.0}, 1, 1), "1 records lost"),
        (Limits(lost=1), Point(1, {"p99": 1.0}, 1, 1), ""),
        (Limits(), Point(1, {"p99": 1.0}, 0, 1, fault="it broke"), "it broke"),
    ],
)
def test_limits(limits: Limits, point: Point, words: str) -> None:
    broken = limits.broken(point)
    assert broken.startswith(words) and bool(broken) == bool(words)
    assert Step(point, broken).holds == (not words)
