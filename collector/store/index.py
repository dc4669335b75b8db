"""The SQL index: what people search by, written behind the store and made anew from it whenever in doubt.

Rules. Nothing depends on it: no verdict, no acknowledgement, no recovery. One thread of its own reads durable units and
writes them, many to a transaction; it never holds up the writer, and how far it is behind is shown. An index of another
schema, of another store, or one that knows more commits than the store has, is thrown away and built again. When it
fails (a full disk), the collector goes on and says so. The same code is for SQLite and PostgreSQL.
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple, TypeVar

from sqlalchemy import Connection, Engine, create_engine, delete, event, insert, inspect, select, tuple_, update
from sqlalchemy.exc import SQLAlchemyError

from asn1.errors import LabError
from collector.store.index_tables import (
    BATCH,
    COMMUNICATION,
    IRI_EVENT,
    META,
    METADATA,
    ORDER_TOTALS,
    SCHEMA_VERSION,
    STREAM_MARK,
)
from collector.store.index_tail import StoreTail
from collector.store.index_units import MAX_PARTIES, CommunicationSum, Gathered, Gatherer
from collector.store.keys import Keys
from mediation.law.orders import OrderId, order_uid
from mediation.runtime.config import NotReadyError

COALESCE_S: Final = 0.05
"""How long the writer waits for more units before a transaction: one for each commit would cost more than it brings."""
TRANSACTION_RECORDS: Final = 200_000
TRANSACTION_UNITS: Final = 2_000
_KEYS_A_QUERY: Final = 300

T = TypeVar("T")


class IndexState(NamedTuple):
    """`records`: the store's size that the index reflects. `error` says why it does not go on, empty when it does."""

    commit: int
    records: int
    error: str


def open_database(url: str) -> Engine:
    """An engine; SQLite is set up for one writer beside readers. Raises NotReadyError."""
    try:
        engine = create_engine(url)
    except (SQLAlchemyError, ImportError) as error:
        raise NotReadyError(f"Cannot use the index database {url}: {error}.") from error
    if engine.dialect.name == "sqlite":

        @event.listens_for(engine, "connect")
        def _set_up(connection: Any, _: Any) -> None:  # noqa: ANN401  the driver's own types
            cursor = connection.cursor()
            cursor.execute("PRAGMA journal_mode=WAL")
            # It can be made anew: a power cut may cost the last transactions, which are then written again.
            cursor.execute("PRAGMA synchronous=NORMAL")
            cursor.execute("PRAGMA busy_timeout=5000")
            cursor.close()

    return engine


class Index:
    """`last_commit`: the newest commit of the store when it was opened. `start` the thread, `notify` it, `stop` it."""

    def __init__(self, url: str, store: Path, keys: Keys, last_commit: int) -> None:
        self._engine = open_database(url)
        self._store = store
        self._keys = keys
        public = keys.signing.public_key().public_bytes_raw()
        self._identity = hashlib.sha256(public).hexdigest()[:32]
        self._durable = last_commit
        self._condition = threading.Condition()
        self._stopping = False
        self._error = ""
        try:
            commit, records = self._prepare(last_commit)
        except SQLAlchemyError as error:
            raise NotReadyError(
                f"Cannot use the index database {url}: {_sentence(error)}. It holds nothing that is not in the store: "
                "remove it, or configure another index_url."
            ) from error
        self._commit, self._records = commit, records
        self._tail = StoreTail(store, commit)
        self._gatherer = Gatherer(keys, self._names())
        self._thread = threading.Thread(target=self._run, name="index-writer", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def notify(self, commit: int) -> None:
        """Commit `commit` is durable. Any thread."""
        with self._condition:
            self._durable = max(self._durable, commit)
            self._condition.notify_all()

    def state(self) -> IndexState:
        return IndexState(self._commit, self._records, self._error)

    def wait(self, timeout_s: float) -> bool:
        """Until everything durable is in; False when it took longer, or the index has failed."""
        with self._condition:
            return self._condition.wait_for(lambda: self._commit >= self._durable or bool(self._error), timeout_s) and (
                not self._error
            )

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
            while True:
                with self._condition:
                    self._condition.wait_for(lambda: self._durable > self._commit or self._stopping)
                    if self._durable <= self._commit:
                        return
                    if not self._stopping:
                        self._condition.wait(COALESCE_S)
                    durable = self._durable
                if not self._advance(durable) and self._stopping:
                    return
        except (SQLAlchemyError, OSError, LabError) as error:
            with self._condition:
                self._error = f"the index has stopped: {_sentence(error)}; it is made anew at the next start"
                self._condition.notify_all()

    def _advance(self, durable: int) -> bool:
        """One transaction; False when there was nothing to read."""
        gathered = Gathered()
        for tail in self._tail.read(durable):
            self._gatherer.add(tail, gathered)
            records = sum(batch["records"] for batch in gathered.batches)
            if records >= TRANSACTION_RECORDS or len(gathered.batches) >= TRANSACTION_UNITS:
                break
        if gathered.last_commit < 0:
            # Told of commits that are gone already: they went with notice, and the index goes on behind them.
            with self._condition:
                self._commit = durable
                self._condition.notify_all()
            return False
        with self._engine.begin() as connection:
            _write(connection, gathered)
        with self._condition:
            self._commit, self._records = gathered.last_commit, gathered.records
            self._condition.notify_all()
        return True

    def _prepare(self, last_commit: int) -> tuple[int, int]:
        """Commit and records that the tables reflect; (-1, 0) after they were made anew."""
        with self._engine.begin() as connection:
            if inspect(connection).has_table(META.name):
                meta = {row.key: row.value for row in connection.execute(select(META))}
                known = (meta.get("schema"), meta.get("store")) == (str(SCHEMA_VERSION), self._identity)
                commit = int(meta.get("commit", -1))
                if known and commit <= last_commit:
                    return commit, int(meta.get("records", 0))
            METADATA.drop_all(connection)
            METADATA.create_all(connection)
            fresh = {"schema": str(SCHEMA_VERSION), "store": self._identity, "commit": "-1", "records": "0"}
            connection.execute(insert(META), [{"key": key, "value": value} for key, value in fresh.items()])
        return -1, 0

    def _names(self) -> dict[bytes, str]:
        with self._engine.connect() as connection:
            return {
                bytes.fromhex(row.uid): row.order_id
                for row in connection.execute(select(ORDER_TOTALS.c.uid, ORDER_TOTALS.c.order_id))
            }


def read_communications(engine: Engine) -> list[dict[str, Any]]:
    """All communications, oldest first, `parties` as a list."""
    with engine.connect() as connection:
        found = connection.execute(select(COMMUNICATION).order_by(COMMUNICATION.c.first_sequence))
        return [{**row._mapping, "parties": json.loads(row.parties)} for row in found]


def read_events(engine: Engine, liid: str, cin: int) -> list[dict[str, Any]]:
    """The IRI events of one communication by time."""
    wanted = (IRI_EVENT.c.liid == liid) & (IRI_EVENT.c.cin == cin)
    query = select(IRI_EVENT).where(wanted).order_by(IRI_EVENT.c.event_us, IRI_EVENT.c.sequence)
    with engine.connect() as connection:
        return [{**row._mapping, "parties": json.loads(row.parties)} for row in connection.execute(query)]


def _write(connection: Connection, gathered: Gathered) -> None:
    connection.execute(insert(BATCH), gathered.batches)
    if gathered.events:
        connection.execute(insert(IRI_EVENT), gathered.events)
    for keys in _chunks(list(gathered.communications), _KEYS_A_QUERY):
        _communications(connection, gathered, keys)
    for streams in _chunks(list(gathered.marks), _KEYS_A_QUERY):
        _marks(connection, gathered, streams)
    for order_id, found in gathered.orders.items():
        row = connection.execute(select(ORDER_TOTALS).where(ORDER_TOTALS.c.order_id == order_id)).first()
        old = {} if row is None else dict(row._mapping)
        reasons = json.loads(old.get("reasons", "{}"))
        for reason, times in found.reasons.items():
            reasons[reason] = reasons.get(reason, 0) + times
        values = {name: old.get(name, 0) + count for name, count in found.counts.items()}
        values |= {"liid": found.liid, "reasons": json.dumps(reasons, sort_keys=True)}
        if row is None:
            uid = order_uid(OrderId(order_id)).hex()
            connection.execute(insert(ORDER_TOTALS).values(order_id=order_id, uid=uid, **values))
        else:
            connection.execute(update(ORDER_TOTALS).where(ORDER_TOTALS.c.order_id == order_id).values(**values))
    for key, value in (("commit", gathered.last_commit), ("records", gathered.records)):
        connection.execute(update(META).where(META.c.key == key).values(value=str(value)))


def _communications(connection: Connection, gathered: Gathered, keys: Sequence[tuple[str, int]]) -> None:
    which = tuple_(COMMUNICATION.c.liid, COMMUNICATION.c.cin).in_(keys)
    old = {(row.liid, row.cin): dict(row._mapping) for row in connection.execute(select(COMMUNICATION).where(which))}
    if old:
        connection.execute(delete(COMMUNICATION).where(which))
    rows = [_merged(key, gathered.communications[key], old.get(key)) for key in keys]
    connection.execute(insert(COMMUNICATION), rows)


def _merged(key: tuple[str, int], new: CommunicationSum, old: dict[str, Any] | None) -> dict[str, Any]:
    parties = set(new.parties)
    if old is not None:
        parties.update(json.loads(old["parties"]))
        if old["begin_us"] is not None:
            new.span(old["begin_us"], old["end_us"])
    before = old or {}
    return {
        "liid": key[0],
        "cin": key[1],
        "order_id": before.get("order_id") or new.order_id,
        "service": new.service or before.get("service"),
        "parties": json.dumps(sorted(parties)[:MAX_PARTIES]),
        "begin_us": new.begin_us,
        "end_us": new.end_us,
        "iri": before.get("iri", 0) + new.iri,
        "cc_from_target": before.get("cc_from_target", 0) + new.cc_from_target,
        "cc_to_target": before.get("cc_to_target", 0) + new.cc_to_target,
        "cc_other": before.get("cc_other", 0) + new.cc_other,
        "first_sequence": min(before.get("first_sequence", new.first_sequence), new.first_sequence),
        "last_sequence": max(before.get("last_sequence", -1), new.last_sequence),
    }


def _marks(connection: Connection, gathered: Gathered, keys: Sequence[tuple[str, int, int]]) -> None:
    which = tuple_(STREAM_MARK.c.liid, STREAM_MARK.c.cin, STREAM_MARK.c.kind).in_(keys)
    old = {
        (row.liid, row.cin, row.kind): (row.epoch, row.mark)
        for row in connection.execute(select(STREAM_MARK).where(which))
    }
    if old:
        connection.execute(delete(STREAM_MARK).where(which))
    rows = []
    for key in keys:
        epoch, mark = max(gathered.marks[key], old.get(key, (-1, -1)))
        rows.append({"liid": key[0], "cin": key[1], "kind": key[2], "epoch": epoch, "mark": mark})
    connection.execute(insert(STREAM_MARK), rows)


def _chunks(values: list[T], size: int) -> Iterator[list[T]]:
    for start in range(0, len(values), size):
        yield values[start : start + size]


def _sentence(error: Exception) -> str:
    """The first line of an error, without the statement and its values."""
    cause = getattr(error, "orig", None) or error
    return str(cause).splitlines()[0] if str(cause) else type(cause).__name__
