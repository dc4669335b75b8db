"""The exports of a run: each order's directory under `exports/`, and what they come to together."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from collector.export.orders import Exports, export_fields, export_orders
from collector.store.keys import Keys
from lab.cli_verify import StorePlace
from lab.desk import desk_exists, open_desk
from lab.paths import RunPaths
from mediation.law.orders import CourtOrder

Record = Callable[[str, dict[str, Any]], object]
"""Takes the kind and the fields of an audit entry, and has it durable when it returns."""


def listed_in(directory: Path) -> Record:
    """A record of exports as a list beside them, for a run that has no desk."""

    def record(kind: str, fields: dict[str, Any]) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        with (directory / "exports.jsonl").open("a", encoding="utf-8") as stream:
            stream.write(json.dumps({"kind": kind, "fields": fields}, sort_keys=True) + "\n")
            stream.flush()
            os.fsync(stream.fileno())

    return record


def recorded_in(data: Path, now_us: int) -> Record:
    """Where a run's exports are put on record: its desk's ledger, and where it has no desk a list beside them."""
    if not desk_exists(data):
        return listed_in(RunPaths(data).exports)

    def record(kind: str, fields: dict[str, Any]) -> None:
        with open_desk(data) as desk:
            desk.record(kind, fields, now_us)

    return record


def export_all(
    place: StorePlace,
    directory: Path,
    orders: Iterable[CourtOrder],
    *,
    actor: str,
    reason: str,
    record: Record,
) -> Exports:
    """Write everything of these orders that may be read; what an earlier export of the same order left is replaced.

    `actor` exports for `reason`; both go on record (`record` takes the audit entry's kind and fields) before the first
    file is there. Raises IntegrityError when the audit log is not whole (R-092): who cannot say what was done with
    records hands none out. Raises RefusedError without an actor or a reason.
    """
    wanted = list(orders)
    record("export", export_fields(actor, reason, wanted, place.audit, place.keys))
    return export_orders(place.store, Keys(place.keys), directory, wanted)
