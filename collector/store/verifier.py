"""Offline verification of a whole store: what is proven, by which key, what left with notice, what is wrong.

Streaming, one unit in memory. Nothing of the collector need run, and nothing it says is believed: every checkpoint's
signature, every chain value, every leaf hash is recomputed. Without data keys the octets cannot be read; then the
stored leaf hashes are held against the signed roots, and the report says so. The same holds for an order whose
key was withdrawn (R-041): how many, when, which verdict stay proven by rows and hashes, the octets wait for the court.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from asn1.errors import DecodeError, LocalError
from collector.standing import Entry, entries_of
from collector.store import frames
from collector.store.ahead import ReadAhead
from collector.store.audit_log import AuditReport, verify_audit
from collector.store.keys import Keys
from collector.store.pack import rehash
from collector.store.recovery import check_note, notice_of, start_fault
from collector.store.settings import CLOCK_STEP_US
from collector.store.walk import DataFrame, SegmentFile, Unit, own_leaves, segment_paths, uid_version
from collector.voids import Voids, void_of
from mediation.law.orders import OrderUid
from mediation.ledger.checkpoint import Trust, verify_note
from mediation.ledger.epochs import KeyHistory
from mediation.ledger.kernel import CompactRange
from mediation.ledger.witness import verify_cosigned


class Witnessed(NamedTuple):
    """The newest checkpoint that a witness keeps, and whose signature stands under it."""

    note: bytes
    name: str
    public_key: Ed25519PublicKey


@dataclass(slots=True)
class VerifyReport:
    """`tampered` and `findings` are sentences. `ok` is false when anything is tampered with or missing."""

    records: int = 0
    checkpoints: int = 0
    evicted_with_notice: int = 0
    missing: int = 0
    tampered: list[str] = field(default_factory=list)
    findings: list[str] = field(default_factory=list)
    unreadable: int = 0
    withdrawn: int = 0
    """Of the unreadable, those whose order's key was withdrawn."""
    decisions: int = 0
    """About stored records (`standing.py`), those carried forward counted once."""
    voided: int = 0
    """Of `records`, those that another shard has (`collector.voids`)."""
    size: int = 0
    root: str = ""
    audit: AuditReport = field(default_factory=lambda: AuditReport(0, 0, ()))

    @property
    def ok(self) -> bool:
        return not self.tampered and not self.missing and self.audit.ok

    def as_dict(self, seconds: float) -> dict[str, Any]:
        """The object of `verify --json`."""
        return {
            "ok": self.ok,
            "records": self.records,
            "checkpoints": self.checkpoints,
            "evicted_with_notice": self.evicted_with_notice,
            "missing": self.missing,
            "tampered": self.tampered,
            "audit": {"entries": self.audit.entries, "ok": self.audit.ok, "faults": list(self.audit.faults)},
            "seconds": round(seconds, 3),
            "size": self.size,
            "root": self.root,
            "unreadable": self.unreadable,
            "withdrawn": self.withdrawn,
            "decisions": self.decisions,
            "voided": self.voided,
            "findings": self.findings,
        }


def verify_store(
    directory: Path,
    public_key: Trust,
    keys: Keys | None = None,
    pin: Path | None = None,
    audit: Path | None = None,
    origin: str = "calea-lab/collector",
    witnessed: Witnessed | None = None,
) -> VerifyReport:
    """Verify the segments in `directory`, the audit log in `audit` and what a witness signed, when given. Never raises
    for what it finds."""
    report = VerifyReport()
    walk = _Walk(report, public_key, keys, origin)
    headers = _headers(directory, report)
    with ReadAhead([path for path, _ in headers]) as ahead:
        for index, (path, header) in enumerate(headers):
            with SegmentFile(path) as file:
                walk.segment(file, path, header, index == len(headers) - 1, partial(ahead.reached, index))
    walk.finish(headers)
    if pin is not None and pin.exists():
        _check_pin(pin, walk, report)
    if witnessed is not None:
        _check_witness(witnessed, walk, report)
    if audit is not None:
        report.audit = verify_audit(audit, public_key, whole=False)
        if not report.audit.signed_entries and report.size and report.audit.ok:
            # The collector signs its first entries before it takes its first record.
            nothing = "no entry of it is signed, though records are stored: it was removed or replaced"
            report.audit = AuditReport(report.audit.entries, 0, (nothing,))
        report.findings += [f"Audit log: {fault}." for fault in report.audit.faults]
    return report


def _headers(directory: Path, report: VerifyReport) -> list[tuple[Path, frames.SegmentHeader]]:
    found = []
    for path in segment_paths(directory):
        with SegmentFile(path) as file:
            try:
                found.append((path, file.header()))
            except DecodeError as error:
                report.tampered.append(f"{path.name}: {error.message}.")
    found.sort(key=lambda one: one[1].generation)
    return found


class _Walk:
    def __init__(self, report: VerifyReport, public_key: Trust, keys: Keys | None, origin: str) -> None:
        self.report = report
        self._public_key = public_key
        self._keys = keys
        self._origin = origin
        self.tree: CompactRange | None = None
        self._chain = bytes(32)
        self._next_commit = 0
        self._notice_minimum = 0
        self._first_us: int | None = None
        self._last_us = 0
        self._steps_back: list[int] = []
        """Commits whose clock stood before that of the commit before."""
        self.sizes: dict[int, bytes] = {}
        self._decisions: dict[int, Entry] = {}
        self._voids = Voids()

    def segment(
        self,
        file: SegmentFile,
        path: Path,
        header: frames.SegmentHeader,
        newest: bool,
        reached: Callable[[int], None],
    ) -> None:
        if header.origin != self._origin:
            self.report.tampered.append(f"{path.name} belongs to {header.origin!r}, not to {self._origin!r}.")
            return
        if self.tree is None:
            self._start(path, header)
        elif (header.first_sequence, header.first_commit, header.chain) != (
            self.tree.size,
            self._next_commit,
            self._chain,
        ):
            gap = header.first_sequence - self.tree.size
            self.report.missing += max(gap, 0)
            self.report.tampered.append(
                f"{path.name} does not continue the segment before it (record {self.tree.size})."
            )
            self._start(path, header)
        end = frames.BLOCK
        for unit in file.units(header):
            self._unit(file, path, header, unit)
            end = unit.end
            reached(end)
        later = file.later_commit(header, end, self._next_commit - 1, self._public_key) if newest else None
        if later is not None:
            self.report.tampered.append(f"{path.name} is damaged at octet {end}: records behind it cannot be reached.")

    def _start(self, path: Path, header: frames.SegmentHeader) -> None:
        try:
            self.tree = CompactRange(header.first_sequence, header.peaks)
        except DecodeError as error:
            self.report.tampered.append(f"{path.name}: {error.message}.")
            self.tree = CompactRange()
        wrong = start_fault(header, self.tree, self._public_key)
        if wrong is not None:
            self.report.tampered.append(f"{path.name}: {wrong}.")
        self._chain, self._next_commit = header.chain, header.first_commit

    def _unit(self, file: SegmentFile, path: Path, header: frames.SegmentHeader, unit: Unit) -> None:
        assert self.tree is not None
        place = f"{path.name}, octet {unit.offset}"
        for data in unit.data:
            if data.first_sequence != self.tree.size:
                self.report.tampered.append(f"{place}: records do not follow on record {self.tree.size}.")
            self._leaves(file, path, header, data)
            self.tree.extend(data.meta.hashes)
            self.report.records += data.records
        self._own(file, place, unit)
        digests = [data.meta.digest for data in unit.data]
        commit = unit.commit
        chain = frames.commit_chain(self._chain, header.digest, commit.number, commit.time_us, digests, commit.records)
        wrong = check_note(commit.note, self._origin, self._public_key, self.tree, chain)
        if wrong is not None or chain != commit.chain or commit.number != self._next_commit:
            self.report.tampered.append(f"{place}: commit {commit.number}: {wrong or 'it is out of order'}.")
        else:
            self.report.checkpoints += 1
        notice = notice_of(unit)
        if notice is not None:
            self._notice_minimum = int(str(notice["minimum_after"]))
        self._chain, self._next_commit = chain, commit.number + 1
        self._first_us = commit.time_us if self._first_us is None else self._first_us
        if commit.time_us < self._last_us - CLOCK_STEP_US:
            self._steps_back.append(commit.number)
        self._last_us = commit.time_us
        self.sizes[self.tree.size] = self.tree.root()

    def _own(self, file: SegmentFile, place: str, unit: Unit) -> None:
        """Decisions about records and voids must be readable, and a decision says the same wherever it was carried."""
        for leaf in own_leaves(file, unit):
            try:
                entries, void = entries_of(leaf.octets, leaf.sequence), void_of(leaf.octets, leaf.sequence)
            except DecodeError as error:
                self.report.tampered.append(f"{place}: {error.message}.")
                continue
            if void is not None:
                self._voids.add(void)
            for sequence, entry in entries:
                if self._decisions.setdefault(sequence, entry) != entry:
                    self.report.tampered.append(f"{place}: decision {sequence} is carried on as another one.")
        self.report.decisions = len(self._decisions)

    def _leaves(self, file: SegmentFile, path: Path, header: frames.SegmentHeader, data: DataFrame) -> None:
        for extent in data.meta.extents:
            first = data.first_sequence + extent.first_row
            try:
                octets = file.extent_octets(header, data, extent, self._keys)
                if octets is None:
                    self.report.unreadable += extent.rows
                    if self._keys is not None and self._keys.withdrawn(OrderUid(extent.uid)):
                        self.report.withdrawn += extent.rows
                    continue
                hashes = rehash(data.extent_rows(extent), memoryview(octets), uid_version(extent), first)
            except (DecodeError, LocalError) as error:
                last = first + extent.rows - 1
                self.report.tampered.append(f"{path.name}: among records {first} to {last}: {error}.")
                continue
            stored = data.meta.hashes[32 * extent.first_row : 32 * (extent.first_row + extent.rows)]
            if hashes == stored:
                continue
            for row in range(extent.rows):
                if hashes[32 * row : 32 * row + 32] != stored[32 * row : 32 * row + 32]:
                    self.report.tampered.append(f"{path.name}: record {first + row} is not the one that was signed.")

    def finish(self, headers: list[tuple[Path, frames.SegmentHeader]]) -> None:
        report = self.report
        if self.tree is None:
            report.findings.append("The store is empty.")
            return
        oldest = headers[0][1].first_sequence
        report.size, report.root = self.tree.size, self.tree.root().hex()
        report.voided = self._voids.count(oldest, max(report.size - 1, oldest))
        report.evicted_with_notice = min(self._notice_minimum, oldest)
        if oldest > self._notice_minimum:
            report.missing += oldest - self._notice_minimum
            report.tampered.append(
                f"Records {self._notice_minimum} to {oldest - 1} are missing: no notice of their eviction is there."
            )
        since = utc(self._first_us or 0)
        report.findings.append(
            f"{report.records} records under {report.checkpoints} signed checkpoints since {since}, "
            f"the newest of {utc(self._last_us)}."
        )
        if self._steps_back:
            report.findings.append(
                f"The clock was set back {len(self._steps_back)} times, first at commit {self._steps_back[0]}: times "
                "before and behind it do not compare; the order of the records is proven all the same."
            )
        report.findings.append(_by_which_key(self._public_key))
        if report.evicted_with_notice:
            report.findings.append(f"{report.evicted_with_notice} older records were evicted with signed notice.")
        if report.decisions:
            report.findings.append(
                f"{report.decisions} decisions about stored records are in it (held, withheld, released)."
            )
        if report.voided:
            report.findings.append(
                f"{report.voided} records are voided: another shard has them, and nobody is shown them here."
            )
        if report.withdrawn:
            report.findings.append(
                f"{report.withdrawn} records lie under keys that were withdrawn by a hold and are sealed to the court."
            )
        if report.unreadable:
            report.findings.append(
                f"The octets of {report.unreadable} records were not readable without their data keys; their stored "
                "hashes agree with the signed roots, the octets themselves were not checked."
            )


def _check_pin(pin: Path, walk: _Walk, report: VerifyReport) -> None:
    checkpoint = verify_note(pin.read_bytes(), walk._origin, walk._public_key)
    size = walk.tree.size if walk.tree is not None else 0
    if checkpoint is None or checkpoint.origin != walk._origin:
        report.tampered.append(f"The pinned checkpoint {pin} is not signed by this key.")
    elif checkpoint.size > size:
        report.missing += checkpoint.size - size
        report.tampered.append(f"{checkpoint.size} records were committed, the store ends at {size}: rolled back.")
    elif checkpoint.size in walk.sizes and walk.sizes[checkpoint.size] != checkpoint.root:
        report.tampered.append("The store is not the one of the pinned checkpoint.")


def _check_witness(witnessed: Witnessed, walk: _Walk, report: VerifyReport) -> None:
    found = verify_cosigned(witnessed.note, witnessed.name, witnessed.public_key)
    if found is None or verify_note(witnessed.note, walk._origin, walk._public_key) is None:
        report.tampered.append(f"What {witnessed.name} keeps is not signed by it and by this store's key.")
        return
    size, here = found.checkpoint.size, walk.tree.size if walk.tree is not None else 0
    when = utc(found.time_s * 1_000_000)
    if size > here:
        report.missing += size - here
        report.tampered.append(f"{witnessed.name} saw {size} records at {when}, the store ends at {here}: rolled back.")
    elif walk.sizes.get(size, found.checkpoint.root) != found.checkpoint.root:
        report.tampered.append(f"The first {size} records are not those that {witnessed.name} saw at {when}.")
    elif size in walk.sizes:
        report.findings.append(f"{witnessed.name} saw the first {size} records at {when}, and they are the same.")
    else:
        report.findings.append(f"What {witnessed.name} saw last, {size} records at {when}, has been evicted since.")


def _by_which_key(trust: Trust) -> str:
    if isinstance(trust, KeyHistory):
        first, newest = trust.epochs[0], trust.newest
        return (
            f"Signed by {newest.number} keys in turn under the root {first.root_key.hex()[:16]}: the first is "
            f"{first.public_key.hex()[:16]}, the newest {newest.public_key.hex()[:16]}."
        )
    if isinstance(trust, Ed25519PublicKey):
        return f"Signed by the key {trust.public_bytes_raw().hex()[:16]}."
    return "Signed by keys that change while this is read."


def utc(time_us: int) -> str:
    """To the second, for a sentence."""
    return (
        datetime.datetime.fromtimestamp(time_us / 1e6, datetime.UTC)
        .isoformat(timespec="seconds")
        .replace("+00:00", "Z")
    )
