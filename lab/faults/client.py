"""Asking a run's fault proxy: what is on, one more, one less. Raises NotReadyError where a run has none."""

from __future__ import annotations

import getpass
from collections.abc import Mapping
from typing import Any

from lab import control
from lab.stack import Stack
from mediation.runtime.config import ConfigError, NotReadyError

PROCESS = "faults"


def ask(stack: Stack, path: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """GET, or POST with a body. Raises ConfigError with the proxy's sentence when it refuses."""
    process = stack.running.get(PROCESS)
    if process is None:
        raise NotReadyError("No fault proxy stands on the links of this run: start it with `calea-lab up --faults`.")
    word = stack.paths.faults_word.read_text().strip()
    try:
        if body is None:
            return control.get(process.control_port, path, word)
        return control.post(process.control_port, path, {"by": _who(), **body}, word)
    except control.ControlRefusedError as error:
        raise ConfigError(error.says) from error


def _who() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "?"
