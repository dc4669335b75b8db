"""Where the end-to-end tests stand among the others.

They wait more than they reckon: for processes, for clocks, for one another. Nearly all other tests only reckon. Each
worker of a parallel run gets a row of neighbours, so the end-to-end tests are laid evenly among the others: while one
worker waits, another reckons, and none is left to wait alone at the end.
"""

from __future__ import annotations

from pathlib import Path

import pytest

HERE = Path(__file__).parent


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    # Only a worker of a parallel run is told how many there are.
    told = getattr(config, "workerinput", None)
    if told is not None:
        items[:] = spread(items, int(told["workercount"]))


def spread(items: list[pytest.Item], workers: int) -> list[pytest.Item]:
    """The same items: those of this directory evenly among the rest, which stays as it is.

    A worker begins with one part of the row of all; neighbours in this directory, often as slow as one another, go to
    different parts, and the first tests of each part are of this directory.
    """
    blocks = _blocks([item for item in items if item.path.is_relative_to(HERE)])
    dealt = [block for worker in range(workers) for block in blocks[worker::workers]]
    others = [item for item in items if not item.path.is_relative_to(HERE)]
    found: list[pytest.Item] = []
    for number, block in enumerate(dealt):
        begin, end = (len(others) * at // len(dealt) for at in (number, number + 1))
        found += [*block, *others[begin:end]]
    return found if dealt else others


def _blocks(items: list[pytest.Item]) -> list[list[pytest.Item]]:
    """Each scenario by itself, the tests of any other module together: they may share what it made once. What is one
    block stays with one worker, the longest first."""
    found: dict[str, list[pytest.Item]] = {}
    for item in items:
        found.setdefault(item.nodeid if item.path.name == "test_scenarios.py" else item.path.name, []).append(item)
    return sorted(found.values(), key=len, reverse=True)
