"""How a store is configured, what it tells others, and the sizes and times it works with."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from collector.store.fresh import FreshUnit
from mediation.law.orders import OrderUid

MIN_SEGMENT_OCTETS: Final = 256 * 1024
NOTICE_ROOM_OCTETS: Final = 32 * 1024
"""Kept free at the end of every segment, so that the notice of the oldest one always has a place."""

GROUP_OCTETS: Final = 16 << 20
"""Most octets of batches that one commit takes together; also bounds the memory of the writer."""

AHEAD_TIMES: Final = 2
"""What the next segment needs is made ready so many times as fast as this one is filled."""

CARRY_SHARE: Final = 8
MAX_CARRY_OCTETS: Final = 1 << 20
"""What decisions in force may take of a fresh segment: a share of it, and at most this."""
BLOCKED_POLL_S: Final = 0.05
"""Real seconds after which a blocked store asks again whether it may go on."""
CLOCK_STEP_US: Final = 1_000_000
"""A commit whose time lies this much before the one before it is put on record: the clock was set back."""
PIN_AFTER_S: Final = 0.1
"""Real seconds without a batch, after which the newest checkpoint is pinned."""


@dataclass(frozen=True, slots=True)
class StoreConfig:
    """`capacity_octets` bounds the real size of all segment files together. `encryption` at rest is on by default.
    `block_unsafe_evict`: rather stop taking records than lose those of orders that are not safe to lose (R-143)."""

    capacity_octets: int = 1 << 30
    segment_octets: int = 64 << 20
    encryption: bool = True
    origin: str = "calea-lab/collector"
    pin: Path | None = None
    block_unsafe_evict: bool = False

    @property
    def slots(self) -> int:
        return self.capacity_octets // self.segment_octets


@dataclass(frozen=True, slots=True)
class StoreHooks:
    """What the store tells others. `summarise` makes one value of the verdict records of a segment that is to be
    evicted; `is_unsafe` says whether evicting an order's records is FIFO_UNSAFE (R-143): it is active, or not handed
    off; `audit` takes (kind, fields), and `settle` makes durable what it took. `on_blocked` hears a sentence when the
    store waits, None when it goes on. `on_unit` is given each unit once it is on disk. All are called on the writer's
    thread, but `now_us`, and `summarise`, which is called on one beside it."""

    now_us: Callable[[], int]
    summarise: Callable[[Iterable[bytes]], Any] = lambda records: {"records": sum(1 for _ in records)}
    is_unsafe: Callable[[OrderUid], bool] = lambda uid: False
    audit: Callable[[str, dict[str, Any]], None] = lambda kind, fields: None
    settle: Callable[[], None] = lambda: None
    on_failure: Callable[[str], None] = lambda sentence: None
    on_blocked: Callable[[str | None], None] = lambda sentence: None
    on_unit: Callable[[FreshUnit], None] | None = None
