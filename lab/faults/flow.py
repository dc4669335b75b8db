"""What becomes of the octets of one direction of one connection: framed, taken by faults, and let go when it is time.

Sans-IO: `feed` takes what was read, `due` gives what is to be written now, `next_us` says when to ask again. What waits
is bounded: beyond `MAX_QUEUED_OCTETS` the reader waits, and a flood stops.
"""

from __future__ import annotations

from collections import deque
from typing import Final, NamedTuple

from lab.faults.board import Board, LinkSpec, Standing
from lab.faults.records import About, Piece, Records, about, corrupted, with_bad_check, with_number

MAX_QUEUED_OCTETS: Final = 8 << 20
READ_OCTETS: Final = 64 * 1024
TICK_US: Final = 50_000
"""How often a slow reader reads, and how finely time passes at the proxy."""
SUCCESSOR_US: Final = 500_000
"""How long a record that is to leave behind its successor waits for one."""
_BY_RECORD: Final = (
    "loss", "reorder", "duplicate", "corrupt", "flood", "sequence_jump", "missed_keepalive", "bad_integrity",
)  # fmt: skip


class _Waiting(NamedTuple):
    octets: bytes
    at_us: int


class Flow:
    """One direction (`up` from who connects to who listens). Of datagrams each `feed` is a record."""

    def __init__(self, board: Board, link: LinkSpec, direction: str) -> None:
        self._board = board
        self._link = link
        self._direction = direction
        self._records = Records("none" if link.datagrams else link.framing)
        self._queue: deque[_Waiting] = deque()
        self._behind: _Waiting | None = None
        self.queued = 0
        """Octets that wait."""

    def feed(self, octets: bytes, now_us: int) -> None:
        self._let_go(now_us)
        pieces = [Piece(octets, True)] if self._link.datagrams else self._records.feed(octets)
        for piece in pieces:
            standing = self._board.on(self._link.name, *_BY_RECORD)
            if piece.record and standing:
                self._record(piece.octets, standing, now_us)
            else:
                self._put(piece.octets, now_us)

    def end(self, now_us: int) -> None:
        """Nothing more comes: what was held back goes, as it is."""
        self._let_go(now_us, every=True)
        if rest := self._records.rest():
            self._put(rest, now_us)

    def due(self, now_us: int) -> list[bytes]:
        """What is to be written now, in order."""
        self._let_go(now_us)
        found = []
        while self._queue and self._queue[0].at_us <= now_us:
            one = self._queue.popleft()
            self.queued -= len(one.octets)
            found.append(one.octets)
        return found

    def next_us(self) -> int | None:
        """When something becomes due; None while nothing waits."""
        times = [one.at_us for one in (*list(self._queue)[:1], *([self._behind] if self._behind else []))]
        return min(times, default=None)

    def read_octets(self) -> int:
        """How much to read in a turn; with a slow reader a turn is `TICK_US`."""
        slow = [one for one in self._board.on(self._link.name, "slow_reader") if self._of(one)]
        if not slow:
            return READ_OCTETS
        return max(min(one.request.octets_per_s for one in slow) * TICK_US // 1_000_000, 1)

    @property
    def slow(self) -> bool:
        return any(self._of(one) for one in self._board.on(self._link.name, "slow_reader"))

    @property
    def full(self) -> bool:
        return self.queued > MAX_QUEUED_OCTETS

    def _of(self, one: Standing) -> bool:
        return one.request.direction == self._direction

    def _record(self, octets: bytes, standing: list[Standing], now_us: int) -> None:
        said = about(octets, self._link.framing)
        taken: dict[str, Standing] = {}
        for one in standing:
            if one.about(said, self._direction) and one.takes():
                taken.setdefault(one.request.kind, one)
        if "loss" in taken or "missed_keepalive" in taken:
            return
        octets = self._changed(octets, said, standing, taken)
        times = 1 + ("duplicate" in taken)
        if flood := taken.get("flood"):
            times += min(flood.request.copies, max(MAX_QUEUED_OCTETS - self.queued, 0) // max(len(octets), 1))
        if "reorder" in taken and self._behind is None:
            self._behind = _Waiting(octets * times if not self._link.datagrams else octets, now_us + SUCCESSOR_US)
            return
        for _ in range(times):
            self._put(octets, now_us)
        # Its successor is one of its own kind: a keep-alive between two records of content is none.
        if any(one.request.kind == "reorder" and one.about(said, self._direction) for one in standing):
            self._let_go(now_us, every=True)

    def _changed(self, octets: bytes, said: About, standing: list[Standing], taken: dict[str, Standing]) -> bytes:
        for one in standing:
            if one.request.kind == "sequence_jump" and one.about(said, self._direction):
                one.jumped += one.request.by if taken.get("sequence_jump") is one else 0
                octets = with_number(octets, one.jumped) if one.jumped else octets
        if "bad_integrity" in taken:
            octets = with_bad_check(octets)
        if corrupt := taken.get("corrupt"):
            octets = corrupted(octets, corrupt.request.place, corrupt.random)
        return octets

    def _let_go(self, now_us: int, every: bool = False) -> None:
        """The record that waits for its successor: it has gone by, or none came."""
        if self._behind is not None and (every or self._behind.at_us <= now_us):
            octets, self._behind = self._behind.octets, None
            self._put(octets, now_us)

    def _put(self, octets: bytes, now_us: int) -> None:
        at_us = now_us
        for one in self._board.on(self._link.name, "delay"):
            if self._of(one):
                one.hits += 1
                late = one.request.milliseconds * 1000 + int(one.random.random() * one.request.jitter_ms * 1000)
                at_us = max(at_us, now_us + late)
        if self._queue:
            # What was sent first arrives first, as TCP has it.
            at_us = max(at_us, self._queue[-1].at_us)
        self._queue.append(_Waiting(octets, at_us))
        self.queued += len(octets)
