"""What records say, on its way from who judged them to the index, so that it is not read out of the store again.

Rules. Only of rows that are kept, and only what the index would read out of them: of a record that is kept as received
who took part, of a masked one what its permitted fields say. It is bounded and may forget at any time; the index reads
the store then, to the same rows. Nothing here is written anywhere.
"""

from __future__ import annotations

import threading
from typing import Final

from collector.store.index_details import Details

MAX_TOLD: Final = 100_000
"""Records that may wait for the index; some 300 octets each."""


class Told:
    """Batches on their way: by number, how many rows each has and what its rows say, by their place in the frame. The
    event loop's thread puts, the index's takes."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._batches: dict[int, tuple[int, dict[int, Details]]] = {}
        self._waiting = 0

    def put(self, number: int, rows: int, said: dict[int, Details]) -> None:
        """Dropped when too much waits already."""
        with self._lock:
            if self._waiting + len(said) <= MAX_TOLD:
                self._batches[number] = (rows, said)
                self._waiting += len(said)

    def take(self, number: int, rows: int) -> dict[int, Details]:
        """What is known of the rows of a batch; nothing when it is another batch than was put."""
        with self._lock:
            found = self._batches.pop(number, None)
            if found is None:
                return {}
            self._waiting -= len(found[1])
        return found[1] if found[0] == rows else {}
