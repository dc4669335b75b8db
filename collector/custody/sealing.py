"""Sealing an order that has ended: what stands against it, and the copy outside the store (R-131, R-134, R-144).

    sealing_lacks(sealing, state, target, store)    everything against it
    copied(sealing, store, keys, target)            the copy; what the entry `seal` says of it

What goes on record, in this order: `seal_started`, the copy (`collector.export.sealed`), `seal`; or `case_refused`.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np

from collector.custody.steps import step_lacks
from collector.export.sealed import seal_order
from collector.store.keys import Keys
from collector.store.reader import DataView, StoreReader
from mediation.law.custody import Seal, missing_of_seal
from mediation.law.lifecycle import OrderEvent
from mediation.law.missing import Missing
from mediation.law.orders import CourtOrder, OrderState
from mediation.law.verdicts import Reason

NOTHING_SEALED: Final = "no record"
"""Names the seal of an order under which nothing was intercepted."""


class Sealing(NamedTuple):
    """What is asked for. `direction_id`: the judge's; `custody`: where the judge ordered the original to be kept."""

    order: CourtOrder
    by: str
    direction_id: str
    custody: str
    started_us: int

    def fields(self) -> dict[str, Any]:
        """As every entry about it has them."""
        return {
            "order_id": str(self.order.order_id),
            "case_id": str(self.order.case_id),
            "by": self.by,
            "direction_id": self.direction_id,
            "custody": self.custody,
        }


def sealing_lacks(sealing: Sealing, state: OrderState, target: Path, store: Path) -> tuple[Missing, ...]:
    """All that stands against it. Pure but for the two paths it compares."""
    order, now_us = sealing.order, sealing.started_us
    name = str(order.order_id)
    found = [
        *step_lacks(state, order, OrderEvent.SEAL, now_us),
        *missing_of_seal(Seal(name, name, sealing.direction_id, sealing.custody, now_us, now_us)),
    ]
    if target.is_relative_to(store.absolute()):
        found.append(Missing("directory", "R-144", "a sealed copy lies outside the store", Reason.SEAL_MISSING))
    return tuple(found)


def copied(sealing: Sealing, store: Path, keys: Keys, target: Path) -> dict[str, Any]:
    """Make the copy; what the entry `seal` says of it. Blocks. Raises RefusedError for records that are held or cannot
    be read, LocalError where the place is taken."""
    reader = StoreReader(store, keys)
    uid = bytes(sealing.order.uid)
    if next(reader.records(_of(uid)), None) is None:
        return {"seal_id": NOTHING_SEALED, "records": 0, "octets": 0, "directory": ""}
    made = seal_order(
        reader,
        sealing.order.order_id,
        target,
        keys=keys,
        by=sealing.by,
        now_us=sealing.started_us,
        # What the copy says of itself is in the desk's entry.
        audit=lambda kind, fields: None,
    )
    return {
        "seal_id": made.manifest_sha256,
        "records": made.records,
        "octets": made.octets,
        "directory": str(made.directory),
    }


def _of(uid: bytes) -> Callable[[DataView], np.ndarray[Any, Any]]:
    def rows(view: DataView) -> np.ndarray[Any, Any]:
        mask = np.zeros(len(view.rows), bool)
        for extent in view.extents:
            mask[extent.first_row : extent.first_row + extent.rows] |= extent.uid == uid
        return mask

    return rows
