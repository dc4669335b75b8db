"""Voids in a store: signed, recovered, not carried, counted, and read by nobody."""

from __future__ import annotations

import json
import random
import threading
from collections import Counter
from collections.abc import Callable

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from asn1.errors import LocalError
from collector.accounts import Totals, summarise
from collector.reconcile.ledgers import Streams
from collector.rows import FORM_NOTICE
from collector.standing import State, held, of_order, of_sequences, released
from collector.store import frames
from collector.store.placed import PlacedReader, Span
from collector.store.reader import DataView, StoreReader
from collector.store.store import Store
from collector.store.verifier import verify_store
from collector.store.voiding import of_streams
from collector.store.walk import SegmentFile, segment_paths
from collector.voids import Range, VoidSum, Why, ranges_of
from mediation.law.orders import OrderId, order_uid
from mediation.law.verdicts import Reason
from mediation.runtime.process import IntegrityError

Make = Callable[[int, int], list[bytes]]
UIDS = [order_uid(OrderId(f"O-{number}")) for number in range(3)]


def void(store: Store, *ranges: Range, why: Why = Why.LOST, shard: str = "north") -> tuple[VoidSum, ...]:
    done = threading.Event()
    sums = store.void(ranges, why, shard, lambda info: done.set())
    assert not sums or done.wait(10)
    return sums


def verified(bench):
    return verify_store(bench.directory, bench.keys.signing.public_key(), bench.keys, bench.pin)


def all_rows(view: DataView):
    return view.rows["form"] != FORM_NOTICE


def read_by_all(bench) -> list[set[int]]:
    """The records that each way of reading hands out."""
    reader, placed = StoreReader(bench.directory, bench.keys), PlacedReader(bench.directory, bench.keys)
    size = placed.size
    spans = [
        Span(header.generation, header.first_sequence, size)
        for path in segment_paths(bench.directory)
        for header in [SegmentFile(path).header()]
    ]
    survey = StoreReader(bench.directory, bench.keys).survey(b"LAB-0", all_rows)
    counted = StoreReader(bench.directory, bench.keys).survey(b"LAB-0", all_rows).wanted
    found = [
        {one.sequence for one in reader.records(all_rows)},
        {one.sequence for one in StoreReader(bench.directory).records(all_rows)},
        {one.sequence for one in reader.records(all_rows, survey)},
        {one.sequence for one in placed.within(spans, all_rows)},
        {one.sequence for _, records in placed.behind(-1, all_rows) for one in records},
        {int(one) for span in spans for part in placed.places(span, all_rows) for one in part},
        {at for at in range(size) if (one := reader.read(at)) is not None and one.form != FORM_NOTICE},
        {at for at in range(size) if (one := placed.read(at)) is not None and one.form != FORM_NOTICE},
    ]
    assert counted == len(found[0])
    return found


@pytest.mark.parametrize("seed", range(6))
def test_whoever_reads_finds_what_was_stored_without_what_was_voided(bench, make_records: Make, seed: int) -> None:
    """Random stores, some longer than their capacity: all readers, the verifier and a restart say the same."""
    rng = random.Random(seed)
    store = bench.open()
    told: set[int] = set()
    for _ in range(rng.randrange(10, 60)):
        bench.put(store, make_records(rng.randrange(1, 60), 900))
        if rng.random() < 0.4:
            oldest, size = store.gauge().oldest, store.size
            own = owned(bench)
            some = [at for at in range(max(oldest, size - 80), size) if at not in own and rng.random() < 0.5]
            sums = void(store, *ranges_of(some), why=rng.choice(list(Why)))
            assert sum(one.records for one in sums) == len(set(some) - told)
            told |= set(some)
    oldest, size = store.gauge().oldest, store.size
    assert set(expand(store.voids.ranges())) == {one for one in told if one >= oldest}
    store.close()
    stored = set(range(oldest, size)) - owned(bench)
    assert told and all(found == stored - told for found in read_by_all(bench))
    report = verified(bench)
    assert report.ok and report.voided == len(told & stored) == report.as_dict(0)["voided"]
    assert not report.voided or any("voided" in one for one in report.findings)
    again = bench.open()
    assert set(expand(again.voids.ranges())) == told & stored
    again.close()


def owned(bench) -> set[int]:
    return {one.sequence for one in StoreReader(bench.directory).records(lambda view: view.rows["form"] == FORM_NOTICE)}


def expand(ranges) -> list[int]:
    return [one for first, last in ranges for one in range(first, last + 1)]


def test_a_void_says_what_the_records_were(bench, make_records: Make) -> None:
    store = bench.open()
    bench.put(store, make_records(6, 90))
    sums = void(store, (1, 3))
    store.close()
    with_octets = StoreReader(bench.directory, bench.keys)
    there = [(one.uid, one.liid) for one in with_octets.records(all_rows)]
    everything = [(UIDS[number % 3], b"LAB-%d" % (number % 2)) for number in range(6)]
    assert Counter(everything) - Counter(there) == Counter({(one.order, one.liid): one.records for one in sums})
    assert all((one.cin, one.kind, one.from_target, one.verdicts) == (7, 1, 1, (("ACCEPT", 1),)) for one in sums)
    found = StoreReader(bench.directory, bench.keys).voids().of(2)
    assert found is not None and set(found.sums) == set(sums) and found.shard == "north"


def test_records_are_found_by_their_stream_wherever_their_order_s_rows_lie(bench, make_records: Make) -> None:
    store = bench.open()
    for _ in range(3):
        bench.put(store, make_records(40, 90))
    found = store.find(10, 100, of_streams({(b"LAB-1", 7, 1), (b"LAB-0", 8, 1), (b"LAB-2", 7, 1)}))
    records = {one.sequence: one for one in StoreReader(bench.directory, bench.keys).records()}
    assert expand(found) == [at for at in range(10, 101) if records[at].liid == b"LAB-1"] and len(found) > 3
    assert store.find(10, 100, of_streams(())) == ()
    with pytest.raises(LocalError):
        store.find(0, 120, all_rows)
    void(store, *found)
    store.close()
    assert {one.liid for one in StoreReader(bench.directory).records(all_rows) if 10 <= one.sequence <= 100} == {
        b"LAB-0"
    }


def test_what_is_voided_already_or_evicted_is_not_voided_again(bench, make_records: Make) -> None:
    store = bench.open()
    bench.put(store, make_records(9, 90))
    void(store, (2, 4))
    size = store.size
    assert sum(one.records for one in void(store, (1, 5))) == 2
    assert void(store, (1, 5)) == () and store.size == size + 1
    for _ in range(40):
        bench.put(store, make_records(200, 700))
    assert void(store, (0, 8)) == () and not store.voids
    store.close()
    assert verified(bench).ok and verified(bench).voided == 0


def test_what_is_not_durable_or_the_store_s_own_is_never_voided(bench, make_records: Make) -> None:
    store = bench.open()
    with pytest.raises(LocalError, match="not durable"):
        store.void([(0, 0)], Why.LOST, "", lambda info: None)
    bench.put(store, make_records(3, 90))
    void(store, (1, 1))
    with pytest.raises(LocalError, match="not durable"):
        store.void([(2, 9)], Why.LOST, "", lambda info: None)
    with pytest.raises(LocalError, match="never voided"):
        store.void([(2, 3)], Why.LOST, "", lambda info: None)
    with pytest.raises(LocalError, match="no range"):
        store.void([(2, 1)], Why.LOST, "", lambda info: None)
    with pytest.raises(LocalError, match="name"):
        store.void([(2, 2)], Why.LOST, "n" * 201, lambda info: None)
    assert sum(one.records for one in void(store, (2, 2))) == 1
    store.close()


def test_a_void_is_not_carried_and_outlives_its_records(bench, make_records: Make) -> None:
    """While a voided record is there, so is its void; behind it nothing of the void stays."""
    store = bench.open()
    bench.put(store, make_records(30, 400))
    void(store, (3, 20))
    for _ in range(60):
        bench.put(store, make_records(100, 700))
        there = set(range(3, 21)) & set(range(store.gauge().oldest, 21))
        assert set(expand(store.voids.ranges())) == there
        assert set(expand(StoreReader(bench.directory).voids().ranges())) >= there
    assert store.gauge().oldest > 20
    store.close()
    records = StoreReader(bench.directory, bench.keys).records(lambda view: view.rows["form"] == FORM_NOTICE)
    assert not any(b'"void"' in (one.octets or b"") for one in records)


def test_a_void_costs_no_room_of_the_decisions(bench, make_records: Make) -> None:
    store = bench.open()
    for _ in range(6):
        bench.put(store, make_records(500, 12))
    void(store, *((at, at) for at in range(0, 3000, 2)))
    hold = held(of_order(UIDS[0]), Reason.ORDER_LAPSED, 5)
    done = threading.Event()
    store.stand([hold], lambda info: done.set())
    assert done.wait(10) and [entry for _, entry in store.standings.entries] == [hold]
    assert len(set(expand(store.voids.ranges()))) == 1500
    store.close()


def test_totals_have_the_voided_ones_beside_the_balance(bench, make_records: Make) -> None:
    """From the commits, and from the summary that the audit log keeps of an evicted segment."""
    store = bench.open()
    bench.put(store, make_records(6, 90))
    void(store, (0, 3))
    void(store, (5, 5))
    store.close()
    totals = Totals()
    records = [one for commit in StoreReader(bench.directory).commits() for one in commit.records]
    for record in records:
        totals.apply(json.loads(record))
    there = Counter(one.uid for one in StoreReader(bench.directory, bench.keys).records(all_rows))
    assert [totals.voided_of(f"O-{number}") for number in range(3)] == [2 - there[uid] for uid in UIDS]
    again = Totals()
    again.apply(summarise(records))
    assert again.voided == totals.voided and again.voided.total() == 5
    assert "voided" not in summarise([b'{"n":0}'])


# Attacks


def rewrite(bench, changed: Callable[[bytes], bytes]) -> None:
    """Octets of the store's own leaves are changed in place, as who has the disk can: same length."""
    for path in segment_paths(bench.directory):
        octets = path.read_bytes()
        assert len(changed(octets)) == len(octets)
        path.write_bytes(changed(octets))


def test_attack_a_void_made_into_a_release_on_disk_releases_nothing(bench, make_records: Make) -> None:
    """The leaf is no longer the signed one: the record stays withheld, with its fault, and nobody goes on with it."""
    store = bench.open()
    bench.put(store, make_records(6, 90))
    void(store, (1, 3))
    store.close()
    rewrite(bench, lambda octets: octets.replace(b'"ranges":[[1,3]]', b'"ranges":[[1,1]]'))
    reader = StoreReader(bench.directory, bench.keys)
    found = {one.sequence: one for one in reader.records(all_rows)}
    assert found[1].octets is None and "not signed" in str(found[1].fault)
    assert reader.standings().of(found[1]).state is State.HELD
    assert not verified(bench).ok
    with pytest.raises(IntegrityError):
        bench.open()


def test_attack_a_release_forged_into_the_store_s_own_leaves_is_ignored(bench, make_records: Make) -> None:
    """A void's records under a release by a supervisor that stands in the leaves: signed or not, it lifts nothing."""
    store = bench.open()
    bench.put(store, make_records(6, 90))
    void(store, (1, 3))
    done = threading.Event()
    store.stand([released(of_sequences([1, 2, 3]), Reason.TAMPERED, 5, "okafor", "SUP", "ours")], lambda _: done.set())
    assert done.wait(10)
    store.close()
    for text in (b'"ground":"ours"', b'"ground":"mine"'):
        rewrite(bench, lambda octets, text=text: octets.replace(b'"ground":"ours"', text))
        reader = StoreReader(bench.directory, bench.keys)
        assert {one.sequence for one in reader.records(all_rows)} == {0, 4, 5}
        assert reader.read(2) is None and reader.standings().voids.of(2) is not None


def test_attack_a_void_that_cannot_be_read_shows_nothing_at_all(bench, make_records: Make) -> None:
    """Its frame is broken: who would go on would show what another shard has."""
    store = bench.open()
    bench.put(store, make_records(6, 90))
    void(store, (1, 3))
    bench.put(store, make_records(6, 90))
    store.close()
    (path,) = segment_paths(bench.directory)
    octets = bytearray(path.read_bytes())
    octets[octets.index(b'"ranges":[[1,3]]') - 40 - frames.FRAME_HEADER_OCTETS] ^= 1
    path.write_bytes(octets)
    with pytest.raises(IntegrityError, match=r"voided|not the signed"):
        list(StoreReader(bench.directory, bench.keys).records(all_rows))


def test_attack_a_void_that_this_key_did_not_sign_hides_nothing(bench, make_records: Make) -> None:
    """What it names is listed, with the fault, and not handed out: nothing is silently gone."""
    store = bench.open()
    bench.put(store, make_records(6, 90))
    void(store, (1, 3))
    store.close()
    stranger = Ed25519PrivateKey.generate().public_key()
    for reader in (StoreReader(bench.directory, bench.keys, stranger), PlacedReader(bench.directory, None, stranger)):
        found = {one.sequence: one for one in reader.records(all_rows)}
        assert set(found) == set(range(6)) and not reader.voids()
        assert all(one.octets is None and one.fault for one in found.values())


def test_streams_that_are_compared_with_orders_have_them_as_delivered_and_not_stored(bench, make_records: Make) -> None:
    store = bench.open()
    bench.put(store, make_records(6, 90))
    gone = Counter(one.liid for one in StoreReader(bench.directory).records() if one.sequence in (1, 2))
    void(store, (1, 2))
    store.close()
    streams = Streams()
    for path in segment_paths(bench.directory):
        with SegmentFile(path) as file:
            for unit in file.units(file.header()):
                streams.add(unit, True)
    assert {one.liid: one.stored for one in streams.facts()} == {
        f"LAB-{number}": 3 - gone[b"LAB-%d" % number] for number in range(2)
    }
