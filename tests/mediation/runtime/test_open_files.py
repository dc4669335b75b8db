"""Every process raises its own limit of open files as far as it may, and no further."""

from __future__ import annotations

import asyncio
import resource
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from mediation.runtime.config import Model
from mediation.runtime.open_files import OpenFiles, open_files, raise_open_files
from mediation.runtime.process import EXIT_OK, ReadyFn, run_process


class Sample(Model):
    data_dir: Path


@pytest.fixture(autouse=True)
def restored() -> Iterator[None]:
    before, limits = structlog.get_config(), open_files()
    yield
    structlog.contextvars.clear_contextvars()
    structlog.configure(**before)
    resource.setrlimit(resource.RLIMIT_NOFILE, limits)


def test_the_soft_limit_becomes_the_hard_one() -> None:
    _, hard = open_files()
    resource.setrlimit(resource.RLIMIT_NOFILE, (512, hard))
    assert raise_open_files() == OpenFiles(hard, hard) == open_files() == raise_open_files()


def test_where_the_system_refuses_it_stays_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    _, hard = open_files()
    resource.setrlimit(resource.RLIMIT_NOFILE, (512, hard))

    def refused(*_: object) -> None:
        raise ValueError("not allowed to raise maximum limit")

    monkeypatch.setattr(resource, "setrlimit", refused)
    assert raise_open_files() == OpenFiles(512, hard)
    monkeypatch.undo()


def test_a_process_begins_with_it(tmp_path: Path) -> None:
    _, hard = open_files()
    resource.setrlimit(resource.RLIMIT_NOFILE, (512, hard))
    seen: list[int] = []

    async def work(_: Sample, ready: ReadyFn, __: asyncio.Event) -> None:
        seen.append(open_files().soft)
        ready({})

    config = tmp_path / "process.toml"
    config.write_text(f'data_dir = "{tmp_path / "data"}"\n')
    assert run_process("sample", Sample, work, lambda one: one.data_dir, ["--config", str(config)]) == EXIT_OK
    assert seen == [hard]
