"""What the index is asked: communications, their events, totals of orders, each from the rows of all segments."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any, Final

from sqlalchemy import Engine, func, select

from collector.accounts import FIELDS
from collector.store.index_details import MAX_PARTIES
from collector.store.index_lists import read_list, write_list
from collector.store.index_standing import IndexStanding
from collector.store.index_tables import COMMUNICATION, IRI_EVENT, ORDER_TOTALS, STREAM_MARK, VOIDED_TOTALS

_SUMS: Final = ("iri", "cc_from_target", "cc_to_target", "cc_other")
_FOLD: Final = {
    "begin_us": min, "end_us": max, "answer_us": min, "opened": max, "ended": max, "first_sequence": min,
    "last_sequence": max,
}  # fmt: skip
_NAMES: Final = ("caller", "called", "sends")
_UNTOLD: Final = ("service", "begin_us", "end_us", "answer_us", "opened", "ended")
_UNTOLD_EVENT: Final = ("event_us", "iri_type", "payload", "direction")
"""What is not said where nobody may be named, of a held communication, of a held record."""
_FIRST: Final = ("order_id", "content_service", "caller", "called")


def merged(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Rows of one communication, oldest first, as one row of the same shape: the first order, content and sides that
    are named, and the last service that signalling said."""
    whole = dict(rows[-1])
    parties: set[str] = set()
    for row in rows:
        parties.update(read_list(row["parties"]))
        whole["service"] = row["service"] or whole["service"]
    for name in _FIRST:
        whole[name] = next((row[name] for row in rows if row[name]), None)
    whole["sends"] = next((row["sends"] for row in rows if row["sends"] is not None), None)
    whole["parties"] = write_list(sorted(parties)[:MAX_PARTIES])
    for name in _SUMS:
        whole[name] = sum(row[name] for row in rows)
    for name, fold in _FOLD.items():
        whole[name] = fold((row[name] for row in rows if row[name] is not None), default=None)
    return whole


def added_reasons(one: str, other: str) -> str:
    """Two JSON objects of counts by reason as one, keys sorted."""
    total: dict[str, int] = json.loads(one)
    for reason, times in json.loads(other).items():
        total[reason] = total.get(reason, 0) + times
    return json.dumps(total, sort_keys=True)


def read_communications(engine: Engine, standing: IndexStanding, liid: str | None = None) -> list[dict[str, Any]]:
    """Communications (of one LIID), oldest first, `parties` as a list; as far as their records are still stored.
    `withheld` says why what is not there is not said, "" where nothing is held."""
    table = COMMUNICATION.c
    query = select(COMMUNICATION).order_by(table.liid, table.cin, table.generation)
    if liid is not None:
        query = query.where(table.liid == liid)
    with engine.connect() as connection:
        rows = (dict(row._mapping) for row in connection.execute(query))
        found = [_shown(merged(list(group))) for _, group in groupby(rows, lambda row: (row["liid"], row["cin"]))]
    for row in found:
        row["service"] = row["service"] or row["content_service"]
        del row["content_service"]
        hold = standing.of(row)
        row["withheld"] = "" if hold is None else hold.says()
        if hold is not None:
            row |= _untold(_NAMES + (_UNTOLD if hold.whole else ()))
    return sorted(found, key=lambda row: (row["first_sequence"], row["liid"], row["cin"]))


def _shown(row: dict[str, Any]) -> dict[str, Any]:
    row.pop("generation")
    return {**row, "parties": json.loads(row["parties"])}


def read_events(engine: Engine, standing: IndexStanding, liid: str, cin: int) -> list[dict[str, Any]]:
    """The IRI events of one communication by time; of those that are held, that they exist."""
    wanted = (IRI_EVENT.c.liid == liid) & (IRI_EVENT.c.cin == cin)
    query = select(IRI_EVENT).where(wanted).order_by(IRI_EVENT.c.event_us, IRI_EVENT.c.sequence)
    with engine.connect() as connection:
        rows = [_shown(dict(row._mapping)) for row in connection.execute(query)]
    return [row if standing.of_event(row) is None else row | _untold(_UNTOLD_EVENT) for row in rows]


def _untold(names: tuple[str, ...]) -> dict[str, Any]:
    return {**dict.fromkeys(names), "parties": []}


def read_orders(engine: Engine) -> list[dict[str, Any]]:
    """Verdicts by order, of all batches whose segment is still there; `reasons` as counts by name. `voided` of what was
    kept is another shard's."""
    query = select(ORDER_TOTALS).order_by(ORDER_TOTALS.c.order_id, ORDER_TOTALS.c.generation)
    with engine.connect() as connection:
        rows = (dict(row._mapping) for row in connection.execute(query))
        found = [_order_total(list(group)) for _, group in groupby(rows, lambda row: row["order_id"])]
    table = VOIDED_TOTALS.c
    with engine.connect() as connection:
        counted = connection.execute(select(table.uid, func.sum(table.records)).group_by(table.uid))
        voided = {str(uid): int(records) for uid, records in counted}
    return [row | {"voided": voided.get(row["uid"], 0)} for row in found]


def _order_total(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    whole = {name: rows[-1][name] for name in ("order_id", "uid", "liid")}
    reasons = "{}"
    for row in rows:
        reasons = added_reasons(reasons, row["reasons"])
    counts = {name: sum(row[name] for row in rows) for name in ("delivered", *FIELDS)}
    return {**whole, **counts, "reasons": json.loads(reasons)}


def read_marks(engine: Engine) -> Iterator[tuple[str, int, int, int, int]]:
    """(LIID, CIN, kind, epoch, mark) of each stream: the highest place that is stored."""
    table = STREAM_MARK.c
    place = func.max(table.epoch * (1 << 32) + table.mark)
    query = select(table.liid, table.cin, table.kind, place).group_by(table.liid, table.cin, table.kind)
    with engine.connect() as connection:
        for liid, cin, kind, highest in connection.execute(query.order_by(table.liid, table.cin, table.kind)):
            yield liid, cin, kind, int(highest) >> 32, int(highest) & 0xFFFFFFFF
