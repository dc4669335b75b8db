"""The one virtual clock that the processes of a run share.

The lab writes a `ClockSpec` into each process's configuration; each builds its own `Clock` from it and gets the same
time, since the mapping is a line through an anchor. Times are integer microseconds UTC since 1970. Pure code never
sees this module: it takes `now_us` as an argument.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class ClockSpec:
    """virtual = base_us + (real - anchor_us) * factor. Real time is base_us == anchor_us and factor 1."""

    anchor_us: int = 0
    base_us: int = 0
    factor: float = 1.0


class Clock(Protocol):
    def now_us(self) -> int:
        """Virtual time, microseconds UTC."""

    def real_delay_s(self, until_us: int) -> float:
        """Real seconds to wait until virtual `until_us`; 0.0 when it has passed."""


class LineClock:
    """Real time, or real time stretched by a factor."""

    def __init__(self, spec: ClockSpec) -> None:
        self._spec = spec

    def now_us(self) -> int:
        spec = self._spec
        return spec.base_us + int((time.time_ns() // 1000 - spec.anchor_us) * spec.factor)

    def real_delay_s(self, until_us: int) -> float:
        return max(0.0, (until_us - self.now_us()) / 1e6 / self._spec.factor)


class ManualClock:
    """For tests: moves only when told to."""

    def __init__(self, now_us: int = 0) -> None:
        self._now_us = now_us

    def now_us(self) -> int:
        return self._now_us

    def real_delay_s(self, until_us: int) -> float:
        return 0.0

    def advance(self, by_us: int) -> None:
        self._now_us += by_us
