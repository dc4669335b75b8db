"""When a record is due: an open-loop schedule, which nothing that the collector does can shift. Pure.

Latency is counted from the instant a record was due, not from when it could be written, so a collector that makes the
sender wait does not hide it (no coordinated omission). Flat out there is no such instant: then a record is due when it
is written, and what comes out says how long a full pipe takes, not what a subscriber of it would wait.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import numpy as np

Numbers = np.ndarray[Any, np.dtype[np.int64]]

GROWTH: Final = 1.01
"""Each bin of the histogram ends one part in a hundred behind the one before."""
_BINS: Final = 2400
"""1.01 ** 2400 microseconds are more than six hours."""


class Schedule(NamedTuple):
    """Record i is due at `start_s + offset_s + i / rate_per_s`."""

    start_s: float
    rate_per_s: float
    offset_s: float = 0.0

    def due(self, now_s: float) -> int:
        """How many records are due by now."""
        return max(int((now_s - self.start_s - self.offset_s) * self.rate_per_s) + 1, 0)

    def latencies_us(self, first: int, last: int, now_s: float) -> Numbers:
        """Of records [first, last), acknowledged now."""
        begin_s = self.start_s + self.offset_s
        due_s = begin_s + np.arange(first, last, dtype=np.float64) / self.rate_per_s
        found: Numbers = np.maximum((now_s - due_s) * 1e6, 0).astype(np.int64)
        return found


class Latencies:
    """A histogram of microseconds with bins one per cent wide; percentiles are upper edges of bins."""

    def __init__(self, counts: list[list[int]] | None = None, largest_us: int = 0) -> None:
        self._counts = np.zeros(_BINS, np.int64)
        self.largest_us = largest_us
        for at, count in counts or ():
            self._counts[at] = count

    def add(self, values_us: Numbers) -> None:
        if not len(values_us):
            return
        at = np.ceil(np.log(np.maximum(values_us, 1)) / np.log(GROWTH)).astype(np.int64)
        np.add.at(self._counts, np.minimum(at, _BINS - 1), 1)
        self.largest_us = max(self.largest_us, int(values_us.max()))

    def add_many(self, value_us: int, times: int) -> None:
        """`times` records with one latency."""
        at = int(np.ceil(np.log(max(value_us, 1)) / np.log(GROWTH)))
        self._counts[min(at, _BINS - 1)] += times
        self.largest_us = max(self.largest_us, value_us)

    def merged(self, other: Latencies) -> Latencies:
        found = Latencies(largest_us=max(self.largest_us, other.largest_us))
        found._counts = self._counts + other._counts
        return found

    @property
    def count(self) -> int:
        return int(self._counts.sum())

    def percentile_us(self, share: float) -> float | None:
        """The latency that `share` (0..1) of the records did not exceed; None when there are none."""
        total = self.count
        if not total:
            return None
        at = int(np.searchsorted(np.cumsum(self._counts), max(int(np.ceil(share * total)), 1)))
        return min(float(GROWTH**at), float(self.largest_us))

    def as_ms(self) -> dict[str, float | None]:
        """p50, p90, p99, p999 and the largest, milliseconds."""
        shares = {"p50": 0.5, "p90": 0.9, "p99": 0.99, "p999": 0.999}
        found = {name: self.percentile_us(share) for name, share in shares.items()}
        largest = float(self.largest_us) if self.count else None
        return {
            name: None if value is None else round(value / 1000, 3) for name, value in {**found, "max": largest}.items()
        }

    def bins(self) -> list[list[int]]:
        """[bin, count] of those that are not empty; what the constructor takes."""
        return [[int(at), int(self._counts[at])] for at in np.flatnonzero(self._counts)]

    def curve_ms(self) -> list[list[float]]:
        """[share in per cent, milliseconds] for a picture: finer towards the end, where the slow ones are."""
        shares = [*np.arange(0.0, 0.9, 0.1), *(1 - 10.0 ** -np.arange(1, 6, 0.25))]
        found = ((share, self.percentile_us(float(share))) for share in shares)
        return [[round(100 * float(share), 5), round(value / 1000, 4)] for share, value in found if value is not None]
