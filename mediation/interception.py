"""An interception as the carrier's administration function means it: which task belongs to which order, and what is
certified of it. The identifiers are a function of the order's id, so a restart needs no memory. Pure.
"""

from __future__ import annotations

import ipaddress
import uuid
from typing import Final, NamedTuple

from asn1 import x1
from mediation.law.orders import CourtOrder, TargetKind

NAMESPACE: Final = uuid.UUID("6f1c6f0e-6c61-5d0a-9a2e-63616c65612d")


def xid_of(order_id: str) -> uuid.UUID:
    """The XID of an order's task."""
    return uuid.uuid5(NAMESPACE, f"order:{order_id}")


def did_of(interface: str) -> uuid.UUID:
    return uuid.uuid5(NAMESPACE, f"destination:{interface}")


def identifiers(order: CourtOrder) -> tuple[tuple[str, str], ...]:
    """The order's targets as X1 target identifiers; a host name has none of its own and is named by its address. A
    warrant for a device of the agency's own asks nothing of a carrier (R-162)."""
    if order.kind.for_device:
        return ()
    found: list[tuple[str, str]] = []
    for target in order.targets:
        if target.kind is TargetKind.E164:
            found.append(("e164Number", target.value))
        elif target.kind is TargetKind.IMSI:
            found.append(("imsi", target.value))
        elif target.kind is TargetKind.SIP_URI:
            found.append(("sipUri", target.value))
        elif target.kind is TargetKind.IPV4:
            found.append(("ipv4Address", target.value))
        elif target.kind is TargetKind.IPV6:
            found.append(("ipv6Address", ipaddress.IPv6Address(target.value).exploded))
    return tuple(found)


def rogue_xid(number: str) -> uuid.UUID:
    """The XID of a task that no order stands behind."""
    return uuid.uuid5(NAMESPACE, f"rogue:{number}")


class Interception(NamedTuple):
    """One task as it should be, and what it is certified as: `order` is None where nothing authorises it. `act` names
    what enabled it: one act, one certification."""

    task: x1.TaskDetails
    circuit: str
    order: CourtOrder | None
    liid: str
    act: str
