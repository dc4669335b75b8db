"""What a witness is fed with: the newest checkpoint of a store, and the proof that it grew out of the one before.

Reads beside the writer, without its lock and without keys: only frames' heads and leaf hashes, each unit once. A commit
is submitted when it is known to be durable: another stands behind it, which the writer begins only then, or it is
pinned. Otherwise a power cut could take back what a witness has signed. What a step reads is bounded; a witness that is
far behind comes up in several, from one signed commit to the next.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final, NamedTuple

from asn1.errors import DecodeError
from collector.export.proven import Subtrees
from collector.store.index_tail import StoreTail
from collector.store.reader import LeafHashes
from collector.store.walk import SegmentFile, segment_paths
from mediation.ledger.kernel import CompactRange
from mediation.ledger.proofs import consistency_proof
from mediation.ledger.witness import Submission

STEP_RECORDS: Final = 500_000
"""Most leaf hashes of one step, 16 MB of them."""
_EVERYTHING: Final = 1 << 62


class LostError(Exception):
    """The store no longer holds what lies behind the size that the witness remembers: nothing can be proven from it."""


class _Commit(NamedTuple):
    hashes: bytes
    note: str


class Feed:
    """One store; `pinned` says how many of its records are known to be durable."""

    def __init__(self, store: Path, pinned: Callable[[], int] = lambda: 0) -> None:
        self._store = store
        self._pinned = pinned
        self._tail: StoreTail | None = None
        self._tree = CompactRange()
        self._held: _Commit | None = None
        """Read already, and not known to be durable."""

    def next(self, size: int) -> Submission | None:
        """A submission that starts from `size` records; None when there is nothing new. Raises LostError, OSError,
        DecodeError."""
        if self._tail is None or self._tree.size != size:
            self._rewind(size)
        if self._tail is None:
            return None
        commits = [] if self._held is None else [self._held]
        records = sum(len(one.hashes) // 32 for one in commits)
        for found in self._tail.read(_EVERYTHING):
            first = next((data.first_sequence for data in found.unit.data), None)
            if first is not None and first != size + records:
                self.close()
                raise LostError(f"records from {size + records} to {first} were evicted")
            commits.append(_Commit(b"".join(data.meta.hashes for data in found.unit.data), found.unit.commit.note))
            records += len(commits[-1].hashes) // 32
            if records >= STEP_RECORDS:
                break
        self._held = None
        if commits and size + records > self._pinned():
            self._held = commits.pop()
        hashes = b"".join(one.hashes for one in commits)
        if not hashes:
            # Commits that stored nothing leave the tree as it is: there is nothing to witness in them.
            return None
        tree = Subtrees(LeafHashes(size, self._tree.peaks(), hashes, commits[-1].note))
        self._tree.extend(hashes)
        return Submission(size, tuple(consistency_proof(tree.root, size, tree.size)), tree.note)

    def forget(self) -> None:
        """The last submission was not taken: the next one starts anew."""
        self.close()

    def close(self) -> None:
        if self._tail is not None:
            self._tail.close()
        self._tail = self._held = None

    def _rewind(self, size: int) -> None:
        """Place the tail behind `size` records, and the tree at it."""
        self.close()
        headers = []
        for path in segment_paths(self._store):
            with SegmentFile(path) as file:
                try:
                    headers.append((file.header(), path))
                except DecodeError:
                    continue
        headers.sort(key=lambda one: one[0].generation)
        if not headers:
            return
        if headers[0][0].first_sequence > size:
            raise LostError(f"the oldest record is {headers[0][0].first_sequence}, the witness has seen {size}")
        header, path = [one for one in headers if one[0].first_sequence <= size][-1]
        tree, commit = CompactRange(header.first_sequence, header.peaks), header.first_commit - 1
        with SegmentFile(path) as file:
            for unit in file.units(header):
                if tree.size >= size:
                    break
                for data in unit.data:
                    tree.extend(data.meta.hashes)
                commit = unit.commit.number
        if tree.size > size:
            raise LostError(f"no commit ended at {size} records")
        if tree.size == size:
            self._tree, self._tail = tree, StoreTail(self._store, commit)
