"""Marking a class: its ledgers verified, its rubric held against them, a sheet for each trainee."""

from __future__ import annotations

from lab.scenario.times import at_us
from lab.training.after_action import after_action
from lab.training.ledgers import verified_entries
from lab.training.opening import training_of
from lab.training.room import Class, Room
from lab.training.scoring import score
from lab.training.sheet import Sheet
from mediation.runtime.config import ConfigError


def sheets(room: Room, held: Class, run: int | None = None, only: str = "") -> tuple[Sheet, ...]:
    """In the order of the trainees, of the run that goes on unless another one is named. Raises ConfigError,
    IntegrityError when a ledger was changed."""
    number = held.run if run is None else run
    data = room.run(number)
    if not data.exists():
        raise ConfigError(f"This class has no run {number}: it is at run {held.run}.")
    entries = verified_entries(data)
    at = max((one.at_us for one in entries), default=0)
    made = []
    for trainee in [held.trainee(only)] if only else held.trainees:
        story = held.story_of(trainee)
        training_of(story)
        assert story.scoring is not None, "a story with a part for trainees is scored"
        times: dict[str, int] = {}
        for name, text in story.times.items():
            times[name] = at_us(text, times)
        found = score(story.scoring, entries, times)
        moments = after_action(story.answers, times, found)
        made.append(Sheet(story.id, story.title, trainee.user_id, number, at, story.scoring.passing, found, moments))
    return tuple(made)
