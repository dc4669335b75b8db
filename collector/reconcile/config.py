"""The reconciler's configuration, checked before anything is opened."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated
from uuid import UUID

from pydantic import Field, model_validator

from collector.reconcile.compare import Limits
from mediation.law.settings import DEFAULTS, LawSettings
from mediation.runtime.closed import Outside, check_url
from mediation.runtime.config import ClockConfig, Listen, Model, Plain, TlsConfig, check_client

Microseconds = Annotated[int, Field(ge=0, le=1 << 61)]
Name = Annotated[str, Field(min_length=1, max_length=64)]


class ElementConfig(Model):
    """One network element and the identities to ask it under. An element may take X1 from one ADMF only; then the
    reconciler has to be admitted there, or to ask under that ADMF's identity."""

    url: Annotated[str, Field(pattern=r"^https?://[!-~]{1,500}$")]
    ne_id: Name
    admf_id: Name
    tls: TlsConfig | None = None
    peer_name: Annotated[str, Field(max_length=255)] = ""
    """What the element's certificate has to be for; the lab's name for `ne_id` when it is empty."""
    plain: Plain = "no"
    """Whether X1 may go without TLS, in words."""
    outside: Outside = "no"

    @model_validator(mode="after")
    def _inside_unless_said(self) -> ElementConfig:
        check_url(self.url, self.outside)
        return self

    @model_validator(mode="after")
    def _tls_where_said(self) -> ElementConfig:
        check_client(self.url, self.tls, self.plain, "")
        return self


class CollectorPaths(Model):
    """What is watched. `public_key` is read once, when it is first there, and pinned in the reconciler's own log: a key
    that is put in its place later is not believed. `audit_octets` bounds what is read into memory."""

    store: Path
    audit: Path
    public_key: Path
    origin: str = "calea-lab/collector"
    audit_octets: Annotated[int, Field(ge=64 * 1024, le=1 << 32)] = 512 << 20


class ReconcileConfig(Model):
    """Times named `_us` bound what processes do in real time (look into inboxes, answer, give heartbeats); on a clock
    that runs faster they are stretched with it, since all facts are stamped by that clock."""

    data_dir: Path
    clock: ClockConfig = ClockConfig()
    court_public_key: Path
    hi1_inbox: Path | None = None
    """An inbox of its own, filled by the court on a way of its own."""
    elements: Annotated[list[ElementConfig], Field(min_length=1, max_length=64)]
    collector: CollectorPaths | None = None
    fleet: dict[Annotated[str, Field(pattern=r"^[a-zA-Z0-9_.-]{1,64}$")], CollectorPaths] = Field(default_factory=dict)
    """In its place: the collectors of a fleet, each by its name there."""
    cycle_s: Annotated[float, Field(gt=0, le=3600)] = 5.0
    grace_us: Microseconds = 10_000_000
    quiet_us: Microseconds = 60_000_000
    silence_us: Microseconds = 180_000_000
    """Three of the collector's heartbeats (`collector.auditing.HEARTBEAT_US`)."""
    xid_namespace: UUID = UUID("6f1c6f0e-6c61-5d0a-9a2e-63616c65612d")
    """An order's task has the version 5 UUID of `order:<order id>` in this namespace: what the ADMF is expected to do,
    said here again, since the reconciler takes no word of the ADMF's."""
    pin: Path | None = None
    """File with the newest checkpoint of the findings log, best on another disk or machine."""
    log_octets: Annotated[int, Field(ge=64 * 1024)] = 256 << 20
    control: Listen = Listen()
    law: LawSettings = DEFAULTS
    """As the collector's, so that both let the same orders in."""

    @property
    def inbox(self) -> Path:
        return self.hi1_inbox or self.data_dir / "hi1-inbox"

    @property
    def limits(self) -> Limits:
        stretch = max(1.0, self.clock.factor)
        return Limits(*(int(one_us * stretch) for one_us in (self.grace_us, self.quiet_us, self.silence_us)))

    @property
    def collectors(self) -> dict[str, CollectorPaths]:
        """By name, blank where there is one alone."""
        return {"": self.collector} if self.collector is not None else self.fleet

    @model_validator(mode="after")
    def _consistent(self) -> ReconcileConfig:
        if (self.collector is None) == (not self.fleet):
            raise ValueError("one collector is watched (collector) or several (fleet): say one of the two")
        ids = [element.ne_id for element in self.elements]
        if len(set(ids)) != len(ids):
            raise ValueError("every element needs an ne_id of its own")
        return self
