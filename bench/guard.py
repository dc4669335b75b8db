"""The regression guard's judgement: what each stage may cost, measured in yardsticks of the same minute. Pure.

A yardstick is what copying a record's octets once and taking their SHA-256 once costs through hashlib, one call a
record: memory, arithmetic and a few interpreted steps, as the stages themselves are made of. A stage's cost is told in
yardsticks, so that a slower machine, or a busy one, slows both. Bounds are what was measured times a margin; a stage
fails only when its best of several tries is above its bound, since noise only ever adds.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from asn1.errors import LocalError


@dataclass(frozen=True, slots=True)
class Bound:
    """`measured` yardsticks a record when the bound was set; `most`: what is allowed. `needs`: flags of a processor
    without which the stage takes another way, that this bound says nothing of."""

    measured: float
    most: float
    needs: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Judged:
    stage: str
    found: float
    bound: Bound | None

    @property
    def regression(self) -> bool:
        return self.bound is not None and self.found > self.bound.most

    @property
    def words(self) -> str:
        if self.bound is None:
            return "no bound here"
        if self.regression:
            return f"REGRESSION: {self.found / self.bound.measured:.2f} times what it was"
        if self.found < self.bound.measured / 2:
            return "less than half of what it was: set the bound anew with --write"
        return "holds"


def ratio(yardsticks_ns: Sequence[float], stage_ns: Sequence[float]) -> float:
    """The median, over rounds, of a stage's cost in the yardstick taken beside it. Raises LocalError."""
    if not stage_ns or len(yardsticks_ns) != len(stage_ns) or min(yardsticks_ns) <= 0:
        raise LocalError("Each round needs its yardstick: the clock of this machine is too coarse, or nothing ran.")
    return statistics.median(cost / yard for cost, yard in zip(stage_ns, yardsticks_ns, strict=True))


def judge(found: Mapping[str, float], bounds: Mapping[str, Bound]) -> list[Judged]:
    """Every stage that was measured. Raises LocalError when one that has a bound was not."""
    if missing := sorted(bounds.keys() - found.keys()):
        raise LocalError(
            f"No longer measured, though bounded: {', '.join(missing)}. Measure it, or take its bound away."
        )
    return [Judged(stage, value, bounds.get(stage)) for stage, value in found.items()]


def best_of(measure: Callable[[], Mapping[str, float]], bounds: Mapping[str, Bound], tries: int) -> list[Judged]:
    """Measure until nothing is above its bound, `tries` times at most; the best of each stage counts."""
    best: dict[str, float] = {}
    judged: list[Judged] = []
    for _ in range(tries):
        for stage, value in measure().items():
            best[stage] = min(value, best.get(stage, value))
        judged = judge(best, bounds)
        if not any(one.regression for one in judged):
            break
    return judged


def read_bounds(value: Mapping[str, Any]) -> dict[str, Bound]:
    """From the committed file. Raises LocalError for bounds that bound nothing."""
    found = {
        name: Bound(float(one["measured"]), float(one["most"]), frozenset(one.get("needs", ())))
        for name, one in value["stages"].items()
    }
    for name, bound in found.items():
        if not 0 < bound.measured <= bound.most:
            raise LocalError(f"The bound of {name} makes no sense: measured {bound.measured}, most {bound.most}.")
    return found


def applying(bounds: Mapping[str, Bound], flags: frozenset[str]) -> dict[str, Bound]:
    """Those that hold for a processor with these flags."""
    return {name: bound for name, bound in bounds.items() if bound.needs <= flags}


def new_bounds(found: Mapping[str, float], margin: float, needs: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """As the committed file has them."""
    return {
        name: {"measured": round(value, 4), "most": round(value * margin, 4)}
        | ({"needs": list(needs[name])} if name in needs else {})
        for name, value in found.items()
    }
