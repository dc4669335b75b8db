"""The collector's configuration, checked before anything is opened."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import Field, model_validator

from collector.commands import MAX_AGE_US
from collector.databases import in_schema, is_postgresql
from collector.gate import LinkPolicy
from collector.gate_columns import (
    QUALIFIER_ABSENT,
    QUALIFIER_INTERCEPTION,
    QUALIFIER_MEDIATION,
    QUALIFIER_UNKNOWN,
    GateLimits,
)
from collector.handover_config import HandoverModel
from collector.link_guard import MISMATCHES
from collector.store.capacity import read_percent, share_octets
from mediation.law.settings import DEFAULTS, LawSettings
from mediation.runtime.closed import check_url
from mediation.runtime.config import ClockConfig, Listen, Model
from mediation.runtime.hi1_front import Hi1Config

Microseconds = Annotated[int, Field(ge=0, le=1 << 61)]
MIB = 1 << 20


class PolicyConfig(Model):
    """What holds for the records of a link; the defaults are those of `LinkPolicy`, where each has its rule. A skew
    that is not said here is that of `law`."""

    skew_us: Microseconds | None = None
    skew_hard_us: Microseconds | None = None
    late_us: Microseconds = 8_000_000
    cii_wait_us: Microseconds = 8_000_000
    mediation_stamps: bool = False
    arrival_stamps: bool = False
    """Of links of a US dialect: what has no stamp of its own (content behind a header of 4 octets) is judged by its
    arrival and flagged; else it is set apart (R-003)."""

    def policy(self, law: LawSettings = DEFAULTS) -> LinkPolicy:
        skew_us = law.skew_us if self.skew_us is None else self.skew_us
        hard_us = law.skew_hard_us if self.skew_hard_us is None else self.skew_hard_us
        return LinkPolicy(skew_us, hard_us, self.late_us, self.cii_wait_us, self.mediation_stamps)

    def gate_limits(self, law: LawSettings = DEFAULTS) -> GateLimits:
        """The same for the bulk lane, which leaves to the careful one whatever these do not plainly allow."""
        qualifiers = QUALIFIER_ABSENT | QUALIFIER_UNKNOWN | QUALIFIER_INTERCEPTION
        if self.mediation_stamps:
            qualifiers |= QUALIFIER_MEDIATION
        return GateLimits(self.late_us, self.policy(law).skew_us, qualifiers)


class GuardConfig(Model):
    """R-022: after so many records in a row in which the target takes no part, the link is read no further."""

    mismatches: Annotated[int, Field(ge=1, le=1_000_000)] = MISMATCHES


class ResendConfig(Model):
    """Within how much a call-data message that comes again is a duplicate: octets and seconds (by the run's clock)
    behind the first. What a sender replays after a reconnect has to be less; on a clock that runs fast, its seconds
    count more. An hour costs nothing: the octets bound it."""

    octets: Annotated[int, Field(ge=0, le=1 << 28)] = 4 * MIB
    seconds: Annotated[float, Field(ge=0, le=86_400)] = 3600.0


class HoldConfig(Model):
    """How much content that nobody has announced yet is held in memory, and for how long (by the run's clock)."""

    octets: Annotated[int, Field(ge=0, le=1 << 28)] = 4 * MIB
    seconds: Annotated[float, Field(ge=0, le=3600)] = 8.0


NAME: Final = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,31}$"


class LinkConfig(HandoverModel):
    """One listener. `dialect` and, for datagrams of content, `ccc` (`apdu`, or the octets of the header) say how it is
    read; neither is ever guessed; `recorder` is that of covert recorders (ADR 0038). Links of a `group` share what
    their call data announces of content. `guard`: off where it is not there. `record_s`: how long a record may take
    from its first octet to its last before the connection is closed, real seconds; `idle_s`: the same for a
    connection that sends nothing at all (a peer's keep-alives come every 120 to 360 s, TS 102 232-1 clause 6.3.4 by a
    third party's reading; the US dialects have none, so a silent connection is closed only where this is said)."""

    name: Annotated[str, Field(pattern=NAME)]
    interface: Literal["HI2", "HI3", "both"] = "both"
    dialect: Literal["etsi", "t1678", "pcesp", "ias", "jstd025", "recorder"] = "etsi"
    transport: Literal["tcp", "udp"] = "tcp"
    ccc: Literal["apdu", 4, 12, 20] | None = None
    group: Annotated[str, Field(pattern=NAME)] | None = None
    resend: ResendConfig = ResendConfig()
    hold: HoldConfig = HoldConfig()
    listen: Listen = Listen()
    policy: PolicyConfig = PolicyConfig()
    max_record_octets: Annotated[int, Field(ge=4096, le=16 * MIB)] = MIB
    record_s: Annotated[float, Field(gt=0, le=3600)] = 30.0
    idle_s: Annotated[float, Field(gt=0, le=86_400)] = 900.0
    max_connections: Annotated[int, Field(ge=1, le=10_000)] = 256
    guard: GuardConfig | None = None

    @model_validator(mode="after")
    def _makes_sense(self) -> LinkConfig:
        if self.dialect == "etsi":
            if self.transport == "udp" or self.ccc is not None or self.group is not None or self.policy.arrival_stamps:
                raise ValueError(
                    f"link {self.name}: transport udp, ccc, group and policy.arrival_stamps are for the US dialects "
                    "(t1678, pcesp, ias, jstd025), not for etsi"
                )
            return self
        foreign = self.transport == "udp" or self.ccc is not None or self.group is not None
        if self.dialect == "recorder" and (foreign or self.policy.arrival_stamps):
            raise ValueError(
                f"link {self.name}: transport udp, ccc, group and policy.arrival_stamps are not for covert recorders"
            )
        if self.encryption is not None or self.integrity is not None or self.sequence_scope != "communication":
            raise ValueError(
                f"link {self.name}: encryption, integrity and sequence_scope are for etsi links; {self.dialect} has no "
                "such records"
            )
        if self.transport == "tcp":
            if self.ccc is not None:
                raise ValueError(f"link {self.name}: ccc is for datagrams; leave it out, or say transport udp")
        elif self.ccc is None:
            raise ValueError(f"link {self.name}: a udp link needs ccc: apdu, or the octets of its header (4, 12, 20)")
        elif self.ccc == "apdu" and self.dialect == "pcesp":
            raise ValueError(f"link {self.name}: pcesp has no CC-APDU; say ccc 4, 12 or 20")
        elif self.listen.tls is not None:
            raise ValueError(f"link {self.name}: there is no TLS on udp; leave out listen.tls")
        elif self.group is None:
            raise ValueError(
                f"link {self.name}: a udp link needs a group, shared with the tcp link whose call data announces what "
                "comes on it"
            )
        return self

    @property
    def silence_s(self) -> float:
        """How long a connection may send nothing."""
        said = self.dialect == "etsi" or "idle_s" in self.model_fields_set
        return self.idle_s if said else math.inf


class StoreConfigModel(Model):
    """`capacity_octets`, or in its place `capacity_share` of the file system the data directory lies on, as "10%"."""

    capacity_octets: Annotated[int, Field(ge=MIB)] = 1 << 30
    capacity_share: str | None = None
    segment_octets: Annotated[int, Field(ge=256 * 1024)] = 64 * MIB
    encryption: bool = True
    block_unsafe_evict: bool = False
    """R-143: rather stop acknowledging than evict what is not handed off."""

    @model_validator(mode="after")
    def _one_capacity(self) -> StoreConfigModel:
        if self.capacity_share is not None:
            read_percent(self.capacity_share)
            if "capacity_octets" in self.model_fields_set:
                raise ValueError("store.capacity_octets and store.capacity_share are both said: leave one of them out")
        elif self.capacity_octets < 2 * self.segment_octets:
            raise ValueError("store.capacity_octets must hold two segments (store.segment_octets)")
        return self

    def octets(self, directory: Path) -> int:
        """The capacity of a store in `directory`. Raises StoreError where a share cannot be had."""
        if self.capacity_share is None:
            return self.capacity_octets
        return share_octets(directory, read_percent(self.capacity_share), self.segment_octets)


class AuditConfig(Model):
    capacity_octets: Annotated[int, Field(ge=64 * 1024)] = 256 * MIB


class Limits(Model):
    """`received_octets`: octets received and not durable yet, all connections together; beyond it nothing more is read.
    `backlog_octets`: beyond it connections that have more to send are read in turn; a record waits for so much at most,
    and for half of `received_octets` where all who send have always more to send.
    `communications`: (LIID, CIN) pairs whose sequence marks are held at once. `forget_s`: how long an ended
    communication is remembered (virtual time), so that what is sent again is known as sent again.
    `linger_us`: how long a batch waits for company at low rates."""

    received_octets: Annotated[int, Field(ge=4 * MIB, le=1 << 34)] = 64 * MIB
    backlog_octets: Annotated[int, Field(ge=MIB // 4, le=1 << 34)] = 4 * MIB
    connections: Annotated[int, Field(ge=1, le=20_000)] = 1024
    liids: Annotated[int, Field(ge=16, le=1 << 20)] = 1 << 20
    communications: Annotated[int, Field(ge=16, le=1 << 20)] = 1 << 20
    forget_s: Annotated[float, Field(gt=0)] = 86_400.0
    linger_us: Annotated[int, Field(ge=0, le=1_000_000)] = 1500


class FleetConfig(Model):
    """What makes a collector one of several (ADR 0049). `database_url`: of the one PostgreSQL that they share, by
    whose database they are one fleet. `shard`: this one's name, no other's. A shard that has not been heard for
    `lease_s` is taken for dead, so that its streams need not be left to it for a while; a stream is left for `hold_ms`
    to a living shard that has just claimed it. Both in real time. `advertise`: where its listeners are reached, by
    their names, as the catalogue tells others; left out where they are to be found on its own machine."""

    database_url: str
    shard: Annotated[str, Field(pattern=NAME)]
    lease_s: Annotated[float, Field(ge=0.5, le=60)] = 3.0
    hold_ms: Annotated[int, Field(ge=0, le=10_000)] = 250
    advertise: Annotated[dict[str, str], Field(max_length=80)] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _makes_sense(self) -> FleetConfig:
        check_url(self.database_url)
        if not is_postgresql(self.database_url):
            raise ValueError(f"fleet.database_url {self.database_url}: a fleet shares a PostgreSQL (postgresql://...)")
        if self.hold_ms >= self.lease_s * 1000:
            raise ValueError("fleet.hold_ms is less than fleet.lease_s, or who waits would wait for a dead shard")
        return self

    @property
    def index_url(self) -> str:
        """Of this shard's index, in the same database."""
        return in_schema(self.database_url, f"index_{self.shard}")


class CollectorConfig(Model):
    data_dir: Path
    clock: ClockConfig = ClockConfig()
    court_public_key: Path
    quarantine_public_key: Path | None = None
    """Needed at the first start; its private half never lies with the collector."""
    hi1_inbox: Path | None = None
    hi1: Hi1Config | None = None
    """Where court documents come in over HTTPS; the inbox is their store, with or without it."""
    links: Annotated[list[LinkConfig], Field(min_length=1, max_length=64)]
    store: StoreConfigModel = StoreConfigModel()
    audit: AuditConfig = AuditConfig()
    index_url: str | None = None
    pin_directory: Path | None = None
    """Where the newest checkpoint is kept, under a name made of the signing key. Best on another disk or machine."""
    signer: Path | None = None
    """The socket of a signer process (`collector.signer`) that has the signing key in the collector's place."""
    control: Listen = Listen()
    limits: Limits = Limits()
    fleet: FleetConfig | None = None
    """Where several collectors are one; without it this is the only one."""
    law: LawSettings = DEFAULTS
    command_public_key: Path | None = None
    """Ed25519, of the desk whose signed commands are taken; without it none are."""
    command_age_s: Annotated[float, Field(gt=0)] = MAX_AGE_US / 1e6
    """How old a command may be, by the run's clock."""

    @property
    def inbox(self) -> Path:
        return self.hi1_inbox or self.data_dir / "hi1-inbox"

    @property
    def database_url(self) -> str:
        if self.index_url is None and self.fleet is not None:
            return self.fleet.index_url
        return self.index_url or f"sqlite:///{self.data_dir / 'index.sqlite'}"

    @property
    def largest_record_octets(self) -> int:
        return max(link.max_record_octets for link in self.links)

    @model_validator(mode="after")
    def _consistent(self) -> CollectorConfig:
        check_url(self.database_url)
        if self.fleet is not None and any(link.sequence_scope == "liid" for link in self.links):
            raise ValueError(
                "sequence_scope liid cannot be in a fleet: a LIID's one counter would belong to one shard, and its "
                "communications to several"
            )
        names = [link.name for link in self.links]
        if len(set(names)) != len(names) or "control" in names:
            raise ValueError("every link needs a name of its own, other than 'control'")
        signalling = {(link.group, link.dialect) for link in self.links if link.transport == "tcp"}
        for link in self.links:
            if link.transport == "udp" and (link.group, link.dialect) not in signalling:
                raise ValueError(
                    f"link {link.name}: no tcp link of dialect {link.dialect} is in its group {link.group}, so nobody "
                    "could announce what comes on it"
                )
        if 2 * self.largest_record_octets > self.limits.received_octets:
            raise ValueError("limits.received_octets must hold two of the largest record (links.max_record_octets)")
        if 4 * self.largest_record_octets > self.store.segment_octets:
            raise ValueError(
                f"store.segment_octets {self.store.segment_octets} must hold four of the largest record "
                f"({self.largest_record_octets}, links.max_record_octets): raise the one or lower the other"
            )
        return self
