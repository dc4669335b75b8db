"""The reader that remembers places says what the one that reads all says, while a store is written and evicts."""

from __future__ import annotations

import random
from typing import Any

import pytest

from collector.rows import FORM_NOTICE
from collector.standing import held, minimised, of_sequences
from collector.store.placed import PlacedReader, Span, rows_of
from collector.store.reader import StoreReader
from collector.store.walk import NO_ORDER, SegmentFile, segment_paths
from mediation.law.orders import OrderId, order_uid
from mediation.law.verdicts import Reason
from mediation.runtime.process import IntegrityError

EVERYTHING = Span(0, 0, 1 << 62)


def everything(reader: PlacedReader, directory: Any) -> list[Any]:
    generations = []
    for path in segment_paths(directory):
        with SegmentFile(path) as file:
            generations.append(file.header().generation)
    return list(reader.within(Span(one, 0, 1 << 62) for one in generations))


def test_it_says_what_the_whole_reader_says_while_the_store_grows_and_evicts(bench: Any, make_records: Any) -> None:
    store = bench.open()
    placed = PlacedReader(bench.directory, bench.keys)
    rng = random.Random(3)
    for _ in range(30):
        bench.put(store, make_records(rng.randrange(1, 60), 2500))
        plain = list(StoreReader(bench.directory, bench.keys).records())
        assert everything(placed, bench.directory) == plain
        one = rng.choice(plain)
        assert placed.read(one.sequence) == one
        assert placed.size == plain[-1].sequence + 1
    assert store.gauge().evicted and placed.read(0) is None and placed.read(1 << 40) is None
    store.close()


def test_decisions_are_known_as_they_come_and_after_a_restart(bench: Any, make_records: Any) -> None:
    store = bench.open()
    placed = PlacedReader(bench.directory, bench.keys)
    bench.put(store, make_records(9, 200))
    assert not len(placed.standings())
    for at, sequence in enumerate((3, 5), 1):
        store.stand([held(of_sequences([sequence]), Reason.ORDER_LAPSED, bench.tick())])
        bench.put(store, make_records(2, 200))
        assert len(placed.standings()) == at == len(PlacedReader(bench.directory, bench.keys).standings())
    assert placed.standings().of(placed.read(3)).withheld and not placed.standings().of(placed.read(4)).withheld
    assert placed.standings().entries == StoreReader(bench.directory, bench.keys).standings().entries
    store.close()


def test_one_communication_of_one_order_is_asked_for_and_no_other_comes(bench: Any, make_records: Any) -> None:
    store = bench.open()
    bench.put(store, make_records(12, 100))
    store.close()
    uid = order_uid(OrderId("O-1"))
    placed = PlacedReader(bench.directory, bench.keys)
    found = list(placed.within([EVERYTHING], lambda view: rows_of(view, b"LAB-1", 7, [uid])))
    assert found and {(one.uid, one.liid, one.cin) for one in found} == {(uid, b"LAB-1", 7)}
    assert not list(placed.within([EVERYTHING], lambda view: rows_of(view, b"LAB-1", 7, [NO_ORDER])))
    assert not list(placed.within([EVERYTHING._replace(generation=99)]))


def test_attack_a_changed_record_comes_without_octets_and_with_its_fault(bench: Any, make_records: Any) -> None:
    bench.encryption = False
    store = bench.open()
    bench.put(store, make_records(3, 300))
    store.close()
    (path,) = segment_paths(bench.directory)
    placed = PlacedReader(bench.directory, bench.keys)
    octets = placed.read(1).octets
    data = path.read_bytes()
    path.write_bytes(data.replace(octets, bytes([octets[0] ^ 1]) + octets[1:]))
    changed = PlacedReader(bench.directory, bench.keys).read(1)
    assert changed.octets is None and changed.fault and changed.form != FORM_NOTICE
    assert placed.read(1) == changed, "what was mapped before the change is not believed either"


def test_attack_a_store_with_a_hole_hands_out_no_decisions(bench: Any, make_records: Any) -> None:
    store = bench.open()
    for _ in range(12):
        bench.put(store, make_records(30, 900))
    store.stand([minimised(of_sequences([1]), bench.tick(), "u", "INV")])
    store.close()
    first = min(segment_paths(bench.directory), key=lambda path: generation(path))
    data = bytearray(first.read_bytes())
    data[4096:4100] = b"gone"
    first.write_bytes(data)
    with pytest.raises(IntegrityError, match="cannot be read"):
        PlacedReader(bench.directory, bench.keys).standings()


def generation(path: Any) -> int:
    with SegmentFile(path) as file:
        return file.header().generation
