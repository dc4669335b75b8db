"""Which faults are on, on which link, and which records each has taken. Pure: times are arguments, chance is seeded.

The same seed, the same faults and the same records give the same deeds, over all connections of a link.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from random import Random
from typing import Any, Final, NamedTuple

from asn1.errors import RefusedError
from lab.faults.model import MAX_STANDING, FaultRequest
from lab.faults.records import About, Framing

_US: Final = 1_000_000
ALL: Final = "all"


class LinkSpec(NamedTuple):
    """What a link lets a fault do. `terminated`: TLS ends at the proxy, so it sees records and shows certificates."""

    name: str
    framing: Framing
    terminated: bool = False
    datagrams: bool = False


@dataclass(slots=True)
class Standing:
    """A fault that is on. `seen`: what it could have taken; `hits`: what it took."""

    name: str
    request: FaultRequest
    since_us: int
    random: Random
    seen: int = 0
    hits: int = 0
    jumped: int = 0
    """By how much numbers are ahead now."""

    @property
    def until_us(self) -> int | None:
        seconds = self.request.seconds
        return None if seconds is None else self.since_us + int(seconds * _US)

    def about(self, record: About, direction: str) -> bool:
        """Whether it is about records like this one."""
        asked = self.request
        if asked.direction != direction or (asked.liid and asked.liid != record.liid):
            return False
        if asked.kind == "missed_keepalive":
            return record.keepalive
        if asked.kind == "bad_integrity":
            return record.tri == "integrityCheck"
        if asked.kind == "sequence_jump":
            return not record.tri
        return asked.what == "all" or (asked.what == "tri") == bool(record.tri)

    def takes(self) -> bool:
        """Whether it takes the next of those that it is about."""
        asked = self.request
        self.seen += 1
        if self.seen <= asked.skip or (asked.count is not None and self.hits >= asked.count):
            return False
        # Drawn also where all are taken, so that the place in a corrupt record depends on the record alone.
        if self.random.random() >= asked.share:
            return False
        self.hits += 1
        return True

    def as_json(self) -> dict[str, Any]:
        return {"id": self.name, **self.request.told(), "seen": self.seen, "hits": self.hits}


@dataclass(slots=True)
class Board:
    """All that stands. `links` by name; those of the carrier and the mediation function stand here too."""

    links: dict[str, LinkSpec]
    seed: int = 1
    standing: dict[str, Standing] = field(default_factory=dict)
    made: int = 0

    def check(self, asked: FaultRequest) -> None:
        """Raises RefusedError for a fault that this link cannot have, before anything is changed."""
        if len(self.standing) >= MAX_STANDING:
            raise RefusedError(f"{MAX_STANDING} faults are on: clear one first.")
        if asked.elsewhere:
            return
        link = self.links.get(asked.link)
        if link is None:
            raise RefusedError(f"There is no link {asked.link!r}: choose one of {', '.join(sorted(self.links))}.")
        needs = asked.said.needs
        if needs == "tls" and not link.terminated:
            raise RefusedError(
                f"{asked.kind}: TLS does not end at the proxy on {link.name}. Start the run with --tls, or set "
                '`tls = "terminated"` for the link.'
            )
        if needs == "records" and link.framing == "none" and not link.datagrams:
            raise RefusedError(f"{asked.kind}: the records of {link.name} are hidden in TLS that passes through.")
        if needs == "ps-pdu" and link.framing != "ps-pdu":
            raise RefusedError(f"{asked.kind}: {link.name} carries no PS-PDUs (TS 102 232-1).")
        if link.datagrams and asked.kind in ("half_open", "slow_reader"):
            raise RefusedError(f"{asked.kind}: {link.name} carries datagrams, which nobody answers or waits for.")

    def add(self, asked: FaultRequest, now_us: int) -> Standing:
        """Raises RefusedError, as `check`."""
        self.check(asked)
        self.made += 1
        # A jump is one jump unless it is said how many.
        if asked.kind == "sequence_jump" and asked.count is None:
            asked = asked.model_copy(update={"count": 1})
        name = f"F{self.made}"
        chance = Random(f"{self.seed}:{name}:{asked.kind}")  # noqa: S311  to be repeated, not to be secret
        one = self.standing[name] = Standing(name, asked, now_us, chance)
        return one

    def named(self, name: str) -> list[Standing]:
        """One by its id, or `all`. Raises RefusedError when there is none of that id."""
        if name != ALL and name not in self.standing:
            raise RefusedError(f"No fault {name} is on: {', '.join(self.standing) or 'none is'}.")
        return list(self.standing.values()) if name == ALL else [self.standing[name]]

    def expire(self, now_us: int) -> list[Standing]:
        """End those whose time is over."""
        gone = [one for one in self.standing.values() if one.until_us is not None and one.until_us <= now_us]
        self.drop(gone)
        return gone

    def drop(self, gone: Iterable[Standing]) -> None:
        for one in gone:
            del self.standing[one.name]

    def on(self, link: str, *kinds: str) -> list[Standing]:
        """Those of a link, of these kinds, in the order they came."""
        return [
            one for one in self.standing.values()
            if one.request.link == link and (not kinds or one.request.kind in kinds)
        ]  # fmt: skip

    def elsewhere(self) -> list[FaultRequest]:
        return [one.request for one in self.standing.values() if one.request.elsewhere]
