"""The shipped scenarios, each through the real processes, headless; what has to come out stands in the scenario."""

from __future__ import annotations

from pathlib import Path

import pytest

from lab.cli import build
from lab.cli_scenario import shipped
from lab.scenario.engine import Engine
from lab.scenario.model import load

SHORT = [name for name, path in shipped().items() if not load(path).long]


@pytest.mark.timeout(240)
@pytest.mark.parametrize("name", SHORT)
def test_scenario(name: str, tmp_path: Path) -> None:
    outcome = Engine(load(shipped()[name]), tmp_path / name, build).play()
    failed = [f"{check.name}: {check.found}" for check in outcome.checks if not check.ok]
    assert not failed
