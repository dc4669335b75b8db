"""The console's reading of a case: what is listed, what is shown to whom, and what is not there for others."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from asn1.errors import LocalError, RefusedError
from collector.console.model import library as library_module
from collector.console.model.lists import ListQuery, party_asked, place_of
from collector.console.model.records import integrity
from collector.console.model.scope import NOT_FOR_THIS_READER, NotFoundError, Scope, scope_of
from collector.registry import Registry
from collector.standing import held, minimised, of_communication, of_order, of_sequences, privileged, released
from collector.store.audit_log import ORIGIN as AUDIT
from collector.store.audit_log import AuditLog
from collector.store.epochs import begin_epoch
from collector.store.index_whole import Kind
from collector.store.keys import Keys
from collector.store.private_files import read_public_key
from collector.store.reader import StoreReader
from mediation.law.orders import OrderId, order_uid
from mediation.law.verdicts import Reason
from mediation.ledger.epochs import LedgerState
from mediation.ledger.kernel import CompactRange

ALL = ListQuery()
STORE = "calea-lab/collector"
A, B = "+12125550101", "+12125550102"


async def test_the_list_of_a_case_has_its_communications_and_no_other_s(made: Any, sent: Any) -> None:
    case = await made(*sent)
    page = case.library.page(case.scope(), ALL)
    found = {row.key: row for row in page.rows}
    assert set(found) == {"LAB-0001/1", "LAB-0001/2", "LAB-0001/3", "LAB-0002/5", "LAB-0002/6"}
    assert (page.next, page.first) == ("", True)
    call = found["LAB-0001/1"]
    assert (call.kind, call.caller, call.called, call.target_sends, call.ended) == (Kind.CALL, A, B, True, True)
    assert (call.iri, call.cc_from_target, call.cc_to_target, call.content_records) == (2, 10, 10, 20)
    assert (found["LAB-0001/2"].kind, found["LAB-0001/3"].kind) == (Kind.SMS, Kind.DATA)
    pen = found["LAB-0002/5"]
    assert (pen.kind, pen.caller, pen.called, pen.withheld) == (Kind.CALL, A, B, "")
    assert (found["LAB-0002/6"].kind, found["LAB-0002/6"].caller, found["LAB-0002/6"].called) == (Kind.SMS, A, B)
    counts = case.library.counts(case.scope()).kinds
    assert {kind: count for kind, count in counts.items() if count} == {Kind.CALL: 2, Kind.SMS: 2, Kind.DATA: 1}
    assert case.library.lag().records == 0


async def test_it_is_filtered_paged_and_followed(made: Any, sent: Any) -> None:
    case = await made(*sent)
    scope = case.scope()
    assert {row.cin for row in case.library.page(scope, ListQuery.parse({"kind": "sms"})).rows} == {2, 6}
    assert {row.cin for row in case.library.page(scope, ListQuery.parse({"order": "O-2"})).rows} == {5, 6}
    assert {row.cin for row in case.library.page(scope, ListQuery.parse({"party": "212-555-0102"})).rows} == {
        1,
        2,
        5,
        6,
    }
    query, seen = ListQuery(limit=2), []
    while True:
        page = case.library.page(scope, query)
        seen += [row.cin for row in page.rows]
        if not page.next:
            break
        query = query._replace(after=page.next)
    assert sorted(seen) == [1, 2, 3, 5, 6]
    fresh = case.library.since(scope, {})
    assert sorted(row.cin for row in fresh.rows) == [1, 2, 3, 5, 6] and not fresh.more
    assert case.library.since(scope, fresh.cursor).rows == () and fresh.cursor == case.library.cursor()


async def test_attack_another_case_s_communication_is_the_same_as_a_missing_one(made: Any, sent: Any) -> None:
    case = await made(*sent)
    scope, other = case.scope(), case.registry.current()[2]
    assert other.order_id == "O-3"
    theirs = Scope("C-2", (other,), True)
    (sequence,) = [one.sequence for one in case.library.records(theirs, "LAB-0003", 7)]
    texts = set()
    for ask in (
        lambda: case.library.find(scope, "LAB-0003", 7), lambda: case.library.find(scope, "LAB-0001", 99),
        lambda: case.library.find(scope, "LAB-é", 7), lambda: case.library.communication(scope, "LAB-0003", 7),
    ):  # fmt: skip
        with pytest.raises(NotFoundError) as refused:
            ask()
        texts.add(str(refused.value))
    assert len(texts) == 1
    texts.clear()
    for number in (sequence, 10_000, -1, 1 << 70):
        with pytest.raises(NotFoundError) as refused:
            case.library.record(scope, number)
        texts.add(str(refused.value))
    assert len(texts) == 1
    assert case.library.record(theirs, sequence).cin == 7
    with pytest.raises(LocalError, match="not of case"):
        Scope("C-1", (other,), True)


async def test_attack_a_grant_to_one_order_of_a_case_reads_none_of_the_other(made: Any, sent: Any) -> None:
    case = await made(*sent)
    pen = case.scope(orders=tuple(one for one in case.scope().orders if one.order_id == "O-2"))
    assert {row.liid for row in case.library.page(pen, ALL).rows} == {"LAB-0002"}
    with pytest.raises(NotFoundError):
        case.library.communication(pen, "LAB-0001", 1)


async def test_who_reads_call_identifying_information_alone_gets_no_content(made: Any, sent: Any) -> None:
    case = await made(*sent)
    plain = case.scope(content=False)
    call = case.library.communication(plain, "LAB-0001", 1)
    assert (call.packets, call.cc_from_target, call.withheld[NOT_FOR_THIS_READER]) == ([], 10, 22)
    assert all(signal.facts is None and signal.pdu is None for signal in call.signals)
    assert call.signals[0].fields["from"] == f"sip:{A}@ims.invalid" and A in call.parties
    pen = case.library.communication(plain, "LAB-0002", 5)
    assert not pen.withheld and pen.parties == [A, B]
    assert len(case.library.communication(case.scope(), "LAB-0001", 1).packets) == 20


async def test_attack_a_held_order_s_list_names_nobody(made: Any, sent: Any) -> None:
    case = await made(*sent)
    case.decide(held(of_order(order_uid(OrderId("O-2"))), Reason.ORDER_LAPSED, 5))
    rows = [row for row in case.library.page(case.scope(), ALL).rows if row.liid == "LAB-0002"]
    assert len(rows) == 2 and all("ORDER_LAPSED (R-041)" in row.withheld for row in rows)
    assert all(
        (row.kind, row.parties, row.caller, row.called, row.begin_us) == (None, (), "", "", None) for row in rows
    )
    call = case.library.communication(case.scope(), "LAB-0002", 5)
    assert not call.parties and call.withheld.total() == 1
    assert not any(row.withheld for row in case.library.since(case.scope(), {}).rows if row.liid == "LAB-0001")
    for asked in ({"party": B}, {"kind": "call"}, {"from": "1"}):
        found = case.library.page(case.scope(), ListQuery.parse(asked)).rows
        assert found and not any(row.liid == "LAB-0002" for row in found)
    assert sum(case.library.counts(case.scope()).kinds.values()) == 3
    assert [(one.records, "R-041" in one.why) for one in case.library.held(case.scope())] == [(2, True)]
    case.decide(released(of_order(order_uid(OrderId("O-2"))), Reason.ORDER_LAPSED, 6, "judge", "JUDGE", "order 7"))
    assert not any(row.withheld for row in case.library.page(case.scope(), ALL).rows)


async def test_attack_one_held_record_of_signalling_names_nobody_in_the_list(made: Any, sent: Any) -> None:
    case = await made(*sent)
    first = case.sequences("LAB-0001", 1)[0]
    case.decide(held(of_sequences([first]), Reason.TAMPERED, 5))
    row = case.library.find(case.scope(), "LAB-0001", 1)
    assert (row.caller, row.called, row.parties) == ("", "", ()) and "TAMPERED (R-093)" in row.withheld
    assert row.kind is Kind.CALL


async def test_a_hold_of_a_span_of_time_takes_what_lies_in_it(made: Any, sent: Any) -> None:
    case = await made(*sent)
    row = case.library.find(case.scope(), "LAB-0001", 1)
    scope = of_communication(b"LAB-0001", 1, 0, row.begin_us)
    case.decide(held(scope, Reason.ORDER_LAPSED, 5))
    assert not case.library.find(case.scope(), "LAB-0001", 1).withheld
    case.decide(held(of_communication(b"LAB-0001", 1, row.begin_us), Reason.ORDER_LAPSED, 6))
    assert case.library.find(case.scope(), "LAB-0001", 1).withheld


async def test_minimised_is_listed_with_its_parties_and_its_content_is_not_read(made: Any, sent: Any) -> None:
    case = await made(*sent)
    before = case.library.communication(case.scope(), "LAB-0001", 1)
    assert before is case.library.communication(case.scope(), "LAB-0001", 1), "read once while nothing changes"
    case.decide(minimised(of_communication(b"LAB-0001", 1), 5, "u1", "INV"))
    after = case.library.communication(case.scope(), "LAB-0001", 1)
    assert after.packets == [] and after.withheld.total() == 22 and A in after.parties
    assert case.library.find(case.scope(), "LAB-0001", 1).caller == A


async def test_only_the_filter_role_reads_what_is_privileged(made: Any, sent: Any) -> None:
    case = await made(*sent)
    case.decide(privileged(of_communication(b"LAB-0001", 1), 5, "u1", "INV"))
    assert case.library.communication(case.scope(), "LAB-0001", 1).packets == []
    assert len(case.library.communication(case.scope(privileged=True), "LAB-0001", 1).packets) == 20
    case.decide(minimised(of_communication(b"LAB-0001", 1), 6, "u1", "INV"))
    assert case.library.communication(case.scope(privileged=True), "LAB-0001", 1).packets == []


async def test_what_is_too_large_is_said_and_memory_is_bounded(made: Any, sent: Any, monkeypatch: Any) -> None:
    case = await made(*sent)
    monkeypatch.setattr(library_module, "MAX_OCTETS", 500)
    with pytest.raises(LocalError, match="piece by piece"):
        case.library.communication(case.scope(), "LAB-0001", 1)
    monkeypatch.undo()
    case.library._cache_octets = 20_000
    for liid, cin in (("LAB-0001", 1), ("LAB-0001", 2), ("LAB-0001", 3), ("LAB-0002", 5)):
        case.library.communication(case.scope(), liid, cin)
        assert case.library._cached <= 20_000
        assert case.library._cached == sum(one.octets for one in case.library._cache.values())


async def test_a_record_knows_its_neighbours(made: Any, sent: Any) -> None:
    case = await made(*sent)
    sequences = case.sequences("LAB-0001", 1)
    records = [case.library.record(case.scope(), sequence) for sequence in sequences]
    found = [case.library.beside(case.scope(), record) for record in records]
    assert found == list(zip([None, *sequences[:-1]], [*sequences[1:], None], strict=True))


async def test_rows_follow_a_collector_that_runs(lab: Any, records: Any, connect: Any, reopened: Any) -> None:
    """What is durable is in the list soon, and growth comes again, while the collector goes on."""
    lab.court.issue("O-1", "LAB-0001", case_id="C-1")
    running = await lab.start()
    client = await connect(running.ports["hi2"])
    await client.send(records.sip("LAB-0001", 1))
    await client.barrier(records)
    library = reopened(lab.data)
    registry = Registry(lab.court.inbox, read_public_key(lab.root / "court.pub"), reads_only=True)
    registry.reload()
    scope, cursor, seen = scope_of("C-1", registry.current(), True), {}, []
    waiting = [records.sip("LAB-0001", 2), records.sip("LAB-0001", 1, "end", method="BYE", to_tag="b")]
    async with asyncio.timeout(20):
        while (1, True) not in seen:
            fresh = library.since(scope, cursor)
            cursor = fresh.cursor
            seen += [(row.cin, row.ended) for row in fresh.rows]
            if fresh.rows and waiting:
                await client.send(waiting.pop(0))
            await asyncio.sleep(0.02)
    assert (1, False) in seen and (2, False) in seen
    await client.close()
    await running.end()


@pytest.mark.parametrize(
    "given", [
        {"kind": "x"}, {"from": "y"}, {"to": "-1"}, {"limit": "0"}, {"limit": "201"}, {"sort": "cin"}, {"dir": "up"},
        {"after": "1.2"}, {"after": "x.2.L"}, {"after": f"{1 << 70}.2.L"}, {"party": "9" * 201}, {"from": "9" * 30},
    ],
)  # fmt: skip
def test_attack_nonsense_in_an_address_is_refused(given: dict[str, str]) -> None:
    with pytest.raises(RefusedError):
        ListQuery.parse(given)


def test_a_query_survives_its_address() -> None:
    query = ListQuery((Kind.SMS, Kind.CALL), "+12125550101", 5, 9, "O-1", "duration", False, "7.-1.L.A", 20)
    assert ListQuery.parse(query.params()) == query and ListQuery.parse({}) == ALL and ALL.params() == {}
    assert "after" not in query.params(after="")
    assert place_of("7.-1.L.A") == (7, "L.A", -1)
    assert [party_asked(text) for text in ("(212) 555-0102", "1 212 555 0102", "+44 20", "a@b", "")] == [
        "+12125550102", "+12125550102", "+4420", "a@b", "",
    ]  # fmt: skip


async def test_a_key_that_is_changed_while_the_console_reads_is_believed(made: Any, sent: Any, lab: Any) -> None:
    """The collector stood still meanwhile; the console went on."""
    case = await made(*sent)
    first = case.sequences("LAB-0001", 1)[0]
    assert integrity(case.library, case.scope(), first).ok
    directory, root = case.data / "keys", Ed25519PrivateKey.generate()
    nothing = LedgerState(0, CompactRange().root())
    keys = Keys(directory)
    begin_epoch(directory, keys.epoch_keys, None, root, dict.fromkeys((STORE, AUDIT), nothing))
    leaves = StoreReader(case.data / "store").leaf_hashes()
    tree = CompactRange()
    tree.extend(leaves.hashes)
    log = AuditLog(case.data / "audit", Keys(directory))
    log.close()
    keys = Keys(directory)
    begin_epoch(
        directory, keys.epoch_keys, keys.history, root, {STORE: LedgerState(tree.size, tree.root()), AUDIT: log.state}
    )
    case.decide(held(of_order(order_uid(OrderId("O-2"))), Reason.ORDER_LAPSED, 5))
    (newest,) = case.library.checkpoints()
    assert newest.signed and newest.size == tree.size + 1
    rows = {row.liid: row.withheld for row in case.library.page(case.scope(), ALL).rows}
    assert "R-041" in rows["LAB-0002"] and not rows["LAB-0001"]
    case.decide(released(of_order(order_uid(OrderId("O-2"))), Reason.ORDER_LAPSED, 6, "judge", "JUDGE", "order 7"))
    # A release is believed under a sound signature alone.
    assert not any(row.withheld for row in case.library.page(case.scope(), ALL).rows)
    assert integrity(case.library, case.scope(), first).ok
