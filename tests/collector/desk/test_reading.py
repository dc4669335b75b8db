"""Reading on in the desk's ledger: from where it was verified before, passing over nothing that was changed."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from collector.desk import ledger
from collector.desk.ledger import KEPT, ORIGIN, Ledger, Reading, read_desk, verify_desk
from collector.store.audit_check import NOTHING, look, opened, sealed
from collector.store.private_files import own_signing_key
from mediation.runtime.process import IntegrityError

FIRST, MORE = 12, 5
Spoil = Callable[[Path], None]


def add(directory: Path, pins: Path, many: int) -> None:
    with_ledger = Ledger(directory, pins=pins)
    for number in range(many):
        with_ledger.append("access" if with_ledger.entries else "user", fields(with_ledger.entries), number)
    with_ledger.close()


def fields(number: int) -> dict[str, Any]:
    person = {"user_id": "rivera", "person": "LAB-1", "role": "INV", "agency": "A"}
    return {"actor_id": "rivera", "number": number} if number else person


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    """A ledger of `FIRST` entries that was opened once since: it has written down how far it was verified."""
    monkeypatch.setattr(ledger, "KEEP_EVERY", 1)
    directory, pins = tmp_path / "desk", tmp_path / "pins"
    add(directory, pins, FIRST)
    Ledger(directory, pins=pins).close()
    assert (directory / KEPT).exists()
    return directory, pins


def test_what_is_read_on_is_what_a_fresh_look_reads(desk: tuple[Path, Path]) -> None:
    directory, pins = desk
    reading = Reading(directory, pins)
    reading.look()
    first = reading.lines
    assert len(first) == FIRST
    for round_ in range(1, 4):
        add(directory, pins, MORE)
        reading.look()
        state, lines = read_desk(directory, pins)
        assert reading.lines == lines and reading.state == state
        assert reading.lines is first, "who holds the list sees it grow"
        assert len(lines) == FIRST + round_ * MORE
    assert verify_desk(directory, pins=pins).ok


def test_own_entries_and_those_of_others_are_there_once_in_their_order(desk: tuple[Path, Path]) -> None:
    directory, pins = desk
    mine = Ledger(directory, pins=pins)
    mine.append("access", fields(100), 100)
    mine.let_go()
    add(directory, pins, 2)
    mine.take_again()
    mine.append("access", fields(101), 101)
    mine.let_go()
    add(directory, pins, 1)
    mine.take_again()
    assert [one["seq"] for one in mine.lines] == list(range(FIRST + 5)) == [one["seq"] for one in read_desk(*desk)[1]]
    mine.close()


def test_entries_that_nothing_has_signed_yet_are_read_and_not_remembered(desk: tuple[Path, Path]) -> None:
    """A reader comes between a line and its checkpoint, and again behind it."""
    directory, pins = desk
    notes = directory / "audit" / "checkpoints.txt"
    before = notes.read_bytes()
    add(directory, pins, 1)
    after = notes.read_bytes()
    notes.write_bytes(before)
    key = own_signing_key(directory / "keys", "desk").public_key()
    found = look(directory / "audit", key, ORIGIN, whole=False)
    assert (found.report.entries, found.known.size) == (FIRST + 1, FIRST)
    notes.write_bytes(after)
    again = look(directory / "audit", key, ORIGIN, found.known, whole=False)
    assert again.start == found.known and again.known.size == FIRST + 1 and again.report.ok


def _octet(name: str, at: int) -> Spoil:
    def spoil(directory: Path) -> None:
        path = directory / "audit" / name
        octets = bytearray(path.read_bytes())
        octets[at] ^= 1
        path.write_bytes(octets)

    return spoil


def _without_first_line(directory: Path) -> None:
    path = directory / "audit" / "audit.jsonl"
    path.write_bytes(path.read_bytes().split(b"\n", 1)[1])


def _shorter(directory: Path) -> None:
    path = directory / "audit" / "audit.jsonl"
    path.write_bytes(b"\n".join(path.read_bytes().splitlines()[:5]) + b"\n")


def _no_notes(directory: Path) -> None:
    (directory / "audit" / "checkpoints.txt").write_bytes(b"")


SPOILED = {
    "an octet of an early line": _octet("audit.jsonl", 40),
    "an octet of the newest line": _octet("audit.jsonl", -10),
    "an octet of an early checkpoint": _octet("checkpoints.txt", 60),
    "the first line left out": _without_first_line,
    "rolled back": _shorter,
    "the checkpoints taken away": _no_notes,
}


@pytest.mark.parametrize("what", SPOILED)
@pytest.mark.parametrize("grown", [False, True])
def test_attack_what_was_verified_and_is_changed_is_found_at_the_next_look(
    desk: tuple[Path, Path], what: str, grown: bool
) -> None:
    directory, pins = desk
    reading = Reading(directory, pins)
    reading.look()
    if grown:
        add(directory, pins, MORE)
    SPOILED[what](directory)
    with pytest.raises(IntegrityError):
        reading.look()
    with pytest.raises(IntegrityError):
        read_desk(directory, pins)
    with pytest.raises(IntegrityError):
        Ledger(directory, pins=pins)
    assert not verify_desk(directory, pins=pins).ok


def test_attack_a_note_of_how_far_it_was_verified_helps_no_changed_ledger(desk: tuple[Path, Path]) -> None:
    """Digests that fit the changed octets, put in by hand, by another key, or for another log."""
    directory, pins = desk
    path, octets = directory / "audit" / "audit.jsonl", (directory / KEPT).read_bytes()
    key = own_signing_key(directory / "keys", "desk")
    known = opened(octets, ORIGIN, key.public_key())
    assert known.size >= FIRST - 1
    path.write_bytes(path.read_bytes().replace(b"rivera", b"riverb", 1))
    changed = look(directory / "audit", key.public_key(), "no such log", whole=False)
    assert changed.start == NOTHING
    for forged in (
        sealed(known, ORIGIN, own_signing_key(directory / "elsewhere", "other")),
        sealed(known, "calea-lab/audit", key),
        octets.replace(known.digest.hex().encode(), bytes(32).hex().encode()),
        json.dumps({"body": "{}", "signature": ""}).encode(),
        b"\xff" * 200,
        b"",
    ):
        (directory / KEPT).write_bytes(forged)
        assert opened(forged, ORIGIN, key.public_key()) == NOTHING
        with pytest.raises(IntegrityError):
            read_desk(directory, pins)


def test_attack_an_older_copy_with_its_own_note_is_found_by_the_pin(desk: tuple[Path, Path], tmp_path: Path) -> None:
    directory, pins = desk
    kept = tmp_path / "kept"
    shutil.copytree(directory, kept)
    add(directory, pins, MORE)
    shutil.rmtree(directory)
    shutil.copytree(kept, directory)
    with pytest.raises(IntegrityError, match="rolled back"):
        read_desk(directory, pins)
