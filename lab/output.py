"""What a person or a program sees on standard output: the banner, tables, one JSON object.

Rich draws when standard output is a terminal; elsewhere the same tables come as plain lines, and with `--json` nothing
but JSON is printed. Content of communications is printed by nobody here except where a command is asked to export it.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

BANNER = "SIMULATION: calea-lab intercepts nobody; every identity here is fictional."

DataOption = Annotated[Path, typer.Option("--data", help="directory of the run", file_okay=False)]
JsonOption = Annotated[bool, typer.Option("--json", help="one JSON object instead of text")]

DEFAULT_DATA = Path("var")


def console() -> Console:
    """Standard output. Lines are not wrapped when nobody watches, so that a script can read them."""
    watched = sys.stdout.isatty()
    return Console(file=sys.stdout, soft_wrap=not watched, highlight=False, width=None if watched else 200)


def banner(out: Console) -> None:
    out.print(BANNER, style="bold yellow")


def print_json(value: object) -> None:
    sys.stdout.write(json.dumps(value, indent=2) + "\n")
    sys.stdout.flush()


def table(title: str, columns: Sequence[str], rows: Iterable[Sequence[Any]], out: Console) -> None:
    """Numbers to the right, everything else to the left; plain columns where nobody watches."""
    cells = [[str(cell) for cell in row] for row in rows]
    if out.is_terminal:
        drawn = Table(title=title, title_justify="left")
        for index, name in enumerate(columns):
            numeric = bool(cells) and all(row[index].lstrip("-").isdigit() for row in cells)
            drawn.add_column(name, justify="right" if numeric else "left")
        for row in cells:
            drawn.add_row(*row)
        out.print(drawn)
        return
    widths = [max(len(name), *(len(row[index]) for row in cells), 0) for index, name in enumerate(columns)]
    out.print(title, markup=False)
    for row in [list(columns), *cells]:
        line = "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        out.print(f"  {line.rstrip()}", markup=False)
