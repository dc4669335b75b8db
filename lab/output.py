"""What a person or a program sees on standard output: the banner, tables, one JSON object.

Rich draws when standard output is a terminal; elsewhere the same tables come as plain lines, and with `--json` nothing
but JSON is printed. No value is ever cut to fit: a table that is too wide for the terminal is written row by row.
Content of communications is printed by nobody here except where a command is asked to export it.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

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
    """Numbers to the right, everything else to the left; plain columns where nobody watches. Columns without any name
    have no head."""
    cells = [[str(cell) for cell in row] for row in rows]
    if out.is_terminal:
        _draw(title, columns, cells, out)
        return
    lines = [list(columns), *cells] if any(columns) else cells
    widths = [max((len(row[index]) for row in lines), default=0) for index in range(len(columns))]
    out.print(title, markup=False)
    for row in lines:
        line = "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        out.print(f"  {line.rstrip()}", markup=False)


def _draw(title: str, columns: Sequence[str], cells: list[list[str]], out: Console) -> None:
    """As a table where its words fit side by side and it is no longer than its rows one below the other."""
    listed = _listed(columns, cells)
    widths = _widths(columns, cells, out.width)
    if widths is not None:
        drawn = Table(title=Text(title), title_justify="left", show_header=any(columns))
        for index, (name, width) in enumerate(zip(columns, widths, strict=True)):
            numeric = bool(cells) and all(row[index].lstrip("-").isdigit() for row in cells)
            drawn.add_column(Text(name), justify="right" if numeric else "left", overflow="fold", width=width)
        for row in cells:
            drawn.add_row(*map(Text, row))
        if len(out.render_lines(drawn)) <= len(out.render_lines(listed)) + _FRAME_LINES:
            out.print(drawn)
            return
    out.print(Text(title, style="italic"))
    out.print(listed)


def _widths(columns: Sequence[str], cells: list[list[str]], room: int) -> list[int] | None:
    """Of each column, the widest giving way first; None where some word would have to break."""
    texts = [[name, *(row[index] for row in cells)] for index, name in enumerate(columns)]
    widths = [max(map(cell_len, column)) for column in texts]
    least = [max((cell_len(word) for text in column for word in text.split()), default=0) for column in texts]
    frame = _FRAME_COLUMNS * len(columns) + 1
    if sum(least) + frame > room:
        return None
    for _ in range(sum(widths) + frame - room):
        _, widest = max((width, index) for index, width in enumerate(widths) if width > least[index])
        widths[widest] -= 1
    return widths


_FRAME_LINES = 8
"""What a table's title, head and frame may cost more than a list."""
_FRAME_COLUMNS = 3
"""What the frame of one column takes: a line and a blank on either side."""


def _listed(columns: Sequence[str], cells: list[list[str]]) -> Table:
    """Row by row: one line a column, with its name in front."""
    grid = Table.grid(padding=(0, 2))
    grid.add_column()
    grid.add_column(overflow="fold")
    for row in cells:
        for name, cell in zip(columns, row, strict=True):
            grid.add_row(Text(f"  {name}", style="bold"), Text(cell))
        grid.add_row("", "")
    return grid
