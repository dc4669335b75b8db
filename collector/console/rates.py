"""How often somebody may ask: a bucket a name, refilled evenly, in a table of bounded size. Pure: time is an argument.

A name that was not seen for as long as its bucket takes to fill is forgotten, since a full bucket says nothing. Where
the table is full of names that say something, a new one is refused: whoever floods with names shuts the door for new
names, and for nobody who is inside.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Final

MAX_NAMES: Final = 4096


class Rates:
    """`burst` at once, `per_s` on average."""

    def __init__(self, burst: float, per_s: float, max_names: int = MAX_NAMES) -> None:
        self._burst = burst
        self._per_s = per_s
        self._max_names = max_names
        self._left: OrderedDict[str, tuple[float, int]] = OrderedDict()
        """Name to what was left in its bucket and when, oldest first."""

    def take(self, name: str, now_us: int) -> float:
        """Take one. 0.0 when it may go on, else the seconds until it may."""
        self._forget(now_us)
        left, at_us = self._left.pop(name, (self._burst, now_us))
        left = min(self._burst, left + max(0, now_us - at_us) / 1e6 * self._per_s)
        wait_s = 0.0 if left >= 1.0 else (1.0 - left) / self._per_s
        if wait_s == 0.0:
            left -= 1.0
        if len(self._left) >= self._max_names:
            return max(wait_s, self._burst / self._per_s)
        self._left[name] = (left, now_us)
        return wait_s

    def _forget(self, now_us: int) -> None:
        full_us = int(self._burst / self._per_s * 1e6)
        while self._left:
            name, (_, at_us) = next(iter(self._left.items()))
            if now_us - at_us < full_us:
                return
            del self._left[name]
