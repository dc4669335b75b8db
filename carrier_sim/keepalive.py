"""When an element has not heard from its ADMF for too long: TS 103 221-1 clause 6.6.2, third-party reading.

    TIME_P2 (1 h)    without any X1 request: ReportNEIssue FaultReport 9050, again each TIME_P1 until it is answered
    TIME_P1 (1 min)  how long the acknowledgement of that report is waited for
    TIME_P3 (2 h)    after the acknowledgement and still no request: every task is deactivated, where that is allowed,
                     and ReportNEIssue Alert 10000 says so
    any X1 request   starts TIME_P2 anew; a fault that was reported is reported as cleared

Nothing is watched before the first request: who was never tasked misses nobody (assumed). The states are a table; what
is absent there changes nothing. Pure: times are arguments, real seconds.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Final


class State(Enum):
    UNHEARD = "no request yet"
    HEARD = "requests come"
    REPORTED = "missed, not acknowledged"
    WAITING = "missed, acknowledged"
    CLEARED = "tasks deactivated"


class Event(Enum):
    REQUEST = "a request came"
    MISSED = "TIME_P2 is over"
    ACKNOWLEDGED = "the report was acknowledged"
    GIVEN_UP = "TIME_P3 is over"


class Action(Enum):
    REPORT = "ReportNEIssue FaultReport 9050"
    CLEARED = "ReportNEIssue FaultCleared"
    DEACTIVATE = "deactivate all, ReportNEIssue Alert 10000"


TRANSITIONS: Final[dict[State, dict[Event, State]]] = {
    State.UNHEARD: {Event.REQUEST: State.HEARD},
    State.HEARD: {Event.REQUEST: State.HEARD, Event.MISSED: State.REPORTED},
    State.REPORTED: {Event.REQUEST: State.HEARD, Event.ACKNOWLEDGED: State.WAITING},
    State.WAITING: {Event.REQUEST: State.HEARD, Event.GIVEN_UP: State.CLEARED},
    State.CLEARED: {Event.REQUEST: State.HEARD},
}
_FAULT: Final = frozenset({State.REPORTED, State.WAITING, State.CLEARED})


@dataclass(frozen=True, slots=True)
class Timers:
    """Seconds."""

    p1_s: float = 60.0
    p2_s: float = 3_600.0
    p3_s: float = 7_200.0
    deactivates: bool = True


class KeepaliveWatch:
    """Where one element stands with its ADMF."""

    def __init__(self, timers: Timers) -> None:
        self.state = State.UNHEARD
        self._timers = timers
        self._since_s = 0.0

    def heard(self, now_s: float) -> Action | None:
        """An X1 request came; what is to be said about it."""
        was = self.state
        self._move(Event.REQUEST, now_s)
        return Action.CLEARED if was in _FAULT else None

    def acknowledged(self, now_s: float) -> None:
        """The report of the fault was answered."""
        self._move(Event.ACKNOWLEDGED, now_s)

    def wake_s(self) -> float | None:
        """When `due` is to be asked next."""
        waits = {
            State.HEARD: self._timers.p2_s,
            State.REPORTED: self._timers.p1_s,
            State.WAITING: self._timers.p3_s if self._timers.deactivates else None,
        }
        after_s = waits.get(self.state)
        return None if after_s is None else self._since_s + after_s

    def due(self, now_s: float) -> Action | None:
        """What is to be done by now."""
        wake_s = self.wake_s()
        if wake_s is None or now_s < wake_s:
            return None
        if self.state is State.REPORTED:
            self._since_s = now_s
            return Action.REPORT
        missed = self.state is State.HEARD
        self._move(Event.MISSED if missed else Event.GIVEN_UP, now_s)
        return Action.REPORT if missed else Action.DEACTIVATE

    def _move(self, event: Event, now_s: float) -> None:
        after = TRANSITIONS[self.state].get(event)
        if after is not None:
            self.state, self._since_s = after, now_s
