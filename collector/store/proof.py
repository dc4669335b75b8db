"""Whether a segment's units are what was signed, checked while they are read one after another (R-090).

A segment's header carries the signed state it began from, so each segment proves itself: its own tree and chain grow
with each unit and are held against that unit's checkpoint. A unit that does not hold is named and gone past; what
follows it is judged on its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from asn1.errors import DecodeError
from collector.store import frames
from collector.store.pack import HASH_OCTETS
from collector.store.recovery import check_note, start_fault
from collector.store.walk import Unit
from mediation.ledger.checkpoint import Trust
from mediation.ledger.kernel import CompactRange


class UnitProof(Protocol):
    """Says of the units of one segment, in their order, what is wrong with them."""

    def unit(self, unit: Unit) -> str | None: ...


class SegmentProof:
    """`public_key` None: nothing is checked, and nothing is said to be wrong."""

    def __init__(self, header: frames.SegmentHeader, public_key: Trust | None) -> None:
        self._header = header
        self._public_key = public_key
        self._chain = header.chain
        self._next_commit = header.first_commit
        self._tree = CompactRange()
        self._start_fault: str | None = None
        if public_key is None:
            return
        try:
            self._tree = CompactRange(header.first_sequence, header.peaks)
            self._start_fault = start_fault(header, self._tree, public_key)
        except DecodeError as error:
            self._start_fault = error.message

    def unit(self, unit: Unit) -> str | None:
        """What is wrong with the next unit, None when it is signed. Units come in their order, none left out."""
        if self._public_key is None:
            return None
        wrong = self._start_fault
        for data in unit.data:
            if data.first_sequence != self._tree.size:
                wrong = wrong or f"its records stand where record {self._tree.size} belongs"
            self._tree.extend(data.meta.hashes)
        digests = [data.meta.digest for data in unit.data]
        commit = unit.commit
        grown = frames.commit_chain(
            self._chain, self._header.digest, commit.number, commit.time_us, digests, commit.records
        )
        if commit.number != self._next_commit:
            wrong = wrong or f"commit {commit.number} stands where {self._next_commit} belongs"
        wrong = wrong or check_note(commit.note, self._header.origin, self._public_key, self._tree, grown)
        self._chain, self._next_commit = grown, commit.number + 1
        return wrong


class KnownProof:
    """Of units whose signatures were checked a moment ago: whether they are those still. `chains` are the chain values
    by commit, which bind everything of a unit but its leaf hashes; `hashes` those of the leaves from `first` on."""

    def __init__(self, header: frames.SegmentHeader, chains: Mapping[int, bytes], first: int, hashes: bytes) -> None:
        self._header = header
        self._chains = chains
        self._first = first
        self._hashes = hashes
        self._chain = header.chain

    def unit(self, unit: Unit) -> str | None:
        commit = unit.commit
        digests = [data.meta.digest for data in unit.data]
        self._chain = frames.commit_chain(
            self._chain, self._header.digest, commit.number, commit.time_us, digests, commit.records
        )
        same = self._chain == self._chains.get(commit.number)
        for data in unit.data:
            at = HASH_OCTETS * (data.first_sequence - self._first)
            same = same and data.meta.hashes == self._hashes[at : at + len(data.meta.hashes)]
        return None if same else "it is another one than was signed"
