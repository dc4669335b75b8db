"""The mediation function's configuration, checked before anything is opened."""

from __future__ import annotations

from ipaddress import IPv4Address
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, field_validator, model_validator

from asn1.handover import HandoverConfig
from mediation.laes_config import Dialect, LaesModel, check_deliveries
from mediation.law.orders import Service, normalise_e164
from mediation.law.settings import DEFAULTS, LawSettings
from mediation.outgoing_config import OutgoingConfig
from mediation.peers import Delivery
from mediation.runtime.closed import Outside, check_url
from mediation.runtime.config import ClockConfig, Listen, Model, Plain, TlsConfig, check_client, check_mutual
from mediation.runtime.hi1_front import Hi1Config

Seconds = Annotated[float, Field(gt=0, le=86_400)]
Share = Annotated[float, Field(gt=0, le=1)]


def _number(text: str) -> str:
    digits = normalise_e164(text)
    if digits is None:
        raise ValueError(f"{text} is no telephone number")
    return digits


Number = Annotated[str, AfterValidator(_number)]


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


class DelayModel(Model):
    """`share` of the IRI, evenly spread, reach the LEMF `us` microseconds of the run's time late."""

    us: Annotated[int, Field(gt=0, le=86_400_000_000)]
    share: Share = 1.0


class FaultsModel(Model):
    """What a carrier may do wrong, for training; each is off by default and said loudly. By LIID where one is named;
    shares are spread evenly over the records, so that a run can be repeated.

    `window_slack_s`: how long it goes on delivering after the order's end. `keep_in_force`: it goes on without end,
    also after a revocation. `overdeliver_content`: services whose content is not withheld under a pen register.
    `content_tasks`: the element is asked for content under a pen register. `wrong_number`: another number is
    provisioned; `wrong_host`: another address of a host. `rogue_task`: numbers tasked without any order. `cut`:
    handover links that are down (`cdc`, `ccc`: those of every US dialect). `swap`: records that leave behind their
    successor. `skip`: sequence numbers that are never used, of ETSI records alone. `delay`: late IRI or call data.
    `resend_window`: how many delivered records of a LIID are kept for `resend` and `conflict`."""

    window_slack_s: dict[str, Annotated[float, Field(ge=0, le=86_400 * 400)]] = Field(default_factory=dict)
    keep_in_force: tuple[str, ...] = ()
    overdeliver_content: dict[str, tuple[Service, ...]] = Field(default_factory=dict)
    content_tasks: tuple[str, ...] = ()
    wrong_number: dict[str, Number] = Field(default_factory=dict)
    wrong_host: dict[str, IPv4Address] = Field(default_factory=dict)
    rogue_task: Annotated[tuple[Number, ...], Field(max_length=100)] = ()
    cut: tuple[Literal["hi2", "hi3", "cdc", "ccc"], ...] = ()
    swap: dict[str, Share] = Field(default_factory=dict)
    skip: dict[str, Share] = Field(default_factory=dict)
    delay: dict[str, DelayModel] = Field(default_factory=dict)
    resend_window: Annotated[int, Field(ge=0, le=100_000)] = 0

    @field_validator("overdeliver_content", mode="before")
    @classmethod
    def _all_services(cls, value: object) -> object:
        """A plain list of LIIDs means every service of each."""
        return {liid: tuple(Service) for liid in value} if isinstance(value, list | tuple) else value

    def active(self) -> dict[str, Any]:
        """The faults that are on, as plain values."""
        return {name: value for name, value in self.model_dump(mode="json").items() if value}


class ActivationModel(Model):
    """R-059: who at the carrier enables an interception. `standing`: `employee` has enabled whatever comes with
    complete papers; `manual`: each waits for `POST /activate`, with a name."""

    mode: Literal["standing", "manual"] = "standing"
    employee: Annotated[str, Field(max_length=64)] = "nakamura (SIMOP, fictional)"

    @model_validator(mode="after")
    def _named(self) -> ActivationModel:
        if self.mode == "standing" and not self.employee.strip():
            raise ValueError("a standing activation names the employee who gave it")
        return self


class MediationConfig(OutgoingConfig):
    data_dir: Path
    clock: ClockConfig = ClockConfig()
    court_public_key: Path
    hi1_inbox: Path | None = None
    hi1: Hi1Config | None = None
    """Where court documents come in over HTTPS; the inbox is their store, with or without it."""
    x1_url: str
    x1_tls: TlsConfig | None = None
    """Our certificate towards the element, and the root of its own."""
    x1_plain: Plain = "no"
    """Whether X1 may go without TLS, in words."""
    x1_peer_name: Annotated[str, Field(max_length=255)] = ""
    """What the element's certificate has to be for; the lab's name for `ne_id` when it is empty."""
    x1_outside: Outside = "no"
    """R-078: whether `x1_url` may lead out of the closed network."""
    admf_listen: Listen | None = None
    """Where the element's reports come in (`/X1/ADMF`), with a certificate of its own; None where nobody reports."""
    ne_id: str
    admf_id: str
    x2_listen: Listen = Listen()
    x3_listen: Listen = Listen()
    hi2: Delivery
    hi3: Delivery
    """To one LEMF, or to any collector of a fleet."""
    control: Listen = Listen()
    operator_id: Annotated[str, Field(min_length=1, max_length=16)] = "LABOP"
    network_element_id: Annotated[str, Field(min_length=1, max_length=16)] = "med-1"
    authorization_country: Annotated[str, Field(pattern="^[A-Z]{2}$")] = "US"
    delivery_country: Annotated[str, Field(pattern="^[A-Z]{2}$")] = "US"
    network_functions: dict[str, Literal["voice", "data", "messaging", "web"]]
    handover: HandoverModel = HandoverModel()
    journal: JournalModel = JournalModel()
    reconnect_s: Seconds = 0.5
    activation: ActivationModel = ActivationModel()
    law: LawSettings = DEFAULTS
    """What the rules leave open (section J), as the carrier takes it: R-005, R-051."""
    faults: FaultsModel = FaultsModel()
    laes: dict[Dialect, LaesModel] = Field(default_factory=dict)
    """Orders that are delivered in a US dialect; every other goes out as ETSI records."""

    @model_validator(mode="after")
    def _deliverable(self) -> MediationConfig:
        check_deliveries(self.laes)
        return self

    def dialect_of(self, liid: str) -> Dialect | None:
        """The US dialect an order is delivered in; None for ETSI."""
        return next((dialect for dialect, one in self.laes.items() if one.takes(liid)), None)

    @model_validator(mode="after")
    def _element_inside(self) -> MediationConfig:
        check_url(self.x1_url, self.x1_outside)
        return self

    @model_validator(mode="after")
    def _x1_mutual(self) -> MediationConfig:
        check_client(self.x1_url, self.x1_tls, self.x1_plain, "x1_")
        if self.admf_listen is not None:
            check_mutual(self.admf_listen, self.x1_plain, "x1")
        return self

    @property
    def inbox(self) -> Path:
        return self.hi1_inbox or self.data_dir / "hi1-inbox"

    def handover_config(self) -> HandoverConfig:
        model = self.handover
        return HandoverConfig(
            oid=self.ps_domain_oid,
            liid=b"-",
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
