"""The stores as this process reads them: opened once, and followed for whoever listens.

It opens segments, keys and index read-only, beside the writer and without its lock; the collector has begun before. Of
a fleet, one that is not there yet, or not any more, is looked for again and named until it is.
"""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Final

from collector.console.config import ConsoleConfig
from collector.console.model.library import CaseLibrary
from collector.console.model.live import Follower
from collector.console.model.shelf import Shelf
from collector.console.model.shelves import Shelves, catalogue_of
from collector.databases import in_schema
from mediation.runtime.logs import get_logger

FOLLOW_S: Final = 0.15
"""How often it is looked for what is new to be heard, while anybody listens."""


def open_library(config: ConsoleConfig) -> CaseLibrary:
    """Raises NotReadyError where the one collector there is has not begun yet."""
    fleet, places = config.fleet, config.collectors
    if fleet is None:
        (place,) = places.values()
        return CaseLibrary(Shelves.alone(Shelf.of(place.data_dir, place.index_url, place.pin_directory)))
    openers = {
        name: partial(
            Shelf.of,
            place.data_dir,
            place.index_url or in_schema(fleet.database_url, f"index_{name}"),
            place.pin_directory,
            name,
            number,
        )
        for number, (name, place) in enumerate(places.items(), 1)
    }
    return CaseLibrary(Shelves(openers, catalogue_of(fleet.database_url)))


async def follow(follower: Follower) -> None:
    """Until it is cancelled."""
    log, failing = get_logger("console"), False
    trouble: dict[str, str] = {}
    while True:
        await asyncio.sleep(FOLLOW_S)
        if follower.listeners:
            try:
                await asyncio.to_thread(follower.poll)
                failing = False
                if follower.trouble != trouble:
                    trouble = follower.trouble
                    log.error("follow", trouble=trouble)
            except Exception as error:
                # Who listens hears nothing more and is told by the watch; the next look may go well again.
                if not failing:
                    log.error("follow", error=repr(error))
                failing = True
