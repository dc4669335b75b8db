"""The audit log: every line chained and under a signed checkpoint, whole after any crash, never shortened unseen."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from collector.store.audit_log import (
    MAX_LINE_OCTETS,
    ORIGIN,
    AuditFullError,
    AuditLog,
    AuditReport,
    read_audit,
    verify_audit,
)
from collector.store.gauge import StoreError
from collector.store.keys import Keys
from collector.store.pin import check_pin, write_pin
from mediation.ledger.checkpoint import Checkpoint, Signer, parse_note
from mediation.ledger.kernel import CompactRange, leaf_hash
from mediation.runtime.process import IntegrityError

T0 = 1_750_000_000_000_000


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Keys:
    root = tmp_path_factory.mktemp("keys")
    (root / "q.pub").write_bytes(
        X25519PrivateKey.generate()
        .public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    )
    return Keys.create(root / "keys", root / "q.pub")


@pytest.fixture
def public(keys: Keys) -> Ed25519PublicKey:
    return keys.signing.public_key()


Fill = Callable[..., Path]


@pytest.fixture
def fill(tmp_path: Path, keys: Keys) -> Fill:
    """A log of so many entries, a checkpoint after every `each` of them."""

    def make(entries: int, each: int = 2, name: str = "audit") -> Path:
        log = AuditLog(tmp_path / name, keys)
        for number in range(entries):
            log.append("kind", {"number": number}, T0 + number)
            if (number + 1) % each == 0:
                log.flush()
        log.close()
        return tmp_path / name

    return make


def lines(directory: Path) -> list[bytes]:
    return (directory / "audit.jsonl").read_bytes().splitlines(keepends=True)


def write(directory: Path, octets: list[bytes]) -> None:
    (directory / "audit.jsonl").write_bytes(b"".join(octets))


def rechained(entries: list[dict[str, Any]]) -> list[bytes]:
    """Lines whose chain of hashes is right: anybody can compute it."""
    previous, out = bytes(32), []
    for number, entry in enumerate(entries):
        entry = entry | {"seq": number, "previous": previous.hex()}
        line = json.dumps(entry, sort_keys=True, separators=(",", ":")).encode()
        previous = hashlib.sha256(line).digest()
        out.append(line + b"\n")
    return out


# --- what is written ----------------------------------------------------------------------------------------------


def test_entries_read_back_in_order_with_their_numbers(fill: Fill, public: Ed25519PublicKey) -> None:
    directory = fill(7)
    read = read_audit(directory)
    assert [(one["seq"], one["utc_us"], one["kind"], one["fields"]) for one in read] == [
        (number, T0 + number, "kind", {"number": number}) for number in range(7)
    ]
    assert verify_audit(directory, public) == AuditReport(7, 7, ())


def test_each_line_names_the_hash_of_the_line_before_and_the_tree_is_over_the_lines(fill: Fill) -> None:
    directory = fill(5, 5)
    octets = [line[:-1] for line in lines(directory)]
    assert octets == [line[:-1] for line in rechained(read_audit(directory))]
    tree = CompactRange()
    for line in octets:
        tree.append(leaf_hash(line))
    note = parse_note((directory / "checkpoints.txt").read_text().rstrip() + "\n")
    assert note.checkpoint == Checkpoint(ORIGIN, 5, tree.root())


def test_nothing_is_signed_twice_and_nothing_is_left_unsigned_at_close(fill: Fill, keys: Keys) -> None:
    directory = fill(3, 2)
    notes = (directory / "checkpoints.txt").read_text()
    assert notes.count(f"{ORIGIN}\n") == 2
    log = AuditLog(directory, keys)
    log.flush()
    log.close()
    assert (directory / "checkpoints.txt").read_text() == notes


def test_a_restart_goes_on_with_the_next_number(fill: Fill, keys: Keys, public: Ed25519PublicKey) -> None:
    directory = fill(3)
    log = AuditLog(directory, keys)
    assert log.entries == 3 and log.append("kind", {}, T0) == 3
    log.close()
    assert verify_audit(directory, public) == AuditReport(4, 4, ())


def test_no_log_is_an_empty_one(tmp_path: Path, public: Ed25519PublicKey) -> None:
    assert read_audit(tmp_path) == [] and verify_audit(tmp_path, public) == AuditReport(0, 0, ())


def test_entries_from_many_threads_are_one_chain(tmp_path: Path, keys: Keys, public: Ed25519PublicKey) -> None:
    log = AuditLog(tmp_path / "audit", keys)
    numbers: list[int] = []

    def work() -> None:
        for _ in range(50):
            numbers.append(log.append("kind", {}, T0))
        log.flush()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    log.close()
    assert sorted(numbers) == list(range(200))
    assert verify_audit(tmp_path / "audit", public) == AuditReport(200, 200, ())


def test_log_line_cannot_be_forged_by_a_newline_in_a_field(
    tmp_path: Path, keys: Keys, public: Ed25519PublicKey
) -> None:
    log = AuditLog(tmp_path / "audit", keys)
    log.append("kind", {"order": 'x"}\n{"seq":1}\r\u2028\x0b\x1c\x85'}, T0)
    log.append("kind", {}, T0)
    log.close()
    assert verify_audit(tmp_path / "audit", public) == AuditReport(2, 2, ())
    assert AuditLog(tmp_path / "audit", keys).entries == 2


# --- bounds -------------------------------------------------------------------------------------------------------


def test_a_full_log_refuses_and_stays_whole(tmp_path: Path, keys: Keys, public: Ed25519PublicKey) -> None:
    log = AuditLog(tmp_path / "audit", keys, capacity_octets=1000)
    written = 0
    with pytest.raises(AuditFullError, match="acknowledging stops"):
        for _ in range(100):
            log.append("kind", {}, T0)
            written += 1
    assert 0 < written < 100
    with pytest.raises(AuditFullError):
        log.append("kind", {}, T0)
    log.close()
    assert (tmp_path / "audit" / "audit.jsonl").stat().st_size <= 1000
    assert verify_audit(tmp_path / "audit", public) == AuditReport(written, written, ())
    again = AuditLog(tmp_path / "audit", keys, capacity_octets=1000)
    with pytest.raises(AuditFullError):
        again.append("kind", {}, T0)


def test_an_oversized_entry_is_refused_and_leaves_nothing(tmp_path: Path, keys: Keys) -> None:
    log = AuditLog(tmp_path / "audit", keys)
    with pytest.raises(StoreError, match="larger than"):
        log.append("kind", {"x": "a" * MAX_LINE_OCTETS}, T0)
    assert log.entries == 0 and log.append("kind", {}, T0) == 0


def test_a_directory_that_cannot_be_used_says_so(tmp_path: Path, keys: Keys) -> None:
    (tmp_path / "audit").mkdir()
    (tmp_path / "audit" / "checkpoints.txt").mkdir()
    with pytest.raises(StoreError, match="Cannot use the audit directory"):
        AuditLog(tmp_path / "audit", keys)


# --- crashes ------------------------------------------------------------------------------------------------------


def test_a_line_cut_at_any_octet_is_cut_off_and_the_rest_goes_on(
    fill: Fill, keys: Keys, public: Ed25519PublicKey, tmp_path: Path
) -> None:
    directory = fill(4, 3)
    whole = lines(directory)
    notes = (directory / "checkpoints.txt").read_bytes()
    first_note = notes[: notes.index(f"{ORIGIN}\n4\n".encode())]
    for cut in range(len(whole[3])):
        copy = tmp_path / f"copy{cut}"
        copy.mkdir()
        write(copy, [*whole[:3], whole[3][:cut]])
        (copy / "checkpoints.txt").write_bytes(first_note)
        log = AuditLog(copy, keys)
        assert log.entries == 3 and log.append("after", {}, T0) == 3
        log.close()
        assert verify_audit(copy, public) == AuditReport(4, 4, ())


def test_entries_behind_the_newest_checkpoint_stay_and_are_signed_by_the_next_process(
    fill: Fill, keys: Keys, public: Ed25519PublicKey
) -> None:
    directory = fill(4, 2)
    notes = (directory / "checkpoints.txt").read_bytes()
    (directory / "checkpoints.txt").write_bytes(notes[: notes.index(f"{ORIGIN}\n4\n".encode())])
    assert verify_audit(directory, public, whole=False) == AuditReport(4, 2, ())
    assert not verify_audit(directory, public).ok
    AuditLog(directory, keys).close()
    assert verify_audit(directory, public) == AuditReport(4, 4, ())


def test_a_checkpoint_cut_at_any_octet_is_what_a_crash_leaves_and_harms_nothing_later(
    fill: Fill, keys: Keys, public: Ed25519PublicKey, tmp_path: Path
) -> None:
    directory = fill(4, 2)
    notes = (directory / "checkpoints.txt").read_bytes()
    start = notes.index(f"{ORIGIN}\n4\n".encode())
    for end in range(start, len(notes) + 1):
        copy = tmp_path / f"copy{end}"
        copy.mkdir()
        write(copy, lines(directory))
        (copy / "checkpoints.txt").write_bytes(notes[:end])
        log = AuditLog(copy, keys)
        assert log.entries == 4
        log.append("after", {}, T0)
        log.flush()
        log.close()
        assert verify_audit(copy, public) == AuditReport(5, 5, ()), f"cut at {end - start}"
        AuditLog(copy, keys).close()


# --- attacks ------------------------------------------------------------------------------------------------------


def test_any_changed_octet_of_a_line_is_detected(fill: Fill, public: Ed25519PublicKey) -> None:
    directory = fill(3)
    octets = (directory / "audit.jsonl").read_bytes()
    for at in range(len(octets)):
        (directory / "audit.jsonl").write_bytes(octets[:at] + bytes([octets[at] ^ 1]) + octets[at + 1 :])
        assert not verify_audit(directory, public).ok, at
    (directory / "audit.jsonl").write_bytes(octets)
    assert verify_audit(directory, public).ok


def test_entry_deleted_reordered_or_inserted_is_detected(fill: Fill, public: Ed25519PublicKey) -> None:
    directory = fill(6)
    whole = lines(directory)
    for bad in (whole[1:], [*whole[:2], *whole[3:]], [whole[1], whole[0], *whole[2:]], [*whole[:3], *whole[2:]], []):
        write(directory, bad)
        assert not verify_audit(directory, public).ok


def test_history_rewritten_with_a_right_chain_is_detected(fill: Fill, public: Ed25519PublicKey, keys: Keys) -> None:
    """The chain of hashes alone proves nothing: the checkpoints do."""
    directory = fill(6)
    entries = read_audit(directory)
    entries[2]["fields"] = {"number": 99}
    write(directory, rechained(entries))
    report = verify_audit(directory, public)
    assert report.faults == ("the entries up to 3 are not the signed ones",)
    with pytest.raises(IntegrityError, match="was changed"):
        AuditLog(directory, keys)


def test_rollback_of_lines_behind_a_kept_checkpoint_is_detected(
    fill: Fill, public: Ed25519PublicKey, keys: Keys
) -> None:
    directory = fill(6)
    write(directory, lines(directory)[:4])
    assert verify_audit(directory, public).faults == ("6 entries were signed, 4 are there",)
    with pytest.raises(IntegrityError):
        AuditLog(directory, keys)


def test_checkpoint_of_another_key_is_detected(fill: Fill, keys: Keys, tmp_path: Path) -> None:
    directory = fill(4)
    (tmp_path / "q.pub").write_bytes((keys.directory / "quarantine.pub").read_bytes())
    other = Keys.create(tmp_path / "other", tmp_path / "q.pub")
    assert not verify_audit(directory, other.signing.public_key()).ok
    with pytest.raises(IntegrityError):
        AuditLog(directory, other)


def test_checkpoint_changed_in_any_character_of_its_text_is_detected(fill: Fill, public: Ed25519PublicKey) -> None:
    directory = fill(4)
    path = directory / "checkpoints.txt"
    notes = path.read_bytes()
    first = notes[: notes.index(f"{ORIGIN}\n4\n".encode())].rstrip()
    for at in range(len(ORIGIN) + 1, len(first)):
        path.write_bytes(notes[:at] + bytes([notes[at] ^ 1]) + notes[at + 1 :])
        assert not verify_audit(directory, public).ok, at


def test_removing_every_checkpoint_is_detected(fill: Fill, public: Ed25519PublicKey) -> None:
    directory = fill(4)
    (directory / "checkpoints.txt").unlink()
    assert verify_audit(directory, public).faults == ("the entries behind 0 are not signed",)


def test_checkpoint_of_the_audit_log_passed_off_as_the_stores_is_refused(tmp_path: Path, keys: Keys) -> None:
    """Both logs are signed by one key, and a signature line can be relabelled: the origin in the text cannot."""
    store = "calea-lab/collector"
    audit = Signer(ORIGIN, keys.signing).sign(Checkpoint(ORIGIN, 1, bytes(32)))
    relabelled = Signer(store, keys.signing).sign(Checkpoint(ORIGIN, 1, bytes(32)))
    tree = CompactRange()
    tree.extend(bytes(64))
    for note in (audit, relabelled):
        write_pin(tmp_path / "pin", note)
        with pytest.raises(IntegrityError, match="not signed by this store's key"):
            check_pin(tmp_path / "pin", store, keys.signing.public_key(), tree)
    write_pin(tmp_path / "pin", Signer(store, keys.signing).sign(Checkpoint(store, 2, tree.root())))
    check_pin(tmp_path / "pin", store, keys.signing.public_key(), tree)
