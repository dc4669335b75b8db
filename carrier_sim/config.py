"""The configuration of `python -m carrier_sim`, and the traffic items a scenario or `POST /inject` names.

Numbers are any spelling of a fictional number (`+1 212 555 0101`); times are seconds after the traffic starts.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, ConfigDict, Field, TypeAdapter

from asn1.errors import LocalError
from carrier_sim.subscribers import HOSTS, digits_of
from mediation.runtime.config import ClockConfig, Listen, Model, TlsConfig

DEFAULT_BUFFER_OCTETS = 8 << 20


def _fictional(number: str) -> str:
    try:
        return digits_of(number)
    except LocalError as error:
        raise ValueError(str(error)) from error


def _own_host(host: str) -> str:
    if host not in dict(HOSTS):
        raise ValueError(f"{host} is not a host of the simulated network; it has {', '.join(dict(HOSTS))}")
    return host


Number = Annotated[str, AfterValidator(_fictional)]
AtSeconds = Annotated[float, Field(ge=0, le=86_400 * 400)]
Duration = Annotated[float, Field(ge=0, le=86_400)]


class CallItem(Model):
    kind: Literal["call"] = "call"
    at_s: AtSeconds = 0.0
    caller: Number
    callee: Number
    seconds: Duration = 6.0
    outcome: Literal["answered", "no_answer", "busy", "not_found"] = "answered"
    codec: Literal["PCMA", "PCMU"] = "PCMA"
    dtmf: Annotated[str, Field(pattern=r"^[0-9A-Da-d*#]{0,64}$")] = ""
    caller_text: Annotated[str, Field(max_length=2_000)] | None = None
    callee_text: Annotated[str, Field(max_length=2_000)] | None = None
    ipv6: bool = False


class SmsItem(Model):
    """`from` is a word of Python, so the field is `sender`; files write `from` (or `sender`)."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    kind: Literal["sms"] = "sms"
    at_s: AtSeconds = 0.0
    sender: Annotated[Number, Field(alias="from")]
    to: Number
    text: Annotated[str, Field(min_length=1, max_length=1_500)]
    via: Literal["smsf", "ims"] = "smsf"


class DataItem(Model):
    kind: Literal["data"] = "data"
    at_s: AtSeconds = 0.0
    subscriber: Number
    seconds: Duration = 10.0
    packets: Annotated[int, Field(ge=0, le=100_000)] = 20
    ipv6: bool = False


class WebItem(Model):
    """Every visitor visits `host` once, 0.5 s apart."""

    kind: Literal["web"] = "web"
    at_s: AtSeconds = 0.0
    visitors: Annotated[tuple[Number, ...], Field(min_length=1, max_length=1_000)]
    host: Annotated[str, AfterValidator(_own_host)] = HOSTS[0][0]
    path: Annotated[str, Field(pattern=r"^/[!-~]{0,500}$")] = "/"


class BackgroundItem(Model):
    """Traffic between random subscribers, spread over `seconds`; `exclude` are numbers that take no part."""

    kind: Literal["background"] = "background"
    at_s: AtSeconds = 0.0
    seconds: Duration = 60.0
    calls: Annotated[int, Field(ge=0, le=10_000)] = 0
    sms: Annotated[int, Field(ge=0, le=10_000)] = 0
    sessions: Annotated[int, Field(ge=0, le=10_000)] = 0
    exclude: tuple[Number, ...] = ()


TrafficItem = Annotated[CallItem | SmsItem | DataItem | WebItem | BackgroundItem, Field(discriminator="kind")]
TRAFFIC_ITEM: TypeAdapter[TrafficItem] = TypeAdapter(TrafficItem)


class ReplayConfig(Model):
    """`rebase_us` moves the first packet to that time, `at_s` to so many seconds after the start; else it keeps its own
    times. Identities outside the fictional ranges are pseudonymised unless `keep_identities`."""

    file: Path
    rebase_us: int | None = None
    at_s: AtSeconds | None = None
    keep_identities: bool = False


class CarrierConfig(Model):
    data_dir: Path
    clock: ClockConfig = ClockConfig()
    seed: int = 1
    subscribers: Annotated[int, Field(ge=2, le=400)] = 40
    x1_listen: Listen = Listen()
    control: Listen = Listen()
    ne_id: str = "ne-sim-1"
    admf_id: str = "admf-sim-1"
    x1_readers: Annotated[tuple[str, ...], Field(max_length=16)] = ()
    """Identities besides the ADMF that may ask over X1 what is provisioned, and change nothing."""
    start: Literal["hold", "now"] = "hold"
    traffic: tuple[TrafficItem, ...] = ()
    replay: ReplayConfig | None = None
    buffer_octets: Annotated[int, Field(ge=1 << 16, le=1 << 30)] = DEFAULT_BUFFER_OCTETS
    delivery_tls: TlsConfig | None = None
    """When set, X2 and X3 go over TLS to every destination."""
    x2x3_minor_version: Literal[5, 6] = 5
    keepalive_s: Annotated[float, Field(gt=0)] = 60.0
    """TIME_P1 of TS 103 221-2 clause 6.2.4 (third-party reading)."""
    keepalive_timeout_s: Annotated[float, Field(gt=0)] = 180.0
    """TIME_P2: without an acknowledgement for so long the connection is made anew."""
    retry_s: Annotated[float, Field(gt=0)] = 0.2
