"""The collector's store and audit log, read only and believed only as far as they are signed.

Streams come from the row columns and from the verdict records of each commit: what was refused has no row, what is
stored may be missing from no account. Each look opens the files anew, so that a file put in another's place shows. A
writer works beside us: what changes under a look is looked at again, and only what stays wrong is a fault.

A seen checkpoint is held against the ledger at every look: it must still be there, with the same root. Row columns,
LIIDs and verdict records are held against the checkpoint of their commit; the records' octets are proven by
`calea-lab verify`, not here.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np

from asn1.columns import NO_TIME
from asn1.errors import DecodeError, LocalError
from collector.accounts import OTHER, label
from collector.reconcile.compare import StreamFact
from collector.rows import FORM_NOTICE, FORM_SYNTHETIC
from collector.store import frames
from collector.store.audit_log import verify_audit
from collector.store.recovery import chain_line
from collector.store.walk import SegmentFile, Unit, segment_paths
from mediation.law.verdicts import Reason
from mediation.ledger.checkpoint import Checkpoint, Trust, verify_note
from mediation.ledger.kernel import CompactRange, leaf_hash

MAX_STREAMS: Final = 65_536
"""LIIDs told apart; those that come after share `OTHER`, since whoever delivers chooses them."""
TRIES: Final = 3
"""Looks at an audit log that its writer may be in the middle of, before a fault is one."""
SIGNS_OF_LIFE: Final = ("heartbeat", "start")
STOP: Final = "stop"
_OUTSIDE: Final = frozenset(
    reason.name
    for reason in (
        Reason.NO_ORDER,
        Reason.ORDER_NOT_STARTED,
        Reason.ORDER_EXPIRED,
        Reason.ORDER_REVOKED,
        Reason.ORDER_LAPSED,
        Reason.EXIGENT_WINDOW_CLOSED,
    )
)


class Mark(NamedTuple):
    """A checkpoint that was seen: `number` is its commit's (0 for the audit, which has none)."""

    number: int
    size: int
    root: str


@dataclass(slots=True)
class _Stream:
    delivered: int = 0
    stored: int = 0
    first_event_us: int | None = None
    last_event_us: int | None = None
    seen_us: int = 0
    outside_us: int | None = None
    fresh: bool = False


class Streams:
    """What came under each LIID, summed over the commits given to it."""

    def __init__(self) -> None:
        self._streams: dict[str, _Stream] = {}

    def facts(self) -> tuple[StreamFact, ...]:
        """As of now; what is added from here on is fresh to the next call."""
        found = tuple(
            StreamFact(
                liid,
                max(one.delivered, one.stored),
                max(one.stored, 0),
                one.first_event_us,
                one.last_event_us,
                one.seen_us,
                one.outside_us,
                one.fresh,
            )
            for liid, one in sorted(self._streams.items())
        )
        for one in self._streams.values():
            one.fresh = False
        return found

    def add(self, unit: Unit, fresh: bool) -> None:
        time_us = unit.commit.time_us
        for record in unit.commit.records:
            blob = _json(record)
            for _, liid, _, records in blob.get("voided", ()):
                # Delivered here and kept by another shard: it came, and is not there.
                self._of(label(bytes.fromhex(liid)), time_us, fresh).stored -= int(records)
            for one in (*blob.get("orders", ()), *blob.get("unknown", ())):
                stream = self._of(str(one["liid"]), time_us, fresh)
                stream.delivered += int(one.get("delivered", 0))
                if _OUTSIDE & set(one.get("reasons", ())):
                    stream.outside_us = time_us
        for data in unit.data:
            rows = data.rows()
            rows = rows[(rows["form"] != FORM_NOTICE) & (rows["form"] != FORM_SYNTHETIC)]
            for index, count in zip(*np.unique(rows["liid"], return_counts=True), strict=True):
                stream = self._of(label(data.meta.liids[int(index)]), time_us, fresh)
                stream.stored += int(count)
                times = rows["event_us"][(rows["liid"] == index) & (rows["event_us"] != NO_TIME)]
                if len(times):
                    first, last = int(times.min()), int(times.max())
                    known = stream.first_event_us, stream.last_event_us
                    stream.first_event_us = first if known[0] is None else min(first, known[0])
                    stream.last_event_us = last if known[1] is None else max(last, known[1])

    def _of(self, liid: str, time_us: int, fresh: bool) -> _Stream:
        if liid not in self._streams and len(self._streams) >= MAX_STREAMS:
            liid = OTHER
        stream = self._streams.setdefault(liid, _Stream())
        stream.seen_us = max(stream.seen_us, time_us)
        stream.fresh = stream.fresh or fresh
        return stream


class StoreLook(NamedTuple):
    """`newest` is None in an empty store. `holds`: the seen checkpoint is there, or was evicted in its turn."""

    newest: Mark | None
    holds: bool
    faults: tuple[str, ...]


class _Place(NamedTuple):
    """Where the newest unit that was read stands, and the chain value before it."""

    generation: int
    offset: int
    chain: bytes


class _MovedError(LocalError):
    """A segment was recycled under the look."""


class StoreWatch:
    """Reads each commit once into `streams`; `seen` is the newest checkpoint of before, kept by the caller."""

    def __init__(self, directory: Path, public_key: Trust, origin: str, seen: Mark | None) -> None:
        self.streams = Streams()
        self._directory = directory
        self._public_key = public_key
        self._origin = origin
        self._before = -1 if seen is None else seen.number
        self._read = -1
        self._place: _Place | None = None

    def look(self, seen: Mark | None) -> StoreLook:
        """Raises OSError when the directory cannot be read, LocalError when it changes faster than it can be."""
        for _ in range(TRIES):
            try:
                return self._look(seen)
            except _MovedError:
                continue
        raise LocalError("the store's segments change faster than they can be read")

    def _look(self, seen: Mark | None) -> StoreLook:
        headers = self._headers() if self._directory.is_dir() else []
        start = self._start(headers)
        newest: Mark | None = None
        met: Mark | None = None
        for header, path in headers:
            if start is not None and header.generation < start.generation:
                continue
            offset, chain = frames.BLOCK, header.chain
            if start is not None and header.generation == start.generation:
                offset, chain = start.offset, start.chain
            if newest is not None and header.first_commit != newest.number + 1:
                return StoreLook(newest, False, (f"commits behind {newest.number} are missing",))
            with SegmentFile(path) as file:
                for unit in file.units(header, offset):
                    if not file.still(header):
                        raise _MovedError
                    before, chain = chain, _chain(chain, header, unit)
                    checkpoint = self._checkpoint(unit)
                    if checkpoint is None or checkpoint.extensions != (chain_line(chain),):
                        fault = f"commit {unit.commit.number} is not the one that the collector's key signed"
                        return StoreLook(newest, self._holds(seen, met, newest, headers), (fault,))
                    newest = Mark(unit.commit.number, checkpoint.size, checkpoint.root.hex())
                    if seen is not None and newest.number == seen.number:
                        met = newest
                    if newest.number > self._read:
                        self.streams.add(unit, newest.number > self._before)
                        self._read, self._place = newest.number, _Place(header.generation, unit.offset, before)
        return StoreLook(newest, self._holds(seen, met, newest, headers), ())

    def _start(self, headers: list[tuple[frames.SegmentHeader, Path]]) -> _Place | None:
        """Where to go on: the newest unit read, when it is still where it was; None for the beginning."""
        place = self._place
        for header, path in headers:
            if place is not None and header.generation == place.generation:
                with SegmentFile(path) as file:
                    unit = file.unit_at(header, place.offset)
                return place if unit is not None and unit.commit.number == self._read else None
        return None

    def _holds(
        self,
        seen: Mark | None,
        met: Mark | None,
        newest: Mark | None,
        headers: list[tuple[frames.SegmentHeader, Path]],
    ) -> bool:
        if seen is None or met is not None:
            return met == seen
        # The seen commit may lie behind the place from which we went on; only an eviction may take it away before.
        if newest is None or newest.number < seen.number:
            return False
        return headers[0][0].first_commit > seen.number or self._root_at(headers, seen)

    def _root_at(self, headers: list[tuple[frames.SegmentHeader, Path]], seen: Mark) -> bool:
        for header, path in reversed(headers):
            if header.first_commit > seen.number:
                continue
            with SegmentFile(path) as file:
                for unit in file.units(header):
                    if unit.commit.number == seen.number:
                        checkpoint = self._checkpoint(unit)
                        return checkpoint is not None and checkpoint.root.hex() == seen.root
            return False
        return False

    def _checkpoint(self, unit: Unit) -> Checkpoint | None:
        return verify_note(unit.commit.note, self._origin, self._public_key)

    def _headers(self) -> list[tuple[frames.SegmentHeader, Path]]:
        found = []
        for path in segment_paths(self._directory):
            with SegmentFile(path) as file:
                try:
                    found.append((file.header(), path))
                except DecodeError:
                    # A segment that is being recycled has no header for a moment.
                    continue
        return sorted(found, key=lambda one: one[0].generation)


class AuditLook(NamedTuple):
    """`beat_us` is the newest sign of life among the signed entries, `stopped` that a signed stop came after it."""

    newest: Mark | None
    holds: bool
    faults: tuple[str, ...]
    beat_us: int | None
    stopped: bool


class AuditWatch:
    """Checks the whole log whenever its files changed in any way; ctime cannot be set back."""

    def __init__(self, directory: Path, public_key: Trust, max_octets: int) -> None:
        self._directory = directory
        self._public_key = public_key
        self._max_octets = max_octets
        self._known: tuple[object, AuditLook] | None = None

    def look(self, seen: Mark | None) -> AuditLook:
        """Raises OSError when the log cannot be read, LocalError when it is too large to be."""
        state = (self._stamps(), seen)
        if self._known is not None and self._known[0] == state:
            return self._known[1]
        for _ in range(TRIES):
            found = self._look(seen)
            if found.holds and not found.faults:
                break
        self._known = (state, found)
        return found

    def _stamps(self) -> tuple[object, ...]:
        stamps: list[object] = []
        for name in ("audit.jsonl", "checkpoints.txt"):
            try:
                stat = (self._directory / name).stat()
            except FileNotFoundError:
                stamps.append(None)
                continue
            if stat.st_size > self._max_octets:
                raise LocalError(f"{name} has {stat.st_size} octets, {self._max_octets} are read at most")
            stamps.append((stat.st_ino, stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns))
        return tuple(stamps)

    def _look(self, seen: Mark | None) -> AuditLook:
        report = verify_audit(self._directory, self._public_key, whole=False)
        path = self._directory / "audit.jsonl"
        data = path.read_bytes() if path.exists() else b""
        lines = data[: data.rfind(b"\n") + 1].splitlines()
        signed = lines[: report.signed_entries]
        newest = Mark(0, len(signed), _root(signed)) if signed else None
        holds = seen is None or (len(signed) >= seen.size and _root(signed[: seen.size]) == seen.root)
        beat_us, stopped = _sign_of_life(signed) if report.ok else (None, False)
        return AuditLook(newest, holds, report.faults, beat_us, stopped)


def _chain(previous: bytes, header: frames.SegmentHeader, unit: Unit) -> bytes:
    """The value that the unit's checkpoint has to bind: over its rows, LIIDs and verdict records."""
    commit = unit.commit
    digests = [data.meta.digest for data in unit.data]
    return frames.commit_chain(previous, header.digest, commit.number, commit.time_us, digests, commit.records)


def _root(lines: list[bytes]) -> str:
    tree = CompactRange()
    for line in lines:
        tree.append(leaf_hash(line))
    return tree.root().hex()


def _sign_of_life(lines: list[bytes]) -> tuple[int | None, bool]:
    stopped = False
    for line in reversed(lines):
        entry = json.loads(line)
        if entry["kind"] in SIGNS_OF_LIFE:
            return int(entry["utc_us"]), stopped
        stopped = stopped or entry["kind"] == STOP
    return None, stopped


def _json(record: bytes) -> dict[str, Any]:
    """A verdict record; what is none counts for nothing here, since the commit's signature was checked."""
    try:
        value = json.loads(record)
    except ValueError:
        return {}
    return value if isinstance(value, dict) and ("n" in value or "voided" in value) else {}
