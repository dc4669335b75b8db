"""The read model over the stores of two collectors: what one store would say, and by name what is not here."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from typing import Any

import pytest

from collector.console.model.conversations import conversation, conversations
from collector.console.model.lists import EventRow, ListQuery
from collector.console.model.live import STOPPED, Follower
from collector.console.model.prtt import prtt
from collector.console.model.records import integrity, record_view
from collector.console.model.scope import NotFoundError
from collector.console.model.shelves import Known
from collector.export.communications import gather
from collector.report import prtt as prtt_report
from collector.report.parts import Request, Sources
from collector.standing import held, of_communication, of_order, privileged, released
from collector.store.index_whole import Kind
from collector.store.reader import StoreReader
from collector.store.stores import Stores, place_of, record_name, record_number
from mediation.law.orders import OrderId, order_uid
from mediation.law.verdicts import Reason
from mediation.runtime.config import NotReadyError
from mediation.runtime.process import IntegrityError
from tests.collector.conftest import OTHER, TARGET
from tests.collector.console.fleet_case import NAMES, FleetCase, collected, over

ALL = ListQuery()
A, B = f"+{TARGET}", f"+{OTHER}"


@pytest.fixture
async def fleet(lab: Any) -> AsyncIterator[FleetCase]:
    registry = await collected(lab)
    case = over(lab.root, registry)
    yield case
    case.library.close()


def keys(rows: tuple[EventRow, ...]) -> list[str]:
    return [row.key for row in rows]


async def test_a_call_that_went_on_at_another_collector_is_one_call(fleet: FleetCase) -> None:
    library, scope = fleet.library, fleet.scope()
    rows = {row.key: row for row in library.page(scope, ALL).rows}
    assert set(rows) == {"LAB-0001/1", "LAB-0001/2", "LAB-0001/4", "LAB-0002/5"}
    call = rows["LAB-0001/1"]
    assert (call.kind, call.caller, call.called, call.ended, call.iri) == (Kind.CALL, A, B, True, 3)
    assert (call.cc_from_target, call.cc_to_target) == (10, 10)
    assert [place_of(first)[0] for first, _ in call.parts] == [1, 2] and "1-" in call.records and "2-" in call.records
    whole = library.communication(scope, "LAB-0001", 1)
    assert len(whole.packets) == 20 and [one.iri_type for one in whole.signals] == ["begin", "continue", "end"]
    assert [packet.event_us for packet in whole.packets] == sorted(packet.event_us for packet in whole.packets)
    page = library.call_page(scope, "LAB-0001", 1)
    # As out of one store: both ways are placed by when their first packet came.
    assert page.sound is not None and page.sound.seconds == pytest.approx(0.38)
    assert {place_of(one.sequence)[0] for one in page.ladder.arrows} == {1, 2}
    assert library.missing == () and library.lag().records == 0


async def test_lists_counts_and_what_is_new_are_of_both(fleet: FleetCase) -> None:
    library, scope = fleet.library, fleet.scope()
    counts = library.counts(scope)
    assert counts.exact and {kind: count for kind, count in counts.kinds.items() if count} == {
        Kind.CALL: 3,
        Kind.SMS: 1,
    }
    for limit in (1, 2, 3):
        for sort in ("begin", "duration"):
            for descending in (True, False):
                query, seen = ListQuery(sort=sort, descending=descending, limit=limit), []
                while True:
                    found = library.page(scope, query)
                    seen += found.rows
                    if not found.next:
                        break
                    query = query._replace(after=found.next)
                assert sorted(keys(tuple(seen))) == ["LAB-0001/1", "LAB-0001/2", "LAB-0001/4", "LAB-0002/5"]
                values = [row.duration_us if sort == "duration" else row.begin_us or 0 for row in seen]
                assert values == sorted(values, reverse=descending)
    assert keys(library.page(scope, ListQuery((Kind.SMS,))).rows) == ["LAB-0001/2"]
    assert set(keys(library.page(scope, ListQuery(party=B)).rows)) == {
        "LAB-0001/1", "LAB-0001/2", "LAB-0001/4", "LAB-0002/5",
    }  # fmt: skip
    assert library.page(scope, ListQuery(party="+19995550100")).rows == ()
    fresh = library.since(scope, dict.fromkeys(NAMES, -1))
    assert len(fresh.rows) == 4 and library.since(scope, fresh.cursor).rows == ()
    assert fresh.cursor == library.cursor() and set(fresh.cursor) == set(NAMES)
    assert sum(total["delivered"] for total in library.totals() if total["order_id"] == "O-1") == 30
    assert [one.collector for one in library.checkpoints()] == list(NAMES)


async def test_messages_and_tables_of_both(fleet: FleetCase) -> None:
    library, scope = fleet.library, fleet.scope()
    (pair,) = conversations(library, scope).rows
    assert {pair.first, pair.second} == {A, B}
    (message,) = conversation(library, scope, A, B).messages
    assert message.text == "hello <b>you</b>" and record_name(message.sequence).startswith("2-")
    table = prtt(library, scope)
    assert [(one.caller, one.called, one.calls, one.messages) for one in table.pairs] == [(A, B, 3, 1)]


async def test_a_record_goes_by_its_store_and_its_proof_says_whose_ledger_it_is_in(fleet: FleetCase) -> None:
    library, scope = fleet.library, fleet.scope()
    numbers = [one.sequence for one in library.records(scope, "LAB-0001", 1)]
    assert len(numbers) == 23 and {place_of(one)[0] for one in numbers} == {1, 2}
    for number in numbers:
        view = record_view(library, scope, number, fleet.registry)
        assert (view.sequence, view.liid, view.cin) == (number, "LAB-0001", 1)
        found = integrity(library, scope, number)
        name = NAMES[place_of(number)[0] - 1]
        assert found.ok and found.ledger.startswith(f"{name}, key ") and found.report["sequence"] == place_of(number)[1]
    ledgers = {integrity(library, scope, number).ledger.split(":")[0] for number in numbers}
    assert len(ledgers) == 2, "each collector signs under a key of its own"
    walked, at = [], min(numbers)
    while at is not None:
        walked.append(at)
        at = record_view(library, scope, at, fleet.registry).after
    assert walked == sorted(numbers)


async def test_attack_a_record_by_its_number_through_another_store_s_name_is_the_same_as_a_missing_one(
    fleet: FleetCase,
) -> None:
    library, scope = fleet.library, fleet.scope()
    mine = {one.sequence for liid, cin in (("LAB-0001", 1), ("LAB-0001", 2), ("LAB-0001", 4), ("LAB-0002", 5))
            for one in library.records(scope, liid, cin)}  # fmt: skip
    others = {one.sequence for cin in (7, 8, 9) for one in library.records(fleet.scope("C-2"), "LAB-0003", cin)}
    assert len(others) == 3
    sizes = {shelf.number: shelf.reader.size for shelf in library.shelves}
    reasons = set()
    for store in (0, 1, 2, 3):
        for sequence in range(max(sizes.values()) + 2):
            number = record_number(f"{store}-{sequence}" if store else str(sequence))
            if number in mine:
                assert library.record(scope, number).uid in scope.uids
                continue
            with pytest.raises(NotFoundError) as refused:
                library.record(scope, number)
            reasons.add(str(refused.value))
            with pytest.raises(NotFoundError):
                integrity(library, scope, number)
    assert len(reasons) == 1
    for number in others:
        with pytest.raises(NotFoundError):
            record_view(library, scope, number, fleet.registry)


async def test_a_decision_that_has_reached_one_store_withholds_in_both(fleet: FleetCase) -> None:
    library, scope = fleet.library, fleet.scope()
    fleet.decide("collector-2", privileged(of_communication(b"LAB-0001", 1), 5, "rivera", "INV"))
    call = library.communication(scope, "LAB-0001", 1)
    assert not call.packets and call.withheld.total() == 23
    fleet.decide("collector-1", privileged(of_communication(b"LAB-0001", 1), 5, "rivera", "INV"))
    lifted = released(of_communication(b"LAB-0001", 1), Reason.PRIVILEGED_HOLD, 6, "okafor", "SUP", "it is not")
    fleet.decide("collector-1", lifted)
    assert not library.communication(scope, "LAB-0001", 1).packets, "the other still has the flag"
    fleet.decide("collector-2", lifted)
    assert len(library.communication(scope, "LAB-0001", 1).packets) == 20
    fleet.decide("collector-1", held(of_order(order_uid(OrderId("O-1"))), Reason.ORDER_LAPSED, 7))
    rows = library.page(scope, ALL).rows
    assert {row.key for row in rows if row.withheld} == {"LAB-0001/1", "LAB-0001/2", "LAB-0001/4"}
    assert all(row.kind is None and row.caller == "" for row in rows if row.withheld)
    assert [(one.records, "R-041" in one.why) for one in library.held(scope)] == [(3, True)]
    assert {kind: count for kind, count in library.counts(scope).kinds.items() if count} == {Kind.CALL: 1}
    for asked in ({"party": B}, {"kind": "call"}, {"from": "1"}):
        assert keys(library.page(scope, ListQuery.parse(asked)).rows) == ["LAB-0002/5"]


async def test_a_lost_store_is_named_with_its_records_and_the_other_is_shown(fleet: FleetCase) -> None:
    library, scope = fleet.library, fleet.scope()
    size = library.shelves[1].reader.size
    fleet.known |= {"collector-1": Known(((0, 15),), 16), "collector-2": Known(((2, size - 1),), size)}
    fleet.later()
    assert len(library.page(scope, ALL).rows) == 4 and library.missing == ()
    gone = record_number("2-3")
    (fleet.root / "collector-2" / "store").rename(fleet.root / "away")
    fleet.later()
    rows = {row.key: row for row in library.page(scope, ALL).rows}
    assert set(rows) == {"LAB-0001/1", "LAB-0001/4", "LAB-0002/5"} and rows["LAB-0001/1"].iri == 1
    (said,) = library.missing
    assert said.startswith("collector-2 cannot be asked") and f"2 to {size - 1}" in said
    with pytest.raises(NotReadyError, match="collector-2 cannot be asked"):
        library.record(scope, gone)
    with pytest.raises(NotFoundError):
        library.record(scope, record_number("3-3"))
    with pytest.raises(NotReadyError, match="nothing is copied"):
        library.sources()
    (fleet.root / "away").rename(fleet.root / "collector-2" / "store")
    fleet.later()
    assert len(library.page(scope, ALL).rows) == 4 and library.missing == () and len(library.sources()) == 2


async def test_attack_a_store_that_was_cut_back_is_not_taken_for_all_that_was_there(fleet: FleetCase) -> None:
    library, scope = fleet.library, fleet.scope()
    size = library.shelves[0].reader.size
    fleet.known["collector-1"] = Known(((0, size + 3),), size + 4)
    fleet.known["collector-3"] = Known(((4, 9),), 10)
    fleet.later()
    # An old copy lacks what was decided since: nothing of it is shown, and nothing is sealed.
    assert {row.key for row in library.page(scope, ALL).rows} == {"LAB-0001/1", "LAB-0001/2"}
    assert [one.number for one in library.shelves] == [2]
    with pytest.raises(NotReadyError, match="before what the fleet has marked"):
        library.record(scope, record_number("1-3"))
    with pytest.raises(NotReadyError, match="nothing is copied"):
        library.sources()
    first, second = library.missing
    assert f"ends at record {size}, before what the fleet has marked" in first
    assert f"records 0 to {size + 3} ({size + 4})" in first
    assert second.startswith("collector-3 cannot be asked") and "4 to 9" in second


async def test_attack_a_store_lost_while_a_communication_is_read_never_frees_its_records(
    fleet: FleetCase, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A store is lost between any two looks of one question: what its own ledger withholds stays unseen."""
    library, scope = fleet.library, fleet.scope()
    fleet.decide("collector-2", privileged(of_communication(b"LAB-0001", 2), 5, "rivera", "INV"))
    fleet.decide("collector-2", privileged(of_communication(b"LAB-0001", 1), 5, "rivera", "INV"))
    records = [one for one in library.records(scope, "LAB-0001", 1) if place_of(one.sequence)[0] == 2]
    plain, both = library._shelves.look, library._shelves.look()
    one = both._replace(shelves=both.shelves[:1])
    for at in range(8):
        looks = iter([both] * at)
        monkeypatch.setattr(library._shelves, "look", lambda looks=looks: next(looks, one))
        for cin in (1, 2):
            try:
                found = library.communication(scope, "LAB-0001", cin)
            except (NotFoundError, NotReadyError):
                continue
            assert not [packet for packet in found.packets if place_of(packet.sequence)[0] == 2], at
            theirs = [signal for signal in found.signals if place_of(signal.sequence)[0] == 2]
            assert all("R-120" in signal.withheld for signal in theirs), at
    monkeypatch.setattr(library._shelves, "look", lambda: one)
    monkeypatch.setattr(library, "record", lambda scope, number: records[0])
    with pytest.raises(NotReadyError, match="cannot be shown"):
        record_view(library, scope, records[0].sequence, fleet.registry)
    monkeypatch.setattr(library._shelves, "look", plain)
    assert not library.communication(scope, "LAB-0001", 1).packets


async def test_a_store_lost_between_two_looks_of_a_list_is_no_failure_of_ours(
    fleet: FleetCase, monkeypatch: pytest.MonkeyPatch
) -> None:
    library, scope = fleet.library, fleet.scope()
    both = library._shelves.look()
    one = both._replace(shelves=both.shelves[:1])
    for ask in (
        lambda: library.page(scope, ALL).rows,
        lambda: library.since(scope, dict.fromkeys(NAMES, -1)).rows,
        lambda: [library.find(scope, "LAB-0001", 1)],
    ):
        for at in range(3):
            looks = iter([both] * at)
            monkeypatch.setattr(library._shelves, "look", lambda looks=looks: next(looks, one))
            assert "LAB-0001/1" in {row.key for row in ask()}


async def test_attack_one_store_that_cannot_be_followed_silences_no_listening_and_keeps_its_decisions(
    fleet: FleetCase, monkeypatch: pytest.MonkeyPatch
) -> None:
    library, scope = fleet.library, fleet.scope()
    follower = Follower(library)
    listener = follower.listen(scope, "LAB-0001", 1, "mixed", lambda: "")
    first, second = library.shelves
    assert follower.poll() == 0 and follower.trouble == {}
    cursors = dict(follower._commits)

    def broken(*_: Any) -> Any:
        raise IntegrityError("commits 3 to 4 are missing")

    monkeypatch.setattr(first, "behind", broken)
    follower._commits[second.number] = -1
    assert follower.poll() == 12 and follower.trouble == {"collector-1": "commits 3 to 4 are missing"}
    assert follower._commits == cursors
    monkeypatch.setattr(first, "standings", broken)
    fleet.decide("collector-2", privileged(of_communication(b"LAB-0001", 1), 5, "rivera", "INV"))
    follower.poll()
    step = listener.step(9)
    assert step.state == STOPPED and "R-120" in step.why and set(follower.trouble) == {"collector-1"}


async def test_attack_a_decision_that_comes_while_records_are_followed_is_known_before_they_are_heard(
    fleet: FleetCase, monkeypatch: pytest.MonkeyPatch
) -> None:
    library, scope = fleet.library, fleet.scope()
    follower = Follower(library)
    listener = follower.listen(scope, "LAB-0001", 1, "mixed", lambda: "")
    _, second = library.shelves
    follower.poll()
    follower._commits[second.number] = -1
    plain = second.behind

    def later(*given: Any) -> Any:
        fleet.decide("collector-2", privileged(of_communication(b"LAB-0001", 1), 5, "rivera", "INV"))
        return plain(*given)

    monkeypatch.setattr(second, "behind", later)
    follower.poll()
    assert not listener._pending and listener.step(9).state == STOPPED


async def test_what_was_missing_at_any_time_of_a_report_is_in_it(
    fleet: FleetCase, monkeypatch: pytest.MonkeyPatch
) -> None:
    library, store, away = fleet.library, fleet.root / "collector-2" / "store", fleet.root / "away"
    request = Request(fleet.scope(), "rivera", 1_800_000_000_000_000)
    assert prtt_report.build(request, Sources(library, fleet.registry)).missing == ()
    plain = library.page

    def lost_and_back(*given: Any) -> Any:
        store.rename(away)
        fleet.later()
        try:
            return plain(*given)
        finally:
            away.rename(store)
            fleet.later()

    monkeypatch.setattr(library, "page", lost_and_back)
    sources = Sources(library, fleet.registry)
    (said,) = prtt_report.build(request, sources).missing
    assert said.startswith("collector-2 cannot be asked") and library.missing == ()
    monkeypatch.undo()
    assert prtt_report.build(request, Sources(library, fleet.registry)).missing == ()
    # Lost and not looked for since: a report looks once more when it is done.
    sources = Sources(library, fleet.registry)
    store.rename(away)
    assert len(library.missed(sources.mark)) == 1


async def test_while_one_looks_the_others_take_what_was_seen(fleet: FleetCase) -> None:
    shelves = fleet.library._shelves
    seen = shelves.look()
    fleet.later()
    with shelves._lock:
        assert shelves.look() is seen


async def test_what_is_missing_is_looked_for_where_nothing_was_asked_yet(fleet: FleetCase) -> None:
    (fleet.root / "collector-2" / "store").rename(fleet.root / "away")
    assert fleet.library.missing == () and len(fleet.library.look()) == 1


async def test_a_catalogue_that_cannot_be_asked_is_said(fleet: FleetCase, lab: Any) -> None:
    def away() -> dict[str, Known]:
        raise NotReadyError("Cannot read the fleet's catalogue: it does not answer.")

    other = over(lab.root, fleet.registry)
    other.library._shelves._catalogue = away
    assert len(other.library.page(fleet.scope(), ALL).rows) == 4
    (said,) = other.library.missing
    assert "cannot be told" in said and "does not answer" in said
    other.library.close()


async def test_a_collector_that_begins_later_is_there_from_then_on(lab: Any) -> None:
    registry = await collected(lab)
    shutil.move(lab.root / "collector-2", lab.root / "later")
    case = over(lab.root, registry)
    assert len(case.library.page(case.scope(), ALL).rows) == 3 and len(case.library.missing) == 1
    shutil.move(lab.root / "later", lab.root / "collector-2")
    case.later()
    assert len(case.library.page(case.scope(), ALL).rows) == 4 and case.library.missing == ()
    case.library.close()


async def test_what_is_gathered_for_an_export_is_of_both(fleet: FleetCase) -> None:
    readers = {one.number: StoreReader(one.store, one.keys) for one in fleet.library.shelves}
    found = {one.cin: one for one in gather(Stores(readers), b"LAB-0001")}
    assert set(found) == {1, 2, 4} and len(found[1].packets) == 20 and found[1].iri == 3
