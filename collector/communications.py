"""What is known of each communication beside its streams: which targets take part, who called, when it was answered.

Rules. It is learnt from signalling that was judged, and CC inherits it, in the careful lane and in the bulk lane.
Target state and first content live in the stream table, which the bulk lane reads; the rest is here, by communication,
which is half a slot. Nothing is decided here. One source for two paths (ADR 0002): `communications.pxd` types it for
Cython.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from collector.gate_scope import CinState
from mediation.law.orders import Target

if TYPE_CHECKING:
    from asn1 import plain as cython
    from collector.stream_table import StreamTable
else:
    try:
        import cython
    except ImportError:
        from asn1 import plain as cython

if not cython.compiled:
    _NEVER = -(1 << 63)

COMPILED: Final[bool] = cython.compiled

_NOTHING: Final = CinState()


class Communications:
    """`slot` as `StreamTable` gives it out, of either of a communication's streams; -1 of one that has none."""

    def __init__(self, streams: StreamTable) -> None:
        self.streams = streams
        self.originates: dict[int, bool] = {}
        self.answered_us: dict[int, int] = {}
        self.taking_part: dict[int, frozenset[Target]] = {}

    def state_of(self, slot: int) -> CinState:
        if slot < 0:
            return _NOTHING
        streams, key = self.streams, slot >> 1
        first_us = streams.first_cc_us(slot)
        return CinState(
            streams.target_state(slot),
            self.originates.get(key),
            None if first_us == _NEVER else first_us,
            self.answered_us.get(key),
            self.taking_part.get(key),
        )

    def remember(self, slot: int, before: CinState, after: CinState) -> None:
        """`before` is what `state_of` said."""
        key = slot >> 1
        if after.target != before.target:
            self.streams.set_target_state(slot, after.target)
        if after.target_originates is not None:
            self.originates[key] = after.target_originates
        if after.answered_us is not None:
            self.answered_us[key] = after.answered_us
        if after.taking_part is not None:
            self.taking_part[key] = after.taking_part
        if after.first_cc_us is not None and before.first_cc_us is None:
            self.streams.set_first_cc_us(slot, after.first_cc_us)

    def restore_side(self, slot: int, originates: bool) -> None:
        """For a restart: who called whom."""
        self.originates[slot >> 1] = originates

    def forget(self, slot: int) -> None:
        """The communication's slots may be given out again."""
        key = slot >> 1
        self.originates.pop(key, None)
        self.answered_us.pop(key, None)
        self.taking_part.pop(key, None)
