"""Both logs as one book for oversight, read on as they grow: the desk's entries and the collector's audit log.

Looking blocks and is done in a worker thread, one at a time: the book grows under whoever looks otherwise. Whether the
logs hold is not decided here: `calea-lab verify` and the desk's own door see to that.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

from collector.console.model.audit import COLLECTOR, DESK, AuditBook, LogReader

T = TypeVar("T")


class Oversight:
    """`desk`: the entries of the desk's ledger, oldest first, that grow and never change."""

    def __init__(self, desk: Callable[[], Sequence[dict[str, Any]]], audit_directory: Path) -> None:
        self._desk = desk
        self._log = LogReader(audit_directory)
        self._seen = 0
        self._one = threading.Lock()
        self._book = AuditBook()

    def look(self, work: Callable[[AuditBook], T]) -> T:
        """`work` on the book, with what has come since."""
        with self._one:
            entries = self._desk()
            self._book.add(DESK, entries[self._seen :])
            self._seen = len(entries)
            self._book.add(COLLECTOR, self._log.fresh())
            return work(self._book)
