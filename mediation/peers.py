"""Where a delivery goes: one collector, or several of a fleet, any of which takes it. Pure; time is an argument.

A link holds one connection. When it is refused or lost, the next peer is tried at once; only when every one of them has
failed in a row is there a pause, so that a fleet that is away is not hammered and a fleet that is there keeps nobody
waiting. A connection that held for longer than that pause has not failed: the next loss begins a new round. With one
peer each attempt is a round.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from pydantic import Field, model_validator

from mediation.runtime.config import Model, Peer

MAX_PEERS = 1024


class Delivery(Model):
    """`peers`: in the order in which they are tried. A table with an address of its own is a delivery to that one."""

    peers: Annotated[tuple[Peer, ...], Field(min_length=1, max_length=MAX_PEERS)]

    @model_validator(mode="before")
    @classmethod
    def _one(cls, value: Any) -> Any:  # noqa: ANN401  whatever a file may say
        if isinstance(value, Peer):
            return {"peers": (value,)}
        return {"peers": (value,)} if isinstance(value, dict) and "peers" not in value else value


class Round:
    """Whose turn it is among `peers`. `pause_s`: after each of them has failed, and how long one holds that has not."""

    def __init__(self, peers: Sequence[Peer], pause_s: float) -> None:
        self._peers = tuple(peers)
        self._pause_s = pause_s
        self._failed = 0
        self._opened_s: float | None = None
        self.at = 0
        """The index of whom to connect to now."""

    @property
    def peer(self) -> Peer:
        return self._peers[self.at]

    def opened(self, now_s: float) -> None:
        """The connection to `peer` is there. Monotonic seconds."""
        self._opened_s = now_s

    def lost(self, now_s: float) -> float:
        """It was refused, or is lost: `peer` is the next one from now on. How long to wait before it is tried."""
        if self._opened_s is not None and now_s - self._opened_s > self._pause_s:
            self._failed = 0
        self._opened_s = None
        self._failed += 1
        self.at = (self.at + 1) % len(self._peers)
        return self._pause_s if self._failed % len(self._peers) == 0 else 0.0
