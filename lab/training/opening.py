"""A class that begins: its run prepared, a person, a station and a one-time password for each trainee, the first mark.

No process runs yet, so the mark `start` is the run before anything happened.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, NamedTuple

import typer

from lab.desk import AGENCY, enter_people, open_desk
from lab.desk_accounts import admit
from lab.scenario.engine import Engine
from lab.scenario.model import Scenario
from lab.stack import Plan, Stack
from lab.training.pace import Speed
from lab.training.room import START_MARK, Class, Mark, Room, Trainee
from lab.training.setting import MOST_TRAINEES, Training
from mediation.runtime.config import ConfigError, NotReadyError

App = Callable[[str], typer.Typer]
"""The command line for a command."""


class Ticket(NamedTuple):
    """What a trainee gets to come in with, shown once."""

    user_id: str
    password: str
    station_id: str
    facility: str
    station_token: str


def training_of(scenario: Scenario) -> Training:
    """Raises ConfigError for a scenario that no class can play."""
    if scenario.training is None or scenario.scoring is None:
        raise ConfigError(f"{scenario.id} has no part for trainees: `calea-lab train list` names those that have.")
    return scenario.training


def names_of(training: Training, wanted: tuple[str, ...]) -> tuple[Trainee, ...]:
    """The class in the order it was named; one trainee when nobody is. Raises ConfigError."""
    names = wanted or ("trainee1",)
    if len(names) > MOST_TRAINEES or len(set(names)) < len(names):
        raise ConfigError(f"A class has one to {MOST_TRAINEES} trainees, each with a name of their own.")
    for name in names:
        if not (name.isascii() and name.isalnum() and name.islower() and len(name) <= 32):
            raise ConfigError(f"{name!r} names no trainee: small letters and digits, at most 32.")
    return tuple(
        Trainee(user_id=name, number=number, facility=training.facility) for number, name in enumerate(names, 1)
    )


def parts_of(held: Class, stack: Stack, app: App) -> list[Engine]:
    """The story once for each trainee, on one run, each with its times named."""
    engines = []
    for trainee in held.trainees:
        story = held.story_of(trainee).model_copy(update={"speed": held.speed})
        engine = Engine(story, stack.paths.data, app)
        engine.name_times()
        engines.append(engine)
    return engines


def plan_of(engines: list[Engine], ports: Mapping[str, int]) -> Plan:
    """One run for all parts: what each configures of its own orders and lines, together."""
    plans = [engine.plan(engine.name_times()) for engine in engines]
    first = plans[0]
    merged = {
        name: _merged([getattr(plan, name) for plan in plans])
        for name in ("carrier", "mediation", "collector", "policy", "link")
    }
    return replace(first, **merged, desk=True, console=True, disposable=False, ports=ports)


def _merged(values: list[Any]) -> Any:  # noqa: ANN401  configuration
    """Tables key by key, lists one behind the other without what is there already; else what came first."""
    first = values[0]
    if all(isinstance(one, Mapping) for one in values):
        names = dict.fromkeys(name for one in values for name in one)
        return {name: _merged([one[name] for one in values if name in one]) for name in names}
    if all(isinstance(one, list) for one in values):
        together: list[Any] = []
        for one in (item for value in values for item in value):
            if one not in together:
                together.append(one)
        return together
    return first


def open_class(room: Room, source: str, names: tuple[str, ...], speed: Speed, app: App) -> tuple[Class, list[Ticket]]:
    """Everything but the processes. Raises ConfigError, NotReadyError for a directory that is not empty."""
    if room.data.exists() and any(room.data.iterdir()):
        raise NotReadyError(f"{room.data} is not empty: a class begins in a directory of its own, give another --data.")
    probe = Class(scenario=source, trainees=(Trainee(user_id="nobody", number=1, facility="F1"),), speed=speed)
    training = training_of(probe.story_of(probe.trainees[0]))
    held = probe.model_copy(update={"trainees": names_of(training, names)})
    data = room.run(1)
    stack = Stack(data)
    engines = parts_of(held, stack, app)
    stack.prepare(plan_of(engines, {}))
    stack.stop()
    start_us = engines[0].name_times()
    with open_desk(data) as desk:
        people = [(one.user_id, training.role, AGENCY, training.unit) for one in held.trainees]
        enter_people(desk, people, start_us)
    places = {one.station_id: one.facility for one in held.trainees}
    passwords, stations = admit(data, [one.user_id for one in held.trainees], places, start_us)
    tickets = [
        Ticket(one.user_id, passwords[one.user_id], *station)
        for one, station in zip(held.trainees, stations, strict=True)
    ]
    mark = Mark(name=START_MARK, run=1, at_us=start_us)
    room.keep(1, START_MARK)
    held = held.model_copy(update={"marks": (mark,)})
    room.save(held)
    return held, tickets
