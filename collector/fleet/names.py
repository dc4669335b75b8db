"""What a collector and the marks of its fleet say to each other: streams, claims, batches and answers.

Values alone; nothing here knows of a database. A *shard* is one collector of the fleet. A *token* says under which
claim of a stream a shard stores: each claim adds one, and who holds an older one has lost the stream. LIIDs are octets
as they came, never the ids of one process's table. Numbers are as in `collector.stream_table`: mark -1 for none yet,
epoch from 0, times in microseconds or NEVER.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, NamedTuple, Protocol

from asn1.errors import LabError
from collector.stream_table import NEVER, TARGET_UNKNOWN

MAX_NAMES: Final = 65_536
"""Streams of one call of `claim`, and of one batch. A piece of a connection wants at most some thousands."""
ONCE_OCTETS: Final = 32
"""Length of a `once` digest (SHA-256)."""

Gaps = tuple[tuple[int, int, int], ...]
"""Open gaps of a stream: (epoch, first, last), both missing, oldest first; at most `verify.MAX_RANGES`."""


class FencedError(LabError):
    """Another process runs under this shard's name: this one may not mark any more and has to stop."""


class StreamName(NamedTuple):
    """A stream by its octets. `kind` 0 IRI, 1 CC; `cin` -1 for records without one; `cin` -2 with kind 0 is a LIID's
    own counter."""

    liid: bytes
    cin: int
    kind: int


class Moved(NamedTuple):
    """Where a stream stands behind a batch. `gaps`: all that are open, or None when the batch did not change them."""

    name: StreamName
    token: int
    epoch: int
    mark: int
    gaps: Gaps | None


class Known(NamedTuple):
    """What is known of a communication: `target` TARGET_* of `stream_table`, `originates` 0 or 1, -1 unknown; times
    NEVER where nothing is known."""

    liid: bytes
    cin: int
    target: int
    originates: int
    answered_us: int
    first_cc_us: int
    last_reset_us: int


class Claimed(NamedTuple):
    """A stream that is ours under `token`, and where whoever had it before left it."""

    name: StreamName
    token: int
    epoch: int
    mark: int
    gaps: Gaps
    known: Known


class MarkBatch(NamedTuple):
    """One durable commit of a shard's store. `commit`: its number; `records`: the store's size behind it; `note`:
    its signed checkpoint; `once`: digests of which one shard alone may store the octets. A stream stands in
    `moved` once."""

    commit: int
    records: int
    note: str
    moved: tuple[Moved, ...]
    known: tuple[Known, ...]
    once: tuple[bytes, ...]


class Marked(NamedTuple):
    """The answer to a batch. `lost`: streams of it that are not ours under the token they had in it: nothing of them
    was marked, and who has claimed one again since then under a newer token keeps that. `twice`: `once` digests that
    another shard has. `learned`: what is known of the batch's communications, where that is more than the batch said.
    Both are owed until `Marks.settled`: they come back with `Registered` after a restart."""

    commit: int
    lost: frozenset[StreamName]
    twice: frozenset[bytes]
    learned: tuple[Known, ...]


class Registered(NamedTuple):
    """`incarnation`: which start of this shard we are, from 1; `last_commit`: the newest commit that is marked, -1 for
    none. `owed`: answers with something lost or stored twice that an earlier start got, and did not settle: void it
    before anything is marked or claimed. `naming`: the key under which a call that has no number gets one, the same at
    all shards: else one call would be two communications, and what is decided on one of them not hold for the other."""

    incarnation: int
    last_commit: int
    owed: tuple[Marked, ...]
    naming: bytes


class MarksState(NamedTuple):
    """For a status page. `waiting`: batches durable here and not yet marked; `claiming`: calls of `claim` not yet
    answered; `error`: a sentence while PostgreSQL is away, else empty."""

    connected: bool
    waiting: int
    claiming: int
    marked_commit: int
    claimed: int
    lost: int
    twice: int
    error: str


class Marks(Protocol):
    """What the intake sees of the fleet (`keeper.MarkKeeper`). Called from the event loop's thread; each call is
    answered once, later, in the same thread."""

    def claim(self, names: Sequence[StreamName], done: Callable[[list[Claimed]], None]) -> None:
        """Answers when all of `names` are claimed, in no particular order; at most MAX_NAMES. A stream that is ours
        already keeps its token, and comes with the mark of its last marked batch, which may be behind ours: who has it
        claimed when the answer comes leaves it as it is."""

    def mark(self, batch: MarkBatch, done: Callable[[Marked], None]) -> None:
        """In the order of commits; answers come in that order."""

    def settled(self, commit: int) -> None:
        """What was lost or stored twice in commits up to this one is voided, and that is durable."""

    @property
    def state(self) -> MarksState: ...


def nothing_known(liid: bytes, cin: int) -> Known:
    return Known(liid, cin, TARGET_UNKNOWN, -1, NEVER, NEVER, NEVER)


def merged(held: Known, said: Known) -> Known:
    """What is known after `said` is added to `held`: a mismatch stays one, the first direction stays, the earliest
    answer and content, the latest reset. The statement in `shared` does the same."""
    return Known(
        held.liid,
        held.cin,
        max(held.target, said.target),
        held.originates if held.originates >= 0 else said.originates,
        _earlier(held.answered_us, said.answered_us),
        _earlier(held.first_cc_us, said.first_cc_us),
        max(held.last_reset_us, said.last_reset_us),
    )


def _earlier(one_us: int, other_us: int) -> int:
    if NEVER in (one_us, other_us):
        return max(one_us, other_us)
    return min(one_us, other_us)
