"""What the desk keeps, as values: people and their duties, the entry log, requests, grants, tickets, sessions.

Everything comes from one entry of the desk's ledger each (`desk_state.py`) and never changes by itself. There is no
biometric field and no place for one (R-172), and no password: signing in is not the ledger's.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from asn1.errors import RefusedError
from mediation.law.access_facts import DeviceClass, Grant, Ticket
from mediation.law.actors import Role

_BIOMETRIC: Final = re.compile(r"biometr|finger|face|facial|iris|retina|voice_?print|palm|gait|dna|vein", re.IGNORECASE)


class Entry(NamedTuple):
    """One line of the ledger."""

    seq: int
    utc_us: int
    kind: str
    fields: Mapping[str, Any]


class DeskError(RefusedError):
    """An entry that contradicts the ledger before it. Nothing is written."""


@dataclass(frozen=True, slots=True)
class Duty:
    """What somebody is, from an instant on."""

    from_us: int
    role: Role
    agency: str
    unit: str


@dataclass(frozen=True, slots=True)
class User:
    """`duties` in the order of time; `left_us` is when the last one ended without another (R-071)."""

    user_id: str
    person: str
    duties: tuple[Duty, ...]
    left_us: int | None = None
    trained_until_us: int | None = None
    background_check: bool = False
    access_control: bool = False
    suspended_us: int | None = None

    def duty_at(self, now_us: int) -> Duty:
        """The newest duty that has begun; the first one before any has."""
        begun = [duty for duty in self.duties if duty.from_us <= now_us]
        return begun[-1] if begun else self.duties[0]

    def duty_end_us(self, now_us: int) -> int | None:
        """When the duty of this instant ends, as far as it is known."""
        duty = self.duty_at(now_us)
        later = [one.from_us for one in self.duties if one.from_us > duty.from_us]
        return min(later, default=self.left_us)


@dataclass(frozen=True, slots=True)
class Presence:
    """A row of a facility's entry log (R-079). `segment` is what the network the client sits in is known for."""

    user_id: str
    facility: str
    device: DeviceClass
    segment: DeviceClass
    at_us: int
    remote: bool = False


@dataclass(frozen=True, slots=True)
class Session:
    session_id: str
    user_id: str
    facility: str
    case_id: str
    action: str
    began_us: int
    ended_us: int | None = None


@dataclass(frozen=True, slots=True)
class Check:
    by: str
    at_us: int
    missing: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DeskRequest:
    """Access asked for `users`, on the papers of an order; the technical unit checks and decides (R-050)."""

    request_id: str
    case_id: str
    order_id: str
    agency: str
    requested_by: str
    document_author: str
    users: frozenset[str]
    supervisor: str
    prosecutor: str
    checks: tuple[Check, ...] = ()
    accepted: bool | None = None


class GrantRow(NamedTuple):
    grant_id: str
    grant: Grant


class TicketRow(NamedTuple):
    """`ticket.approved_by` is blank until somebody else approves it (SD-4)."""

    ticket: Ticket
    minutes: int


class Inspection(NamedTuple):
    facility: str
    by: str
    at_us: int


@dataclass(frozen=True, slots=True)
class Review:
    """R-086: a misuse that was noticed, and what came of it."""

    review_id: str
    user_id: str
    opened_by: str
    level: str
    confirmed: bool | None = None


def no_biometrics(fields: Mapping[str, Any]) -> None:
    """R-172: no field of a person, a session or an entry measures a body. Raises DeskError."""
    found = sorted(name for name in fields if _BIOMETRIC.search(name))
    if found:
        raise DeskError(f"{found[0]}: the system uses no biometric measurement (R-172). Leave the field out.")
