"""What a scenario file may hold. Unknown keys are errors, so that a misspelt expectation does not pass unseen.

A value that begins with `=` is a time of `times` (`=END-1us`), wherever it stands; in commands it becomes ISO 8601.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Final, Literal

import yaml
from pydantic import Field, ValidationError, model_validator

from mediation.runtime.config import ConfigError, Model

MAX_OCTETS: Final = 256 * 1024
Process = Literal["carrier_sim", "mediation", "collector", "reconciler", "desk"]
Ledger = Literal["collector", "desk", "reconciler", "certifications"]


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


class AuditQuery(Model):
    """Entries of one ledger: kind, fields that must be so (nested ones too), and how many."""

    ledger: Ledger = "collector"
    kind: str
    fields: dict[str, Any] = Field(default_factory=dict)
    count: int | None = None
    least: int = 1
    at: str | None = None
    """Virtual time the entry must carry."""


class StatusQuery(Model):
    """A value in a process's /status, by a path of names: `tasks`, `links.hi2.connected`."""

    process: Process
    path: str
    equals: Any = None
    least: int | None = None


class AwaitStep(Model):
    audit: AuditQuery | None = None
    status: StatusQuery | None = None
    timeout_s: Annotated[float, Field(gt=0, le=60)] = 20.0

    @model_validator(mode="after")
    def _one(self) -> AwaitStep:
        if (self.audit is None) == (self.status is None):
            raise ValueError("await one thing: audit or status")
        return self


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
    order: OrderStep | None = None
    inject: list[dict[str, Any]] | None = None
    fault: PostStep | None = None
    command: CommandStep | None = None
    post: PostStep | None = None
    awaits: Annotated[AwaitStep | None, Field(alias="await")] = None
    run: RunStep | None = None
    drain: Literal[True] | None = None
    damage: DamageStep | None = None
    mend: Literal[True] | None = None
    """Everything as it was before the first damage."""
    stop: Process | None = None
    start: Process | None = None

    @model_validator(mode="after")
    def _one_verb(self) -> Step:
        verbs = [name for name in type(self).model_fields if name != "at" and getattr(self, name) is not None]
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


class Bounds(Model):
    least: int = 0
    most: int = 1 << 62


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


class Expect(Model):
    says: str
    """The expectation in plain words; it becomes the name of the check."""
    totals: Totals | None = None
    records: Records | None = None
    masked: Masked | None = None
    audit: AuditQuery | None = None
    sealed: SealedCopy | None = None

    @model_validator(mode="after")
    def _one(self) -> Expect:
        if sum(one is not None for one in (self.totals, self.records, self.masked, self.audit, self.sealed)) != 1:
            raise ValueError("expect one thing: totals, records, masked, audit or sealed")
        return self


class Configuration(Model):
    """What this scenario configures otherwise, a process; `policy` goes to both links of the collector, `link` too."""

    carrier: dict[str, Any] = Field(default_factory=dict)
    mediation: dict[str, Any] = Field(default_factory=dict)
    collector: dict[str, Any] = Field(default_factory=dict)
    policy: dict[str, Any] = Field(default_factory=dict)
    link: dict[str, Any] = Field(default_factory=dict)


class Scenario(Model):
    id: Annotated[str, Field(pattern=r"^SC-\d\d[a-z]{0,2}$")]
    title: str
    briefing: str
    start: str
    """Where the run's clock begins; it stands there."""
    times: dict[str, str] = Field(default_factory=dict)
    configuration: Configuration = Configuration()
    long: bool = False
    """The whole size of a story whose short form has the same name without the letter; the test suite plays that."""
    desk: bool = False
    """Whether the desk is set up with its people and places."""
    reconcile: bool = False
    dialects: list[Literal["t1678", "pcesp", "ias"]] = Field(default_factory=list)
    """US dialects that orders of the story are delivered in, beside ETSI: their LIIDs begin with `T1678-`, ...."""
    canaries: list[str] = Field(default_factory=list)
    """Words of withheld content: none may lie in any file of the run."""
    resent: dict[str, int] = Field(default_factory=dict)
    """By LIID, records that arrive more often than the mediation function numbered them, other than as duplicates."""
    steps: Annotated[list[Step], Field(min_length=1)]
    expect: Annotated[list[Expect], Field(min_length=1)]


class _Loader(yaml.SafeLoader):
    """Times stay texts: they are ours to read, to the microsecond and with names."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def load(path: Path) -> Scenario:
    """Raises `ConfigError` with one sentence."""
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"Cannot read the scenario {path}: {error}.") from error
    if len(text) > MAX_OCTETS:
        raise ConfigError(f"{path}: a scenario has at most {MAX_OCTETS} characters.")
    try:
        return Scenario.model_validate(yaml.load(text, _Loader))  # noqa: S506  a safe loader with fewer types
    except yaml.YAMLError as error:
        raise ConfigError(f"{path} is not YAML: {str(error).splitlines()[0]}.") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "the file"
        raise ConfigError(f"{path}: {where}: {first['msg']}.") from error
