"""The systems around the collector within one run: names, ports and their half of each configuration. Data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

PROCESSES: Final = ("devices",)
PORT_NAMES: Final = ("recorders", "devices-control")
CERTIFICATES: Final = ("recorders",)
"""Whose certificates the lab's CA issues: of the recorders' end of their link."""
LINK: Final = "recorders-1"
RECORDERS: Final = ({"name": "D1"}, {"name": "D2"})
"""Those of a run that says nothing of them; fictional."""


@dataclass(frozen=True, slots=True)
class Agency:
    """What a run has of them; `devices` over the configuration of `lab.agency.devices`."""

    devices: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Around:
    """`clock`: as every process's configuration has it."""

    data: Path
    plan: Agency
    ports: Mapping[str, int]
    host: str
    clock: Mapping[str, Any]

    def links(self, tls: Mapping[str, Any]) -> list[dict[str, Any]]:
        """The collector's own end of the recorders' link."""
        listen = {"host": self.host, "port": self.ports["recorders"], **tls}
        return [{"name": LINK, "interface": "HI3", "dialect": "recorder", "listen": listen}]

    def configs(self) -> dict[str, dict[str, Any]]:
        ca = self.data / "ca"
        tls = {"certificate": ca / "recorders.pem", "key": ca / "recorders.key", "ca": ca / "ca.pem"}
        return {
            "devices": {
                "data_dir": self.data / "devices",
                "clock": dict(self.clock),
                "recorders": list(RECORDERS),
                "collector": {"host": self.host, "port": self.ports["recorders"], "tls": tls},
                "control": self._listen("devices-control"),
                **self.plan.devices,
            }
        }

    def _listen(self, name: str) -> dict[str, Any]:
        return {"host": self.host, "port": self.ports[name]}
