"""The floor of the disk is measured where the run writes, and leaves nothing there."""

from __future__ import annotations

from pathlib import Path

import pytest

from lab.bench.disk import FLOOR_OCTETS, sync_floor
from mediation.runtime.config import NotReadyError


def test_a_floor_is_measured_and_nothing_stays(tmp_path: Path) -> None:
    found = sync_floor(tmp_path / "runs")
    assert found["octets"] == FLOOR_OCTETS and 0 < found["p50_ms"] <= found["p99_ms"]
    assert list((tmp_path / "runs").iterdir()) == []


def test_a_place_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(NotReadyError, match="Cannot write"):
        sync_floor(tmp_path / "file" / "runs")
