"""Court orders as values: kinds, states, windows, targets.

Types only and the predicates that follow from the types alone; who may decide what with them lives in
`mediation/scope.py` (carrier) and `collector/gate.py` (agency), which share nothing else.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Final, NamedTuple, NewType

from mediation.law.court_days import HOUR_US, add_court_days

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

    @property
    def for_device(self) -> bool:
        """R-162: a warrant for the agency's own recorder. It takes what that records, nothing else takes that, and it
        asks nothing of a carrier."""
        return self is OrderKind.COVERT_AUDIO_WARRANT

    @property
    def exigent(self) -> bool:
        """Used before its order is there, within the hours of `EXIGENT_HOURS`."""
        return self in EXIGENT_HOURS


EXIGENT_HOURS: Final = {
    OrderKind.EXIGENT_PRTT: (48, "R-033"),
    OrderKind.EXIGENT_EAV_STATE: (24, "R-034"),
    OrderKind.EXIGENT_EAV_FEDERAL: (48, "R-035"),
}
"""Hours from the first activation within which the emergency order is issued, and the rule that says so."""

TEMPORARY_WARRANT_HOURS: Final = 24
"""R-043: a state emergency warrant ends by itself this long after its issue."""

FEDERAL_DAYS: Final = 30
FEDERAL_GRACE_DAYS: Final = 10
"""R-008: thirty days, from the first interception, but from ten days after the entry of the order at the latest."""


class Jurisdiction(StrEnum):
    """Whose court: R-007 is the state's, R-008 the federal courts'."""

    STATE = "STATE"
    FEDERAL = "FEDERAL"


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
    DEVICE = "device"
    """A covert recorder of the agency's own, by the name that a warrant for it gives it (R-166)."""


class Target(NamedTuple):
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
class Exigency:
    """The use before the order (R-033 to R-040). `activated_at_us`: the first activation, from which every deadline
    counts (R-036). `order_issued_at_us`: when the emergency order was issued. `denied_at_us` (R-038), `obtained_at_us`
    (the information sought, R-039) and `ended_at_us` (the emergency, R-040) end the use at that instant, exclusive."""

    activated_at_us: int
    order_issued_at_us: int | None = None
    denied_at_us: int | None = None
    obtained_at_us: int | None = None
    ended_at_us: int | None = None


@dataclass(frozen=True, slots=True)
class CourtOrder:
    """One version of one order. Changing an order makes a new version; old ones stay (registry).

    `revoked_at_us` (R-019) and `objective_attained_at_us` (R-009) end the order at that instant, exclusive.
    `extensions_us` are the instants inside the window where an extension took over: each begins exactly where the
    period before it ended (R-014), so the window has no gap and stays one predicate. `trap_area` are E.164 prefixes
    (`1212`): the geographic limits of a trap and trace (R-024), none when empty.

    `exigent` belongs to the exigent kinds; without it the start of the window is the first activation. `issued_at_us`
    and `entered_at_us` are the court's (R-007, R-008); `first_interception_us` is laid over by the agency and stands in
    no document. `terminate_on_first`: ends with the first communication described (R-010). `facilities` and `presence`
    name places and people (R-075, R-076), `joint_with` agencies that may be granted access (R-080).
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
    jurisdiction: Jurisdiction = Jurisdiction.STATE
    exigent: Exigency | None = None
    issued_at_us: int | None = None
    entered_at_us: int | None = None
    first_interception_us: int | None = None
    terminate_on_first: bool = False
    facilities: frozenset[str] = frozenset()
    presence: frozenset[str] = frozenset()
    joint_with: frozenset[str] = frozenset()

    @property
    def uid(self) -> OrderUid:
        return order_uid(self.order_id)

    @property
    def federal(self) -> bool:
        return self.jurisdiction is Jurisdiction.FEDERAL or self.kind is OrderKind.EXIGENT_EAV_FEDERAL

    @property
    def effective_window(self) -> Window:
        """When an event must have happened to be taken: the window, cut at the earliest of all that ends it."""
        ends = [self.window.end_us]
        for at_us in (self.revoked_at_us, self.objective_attained_at_us):
            if at_us is not None:
                ends.append(at_us)
        if self.kind.exigent:
            ends += self._exigent_ends()
        if self.federal and not self.kind.metadata_only:
            ends += self._federal_end()
        return Window(self.window.start_us, min(ends))

    def _exigent_ends(self) -> list[int]:
        """R-040: denial, information obtained, end of the emergency, and the deadline where no order met it. R-043: the
        end of a temporary warrant. R-042: a late order counts only from a start of its own."""
        exigency = self.exigent or Exigency(self.window.start_us)
        issued_us = exigency.order_issued_at_us
        deadline_us = exigency.activated_at_us + EXIGENT_HOURS[self.kind][0] * HOUR_US
        acts = (exigency.denied_at_us, exigency.obtained_at_us, exigency.ended_at_us)
        ends = [at_us for at_us in acts if at_us is not None]
        if issued_us is None or (issued_us > deadline_us and self.window.start_us < issued_us):
            ends.append(deadline_us)
        if issued_us is not None and self.kind is OrderKind.EXIGENT_EAV_STATE:
            ends.append(issued_us + TEMPORARY_WARRANT_HOURS * HOUR_US)
        return ends

    def _federal_end(self) -> list[int]:
        """R-008, of the first period: one that was extended in time ended where its extension took over."""
        begins = [] if self.first_interception_us is None else [self.first_interception_us]
        if self.entered_at_us is not None:
            begins.append(add_court_days(self.entered_at_us, FEDERAL_GRACE_DAYS))
        if not begins:
            return []
        end_us = add_court_days(min(begins), FEDERAL_DAYS)
        return [] if self.extensions_us and self.extensions_us[0] <= end_us else [end_us]


@lru_cache(65_536)
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
