"""Where a class lies, who is in it, how fast its clock goes, and what one run is configured as for all of its parts."""

from __future__ import annotations

from pathlib import Path

import pytest

from lab.scenario.catalogue import shipped
from lab.stack import Stack
from lab.training.opening import names_of, parts_of, plan_of, training_of
from lab.training.pace import Pace, factor_of
from lab.training.room import Class, Mark, Room, Trainee
from lab.training.rubric import Task
from mediation.runtime.clock import ClockHand, ClockSpec
from mediation.runtime.config import ConfigError, NotReadyError

PLAYABLE = {name: source for name, source in shipped().items() if source.load().training}


def held(*names: str, scenario: str = "SC-08t") -> Class:
    trainees = tuple(Trainee(user_id=name, number=at, facility="F1") for at, name in enumerate(names, 1))
    return Class(scenario=scenario, trainees=trainees, speed="max")


def test_every_task_is_practised_by_some_class() -> None:
    practised = {line.task for source in PLAYABLE.values() for line in _rubric(source)}
    assert practised == set(Task)


def _rubric(source: object) -> tuple[object, ...]:
    scoring = source.load().scoring  # type: ignore[attr-defined]
    return () if scoring is None else scoring.rubric


def test_a_class_is_read_back_as_it_was_written(tmp_path: Path) -> None:
    room = Room(tmp_path)
    with pytest.raises(NotReadyError, match="train start"):
        room.load()
    made = held("ada", "ben").model_copy(update={"marks": (Mark(name="start", run=1, at_us=5),), "ports": {"x1": 1}})
    room.save(made)
    assert room.load() == made
    room.file.write_text("{}")
    with pytest.raises(ConfigError, match="cannot be read"):
        room.load()


def test_a_mark_is_a_copy_and_a_run_from_it_another(tmp_path: Path) -> None:
    room = Room(tmp_path)
    run = room.run(1)
    (run / "desk").mkdir(parents=True)
    (run / "desk" / "audit.jsonl").write_text("one\n")
    (run / "run.json").write_text("{}")
    room.keep(1, "start")
    (run / "desk" / "audit.jsonl").write_text("one\ntwo\n")
    room.begin_from("start", 2)
    assert (room.run(2) / "desk" / "audit.jsonl").read_text() == "one\n"
    assert not (room.run(2) / "run.json").exists() and (run / "desk" / "audit.jsonl").read_text() == "one\ntwo\n"
    with pytest.raises(ConfigError, match="start already"):
        room.keep(1, "start")


@pytest.mark.parametrize("names", [("ada", "ada"), ("../ada",), ("Ada",), ("",), tuple(f"t{n}" for n in range(10))])
def test_names_that_are_none_are_refused(names: tuple[str, ...]) -> None:
    training = training_of(PLAYABLE["SC-08t"].load())
    with pytest.raises(ConfigError):
        names_of(training, names)
    assert [one.user_id for one in names_of(training, ())] == ["trainee1"]


def test_a_scenario_without_a_part_for_trainees_is_no_class() -> None:
    with pytest.raises(ConfigError, match="train list"):
        training_of(shipped()["SC-01"].load())


def test_each_trainee_has_orders_of_their_own_and_one_run_holds_them_all(tmp_path: Path) -> None:
    engines = parts_of(held("ada", "ben"), Stack(tmp_path), lambda name: pytest.fail(name))
    orders = [order.fields["order_id"] for engine in engines for order in engine.scenario.orders]
    assert orders == ["O8-1", "O8B-1", "O8-2", "O8B-2"]
    plan = plan_of(engines, {"x1": 4711})
    assert plan.mediation["faults"]["wrong_number"] == {"LI-08-1": "12125550141", "LI-08-2": "12125550142"}
    assert plan.console and plan.desk and not plan.disposable and plan.ports == {"x1": 4711}


def test_a_pause_keeps_what_the_clock_did(tmp_path: Path) -> None:
    hand = ClockHand(tmp_path / "clock", ClockSpec(0, 0, 0.0))
    pace = Pace(hand, 60.0)
    pace.settle()
    assert hand.clock.spec().factor == 60.0
    hand.go(5.0)
    assert pace.pause() and not pace.pause() and hand.clock.spec().factor == 0.0
    pace.settle()
    assert hand.clock.spec().factor == 0.0
    pace.set("max")
    assert pace.resume() and not pace.resume() and hand.clock.spec().factor == factor_of("max") == 0.0
    pace.set(2.0)
    assert hand.clock.spec().factor == 2.0
