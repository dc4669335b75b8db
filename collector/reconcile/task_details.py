"""What a task is aimed at, as an element shows it over X1 and as an order asks for it, so that both can be compared.

Pure. What is not known stays as it is, and so differs from every order.
"""

from __future__ import annotations

import ipaddress

from asn1.sip import canonical_uri, number_of
from asn1.x1_values import TaskDetails
from collector.reconcile.compare import Targets
from mediation.law.orders import CourtOrder, TargetKind


def targets_shown(task: TaskDetails) -> Targets:
    """What the element says the task is aimed at; a composed identifier as the text of its value."""
    return frozenset(
        normalised(kind, value) if isinstance(value, str) else (kind, repr(value)) for kind, value in task.targets
    )


def normalised(kind: str, value: str) -> tuple[str, str]:
    """One identifier so that equal ones are equal: numbers as digits, URIs without parameters, addresses shortest.
    What is not known stays as it is, and so differs from every order."""
    if kind in ("e164Number", "telUri"):
        number = number_of(value if value.lower().startswith("tel:") else f"tel:+{value.removeprefix('+')}")
        return "e164Number", number or value
    if kind in ("sipUri", "impu"):
        return "sipUri", canonical_uri(value)
    if kind in ("ipv4Address", "ipv6Address"):
        try:
            return kind, str(ipaddress.ip_address(value))
        except ValueError:
            return kind, value
    return kind, value


def targets_of(order: CourtOrder) -> Targets:
    """What the order's task may be aimed at. A host has no X1 identifier; its order names the address beside it."""
    names = {
        TargetKind.E164: "e164Number",
        TargetKind.IMSI: "imsi",
        TargetKind.SIP_URI: "sipUri",
        TargetKind.IPV4: "ipv4Address",
        TargetKind.IPV6: "ipv6Address",
    }
    return frozenset(normalised(names[one.kind], one.value) for one in order.targets if one.kind in names)
