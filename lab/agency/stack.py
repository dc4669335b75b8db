"""The systems around the collector within one run: names, ports and their half of each configuration. Data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

PROCESSES: Final = ("devices", "records")
PORT_NAMES: Final = ("recorders", "devices-control", "records", "records-control")
CERTIFICATES: Final = ("recorders", "records", "hand-off", "devices")
"""Whose certificates the lab's CA issues: of the recorders' end of their link, of record management, and of those who
bring it something."""
LINK: Final = "recorders-1"
PEOPLE: Final = (
    ("rivera", "INV"), ("okafor", "SUP"), ("lund", "TADM"), ("doyle", "ICO"), ("quinn", "IAB"), ("ames", "APO"),
)  # fmt: skip
"""Who has an account in record management; fictional. `ames` is the agency's privacy officer."""
RECORDERS: Final = ({"name": "D1"}, {"name": "D2"})
"""Those of a run that says nothing of them; fictional."""


@dataclass(frozen=True, slots=True)
class Agency:
    """What a run has of them; `devices` and `records` over the configurations of those two processes."""

    devices: Mapping[str, Any] = field(default_factory=dict)
    records: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Around:
    """`clock`: as every process's configuration has it; `collectors`: names, the first has the recorders' link."""

    data: Path
    plan: Agency
    ports: Mapping[str, int]
    host: str
    clock: Mapping[str, Any]
    collectors: tuple[str, ...] = ("collector",)

    def links(self, tls: Mapping[str, Any]) -> list[dict[str, Any]]:
        """The collector's own end of the recorders' link; a piece has a second of sound, 8 KiB."""
        listen = {"host": self.host, "port": self.ports["recorders"], **tls}
        return [{"name": LINK, "interface": "HI3", "dialect": "recorder", "listen": listen, "max_record_octets": 16384}]

    def configs(self) -> dict[str, dict[str, Any]]:
        tls = self._tls("recorders")
        keys = [self.data / name / "keys" / "signing.pub" for name in self.collectors]
        return {
            "records": {
                "data_dir": self.data / "records",
                "clock": dict(self.clock),
                "collector_key": keys[0],
                **({"more_collector_keys": keys[1:]} if keys[1:] else {}),
                "people": [{"user_id": name, "role": role} for name, role in PEOPLE],
                "listen": self._listen("records") | {"tls": self._tls("records")},
                "control": self._listen("records-control"),
                **self.plan.records,
            },
            "devices": {
                "data_dir": self.data / "devices",
                "clock": dict(self.clock),
                "recorders": list(RECORDERS),
                "cameras": [{"name": "CAM1"}],
                "handhelds": [{"name": "P1"}],
                "records": {"host": self.host, "port": self.ports["records"], "tls": self._tls("devices")},
                "collector": {"host": self.host, "port": self.ports["recorders"], "tls": tls},
                "control": self._listen("devices-control"),
                **self.plan.devices,
            },
        }

    def _tls(self, name: str) -> dict[str, Any]:
        ca = self.data / "ca"
        return {"certificate": ca / f"{name}.pem", "key": ca / f"{name}.key", "ca": ca / "ca.pem"}

    def _listen(self, name: str) -> dict[str, Any]:
        return {"host": self.host, "port": self.ports[name]}
