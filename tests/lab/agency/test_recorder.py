"""A covert recorder and its memory by themselves: what they do of their own accord, whatever anybody asks."""

from __future__ import annotations

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from asn1.errors import RefusedError
from asn1.recording import decode_recording, signed_by
from lab.agency.devices.memory import DeviceFullError, Memory
from lab.agency.devices.recorder import Recorder
from mediation.law.orders import Window

T = 1_780_000_000_000_000
S = 1_000_000
PERIOD = Window(T, T + 10 * S)


def recorder(tmp_path: Path, capacity: int = 1_000_000, streaming: bool = False) -> Recorder:
    return Recorder("D1", Ed25519PrivateKey.generate(), streaming, Memory("D1", tmp_path, capacity))


@pytest.mark.rule("R-160", "R-160.1", "R-160.2")
def test_it_is_full_at_the_octet_that_is_too_much_and_writes_over_nothing(tmp_path: Path) -> None:
    memory = Memory("D1", tmp_path, 100)
    memory.keep(b"a" * 60)
    memory.keep(b"b" * 40)
    assert memory.used_octets == 100 and not memory.stopped
    with pytest.raises(DeviceFullError, match="DEVICE_FULL"):
        memory.keep(b"c")
    assert memory.items == (1, 2) and memory.read(1) == b"a" * 60 and memory.read(2) == b"b" * 40


@pytest.mark.rule("R-160")
def test_it_has_stopped_until_it_is_cleared_also_over_a_restart(tmp_path: Path) -> None:
    memory = Memory("D1", tmp_path, 100)
    memory.keep(b"a" * 60)
    with pytest.raises(DeviceFullError):
        memory.keep(b"b" * 41)
    again = Memory("D1", tmp_path, 100)
    assert again.stopped and again.used_octets == 60
    with pytest.raises(DeviceFullError):
        again.keep(b"fits")
    assert again.clear() == 1 and not again.stopped
    assert again.keep(b"fits") == 2 and Memory("D1", tmp_path, 100).items == (2,)


@pytest.mark.rule("R-163", "R-163.1")
@pytest.mark.parametrize("role", ["INV", "SUP", "TADM", "VEND", ""])
def test_the_technical_unit_alone_installs_and_removes(tmp_path: Path, role: str) -> None:
    one = recorder(tmp_path)
    with pytest.raises(RefusedError, match="R-163"):
        one.install(role, "LI", PERIOD)
    one.install("TARU", "LI", PERIOD)
    with pytest.raises(RefusedError, match="R-163"):
        one.give_back(role)
    with pytest.raises(RefusedError, match="returned first"):
        one.install("TARU", "LI-2", PERIOD)
    assert one.give_back("TARU").liid == "LI"
    with pytest.raises(RefusedError, match="nothing to return"):
        one.give_back("TARU")


@pytest.mark.rule("R-164", "R-164.1")
def test_it_is_off_outside_the_warrants_period(tmp_path: Path) -> None:
    one = recorder(tmp_path)
    one.install("TARU", "LI", PERIOD)
    made = [decode_recording(octets) for octets in one.record(T + 8 * S + S // 2, bytes(8000 * 5), "PCMU").pieces()]
    assert [(piece.begins_us - T, len(piece.sound.octets)) for piece in made] == [(8_500_000, 8000), (9_500_000, 4000)]
    assert made[-1].last_us == PERIOD.end_us - 1
    assert list(one.record(PERIOD.end_us, bytes(8000), "PCMU").pieces()) == []
    assert list(one.record(T - S, bytes(8000), "PCMU").pieces()) == []


@pytest.mark.rule("R-162", "R-165")
def test_without_a_warrant_it_takes_a_supervisor_and_names_no_warrant(tmp_path: Path) -> None:
    one = recorder(tmp_path)
    with pytest.raises(RefusedError, match="nothing"):
        one.record(T, bytes(8000), "PCMU")
    with pytest.raises(RefusedError, match="R-165"):
        one.give_out("  ")
    one.give_out("okafor")
    made = [decode_recording(octets) for octets in one.record(T - 99 * S, bytes(16_000), "PCMA").pieces()]
    assert len(made) == 2 and not any(piece.liid for piece in made)
    assert signed_by(made[0], one.key.public_key()) and [piece.piece for piece in made] == [0, 1]
    one.give_back("INV")


@pytest.mark.rule("R-168")
def test_what_cannot_stream_says_so_itself(tmp_path: Path) -> None:
    one = recorder(tmp_path)
    one.install("TARU", "LI", PERIOD)
    with pytest.raises(RefusedError, match="R-168"):
        one.record(T, bytes(8000), "PCMU", live=True)
    two = recorder(tmp_path / "2", streaming=True)
    two.install("TARU", "LI", PERIOD)
    assert [decode_recording(octets).live for octets in two.record(T, bytes(8000), "PCMU", live=True).pieces()] == [
        True
    ]


@pytest.mark.parametrize("samples", [0, 8000 * 3600 + 1])
def test_a_recording_has_some_length_and_not_too_much(tmp_path: Path, samples: int) -> None:
    one = recorder(tmp_path)
    one.give_out("okafor")
    with pytest.raises(RefusedError):
        one.record(T, bytes(samples), "PCMU")


@pytest.mark.rule("R-167")
def test_attack_there_is_no_way_to_change_what_was_recorded(tmp_path: Path) -> None:
    """A device and its memory have no function that takes other octets for a recording that is there."""
    words = ("edit", "change", "update", "replace", "overwrite", "write", "delete", "remove")
    for kind in (Recorder, Memory):
        assert not [name for name in vars(kind) if any(word in name for word in words)]
