"""What sealed copies and evidence bundles are made of: proofs over what survives of a tree, records as lines, files."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from collector.store.pack import envelope
from collector.store.reader import DataView, LeafHashes, StoredRecord
from mediation.law.orders import OrderUid
from mediation.ledger.kernel import node_hash
from mediation.ledger.proofs import inclusion_proof


class Subtrees:
    """Roots of subtrees over what survives of a tree: leaf hashes from `first` on, and the peaks before them."""

    def __init__(self, leaves: LeafHashes) -> None:
        self.first = leaves.first
        self._hashes = leaves.hashes
        self.note = leaves.note
        self.size = leaves.first + len(leaves.hashes) // 32
        self._roots: dict[tuple[int, int], bytes] = {}
        at = 0
        for peak in leaves.peaks:
            count = 1 << (leaves.first - at).bit_length() - 1
            self._roots[at, count] = peak
            at += count

    def root(self, first: int, count: int) -> bytes:
        """As `mediation.ledger.proofs.SubtreeRoot`. What lies wholly before the survivors is a peak, or never asked."""
        if count == 1 and first >= self.first:
            at = 32 * (first - self.first)
            return self._hashes[at : at + 32]
        found = self._roots.get((first, count))
        if found is None:
            left = 1 << (count - 1).bit_length() - 1
            found = node_hash(self.root(first, left), self.root(first + left, count - left))
            self._roots[first, count] = found
        return found

    def proof(self, sequence: int) -> list[bytes]:
        return inclusion_proof(self.root, sequence, self.size)


def of_order(view: DataView, uid: OrderUid) -> np.ndarray[Any, Any]:
    mask = np.zeros(len(view.rows), bool)
    for extent in view.extents:
        if extent.uid == uid:
            mask[extent.first_row : extent.first_row + extent.rows] = True
    return mask


def record_line(record: StoredRecord, offset: int, tree: Subtrees) -> dict[str, Any]:
    assert record.octets is not None
    head = envelope(
        record.verdict,
        record.form,
        record.version,
        record.reasons,
        record.sequence,
        record.received_us,
        record.event_us,
        record.uid,
        len(record.octets),
    )
    return {
        "sequence": record.sequence,
        "envelope": head.hex(),
        "offset": offset,
        "octets": len(record.octets),
        "proof": [node.hex() for node in tree.proof(record.sequence)],
    }


def canonical(value: dict[str, Any]) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()


def sha256_of(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        for chunk in _pieces(stream.read):
            digest.update(chunk)
    return digest.hexdigest()


def _pieces(read: Callable[[int], bytes]) -> Iterator[bytes]:
    while chunk := read(1 << 20):
        yield chunk


def sync_file(path: Path) -> None:
    path.chmod(0o600)
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
