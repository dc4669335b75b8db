"""The signed ledgers of a run, verified and read for the score: the desk's and the collector's.

A ledger that was changed gives no score: it is an error of integrity, whoever changed it.
"""

from __future__ import annotations

from pathlib import Path

from collector.store.audit_log import read_audit, verify_audit
from collector.store.epochs import read_trust
from lab.cli_verify import find_store
from lab.desk import entries_of as desk_entries_of
from lab.training.scoring import AuditEntry, entries_of
from mediation.runtime.process import IntegrityError


def verified_entries(data: Path) -> list[AuditEntry]:
    """Of a run's directory, each ledger in its own order. Raises IntegrityError, NotReadyError, ConfigError."""
    _, desk = desk_entries_of(data)
    place = find_store(data)
    report = verify_audit(place.audit, read_trust(place.keys), whole=False)
    if not report.ok:
        raise IntegrityError(f"The collector's audit log in {place.audit} was changed: {report.faults[0]}")
    return [*entries_of("desk", desk), *entries_of("collector", read_audit(place.audit))]
