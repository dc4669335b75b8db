"""What oversight looks at: the desk's ledger and the collector's audit log as one list that can be searched.

Pure but for the reading of lines. Entries are taken in as the logs grow; rows hold identifiers, codes and reasons, as
the logs do, never content. Of a log with more than MAX_ENTRIES the newest are held, and `cut` says how many are not.
Hints are hints: they name what somebody should look at, and decide nothing (R-086 is for people).
"""

from __future__ import annotations

import json
from bisect import insort
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

from asn1.errors import RefusedError
from mediation.law.actors import Action
from mediation.law.desk_state import DeskState

DESK, COLLECTOR = "desk", "collector"
MAX_ENTRIES: Final = 500_000
MAX_LIMIT: Final = 500
MAX_TEXT: Final = 200
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
_ALARM_KINDS: Final = frozenset(
    {"alarm", "link_paused", "fifo_unsafe", "clock_set_back", "quality", "gap_report", "carrier_report"}
)
_GRAVE: Final = {
    "PURPOSE_FORBIDDEN": "asked for a purpose that is forbidden (R-065, R-066)",
    "ACCESS_DENIED_DEVICE": "tried from a device that can never be a client (R-077)",
}


class AuditRow(NamedTuple):
    """One entry of a log. `outcome` is ALLOWED, DENIED, ALARM or ""."""

    source: str
    seq: int
    at_us: int
    kind: str
    user: str
    role: str
    case_id: str
    order_id: str
    action: str
    object_type: str
    object_id: str
    outcome: str
    reasons: tuple[str, ...]
    rules: tuple[str, ...]
    place: str
    note: str

    @property
    def name(self) -> str:
        """Under which it is acknowledged and pointed to."""
        return f"{self.source}/{self.seq}"


class AuditQuery(NamedTuple):
    """Empty: any. `text` is looked for in kind, action, object and note. `after` is a page's token."""

    user: str = ""
    case_id: str = ""
    action: str = ""
    from_us: int | None = None
    to_us: int | None = None
    outcome: str = ""
    source: str = ""
    text: str = ""
    after: str = ""
    limit: int = 100

    @classmethod
    def parse(cls, given: Mapping[str, str]) -> AuditQuery:
        """From the parameters of an address. Raises RefusedError."""
        try:
            times = {name: int(given[name]) for name in ("from", "to") if given.get(name)}
            limit = int(given.get("limit") or cls._field_defaults["limit"])
        except ValueError as error:
            raise RefusedError(f"The logs cannot be searched like this: {error}.") from error
        said = [
            given.get(name, "").strip() for name in ("user", "case", "action", "outcome", "source", "text", "after")
        ]
        if not 1 <= limit <= MAX_LIMIT or max(map(len, said)) > MAX_TEXT:
            raise RefusedError(f"A page has 1 to {MAX_LIMIT} entries, and a search at most {MAX_TEXT} characters.")
        user, case_id, action, outcome, source, text, after = said
        _place(after)
        return cls(
            user, case_id, action, times.get("from"), times.get("to"), outcome.upper(), source, text, after, limit
        )

    def params(self, **changes: str) -> dict[str, str]:
        said = {
            "user": self.user, "case": self.case_id, "action": self.action,
            "from": "" if self.from_us is None else str(self.from_us),
            "to": "" if self.to_us is None else str(self.to_us), "outcome": self.outcome, "source": self.source,
            "text": self.text, "after": self.after,
            "limit": "" if self.limit == self._field_defaults["limit"] else str(self.limit),
        }  # fmt: skip
        return {name: value for name, value in (said | changes).items() if value}

    def takes(self, row: AuditRow) -> bool:
        wanted = self.text.casefold()
        return (
            (not self.user or row.user == self.user)
            and (not self.case_id or row.case_id == self.case_id)
            and (not self.action or row.action == self.action or row.kind == self.action)
            and (not self.outcome or row.outcome == self.outcome)
            and (not self.source or row.source == self.source)
            and (self.from_us is None or row.at_us >= self.from_us)
            and (self.to_us is None or row.at_us < self.to_us)
            and (not wanted or any(wanted in one.casefold() for one in _words(row)))
        )


def _words(row: AuditRow) -> tuple[str, ...]:
    return row.kind, row.action, row.object_type, row.object_id, row.note, row.order_id, *row.reasons, *row.rules


class AuditPage(NamedTuple):
    """The newest first. `next` "" on the last page; `cut` entries are older than what is held."""

    rows: tuple[AuditRow, ...]
    next: str
    cut: int


class AuditBook:
    """Entries are added in the order of each log; the list is one, by time."""

    def __init__(self, max_entries: int = MAX_ENTRIES) -> None:
        self._max = max_entries
        self._rows: deque[AuditRow] = deque()
        self.cut = 0

    def __len__(self) -> int:
        return len(self._rows)

    def add(self, source: str, entries: Iterable[Mapping[str, Any]]) -> None:
        """Entries as `audit_log.read_audit` gives them: seq, utc_us, kind, fields."""
        late: list[AuditRow] = []
        for entry in entries:
            row = _row(source, entry)
            if not self._rows or _order(row) >= _order(self._rows[-1]):
                self._rows.append(row)
            else:
                late.append(row)
        if late:
            self._merge(late)
        while len(self._rows) > self._max:
            self._rows.popleft()
            self.cut += 1

    def _merge(self, late: list[AuditRow]) -> None:
        """The two logs grow side by side: what comes late belongs near the end."""
        behind: list[AuditRow] = []
        first = min(map(_order, late))
        while self._rows and _order(self._rows[-1]) > first:
            behind.append(self._rows.pop())
        behind.reverse()
        for row in late:
            insort(behind, row, key=_order)
        self._rows.extend(behind)

    def search(self, query: AuditQuery) -> AuditPage:
        place = _place(query.after)
        found: list[AuditRow] = []
        for row in reversed(self._rows):
            if (place is None or _order(row) < place) and query.takes(row):
                found.append(row)
                if len(found) > query.limit:
                    break
        more = len(found) > query.limit
        shown = found[: query.limit]
        return AuditPage(tuple(shown), _token(shown[-1]) if more else "", self.cut)

    def rows(self) -> Iterator[AuditRow]:
        """All that is held, oldest first."""
        return iter(self._rows)


class LogReader:
    """Reads a log on as it grows. A line that is no entry is passed over: whether the log holds is `verify_audit`'s to
    say."""

    def __init__(self, directory: Path) -> None:
        self._path = directory / "audit.jsonl"
        self._octets = 0

    def fresh(self) -> Iterator[dict[str, Any]]:
        if not self._path.exists():
            return
        with self._path.open("rb") as file:
            file.seek(self._octets)
            for line in file:
                if not line.endswith(b"\n"):
                    return
                self._octets += len(line)
                try:
                    entry = json.loads(line)
                except ValueError:
                    continue
                if isinstance(entry, dict) and {"seq", "utc_us", "kind", "fields"} <= entry.keys():
                    yield entry


def _order(row: AuditRow) -> tuple[int, str, int]:
    return row.at_us, row.source, row.seq


def _token(row: AuditRow) -> str:
    return f"{row.at_us}.{row.source}.{row.seq}"


def _place(token: str) -> tuple[int, str, int] | None:
    if not token:
        return None
    at_us, _, rest = token.partition(".")
    source, _, seq = rest.partition(".")
    try:
        return int(at_us), source, int(seq)
    except ValueError as error:
        raise RefusedError("This page is not there any more; begin with the first.") from error


def _row(source: str, entry: Mapping[str, Any]) -> AuditRow:
    fields: Mapping[str, Any] = entry["fields"] if isinstance(entry["fields"], Mapping) else {}
    kind = str(entry["kind"])
    outcome = str(fields.get("decision", ""))
    rules = fields.get("rule_ids") or fields.get("rules") or ([fields["rule"]] if "rule" in fields else [])
    reasons = fields.get("reason_codes") or ([fields["reason"]] if "reason" in fields else [])
    place = " ".join(str(fields.get(name, "")) for name in ("facility", "device_class") if fields.get(name))
    return AuditRow(
        source,
        int(entry["seq"]),
        int(fields.get("utc_time", entry["utc_us"])),
        kind,
        _text(fields, "actor_id", "by", "user_id", "actor"),
        _text(fields, "actor_role", "role"),
        _text(fields, "case_id", "case"),
        _text(fields, "order_id", "order"),
        _text(fields, "action", "command", "state") or kind,
        _text(fields, "object_type"),
        _text(fields, "object_id", "request_id", "grant_id", "session_id", "link", "document"),
        outcome or ("ALARM" if kind in _ALARM_KINDS else ""),
        tuple(map(str, reasons)),
        tuple(map(str, rules)),
        place,
        _text(fields, "note", "why", "scope", "ground"),
    )


def _text(fields: Mapping[str, Any], *names: str) -> str:
    for name in names:
        held = fields.get(name)
        if isinstance(held, str | int) and held != "":
            return str(held)[:MAX_TEXT]
    return ""


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
    for row in reversed(tuple(book.rows())):
        if row.outcome == "ALARM":
            told = [row.kind.replace("_", " "), *row.reasons, row.order_id or row.object_id, row.note]
            found.append(AlarmRow(row.name, row.at_us, " ".join(one for one in told if one), row.rules))
            if len(found) == limit:
                break
    return tuple(found)


def outcomes(book: AuditBook, query: AuditQuery) -> Counter[str]:
    """How many entries a search would find, by outcome."""
    return Counter(row.outcome or "OTHER" for row in book.rows() if query.takes(row))
