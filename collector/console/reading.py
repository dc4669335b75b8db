"""The collector's store as this process reads it: opened once, and followed for whoever listens.

It opens segments, keys and index read-only, beside the writer and without its lock; the collector has begun before.
"""

from __future__ import annotations

import asyncio
from typing import Final

from collector.console.config import CollectorPlace
from collector.console.model.library import CaseLibrary
from collector.console.model.live import Follower
from collector.store.keys import Keys, pin_name
from mediation.runtime.logs import get_logger

FOLLOW_S: Final = 0.15
"""How often it is looked for what is new to be heard, while anybody listens."""


def open_library(place: CollectorPlace) -> CaseLibrary:
    """Raises NotReadyError where no collector has begun yet."""
    data = place.data_dir
    keys = Keys(data / "keys")
    pin = None if place.pin_directory is None else place.pin_directory / pin_name(keys.identity)
    index_url = place.index_url or f"sqlite:///{data / 'index.sqlite'}"
    return CaseLibrary(index_url, data / "store", keys, pin=pin, audit=data / "audit")


async def follow(follower: Follower) -> None:
    """Until it is cancelled."""
    log, failing = get_logger("console"), False
    while True:
        await asyncio.sleep(FOLLOW_S)
        if follower.listeners:
            try:
                await asyncio.to_thread(follower.poll)
                failing = False
            except Exception as error:
                # Who listens hears nothing more and is told by the watch; the next look may go well again.
                if not failing:
                    log.error("follow", error=repr(error))
                failing = True
