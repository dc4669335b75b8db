"""How a class plays a scenario: what the trainees are, who answers them, where it can be gone back to. Shapes only.

Everything that happens is one of the scenario's cards (`injects`); a cue plays one by itself. So the lab fills every
role that no trainee has, and each card is the same whether a cue, a trainer or a headless run plays it.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from lab.scenario.lesson import Name
from lab.scenario.queries import AuditQuery
from mediation.runtime.config import Model

MOST_TRAINEES = 9
"""A trainee's number is one digit of fictional numbers and names."""


class Cue(Model):
    """`plays` that card once for each entry that fits `when`, with the entry's fields as `$FIELD` in its steps."""

    when: AuditQuery
    plays: Name
    by: Annotated[str, Field(min_length=1, max_length=80)]
    """Whose part it is: "the second checker, brandt"."""


class Training(Model):
    """`me`: who of the cast does the trainee's part when nobody learns it. `role`, `unit`: what trainees are."""

    me: str
    role: Literal["INV", "SUP", "TARU", "ICO"]
    unit: str
    facility: Annotated[str, Field(pattern=r"^F[1-4]$")] = "F1"
    opens: tuple[Name, ...] = ()
    """Cards that are played when the class begins."""
    cues: tuple[Cue, ...] = ()
    marks: tuple[Name, ...] = ()
    """Cards before which the state of the class is kept, to be gone back to."""
