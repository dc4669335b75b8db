"""One record's proof, streamed: proven, proven by hash, evicted with its notice, changed, missing."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from collector.store import frames
from collector.store.audit_log import AuditLog
from collector.store.reader import StoreReader
from collector.store.record_check import RecordReport, RecordState, verify_record
from collector.store.walk import SegmentFile, segment_paths
from collector.voids import Why
from mediation.ledger.checkpoint import parse_note
from mediation.ledger.proofs import verify_inclusion

Make = Callable[[int, int], list[bytes]]


def checked(bench, sequence: int, keys: bool = True, **more: Any) -> RecordReport:
    trust = bench.keys.signing.public_key()
    return verify_record(bench.directory, sequence, trust, bench.keys if keys else None, bench.pin, **more)


def filled(bench, make_records: Make, batches: int) -> tuple[int, int]:
    """A store after so many batches; its oldest record and its size."""
    store = bench.open()
    for _ in range(batches):
        bench.put(store, make_records(60, 700))
    gauge = store.gauge()
    store.close()
    return gauge.oldest, gauge.next


def test_each_record_that_is_there_is_proven_by_a_path_that_holds(bench, make_records: Make) -> None:
    oldest, size = filled(bench, make_records, 50)
    assert oldest > 0
    for sequence in {oldest, oldest + 1, (oldest + size) // 2, size - 61, size - 2, size - 1}:
        report = checked(bench, sequence)
        assert (report.state, report.ok, report.faults) == (RecordState.PROVEN, True, [])
        checkpoint = parse_note(report.note or "").checkpoint
        path = [bytes.fromhex(node) for node in report.proof]
        leaf = bytes.fromhex(report.leaf or "")
        assert verify_inclusion(leaf, sequence, checkpoint.size, path, checkpoint.root)
        assert report.key == bench.keys.signing.public_key().public_bytes_raw().hex()
        assert report.committed_us is not None and report.as_dict()["state"] == "proven"
        record = StoreReader(bench.directory, bench.keys).read(sequence)
        assert record is not None and record.uid.hex() == report.order


def test_without_the_data_key_a_record_is_proven_by_its_hash(bench, make_records: Make) -> None:
    filled(bench, make_records, 2)
    report = checked(bench, 5, keys=False)
    assert (report.state, report.ok) == (RecordState.PROVEN_BY_HASH, True)
    assert "its octets were not read" in report.said[0]


def test_an_evicted_record_has_its_notice(bench, make_records: Make) -> None:
    oldest, _ = filled(bench, make_records, 50)
    report = checked(bench, oldest - 1)
    assert (report.state, report.ok) == (RecordState.EVICTED, True)
    assert report.notice is not None and report.notice["next_sequence"] == oldest
    assert "was evicted with notice" in report.said[0] and "a signed leaf" in report.said[0]


def test_a_notice_that_was_itself_evicted_is_found_in_the_audit_log(bench, make_records: Make) -> None:
    filled(bench, make_records, 120)
    audit = bench.root / "audit"
    log = AuditLog(audit, bench.keys)
    for kind, fields in bench.audited:
        log.append(kind, fields, bench.now_us)
    log.close()
    report = checked(bench, 0, audit=audit)
    assert report.ok and report.notice is not None and report.notice["first_sequence"] == 0
    assert "audit log" in report.said[0]
    without = checked(bench, 0)
    assert without.ok and without.notice is None and "the audit log has it" in without.said[0]


def test_what_was_never_stored_is_not_proven(bench, make_records: Make) -> None:
    _, size = filled(bench, make_records, 2)
    report = checked(bench, size)
    assert (report.state, report.ok) == (RecordState.NEVER_STORED, False)
    assert not checked(bench, 1 << 60).ok


def test_an_empty_store_proves_nothing(bench) -> None:
    bench.open().close()
    report = checked(bench, 0)
    assert not report.ok and "no signed checkpoint" in report.faults[0]


def test_attack_a_lost_segment_is_missing_and_not_evicted(bench, make_records: Make) -> None:
    oldest, _ = filled(bench, make_records, 50)
    with SegmentFile(segment_paths(bench.directory)[0]) as file:
        gone = file.header().first_sequence
    segment_paths(bench.directory)[0].unlink()
    report = checked(bench, gone)
    assert (report.state, report.ok) == (RecordState.MISSING, False)
    assert oldest <= gone


def test_attack_a_store_that_was_rolled_back_misses_the_record(bench, make_records: Make) -> None:
    filled(bench, make_records, 2)
    path = segment_paths(bench.directory)[0]
    old = path.read_bytes()
    _, size = filled(bench, make_records, 1)
    path.write_bytes(old)
    report = checked(bench, size - 1)
    assert (report.state, report.ok) == (RecordState.MISSING, False)
    assert not checked(bench, 0).ok


@pytest.mark.parametrize("encryption", [True, False])
def test_attack_a_changed_record_is_told_from_its_neighbours(bench, make_records: Make, encryption: bool) -> None:
    bench.encryption = encryption
    filled(bench, make_records, 3)
    path = segment_paths(bench.directory)[0]
    with SegmentFile(path) as file:
        unit = next(file.units(file.header()))
    data = bytearray(path.read_bytes())
    data[unit.data[0].area_at] ^= 1
    path.write_bytes(data)
    assert (checked(bench, 0).state, checked(bench, 0).ok) == (RecordState.CHANGED, False)
    assert checked(bench, 1).state is RecordState.PROVEN


def test_attack_a_leaf_hash_changed_behind_the_record_breaks_its_path(bench, make_records: Make) -> None:
    filled(bench, make_records, 3)
    path = segment_paths(bench.directory)[0]
    octets = bytearray(path.read_bytes())
    with SegmentFile(path) as file:
        units = list(file.units(file.header()))
    at = units[1].offset
    head = frames.parse_frame_head(bytes(octets[at : at + frames.FRAME_HEADER_OCTETS]))
    assert head is not None
    octets[at + frames.FRAME_HEADER_OCTETS + head.meta_octets - 1] ^= 1
    path.write_bytes(octets)
    report = checked(bench, 3)
    # The unit no longer parses, so the store ends before it: the pin knows better.
    assert not report.ok and "rolled back" in report.faults[0]


def test_attack_another_key_is_not_believed(bench, make_records: Make) -> None:
    filled(bench, make_records, 2)
    stranger = Ed25519PrivateKey.generate().public_key()
    report = verify_record(bench.directory, 0, stranger, bench.keys)
    assert not report.ok and "not signed by this store's key" in report.faults[0]


def test_a_voided_record_is_proven_and_said_to_be_another_shard_s(bench, make_records: Make) -> None:
    store = bench.open()
    bench.put(store, make_records(6, 90))
    done = threading.Event()
    store.void([(2, 3)], Why.RETURNED, "north", lambda info: done.set())
    assert done.wait(10)
    store.close()
    found = checked(bench, 2)
    assert found.ok and found.voided == "returned" == found.as_dict()["voided"]
    assert "shard north" in found.said[-1]
    assert checked(bench, 4).voided is None
