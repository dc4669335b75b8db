"""The front door: every command is where the table says, and one alone is the same as among all."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest
import typer

from lab.cli import COMMANDS, GROUPS, build


@pytest.mark.parametrize("name", [*COMMANDS, *GROUPS])
def test_a_command_alone_is_the_one_among_all(name: str, commands: Any) -> None:
    alone: Any = typer.main.get_command(build(name))
    assert list(alone.commands) == [name]
    one, among = alone.commands[name], commands.commands[name]
    assert [param.name for param in one.params] == [param.name for param in among.params]
    assert list(getattr(one, "commands", ())) == list(GROUPS[name].commands if name in GROUPS else ())


@pytest.mark.parametrize("word", [None, "--help", "nosuch", ""])
def test_any_other_word_meets_all_commands(word: str | None) -> None:
    assert set(typer.main.get_command(build(word)).commands) == {*COMMANDS, *GROUPS}  # type: ignore[attr-defined]


def test_a_command_loads_what_it_needs_and_not_the_lab() -> None:
    code = "import sys; from lab.cli import build; build('verify'); print(sorted(sys.modules))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert "lab.cli_verify" in loaded
    assert not any(f"'{name}'" in loaded for name in ("lab.cli_demo", "scapy", "carrier_sim.replay", "sqlalchemy"))
