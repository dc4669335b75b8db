"""The sheet of a score in its three forms, and the class looked at afterwards: the same words in all of them."""

from __future__ import annotations

import csv
import io
from typing import Any

from playwright.async_api import Page

from collector.console.draw import timeline
from lab.scenario.lesson import Answer
from lab.training.after_action import KEY, MISSING, RIGHT, WRONG, after_action, picture, table
from lab.training.rubric import Task
from lab.training.scoring import Reason, Score, Scored
from lab.training.sheet import Sheet, as_csv, as_html, as_json, as_pdf, digest, lines_table, why
from tests.browser import Chromium

T0 = 1_772_373_600_000_000
TIMES = {"T0": T0}
GOOD = Reason("A grant to t1", "desk/7", T0 + 1, True)
BAD = Reason("Must not be: =cmd|' /C calc'!A0 <script>alert(1)</script>", "desk/9", T0 + 2, False)
ABSENT = Reason("Not in the audit: a report by t1", "", None, False)
SCORE = Score(
    (
        Scored("granted", Task.GRANT, "Was let in", "SD-1", 60, 0, (BAD, GOOD)),
        Scored("report", Task.REPORT, "Wrote the report", "R-067", 30, 0, (ABSENT,)),
        Scored("kept", Task.MONITOR, "=1+1", "R-118", 10, 10, (GOOD,)),
    )
)
ANSWERS = [Answer(at="T0", sees="a request", decides="check it", rules=("R-050",)), Answer(sees="later", decides="no")]
MOMENTS = after_action(ANSWERS, TIMES, SCORE)
SHEET = Sheet("SC-99", "nothing much", "t1", 1, T0, 80, SCORE, MOMENTS)


def test_moments_are_in_the_order_of_time_and_what_has_none_comes_last() -> None:
    assert [one.lane for one in MOMENTS] == [KEY, RIGHT, RIGHT, WRONG, KEY, MISSING]
    assert [one.at_us for one in MOMENTS] == [T0, T0 + 1, T0 + 1, T0 + 2, None, None]


def test_picture_and_table_say_the_same() -> None:
    drawn = picture(MOMENTS)
    assert {lane.name: len(lane.marks) for lane in drawn.lanes} == {KEY: 1, RIGHT: 2, WRONG: 1}
    made = table(MOMENTS)
    assert len(made.rows) == len(MOMENTS) and made.rows[0][0].startswith("2026-")
    shown = str(timeline.svg(drawn, "After action", "strokes"))
    assert "After action" in shown and "<script>" not in shown and "style=" not in shown


def test_why_begins_with_what_stands_against_and_ends_with_the_rule() -> None:
    assert why(SCORE.lines[0]).startswith("Must not be: ") and "(desk/9)" in why(SCORE.lines[0])
    assert "SD-1: " in why(SCORE.lines[0]) and "R-067: " in why(SCORE.lines[1])
    assert why(SCORE.lines[2]) == "A grant to t1 (desk/7)."


def test_the_page_has_everything_as_text() -> None:
    page = as_html(SHEET)
    assert "<script>" not in page and "&lt;script&gt;" in page and "SIMULATION" in page and digest(SHEET) in page
    assert "10 of 100, not passed (80 are needed)" in page


BROKEN = """() => {
  const broken = [];
  for (const cell of document.querySelectorAll('th, td:not(.long)')) {
    const text = cell.firstChild;
    if (text === null) continue;
    for (const word of text.data.matchAll(/\\S+/g)) {
      const range = document.createRange();
      range.setStart(text, word.index);
      range.setEnd(text, word.index + word[0].length);
      const lines = new Set([...range.getClientRects()].map((one) => one.top));
      if (lines.size > 1 && !word[0].includes('-')) broken.push(word[0]);
    }
  }
  return [broken, document.documentElement.scrollWidth - window.innerWidth];
}"""


def test_no_column_breaks_a_word_and_none_is_wider_than_the_paper(chromium: Chromium) -> None:
    """A digest is broken wherever it must be; what a person reads is not."""
    spelt = Reason(f"{'very ' * 60}long, with a digest {'0123456789abcdef' * 4}", f"collector/{10**9}", T0, True)
    lines = tuple(line._replace(reasons=(*line.reasons, spelt)) for line in SCORE.lines)
    sheet = SHEET._replace(score=Score(lines), moments=after_action(ANSWERS, TIMES, Score(lines)))
    found: list[Any] = []

    async def walk(page: Page) -> None:
        for width in (700, 1100):
            await page.set_viewport_size({"width": width, "height": 900})
            await page.set_content(as_html(sheet))
            found.append(await page.evaluate(BROKEN))

    chromium.run(walk)
    assert [broken for broken, _ in found] == [[], []]
    assert all(beyond <= 0 for _, beyond in found)


def test_no_cell_of_the_csv_is_a_formula() -> None:
    rows = list(csv.reader(io.StringIO(as_csv(SHEET))))
    assert [row[0] for row in rows[1:]] == ["SIMULATION"] * 3
    assert not [cell for row in rows for cell in row if cell.startswith(("=", "+", "-", "@"))]
    assert rows[1][8:10] == ["0", "60"]


def test_the_pdf_is_the_same_octets_for_the_same_sheet() -> None:
    assert as_pdf(SHEET) == as_pdf(SHEET) and as_pdf(SHEET).startswith(b"%PDF")


def test_json_says_points_and_reasons() -> None:
    said = as_json(SHEET)
    assert (said["total"], said["passed"], len(said["lines"])) == (10, False, 3)
    assert said["lines"][0]["reasons"][0]["entry"] == "desk/9"
    assert len(lines_table(SHEET).rows) == 3
