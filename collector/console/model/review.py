"""What is read out of the logs for those who oversee: who saw what, tours, focused audits, hints, alarms.

Pure. Hints are hints: they name what somebody should look at, and decide nothing (R-086 is for people).
"""

from __future__ import annotations

from collections import Counter
from typing import Final, NamedTuple

from collector.console.model.audit import DESK, AuditBook, AuditQuery, AuditRow
from mediation.law.actors import Action
from mediation.law.desk_state import DeskState

DAY_US: Final = 86_400_000_000
HOUR_US: Final = 3_600_000_000
DENIALS: Final = 5
"""Denied attempts of one person within a day that are worth a look."""
LOOKS: Final = 500
"""Records one person opened within an hour that are worth a look."""
SEEN: Final = frozenset(
    str(one)
    for one in (
        Action.READ_CONTENT, Action.READ_CALL_IDENTIFYING, Action.READ_PRIVILEGED_HOLD, Action.READ_QUARANTINE,
        Action.EXPORT_HAND_OFF, Action.TURN_OVER_TO_PROSECUTOR,
    )
)  # fmt: skip
_GRAVE: Final = {
    "PURPOSE_FORBIDDEN": "asked for a purpose that is forbidden (R-065, R-066)",
    "ACCESS_DENIED_DEVICE": "tried from a device that can never be a client (R-077)",
}


# Who saw what


class SawRow(NamedTuple):
    """How often somebody did what to what, and when."""

    user: str
    role: str
    action: str
    object_type: str
    object_id: str
    times: int
    first_us: int
    last_us: int


def who_saw_what(book: AuditBook, case_id: str) -> tuple[SawRow, ...]:
    """Everything collected that somebody was let see or take out of a case, the newest first."""
    found: dict[tuple[str, str, str, str, str], list[int]] = {}
    for row in book.rows():
        if row.case_id == case_id and row.outcome == "ALLOWED" and row.action in SEEN:
            found.setdefault((row.user, row.role, row.action, row.object_type, row.object_id), []).append(row.at_us)
    rows = (SawRow(*key, len(times), min(times), max(times)) for key, times in found.items())
    return tuple(sorted(rows, key=lambda one: -one.last_us))


# Tours


class TourRow(NamedTuple):
    """R-084: one facility in one tour. `state` is inspected, due (the tour goes on) or missed."""

    start_us: int
    end_us: int
    facility: str
    state: str
    by: str
    at_us: int | None


def inspections(state: DeskState, now_us: int, tours: int = 9) -> tuple[TourRow, ...]:
    """The newest tours, the present one first."""
    found = []
    start_us = state.tour_start_us(now_us)
    for _ in range(tours):
        end_us = start_us + state.tour_us
        for facility in sorted(state.facilities):
            done = [one for one in state.inspections if one.facility == facility and start_us <= one.at_us < end_us]
            if done:
                found.append(TourRow(start_us, end_us, facility, "inspected", done[0].by, done[0].at_us))
            else:
                found.append(TourRow(start_us, end_us, facility, "due" if now_us < end_us else "missed", "", None))
        start_us -= state.tour_us
    return tuple(found)


# Focused audits


class AuditRequestRow(NamedTuple):
    """R-085: who asked for an audit of what."""

    request_id: str
    by: str
    scope: str
    at_us: int
    query: AuditQuery


def audit_requests(book: AuditBook) -> tuple[AuditRequestRow, ...]:
    """The requests, the newest first, each with the search that answers it."""
    found = [
        AuditRequestRow(row.object_id, row.user, row.note, row.at_us, query_of(row.note))
        for row in book.rows()
        if row.source == DESK and row.kind == "audit_request"
    ]
    return tuple(reversed(found))


_WORDS: Final = {"user": "user", "case": "case_id", "action": "action", "outcome": "outcome", "source": "source"}


def query_of(scope: str) -> AuditQuery:
    """The search that a request's words ask for: `user:rivera case:C-1 since the move` looks for the user and the case
    that are named; words that name nothing are looked for as text where nothing else is named."""
    named: dict[str, str] = {}
    rest = []
    for word in scope.split():
        name, colon, value = word.partition(":")
        if colon and value and name in _WORDS:
            named[_WORDS[name]] = value.upper() if name == "outcome" else value
        else:
            rest.append(word)
    return AuditQuery(**named, text=" ".join(rest) if not named else "")  # type: ignore[arg-type]


# Hints


class Hint(NamedTuple):
    """Something about somebody that a reviewer may want to look at; `entries` are names of rows. `review`: how a review
    about them stands, "" when there is none."""

    user: str
    says: str
    times: int
    last_us: int
    entries: tuple[str, ...]
    review: str


def misuse_hints(book: AuditBook, state: DeskState) -> tuple[Hint, ...]:
    """The newest first."""
    found: list[Hint] = []
    by_user: dict[str, list[AuditRow]] = {}
    for row in book.rows():
        if row.source == DESK and row.user:
            by_user.setdefault(row.user, []).append(row)
    for user, rows in by_user.items():
        review = _review(state, user)
        denied = [row for row in rows if row.outcome == "DENIED"]
        burst = _burst(denied, DAY_US)
        if len(burst) >= DENIALS:
            found.append(_hint(user, f"was denied {len(burst)} times within a day", burst, review))
        for reason, says in _GRAVE.items():
            grave = [row for row in denied if reason in row.reasons]
            if grave:
                found.append(_hint(user, says, grave, review))
        shared = [row for row in rows if row.kind == "alarm" and "R-072" in row.rules]
        if shared:
            found.append(_hint(user, "was signed in at two places at once (R-072)", shared, review))
        looks = _burst([row for row in rows if row.outcome == "ALLOWED" and row.action in SEEN], HOUR_US)
        if len(looks) >= LOOKS:
            found.append(_hint(user, f"opened {len(looks)} things within an hour", looks, review))
    return tuple(sorted(found, key=lambda one: -one.last_us))


def _burst(rows: list[AuditRow], within_us: int) -> list[AuditRow]:
    """The most rows that lie within one span; `rows` by time."""
    best: list[AuditRow] = []
    first = 0
    for at, row in enumerate(rows):
        while row.at_us - rows[first].at_us >= within_us:
            first += 1
        if at + 1 - first > len(best):
            best = rows[first : at + 1]
    return best


def _hint(user: str, says: str, rows: list[AuditRow], review: str) -> Hint:
    return Hint(user, says, len(rows), rows[-1].at_us, tuple(row.name for row in rows[-20:]), review)


def _review(state: DeskState, user: str) -> str:
    found = [one for one in state.reviews.values() if one.user_id == user]
    if not found:
        return ""
    confirmed = found[-1].confirmed
    return "open" if confirmed is None else "confirmed" if confirmed else "not confirmed"


class AlarmRow(NamedTuple):
    """An alarm of a log, under the name by which it is acknowledged."""

    alarm_id: str
    at_us: int
    says: str
    rules: tuple[str, ...]


def alarms(book: AuditBook, limit: int = 200) -> tuple[AlarmRow, ...]:
    """The newest first."""
    found = []
    for row in book.newest():
        if row.outcome == "ALARM":
            told = [row.kind.replace("_", " "), *row.reasons, row.order_id or row.object_id, row.note]
            found.append(AlarmRow(row.name, row.at_us, " ".join(one for one in told if one), row.rules))
            if len(found) == limit:
                break
    return tuple(found)


def outcomes(book: AuditBook, query: AuditQuery) -> Counter[str]:
    """How many entries a search would find, by outcome."""
    return Counter(row.outcome or "OTHER" for row in book.rows() if query.takes(row))
