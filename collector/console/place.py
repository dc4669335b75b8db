"""From where somebody asks: the enrolled station of the request, the network segment of its address. Pure.

Rules. A browser without an enrolled station is a device that cannot be a client (R-077), whatever it says of itself,
except for the court and the prosecutor, who have no station (R-156, SD-7). The segment is what the configuration knows
of the address, never what a header says: no header is read here (`X-Forwarded-For` included). An address outside the
closed network is remote (R-078, R-088).
"""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import ip_address
from typing import Final, NamedTuple

from collector.console.config import Segment
from mediation.law.access_facts import DeviceClass, Place
from mediation.law.actors import Role
from mediation.runtime.closed import may_connect

_NO_STATION: Final = frozenset({Role.JUDGE, Role.PROS})


class StationAt(NamedTuple):
    """An enrolled station."""

    station_id: str
    facility: str
    device: DeviceClass


def segment_of(address: str, segments: Iterable[Segment]) -> DeviceClass | None:
    """What the narrowest configured network around an address is known for; None when it is in none."""
    try:
        found = ip_address(address)
    except ValueError:
        return None
    around = [one for one in segments if found in one.network]
    return max(around, key=lambda one: one.network.prefixlen).device if around else None


def place_for(
    station: StationAt | None, address: str, segments: Iterable[Segment], role: Role | None, second_factor: bool
) -> Place | None:
    """What `access.may` is told; None only for those who need no place."""
    if station is None and role in _NO_STATION:
        return None
    segment = segment_of(address, segments)
    remote = not may_connect(address)
    if station is None:
        return Place("", DeviceClass.GENERAL_DESKTOP, segment, remote, second_factor)
    return Place(station.facility, station.device, segment or station.device, remote, second_factor)
