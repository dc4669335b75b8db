"""One process a store: the lock that its writer holds, and whoever else must be sure that nobody writes."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from collector.store.gauge import StoreError


def lock_directory(directory: Path) -> int:
    """The descriptor that holds the lock until it is closed. Raises StoreError when another process has it."""
    descriptor = os.open(directory / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(descriptor)
        raise StoreError(
            f"Another collector uses {directory}. Stop it first, or give this one a directory of its own."
        ) from error
    return descriptor
