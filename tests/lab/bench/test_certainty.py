"""Whether a difference is one: intervals against published values, and against how often they should be wrong."""

from __future__ import annotations

import random

import pytest

from asn1.errors import LocalError
from lab.bench.certainty import compare, student_quantile


@pytest.mark.parametrize(
    ("share", "freedom", "value"),
    [(0.975, 1, 12.706), (0.975, 4, 2.776), (0.975, 10, 2.228), (0.995, 5, 4.032), (0.95, 30, 1.697), (0.9, 2, 1.886)],
)
def test_student_quantiles_are_those_of_the_tables(share: float, freedom: float, value: float) -> None:
    assert student_quantile(share, freedom) == pytest.approx(value, abs=6e-4)


def test_the_interval_holds_the_truth_as_often_as_it_says() -> None:
    """Two sets that scatter differently, B truly a tenth slower."""
    chance = random.Random(20_260_131)
    hits = 0
    for _ in range(400):
        a = [100 * chance.lognormvariate(0, 0.02) for _ in range(5)]
        b = [90 * chance.lognormvariate(0, 0.06) for _ in range(5)]
        found = compare(a, b)
        hits += found.low <= 0.9 <= found.high
    assert 0.92 <= hits / 400 <= 0.99


def test_noise_is_no_regression_and_a_drop_is_one() -> None:
    steady = compare([100, 101, 99, 102, 98], [99, 100, 101, 97, 102])
    assert not steady.worse(True, 0.0) and not steady.worse(False, 0.0)
    dropped = compare([100, 101, 99, 102, 98], [80, 81, 79, 82, 80])
    assert dropped.worse(True, 0.05) and not dropped.worse(False, 0.05)
    assert compare([100.0] * 3, [100.0] * 3).of_medians == 1.0


def test_a_trifle_is_no_regression_however_sure() -> None:
    found = compare([100, 100.1, 99.9, 100, 100.1], [98, 98.1, 97.9, 98, 98.1])
    assert found.high < 1
    assert not found.worse(True, 0.05)
    assert found.worse(True, 0.01)


def test_rising_latency_is_a_regression() -> None:
    assert compare([1.0, 1.1, 0.9], [2.0, 2.1, 1.9]).worse(False, 0.1)


@pytest.mark.parametrize(("a", "b"), [([1.0, 2.0], [1.0, 2.0, 3.0]), ([1.0, 2.0, 0.0], [1.0, 2.0, 3.0])])
def test_what_cannot_be_compared_is_refused(a: list[float], b: list[float]) -> None:
    with pytest.raises(LocalError):
        compare(a, b)
