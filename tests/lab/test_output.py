"""Tables on a terminal and elsewhere: no value is cut, however narrow the terminal."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from lab.output import table

COLUMNS = ("check", "outcome", "found", "rule", "says", "source")
LONG = "ACCESS_DENIED_FACILITY: at 2026-11-28T03:51:55.924457Z"
ROWS = [("place", "refuses", LONG, "R-075", "The system is used at exactly four facilities. " * 3, "S1")] * 4


def drawn(width: int, columns: tuple[str, ...], rows: list[tuple[object, ...]], terminal: bool = True) -> str:
    out = Console(file=io.StringIO(), width=width, force_terminal=terminal, color_system=None, highlight=False)
    table("A title", columns, rows, out)
    assert isinstance(out.file, io.StringIO)
    return out.file.getvalue()


@pytest.mark.parametrize("width", [40, 80, 120, 200])
def test_no_value_is_cut_at_any_width(width: int) -> None:
    said = drawn(width, COLUMNS, list(ROWS))
    assert "…" not in said
    assert said.count("2026-11-28T03:51:55.924457Z") == len(ROWS) == said.count("S1 ")
    assert max(len(line) for line in said.splitlines()) <= width


def test_a_table_that_fits_is_drawn_and_one_that_does_not_is_listed() -> None:
    small = [("a", 1), ("b", 22)]
    assert "┃" in drawn(80, ("name", "number"), list(small))
    assert "┃" not in drawn(60, COLUMNS, list(ROWS))


def test_markup_in_a_value_is_printed_as_it_stands() -> None:
    assert "[red]x" in drawn(80, ("one", "two"), [("[red]x", "y")])


def test_columns_without_a_name_have_no_head() -> None:
    assert drawn(80, ("", ""), [("version", 2)], terminal=False).splitlines() == ["A title", "  version  2"]
    assert drawn(80, ("a", ""), [], terminal=False).splitlines() == ["A title", "  a"]
