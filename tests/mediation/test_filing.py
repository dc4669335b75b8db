"""Lines that stay: whole ones are read again, a cut one hides none behind it."""

from __future__ import annotations

from pathlib import Path

import pytest

from mediation.filing import Filing
from mediation.runtime.config import NotReadyError


def test_lines_outlive_the_process(tmp_path: Path) -> None:
    first = Filing(tmp_path / "deep" / "acts.jsonl")
    first.append({"order": "O-1", "at_us": 1})
    first.append({"order": "é"})
    first.close()
    again = Filing(tmp_path / "deep" / "acts.jsonl")
    assert again.count == 2 and [one["order"] for one in again.read()] == ["O-1", "é"]
    assert (tmp_path / "deep" / "acts.jsonl").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("cut", [b'{"order": "O-', b"\xff\xfe", b'"text"\n', b"[1]"])
def test_a_line_cut_by_a_death_hides_none_behind_it(tmp_path: Path, cut: bytes) -> None:
    path = tmp_path / "acts.jsonl"
    path.write_bytes(b'{"order": "O-1"}\n' + cut)
    filing = Filing(path)
    assert filing.count == 1
    filing.append({"order": "O-2"})
    assert [one["order"] for one in filing.read()] == ["O-1", "O-2"]


def test_a_place_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(NotReadyError, match="Something else has that name"):
        Filing(tmp_path / "file" / "acts.jsonl")
