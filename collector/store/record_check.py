"""Offline verification of one record: that it stands in the ledger as it was signed, or how it left.

Rules. Only what is needed is read, one unit at a time: the record's own segment from its signed header to its commit,
its octets, and of everything behind it the leaf hashes, which give the path to the newest checkpoint. Octets of other
records are not read and other records' verdicts not judged: `verify_store` does that. Nothing read is believed: the
leaf hash is computed from octets, where their key is here; the path is checked against a root that the key signed.
A record below the oldest one was evicted: the notice that names it is looked for in the ledger, then, since notices
leave with their own segment, in the audit log, which never evicts.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, NamedTuple

from asn1.errors import DecodeError
from collector.store import frames
from collector.store.audit_log import verify_audit
from collector.store.keys import Keys
from collector.store.proof import SegmentProof
from collector.store.reader import StoreReader
from collector.store.recovery import notice_of
from collector.store.verifier import Witnessed, utc
from collector.store.walk import DataFrame, SegmentFile, Unit, own_leaves, segment_paths, sound_rows
from mediation.law.orders import OrderUid
from mediation.ledger.checkpoint import Checkpoint, Trust, keys_of, verify_note
from mediation.ledger.kernel import CompactRange
from mediation.ledger.proofs import inclusion_proof, verify_inclusion
from mediation.ledger.witness import verify_cosigned
from mediation.runtime.process import IntegrityError


class RecordState(StrEnum):
    PROVEN = "proven"
    PROVEN_BY_HASH = "proven_by_hash"
    """Its octets could not be read without their data key; its hash is under the signed root."""
    EVICTED = "evicted"
    CHANGED = "changed"
    MISSING = "missing"
    NEVER_STORED = "never_stored"


_SOUND = (RecordState.PROVEN, RecordState.PROVEN_BY_HASH, RecordState.EVICTED)


@dataclass(slots=True)
class RecordReport:
    """`said` and `faults` are sentences. `proof` is the audit path, leaf end first; times are microseconds since 1970;
    `size` and `root` are of the newest checkpoint, `note` is that checkpoint."""

    sequence: int
    state: RecordState = RecordState.MISSING
    said: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    order: str | None = None
    leaf: str | None = None
    commit: int | None = None
    committed_us: int | None = None
    size: int = 0
    root: str | None = None
    key: str | None = None
    proof: list[str] = field(default_factory=list)
    note: str | None = None
    notice: dict[str, Any] | None = None
    voided: str | None = None
    """Why a record that is proven is not shown all the same: another shard has it."""

    @property
    def ok(self) -> bool:
        return not self.faults and self.state in _SOUND

    def as_dict(self) -> dict[str, Any]:
        """The object of `verify --record --json`."""
        found = {name: getattr(self, name) for name in self.__slots__}
        return {"ok": self.ok, **found, "state": str(self.state)}


class _Segment(NamedTuple):
    path: Path
    header: frames.SegmentHeader


class _Newest(NamedTuple):
    """The newest checkpoint that can be read, and the key that signed it."""

    checkpoint: Checkpoint
    note: str
    key: str


class _Held(NamedTuple):
    """A record as it lies in its segment: where, and the tree before it."""

    unit: Unit
    data: DataFrame
    extent: frames.ExtentHead
    leaf: bytes
    before: CompactRange


def verify_record(
    directory: Path,
    sequence: int,
    trust: Trust,
    keys: Keys | None = None,
    pin: Path | None = None,
    audit: Path | None = None,
    origin: str = "calea-lab/collector",
    witnessed: Witnessed | None = None,
) -> RecordReport:
    """What is proven of record `sequence`. Never raises for what it finds in the files."""
    check = _Check(RecordReport(sequence), directory, trust, keys, origin)
    check.known = _elsewhere(pin, witnessed, trust, origin, check.report)
    try:
        check.run(audit)
    except DecodeError as error:
        check.report.faults.append(f"Record {sequence} cannot be read: {error.message}.")
    return check.report


def _elsewhere(
    pin: Path | None, witnessed: Witnessed | None, trust: Trust, origin: str, report: RecordReport
) -> list[tuple[str, Checkpoint]]:
    """Signed states that are kept outside the store."""
    found = []
    if pin is not None and pin.exists():
        pinned = verify_note(pin.read_bytes(), origin, trust)
        if pinned is None:
            report.faults.append(f"The pinned checkpoint {pin} is not signed by this store's key.")
        else:
            found.append(("the pinned checkpoint", pinned))
    if witnessed is not None:
        seen = verify_cosigned(witnessed.note, witnessed.name, witnessed.public_key)
        if seen is None or verify_note(witnessed.note, origin, trust) is None:
            report.faults.append(f"What {witnessed.name} keeps is not signed by it and by this store's key.")
        else:
            found.append((f"what {witnessed.name} saw", seen.checkpoint))
    return found


class _Check:
    def __init__(self, report: RecordReport, directory: Path, trust: Trust, keys: Keys | None, origin: str) -> None:
        self.report = report
        self.known: list[tuple[str, Checkpoint]] = []
        self._voids = StoreReader(directory, None, trust).voids
        self._trust = trust
        self._keys = keys
        self._origin = origin
        self._segments = self._headers(directory)

    def run(self, audit: Path | None) -> None:
        report, newest = self.report, self._newest()
        if newest is None:
            report.faults.append("The store holds no signed checkpoint: nothing is proven of any record.")
            return
        report.size, report.root = newest.checkpoint.size, newest.checkpoint.root.hex()
        report.key, report.note = newest.key, newest.note
        for name, known in self.known:
            if known.size > report.size:
                report.faults.append(f"The store ends at {report.size} records, {name} says {known.size}: rolled back.")
        if report.sequence >= report.size:
            rolled_back = any(known.size > report.sequence for _, known in self.known)
            report.state = RecordState.MISSING if rolled_back else RecordState.NEVER_STORED
            what = "it was stored and is missing" if rolled_back else "nothing of that number was ever committed"
            report.faults.append(f"Record {report.sequence} is not there: the ledger ends before it, and {what}.")
        elif report.sequence < self._segments[0].header.first_sequence:
            self._evicted(audit)
        else:
            self._there(newest)
            self._voided()

    def _voided(self) -> None:
        try:
            void = self._voids().of(self.report.sequence)
        except IntegrityError as error:
            self.report.faults.append(str(error))
            return
        if void is not None:
            self.report.voided = str(void.why)
            self.report.said.append(f"A signed leaf behind it says {void.says()}: it is shown to nobody here.")

    def _headers(self, directory: Path) -> list[_Segment]:
        found = []
        for path in segment_paths(directory):
            with SegmentFile(path) as file:
                try:
                    header = file.header()
                except DecodeError as error:
                    self.report.faults.append(f"{path.name}: {error.message}.")
                    continue
            if header.origin == self._origin:
                found.append(_Segment(path, header))
            else:
                self.report.faults.append(f"{path.name} belongs to {header.origin!r}, not to {self._origin!r}.")
        return sorted(found, key=lambda one: one.header.generation)

    def _newest(self) -> _Newest | None:
        for path, header in reversed(self._segments):
            note = header.note
            with SegmentFile(path) as file:
                for unit in file.units(header):
                    note = unit.commit.note
            checkpoint = verify_note(note, self._origin, self._trust)
            if checkpoint is not None:
                signers = keys_of(self._trust, self._origin, checkpoint.size)
                key = next(one for one in signers if verify_note(note, self._origin, one) is not None)
                return _Newest(checkpoint, note, key.public_bytes_raw().hex())
            if note:
                self.report.faults.append(f"{path.name}: its newest checkpoint is not signed by this store's key.")
        return None

    # A record that left

    def _evicted(self, audit: Path | None) -> None:
        report = self.report
        covered = False
        for notice in self._notices():
            if int(notice["minimum_after"]) > report.sequence:
                covered = True
                if int(notice["first_sequence"]) <= report.sequence < int(notice["next_sequence"]):
                    report.notice = notice
                    break
        place = "a signed leaf of this ledger"
        if report.notice is None and covered and audit is not None:
            report.notice = self._audited(audit)
            place = "the signed audit log; the notice's own leaf has been evicted since"
        if not covered:
            report.faults.append(
                f"Record {report.sequence} is missing: it is older than what is there, and no notice says that it left."
            )
            return
        report.state = RecordState.EVICTED
        if report.notice is None:
            report.said.append(
                f"Record {report.sequence} was evicted: a signed notice says that everything before it was. The notice "
                "that named its own segment has been evicted since; the audit log has it."
            )
            return
        notice = report.notice
        report.said.append(
            f"Record {report.sequence} was evicted with notice, among records {notice['first_sequence']} to "
            f"{int(notice['next_sequence']) - 1} of {notice['segment']} (generation {notice['generation']}). "
            f"The notice stands in {place}."
        )

    def _notices(self) -> Iterator[dict[str, Any]]:
        """Notices under a sound signature, oldest first."""
        for path, header in self._segments:
            proof = SegmentProof(header, self._trust)
            with SegmentFile(path) as file:
                for unit in file.units(header):
                    wrong = proof.unit(unit)
                    notice = notice_of(unit)
                    # The commit's copy is under the chain, the leaf under the tree: either alone would do.
                    if notice is not None and wrong is None and all(leaf.sound for leaf in own_leaves(file, unit)):
                        yield dict(notice)

    def _audited(self, audit: Path) -> dict[str, Any] | None:
        found = verify_audit(audit, self._trust, whole=False)
        if not found.ok:
            self.report.faults.append(f"Audit log: {found.faults[0]}.")
            return None
        with (audit / "audit.jsonl").open("rb") as lines:
            for line in lines:
                if b'"kind":"eviction"' not in line:
                    continue
                fields = json.loads(line)["fields"]
                if fields["first_sequence"] <= self.report.sequence < fields["next_sequence"]:
                    return {name: value for name, value in fields.items() if name != "summary"}
        return None

    # A record that is there

    def _there(self, newest: _Newest) -> None:
        report = self.report
        at = max(index for index, one in enumerate(self._segments) if one.header.first_sequence <= report.sequence)
        path, header = self._segments[at]
        with SegmentFile(path) as file:
            held = self._find(file, header)
            if held is None:
                report.faults.append(
                    f"Record {report.sequence} is missing: it belongs in {path.name}, which was damaged or whose "
                    "successor was lost."
                )
                return
            report.order = held.extent.uid.hex()
            report.leaf = held.leaf.hex()
            report.commit, report.committed_us = held.unit.commit.number, held.unit.commit.time_us
            report.state = self._octets(file, header, held)
        if report.state is RecordState.CHANGED:
            report.faults.append(f"{path.name}: record {report.sequence} is not the one that was signed.")
            return
        self._path(at, held, newest)
        if report.faults:
            report.state = RecordState.CHANGED if not report.proof else report.state
            return
        what = "is the one that was signed, octet for octet"
        if report.state is RecordState.PROVEN_BY_HASH:
            what = "is in the ledger by its hash; its octets were not read, their data key is not here"
        report.said += [
            f"Record {report.sequence} {what}.",
            f"It was committed {utc(held.unit.commit.time_us)} with commit {report.commit}, and stands under "
            f"the {report.size} records of the newest checkpoint by a path of {len(report.proof)} hashes.",
            f"That checkpoint is signed by the key {newest.key[:16]}.",
        ]

    def _find(self, file: SegmentFile, header: frames.SegmentHeader) -> _Held | None:
        """The record in its segment; what is wrong on the way to it is a fault of the report."""
        report, proof = self.report, SegmentProof(header, self._trust)
        tree = CompactRange(header.first_sequence, header.peaks)
        for unit in file.units(header):
            wrong = proof.unit(unit)
            for data in unit.data:
                row = report.sequence - data.first_sequence
                if 0 <= row < data.records and data.first_sequence == tree.size:
                    if wrong is not None:
                        report.faults.append(f"{file.path.name}, octet {unit.offset}: {wrong}.")
                    tree.extend(data.meta.hashes[: 32 * row])
                    leaf = data.meta.hashes[32 * row : 32 * row + 32]
                    extent = next(one for one in data.meta.extents if one.first_row <= row < one.first_row + one.rows)
                    return _Held(unit, data, extent, leaf, tree)
                tree.extend(data.meta.hashes)
        return None

    def _octets(self, file: SegmentFile, header: frames.SegmentHeader, held: _Held) -> RecordState:
        row = self.report.sequence - held.data.first_sequence - held.extent.first_row
        try:
            octets = file.extent_octets(header, held.data, held.extent, self._keys)
        except DecodeError:
            # Another record of the extent may have been changed, and not this one.
            octets = file.changed_octets(held.data, held.extent, self._keys) if self._keys is not None else None
            self.report.said.append("The octets it is encrypted with were changed; this was judged by its own hash.")
        if octets is None:
            if self._keys is not None and self._keys.withdrawn(OrderUid(held.extent.uid)):
                self.report.said.append("Its order's data key was withdrawn by a hold and is sealed to the court.")
            return RecordState.PROVEN_BY_HASH
        sound = bool(sound_rows(held.data, held.extent, octets)[row])
        return RecordState.PROVEN if sound else RecordState.CHANGED

    def _path(self, at: int, held: _Held, newest: _Newest) -> None:
        """The audit path to the newest checkpoint. Left of the record stand the peaks of the tree before it; right of
        it the subtrees are made from the leaf hashes behind it, one after the other."""
        report, size = self.report, newest.checkpoint.size
        roots: dict[tuple[int, int], bytes] = {}
        first = 0
        for peak in held.before.peaks():
            count = 1 << (report.sequence - first).bit_length() - 1
            roots[first, count] = peak
            first += count
        wanted: list[tuple[int, int]] = []

        def note(start: int, count: int) -> bytes:
            wanted.append((start, count))
            return b""

        inclusion_proof(note, report.sequence, size)
        hashes = self._behind(at, report.sequence + 1)
        left = memoryview(b"")
        for start, count in sorted(span for span in wanted if span[0] > report.sequence):
            tree = CompactRange()
            while tree.size < count:
                if not left:
                    found = next(hashes, None)
                    if found is None:
                        report.faults.append(f"The hashes of records {start} to {start + count - 1} cannot be read.")
                        return
                    left = memoryview(found)
                taken = 32 * (count - tree.size)
                tree.extend(left[:taken])
                left = left[taken:]
            roots[start, count] = tree.root()
        for _ in hashes:
            # To the end, for what is kept elsewhere to be compared.
            pass
        path = inclusion_proof(lambda start, count: roots[start, count], report.sequence, size)
        if not verify_inclusion(held.leaf, report.sequence, size, path, newest.checkpoint.root):
            report.faults.append(
                f"Record {report.sequence} does not stand under the newest checkpoint: something behind it was changed."
            )
            return
        report.proof = [node.hex() for node in path]

    def _behind(self, at: int, sequence: int) -> Iterator[bytes]:
        """Leaf hashes from `sequence` on, a frame's at a time; each frame where it belongs, or no more."""
        tree: CompactRange | None = None
        for path, header in self._segments[at:]:
            if tree is None:
                tree = CompactRange(header.first_sequence, header.peaks)
            with SegmentFile(path) as file:
                for unit in file.units(header):
                    for data in unit.data:
                        if data.first_sequence != tree.size:
                            return
                        tree.extend(data.meta.hashes)
                        skipped = min(max(sequence - data.first_sequence, 0), data.records)
                        if skipped < data.records:
                            yield data.meta.hashes[32 * skipped :]
                    self._compare(tree)

    def _compare(self, tree: CompactRange) -> None:
        """Hold the tree against what is kept elsewhere, where it was signed at this very size."""
        for name, known in self.known:
            if known.size == tree.size and known.root != tree.root():
                self.report.faults.append(f"The first {tree.size} records are not those of {name}.")
