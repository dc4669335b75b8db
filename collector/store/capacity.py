"""How large a store may become: octets, or a share of the file system it lies on, decided when it is opened.

Rules. A share counts in whole segments and is refused where the file system has no room for it: a capacity that cannot
be filled is no capacity. What is there is never made to fit: a capacity below it, or segments of another size, are
refused with words, since only the FIFO removes records, and only one segment at a time, with notice.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from collector.store.gauge import StoreError
from collector.store.settings import StoreConfig

MIN_PERCENT: Final = 0.01
MAX_PERCENT: Final = 95.0
"""A full file system serves nobody on it; the audit log, the index and the pin need room too."""
_RATE_WINDOW_US: Final = 60_000_000
_RATE_STEP_US: Final = 1_000_000


def read_percent(text: str) -> float:
    """`"10%"` as 10.0. Raises ValueError with a sentence."""
    number, sign, rest = text.strip().partition("%")
    try:
        percent = float(number)
    except ValueError:
        percent = 0.0
    # Comparisons with NaN are false, so that is refused here too.
    if not sign or rest or not MIN_PERCENT <= percent <= MAX_PERCENT:
        raise ValueError(
            f"{text!r} is no share of a file system: write a percentage from {MIN_PERCENT}% to {MAX_PERCENT:.0f}%, "
            'as "10%"'
        )
    return percent


def share_octets(directory: Path, percent: float, segment_octets: int) -> int:
    """The share of the file system under `directory` in octets, in whole segments. Raises StoreError when it is too
    little for two segments, or more than is free beside what the store takes already."""
    try:
        directory.mkdir(parents=True, exist_ok=True)
        system = os.statvfs(directory)
        taken = sum(path.stat().st_blocks * 512 for path in directory.glob("seg-*.[st][em][gp]"))
    except OSError as error:
        raise StoreError(f"Cannot ask how large the file system of {directory} is: {error.strerror}.") from error
    whole, free = system.f_blocks * system.f_frsize, system.f_bavail * system.f_frsize
    octets = int(whole * percent / 100) // segment_octets * segment_octets
    share = f"{percent:g}% of the file system of {directory} ({whole} octets)"
    if octets < 2 * segment_octets:
        raise StoreError(
            f"{share} hold fewer than two segments of {segment_octets} octets. Raise store.capacity_share, or lower "
            "store.segment_octets."
        )
    if octets > free + taken:
        raise StoreError(
            f"{share} are {octets} octets, but only {free} are free beside the {taken} that the store takes. Make "
            "room, or lower store.capacity_share."
        )
    return octets


def check_fits(directory: Path, config: StoreConfig, segments: Sequence[int]) -> None:
    """Raises StoreError when segment files of these sizes are not of the configured size, or take more than the
    capacity. A store keeps the size of segments that it began with: files are used again, and what fits into one is
    what the collector's batches are made for."""
    other = next((octets for octets in segments if octets != config.segment_octets), None)
    if other is not None:
        raise StoreError(
            f"The store in {directory} has segments of {other} octets, configured are {config.segment_octets}: a store "
            f"keeps the size it began with. Set store.segment_octets to {other}, or begin a new store in another "
            "directory. Nothing was changed."
        )
    there = sum(segments)
    if there > config.capacity_octets:
        raise StoreError(
            f"The store in {directory} takes {there} octets, the capacity is {config.capacity_octets}: nothing is "
            f"removed to make it fit. Set the capacity to {there} octets or more, or begin a new store in another "
            "directory."
        )


class Rate:
    """Octets a second over the last minute, by the run's clock. One thread notes, any thread asks."""

    def __init__(self) -> None:
        self._points: deque[tuple[int, int]] = deque()
        self._octets = 0

    def note(self, now_us: int, octets: int) -> None:
        self._octets += octets
        points = self._points
        if points and now_us < points[-1][0]:
            # The clock was set back: what was before says nothing about a rate.
            points.clear()
        if not points or now_us - points[-1][0] >= _RATE_STEP_US:
            points.append((now_us, self._octets))
        while now_us - points[0][0] > _RATE_WINDOW_US:
            points.popleft()

    def per_s(self, now_us: int) -> float:
        """0.0 before a second has passed, or when nothing came for a minute."""
        points = tuple(self._points)
        if not points or not _RATE_STEP_US <= now_us - points[0][0] <= 2 * _RATE_WINDOW_US:
            return 0.0
        return (self._octets - points[0][1]) * 1e6 / (now_us - points[0][0])
