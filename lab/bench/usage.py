"""What a process has used, by `/proc`: CPU time of it and of each of its threads, memory."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Usage:
    """CPU seconds are of user and system together; `threads` by thread id; memory in octets, now and at most."""

    cpu_s: float
    user_s: float
    system_s: float
    threads: Mapping[int, float]
    resident_octets: int
    peak_octets: int

    def since(self, before: Usage) -> Usage:
        """What was used in between; memory stays as it is now."""
        return Usage(
            self.cpu_s - before.cpu_s,
            self.user_s - before.user_s,
            self.system_s - before.system_s,
            {number: used - before.threads.get(number, 0.0) for number, used in self.threads.items()},
            self.resident_octets,
            self.peak_octets,
        )


def times_of(stat: str, ticks_per_s: int) -> tuple[float, float]:
    """User and system seconds (fields 14 and 15) of a `stat` file; the name in it may hold blanks and brackets."""
    fields = stat[stat.rindex(")") + 2 :].split()
    return int(fields[11]) / ticks_per_s, int(fields[12]) / ticks_per_s


def memory_of(status: str) -> tuple[int, int]:
    """Resident octets of a `status` file, now and at most."""
    found = {"VmRSS": 0, "VmHWM": 0}
    for line in status.splitlines():
        name, _, value = line.partition(":")
        if name in found:
            found[name] = int(value.split()[0]) * 1024
    return found["VmRSS"], found["VmHWM"]


def usage_of(pid: int) -> Usage:
    """Raises OSError when there is no such process."""
    ticks_per_s = os.sysconf("SC_CLK_TCK")
    directory = Path("/proc") / str(pid)
    user_s, system_s = times_of((directory / "stat").read_text(), ticks_per_s)
    threads = {}
    for task in (directory / "task").iterdir():
        try:
            # The scheduler's own account, nanoseconds: finer than the ticks above.
            threads[int(task.name)] = int((task / "schedstat").read_text().split()[0]) / 1e9
        except (OSError, ValueError, IndexError):
            continue
    resident, peak = memory_of((directory / "status").read_text())
    return Usage(user_s + system_s, user_s, system_s, threads, resident, peak)


def named_threads(used: Usage, pid: int, names: Mapping[str, Any]) -> dict[str, float]:
    """CPU seconds by thread name, where the process tells its names (name to thread id); the first thread is `main`."""
    by_number = {int(number): name for name, number in names.items()}
    found: dict[str, float] = {}
    for number, seconds in sorted(used.threads.items()):
        name = "main" if number == pid else by_number.get(number, "other")
        found[name] = round(found.get(name, 0.0) + seconds, 3)
    return found
