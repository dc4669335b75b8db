"""What a finished run left, read offline from its directories: totals an order, the checks, the lines people see.

Nothing here asks a process: the collector's store, its audit log and its verifier say it all.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from collector.accounts import FIELDS, Counts, Totals
from collector.store.reader import StoreReader
from mediation.law.orders import CourtOrder


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that had to hold. `found` says what was seen."""

    name: str
    ok: bool
    found: str


def totals_of(*stores: Path) -> Totals:
    """The sums of the verdict records in the stores' commit frames."""
    totals = Totals()
    for store in stores:
        for commit in StoreReader(store).commits():
            for record in commit.records:
                totals.apply(json.loads(record))
    return totals


def order_rows(totals: Totals, orders: Iterable[CourtOrder]) -> list[dict[str, Any]]:
    """The `orders` of `demo --json`, in the order of the documents; what came for no order stands at the end. `voided`
    is there where some of what was kept is another shard's."""
    rows: list[dict[str, Any]] = []
    for order in orders:
        counts = totals.orders.get(order.order_id, Counts())
        row = {"order": order.order_id, "kind": str(order.kind), "liid": order.liid, **_numbers(counts)}
        voided = totals.voided_of(order.order_id)
        rows.append(row | ({"voided": voided} if voided else {}))
    if totals.unknown:
        rows.append({"order": None, "kind": None, "liid": None, **_numbers(totals.unknown_counts)})
    return rows


def _numbers(counts: Counts) -> dict[str, Any]:
    values = counts.values()
    return {name: values[name] for name in ("delivered", *FIELDS)} | {"reasons": values["reasons"]}


def balanced(rows: Iterable[dict[str, Any]]) -> bool:
    """delivered = accepted + flagged + masked + quarantined + rejected + duplicate, in every row."""
    return all(row["delivered"] == sum(row[name] for name in FIELDS) for row in rows)
