"""How `make bench` takes the loads in turn; here, where a run that measured nothing can be had."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bench import all as everything
from lab.bench.profiles import Profile
from lab.bench.run import Measured
from mediation.runtime.config import NotReadyError


def test_loads_take_turns_and_one_that_fails_spoils_no_other(
    measured: Callable[..., Measured], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    asked: list[str] = []

    def measure(profile: Profile, *_: Any) -> Measured:
        asked.append(profile.name)
        if profile.name == "cc1400":
            raise NotReadyError("The disk is full.")
        return measured(1.0 + len(asked), profile)

    monkeypatch.setattr(everything, "measure", measure)
    monkeypatch.setattr(everything, "measure_peers", lambda _: {})
    monkeypatch.setattr(everything, "results_directory", lambda _: tmp_path)
    wanted = [("cc200", {}), ("cc1400", {}), ("cc200-tls", {}), ("cc200-100k-liids", {})]
    assert everything.measure_loads(wanted, 3, "2026-01-31", tmp_path) == ["cc1400: The disk is full."]
    assert asked == ["cc200", "cc1400", "cc200-tls"] + ["cc200", "cc200-tls"] * 2 + ["cc200-100k-liids"]
    names = ["cc200-100k-liids.json", "cc200-tls.json", "cc200.json"]
    assert sorted(path.name for path in tmp_path.iterdir()) == names
