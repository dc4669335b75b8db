"""The event list of a case: one row a communication, sorted, filtered and paged by what stands in the address.

Pure. A row is what the index says of a communication, with what was decided about it laid over (`index_standing`): of
one that is held nothing is shown but that it exists (R-041). Where a single record of signalling is held, nobody is
named; the page of the communication reads the records and tells.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from asn1.errors import RefusedError
from collector.console.model.scope import Scope
from collector.fleet.together import FleetRow
from collector.store.index_pages import BEGIN, DURATION, PageQuery, Place
from collector.store.index_standing import Hold
from collector.store.index_tables import NO_BEGIN
from collector.store.index_whole import Kind
from collector.store.stores import number_of, record_name

LABELS: Final = {
    Kind.CALL: "Call", Kind.SMS: "Text message", Kind.MMS: "Multimedia message", Kind.DATA: "Data session",
    Kind.SIGNALLING: "Signalling", Kind.TEST: "Tests and notices",
}  # fmt: skip
MAX_LIMIT: Final = 200
LIVE_US: Final = 120_000_000
"""How long after its newest record a communication that nobody ended counts as going on."""
MAX_TEXT: Final = 200
_SORTS: Final = {"begin": BEGIN, "duration": DURATION}
_LARGEST: Final = 1 << 62


class ListQuery(NamedTuple):
    """As it stands in the address of a page. `[from_us, to_us)` is of the begin; `after` is the token of a page."""

    kinds: tuple[Kind, ...] = ()
    party: str = ""
    from_us: int | None = None
    to_us: int | None = None
    order_id: str = ""
    sort: str = "begin"
    descending: bool = True
    after: str = ""
    limit: int = 50

    @classmethod
    def parse(cls, given: Mapping[str, str]) -> ListQuery:
        """From the parameters of an address; `kind` may name several with commas. Raises RefusedError."""
        try:
            kinds = tuple(Kind(one) for one in given.get("kind", "").upper().split(",") if one)
            times = {name: int(given[name]) for name in ("from", "to") if given.get(name)}
            limit = int(given.get("limit") or cls._field_defaults["limit"])
        except ValueError as error:
            raise RefusedError(f"This list cannot be asked for: {error}.") from error
        sort, direction = given.get("sort") or "begin", given.get("dir") or "desc"
        if sort not in _SORTS or direction not in ("asc", "desc"):
            raise RefusedError("A list is sorted by begin or by duration, asc or desc.")
        if not 1 <= limit <= MAX_LIMIT or any(not 0 <= one < _LARGEST for one in times.values()):
            raise RefusedError(f"A page has 1 to {MAX_LIMIT} rows, and times are microseconds since 1970.")
        party, order_id, after = (given.get(name, "").strip() for name in ("party", "order", "after"))
        if max(map(len, (party, order_id, after))) > MAX_TEXT:
            raise RefusedError(f"Nobody's name here has more than {MAX_TEXT} characters.")
        place_of(after)
        return cls(kinds, party, times.get("from"), times.get("to"), order_id, sort, direction == "desc", after, limit)

    def params(self, **changes: str) -> dict[str, str]:
        """The parameters of the address of this list, with changes; what is as by default is left out."""
        said = {
            "kind": ",".join(map(str, self.kinds)),
            "party": self.party,
            "from": "" if self.from_us is None else str(self.from_us),
            "to": "" if self.to_us is None else str(self.to_us),
            "order": self.order_id,
            "sort": "" if self.sort == "begin" else self.sort,
            "dir": "" if self.descending else "asc",
            "after": self.after,
            "limit": "" if self.limit == self._field_defaults["limit"] else str(self.limit),
        } | changes
        return {name: value for name, value in said.items() if value}

    def of(self, scope: Scope) -> PageQuery:
        """As the index is asked, one row more than a page has, so that the last page is known as the last."""
        orders = [one for one in scope.orders if not self.order_id or one.order_id == self.order_id]
        return PageQuery(
            tuple(dict.fromkeys(str(one.liid) for one in orders)),
            frozenset(str(one.order_id) for one in orders),
            tuple(map(str, self.kinds)),
            party_asked(self.party),
            self.from_us,
            self.to_us,
            _SORTS[self.sort],
            self.descending,
            place_of(self.after),
            self.limit + 1,
        )


def party_asked(text: str) -> str:
    """A number as people write it, as the index has it: `+12125550101`; anything else as it is."""
    digits = "".join(char for char in text if char.isdigit())
    plain = not text.strip("+0123456789 -().")
    if plain and len(digits) == 10:
        return f"+1{digits}"
    return f"+{digits}" if plain and digits else text


def place_of(token: str) -> Place | None:
    """Raises RefusedError for what is no token of a page."""
    if not token:
        return None
    value, _, rest = token.partition(".")
    cin, _, liid = rest.partition(".")
    try:
        place = Place(int(value), liid, int(cin))
    except ValueError:
        place = Place(_LARGEST, "", 0)
    if not liid or max(abs(place.value), abs(place.cin)) >= _LARGEST:
        raise RefusedError("This page is not there any more; begin with the first.")
    return place


def token_of(row: EventRow, sort: str) -> str:
    return f"{row.duration_us if sort == 'duration' else row.sorted_us}.{row.cin}.{row.liid}"


class EventRow(NamedTuple):
    """One communication. `caller` and `called` are who began it with whom, "" where no record says it; `target_sends`
    whether the target did. `duration_us` is from the first record to the last, `answer_us` when it was answered.
    `withheld` says why nothing else is shown, and is "" where everything is. `sorted_us` is what lists sort by.
    `parts`: the first and the last record of each store that has any, by their numbers."""

    liid: str
    cin: int
    order_id: str
    kind: Kind | None
    caller: str
    called: str
    parties: tuple[str, ...]
    target_sends: bool | None
    begin_us: int | None
    end_us: int | None
    answer_us: int | None
    duration_us: int
    ended: bool
    iri: int
    cc_from_target: int
    cc_to_target: int
    cc_other: int
    sorted_us: int
    parts: tuple[tuple[int, int], ...]
    withheld: str = ""

    @property
    def key(self) -> str:
        """Its place in addresses."""
        return f"{self.liid}/{self.cin}"

    @property
    def records(self) -> str:
        """Between which records it lies, as people read them."""
        return ", ".join(f"{record_name(first)} to {record_name(last)}" for first, last in self.parts)

    @property
    def label(self) -> str:
        return "Held" if self.kind is None else LABELS[self.kind]

    @property
    def content_records(self) -> int:
        return self.cc_from_target + self.cc_to_target + self.cc_other

    @property
    def talk_us(self) -> int | None:
        """From the answer to the last record; None for what was not answered."""
        return None if self.answer_us is None or self.end_us is None else max(self.end_us - self.answer_us, 0)

    def live(self, now_us: int) -> bool:
        return not self.ended and self.kind in (Kind.CALL, Kind.DATA) and now_us - (self.end_us or 0) < LIVE_US


class ListPage(NamedTuple):
    """`next` is the token of the page that follows, "" on the last; `first` whether this is the first."""

    rows: tuple[EventRow, ...]
    next: str
    first: bool


class FreshRows(NamedTuple):
    """What began or went on since a cursor; `cursor` for the next question, by collector; `more`: ask again at once."""

    rows: tuple[EventRow, ...]
    cursor: Mapping[str, int]
    more: bool


def shown(row: Mapping[str, Any], hold: Hold | None) -> EventRow:
    """A row of the index as it may be shown."""
    return _held(_event(row, ((int(row["first_sequence"]), int(row["last_sequence"])),)), hold)


def shown_of_fleet(whole: FleetRow, numbers: Mapping[str, int], place: int | None = None) -> EventRow:
    """A communication of several stores as it may be shown. `numbers` of the stores by collector; `place` is by what
    the list has it where it is, its begin when None."""
    parts = sorted(
        (number_of(numbers[name], int(one["first_sequence"])), number_of(numbers[name], int(one["last_sequence"])))
        for name, one in whole.shards.items()
    )
    event = _event(whole.row, tuple(parts))
    return _held(event if place is None else event._replace(sorted_us=place), whole.hold)


def _held(event: EventRow, hold: Hold | None) -> EventRow:
    if hold is None:
        return event
    nobody = event._replace(caller="", called="", parties=(), target_sends=None, withheld=hold.says())
    if not hold.whole:
        return nobody
    return nobody._replace(kind=None, begin_us=None, end_us=None, answer_us=None, ended=True)


def _event(row: Mapping[str, Any], parts: tuple[tuple[int, int], ...]) -> EventRow:
    sends = row["sends"]
    return EventRow(
        row["liid"],
        int(row["cin"]),
        row["order_id"] or "",
        Kind(row["kind"]),
        row["caller"] or "",
        row["called"] or "",
        tuple(json.loads(row["parties"])),
        None if sends is None else bool(sends),
        None if row["begin_us"] == NO_BEGIN else int(row["begin_us"]),
        row["end_us"],
        row["answer_us"],
        int(row["duration_us"]),
        bool(row["ended"]),
        int(row["iri"]),
        int(row["cc_from_target"]),
        int(row["cc_to_target"]),
        int(row["cc_other"]),
        int(row["begin_us"]),
        parts,
    )
