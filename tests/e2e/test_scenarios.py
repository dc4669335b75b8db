"""The shipped scenarios, each through the real processes, headless; what has to come out stands in the scenario."""

from __future__ import annotations

from pathlib import Path

import pytest

from lab.cli import build
from lab.scenario.catalogue import shipped
from lab.scenario.engine import Engine

SHORT = [name for name, source in shipped().items() if not source.load().long]


@pytest.mark.timeout(240)
@pytest.mark.parametrize("name", SHORT)
def test_scenario(name: str, tmp_path: Path) -> None:
    outcome = Engine(shipped()[name].load(), tmp_path / name, build).play()
    failed = [f"{check.name}: {check.found}" for check in outcome.checks if not check.ok]
    assert not failed
