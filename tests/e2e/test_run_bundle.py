"""A played run as a file: played again it gives the same octets; changed by anybody it is refused."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from lab.cli import build
from lab.comparison import account_of, differences
from lab.run_bundle import delivered_of, read_bundle, write_bundle
from lab.scenario.engine import Engine, Outcome
from lab.scenario.reading import load
from mediation.runtime.config import ConfigError
from mediation.runtime.process import IntegrityError

STORY = """
id: SC-97
title: a call and a message
briefing: one call, one message
start: 2026-05-04T13:59:00Z
times: {T0: 2026-05-04T14:00:00Z}
orders:
  - fields: {order_id: O97, kind: EAVESDROPPING, case_id: CASE-97, liid: LI-97, targets: ["+12125550100"],
             services: [VOICE, SMS], start: "=T0", end: "=T0+20d", issued_at: "=T0-1h"}
steps:
  - at: T0
  - await: {status: {process: carrier_sim, path: active_tasks, equals: 1}}
  - inject:
      - {kind: call, caller: "+12125550100", callee: "+12125550123", ring_s: 1, seconds: 3, sound: tone}
      - {kind: sms, from: "+12125550123", to: "+12125550100", text: "as agreed"}
  - run: {span: 6s, speed: 4}
expect:
  - {says: the call was heard, records: {liid: LI-97, kind: cc, count: {least: 250}}}
"""
DATE = "2026-05-04T15:00:00Z"


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    root = tmp_path_factory.mktemp("bundle")
    path = root / "story.yaml"
    path.write_text(STORY)
    outcome = Engine(load(path), root / "run", build).play()
    assert outcome.ok, outcome.checks
    return outcome


@pytest.fixture(scope="module")
def bundle(played: Outcome) -> Path:
    path = played.data.parent / "run.tar"
    write_bundle(played.data, path, DATE)
    return path


@pytest.mark.timeout(240)
def test_it_is_played_again_to_the_same_octets(bundle: Path, played: Outcome, tmp_path: Path) -> None:
    answer = CliRunner().invoke(
        build("scenario"), ["scenario", "replay", str(bundle), "--data", str(tmp_path), "--json"]
    )
    told = json.loads(answer.output)
    assert answer.exit_code == 0 and told["ok"], told
    assert told["same"] > 300 and not told["only_in_bundle"] and not told["only_here"] and not told["versions_differ"]
    again = tmp_path / "SC-97"
    assert delivered_of(again) == delivered_of(played.data)
    assert CliRunner().invoke(build("diff"), ["diff", str(played.data), str(again)]).exit_code == 0


def test_what_a_bundle_holds(bundle: Path, played: Outcome) -> None:
    found = read_bundle(bundle)
    assert found.scenario.id == "SC-97" and found.manifest["seed"] == 1
    assert found.manifest["versions"]["calea-lab sources"] and found.manifest["environment"]["python"]
    assert found.delivered == delivered_of(played.data)
    assert not differences(dict(found.account), account_of(played.data))
    with tarfile.open(bundle) as tar:
        capture = tar.extractfile("captures/LI-97.records")
        assert capture is not None
        octets = capture.read()
    assert len(octets) == sum(json.loads(line)["octets"] * times for line, times in found.delivered.items())
    again = bundle.with_name("again.tar")
    write_bundle(played.data, again, DATE)
    held = {name: octets for name, octets in members(again) if "manifest" not in name}
    assert held == {name: octets for name, octets in members(bundle) if "manifest" not in name}


def test_a_run_is_bundled_once_and_only_when_it_was_played(played: Outcome, bundle: Path, tmp_path: Path) -> None:
    app, runner = build("bundle"), CliRunner()
    assert runner.invoke(app, ["bundle", str(played.data), "--out", str(bundle)]).exit_code != 0
    out = tmp_path / "x.tar"
    assert runner.invoke(app, ["bundle", str(played.data), "--out", str(out), "--json"]).exit_code == 0
    with pytest.raises(ConfigError, match=r"scenario\.json is not there"):
        write_bundle(tmp_path, tmp_path / "y.tar", DATE)


def members(path: Path) -> Iterator[tuple[str, bytes]]:
    with tarfile.open(path) as tar:
        for about in tar:
            held = tar.extractfile(about)
            yield about.name, b"" if held is None else held.read()


def rebuilt(bundle: Path, path: Path, **changes: bytes | None) -> Path:
    """The same bundle with members that are others, or not there."""
    names = {name.replace("__", "/").replace("_dot_", "."): octets for name, octets in changes.items()}
    with tarfile.open(path, "w") as tar:
        for name, octets in (dict(members(bundle)) | names).items():
            if octets is not None:
                about = tarfile.TarInfo(name)
                about.size = len(octets)
                tar.addfile(about, io.BytesIO(octets))
    return path


@pytest.mark.parametrize(
    "changed",
    [
        "scenario_dot_json",
        "account_dot_json",
        "delivered_dot_jsonl",
        "manifest_dot_json",
        "captures__LI-97_dot_records",
    ],
)  # fmt: skip
def test_attack_a_member_is_changed(bundle: Path, tmp_path: Path, changed: str) -> None:
    name = changed.replace("__", "/").replace("_dot_", ".")
    octets = dict(members(bundle))[name]
    flipped = octets[:-2] + bytes([octets[-2] ^ 1]) + octets[-1:]
    path = rebuilt(bundle, tmp_path / "x.tar", **{changed: flipped})
    with pytest.raises(IntegrityError):
        read_bundle(path)
    answer = CliRunner().invoke(build("scenario"), ["scenario", "replay", str(path), "--data", str(tmp_path / "d")])
    assert isinstance(answer.exception, IntegrityError) and not (tmp_path / "d").exists()


def test_attack_a_member_is_left_out_added_or_signed_by_a_stranger(bundle: Path, tmp_path: Path) -> None:
    for gone in ("captures__LI-97_dot_records", "outcome_dot_json"):
        with pytest.raises(IntegrityError):
            read_bundle(rebuilt(bundle, tmp_path / "gone.tar", **{gone: None}))
    for gone in ("manifest_dot_sig", "signing_dot_pub", "scenario_dot_json"):
        with pytest.raises(ConfigError, match="no bundle of a run"):
            read_bundle(rebuilt(bundle, tmp_path / "gone.tar", **{gone: None}))
    with pytest.raises(IntegrityError, match=r"captures/LI-98\.records is not"):
        read_bundle(rebuilt(bundle, tmp_path / "more.tar", **{"captures__LI-98_dot_records": b"smuggled"}))
    with pytest.raises(IntegrityError, match="not what was signed"):
        read_bundle(rebuilt(bundle, tmp_path / "sig.tar", manifest_dot_sig=bytes(64)))


def test_attack_names_that_lead_elsewhere_and_things_that_are_no_files(bundle: Path, tmp_path: Path) -> None:
    for name in ("../evil", "/etc/passwd", "captures/../../x.records", "captures/a/b.records", "run.sh", ""):
        with pytest.raises(ConfigError, match="has no place in one"):
            read_bundle(rebuilt(bundle, tmp_path / "x.tar", **{name or "x": b"x"}))
    for kind in (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.DIRTYPE, tarfile.FIFOTYPE):
        path = tmp_path / "kind.tar"
        with tarfile.open(path, "w") as tar:
            about = tarfile.TarInfo("scenario.json")
            about.type, about.linkname = kind, "/etc/passwd"
            tar.addfile(about)
        with pytest.raises(ConfigError, match="has no place in one"):
            read_bundle(path)
    huge = tarfile.TarInfo("scenario.json")
    huge.size = 1 << 40
    (tmp_path / "huge.tar").write_bytes(huge.tobuf() + bytes(1024))
    for octets in (b"", b"not a tar at all", bytes(10_240), bundle.read_bytes()[:700]):
        (tmp_path / "cut.tar").write_bytes(octets)
        with pytest.raises((ConfigError, IntegrityError)):
            read_bundle(tmp_path / "cut.tar")
    with pytest.raises(ConfigError, match="larger than"):
        read_bundle(tmp_path / "huge.tar")


def test_attack_a_bundle_whose_story_reaches_out_of_its_run(bundle: Path, tmp_path: Path) -> None:
    """Whoever signs with a key of their own may write any story; it is played only when it keeps to its run."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    key = Ed25519PrivateKey.generate()
    held = dict(members(bundle))
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    for more in (
        {"steps": [{"command": {"words": ["export", "evidence", "--out", "/tmp/elsewhere"]}}]},
        {"steps": [{"command": {"words": ["verify", "../../other"]}}]},
        {"configuration": {"collector": {"data_dir": "/tmp/elsewhere"}}},
        {"configuration": {"mediation": {"hi2": {"host": "192.0.2.1", "port": 1}}}},
        {"briefing": "call 310-555-1234"},
    ):
        story = json.dumps({**json.loads(held["scenario.json"]), **more}).encode()
        manifest = json.loads(held["manifest.json"])
        manifest["sha256"]["scenario.json"] = hashlib.sha256(story).hexdigest()
        said = json.dumps(manifest).encode()
        path = rebuilt(
            bundle, tmp_path / "x.tar", scenario_dot_json=story, manifest_dot_json=said, signing_dot_pub=public,
            manifest_dot_sig=key.sign(b"calea-lab run bundle 1\n" + said),
        )  # fmt: skip
        answer = CliRunner().invoke(build("scenario"), ["scenario", "replay", str(path), "--data", str(tmp_path / "d")])
        assert isinstance(answer.exception, ConfigError), (more, answer.output)
        assert not (tmp_path / "d").exists()
