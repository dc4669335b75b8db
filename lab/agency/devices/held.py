"""Cameras and handhelds: a memory that stops when it is full, read out into record management and nowhere else.

Rules. A camera has no network at all: its card is read out at a station (R-169). A handheld speaks through the agency's
VPN alone, never through a hotspot (R-170); over it, it may read record management, as the person who signs in, for a
need. Neither is a source or a client of the collection system: what they try there is tried, refused, and on record on
both sides. How somebody unlocks a handheld is not modelled: no biometric measurement is (R-172).
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from asn1.errors import RefusedError
from lab.agency.devices.config import HeldConfig
from lab.agency.devices.going_out import RecordManagement, reach
from lab.agency.devices.memory import Memory
from lab.agency.devices.picture import picture
from mediation.runtime.clock import Clock
from mediation.runtime.config import NotReadyError, Peer

MAX_PICTURES: Final = 1000
HOTSPOT: Final = "hotspot"
_HEAD: Final = b"\n"
Make = Callable[[str, Path, int], Memory]
Deed = Callable[[str, Mapping[str, Any]], Awaitable[dict[str, Any]]]


@dataclass(slots=True)
class Held:
    """`vpn`: whether the agency's VPN is up; of a camera never. `taken`: pictures in its whole life."""

    name: str
    memory: Memory
    networked: bool
    vpn: bool = True
    taken: int = 0


class HeldDevices:
    """Of one kind: `kind` is `camera` or `handheld`."""

    def __init__(
        self,
        kind: str,
        devices: tuple[HeldConfig, ...],
        place: Path,
        clock: Clock,
        memory: Make,
        records: RecordManagement | None,
        collector: Peer | None,
    ) -> None:
        self._kind = kind
        self._clock = clock
        self._records = records
        self._collector = collector
        networked = kind == "handheld"
        self._all = {
            one.name: Held(one.name, memory(one.name, place / one.name, one.capacity_octets), networked, networked)
            for one in devices
        }

    def status(self) -> list[dict[str, Any]]:
        return [
            {
                "name": one.name,
                "used_octets": one.memory.used_octets,
                "capacity_octets": one.memory.capacity_octets,
                "full": one.memory.stopped,
                "items": len(one.memory.items),
                "vpn": one.vpn,
            }
            for one in self._all.values()
        ]

    def deeds(self) -> dict[str, Deed]:
        common: dict[str, Deed] = {"take": self._take, "read-out": self._read_out, "reach": self._reach}
        return common | ({"network": self._network, "look": self._look} if self._kind == "handheld" else {})

    def _find(self, name: str) -> Held:
        if name not in self._all:
            raise RefusedError(f"There is no {self._kind} {name}.")
        return self._all[name]

    async def _take(self, name: str, asked: Mapping[str, Any]) -> dict[str, Any]:
        """Pictures of a case, until the memory is full: then DEVICE_FULL, and those that fitted stay."""
        device, many = self._find(name), asked.get("pictures", 1)
        case, by = str(asked.get("case", "")).strip(), str(asked.get("by", "")).strip()
        if not case or not by or not isinstance(many, int) or not 0 < many <= MAX_PICTURES:
            raise RefusedError(f"Taking pictures names case and by, and takes 1 to {MAX_PICTURES}.")
        for _ in range(many):
            head = {"case": case, "by": by, "made_us": str(self._clock.now_us()), "kind": "image", "device": name}
            device.memory.keep(json.dumps(head).encode() + _HEAD + picture(device.taken))
            device.taken += 1
        return {"by": by, "case": case, "pictures": many, "used_octets": device.memory.used_octets}

    async def _read_out(self, name: str, asked: Mapping[str, Any]) -> dict[str, Any]:
        """Into record management, and then the memory is cleared; what did not arrive stays."""
        device = self._find(name)
        self._connected(device)
        if self._records is None:
            raise NotReadyError(f"No record management is configured for {name}: set records.")
        brought = []
        for number in device.memory.items:
            head, _, octets = device.memory.read(number).partition(_HEAD)
            brought.append(await self._records.bring(octets, json.loads(head)))
        return {"by": str(asked.get("by", "")), "brought": brought, "cleared": device.memory.clear()}

    async def _reach(self, name: str, asked: Mapping[str, Any]) -> dict[str, Any]:
        """Somebody tries to bring it into the collection system, or to ask that something. It never succeeds."""
        device = self._find(name)
        if self._collector is None:
            raise NotReadyError("No collector is configured: set collector.")
        items = device.memory.items
        octets = device.memory.read(items[0]).partition(_HEAD)[2] if items else b"GET / HTTP/1.1\r\n\r\n"
        answer = await reach(self._collector, octets)
        rule = "R-169" if self._kind == "camera" else "R-170"
        if answer:
            raise RefusedError(f"The collector answered {name}, which no {self._kind} may be answered by ({rule}).")
        return {"by": str(asked.get("by", "")), "answered": False, "rules": ["R-087", rule]}

    async def _network(self, name: str, asked: Mapping[str, Any]) -> dict[str, Any]:
        """R-170: always on, and no hotspot."""
        device, to = self._find(name), str(asked.get("to", ""))
        if to == HOTSPOT:
            raise RefusedError(f"{name} joins no hotspot (R-170).")
        device.vpn = asked.get("vpn") is not False
        return {"to": to, "vpn": device.vpn, "rules": ["R-170"]}

    async def _look(self, name: str, asked: Mapping[str, Any]) -> dict[str, Any]:
        """Somebody looks something up in record management, through the VPN, with id and password, for a need."""
        device = self._find(name)
        self._connected(device)
        if self._records is None:
            raise NotReadyError(f"No record management is configured for {name}: set records.")
        user_id, password = str(asked.get("by", "")), str(asked.get("password", ""))
        terms = {one: str(asked[one]) for one in ("case_id", "who", "kind") if asked.get(one)}
        rows = await self._records.search(user_id, password, {"need": str(asked.get("need", "")), **terms})
        return {"by": user_id, "found": len(rows), "rules": ["R-170", "R-173"]}

    @staticmethod
    def _connected(device: Held) -> None:
        if device.networked and not device.vpn:
            raise RefusedError(f"The VPN of {device.name} is down: nothing leaves it and nothing comes (R-170).")
