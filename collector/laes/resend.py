"""Messages that come again: nothing is numbered, so equal octets within a bounded window are the same message.

The window is a link's own, in octets and in time, so that a flood on one link pushes nothing out of another's. Digests
are keyed (those of `collector.seal`); the message itself is not kept. What the window does not cover is judged and
stored once more: rather twice than not at all. Pure.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Final

ROW_OCTETS: Final = 128
"""What an entry takes besides: tiny messages fill the window too."""


class ResendWindow:
    """The messages of the last `window_us` microseconds, `octets` of them at most."""

    def __init__(self, octets: int, window_us: int) -> None:
        self._limit = octets
        self._window_us = window_us
        self._seen: OrderedDict[bytes, tuple[int, int]] = OrderedDict()
        self._octets = 0

    def __len__(self) -> int:
        return len(self._seen)

    def again(self, digest: bytes, octets: int, now_us: int) -> bool:
        """Whether this message has come before; if not, it has now."""
        self._forget(now_us)
        if digest in self._seen:
            return True
        self._seen[digest] = (now_us, octets + ROW_OCTETS)
        self._octets += octets + ROW_OCTETS
        self._forget(now_us)
        return False

    def _forget(self, now_us: int) -> None:
        while self._seen:
            at_us, octets = next(iter(self._seen.values()))
            if self._octets <= self._limit and now_us - at_us <= self._window_us:
                return
            self._seen.popitem(last=False)
            self._octets -= octets
