"""The witness process's configuration, checked before anything is opened."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import Field, model_validator

from mediation.runtime.closed import Outside, check_url
from mediation.runtime.config import ClockConfig, Listen, Model

Name = Annotated[str, Field(pattern=r"^[!-*,-~]{1,64}$")]


class FeedConfig(Model):
    """A store on this machine that is read (nothing is written there) and whose checkpoints are submitted: to the
    witness of this process, or to `submit_to`, the base URL of one elsewhere."""

    store: Path
    pin_directory: Path | None = None
    """Where the collector pins its newest checkpoint: what stands there was durable."""
    every_s: Annotated[float, Field(gt=0, le=3600)] = 1.0
    submit_to: str | None = None
    outside: Outside = "no"
    """Whether `submit_to` may lead out of the closed network (R-078)."""

    @model_validator(mode="after")
    def _inside_unless_said(self) -> FeedConfig:
        if self.submit_to is not None:
            check_url(self.submit_to, self.outside)
        return self


class WitnessConfig(Model):
    """`keys`: the collector's directory of keys, or a copy of its public part (`signing.pub`, `epochs`). The first key
    read there is remembered for good. `witness` false: only feed another."""

    data_dir: Path
    clock: ClockConfig = ClockConfig()
    keys: Path
    origin: str = "calea-lab/collector"
    name: Name = "calea-lab/witness"
    witness: bool = True
    feed: FeedConfig | None = None
    control: Listen = Listen()

    @model_validator(mode="after")
    def _does_something(self) -> WitnessConfig:
        if not self.witness and (self.feed is None or self.feed.submit_to is None):
            raise ValueError("a process that is no witness feeds one: give feed.submit_to")
        return self
