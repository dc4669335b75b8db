"""The close that an order's end puts to a communication which goes on without it (R-004).

Rules. The collector makes one row a communication and end, form SYNTHETIC, and says so in it; it stands beside the
carrier's records and never in place of one. `OpenBook` knows which communications are open, by what was kept of them;
rows made before are read again after a restart, so that none is closed twice. Pure but for its own memory, which is
bounded by the stream table: what that forgets is forgotten here. One source for two paths (ADR 0002): `synthetic.pxd`
types it for Cython, since each record of signalling that is kept is noted here.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from mediation.law.orders import CourtOrder, OrderUid

if TYPE_CHECKING:
    from asn1 import plain as cython
else:
    try:
        import cython
    except ImportError:
        from asn1 import plain as cython

if not cython.compiled:
    _NOT_CLOSED = -1

COMPILED: Final[bool] = cython.compiled


def close_octets(order: CourtOrder, liid: str, cin: int, end_us: int) -> bytes:
    """The leaf of a synthetic close, canonical JSON."""
    value = {
        "synthetic": "close",
        "truncated_by_order": True,
        "order": order.order_id,
        "version": order.version,
        "liid": liid,
        "cin": cin,
        "event_us": end_us,
    }
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()


def read_close(octets: bytes) -> dict[str, Any] | None:
    """What a synthetic close says; None for anything else."""
    try:
        value = json.loads(octets)
    except ValueError:
        return None
    return value if isinstance(value, dict) and value.get("synthetic") == "close" else None


class Communication(NamedTuple):
    """A LIID's id in the table, and a CIN."""

    liid: int
    cin: int


class Held:
    """A communication under the order `uid`; `closed_us` -1: no synthetic close stands in the store."""

    def __init__(self, uid: OrderUid) -> None:
        self.uid = uid
        self.ended = False
        self.closed_us = _NOT_CLOSED


class OpenBook:
    """Communications that something was kept of, by the order it was kept under."""

    def __init__(self) -> None:
        self._held: dict[tuple[int, int], Held] = {}

    def __len__(self) -> int:
        return len(self._held)

    def kept(self, liid: int, cin: int, uid: OrderUid, event_us: int) -> None:
        """A record that a communication opens with or goes on with was kept."""
        self._note(liid, cin, uid, event_us)

    def _note(self, liid: int, cin: int, uid: OrderUid, event_us: int) -> Held:
        key = (liid, cin)
        held = self._held.get(key)
        if held is None:
            held = self._held[key] = Held(uid)
        elif held.closed_us != _NOT_CLOSED and event_us >= held.closed_us:
            # It goes on under an order that covers more: an extension, another warrant.
            held.uid = uid
            held.closed_us = _NOT_CLOSED
        return held

    def ended(self, liid: int, cin: int, uid: OrderUid, event_us: int) -> None:
        """The carrier's own end was kept."""
        self._note(liid, cin, uid, event_us).ended = True

    def close(self, liid: int, cin: int, uid: OrderUid, at_us: int) -> None:
        """A synthetic close stands in the store."""
        held = self._held.setdefault((liid, cin), Held(uid))
        held.uid = uid
        held.closed_us = at_us

    def refused_end(self, liid: int, cin: int) -> None:
        """The carrier's own end came behind the synthetic one, and was refused: the communication is over anyway."""
        held = self._held.get((liid, cin))
        if held is not None and held.closed_us != _NOT_CLOSED:
            held.ended = True

    def open_of(self, uid: OrderUid) -> list[Communication]:
        """The open communications of an order, in the order they opened."""
        held = self._held.items()
        return [Communication(*name) for name, one in held if one.uid == uid and not one.ended and one.closed_us < 0]

    def reopen(self, uid: OrderUid, end_us: int) -> None:
        """The order covers more than when its communications were closed: those that have not ended go on."""
        for held in self._held.values():
            if held.uid == uid and _NOT_CLOSED < held.closed_us < end_us:
                held.closed_us = _NOT_CLOSED

    def forget(self, liid: int, cin: int) -> None:
        self._held.pop((liid, cin), None)
