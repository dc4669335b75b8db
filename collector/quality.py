"""How well a link delivers: latency of signalling and agreement of clocks, measured by sample (R-097, R-098).

Rules. A sample is so many signalling records in a row; it passes when enough of them came within the time. All numbers
are configuration: no one here has read them in their source, so every report says verified=false (C9). A late record
is kept like any other; a report is made, nothing is refused here. Pure.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from mediation.law.verdicts import Reason

BUCKETS_US: Final = tuple(int(s * 1e6) for s in (0.1, 0.5, 1, 2, 4, 8, 16, 60, 600))
"""Upper edges of the histogram, inclusive; what is above the last shares one bucket."""
_NEVER_AHEAD: Final = -(1 << 62)


class Limits(NamedTuple):
    """R-097: `share_percent` of `sample` records within `within_us`. R-098: stamps agree to `skew_us`."""

    within_us: int = 8_000_000
    share_percent: int = 95
    sample: int = 100
    skew_us: int = 200_000


class Sample(NamedTuple):
    """A whole sample: how many of `records` came within the time, and by bucket."""

    records: int
    within: int
    histogram: dict[str, int]

    def passes(self, limits: Limits) -> bool:
        return 100 * self.within >= limits.share_percent * self.records


@dataclass(slots=True)
class LinkQuality:
    """What one link has delivered since the start. `samples`, `failed`: whole samples; `ahead`: stamps beyond the
    skew; `max_ahead_us`: the furthest a stamp lay ahead of its arrival, None before the first."""

    limits: Limits = field(default_factory=Limits)
    samples: int = 0
    failed: int = 0
    measured: int = 0
    late: int = 0
    ahead: int = 0
    max_ahead_us: int | None = None
    histogram: Counter[str] = field(default_factory=Counter)
    _open: Counter[str] = field(default_factory=Counter)
    _open_count: int = 0
    _open_within: int = 0
    _ahead_told: int = 0
    _fresh: list[Sample] = field(default_factory=list)

    def signalling(self, event_us: int, arrival_us: int) -> None:
        """One record of signalling with an event time."""
        latency_us = arrival_us - event_us
        self.measured += 1
        if latency_us < -self.limits.skew_us:
            self.ahead += 1
        if self.max_ahead_us is None or -latency_us > self.max_ahead_us:
            self.max_ahead_us = max(-latency_us, _NEVER_AHEAD)
        within = latency_us <= self.limits.within_us
        self.late += not within
        name = bucket(latency_us)
        self.histogram[name] += 1
        self._open[name] += 1
        self._open_count += 1
        self._open_within += within
        if self._open_count == self.limits.sample:
            sample = Sample(self._open_count, self._open_within, dict(self._open))
            self.samples += 1
            if not sample.passes(self.limits):
                self.failed += 1
                self._fresh.append(sample)
            self._open.clear()
            self._open_count = self._open_within = 0

    def reports(self, link: str) -> list[dict[str, Any]]:
        """The `quality` entries since the last time: a failed sample each, and clocks that did not agree."""
        found = [
            {
                "code": Reason.CII_LATE.name,
                "link": link,
                "records": one.records,
                "within": one.within,
                "histogram": _sorted(one.histogram),
                "thresholds": self.thresholds(),
                "rules": ["R-097"],
            }
            for one in self._fresh
        ]
        self._fresh.clear()
        if self.ahead > self._ahead_told:
            found.append(
                {
                    "code": Reason.CLOCK_SKEW.name,
                    "link": link,
                    "records": self.ahead - self._ahead_told,
                    "max_ahead_us": self.max_ahead_us,
                    "thresholds": self.thresholds(),
                    "rules": ["R-098"],
                }
            )
            self._ahead_told = self.ahead
        return found

    def thresholds(self) -> dict[str, Any]:
        """The numbers a report is held against, and that no source for them has been read."""
        return {**self.limits._asdict(), "verified": False}

    def state(self) -> dict[str, Any]:
        """For the status page."""
        return {
            "measured": self.measured,
            "late": self.late,
            "samples": self.samples,
            "failed": self.failed,
            "histogram": _sorted(self.histogram),
            "ahead": self.ahead,
            "max_ahead_us": self.max_ahead_us,
            "thresholds": self.thresholds(),
        }


_NAMES: Final = (*(f"{edge / 1e6:g}" for edge in BUCKETS_US), "more")


def bucket(latency_us: int) -> str:
    """The name of the bucket a latency falls into: its upper edge in seconds."""
    return _NAMES[bisect_left(BUCKETS_US, latency_us)]


def _sorted(histogram: dict[str, int]) -> dict[str, int]:
    names = [*(f"{edge / 1e6:g}" for edge in BUCKETS_US), "more"]
    return {name: histogram[name] for name in names if histogram.get(name)}
