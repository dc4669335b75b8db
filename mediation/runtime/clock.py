"""The one virtual clock that the processes of a run share.

The lab gives every process the same `ClockSpec`, a line through an anchor, so that all of them read the same time.
Where a run has to stop, jump or change its pace (a scenario of sixty days, a trainer's pause), the line lies in a small
file that all map and one writes (`SharedClock`, `ClockHand`). It only ever goes forward. Times are integer
microseconds UTC since 1970. Pure code never sees this module: it takes `now_us` as an argument.
"""

from __future__ import annotations

import mmap
import os
import struct
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from asn1.errors import LocalError

LOOK_S: Final = 0.02
"""Longest wait a shared clock answers: who waits asks again, so that a jump is noticed at once."""
_LAYOUT: Final = struct.Struct("<8sQqqd")
_MAGIC: Final = b"calealab"
_TRIES: Final = 1000


@dataclass(frozen=True, slots=True)
class ClockSpec:
    """virtual = base_us + (real - anchor_us) * factor. Real time is base_us == anchor_us and factor 1; factor 0 is a
    clock that stands."""

    anchor_us: int = 0
    base_us: int = 0
    factor: float = 1.0


class Clock(Protocol):
    def now_us(self) -> int:
        """Virtual time, microseconds UTC."""

    def real_delay_s(self, until_us: int) -> float:
        """Real seconds to wait before looking again for virtual `until_us`; 0.0 when it has passed. A clock that can
        jump answers less than the whole way: who waits asks again until it is 0.0."""


class LineClock:
    """Real time, or real time stretched by a factor."""

    def __init__(self, spec: ClockSpec) -> None:
        self._spec = spec

    def now_us(self) -> int:
        return _on_line(self._spec)

    def real_delay_s(self, until_us: int) -> float:
        return max(0.0, (until_us - self.now_us()) / 1e6 / self._spec.factor)


class SharedClock:
    """The line that `ClockHand` holds, read anew each time."""

    def __init__(self, path: Path) -> None:
        """Raises LocalError when there is no such clock."""
        self._memory = _mapped(path, mmap.ACCESS_READ)
        self.spec()

    def spec(self) -> ClockSpec:
        """The line as it is now. A writer in mid-write is waited for; it takes microseconds."""
        for _ in range(_TRIES):
            magic, before, anchor_us, base_us, factor = _LAYOUT.unpack_from(self._memory)
            if magic == _MAGIC and not before & 1 and _LAYOUT.unpack_from(self._memory)[1] == before:
                return ClockSpec(anchor_us, base_us, factor)
            time.sleep(0)
        raise LocalError("The run's clock file is damaged: end the run and start it again.")

    def now_us(self) -> int:
        return _on_line(self.spec())

    def real_delay_s(self, until_us: int) -> float:
        spec = self.spec()
        left_us = until_us - _on_line(spec)
        if left_us <= 0:
            return 0.0
        return min(LOOK_S, left_us / 1e6 / spec.factor) if spec.factor else LOOK_S


class ClockHand:
    """The one who moves a shared clock. `path` is made when it is not there, standing on `spec`."""

    def __init__(self, path: Path, spec: ClockSpec) -> None:
        if not path.exists():
            temporary = path.with_name(path.name + ".tmp")
            temporary.write_bytes(_LAYOUT.pack(_MAGIC, 0, spec.anchor_us, spec.base_us, spec.factor))
            temporary.replace(path)
        self._memory = _mapped(path, mmap.ACCESS_WRITE)
        self.clock = SharedClock(path)

    def go(self, factor: float) -> None:
        """On from now at another pace; 0 stands still."""
        self._set(self.clock.now_us(), factor)

    def jump(self, to_us: int, factor: float | None = None) -> None:
        """Forward to `to_us` at once. Raises LocalError for a jump back: what was stamped later is on record."""
        if to_us < self.clock.now_us():
            raise LocalError("A run's clock goes forward only.")
        self._set(to_us, self.clock.spec().factor if factor is None else factor)

    def _set(self, base_us: int, factor: float) -> None:
        number = _LAYOUT.unpack_from(self._memory)[1]
        struct.pack_into("<Q", self._memory, 8, number + 1)
        struct.pack_into("<qqd", self._memory, 16, _real_us(), base_us, factor)
        struct.pack_into("<Q", self._memory, 8, number + 2)


class ManualClock:
    """For tests: moves only when told to."""

    def __init__(self, now_us: int = 0) -> None:
        self._now_us = now_us

    def now_us(self) -> int:
        return self._now_us

    def real_delay_s(self, until_us: int) -> float:
        return 0.0

    def advance(self, by_us: int) -> None:
        self._now_us += by_us


def _real_us() -> int:
    return time.time_ns() // 1000


def _on_line(spec: ClockSpec) -> int:
    return spec.base_us + int((_real_us() - spec.anchor_us) * spec.factor)


def _mapped(path: Path, access: int) -> mmap.mmap:
    try:
        descriptor = os.open(path, os.O_RDONLY if access == mmap.ACCESS_READ else os.O_RDWR)
        try:
            return mmap.mmap(descriptor, _LAYOUT.size, access=access)
        finally:
            os.close(descriptor)
    except (OSError, ValueError) as error:
        raise LocalError(f"Cannot use the run's clock {path}: {error}.") from error
