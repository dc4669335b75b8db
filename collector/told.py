"""What records say, on its way from who judged them to the index, so that it is not read out of the store again.

Rules. Only of rows that are kept, and only what the row was made of: the facts of a record that is kept as received,
the permitted fields of a masked one. It is bounded and may forget at any time; the index reads the store then, to the
same rows. Nothing here is written anywhere.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any, Final

from collector.facts import RecordFacts

MAX_TOLD: Final = 100_000
"""Records that may wait for the index; some 2 KiB each."""

Said = RecordFacts | Mapping[str, Any]
"""The facts of an accepted record, or the value of a masked one, as `mask.permitted_value` made it."""


class Told:
    """Batches on their way: by number, how many rows each has and what its rows say, by their place in the frame. The
    event loop's thread puts, the index's takes."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._batches: dict[int, tuple[int, dict[int, Said]]] = {}
        self._waiting = 0

    def put(self, number: int, rows: int, said: dict[int, Said]) -> None:
        """Dropped when too much waits already."""
        with self._lock:
            if self._waiting + len(said) <= MAX_TOLD:
                self._batches[number] = (rows, said)
                self._waiting += len(said)

    def take(self, number: int, rows: int) -> dict[int, Said]:
        """What is known of the rows of a batch; nothing when it is another batch than was put."""
        with self._lock:
            found = self._batches.pop(number, None)
            if found is None:
                return {}
            self._waiting -= len(found[1])
        return found[1] if found[0] == rows else {}
