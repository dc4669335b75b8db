"""What a trainee is scored by: lines of points, each earned by entries of the audit that are there, or are not.

A line says everything: the task, the rule it practises, which entries it needs and which it forbids. It always needs at
least one, so that whoever does nothing earns nothing. Pure: models and their checks.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any, Final, Literal

from pydantic import Field, field_validator, model_validator

from mediation.law.rules import RULES
from mediation.runtime.config import Model

WHOLE: Final = 100
Ledger = Literal["desk", "collector"]


class Task(StrEnum):
    """What is practised."""

    CHECK_PAPERS = "check-papers"
    DECIDE = "accept-or-refuse"
    GRANT = "grant"
    MONITOR = "monitor"
    MINIMISE = "minimise"
    PRIVILEGED = "mark-privileged"
    OVER_DELIVERY = "spot-over-delivery"
    LAPSE = "act-on-lapse"
    INTEGRITY = "verify-integrity"
    SEAL = "seal"
    HAND_OFF = "hand-off"
    REPORT = "report"


class Trace(Model):
    """Entries that are looked for: of one ledger and kind, with these fields in them (nested ones too).

    `since` and `until` bound the entry's time, half-open, as times of the lesson. `after` and `before` name other
    entries: only what lies behind, or before, the first of those counts; where there is none, nothing is behind it and
    everything before it. `about` names entries too: one of the fields must name one of those, as `ledger/number`. With
    `joined`, the field of that name is the same as in one of the entries of `to` (a decision's request).
    """

    ledger: Ledger = "desk"
    kind: str
    fields: dict[str, Any] = Field(default_factory=dict)
    since: str | None = None
    until: str | None = None
    after: Trace | None = None
    before: Trace | None = None
    about: Trace | None = None
    joined: str = ""
    to: Trace | None = None
    least: Annotated[int, Field(ge=1, le=1000)] = 1
    says: Annotated[str, Field(min_length=1, max_length=200)]
    """What such an entry is, in words: "a grant of access to rivera"."""

    @model_validator(mode="after")
    def _joined_to_something(self) -> Trace:
        if bool(self.joined) != (self.to is not None):
            raise ValueError("joined names a field, and to the entries that have the same in it")
        return self


class Line(Model):
    """`points` for all of `needs` and none of `forbids`."""

    id: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,40}$")]
    task: Task
    title: Annotated[str, Field(min_length=1, max_length=120)]
    points: Annotated[int, Field(ge=1, le=WHOLE)]
    rule: str
    needs: Annotated[tuple[Trace, ...], Field(min_length=1, max_length=20)]
    forbids: Annotated[tuple[Trace, ...], Field(max_length=20)] = ()

    @field_validator("rule")
    @classmethod
    def _known(cls, value: str) -> str:
        if value not in RULES:
            raise ValueError(f"there is no rule {value}")
        return value


class Scoring(Model):
    """The points of all lines come to 100; with `passing` of them the exercise is passed."""

    passing: Annotated[int, Field(ge=1, le=WHOLE)] = 80
    rubric: Annotated[tuple[Line, ...], Field(min_length=1, max_length=50)]

    @model_validator(mode="after")
    def _whole(self) -> Scoring:
        names = [line.id for line in self.rubric]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"{twice[0]} is the name of two lines")
        points = sum(line.points for line in self.rubric)
        if points != WHOLE:
            raise ValueError(f"the points come to {points}, not to {WHOLE}")
        return self
