"""An element that no longer hears its ADMF: it says so, waits, and lets go of its tasks; a request ends all that."""

from __future__ import annotations

import pytest

from carrier_sim.keepalive import TRANSITIONS, Action, Event, KeepaliveWatch, State, Timers

TIMERS = Timers(60.0, 3_600.0, 7_200.0)


def watch(timers: Timers = TIMERS) -> KeepaliveWatch:
    made = KeepaliveWatch(timers)
    assert made.due(1e9) is None and made.wake_s() is None
    assert made.heard(1_000.0) is None
    return made


def test_the_default_times_are_those_of_the_clause() -> None:
    assert Timers() == Timers(60.0, 3_600.0, 7_200.0, True)


def test_silence_is_reported_again_and_again_until_the_report_is_acknowledged() -> None:
    made = watch()
    assert made.due(4_599.9) is None and made.wake_s() == 4_600.0
    assert made.due(4_600.0) is Action.REPORT
    assert made.due(4_659.0) is None
    assert made.due(4_660.0) is Action.REPORT and made.due(4_660.0) is None
    made.acknowledged(4_661.0)
    assert made.state is State.WAITING and made.due(11_860.9) is None
    assert made.due(11_861.0) is Action.DEACTIVATE
    assert made.state is State.CLEARED and made.due(1e9) is None


@pytest.mark.parametrize("reached", [State.REPORTED, State.WAITING, State.CLEARED])
def test_a_request_clears_what_was_reported_and_starts_anew(reached: State) -> None:
    made = watch()
    made.due(4_600.0)
    if reached is not State.REPORTED:
        made.acknowledged(4_600.0)
    if reached is State.CLEARED:
        made.due(11_800.0)
    assert made.state is reached
    assert made.heard(12_000.0) is Action.CLEARED
    assert made.state is State.HEARD and made.wake_s() == 15_600.0
    assert made.heard(12_001.0) is None


def test_an_element_that_may_not_let_go_keeps_its_tasks() -> None:
    made = watch(Timers(60.0, 3_600.0, 7_200.0, deactivates=False))
    made.due(4_600.0)
    made.acknowledged(4_600.0)
    assert made.wake_s() is None and made.due(1e9) is None


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("event", Event)
def test_every_state_takes_every_event_and_moves_only_where_the_table_says(state: State, event: Event) -> None:
    made = watch()
    made.state = state
    made._move(event, 2_000.0)
    assert made.state is TRANSITIONS[state].get(event, state)
