"""What one shard lets in, the others hear of: court documents, commands of the desk, first interceptions (ADR 0046).

Rules. The feed carries octets and is believed in nothing: a document that comes by it is put into the inbox, where the
court's signature is checked as of any other, and a command is taken as if the desk had sent it here, as old as it was
when it was published. What this shard has it publishes, once; what it took from the feed it does not publish again,
since the same octets are in the feed once, and what it has by its own door it does not take from the feed. First
interceptions are the shards' own word, and only move to an earlier time. One thread, the event loop's.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, Protocol

from asn1.errors import LabError
from collector.fleet.documents import DOCUMENT, FIRST, Item, first_octets, first_of
from collector.in_force import OrdersInForce
from mediation.law.orders import CourtOrder

REFUSED: Final = "fleet_item_refused"


class Feed(Protocol):
    """What of the errands is needed here."""

    def publish(self, kind: str, octets: bytes) -> None: ...


class Sharing:
    """`command` takes one of the desk's commands: name, octets, and the time it is held against. `changed` hears that
    orders are others now; `append` writes the audit log."""

    def __init__(
        self,
        feed: Feed,
        inbox: Path,
        orders: OrdersInForce,
        command: Callable[[str, bytes, int], object],
        changed: Callable[[], None],
        append: Callable[[str, dict[str, Any]], None],
    ) -> None:
        self._feed = feed
        self._inbox = inbox
        self._orders = orders
        self._command = command
        self._changed = changed
        self._append = append
        self._published: set[str] = set()
        """By name."""
        self._had: set[bytes] = set()
        """By digest, what came by our own door."""

    def documents(self) -> None:
        """Publish what is new in the inbox; what was refused has left it. Raises OSError, LocalError."""
        for path in sorted(self._inbox.glob("*.json")):
            if path.name not in self._published:
                octets = path.read_bytes()
                self._feed.publish(DOCUMENT, octets)
                self._published.add(path.name)
                self._had.add(hashlib.sha256(octets).digest())

    def command(self, name: str, octets: bytes) -> None:
        """A command of the desk was taken here."""
        self._feed.publish(name, octets)

    def first(self, order: CourtOrder, event_us: int) -> None:
        """R-008: an order took something for the first time, or earlier than was known."""
        self._feed.publish(FIRST, first_octets(order.uid, event_us))

    def take(self, item: Item) -> None:
        """Something of another shard's. What cannot be taken is on record, and no more."""
        try:
            if item.kind == DOCUMENT:
                self._enter(item.octets)
            elif item.kind == FIRST:
                uid, event_us = first_of(item.octets)
                if self._orders.took(uid, event_us):
                    self._changed()
            else:
                self._command(item.kind, item.octets, item.at_us)
        except (LabError, OSError) as error:
            self._append(REFUSED, {"kind": item.kind, "shard": item.shard, "number": item.number, "why": str(error)})

    def _enter(self, octets: bytes) -> None:
        """By temporary name and rename, as everybody who puts something into an inbox."""
        digest = hashlib.sha256(octets)
        if digest.digest() in self._had:
            return
        name = f"fleet-{digest.hexdigest()[:32]}.json"
        self._published.add(name)
        path = self._inbox / name
        if not path.exists():
            fresh = self._inbox / f"{name}.new"
            fresh.write_bytes(octets)
            os.replace(fresh, path)  # noqa: PTH105  # whole or not at all
