"""Pace: events leave the schedule when the run's clock says they happened.

What is due is handed on in batches; behind the clock the loop catches up as fast as it can, in order, and every event
keeps its own time. The clock may stand still, run thousand-fold or jump: nothing here counts real seconds.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from typing import Final

from carrier_sim.events import InterceptEvent
from carrier_sim.network import Schedule
from mediation.runtime.clock import Clock

_BATCH_EVENTS: Final = 500
"""Between two batches the loop sees to its sockets: a batch takes some 20 ms."""
_LONGEST_SLEEP_S: Final = 0.2
_SHORTEST_SLEEP_S: Final = 0.002
"""Events closer than this leave together: fifty wake-ups a second and call would cost more than the events."""


class Traffic:
    """`run` is the task; `wake` tells it that the schedule has changed."""

    def __init__(self, clock: Clock, schedule: Schedule, sink: Callable[[Iterable[InterceptEvent]], None]) -> None:
        self._clock = clock
        self._schedule = schedule
        self._sink = sink
        self._wake = asyncio.Event()

    def wake(self) -> None:
        self._wake.set()

    async def run(self) -> None:
        while True:
            next_us = self._schedule.next_us
            if next_us is None:
                self._wake.clear()
                await self._wake.wait()
                continue
            now_us = self._clock.now_us()
            if next_us <= now_us:
                self._sink(self._schedule.due(now_us, _BATCH_EVENTS))
                await asyncio.sleep(0)
                continue
            delay_s = max(_SHORTEST_SLEEP_S, min(self._clock.real_delay_s(next_us), _LONGEST_SLEEP_S))
            self._wake.clear()
            try:
                await asyncio.wait_for(self._wake.wait(), delay_s)
            except TimeoutError:
                continue
