"""Lists out of the index: each communication once, in order, whatever is written while somebody pages."""

from __future__ import annotations

import itertools
import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, create_engine, delete, event, insert, select, update

from asn1.errors import RefusedError
from collector.standing import Entry, Standings, held, of_communication, of_order, of_record, of_sequences, released
from collector.store import index_pages as pages
from collector.store import index_whole
from collector.store.index import open_database
from collector.store.index_pages import BEGIN, DURATION, PageQuery, Place
from collector.store.index_queries import merged
from collector.store.index_standing import IndexStanding
from collector.store.index_tables import COMMUNICATION, META, METADATA, NO_BEGIN, WHOLE, WHOLE_PARTY, WHOLE_TALLY
from collector.store.index_whole import Kind, kind_of
from lab.postgres import Server
from mediation.law.orders import OrderId, order_uid
from mediation.law.verdicts import Reason

LIIDS, ORDERS = ("L-1", "L-2"), ("O-1", "O-2")
SECOND_US = 1_000_000


def row(liid: str, cin: int, begin_us: int | None = 0, **changes: Any) -> dict[str, Any]:
    """A row of COMMUNICATION."""
    return {
        "generation": 0, "liid": liid, "cin": cin, "order_id": ORDERS[LIIDS.index(liid)], "service": "VOICE",
        "content_service": None, "parties": '["12125550101"]', "caller": "+12125550101", "called": None, "sends": 1,
        "opened": 1, "ended": 0, "answer_us": None, "begin_us": begin_us,
        "end_us": None if begin_us is None else begin_us + 5 * SECOND_US, "iri": 1, "cc_from_target": 0,
        "cc_to_target": 0, "cc_other": 0, "first_sequence": cin, "last_sequence": cin,
    } | changes  # fmt: skip


class Fed:
    """An index that is written to as its writer would, beside what it must say."""

    def __init__(self, engine: Engine | None = None) -> None:
        self.engine: Engine = create_engine("sqlite://") if engine is None else engine
        METADATA.create_all(self.engine)
        self.standing = IndexStanding(Standings(), {})
        with self.engine.begin() as connection:
            connection.execute(insert(META).values(key="records", value="0"))

    def put(self, *rows: dict[str, Any]) -> None:
        with self.engine.begin() as connection:
            for one in rows:
                which = (COMMUNICATION.c.liid == one["liid"]) & (COMMUNICATION.c.cin == one["cin"])
                which &= COMMUNICATION.c.generation == one["generation"]
                old = connection.execute(select(COMMUNICATION).where(which)).first()
                connection.execute(delete(COMMUNICATION).where(which))
                whole = one if old is None else merged([dict(old._mapping), one])
                connection.execute(insert(COMMUNICATION).values(**whole))
            index_whole.add(connection, rows)
            size = max(one["last_sequence"] for one in rows) + 1
            connection.execute(update(META).where(META.c.key == "records").values(value=str(size)))

    def evict(self, generation: int) -> None:
        with self.engine.begin() as connection:
            connection.execute(delete(COMMUNICATION).where(COMMUNICATION.c.generation <= generation))
            index_whole.evict(connection, generation)

    def decide(self, *entries: Entry, named: dict[int, tuple[str, int]] | None = None) -> None:
        self.standing = IndexStanding(Standings(enumerate(entries)), named or {})

    def walk(self, query: PageQuery) -> Iterator[dict[str, Any]]:
        while found := pages.page(self.engine, query, self.standing):
            yield from found
            last = found[-1]
            query = query._replace(after=Place(last[query.sort], last["liid"], last["cin"]))

    def rows(self, table: Any) -> list[dict[str, Any]]:
        with self.engine.connect() as connection:
            return sorted((dict(one._mapping) for one in connection.execute(select(table))), key=repr)


@pytest.fixture
def fed() -> Iterator[Fed]:
    made = Fed()
    yield made
    made.engine.dispose()


ALL = PageQuery(LIIDS, frozenset(ORDERS))
ROWS = st.lists(
    st.tuples(
        st.sampled_from(LIIDS), st.integers(0, 40), st.one_of(st.none(), st.integers(0, 6)), st.integers(0, 3),
        st.sampled_from(["VOICE", "SMS", "DATA", None]),
        st.sampled_from(["12125550101", "12125550102", "sip:a@b.invalid"]),
    ),
    max_size=40, unique_by=lambda one: one[:2],
)  # fmt: skip


def drawn(values: list[tuple[Any, ...]], first: int = 0) -> list[dict[str, Any]]:
    return [
        row(
            liid, cin, None if begin is None else begin * SECOND_US, service=service, parties=json.dumps([party]),
            first_sequence=first + at, last_sequence=first + at, opened=int(service == "VOICE"),
            **({} if begin is None else {"end_us": (begin + length) * SECOND_US}),
        )
        for at, (liid, cin, begin, length, service, party) in enumerate(values)
    ]  # fmt: skip


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    ROWS, st.integers(1, 7), st.sampled_from([BEGIN, DURATION]), st.booleans(),
    st.sampled_from(["", "+12125550101", "sip:a@b.invalid"]), st.sets(st.sampled_from(list(Kind))),
    st.sampled_from([(None, None), (2, None), (None, 4), (1, 5)]),
)  # fmt: skip
def test_the_pages_together_are_every_row_once_in_order(
    values: Any, limit: int, sort: str, descending: bool, party: str, kinds: set[Kind], span: Any
) -> None:
    fed = Fed()
    rows = drawn(values)
    if rows:
        fed.put(*rows)
    if sort == DURATION:
        party = ""
    from_us, to_us = (None if one is None else one * SECOND_US for one in span)
    query = ALL._replace(
        limit=limit,
        sort=sort,
        descending=descending,
        party=party,
        kinds=tuple(map(str, kinds)),
        from_us=from_us,
        to_us=to_us,
    )
    found = list(fed.walk(query))
    wanted = [
        one for one in fed.rows(WHOLE)
        if (not party or party in json.loads(one["parties"])) and (not kinds or one["kind"] in kinds)
        and (from_us is None or one["begin_us"] >= from_us)
        and (to_us is None or NO_BEGIN < one["begin_us"] < to_us)
    ]  # fmt: skip
    wanted.sort(key=lambda one: (one[sort], one["liid"], one["cin"]), reverse=descending)
    assert found == wanted
    fed.engine.dispose()


@settings(deadline=None)
@given(ROWS, ROWS, st.integers(1, 5), st.booleans())
def test_a_walk_is_not_disturbed_by_what_is_written_meanwhile(
    values: Any, later: Any, limit: int, descending: bool
) -> None:
    """What was there comes once; calls that go on stay where they are."""
    fed = Fed()
    rows = drawn(values)
    if rows:
        fed.put(*rows)
    before = {(one["liid"], one["cin"]) for one in rows}
    fresh = iter(drawn(later, 100))
    seen: list[tuple[str, int]] = []
    for one in fed.walk(ALL._replace(limit=limit, descending=descending)):
        seen.append((one["liid"], one["cin"]))
        if (more := next(fresh, None)) is not None:
            known = (more["liid"], more["cin"]) in before
            fed.put({**more, "begin_us": None, "end_us": 90 * SECOND_US} if known else more)
    assert [one for one in seen if one in before] == list(dict.fromkeys(one for one in seen if one in before))
    assert before <= set(seen)
    fed.engine.dispose()


@settings(deadline=None, max_examples=40)
@given(st.lists(st.tuples(ROWS, st.booleans()), min_size=1, max_size=4))
def test_eviction_and_growth_leave_what_an_index_made_anew_would_say(turns: Any) -> None:
    fed, sequence = Fed(), 0
    for generation, (values, evicts) in enumerate(turns):
        rows = [one | {"generation": generation} for one in drawn(values, sequence)]
        sequence += len(rows)
        if rows:
            fed.put(*rows)
        if evicts:
            fed.evict(generation - 1)
    anew = Fed()
    for generation_rows in itertools.groupby(
        sorted(fed.rows(COMMUNICATION), key=lambda one: (one["generation"], one["first_sequence"])),
        lambda one: one["generation"],
    ):
        anew.put(*generation_rows[1])
    for table in (WHOLE, WHOLE_PARTY, WHOLE_TALLY):
        assert fed.rows(table) == anew.rows(table)
    fed.engine.dispose(), anew.engine.dispose()


def test_what_is_new_since_a_cursor_comes_once_and_growth_comes_again(fed: Fed) -> None:
    fed.put(row("L-1", 1), row("L-1", 2, first_sequence=2, last_sequence=2))
    cursor = pages.newest(fed.engine)
    assert pages.fresh(fed.engine, LIIDS, ORDERS, cursor, 10) == ([], cursor, False)
    fed.put(row("L-1", 1, first_sequence=3, last_sequence=3), row("L-2", 9, first_sequence=4, last_sequence=4))
    first = pages.fresh(fed.engine, LIIDS, ORDERS, cursor, 1)
    assert ([one["cin"] for one in first.rows], first.more) == ([1], True)
    rest = pages.fresh(fed.engine, LIIDS, ORDERS, first.cursor, 10)
    assert ([one["cin"] for one in rest.rows], rest.cursor, rest.more) == ([9], 4, False)


def test_attack_another_order_s_communications_are_in_no_page(fed: Fed) -> None:
    """One LIID may serve two orders; whoever may read one of them reads that one."""
    fed.put(row("L-1", 1), row("L-1", 2, order_id="O-9"), row("L-1", 3, order_id=None))
    mine = PageQuery(("L-1",), frozenset({"O-1"}))
    assert [one["cin"] for one in pages.page(fed.engine, mine, fed.standing)] == [1]
    assert [one["cin"] for one in pages.fresh(fed.engine, ["L-1"], ["O-1"], -1, 9).rows] == [1]


def test_kinds_are_told_apart_and_counted_along(fed: Fed) -> None:
    fed.put(
        row("L-1", 1), row("L-1", 2, service="SMS"), row("L-1", 3, service=None, content_service="DATA"),
        row("L-1", 4, opened=0), row("L-1", -1), row("L-1", 6, service="MMS"),
        row("L-1", 7, opened=0, cc_from_target=3),
    )  # fmt: skip
    assert {one["cin"]: one["kind"] for one in fed.rows(WHOLE)} == {
        1: "CALL", 2: "SMS", 3: "DATA", 4: "SIGNALLING", -1: "TEST", 6: "MMS", 7: "CALL",
    }  # fmt: skip
    assert pages.tallies(fed.engine, LIIDS, ORDERS, fed.standing) == {
        "CALL": 2,
        "SMS": 1,
        "DATA": 1,
        "SIGNALLING": 1,
        "TEST": 1,
        "MMS": 1,
    }
    fed.put(row("L-1", 4, cc_other=1))
    assert pages.tallies(fed.engine, LIIDS, ORDERS, fed.standing)["CALL"] == 3 and "SIGNALLING" not in pages.tallies(
        fed.engine, LIIDS, ORDERS, fed.standing
    )
    assert kind_of(row("L-1", 9)) is Kind.CALL


def test_what_no_index_serves_is_refused(fed: Fed, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages, "MAX_SORTED", 2)
    fed.put(*(row("L-1", cin, cin * SECOND_US) for cin in range(3)))
    with pytest.raises(RefusedError, match="by time only"):
        pages.page(fed.engine, ALL._replace(sort=DURATION, party="+12125550101"), fed.standing)
    with pytest.raises(RefusedError, match="narrow the span"):
        pages.page(fed.engine, ALL._replace(sort=DURATION, from_us=0), fed.standing)
    assert len(pages.page(fed.engine, ALL._replace(sort=DURATION, from_us=0, to_us=2 * SECOND_US), fed.standing)) == 2
    with pytest.raises(RefusedError, match="64 interceptions"):
        pages.page(fed.engine, ALL._replace(liids=tuple(map(str, range(65)))), fed.standing)


@pytest.mark.parametrize("sort", [BEGIN, DURATION])
def test_a_page_is_a_walk_along_an_index_and_never_a_sort(fed: Fed, sort: str) -> None:
    """Where the database would look through rows and sort them, ten million would be felt."""
    fed.put(row("L-1", 1), row("L-1", 2, service="SMS"), row("L-2", 3))
    told: list[str] = []
    asked: list[tuple[str, Any]] = []

    @event.listens_for(fed.engine, "before_cursor_execute")
    def heard(_: Any, __: Any, statement: str, values: Any, *___: Any) -> None:
        if "UNION" in statement and "EXPLAIN" not in statement:
            asked.append((statement, values))

    for after in (None, Place(5, "L-1", 5)):
        for party in ("", "+12125550101") if sort == BEGIN else ("",):
            pages.page(fed.engine, ALL._replace(sort=sort, after=after, party=party), fed.standing)
    with fed.engine.connect() as connection:
        for statement, values in list(asked):
            plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values).all()
            told += [str(step[-1]) for step in plan]
            streams = {step[0] for step in plan if str(step[-1]).startswith("CO-ROUTINE s")}
            assert len(streams) == 3
            assert not [step for step in plan if "TEMP" in step[-1] and step[1] in streams], "a stream is not sorted"
    looks = [step for step in told if step.startswith(("SEARCH", "SCAN whole", "SCAN p"))]
    assert len(looks) >= 3 * len(asked) and all(step.startswith("SEARCH") for step in looks), told
    assert not any("AUTOMATIC" in step for step in told)


def test_postgresql_gives_the_same_pages(postgres: Server) -> None:
    with postgres.database() as url:
        other, fed = Fed(open_database(url)), Fed()
        for one in (other, fed):
            one.put(*(row(liid, cin, cin % 5 * SECOND_US) for liid in LIIDS for cin in range(12)))
            one.put(row("L-2", -1, None, service=None), row("L-1", 20, 3, service="SMS"))
            one.evict(-1)
            one.decide(held(of_order(order_uid(OrderId("O-1")), 1, 2 * SECOND_US), Reason.ORDER_LAPSED, 1))
        for sort, descending in itertools.product((BEGIN, DURATION), (True, False)):
            for party in ("", "+12125550101") if sort == BEGIN else ("",):
                query = ALL._replace(
                    limit=3, sort=sort, descending=descending, party=party, from_us=1 if party else None
                )
                assert list(other.walk(query)) == list(fed.walk(query)) != []
        assert pages.fresh(other.engine, LIIDS, ORDERS, 4, 5) == pages.fresh(fed.engine, LIIDS, ORDERS, 4, 5)
        assert pages.tallies(other.engine, LIIDS, ORDERS, fed.standing) == pages.tallies(
            fed.engine, LIIDS, ORDERS, fed.standing
        )
        other.engine.dispose(), fed.engine.dispose()


HOLDS = st.lists(
    st.tuples(st.sampled_from(["order", "communication", "record", "sequence"]), st.sampled_from(LIIDS),
              st.integers(0, 40), st.sampled_from([(None, None), (2, None), (None, 3), (1, 4)])),
    max_size=6,
)  # fmt: skip


def hold_of(what: str, liid: str, cin: int, times: tuple[int | None, int | None]) -> Entry:
    begin, end = (None if one is None else one * SECOND_US for one in times)
    if what == "order":
        return held(of_order(order_uid(OrderId(ORDERS[LIIDS.index(liid)])), begin, end), Reason.ORDER_LAPSED, 1)
    if what == "communication":
        return held(of_communication(liid.encode(), cin, begin, end), Reason.TARGET_MISMATCH, 1)
    if what == "record":
        return held(of_record(liid.encode(), cin, 1, 0, 3), Reason.TAMPERED, 1)
    return held(of_sequences([cin]), Reason.TAMPERED, 1)


@settings(deadline=None, max_examples=60)
@given(
    ROWS, HOLDS, st.integers(1, 5), st.booleans(), st.sampled_from(["", "+12125550101"]),
    st.sets(st.sampled_from(list(Kind))), st.sampled_from([(None, None), (2, None), (None, 4)]),
)  # fmt: skip
def test_attack_what_is_held_is_found_by_nothing_that_may_not_be_said_of_it(
    values: Any, holds: Any, limit: int, descending: bool, party: str, kinds: set[Kind], times: Any
) -> None:
    """Whoever asks a list for a number, a kind or a time learns nothing of what is held; without, that it is there."""
    fed = Fed()
    if values:
        fed.put(*drawn(values))
    named = {one[2]: (one[1], one[2]) for one in holds if one[0] == "sequence"}
    fed.decide(*(hold_of(*one) for one in holds), named=named)
    begin, end = (None if one is None else one * SECOND_US for one in times)
    query = ALL._replace(
        limit=limit, descending=descending, party=party, kinds=tuple(map(str, kinds)), from_us=begin, to_us=end
    )
    asked = {(one["liid"], one["cin"]) for one in fed.walk(query)}
    rows = {(one["liid"], one["cin"]): one for one in fed.rows(WHOLE)}
    standing, fed.standing = fed.standing, IndexStanding(Standings(), {})
    plain = {(one["liid"], one["cin"]) for one in fed.walk(query)}
    hidden = {key for key, one in rows.items() if (hold := standing.of(one)) and (hold.whole or party)}
    if not (party or kinds or begin or end):
        hidden = set()
    assert asked == plain - hidden
    wholly = {key for key, one in rows.items() if (hold := standing.of(one)) and hold.whole}
    tallies = pages.tallies(fed.engine, LIIDS, ORDERS, standing)
    assert {kind: count for kind, count in tallies.items() if count} == Counter(
        one["kind"] for key, one in rows.items() if key not in wholly
    )
    assert sum(pages.held(fed.engine, LIIDS, ORDERS, standing).values()) == len(wholly)
    fed.engine.dispose()


def test_a_release_brings_it_back(fed: Fed) -> None:
    fed.put(row("L-1", 1), row("L-2", 2))
    scope = of_order(order_uid(OrderId("O-1")))
    fed.decide(held(scope, Reason.ORDER_LAPSED, 1))
    query = ALL._replace(party="+12125550101")
    assert [one["cin"] for one in fed.walk(query)] == [2]
    fed.decide(held(scope, Reason.ORDER_LAPSED, 1), released(scope, Reason.ORDER_LAPSED, 2, "judge", "JUDGE", "7"))
    assert {one["cin"] for one in fed.walk(query)} == {1, 2}


@pytest.mark.parametrize("crowded", [0, 1])
def test_a_page_is_the_same_however_its_rows_are_spread_over_the_streams(
    fed: Fed, monkeypatch: pytest.MonkeyPatch, crowded: int
) -> None:
    """Few rows of each stream are asked for first: where one stream has a whole page, none of it is left out."""
    rows = []
    for cin in range(1, 90):
        liid = LIIDS[crowded if cin % 3 else cin % len(LIIDS)]
        rows.append(row(liid, cin, 1_000 + cin, service="SMS" if cin % 2 else "VOICE"))
    rows += [row(LIIDS[crowded], 500 + at, 9_000 + at) for at in range(30)]
    fed.put(*rows)
    query = ALL._replace(limit=pages.FEW + 8)
    whole = list(fed.walk(query))
    monkeypatch.setattr(pages, "MANY_STREAMS", 2)
    assert list(fed.walk(query)) == whole and len(whole) == len(rows)
