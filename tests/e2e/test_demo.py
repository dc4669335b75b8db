"""What a stranger types: `demo`, `replay`, `verify`, as commands, judged by their output, files and exit codes."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import wave
from collections import Counter
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from asn1.ps_pdu import decode_ps_pdu
from collector.store.keys import Keys
from collector.store.reader import StoreReader
from collector.store.walk import SegmentFile
from lab.paths import RunPaths
from lab.processes import wait_for
from tests.commands import answered

SIPP = Path(__file__).parents[1] / "vectors/captures/sipp-calls.pcap"
COUNTS = ("accepted", "flagged", "masked", "quarantined", "rejected", "duplicate")


def started(state: Path, *words: str) -> subprocess.Popen[str]:
    environment = os.environ | {"XDG_STATE_HOME": str(state)}
    command = [sys.executable, "-m", "lab.cli", *words]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)


def ended(process: subprocess.Popen[str]) -> subprocess.CompletedProcess[str]:
    with process:
        try:
            out, error = process.communicate(timeout=110)
        except BaseException:
            process.terminate()  # it ends what it started
            raise
    return subprocess.CompletedProcess(process.args, process.returncode, out, error)


def calea_lab(state: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """A command that need not load first; `started` and `ended` are one as a stranger has it."""
    return answered("lab.cli", *words, environment=os.environ | {"XDG_STATE_HOME": str(state)})


def object_of(done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    assert done.returncode == 0, done.stderr + done.stdout
    return json.loads(done.stdout)


class Demo(NamedTuple):
    """`state`: the state directory; `said`: what the command printed; `second`: another demonstration in its directory
    while it went on."""

    state: Path
    data: Path
    said: dict[str, Any]
    second: subprocess.CompletedProcess[str]


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    """One demonstration for all tests of this file."""
    place = tmp_path_factory.mktemp("demo")
    data = place / "var"
    words = ("demo", "--data", str(data))
    first = started(place, *words, "--json")
    try:
        assert wait_for(lambda: RunPaths(data).run_file.exists() or first.poll() is not None, 60)
        second = ended(started(place, *words))
    except BaseException:
        first.terminate()
        raise
    return Demo(place, data, object_of(ended(first)), second)


def frames_of(wav: str) -> int:
    with wave.open(wav) as sound:
        assert (sound.getnchannels(), sound.getsampwidth(), sound.getframerate()) == (2, 2, 8000)
        frames = sound.readframes(sound.getnframes())
    assert len(set(frames)) > 50, "sound is more than silence"
    return len(frames) // 4


def test_the_demo_balances_verifies_and_ends_within_a_minute(demo: Demo) -> None:
    said = demo.said
    assert said["simulation"] and said["ok"] and said["balanced"] and said["ledger"]["verified"]
    assert [one["name"] for one in said["checks"] if not one["ok"]] == []
    assert said["seconds"] < 60
    assert [order["kind"] for order in said["orders"]] == ["PRTT", *["EAVESDROPPING"] * 3]
    for order in said["orders"]:
        assert order["delivered"] == sum(order[name] for name in COUNTS) > 0
    prtt, warrant, expiring, us = said["orders"]
    assert prtt["masked"] > 0 and prtt["accepted"] > 0
    assert warrant["accepted"] == warrant["delivered"]
    assert expiring["rejected"] > 0 and expiring["accepted"] > 0
    assert us["order"] == "O-T1678" and us["accepted"] == us["delivered"] > 1_000


def test_the_order_over_t1678_has_calls_to_hear_and_a_message_to_read(demo: Demo) -> None:
    said = demo.said
    mine = [path for path in said["exports"] if "/O-T1678/" in path]
    assert sum(path.endswith(".wav") for path in mine) == 2
    assert any("Simulated message over T1.678" in Path(path).read_text() for path in mine if path.endswith(".txt"))
    calls = [one for one in said["communications"] if one["liid"] == us_liid(said) and one["cc_from_target"]]
    assert len(calls) == 2 and {"+12125550121", "+16465550122", "+19175550120"} == set(calls[1]["parties"])


def us_liid(said: dict[str, Any]) -> str:
    return next(str(one["liid"]) for one in said["orders"] if one["order"] == "O-T1678")


def test_the_demo_leaves_a_call_to_hear_and_a_conversation_to_read(demo: Demo) -> None:
    said = demo.said
    sounds = [path for path in said["exports"] if path.endswith(".wav")]
    assert max(frames_of(path) for path in sounds) > 8 * 8000
    talk = next(path for path in said["exports"] if path.endswith(".txt") and "O-WARRANT" in path)
    lines = Path(talk).read_text("utf-8").splitlines()
    assert lines[0].startswith("SIMULATION")
    assert [line.split(":  ", 1)[1] for line in lines[2:]] == [
        "Simulated message: did the parcel arrive?",
        "Simulated answer: it did. Grüße aus der Übung!",
        "Good. Meet at the bridge that does not exist.",
        "Understood. This is a simulation.",
    ]


def test_a_pen_register_s_communications_have_parties_and_times_and_no_content(
    demo: Demo,
) -> None:
    said = demo.said
    found = [one for one in said["communications"] if one["liid"] == "LAB-PRTT-1"]
    assert {one["service"] for one in found} == {"VOICE", "SMS", "DATA"}
    for one in found:
        assert one["parties"] and one["begin"] and one["iri"]
        assert (one["cc_from_target"], one["cc_to_target"], one["exports"]) == (0, 0, [])


def test_every_decision_explains_itself(demo: Demo) -> None:
    state, data = demo.state, demo.data
    record = object_of(calea_lab(state, "explain", "10", "--data", str(data), "--json"))
    assert len(record["steps"]) == 11 and all(step["rule"].startswith("R-") for step in record["steps"])
    order = object_of(calea_lab(state, "explain", "O-EXPIRING", "--data", str(data), "--json"))
    assert order["totals"]["rejected"] > 0
    refusal = next(reason for reason in order["reasons"] if reason["fact"] == "ORDER_EXPIRED")
    assert refusal["rule"] == "R-002" and refusal["records"] == order["totals"]["rejected"]
    assert calea_lab(state, "explain", "99999999", "--data", str(data)).returncode == 2
    assert calea_lab(state, "explain", "O-NONE", "--data", str(data)).returncode == 2


def test_verify_holds_and_then_finds_one_changed_octet(demo: Demo, tmp_path: Path) -> None:
    state, data, said, _ = demo
    verified = object_of(ended(started(state, "verify", str(data), "--json")))
    assert verified["ok"] and verified["records"] == said["ledger"]["records"] and verified["audit"]["ok"]
    copy = tmp_path / "collector"
    shutil.copytree(data / "collector", copy)
    segment = next((copy / "store").glob("seg-*.seg"))
    with SegmentFile(segment) as file:
        unit = list(file.units(file.header()))[40]
    octets = bytearray(segment.read_bytes())
    octets[unit.data[0].area_at + 9] ^= 1
    segment.write_bytes(octets)
    changed = calea_lab(state, "verify", str(copy), "--json")
    assert changed.returncode == 4
    assert json.loads(changed.stdout)["tampered"]


@pytest.mark.parametrize("attack", ["removed", "forged"])
def test_attack_on_the_audit_log_beside_a_whole_store(demo: Demo, tmp_path: Path, attack: str) -> None:
    state, data = demo.state, demo.data
    copy = tmp_path / "collector"
    shutil.copytree(data / "collector", copy)
    if attack == "removed":
        shutil.rmtree(copy / "audit")
    else:
        (copy / "audit/checkpoints.txt").write_text("")
    found = calea_lab(state, "verify", str(copy), "--json")
    assert found.returncode == 4 and not json.loads(found.stdout)["audit"]["ok"]


def test_a_demo_never_ends_another_one_in_its_directory(demo: Demo) -> None:
    assert demo.second.returncode == 3 and demo.second.stdout == ""
    assert f"A run is going on in {demo.data} (collector" in demo.second.stderr
    assert demo.said["ok"], "and the first one never noticed"


def test_a_capture_of_two_calls_comes_out_as_two_communications(tmp_path: Path) -> None:
    data = tmp_path / "var"
    words = ("replay", str(SIPP), "--target", "+12125550101", "--data", str(data), "--json")
    said = object_of(ended(started(tmp_path, *words)))
    (order,) = said["orders"]
    assert (order["delivered"], order["accepted"]) == (1036, 1036)
    assert len(said["communications"]) == 2
    for call in said["communications"]:
        assert (call["service"], call["iri"], call["cc_from_target"], call["cc_to_target"]) == ("VOICE", 6, 256, 256)
        assert call["parties"] == ["+12125550101", "+12125550142"]
        (sound,) = [path for path in call["exports"] if path.endswith(".wav")]
        assert frames_of(sound) > 7 * 8000
    types: dict[int, list[str]] = {}
    cins: Counter[int] = Counter()
    for record in StoreReader(data / "collector/store", Keys(data / "collector/keys")).records():
        assert record.octets is not None
        name, payloads = decode_ps_pdu(record.octets).payload
        cins[record.cin] += 1
        if name == "iRIPayloadSequence":
            types.setdefault(record.cin, []).append(payloads[0]["iRIType"])
    assert len(cins) == 2 and set(cins.values()) == {6 + 512}
    for found in types.values():
        assert found == ["iRI-Begin", "iRI-Continue", "iRI-Continue", "iRI-Continue", "iRI-Continue", "iRI-End"]


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        (("replay", "nowhere.pcap", "--target", "+12125550101"), 2, "There is no capture nowhere.pcap"),
        (("replay", str(SIPP), "--target", "+19995550199"), 2, "Nobody in"),
        (("replay", str(SIPP), "--target", "no number"), 2, "is no telephone number"),
        (("replay", str(SIPP), "--target", "+12125550101", "--service", "FAX"), 2, "give VOICE, SMS or DATA"),
        (("replay", __file__, "--target", "+12125550101"), 2, "test_demo.py"),
        (("verify", "nowhere"), 2, "There is no store"),
        (("demo", "--data", "/proc/calea-lab"), 3, "/proc/calea-lab"),
    ],
)
def test_what_cannot_be_done_is_one_sentence_and_a_code(
    tmp_path: Path, words: tuple[str, ...], code: int, sentence: str
) -> None:
    done = calea_lab(tmp_path, *words)
    assert (done.returncode, sentence in done.stderr) == (code, True), done.stderr
    assert len(done.stderr.strip().splitlines()) == 1 and "Traceback" not in done.stderr
