"""R-090 where records are read: octets, signatures and keys that do not hold, and who still may trust what (R-092)."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from collector.rows import FORM_NOTICE
from collector.standing import Standings, State
from collector.store import frames
from collector.store.audit_log import AuditLog, read_audit, verify_audit
from collector.store.reader import StoredRecord, StoreReader
from collector.store.verifier import verify_store
from collector.store.walk import SegmentFile, Unit, segment_paths
from mediation.law.orders import OrderId, order_uid
from mediation.law.verdicts import Reason
from mediation.runtime.process import IntegrityError

Make = Callable[[int, int], list[bytes]]


def records(bench, **changes) -> list[StoredRecord]:
    reader = StoreReader(bench.directory, bench.keys, **changes)
    return [record for record in reader.records() if record.form != FORM_NOTICE]


def filled(bench, make_records: Make) -> tuple[Path, list[Unit]]:
    store = bench.open()
    for _ in range(3):
        bench.put(store, make_records(12, 90))
    store.close()
    path = segment_paths(bench.directory)[0]
    with SegmentFile(path) as file:
        return path, list(file.units(file.header()))


def flip(path: Path, at: int) -> None:
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    path.write_bytes(data)


def tampered(found: list[StoredRecord]) -> set[int]:
    """The sequences that are QUARANTINEd for TAMPERED; nothing of them is handed out."""
    standings = Standings()
    wrong = {one.sequence for one in found if one.fault is not None}
    for one in found:
        state = standings.of(one)
        assert state.withheld == (one.sequence in wrong)
        if state.withheld:
            assert (state.state, state.reason, one.octets) == (State.HELD, Reason.TAMPERED, None)
    return wrong


def test_what_holds_is_handed_out(bench, make_records: Make) -> None:
    filled(bench, make_records)
    found = records(bench)
    assert tampered(found) == set() and sorted(one.octets for one in found) == sorted(bench.acknowledged)


@pytest.mark.rule("R-090", "R-090.1")
@pytest.mark.parametrize("encryption", [True, False])
def test_attack_one_octet_of_a_stored_record_is_flipped(bench, make_records: Make, encryption: bool) -> None:
    """That record alone is set apart, encrypted or not: its leaf hash names it."""
    bench.encryption = encryption
    path, units = filled(bench, make_records)
    flip(path, units[1].data[0].area_at + 3)
    found = records(bench)
    assert len(found) == 36 and len(tampered(found)) == 1
    one = StoreReader(bench.directory, bench.keys).read(12)
    assert one is not None and one.fault == "its octets are not the signed ones" and one.octets is None
    assert not verify_store(bench.directory, bench.keys.signing.public_key(), bench.keys).ok


@pytest.mark.rule("R-090", "R-090.1")
def test_attack_any_octet_of_an_order_s_area_is_flipped(bench, make_records: Make) -> None:
    path, units = filled(bench, make_records)
    clean = path.read_bytes()
    data = units[0].data[0]
    for at in range(0, data.area_octets, 7):
        flip(path, data.area_at + at)
        assert len(tampered(records(bench))) == 1
        path.write_bytes(clean)
    assert tampered(records(bench)) == set()


def reseal(path: Path, unit: Unit, change: Callable[[frames.CommitBody], frames.CommitBody]) -> None:
    """Write a unit's commit frame again with a sound checksum, as somebody would who knows the format and no key."""
    data = bytearray(path.read_bytes())
    header = frames.parse_header(bytes(data[: frames.BLOCK]))
    at = unit.data[-1].area_at + unit.data[-1].area_octets
    frame = frames.build_commit_frame(header, unit.size, change(unit.commit))
    data[at : unit.end] = frame.ljust(unit.end - at, b"\0")
    path.write_bytes(data)


@pytest.mark.rule("R-090", "R-090.2")
def test_attack_the_signature_of_a_commit_is_taken_away(bench, make_records: Make) -> None:
    path, units = filled(bench, make_records)
    reseal(path, units[1], lambda body: body._replace(note=body.note.split("\n\n")[0] + "\n\n"))
    found = records(bench)
    assert tampered(found) == set(range(12, 24)) and all("not signed" in one.fault for one in found if one.fault)
    assert StoreReader(bench.directory, bench.keys).read(12).fault is not None
    assert StoreReader(bench.directory, bench.keys).read(11).fault is None
    assert not verify_store(bench.directory, bench.keys.signing.public_key(), bench.keys).ok


@pytest.mark.rule("R-090", "R-090.3")
def test_attack_a_store_signed_by_an_unknown_key(bench, make_records: Make) -> None:
    filled(bench, make_records)
    stranger = Ed25519PrivateKey.generate().public_key()
    assert tampered(records(bench, public_key=stranger)) == set(range(36))


@pytest.mark.rule("R-091")
def test_attack_a_row_is_rewritten_with_a_sound_checksum(bench, make_records: Make) -> None:
    """The verdict of the first record becomes another one; the chain of the commit and the leaf both say no."""
    path, units = filled(bench, make_records)
    data = bytearray(path.read_bytes())
    header = frames.parse_header(bytes(data[: frames.BLOCK]))
    frame = units[0].data[0]
    head_at = units[0].offset
    meta_octets = frame.area_at - head_at - frames.FRAME_HEADER_OCTETS
    meta = bytearray(data[head_at + frames.FRAME_HEADER_OCTETS : frame.area_at])
    row_at = meta.index(frame.meta.rows)
    meta[row_at + 58] ^= 3
    data[head_at + frames.FRAME_HEADER_OCTETS : frame.area_at] = meta
    head = bytes(data[head_at : head_at + frames.FRAME_HEADER_OCTETS])
    zeroed = head[:40] + bytes(8)
    data[head_at + 40 : head_at + 44] = zlib.crc32(bytes(meta), zlib.crc32(zeroed, header.seed)).to_bytes(4, "little")
    path.write_bytes(data)
    assert len(meta) == meta_octets
    found = records(bench)
    assert tampered(found) >= set(range(12)), "the whole commit, and every later one of its chain"
    assert not verify_store(bench.directory, bench.keys.signing.public_key(), bench.keys).ok


@pytest.mark.rule("R-092")
def test_attack_damage_in_the_middle_hands_out_nothing_behind_it(bench, make_records: Make) -> None:
    store = bench.open()
    for _ in range(12):
        bench.put(store, make_records(120, 700))
    store.close()
    path = segment_paths(bench.directory)[0]
    with SegmentFile(path) as file:
        unit = list(file.units(file.header()))[1]
    flip(path, unit.offset + 60)
    with pytest.raises(IntegrityError, match="cannot be read"):
        records(bench)
    with pytest.raises(IntegrityError, match="cannot be read"):
        StoreReader(bench.directory, bench.keys).standings()


@pytest.mark.rule("R-092", "R-092.1")
def test_attack_a_middle_entry_of_the_audit_log_is_deleted(bench) -> None:
    log = AuditLog(bench.root / "audit", bench.keys)
    for number in range(7):
        log.append("alarm", {"number": number}, number)
        log.flush()
    log.close()
    path = bench.root / "audit" / "audit.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    assert [one["seq"] for one in read_audit(path.parent)] == list(range(7))
    for gone in range(7):
        path.write_bytes(b"".join(lines[:gone] + lines[gone + 1 :]))
        report = verify_audit(path.parent, bench.keys.signing.public_key())
        assert not report.ok and report.faults
        with pytest.raises(IntegrityError, match="was changed"):
            AuditLog(path.parent, bench.keys)


# Withdrawn keys


@pytest.mark.rule("R-041")
def test_a_withdrawn_order_stays_proven_and_is_not_readable(bench, make_records: Make) -> None:
    filled(bench, make_records)
    uid = order_uid(OrderId("O-1"))
    before = {one.sequence: one.octets for one in records(bench)}
    key = bench.keys.find_data_key(uid)
    bench.keys.withdraw(uid)
    found = records(bench)
    assert tampered(found) == set()
    assert all((one.octets is None) == (one.uid == uid) for one in found)
    report = verify_store(bench.directory, bench.keys.signing.public_key(), bench.keys, bench.pin)
    assert report.ok and report.withdrawn == report.unreadable == 12
    assert "12 records lie under keys that were withdrawn" in " ".join(report.findings)
    names = StoreReader(bench.directory, bench.keys).key_ids(uid)
    bench.keys.restore(uid, key, names)
    assert {one.sequence: one.octets for one in records(bench)} == before and len(names) == 1


@pytest.mark.rule("R-041")
def test_what_comes_after_a_hold_is_stored_proven_and_readable_by_the_court_alone(bench, make_records: Make) -> None:
    """The late records of a held order go under a key of their own, never under one that lies here in the clear."""
    filled(bench, make_records)
    uid = order_uid(OrderId("O-1"))
    first = bench.keys.find_data_key(uid)
    bench.keys.withdraw(uid)
    store = bench.open()
    bench.put(store, make_records(12, 90))
    store.close()
    reader = StoreReader(bench.directory, bench.keys)
    names = reader.key_ids(uid)
    assert len(names) == 2 and len(bench.keys.held_boxes(uid)) == 2
    assert sum(one.octets is None for one in records(bench)) == 16
    report = verify_store(bench.directory, bench.keys.signing.public_key(), bench.keys, bench.pin)
    assert report.ok and report.withdrawn == 16
    again = bench.open()
    again.close()
    bench.keys.restore(uid, first, names)
    assert sum(one.octets is None for one in records(bench)) == 4
