"""The trainer's process: where its class lies, and its console."""

from __future__ import annotations

from pathlib import Path

from collector.console.config import ConsoleConfig
from mediation.runtime.config import Model


class TrainerConfig(Model):
    """`console` works on the trainer's own desk, which knows the trainer and nobody else: no trainee is anybody there.
    The store it names is the first run's, and no page of the trainer's reads it."""

    data_dir: Path
    class_dir: Path
    console: ConsoleConfig
