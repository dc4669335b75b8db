"""Exports of a run stop where the audit log was changed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from asn1.errors import RefusedError
from collector.store.audit_log import AuditFullError, AuditLog
from collector.store.keys import Keys
from lab.cli_verify import StorePlace
from lab.desk import entries_of, make_desk
from lab.exports import Exports, export_all, listed_in, recorded_in, source_of
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


Told = list[tuple[str, dict[str, Any]]]
WHO = {"actor": "demo", "reason": "a check"}


def export(place: StorePlace, directory: Path, told: Told, **changes: str) -> Exports:
    who = {"actor": "rivera", "reason": "case file"} | changes
    return export_all([source_of(place)], directory, [], record=lambda kind, fields: told.append((kind, fields)), **who)


def test_a_whole_audit_log_lets_exports_go_on_and_who_exports_why_is_on_record(
    place: StorePlace, tmp_path: Path
) -> None:
    told: Told = []
    assert export(place, tmp_path / "exports", told).files == []
    assert told == [("export", {"actor": "rivera", "reason": "case file", "orders": []})]


@pytest.mark.parametrize("blank", [{"actor": " "}, {"reason": ""}])
def test_attack_an_export_without_a_name_or_without_a_reason(
    place: StorePlace, tmp_path: Path, blank: dict[str, str]
) -> None:
    told: Told = []
    with pytest.raises(RefusedError, match="who makes it and why"):
        export(place, tmp_path / "exports", told, **blank)
    assert told == []


def test_attack_what_cannot_be_put_on_record_is_not_exported(place: StorePlace, tmp_path: Path) -> None:
    earlier = tmp_path / "exports"
    earlier.mkdir()

    def full(kind: str, fields: dict[str, Any]) -> None:
        raise AuditFullError("the desk's ledger is full")

    with pytest.raises(AuditFullError):
        export_all([source_of(place)], earlier, [], actor="rivera", reason="case file", record=full)
    assert list(earlier.iterdir()) == []


def test_a_run_without_a_desk_lists_its_exports_beside_them(place: StorePlace, tmp_path: Path) -> None:
    for _ in range(2):
        record = listed_in(tmp_path / "exports")
        export_all([source_of(place)], tmp_path / "exports", [], actor="demo", reason="a check", record=record)
    lines = (tmp_path / "exports" / "exports.jsonl").read_text().splitlines()
    assert [json.loads(line)["fields"]["actor"] for line in lines] == ["demo", "demo"]


@pytest.mark.rule("R-092", "R-092.1")
def test_attack_a_line_is_taken_out_of_the_audit_log_before_an_export(place: StorePlace, tmp_path: Path) -> None:
    told: Told = []
    path = place.audit / "audit.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([*lines[:2], *lines[3:]]))
    with pytest.raises(IntegrityError, match="nothing is exported"):
        export(place, tmp_path / "exports", told)
    assert told == []


@pytest.mark.rule("R-092")
def test_attack_the_newest_entries_are_cut_off_before_an_export(place: StorePlace, tmp_path: Path) -> None:
    told: Told = []
    path = place.audit / "audit.jsonl"
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:3]))
    with pytest.raises(IntegrityError, match="5 entries were signed, 3 are there"):
        export(place, tmp_path / "exports", told)
    assert told == []


def test_where_the_run_has_a_desk_its_exports_are_in_the_desk_s_ledger(place: StorePlace, tmp_path: Path) -> None:
    data = tmp_path / "var"
    make_desk(data, 1_000_000)
    export_all(
        [source_of(place)], data / "exports", [], actor="demo", reason="a check", record=recorded_in(data, 2_000_000)
    )
    (entry,) = [one for one in entries_of(data)[1] if one["kind"] == "export"]
    assert (entry["utc_us"], entry["fields"]["actor"], entry["fields"]["reason"]) == (2_000_000, "demo", "a check")
    assert not (data / "exports" / "exports.jsonl").exists()


def test_attack_an_export_behind_the_back_of_a_desk_that_was_changed(place: StorePlace, tmp_path: Path) -> None:
    data = tmp_path / "var"
    make_desk(data, 1_000_000)
    ledger = data / "desk" / "audit" / "audit.jsonl"
    ledger.write_bytes(ledger.read_bytes().replace(b"okafor", b"rivera"))
    with pytest.raises(IntegrityError):
        export_all([source_of(place)], data / "exports", [], **WHO, record=recorded_in(data, 2_000_000))
    assert not (data / "exports").exists()


def test_where_the_run_has_none_they_are_listed_beside_them(place: StorePlace, tmp_path: Path) -> None:
    data = tmp_path / "var"
    export_all(
        [source_of(place)], data / "exports", [], actor="demo", reason="a check", record=recorded_in(data, 2_000_000)
    )
    assert (data / "exports" / "exports.jsonl").exists()
