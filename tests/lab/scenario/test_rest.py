"""Waiting for a run to come to rest: a slow machine is waited for while it gets on, one that stands still is not."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from lab.control import ControlError
from lab.scenario import rest
from mediation.runtime.config import NotReadyError

IDLE = {"events_done": 0, "destinations": {}, "next_event_us": None}


class Run:
    """A stack whose carrier says what `at` says of the time; time passes by sleeping alone."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, at: Callable[[float], dict[str, Any] | None]) -> None:
        self.now_s, self._at = 0.0, at
        self.running = self.alive = ("carrier_sim",)
        self.clock = SimpleNamespace(now_us=lambda: 10)
        clock: Any = SimpleNamespace(monotonic=lambda: self.now_s, sleep=self._sleep)
        monkeypatch.setattr(rest, "time", clock)
        self.play: Any = SimpleNamespace(stack=self)
        self.paths = SimpleNamespace(data=Path("here"))

    def _sleep(self, seconds: float) -> None:
        self.now_s += seconds

    def status(self, name: str) -> dict[str, Any]:
        said = self._at(self.now_s)
        if said is None:
            raise ControlError("too busy to answer")
        return {**IDLE, **said}


def test_a_busy_machine_is_waited_for_as_long_as_it_gets_on(monkeypatch: pytest.MonkeyPatch) -> None:
    run = Run(monkeypatch, lambda now_s: {"events_done": int(min(now_s, 200) * 10)})
    rest.until_quiet(run.play)
    assert 200 < run.now_s < 201, "the last thing was done after 200 s, then it was quiet"


def test_who_does_not_answer_is_waited_for_and_given_up_in_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    run = Run(monkeypatch, lambda now_s: None if now_s < 50 else {})
    rest.until_quiet(run.play)
    assert 50 < run.now_s < 52
    run = Run(monkeypatch, lambda _: None)
    with pytest.raises(NotReadyError, match="rest"):
        rest.until_quiet(run.play)
    assert rest.SETTLE_S < run.now_s < rest.SETTLE_S + 1


def test_what_is_due_and_does_not_go_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    run = Run(monkeypatch, lambda _: {"next_event_us": 5})
    with pytest.raises(NotReadyError, match="rest"):
        rest.until_quiet(run.play)
    assert run.now_s < rest.SETTLE_S + 1


def test_attack_what_moves_for_ever_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    run = Run(monkeypatch, lambda now_s: {"events_done": int(now_s * 10)})
    with pytest.raises(NotReadyError, match="rest"):
        rest.until_quiet(run.play)
    assert rest.MOST_S < run.now_s < rest.MOST_S + 1
