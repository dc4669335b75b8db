"""The agency's side of HI1: documents into its registry, and what stands there out of it (`runtime.hi1_front`).

The registry stays the only judge and its inbox the only store; what it says of a document when it reads it is what the
court is answered. The agency provisions nothing: of a task it knows the period alone.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Final

from aiohttp import web

from asn1.errors import RefusedError
from asn1.hi1 import MAX_OCTETS
from asn1.hi1_objects import HI1Object
from collector.config import CollectorConfig
from collector.registry import Registry
from collector.store.private_files import read_public_key
from mediation.law.hi1_standing import TaskFacts, standing_objects
from mediation.runtime.hi1_front import Hi1Front
from mediation.runtime.status import start_http

REFUSED: Final = "order_refused"


class AgencyReceiver:
    """`reload` reads what is new in the inbox; `heard` is told what the registry reports meanwhile."""

    def __init__(self, registry: Registry, reload: Callable[[], None], now_us: Callable[[], int]) -> None:
        self._registry = registry
        self._reload = reload
        self._now_us = now_us
        self._taking: str | None = None
        self._whys: list[str] = []

    def heard(self, kind: str, fields: dict[str, object]) -> None:
        if kind == REFUSED and self._taking is not None and fields.get("document") == self._taking:
            self._whys.append(str(fields.get("why")))

    def take(self, name: str) -> Exception | None:
        self._taking = name
        self._whys.clear()
        try:
            self._reload()
        finally:
            self._taking = None
        return RefusedError("; ".join(self._whys)) if self._whys else None

    def objects(self, order_id: str | None = None) -> dict[uuid.UUID, HI1Object]:
        now_us = self._now_us()
        ids = [order.order_id for order in self._registry.current()] if order_id is None else [order_id]
        found: dict[uuid.UUID, HI1Object] = {}
        for one in ids:
            standing = standing_objects(self._registry.documents(one), now_us, TaskFacts())
            found |= {each.object_id: each for each in standing}
        return found


async def serve_hi1(
    config: CollectorConfig, receiver: AgencyReceiver, now_us: Callable[[], int], ports: dict[str, int]
) -> list[web.AppRunner]:
    """The HTTPS front of the inbox, where it is configured; its port is put into `ports`."""
    if config.hi1 is None:
        return []
    key = read_public_key(config.court_public_key)
    front = Hi1Front(config.inbox, key, receiver, config.hi1.issuers, now_us)
    runner, ports["hi1"] = await start_http(config.hi1.listen, front.routes(), MAX_OCTETS)
    return [runner]
