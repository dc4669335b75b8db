"""The agency's own orders: court documents from the inbox, checked here, every version kept.

The carrier's word counts for nothing; this directory of signed documents is the registry. A document that is refused
is moved to `refused/` and reported. A higher version of an order replaces the lower one for judging; the lower one
stays on record. Reading the directory is the only effect.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from asn1.errors import LabError
from mediation.law.documents import MAX_DOCUMENT_OCTETS, parse_document
from mediation.law.orders import CourtOrder, OrderId

Report = Callable[[str, dict[str, object]], None]


class Registry:
    """`report(kind, fields)` hears of `order_entered` and `order_refused`."""

    def __init__(self, inbox: Path, public_key: Ed25519PublicKey, report: Report = lambda kind, fields: None) -> None:
        self._inbox = inbox
        self._public_key = public_key
        self._report = report
        self._seen: set[str] = set()
        self._versions: dict[OrderId, dict[int, CourtOrder]] = {}
        self._by_liid: dict[str, tuple[CourtOrder, ...]] = {}

    def reload(self) -> bool:
        """Read what is new; whether anything changed."""
        names = sorted(path.name for path in self._inbox.glob("*.json"))
        fresh = [name for name in names if name not in self._seen]
        changed = False
        for name in fresh:
            self._seen.add(name)
            changed = self._enter(self._inbox / name) or changed
        if changed:
            self._index()
        return changed

    def orders_for(self, liid: str) -> tuple[CourtOrder, ...]:
        """The newest versions of the orders that name this LIID; several may (R-025)."""
        return self._by_liid.get(liid, ())

    def current(self) -> tuple[CourtOrder, ...]:
        """The newest version of every order, by id."""
        return tuple(versions[max(versions)] for _, versions in sorted(self._versions.items()))

    def version(self, order_id: str, version: int) -> CourtOrder | None:
        return self._versions.get(OrderId(order_id), {}).get(version)

    def _enter(self, path: Path) -> bool:
        try:
            with path.open("rb") as file:
                order = parse_document(file.read(MAX_DOCUMENT_OCTETS + 1), self._public_key)
        except LabError as error:
            self._refuse(path, str(error))
            return False
        except OSError as error:
            self._report("order_refused", {"document": path.name, "why": f"cannot be read: {error.strerror}"})
            return False
        versions = self._versions.setdefault(order.order_id, {})
        known = versions.get(order.version)
        if known is not None and known != order:
            self._refuse(path, f"version {order.version} of {order.order_id} is there already and says otherwise")
            return False
        versions[order.version] = order
        self._report("order_entered", {"order": order.order_id, "version": order.version, "liid": order.liid})
        return known is None

    def _refuse(self, path: Path, why: str) -> None:
        refused = self._inbox / "refused"
        try:
            refused.mkdir(exist_ok=True)
            path.replace(refused / path.name)
            # Out of the way: a corrected document may come under the same name.
            self._seen.discard(path.name)
        except OSError as error:
            why = f"{why}; it cannot be moved away: {error.strerror}"
        self._report("order_refused", {"document": path.name, "why": why})

    def _index(self) -> None:
        grouped: dict[str, list[CourtOrder]] = {}
        for order in self.current():
            grouped.setdefault(order.liid, []).append(order)
        self._by_liid = {liid: tuple(orders) for liid, orders in grouped.items()}
