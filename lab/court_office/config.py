"""Configuration of the court's office."""

from __future__ import annotations

from pathlib import Path

from mediation.runtime.config import ClockConfig, Listen, Model


class CourtOfficeConfig(Model):
    """`run` is the run's data directory, in which the court's keys and documents lie; `command_public_key` the
    console's."""

    data_dir: Path
    run: Path
    clock: ClockConfig = ClockConfig()
    control: Listen = Listen()
    command_public_key: Path
