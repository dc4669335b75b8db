"""What is stored under a number that comes again: the same digest, another one, or nothing known (R-093)."""

from __future__ import annotations

import json
import time

import numpy as np
import pytest

from collector.batch import Batch, OrderRef
from collector.rows import FORM_MASKED, FORM_QUARANTINED, FORM_RECEIVED, Rows
from collector.seal import seal_box, seal_kept, withheld_digest
from collector.store import originals
from collector.store.originals import Originals
from collector.store.reader import StoreReader
from collector.store.walk import SegmentFile
from collector.voids import Why
from mediation.law.orders import OrderId, order_uid

O_1, O_2 = order_uid(OrderId("O-1")), order_uid(OrderId("O-2"))


class Feeder:
    """Puts records of chosen places into a store, and answers which commit is durable."""

    def __init__(self, bench, **changes) -> None:
        self.bench = bench
        self.store = bench.open(**changes)
        self.commit = -1

    def put(self, *records, liid=b"LAB-1", order="O-1", form=FORM_RECEIVED) -> None:
        """`records`: (cin, kind, epoch, number, octets)."""
        rows, offset = Rows(len(records)), 0
        for cin, kind, epoch, number, octets in records:
            rows.append(
                buffer=0, offset=offset, length=len(octets), order=0, verdict=1, reasons=1, received_us=1, event_us=1,
                liid=0, cin=cin, number=number, epoch=epoch, kind=kind, content_tag=-1, direction=0, form=form,
            )  # fmt: skip
            offset += len(octets)
        done = []
        arena = memoryview(b"".join(one[-1] for one in records))
        refs = (OrderRef(order_uid(OrderId(order)), 1, order),)
        self.store.submit(Batch(rows, (arena, memoryview(b"")), refs, lambda _: liid, b"{}", done.append))
        for _ in range(2000):
            if done:
                break
            time.sleep(0.001)
        self.commit = done[0].number

    def originals(self) -> Originals:
        return Originals(self.bench.directory, self.bench.keys, lambda: self.commit)

    def digest(self, octets: bytes) -> bytes:
        return withheld_digest(self.bench.keys.hmac_key, octets)


@pytest.fixture
def feeder(bench):
    made = Feeder(bench)
    yield made
    made.store.close()


@pytest.mark.rule("R-093")
def test_an_identical_resend_has_the_digest_of_the_original_and_another_record_has_not(feeder) -> None:
    feeder.put((7, 1, 0, 0, b"first"), (7, 1, 0, 1, b"second"), (8, 1, 0, 0, b"elsewhere"))
    feeder.put((7, 1, 1, 0, b"next epoch"), (7, 0, 0, 0, b"signalling"))
    found = feeder.originals()
    original = found.find(b"LAB-1", 7, 1, 0, 1)
    assert original is not None and (original.sequence, original.uid, original.form) == (1, O_1, FORM_RECEIVED)
    assert original.digest == feeder.digest(b"second") != feeder.digest(b"sec0nd")
    for place, octets in (((7, 1, 1, 0), b"next epoch"), ((7, 0, 0, 0), b"signalling"), ((8, 1, 0, 0), b"elsewhere")):
        there = found.find(b"LAB-1", *place)
        assert there is not None and there.digest == feeder.digest(octets)


def test_a_place_that_nothing_stands_under_is_not_known(feeder) -> None:
    feeder.put((7, 1, 0, 0, b"first"))
    found = feeder.originals()
    assert found.find(b"LAB-1", 7, 1, 0, 1) is None and found.find(b"LAB-2", 7, 1, 0, 0) is None
    assert found.find(b"LAB-1", 7, 0, 0, 0) is None and found.find(b"LAB-1", 7, 1, 1, 0) is None


def test_of_conflicting_records_under_one_number_the_first_is_the_original(feeder) -> None:
    feeder.put((7, 1, 0, 0, b"first"))
    feeder.put((7, 1, 0, 0, b"conflict"))
    original = feeder.originals().find(b"LAB-1", 7, 1, 0, 0)
    assert original is not None and original.sequence == 0 and original.digest == feeder.digest(b"first")


def test_masked_and_quarantined_records_are_compared_without_being_readable(feeder) -> None:
    whole = b"what was withheld"
    masked = json.dumps({"original_hmac": feeder.digest(whole).hex()}).encode()
    quarantine = feeder.bench.keys.quarantine
    feeder.put((7, 0, 0, 0, masked), form=FORM_MASKED)
    feeder.put((7, 0, 0, 1, seal_kept(quarantine, whole, feeder.digest(whole))), form=FORM_QUARANTINED)
    feeder.put((7, 0, 0, 2, seal_box(quarantine, whole)), form=FORM_QUARANTINED)
    digests = [feeder.originals().find(b"LAB-1", 7, 0, 0, number).digest for number in range(3)]
    assert digests == [feeder.digest(whole), feeder.digest(whole), None]


def test_a_withdrawn_order_s_records_are_found_and_cannot_be_compared(feeder) -> None:
    feeder.put((7, 1, 0, 0, b"first"))
    feeder.put((7, 1, 0, 0, b"other order"), liid=b"LAB-2", order="O-2")
    found = feeder.originals()
    assert found.find(b"LAB-1", 7, 1, 0, 0).digest is not None
    feeder.bench.keys.withdraw(O_1)
    assert found.find(b"LAB-1", 7, 1, 0, 0).digest is None
    assert found.find(b"LAB-2", 7, 1, 0, 0) == (1, O_2, feeder.digest(b"other order"), FORM_RECEIVED)


def test_what_is_not_durable_yet_is_not_looked_at(feeder) -> None:
    feeder.put((7, 1, 0, 0, b"first"))
    found = feeder.originals()
    feeder.put((7, 1, 0, 1, b"second"))
    newest, feeder.commit = feeder.commit, 0
    assert found.find(b"LAB-1", 7, 1, 0, 1) is None
    feeder.commit = newest
    assert found.find(b"LAB-1", 7, 1, 0, 1) is not None


def test_what_was_evicted_is_not_known_and_what_is_left_is_found_in_every_segment(feeder) -> None:
    octets = 3000
    found = feeder.originals()
    for number in range(0, 600, 20):
        feeder.put(*((7, 1, 0, n, n.to_bytes(4, "big") * (octets // 4)) for n in range(number, number + 20)))
        assert found.find(b"LAB-1", 7, 1, 0, number) is not None
    oldest = feeder.store.gauge().oldest
    assert oldest > 0
    kept = {record.number for record in StoreReader(feeder.bench.directory).records() if record.kind == 1}
    answers = {number for number in range(600) if found.find(b"LAB-1", 7, 1, 0, number) is not None}
    assert answers == kept and min(kept) > 0
    assert found.find(b"LAB-1", 7, 1, 0, 599).digest == feeder.digest((599).to_bytes(4, "big") * (octets // 4))


def test_behind_the_horizon_nothing_is_known(feeder, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(0, 200, 20):
        feeder.put(*((7, 1, 0, n, bytes(3000)) for n in range(number, number + 20)))
    monkeypatch.setattr(originals, "MAX_RECORDS", 20)
    found = feeder.originals()
    assert found.find(b"LAB-1", 7, 1, 0, 199) is not None and found.find(b"LAB-1", 7, 1, 0, 0) is None


def test_changed_octets_cannot_be_compared(feeder) -> None:
    feeder.put((7, 1, 0, 0, b"A" * 64))
    path = feeder.bench.directory / "seg-000000.seg"
    data = bytearray(path.read_bytes())
    with SegmentFile(path) as file:
        unit = next(file.units(file.header()))
    data[unit.data[0].area_at] ^= 1
    path.write_bytes(data)
    assert feeder.originals().find(b"LAB-1", 7, 1, 0, 0).digest is None


def test_a_place_has_one_key_however_it_is_made() -> None:
    rng = np.random.default_rng(3)
    columns = [rng.integers(-1, 1 << 40, 50) for _ in range(4)]
    salts = rng.integers(0, 1 << 63, 50).astype(np.uint64)
    keys = originals._keys(salts, *columns).tolist()
    assert keys == [originals._key(int(salt), *map(int, values)) for salt, *values in zip(salts, *columns, strict=True)]
    assert len(set(keys)) == 50


def test_ten_thousand_genuine_duplicates_in_a_row_read_each_batch_once(bench, monkeypatch: pytest.MonkeyPatch) -> None:
    feeder = Feeder(bench, capacity_octets=16 << 20, segment_octets=8 << 20)
    for first in range(0, 10_000, 500):
        feeder.put(*((7, 1, 0, n, n.to_bytes(4, "big") * 8) for n in range(first, first + 500)))
    found, read = feeder.originals(), []
    inner = Originals._extent

    def counted(self, table, data, extent):
        before = len(self._kept)
        kept = inner(self, table, data, extent)
        read.extend([1] * (len(self._kept) - before))
        return kept

    monkeypatch.setattr(Originals, "_extent", counted)
    for number in range(10_000):
        assert found.find(b"LAB-1", 7, 1, 0, number).sequence == number
    assert len(read) == 20
    feeder.store.close()


def test_what_was_voided_is_no_original_and_what_was_stored_again_is(feeder) -> None:
    """The stream went and came back: its records are delivered again, and the later ones are ours."""
    feeder.put((7, 1, 0, 0, b"first"), (7, 1, 0, 1, b"second"))
    known = feeder.originals()
    assert known.find(b"LAB-1", 7, 1, 0, 1) is not None
    done = []
    feeder.store.void([(1, 1)], Why.LOST, "north", done.append)
    for _ in range(2000):
        if done:
            break
        time.sleep(0.001)
    feeder.commit = done[0].number
    for found in (known, feeder.originals()):
        assert found.find(b"LAB-1", 7, 1, 0, 1) is None and found.find(b"LAB-1", 7, 1, 0, 0) is not None
    feeder.put((7, 1, 0, 1, b"second, again"))
    for found in (known, feeder.originals()):
        assert found.find(b"LAB-1", 7, 1, 0, 1).digest == feeder.digest(b"second, again")
