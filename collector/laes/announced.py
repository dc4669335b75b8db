"""What the call data of a group of links announces of content: which channel carries which call of which case.

Rules. Only call data that closes a channel ends a claim to it; the end of its call lets another call have the channel,
since calls of several legs go on. A channel is known by keyed digests of its keys, never by what the carrier wrote:
they go into the account of a batch, also where the order withholds them. Content belongs to a call only while exactly
one call claims its channel. What two claim, or one claims while the other's last datagrams may still be on their way,
is nobody's: a case never lends its target to another's content (R-022). While is by the stamps of the interception
point, of call data and of content: what arrives late, or is read late, is of the call that had the channel then, so a
claim is remembered behind its end (ADR 0040). Content without a stamp is told by its arrival. Bounded; what ended
longest ago makes room, and where there is none, nothing new is announced. Pure.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Final, NamedTuple

LINGER_US: Final = 2_000_000
"""How far behind the end of a claim, or before its beginning, a stamp may lie and still be of it; assumed, far above
what clocks of one network differ, and what it delays datagrams."""
KEEP_US: Final = 3_600_000_000
"""How long an ended claim is remembered, by arrival: as long as call data that comes again is known as such."""
MAX_CHANNELS: Final = 1 << 16
MAX_CLAIMS: Final = 8
"""Calls that claim one channel at once; more are as good as two."""

Endpoint = tuple[str, int]


class Owner(NamedTuple):
    """A call of a case; `cin` -1 where several calls share the channel, so that it can be of none of them."""

    liid: str
    cin: int


class End(NamedTuple):
    """When something ended: as it was heard, and by the stamp of the message that said so, where it had one."""

    heard_us: int
    at_us: int | None = None


class Claim(NamedTuple):
    """`side` as the direction column has it, -1 when not known; `since_us`: the stamp of what announced it, None when
    nobody knows any more. `closed`: of the channel; `over`: of its call, by a release."""

    owner: Owner
    side: int
    subject: frozenset[Endpoint] = frozenset()
    since_us: int | None = None
    closed: End | None = None
    over: End | None = None

    def had(self, at_us: int | None, now_us: int) -> bool:
        """Whether the channel was not yet closed then: at the stamp, or now where there is none."""
        if self.closed is None:
            return True
        if at_us is None or self.closed.at_us is None:
            return now_us - self.closed.heard_us <= LINGER_US
        return at_us - self.closed.at_us <= LINGER_US

    def had_begun(self, at_us: int) -> bool:
        return self.since_us is None or self.since_us - at_us <= LINGER_US


Place = tuple[bytes, Owner]


class Announced:
    """One group's. Digests are 16 octets."""

    def __init__(self, limit: int = MAX_CHANNELS) -> None:
        self._limit = limit
        self._channels: dict[bytes, dict[Owner, Claim]] = {}
        self._owned: dict[Owner, set[bytes]] = {}
        self._closed: OrderedDict[Place, int] = OrderedDict()
        self._over: OrderedDict[Place, int] = OrderedDict()
        self.refused = 0
        """Announcements for which there was no room."""

    def __len__(self) -> int:
        return len(self._channels)

    def open(self, channel: bytes, claim: Claim, now_us: int) -> None:
        """A call claims a channel, and keeps it if it has it already."""
        self._forget(now_us)
        if channel not in self._channels and len(self._channels) >= self._limit:
            self._make_room(now_us)
        claims, owner = self._channels.get(channel, {}), claim.owner
        for other, one in list(claims.items()):
            if other != owner and one.closed is None and one.over is not None:
                self._close(channel, one, one.over)
        if len(claims) >= MAX_CLAIMS and owner not in claims:
            self._drop_one_of(channel)
        full = len(claims) >= MAX_CLAIMS and owner not in claims
        if full or (not claims and len(self._channels) >= self._limit):
            self.refused += 1
            return
        before = claims.get(owner)
        if before is not None and (before.closed is None or len(claims) == 1):
            # Nobody else had it meanwhile.
            claim = claim._replace(since_us=before.since_us)
        claims[owner] = claim
        self._channels[channel] = claims
        self._owned.setdefault(owner, set()).add(channel)
        self._closed.pop((channel, owner), None)
        self._over.pop((channel, owner), None)

    def close(self, channel: bytes, liid: str, now_us: int, at_us: int | None = None) -> list[Owner]:
        """A case closes a channel; the calls of it that had it until now. `at_us`: the stamp of what says so."""
        self._forget(now_us)
        claims = self._channels.get(channel, {})
        mine = [one for one in claims.values() if one.owner.liid == liid and one.closed is None]
        for one in mine:
            self._close(channel, one, End(now_us, at_us))
        return [one.owner for one in mine]

    def over(self, owner: Owner, now_us: int, at_us: int | None = None) -> None:
        """A call is over, or one leg of it: its channels are free for other calls, and its own until one comes."""
        for channel in self._owned.get(owner, ()):
            claim = self._channels[channel][owner]
            if claim.over is None and claim.closed is None:
                self._channels[channel][owner] = claim._replace(over=End(now_us, at_us))
                self._over[channel, owner] = now_us

    def claims(self, channel: bytes, now_us: int, at_us: int | None = None) -> tuple[Claim, ...]:
        """Whose a channel was at a stamp; whose it is now, for what has none."""
        found = [one for one in self._channels.get(channel, {}).values() if one.had(at_us, now_us)]
        if len(found) > 1 and at_us is not None:
            # What was stamped long before one of them began can only be of the others.
            found = [one for one in found if one.had_begun(at_us)] or found
        return tuple(found)

    def _close(self, channel: bytes, claim: Claim, end: End) -> None:
        self._channels[channel][claim.owner] = claim._replace(closed=end)
        self._over.pop((channel, claim.owner), None)
        self._closed[channel, claim.owner] = end.heard_us

    def _forget(self, now_us: int) -> None:
        while self._closed:
            place, heard_us = next(iter(self._closed.items()))
            if now_us - heard_us <= KEEP_US:
                return
            self._drop(place)

    def _make_room(self, now_us: int) -> None:
        """For one channel more: what was closed goes first, then calls that are over."""
        while self._closed and len(self._channels) >= self._limit:
            self._drop(next(iter(self._closed)))
        while self._over and len(self._channels) >= self._limit:
            place, heard_us = next(iter(self._over.items()))
            if now_us - heard_us <= LINGER_US:
                return
            self._drop(place)

    def _drop_one_of(self, channel: bytes) -> None:
        ended = [(one.closed.heard_us, one.owner) for one in self._channels[channel].values() if one.closed is not None]
        if ended:
            self._drop((channel, min(ended)[1]))

    def _drop(self, place: Place) -> None:
        channel, owner = place
        self._closed.pop(place, None)
        self._over.pop(place, None)
        claims = self._channels[channel]
        del claims[owner]
        if not claims:
            del self._channels[channel]
        owned = self._owned[owner]
        owned.discard(channel)
        if not owned:
            del self._owned[owner]
