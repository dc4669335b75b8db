"""The score sheet of one trainee: one value, shown as a page, as PDF and as CSV. Pure.

Every line says the points, the rule and why. The digest is over the canonical JSON of the value, so that each form can
be held against the others.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
from typing import Any, Final, NamedTuple

import jinja2

from collector.console.draw.svg import Table
from collector.export.service import plain_cell, time_text
from collector.report.html import has_long_word, style
from collector.report.model import MARK, Section
from collector.report.pdf import render_sections
from lab.training.after_action import Moment, table
from lab.training.scoring import Score, Scored
from mediation.law.rules import RULES

TITLE: Final = "Score sheet"
HEAD: Final = ("Task", "What was to be done", "Points", "Rule", "Why")
_CSV_HEAD: Final = (
    "simulation",
    "scenario",
    "trainee",
    "run",
    "line",
    "task",
    "title",
    "rule",
    "earned",
    "points",
    "why",
)


class Sheet(NamedTuple):
    """`run`: which run of the class it is of; `at_us`: the run's time when it was made."""

    scenario: str
    title: str
    trainee: str
    run: int
    at_us: int
    passing: int
    score: Score
    moments: tuple[Moment, ...]

    @property
    def passed(self) -> bool:
        return self.score.total >= self.passing

    @property
    def words(self) -> str:
        return f"{self.score.total} of 100, {'passed' if self.passed else 'not passed'} ({self.passing} are needed)"

    @property
    def facts(self) -> list[tuple[str, str]]:
        return [
            ("Scenario", f"{self.scenario} {self.title}"),
            ("Trainee", self.trainee),
            ("Run of the class", str(self.run)),
            ("Made, by the run's clock", time_text(self.at_us)),
            ("Result", self.words),
        ]

    @property
    def stem(self) -> str:
        """What its files are called."""
        return f"SIMULATION-{self.scenario}-{self.trainee}-run{self.run}"


def why(line: Scored) -> str:
    """The reasons of a line as one text; those against it first, with what the rule says."""
    against = [one for one in line.reasons if not one.good]
    good = [one for one in line.reasons if one.good]
    told = [f"{one.says}{f' ({one.entry})' if one.entry else ''}" for one in (*against, *good)]
    if against:
        told.append(f"{line.rule}: {RULES[line.rule].statement.rstrip('.')}")
    return f"{'. '.join(told)}."


def digest(sheet: Sheet) -> str:
    return hashlib.sha256(json.dumps(as_json(sheet), sort_keys=True).encode()).hexdigest()


def as_json(sheet: Sheet) -> dict[str, Any]:
    return {
        "simulation": True,
        "scenario": sheet.scenario,
        "title": sheet.title,
        "trainee": sheet.trainee,
        "run": sheet.run,
        "at_us": sheet.at_us,
        "total": sheet.score.total,
        "passing": sheet.passing,
        "passed": sheet.passed,
        "lines": [
            {
                "id": line.id,
                "task": str(line.task),
                "title": line.title,
                "rule": line.rule,
                "points": line.points,
                "earned": line.earned,
                "reasons": [one._asdict() for one in line.reasons],
                "why": why(line),
            }
            for line in sheet.score.lines
        ],
    }


def as_csv(sheet: Sheet) -> str:
    """A row a line. No cell is one that a spreadsheet takes for a formula."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(_CSV_HEAD)
    for line in sheet.score.lines:
        row = (MARK, sheet.scenario, sheet.trainee, sheet.run, line.id, line.task, line.title, line.rule, line.earned)
        writer.writerow([plain_cell(str(one)) for one in (*row, line.points, why(line))])
    return out.getvalue()


def as_pdf(sheet: Sheet) -> bytes:
    sections = (
        Section("Lines", tables=(lines_table(sheet),)),
        Section("After action", tables=(table(sheet.moments),)),
    )
    return render_sections(
        TITLE, f"{sheet.scenario} {sheet.trainee}", sheet.at_us, digest(sheet), sheet.facts, sections
    )


def as_html(sheet: Sheet) -> str:
    """A page that stands alone, made to be printed."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("lab.training"), autoescape=True, undefined=jinja2.StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    environment.tests["long"] = has_long_word
    return environment.get_template("sheet.html").render(
        sheet=sheet, mark=MARK, title=TITLE, style=style(), digest=digest(sheet),
        tables=(lines_table(sheet), table(sheet.moments)),
    )  # fmt: skip


def lines_table(sheet: Sheet) -> Table:
    rows = tuple(
        (str(line.task), line.title, f"{line.earned} of {line.points}", line.rule, why(line))
        for line in sheet.score.lines
    )
    return Table(f"Points of {sheet.trainee}: {sheet.words}", HEAD, rows)
