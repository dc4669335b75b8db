"""What a scenario file may hold. Unknown keys are errors, so that a misspelt expectation does not pass unseen.

A value that begins with `=` is a time of `times` (`=END-1us`), wherever it stands; in commands it becomes ISO 8601.
"""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from pydantic import Field, model_validator

from lab.scenario.lesson import Answer, Name
from lab.scenario.queries import AuditQuery, Bounds, Process, StatusQuery
from lab.training.rubric import Scoring
from lab.training.setting import Training
from mediation.runtime.config import ConfigError, Model

ETSI: Final = "etsi"
Dialect = Literal["t1678", "pcesp", "ias"]
Form = Literal["etsi", "t1678", "pcesp", "ias"]
"""The dialect a form of a scenario is delivered in."""


class OrderStep(Model):
    """Fields of `fields.order_from_fields`; the court signs and sends it. `papers` overlay the lab's complete set."""

    fields: dict[str, Any]
    papers: dict[str, Any] = Field(default_factory=dict)


class CommandStep(Model):
    """A `calea-lab` command on this run, as a person types it, with what it has to answer."""

    words: Annotated[list[str], Field(min_length=1)]
    exit: int = 0
    says: str | None = None
    """Must stand in what it prints, on either channel."""
    keep: dict[str, str] = Field(default_factory=dict)
    """Names for values of its JSON answer, to be written `$NAME` in later commands."""


class PostStep(Model):
    process: Process
    path: str
    body: dict[str, Any] | list[Any] = Field(default_factory=dict)
    status: Literal["ok", "refused"] = "ok"


class AwaitStep(Model):
    audit: AuditQuery | None = None
    status: StatusQuery | None = None
    timeout_s: Annotated[float, Field(gt=0, le=60)] = 20.0

    @model_validator(mode="after")
    def _one(self) -> AwaitStep:
        if (self.audit is None) == (self.status is None):
            raise ValueError("await one thing: audit or status")
        return self


class LinkFaultStep(Model):
    """What the fault proxy does to the links from here on (`lab.faults.model.FaultRequest`), or does no longer: one by
    its id (`F1` is the first that was added), or `all`. A story with such a step has the proxy on its links."""

    add: dict[str, Any] | None = None
    clear: str | None = None

    @model_validator(mode="after")
    def _one(self) -> LinkFaultStep:
        if (self.add is None) == (self.clear is None):
            raise ValueError("a link fault is added or cleared")
        return self


class VisitStep(Model):
    """Somebody at a station of the console asks for a page, or sends a form. `$NAME` stands in paths and forms."""

    by: str
    facility: str = "F2"
    path: Annotated[str, Field(pattern="^/")]
    form: dict[str, str] | None = None
    status: int | None = None
    """What it has to answer: 200 for a page and 303 for a form, where nothing else is said."""
    says: str | None = None
    keep: dict[str, str] = Field(default_factory=dict)
    """Names for what a pattern's one group finds in the answer."""


class ListenStep(Model):
    """Somebody at a station listens to a call from now on, until it ends or may not be heard any longer."""

    name: Name
    by: str
    facility: str = "F2"
    path: Annotated[str, Field(pattern="^/")]


class DamageStep(Model):
    """What somebody with the disk in hand changes, while the collector is stopped."""

    kind: Literal["record", "audit_line", "signature"]
    liid: str = ""
    """`record`: the first one of this interception."""


class RunStep(Model):
    """Let the clock run for so long (virtual), at a pace."""

    span: str
    speed: Annotated[float, Field(gt=0, le=10_000)] = 1.0


class Step(Model):
    """One thing that happens. `at`: everything under way is delivered first, then the clock jumps there."""

    at: str | None = None
    only: list[Form] | None = None
    """In which forms of the scenario this happens; all when absent."""
    order: OrderStep | None = None
    inject: list[dict[str, Any]] | None = None
    play: Name | None = None
    """One of the `injects`."""
    fault: PostStep | None = None
    link_fault: LinkFaultStep | None = None
    command: CommandStep | None = None
    post: PostStep | None = None
    awaits: Annotated[AwaitStep | None, Field(alias="await")] = None
    run: RunStep | None = None
    drain: Literal[True] | None = None
    visit: VisitStep | None = None
    listen: ListenStep | None = None
    silence: Name | None = None
    """One of the listenings: it is waited for until it is over."""
    damage: DamageStep | None = None
    mend: Literal[True] | None = None
    """Everything as it was before the first damage."""
    stop: Process | None = None
    start: Process | None = None

    @model_validator(mode="after")
    def _one_verb(self) -> Step:
        verbs = [
            name for name in type(self).model_fields if name not in ("at", "only") and getattr(self, name) is not None
        ]
        if len(verbs) > 1:
            raise ValueError(f"a step does one thing, this one {', '.join(verbs)}")
        if not verbs and self.at is None:
            raise ValueError("a step does something")
        return self


class Totals(Model):
    """What became of an order's records; `None` in `order` for those without one. Only what is named is compared; a
    number, or `least`/`most` of one."""

    order: str | None
    counts: dict[str, int | Bounds] = Field(default_factory=dict)
    reasons: dict[str, int | Bounds] = Field(default_factory=dict)


class Records(Model):
    """Stored records and how many there are. `verdicts`, `reasons` (all of them), `form`, `kind`; `since` and `until`
    bound the event time, half-open; `standing` what a later leaf says."""

    liid: str
    verdicts: list[str] | None = None
    reasons: list[str] = Field(default_factory=list)
    kind: Literal["iri", "cc"] | None = None
    form: Literal["received", "masked", "quarantined", "notice", "synthetic"] | None = None
    since: str | None = None
    until: str | None = None
    standing: str | None = None
    count: int | Bounds


class Masked(Model):
    """Masked records of a LIID have these permitted fields, and none has the others."""

    liid: str
    payload: str
    fields: dict[str, Any] = Field(default_factory=dict)
    without: list[str] = Field(default_factory=list)
    count: int | Bounds


class SealedCopy(Model):
    """The sealed copy of an order, outside the store, verifies on its own and holds so many records."""

    order: str
    count: int | Bounds


class Heard(Model):
    """What a listener heard: so many seconds of sound, and how it ended (`ended`: the call is over; `stopped`: it might
    not be heard any longer, `why` in words)."""

    listening: Name
    first_within_s: float | None = None
    """Real seconds until the first sound came; what a listener's latency really is, `bench` measures."""
    least_s: float = 0.0
    most_s: float = 86_400.0
    state: Literal["ended", "stopped"] | None = None
    why: str | None = None


class Expect(Model):
    says: str
    """The expectation in plain words; it becomes the name of the check."""
    only: list[Form] | None = None
    """Of which forms of the scenario this is expected; of all when absent."""
    totals: Totals | None = None
    records: Records | None = None
    masked: Masked | None = None
    audit: AuditQuery | None = None
    sealed: SealedCopy | None = None
    heard: Heard | None = None

    @model_validator(mode="after")
    def _one(self) -> Expect:
        names = type(self).model_fields.keys() - {"says", "only"}
        if sum(getattr(self, name) is not None for name in names) != 1:
            raise ValueError(f"expect one thing: {', '.join(sorted(names))}")
        return self


class Configuration(Model):
    """What this scenario configures otherwise, a process; `policy` and `link` go to the collector's handover links,
    those of the US dialects among them."""

    carrier: dict[str, Any] = Field(default_factory=dict)
    mediation: dict[str, Any] = Field(default_factory=dict)
    collector: dict[str, Any] = Field(default_factory=dict)
    policy: dict[str, Any] = Field(default_factory=dict)
    link: dict[str, Any] = Field(default_factory=dict)


class AgencySetting(Model):
    """What this scenario configures of them otherwise (`lab.agency.devices.config`, `lab.agency.records.config`)."""

    devices: dict[str, Any] = Field(default_factory=dict)
    records: dict[str, Any] = Field(default_factory=dict)


class Subscriber(Model):
    """Somebody of the story: written `@NAME` wherever the number stands."""

    number: str
    says: str = ""


class Load(Model):
    """Traffic between others, spread over `seconds` from `at_s` after the start: nothing of it may appear anywhere. The
    story's own subscribers take no part in it."""

    at_s: Annotated[float, Field(ge=0)] = 0.0
    seconds: Annotated[float, Field(gt=0, le=86_400)] = 60.0
    calls: Annotated[int, Field(ge=0, le=10_000)] = 0
    sms: Annotated[int, Field(ge=0, le=10_000)] = 0
    sessions: Annotated[int, Field(ge=0, le=10_000)] = 0


class Faults(Model):
    """What goes wrong from the beginning (`carrier_sim.config.CarrierFaults`, `mediation.config.FaultsModel`)."""

    carrier: dict[str, Any] = Field(default_factory=dict)
    mediation: dict[str, Any] = Field(default_factory=dict)


class Inject(Model):
    """A card of the trainer's: what it brings about may happen whenever it is played, by a `play` step or by hand."""

    id: Name
    says: Annotated[str, Field(min_length=1)]
    steps: Annotated[list[Step], Field(min_length=1)]


class Scenario(Model):
    id: Annotated[str, Field(pattern=r"^SC-\d\d[a-z]{0,2}$")]
    title: Annotated[str, Field(min_length=1)]
    briefing: Annotated[str, Field(min_length=1)]
    """What a trainee reads beforehand: who wants what, and nothing of how it ends."""
    answers: list[Answer] = Field(default_factory=list)
    """What was to be seen and decided; shown when asked for. A scenario that is shipped has one."""
    start: str
    """Where the run's clock begins; it stands there."""
    seed: Annotated[int, Field(ge=0, lt=1 << 32)] = 1
    """What the carrier's chance is drawn from: same seed, same story, same octets."""
    speed: Literal["max"] | Annotated[float, Field(gt=0, le=10_000)] = "max"
    """`max`: the clock stands, and goes from one `at` to the next at once. A number: it runs there, so many times as
    fast as real time, for somebody who watches."""
    times: dict[str, str] = Field(default_factory=dict)
    subscribers: dict[Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9_]*$")], Subscriber] = Field(default_factory=dict)
    orders: list[OrderStep] = Field(default_factory=list)
    """What the court signs before the first step."""
    traffic: list[dict[str, Any]] = Field(default_factory=list)
    """Items the carrier plays by itself, `at_s` after the start or `at_us`."""
    loads: list[Load] = Field(default_factory=list)
    faults: Faults = Faults()
    injects: list[Inject] = Field(default_factory=list)
    scoring: Scoring | None = None
    training: Training | None = None
    """How a class plays it: who the trainees are and who answers them."""
    configuration: Configuration = Configuration()
    desk: bool = False
    """Whether the desk is set up with its people and places."""
    console: bool = False
    """Whether the console is served, for people who `visit` and `listen`; the desk is set up with it."""
    agency: AgencySetting | None = None
    """The systems around the collector (`lab.agency`): devices, and record management. `agency: {}` has the usual."""
    reconcile: bool = False
    dialects: list[Dialect] = Field(default_factory=list)
    """US dialects that orders of the story are delivered in, beside ETSI: their LIIDs begin with `T1678-`, ...."""
    forms: dict[Annotated[str, Field(pattern="^[a-z]$")], Dialect | list[Dialect]] = Field(default_factory=dict)
    """The same story delivered in another dialect: `u: t1678` makes SC-06u of SC-06, whose LIIDs `LI-…` get the mark
    of that dialect. Of several the first is meant; the others are there beside it."""
    only: Form | None = None
    """The one dialect the story can be told in, where no other form of it would tell anything; `why` says why."""
    why: str = ""
    form: Form = ETSI
    canaries: list[str] = Field(default_factory=list)
    """Words of withheld content: none may lie in any file of the run."""
    resent: dict[str, int] = Field(default_factory=dict)
    """By LIID, records that arrive more often than the mediation function numbered them, other than as duplicates."""
    steps: Annotated[list[Step], Field(min_length=1)]
    expect: Annotated[list[Expect], Field(min_length=1)]

    @model_validator(mode="after")
    def _has_a_reason(self) -> Scenario:
        if (self.only is None) != (not self.why.strip()):
            raise ValueError("`only` names the one dialect of a story and `why` the reason: give both or neither")
        if self.only is not None and self.forms:
            raise ValueError(f"a story of {self.only} alone has no other forms")
        return self

    @model_validator(mode="after")
    def _plays_what_there_is(self) -> Scenario:
        training = self.training
        if training is not None:
            named = {*training.opens, *training.marks, *(cue.plays for cue in training.cues)}
            if strange := sorted(named - {one.id for one in self.injects}):
                raise ValueError(f"training names {strange[0]}, which is none of the injects")
        return self

    @property
    def link_faults(self) -> bool:
        """Whether the fault proxy stands on its links."""
        steps = [*self.steps, *(step for one in self.injects for step in one.steps)]
        return any(step.link_fault is not None for step in steps)

    def card(self, name: str) -> Inject:
        """Raises ConfigError when there is none of this name."""
        for one in self.injects:
            if one.id == name:
                return one
        raise ConfigError(
            f"{self.id} has no inject {name}: it has {', '.join(one.id for one in self.injects) or 'none'}."
        )
