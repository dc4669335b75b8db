"""A sealed copy: outside the store's first in, first out, and provable with nothing but a public key (R-144)."""

from __future__ import annotations

import json
import os
import random
import threading
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from asn1.errors import LocalError, RefusedError
from collector.batch import Batch, OrderRef
from collector.export.proven import Subtrees
from collector.export.sealed import seal_order, verify_sealed
from collector.rows import Rows
from collector.standing import held, minimised, of_order
from collector.store.keys import Keys
from collector.store.reader import LeafHashes, StoreReader
from collector.store.store import Store, StoreConfig, StoreHooks
from collector.voids import Why, ranges_of
from mediation.law.orders import OrderId, order_uid
from mediation.law.verdicts import Reason
from mediation.ledger.kernel import CompactRange, leaf_hash
from mediation.ledger.proofs import verify_inclusion

ORDERS = tuple(OrderRef(order_uid(OrderId(name)), 1, name) for name in ("O-1", "O-2"))


class Place:
    """A small store, filled by hand; `audited` is what was said on record."""

    def __init__(self, root: Path) -> None:
        self.root = root
        pem = X25519PrivateKey.generate().public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )  # fmt: skip
        (root / "court.pub").write_bytes(pem)
        self.keys = Keys.create(root / "keys", root / "court.pub")
        self.audited: list[tuple[str, dict[str, Any]]] = []
        self.store = Store.open(
            root / "store", StoreConfig(1 << 20, 256 * 1024), self.keys, StoreHooks(now_us=lambda: 5)
        )
        self.chance = random.Random(3)

    def put(self, count: int, octets: int, orders: int = 2) -> None:
        records = [self.chance.randbytes(octets) for _ in range(count)]
        rows, done = Rows(count), threading.Event()
        for number in range(count):
            rows.append(
                buffer=0, offset=number * octets, length=octets, order=number % orders, verdict=1, reasons=1,
                received_us=3, event_us=2, liid=0, cin=7, number=number, epoch=0, kind=1, content_tag=12, direction=0,
            )  # fmt: skip
        view = memoryview(b"".join(records))
        self.store.submit(
            Batch(rows, (view, memoryview(b"")), ORDERS[:orders], lambda _: b"L", b"{}", lambda _: done.set())
        )
        assert done.wait(10)

    @property
    def reader(self) -> StoreReader:
        return StoreReader(self.root / "store", self.keys)

    def seal(self, name: str = "sealed", order: str = "O-1"):
        return seal_order(
            self.reader, OrderId(order), self.root / name, keys=self.keys, by="weiss", now_us=11,
            audit=lambda kind, fields: self.audited.append((kind, fields)),
        )  # fmt: skip

    def verify(self, name: str = "sealed"):
        return verify_sealed(self.root / name, self.keys.signing.public_key())


@pytest.fixture
def place(tmp_path: Path):
    made = Place(tmp_path)
    yield made
    made.store.close()


@pytest.mark.rule("R-144", "R-144.1")
def test_a_sealed_copy_verifies_when_everything_it_was_made_of_is_evicted(place: Place) -> None:
    for _ in range(25):
        place.put(40, 600)
    kept = [one for one in place.reader.records() if one.uid == ORDERS[0].uid]
    assert place.store.gauge().oldest == 0
    made = place.seal()
    assert made.records == len(kept) == 500 and place.audited == [
        (
            "seal",
            {"order": "O-1", "records": 500, "octets": 300_000, "manifest_sha256": made.manifest_sha256, "by": "weiss"},
        )
    ]
    for _ in range(60):
        place.put(40, 600)
    assert place.store.gauge().oldest > kept[-1].sequence
    assert place.reader.read(kept[0].sequence) is None
    report = place.verify()
    assert report.ok and report.records == 500, report.faults
    assert (made.directory / "records.bin").read_bytes() == b"".join(one.octets for one in kept)
    assert oct(made.directory.stat().st_mode)[-3:] == "700"
    assert {oct(path.stat().st_mode)[-3:] for path in made.directory.iterdir()} == {"600"}


@pytest.mark.rule("R-144")
def test_what_survives_an_eviction_is_sealed_without_what_went(place: Place) -> None:
    for _ in range(90):
        place.put(40, 600)
    oldest = place.store.gauge().oldest
    assert oldest > 0
    place.seal()
    manifest = json.loads((place.root / "sealed" / "manifest.json").read_bytes())
    assert place.verify().ok and manifest["ledger"]["first"] == oldest and manifest["simulation"] is True


@pytest.mark.parametrize("first", [0, 1, 2, 3, 7, 8, 13])
def test_every_survivor_has_a_proof_over_any_pruning(first: int) -> None:
    leaves = [leaf_hash(bytes([number])) for number in range(21)]
    before, whole = CompactRange(), CompactRange()
    before.extend(b"".join(leaves[:first]))
    whole.extend(b"".join(leaves))
    tree = Subtrees(LeafHashes(first, before.peaks(), b"".join(leaves[first:]), ""))
    for index in range(first, 21):
        assert verify_inclusion(leaves[index], index, 21, tree.proof(index), whole.root())


def test_attack_any_part_of_a_sealed_copy_is_changed(place: Place) -> None:
    place.put(12, 60)
    place.seal()
    for path in sorted((place.root / "sealed").iterdir()):
        clean = path.read_bytes()
        for at in range(0, len(clean), max(1, len(clean) // 25)):
            data = bytearray(clean)
            data[at] ^= 1
            path.write_bytes(data)
            assert not place.verify().ok, (path.name, at)
        path.write_bytes(clean)
    assert place.verify().ok


def test_attack_a_record_is_left_out_and_the_manifest_written_anew(place: Place) -> None:
    place.put(12, 60)
    place.seal()
    directory = place.root / "sealed"
    lines = (directory / "records.jsonl").read_bytes().splitlines(keepends=True)
    (directory / "records.jsonl").write_bytes(b"".join(lines[:-1]))
    report = place.verify()
    assert "6 records were sealed, 5 are there" in report.faults
    said = json.loads((directory / "manifest.json").read_bytes())
    (directory / "manifest.json").write_text(json.dumps(said | {"records": 5}))
    assert any("manifest is not signed" in one for one in place.verify().faults)


def test_attack_the_same_record_twice_or_another_order_s_in_between(place: Place) -> None:
    place.put(12, 60)
    place.seal()
    place.seal("other", "O-2")
    path = place.root / "sealed" / "records.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    foreign = (place.root / "other" / "records.jsonl").read_bytes().splitlines(keepends=True)
    for changed in ([lines[0], *lines[:-1]], [*lines[:-1], foreign[-1]]):
        path.write_bytes(b"".join(changed))
        assert any("not where it belongs" in one for one in place.verify().faults)


def test_attack_a_copy_sealed_by_somebody_else(place: Place) -> None:
    place.put(12, 60)
    place.seal()
    stranger = Ed25519PrivateKey.generate().public_key()
    faults = verify_sealed(place.root / "sealed", stranger).faults
    assert [one for one in faults if "manifest" in one] and [one for one in faults if "checkpoint" in one]


@pytest.mark.parametrize("name", ["manifest.json", "manifest.sig", "records.jsonl", "records.bin", "checkpoint.txt"])
@pytest.mark.parametrize("octets", [None, b"", b"{}", b"[1]", b'{"sequence":0}\n'])
def test_attack_a_file_is_gone_or_nonsense(place: Place, name: str, octets: bytes | None) -> None:
    place.put(4, 60)
    place.seal()
    path = place.root / "sealed" / name
    path.unlink()
    if octets is not None:
        path.write_bytes(octets)
    report = place.verify()
    assert not report.ok and all(isinstance(one, str) for one in report.faults)


@pytest.mark.rule("R-041")
def test_attack_a_held_order_is_carried_out_as_a_sealed_copy(place: Place) -> None:
    place.put(12, 60)
    done = threading.Event()
    place.store.stand([held(of_order(ORDERS[0].uid), Reason.ORDER_LAPSED, 7)], lambda _: done.set())
    assert done.wait(10)
    with pytest.raises(RefusedError, match="ORDER_LAPSED"):
        place.seal()
    place.keys.withdraw(ORDERS[1].uid)
    with pytest.raises(RefusedError, match="no data key"):
        place.seal("other", "O-2")
    assert place.audited == [] and not [path for path in place.root.iterdir() if path.name.startswith("sealed")]


def test_decisions_about_the_records_go_with_them(place: Place) -> None:
    place.put(12, 60)
    done = threading.Event()
    place.store.stand([minimised(of_order(ORDERS[0].uid), 7, "chen", "TARU", "not about it")], lambda _: done.set())
    assert done.wait(10)
    place.seal()
    manifest = json.loads((place.root / "sealed" / "manifest.json").read_bytes())
    assert [(number, one["state"], one["by"]) for number, one in manifest["decisions"]] == [(12, "MINIMISED", "chen")]


def test_a_copy_is_never_written_over_nor_made_of_nothing(place: Place) -> None:
    place.put(12, 60)
    place.seal()
    with pytest.raises(LocalError, match="never written over"):
        place.seal()
    with pytest.raises(LocalError, match="nothing to seal"):
        place.seal("nobody", "O-9")
    assert not (place.root / "nobody").exists() and not (place.root / "nobody.part").exists()


def test_what_an_interrupted_turn_left_is_cleared_away(place: Place) -> None:
    place.put(12, 60)
    (place.root / "sealed.part").mkdir()
    (place.root / "sealed.part" / "records.bin").write_bytes(os.urandom(9))
    place.seal()
    assert place.verify().ok


def test_a_sealed_copy_has_none_of_what_another_shard_has_and_says_how_many(place: Place) -> None:
    place.put(40, 60)
    mine = [one.sequence for one in place.reader.records() if one.uid == ORDERS[0].uid]
    done = threading.Event()
    place.store.void(ranges_of(mine[:7]), Why.LOST, "north", lambda _: done.set())
    assert done.wait(10)
    made = place.seal()
    manifest = json.loads((made.directory / "manifest.json").read_bytes())
    assert (manifest["records"], manifest["voided"]) == (len(mine) - 7, 7) and place.verify().ok
    lines = [json.loads(one) for one in (made.directory / "records.jsonl").read_bytes().splitlines()]
    assert [one["sequence"] for one in lines] == mine[7:]
