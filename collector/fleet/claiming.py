"""Who waits for which stream: a stream is asked for once, however many connections bring records of it (ADR 0047).

Rules. A claim takes a stream from whoever has it, from this collector too: so what is asked for already is not asked
for again. What a claim brings is applied before anybody who waited goes on. One thread, the event loop's.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from collector.fleet.names import Claimed, StreamName


class Claims(Protocol):
    """Who asks the other collectors. `done` hears once, on the event loop's thread, when all of `names` are claimed."""

    def claim(self, names: Sequence[StreamName], done: Callable[[list[Claimed]], None]) -> None: ...


class _Waiting:
    def __init__(self, names: set[StreamName], wake: Callable[[], None]) -> None:
        self.names = names
        self.wake = wake


class Claiming:
    """`apply` makes the tables stand where a claimed stream does."""

    def __init__(self, claims: Claims, apply: Callable[[Claimed], None]) -> None:
        self._claims = claims
        self._apply = apply
        self._waiting: dict[StreamName, list[_Waiting]] = {}

    @property
    def wanted(self) -> int:
        """Streams asked for and not had yet."""
        return len(self._waiting)

    def claim(self, names: Sequence[StreamName], wake: Callable[[], None]) -> None:
        """Ask for streams that are not claimed; `wake` is called once, when all of them are."""
        one = _Waiting(set(names), wake)
        fresh = [name for name in names if name not in self._waiting]
        for name in names:
            self._waiting.setdefault(name, []).append(one)
        if fresh:
            self._claims.claim(fresh, self._answered)

    def _answered(self, claimed: list[Claimed]) -> None:
        ready: list[_Waiting] = []
        for stream in claimed:
            self._apply(stream)
            for one in self._waiting.pop(stream.name, ()):
                one.names.discard(stream.name)
                if not one.names:
                    ready.append(one)
        for one in ready:
            one.wake()
