"""Record management's configuration, checked before anything is opened."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import Field

from mediation.runtime.closed import check_url
from mediation.runtime.config import ClockConfig, Listen, Model

Years = Annotated[int, Field(ge=1, le=200)]
SCHEDULE = {"felony": 25, "misdemeanor": 10, "violation": 5, "no arrest": 5}
"""How long a closed case is kept, by its classification. The city's schedule was read by nobody here: unverified, and a
setting."""


class Person(Model):
    """`role`: as in `mediation.law.actors.Role`."""

    user_id: Annotated[str, Field(pattern=r"^[a-z][a-z0-9._-]{0,63}$")]
    role: str


class RecordsConfig(Model):
    """`name`: as the desk's list of case-management systems has it (R-173). `collector_key`: the collector's first
    public key, from elsewhere than the packages that it signed; `more_collector_keys`: of a fleet's other collectors.
    `database`: SQLite in the directory unless said."""

    data_dir: Path
    clock: ClockConfig = ClockConfig()
    name: str = "CMS-1"
    collector_key: Path
    more_collector_keys: tuple[Path, ...] = ()
    database: str | None = None
    people: tuple[Person, ...] = ()
    schedule: dict[str, Years] = Field(default_factory=lambda: dict(SCHEDULE))
    listen: Listen = Listen()
    control: Listen = Listen()
    idle_s: Annotated[float, Field(gt=0, le=86_400)] = 900.0
    argon2_memory_kib: Annotated[int, Field(ge=1024, le=1 << 20)] = 19_456
    argon2_passes: Annotated[int, Field(ge=1, le=16)] = 2

    @property
    def collector_keys(self) -> tuple[Path, ...]:
        return (self.collector_key, *self.more_collector_keys)

    @property
    def database_url(self) -> str:
        url = self.database or f"sqlite:///{self.data_dir / 'records.sqlite'}"
        check_url(url)
        return url
