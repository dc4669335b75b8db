"""Content that nobody has announced yet waits for the message that does: a datagram may overtake call data over TCP.

Rules. It waits in memory alone, bounded in octets and in time; what waits has no verdict yet and is in no account.
What finds no room pushes out what has waited longest. Whoever takes something out judges it. Pure.
"""

from __future__ import annotations

import itertools
from collections import OrderedDict
from collections.abc import Iterable
from typing import Final, NamedTuple

ROW_OCTETS: Final = 256
"""What a waiting datagram takes besides its own octets."""


class Waiting(NamedTuple):
    """A piece of content as it was received, by what channels it may be known."""

    octets: bytes
    channels: tuple[bytes, ...]
    arrival_us: int


class Hold:
    """One link's."""

    def __init__(self, octets: int, wait_us: int) -> None:
        self._limit = octets
        self._wait_us = wait_us
        self._numbers = itertools.count()
        self._waiting: OrderedDict[int, Waiting] = OrderedDict()
        self._by_channel: dict[bytes, list[int]] = {}
        self.octets = 0

    def __len__(self) -> int:
        return len(self._waiting)

    def add(self, one: Waiting) -> list[Waiting]:
        """Let it wait; what is pushed out for it, itself where it has no room at all."""
        number = next(self._numbers)
        self._waiting[number] = one
        self.octets += len(one.octets) + ROW_OCTETS
        for channel in one.channels:
            self._by_channel.setdefault(channel, []).append(number)
        out: list[Waiting] = []
        while self.octets > self._limit:
            out.append(self._pop(next(iter(self._waiting))))
        return out

    def take(self, channels: Iterable[bytes]) -> list[Waiting]:
        """What waits for any of these channels, in the order it came."""
        numbers = {number for channel in channels for number in self._by_channel.get(channel, ())}
        return [self._pop(number) for number in sorted(numbers)]

    def is_due(self, now_us: int) -> bool:
        """Whether what came first has waited long enough."""
        oldest = next(iter(self._waiting.values()), None)
        return oldest is not None and now_us - oldest.arrival_us > self._wait_us

    def due(self, now_us: int) -> list[Waiting]:
        """What has waited long enough."""
        out: list[Waiting] = []
        while self.is_due(now_us):
            out.append(self._pop(next(iter(self._waiting))))
        return out

    def rest(self) -> list[Waiting]:
        """Everything: nothing will be announced any more."""
        return [self._pop(number) for number in list(self._waiting)]

    def _pop(self, number: int) -> Waiting:
        one = self._waiting.pop(number)
        self.octets -= len(one.octets) + ROW_OCTETS
        for channel in one.channels:
            numbers = self._by_channel[channel]
            numbers.remove(number)
            if not numbers:
                del self._by_channel[channel]
        return one
