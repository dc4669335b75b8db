"""Where everything of a run lies: the data directory of docs/architecture.md, as one value.

Nothing here makes, reads or judges a file; whoever writes one makes its directory.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

PROCESSES = (
    "postgres", "signer", "collector", "faults", "carrier_sim", "mediation", "reconciler", "desk", "witness",
    "court_office", "console", "devices", "records",
)  # fmt: skip
"""In the order they start: who listens before who connects, who compares them after that."""
EVERY_RUN = ("collector", "carrier_sim", "mediation")
"""The others only where the plan has them."""
RECEIVERS = ("reconciler", "mediation", "collector")
"""Who gets court documents. The reconciler comes first, so that it never sees a task before the order."""
MODULES = {
    "postgres": "lab.fleet",
    "signer": "collector.signer",
    "faults": "lab.faults",
    "reconciler": "collector.reconcile",
    "desk": "collector.desk",
    "witness": "collector.witness",
    "court_office": "lab.court_office",
    "console": "collector.console",
    "devices": "lab.agency.devices",
    "records": "lab.agency.records",
}
"""What runs a process whose name is not its package's."""


@dataclass(frozen=True, slots=True)
class RunPaths:
    data: Path

    @property
    def run_file(self) -> Path:
        return self.data / "run.json"

    @property
    def mark_file(self) -> Path:
        """Says that the directory is ours, so that it may be emptied."""
        return self.data / ".calea-lab"

    @property
    def clock(self) -> Path:
        """Of a run whose clock can be moved."""
        return self.data / "clock"

    @property
    def ca(self) -> Path:
        return self.data / "ca"

    @property
    def court(self) -> Path:
        return self.data / "court"

    @property
    def console_keys(self) -> Path:
        """With which the console signs its commands."""
        return self.data / "console" / "keys"

    @property
    def faults_word(self) -> Path:
        """What whoever commands the fault proxy shows."""
        return self.data / "faults" / "word"

    @property
    def exports(self) -> Path:
        return self.data / "exports"

    @property
    def store(self) -> Path:
        return self.data / "collector" / "store"

    @property
    def hi1_endpoints(self) -> Path:
        """Where the receivers of court documents listen, for the court."""
        return self.data / "hi1.json"

    def inbox(self, process: str) -> Path:
        return self.data / process / "hi1-inbox"

    def ledger(self, owner: str) -> Path:
        """Directory of the signed log of `collector`, `desk`, `reconciler`, `devices` or `records`."""
        return self.data / owner / ("findings" if owner == "reconciler" else "audit")

    def config(self, process: str) -> Path:
        return self.data / "config" / f"{process}.toml"

    @property
    def signer(self) -> Path:
        """Directory of a run's signer."""
        return self.data / "signer"

    def ready(self, process: str) -> Path:
        return self.data / process / "ready.json"

    def log(self, process: str) -> Path:
        return self.data / "logs" / f"{process}.log"

    def last_words(self, process: str) -> Path:
        """Its standard error: the sentence of a process that would not start."""
        return self.data / "logs" / f"{process}.stderr"
