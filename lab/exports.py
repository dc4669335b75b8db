"""The exports of a run: each order's directory under `exports/`, and what they come to together."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from collector.export.orders import Exports, export_fields, export_orders
from collector.export.sources import Source
from lab.cli_verify import StorePlace, find_store
from lab.desk import desk_exists, open_desk
from lab.fleet.of_run import collectors_of, is_fleet, number
from lab.paths import RunPaths
from mediation.law.orders import CourtOrder
from mediation.runtime.config import NotReadyError

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


def sources_of(data: Path) -> list[Source]:
    """The run's stores, for whoever copies out of them. Raises ConfigError without one, NotReadyError where a collector
    of a fleet is not there: whoever takes out a part of an order for the whole would not know."""
    if not is_fleet(data):
        return [source_of(find_store(data))]
    names = collectors_of(data)
    gone = [name for name in names if not (data / name / "store").is_dir()]
    if gone:
        raise NotReadyError(
            f"{', '.join(gone)} is not in {data}, so nothing is copied. Bring it back, or, where it is lost for good, "
            f"take its configuration out of {data / 'config'}: what it had is then named in the copy."
        )
    return [source_of(find_store(data / name), name, number(name)) for name in names]


def source_of(place: StorePlace, name: str = "", numbered: int = 0) -> Source:
    """A store with the keys of who signs for it. Raises NotReadyError."""
    return Source(name, numbered, place.store, place.audit, place.signing_keys())


def missing_of(data: Path) -> tuple[str, ...]:
    """A sentence for each part of a run's fleet that its catalogue knows of and no store has."""
    if not is_fleet(data):
        return ()
    from lab.fleet.spanning import lost_in  # it asks a database, which a run of one collector has none of

    lost, unknown = lost_in(data, dict.fromkeys(collectors_of(data), 1 << 62))
    said = tuple(one.sentence() for one in lost)
    return (*said, f"Whether records of a collector are missing cannot be told: {unknown}") if unknown else said


def export_all(
    sources: Sequence[Source],
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
    record("export", export_fields(actor, reason, wanted, sources))
    return export_orders(sources, directory, wanted)
