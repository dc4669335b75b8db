"""The desk's ledger and the collector's audit log as one list that can be searched.

Pure but for the reading of lines. Entries are taken in as the logs grow; rows hold identifiers, codes and reasons, as
the logs do, never content. Of a log with more than MAX_ENTRIES the newest are held, and `cut` says how many are not.
What is read out of the list for those who oversee is `review`'s.
"""

from __future__ import annotations

import json
from bisect import insort
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

from asn1.errors import RefusedError

DESK, COLLECTOR = "desk", "collector"
MAX_ENTRIES: Final = 500_000
MAX_LIMIT: Final = 500
MAX_TEXT: Final = 200
_ALARM_KINDS: Final = frozenset(
    {
        "alarm", "carrier_report", "clock_set_back", "duty_alarm", "fifo_unsafe", "gap_report", "link_paused",
        "quality",
    }
)  # fmt: skip


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
            and (not self.source or row.source == self.source or row.source.startswith(f"{self.source}-"))
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
        for row in self.newest():
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

    def newest(self) -> Iterator[AuditRow]:
        """All that is held, newest first."""
        return reversed(self._rows)


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
