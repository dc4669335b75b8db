"""The signed ledgers of a run, verified and read for the score: the desk's and the collector's.

A ledger that was changed gives no score: it is an error of integrity, whoever changed it. Lines behind the newest
checkpoint are signed by nobody yet, so they count for nothing: anybody with the disk in hand can write them.
"""

from __future__ import annotations

from pathlib import Path

from collector.desk.ledger import verify_desk
from collector.store.audit_log import AuditReport, read_audit, verify_audit
from collector.store.epochs import read_trust
from lab.cli_verify import find_store
from lab.desk import desk_directory, desk_pins
from lab.paths import RunPaths
from lab.training.rubric import Ledger
from lab.training.scoring import AuditEntry, entries_of
from mediation.runtime.process import IntegrityError


def verified_entries(data: Path) -> list[AuditEntry]:
    """Of a run's directory, each ledger in its own order. Raises IntegrityError, NotReadyError, ConfigError."""
    place = find_store(data)
    return [
        *_signed("desk", RunPaths(data).ledger("desk"), verify_desk(desk_directory(data), False, desk_pins(data))),
        *_signed("collector", place.audit, verify_audit(place.audit, read_trust(place.keys), whole=False)),
    ]


def _signed(ledger: Ledger, directory: Path, report: AuditReport) -> list[AuditEntry]:
    if not report.ok:
        raise IntegrityError(f"The ledger in {directory} was changed, so there is no score: {report.faults[0]}")
    return entries_of(ledger, read_audit(directory)[: report.signed_entries])
