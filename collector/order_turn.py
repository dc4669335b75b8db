"""What the order watch finds is done here: entries, standing, keys, synthetic closes, the bulk lane's columns.

Rules. Every step may be taken twice without harm, since a crash may come between any two: what has an effect on the
store is decided by what the store holds, and only telling it is decided by what the audit log has said. The order of
things at an end is fixed: the open communications are closed (R-004), then the bulk lane forgets the order, then rows
are held and the key goes (R-041), then it is told.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from typing import Any, Final, Protocol

from asn1.errors import RefusedError
from collector import order_watch, standing
from collector.assembly import Assembly
from collector.careful import CarefulLane
from collector.in_force import OrdersInForce
from collector.order_watch import LAPSE, ORDER_EXPIRED, Happening
from mediation.law.documents import CourtDocument
from mediation.law.exigent import lapsed
from mediation.law.orders import CourtOrder, OrderUid
from mediation.law.verdicts import Reason

MAX_CLOSES_TOLD: Final = 64
"""Synthetic closes told one by one when an order ends; the store holds them all."""


class Stands(Protocol):
    """What of the store is needed here."""

    def stand(self, entries: list[standing.Entry]) -> None: ...


class Withdraws(Protocol):
    """What of the keys is needed here."""

    def withdraw(self, uid: OrderUid) -> None: ...

    def withdrawn(self, uid: OrderUid) -> bool: ...

    def restore(self, uid: OrderUid, key: bytes, key_ids: Collection[bytes]) -> None: ...


class OrderTurn:
    """`append` writes an audit entry; `releases` are the court's documents that release what was held, `key_ids` says
    what an order's stored octets are encrypted under. `said` and `held` come back after a restart: from the audit log
    what was told and which documents gave a key back (order, version), from the store the lapses that stand (order,
    instant)."""

    def __init__(
        self,
        orders: OrdersInForce,
        careful: CarefulLane,
        assembly: Assembly,
        store: Stands,
        keys: Withdraws,
        append: Callable[[str, dict[str, Any]], None],
        *,
        releases: Callable[[], tuple[CourtDocument, ...]],
        key_ids: Callable[[OrderUid], Collection[bytes]],
        said: set[order_watch.Key],
        restored: set[tuple[str, int]],
        held: set[tuple[bytes, int]],
    ) -> None:
        self._orders = orders
        self._careful = careful
        self._assembly = assembly
        self._store = store
        self._keys = keys
        self._append = append
        self._releases = releases
        self._key_ids = key_ids
        self._done = restored
        self._withdraw_behind: dict[OrderUid, int] = {}
        self._said = said
        self._held = held
        self._waiting = False
        self.unsafe: frozenset[bytes] = frozenset()

    def run(self, now_us: int) -> int:
        """All that is due; when to come again."""
        orders = self._orders.current()
        self.unsafe = order_watch.unsafe(orders)
        released, self._waiting = self._release(now_us), False
        for order in orders:
            self._end(order, now_us, order.uid in released)
        for one in order_watch.due(orders, now_us, self._said):
            self._said.add(one.key)
            self._append(one.kind, one.fields())
            if one.kind == LAPSE:
                self._append("alarm", {"order": one.order_id, "reason": Reason.ORDER_LAPSED.name, "count": 1})
        return now_us if self._waiting else order_watch.next_us(orders, now_us)

    def _end(self, order: CourtOrder, now_us: int, released: bool) -> None:
        """What has to be so once an order's end has come, whether it was told or not."""
        happened = order_watch.happenings(order, now_us)
        ends = [one for one in happened if one.kind in (ORDER_EXPIRED, LAPSE)]
        end_us = order_watch.end_us(order)
        if any(one.at_us == end_us for one in ends):
            self._close(order, end_us, now_us)
        else:
            self._careful.open.reopen(order.uid, end_us)
        for one in ends:
            if one.kind == LAPSE and not released:
                self._hold(order, one, now_us)

    def _close(self, order: CourtOrder, end_us: int, now_us: int) -> None:
        closed = self._careful.close_open(self._assembly, order, end_us, now_us)
        for fields in closed[:MAX_CLOSES_TOLD]:
            self._append("synthetic_close", {**fields, "rules": ["R-004"]})
        if closed:
            self._assembly.touch()

    def _hold(self, order: CourtOrder, lapse: Happening, now_us: int) -> None:
        """R-041. Rows of the lapsed time alone: an order that came late has a start of its own (R-042)."""
        if (order.uid, lapse.at_us) not in self._held:
            self._held.add((order.uid, lapse.at_us))
            scope = standing.of_order(order.uid, None, lapse.at_us)
            ground = f"{order.order_id} lapsed at {lapse.at_us} us"
            self._store.stand([standing.held(scope, Reason.ORDER_LAPSED, lapse.at_us, ground=ground)])
            self._append("standing", _standing_fields(order, "HELD", lapse.at_us))
        if lapsed(order, now_us) and not self._keys.withdrawn(order.uid):
            self._withdraw(order)

    def _withdraw(self, order: CourtOrder) -> None:
        """The order's key goes once all that was kept under it up to the lapse is on disk: rows still on their way
        would be written under a key of their own, which a release would have to bring too."""
        behind = self._withdraw_behind.setdefault(order.uid, self._assembly.newest_number)
        if self._assembly.totals.last_batch < behind:
            self._waiting = True
            return
        del self._withdraw_behind[order.uid]
        self._keys.withdraw(order.uid)

    def _release(self, now_us: int) -> set[OrderUid]:
        """R-041: what a court has released, with the key that its document brings; the orders that stay released."""
        found: set[OrderUid] = set()
        for document in self._releases():
            order, key = document.order, document.data_key
            found.add(order.uid)
            if key is not None and (order.order_id, order.version) not in self._done:
                self._give_back(document, key)
            if not any(uid == order.uid for uid, _ in self._held):
                continue
            self._held = {one for one in self._held if one[0] != order.uid}
            ground = f"version {order.version} of {order.order_id}, a release signed at {document.issued_at_us} us"
            release = standing.released(
                standing.of_order(order.uid), Reason.ORDER_LAPSED, now_us, "the court", "JUDGE", ground
            )
            self._store.stand([release])
            self._append("standing", _standing_fields(order, "RELEASED", now_us, "R-037"))
        return found

    def _give_back(self, document: CourtDocument, key: bytes) -> None:
        order = document.order
        self._done.add((order.order_id, order.version))
        try:
            self._keys.restore(order.uid, key, self._key_ids(order.uid))
        except RefusedError as error:
            self._append("key_refused", {"order": order.order_id, "version": order.version, "why": str(error)})
            return
        self._append("key_restored", {"order": order.order_id, "version": order.version, "rules": ["R-041"]})


def _standing_fields(order: CourtOrder, state: str, at_us: int, *rules: str) -> dict[str, Any]:
    return {
        "actor": "SYS",
        "order": order.order_id,
        "version": order.version,
        "state": state,
        "reason": Reason.ORDER_LAPSED.name,
        "at_us": at_us,
        "rules": [*rules, "R-041"],
    }


def restored_in(entries: Iterable[dict[str, Any]]) -> set[tuple[str, int]]:
    """The release documents that an audit log says were acted on."""
    return {
        (entry["fields"]["order"], entry["fields"]["version"])
        for entry in entries
        if entry["kind"] in ("key_restored", "key_refused")
    }


def lapses_held(entries: Iterable[standing.Entry]) -> set[tuple[bytes, int]]:
    """The lapses that stand in a store: order and instant, of decisions oldest first."""
    found: set[tuple[bytes, int]] = set()
    for entry in entries:
        if entry.reason is not Reason.ORDER_LAPSED or entry.scope.order is None:
            continue
        if entry.state is standing.State.HELD:
            found.add((entry.scope.order, entry.at_us))
        elif entry.state is standing.State.RELEASED:
            found = {one for one in found if one[0] != entry.scope.order}
    return found
