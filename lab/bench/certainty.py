"""How sure a difference between two sets of runs is. Pure.

The measure is the ratio of the two, and its interval is Welch's, on the logarithms: runs of a benchmark scatter by
factors, the two sets may scatter differently, and there are few of them. A regression is a ratio whose whole interval
lies on the bad side of 1 and whose medians differ by more than the threshold: neither noise nor a trifle is one.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from asn1.errors import LocalError

MIN_RUNS: Final = 3
"""With two runs of each the interval is so wide that nothing is ever found."""


@dataclass(frozen=True, slots=True)
class Ratio:
    """B over A: of the medians, and the interval of the ratio of the geometric means at `confidence`."""

    median_a: float
    median_b: float
    runs_a: int
    runs_b: int
    low: float
    high: float
    confidence: float

    @property
    def of_medians(self) -> float:
        return self.median_b / self.median_a

    def worse(self, higher_is_better: bool, threshold: float) -> bool:
        """Whether B is worse than A by more than chance, and by more than `threshold` (0.05: five per cent)."""
        if higher_is_better:
            return self.high < 1 and self.of_medians < 1 - threshold
        return self.low > 1 and self.of_medians > 1 + threshold


def compare(a: Sequence[float], b: Sequence[float], confidence: float = 0.95) -> Ratio:
    """Raises LocalError for too few runs, or values that are not above zero."""
    if min(len(a), len(b)) < MIN_RUNS:
        raise LocalError(f"There are {len(a)} and {len(b)} runs: make at least {MIN_RUNS} of each (--runs).")
    if min(*a, *b) <= 0:
        raise LocalError("A value that is not above zero has no ratio: measure again.")
    logs_a, logs_b = [math.log(one) for one in a], [math.log(one) for one in b]
    difference = statistics.fmean(logs_b) - statistics.fmean(logs_a)
    parts = [statistics.variance(logs) / len(logs) for logs in (logs_a, logs_b)]
    wide = math.sqrt(sum(parts))
    half = 0.0
    if wide > 0:
        freedom = sum(parts) ** 2 / sum(
            part**2 / (len(logs) - 1) for part, logs in zip(parts, (logs_a, logs_b), strict=True)
        )
        half = wide * student_quantile((1 + confidence) / 2, freedom)
    return Ratio(
        statistics.median(a),
        statistics.median(b),
        len(a),
        len(b),
        math.exp(difference - half),
        math.exp(difference + half),
        confidence,
    )


def student_quantile(share: float, freedom: float) -> float:
    """The value that Student's t with `freedom` degrees stays below with probability `share` (0.5 to 1)."""
    low, high = 0.0, 1.0
    while _student_below(high, freedom) < share:
        low, high = high, 2 * high
    for _ in range(80):
        middle = (low + high) / 2
        if _student_below(middle, freedom) < share:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def _student_below(value: float, freedom: float) -> float:
    return 1 - _incomplete_beta(freedom / (freedom + value * value), freedom / 2, 0.5) / 2


def _incomplete_beta(x: float, a: float, b: float) -> float:
    """The regularised incomplete beta function, by its continued fraction (Lentz)."""
    if x <= 0 or x >= 1:
        return min(max(x, 0.0), 1.0)
    if x > (a + 1) / (a + b + 2):
        return 1 - _incomplete_beta(1 - x, b, a)
    front = math.exp(math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x)) / a
    tiny = 1e-300
    c, d = 1.0, 1 / _away_from_zero(1 - (a + b) * x / (a + 1), tiny)
    found = d
    for m in range(1, 300):
        for numerator in (
            m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)),
            -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1)),
        ):
            d = 1 / _away_from_zero(1 + numerator * d, tiny)
            c = _away_from_zero(1 + numerator / c, tiny)
            found *= d * c
        if abs(d * c - 1) < 1e-14:
            break
    return front * found


def _away_from_zero(value: float, tiny: float) -> float:
    return value if abs(value) > tiny else tiny
