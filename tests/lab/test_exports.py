"""Exports of a run stop where the audit log was changed."""

from __future__ import annotations

from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from collector.store.audit_log import AuditLog
from collector.store.keys import Keys
from lab.cli_verify import StorePlace
from lab.exports import export_all
from mediation.runtime.process import IntegrityError


@pytest.fixture
def place(tmp_path: Path) -> StorePlace:
    public = X25519PrivateKey.generate().public_key()
    pem = public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    (tmp_path / "quarantine.pub").write_bytes(pem)
    keys = Keys.create(tmp_path / "keys", tmp_path / "quarantine.pub")
    log = AuditLog(tmp_path / "audit", keys)
    for number in range(5):
        log.append("something", {"number": number}, 1_000_000 + number)
    log.close()
    (tmp_path / "store").mkdir()
    return StorePlace(tmp_path / "store", tmp_path / "audit", tmp_path / "keys", tmp_path / "pin")


def test_a_whole_audit_log_lets_exports_go_on(place: StorePlace, tmp_path: Path) -> None:
    assert export_all(place, tmp_path / "exports", []).files == []


def test_attack_a_line_is_taken_out_of_the_audit_log_before_an_export(place: StorePlace, tmp_path: Path) -> None:
    path = place.audit / "audit.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([*lines[:2], *lines[3:]]))
    with pytest.raises(IntegrityError, match="nothing is exported"):
        export_all(place, tmp_path / "exports", [])


def test_attack_the_newest_entries_are_cut_off_before_an_export(place: StorePlace, tmp_path: Path) -> None:
    path = place.audit / "audit.jsonl"
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:3]))
    with pytest.raises(IntegrityError, match="5 entries were signed, 3 are there"):
        export_all(place, tmp_path / "exports", [])
