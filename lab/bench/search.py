"""The knee of a collector: the highest rate it takes while it keeps to stated limits. Pure: measuring is an argument.

A rate holds when nothing is lost, every record that was due was sent, and the limits on latency are kept; latency
counts from when a record was due, so a collector that falls behind fails by itself. A rate fails only when it fails
`tries` times in a row, since a shared machine has bad moments. From the first rate the search doubles while rates hold
(or halves while they fail), then halves the interval in between, by ratio, until its ends are within `precision`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, Final

MOST_DOUBLINGS: Final = 16
MIN_RATE_PER_S: Final = 100


@dataclass(frozen=True, slots=True)
class Limits:
    """Milliseconds; None is no limit. `lost`: so many records may be lost or unsent."""

    p50_ms: float | None = None
    p99_ms: float | None = 50.0
    p999_ms: float | None = None
    lost: int = 0

    def broken(self, point: Point) -> str:
        """Which limit is not kept; empty when all are."""
        if point.fault:
            return point.fault
        if point.lost > self.lost:
            return f"{point.lost} records lost or never sent"
        for name, limit in (("p50", self.p50_ms), ("p99", self.p99_ms), ("p999", self.p999_ms)):
            value = point.latency_ms.get(name)
            if limit is not None and (value is None or value > limit):
                return f"{name} {'unknown' if value is None else f'{value:g} ms'}, limit {limit:g} ms"
        return ""


@dataclass(frozen=True, slots=True)
class Point:
    """One measured rate. `fault`: why it counts for nothing, such as a ledger that does not balance."""

    rate_per_s: int
    latency_ms: dict[str, float | None]
    lost: int
    records_per_s: int
    records_per_core_s: int | None = None
    fault: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    point: Point
    broken: str

    @property
    def holds(self) -> bool:
        return not self.broken

    def as_dict(self) -> dict[str, Any]:
        return {**asdict(self.point), "holds": self.holds, "broken": self.broken}


@dataclass(frozen=True, slots=True)
class Found:
    """`knee` is the highest rate that held; None when none did. `bounded`: nothing higher was asked for."""

    knee: Step | None
    failed_at_per_s: int | None
    steps: tuple[Step, ...]
    bounded: bool


def search(
    measure: Callable[[int], Point],
    limits: Limits,
    *,
    first_per_s: int,
    highest_per_s: int,
    precision: float = 0.05,
    tries: int = 2,
    heard: Callable[[Step], None] = lambda _: None,
) -> Found:
    """`heard` is told every step as it is made."""
    steps: list[Step] = []

    def holds(rate: int) -> bool:
        for _ in range(tries):
            point = measure(rate)
            step = Step(point, limits.broken(point))
            steps.append(step)
            heard(step)
            if step.holds:
                return True
        return False

    low, high = _bracket(holds, min(first_per_s, highest_per_s), highest_per_s)
    while low is not None and high is not None and high > low * (1 + precision):
        middle = round((low * high) ** 0.5)
        if middle in (low, high):
            break
        if holds(middle):
            low = middle
        else:
            high = middle
    knee = next((one for one in reversed(steps) if one.holds and one.point.rate_per_s == low), None)
    return Found(knee, high, tuple(steps), bounded=high is None)


def _bracket(holds: Callable[[int], bool], first: int, highest: int) -> tuple[int | None, int | None]:
    """A rate that holds and a higher one that does not; None for what was not found."""
    if holds(first):
        low = first
        for _ in range(MOST_DOUBLINGS):
            if low >= highest:
                return low, None
            rate = min(2 * low, highest)
            if not holds(rate):
                return low, rate
            low = rate
        return low, None
    high = first
    while high > MIN_RATE_PER_S:
        rate = max(high // 2, MIN_RATE_PER_S)
        if holds(rate):
            return rate, high
        high = rate
    return None, high
