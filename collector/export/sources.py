"""Where what is exported comes from: one collector's store, or those of a fleet, read as one."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from collector.store.keys import Keys
from collector.store.reader import StoreReader
from collector.store.stores import Reading, Stores


class Source(NamedTuple):
    """One collector's. `name` and `number` in its fleet, blank and 0 where there is one alone."""

    name: str
    number: int
    store: Path
    audit: Path
    keys: Keys


def reading(sources: Sequence[Source]) -> Reading:
    """All of them as one."""
    if len(sources) == 1 and sources[0].number == 0:
        return StoreReader(sources[0].store, sources[0].keys)
    return Stores({one.number: StoreReader(one.store, one.keys) for one in sources})
