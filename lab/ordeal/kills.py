"""`kill -9` and power cuts: a writer is ended at a moment of chance, over and over, and what it was owed is counted.

The writer is a fork that says on a pipe what became durable; it is killed while it recovers, writes, evicts or waits. A
power cut (ext4 on a loop device) stops it first, waits until it stands still, and then lets the file system forget all
that no sync made it keep: without the stop, the batch in flight would look lost. Needs root and loop devices.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import signal
import struct
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from asn1.errors import LabError
from lab.ordeal.subject import MAX_BATCH_RECORDS, Found, Subject, batch_sizes, check, put

_SHUTDOWN: Final = 0x8004587D
_NO_LOG_FLUSH: Final = 2
_WAITING_BATCHES: Final = 4
_IMAGE_OCTETS: Final = 96 << 20
_LONGEST_S: Final = 0.12
"""From the writer's start to its end; a start takes some 20 ms, and an eviction comes every few."""
_REPORT: Final = struct.Struct(">cQ")


@dataclass(slots=True)
class Cycles:
    """A run of them. `acknowledged` records in all; the rest must be zero."""

    cycles: int = 0
    acknowledged: int = 0
    evicted: int = 0
    lost: int = 0
    doubled: int = 0
    capacity_breaches: int = 0
    wrong: list[str] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def ok(self) -> bool:
        return not (self.lost or self.doubled or self.capacity_breaches or self.wrong)

    def take(self, cycle: int, found: Found) -> None:
        self.evicted = found.evicted
        self.lost += found.lost
        self.doubled += found.doubled
        self.capacity_breaches += found.over_capacity
        self.wrong += [f"cycle {cycle}: {one}" for one in found.wrong]

    def as_json(self) -> dict[str, Any]:
        return {
            "cycles": self.cycles,
            "acknowledged": self.acknowledged,
            "evicted": self.evicted,
            "lost": self.lost,
            "doubled": self.doubled,
            "capacity_breaches": self.capacity_breaches,
            "wrong": self.wrong[:10],
            "seconds": round(self.seconds, 1),
        }


def _write_on(subject: Subject, seed: int, out: int) -> None:
    """The fork: recover, say from where, then write until killed. Never returns."""
    code = 1
    try:
        failed: list[str] = []
        store = subject.open(on_failure=failed.append)
        number = subject.next_number()
        os.write(out, _REPORT.pack(b"R", number))
        chance = batch_sizes(seed)
        while not failed:
            if store.pending_octets < _WAITING_BATCHES * 20_000:
                count = chance.randrange(1, MAX_BATCH_RECORDS)
                put(store, subject, number, count, lambda behind: _say(out, b"A", behind))
                number += count
            else:
                time.sleep(0.0005)
    except LabError as error:
        os.write(2, f"{error}\n".encode())
    finally:
        os._exit(code)


def _say(out: int, what: bytes, number: int) -> None:
    os.write(out, _REPORT.pack(what, number))


def _start(subject: Subject, seed: int) -> tuple[int, int]:
    """The process id of a writer, and the pipe it reports on."""
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(read)
        _write_on(subject, seed, write)
    os.close(write)
    return pid, read


def _heard(read: int) -> tuple[int | None, int, bool]:
    """All that was reported: where recovery stood, what was acknowledged, and whether a report came at all."""
    octets = bytearray()
    while piece := os.read(read, 1 << 16):
        octets += piece
    os.close(read)
    recovered: int | None = None
    acknowledged = 0
    for what, number in _REPORT.iter_unpack(octets[: len(octets) // _REPORT.size * _REPORT.size]):
        if what == b"R":
            recovered = number
        else:
            acknowledged = max(acknowledged, number)
    return recovered, acknowledged, bool(octets)


def run_cycles(
    subject: Subject, cycles: int, end: Callable[[int], None], between: Callable[[], None], every: int = 1
) -> Cycles:
    """`cycles` writers, each ended by `end(pid)` after a moment of chance; `between` comes before each check. A check
    of everything comes every `every` cycles and at the end."""
    began = time.monotonic()
    chance = batch_sizes(subject.seed)
    result = Cycles()
    for cycle in range(cycles):
        pid, read = _start(subject, subject.seed * 1_000_003 + cycle)
        time.sleep(chance.random() * _LONGEST_S)
        end(pid)
        _, status = os.waitpid(pid, 0)
        recovered, acknowledged, _ = _heard(read)
        between()
        if not os.WIFSIGNALED(status):
            result.wrong.append(f"cycle {cycle}: the writer ended by itself")
        if recovered is not None and recovered < result.acknowledged:
            result.lost += result.acknowledged - recovered
        result.acknowledged = max(result.acknowledged, acknowledged)
        result.cycles += 1
        if (cycle + 1) % every == 0 or cycle == cycles - 1:
            result.take(cycle, check_reopened(subject, result.acknowledged))
    result.seconds = time.monotonic() - began
    return result


def check_reopened(subject: Subject, acknowledged: int) -> Found:
    """Recovery, an orderly end, and then the check."""
    try:
        subject.open().close()
    except LabError as error:
        return Found(wrong=[str(error)])
    return check(subject, acknowledged)


def kill(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)


def kill_cycles(root: Path, cycles: int, seed: int, every: int = 1) -> Cycles:
    """`kill -9`, `cycles` times over one store."""
    subject = Subject.make(root, root / "pin" / "checkpoint", seed)
    return run_cycles(subject, cycles, kill, lambda: None, every)


# Power


class LoopMount:
    """An ext4 file system in a file. Raises OSError or CalledProcessError where the machine has no such thing."""

    def __init__(self, root: Path) -> None:
        self.place = root / "mount"
        self._image = root / "image"

    def __enter__(self) -> LoopMount:
        self.place.mkdir(parents=True)
        with self._image.open("wb") as file:
            file.truncate(_IMAGE_OCTETS)
        _run("mkfs.ext4", "-q", "-F", str(self._image))
        self.mount()
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(subprocess.CalledProcessError):
            self.unmount()

    def mount(self) -> None:
        _run("mount", "-o", "loop", str(self._image), str(self.place))

    def unmount(self) -> None:
        _run("umount", str(self.place))

    def cut(self) -> None:
        """What was not synced is gone; nothing more reaches the disk."""
        descriptor = os.open(self.place, os.O_RDONLY)
        try:
            fcntl.ioctl(descriptor, _SHUTDOWN, struct.pack("=I", _NO_LOG_FLUSH))
        finally:
            os.close(descriptor)


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True, timeout=60)  # noqa: S603  our own words


def _stand_still(pid: int) -> None:
    """Stop a process and wait until every thread of it stands still."""
    os.kill(pid, signal.SIGSTOP)
    for _ in range(10_000):
        states = {_state(path) for path in Path(f"/proc/{pid}/task").iterdir()}
        if states <= {"T", "t", "Z", "X"}:
            return
        time.sleep(0.0005)
    raise TimeoutError("the writer did not stop")


def _state(task: Path) -> str:
    try:
        return (task / "stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return "X"


def power_cuts(root: Path, cycles: int, seed: int, every: int = 1) -> Cycles:
    """`cycles` power cuts over one store on a file system of its own."""
    with LoopMount(root) as disk:
        subject = Subject.make(disk.place / "data", root / "pin" / "checkpoint", seed)
        os.sync()

        def end(pid: int) -> None:
            _stand_still(pid)
            disk.cut()
            kill(pid)

        def again() -> None:
            disk.unmount()
            disk.mount()

        return run_cycles(subject, cycles, end, again, every)


def power_cuts_possible() -> str | None:
    """None, or in words why there can be none here."""
    if os.geteuid() != 0:
        return "a power cut needs root, to mount a file system of its own"
    if not Path("/dev/loop-control").exists():
        return "a power cut needs loop devices, and this machine has none"
    return None
