"""What the fleet keeps of a shard for the day it is lost: its segments, and copies of its audit entries.

Rules. Copies prove nothing by themselves; the shard's signed ledgers do. They say what there was: which numbers lay in
which segment, what was evicted with notice, and every audit entry that was signed, octet by octet, so that its leaf
hash can be made again. An entry that differs from its copy is not written over: it is named, since one of the two was
changed, and so is a log that is shorter than what was copied of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple

import psycopg

from collector.fleet.session import Session
from collector.fleet.tables import Numbers, Octets, Row

MAX_ENTRY_OCTETS: Final = 1 << 20
"""Of one audit entry; a longer line is no entry of ours."""
COPY_OCTETS: Final = 1 << 20
"""Copied at once."""

_KEEP: Final = """
INSERT INTO fleet.segments AS s (shard, generation, first_sequence, records, first_commit, octets)
SELECT %(shard)s, u.* FROM unnest(%(generation)b::bigint[], %(first)b::bigint[], %(records)b::bigint[],
    %(commit)b::bigint[], %(octets)b::bigint[]) AS u
ON CONFLICT (shard, generation) DO UPDATE SET records = excluded.records, octets = excluded.octets
WHERE s.records <> excluded.records OR s.octets <> excluded.octets"""
_EVICTED: Final = """
UPDATE fleet.segments SET evicted_us = fleet.now_us(NULL)
WHERE shard = %(shard)s AND generation < %(oldest)s AND evicted_us IS NULL"""
_COPIED: Final = "SELECT max(sequence) FROM fleet.audit WHERE shard = %(shard)s"
_COPY: Final = """
INSERT INTO fleet.audit (shard, sequence, octets)
SELECT %(shard)s, u.* FROM unnest(%(sequence)b::bigint[], %(octets)b::bytea[]) AS u
ON CONFLICT (shard, sequence) DO NOTHING"""
_DIFFER: Final = """
SELECT u.sequence FROM unnest(%(sequence)b::bigint[], %(octets)b::bytea[]) AS u (sequence, octets)
JOIN fleet.audit a ON a.shard = %(shard)s AND a.sequence = u.sequence AND a.octets <> u.octets ORDER BY 1"""


class Segment(NamedTuple):
    """`records` and `octets` as of now, for the one that is still written."""

    generation: int
    first_sequence: int
    records: int
    first_commit: int
    octets: int


class Copied(NamedTuple):
    """An audit entry: the octets of its leaf, a line without its end."""

    sequence: int
    octets: bytes


class SharedCatalogue:
    """One shard's part of it. One thread. Raises AwayError."""

    def __init__(self, session: Session, shard: str) -> None:
        self._session = session
        self._shard = shard

    def keep(self, segments: Sequence[Segment]) -> None:
        """The segments there are, oldest first. Older ones that are known left with notice, and stay named."""
        if not segments:
            return
        generations, firsts, records, commits, octets = zip(*segments, strict=True)
        values = {
            "shard": self._shard,
            "generation": Numbers(generations),
            "first": Numbers(firsts),
            "records": Numbers(records),
            "commit": Numbers(commits),
            "octets": Numbers(octets),
            "oldest": min(generations),
        }

        def work(connection: psycopg.Connection[Row]) -> None:
            connection.execute(_KEEP, values)
            connection.execute(_EVICTED, values)

        self._session.transaction(work)

    def copied(self) -> int:
        """How many audit entries of this shard were copied."""
        ((newest,),) = self._session.statement(lambda one: one.execute(_COPIED, {"shard": self._shard}).fetchall())
        return 0 if newest is None else int(newest) + 1

    def copy(self, entries: Sequence[Copied]) -> list[int]:
        """The numbers of those that are there already with other octets: these are left as they are."""
        if not entries:
            return []
        sequences, octets = zip(*entries, strict=True)
        values = {"shard": self._shard, "sequence": Numbers(sequences), "octets": Octets(octets)}

        def work(connection: psycopg.Connection[Row]) -> list[int]:
            connection.execute(_COPY, values)
            return [row[0] for row in connection.execute(_DIFFER, values)]

        return self._session.transaction(work)


class AuditTail:
    """Entries of an audit log by their numbers, read beside its writer, each once and forward."""

    def __init__(self, directory: Path) -> None:
        self._path = directory / "audit.jsonl"
        self._offset = 0
        self._next = 0

    def read(self, first: int, below: int) -> list[Copied]:
        """From entry `first`, as many as COPY_OCTETS holds, none from number `below` on: those are not signed yet.
        Raises OSError."""
        if first < self._next:
            self._offset = self._next = 0
        found: list[Copied] = []
        octets = 0
        if self._next >= below:
            return found
        with self._path.open("rb") as lines:
            lines.seek(self._offset)
            while self._next < below and octets < COPY_OCTETS:
                line = lines.readline(MAX_ENTRY_OCTETS)
                if not line.endswith(b"\n"):
                    break
                if self._next >= first:
                    found.append(Copied(self._next, line[:-1]))
                    octets += len(line)
                self._next += 1
                self._offset += len(line)
        return found
