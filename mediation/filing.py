"""Files of JSON lines that the carrier only ever adds to: acts of its employees, certifications, reports.

A line is on disk before `append` returns. A last line that was cut off (the process died in it) is passed over.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from mediation.runtime.config import NotReadyError
from mediation.runtime.disk import advice


class Filing:
    def __init__(self, path: Path) -> None:
        """Raises NotReadyError when the file cannot be written."""
        self.path = path
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            self.count = sum(1 for _ in self.read())
            cut = path.stat().st_size and not path.read_bytes().endswith(b"\n")
            if cut:
                os.write(self._descriptor, b"\n")
        except OSError as error:
            raise NotReadyError(f"Cannot write {path}: {error.strerror}. {advice(error)}") from error

    def append(self, line: Mapping[str, Any]) -> None:
        os.write(self._descriptor, json.dumps(line, sort_keys=True).encode() + b"\n")
        os.fdatasync(self._descriptor)
        self.count += 1

    def read(self) -> Iterator[dict[str, Any]]:
        """Every whole line, oldest first."""
        for text in self.path.read_text("utf-8", "replace").split("\n"):
            try:
                value = json.loads(text)
            except ValueError:
                continue
            if isinstance(value, dict):
                yield value

    def close(self) -> None:
        os.close(self._descriptor)
