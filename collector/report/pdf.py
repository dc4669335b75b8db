"""The same report as PDF: the same sections, SIMULATION on every page, the digest in every footer.

The fonts are those that every reader of PDF has, so characters beyond Latin-1 are shown as a question mark; the HTML
and the digest have them as they are. The same report gives the same octets.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

from fpdf import FPDF
from fpdf.enums import XPos, YPos
from fpdf.fonts import FontFace

from collector.console.draw.svg import Table
from collector.export.service import time_text
from collector.report.model import MARK, Report, Section, digest

FONT: Final = "Helvetica"
WIDE: Final = 8
"""From so many columns on a page is turned."""
MAX_CELL: Final = 400


class _Pages(FPDF):
    def __init__(self, title: str, known: str) -> None:
        super().__init__(orientation="landscape", format="A4")
        self._title, self._known = title, known
        self.set_auto_page_break(True, 16)

    def header(self) -> None:
        self.set_font(FONT, "B", 9)
        self.cell(0, 6, _latin(f"{MARK}   {self._title}"), align="C", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        self.ln(2)

    def footer(self) -> None:
        self.set_y(-12)
        self.set_font(FONT, "", 7)
        self.cell(0, 5, _latin(f"{MARK}   {self.page_no()} of {{nb}}   SHA-256 {self._known}"), align="C")


def render_pdf(report: Report) -> bytes:
    known = digest(report)
    facts = [
        ("Case", report.case_id),
        ("Orders", ", ".join(report.order_ids)),
        ("Made", f"{time_text(report.made_at_us)} by {report.made_by}"),
        ("Rules", ", ".join(report.rules)),
    ]
    for one in report.basis:
        of = f" of {one.collector}" if one.collector else ""
        facts.append((f"Based on the ledger{of} at", f"{one.size} records, root {one.root}"))
    facts.append(("Digest of this report", known))
    return render_sections(report.title, report.case_id, report.made_at_us, known, facts, report.sections)


def render_sections(
    title: str, about: str, made_at_us: int, known: str, facts: list[tuple[str, str]], sections: Sequence[Section]
) -> bytes:
    """A document of sections: `about` stands beside the title on every page, `known` is the digest in every footer."""
    pages = _Pages(f"{title}, {about}", known)
    pages.set_creation_date(datetime.fromtimestamp(made_at_us // 1_000_000, UTC))
    pages.set_title(_latin(f"{MARK}: {title}"))
    pages.add_page()
    pages.set_font(FONT, "B", 15)
    pages.multi_cell(0, 8, _latin(title), new_x=XPos.LMARGIN, new_y=YPos.NEXT)
    _facts(pages, facts)
    for section in sections:
        _section(pages, section)
    return bytes(pages.output())


def _section(pages: _Pages, section: Section) -> None:
    pages.ln(3)
    pages.set_font(FONT, "B", 11)
    pages.multi_cell(0, 6, _latin(section.heading), new_x=XPos.LMARGIN, new_y=YPos.NEXT)
    _facts(pages, section.facts)
    pages.set_font(FONT, "", 9)
    for paragraph in section.text:
        pages.multi_cell(0, 5, _latin(paragraph), new_x=XPos.LMARGIN, new_y=YPos.NEXT)
    for table in section.tables:
        _table(pages, table)


def _facts(pages: _Pages, facts: list[tuple[str, str]] | tuple[tuple[str, str], ...]) -> None:
    for name, value in facts:
        pages.set_font(FONT, "B", 9)
        pages.cell(70, 5, _latin(name)[:60])
        pages.set_font(FONT, "", 9)
        pages.multi_cell(0, 5, _latin(value) or " ", new_x=XPos.LMARGIN, new_y=YPos.NEXT)


def _table(pages: _Pages, table: Table) -> None:
    pages.ln(1)
    pages.set_font(FONT, "B", 9)
    pages.multi_cell(0, 5, _latin(table.caption), new_x=XPos.LMARGIN, new_y=YPos.NEXT)
    pages.set_font(FONT, "", 7 if len(table.head) >= WIDE else 8)
    rows = table.rows or (("none", *("" for _ in table.head[1:])),)
    with pages.table(headings_style=FontFace(emphasis="BOLD"), line_height=4.2, text_align="LEFT") as drawn:
        for cells in (table.head, *rows):
            row = drawn.row()
            for cell in cells:
                row.cell(_latin(cell[:MAX_CELL]))


def _latin(text: str) -> str:
    return (
        "".join(char if char == "\n" or char.isprintable() else "?" for char in text)
        .encode("latin-1", "replace")
        .decode("latin-1")
    )
