"""What the collectors of a run say together, in the shape in which one says it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

_SUMMED = ("pending_records", "index_lag_records")


def merged(statuses: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The counts of all; everything else as the first says it. Empty when one of them has not answered: sums of some
    would look like losses."""
    if not all(statuses) or not statuses:
        return {}
    if len(statuses) == 1:
        return dict(statuses[0])
    orders: dict[str, dict[str, Any]] = {}
    for status in statuses:
        for row in status.get("orders", ()):
            known = orders.get(row["order"])
            orders[row["order"]] = dict(row) if known is None else _added(known, row)
    unknown: dict[str, Any] = {}
    for status in statuses:
        unknown = _added(unknown, status.get("unknown", {}))
    sums = {name: sum(int(one.get(name, 0)) for one in statuses) for name in _SUMMED}
    return {**statuses[0], "orders": list(orders.values()), "unknown": unknown, **sums}


def _added(first: Mapping[str, Any], second: Mapping[str, Any]) -> dict[str, Any]:
    """Numbers summed, those of tables inside as well; what is no number stays the first's."""
    found = dict(first)
    for key, value in second.items():
        before = found.get(key)
        if before is None:
            found[key] = value
        elif isinstance(value, Mapping) and isinstance(before, Mapping):
            found[key] = _added(before, value)
        elif type(value) is int and type(before) is int and not key.endswith("_us"):
            found[key] = before + value
    return found
