"""What the packet core reports as TS 33.128 events: PDU sessions from the SMF, registrations from the AMF.

The same session as the accounting's, told by another function: establishment, modification half-way, release with the
volumes. Rows of `asn1.ts33128`; which fields a function fills was not read and is *assumed*. The place, a cell of the
test network, is told only where it is asked for. A task that comes late gets the session as one that was already up.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Final

from asn1.radius import START, STOP
from asn1.table import Value
from asn1.ts33128 import decode_xiri, encode_xiri
from carrier_sim.events import EventKind, InterceptEvent, Phase
from carrier_sim.subscribers import Subscriber

_TUNNEL_ADDRESS: Final = "192.0.2.30"
_PLMN: Final = {"mCC": "001", "mNC": "01"}
_CELL: Final = {
    "tAI": {"pLMNID": _PLMN, "tAC": b"\0\0\x07"},
    "nCGI": {"pLMNID": _PLMN, "nRCellID": b"\x04\x00\x00\x01\x23\x40"},
}
"""A BIT STRING is its count of unused bits and its bits."""
_NETWORK: Final = "internet.invalid"


def place() -> dict[str, Value]:
    """The location of a subscriber: the one cell of the network."""
    return {"locationInfo": {"userLocation": {"nRLocation": _CELL}, "currentLoc": True}}


def _who(subscriber: Subscriber) -> dict[str, Value]:
    return {"sUPI": ("iMSI", subscriber.imsi), "gPSI": ("mSISDN", subscriber.number)}


@dataclass(slots=True)
class SessionReport:
    """Reports of one PDU session. `add` counts a packet, `event` tells the start, the middle or the end of it, by the
    status that accounting has for that."""

    subscriber: Subscriber
    correlation: int
    session: int
    tunnel: int
    start_us: int
    ipv6: bool = False
    located: bool = False
    _octets: list[int] = field(default_factory=lambda: [0, 0])
    _last_us: int = 0

    def add(self, event: InterceptEvent) -> None:
        self._octets[event.sender != self.subscriber.party] += len(event.octets)
        self._last_us = event.time_us

    def event(self, status: int, at_us: int) -> InterceptEvent:
        own = self.subscriber.ipv6 if self.ipv6 else self.subscriber.ipv4
        endpoint = ("iPv6Address" if self.ipv6 else "iPv4Address", ip_address(own).packed)
        value = _who(self.subscriber) | {"pDUSessionID": self.session}
        access: dict[str, Value] = {"accessType": "threeGPPAccess", "rATType": "nR"}
        if status == START:
            name, phase = "pDUSessionEstablishment", Phase.OPENS
            value |= access | {
                "gTPTunnelID": {"tEID": self.tunnel, "iPv4Address": ip_address(_TUNNEL_ADDRESS).packed},
                "pDUSessionType": "iPv6" if self.ipv6 else "iPv4",
                "sNSSAI": {"sliceServiceType": 1},
                "uEEndpoint": [endpoint],
                "dNN": _NETWORK,
                "requestType": "initialRequest",
            }
        elif status == STOP:
            name, phase = "pDUSessionRelease", Phase.CLOSES
            value |= {"uplinkVolume": self._octets[0], "downlinkVolume": self._octets[1]}
            if self._last_us:
                value |= {"timeOfFirstPacket": self.start_us, "timeOfLastPacket": self._last_us}
        else:
            name, phase = "pDUSessionModification", Phase.WITHIN
            value |= access | {"requestType": "modificationRequest"}
        if self.located:
            value["location"] = place()
        octets = encode_xiri((name, value))
        return InterceptEvent(
            at_us, EventKind.SESSION, self.correlation, octets, self.subscriber.party, None, phase=phase
        )


def already_up(octets: bytes, established_us: int) -> bytes:
    """An establishment, told to a task that came when the session was up."""
    name, value = decode_xiri(octets)
    if name != "pDUSessionEstablishment":
        return octets
    value = {**value, "timeOfSessionEstablishment": established_us}
    return encode_xiri(("startOfInterceptionWithEstablishedPDUSession", value))


@dataclass(frozen=True, slots=True)
class RegistrationPlan:
    """`leaves`: the handset takes its registration back."""

    start_us: int
    subscriber: Subscriber
    leaves: bool = False
    located: bool = False


def registration_events(plan: RegistrationPlan, correlation: int) -> Iterator[InterceptEvent]:
    """The one event of a registration with the AMF, or of its end."""
    who = plan.subscriber
    temporary = {**_PLMN, "aMFRegionID": 1, "aMFSetID": 1, "aMFPointer": 0, "fiveGTMSI": correlation & 0xFFFFFFFF}
    value: dict[str, Value] = _who(who) | {"gUTI": temporary}
    if plan.leaves:
        name = "deregistration"
        value |= {"deregistrationDirection": "uEInitiated", "accessType": "threeGPPAccess"}
    else:
        name = "registration"
        value |= {"registrationType": "initial", "registrationResult": "threeGPPAccess"}
    if plan.located:
        value["location"] = place()
    yield InterceptEvent(
        plan.start_us, EventKind.REGISTRATION, correlation, encode_xiri((name, value)), who.party, None
    )


def ims_events(events: Iterator[InterceptEvent]) -> Iterator[InterceptEvent]:
    """SIP messages told as iMSMessage, each leg by itself, since the record says which side the target is."""
    for event in events:
        source, destination = event.source, event.destination
        if source is None or destination is None:
            continue
        for direction in ("fromTarget", "toTarget"):
            sends = direction == "fromTarget"
            message = {
                "iPSourceAddress": _ip(source.host),
                "iPDestinationAddress": _ip(destination.host),
                "sIPContent": event.octets,
            }
            value = {"payload": ("encapsulatedSIPMessage", message), "sessionDirection": direction}
            phase = Phase.WITHIN if sends and event.phase is Phase.CLOSES else event.phase
            yield event._replace(
                kind=EventKind.IMS,
                octets=encode_xiri(("iMSMessage", value)),
                sender=event.sender if sends else None,
                receiver=None if sends else event.receiver,
                phase=phase,
            )


def _ip(host: str) -> tuple[str, bytes]:
    packed = ip_address(host).packed
    return ("iPv4Address" if len(packed) == 4 else "iPv6Address"), packed
