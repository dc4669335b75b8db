"""Who is signed in, as a value of one request."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from collector.console.place import StationAt
from mediation.law.actors import Action, Role


class SessionState(StrEnum):
    OPEN = "open"
    IDLE = "idle"
    """Nothing was done for too long: the password first."""
    MUST_CHANGE = "must change"
    """The password was given by somebody else: one of their own first."""
    MUST_ENROL = "must enrol"
    """A second factor is asked of everybody, and there is none yet."""


@dataclass(frozen=True, slots=True)
class SignedIn:
    """`session` is the hash of what the cookie or the bearer token holds. `role` is that of this instant; None for an
    id that the desk does not know any more. `csrf` goes into every form; blank for a token, which no browser sends by
    itself. `actions` limits a token; None for a session."""

    user_id: str
    role: Role | None
    session: str
    station: StationAt | None
    state: SessionState = SessionState.OPEN
    csrf: str = ""
    second_factor: bool = False
    began_us: int = 0
    actions: frozenset[Action] | None = None
    more: Mapping[str, str] = field(default_factory=dict)
