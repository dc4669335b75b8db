"""Writes docs/reference.md from the command itself: every command of `calea-lab`, its arguments, its options.

    python tools/reference.py            write the page
    python tools/reference.py --check    say whether the page is this tree's; exit 1 if not

Nothing on the page is typed by hand but its first paragraphs: words, defaults and ranges are those that the commands
declare and `--help` shows.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import typer
import typer.main
from typer.core import TyperCommand, TyperGroup

from lab.cli import build

PAGE: Final = Path(__file__).resolve().parent.parent / "docs" / "reference.md"
_HEAD: Final = """# calea-lab: the reference

Made by `python tools/reference.py` from the commands themselves; `make check` fails when this page is not the one the
tree makes. `calea-lab COMMAND --help` says the same on the screen. SIMULATION.

Synopsis: `calea-lab COMMAND [ARGUMENTS] [OPTIONS]`. In a synopsis `[…]` may be left out, `…` may come again.

Exit codes: 0 pass; 1 a check failed; 2 wrong usage or configuration; 3 the environment is not ready; 4 stored state
contradicts itself or its signatures; 5 slower than before (`bench compare`, `bench search`); 130 interrupted. What went
wrong is one sentence on standard error. With `--json` standard output is JSON and nothing else.

Files: every command that works on a run takes `--data DIR`, where all of its state lies (README.md says what lies
where). The newest checkpoint of each store is pinned outside of it, below `$XDG_STATE_HOME/calea-lab/pins`
(`~/.local/state` without it).
"""


def page() -> str:
    root = typer.main.get_command(build())
    assert isinstance(root, TyperGroup), "it has commands"
    out = [_HEAD, "## Commands\n"]
    found = list(_commands(root, ()))
    out += [f"- [`{' '.join(words)}`](#{'-'.join(words)}): {_first(command)}" for words, command in found]
    out.append("")
    for words, command in found:
        out += _section(words, command)
    return "\n".join(out).rstrip() + "\n"


def _commands(group: TyperGroup, before: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], TyperCommand]]:
    for name, command in group.commands.items():
        words = (*before, name)
        if isinstance(command, TyperGroup):
            yield from _commands(command, words)
        elif isinstance(command, TyperCommand):
            yield words, command


def _first(command: TyperCommand) -> str:
    return " ".join((command.help or "").split("\n\n")[0].split())


def _section(words: tuple[str, ...], command: TyperCommand) -> list[str]:
    context = typer.Context(command, info_name=" ".join(words))
    synopsis = " ".join(command.collect_usage_pieces(context))
    out = [f"### {' '.join(words)}\n", f"    calea-lab {' '.join(words)} {synopsis}", ""]
    out += [" ".join(part.split()) + "\n" for part in (command.help or "").split("\n\n")]
    rows = [record for one in command.params if (record := one.get_help_record(context)) is not None]
    if rows:
        out += ["| | |", "|---|---|", *(f"| `{name}` | {_cell(said)} |" for name, said in rows), ""]
    return out


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python tools/reference.py")
    parser.add_argument("--check", action="store_true", help="compare instead of writing")
    made = page()
    if parser.parse_args().check:
        if not PAGE.exists() or PAGE.read_text("utf-8") != made:
            print("reference: docs/reference.md is not the page of this tree: run `make rules`", file=sys.stderr)
            return 1
        return 0
    PAGE.write_text(made, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
