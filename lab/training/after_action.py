"""The class looked at afterwards: the answer key beside what a trainee did, on one line of time and in one table. Pure.

What stands in the trainee's lanes are the entries that the score rests on, so picture and sheet say the same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from collector.console.draw.svg import Table
from collector.console.draw.timeline import Lane, Timeline
from collector.console.draw.timeline import Mark as Stroke
from collector.export.service import time_text
from lab.scenario.lesson import Answer
from lab.scenario.times import at_us
from lab.training.scoring import Score

KEY: Final = "Answer key"
RIGHT: Final = "Done right"
WRONG: Final = "Must not be"
MISSING: Final = "Not done"
LANES: Final = (KEY, RIGHT, WRONG)
"""What has a time; what was not done has none and stands in the table alone."""


class Moment(NamedTuple):
    """`at_us` is None for what has no time; `entry` cites the ledger."""

    at_us: int | None
    lane: str
    says: str
    rules: str
    entry: str


def after_action(answers: Sequence[Answer], times: Mapping[str, int], score: Score) -> tuple[Moment, ...]:
    """In the order of time; what has none comes last. Raises ConfigError for a time that is not named."""
    found = [
        Moment(
            None if one.at is None else at_us(one.at, times),
            KEY,
            f"{one.sees} → {one.decides}",
            ", ".join(one.rules),
            "",
        )
        for one in answers
    ]
    for line in score.lines:
        for reason in line.reasons:
            lane = RIGHT if reason.good else WRONG if reason.entry else MISSING
            found.append(Moment(reason.at_us, lane, f"{line.title}: {reason.says}", line.rule, reason.entry))
    return tuple(sorted(found, key=lambda one: (one.at_us is None, one.at_us or 0)))


def picture(moments: Sequence[Moment]) -> Timeline:
    """A lane each for the key, what was done, and what must not have been."""
    timed = [(one.at_us, one) for one in moments if one.at_us is not None]
    lanes = tuple(
        Lane(name, tuple(Stroke(at, at, one.says, name == WRONG) for at, one in timed if one.lane == name))
        for name in LANES
    )
    start_us = min((at for at, _ in timed), default=0)
    return Timeline(lanes, start_us, max((at for at, _ in timed), default=start_us), 0)


def table(moments: Sequence[Moment]) -> Table:
    """The same, for whoever does not see the picture."""
    rows = tuple(
        (time_text(one.at_us) if one.at_us is not None else "at no one time", one.lane, one.says, one.rules, one.entry)
        for one in moments
    )
    return Table("The answer key and what was done", ("When", "What", "In words", "Rule", "Entry"), rows)
