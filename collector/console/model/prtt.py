"""Who called whom, when and how long: the tables and pictures of a pen register, of a case's metadata alone.

Everything comes from the index, so it is there for whoever may read call-identifying information; what is held is
counted and not named (R-041). Rows are bounded: of more, the newest are taken and `cut` says so. Hours and days are
those of the zone asked for, so that a picture of somebody's day is one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from asn1.errors import RefusedError
from collector.console.model.calls import Withheld
from collector.console.model.library import CaseLibrary
from collector.console.model.lists import EventRow, ListQuery
from collector.console.model.scope import Scope
from collector.store.index_whole import Kind
from mediation.law.court_days import COURT_ZONE

MAX_ROWS: Final = 20_000
MAX_LINES: Final = 1_000
"""Lines of the table of single communications; the lists have all of them."""
MAX_NUMBERS: Final = 500
MAX_DAYS: Final = 400
MAX_NODES: Final = 40
ZONES: Final = {"UTC": UTC, "America/New_York": COURT_ZONE}
_TALKS: Final = (Kind.CALL, Kind.SMS, Kind.MMS)


class CallLine(NamedTuple):
    """One communication. `answered_us` None: it was not answered, or nobody says so; `talk_us` from the answer on."""

    begin_us: int | None
    caller: str
    called: str
    kind: Kind
    target_sends: bool | None
    answered_us: int | None
    duration_us: int
    talk_us: int | None
    order_id: str
    liid: str
    cin: int


class PairRow(NamedTuple):
    """Everything between a caller and whom they called."""

    caller: str
    called: str
    calls: int
    answered: int
    messages: int
    talk_us: int
    first_us: int | None
    last_us: int | None


class NumberRow(NamedTuple):
    """One party over all orders: how often they called and were called, and with how many others."""

    name: str
    is_target: bool
    calls_out: int
    calls_in: int
    messages_out: int
    messages_in: int
    talk_us: int
    partners: int
    first_us: int | None
    last_us: int | None


class CommonNumber(NamedTuple):
    """A party, no target, that two orders or more have in common."""

    name: str
    orders: tuple[str, ...]
    communications: int
    first_us: int | None
    last_us: int | None


class Bin(NamedTuple):
    label: str
    communications: int


class FrequencyPicture(NamedTuple):
    title: str
    zone: str
    bins: tuple[Bin, ...]


class LinkNode(NamedTuple):
    name: str
    is_target: bool
    communications: int


class LinkEdge(NamedTuple):
    """Both ways between two of the nodes, which are told by their place."""

    first: int
    second: int
    communications: int


class LinkChart(NamedTuple):
    """`cut` parties are not in it, those with the fewest communications."""

    nodes: tuple[LinkNode, ...]
    edges: tuple[LinkEdge, ...]
    cut: int


class PrttPicture(NamedTuple):
    """Of `rows` communications in `[from_us, to_us)`. `lines` are the newest of them."""

    from_us: int | None
    to_us: int | None
    rows: int
    cut: bool
    lines: tuple[CallLine, ...]
    pairs: tuple[PairRow, ...]
    numbers: tuple[NumberRow, ...]
    common: tuple[CommonNumber, ...]
    hours: FrequencyPicture
    days: FrequencyPicture
    links: LinkChart
    withheld: tuple[Withheld, ...]


def prtt(
    library: CaseLibrary,
    scope: Scope,
    from_us: int | None = None,
    to_us: int | None = None,
    zone: str = "UTC",
    max_rows: int = MAX_ROWS,
) -> PrttPicture:
    """Raises RefusedError for a zone there is not, and what `CaseLibrary.page` does."""
    if zone not in ZONES:
        raise RefusedError(f"Hours are shown in one of {', '.join(ZONES)}.")
    rows, cut = walk(library, scope, ListQuery(_TALKS, from_us=from_us, to_us=to_us), max_rows)
    return picture(rows, scope.targets, from_us, to_us, zone, cut, library.held(scope))


def walk(library: CaseLibrary, scope: Scope, query: ListQuery, max_rows: int) -> tuple[list[EventRow], bool]:
    """The rows of a list, page after page, at most `max_rows`; whether there are more."""
    found: list[EventRow] = []
    query = query._replace(limit=min(max_rows, 2_000), after="")
    while True:
        page = library.page(scope, query)
        found += page.rows
        if not page.next or len(found) >= max_rows:
            return found[:max_rows], bool(page.next) or len(found) > max_rows
        query = query._replace(after=page.next)


def picture(
    rows: Iterable[EventRow],
    targets: frozenset[str],
    from_us: int | None = None,
    to_us: int | None = None,
    zone: str = "UTC",
    cut: bool = False,
    held: tuple[Withheld, ...] = (),
) -> PrttPicture:
    """Of rows, the newest first. `held`: what of the case is held, whatever and whenever it was. Pure."""
    found = list(rows)
    shown = [row for row in found if row.kind is not None and not row.withheld]
    why = Counter(row.withheld for row in found if row.withheld)
    book = _Book(targets)
    for row in shown:
        book.add(row)
    return PrttPicture(
        from_us,
        to_us,
        len(found),
        cut,
        tuple(line_of(row) for row in shown[:MAX_LINES]),
        tuple(book.pairs()),
        tuple(book.numbers()),
        tuple(book.common()),
        hours(shown, zone),
        days(shown, zone),
        book.links(),
        (*held, *(Withheld(count, says) for says, count in sorted(why.items()))),
    )


def line_of(row: EventRow) -> CallLine:
    assert row.kind is not None
    return CallLine(
        row.begin_us, row.caller, row.called, row.kind, row.target_sends, row.answer_us, row.duration_us, row.talk_us,
        row.order_id, row.liid, row.cin,
    )  # fmt: skip


@dataclass(slots=True)
class _Sum:
    calls: int = 0
    answered: int = 0
    messages: int = 0
    talk_us: int = 0
    first_us: int | None = None
    last_us: int | None = None
    calls_in: int = 0
    messages_in: int = 0
    partners: set[str] = field(default_factory=set)
    orders: set[str] = field(default_factory=set)

    def add(self, row: EventRow, into: bool = False) -> None:
        call = row.kind is Kind.CALL
        if into:
            self.calls_in += call
            self.messages_in += not call
        else:
            self.calls += call
            self.messages += not call
        self.answered += call and row.answer_us is not None
        self.talk_us += (row.talk_us or 0) if call else 0
        if row.begin_us is not None:
            self.first_us = row.begin_us if self.first_us is None else min(self.first_us, row.begin_us)
            self.last_us = row.begin_us if self.last_us is None else max(self.last_us, row.begin_us)
        self.orders.add(row.order_id)

    @property
    def communications(self) -> int:
        return self.calls + self.messages + self.calls_in + self.messages_in


class _Book:
    def __init__(self, targets: frozenset[str]) -> None:
        self._targets = targets
        self._pairs: dict[tuple[str, str], _Sum] = {}
        self._parties: dict[str, _Sum] = {}

    def add(self, row: EventRow) -> None:
        ends = [one for one in (row.caller, row.called) if one]
        if row.caller or row.called:
            self._pairs.setdefault((row.caller, row.called), _Sum()).add(row)
        for name in dict.fromkeys([*ends, *row.parties]):
            found = self._parties.setdefault(name, _Sum())
            found.add(row, into=name != row.caller)
            found.partners.update(one for one in row.parties if one != name)

    def pairs(self) -> Iterator[PairRow]:
        ranked = sorted(self._pairs.items(), key=lambda one: (-one[1].communications, one[0]))
        for (caller, called), found in ranked[:MAX_NUMBERS]:
            yield PairRow(
                caller, called, found.calls, found.answered, found.messages, found.talk_us, found.first_us,
                found.last_us,
            )  # fmt: skip

    def numbers(self) -> Iterator[NumberRow]:
        for name, found in self._ranked()[:MAX_NUMBERS]:
            yield NumberRow(
                name, name in self._targets, found.calls, found.calls_in, found.messages, found.messages_in,
                found.talk_us, len(found.partners), found.first_us, found.last_us,
            )  # fmt: skip

    def common(self) -> Iterator[CommonNumber]:
        for name, found in self._ranked():
            if len(found.orders) > 1 and name not in self._targets:
                orders = tuple(sorted(found.orders))
                yield CommonNumber(name, orders, found.communications, found.first_us, found.last_us)

    def links(self) -> LinkChart:
        ranked = sorted(self._ranked(), key=lambda one: one[0] not in self._targets)
        nodes = [LinkNode(name, name in self._targets, found.communications) for name, found in ranked[:MAX_NODES]]
        places = {node.name: at for at, node in enumerate(nodes)}
        edges: Counter[tuple[int, int]] = Counter()
        for (caller, called), found in self._pairs.items():
            if caller in places and called in places and caller != called:
                first, second = sorted((places[caller], places[called]))
                edges[first, second] += found.communications
        drawn = tuple(LinkEdge(first, second, count) for (first, second), count in sorted(edges.items()))
        return LinkChart(tuple(nodes), drawn, max(len(ranked) - MAX_NODES, 0))

    def _ranked(self) -> list[tuple[str, _Sum]]:
        return sorted(self._parties.items(), key=lambda one: (-one[1].communications, one[0]))


def hours(rows: Iterable[EventRow], zone: str) -> FrequencyPicture:
    """By the hour of the day."""
    counted = Counter(_local(row.begin_us, zone).hour for row in rows if row.begin_us is not None)
    bins = tuple(Bin(f"{hour:02}:00", counted[hour]) for hour in range(24))
    return FrequencyPicture("Communications by hour of the day", zone, bins)


def days(rows: Iterable[EventRow], zone: str) -> FrequencyPicture:
    """By day, from the first with any to the last; of more than MAX_DAYS the newest."""
    counted: Counter[date] = Counter(_local(row.begin_us, zone).date() for row in rows if row.begin_us is not None)
    found: list[Bin] = []
    if counted:
        last = max(counted)
        first = max(min(counted), last - timedelta(days=MAX_DAYS - 1))
        for ahead in range((last - first).days + 1):
            day = first + timedelta(days=ahead)
            found.append(Bin(day.isoformat(), counted[day]))
    return FrequencyPicture("Communications by day", zone, tuple(found))


def _local(time_us: int, zone: str) -> datetime:
    here: ZoneInfo = ZONES[zone]  # type: ignore[assignment]
    return datetime.fromtimestamp(time_us // 1_000_000, UTC).astimezone(here)
