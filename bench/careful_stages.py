"""Where a record's time goes in the careful lane: its parts alone, over the records of a run, warm; the rest by thread.

A part is timed by itself, in the same process and behind the run, as CPU time of this thread over all records, best of
three. What is left of a thread's time is what is between the parts: the gate, state, counts and row of a record,
batches and the event loop; in the index its communications; and everything that is slower in the run than alone.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from sqlalchemy import select

from asn1.ps_tables import PS_PDU
from asn1.table import plan_of
from asn1.walk import walk
from collector.facts.ordinary import ordinary_facts
from collector.json_text import canonical
from collector.keyed_digest import KeyedDigest
from collector.mask import permitted_value
from collector.store import index_sql
from collector.store.index import open_database
from collector.store.index_details import details_of
from collector.store.index_tables import IRI_EVENT, METADATA
from mediation.law.orders import CourtOrder

ROUNDS: Final = 3


def _us(work: Callable[[Any], object], values: Iterable[Any], records: int) -> float:
    """Microseconds a record of `records` for the work on all values."""
    held, best = list(values), float("inf")
    for _ in range(ROUNDS):
        began_s = time.thread_time()
        for value in held:
            work(value)
        best = min(best, time.thread_time() - began_s)
    return 1e6 * best / records


def stages_us(
    records: list[bytes], order: CourtOrder, index_url: str, directory: Path, by_thread: Mapping[str, float]
) -> dict[str, float]:
    """ETSI records of one run under orders such as `order`, the index that the run wrote, and what each thread took."""
    count, plan, digest, now_us = len(records), plan_of(PS_PDU), KeyedDigest(bytes(32)), time.time_ns() // 1000
    known = [(record, ordinary_facts(record, str(order.liid), now_us)) for record in records]
    facts = [one for _, one in known if one is not None]
    masked = [(record, one) for record, one in known if one is not None and one.content]
    values = [permitted_value(order, one, len(record), bytes(32)) for record, one in masked]
    walked = _us(lambda record: walk(plan, record), records, count)
    found = {
        "walk over the record": walked,
        "its payload, to facts": _us(lambda one: ordinary_facts(one, "x", now_us), records, count) - walked,
        "what the index is told": _us(lambda one: details_of(one, 0, False), facts, count),
        "permitted fields": _us(lambda one: permitted_value(order, one[1], 0, bytes(32)), masked, count),
        "permitted fields as JSON": _us(canonical, values, count),
        "keyed digest": _us(lambda one: digest(one[0]), masked, count),
    }
    found["rest of the main thread"] = by_thread["MainThread"] - sum(found.values())
    events = _events_us(index_url, directory, count)
    found |= {"events into the index": events, "rest of the index": by_thread["index-writer"] - events}
    found["store"] = by_thread["store-writer"]
    return {name: round(value, 3) for name, value in found.items()}


def _events_us(index_url: str, directory: Path, count: int) -> float:
    """The run's events, put into another database in one transaction."""
    source, copy = open_database(index_url), open_database(f"sqlite:///{directory / 'events.sqlite'}")
    try:
        with source.connect() as connection:
            rows = [tuple(row) for row in connection.execute(select(IRI_EVENT))]
        METADATA.create_all(copy)
        began_s = time.thread_time()
        with copy.begin() as connection:
            index_sql.add_values(connection, IRI_EVENT, rows)
        return 1e6 * (time.thread_time() - began_s) / count
    finally:
        source.dispose()
        copy.dispose()
