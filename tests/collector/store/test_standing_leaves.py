"""Decisions about records as leaves of the ledger: signed, recovered, carried past eviction, and not to be forged."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from asn1.errors import RefusedError
from collector.rows import FORM_NOTICE
from collector.standing import (
    Entry,
    Standings,
    State,
    entry_to_json,
    held,
    of_communication,
    of_order,
    of_sequences,
    privileged,
    released,
)
from collector.store import frames
from collector.store.decisions import DecisionBook
from collector.store.reader import StoreReader
from collector.store.store import Store
from collector.store.verifier import verify_store
from collector.store.walk import NO_ORDER, SegmentFile, segment_paths
from mediation.law.orders import OrderId, order_uid
from mediation.law.verdicts import Reason
from mediation.ledger.checkpoint import Signer
from mediation.runtime.process import IntegrityError

Make = Callable[[int, int], list[bytes]]
UIDS = [order_uid(OrderId(f"O-{number}")) for number in range(3)]
HOLD = held(of_order(UIDS[0]), Reason.ORDER_LAPSED, 1_700_000_000_000_000)
FLAG = privileged(of_communication(b"LAB-1", 7), 5, "chen", "TARU", "counsel")
FREE = released(of_order(UIDS[0]), Reason.ORDER_LAPSED, 9, "adair", "JUDGE", "order of the court")


def stand(store: Store, *entries: Entry) -> None:
    done = threading.Event()
    store.stand(entries, lambda info: done.set())
    assert done.wait(10)


def verified(bench):
    return verify_store(bench.directory, bench.keys.signing.public_key(), bench.keys, bench.pin)


def standings(bench) -> Standings:
    return StoreReader(bench.directory, bench.keys).standings()


def test_decisions_are_leaves_in_the_order_they_were_made_and_nobody_s_records(bench, make_records: Make) -> None:
    store = bench.open()
    bench.put(store, make_records(6, 90))
    stand(store, HOLD, FLAG)
    bench.put(store, make_records(3, 90))
    stand(store, FREE)
    made = store.standings.entries
    store.close()
    assert made == ((6, HOLD), (7, FLAG), (11, FREE)) == standings(bench).entries
    own = [record for record in StoreReader(bench.directory, bench.keys).records() if record.form == FORM_NOTICE]
    assert [record.octets for record in own] == [entry_to_json(one) for one in (HOLD, FLAG, FREE)]
    assert {(record.uid, record.kind, record.cin) for record in own} == {(NO_ORDER, -1, -1)}
    report = verified(bench)
    assert report.ok and report.decisions == 3 and "3 decisions" in " ".join(report.findings)


def test_a_restart_knows_the_decisions_again(bench, make_records: Make) -> None:
    store = bench.open()
    bench.put(store, make_records(6, 90))
    stand(store, HOLD, FLAG)
    store.close()
    again = bench.open()
    assert again.standings.entries == ((6, HOLD), (7, FLAG))
    again.close()


@pytest.mark.rule("R-041")
def test_a_hold_says_what_is_withheld_and_the_records_are_still_there(bench, make_records: Make) -> None:
    store = bench.open()
    bench.put(store, make_records(9, 90))
    stand(store, HOLD)
    store.close()
    found = standings(bench)
    records = [one for one in StoreReader(bench.directory, bench.keys).records() if one.form != FORM_NOTICE]
    assert len(records) == 9
    assert {one.sequence for one in records if found.of(one).withheld} == {
        one.sequence for one in records if one.uid == UIDS[0]
    }


def test_what_is_in_force_outlives_the_segment_it_was_written_in(bench, make_records: Make) -> None:
    """Ten times the store's capacity goes through it; the hold, the flag and a release of part of it stay in force."""
    part = released(of_sequences([1]), Reason.ORDER_LAPSED, 9, "adair", "JUDGE", "not of the order")
    store = bench.open()
    bench.put(store, make_records(30, 400))
    stand(store, HOLD, FLAG)
    for turn in range(60):
        bench.put(store, make_records(200, 700))
        if turn == 20:
            stand(store, held(of_order(UIDS[1]), Reason.TAMPERED, 7))
    stand(store, part)
    assert store.gauge().evicted > 5000
    in_force = store.standings.in_force(store.gauge().oldest)
    store.close()
    assert [entry.state for _, entry in in_force] == [State.HELD, State.PRIVILEGED, State.HELD]
    assert set(in_force) <= set(standings(bench).entries)
    report = verified(bench)
    assert report.ok, report.tampered
    again = bench.open()
    assert again.standings.in_force(again.gauge().oldest) == in_force
    again.close()
    leaves = [one for one in StoreReader(bench.directory, bench.keys).records() if one.form == FORM_NOTICE]
    assert any(b'"carried"' in (one.octets or b"") for one in leaves)


def test_what_was_replaced_or_is_about_evicted_records_goes_with_its_segment(bench, make_records: Make) -> None:
    store = bench.open()
    bench.put(store, make_records(30, 400))
    stand(store, HOLD, held(of_sequences([3]), Reason.TAMPERED, 7), FREE)
    for _ in range(40):
        bench.put(store, make_records(200, 700))
    store.close()
    assert len(standings(bench)) == 0 and verified(bench).ok


def test_a_crash_between_a_fresh_segment_and_what_is_carried_into_it(bench, make_records: Make) -> None:
    """The segment that was begun holds nothing; the next start carries before anything else."""
    store = bench.open()
    stand(store, HOLD)
    carry = Store._carry

    class DiedError(OSError):
        strerror = "power cut"

    def cut(self: Store) -> None:
        if len(self._segments) == 4 and not self._segments[-1].commits and self._segments[0].header.generation == 0:
            raise DiedError
        carry(self)

    object.__setattr__(store, "_carry", cut.__get__(store))
    while not bench.failures:
        bench.put(store, make_records(200, 700))
    store.close()
    generations = sorted(
        frames.parse_header(path.read_bytes()[: frames.BLOCK]).generation for path in segment_paths(bench.directory)
    )
    assert generations == [0, 1, 2, 3]
    again = bench.open()
    for _ in range(40):
        bench.put(again, make_records(200, 700))
    again.close()
    assert [entry for _, entry in standings(bench).entries] == [HOLD] and verified(bench).ok


def test_more_than_can_be_carried_is_refused_when_it_is_made(bench, make_records: Make) -> None:
    store = bench.open()
    bench.put(store, make_records(3, 90))
    made = 0
    with pytest.raises(RefusedError, match="larger segments"):
        for made in range(1000):
            store.stand([held(of_sequences([made]), Reason.TAMPERED, 7, ground="x" * 500)])
    assert 20 < made < 60
    for _ in range(40):
        bench.put(store, make_records(200, 700))
    store.close()
    assert bench.failures == [] and verified(bench).ok


def test_decisions_are_promised_their_place_before_they_are_durable() -> None:
    book = DecisionBook(900)
    entry = held(of_order(UIDS[0]), Reason.TAMPERED, 7, ground="x" * 300)
    book.expect([entry], 0)
    with pytest.raises(RefusedError):
        book.expect([FLAG, HOLD], 0)
    book.add(4, (4, entry))
    assert book.to_carry(5, 0) == ((4, entry),) and book.to_carry(4, 0) == ()
    book.add(9, (4, entry))
    assert book.to_carry(5, 0) == ()


# Attacks


def place_of(bench, entry: Entry) -> tuple:
    """Where a decision's octets lie."""
    path = segment_paths(bench.directory)[0]
    return path, path.read_bytes().index(entry_to_json(entry))


@pytest.mark.rule("R-091")
def test_attack_a_hold_is_rewritten_into_a_release(bench, make_records: Make) -> None:
    store = bench.open()
    bench.put(store, make_records(6, 90))
    stand(store, HOLD)
    bench.put(store, make_records(6, 90))
    store.close()
    path, at = place_of(bench, HOLD)
    data = bytearray(path.read_bytes())
    octets = entry_to_json(HOLD)
    forged = octets.replace(b"HELD", b"RELEASED").replace(b"ORDER_LAPSED", b"TAMPERED")
    data[at : at + len(octets)] = forged.ljust(len(octets))[: len(octets)]
    path.write_bytes(data)
    report = verified(bench)
    assert not report.ok and any("not the one that was signed" in one for one in report.tampered)
    with pytest.raises(IntegrityError, match="decision about records was changed"):
        bench.open()
    assert not any(entry.state is State.RELEASED for _, entry in standings(bench).entries)


def test_attack_a_hold_is_made_unreadable(bench, make_records: Make) -> None:
    store = bench.open()
    stand(store, HOLD)
    store.close()
    path, at = place_of(bench, HOLD)
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    path.write_bytes(data)
    assert not verified(bench).ok
    with pytest.raises(IntegrityError, match="not a decision about records"):
        standings(bench)


def test_attack_the_unit_of_a_hold_is_cut_out(bench, make_records: Make) -> None:
    store = bench.open()
    bench.put(store, make_records(6, 90))
    stand(store, HOLD)
    bench.put(store, make_records(6, 90))
    store.close()
    path = segment_paths(bench.directory)[0]
    with SegmentFile(path) as file:
        units = list(file.units(file.header()))
    data = path.read_bytes()
    hold = units[1]
    path.write_bytes((data[: hold.offset] + data[hold.end :]).ljust(len(data), b"\0"))
    assert not verified(bench).ok
    with pytest.raises(IntegrityError, match="stands where"):
        bench.open()
    found = StoreReader(bench.directory, bench.keys)
    shown = [one for one in found.records() if found.standings().of(one).withheld]
    assert {one.sequence for one in shown} == set(range(7, 13)), "what follows a cut is not trusted"


def test_attack_a_release_signed_by_another_key_lifts_nothing(bench, make_records: Make) -> None:
    store = bench.open()
    bench.put(store, make_records(6, 90))
    stand(store, HOLD)
    real = store._signer
    store._signer = Signer(store.config.origin, Ed25519PrivateKey.generate())
    stand(store, FREE)
    store._signer = real
    store.close()
    found = StoreReader(bench.directory, bench.keys)
    assert [entry for _, entry in found.standings().entries] == [HOLD]
    assert not verified(bench).ok


def test_attack_a_peer_sends_octets_in_the_shape_of_a_release(bench) -> None:
    """A record is of an order; the store's own leaves are of none."""
    store = bench.open()
    stand(store, HOLD)
    bench.put(store, [entry_to_json(FREE)] * 3)
    store.close()
    assert [entry for _, entry in standings(bench).entries] == [HOLD]
    again = bench.open()
    assert again.standings.entries == ((0, HOLD),)
    again.close()


def test_attack_a_carried_decision_says_something_else_than_the_first(bench, make_records: Make) -> None:
    """By somebody who can sign: the two leaves contradict each other, and that is said."""
    store = bench.open()
    stand(store, HOLD)
    other = HOLD._replace(scope=of_order(UIDS[2]))
    store._decisions.standings._entries[0] = other
    for _ in range(12):
        bench.put(store, make_records(200, 700))
        if len(store._segments) == 2:
            break
    store.close()
    report = verified(bench)
    assert not report.ok and "decision 0 is carried on as another one" in " ".join(report.tampered)


def test_a_reader_goes_on_where_it_stopped(bench, make_records: Make) -> None:
    store = bench.open()
    stand(store, HOLD)
    reader = StoreReader(bench.directory, bench.keys)
    assert len(reader.standings()) == 1
    bench.put(store, make_records(6, 90))
    stand(store, FLAG)
    assert [entry for _, entry in reader.standings().entries] == [HOLD, FLAG]
    store.close()


def test_the_commit_record_of_decisions_is_no_account(bench) -> None:
    store = bench.open()
    stand(store, HOLD)
    store.close()
    (commit,) = StoreReader(bench.directory).commits()
    assert [json.loads(one) for one in commit.records] == [{"decisions": 1}]
