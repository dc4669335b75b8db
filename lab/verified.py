"""Whether all that a run stored is what was signed: of one collector, or of each of a fleet, and what of it is lost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from collector.store.verifier import VerifyReport
from lab.cli_verify import check_store, find_store, find_stores
from lab.fleet.of_run import is_fleet


@dataclass(frozen=True, slots=True)
class Verified:
    """`reports` by collector, blank where there is one alone; `lost` are sentences."""

    reports: Mapping[str, VerifyReport]
    lost: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        return not self.lost and all(one.ok for one in self.reports.values())

    @property
    def records(self) -> int:
        return sum(one.records for one in self.reports.values())

    @property
    def words(self) -> str:
        """What was found, in one line."""
        if not self.ok:
            named = (
                f"{name}: {fault}" if name else fault for name, one in self.reports.items() for fault in one.tampered
            )
            return "; ".join([*self.lost, *named][:3])
        checkpoints = sum(one.checkpoints for one in self.reports.values())
        entries = sum(one.audit.entries for one in self.reports.values())
        each = f" in {len(self.reports)} stores" if len(self.reports) > 1 else ""
        return f"{self.records} records{each}, {checkpoints} checkpoints, {entries} audit entries"

    @property
    def ledgers(self) -> str:
        """Each ledger in a line."""
        return "\n".join(
            f"ledger{' of ' + name if name else ''}: {one.records} records, size {one.size}, root {one.root}"
            for name, one in self.reports.items()
        )

    def as_json(self) -> dict[str, Any]:
        """The `ledger` of `demo --json`: of a fleet the sums, without a root, and each collector's own."""
        each = {
            name: {"records": one.records, "size": one.size, "root": one.root, "verified": one.ok}
            for name, one in self.reports.items()
        }
        if each.keys() == {""}:
            return each[""]
        sums = {"records": self.records, "size": sum(one.size for one in self.reports.values())}
        return {**sums, "verified": self.ok, "collectors": each, "lost": list(self.lost)}


def verify_run(data: Path) -> Verified:
    """Raises ConfigError, NotReadyError."""
    if not is_fleet(data):
        return Verified({"": check_store(find_store(data))})
    from lab.fleet.spanning import check_fleet  # it asks a database, which a run of one collector has none of

    places = {place.store.parent.name: place for place in find_stores(data)}
    report = check_fleet(data, lambda name: check_store(places[name]))
    unknown = (report.unknown,) if report.unknown else ()
    return Verified(report.reports, (*(one.sentence() for one in report.lost), *unknown))
