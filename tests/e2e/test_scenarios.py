"""Shipped scenarios through the real processes, headless; what has to come out stands in the scenario.

One of each area is played here, some of them by `make test-long` alone: every one of them takes several processes their
start. `make scenarios` plays them all, in every form.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from lab.cli import build
from lab.scenario.catalogue import shipped
from lab.scenario.engine import Engine

PLAYED = {
    "SC-01": "scope of a pen register, and access",
    "SC-03": "the time of an order: a lapse",
    "SC-07u": "scope in a US dialect",
    "SC-08": "whose it is, a link that is paused",
    "SC-10": "delivery: duplicates, order, conflict",
    "SC-12": "integrity of what is stored",
    "SC-13": "a store that is full, and the hand-over",
    "SC-22b": "what an order leaves to be done",
}
LONG = frozenset({"SC-03", "SC-07u", "SC-08", "SC-12", "SC-13", "SC-22b"})


@pytest.mark.timeout(240)
@pytest.mark.parametrize("name", [pytest.param(one, marks=pytest.mark.long if one in LONG else ()) for one in PLAYED])
def test_scenario(name: str, tmp_path: Path) -> None:
    outcome = Engine(shipped()[name].load(), tmp_path / name, build).play()
    failed = [f"{check.name}: {check.found}" for check in outcome.checks if not check.ok]
    assert not failed
