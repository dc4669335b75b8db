"""Pages out of lists of any length: what the console asks the index, each answer in the time of a few rows.

Rules. A page is read by its key, never by counting to it: rows of one LIID and kind stand in an index by what they are
sorted by, so each of these gives one page's worth and the database merges them, in one question. The order is (what is
sorted by, LIID, CIN), which every communication has once: rows that are there when a walk begins come once each,
whatever is written meanwhile, unless what they are sorted by changes. What no index serves is refused, not tried. What
is held is found by nothing that may not be said of it (`index_standing`), and counted as of no kind.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import islice
from typing import Any, Final, NamedTuple

from sqlalchemy import ColumnElement, Connection, Engine, TextClause, and_, func, select, text

from asn1.errors import RefusedError
from collector.standing import Standings
from collector.store import index_sql
from collector.store.index_standing import Hold, IndexStanding
from collector.store.index_tables import COMMUNICATION, IRI_EVENT, META, NO_BEGIN, WHOLE, WHOLE_TALLY
from collector.store.index_whole import KEYS_A_QUERY, Kind, chunks

MAX_SORTED: Final = 2_000
"""Rows that are sorted by hand, where a span of time is asked for in another order than time's."""
MAX_LIIDS: Final = 64
MANY_STREAMS: Final = 8
FEW: Final = 12
"""Of so many streams, so many rows each are asked for first: a page is made of all of them, seldom of one alone."""
_SEQUENCES_A_QUERY: Final = 500
BEGIN: Final = "begin_us"
DURATION: Final = "duration_us"

Row = dict[str, Any]


class Place(NamedTuple):
    """Behind which row a page begins: its value, LIID and CIN."""

    value: int
    liid: str
    cin: int


class PageQuery(NamedTuple):
    """`liids` and `orders` are whose communications may be in it; `kinds` empty: all. `party` as lists name it.
    `[from_us, to_us)` is of the begin. `sort` is BEGIN or DURATION."""

    liids: tuple[str, ...]
    orders: frozenset[str]
    kinds: tuple[str, ...] = ()
    party: str = ""
    from_us: int | None = None
    to_us: int | None = None
    sort: str = BEGIN
    descending: bool = True
    after: Place | None = None
    limit: int = 50


def page(engine: Engine, query: PageQuery, standing: IndexStanding) -> list[Row]:
    """At most `limit` rows of WHOLE. Raises RefusedError for what no index serves: more than MAX_LIIDS LIIDs, a party
    in another order than time's, a span of time with more than MAX_SORTED rows in another order than time's."""
    if len(query.liids) > MAX_LIIDS:
        raise RefusedError(f"A list is of at most {MAX_LIIDS} interceptions; ask for one order's.")
    timed = query.from_us is not None or query.to_us is not None
    if query.sort != BEGIN and query.party:
        raise RefusedError("Communications of one party are listed by time only.")
    said = bool(query.kinds or query.party or timed)
    held = standing.not_held(query.orders) if said else ()

    def shown(row: Row) -> bool:
        hold = standing.of(row) if said else None
        return hold is None or not (hold.whole or query.party)

    with engine.connect() as connection:
        if query.sort != BEGIN and timed:
            return _by_hand(connection, query, held, shown)
        return list(islice(filter(shown, _walk(connection, query, held)), query.limit))


def _walk(connection: Connection, query: PageQuery, more: Sequence[ColumnElement[bool]]) -> Iterator[Row]:
    """The rows of a list from the page on."""
    while True:
        rows = _read(connection, query, more)
        yield from rows
        if len(rows) < query.limit:
            return
        query = query._replace(after=_place(rows[-1], query.sort))


def _by_hand(
    connection: Connection, query: PageQuery, more: Sequence[ColumnElement[bool]], shown: Callable[[Row], bool]
) -> list[Row]:
    wanted = query._replace(sort=BEGIN, after=None, limit=MAX_SORTED + 1)
    rows = _read(connection, wanted, more)
    if len(rows) > MAX_SORTED:
        raise RefusedError(
            f"More than {MAX_SORTED} communications are in this span of time: sort by time, or narrow the span."
        )
    rows = sorted(filter(shown, rows), key=lambda row: _place(row, query.sort), reverse=query.descending)
    if query.after is not None:
        after = query.after
        rows = [
            row
            for row in rows
            if (_place(row, query.sort) < after) == query.descending and _place(row, query.sort) != after
        ]
    return rows[: query.limit]


def _place(row: Row, sort: str) -> Place:
    return Place(row[sort], row["liid"], row["cin"])


class _Shape(NamedTuple):
    """What the text of a question depends on. `streams`: for each, the place of its LIID among the others and how its
    rows behind the page before are told; `more`: conditions on the rows besides."""

    sort: str
    descending: bool
    party: bool
    from_us: bool
    to_us: bool
    orders: int
    streams: tuple[tuple[int, str], ...]
    more: tuple[str, ...]


_ALL, _WITHOUT, _WITH, _BETWEEN = "all", "without", "with", "between"
"""Of a stream's rows: all; those beyond the place's value; those with the same value too; by the CIN within it."""


def _read(connection: Connection, query: PageQuery, more: Sequence[ColumnElement[bool]]) -> list[Row]:
    """The first rows of all streams, one a LIID and kind, merged: one question to the database. `more` are conditions
    on WHOLE."""
    liids = sorted(set(query.liids))
    present = _present(connection, liids)
    kinds = query.kinds or tuple(map(str, Kind))
    streams = [(at, liid, kind) for at, liid in enumerate(liids) for kind in kinds if (liid, kind) in present]
    if not streams or not query.orders:
        return []
    orders, said = sorted(query.orders), [and_(*more).compile()] if more else []
    shape = _Shape(
        query.sort, query.descending, bool(query.party), query.from_us is not None, query.to_us is not None,
        len(orders), tuple((at, _behind(query, liid)) for at, liid, _ in streams), tuple(map(str, said)),
    )  # fmt: skip
    values: dict[str, Any] = {"n": query.limit, **{f"o{at}": one for at, one in enumerate(orders)}}
    for at, (_, liid, kind) in enumerate(streams):
        values |= {f"l{at}": liid, f"k{at}": kind}
    told = (("party", query.party or None), ("from_us", query.from_us), ("to_us", query.to_us))
    values |= {name: value for name, value in told if value is not None}
    if query.after is not None:
        values |= {"value": query.after.value, "cin": query.after.cin}
    for condition in said:
        values |= condition.params
    question = _question(shape)
    wanted = {name: values[name] for name in question._bindparams if name != "m"}

    def asked(most: int) -> list[Row]:
        return [dict(row._mapping) for row in connection.execute(question, {**wanted, "m": most})]

    most = FEW if len(streams) >= MANY_STREAMS and query.limit > FEW else query.limit
    rows = asked(most)
    if most < query.limit and max(Counter((row["liid"], row["kind"]) for row in rows).values(), default=0) >= most:
        # All that was asked for of one stream is on the page, so more of it may belong there.
        rows = asked(query.limit)
    return sorted(rows, key=lambda row: _place(row, query.sort), reverse=query.descending)


def _present(connection: Connection, liids: Sequence[str]) -> set[tuple[str, str]]:
    tally = WHOLE_TALLY.c
    return {
        (liid, kind) for liid, kind in connection.execute(select(tally.liid, tally.kind).where(tally.liid.in_(liids)))
    }


def _behind(query: PageQuery, liid: str) -> str:
    """How the rows of this LIID behind the place are told; the order is (value, LIID, CIN)."""
    after = query.after
    if after is None:
        return _ALL
    if liid == after.liid:
        return _BETWEEN
    return _WITH if (liid < after.liid) == query.descending else _WITHOUT


@lru_cache(256)
def _question(shape: _Shape) -> TextClause:
    """The text for one shape of question. Only names of ours and numbers get into it; all values are bound."""
    names = ", ".join(f"whole.{column.name}" for column in WHOLE.columns)
    before = "<" if shape.descending else ">"
    way = "DESC" if shape.descending else "ASC"
    orders = ", ".join(f":o{at}" for at in range(shape.orders))
    source, sort, cin, key = "whole", f"whole.{shape.sort}", "whole.cin", "whole"
    shared = [f"whole.order_id IN ({orders})", *(f"({one})" for one in shape.more)]
    if shape.party:
        # In this order: the database walks along the party's rows and looks the others up.
        source, sort, cin, key = "whole_party p CROSS JOIN whole", "p.begin_us", "p.cin", "p"
        shared += ["whole.liid = p.liid", "whole.cin = p.cin", "p.party = :party"]
    if shape.from_us:
        shared.append(f"{sort} >= :from_us")
    if shape.to_us:
        shared.append(f"{sort} < :to_us")
        shared += [] if shape.from_us else [f"{sort} > {NO_BEGIN}"]
    behind = {
        _ALL: [],
        _WITHOUT: [f"{sort} {before} :value"],
        _WITH: [f"{sort} {before}= :value"],
        _BETWEEN: [f"({sort}, {cin}) {before} (:value, :cin)"],
    }
    parts = []
    for at, (place, told) in enumerate(shape.streams):
        where = " AND ".join([f"{key}.liid = :l{at}", f"{key}.kind = :k{at}", *shared, *behind[told]])
        parts.append(
            f"SELECT * FROM (SELECT {sort} AS value, {key}.liid AS liid, {cin} AS cin, {place} AS place "  # noqa: S608
            f"FROM {source} WHERE {where} ORDER BY {sort} {way}, {cin} {way} LIMIT :m) AS s{at}"
        )
    merged = f"{' UNION ALL '.join(parts)} ORDER BY value {way}, place {way}, cin {way} LIMIT :n"
    # Whole rows only of the page itself: what is merged are keys.
    return text(
        f"SELECT {names} FROM ({merged}) AS k CROSS JOIN whole "  # noqa: S608  see above
        "WHERE whole.liid = k.liid AND whole.cin = k.cin"
    )


class Fresh(NamedTuple):
    """`cursor` for the next question. `more`: there was more than asked for."""

    rows: list[Row]
    cursor: int
    more: bool


def newest(engine: Engine) -> int:
    """The cursor that stands behind everything which the index has."""
    with engine.connect() as connection:
        return _records(connection) - 1


def _records(connection: Connection) -> int:
    value = connection.execute(select(META.c.value).where(META.c.key == "records")).scalar()
    return int(value or 0)


def fresh(engine: Engine, liids: Iterable[str], orders: Iterable[str], cursor: int, limit: int) -> Fresh:
    """Communications that began or went on behind sequence `cursor`, by their newest record."""
    table = WHOLE.c
    allowed = sorted(orders)
    found: list[Row] = []
    with engine.connect() as connection:
        end = _records(connection) - 1
        for liid in liids:
            wanted = select(WHOLE).where(table.liid == liid, table.last_sequence > cursor, table.order_id.in_(allowed))
            wanted = wanted.order_by(table.last_sequence).limit(limit + 1)
            found += [dict(row._mapping) for row in connection.execute(wanted)]
    found.sort(key=lambda row: int(row["last_sequence"]))
    if len(found) > limit:
        return Fresh(found[:limit], int(found[limit - 1]["last_sequence"]), True)
    return Fresh(found, max([cursor, end, *(int(row["last_sequence"]) for row in found)]), False)


def one(engine: Engine, liid: str, cin: int) -> Row | None:
    query = select(WHOLE).where(WHOLE.c.liid == liid, WHOLE.c.cin == cin)
    with engine.connect() as connection:
        row = connection.execute(query).first()
        return None if row is None else dict(row._mapping)


def tallies(engine: Engine, liids: Iterable[str], orders: Iterable[str], standing: IndexStanding) -> dict[str, int]:
    """How many communications of each kind, without those that are held: of these nobody is told of what kind."""
    wanted = sorted(liids)
    query = select(WHOLE_TALLY.c.kind, func.sum(WHOLE_TALLY.c.communications))
    query = query.where(WHOLE_TALLY.c.liid.in_(wanted)).group_by(WHOLE_TALLY.c.kind)
    table = WHOLE.c
    with engine.connect() as connection:
        found = Counter({str(kind): int(count) for kind, count in connection.execute(query)})
        held = standing.held_orders(orders)
        if held is not None:
            counted = select(table.kind, func.count()).where(table.liid.in_(wanted), held).group_by(table.kind)
            found.subtract({str(kind): int(count) for kind, count in connection.execute(counted)})
        found.subtract(row["kind"] for row, _ in _held_by_name(connection, wanted, standing))
    return dict(found)


def held(engine: Engine, liids: Iterable[str], orders: Iterable[str], standing: IndexStanding) -> dict[str, int]:
    """How many communications are held as a whole, whatever they are, by the sentence that says why."""
    wanted, counts, table = sorted(liids), Counter[str](), WHOLE.c
    with engine.connect() as connection:
        for hold, condition in standing.by_entry(orders):
            counted = select(func.count()).select_from(WHOLE).where(table.liid.in_(wanted), condition)
            counts[hold.says()] += connection.execute(counted).scalar() or 0
        allowed = set(orders)
        counts.update(
            hold.says() for row, hold in _held_by_name(connection, wanted, standing) if row["order_id"] in allowed
        )
    return {says: count for says, count in counts.items() if count}


def _held_by_name(connection: Connection, liids: Iterable[str], standing: IndexStanding) -> Iterator[tuple[Row, Hold]]:
    """The communications that are held, each by a decision of its own and none about its order."""
    for keys in chunks(standing.keys(liids), KEYS_A_QUERY):
        for row in index_sql.found(connection, WHOLE, ("liid", "cin"), keys):
            hold = standing.of(row)
            if hold is not None and hold.whole and not standing.by_order(row):
                yield row, hold


def segments_of(engine: Engine, liid: str, cin: int) -> list[tuple[int, int, int]]:
    """(generation, first, last sequence) of each segment that holds records of a communication, oldest first."""
    table = COMMUNICATION.c
    query = select(table.generation, table.first_sequence, table.last_sequence)
    query = query.where(table.liid == liid, table.cin == cin).order_by(table.generation)
    with engine.connect() as connection:
        return [(int(generation), int(first), int(last)) for generation, first, last in connection.execute(query)]


def communications_of(engine: Engine, sequences: Iterable[int]) -> dict[int, tuple[str, int]]:
    """LIID and CIN of the IRI records among these, by sequence."""
    wanted = sorted(set(sequences))
    query = select(IRI_EVENT.c.sequence, IRI_EVENT.c.liid, IRI_EVENT.c.cin)
    found: dict[int, tuple[str, int]] = {}
    with engine.connect() as connection:
        for start in range(0, len(wanted), _SEQUENCES_A_QUERY):
            some = wanted[start : start + _SEQUENCES_A_QUERY]
            rows = connection.execute(query.where(IRI_EVENT.c.sequence.in_(some)))
            found.update((int(sequence), (str(liid), int(cin))) for sequence, liid, cin in rows)
    return found


def standing_of(engine: Engine, standings: Standings) -> tuple[IndexStanding, bool]:
    """What was decided, for the rows of this index; whether it had reached all records that decisions name."""
    sequences = [one for _, entry in standings.entries for one in entry.scope.sequences]
    reached = newest(engine)
    named = communications_of(engine, sequences)
    return IndexStanding(standings, named), max(sequences, default=-1) <= reached
