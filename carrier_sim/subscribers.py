"""Who lives in the simulated network, and the only place where an identity is made.

Every identity comes from a range that belongs to nobody: numbers +1 NPA 555 01XX, IMSIs of the test network 001-01,
addresses of RFC 5737 and RFC 3849, names under `.invalid` (RFC 2606). Identities follow from the number alone, so that
a scenario can name a subscriber by number and a target list can be written before the network runs; the seed decides
only what nobody targets (display name, handset). `is_fictional` is the judge used by the registry test and by replay.
"""

from __future__ import annotations

import random
import re
from dataclasses import dataclass, field
from ipaddress import ip_address, ip_network
from typing import Final, NamedTuple

from asn1.errors import LocalError

IMS_DOMAIN: Final = "ims.invalid"
DATA_DOMAIN: Final = "data.invalid"
AREA_CODES: Final = ("212", "646", "718", "917")

DNS_ADDRESS: Final = "192.0.2.53"
NAS_ADDRESS: Final = "192.0.2.20"
ACCOUNTING_ADDRESS: Final = "192.0.2.21"
HOSTS: Final = (("sim.example.invalid", "192.0.2.80"), ("other.example.invalid", "192.0.2.81"))
"""Web hosts of the network. The first is the one that pen registers on a host ask for."""

_NAMES: Final = (
    *("Alpha", "Bravo", "Charlie", "Delta", "Echo", "Foxtrot", "Golf", "Hotel", "India", "Juliett", "Kilo", "Lima"),
    *("Mike", "November", "Oscar", "Papa", "Quebec", "Romeo", "Sierra", "Tango", "Uniform", "Victor", "Whiskey"),
)
_HANDSETS: Final = ("LabPhone 1", "LabPhone 2", "LabTablet 7", "LabRouter 9")

_NUMBER: Final = re.compile(r"1([2-9]\d\d)55501(\d\d)")
_FICTIONAL_NETWORKS: Final = tuple(
    ip_network(text) for text in ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32")
)
_LATE_ADDRESSES: Final = 150
"""Subscribers outside the four area codes take 192.0.2.100-249 in the order they appear."""


class Identity(NamedTuple):
    """One identifier, by the X1 element name of its kind (`e164Number`, `imsi`, `sipUri`, `ipv4Address`, …)."""

    kind: str
    value: str


@dataclass(frozen=True, slots=True)
class Party:
    """One side of an event: everything the network knows it by. Values are normalised as `poi.normalise` does."""

    identities: tuple[Identity, ...]


@dataclass(frozen=True, slots=True)
class Subscriber:
    """`number` is E.164 digits without plus."""

    number: str
    imsi: str
    sip_uri: str
    nai: str
    ipv4: str
    ipv6: str
    name: str
    handset: str

    party: Party = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        party = Party(
            (
                Identity("e164Number", self.number),
                Identity("imsi", self.imsi),
                Identity("sipUri", self.sip_uri),
                Identity("nai", self.nai),
                Identity("ipv4Address", self.ipv4),
                Identity("ipv6Address", self.ipv6),
            )
        )
        object.__setattr__(self, "party", party)


def host_party(host: str, address: str) -> Party:
    """The far end of a web visit, as a pen register on a host would name it."""
    return Party((Identity("host", host), Identity("ipv4Address", address)))


def digits_of(number: str) -> str:
    """`+1 212 555 0101`, `12125550101` or `2125550101` -> `12125550101`. Raises `LocalError` outside 555-01XX."""
    digits = re.sub(r"[\s().+-]", "", number)
    if len(digits) == 10:
        digits = "1" + digits
    if not _NUMBER.fullmatch(digits):
        raise LocalError(f"{number} is not a fictional number: subscribers have numbers of the form +1 NPA 555 01XX.")
    return digits


class Directory:
    """The subscribers of one run. `get` knows every fictional number; `everyone` lists those of the four area codes."""

    def __init__(self, seed: int, count: int = 40) -> None:
        self._seed = seed
        self._known: dict[str, Subscriber] = {}
        self._late = 0
        self._everyone = tuple(
            self.get(f"1{AREA_CODES[index % len(AREA_CODES)]}55501{index // len(AREA_CODES):02d}")
            for index in range(min(count, 100 * len(AREA_CODES)))
        )

    @property
    def everyone(self) -> tuple[Subscriber, ...]:
        return self._everyone

    @property
    def known(self) -> tuple[Subscriber, ...]:
        """Everyone, and those that were asked for by number since."""
        return tuple(self._known.values())

    def get(self, number: str) -> Subscriber:
        """The subscriber of a number. Raises `LocalError` for a number that is not fictional."""
        digits = digits_of(number)
        if digits not in self._known:
            self._known[digits] = self._make(digits)
        return self._known[digits]

    def _make(self, digits: str) -> Subscriber:
        match = _NUMBER.fullmatch(digits)
        if match is None:
            raise LocalError(f"{digits} is not a fictional number.")
        area, last = match.group(1), int(match.group(2))
        chance = random.Random(f"{self._seed}/{digits}")  # noqa: S311  a reproducible choice, not a secret
        return Subscriber(
            digits,
            f"00101{digits[1:]}",
            f"sip:+{digits}@{IMS_DOMAIN}",
            f"sim-{digits[1:]}@{DATA_DOMAIN}",
            self._ipv4(area, last),
            f"2001:db8:{int(area):x}:{last:x}::1",
            f"Subject {chance.choice(_NAMES)} {digits[-2:]}",
            chance.choice(_HANDSETS),
        )

    def _ipv4(self, area: str, last: int) -> str:
        if area in AREA_CODES:
            index = AREA_CODES.index(area) * 100 + last
            return f"198.51.100.{index + 1}" if index < 200 else f"203.0.113.{index - 199}"
        if self._late == _LATE_ADDRESSES:
            raise LocalError(
                f"No documentation address is left for {area}-555-01{last:02d}: "
                f"use numbers of the area codes {', '.join(AREA_CODES)}."
            )
        self._late += 1
        return f"192.0.2.{99 + self._late}"


def is_fictional_number(digits: str) -> bool:
    return _NUMBER.fullmatch(digits) is not None


def is_fictional_address(text: str) -> bool:
    """A documentation address. Loopback is not one, though replay leaves it as it is."""
    try:
        address = ip_address(text)
    except ValueError:
        return False
    return any(address in network for network in _FICTIONAL_NETWORKS)


def is_fictional(identity: Identity) -> bool:
    """True when no person or machine in the world can have this identity."""
    kind, value = identity
    if kind == "e164Number":
        return is_fictional_number(value)
    if kind == "imsi":
        return re.fullmatch(r"00101\d{10}", value) is not None
    if kind in ("ipv4Address", "ipv6Address"):
        return is_fictional_address(value)
    if kind in ("sipUri", "nai"):
        user, _, host = value.removeprefix("sip:").partition("@")
        digits = re.sub(r"^(\+|sim-)", "", user)
        fictional_host = host.endswith(".invalid") or is_fictional_address(host)
        return fictional_host and (not digits.isdigit() or is_fictional_number(digits[-11:].rjust(11, "1")))
    return kind == "host" and value.endswith(".invalid")
