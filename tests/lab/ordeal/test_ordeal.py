"""The short forms of `make crash`, and that each ordeal finds what it is there to find."""

from __future__ import annotations

from pathlib import Path

import pytest

from asn1.errors import LabError
from collector.store import recovery
from collector.store.store import Store
from lab.ordeal import disks, kills, simulation, tamper
from lab.ordeal.subject import Subject, check, put
from mediation.runtime.process import IntegrityError


def subject_of(root: Path, batches: int = 10) -> tuple[Subject, int]:
    subject = Subject.make(root / "data", root / "pin" / "checkpoint", 7)
    return subject, tamper.fill(subject, batches, 7)


def test_a_writer_killed_at_any_moment_loses_and_doubles_nothing(tmp_path: Path) -> None:
    result = kills.kill_cycles(tmp_path, 6, 1, every=3)
    assert result.ok, result.as_json()
    assert result.cycles == 6 and result.acknowledged > 0


@pytest.mark.skipif(
    kills.power_cuts_possible() is not None, reason=kills.power_cuts_possible() or "a power cut is possible here"
)
def test_a_power_cut_loses_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    result = kills.power_cuts(tmp_path, 4, 2, every=2)
    assert result.ok, result.as_json()
    assert result.cycles == 4 and result.acknowledged > 0


def test_each_failing_call_stops_the_store_with_a_sentence_and_loses_nothing(tmp_path: Path) -> None:
    result = disks.faults(tmp_path, 3, every=12)
    assert not result.wrong and result.runs >= 20 and result.stopped > 10


def test_power_between_any_two_operations(tmp_path: Path) -> None:
    result = disks.replay(tmp_path, 4, torn=2, every=8)
    assert not result.wrong and result.states >= 15


def test_whatever_is_done_to_a_store_without_its_key_shows(tmp_path: Path) -> None:
    result = tamper.tampering(tmp_path, 150, 5)
    assert not result.missed and result.detected == 150 and len(result.by_kind) >= 8


def test_a_sound_store_that_evicts_is_never_accused(tmp_path: Path) -> None:
    result = tamper.turnovers(tmp_path, 2, 6)
    assert not result.false_alarms and result.turnovers >= 2


def test_worlds_from_a_seed_lose_and_double_nothing(tmp_path: Path) -> None:
    # The last two are worlds in which power goes while a file is used again.
    result = simulation.simulate(tmp_path, [*range(1, 11), 629, 6001])
    assert result.seeds == 12 and not result.wrong
    assert result.did["power cuts"] and result.did["failures"] > result.did["power cuts"] and result.did["evicted"]
    assert result.did["taken back by the signer"] and not any("refuses" in one for one in result.wrong)


def test_a_world_comes_again_from_its_seed(tmp_path: Path) -> None:
    first, second = (simulation.simulate(tmp_path / name, [77]).did for name in ("once", "again"))
    assert first == second and first["acknowledged"] > 0


# Would they find it?


def test_a_simulated_disk_that_forgets_what_was_synced_is_found_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(simulation.Disk, "sync", lambda self, descriptor: self._operation())
    assert simulation.simulate(tmp_path, range(1, 7)).wrong


def test_a_receiver_that_forgets_what_it_has_is_found_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(simulation.World, "_stored_marks", lambda self: {})
    assert any("twice" in one for one in simulation.simulate(tmp_path, range(1, 7)).wrong)


def test_a_record_that_was_owed_and_is_not_there_is_counted(tmp_path: Path) -> None:
    subject, number = subject_of(tmp_path)
    assert check(subject, number).ok
    found = check(subject, number + 3)
    assert found.lost == 3 and not found.ok


def test_a_record_that_is_there_twice_is_counted(tmp_path: Path) -> None:
    subject, number = subject_of(tmp_path)
    store = subject.open()
    put(store, subject, number - 2, 2, lambda behind: None)
    store.close()
    assert check(subject, number).doubled == 2


def test_a_store_that_writes_without_syncing_is_found_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The ordeal of recorded I/O sees acknowledgements that no sync stands behind."""
    monkeypatch.setattr(disks.RecordedFiles, "sync", lambda self, descriptor: None)
    assert disks.replay(tmp_path, 8, torn=0, every=5).wrong


def newest_octets_torn(subject: Subject) -> None:
    """A block of the newest unit's records never reached the disk, its commit frame did."""
    victim = sorted(subject.store.glob("seg-*"))[-1]
    with recovery.SegmentFile(victim) as file:
        unit = list(file.units(file.header()))[-1]
    octets = bytearray(victim.read_bytes())
    at = unit.data[0].area_at
    octets[at : at + 64] = bytes(64)
    victim.write_bytes(octets)


def test_a_torn_unit_that_was_never_durable_is_cut_off(tmp_path: Path) -> None:
    subject, number = subject_of(tmp_path, 3)
    subject.pin.unlink()
    newest_octets_torn(subject)
    subject.open().close()
    found = check(subject, 0)
    assert found.ok and 0 < found.stored < number


def test_attack_octets_that_were_durable_are_not_taken_for_torn(tmp_path: Path) -> None:
    subject, _ = subject_of(tmp_path, 3)
    newest_octets_torn(subject)
    with pytest.raises(IntegrityError, match="octet"):
        subject.open()


def test_a_change_that_nothing_shows_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tamper.Victim, "shows", lambda self: False)
    result = tamper.tampering(tmp_path, 3, 9)
    assert result.detected == 0 and len(result.missed) == 3


def test_a_store_that_does_not_open_is_a_finding(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    subject, number = subject_of(tmp_path, 2)

    def refuses(*_: object, **__: object) -> Store:
        raise LabError("no")

    monkeypatch.setattr(Store, "open", refuses)
    assert kills.check_reopened(subject, number).wrong == ["no"]
