"""Disks that fail: every file operation of a store in turn, and power going between any two of them.

`FailingFiles` fails one call in one way: an error, no room, a short write, a sync that fails. `RecordedFiles` keeps
what was written between syncs, so that every state that a power cut may leave can be laid out: each write of a file
since its last sync may be there, missing, or torn at any block, in any order.
"""

from __future__ import annotations

import errno
import os
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal

from asn1.errors import LabError
from collector.store.files import RealFiles
from collector.store.gauge import StoreError
from lab.ordeal.subject import SEGMENT_OCTETS, Subject, batch_sizes, check, put

Fault = Literal["EIO", "ENOSPC", "short write", "done, then EIO"]
FAULTS: Final[tuple[Fault, ...]] = ("EIO", "ENOSPC", "short write", "done, then EIO")
_BATCHES: Final = 26
_RECORDS: Final = 70
"""Records of a batch: so large that two segments turn over within the scene."""
_BLOCK: Final = 512


class FailingFiles(RealFiles):
    """Call number `at` (from 0) fails in the way of `fault`; the calls before and after it do not."""

    def __init__(self, at: int = -1, fault: Fault = "EIO") -> None:
        super().__init__()
        self._at = at
        self._fault = fault
        self.calls = 0

    def _now(self) -> bool:
        self.calls += 1
        return self.calls - 1 == self._at

    def _error(self) -> OSError:
        number = errno.ENOSPC if self._fault == "ENOSPC" else errno.EIO
        return OSError(number, os.strerror(number))

    def create(self, path: Path, octets: int, header: bytes) -> None:
        fails = self._now()
        if fails and self._fault != "done, then EIO":
            raise self._error()
        super().create(path, octets, header)
        if fails:
            raise self._error()

    def open(self, path: Path) -> int:
        if self._now():
            raise self._error()
        return super().open(path)

    def write(self, descriptor: int, octets: bytes | bytearray | memoryview, offset: int) -> int:
        if not self._now():
            return super().write(descriptor, octets, offset)
        view = memoryview(octets)
        if self._fault == "short write":
            return super().write(descriptor, view[: max(4096, len(view) // 8192 * 4096)], offset)
        if self._fault == "done, then EIO":
            super().write(descriptor, view, offset)
        raise self._error()

    def sync(self, descriptor: int) -> None:
        fails = self._now()
        if fails and self._fault != "done, then EIO":
            raise self._error()
        super().sync(descriptor)
        if fails:
            raise self._error()


def play(subject: Subject, files: RealFiles) -> tuple[int, str]:
    """One scene: a store opened, filled until it evicts, closed. What was acknowledged, and the sentence it failed
    with, if it did."""
    behind = [0]
    failed: list[str] = []

    def acknowledged(number: int) -> None:
        behind[0] = max(behind[0], number)

    try:
        store = subject.open(files, failed.append)
    except LabError as error:
        return 0, str(error)
    try:
        for batch in range(_BATCHES):
            put(store, subject, batch * _RECORDS, _RECORDS, acknowledged)
            until = time.monotonic() + 10
            while not (store.idle or failed) and time.monotonic() < until:
                time.sleep(0.0002)
    except StoreError:
        # It has failed and takes no more: what it said about why is what counts.
        pass
    finally:
        store.close()
    return behind[0], failed[0] if failed else ""


@dataclass(slots=True)
class Faults:
    """`calls` there are in the scene; `runs` were played, each with one of them failing."""

    calls: int = 0
    runs: int = 0
    stopped: int = 0
    wrong: list[str] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        return {"call_sites": self.calls, "runs": self.runs, "stopped": self.stopped, "wrong": self.wrong[:10]}


def faults(root: Path, seed: int, every: int = 1) -> Faults:
    """Each call of the scene (or each `every`-th) fails once in each way; behind it nothing acknowledged is lost."""
    counting = FailingFiles()
    play(Subject.make(root / "whole", root / "pins" / "whole", seed, 2), counting)
    result = Faults(counting.calls)
    for at in range(0, counting.calls, every):
        for fault in FAULTS:
            place = root / f"{at}"
            subject = Subject.make(place, root / "pins" / f"{at}", seed, 2)
            acknowledged, sentence = play(subject, FailingFiles(at, fault))
            result.runs += 1
            result.stopped += bool(sentence)
            name = f"call {at}, {fault}"
            if fault != "short write" and not sentence and acknowledged < _BATCHES * _RECORDS:
                result.wrong.append(f"{name}: it stopped without a word")
            result.wrong += [f"{name}: {one}" for one in _after(subject, acknowledged)]
            shutil.rmtree(place)
            subject.pin.unlink(missing_ok=True)
    return result


def _after(subject: Subject, acknowledged: int) -> list[str]:
    """What is wrong with a store when its disk is sound again."""
    try:
        subject.open().close()
    except LabError as error:
        return [f"it does not open again: {error}"]
    found = check(subject, acknowledged)
    wrong = list(found.wrong)
    if found.lost or found.doubled or found.over_capacity:
        wrong.append(str(found.as_json()))
    return wrong


# Power between any two operations


@dataclass(frozen=True, slots=True)
class Write:
    """`octets` at `offset` of the file called `name`; `created` for a file that is there, whole, from here on."""

    name: str
    offset: int
    octets: bytes
    created: bool = False


@dataclass(frozen=True, slots=True)
class Sync:
    name: str


class RecordedFiles(RealFiles):
    """Writes what it is told, and remembers it. `acknowledged()` is asked before each operation."""

    def __init__(self) -> None:
        super().__init__()
        self.events: list[Write | Sync] = []
        self.acknowledged: list[int] = []
        self.behind = 0
        self._names: dict[int, str] = {}

    def _note(self, event: Write | Sync) -> None:
        self.events.append(event)
        self.acknowledged.append(self.behind)

    def create(self, path: Path, octets: int, header: bytes) -> None:
        super().create(path, octets, header)
        self._note(Write(path.name, 0, header.ljust(octets, b"\0"), created=True))

    def open(self, path: Path) -> int:
        descriptor = super().open(path)
        self._names[descriptor] = path.name
        return descriptor

    def write(self, descriptor: int, octets: bytes | bytearray | memoryview, offset: int) -> int:
        taken = super().write(descriptor, octets, offset)
        self._note(Write(self._names[descriptor], offset, bytes(octets[:taken])))
        return taken

    def sync(self, descriptor: int) -> None:
        super().sync(descriptor)
        self._note(Sync(self._names[descriptor]))


def record(subject: Subject) -> RecordedFiles:
    """The scene of `play`, on record."""
    files = RecordedFiles()

    def acknowledged(number: int) -> None:
        files.behind = max(files.behind, number)

    store = subject.open(files)
    for batch in range(_BATCHES):
        put(store, subject, batch * _RECORDS, _RECORDS, acknowledged)
        until = time.monotonic() + 10
        while not store.idle and time.monotonic() < until:
            time.sleep(0.0002)
    store.close()
    return files


def states(files: RecordedFiles, seed: int, torn: int) -> Iterator[tuple[int, dict[str, bytearray]]]:
    """States that a power cut may leave, with what was acknowledged by then: before each operation, what was synced
    and of the rest nothing, everything, and `torn` times some blocks in no order."""
    chance = batch_sizes(seed)
    safe: dict[str, bytearray] = {}
    loose: dict[str, list[Write]] = {}
    for event, behind in zip(files.events, files.acknowledged, strict=True):
        yield behind, _copy(safe)
        if any(loose.values()):
            for share in (1.0, *(chance.random() for _ in range(torn))):
                disk = _copy(safe)
                for writes in loose.values():
                    for one in writes:
                        for at in range(0, len(one.octets), _BLOCK):
                            if share == 1.0 or chance.random() < share:
                                start, block = one.offset + at, one.octets[at : at + _BLOCK]
                                disk[one.name][start : start + len(block)] = block
                yield behind, disk
        if isinstance(event, Sync):
            for one in loose.pop(event.name, ()):
                safe[one.name][one.offset : one.offset + len(one.octets)] = one.octets
        elif event.created:
            safe[event.name] = bytearray(event.octets)
        else:
            loose.setdefault(event.name, []).append(event)
    yield files.behind, _copy(safe)


def _copy(disk: dict[str, bytearray]) -> dict[str, bytearray]:
    return {name: bytearray(octets) for name, octets in disk.items()}


@dataclass(slots=True)
class Replay:
    states: int = 0
    wrong: list[str] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        return {"states": self.states, "wrong": self.wrong[:10]}


def replay(root: Path, seed: int, torn: int, every: int = 1) -> Replay:
    """Recover from every state (or each `every`-th) of a recorded scene."""
    subject = Subject.make(root, root / "pin" / "checkpoint", seed, 2)
    files = record(subject)
    result = Replay()
    for number, (behind, disk) in enumerate(states(files, seed, torn)):
        if number % every:
            continue
        for path in subject.store.glob("seg-*"):
            path.unlink()
        # The pin of the end would be a rollback here; what was pinned by then is the store's own test.
        subject.pin.unlink(missing_ok=True)
        for name, octets in disk.items():
            if len(octets) != SEGMENT_OCTETS:
                raise LabError(f"{name} has {len(octets)} octets, a segment has {SEGMENT_OCTETS}")
            (subject.store / name).write_bytes(octets)
        result.states += 1
        result.wrong += [f"state {number}: {one}" for one in _after(subject, behind)]
    return result
