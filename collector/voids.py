"""Voided: stored records that are not this shard's to have, since their stream went before they were marked (ADR 0048).

    {"void": {"v": 1, "generation", "ranges": [[first, last], …], "sums": [{"order", "liid", "cin", "kind", "count",
     "from", "to", "other", "verdicts": {…}}, …], "shard", "why", "at_us"}}

A signed leaf of the store's own. `shard` is who may have the records, empty where nobody knows; `generation` is the
segment that they are all in, and `sums` say what they were, so that counts are put right without reading them. One void
is several leaves where one would be too long: their ranges and sums belong together, none of them to one another.

Rules. A leaf names records before itself and none behind it: first in first out, it outlives what it names, so it is
never carried and needs no room kept. Nobody takes a void back, and it withholds everything, metadata too: whoever reads
treats the record as not there, and says how many there are of these. A void that is not under a sound signature is
believed as little as the record it names: that one is listed, and not handed out. Nothing acknowledged is ever voided;
that is for who voids to see to.
"""

from __future__ import annotations

import json
from bisect import bisect_left, bisect_right, insort
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from enum import StrEnum
from typing import Any, Final, NamedTuple

import numpy as np

from asn1.errors import DecodeError, LocalError
from mediation.law.orders import OrderUid
from mediation.law.verdicts import VerdictKind

FORMAT: Final = 1
MAX_LEAF_OCTETS: Final = 32 * 1024
MAX_NAME: Final = 200

VOIDED: Final = b'"voided":'
"""Stands in the record of every commit that voids anything (`store.voiding`), and is looked for there."""

Range = tuple[int, int]
"""Sequences `first` to `last`, both included."""


class Why(StrEnum):
    LOST = "lost"
    """Another shard took the stream before the records were marked."""
    TWICE = "twice"
    """Another shard stored an equal record first."""
    RETURNED = "returned"
    """The shard came back and found them beyond its last mark."""


class VoidSum(NamedTuple):
    """How many voided records there are of one order and communication. `verdicts` by VerdictKind name, ascending;
    `from_target + to_target + other` = `records`."""

    order: OrderUid
    liid: bytes
    cin: int
    kind: int
    records: int
    from_target: int
    to_target: int
    other: int
    verdicts: tuple[tuple[str, int], ...]


class Void(NamedTuple):
    """`ranges` ascending, none touching the next; all in the segment of that generation."""

    generation: int
    ranges: tuple[Range, ...]
    sums: tuple[VoidSum, ...]
    shard: str
    why: Why
    at_us: int

    @property
    def records(self) -> int:
        return sum(last - first + 1 for first, last in self.ranges)

    def says(self) -> str:
        """One sentence part for whoever asks why."""
        who = f"shard {self.shard} has it" if self.shard else "another shard has it"
        return f"VOID ({self.why}): not here, {who}"


def ranges_of(sequences: Iterable[int]) -> tuple[Range, ...]:
    """Sequences in any order as the fewest ranges."""
    found: list[Range] = []
    for one in sorted(set(sequences)):
        if found and found[-1][1] == one - 1:
            found[-1] = (found[-1][0], one)
        else:
            found.append((one, one))
    return tuple(found)


def merged_ranges(ranges: Iterable[Range]) -> tuple[Range, ...]:
    """Ranges in any order, overlapping or not, as the fewest. Raises LocalError for one that is none."""
    found: list[Range] = []
    for first, last in sorted(ranges):
        if first < 0 or last < first:
            raise LocalError(f"records {first} to {last} are no range")
        if found and first <= found[-1][1] + 1:
            found[-1] = (found[-1][0], max(found[-1][1], last))
        else:
            found.append((first, last))
    return tuple(found)


# Octets


def void_leaves(void: Void) -> list[bytes]:
    """Its leaves, canonical JSON, each of at most MAX_LEAF_OCTETS. Raises LocalError for a shard's name that is too
    long."""
    if len(void.shard) > MAX_NAME:
        raise LocalError(f"a shard's name has at most {MAX_NAME} characters")
    leaf = json.dumps({"void": _value(void)}, sort_keys=True, separators=(",", ":")).encode()
    if len(leaf) <= MAX_LEAF_OCTETS:
        return [leaf]
    ranges, sums = len(void.ranges) // 2, len(void.sums) // 2
    first = void._replace(ranges=void.ranges[:ranges], sums=void.sums[:sums])
    second = void._replace(ranges=void.ranges[ranges:], sums=void.sums[sums:])
    return void_leaves(first) + void_leaves(second)


def void_of(octets: bytes, sequence: int) -> Void | None:
    """The void in a leaf of the store's own at `sequence`; None for another kind of leaf. Raises DecodeError, also for
    one that names records which are not before it."""
    try:
        value = json.loads(octets)
        if "void" not in value:
            return None
        void = _void(value["void"])
    except (ValueError, KeyError, TypeError, AttributeError, LocalError, RecursionError) as error:
        raise DecodeError(DecodeError.BAD_VALUE, f"leaf {sequence} is not a void of records: {error}") from error
    if void.ranges and void.ranges[-1][1] >= sequence:
        raise DecodeError(DecodeError.BAD_VALUE, f"leaf {sequence} voids record {void.ranges[-1][1]}, not before it")
    return void


def _value(void: Void) -> dict[str, Any]:
    sums = [
        {
            "order": one.order.hex(),
            "liid": one.liid.hex(),
            "cin": one.cin,
            "kind": one.kind,
            "count": one.records,
            "from": one.from_target,
            "to": one.to_target,
            "other": one.other,
            "verdicts": dict(one.verdicts),
        }
        for one in void.sums
    ]
    ranges = [list(one) for one in void.ranges]
    said = {"shard": void.shard, "why": void.why, "at_us": void.at_us}
    return {"v": FORMAT, "generation": void.generation, "ranges": ranges, "sums": sums, **said}


def _void(value: dict[str, Any]) -> Void:
    if value["v"] != FORMAT:
        raise ValueError(f"format {value['v']}; this program reads {FORMAT}")
    ranges = tuple((int(first), int(last)) for first, last in value["ranges"])
    if merged_ranges(ranges) != ranges:
        raise ValueError("its ranges are not in order")
    if len(value["shard"]) > MAX_NAME:
        raise ValueError("the shard's name is too long")
    sums = tuple(
        VoidSum(
            OrderUid(bytes.fromhex(one["order"])),
            bytes.fromhex(one["liid"]),
            int(one["cin"]),
            int(one["kind"]),
            int(one["count"]),
            int(one["from"]),
            int(one["to"]),
            int(one["other"]),
            tuple(sorted((str(name), int(count)) for name, count in one["verdicts"].items())),
        )
        for one in value["sums"]
    )
    return Void(int(value["generation"]), ranges, sums, str(value["shard"]), Why(value["why"]), int(value["at_us"]))


class SumOfRows:
    """Adds up rows to sums, for whoever voids them."""

    def __init__(self) -> None:
        self._groups: dict[tuple[OrderUid, bytes, int, int], tuple[list[int], Counter[str]]] = {}

    def add(self, uid: OrderUid, rows: np.ndarray[Any, Any], liids: Sequence[bytes]) -> None:
        """`rows` of dtype `walk.ROW_DTYPE`, all of one order."""
        columns = (rows[name].tolist() for name in ("liid", "cin", "kind", "direction", "verdict"))
        for liid, cin, kind, direction, verdict in zip(*columns, strict=True):
            directions, verdicts = self._groups.setdefault((uid, liids[liid], cin, kind), ([0, 0, 0], Counter()))
            directions[direction if direction in (0, 1) else 2] += 1
            verdicts[VerdictKind(verdict).name] += 1

    def sums(self) -> tuple[VoidSum, ...]:
        return tuple(
            VoidSum(uid, liid, cin, kind, sum(of), of[0], of[1], of[2], tuple(sorted(verdicts.items())))
            for (uid, liid, cin, kind), (of, verdicts) in sorted(self._groups.items())
        )


# The set


class Voids:
    """Which records are voided, ready to be asked. Thousands of ranges; adding and asking take a bisection. One thread
    adds; others may ask meanwhile."""

    def __init__(self) -> None:
        self._spans: list[tuple[int, int, Void]] = []
        """`first`, `last` and the void, ascending, none touching a record twice."""
        self.told = 0
        """How many voids were added: whoever keeps what they made of the set sees that it is another."""

    def __bool__(self) -> bool:
        return bool(self._spans)

    def add(self, void: Void) -> None:
        """One more, in any order; of records that are voided already the first void stands."""
        self.told += 1
        for one in void.ranges:
            for first, last in self.but(one):
                insort(self._spans, (first, last, void), key=_first)

    def but(self, wanted: Range) -> list[Range]:
        """What of a range is not voided."""
        first, last = wanted
        found: list[Range] = []
        for start, end, _ in self.within(first, last):
            if start > first:
                found.append((first, start - 1))
            first = end + 1
        if first <= last:
            found.append((first, last))
        return found

    def within(self, first: int, last: int) -> Iterator[tuple[int, int, Void]]:
        """The voided ranges that have anything of `[first, last]`, each with its void, cut to it, ascending."""
        spans = self._spans
        for start, end, void in spans[bisect_left(spans, first, key=_last) : bisect_right(spans, last, key=_first)]:
            yield max(start, first), min(end, last), void

    def of(self, sequence: int) -> Void | None:
        """The void of a record; None when it is not voided."""
        return next((void for _, _, void in self.within(sequence, sequence)), None)

    def count(self, first: int, last: int) -> int:
        """How many records of `[first, last]` are voided."""
        return sum(end - start + 1 for start, end, _ in self.within(first, last))

    def ranges(self) -> tuple[Range, ...]:
        """All of them, ascending, those that touch as one."""
        return merged_ranges((first, last) for first, last, _ in tuple(self._spans))

    def mask(self, first: int, records: int) -> np.ndarray[Any, Any] | None:
        """For records `first` on, whether each is voided; None when none is."""
        found = None
        for start, end, _ in self.within(first, first + records - 1):
            if found is None:
                found = np.zeros(records, bool)
            found[start - first : end - first + 1] = True
        return found

    def forget(self, before: int) -> None:
        """Records below `before` are gone, and what was said of them with them."""
        del self._spans[: bisect_left(self._spans, before, key=_last)]


def _first(span: tuple[int, int, Void]) -> int:
    return span[0]


def _last(span: tuple[int, int, Void]) -> int:
    return span[1]
