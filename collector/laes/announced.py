"""What the call data of a group of links announces of content: which channel carries which call of which case.

Rules. Only call data that closes a channel ends a claim to it; the end of its call lets another call have the channel,
since calls of several legs go on. A channel is known by keyed digests of its keys, never by what the carrier wrote:
they go into the account of a batch, also where the order withholds them. Content belongs to a call only while exactly
one call claims its channel. What two claim, or one claims while the other's last datagrams may still be on their way,
is nobody's: a case never lends its target to another's content (R-022). Bounded; where there is no room, nothing new is
announced. Pure.
"""

from __future__ import annotations

from typing import Final, NamedTuple

LINGER_US: Final = 2_000_000
"""How long a closed channel still has the call's last datagrams; assumed, far above what a network delays them."""
MAX_CHANNELS: Final = 1 << 16
MAX_CLAIMS: Final = 8
"""Calls that claim one channel at once; more are as good as two."""

Endpoint = tuple[str, int]


class Owner(NamedTuple):
    """A call of a case; `cin` -1 where several calls share the channel, so that it can be of none of them."""

    liid: str
    cin: int


class Claim(NamedTuple):
    """`side` as the direction column has it, -1 when not known; `closed_us`: when the channel was closed, `over_us`:
    when a release of its call came, or None."""

    owner: Owner
    side: int
    subject: frozenset[Endpoint] = frozenset()
    closed_us: int | None = None
    over_us: int | None = None


class Announced:
    """One group's. Digests are 16 octets."""

    def __init__(self, limit: int = MAX_CHANNELS) -> None:
        self._limit = limit
        self._channels: dict[bytes, dict[Owner, Claim]] = {}
        self._owned: dict[Owner, set[bytes]] = {}
        self.refused = 0
        """Announcements for which there was no room."""

    def __len__(self) -> int:
        return len(self._channels)

    def open(self, channel: bytes, claim: Claim, now_us: int) -> None:
        """A call claims a channel."""
        if channel in self._channels:
            self._fade(channel, now_us, but=claim.owner)
        elif len(self._channels) >= self._limit:
            for other in list(self._channels):
                self._fade(other, now_us, but=claim.owner)
        claims = self._channels.get(channel, {})
        full = len(claims) >= MAX_CLAIMS and claim.owner not in claims
        if full or (not claims and len(self._channels) >= self._limit):
            self.refused += 1
            return
        claims[claim.owner] = claim
        self._channels[channel] = claims
        self._owned.setdefault(claim.owner, set()).add(channel)

    def close(self, channel: bytes, liid: str, now_us: int) -> list[Owner]:
        """A case closes a channel; the calls of it that had it."""
        claims = self._channels.get(channel, {})
        mine = [owner for owner in claims if owner.liid == liid]
        for owner in mine:
            if claims[owner].closed_us is None:
                claims[owner] = claims[owner]._replace(closed_us=now_us)
        return mine

    def over(self, owner: Owner, now_us: int) -> None:
        """A call is over, or one leg of it: its channels are free for other calls, and its own until one comes."""
        for channel in self._owned.get(owner, ()):
            claim = self._channels[channel][owner]
            if claim.over_us is None:
                self._channels[channel][owner] = claim._replace(over_us=now_us)

    def claims(self, channel: bytes, now_us: int) -> tuple[Claim, ...]:
        """Who claims a channel now."""
        if channel not in self._channels:
            return ()
        self._fade(channel, now_us)
        return tuple(self._channels.get(channel, {}).values())

    def _fade(self, channel: bytes, now_us: int, but: Owner | None = None) -> None:
        """Forget claims closed long enough ago; where `but` wants the channel, those of calls that are over too."""
        claims = self._channels[channel]
        for owner, one in list(claims.items()):
            since_us = one.over_us if one.closed_us is None and but not in (None, owner) else one.closed_us
            if since_us is None or now_us - since_us <= LINGER_US:
                continue
            del claims[owner]
            owned = self._owned[owner]
            owned.discard(channel)
            if not owned:
                del self._owned[owner]
        if not claims:
            del self._channels[channel]
