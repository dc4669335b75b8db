"""Whole orders exported into a directory each, by somebody who says who they are and why."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from asn1.errors import RefusedError
from collector.export.service import export_liid
from collector.export.sources import Source, reading
from collector.store.audit_log import verify_audit
from collector.store.epochs import read_trust
from mediation.law.orders import CourtOrder
from mediation.runtime.process import IntegrityError


@dataclass(slots=True)
class Exports:
    """`communications` as in `demo --json`; `audio_s` seconds of sound; `messages` that can be read; `withheld` records
    that are listed and not handed out."""

    communications: list[dict[str, Any]] = field(default_factory=list)
    files: list[Path] = field(default_factory=list)
    audio_s: float = 0.0
    messages: int = 0
    withheld: int = 0


def export_fields(actor: str, reason: str, orders: Iterable[CourtOrder], sources: Sequence[Source]) -> dict[str, Any]:
    """The entry `export`, to be on record before the first file is there. Raises IntegrityError when an audit log is
    not whole (R-092): who cannot say what was done with records hands none out. Raises RefusedError without an actor or
    a reason."""
    if not actor.strip() or not reason.strip():
        raise RefusedError("An export says who makes it and why; one of them is missing.")
    for one in sources:
        found = verify_audit(one.audit, read_trust(one.keys.directory), whole=False)
        if not found.ok:
            raise IntegrityError(f"The audit log {one.audit} was changed ({found.faults[0]}): nothing is exported.")
    return {"actor": actor, "reason": reason, "orders": [str(order.order_id) for order in orders]}


def export_orders(sources: Sequence[Source], directory: Path, orders: Iterable[CourtOrder]) -> Exports:
    """Write everything of these orders that may be read; what an earlier export of the same order left is replaced.
    Only behind an entry of `export_fields`. Blocks."""
    exports = Exports()
    reader = reading(sources)
    for order in orders:
        target = directory / order.order_id
        shutil.rmtree(target, ignore_errors=True)
        made = export_liid(reader, order.liid.encode(), target)
        exports.communications += made.rows
        exports.files += made.files
        exports.audio_s += made.audio_s
        exports.messages += made.messages
        exports.withheld += made.withheld
    return exports
