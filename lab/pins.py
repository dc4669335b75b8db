"""Where the newest checkpoint of a store is kept: outside the store, so that a restored copy cannot hide a rollback.

In the user's state directory (XDG_STATE_HOME), a directory for each store by its absolute place, and in it a file for
each signing key: a store that was set up anew on purpose has a new key and starts with no pin.
"""

from __future__ import annotations

import os
from pathlib import Path


def pin_directory(store: Path) -> Path:
    state = Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state")
    return state / "calea-lab" / "pins" / str(store.resolve()).strip("/").replace("/", "-")


def other_pins(pin: Path) -> int:
    """How many stores with other keys were pinned at the same place before."""
    return sum(1 for path in pin.parent.glob("*.checkpoint") if path != pin)
