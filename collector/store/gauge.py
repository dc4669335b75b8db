"""How full the store is, and the errors a person meets at it."""

from __future__ import annotations

from typing import NamedTuple

from mediation.runtime.config import NotReadyError


class StoreError(NotReadyError):
    """The store cannot be opened or has failed. The message says what happened and what to do."""


class Gauge(NamedTuple):
    """`octets` of all segment files, never above `capacity_octets`; `used_octets` of them hold data; sequences
    `[oldest, next)` are there; `evicted` is how many left, every one with notice. `octets_per_s` over the last minute,
    and `eviction_s`: how long until the next segment goes at that rate, None while nothing comes."""

    octets: int
    used_octets: int
    capacity_octets: int
    oldest: int
    next: int
    evicted: int
    segments: int
    octets_per_s: float = 0.0
    eviction_s: float | None = None
