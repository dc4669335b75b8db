"""One JSON object a line, whatever is logged, with the process's name and the time."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import structlog

from mediation.runtime.logs import configure_logs, get_logger


@pytest.fixture(autouse=True)
def restored() -> Iterator[None]:
    """Logging is one for the whole program: as it was for the next test."""
    before = structlog.get_config()
    yield
    structlog.contextvars.clear_contextvars()
    structlog.configure(**before)


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def test_each_line_is_an_object_that_names_its_process_and_time(tmp_path: Path) -> None:
    path = tmp_path / "logs" / "deep" / "process.log"
    configure_logs("mediation", path)
    get_logger("x").info("ready", port=5)
    get_logger("y").warning("gap", missing=2)
    first, second = lines(path)
    assert {key: first[key] for key in ("event", "level", "port", "process")} == {
        "event": "ready", "level": "info", "port": 5, "process": "mediation",
    }  # fmt: skip
    assert (second["event"], second["level"], second["missing"]) == ("gap", "warning", 2)
    written = datetime.fromisoformat(first["timestamp"])
    assert written.tzinfo is not None and abs((datetime.now(UTC) - written).total_seconds()) < 60


def test_lines_are_there_at_once_and_appended(tmp_path: Path) -> None:
    path = tmp_path / "process.log"
    configure_logs("one", path)
    get_logger("x").info("first")
    assert len(lines(path)) == 1
    configure_logs("one", path)
    get_logger("x").info("second")
    assert [line["event"] for line in lines(path)] == ["first", "second"]


def test_details_for_developers_are_not_written(tmp_path: Path) -> None:
    path = tmp_path / "process.log"
    configure_logs("one", path)
    get_logger("x").debug("secret")
    assert path.read_text() == ""


def test_log_line_cannot_be_forged_by_a_newline_in_a_value(tmp_path: Path) -> None:
    path = tmp_path / "process.log"
    configure_logs("one", path)
    get_logger("x").warning("refused", why='x\n{"event": "all_is_well", "level": "info"}\r\n\u2028\x00')
    (line,) = path.read_text("utf-8").strip("\n").split("\n")
    assert json.loads(line)["event"] == "refused" and "\u2028" not in line


def test_an_exception_is_one_line_too(tmp_path: Path) -> None:
    path = tmp_path / "process.log"
    configure_logs("one", path)
    try:
        raise ValueError("broken\nin two lines")
    except ValueError:
        get_logger("x").exception("failed")
    (line,) = lines(path)
    assert "ValueError" in line["exception"] and line["level"] == "error"


def test_without_a_file_lines_go_to_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs("one", None)
    get_logger("x").info("ready")
    captured = capsys.readouterr()
    assert captured.out == "" and json.loads(captured.err)["event"] == "ready"
