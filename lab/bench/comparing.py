"""Two results of one profile held against each other, measure by measure. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from lab.bench.certainty import Ratio, compare
from mediation.runtime.config import ConfigError

_CARD: Final = ("cpu", "cores", "python", "kernel", "compiled")
_SETTINGS: Final = (
    "profile", "kind", "octets", "octets_of", "liids", "connections", "tls", "encryption_at_rest", "interpreted",
    "refused_percent", "rate_per_s",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Compared:
    measure: str
    ratio: Ratio
    higher_is_better: bool
    regression: bool

    def as_dict(self) -> dict[str, Any]:
        ratio = self.ratio
        return {
            "measure": self.measure,
            "a": ratio.median_a,
            "b": ratio.median_b,
            "runs": [ratio.runs_a, ratio.runs_b],
            "ratio": round(ratio.of_medians, 4),
            "interval": [round(ratio.low, 4), round(ratio.high, 4)],
            "confidence": ratio.confidence,
            "better": "higher" if self.higher_is_better else "lower",
            "regression": self.regression,
        }


def compare_results(
    a: Mapping[str, Any], b: Mapping[str, Any], threshold: float, confidence: float
) -> tuple[list[Compared], list[str]]:
    """What can be compared of two results, and what is to be said beside it. Raises ConfigError, LocalError."""
    for name in _SETTINGS:
        if a.get(name) != b.get(name):
            raise ConfigError(f"The results are of different loads: {name} is {a.get(name)!r} and {b.get(name)!r}.")
    for result in (a, b):
        if not result["balanced"]:
            raise ConfigError(f"A result of {result['profile']} does not balance: it counts for nothing.")
    found = []
    for one in _measures(_runs(a), _runs(b)):
        ratio = compare(one.a, one.b, confidence)
        found.append(Compared(one.measure, ratio, one.higher_is_better, ratio.worse(one.higher_is_better, threshold)))
    cards = a.get("environment", {}), b.get("environment", {})
    words = [
        f"{name}: {cards[0].get(name)} and {cards[1].get(name)}"
        for name in _CARD
        if cards[0].get(name) != cards[1].get(name)
    ]
    said = [f"The machines or builds differ, so the ratio is not of the code alone: {'; '.join(words)}."]
    return found, said if words else []


def _runs(result: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    return result.get("runs") or [result]


class _Values(NamedTuple):
    measure: str
    higher_is_better: bool
    a: list[float]
    b: list[float]


def _measures(a: Sequence[Mapping[str, Any]], b: Sequence[Mapping[str, Any]]) -> list[_Values]:
    """Latency only where there was a schedule to be late for; records a second only where there was none to keep."""
    found = [_values("records_per_core_s", True, a, b, lambda one: one.get("records_per_core_s"))]
    if all(one["latency_from"] == "schedule" for one in (*a, *b)):
        found.append(_values("latency p50 ms", False, a, b, lambda one: one["latency_ms"]["p50"]))
        found.append(_values("latency p99 ms", False, a, b, lambda one: one["latency_ms"]["p99"]))
    elif all(one["latency_from"] == "write" for one in (*a, *b)):
        found.append(_values("records_per_s", True, a, b, lambda one: one["records_per_s"]))
    found.append(_values("memory peak MiB", False, a, b, lambda one: (one.get("memory_mib") or {}).get("peak")))
    return [one for one in found if one is not None]


def _values(
    measure: str,
    higher_is_better: bool,
    a: Sequence[Mapping[str, Any]],
    b: Sequence[Mapping[str, Any]],
    value: Callable[[Mapping[str, Any]], float | None],
) -> _Values | None:
    """None where a run does not have it."""
    both = [[float(found) for one in runs if (found := value(one))] for runs in (a, b)]
    if len(both[0]) != len(a) or len(both[1]) != len(b):
        return None
    return _Values(measure, higher_is_better, *both)
