"""Results held against each other: what is compared, what is refused, what is said beside it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from asn1.errors import LocalError
from lab.bench.comparing import compare_results
from lab.bench.profiles import named
from lab.bench.result import put_together
from lab.bench.run import Measured
from mediation.runtime.config import ConfigError

Made = Callable[..., Measured]
CARD = {"cpu": "one", "cores": 2}


def _result(
    measured: Made, *cpu_s: float, profile: str = "cc200", card: dict[str, Any] | None = None
) -> dict[str, Any]:
    return put_together([measured(one, named(profile)) for one in cpu_s], card or CARD, {})


def test_twice_the_cpu_is_a_regression_and_its_half_is_none(measured: Made) -> None:
    good, bad = _result(measured, 1.0, 1.01, 0.99), _result(measured, 2.0, 2.02, 1.98)
    found, said = compare_results(good, bad, 0.05, 0.95)
    assert said == []
    assert {one.measure: one.regression for one in found} == {
        "records_per_core_s": True, "records_per_s": False, "memory peak MiB": False,
    }  # fmt: skip
    assert found[0].as_dict()["ratio"] == pytest.approx(0.5, abs=0.02)
    assert not any(one.regression for one in compare_results(bad, good, 0.05, 0.95)[0])


def test_a_paced_load_is_compared_by_latency(measured: Made) -> None:
    result = _result(measured, 1.0, 1.1, 1.2, profile="latency-100k")
    found, _ = compare_results(result, result, 0.05, 0.95)
    assert [one.measure for one in found] == [
        "records_per_core_s", "latency p50 ms", "latency p99 ms", "memory peak MiB",
    ]  # fmt: skip


def test_other_machines_are_said(measured: Made) -> None:
    a, b = _result(measured, 1.0, 1.1, 1.2), _result(measured, 1.0, 1.1, 1.2, card={"cpu": "two", "cores": 2})
    (said,) = compare_results(a, b, 0.05, 0.95)[1]
    assert "cpu: one and two" in said


def test_other_loads_void_results_and_single_runs_are_refused(measured: Made) -> None:
    good = _result(measured, 1.0, 1.1, 1.2)
    with pytest.raises(ConfigError, match="octets is 200 and 1400"):
        compare_results(good, {**good, "octets": 1400}, 0.05, 0.95)
    with pytest.raises(ConfigError, match="does not balance"):
        compare_results(good, {**good, "balanced": False}, 0.05, 0.95)
    with pytest.raises(LocalError, match="--runs"):
        compare_results(good, _result(measured, 1.0), 0.05, 0.95)
