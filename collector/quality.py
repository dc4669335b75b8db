"""How well a link delivers: latency of signalling and agreement of clocks, measured by sample (R-097, R-098).

Rules. A sample is so many signalling records in a row; it passes when enough of them came within the time. All numbers
are configuration: no one here has read them in their source, so every report says verified=false (C9). A late record
is kept like any other; a report is made, nothing is refused here. Pure. One source for two paths (ADR 0002):
`quality.pxd` types it for Cython, since each record of signalling is measured.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from mediation.law.verdicts import Reason

if TYPE_CHECKING:
    from asn1 import plain as cython
else:
    try:
        import cython
    except ImportError:
        from asn1 import plain as cython

COMPILED: Final[bool] = cython.compiled

BUCKETS_US: Final = tuple(int(s * 1e6) for s in (0.1, 0.5, 1, 2, 4, 8, 16, 60, 600))
"""Upper edges of the histogram, inclusive; what is above the last shares one bucket."""
_NEVER_AHEAD: Final = -(1 << 62)
_BUCKETS: Final = len(BUCKETS_US) + 1
_EDGES: Final = BUCKETS_US
_MORE: Final = len(_EDGES)


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


class LinkQuality:
    """What one link has delivered since the start. `samples`, `failed`: whole samples; `ahead`: stamps beyond the
    skew; `max_ahead_us`: the furthest a stamp lay ahead of its arrival, None before the first."""

    def __init__(self, limits: Limits | None = None) -> None:
        self.limits = Limits() if limits is None else limits
        self.samples = 0
        self.failed = 0
        self.measured = 0
        self.late = 0
        self.ahead = 0
        self._furthest_us = _NEVER_AHEAD
        self._counts = [0] * _BUCKETS
        """By bucket: of all, and of the sample that is not whole yet."""
        self._open = [0] * _BUCKETS
        self._open_count = 0
        self._open_within = 0
        self._ahead_told = 0
        self._fresh: list[Sample] = []
        self._within_us, _, self._sample, self._skew_us = self.limits

    @property
    def max_ahead_us(self) -> int | None:
        return self._furthest_us if self.measured else None

    @property
    def histogram(self) -> Counter[str]:
        return _named(self._counts)

    def signalling(self, event_us: int, arrival_us: int) -> None:
        """One record of signalling with an event time."""
        latency_us = arrival_us - event_us
        self.measured += 1
        if latency_us < -self._skew_us:
            self.ahead += 1
        if -latency_us > self._furthest_us:
            self._furthest_us = -latency_us
        at = _bucket(latency_us)
        self._counts[at] += 1
        self._open[at] += 1
        self._open_count += 1
        if latency_us <= self._within_us:
            self._open_within += 1
        else:
            self.late += 1
        if self._open_count == self._sample:
            self._whole_sample()

    def _whole_sample(self) -> None:
        sample = Sample(self._open_count, self._open_within, dict(_named(self._open)))
        self.samples += 1
        if not sample.passes(self.limits):
            self.failed += 1
            self._fresh.append(sample)
        self._open = [0] * _BUCKETS
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
    return _NAMES[_bucket(latency_us)]


def _bucket(latency_us: int) -> int:
    """Its number; most are in the first."""
    at = 0
    while at < _MORE and latency_us > _EDGES[at]:
        at += 1
    return at


def _named(counts: list[int]) -> Counter[str]:
    """Counts by bucket, with their names."""
    return Counter({_NAMES[at]: count for at, count in enumerate(counts) if count})


def _sorted(histogram: dict[str, int]) -> dict[str, int]:
    return {name: histogram[name] for name in _NAMES if histogram.get(name)}
