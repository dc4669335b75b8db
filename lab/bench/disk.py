"""What the disk under a run takes by itself: the store's own way of writing, and nothing around it.

No acknowledgement can come sooner than a write and its sync, so a latency means little without this beside it.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from pathlib import Path
from typing import Any, Final

from collector.store.files import RealFiles, write_all
from collector.store.unit_buffer import UnitBuffer
from mediation.runtime.config import NotReadyError

FLOOR_OCTETS: Final = 64 * 1024
"""Some 150 records of content with their rows: what a millisecond or two brings at a hundred thousand a second."""
_FILE_OCTETS: Final = 64 * FLOOR_OCTETS
_TIMES: Final = 200


def sync_floor(directory: Path) -> dict[str, Any]:
    """Milliseconds of a write of `octets` and its sync, median and 99th percentile; `direct`: past the page cache.
    Raises NotReadyError."""
    files = RealFiles()
    taken_ms = []
    try:
        directory.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix="floor-", dir=directory) as place:
            path = Path(place) / "floor.seg"
            files.create(path, _FILE_OCTETS, bytes(4096))
            unit = UnitBuffer().reserve(FLOOR_OCTETS)[:FLOOR_OCTETS]
            descriptor = files.open(path)
            try:
                for number in range(_TIMES):
                    began_s = time.perf_counter()
                    write_all(files, descriptor, unit, FLOOR_OCTETS * (number % (_FILE_OCTETS // FLOOR_OCTETS)))
                    files.sync(descriptor)
                    taken_ms.append(1000 * (time.perf_counter() - began_s))
            finally:
                files.close(descriptor)
    except OSError as error:
        raise NotReadyError(f"Cannot write to {directory}: {error.strerror}. Give another directory.") from error
    percents = statistics.quantiles(taken_ms, n=100)
    return {
        "octets": FLOOR_OCTETS,
        "direct": bool(files.direct),
        "p50_ms": round(percents[49], 3),
        "p99_ms": round(percents[98], 3),
    }
