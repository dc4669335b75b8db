"""What a scenario teaches: the key of what is to be seen and decided. Shapes only, read from the scenario's file.

The rubric by which a trainee is scored is `lab.training.rubric`.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from mediation.runtime.config import Model

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
