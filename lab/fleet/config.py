"""Configuration of a run's PostgreSQL."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import Field

from mediation.runtime.config import Listen, Model


class PostgresConfig(Model):
    """`directory`: where the server keeps its files, out of `data_dir` where the user that it runs as may not go there.
    `connections`: how many it takes."""

    data_dir: Path
    directory: Path
    listen: Listen = Listen()
    connections: Annotated[int, Field(ge=10, le=1000)] = 100
    control: Listen = Listen()
