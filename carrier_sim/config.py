"""The configuration of `python -m carrier_sim`, and the traffic items a scenario or `POST /inject` names.

Numbers are any spelling of a fictional number (`+1 212 555 0101`). An item begins `at_s` seconds after the traffic
starts (or after it is injected), or at `at_us`, an absolute time of the run's clock, for stamps that have to be exact.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, ConfigDict, Field, TypeAdapter, model_validator

from asn1.errors import LocalError
from carrier_sim.access import Outcome
from carrier_sim.mms import MAX_MMS_OCTETS
from carrier_sim.subscribers import HOSTS, digits_of
from mediation.runtime.closed import Outside, check_url
from mediation.runtime.config import ClockConfig, Listen, Model, Plain, TlsConfig, check_client, check_mutual

DEFAULT_BUFFER_OCTETS = 8 << 20
TRANSFER_S = 2.0
CONFERENCE_S = 6.0
"""How long it takes until the others talk, and a while of that."""


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
Digits = Annotated[str, Field(pattern=r"^[0-9A-Da-d*#]{0,64}$")]


class _Item(Model):
    at_s: AtSeconds = 0.0
    at_us: Annotated[int, Field(ge=0)] | None = None

    @model_validator(mode="after")
    def _one_time(self) -> _Item:
        if self.at_us is not None and self.at_s:
            raise ValueError("give at_s or at_us, not both")
        return self


class _Message(_Item):
    """`from` is a word of Python, so the field is `sender`; files write `from` (or `sender`)."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    sender: Annotated[Number, Field(alias="from")]
    to: Number


class CallItem(_Item):
    """`feature` is a feature code (`*66`) the caller dials while the call rings; `dtmf` are keys in the speech and
    `info_digits` keys sent as SIP INFO, both after the answer. `ring_s` from INVITE to answer, drawn when absent.
    `sound`: a long call costs little as `silence` or `tone`; `none` is a call whose media go elsewhere. `hold_at_s`
    after the answer the caller puts the callee on hold for `hold_s`; `update_at_s` after it the caller changes the
    codec or the address of its media. `early_media`: a ringing tone before the answer; `call_waiting`: the callee is in
    another call; `uui`: words sent along with the call.

    At most one of these, in a call that is answered. `forward_to`: the callee has the call sent on, under `forward`
    (`redirected`: its handset does it with 302). `transfer_to`: `transfer_at_s` after the answer `transfer_by` hands
    the other over. `conference_with`: `conference_at_s` after the answer the caller holds the callee, calls one more,
    and joins both in a conference."""

    kind: Literal["call"] = "call"
    caller: Number
    callee: Number
    seconds: Duration = 6.0
    outcome: Literal["answered", "no_answer", "busy", "not_found"] = "answered"
    ring_s: Annotated[float, Field(ge=0.5, le=300)] | None = None
    codec: Literal["PCMA", "PCMU"] = "PCMA"
    sound: Literal["speech", "silence", "tone", "none"] = "speech"
    feature: Annotated[str, Field(pattern=r"^([*#]\d{2,4})?$")] = ""
    dtmf: Digits = ""
    info_digits: Digits = ""
    hold_at_s: Duration | None = None
    hold_s: Annotated[float, Field(gt=0, le=86_400)] = 5.0
    update_at_s: Duration | None = None
    update: Literal["codec", "address"] = "codec"
    early_media: bool = False
    call_waiting: bool = False
    uui: Annotated[str, Field(max_length=100)] = ""
    caller_text: Annotated[str, Field(max_length=2_000)] | None = None
    callee_text: Annotated[str, Field(max_length=2_000)] | None = None
    ipv6: bool = False
    forward_to: Number | None = None
    forward: Literal["unconditional", "busy", "no_answer", "redirected"] = "unconditional"
    transfer_to: Number | None = None
    transfer_at_s: Duration = 2.0
    transfer_by: Literal["caller", "callee"] = "callee"
    conference_with: Number | None = None
    conference_at_s: Duration = 2.0

    @model_validator(mode="after")
    def _one_shape(self) -> CallItem:
        thirds = [one for one in (self.forward_to, self.transfer_to, self.conference_with) if one is not None]
        if not thirds:
            return self
        if len(thirds) > 1:
            raise ValueError("a call is forwarded, transferred or made a conference, not two of these")
        if thirds[0] in (self.caller, self.callee) or self.caller == self.callee:
            raise ValueError("the third of a call is somebody else than its caller and its callee")
        others = ("outcome", "hold_at_s", "update_at_s", "early_media", "call_waiting", "info_digits")
        more = ("dtmf", "ipv6") if self.conference_with else ("dtmf",) if self.transfer_to else ()
        fields = type(self).model_fields
        if odd := [name for name in (*others, *more) if getattr(self, name) != fields[name].default]:
            raise ValueError(f"a call with a third takes no {', '.join(odd)}")
        if self.transfer_to and self.seconds < self.transfer_at_s + TRANSFER_S:
            raise ValueError(f"seconds is at least transfer_at_s and {TRANSFER_S:g} more")
        if self.conference_with and self.seconds < self.conference_at_s + CONFERENCE_S:
            raise ValueError(f"seconds is at least conference_at_s and {CONFERENCE_S:g} more")
        return self


class RegisterItem(_Item):
    """`expires_s` 0 takes the registration back. `via`: with the IMS, or with the AMF; `located`: with its cell."""

    kind: Literal["register"] = "register"
    subscriber: Number
    expires_s: Annotated[int, Field(ge=0, le=86_400)] = 3_600
    via: Literal["ims", "amf"] = "ims"
    located: bool = False

    @model_validator(mode="after")
    def _place_of_a_function(self) -> RegisterItem:
        if self.located and self.via == "ims":
            raise ValueError("a REGISTER tells no place: located needs via amf")
        return self


class FeatureItem(_Item):
    """A code dialled to the network outside any call; `number` follows it, as with `*72` for whom calls go to."""

    kind: Literal["feature"] = "feature"
    subscriber: Number
    code: Annotated[str, Field(pattern=r"^[*#]\d{2,4}$")]
    number: Number | None = None


class SmsItem(_Message):
    kind: Literal["sms"] = "sms"
    text: Annotated[str, Field(min_length=1, max_length=1_500)]
    via: Literal["smsf", "ims"] = "smsf"
    status_report: bool = False
    """Whether the sender is told of the delivery; over the SMSF."""
    report: Literal["sip", "xiri"] = "sip"
    """How the point of interception in the IMS tells of it: the SIP messages, or TS 33.128 iMSMessage with them."""


class MmsItem(_Message):
    """`size_octets`: the message is made at least so large. `form`: the PDU of the handset's interface, or MIME."""

    kind: Literal["mms"] = "mms"
    text: Annotated[str, Field(max_length=5_000)] = ""
    subject: Annotated[str, Field(max_length=40)] | None = None
    picture: bool = True
    size_octets: Annotated[int, Field(ge=0, le=MAX_MMS_OCTETS)] = 0
    form: Literal["pdu", "mime"] = "pdu"


class DataItem(_Item):
    """`report`: who tells of the session, accounting (RADIUS) or the SMF (TS 33.128); `located`: with its cell.

    `access`: it begins with the RADIUS exchange in which access is asked for; `outcome`: how that ends, and any but
    `accepted` shows it, and is all there is."""

    kind: Literal["data"] = "data"
    subscriber: Number
    seconds: Duration = 10.0
    packets: Annotated[int, Field(ge=0, le=100_000)] = 20
    ipv6: bool = False
    report: Literal["accounting", "smf"] = "accounting"
    located: bool = False
    access: bool = False
    outcome: Outcome = "accepted"

    @property
    def access_outcome(self) -> Outcome | None:
        """None where asking for access is not shown."""
        return self.outcome if self.access or self.outcome != "accepted" else None

    @model_validator(mode="after")
    def _place_of_a_function(self) -> DataItem:
        if self.located and self.report == "accounting":
            raise ValueError("accounting tells no place: located needs report smf")
        if self.access_outcome is not None and self.report == "smf":
            raise ValueError("the SMF tells nothing of RADIUS: access and outcome need report accounting")
        return self


class WebItem(_Item):
    """Every visitor visits `host` once, 0.5 s apart."""

    kind: Literal["web"] = "web"
    visitors: Annotated[tuple[Number, ...], Field(min_length=1, max_length=1_000)]
    host: Annotated[str, AfterValidator(_own_host)] = HOSTS[0][0]
    path: Annotated[str, Field(pattern=r"^/[!-~]{0,500}$")] = "/"


class BackgroundItem(_Item):
    """Traffic between random subscribers, spread over `seconds`; `exclude` are numbers that take no part."""

    kind: Literal["background"] = "background"
    seconds: Duration = 60.0
    calls: Annotated[int, Field(ge=0, le=10_000)] = 0
    sms: Annotated[int, Field(ge=0, le=10_000)] = 0
    sessions: Annotated[int, Field(ge=0, le=10_000)] = 0
    exclude: tuple[Number, ...] = ()


TrafficItem = Annotated[
    CallItem | RegisterItem | FeatureItem | SmsItem | MmsItem | DataItem | WebItem | BackgroundItem,
    Field(discriminator="kind"),
]
TRAFFIC_ITEMS: TypeAdapter[list[TrafficItem]] = TypeAdapter(Annotated[list[TrafficItem], Field(max_length=10_000)])


class CarrierFaults(Model):
    """What the carrier's points of interception may do wrong, for training; off by default and said loudly.

    `clock_offset_us`: by point (an IPID, an NFID such as `ims-1`, or `*` for all), how far its stamps are off."""

    clock_offset_us: dict[str, Annotated[int, Field(ge=-86_400_000_000, le=86_400_000_000)]] = Field(
        default_factory=dict, max_length=100
    )

    def active(self) -> dict[str, Any]:
        """The faults that are on, as plain values."""
        return {name: value for name, value in self.model_dump().items() if value}


class ReplayConfig(Model):
    """`rebase_us` moves the first packet to that time, `at_s` to so many seconds after the start; else it keeps its own
    times. Identities outside the fictional ranges are pseudonymised unless `keep_identities`."""

    file: Path
    rebase_us: int | None = None
    at_s: AtSeconds | None = None
    keep_identities: bool = False


class X1Keepalive(Model):
    """TS 103 221-1 clause 6.6.2 (third-party reading), real seconds; `deactivates`: whether the element lets go of its
    tasks at the end."""

    time_p1_s: Annotated[float, Field(gt=0)] = 60.0
    time_p2_s: Annotated[float, Field(gt=0)] = 3_600.0
    time_p3_s: Annotated[float, Field(gt=0)] = 7_200.0
    deactivates: bool = True


class CarrierConfig(Model):
    data_dir: Path
    clock: ClockConfig = ClockConfig()
    seed: int = 1
    subscribers: Annotated[int, Field(ge=2, le=400)] = 40
    x1_listen: Listen = Listen()
    x1_plain: Plain = "no"
    """Whether X1 may go without TLS, in words."""
    admf_url: str | None = None
    """Where the ADMF hears reports (`/X1/ADMF`); None where nobody does. Asked with the certificate of `x1_listen`."""
    admf_outside: Outside = "no"
    admf_name: str | None = None
    """What the ADMF's certificate has to be for; the lab's name for `admf_id` when it is not given."""
    report_after_s: Annotated[float, Field(ge=0)] = 2.0
    """For how long a destination is out of reach before that is reported."""
    x1_keepalive: X1Keepalive = X1Keepalive()
    deactivate_all: bool = True
    remove_all: bool = False
    """Whether DeactivateAllTasks and RemoveAllDestinations are done (clauses 6.2.4 and 6.3.4, third-party reading)."""
    control: Listen = Listen()
    ne_id: str = "ne-sim-1"
    admf_id: str = "admf-sim-1"
    x1_readers: Annotated[tuple[str, ...], Field(max_length=16)] = ()
    """Identities besides the ADMF that may ask over X1 what is provisioned, and change nothing."""
    faults: CarrierFaults = CarrierFaults()
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

    @model_validator(mode="after")
    def _x1_mutual(self) -> CarrierConfig:
        check_mutual(self.x1_listen, self.x1_plain, "x1")
        if self.admf_url is not None:
            check_url(self.admf_url, self.admf_outside)
            check_client(self.admf_url, self.x1_listen.tls, self.x1_plain, "x1_")
        return self
