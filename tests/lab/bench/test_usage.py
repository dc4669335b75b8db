"""What /proc says, read from texts, and of this very process."""

from __future__ import annotations

import os

from lab.bench.usage import Usage, memory_of, named_threads, times_of, usage_of


def test_times_of_a_process_with_brackets_in_its_name() -> None:
    stat = "17 (a ) b (c) S 1 2 3 4 5 6 7 8 9 10 250 50 0 0 20 0 3 0 100"
    assert times_of(stat, 100) == (2.5, 0.5)


def test_memory_is_octets() -> None:
    assert memory_of("Name:\tx\nVmHWM:\t    20 kB\nVmRSS:\t    10 kB\n") == (10_240, 20_480)
    assert memory_of("Name:\tx\n") == (0, 0)


def test_of_this_process() -> None:
    before = usage_of(os.getpid())
    sum(range(200_000))
    used = usage_of(os.getpid()).since(before)
    assert used.cpu_s >= 0
    assert used.resident_octets > 1 << 20
    assert os.getpid() in used.threads


def test_threads_have_names_where_the_process_tells_them() -> None:
    used = Usage(3.0, 2.0, 1.0, {10: 1.0, 11: 1.5, 12: 0.25, 13: 0.25}, 0, 0)
    assert named_threads(used, 10, {"store-writer": 11}) == {"main": 1.0, "store-writer": 1.5, "other": 0.5}
