"""Court orders as values: kinds, states, windows, targets.

Types only and the predicates that follow from the types alone; who may decide what with them lives in
`mediation/scope.py` (carrier) and `collector/gate.py` (agency), which share nothing else.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from enum import StrEnum
from typing import NewType

Liid = NewType("Liid", str)
OrderId = NewType("OrderId", str)
CaseId = NewType("CaseId", str)
OrderUid = NewType("OrderUid", bytes)
"""Sixteen octets that stand for an order in envelopes and extents: see `order_uid`."""


class OrderKind(StrEnum):
    """R-001: the only kinds there are."""

    PRTT = "PRTT"
    EAVESDROPPING = "EAVESDROPPING"
    EXIGENT_PRTT = "EXIGENT_PRTT"
    EXIGENT_EAV_STATE = "EXIGENT_EAV_STATE"
    EXIGENT_EAV_FEDERAL = "EXIGENT_EAV_FEDERAL"
    COVERT_AUDIO_WARRANT = "COVERT_AUDIO_WARRANT"

    @property
    def metadata_only(self) -> bool:
        """R-110: pen register and trap and trace never carry content."""
        return self in (OrderKind.PRTT, OrderKind.EXIGENT_PRTT)


class OrderState(StrEnum):
    """R-027. The transitions are a table in `lifecycle.py`."""

    DRAFT = "DRAFT"
    ISSUED = "ISSUED"
    ACTIVE = "ACTIVE"
    EXPIRED = "EXPIRED"
    TERMINATED = "TERMINATED"
    REVOKED = "REVOKED"
    LAPSED = "LAPSED"
    SEALED = "SEALED"
    HANDED_OFF = "HANDED_OFF"
    CLOSED = "CLOSED"


class Service(StrEnum):
    """What an eavesdropping warrant may list (R-116)."""

    VOICE = "VOICE"
    SMS = "SMS"
    MMS = "MMS"
    DATA = "DATA"


class PrttDirection(StrEnum):
    """R-023: PEN = the target originates, TRAP = the target receives."""

    PEN = "PEN"
    TRAP = "TRAP"
    BOTH = "BOTH"


class TargetKind(StrEnum):
    E164 = "e164"
    IMSI = "imsi"
    SIP_URI = "sipUri"
    IPV4 = "ipv4Address"
    IPV6 = "ipv6Address"
    HOST = "host"


@dataclass(frozen=True, slots=True)
class Target:
    """One identifier named by an order. `value` is normalised: E.164 digits with country code and no plus."""

    kind: TargetKind
    value: str


@dataclass(frozen=True, slots=True)
class Window:
    """`[start_us, end_us)` in microseconds UTC (R-002). This is the one place that tests it."""

    start_us: int
    end_us: int

    def contains(self, event_us: int) -> bool:
        return self.start_us <= event_us < self.end_us


@dataclass(frozen=True, slots=True)
class CourtOrder:
    """One version of one order. Changing an order makes a new version; old ones stay (registry).

    `revoked_at_us` (R-019) and `objective_attained_at_us` (R-009) end the order at that instant, exclusive.
    `extensions_us` are the instants inside the window where an extension took over: each begins exactly where the
    period before it ended (R-014), so the window has no gap and stays one predicate. `trap_area` are E.164 prefixes
    (`1212`): the geographic limits of a trap and trace (R-024), none when empty.
    """

    order_id: OrderId
    version: int
    kind: OrderKind
    case_id: CaseId
    liid: Liid
    agency: str
    window: Window
    targets: tuple[Target, ...]
    services: frozenset[Service] = frozenset()
    direction: PrttDirection = PrttDirection.BOTH
    state: OrderState = OrderState.ISSUED
    revoked_at_us: int | None = None
    objective_attained_at_us: int | None = None
    location_authorised: bool = False
    pctdd_authorised: bool = False
    extensions_us: tuple[int, ...] = ()
    trap_area: frozenset[str] = frozenset()

    @property
    def uid(self) -> OrderUid:
        return order_uid(self.order_id)

    @property
    def effective_window(self) -> Window:
        """The window cut at revocation (R-019) and at the objective attained (R-009)."""
        end_us = (
            min(
                self.window.end_us,
                *(at for at in (self.revoked_at_us, self.objective_attained_at_us) if at is not None),
            )
            if (self.revoked_at_us is not None or self.objective_attained_at_us is not None)
            else self.window.end_us
        )
        return Window(self.window.start_us, end_us)


def order_uid(order_id: OrderId) -> OrderUid:
    """First 16 octets of SHA-256 over the order id in UTF-8."""
    return OrderUid(hashlib.sha256(order_id.encode()).digest()[:16])


_NOT_DIGITS = re.compile(r"[\s().\-]+")


def normalise_e164(number: str) -> str | None:
    """R-021: NANP number to E.164 digits without plus (`12125550100`); None when it is not one.

    Ten digits get the country code 1; eleven digits must start with 1. A number with a plus and another country code
    is kept as its digits. `tel:` and `sip:` forms are taken apart by the caller.
    """
    digits = _NOT_DIGITS.sub("", number)
    plus = digits.startswith("+")
    digits = digits.removeprefix("+")
    if not digits.isascii() or not digits.isdigit():
        return None
    if plus:
        return digits if 1 <= len(digits) <= 15 else None
    if len(digits) == 10:
        return "1" + digits
    return digits if len(digits) == 11 and digits.startswith("1") else None
