"""The exports of a run: each order's directory under `exports/`, and what they come to together."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from asn1.errors import RefusedError
from collector.export.service import export_liid
from collector.store.audit_log import verify_audit
from collector.store.epochs import read_trust
from collector.store.keys import Keys
from collector.store.reader import StoreReader
from lab.cli_verify import StorePlace
from lab.desk import desk_exists, open_desk
from lab.paths import RunPaths
from mediation.law.orders import CourtOrder
from mediation.runtime.process import IntegrityError

Record = Callable[[str, dict[str, Any]], object]
"""Takes the kind and the fields of an audit entry, and has it durable when it returns."""


@dataclass(slots=True)
class Exports:
    """`communications` as in `demo --json`; `audio_s` seconds of sound; `messages` that can be read; `withheld` records
    that are listed and not handed out."""

    communications: list[dict[str, Any]] = field(default_factory=list)
    files: list[Path] = field(default_factory=list)
    audio_s: float = 0.0
    messages: int = 0
    withheld: int = 0


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
    if not actor.strip() or not reason.strip():
        raise RefusedError("An export says who makes it and why; one of them is missing.")
    audit = verify_audit(place.audit, read_trust(place.keys), whole=False)
    if not audit.ok:
        raise IntegrityError(f"The audit log {place.audit} was changed ({audit.faults[0]}): nothing is exported.")
    exports = Exports()
    reader = StoreReader(place.store, Keys(place.keys))
    wanted = list(orders)
    record("export", {"actor": actor, "reason": reason, "orders": [order.order_id for order in wanted]})
    for order in wanted:
        target = directory / order.order_id
        shutil.rmtree(target, ignore_errors=True)
        made = export_liid(reader, order.liid.encode(), target)
        exports.communications += made.rows
        exports.files += made.files
        exports.audio_s += made.audio_s
        exports.messages += made.messages
        exports.withheld += made.withheld
    return exports
