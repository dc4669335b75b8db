"""A store whose signing key changes: read, proven and gone on with over epochs, and what a crash in between leaves."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from collector.store.audit_log import ORIGIN as AUDIT
from collector.store.audit_log import AuditLog, verify_audit
from collector.store.epochs import OwnEpochKeys, TrustOnDisk, begin_epoch, read_trust
from collector.store.keys import Keys
from collector.store.private_files import private_pem, read_public_key
from collector.store.reader import StoreReader
from collector.store.recovery import recover
from collector.store.verifier import VerifyReport, verify_store
from mediation.ledger.epochs import LedgerState
from mediation.ledger.kernel import CompactRange
from mediation.runtime.config import NotReadyError

Make = Callable[[int, int], list[bytes]]
STORE = "calea-lab/collector"
ROOT = Ed25519PrivateKey.from_private_bytes(b"r" * 32)
NOTHING = LedgerState(0, CompactRange().root())


def change_key(bench: Any) -> None:
    keys: Keys = bench.keys
    if keys.history is None:
        begin_epoch(keys.directory, keys.epoch_keys, None, ROOT, {STORE: NOTHING, AUDIT: NOTHING})
        keys = Keys(keys.directory)
    found = recover(bench.directory, STORE, keys)
    log = AuditLog(bench.root / "audit", keys)
    log.close()
    states = {STORE: LedgerState(found.tree.size, found.tree.root()), AUDIT: log.state}
    begin_epoch(keys.directory, keys.epoch_keys, keys.history, ROOT, states)
    bench.keys = Keys(keys.directory)


def verified(bench: Any) -> VerifyReport:
    trust = read_trust(bench.keys.directory)
    return verify_store(bench.directory, trust, bench.keys, bench.pin, bench.root / "audit")


def write(bench: Any, records: list[bytes]) -> None:
    store = bench.open()
    bench.put(store, records)
    store.close()
    log = AuditLog(bench.root / "audit", bench.keys)
    log.append("alarm", {"count": 1}, bench.tick())
    log.close()


def test_a_store_is_proven_over_three_epochs(bench: Any, make_records: Make) -> None:
    keys = []
    for _ in range(3):
        write(bench, make_records(30, 300))
        keys.append(bench.keys.signing.public_key().public_bytes_raw())
        change_key(bench)
    write(bench, make_records(30, 300))
    assert len(set(keys)) == 3 and not (bench.keys.directory / "signing.next").exists()
    report = verified(bench)
    assert report.ok, report.tampered
    assert (report.records, report.checkpoints, report.audit.entries) == (120, 4, 4)
    found = [record.octets for record in StoreReader(bench.directory, bench.keys).records()]
    assert sorted(found) == sorted(bench.acknowledged)


def test_the_name_of_a_collector_is_its_first_key_s(bench: Any, make_records: Make) -> None:
    first = bench.keys.identity.public_bytes_raw()
    write(bench, make_records(3, 90))
    change_key(bench)
    assert bench.keys.identity.public_bytes_raw() == first != bench.keys.signing.public_key().public_bytes_raw()
    assert read_public_key(bench.keys.directory / "signing.pub").public_bytes_raw() == first


def test_eviction_goes_on_over_epochs(bench: Any, make_records: Make) -> None:
    for _ in range(4):
        store = bench.open()
        for _ in range(12):
            bench.put(store, make_records(120, 700))
        store.close()
        write(bench, [b"x"])
        change_key(bench)
    report = verified(bench)
    assert report.ok, report.tampered
    assert report.evicted_with_notice > 0


def test_attack_records_signed_with_the_key_of_an_epoch_that_is_over(bench: Any, make_records: Make) -> None:
    write(bench, make_records(10, 90))
    stolen = bench.keys.signing
    change_key(bench)
    bench.keys._signing = stolen
    bench.keys.history = None
    store = bench.open(pin=None)
    bench.put(store, [b"never delivered"])
    store.close()
    bench.keys = Keys(bench.keys.directory)
    assert not verified(bench).ok


def test_attack_the_certificates_are_taken_away(bench: Any, make_records: Make) -> None:
    write(bench, make_records(10, 90))
    change_key(bench)
    write(bench, make_records(10, 90))
    (bench.keys.directory / "epochs" / "0002.cert").unlink()
    assert not verified(bench).ok
    with pytest.raises(NotReadyError, match=r"another key than signing\.key"):
        Keys(bench.keys.directory)
    (bench.keys.directory / "epochs" / "0001.cert").write_text("nothing")
    with pytest.raises(NotReadyError, match="do not hold"):
        read_trust(bench.keys.directory)
    assert TrustOnDisk(bench.keys.directory, bench.keys.identity).keys_at(STORE, 1) == ()


def test_another_root_begins_no_epoch(bench: Any, make_records: Make) -> None:
    write(bench, make_records(3, 90))
    change_key(bench)
    keys = bench.keys
    other = Ed25519PrivateKey.generate()
    with pytest.raises(NotReadyError, match="not the root key"):
        begin_epoch(keys.directory, keys.epoch_keys, keys.history, other, {STORE: NOTHING, AUDIT: NOTHING})


@pytest.mark.parametrize("crash", ["key", "certificate"])
def test_a_crash_between_key_and_certificate_and_name_is_gone_on_with(
    bench: Any, make_records: Make, tmp_path: Path, crash: str
) -> None:
    write(bench, make_records(3, 90))
    change_key(bench)
    directory, before = bench.keys.directory, bench.keys.signing
    if crash == "key":
        (directory / "signing.next").write_bytes(private_pem(Ed25519PrivateKey.generate()))
        again = Keys(directory)
        assert again.signing.private_bytes_raw() == before.private_bytes_raw()
    else:
        states = {name: LedgerState(9, bytes(32)) for name in (STORE, AUDIT)}
        begin_epoch(directory, OwnEpochKeys(directory, before), bench.keys.history, ROOT, states)
        again = Keys(directory)
        assert again.signing.public_key().public_bytes_raw() == again.history.newest.public_key  # type: ignore[union-attr]
        assert again.signing.private_bytes_raw() != before.private_bytes_raw()
    assert not (directory / "signing.next").exists()


def test_a_watcher_takes_a_new_epoch_in_while_it_runs(bench: Any, make_records: Make) -> None:
    write(bench, make_records(3, 90))
    watcher = TrustOnDisk(bench.keys.directory, bench.keys.identity)
    assert len(watcher.keys_at(STORE, 3)) == 1
    change_key(bench)
    write(bench, make_records(3, 90))
    assert [key.public_bytes_raw() for key in watcher.keys_at(STORE, 6)] == [
        bench.keys.signing.public_key().public_bytes_raw()
    ]
    assert verify_audit(bench.root / "audit", watcher).ok
