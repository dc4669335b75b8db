"""What is voided goes out of the index's counts (ADR 0048): part of the writer's transaction, behind what units add.

Rules. A unit with a void is the last of its transaction. So whatever was stored before it is in the index when it is
taken out, and nothing that came behind it is: an index that was written along and one that is made anew say the same. A
communication of whose segment nothing is left has no row there; of one of which something is left the counts are right,
and who took part, and from when to when, stays as it was told. Totals of orders stay as they were delivered, and
`VOIDED_TOTALS` says beside them how many are another shard's. What was evicted in the meantime has nothing to take out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import Connection, delete, select

from asn1.columns import KIND_CC, KIND_IRI
from asn1.ps_pdu import liid_text
from collector.store import index_sql, index_whole
from collector.store.index_tables import BATCH, COMMUNICATION, IRI_EVENT, VOIDED_TOTALS
from collector.store.index_tail import TailUnit
from collector.store.index_whole import KEYS_A_QUERY, chunks
from collector.store.walk import own_leaves
from collector.voids import VOIDED, Void, VoidSum, void_of

_COUNTS: Final = ("iri", "cc_from_target", "cc_to_target", "cc_other")
_NAME: Final = ("generation", "liid", "cin")

Row = dict[str, Any]


def voids_in(tail: TailUnit) -> list[Void]:
    """Those of a unit; a leaf that is not the one beside its hash says nothing. Raises DecodeError."""
    if not any(VOIDED in record for record in tail.unit.commit.records):
        return []
    leaves = (leaf for leaf in own_leaves(tail.file, tail.unit) if leaf.sound)
    return [void for leaf in leaves if (void := void_of(leaf.octets, leaf.sequence)) is not None]


def subtract(connection: Connection, voids: Sequence[Void]) -> None:
    """Take out what these name."""
    for void in voids:
        here = select(BATCH.c.generation).where(BATCH.c.generation == void.generation).limit(1)
        if connection.execute(here).first() is None:
            continue
        for first, last in void.ranges:
            event = IRI_EVENT.c
            connection.execute(
                delete(IRI_EVENT).where(event.generation == void.generation, event.sequence.between(first, last))
            )
        _communications(connection, void)
        _totals(connection, void)


def _communications(connection: Connection, void: Void) -> None:
    gone: dict[tuple[str, int], Counter[str]] = {}
    for one in void.sums:
        if one.kind in (KIND_IRI, KIND_CC):
            gone.setdefault((liid_text(one.liid), one.cin), Counter()).update(_counts(one))
    for keys in chunks(sorted(gone), KEYS_A_QUERY):
        named = [(void.generation, *key) for key in keys]
        rows = index_sql.found(connection, COMMUNICATION, _NAME, named)
        index_sql.take_away(connection, COMMUNICATION, _NAME, named)
        left = [_without(row, gone[row["liid"], row["cin"]]) for row in rows]
        index_sql.add(connection, COMMUNICATION, [row for row in left if any(row[name] for name in _COUNTS)])
        index_whole.again(connection, keys)


def _counts(one: VoidSum) -> dict[str, int]:
    if one.kind == KIND_IRI:
        return {"iri": one.records}
    return {"cc_from_target": one.from_target, "cc_to_target": one.to_target, "cc_other": one.other}


def _without(row: Row, gone: Counter[str]) -> Row:
    return row | {name: max(row[name] - gone[name], 0) for name in _COUNTS}


def _totals(connection: Connection, void: Void) -> None:
    found: Counter[str] = Counter()
    for one in void.sums:
        found[one.order.hex()] += one.records
    name = ("generation", "uid")
    for uids in chunks(sorted(found), KEYS_A_QUERY):
        keys = [(void.generation, uid) for uid in uids]
        old = {row["uid"]: row["records"] for row in index_sql.found(connection, VOIDED_TOTALS, name, keys)}
        index_sql.take_away(connection, VOIDED_TOTALS, name, keys)
        rows = [(void.generation, uid, found[uid] + old.get(uid, 0)) for uid in uids]
        index_sql.add_values(connection, VOIDED_TOTALS, rows)
