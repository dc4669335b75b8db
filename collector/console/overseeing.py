"""All logs as one book for oversight, read on as they grow: the desk's entries and each collector's audit log.

Looking blocks and is done in a worker thread, one at a time: the book grows under whoever looks otherwise. Whether the
logs hold is not decided here: `calea-lab verify` and the desk's own door see to that.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from collector.console.model.audit import DESK, AuditBook, LogReader

T = TypeVar("T")


class Oversight:
    """`desk`: the entries of the desk's ledger, oldest first, that grow and never change. `audits`: the directory of
    each collector's audit log, by what it is called in the book."""

    def __init__(self, desk: Callable[[], Sequence[dict[str, Any]]], audits: Mapping[str, Path]) -> None:
        self._desk = desk
        self._logs = {name: LogReader(directory) for name, directory in audits.items()}
        self._seen = 0
        self._one = threading.Lock()
        self._book = AuditBook()

    def look(self, work: Callable[[AuditBook], T]) -> T:
        """`work` on the book, with what has come since."""
        with self._one:
            entries = self._desk()
            self._book.add(DESK, entries[self._seen :])
            self._seen = len(entries)
            for name, log in self._logs.items():
                self._book.add(name, log.fresh())
            return work(self._book)
