"""What the generator process is told, and what it says: one JSON object in a file, JSON lines on standard output."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from lab.bench.profiles import Profile

GO: Final = "go\n"
"""The word on standard input that begins the load; the communications are open by then."""


@dataclass(frozen=True, slots=True)
class Plan:
    """`tls`: the paths of `certificate`, `key` and `ca`, or None. `tick_us`: how often what is due is sent. `drain_s`:
    how long the end waits for the last acknowledgements. Where several send the profile's connections among them, each
    has every `parts`th, from `part` on; records and rate are then its own."""

    profile: Profile
    host: str
    port: int
    tls: Mapping[str, str] | None = None
    negotiate: bool = True
    tick_us: int = 250
    drain_s: float = 60.0
    part: int = 0
    parts: int = 1

    def write(self, path: Path) -> None:
        value = {
            "profile": self.profile.as_fields(),
            "host": self.host,
            "port": self.port,
            "tls": None if self.tls is None else dict(self.tls),
            "negotiate": self.negotiate,
            "tick_us": self.tick_us,
            "drain_s": self.drain_s,
            "part": self.part,
            "parts": self.parts,
        }
        path.write_text(json.dumps(value, indent=1))

    @classmethod
    def read(cls, path: Path) -> Plan:
        value: dict[str, Any] = json.loads(path.read_text())
        return cls(**{**value, "profile": Profile.of_fields(value["profile"])})


@dataclass(frozen=True, slots=True)
class Loaded:
    """What the generator did. `sent` and `acknowledged` (None: the dialect has no such thing) are records, `opened`
    those that opened communications before the run. `latencies`: bins of `schedule.Latencies` by the group of
    connections (`paced`, `flood`). `behind_s`: by how much a record was written later than it was due, at most.
    `unsent`: due, and never written. `lost_links`: connections that ended on their own."""

    sent: int
    acknowledged: int | None
    opened: int
    seconds: float
    cpu_s: float
    latencies: Mapping[str, list[list[int]]]
    largest_us: Mapping[str, int]
    record_octets: int
    behind_s: float = 0.0
    unsent: int = 0
    lost_links: int = 0
    acknowledging: bool = True
    tls_version: str | None = None
