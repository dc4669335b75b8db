"""The generator process seen from outside: started, asked to begin, listened to until it has said its result."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from lab.bench.plan import GO, Loaded, Plan
from lab.kernels import ROOT
from mediation.runtime.config import NotReadyError

STOP_S: Final = 10.0


class Generating:
    """A context: what was started is ended. `directory` takes the plan and what the process says of its errors."""

    def __init__(self, plan: Plan, directory: Path) -> None:
        path = directory / "plan.json"
        plan.write(path)
        self._words = directory / "generator.stderr"
        with self._words.open("wb") as words:
            self._child = subprocess.Popen(  # noqa: S603  our own module with our own file
                [sys.executable, "-m", "lab.bench.generator", str(path.resolve())],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=words,
                cwd=ROOT,
                text=True,
                start_new_session=True,
            )

    def __enter__(self) -> Generating:
        return self

    def __exit__(self, *_: object) -> None:
        try:
            self._child.wait(STOP_S if self._child.poll() is None and self._finished else 0.01)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait()
        for stream in (self._child.stdin, self._child.stdout):
            if stream is not None:
                stream.close()

    _finished = False

    @property
    def pid(self) -> int:
        return self._child.pid

    def ready(self) -> int:
        """Wait until every communication is open; how many records that took. Raises NotReadyError."""
        return int(self._line()["opened"])

    def go(self) -> Iterator[dict[str, Any] | Loaded]:
        """Begin. What it tells of its progress, then its result. Raises NotReadyError."""
        assert self._child.stdin is not None, "asked for a pipe"
        self._child.stdin.write(GO)
        self._child.stdin.flush()
        while True:
            said = self._line()
            if "result" in said:
                self._finished = True
                yield Loaded(**said["result"])
                return
            yield said

    def _line(self) -> dict[str, Any]:
        assert self._child.stdout is not None, "asked for a pipe"
        line = self._child.stdout.readline()
        if not line:
            self._child.wait()
            words = self._words.read_text(errors="replace").strip().splitlines()
            said = words[-1] if words else f"it ended with code {self._child.returncode}"
            raise NotReadyError(f"The load generator could not go on: {said}")
        found: dict[str, Any] = json.loads(line)
        return found
