"""A desk that stays open and lets others write in between: nothing of theirs is missed, nothing changed goes unseen."""

from __future__ import annotations

from pathlib import Path

import pytest

from collector.desk.desk import Desk
from collector.desk.ledger import read_desk, verify_desk
from mediation.law.access_facts import DeviceClass
from mediation.runtime.config import NotReadyError
from mediation.runtime.process import IntegrityError

NOW = 1_780_000_000_000_000


def add(desk: Desk, name: str) -> None:
    desk.record("user", {"user_id": name, "person": f"P-{name}", "role": "INV", "agency": "LAB-LEA"}, NOW)


def test_two_that_take_turns_read_each_other(tmp_path: Path) -> None:
    pins = tmp_path / "pins"
    with Desk.open(tmp_path / "desk", pins=pins) as console:
        add(console, "one")
        console.let_go()
        with Desk.open(tmp_path / "desk", pins=pins) as command:
            add(command, "two")
        console.take_again()
        assert set(console.state.users) == {"one", "two"}
        add(console, "three")
        console.let_go()
        console.take_again()
        console.enter("one", "F1", DeviceClass.CALEA_STATION, NOW)
        assert [one["seq"] for one in console.lines] == [0, 1, 2, 3]
    assert verify_desk(tmp_path / "desk", pins=pins).ok
    state, entries = read_desk(tmp_path / "desk", pins)
    assert set(state.users) == {"one", "two", "three"} and len(entries) == 4


def test_while_one_has_its_turn_the_other_waits_and_is_told(tmp_path: Path) -> None:
    with Desk.open(tmp_path / "desk") as console:
        console.let_go()
        with Desk.open(tmp_path / "desk"), pytest.raises(NotReadyError, match="Try again"):
            console.take_again(wait_s=0.05)
        console.take_again()
        with pytest.raises(NotReadyError):
            Desk.open(tmp_path / "desk", wait_s=0.05)


def test_attack_an_entry_that_is_changed_while_nobody_holds_the_ledger(tmp_path: Path) -> None:
    console = Desk.open(tmp_path / "desk")
    add(console, "one")
    console.let_go()
    path = tmp_path / "desk" / "audit" / "audit.jsonl"
    path.write_bytes(path.read_bytes().replace(b"INV", b"SUP"))
    with pytest.raises(IntegrityError, match="changed"):
        console.take_again()
    with pytest.raises(IntegrityError):
        Desk.open(tmp_path / "desk", wait_s=0.05)
