"""The stage of all walks, once a session, and the console of each."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack, ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.browser import Chromium
from tests.collector.console.days.day import Day
from tests.collector.console.days.stage import Stage, running_stage

MEMORY = Path("/dev/shm")
"""Where durability costs nothing; what it is worth is tested elsewhere."""


def _directory(stack: ExitStack) -> Path:
    where = MEMORY if os.access(MEMORY, os.W_OK) else None
    return Path(stack.enter_context(tempfile.TemporaryDirectory(dir=where)))


@pytest.fixture(scope="session")
def stage() -> Iterator[Stage]:
    with ExitStack() as stack:
        yield running_stage(_directory(stack), stack)


@pytest.fixture
def open_day(stage: Stage, chromium: Chromium) -> Iterator[Callable[..., Day]]:
    with ExitStack() as stack:

        def start(court: bool = False, **changes: Any) -> Day:
            root, parts = _directory(stack), AsyncExitStack()
            stack.callback(lambda: stage.do(parts.aclose()))
            opened = (stage.open_with_court if court else stage.open)(root, parts, **changes)
            return Day(stage, chromium, stage.do(opened))

        yield start


@pytest.fixture
def court_day(open_day: Callable[..., Day]) -> Day:
    """The same beside an office of the court: orders change."""
    return open_day(court=True)


@pytest.fixture
def day(open_day: Callable[..., Day]) -> Day:
    """The day of one walk: its console, its browsers."""
    return open_day()
