"""Somebody with the disk in hand, who knows the format and has no key: whatever is done to a store must show.

A case is one change to a copy of a sound store: a bit, a run of octets, a block moved or exchanged, a file cut short,
removed, replaced by an older state of itself or by another store's, a frame signed anew with another key. It is found
when `verify` says so, or recovery refuses. Changes to octets that hold nothing (behind the last unit) are not cases.
The other half: sound stores that evict all the time are verified again and again, and nothing may be found.
"""

from __future__ import annotations

import random
import shutil
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, NamedTuple

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from collector.store import frames
from collector.store.verifier import verify_store
from collector.store.walk import SegmentFile, Unit, segment_paths
from lab.ordeal.subject import MAX_BATCH_RECORDS, Subject, batch_sizes, check, put
from mediation.ledger.checkpoint import Checkpoint, Signer

_BATCHES: Final = 40


class Place(NamedTuple):
    """Octets of a segment that mean something: `[start, stop)`."""

    path: Path
    start: int
    stop: int


@dataclass(slots=True)
class Tampering:
    """`by_kind`: how many cases of each were tried; `missed` are those that nothing showed."""

    cases: int = 0
    detected: int = 0
    by_kind: Counter[str] = field(default_factory=Counter)
    missed: list[str] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        return {
            "cases": self.cases,
            "detected": self.detected,
            "by_kind": dict(sorted(self.by_kind.items())),
            "missed": self.missed[:10],
        }


class Victim:
    """A sound store, an older state of it, and another store of the same shape."""

    def __init__(self, root: Path, seed: int) -> None:
        self.subject = Subject.make(root / "victim", root / "pin" / "victim", seed, 3)
        other = Subject.make(root / "other", root / "pin" / "other", seed + 1, 3)
        fill(self.subject, _BATCHES // 2, seed)
        self.older = root / "older"
        shutil.copytree(self.subject.store, self.older)
        fill(self.subject, _BATCHES, seed)
        fill(other, _BATCHES, seed)
        self.other = other.store
        self.keys = self.subject.keys()
        self.sound = {path.name: path.read_bytes() for path in segment_paths(self.subject.store)}
        self.places: list[Place] = []
        self.units: list[tuple[Path, frames.SegmentHeader, Unit]] = []
        for path in segment_paths(self.subject.store):
            with SegmentFile(path) as file:
                header = file.header()
                self.places.append(Place(path, 0, frames.BLOCK))
                for unit in file.units(header):
                    self.places += _meaningful(path, unit)
                    self.units.append((path, header, unit))

    def mend(self) -> None:
        for path in self.subject.store.glob("seg-*"):
            if path.name not in self.sound:
                path.unlink()
        for name, octets in self.sound.items():
            path = self.subject.store / name
            if not path.exists() or path.read_bytes() != octets:
                path.write_bytes(octets)

    def shows(self) -> bool:
        report = verify_store(self.subject.store, self.keys.signing.public_key(), self.keys, self.subject.pin)
        return not report.ok


def fill(subject: Subject, batches: int, seed: int) -> int:
    """Write so many batches behind what is there, each its own commit; how many records are stored then."""
    chance = batch_sizes(seed)
    store = subject.open()
    number = subject.next_number()
    for _ in range(batches):
        count = chance.randrange(1, MAX_BATCH_RECORDS)
        put(store, subject, number, count, lambda behind: None)
        number += count
        while not store.idle:
            time.sleep(0.0001)
    store.close()
    return number


def _meaningful(path: Path, unit: Unit) -> list[Place]:
    """The frames of a unit, without the zeros that pad it."""
    places = []
    at = unit.offset
    for data in unit.data:
        end = data.area_at + data.area_octets
        places.append(Place(path, at, end))
        at = end
    octets = frames.commit_frame_octets(unit.commit.records)
    with SegmentFile(path) as file:
        head = frames.parse_frame_head(file.read(at, frames.FRAME_HEADER_OCTETS))
    body = head.body_octets if head is not None else octets - frames.FRAME_HEADER_OCTETS
    places.append(Place(path, at, at + frames.FRAME_HEADER_OCTETS + body))
    return places


Change = Callable[[Victim, random.Random], str]


def _some_place(victim: Victim, chance: random.Random) -> tuple[Place, int]:
    place = chance.choice(victim.places)
    return place, chance.randrange(place.start, place.stop)


def _edit(path: Path, at: int, octets: bytes) -> bool:
    """Put `octets` there; False when they were there already."""
    with path.open("r+b") as file:
        file.seek(at)
        before = file.read(len(octets))
        file.seek(at)
        file.write(octets)
    return before != octets


def flip_bit(victim: Victim, chance: random.Random) -> str:
    place, at = _some_place(victim, chance)
    bit = chance.randrange(8)
    _edit(place.path, at, bytes([place.path.read_bytes()[at] ^ 1 << bit]))
    return f"bit {bit} of octet {at} of {place.path.name}"


def overwrite(victim: Victim, chance: random.Random) -> str:
    place, at = _some_place(victim, chance)
    octets = min(chance.randrange(1, 64), place.stop - at)
    while not _edit(place.path, at, chance.randbytes(octets)):
        pass
    return f"{octets} octets at {at} of {place.path.name}"


def exchange(victim: Victim, chance: random.Random) -> str:
    """Two units of a segment change places, or one takes the place of another."""
    path, _, first = chance.choice(victim.units)
    other_path, _, second = chance.choice([one for one in victim.units if one[2].offset != first.offset])
    a = victim.sound[path.name][first.offset : first.end]
    b = victim.sound[other_path.name][second.offset : second.end]
    octets = min(len(a), len(b))
    _edit(path, first.offset, b[:octets])
    _edit(other_path, second.offset, a[:octets])
    return f"units at {first.offset} of {path.name} and {second.offset} of {other_path.name}"


def cut_short(victim: Victim, chance: random.Random) -> str:
    """The file ends inside a unit that was pinned."""
    place, at = _some_place(victim, chance)
    with place.path.open("r+b") as file:
        file.truncate(at)
    return f"{place.path.name} at {at}"


def blank_from(victim: Victim, chance: random.Random) -> str:
    """A unit and all behind it in its segment are zeros."""
    path, header, unit = chance.choice(victim.units)
    _edit(path, unit.offset, bytes(header.segment_octets - unit.offset))
    return f"{path.name} from {unit.offset}"


def remove(victim: Victim, chance: random.Random) -> str:
    path = chance.choice(sorted(victim.subject.store.glob("seg-*")))
    path.unlink()
    return path.name


def go_back(victim: Victim, chance: random.Random) -> str:
    """The whole store as it was, or one segment of it."""
    names = sorted(path.name for path in victim.older.glob("seg-*"))
    chosen = names if chance.random() < 0.5 else [chance.choice(names)]
    for name in chosen:
        (victim.subject.store / name).write_bytes((victim.older / name).read_bytes())
    return ", ".join(chosen)


def of_another(victim: Victim, chance: random.Random) -> str:
    """A segment of another store of the same shape."""
    path = chance.choice(sorted(victim.other.glob("seg-*")))
    (victim.subject.store / path.name).write_bytes(path.read_bytes())
    return path.name


def copy_segment(victim: Victim, chance: random.Random) -> str:
    """One segment's octets under the name of another, or under a new one."""
    paths = sorted(victim.subject.store.glob("seg-*"))
    source = chance.choice(paths)
    target = chance.choice([path for path in paths if path != source] + [source.with_name("seg-000099.seg")])
    target.write_bytes(source.read_bytes())
    return f"{source.name} as {target.name}"


def sign_anew(victim: Victim, chance: random.Random) -> str:
    """A commit frame with a sound checksum, whose checkpoint another key signed."""
    path, header, unit = chance.choice(victim.units)
    strange = Signer(header.origin, Ed25519PrivateKey.from_private_bytes(chance.randbytes(32)))
    note = strange.sign(
        Checkpoint(header.origin, unit.size, chance.randbytes(32), (f"commits {unit.commit.chain.hex()}",))
    )
    at = unit.data[-1].area_at + unit.data[-1].area_octets if unit.data else unit.offset
    frame = frames.build_commit_frame(header, unit.size, unit.commit._replace(note=note))
    _edit(path, at, frame.ljust(unit.end - at, b"\0"))
    return f"the commit at {at} of {path.name}"


def change_commit(victim: Victim, chance: random.Random) -> str:
    """A commit frame with a sound checksum that says another time or other verdicts."""
    path, header, unit = chance.choice(victim.units)
    commit = unit.commit
    if chance.random() < 0.5:
        commit = commit._replace(time_us=commit.time_us + chance.choice((-1, 1)))
    else:
        commit = commit._replace(records=tuple(b'{"n":1}' for _ in commit.records))
        if commit == unit.commit or not commit.records:
            commit = unit.commit._replace(time_us=unit.commit.time_us + 1)
    at = unit.data[-1].area_at + unit.data[-1].area_octets if unit.data else unit.offset
    frame = frames.build_commit_frame(header, unit.size, commit)
    _edit(path, at, frame.ljust(unit.end - at, b"\0")[: unit.end - at])
    return f"the commit at {at} of {path.name}"


CHANGES: Final[tuple[tuple[Change, int], ...]] = (
    (flip_bit, 50),
    (overwrite, 15),
    (exchange, 8),
    (cut_short, 6),
    (blank_from, 5),
    (remove, 1),
    (go_back, 1),
    (of_another, 1),
    (copy_segment, 3),
    (sign_anew, 5),
    (change_commit, 5),
)
"""Each with its weight."""


def tampering(root: Path, cases: int, seed: int) -> Tampering:
    victim = Victim(root, seed)
    if victim.shows():
        raise AssertionError("the store was not sound to begin with")
    chance = batch_sizes(seed)
    result = Tampering()
    kinds = [change for change, weight in CHANGES for _ in range(weight)]
    for _ in range(cases):
        change = chance.choice(kinds)
        what = change(victim, chance)
        result.cases += 1
        result.by_kind[change.__name__] += 1
        if victim.shows():
            result.detected += 1
        else:
            result.missed.append(f"{change.__name__}: {what}")
        victim.mend()
    return result


@dataclass(slots=True)
class Turnovers:
    """`turnovers`: how often all that the store holds was replaced."""

    turnovers: float = 0.0
    checks: int = 0
    false_alarms: list[str] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        return {
            "turnovers": round(self.turnovers, 1),
            "checks": self.checks,
            "false_alarms": len(self.false_alarms),
            "said": self.false_alarms[:5],
        }


def turnovers(root: Path, wanted: int, seed: int) -> Turnovers:
    """A store that goes on evicting, checked in full each time that some of it was replaced."""
    subject = Subject.make(root, root / "pin" / "checkpoint", seed)
    result = Turnovers()
    while result.turnovers < wanted:
        number = fill(subject, 30, seed + result.checks)
        found = check(subject, number)
        result.checks += 1
        if not found.ok:
            result.false_alarms.append(str(found.as_json()))
        result.turnovers = found.evicted / max(found.stored, 1)
    return result
