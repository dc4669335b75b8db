"""The agency's orders as records are judged by them: the newest documents, with what only the agency knows laid over.

Rules. The registry holds what the courts said; here nothing of that changes. Under a federal warrant the period runs
from the first interception at the latest (R-008), and only who intercepts knows when that was: the earliest kept event
of each such warrant is remembered, and put back after a restart from the store and the audit log. It only ever moves
to an earlier time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any, Final, Protocol

from mediation.law.orders import CourtOrder, OrderUid

FIRST_INTERCEPTION: Final = "first_interception"
"""The audit kind."""


class Documents(Protocol):
    """What of the registry is needed here."""

    def current(self) -> tuple[CourtOrder, ...]: ...


class OrdersInForce:
    """`renew` after the registry changed. `on_change` hears when an order means something else than before."""

    def __init__(self, documents: Documents, on_change: Callable[[CourtOrder, int], None]) -> None:
        self._documents = documents
        self._on_change = on_change
        self._first_us: dict[OrderUid, int] = {}
        self._orders: tuple[CourtOrder, ...] = ()
        self._by_liid: dict[str, tuple[CourtOrder, ...]] = {}

    def renew(self) -> None:
        """Take the newest versions."""
        self._orders = tuple(self._laid_over(order) for order in self._documents.current())
        grouped: dict[str, list[CourtOrder]] = {}
        for order in self._orders:
            grouped.setdefault(order.liid, []).append(order)
        self._by_liid = {liid: tuple(orders) for liid, orders in grouped.items()}

    def orders_for(self, liid: str) -> tuple[CourtOrder, ...]:
        """The orders that name this LIID; several may (R-025)."""
        return self._by_liid.get(liid, ())

    def current(self) -> tuple[CourtOrder, ...]:
        return self._orders

    def of(self, order_id: str) -> CourtOrder | None:
        return next((order for order in self._orders if order.order_id == order_id), None)

    def kept(self, order: CourtOrder, event_us: int) -> None:
        """A record of this event time was kept under an order."""
        if not counts_from_first(order):
            return
        known_us = self._first_us.get(order.uid)
        if known_us is None or event_us < known_us:
            self._first_us[order.uid] = event_us
            self.renew()
            self._on_change(order, event_us)

    def took(self, uid: OrderUid, event_us: int) -> bool:
        """Another collector has kept a record of this event time under an order; whether that is earlier than known."""
        if event_us >= self._first_us.get(uid, event_us + 1):
            return False
        self._first_us[uid] = event_us
        self.renew()
        return True

    def restore(self, first_us: dict[OrderUid, int], entries: Iterable[dict[str, Any]]) -> None:
        """For a restart: earliest kept events by order, as the store has them, and the audit log's entries."""
        told = [
            (OrderUid(bytes.fromhex(entry["fields"]["uid"])), entry["fields"]["event_us"])
            for entry in entries
            if entry["kind"] == FIRST_INTERCEPTION
        ]
        for uid, event_us in (*first_us.items(), *told):
            self._first_us[uid] = min(event_us, self._first_us.get(uid, event_us))

    def _laid_over(self, order: CourtOrder) -> CourtOrder:
        first_us = self._first_us.get(order.uid) if counts_from_first(order) else None
        return order if first_us is None else replace(order, first_interception_us=first_us)


def counts_from_first(order: CourtOrder) -> bool:
    """R-008: whether the first interception moves the end of this order."""
    return order.federal and not order.kind.metadata_only
