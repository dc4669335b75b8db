"""Where a class lies on disk, and what is remembered of it between two commands. Nothing here starts or judges.

DATA/class.json      scenario, trainees, speed, the run that goes on, the marks
DATA/runs/1, 2, …    a run each, as `calea-lab up` has it; going back begins the next and keeps the one before
DATA/marks/NAME      a run as it was at that mark, to begin the next from
DATA/trainer/        the trainer's desk (accounts, what was done to the class) and console
"""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import Field, ValidationError

from lab.paths import RunPaths
from lab.processes import Running, alive
from lab.scenario.catalogue import find
from lab.scenario.model import Scenario
from mediation.runtime.config import ConfigError, Model, NotReadyError

FILE: Final = "class.json"
TRAINER: Final = "trainer"
MODULE: Final = "lab.training"
START_MARK: Final = "start"


class Trainee(Model):
    """`number` counts from 1 and stands in the names and numbers of their part of the story."""

    user_id: str
    number: Annotated[int, Field(ge=1)]
    facility: str

    @property
    def station_id(self) -> str:
        return f"ST-T{self.number}"


class Mark(Model):
    """`at_us`: the run's time there; `run`: which run it is of."""

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,40}$")]
    run: int
    at_us: int


class Class(Model):
    """`speed`: `max` for a clock that stands between the cards, or so many times as fast as real time. `ports` are the
    run's, so that a browser finds the next run where the last one was; none before the first was launched."""

    scenario: str
    trainees: tuple[Trainee, ...]
    speed: Literal["max"] | Annotated[float, Field(gt=0, le=10_000)]
    run: int = 1
    marks: tuple[Mark, ...] = ()
    ports: dict[str, int] = Field(default_factory=dict)

    def trainee(self, user_id: str) -> Trainee:
        """Raises ConfigError for somebody who is not in the class."""
        for one in self.trainees:
            if one.user_id == user_id:
                return one
        raise ConfigError(f"{user_id} is not in this class: {', '.join(one.user_id for one in self.trainees)} are.")

    def mark(self, name: str) -> Mark:
        """Raises ConfigError when there is none of this name."""
        for one in self.marks:
            if one.name == name:
                return one
        raise ConfigError(f"There is no mark {name}: there are {', '.join(one.name for one in self.marks) or 'none'}.")

    def story_of(self, trainee: Trainee) -> Scenario:
        """The scenario as it is for one trainee."""
        return find(self.scenario).load((trainee.user_id, trainee.number))


@dataclass(frozen=True, slots=True)
class Room:
    data: Path

    @property
    def file(self) -> Path:
        return self.data / FILE

    @property
    def paths(self) -> RunPaths:
        """Of the trainer's process: configuration, log, ready file."""
        return RunPaths(self.data)

    @property
    def trainer(self) -> Path:
        return self.data / TRAINER

    def run(self, number: int) -> Path:
        return self.data / "runs" / str(number)

    def mark(self, name: str) -> Path:
        return self.data / "marks" / name

    def load(self) -> Class:
        """Raises NotReadyError when there is no class in the directory, ConfigError for one that cannot be read."""
        try:
            return Class.model_validate_json(self.file.read_text("utf-8"))
        except FileNotFoundError as error:
            start = f"calea-lab train start SC-21 --data {self.data}"
            raise NotReadyError(f"There is no class in {self.data}: `{start}` begins one.") from error
        except (OSError, ValidationError) as error:
            raise ConfigError(f"{self.file} cannot be read: begin a class in another directory.") from error

    def save(self, held: Class) -> None:
        temporary = self.file.with_suffix(".tmp")
        temporary.write_text(held.model_dump_json(indent=1), "utf-8")
        temporary.replace(self.file)

    def keep(self, number: int, name: str) -> None:
        """The run as it lies there, under a mark. Nobody writes to it meanwhile. Raises ConfigError for a mark that is
        there already."""
        target = self.mark(name)
        if target.exists():
            raise ConfigError(f"There is a mark {name} already: give another name.")
        _copied(self.run(number), target)

    def begin_from(self, name: str, number: int) -> None:
        """A new run's directory, as the marked one was."""
        _copied(self.mark(name), self.run(number))


def _copied(source: Path, target: Path) -> None:
    """Whole or not there. Sockets and what a process says of itself are of a run that goes on, not of a copy."""
    temporary = target.with_name(f".{target.name}.tmp")
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.parent.mkdir(parents=True, exist_ok=True)
    shutil.copytree(source, temporary, ignore=shutil.ignore_patterns("ready.json", "run.json", "*.sock"))
    temporary.replace(target)


def process_of(room: Room) -> Running | None:
    """The trainer's process where one runs."""
    file = room.trainer / "process.json"
    if not file.exists():
        return None
    found = Running.of_json(json.loads(file.read_text("utf-8")))
    return found if alive(found) else None
