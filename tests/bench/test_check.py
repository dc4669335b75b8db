"""The regression guard with measurements of the test's own: it fails on what became slower and on nothing else."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from asn1.errors import LocalError
from bench import check
from bench.guard import Bound, applying, best_of, judge, ratio, read_bounds

BOUNDS = {"scan": Bound(0.1, 0.16), "tree": Bound(0.05, 0.08, frozenset({"avx512bw"}))}


def test_a_stage_is_told_in_the_yardstick_beside_it() -> None:
    """A machine that became three times slower in the middle of it changes nothing."""
    assert ratio([100, 100, 300, 300], [10, 10, 30, 30]) == pytest.approx(0.1)
    for yards, costs in (([], []), ([1], []), ([0], [1])):
        with pytest.raises(LocalError):
            ratio(yards, costs)


def test_what_is_above_its_bound_is_a_regression() -> None:
    found = judge({"scan": 0.17, "tree": 0.07, "new": 5.0}, BOUNDS)
    assert [one.regression for one in found] == [True, False, False]
    assert found[0].words == "REGRESSION: 1.70 times what it was"
    assert found[2].words == "no bound here"
    assert judge({"scan": 0.04, "tree": 0.07}, BOUNDS)[0].words.startswith("less than half")


def test_a_stage_that_is_no_longer_measured_is_not_passed_over() -> None:
    with pytest.raises(LocalError, match="tree"):
        judge({"scan": 0.1}, BOUNDS)


def test_one_bad_moment_is_no_regression_and_a_slow_stage_stays_one() -> None:
    values = iter([{"scan": 0.3, "tree": 0.05}, {"scan": 0.1, "tree": 0.05}, {"scan": 9.0, "tree": 9.0}])
    assert not any(one.regression for one in best_of(lambda: next(values), BOUNDS, 3))
    asked: list[int] = []

    def slow() -> Mapping[str, float]:
        asked.append(1)
        return {"scan": 0.3, "tree": 0.05}

    assert any(one.regression for one in best_of(slow, BOUNDS, 3))
    assert len(asked) == 3


def test_bounds_of_another_way_do_not_apply() -> None:
    assert set(applying(BOUNDS, frozenset())) == {"scan"}
    assert set(applying(BOUNDS, frozenset({"avx512bw", "sse"}))) == {"scan", "tree"}


def test_the_committed_bounds_are_bounds_and_leave_room() -> None:
    bounds = read_bounds(json.loads(check.GUARD.read_text("utf-8")))
    assert {"one pass", "scan", "verify and gate", "append", "pack and leaf hash", "tree", *check.RUNS} == set(bounds)
    assert all(1.2 <= bound.most / bound.measured <= 2.5 for bound in bounds.values())
    with pytest.raises(LocalError, match="no sense"):
        read_bounds({"stages": {"x": {"measured": 2, "most": 1}}})


class Pretended:
    def __init__(self, **factors: float) -> None:
        self.factors = factors

    def kernels(self) -> Mapping[str, float]:
        return {"scan": 0.1 * self.factors.get("scan", 1), "tree": 0.05}

    def runs(self) -> Mapping[str, float]:
        return {name: 3.0 * self.factors.get("run", 1) for name in check.RUNS}


@pytest.fixture
def guard(tmp_path: Path) -> Callable[..., int]:
    """The program with a guard file of its own; `guard("--write", scan=2)` makes the scan twice as slow."""

    def call(*words: str, flags: frozenset[str] = frozenset(check.WIDE), **factors: float) -> int:
        pretended = Pretended(**factors)
        place = tmp_path / "guard.json"
        return check.main(["--date", "2026-01-31", *words], pretended.kernels, pretended.runs, place, flags)

    return call


def test_the_program_from_end_to_end(guard: Callable[..., int], capsys: pytest.CaptureFixture[str]) -> None:
    assert guard("--write") == 0
    assert guard() == 0
    assert guard(scan=1.5, run=1.9) == 0
    capsys.readouterr()
    assert guard("--json", scan=1.7) == check.EXIT_REGRESSION == 5
    assert json.loads(capsys.readouterr().out)["regression"] is True
    assert guard(run=2.1) == 5
    assert guard("--kernels", run=2.1) == 0
    assert guard(flags=frozenset()) == 0
    assert "no bound here" in capsys.readouterr().out
