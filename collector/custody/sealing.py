"""Sealing an order that has ended: what stands against it, and the copy outside the store (R-131, R-134, R-144).

    sealing_lacks(sealing, state, target, sources)  everything against it
    copied(sealing, sources, target)                the copy; what the entry `seal` says of it

Of a fleet the copy is one a collector, each under its own key in a directory of its name; `copies.json` beside them
names them and what of the fleet is missing, and its hash names the seal.

What goes on record, in this order: `seal_started`, the copy (`collector.export.sealed`), `seal`; or `case_refused`.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np

from asn1.errors import LocalError
from collector.custody.steps import step_lacks
from collector.export.proven import sync_file
from collector.export.sealed import Sealed, seal_order
from collector.export.sources import Source
from collector.store.private_files import sync_directory
from collector.store.reader import DataView, StoreReader
from mediation.law.custody import Seal, missing_of_seal
from mediation.law.lifecycle import OrderEvent
from mediation.law.missing import Missing
from mediation.law.orders import CourtOrder, OrderState
from mediation.law.verdicts import Reason

NOTHING_SEALED: Final = "no record"
"""Names the seal of an order under which nothing was intercepted."""
COPIES: Final = "copies.json"


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


def sealing_lacks(sealing: Sealing, state: OrderState, target: Path, sources: Sequence[Source]) -> tuple[Missing, ...]:
    """All that stands against it. Pure but for the paths it compares."""
    order, now_us = sealing.order, sealing.started_us
    name = str(order.order_id)
    found = [
        *step_lacks(state, order, OrderEvent.SEAL, now_us),
        *missing_of_seal(Seal(name, name, sealing.direction_id, sealing.custody, now_us, now_us)),
    ]
    if any(target.is_relative_to(one.store.absolute()) for one in sources):
        found.append(Missing("directory", "R-144", "a sealed copy lies outside the store", Reason.SEAL_MISSING))
    return tuple(found)


def copied(sealing: Sealing, sources: Sequence[Source], target: Path, missing: Sequence[str] = ()) -> dict[str, Any]:
    """Make the copy; what the entry `seal` says of it. `missing`: sentences about what of the fleet is not here.
    Blocks. Raises RefusedError for records that are held or cannot be read, LocalError where the place is taken."""
    uid = bytes(sealing.order.uid)
    holding = [one for one in sources if next(StoreReader(one.store, one.keys).records(_of(uid)), None) is not None]
    said = {"missing": list(missing)} if missing else {}
    if not holding:
        return {"seal_id": NOTHING_SEALED, "records": 0, "octets": 0, "directory": "", **said}
    if len(sources) == 1 and sources[0].number == 0:
        made = _copied(sealing, sources[0], target)
        return {
            "seal_id": made.manifest_sha256,
            "records": made.records,
            "octets": made.octets,
            "directory": str(made.directory),
        }
    if target.exists():
        raise LocalError(f"{target} is there already; a sealed copy is never written over. Name another directory.")
    try:
        copies = {one.name: _copied(sealing, one, target / one.name) for one in holding}
    except BaseException:
        # Of the whole order, or not at all.
        shutil.rmtree(target, ignore_errors=True)
        raise
    names = {
        "simulation": True,
        "order": str(sealing.order.order_id),
        "copies": {name: made.manifest_sha256 for name, made in copies.items()},
        "missing": list(missing),
    }
    octets = json.dumps(names, sort_keys=True, indent=1).encode()
    (target / COPIES).write_bytes(octets)
    sync_file(target / COPIES)
    sync_directory(target)
    return {
        "seal_id": hashlib.sha256(octets).hexdigest(),
        "records": sum(made.records for made in copies.values()),
        "octets": sum(made.octets for made in copies.values()),
        "directory": str(target),
        **said,
    }


def _copied(sealing: Sealing, source: Source, target: Path) -> Sealed:
    return seal_order(
        StoreReader(source.store, source.keys),
        sealing.order.order_id,
        target,
        keys=source.keys,
        by=sealing.by,
        now_us=sealing.started_us,
        # What the copy says of itself is in the desk's entry.
        audit=lambda kind, fields: None,
    )


def _of(uid: bytes) -> Callable[[DataView], np.ndarray[Any, Any]]:
    def rows(view: DataView) -> np.ndarray[Any, Any]:
        mask = np.zeros(len(view.rows), bool)
        for extent in view.extents:
            mask[extent.first_row : extent.first_row + extent.rows] |= extent.uid == uid
        return mask

    return rows
