"""The command line called in this process: `cli("decode", "-") -> Outcome(code, out, err)`."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any, NamedTuple

import pytest
import typer

from lab import cli as command_line
from lab.cli import build, main


class Outcome(NamedTuple):
    code: int
    out: str
    err: str


Cli = Callable[..., Outcome]


@pytest.fixture(scope="session")
def commands() -> Any:
    """The tree of commands as typer makes it, once: making it anew costs more than most commands do."""
    return typer.main.get_command(build())


@pytest.fixture
def cli(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], commands: Any) -> Cli:
    monkeypatch.setattr(command_line, "build", lambda wanted: commands)

    def call(*words: object) -> Outcome:
        monkeypatch.setattr(sys, "argv", ["calea-lab", *map(str, words)])
        code = 0
        try:
            main()
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else 1
        out, err = capfd.readouterr()
        return Outcome(code, out, err)

    return call
