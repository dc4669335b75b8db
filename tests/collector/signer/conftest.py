"""A signer, and a store to sign for."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.collector.signer.running import Running
from tests.collector.store.conftest import bench

__all__ = ["bench", "running"]


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Running]:
    made = Running(tmp_path, [])
    yield made
    made.stop()
