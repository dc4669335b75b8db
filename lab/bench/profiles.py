"""What a benchmark sends, and at what pace: the named profiles, and what options change of them. Pure data.

A profile's `octets` are those of the content of a CC record (an IP packet: 20 of IP, 8 of UDP, 12 of RTP and 160 of
G.711 are 200), or with `octets_of` "record" those of the whole PS-PDU. IRI records have the size their signalling has.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from enum import StrEnum
from typing import Any, Final

from mediation.runtime.config import ConfigError

MAX_LIIDS: Final = 1_000_000
MAX_CONNECTIONS: Final = 5_000
MAX_OCTETS: Final = 60_000
"""Of content: an IP packet is never larger than 65 535 octets, its record needs some more."""
MAX_SECONDS: Final = 86_400.0
MAX_RATE_PER_S: Final = 50_000_000


DIALECTS: Final = ("etsi", "t1678")


class Refusal(StrEnum):
    """Why the collector is to refuse a record."""

    EXPIRED = "expired"
    """Its order ended before the event."""
    UNKNOWN = "unknown"
    """No order names its LIID."""
    METADATA_ONLY = "metadata-only"
    """Content under a pen register."""


@dataclass(frozen=True, slots=True)
class Profile:
    """`rate_per_s` None: flat out. A run ends after `records`, where that is said, else after `seconds`. `liids`: those
    under orders that cover what is sent. `flood`: so many of the connections send flat out beside the others' rate."""

    name: str
    words: str
    dialect: str = "etsi"
    kind: str = "cc"
    octets: int = 200
    octets_of: str = "content"
    liids: int = 8
    connections: int = 2
    tls: bool = False
    refused_percent: float = 0.0
    refusals: tuple[Refusal, ...] = tuple(Refusal)
    rate_per_s: int | None = None
    flood: int = 0
    seconds: float = 8.0
    records: int | None = None
    encryption: bool = True
    interpreted: bool = False

    @property
    def acknowledges(self) -> bool:
        """Whether the dialect has acknowledgements; without, there is no latency."""
        return self.dialect == "etsi"

    @property
    def metadata_only(self) -> bool:
        """Whether the orders are pen registers, as those of IRI profiles are: every record meets the field gate."""
        return self.kind == "iri"

    def as_fields(self) -> dict[str, Any]:
        return {**asdict(self), "refusals": [str(one) for one in self.refusals]}

    @classmethod
    def of_fields(cls, value: Mapping[str, Any]) -> Profile:
        return cls(**{**value, "refusals": tuple(Refusal(one) for one in value["refusals"])})


_NAMED: Final = (
    Profile("cc200", "content of 200 octets over plain TCP, flat out"),
    Profile("cc1400", "content of 1400 octets over plain TCP, flat out", octets=1400),
    Profile("cc200-tls", "content of 200 octets over TLS, flat out", tls=True),
    Profile("cc1400-tls", "content of 1400 octets over TLS, flat out", octets=1400, tls=True),
    Profile("cc200-record", "whole records of 200 octets over plain TCP, flat out", octets_of="record"),
    Profile("prtt-iri", "SIP signalling under pen registers, field by field, a new call every six records", kind="iri"),
    Profile("cc200-64-liids", "content of 200 octets of 64 LIIDs, flat out", liids=64),
    Profile("cc200-100k-liids", "content of 200 octets of 100 000 LIIDs, flat out", liids=100_000),
    Profile("cc200-5pct-refused", "content of 200 octets, one record in twenty refused", refused_percent=5.0),
    Profile("cc200-1k-links", "content of 200 octets on 1000 connections, flat out", liids=64, connections=1000),
    Profile(
        "cc200-flood",
        "64 connections at a fixed rate beside one that sends flat out",
        liids=65,
        connections=65,
        rate_per_s=50_000,
        flood=1,
    ),
    Profile("interpreted", "content of 200 octets, the kernels interpreted", interpreted=True, seconds=5.0),
    Profile("latency-100k", "content of 200 octets at 100 000 records a second", liids=64, rate_per_s=100_000),
)

PROFILES: Final[Mapping[str, Profile]] = {one.name: one for one in _NAMED}


def named(name: str) -> Profile:
    """Raises ConfigError for a name that is none."""
    found = PROFILES.get(name)
    if found is None:
        raise ConfigError(f"There is no profile {name!r}: choose one of {', '.join(PROFILES)}.")
    return found


def changed(profile: Profile, changes: Mapping[str, Any]) -> Profile:
    """The profile with the changes that are not None. Raises ConfigError when they make no sense."""
    known = {one.name for one in fields(Profile)}
    said = {name: value for name, value in changes.items() if value is not None}
    if unknown := said.keys() - known:
        raise ConfigError(f"A profile has no {', '.join(sorted(unknown))}.")
    if "seconds" in said and "records" not in said:
        said["records"] = None
    found = replace(profile, **said)
    check(found)
    return found


def at_rate(profile: Profile, rate_per_s: int | None) -> Profile:
    """None: flat out, all connections alike."""
    return replace(profile, rate_per_s=rate_per_s, flood=profile.flood if rate_per_s is not None else 0)


def check(profile: Profile) -> None:
    """Raises ConfigError with the first thing that makes no sense."""
    limits = (
        ("octets", profile.octets, 20, MAX_OCTETS),
        ("liids", profile.liids, 1, MAX_LIIDS),
        ("connections", profile.connections, 1, MAX_CONNECTIONS),
        ("seconds", profile.seconds, 0.1, MAX_SECONDS),
        ("rate", profile.rate_per_s, 1, MAX_RATE_PER_S),
        ("records", profile.records, 1, 1 << 40),
        ("refused", profile.refused_percent, 0, 90),
    )
    for name, value, low, high in limits:
        if value is not None and not low <= value <= high:
            raise ConfigError(f"{name} {value:g} makes no sense: choose from {low:g} to {high:g}.")
    if profile.kind not in ("cc", "iri"):
        raise ConfigError(f"kind {profile.kind!r} is none: choose cc or iri.")
    if profile.dialect not in DIALECTS:
        raise ConfigError(f"dialect {profile.dialect!r} cannot be sent: choose one of {', '.join(DIALECTS)}.")
    if not profile.acknowledges and profile.kind != "iri":
        raise ConfigError(f"Of {profile.dialect} call data is sent, no content: give --kind iri.")
    if profile.octets_of not in ("content", "record"):
        raise ConfigError(f"octets are of the content or of the record, not of {profile.octets_of!r}.")
    if profile.refused_percent and not profile.refusals:
        raise ConfigError("A share of refused records needs a way to be refused: give one with --refusal.")
    if profile.refused_percent and profile.kind == "iri":
        raise ConfigError("The mix of refusals is for content (kind cc).")
    if profile.flood and (profile.rate_per_s is None or profile.flood >= profile.connections):
        raise ConfigError("A flooding connection needs others beside it that send at a rate: give --rate.")
