"""The score: audit entries and a rubric in, points with their reasons out. Pure.

Nothing but what is on the signed ledgers counts. Every line of the sheet says why: it names the entry that earned it,
the entry that was missing, or the entry that must not be there, with the rule it is about.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from collector.export.service import time_text
from lab.scenario.evidence import contains
from lab.scenario.times import at_us, resolved
from lab.training.rubric import Ledger, Line, Scoring, Task, Trace


class AuditEntry(NamedTuple):
    """One entry of a ledger, under its number there; times are the run's, in microseconds UTC."""

    ledger: Ledger
    number: int
    at_us: int
    kind: str
    fields: Mapping[str, Any]

    @property
    def name(self) -> str:
        """As the console cites it: `desk/41`."""
        return f"{self.ledger}/{self.number}"


class Reason(NamedTuple):
    """`entry` is the entry's name, blank where its absence is the reason; `good` whether it speaks for the points."""

    says: str
    entry: str
    at_us: int | None
    good: bool


class Scored(NamedTuple):
    """What became of one line."""

    id: str
    task: Task
    title: str
    rule: str
    points: int
    earned: int
    reasons: tuple[Reason, ...]


class Score(NamedTuple):
    lines: tuple[Scored, ...]

    @property
    def total(self) -> int:
        """0 to 100."""
        return sum(line.earned for line in self.lines)

    @property
    def lost(self) -> tuple[Scored, ...]:
        return tuple(line for line in self.lines if line.earned < line.points)


def entries_of(ledger: Ledger, lines: Iterable[Mapping[str, Any]]) -> list[AuditEntry]:
    """A ledger's lines (`seq`, `utc_us`, `kind`, `fields`), oldest first, as entries."""
    return [AuditEntry(ledger, int(one["seq"]), int(one["utc_us"]), str(one["kind"]), one["fields"]) for one in lines]


def score(scoring: Scoring, entries: Sequence[AuditEntry], times: Mapping[str, int]) -> Score:
    """`entries` of all ledgers, each in its own order; `times` are those of the lesson. Raises ConfigError for a time
    that the lesson does not name."""
    book = _Book(entries, times)
    return Score(tuple(_scored(line, book) for line in scoring.rubric))


def _scored(line: Line, book: _Book) -> Scored:
    reasons = [*(_needed(one, book) for one in line.needs), *(_forbidden(one, book) for one in line.forbids)]
    told = tuple(one for one in reasons if one is not None)
    earned = line.points if all(one.good for one in told) else 0
    return Scored(line.id, line.task, line.title, line.rule, line.points, earned, told)


def _needed(trace: Trace, book: _Book) -> Reason:
    found = book.find(trace)
    if len(found) < trace.least:
        wanted = f"{trace.least} times " if trace.least > 1 else ""
        return Reason(f"Not in the audit{book.window(trace)}: {wanted}{trace.says}", "", None, False)
    first = found[trace.least - 1]
    return Reason(_capital(trace.says), first.name, first.at_us, True)


def _forbidden(trace: Trace, book: _Book) -> Reason | None:
    found = book.find(trace)
    if len(found) < trace.least:
        return None
    first = found[trace.least - 1]
    return Reason(f"Must not be: {trace.says}", first.name, first.at_us, False)


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]


class _Book:
    """The entries by ledger and kind, and what of them a trace means."""

    def __init__(self, entries: Iterable[AuditEntry], times: Mapping[str, int]) -> None:
        self._times = times
        self._found: dict[tuple[str, str], list[AuditEntry]] = {}
        for entry in entries:
            self._found.setdefault((entry.ledger, entry.kind), []).append(entry)

    def window(self, trace: Trace) -> str:
        """In words, where the trace has one."""
        bounds = (("from", trace.since), ("until", trace.until))
        return "".join(f" {word} {time_text(at_us(text, self._times))}" for word, text in bounds if text is not None)

    def find(self, trace: Trace) -> list[AuditEntry]:
        """In the order of their ledger."""
        wanted = resolved(trace.fields, self._times)
        since = None if trace.since is None else at_us(trace.since, self._times)
        until = None if trace.until is None else at_us(trace.until, self._times)
        found = [
            one
            for one in self._found.get((trace.ledger, trace.kind), ())
            if (since is None or one.at_us >= since)
            and (until is None or one.at_us < until)
            and contains(one.fields, wanted)
        ]
        if trace.after is not None:
            first = next(iter(self.find(trace.after)), None)
            found = [] if first is None else [one for one in found if _behind(one, first)]
        if trace.before is not None:
            first = next(iter(self.find(trace.before)), None)
            found = found if first is None else [one for one in found if _behind(first, one)]
        if trace.about is not None:
            names = {one.name for one in self.find(trace.about)}
            found = [one for one in found if _names(one.fields, names)]
        if trace.to is not None:
            others = [one.fields.get(trace.joined) for one in self.find(trace.to)]
            found = [one for one in found if trace.joined in one.fields and one.fields[trace.joined] in others]
        return found


def _behind(one: AuditEntry, other: AuditEntry) -> bool:
    """Whether `one` lies behind `other`. Two ledgers have no order but their time: at the same instant each counts."""
    if one.ledger == other.ledger:
        return one.number > other.number
    return one.at_us >= other.at_us


def _names(value: object, names: set[str]) -> bool:
    if isinstance(value, Mapping):
        return any(_names(one, names) for one in value.values())
    if isinstance(value, list | tuple):
        return any(_names(one, names) for one in value)
    return isinstance(value, str) and value in names
