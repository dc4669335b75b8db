"""A load on its way: pieces of a fill to one destination, flat out or by a schedule.

The schedule alone says when a piece is due (open loop): a receiver that is slow delays what is sent and never what is
due, and what could not be sent in time is sent late and counted as late. X3 has no acknowledgement; what was written is
all that can be said.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, NamedTuple, Protocol

from carrier_sim.load.streams import MAX_START_US

PIECE_OCTETS: Final = 256 * 1024
PACE_S: Final = 0.005
"""How long a paced sender sleeps when nothing is due."""
RECEIVE_OCTETS: Final = 16 * 1024


class Fills(Protocol):
    """`Streams` or `X3Streams`."""

    def fill(self, out: bytearray, at: int, records: int, first_time_us: int, step_us: int) -> int: ...


@dataclass(frozen=True, slots=True)
class Load:
    """`records` of at most `most_octets` each, stamped `step_us` apart from `first_time_us` on. `rate_per_s` None: as
    fast as they are taken."""

    records: int
    most_octets: int
    first_time_us: int
    step_us: int = 20
    rate_per_s: float | None = None

    @property
    def piece_records(self) -> int:
        return max(PIECE_OCTETS // self.most_octets, 1)


class Poured(NamedTuple):
    """`late`: records that were written after they were due by more than a piece."""

    records: int
    octets: int
    seconds: float
    late: int


async def pour(
    streams: Fills, load: Load, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, now_s: Callable[[], float]
) -> Poured:
    """Send all of it. Raises OSError when the connection ends, LocalError when the streams have no more to give."""
    out = bytearray(load.piece_records * load.most_octets)
    listening = asyncio.create_task(_read_to_end(reader))
    sent = octets = late = 0
    began_s = now_s()
    try:
        while sent < load.records:
            due = load.records
            if load.rate_per_s is not None:
                due = min(int((now_s() - began_s) * load.rate_per_s), load.records)
                if due <= sent:
                    await asyncio.sleep(PACE_S)
                    continue
            count = min(due - sent, load.piece_records)
            late += count if load.rate_per_s is not None and due - sent > 2 * load.piece_records else 0
            # Stamps of a load that goes on for longer than time does begin anew.
            stamp_us = (load.first_time_us + sent * load.step_us) % (MAX_START_US >> 1)
            end = streams.fill(out, 0, count, stamp_us, load.step_us)
            writer.write(bytes(memoryview(out)[:end]))
            sent += count
            octets += end
            await writer.drain()
            if listening.done():
                raise ConnectionResetError("closed by the receiver")
    finally:
        listening.cancel()
    return Poured(sent, octets, now_s() - began_s, late)


async def _read_to_end(reader: asyncio.StreamReader) -> None:
    """Whatever is answered is read, so that nobody waits for us, and thrown away."""
    while await reader.read(RECEIVE_OCTETS):
        pass
