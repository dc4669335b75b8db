"""What was decided, laid over the rows of the index: whoever reads the index reads it through this.

The index holds what signalling said when it was stored. What is HELD since (R-041) is there and nothing else may be
said of it: not who took part, not when, not of what kind it was, and so it is found by none of these. Minimising and
privilege hide content, of which the index has none. Where single records of signalling are held, the index cannot tell
what was said by them alone, so nobody of that communication is named.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, and_, not_, or_

from asn1.columns import KIND_IRI
from asn1.ps_pdu import liid_text
from collector.standing import Entry, Standings, State, rule_of
from collector.store.index_tables import NO_BEGIN, WHOLE
from mediation.law.orders import OrderId, order_uid

Row = Mapping[str, Any]


class Hold(NamedTuple):
    """`whole`: all of the communication may be held; else only some of its signalling is."""

    entry: Entry
    whole: bool

    def says(self) -> str:
        """One sentence."""
        words = f"HELD for {self.entry.reason.name} ({rule_of(self.entry.reason)}) by {self.entry.by}"
        return words if self.whole else f"one of its records is {words}"


class IndexStanding:
    """`named`: the communications of the records of signalling that decisions name one by one, by sequence
    (`index_pages.communications_of`)."""

    def __init__(self, standings: Standings, named: Mapping[int, tuple[str, int]]) -> None:
        self._orders: dict[bytes, list[Entry]] = {}
        self._communications: dict[tuple[str, int], list[Entry]] = {}
        self._single: dict[tuple[str, int], list[Entry]] = {}
        self._sequences: dict[int, Entry] = {}
        for entry in _held_in_force(standings):
            scope = entry.scope
            if scope.order is not None:
                self._orders.setdefault(scope.order, []).append(entry)
            elif scope.liid is not None and scope.cin is not None:
                table = self._communications if scope.number is None else self._single
                if scope.kind in (None, KIND_IRI):
                    table.setdefault((liid_text(scope.liid), scope.cin), []).append(entry)
            for sequence in scope.sequences:
                self._sequences[sequence] = entry
                if sequence in named:
                    self._single.setdefault(named[sequence], []).append(entry)

    def of(self, row: Row) -> Hold | None:
        """The hold on a communication; `row` with liid, cin, order_id, begin_us and end_us."""
        entries = self._communications.get((row["liid"], row["cin"]), [])
        for entry in (*entries, *self._of_order(row["order_id"])):
            if _touches(entry, row["begin_us"], row["end_us"]):
                return Hold(entry, True)
        single = self._single.get((row["liid"], row["cin"]))
        return Hold(single[0], False) if single else None

    def of_event(self, row: Row) -> Entry | None:
        """The hold on one IRI record; `row` with sequence, liid, cin, order_id and event_us. A record that is held by
        its place in its stream holds all of its communication here: the index does not keep that place."""
        if row["sequence"] in self._sequences:
            return self._sequences[int(row["sequence"])]
        key = (row["liid"], row["cin"])
        placed = [one for one in self._single.get(key, ()) if not one.scope.sequences]
        entries: list[Entry] = [*self._communications.get(key, ()), *self._of_order(row["order_id"]), *placed]
        event_us = row["event_us"]
        return next((entry for entry in entries if _touches(entry, event_us, event_us)), None)

    def by_order(self, row: Row) -> bool:
        """Whether a decision about its order holds a communication."""
        return any(_touches(one, row["begin_us"], row["end_us"]) for one in self._of_order(row["order_id"]))

    def keys(self, liids: Iterable[str]) -> list[tuple[str, int]]:
        """(LIID, CIN) of the communications of these LIIDs that decisions hold by name."""
        wanted = set(liids)
        return [key for key in self._communications if key[0] in wanted]

    def by_entry(self, orders: Iterable[str]) -> Iterator[tuple[Hold, ColumnElement[bool]]]:
        """For each decision about one of these orders, which rows of WHOLE it is the first to hold."""
        for order in sorted(orders):
            before: list[ColumnElement[bool]] = []
            for entry in self._of_order(order):
                held = and_(WHOLE.c.order_id == order, *_within(entry))
                yield Hold(entry, True), and_(held, *(not_(one) for one in before))
                before.append(held)

    def held_orders(self, orders: Iterable[str]) -> ColumnElement[bool] | None:
        """Which rows of WHOLE a decision about one of these orders holds; None where none does."""
        table = WHOLE.c
        conditions = [
            and_(table.order_id == order, *_within(entry))
            for order in sorted(orders)
            for entry in self._of_order(order)
        ]
        return or_(*conditions) if conditions else None

    def not_held(self, orders: Iterable[str]) -> tuple[ColumnElement[bool], ...]:
        """That no decision about one of these orders holds a row of WHOLE."""
        held = self.held_orders(orders)
        return () if held is None else (not_(held),)

    def _of_order(self, order_id: str | None) -> list[Entry]:
        return self._orders.get(order_uid(OrderId(order_id)), []) if order_id and self._orders else []


def _held_in_force(standings: Standings) -> Iterator[Entry]:
    """The holds that no later decision of the same scope and reason lifted."""
    latest = {(entry.scope, entry.reason): entry for _, entry in standings.entries}
    return (entry for entry in latest.values() if entry.state is State.HELD)


def _touches(entry: Entry, begin_us: int | None, end_us: int | None) -> bool:
    scope = entry.scope
    if begin_us is None or end_us is None or begin_us == NO_BEGIN:
        return True
    return (scope.from_us is None or end_us >= scope.from_us) and (scope.to_us is None or begin_us < scope.to_us)


def _within(entry: Entry) -> Iterator[ColumnElement[bool]]:
    """As `_touches`, of WHOLE."""
    table, scope = WHOLE.c, entry.scope
    untimed = or_(table.begin_us == NO_BEGIN, table.end_us.is_(None))
    if scope.from_us is not None:
        yield or_(untimed, table.end_us >= scope.from_us)
    if scope.to_us is not None:
        yield or_(untimed, table.begin_us < scope.to_us)
