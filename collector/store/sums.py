"""The rows of a data frame summed by communication: one pass over the columns, for the index.

A group is (LIID, CIN, IRI or CC). Rows of other kinds are left out. Groups come in the order of their first row.
One source for two paths (ADR 0002).
"""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from asn1.columns import NO_TIME

if TYPE_CHECKING:
    from asn1 import plain as cython
else:
    try:
        import cython
    except ImportError:
        from asn1 import plain as cython

COMPILED: Final[bool] = cython.compiled

FROM_TARGET: Final = 0
TO_TARGET: Final = 1
LATEST: Final = (1 << 63) - 1
_FIRST_CAPACITY: Final = 256
_NAMES: Final = ("liid", "cin", "kind", "extent", "direction", "event_us", "epoch", "number")


Column = Any
"""A typed view when compiled, a list when not."""


GROUP: Final = (
    "liid", "cin", "kind", "extent", "records", "from_target", "to_target", "first_us", "last_us", "place",
    "first_row", "last_row",
)  # fmt: skip
"""What the integers of a group are. `liid` and `extent` are indexes into the frame's; `first_us` is LATEST and
`last_us` NO_TIME without a time. `place` is epoch << 32 | number, the highest; rows count from the frame's first."""


def sum_rows(rows: np.ndarray[Any, Any]) -> tuple[array[int], int]:
    """`rows` of dtype `walk.ROW_DTYPE`. The groups one behind the other, and how many they are; there may be as many as
    rows, so none is an object of its own."""
    count, capacity = len(rows), _FIRST_CAPACITY
    # Numbers of numpy's own width would overflow where Python's do not.
    liids, cins, kinds, extents, directions, events, epochs, numbers = (
        rows[name] if COMPILED else rows[name].tolist() for name in _NAMES
    )
    while True:
        groups = array("q", bytes(8 * len(GROUP) * capacity))
        slots = 2 * capacity
        table = array("i", b"\xff" * (4 * slots))
        found = _sum(
            liids,
            cins,
            kinds,
            extents,
            directions,
            events,
            epochs,
            numbers,
            count,
            groups,
            table,
            slots - 1,
            capacity,
            NO_TIME,
            LATEST,
        )
        if found >= 0:
            return groups, found
        capacity *= 8


def _sum(
    liids: Column,
    cins: Column,
    kinds: Column,
    extents: Column,
    directions: Column,
    events: Column,
    epochs: Column,
    numbers: Column,
    count: int,
    groups: array[int],
    table: array[int],
    mask: int,
    capacity: int,
    no_time: int,
    latest: int,
) -> int:
    """Takes views of everything, then works without the GIL."""
    with cython.nogil:
        found = _sum_rows(
            liids,
            cins,
            kinds,
            extents,
            directions,
            events,
            epochs,
            numbers,
            count,
            groups,
            table,
            mask,
            capacity,
            no_time,
            latest,
        )
    return found


def _sum_rows(
    liids: Column,
    cins: Column,
    kinds: Column,
    extents: Column,
    directions: Column,
    events: Column,
    epochs: Column,
    numbers: Column,
    count: int,
    groups: array[int],
    table: array[int],
    mask: int,
    capacity: int,
    no_time: int,
    latest: int,
) -> int:
    """How many groups there are; -1 when they are more than `capacity`."""
    found = 0
    base = -1
    for row in range(count):
        kind = kinds[row]
        if kind != 0 and kind != 1:
            continue
        liid = liids[row]
        cin = cins[row]
        # Records of one communication mostly follow on each other.
        if base < 0 or groups[base] != liid or groups[base + 1] != cin or groups[base + 2] != kind:
            slot = (liid * 40503 + (cin & 0x7FFFFFFF) * 69069 + kind) & mask
            while table[slot] >= 0:
                base = 12 * table[slot]
                if groups[base] == liid and groups[base + 1] == cin and groups[base + 2] == kind:
                    break
                slot = (slot + 1) & mask
            if table[slot] < 0:
                if found == capacity:
                    return -1
                table[slot] = found
                base = 12 * found
                found += 1
                groups[base] = liid
                groups[base + 1] = cin
                groups[base + 2] = kind
                groups[base + 3] = extents[row]
                groups[base + 7] = latest
                groups[base + 8] = no_time
                groups[base + 10] = row
        groups[base + 4] += 1
        direction = directions[row]
        if direction == 0:
            groups[base + 5] += 1
        elif direction == 1:
            groups[base + 6] += 1
        event = events[row]
        if event != no_time:
            if event < groups[base + 7]:
                groups[base + 7] = event
            if event > groups[base + 8]:
                groups[base + 8] = event
        number = numbers[row]
        if number < 0:
            number = 0
        epoch = epochs[row]
        place = (epoch << 32) | number
        if place > groups[base + 9]:
            groups[base + 9] = place
        groups[base + 11] = row
    return found
