"""Pace: nothing leaves before its time, everything leaves in order, a jump of the clock is caught up."""

from __future__ import annotations

import asyncio
import contextlib

from carrier_sim.events import EventKind, InterceptEvent
from carrier_sim.network import Schedule
from carrier_sim.traffic import Traffic
from mediation.runtime.clock import ManualClock


def event(time_us: int) -> InterceptEvent:
    return InterceptEvent(time_us, EventKind.DATA, 1, b"", None, None)


async def settle(traffic: Traffic) -> None:
    """Let the loop look at the clock, and go on until it waits."""
    traffic.wake()
    for _ in range(100):
        await asyncio.sleep(0)


async def test_events_wait_for_the_clock() -> None:
    clock, schedule, out = ManualClock(0), Schedule(), []
    traffic = Traffic(clock, schedule, out.extend)
    pace = asyncio.create_task(traffic.run())
    schedule.add([event(1_000), event(3_000)])
    schedule.add([event(2_000), event(50_000_000)])
    await settle(traffic)
    assert out == []
    clock.advance(2_000)
    await settle(traffic)
    assert [one.time_us for one in out] == [1_000, 2_000]
    clock.advance(100_000_000)
    schedule.add([event(time_us) for time_us in range(10_000, 20_000)])
    await settle(traffic)
    times = [one.time_us for one in out]
    assert times == sorted(times) and len(times) == 10_004 and schedule.empty and schedule.done == 10_004
    pace.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await pace


def test_schedule_merges_streams_and_settles_ties_by_order() -> None:
    schedule = Schedule()
    first, second = [event(5), event(9)], [event(5)._replace(correlation=2), event(7)]
    schedule.add(first)
    schedule.add(second)
    schedule.add([])
    assert schedule.next_us == 5 and schedule.known == 2
    assert schedule.due(6, 10) == [first[0], second[0]]
    assert schedule.due(100, 1) == [second[1]] and schedule.due(100, 10) == [first[1]]
    assert schedule.next_us is None and schedule.due(100, 10) == []
