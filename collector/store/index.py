"""The SQL index: what people search by, written behind the store and made anew from it whenever in doubt.

Rules. Nothing depends on it: no verdict, no acknowledgement, no recovery. One thread of its own takes durable units,
from memory where they still are (`fresh.py`), and writes them, many to a transaction and the more the longer one takes;
it never holds up the writer, and how far it is behind is shown. An index of another
schema, of another store, or one that knows more commits than the store has, is thrown away and built again. When it
fails (a full disk), the collector goes on and says so. What a segment had in it goes in the transaction that takes in
the notice of its eviction. The same code is for SQLite and PostgreSQL.
"""

from __future__ import annotations

import hashlib
import json
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, groupby
from pathlib import Path
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, Engine, delete, insert, inspect, select, update
from sqlalchemy.exc import SQLAlchemyError

from asn1.columns import KIND_CC, KIND_IRI
from asn1.errors import LabError
from collector.accounts import FIELDS
from collector.databases import open_engine, sentence
from collector.store import index_plain, index_sql, index_voids, index_whole
from collector.store.fresh import FreshUnits
from collector.store.index_details import MAX_PARTIES
from collector.store.index_events import CommunicationKey, CommunicationSum
from collector.store.index_lists import write_list
from collector.store.index_partitions import Partitions, make_tables
from collector.store.index_queries import added_reasons, merged
from collector.store.index_rows import new_rows
from collector.store.index_tables import (
    BATCH,
    COMMUNICATION,
    IRI_EVENT,
    META,
    OF_A_SEGMENT,
    ORDER_TOTALS,
    SCHEMA_VERSION,
)
from collector.store.index_tail import StoreTail
from collector.store.index_units import Gathered, Gatherer, OrderSum
from collector.store.index_whole import KEYS_A_QUERY
from collector.store.keys import Keys
from collector.told import Told
from mediation.law.orders import OrderId, order_uid
from mediation.runtime.config import NotReadyError

COALESCE_S: Final = 0.05
"""How long the thread waits for more units: to take each by itself would cost more than it brings."""
PAUSE_S: Final = 0.5
"""The longest from one transaction to the next while units come and a transaction does not cost much."""
PAUSE_TIMES: Final = 50
"""So many times what a transaction cost is waited until the next, or PAUSE_S: a fiftieth of a core is theirs."""
COSTLY_TIMES: Final = 10
"""At least so many times: with many communications at once, whose rows each transaction writes again, a tenth of a core
is theirs, and the index says later what is new."""
LATEST_S: Final = 15.0
"""But never later, unless writing itself takes longer."""
TRANSACTION_ROWS: Final = 250_000
"""Events, communications and orders gathered for one transaction, beyond which it is written at once; bounds the
memory, some 500 octets each."""
TRANSACTION_UNITS: Final = 2_000


Sum = tuple[CommunicationKey, CommunicationSum]


class IndexState(NamedTuple):
    """`records`: the store's size that the index reflects. `error` says why it does not go on, empty when it does."""

    commit: int
    records: int
    error: str


def open_database(url: str, reads: bool = False) -> Engine:
    """An engine. It can be made anew: a power cut may cost SQLite the last transactions, which are then written again.
    `reads`: as `open_engine`. Raises NotReadyError."""
    return open_engine(url, "index", ("synchronous=NORMAL",), reads)


class Index:
    """`last_commit`: the newest commit of the store when it was opened. `start` the thread, `notify` it, `stop` it."""

    def __init__(
        self,
        url: str,
        store: Path,
        keys: Keys,
        last_commit: int,
        fresh: FreshUnits | None = None,
        told: Told | None = None,
    ) -> None:
        self._engine = open_database(url)
        self._store = store
        self._keys = keys
        public = keys.identity.public_bytes_raw()
        self._identity = hashlib.sha256(public).hexdigest()[:32]
        self._durable = last_commit
        self._condition = threading.Condition()
        self._stopping = False
        self._waiters = 0
        self._idle = False
        self._error = ""
        try:
            commit, records = self._prepare(last_commit)
        except SQLAlchemyError as error:
            raise NotReadyError(
                f"Cannot use the index database {url}: {sentence(error)}. It holds nothing that is not in the store: "
                "remove it, or configure another index_url."
            ) from error
        with self._engine.connect() as connection:
            self._partitions = Partitions(connection)
        self._commit, self._records = commit, records
        self._taken = commit
        self._fresh = FreshUnits() if fresh is None else fresh
        self._tail = StoreTail(store, commit, self._fresh)
        self._gatherer = Gatherer(keys, self._names(), Told() if told is None else told)
        self._thread = threading.Thread(target=self._run, name="index-writer", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def notify(self, commit: int) -> None:
        """Commit `commit` is durable. Any thread."""
        with self._condition:
            self._durable = max(self._durable, commit)
            if self._idle:
                self._condition.notify_all()

    def state(self) -> IndexState:
        return IndexState(self._commit, self._records, self._error)

    def wait(self, timeout_s: float) -> bool:
        """Until everything durable is in; False when it took longer, or the index has failed."""
        with self._condition:
            self._waiters += 1
            self._condition.notify_all()
            done = self._condition.wait_for(lambda: self._commit >= self._durable or bool(self._error), timeout_s)
            self._waiters -= 1
            return done and not self._error

    def stop(self) -> None:
        """Writes what is durable, then ends."""
        with self._condition:
            self._stopping = True
            self._condition.notify_all()
        if self._thread.is_alive():
            self._thread.join()
        self._tail.close()
        self._engine.dispose()

    # The writer thread

    def _run(self) -> None:
        try:
            self._work()
        except (SQLAlchemyError, OSError, LabError) as error:
            self._give_up(sentence(error))
        except Exception as error:  # a defect of ours must not pass for an index that is merely behind
            self._give_up(f"a defect, {type(error).__name__}: {error}")
        finally:
            self._fresh.close()

    def _give_up(self, why: str) -> None:
        with self._condition:
            self._error = f"the index has stopped: {why}; it is made anew at the next start"
            self._condition.notify_all()

    def _work(self) -> None:
        """Take units in as they come, so that none waits in memory for long; write what was gathered when it is due."""
        gathered, due_s = Gathered(), 0.0
        while True:
            with self._condition:
                self._await_units(None if gathered.empty else max(due_s - time.monotonic(), 0.0))
                if self._stopping and self._durable <= self._taken and gathered.empty:
                    return
                durable = self._durable
            more = self._gather(gathered, durable)
            if gathered.empty:
                continue
            if more or self._hurried or time.monotonic() >= due_s:
                spent_s = self._write(gathered)
                gathered = Gathered()
                due_s = time.monotonic() + _pause_s(spent_s)

    @property
    def _hurried(self) -> bool:
        return self._stopping or self._waiters > 0

    def _await_units(self, until_due_s: float | None) -> None:
        """Until there are units to take, with company, or what was gathered is due; at once when somebody waits. Called
        with the condition held."""
        open_units = until_due_s is not None
        self._idle = True
        self._condition.wait_for(
            lambda: self._durable > self._taken or self._stopping or (open_units and self._hurried), until_due_s
        )
        self._idle = False
        if self._durable > self._taken:
            self._condition.wait_for(lambda: self._hurried, COALESCE_S)

    def _gather(self, gathered: Gathered, durable: int) -> bool:
        """Whether it is to be written before more is taken in: it is large, or reading on led nowhere."""
        if durable <= self._taken:
            return False
        for tail in self._tail.read(durable):
            self._gatherer.add(tail, gathered)
            self._taken = gathered.last_commit
            full = gathered.rows >= TRANSACTION_ROWS or len(gathered.batches) >= TRANSACTION_UNITS
            if full or gathered.voids:
                return True
        if gathered.empty:
            # Told of commits that are gone already: they went with notice, and the index goes on behind them.
            with self._condition:
                self._commit = self._taken = durable
                self._condition.notify_all()
        return self._taken < durable

    def _write(self, gathered: Gathered) -> float:
        """One transaction; the seconds of CPU time that it took."""
        began_s = time.thread_time()
        with self._engine.begin() as connection:
            _write(connection, gathered, self._partitions)
        with self._condition:
            self._commit, self._records = gathered.last_commit, gathered.records
            self._condition.notify_all()
        return time.thread_time() - began_s

    def _prepare(self, last_commit: int) -> tuple[int, int]:
        """Commit and records that the tables reflect; (-1, 0) after they were made anew."""
        with self._engine.begin() as connection:
            if inspect(connection).has_table(META.name):
                meta = {row.key: row.value for row in connection.execute(select(META))}
                known = (meta.get("schema"), meta.get("store")) == (str(SCHEMA_VERSION), self._identity)
                commit = int(meta.get("commit", -1))
                if known and commit <= last_commit:
                    return commit, int(meta.get("records", 0))
            make_tables(connection)
            fresh = {"schema": str(SCHEMA_VERSION), "store": self._identity, "commit": "-1", "records": "0"}
            connection.execute(insert(META), [{"key": key, "value": value} for key, value in fresh.items()])
        return -1, 0

    def _names(self) -> dict[bytes, str]:
        with self._engine.connect() as connection:
            return {
                bytes.fromhex(row.uid): row.order_id
                for row in connection.execute(select(ORDER_TOTALS.c.uid, ORDER_TOTALS.c.order_id).distinct())
            }


def _pause_s(spent_s: float) -> float:
    """Until the next transaction, after one that took `spent_s` of CPU time."""
    return min(max(min(PAUSE_TIMES * spent_s, PAUSE_S), COSTLY_TIMES * spent_s), LATEST_S)


def _write(connection: Connection, gathered: Gathered, partitions: Partitions) -> None:
    partitions.make(connection, (one["generation"] for one in gathered.batches))
    index_sql.add(connection, BATCH, gathered.batches)
    index_sql.add_values(connection, IRI_EVENT, gathered.events)
    sums = sorted(gathered.communications.items(), key=_key)
    for generation, of_segment in groupby(sums, _generation):
        _sums(connection, generation, list(of_segment))
    index_plain.add_marks(connection, list(_marks(sums)))
    for generation, lines in gathered.lines.items():
        index_plain.add_lines(connection, generation, sorted(lines.items()))
    for orders in index_whole.chunks(list(gathered.orders), KEYS_A_QUERY):
        _orders(connection, gathered, orders)
    index_voids.subtract(connection, gathered.voids)
    if gathered.evicted >= 0:
        if not partitions.drop(connection, gathered.evicted):
            for table in OF_A_SEGMENT:
                connection.execute(delete(table).where(table.c.generation <= gathered.evicted))
        index_whole.evict(connection, gathered.evicted)
    for name, value in (("commit", gathered.last_commit), ("records", gathered.records)):
        connection.execute(update(META).where(META.c.key == name).values(value=str(value)))


def _sums(connection: Connection, generation: int, sums: Sequence[Sum]) -> None:
    """Those of one segment: segments come in their order. Nearly all of which signalling tells are new."""
    told = [one for one in sums if one[1].iri]
    there = index_whole.there(connection, [(key[1], key[2]) for key, _ in told])
    index_whole.add_new(connection, new_rows([one for one in told if (one[0][1], one[0][2]) not in there]))
    told = [one for one in told if (one[0][1], one[0][2]) in there]
    for some in index_whole.chunks(told, KEYS_A_QUERY):
        _communications(connection, some)
    content = [(key[1], key[2], one) for key, one in sums if not one.iri]
    listed = index_plain.add_content(connection, generation, content)
    changed = {(liid, cin): one for liid, cin, one in content} if listed else {}
    index_whole.add(
        connection,
        chain(
            (_row(key, one) for key, one in told),
            (_row((generation, *key), changed[key]) for key in listed),
        ),
    )


def _marks(sums: Iterable[Sum]) -> Iterator[tuple[int, str, int, int, int]]:
    """Generation, LIID, CIN, kind and the highest place of each stream whose records are numbered."""
    for key, one in sums:
        if one.iri_place >= 0:
            yield *key, KIND_IRI, one.iri_place
        if one.cc_place >= 0:
            yield *key, KIND_CC, one.cc_place


def _orders(connection: Connection, gathered: Gathered, keys: Sequence[tuple[int, str]]) -> None:
    name = ("generation", "order_id")
    old = {(row["generation"], row["order_id"]): row for row in index_sql.found(connection, ORDER_TOTALS, name, keys)}
    if old:
        index_sql.take_away(connection, ORDER_TOTALS, name, list(old))
    index_sql.add(connection, ORDER_TOTALS, [_order(key, gathered.orders[key], old.get(key)) for key in keys])


def _order(key: tuple[int, str], found: OrderSum, old: dict[str, Any] | None) -> dict[str, Any]:
    generation, order_id = key
    if old is None:
        uid = order_uid(OrderId(order_id)).hex()
        old = {"generation": generation, "order_id": order_id, "uid": uid, "reasons": "{}"}
    counts = {name: old.get(name, 0) + found.counts.get(name, 0) for name in ("delivered", *FIELDS)}
    return old | counts | {"liid": found.liid, "reasons": added_reasons(old["reasons"], json.dumps(found.reasons))}


def _communications(connection: Connection, sums: Sequence[Sum]) -> None:
    name = ("generation", "liid", "cin")
    rows = index_sql.found(connection, COMMUNICATION, name, [key for key, _ in sums])
    old = {(row["generation"], row["liid"], row["cin"]): row for row in rows}
    if old:
        index_sql.take_away(connection, COMMUNICATION, name, list(old))
    rows = [_row(key, one) for key, one in sums]
    rows = [row if key not in old else merged([old[key], row]) for (key, _), row in zip(sums, rows, strict=True)]
    index_sql.add(connection, COMMUNICATION, rows)


def _key(one: Sum) -> CommunicationKey:
    return one[0]


def _generation(one: Sum) -> int:
    return one[0][0]


def _row(key: CommunicationKey, one: CommunicationSum) -> dict[str, Any]:
    return {
        "generation": key[0],
        "liid": key[1],
        "cin": key[2],
        "order_id": one.order_id,
        "service": None if one.service is None else str(one.service),
        "content_service": one.content_service,
        "parties": write_list(sorted(one.parties or ())[:MAX_PARTIES]),
        "caller": one.caller,
        "called": one.called,
        "sends": None if one.sends is None else int(one.sends),
        "opened": int(one.opened),
        "ended": int(one.ended),
        "answer_us": one.answer_us,
        "begin_us": one.begin_us,
        "end_us": one.end_us,
        "iri": one.iri,
        "cc_from_target": one.cc_from_target,
        "cc_to_target": one.cc_to_target,
        "cc_other": one.cc_other,
        "first_sequence": one.first_sequence,
        "last_sequence": one.last_sequence,
    }
