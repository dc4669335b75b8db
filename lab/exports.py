"""The exports of a run: each order's directory under `exports/`, and what they come to together."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from collector.export.service import export_liid
from collector.store.audit_log import verify_audit
from collector.store.keys import Keys, read_public_key
from collector.store.reader import StoreReader
from lab.cli_verify import StorePlace
from mediation.law.orders import CourtOrder
from mediation.runtime.process import IntegrityError


@dataclass(slots=True)
class Exports:
    """`communications` as in `demo --json`; `audio_s` seconds of sound; `messages` that can be read."""

    communications: list[dict[str, Any]] = field(default_factory=list)
    files: list[Path] = field(default_factory=list)
    audio_s: float = 0.0
    messages: int = 0


def export_all(place: StorePlace, directory: Path, orders: Iterable[CourtOrder]) -> Exports:
    """Write everything readable of these orders; what an earlier export of the same order left is replaced.

    Raises IntegrityError when the audit log is not whole: who cannot say what was done with records hands none out.
    """
    audit = verify_audit(place.audit, read_public_key(place.keys / "signing.pub"), whole=False)
    if not audit.ok:
        raise IntegrityError(f"The audit log {place.audit} was changed ({audit.faults[0]}): nothing is exported.")
    exports = Exports()
    reader = StoreReader(place.store, Keys(place.keys))
    for order in orders:
        target = directory / order.order_id
        shutil.rmtree(target, ignore_errors=True)
        made = export_liid(reader, order.liid.encode(), target)
        exports.communications += made.rows
        exports.files += made.files
        exports.audio_s += made.audio_s
        exports.messages += made.messages
    return exports
