"""Which content call data announced, and whose a piece of content is: of the US dialects. Pure.

A CCOpen, or the delivery information of an internet session, announces a channel for a case; a CCClose, or the end of
that session, takes it back. A CCChange of what is announced announces nothing new.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from collector.laes.naming import CLOSES, Key, announcement_of, keys_of
from lab.conformance.seen import Seen

_ENDS: Final = frozenset({"packetDataSessionEnd"})
_ADDRESS: Final = "address"


@dataclass(slots=True)
class Channel:
    """`keys`: what its content is known by."""

    liid: bytes
    keys: frozenset[Key]
    opened: Seen
    closed: Seen | None = None


@dataclass(slots=True)
class Channels:
    every: list[Channel] = field(default_factory=list)

    @classmethod
    def of(cls, told: Iterable[Seen]) -> Channels:
        """Of call data in the order in which they came, each once."""
        channels = cls()
        for one in told:
            if one.name in _ENDS:
                channels._close(one, [held for held in channels._open(one.liid) if held.opened.call == one.call])
            elif one.message is not None and (said := announcement_of(one.message)) is not None:
                keys = frozenset(key for key, _ in said.keys)
                same = [held for held in channels._open(one.liid) if _names(keys) & held.keys]
                if one.name in CLOSES:
                    channels._close(one, same)
                elif not same:
                    channels.every.append(Channel(one.liid, keys, one))
        return channels

    def _open(self, liid: bytes) -> list[Channel]:
        return [held for held in self.every if held.closed is None and held.liid == liid]

    @staticmethod
    def _close(by: Seen, which: list[Channel]) -> None:
        for held in which:
            held.closed = by

    def carrying(self, one: Seen) -> list[Channel]:
        """Those that a piece of content is of, open or closed; where it says none, those known by address."""
        assert one.content is not None, "asked of content alone"
        key = keys_of(one.content, ("", 0))[0]
        if key[0] == _ADDRESS:
            return [held for held in self.every if any(name == _ADDRESS for name, _ in held.keys)]
        return [held for held in self.every if key in held.keys]

    def liid_of(self, one: Seen) -> bytes:
        """The case that a record names or, where it names none, whose channel it came on; empty where nobody says."""
        if one.liid or one.content is None:
            return one.liid
        return next((held.liid for held in reversed(self.carrying(one))), b"")


def _names(keys: frozenset[Key]) -> frozenset[Key]:
    """Without the address, which several may share; an address alone has to do."""
    return frozenset(key for key in keys if key[0] != _ADDRESS) or keys
