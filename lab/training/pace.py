"""How fast the class's clock goes: its pace between the cards, and a pause that everything keeps.

A card may move the clock at a pace of its own; `settle` brings the class's back behind it. A pause holds in the middle
of a card as well: the card waits for the clock like everybody else. Called from several threads.
"""

from __future__ import annotations

import threading
from typing import Literal

from mediation.runtime.clock import ClockHand

Speed = float | Literal["max"]


def factor_of(speed: Speed) -> float:
    """Of the clock between two cards: `max` stands there, and is gone on from by jumps."""
    return 0.0 if speed == "max" else speed


class Pace:
    def __init__(self, hand: ClockHand, speed: Speed) -> None:
        self._hand = hand
        self._lock = threading.Lock()
        self._before = 0.0
        self.speed: Speed = speed
        self.paused = False

    def pause(self) -> bool:
        """False when it is paused already."""
        with self._lock:
            if self.paused:
                return False
            self._before = self._hand.clock.spec().factor
            self._hand.go(0.0)
            self.paused = True
            return True

    def resume(self) -> bool:
        """False when it is not paused."""
        with self._lock:
            if not self.paused:
                return False
            self.paused = False
            self._hand.go(self._before)
            return True

    def set(self, speed: Speed) -> None:
        with self._lock:
            self.speed = speed
            self._go()

    def settle(self) -> None:
        """Behind a card."""
        with self._lock:
            self._go()

    def _go(self) -> None:
        if self.paused:
            self._before = factor_of(self.speed)
        else:
            self._hand.go(factor_of(self.speed))
