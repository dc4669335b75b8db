"""What every process does around its work: ready file, signals, and an exit code that says whose fault it was."""

from __future__ import annotations

import asyncio
import io
import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from asn1.errors import DecodeError
from mediation.runtime.config import ConfigError, Model, NotReadyError
from mediation.runtime.process import (
    EXIT_CONFIG,
    EXIT_INTEGRITY,
    EXIT_NOT_READY,
    EXIT_OK,
    IntegrityError,
    Main,
    ReadyFn,
    run_process,
    write_ready,
)


class Sample(Model):
    data_dir: Path


@pytest.fixture(autouse=True)
def restored() -> Iterator[None]:
    before = structlog.get_config()
    yield
    structlog.contextvars.clear_contextvars()
    structlog.configure(**before)


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "process.toml"
    path.write_text(f'data_dir = "{tmp_path / "data"}"\n')
    return path


def run(config: Path, main: Main[Sample], *more: str) -> int:
    return run_process("sample", Sample, main, lambda one: one.data_dir, ["--config", str(config), *more])


def ready_file(config: Path) -> Path:
    return config.parent / "data" / "ready.json"


async def done(_: Sample, ready: ReadyFn, __: asyncio.Event) -> None:
    ready({})


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_process_is_ready_while_it_listens_and_ends_cleanly_on_a_signal(config: Path, number: int) -> None:
    seen: list[dict[str, object]] = []

    async def main(_: Sample, ready: ReadyFn, stop: asyncio.Event) -> None:
        assert not ready_file(config).exists()
        ready({"x2": 4001, "control": 4002})
        seen.append(json.loads(ready_file(config).read_text()))
        os.kill(os.getpid(), number)
        await asyncio.wait_for(stop.wait(), 10)

    assert run(config, main) == EXIT_OK
    assert seen == [{"pid": os.getpid(), "ports": {"x2": 4001, "control": 4002}}]
    assert not ready_file(config).exists()


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (ConfigError("Say it better."), EXIT_CONFIG),
        (NotReadyError("Free the port."), EXIT_NOT_READY),
        (DecodeError(DecodeError.BAD_VALUE, "no record"), EXIT_NOT_READY),
        (OSError(28, "No space left on device"), EXIT_NOT_READY),
        (IntegrityError("The store was changed."), EXIT_INTEGRITY),
    ],
)
def test_each_fault_has_its_exit_code_and_one_sentence(
    config: Path, error: Exception, code: int, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    async def main(_: Sample, ready: ReadyFn, __: asyncio.Event) -> None:
        ready({})
        raise error

    log = tmp_path / "process.log"
    assert run(config, main, "--log", str(log)) == code
    said = capsys.readouterr().err
    if isinstance(error, OSError):
        assert said == "The system refused: No space left on device. Mend that and start again.\n"
    else:
        assert said == f"{error}\n"
    (line,) = (json.loads(one) for one in log.read_text().splitlines())
    assert line["message"] == said.rstrip("\n") and line["level"] == "error"
    assert not ready_file(config).exists(), "a process that failed is not ready"


def test_codes_are_those_of_the_command_line() -> None:
    assert (EXIT_OK, EXIT_CONFIG, EXIT_NOT_READY, EXIT_INTEGRITY) == (0, 2, 3, 4)


def test_a_defect_is_not_hidden_behind_an_exit_code(config: Path) -> None:
    async def main(_: Sample, ready: ReadyFn, __: asyncio.Event) -> None:
        ready({})
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        run(config, main)
    assert not ready_file(config).exists()


def test_a_broken_configuration_starts_nothing(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    started: list[Sample] = []

    async def main(one: Sample, _: ReadyFn, __: asyncio.Event) -> None:
        started.append(one)

    config.write_text("surprise = 1\n")
    assert run(config, main) == EXIT_CONFIG
    assert run(config.with_name("nowhere.toml"), main) == EXIT_CONFIG
    assert not started and "Traceback" not in capsys.readouterr().err


def test_no_configuration_at_all_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        run_process("sample", Sample, done, lambda one: one.data_dir, [])
    assert caught.value.code == EXIT_CONFIG and "--config" in capsys.readouterr().err


def test_a_held_process_does_nothing_before_its_word(
    config: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Not even its log is begun: who holds it may never have said that it may."""
    log = config.with_name("log")
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    assert run(config, done, "--hold", "--log", str(log)) == EXIT_NOT_READY
    assert not (config.parent / "data").exists() and not log.exists()
    assert capsys.readouterr().err.count("\n") == 1
    monkeypatch.setattr("sys.stdin", io.StringIO("\n"))
    assert run(config, done, "--hold", "--log", str(log)) == EXIT_OK
    assert (config.parent / "data").exists() and log.exists()


def test_a_log_that_cannot_be_written_is_one_sentence(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(config, done, "--log", str(config.parent)) == EXIT_NOT_READY
    error = capsys.readouterr().err
    assert error.startswith(f"Cannot write the log {config.parent}: ") and error.count("\n") == 1


def test_a_data_directory_that_cannot_be_made_is_not_ready(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (config.parent / "data").write_text("a file")
    assert run(config, done) == EXIT_NOT_READY
    assert "Traceback" not in capsys.readouterr().err


def test_a_ready_file_is_whole_or_not_there_and_replaces_an_old_one(tmp_path: Path) -> None:
    write_ready(tmp_path / "deep" / "er", {"a": 1})
    write_ready(tmp_path / "deep" / "er", {"b": 2})
    assert [path.name for path in (tmp_path / "deep" / "er").iterdir()] == ["ready.json"]
    assert json.loads((tmp_path / "deep" / "er" / "ready.json").read_text())["ports"] == {"b": 2}


def test_ready_file_of_a_killed_process_does_not_outlive_the_next_one(config: Path) -> None:
    write_ready(config.parent / "data", {"old": 1})
    assert run(config, done) == EXIT_OK
    assert not ready_file(config).exists()
