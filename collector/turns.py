"""Whose turn it is to be read: deficit round robin over octets, first among links, then among a link's connections.

Rules of this file. What is received and not durable yet is the backlog; a record waits for all of it that came before.
So the backlog of all connections together has a bound: `backlog_octets` while somebody sends who is never kept waiting,
and more while all who send have always more to send: then there is nobody to be quick for, and large batches cost less.
While it is below and nobody waits, everybody is read. Else whoever still has octets after its credit is used up goes to
the back of its link's row and is not read until its turn; a turn brings `QUANTUM_OCTETS` of credit. Who sends less than
it may is never kept waiting: it has nothing left to be read for. No turn is given that the backlog has no room for,
counting the turns that were given and not used yet; those are forgotten whenever turns are given anew, so that a
connection which has fallen silent keeps nobody waiting. Pure: time is an argument, the caller pauses and reads on.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Callable
from typing import Final

QUANTUM_OCTETS: Final = 64 * 1024
"""Of one turn: some two hundred records of speech, a fraction of a millisecond of judging."""

WINDOW_S: Final = 0.05
"""Who sent in such a window and was not kept waiting in it sends less than its share."""
SLOW_S: Final = 60.0
"""So long that is remembered."""


class Turn:
    """One connection's place. `wake` is called when its turn has come."""

    __slots__ = (
        "credit", "judged", "link", "promised", "promised_in", "rested_in", "settled", "waits", "wake", "window",
    )  # fmt: skip

    def __init__(self, link: str, wake: Callable[[], None]) -> None:
        self.link = link
        self.wake = wake
        self.credit = QUANTUM_OCTETS
        self.judged = 0
        self.settled = 0
        self.waits = False
        self.promised = 0
        self.promised_in = 0
        self.window = -1
        self.rested_in = -2

    @property
    def backlog(self) -> int:
        """Octets judged and not durable."""
        return self.judged - self.settled


class Turns:
    """All connections of a receiver. `backlog`: octets of all of them that are judged and not durable; bounded by
    `backlog_octets`, by `most_octets` while nobody is slow."""

    def __init__(self, backlog_octets: int, most_octets: int) -> None:
        self._least = backlog_octets
        self._most = most_octets
        self.backlog = 0
        self.waiting = 0
        self.given = 0
        """Turns given after a wait, since the start."""
        self._promised = 0
        self._round = 0
        self._rows: OrderedDict[str, deque[Turn]] = OrderedDict()
        self._slow: OrderedDict[Turn, float] = OrderedDict()

    @property
    def bound(self) -> int:
        """Octets of backlog."""
        return self._least if self._slow else self._most

    @property
    def crowded(self) -> bool:
        """Whether anybody has to wait for a turn."""
        return bool(self.waiting) or self.backlog + self._promised >= self.bound

    def read_octets(self, turn: Turn, least: int, most: int) -> int:
        """How much to read at once: `most` while everybody is read, else the rest of its credit, at least `least`."""
        return min(max(turn.credit, least), most) if self.crowded else most

    def judged(self, turn: Turn, position: int, octets: int, more: bool, now_s: float) -> bool:
        """`octets` were read, whole records up to `position` judged; `more`: there are probably others. Whether it is
        to wait for its next turn."""
        self.backlog += position - turn.judged
        turn.judged = position
        if turn.promised_in == self._round:
            self._promised -= turn.promised
        turn.promised = 0
        self._watch(turn, int(now_s / WINDOW_S), now_s)
        if not more:
            turn.credit = QUANTUM_OCTETS
            return False
        if not self.crowded:
            return False
        turn.credit -= octets
        if turn.credit > 0 or turn.waits:
            return turn.waits
        turn.waits = True
        turn.rested_in = turn.window
        self._slow.pop(turn, None)
        self.waiting += 1
        self._rows.setdefault(turn.link, deque()).append(turn)
        return True

    def _watch(self, turn: Turn, window: int, now_s: float) -> None:
        """It sends in this window: was it kept waiting in the one in which it sent before? Of a new one it is not
        known, and it is taken to be slow until it has to wait."""
        if window != turn.window:
            if turn.rested_in < turn.window:
                self._slow[turn] = now_s
                self._slow.move_to_end(turn)
            turn.window = window
        while self._slow and next(iter(self._slow.values())) < now_s - SLOW_S:
            self._slow.popitem(last=False)

    def settled(self, turn: Turn, position: int) -> None:
        """Everything up to `position` is durable."""
        position = min(position, turn.judged)
        if position > turn.settled:
            self.backlog -= position - turn.settled
            turn.settled = position

    def give(self) -> list[Turn]:
        """Those whose turn has come, links in their order and one connection of each at a time."""
        self._promised = 0
        self._round += 1
        given: list[Turn] = []
        while self._rows and self.backlog + self._promised < self.bound:
            link, row = next(iter(self._rows.items()))
            self._rows.move_to_end(link)
            turn = row.popleft()
            turn.credit += QUANTUM_OCTETS
            if turn.credit <= 0:
                # It read more than its turns so far were worth.
                row.append(turn)
                continue
            if not row:
                del self._rows[link]
            self.waiting -= 1
            self.given += 1
            turn.waits = False
            turn.promised, turn.promised_in = turn.credit, self._round
            self._promised += turn.credit
            given.append(turn)
        return given

    def forget(self, turn: Turn) -> None:
        """Its connection is closed. What was judged of it will be durable, but nobody is told any more."""
        self.backlog -= turn.backlog
        turn.settled = turn.judged
        self._slow.pop(turn, None)
        if turn.waits:
            turn.waits = False
            self.waiting -= 1
            row = self._rows[turn.link]
            row.remove(turn)
            if not row:
                del self._rows[turn.link]
