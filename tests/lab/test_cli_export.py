"""`calea-lab export evidence` and `verify --bundle`: who may, and what they get."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.lab.case_run import ORDER, Run

Cli = Callable[..., Any]


@pytest.fixture
def run(cli: Cli, tmp_path: Path) -> Any:
    made = Run(cli, tmp_path / "run")
    made.order()
    made.put(5)
    yield made
    made.end()


def evidence(run: Run, place: Path, by: str = "tester") -> Any:
    return run.cli("export", "evidence", "--order", ORDER, "--by", by, "--out", place, "--data", run.data, "--json")


def test_a_run_without_a_desk_lists_the_export_beside_its_files(run: Run, tmp_path: Path) -> None:
    made = evidence(run, tmp_path / "bundle")
    assert made.code == 0, made.err
    assert json.loads(made.out)["records"] == 5
    (listed,) = (run.data / "exports" / "exports.jsonl").read_text("utf-8").splitlines()
    assert json.loads(listed)["fields"]["form"] == "evidence bundle"
    key = run.data / "collector" / "keys" / "signing.pub"
    checked = run.cli("verify", "--bundle", tmp_path / "bundle", "--key", key)
    assert checked.code == 0 and "the bundle holds" in checked.out


def test_a_flipped_bit_is_exit_code_4_and_names_the_record(run: Run, tmp_path: Path) -> None:
    evidence(run, tmp_path / "bundle")
    path = tmp_path / "bundle" / "records" / "records.bin"
    octets = bytearray(path.read_bytes())
    octets[0] ^= 1
    path.write_bytes(octets)
    checked = run.cli("verify", "--bundle", tmp_path / "bundle", "--json")
    assert checked.code == 4
    assert "record 0 is not the one that was signed" in json.loads(checked.out)["faults"]
    none = run.cli("verify", "--bundle", tmp_path)
    assert none.code == 2 and "no manifest.json" in none.err


def test_with_a_desk_only_who_may_read_the_case_gets_it(run: Run, tmp_path: Path) -> None:
    assert run.cli("desk", "init", "--data", run.data).code == 0
    run.enter("rivera")
    refused = evidence(run, tmp_path / "bundle", "rivera")
    assert refused.code == 1 and not (tmp_path / "bundle").exists()
    said = json.loads(refused.out)
    assert said["against"] and said["event_id"] in json.dumps(run.all_entries())
