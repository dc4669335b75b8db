"""The devices' configuration, checked before anything is opened."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final

from pydantic import Field, model_validator

from mediation.runtime.config import ClockConfig, Listen, Model, Peer

NAME: Final = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"
Name = Annotated[str, Field(pattern=NAME)]
Octets = Annotated[int, Field(ge=1, le=1 << 32)]


class RecorderConfig(Model):
    """`streaming`: whether this device can send while it records (R-168); most cannot."""

    name: Name
    capacity_octets: Octets = 1_000_000
    streaming: bool = False


class HeldConfig(Model):
    """A camera or a handheld."""

    name: Name
    capacity_octets: Octets = 32_000


class DevicesConfig(Model):
    """`collector`: the link of covert recorders. Without it recordings stay in their devices. `records`: record
    management, into which cameras and handhelds are read out."""

    data_dir: Path
    clock: ClockConfig = ClockConfig()
    recorders: tuple[RecorderConfig, ...] = ()
    cameras: tuple[HeldConfig, ...] = ()
    handhelds: tuple[HeldConfig, ...] = ()
    collector: Peer | None = None
    records: Peer | None = None
    control: Listen = Listen()

    @model_validator(mode="after")
    def _named_apart(self) -> DevicesConfig:
        names = [one.name for one in self.recorders]
        names += [one.name for one in (*self.cameras, *self.handhelds)]
        if len(set(names)) != len(names):
            raise ValueError("every device needs a name of its own")
        return self
