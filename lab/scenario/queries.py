"""Questions a scenario asks of what a run leaves on record: entries of a signed ledger, a value of a process's status.

Shapes only; `lab.scenario.evidence` reads, `lab.scenario.engine` waits, `lab.scenario.expect` judges.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from mediation.runtime.config import Model

Process = Literal["carrier_sim", "mediation", "collector", "reconciler", "desk", "faults", "devices", "records"]
Ledger = Literal["collector", "desk", "reconciler", "certifications", "devices", "records"]


class AuditQuery(Model):
    """Entries of one ledger: kind, fields that must be so (nested ones too), and how many."""

    ledger: Ledger = "collector"
    kind: str
    fields: dict[str, Any] = Field(default_factory=dict)
    count: int | None = None
    least: int = 1
    at: str | None = None
    """Virtual time the entry must carry."""

    def holds(self, found: int) -> bool:
        """Whether so many entries are what is wanted."""
        return found == self.count if self.count is not None else found >= self.least


class StatusQuery(Model):
    """A value in a process's /status, by a path of names: `tasks`, `links.hi2.connected`."""

    process: Process
    path: str
    equals: Any = None
    least: int | None = None


class Bounds(Model):
    least: int = 0
    most: int = 1 << 62
