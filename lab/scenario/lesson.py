"""What a scenario teaches: the key of what is to be seen and decided, and the rubric by which a trainee is scored.

Shapes only, read from the scenario's file. Whoever scores reads the signed ledgers and nothing else.
"""

from __future__ import annotations

from typing import Annotated, Final, Self

from pydantic import Field, model_validator

from lab.scenario.queries import AuditQuery
from mediation.runtime.config import Model

FULL_MARKS: Final = 100
RuleNumber = Annotated[str, Field(pattern=r"^(R-\d{3}|SD-\d)$")]
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{1,40}$")]


class Answer(Model):
    """One line of the answer key, in the order of the story. `at`: a time of the scenario, where there is one."""

    at: str | None = None
    sees: Annotated[str, Field(min_length=1)]
    """What is there to be seen."""
    decides: Annotated[str, Field(min_length=1)]
    """What is to be done about it, by whom: a person, or the machine of its own accord."""
    rules: tuple[RuleNumber, ...] = ()


class Credit(Model):
    """Points for one thing done, or left undone (`audit` with `count: 0`), as the ledgers tell it.

    An entry counts when it fits `audit` and its time lies in `[after, before)`, and within `within` of the first entry
    that fits `since`, where these are given."""

    id: Name
    says: Annotated[str, Field(min_length=1)]
    """What was to be done, in plain words."""
    why: str = ""
    """What somebody reads who lost the points."""
    rules: tuple[RuleNumber, ...] = ()
    points: Annotated[int, Field(ge=1, le=FULL_MARKS)]
    audit: AuditQuery
    after: str | None = None
    before: str | None = None
    within: str | None = None
    """A span such as `15m`."""
    since: AuditQuery | None = None

    @model_validator(mode="after")
    def _within_something(self) -> Self:
        if (self.within is None) != (self.since is None):
            raise ValueError("within and since go together: so long after the first entry that since finds")
        return self


class Scoring(Model):
    """`passing`: the points from which on the exercise is passed. The points of a rubric add up to a hundred."""

    passing: Annotated[int, Field(ge=1, le=FULL_MARKS)] = 80
    rubric: Annotated[tuple[Credit, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _adds_up(self) -> Self:
        names = [one.id for one in self.rubric]
        if doubled := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"{', '.join(doubled)} stands in the rubric twice")
        total = sum(one.points for one in self.rubric)
        if total != FULL_MARKS:
            raise ValueError(f"the points of a rubric add up to {FULL_MARKS}, these to {total}")
        return self
