"""`calea-lab decode`: lines, exit codes, pipes, and the interpreted kernels saying the same."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lab import kernels

ROOT = Path(__file__).resolve().parents[2]
VECTORS = json.loads((ROOT / "tests/vectors/etsi/ps_pdu.json").read_text())["vectors"]
STREAM = b"".join(bytes.fromhex(vector["octets"]) for vector in VECTORS)


def lines(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def test_every_record_gives_a_line(cli: Callable[..., Any], tmp_path: Path) -> None:
    file = tmp_path / "records.ber"
    file.write_bytes(STREAM)
    code, out, err = cli("decode", file)
    assert (code, err) == (0, "")
    assert len(lines(out)) == len(VECTORS)
    assert [line["offset"] for line in lines(out)][:2] == [0, len(VECTORS[0]["octets"]) // 2]


def test_interpreted_gives_the_same_lines(cli: Callable[..., Any], tmp_path: Path) -> None:
    file = tmp_path / "records.ber"
    file.write_bytes(STREAM + b"\x30\x03\x01\x01\x00" + STREAM)
    assert cli("decode", file) == cli("decode", "--interpreted", file)


def test_interpreted_copies_leave_the_loaded_modules_alone() -> None:
    from asn1 import scan, view

    (copy,) = kernels.interpreted("asn1.scan")
    assert copy is not scan and not copy.COMPILED
    assert sys.modules["asn1.scan"] is scan and sys.modules["asn1.view"] is view
    assert scan.COMPILED


def test_a_malformed_record_is_an_error_line_and_exit_code_1(cli: Callable[..., Any], tmp_path: Path) -> None:
    file = tmp_path / "broken.ber"
    whole = bytes.fromhex(VECTORS[0]["octets"])
    file.write_bytes(whole + b"\x30\x03\x01\x01\x00" + whole)
    code, out, _ = cli("decode", file)
    found = lines(out)
    assert code == 1
    assert [("error" in line) for line in found] == [False, True, False]
    assert set(found[1]["error"]) == {"code", "message", "at"}


@pytest.mark.parametrize("cut", [1, 2, 10, 40])
def test_a_cut_stream_is_exit_code_1(cli: Callable[..., Any], tmp_path: Path, cut: int) -> None:
    file = tmp_path / "cut.ber"
    file.write_bytes(STREAM[:-cut])
    code, out, _ = cli("decode", file)
    assert code == 1
    assert lines(out)[-1]["error"]["code"] == "TRUNCATED"


def test_a_missing_file_and_an_unknown_dialect_are_one_sentence(cli: Callable[..., Any], tmp_path: Path) -> None:
    for words in (("decode", tmp_path / "none"), ("decode", "--dialect", "morse", __file__)):
        code, out, err = cli(*words)
        assert code == 2
        assert out == "" and len(err.strip().splitlines()) == 1


def test_a_pipe_that_is_still_written_gives_lines_at_once() -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "lab.cli", "decode", "-"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=ROOT,
    )
    assert process.stdin is not None and process.stdout is not None
    with process:
        process.stdin.write(STREAM[: len(VECTORS[0]["octets"]) // 2 + 5])
        process.stdin.flush()
        first = json.loads(process.stdout.readline())
        assert first["offset"] == 0
        process.stdin.close()
        assert process.stdout.readlines()
    assert process.returncode == 1


def test_missing_kernels_are_said_and_never_replaced(cli: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kernels, "missing_kernels", lambda: ("asn1.scan",))
    code, _, err = cli("decode", __file__)
    assert code == 3
    assert "make setup" in err


@pytest.mark.parametrize(
    ("dialect", "file"), [("t1678", "vop_origination"), ("pcesp", "pcesp_answer"), ("ias", "ias_asmr")]
)
def test_the_us_dialects_are_decoded_when_asked_for(cli: Callable[..., Any], dialect: str, file: str) -> None:
    path = Path(__file__).parents[1] / f"vectors/us/{file}.ber"
    code, out, err = cli("decode", "--dialect", dialect, path)
    (line,) = [json.loads(one) for one in out.splitlines()]
    assert (code, err, line["dialect"], line["kind"]) == (0, "", dialect, "cdc")
    assert cli("decode", path).code == 1


def test_pdus_of_points_of_interception_are_decoded_when_asked_for(cli: Callable[..., Any], tmp_path: Path) -> None:
    held = json.loads((ROOT / "tests/vectors/etsi/x2x3.json").read_text())["vectors"]
    file = tmp_path / "x2"
    file.write_bytes(b"".join(bytes.fromhex(vector["octets"]) for vector in held))
    code, out, err = cli("decode", "--dialect", "x2x3", file)
    assert (code, err, len(lines(out))) == (0, "", len(held))
    assert {line.get("kind") for line in lines(out)} == {"iri", "cc", None}
    assert cli("decode", file).code == 1


def test_a_dialect_that_is_not_known_is_a_usage_error(cli: Callable[..., Any], tmp_path: Path) -> None:
    code, _, err = cli("decode", "--dialect", "x25", tmp_path)
    assert (code, "choose one of etsi, t1678" in err) == (2, True)
