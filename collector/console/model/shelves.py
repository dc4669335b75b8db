"""The stores that can be read now, and what of a fleet is missing, by name.

Rules. A store that is alone is there, and what is wrong with it is said by whoever asks it. Of a fleet each store is
looked at again every LOOK_S: one that is lost, cannot be read, or ends before what the fleet has marked is named with
the records that the catalogue has of it, and the others are shown without it. The catalogue proves nothing
(`collector.fleet.view`); where it cannot be asked, that is said. Looking blocks; what was seen last does not.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

from asn1.errors import LabError
from collector.console.model.shelf import Shelf
from collector.databases import sentence
from collector.fleet.queries import NOT_HERE, held_ranges
from collector.fleet.view import Lost, Range, read_catalogue

LOOK_S: Final = 1.0
CATALOGUE_S: Final = 5.0
MAX_CHANGES: Final = 10_000
"""Changes of what is missing that are known: there is at most one a look, so some hours of them."""


class Known(NamedTuple):
    """What the catalogue has of a shard: the records that are stored and not evicted, and how many there were."""

    ranges: tuple[Range, ...]
    size: int


Catalogue = Callable[[], Mapping[str, Known]]
"""May raise LabError."""


class Here(NamedTuple):
    """`unknown` says why the catalogue could not be asked, empty where it could."""

    shelves: tuple[Shelf, ...]
    missing: tuple[Lost, ...] = ()
    unknown: str = ""

    @property
    def says(self) -> tuple[str, ...]:
        """A sentence each."""
        said = tuple(one.sentence() for one in self.missing)
        if not self.unknown:
            return said
        return (*said, f"Whether records of a collector are missing cannot be told: {self.unknown}")


class Shelves:
    """`places` open a store each, by the name of its collector; numbered from 1 in their order."""

    def __init__(
        self,
        places: Mapping[str, Callable[[], Shelf]],
        catalogue: Catalogue,
        now_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._places = dict(places)
        self.numbers: Final = {name: number for number, name in enumerate(self._places, 1)}
        """The number of each store that is configured, also of one that cannot be read now."""
        self.only: Shelf | None = None
        """The one store there is, where it is of no fleet."""
        self._catalogue = catalogue
        self._now_s = now_s
        self._opened: dict[str, Shelf] = {}
        self._known: Mapping[str, Known] = {}
        self._unknown = ""
        self._asked_s = self._looked_s = float("-inf")
        self._lock = threading.Lock()
        self.seen = Here(())
        """What was seen last."""
        self._changes: deque[tuple[int, tuple[str, ...]]] = deque([(0, ())], MAX_CHANGES)

    @property
    def mark(self) -> int:
        """A point in time, for `missed`."""
        return self._changes[-1][0]

    def missed(self, mark: int) -> tuple[str, ...]:
        """A sentence for each part that was missing at any time since `mark`. Looks, however short ago that was."""
        with self._lock:
            self._look_now(self._now_s())
            found = [said for at, says in self._changes if at >= mark for said in says]
            found += self.seen.says
        return tuple(dict.fromkeys(found))

    @classmethod
    def alone(cls, shelf: Shelf) -> Shelves:
        """One store, of no fleet."""
        made = cls({}, dict, lambda: 0.0)
        made._opened[shelf.name] = made.only = shelf
        made.seen, made._looked_s = Here((shelf,)), float("inf")
        return made

    @property
    def places(self) -> int:
        """How many stores a fleet's console is configured with; 0 where there is one of no fleet."""
        return len(self._places)

    def close(self) -> None:
        for one in self._opened.values():
            one.close()

    def look(self) -> Here:
        """One looks at a time. A database that does not answer keeps that one waiting; the others take what was seen,
        where anything was."""
        if not self._lock.acquire(blocking=self._looked_s == float("-inf")):
            return self.seen
        try:
            now_s = self._now_s()
            if now_s - self._looked_s >= LOOK_S:
                self._look_now(now_s)
            return self.seen
        finally:
            self._lock.release()

    def _look_now(self, now_s: float) -> None:
        if self.only is not None:
            return
        # The catalogue first: what it has marked by then is in the stores.
        self._ask(now_s)
        self.seen, self._looked_s = self._look(), now_s
        at, says = self._changes[-1]
        if says != self.seen.says:
            self._changes.append((at + 1, self.seen.says))

    def _ask(self, now_s: float) -> None:
        if now_s - self._asked_s < CATALOGUE_S:
            return
        self._asked_s = now_s
        try:
            self._known, self._unknown = self._catalogue(), ""
        except LabError as error:
            self._unknown = str(error)

    def _look(self) -> Here:
        shelves: list[Shelf] = []
        missing: list[Lost] = []
        for name, open_place in self._places.items():
            known = self._known.get(name, Known((), 0))
            shelf, why = self._open(name, open_place)
            why = why or shelf.trouble() if shelf is not None else why
            if shelf is None or why:
                missing.append(Lost(name, known.ranges, f"{NOT_HERE}: {why}"))
                continue
            size = shelf.reader.size
            if any(last >= size for _, last in known.ranges):
                # An old copy put back: it lacks the voids and the holds of what is missing too.
                said = f"ends at record {size}, before what the fleet has marked, so nothing of it is shown"
                missing.append(Lost(name, known.ranges, said))
                continue
            shelves.append(shelf)
        for name in sorted(self._known.keys() - self._places.keys()):
            missing.append(Lost(name, self._known[name].ranges, f"{NOT_HERE}: its store is not configured"))
        return Here(tuple(shelves), tuple(missing), self._unknown)

    def _open(self, name: str, open_place: Callable[[], Shelf]) -> tuple[Shelf | None, str]:
        known = self._opened.get(name)
        if known is None:
            try:
                known = self._opened[name] = open_place()
            except (LabError, OSError) as error:
                return None, sentence(error)
        return known, ""


def catalogue_of(url: str) -> Catalogue:
    """The catalogue of the fleet whose database this is."""

    def ask() -> Mapping[str, Known]:
        shards = read_catalogue(url)
        held = held_ranges(url, shards)
        return {one.shard: Known(held.get(one.shard, ()), one.size) for one in shards}

    return ask
