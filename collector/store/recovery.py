"""What is in a store directory, and whether it may be gone on with.

Rules. Only what stands behind the last sound commit of the newest segment may be discarded, and of that at most one
unit: the writer never has more in flight. A commit is not sound whose octets a power cut has torn though its frame came
through: blocks of one write reach the disk in any order. What is pinned was durable, so there the same is damage. Any
other fault is damage: recovery stops and names the place. A recycled file whose header was torn is finished only if
the newest notice says that it was being evicted.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from asn1.errors import DecodeError, LocalError
from collector.rows import FORM_NOTICE
from collector.standing import Numbered, entries_of
from collector.store import frames
from collector.store.keys import Keys
from collector.store.pack import rehash
from collector.store.walk import SegmentFile, Unit, own_leaves, segment_paths, uid_version
from collector.voids import Void, void_of
from mediation.ledger.checkpoint import Checkpoint, Trust, verify_note
from mediation.ledger.kernel import CompactRange
from mediation.runtime.process import IntegrityError


class SegmentState(NamedTuple):
    """A segment that is there: where its data ends, and the tree size behind its last commit."""

    path: Path
    header: frames.SegmentHeader
    data_end: int
    next_sequence: int
    commits: int


class Recovered(NamedTuple):
    """`segments` oldest first. `evicted` records left with notice; `notice_chain` is the hash of the newest notice.
    `standings` are the decisions about records, each with the sequence of the leaf it was read in; `voids` say which
    are not ours. `torn` are recycled
    files without a sound header; `discarded_at` is where an unfinished unit was cut off."""

    segments: tuple[SegmentState, ...]
    tree: CompactRange
    chain: bytes
    next_commit: int
    evicted: int
    notice_chain: bytes
    standings: tuple[tuple[int, Numbered], ...]
    voids: tuple[Void, ...]
    torn: tuple[Path, ...]
    discarded_at: int | None
    last_us: int
    """Time of the newest commit, 0 before the first."""


def notice_of(unit: Unit) -> dict[str, object] | None:
    """The eviction notice of a unit that carries one. Its octets are in the commit's record too."""
    for data in unit.data:
        if data.records and data.rows()["form"][0] == FORM_NOTICE:
            for record in unit.commit.records:
                value = json.loads(record)
                if isinstance(value, dict) and "notice" in value:
                    notice = value["notice"]
                    return notice if isinstance(notice, dict) else None
    return None


def recover(directory: Path, origin: str, keys: Keys, durable: int = 0) -> Recovered:
    """Read everything but the octets of old records; `durable`: records that are known to have been on disk. Raises
    IntegrityError naming the place of any damage."""
    headers, torn = _headers(directory)
    tree, chain, next_commit, notice_chain, evicted = CompactRange(), bytes(32), 0, bytes(32), 0
    states: list[SegmentState] = []
    standings: list[tuple[int, Numbered]] = []
    voids: list[Void] = []
    minimum = last_us = 0
    discarded: int | None = None
    for index, (path, header) in enumerate(headers):
        newest = index == len(headers) - 1
        if header.origin != origin:
            raise IntegrityError(f"{path.name} belongs to {header.origin!r}, not to {origin!r}: another store's file.")
        if index == 0:
            tree = _tree_of(path, header)
            wrong = start_fault(header, tree, keys.trust)
            if wrong is not None:
                raise IntegrityError(f"{path.name}: {wrong}. Restore the file from a copy.")
            chain, next_commit, evicted = header.chain, header.first_commit, header.first_sequence
        elif (header.first_sequence, header.first_commit, header.chain) != (tree.size, next_commit, chain):
            raise IntegrityError(
                f"{path.name} does not continue {headers[index - 1][0].name}: it begins at record "
                f"{header.first_sequence}, the one before ends at {tree.size}. A segment was changed, swapped or lost; "
                "restore the store or look at it with 'calea-lab verify'."
            )
        end, commits = frames.BLOCK, 0
        with SegmentFile(path) as file:
            for unit, ends in _marked(file.units(header)):
                if newest and ends and _torn(file, path, header, unit, keys, durable):
                    break
                chain = _continue(path, header, tree, chain, next_commit, unit, keys)
                notice = notice_of(unit)
                if notice is not None:
                    notice_chain = bytes.fromhex(str(notice["chain"]))
                    minimum = int(str(notice["minimum_after"]))
                _decisions(file, path, unit, standings, voids)
                next_commit += 1
                commits += 1
                last_us = unit.commit.time_us
                end = unit.end
            if newest:
                discarded = _tail(file, path, header, end, next_commit, keys)
        states.append(SegmentState(path, header, end, tree.size, commits))
    if evicted > minimum:
        raise IntegrityError(
            f"Records {minimum} to {evicted - 1} are gone and no eviction notice covers them: a segment file was "
            "removed. Restore it."
        )
    stand, gone = tuple(standings), tuple(voids)
    return Recovered(
        tuple(states), tree, chain, next_commit, evicted, notice_chain, stand, gone, tuple(torn), discarded, last_us
    )


def _decisions(
    file: SegmentFile, path: Path, unit: Unit, standings: list[tuple[int, Numbered]], voids: list[Void]
) -> None:
    """Adds those of the unit. Raises IntegrityError."""
    for leaf in own_leaves(file, unit):
        if not leaf.sound:
            raise IntegrityError(
                f"{path.name}, octet {unit.offset}: leaf {leaf.sequence} of the store's own is not the signed one: a "
                "notice or a decision about records was changed. Restore the file from a copy."
            )
        try:
            void = void_of(leaf.octets, leaf.sequence)
            if void is not None:
                voids.append(void)
            standings += [(leaf.sequence, one) for one in entries_of(leaf.octets, leaf.sequence)]
        except DecodeError as error:
            raise IntegrityError(f"{path.name}, octet {unit.offset}: {error.message}.") from error


def _headers(directory: Path) -> tuple[list[tuple[Path, frames.SegmentHeader]], list[Path]]:
    found, torn = [], []
    for path in segment_paths(directory):
        with SegmentFile(path) as file:
            try:
                found.append((path, file.header()))
            except DecodeError:
                torn.append(path)
    found.sort(key=lambda one: one[1].generation)
    generations = [header.generation for _, header in found]
    if len(set(generations)) != len(generations):
        raise IntegrityError("Two segments carry the same generation: a file was copied. Remove the copy.")
    if len(torn) > 1 or (torn and not found):
        raise IntegrityError(f"{torn[0].name} has no readable header: the file was damaged. Restore it from a copy.")
    return found, torn


def _tree_of(path: Path, header: frames.SegmentHeader) -> CompactRange:
    try:
        return CompactRange(header.first_sequence, header.peaks)
    except DecodeError as error:
        raise IntegrityError(f"{path.name}: the header's tree does not add up: {error.message}.") from error


def check_note(note: str, origin: str, public_key: Trust, tree: CompactRange, chain: bytes) -> str | None:
    """What is wrong with a commit's note, None when it is signed and says this tree and chain."""
    checkpoint: Checkpoint | None = verify_note(note, origin, public_key)
    if checkpoint is None:
        return "its checkpoint is not signed by this store's key"
    if (checkpoint.origin, checkpoint.size) != (origin, tree.size):
        return f"its checkpoint speaks of {checkpoint.size} records, there are {tree.size}"
    if checkpoint.root != tree.root():
        return "its records' hashes do not give the signed root"
    if checkpoint.extensions != (chain_line(chain),):
        return "its verdict records or row columns are not the signed ones"
    return None


def start_fault(header: frames.SegmentHeader, tree: CompactRange, public_key: Trust) -> str | None:
    """What is wrong with the state that the oldest segment begins from, None when this key signed it."""
    if header.first_commit == 0 and not header.note:
        return None if tree.size == 0 else "its header begins behind records that no commit stored"
    wrong = check_note(header.note, header.origin, public_key, tree, header.chain)
    return None if wrong is None else f"the state its header begins from does not hold: {wrong}"


def chain_line(chain: bytes) -> str:
    """The extension line of a checkpoint that binds everything of the commits besides the leaves."""
    return f"commits {chain.hex()}"


def _continue(
    path: Path,
    header: frames.SegmentHeader,
    tree: CompactRange,
    chain: bytes,
    number: int,
    unit: Unit,
    keys: Keys,
) -> bytes:
    place = f"{path.name}, octet {unit.offset}"
    if unit.commit.number != number:
        raise IntegrityError(f"{place}: commit {unit.commit.number} stands where {number} belongs.")
    for data in unit.data:
        if data.first_sequence != tree.size:
            raise IntegrityError(f"{place}: records from {data.first_sequence} stand where {tree.size} belongs.")
        tree.extend(data.meta.hashes)
    digests = [data.meta.digest for data in unit.data]
    grown = frames.commit_chain(chain, header.digest, number, unit.commit.time_us, digests, unit.commit.records)
    wrong = check_note(unit.commit.note, header.origin, keys.trust, tree, grown)
    if wrong is not None or grown != unit.commit.chain:
        raise IntegrityError(f"{place}: commit {number}: {wrong or 'its chain value was changed'}.")
    return grown


def _tail(
    file: SegmentFile, path: Path, header: frames.SegmentHeader, end: int, next_commit: int, keys: Keys
) -> int | None:
    """Where the file is to be blanked, so that no octet of an unfinished unit can ever be taken for one; None when
    it is blank. Raises IntegrityError when sound commits stand behind a fault."""
    if end >= file.octets:
        return None
    later = file.later_commit(header, end, next_commit, keys.trust)
    if later is not None:
        raise IntegrityError(
            f"{path.name} is damaged at octet {end}: commit {next_commit} cannot be read, but a later one at octet "
            f"{later} can. Nothing is discarded; restore the file or look at it with 'calea-lab verify'."
        )
    return None if file.is_zero(end) else end


def _marked(units: Iterator[Unit]) -> Iterator[tuple[Unit, bool]]:
    """Each unit, and whether it is the last."""
    before: Unit | None = None
    for unit in units:
        if before is not None:
            yield before, False
        before = unit
    if before is not None:
        yield before, True


def _torn(file: SegmentFile, path: Path, header: frames.SegmentHeader, unit: Unit, keys: Keys, durable: int) -> bool:
    """Whether the newest unit's octets do not decrypt or do not give its leaf hashes, and it may never have been whole.
    Raises IntegrityError where it was."""
    fault = _octets_fault(file, header, unit, keys)
    if fault is not None and unit.size <= durable:
        raise IntegrityError(f"{path.name}, {fault}.")
    return fault is not None


def _octets_fault(file: SegmentFile, header: frames.SegmentHeader, unit: Unit, keys: Keys) -> str | None:
    for data in unit.data:
        for extent in data.meta.extents:
            place = f"octet {data.area_at + extent.offset}"
            rows, first = data.extent_rows(extent), data.first_sequence + extent.first_row
            try:
                octets = file.extent_octets(header, data, extent, keys)
                if octets is None:
                    continue
                hashes = rehash(rows, memoryview(octets), uid_version(extent), first)
            except (DecodeError, LocalError) as error:
                return f"{place}: {error}"
            if hashes != data.meta.hashes[32 * extent.first_row : 32 * (extent.first_row + extent.rows)]:
                return f"{place}: the octets of the newest records are not the signed ones"
    return None
