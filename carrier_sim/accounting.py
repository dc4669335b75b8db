"""RADIUS accounting of one session of a subscriber, with counts that agree with the packets it was shown.

Sources: RFC 2866, RFC 2869 (gigawords).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from asn1.radius import ACCOUNTING_REQUEST, FAILED, START, STOP, Value, build_radius
from carrier_sim.events import Address, EventKind, InterceptEvent, Phase
from carrier_sim.subscribers import ACCOUNTING_ADDRESS, NAS_ADDRESS, Subscriber

NAS_PORT: Final = 49_152
_ACCOUNTING_PORT: Final = 1813
_USER_REQUEST: Final = 1
_PHASES: Final = {START: Phase.OPENS, STOP: Phase.CLOSES, FAILED: Phase.CLOSES}


@dataclass(slots=True)
class Accounting:
    """`session` is the Acct-Session-Id. `add` counts a packet, `event` makes Start, Interim or Stop with the counts,
    or Failed, which has neither counts nor an address. `cause`: why it ended (RFC 2866 section 5.10)."""

    subscriber: Subscriber
    correlation: int
    session: str
    start_us: int
    _octets: list[int] = field(default_factory=lambda: [0, 0])
    _packets: list[int] = field(default_factory=lambda: [0, 0])

    def add(self, event: InterceptEvent) -> None:
        side = 0 if event.sender == self.subscriber.party else 1
        self._octets[side] += len(event.octets)
        self._packets[side] += 1

    def event(self, status: int, at_us: int, cause: int = _USER_REQUEST) -> InterceptEvent:
        subscriber = self.subscriber
        framed: list[tuple[str, Value]] = [
            ("Framed-IP-Address", subscriber.ipv4),
            ("Framed-IPv6-Prefix", f"{subscriber.ipv6.removesuffix('1')}/64"),
        ]
        attributes: list[tuple[str, Value]] = [
            ("User-Name", subscriber.nai),
            ("NAS-IP-Address", NAS_ADDRESS),
            ("NAS-Identifier", "nas-1.invalid"),
            ("NAS-Port-Type", 5),
            ("Acct-Status-Type", status),
            ("Acct-Session-Id", self.session),
            ("Calling-Station-Id", subscriber.number),
            ("Called-Station-Id", "internet.invalid"),
            ("3GPP-IMSI", subscriber.imsi),
            *(framed if status != FAILED else ()),
            ("Event-Timestamp", at_us // 1_000_000 & 0xFFFFFFFF),
        ]
        if status not in (START, FAILED):
            up, down = self._octets
            attributes += [
                ("Acct-Session-Time", (at_us - self.start_us) // 1_000_000),
                ("Acct-Input-Octets", up & 0xFFFFFFFF),
                ("Acct-Output-Octets", down & 0xFFFFFFFF),
                ("Acct-Input-Gigawords", up >> 32),
                ("Acct-Output-Gigawords", down >> 32),
                ("Acct-Input-Packets", self._packets[0]),
                ("Acct-Output-Packets", self._packets[1]),
            ]
        if status in (STOP, FAILED):
            attributes.append(("Acct-Terminate-Cause", cause))
        return InterceptEvent(
            at_us,
            EventKind.RADIUS,
            self.correlation,
            build_radius(ACCOUNTING_REQUEST, status, attributes),
            subscriber.party,
            None,
            Address(NAS_ADDRESS, NAS_PORT),
            Address(ACCOUNTING_ADDRESS, _ACCOUNTING_PORT),
            _PHASES.get(status, Phase.WITHIN),
        )
