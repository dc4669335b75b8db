"""What is in the oldest segment when it is to go, and what is said about it before it does (R-141, R-143)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

from collector.store.recovery import SegmentState
from collector.store.walk import NO_ORDER, SegmentFile
from mediation.law.orders import OrderUid

MAX_RANGES: Final = 1000
"""Of records named in one audit entry; more of them make more entries."""


@dataclass(slots=True)
class Contents:
    """`ranges`: `[first, next)` of the records of each order, in their order; `records` are the verdict records."""

    ranges: dict[OrderUid, list[list[int]]] = field(default_factory=dict)
    records: list[bytes] = field(default_factory=list)
    octets: int = 0

    @property
    def counts(self) -> dict[str, int]:
        """Records by order."""
        return {uid.hex(): _count(ranges) for uid, ranges in self.ranges.items()}


def contents_of(segment: SegmentState) -> Contents:
    found = Contents()
    with SegmentFile(segment.path) as file:
        for unit in file.units(segment.header):
            found.records += unit.commit.records
            for data in unit.data:
                found.octets += data.area_octets
                for extent in data.meta.extents:
                    if extent.uid != NO_ORDER:
                        first = data.first_sequence + extent.first_row
                        _extend(found.ranges.setdefault(OrderUid(extent.uid), []), first, first + extent.rows)
    return found


def _extend(ranges: list[list[int]], first: int, after: int) -> None:
    if ranges and ranges[-1][1] == first:
        ranges[-1][1] = after
    else:
        ranges.append([first, after])


def _count(ranges: list[list[int]]) -> int:
    return sum(after - first for first, after in ranges)


def unsafe_entries(
    segment: SegmentState, uid: OrderUid, ranges: list[list[int]], blocked: bool
) -> list[dict[str, Any]]:
    """R-143: the fields of the audit entries that name an order's records before they go. `blocked`: they wait."""
    found = []
    for at in range(0, len(ranges), MAX_RANGES):
        part = ranges[at : at + MAX_RANGES]
        name = {"segment": segment.path.name, "generation": segment.header.generation, "order": uid.hex()}
        found.append({**name, "records": _count(part), "ranges": part, "blocked": blocked})
    return found
