"""The mediation function's configuration, checked before anything is opened."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from asn1.handover import HandoverConfig
from mediation.runtime.config import ClockConfig, Listen, Model, Peer

Seconds = Annotated[float, Field(gt=0, le=86_400)]


class HandoverModel(Model):
    """Timers of TS 102 232-1 clause 6.3.4 in real seconds, and how acknowledgement is asked for."""

    time1_s: Seconds = 300.0
    time3_s: Seconds = 60.0
    negotiate: bool = True
    keepalive_barrier: bool = True
    ack_every_records: Annotated[int, Field(ge=1, le=65_536)] = 256
    ack_after_ms: Annotated[int, Field(ge=1, le=60_000)] = 50


class JournalModel(Model):
    """`capacity_octets` bounds what waits for acknowledgement; beyond it the oldest is dropped, counted and reported.
    `fsync` makes the journal survive a power cut, not only the death of the process."""

    capacity_octets: Annotated[int, Field(ge=1 << 20)] = 256 << 20
    file_octets: Annotated[int, Field(ge=1 << 16)] = 8 << 20
    fsync: bool = False


class FaultsModel(Model):
    """What a carrier may do wrong, for training; each is off by default and said loudly at the start.

    `window_slack_s`: by LIID, how long it goes on delivering after the order's end. `overdeliver_content`: LIIDs whose
    content is not withheld under a pen register."""

    window_slack_s: dict[str, float] = Field(default_factory=dict)
    overdeliver_content: list[str] = Field(default_factory=list)


class MediationConfig(Model):
    data_dir: Path
    clock: ClockConfig = ClockConfig()
    court_public_key: Path
    hi1_inbox: Path | None = None
    x1_url: str
    ne_id: str
    admf_id: str
    x2_listen: Listen = Listen()
    x3_listen: Listen = Listen()
    hi2: Peer
    hi3: Peer
    control: Listen = Listen()
    operator_id: Annotated[str, Field(min_length=1, max_length=16)] = "LABOP"
    network_element_id: Annotated[str, Field(min_length=1, max_length=16)] = "med-1"
    authorization_country: Annotated[str, Field(pattern="^[A-Z]{2}$")] = "US"
    delivery_country: Annotated[str, Field(pattern="^[A-Z]{2}$")] = "US"
    network_functions: dict[str, Literal["voice", "data", "messaging", "web"]]
    handover: HandoverModel = HandoverModel()
    journal: JournalModel = JournalModel()
    reconnect_s: Seconds = 0.5
    faults: FaultsModel = FaultsModel()

    @property
    def inbox(self) -> Path:
        return self.hi1_inbox or self.data_dir / "hi1-inbox"

    def handover_config(self) -> HandoverConfig:
        model = self.handover
        return HandoverConfig(
            time1_us=int(model.time1_s * 1e6),
            time3_us=int(model.time3_s * 1e6),
            negotiate=model.negotiate,
            keepalive_barrier=model.keepalive_barrier,
            ack_every_records=model.ack_every_records,
            ack_after_us=model.ack_after_ms * 1000,
            operator_id=self.operator_id.encode(),
            network_element_id=self.network_element_id.encode(),
            authorization_country=self.authorization_country,
            delivery_country=self.delivery_country,
        )
