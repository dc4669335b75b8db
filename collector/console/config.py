"""The console's configuration, checked before anything is opened. No secret stands in it (R-089)."""

from __future__ import annotations

from enum import StrEnum
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Annotated, Final

from pydantic import Field, model_validator

from collector.config import NAME
from collector.store.stores import MAX_STORES
from mediation.law.access_facts import DeviceClass
from mediation.law.settings import DEFAULTS, LawSettings
from mediation.runtime.config import ClockConfig, Listen, Model, Peer


class SecondFactor(StrEnum):
    """Whether a one-time code is asked for at sign-in (RFC 6238). It opens nothing that the law keeps shut (R-088)."""

    OFF = "off"
    ENROLLED = "enrolled"
    """Of whoever has enrolled one."""
    REQUIRED = "required"
    """Of everybody; who has none enrols one before anything else."""


class EntryLog(StrEnum):
    """Who writes a facility's entry log (R-079)."""

    STATION = "station"
    """The enrolled station, when somebody signs in at it: a lab has no guard at the door."""
    GUARD = "guard"
    """Somebody else; who signs in without a row of this tour is refused."""


class Segment(Model):
    """A network of the lab and the kind of device it is known for (R-077). The narrowest that holds an address
    counts; an address in none is believed what its station was enrolled as."""

    network: IPv4Network | IPv6Network
    device: DeviceClass


class SignInPolicy(Model):
    """All durations in seconds of real time, whatever the run's clock does: a person waits in real time."""

    second_factor: SecondFactor = SecondFactor.ENROLLED
    entry_log: EntryLog = EntryLog.STATION
    idle_s: Annotated[float, Field(gt=0, le=86_400)] = 900.0
    """Without a click for so long, the password is asked for again."""
    session_s: Annotated[float, Field(gt=0, le=86_400)] = 8 * 3600.0
    """The longest session, a tour."""
    failures: Annotated[int, Field(ge=1, le=100)] = 5
    """Wrong passwords or codes in a row that lock an account."""
    lock_s: Annotated[float, Field(gt=0, le=86_400)] = 900.0
    argon2_memory_kib: Annotated[int, Field(ge=8, le=4 << 20)] = 64 << 10
    argon2_passes: Annotated[int, Field(ge=1, le=100)] = 3
    attempts_per_minute: Annotated[int, Field(ge=1, le=1000)] = 30
    """Sign-in attempts from one address, and for one account, above which all are answered 429."""
    requests_per_s: Annotated[float, Field(gt=0, le=10_000)] = 50.0
    """Of one address, over ten seconds."""


class DeskPlace(Model):
    """The desk whose ledger decides and records, and whose database keeps accounts and what people write."""

    data_dir: Path
    pin_directory: Path | None = None
    database: str | None = None
    """A database URL; SQLite in the desk's directory when not given."""


class CollectorPlace(Model):
    """What the console reads of the collector's, and where it sends signed commands."""

    data_dir: Path
    index_url: str | None = None
    """The collector's index; SQLite in its directory when not given."""
    pin_directory: Path | None = None
    """Where its newest checkpoint is pinned, to hold a record against."""
    control: Peer | None = None
    """The collector's control port; without it no command can be given."""


ShardName = Annotated[str, Field(pattern=NAME)]
DESK: Final = "desk"


class FleetPlace(Model):
    """The collectors of a fleet (ADR 0055), each by the name it has there; records of the first are `1-…`, so a list
    keeps its order and grows at its end. `database_url` of what they share."""

    database_url: Annotated[str, Field(min_length=1, max_length=2000)]
    shards: Annotated[dict[ShardName, CollectorPlace], Field(min_length=1, max_length=MAX_STORES)]

    @model_validator(mode="after")
    def _not_the_desk(self) -> FleetPlace:
        if DESK in self.shards:
            raise ValueError(f"fleet.shards: {DESK} is the name of the desk itself; name that collector anew")
        return self


class FaultsPlace(Model):
    """The lab's fault proxy, on this machine: its control port, and the file of the word that commands it."""

    control: Peer
    word_file: Path

    @model_validator(mode="after")
    def _on_this_machine(self) -> FaultsPlace:
        if self.control.host not in ("127.0.0.1", "::1", "localhost"):
            raise ValueError("faults.control: the fault proxy is commanded on loopback alone")
        return self


class ConsoleConfig(Model):
    """`names`: the host names it is reached under, beside those of the certificate; a request that names another is
    refused, so that no other name can be pointed at it."""

    data_dir: Path
    clock: ClockConfig = ClockConfig()
    listen: Listen
    control: Listen = Listen()
    names: tuple[str, ...] = ()
    lab_ca: Path
    """The certificate of the lab's CA, handed out under `/lab-ca`."""
    court_public_key: Path
    hi1_inbox: Path
    more_inboxes: tuple[Path, ...] = ()
    """Of a fleet's other collectors: with the disk of one, its inbox is lost."""
    desk: DeskPlace
    collector: CollectorPlace | None = None
    """The collector, where there is one."""
    fleet: FleetPlace | None = None
    """In its place: several."""
    sealed_dir: Path | None = None
    """Where sealed copies go, outside the store (R-144); `sealed` in the console's directory when not given."""
    handed_off_dir: Path | None = None
    """Where packages for case management go, outside the store (R-142); `handed-off` in the console's directory when
    not given."""
    court: Peer | None = None
    """The office of the court, where applications and acts about orders go; without it no page changes an order."""
    watched: dict[str, Peer] = Field(default_factory=dict)
    """Control ports of the processes whose health is shown, by their names (`collector`, `reconciler`, …)."""
    faults: FaultsPlace | None = None
    """Where the run has a fault proxy on its links; without it there are no pages of faults."""
    policy: SignInPolicy = SignInPolicy()
    segments: tuple[Segment, ...] = ()
    law: LawSettings = DEFAULTS

    @property
    def collectors(self) -> dict[str, CollectorPlace]:
        """By the name that each has in its fleet; blank where there is one alone."""
        if self.fleet is not None:
            return self.fleet.shards
        assert self.collector is not None
        return {"": self.collector}

    @property
    def sealed(self) -> Path:
        return (self.sealed_dir or self.data_dir / "sealed").absolute()

    @property
    def handed_off(self) -> Path:
        return (self.handed_off_dir or self.data_dir / "handed-off").absolute()

    @model_validator(mode="after")
    def _one_or_several(self) -> ConsoleConfig:
        if (self.collector is None) == (self.fleet is None):
            raise ValueError("the console reads one collector (collector) or several (fleet): say one of the two")
        return self

    @model_validator(mode="after")
    def _over_tls(self) -> ConsoleConfig:
        if self.listen.tls is None:
            raise ValueError("the console listens with tls (certificate and key) alone: browsers send it passwords")
        return self
