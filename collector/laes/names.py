"""Keyed numbers for calls and keyed digests for channels.

A call's number is made of its case and its name: the same after a restart, and nobody can choose a name that falls on
another call's number. Where two names do by chance, the later one has none. Bounded; the name not met for longest is
forgotten. Pure.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Final

from collector.keyed_digest import KeyedDigest
from collector.laes.naming import Key

MAX_NAMES: Final = 1 << 16
"""Calls whose names are remembered, so that two with one number are told apart."""


class Names:
    """`hmac_key` is the store's, or one that all collectors of a fleet have."""

    def __init__(self, hmac_key: bytes) -> None:
        self._digest = KeyedDigest(hmac_key)
        self._known: OrderedDict[tuple[bytes, int], str] = OrderedDict()

    def own_number(self, liid: bytes, name: str) -> int | None:
        """A call's number; None where another name of the case has it."""
        key = (liid, self.number(liid, name))
        known = self._known.setdefault(key, name)
        self._known.move_to_end(key)
        if len(self._known) > MAX_NAMES:
            self._known.popitem(last=False)
        return key[1] if known == name else None

    def number(self, liid: bytes, name: str) -> int:
        """32 bits."""
        return int.from_bytes(self._keyed(b"call", liid, name.encode())[:4], "big")

    def channel(self, key: Key) -> bytes:
        """16 octets."""
        return self._keyed(b"channel", key[0].encode(), key[1].encode())[:16]

    def _keyed(self, what: bytes, *parts: bytes) -> bytes:
        octets = b"calea-lab " + what + b"".join(len(part).to_bytes(4, "big") + part for part in parts)
        return self._digest.of(octets)
