"""One shard: so many mutants into one entry point, with everything that must hold checked on each or on a sample.

Errors and time are checked on every mutant, and compiled against interpreted on every mutant the scan reads. Memory is
traced on a sample, since tracing is slow; what a worker as a whole holds is bounded besides. A mutant that hangs is
interrupted by a timer and reported with its octets.
"""

from __future__ import annotations

import random
import resource
import signal
import time
import tracemalloc
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import FrameType
from typing import Final

from asn1.errors import DecodeError
from tools.fuzz.entry_points import EntryPoint
from tools.fuzz.mutate import Mutator

SLOWEST_S: Final = 1.0
"""CPU time: a decoder that takes longer for one input of a few kilooctets has lost its bound. What other work of the
machine takes is not the decoder's."""
HANG_S: Final = 20
PEAK_OCTETS: Final = 4 << 20
PEAK_FACTOR: Final = 256
"""Python objects for one input: at most so many octets, and so many for each octet of the input."""
GROWTH_OCTETS: Final = 256 << 20
"""What a worker may grow by in one shard: more is a leak."""
SAMPLE_EVERY: Final = 2_000
MAX_KEPT: Final = 20
_BATCH: Final = 250


class HangError(BaseException):
    """Not an Exception: a decoder that catches too much must not catch this."""


@dataclass(slots=True)
class Shard:
    """What one shard found. `peak_octets` is the largest of the sample."""

    entry_point: str
    mutants: int = 0
    refused: int = 0
    seconds: float = 0.0
    slowest_s: float = 0.0
    peak_octets: int = 0
    failed: int = 0
    failures: list[dict[str, str]] = field(default_factory=list)

    def fail(self, what: str, octets: bytes) -> None:
        self.failed += 1
        if len(self.failures) < MAX_KEPT:
            self.failures.append({"where": self.entry_point, "what": what[:300], "octets": octets.hex()})

    def merge(self, other: Shard) -> None:
        self.mutants += other.mutants
        self.refused += other.refused
        self.seconds += other.seconds
        self.slowest_s = max(self.slowest_s, other.slowest_s)
        self.peak_octets = max(self.peak_octets, other.peak_octets)
        self.failed += other.failed
        self.failures += other.failures[: MAX_KEPT - len(self.failures)]


def seeds_of(entry: EntryPoint, seeds: Mapping[str, Sequence[bytes]]) -> list[bytes]:
    """Those of its layers; of a layer that nothing is known of, none."""
    return [octets for layer in entry.layers for octets in seeds.get(layer, ())]


def run_shard(
    entry: EntryPoint,
    seeds: Mapping[str, Sequence[bytes]],
    mutants: int,
    seed: str,
    differ: Callable[[bytes], str | None] | None,
) -> Shard:
    """`seed` names the shard: the same name gives the same mutants. `differ` compares the two paths, see `twins`."""
    own = seeds_of(entry, seeds)
    others = [octets for layer, held in seeds.items() if layer not in entry.layers for octets in held]
    mutator = Mutator(own, others, random.Random(seed))  # noqa: S311  a reproducible run, not a secret
    shard = Shard(entry.name)
    before = signal.signal(signal.SIGALRM, _hang)
    began = time.perf_counter()
    try:
        for octets in own:
            try_one(entry, octets, shard, differ)
        held = _resident()
        for first in range(0, mutants, _BATCH):
            for number in range(first, min(first + _BATCH, mutants)):
                try_one(entry, mutator.next(), shard, differ, traced=number % SAMPLE_EVERY == 0)
        if _resident() - held > GROWTH_OCTETS:
            shard.fail(f"the worker grew by {_resident() - held} octets", b"")
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    shard.mutants = mutants
    shard.seconds = time.perf_counter() - began
    return shard


def _hang(_: int, __: FrameType | None) -> None:
    raise HangError


def _resident() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def try_one(
    entry: EntryPoint,
    octets: bytes,
    shard: Shard,
    differ: Callable[[bytes], str | None] | None = None,
    traced: bool = False,
) -> None:
    """One input, and what it did wrong."""
    signal.setitimer(signal.ITIMER_REAL, HANG_S)
    if traced:
        tracemalloc.start()
    began = time.thread_time()
    try:
        entry.call(octets)
    except DecodeError:
        shard.refused += 1
    except HangError:
        shard.fail(f"took more than {HANG_S} s", octets)
        return
    except Exception as error:
        shard.fail(f"{type(error).__name__}: {error}", octets)
    took = time.thread_time() - began
    if traced:
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        shard.peak_octets = max(shard.peak_octets, peak)
        if peak > PEAK_OCTETS + PEAK_FACTOR * len(octets):
            shard.fail(f"took {peak} octets of memory for {len(octets)}", octets)
    elif took > shard.slowest_s:
        shard.slowest_s = took
    if took > SLOWEST_S:
        shard.fail(f"took {took:.1f} s", octets)
    if differ is not None and entry.twins:
        difference = differ(octets)
        if difference is not None:
            shard.fail(f"compiled and interpreted: {difference}", octets)
