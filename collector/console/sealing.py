"""Sealing an order that has ended: what stands against it, the copy, and what goes on record, in this order.

`seal_started`, the copy outside the store (`collector.export.sealed`), `seal`; or `case_refused` with every rule that
stands against it. The court's own document of the sealed version follows from the court; the desk's phase is this one.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np

from asn1.errors import RefusedError
from collector.export.sealed import seal_order
from collector.store.keys import Keys
from collector.store.reader import DataView, StoreReader
from mediation.law.custody import Seal, missing_of_seal
from mediation.law.desk import order_state
from mediation.law.desk_state import DeskState
from mediation.law.lifecycle import OrderEvent, after
from mediation.law.missing import Missing
from mediation.law.orders import CourtOrder, OrderState
from mediation.law.verdicts import Reason

NOTHING_SEALED: Final = "no record"
"""Names the seal of an order under which nothing was intercepted."""
_NOT_ENDED: Final = frozenset({OrderState.DRAFT, OrderState.ISSUED, OrderState.ACTIVE})


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


def lacks_of(sealing: Sealing, state: DeskState, target: Path, store: Path) -> tuple[Missing, ...]:
    """R-027, R-131, R-134, R-144: all that stands against it. Pure but for the two paths it compares."""
    order, now_us = sealing.order, sealing.started_us
    found: list[Missing] = []
    reached = order_state(state, order, now_us)
    if reached in _NOT_ENDED:
        found.append(Missing("end", "R-131", "the order has not ended", Reason.SEAL_MISSING))
    else:
        try:
            after(reached, OrderEvent.SEAL)
        except RefusedError as error:
            found.append(Missing("state", "R-027", str(error)))
    name = str(order.order_id)
    found += missing_of_seal(Seal(name, name, sealing.direction_id, sealing.custody, now_us, now_us))
    if target.is_relative_to(store):
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
