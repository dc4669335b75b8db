"""Opening the desk's database: brought to the newest version under a lock, or refused with a sentence.

Rules. It is primary: SQLite syncs every commit. A database that a newer program has written is left as it is. Two
processes that open one at once migrate it once: PostgreSQL by an advisory lock, SQLite by its own write lock. A write
of SQLite takes its lock when it begins, so that none fails in the middle; readers see one snapshot and wait for nobody.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, Engine, event, text
from sqlalchemy.exc import SQLAlchemyError

from asn1.errors import LocalError
from collector.databases import open_engine, sentence
from collector.desk.database.checking import Checked, OnRecord, as_written, check_rows, is_there
from collector.desk.database.migrating import NewerDatabaseError, OlderDatabaseError, migrate, version_of, versions
from collector.desk.database.writing import NOT_WRITTEN, WRITTEN, DeskLedger, Reading, Writing, Written
from mediation.runtime.config import NotReadyError
from mediation.runtime.disk import advice

_MIGRATION_LOCK: Final = 0x6465736B
"""Any number that is the same in every process."""
_BEGIN: Final = "desk_begin"


class DatabaseError(LocalError):
    """The database failed in the middle: a full disk, a server that went away. Nothing of the transaction is kept."""


class DeskDatabase:
    """Open. Safe to use from several threads, each transaction in one. `close` it."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        sqlite = engine.dialect.name == "sqlite"
        reads = {_BEGIN: "BEGIN"} if sqlite else {"isolation_level": "REPEATABLE READ"}
        self._reads = engine.execution_options(**reads)
        self._writes = engine.execution_options(**({_BEGIN: "BEGIN IMMEDIATE"} if sqlite else {}))

    @classmethod
    def open(cls, url: str, migrates: bool = True) -> DeskDatabase:
        """`sqlite:///PATH` (made, with its directory, for its owner alone) or `postgresql://…`: a database of its own.
        `migrates` false: one that is older is left as it is, for who only looks. Raises NotReadyError when it cannot be
        used, or is newer than this program."""
        engine = open_engine(url, "desk's", ("synchronous=FULL", "foreign_keys=ON"))
        if engine.dialect.name == "sqlite":
            _prepare_file(engine, url)
            _begin_by_hand(engine)
        database = cls(engine)
        shown = engine.url.render_as_string(hide_password=True)
        try:
            database._bring_up(migrates)
        except OlderDatabaseError as error:
            engine.dispose()
            raise NotReadyError(
                f"The desk's database {shown} is of version {error.args[0] or 'none'} yet: start the console once; it "
                "brings it up."
            ) from error
        except NewerDatabaseError as error:
            engine.dispose()
            raise NotReadyError(
                f"The desk's database {shown} is of version {error.args[0]}; this program knows versions up to "
                f"{versions()[-1]}. Use the newer program, or bring back the copy made before it was used."
            ) from error
        except SQLAlchemyError as error:
            engine.dispose()
            raise NotReadyError(
                f"Cannot use the desk's database {shown}: {sentence(error)}. It holds what people wrote: mend it or "
                "bring back a copy, do not remove it."
            ) from error
        return database

    def close(self) -> None:
        self._engine.dispose()

    @contextmanager
    def reading(self) -> Iterator[Reading]:
        """One snapshot for as long as the context lasts. Raises DatabaseError."""
        with _told(), self._reads.begin() as connection:
            yield Reading(connection)

    @contextmanager
    def writing(self) -> Iterator[Writing]:
        """A transaction for what has no lasting meaning. Raises DatabaseError."""
        with _told(), self._writes.begin() as connection:
            yield Writing(connection, notes=False)

    @contextmanager
    def recorded(self, ledger: DeskLedger, now_us: int) -> Iterator[Writing]:
        """A transaction whose noted writes are put on the desk's open ledger, then committed. Nothing is committed when
        the ledger does not take them. Raises DatabaseError, and whatever the ledger raises."""
        recorded: list[Written] = []
        try:
            with _told(), self._writes.begin() as connection:
                writing = Writing(connection, notes=True)
                yield writing
                for one in writing.written:
                    ledger.record(WRITTEN, one.fields(), now_us)
                    recorded.append(one)
        except BaseException:
            # A server that went away may have committed before it did. Where nobody can say, `settle` will.
            with suppress(DatabaseError):
                self._take_back(recorded, ledger, now_us)
            raise

    def settle(self, ledger: DeskLedger, entries: Sequence[Mapping[str, Any]], now_us: int) -> tuple[Written, ...]:
        """Says on the ledger what of the last recorded transaction never came to be, after a crash between the two, and
        what that was. To be called with the ledger open, once when a process begins. `entries` are all it has."""
        newest = {(one.table, one.key, one.revision): one for one in _last_transaction(entries)}
        return self._take_back(newest.values(), ledger, now_us)

    def _take_back(self, noted: Iterable[Written], ledger: DeskLedger, now_us: int) -> tuple[Written, ...]:
        with self.reading() as reading:
            lost = tuple(one for one in noted if not is_there(reading, one))
        for one in lost:
            ledger.record(NOT_WRITTEN, one.fields(), now_us)
        return lost

    def _bring_up(self, migrates: bool) -> None:
        with self._reads.begin() as connection:
            version = version_of(connection)
        if version == versions()[-1]:
            return
        if not migrates:
            raise OlderDatabaseError(version)
        with self._writes.begin() as connection:
            if connection.dialect.name == "postgresql":
                connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _MIGRATION_LOCK})
            migrate(connection)


def check_against_ledger(database: DeskDatabase, entries: Iterable[Mapping[str, Any]]) -> Checked:
    """Every noted row against the desk's ledger, whose verified entries (`read_desk`) are given."""
    on_record = OnRecord(entries)
    with database.reading() as reading:
        return check_rows(reading, on_record)


def _last_transaction(entries: Sequence[Mapping[str, Any]]) -> list[Written]:
    """What the newest recorded transaction noted: entries in a row, of one instant. Empty when it was settled."""
    found: list[Written] = []
    last: Mapping[str, Any] | None = None
    for entry in reversed(entries):
        if last is None:
            if entry["kind"] == NOT_WRITTEN:
                return []
            if entry["kind"] != WRITTEN:
                continue
        elif (entry["kind"], entry["utc_us"]) != (WRITTEN, last["utc_us"]):
            break
        last = entry
        found.append(as_written(entry))
    return found[::-1]


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except SQLAlchemyError as error:
        raise DatabaseError(f"The desk's database failed: {sentence(error)}. Nothing was saved; try again.") from error


def _prepare_file(engine: Engine, url: str) -> None:
    if not engine.url.database or engine.url.database == ":memory:":
        raise NotReadyError(f"{url} keeps nothing: the desk's database is a file or a server.")
    path = Path(engine.url.database)
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        path.touch(mode=0o600)
    except OSError as error:
        raise NotReadyError(f"Cannot use the desk's database {path}: {error.strerror}. {advice(error)}") from error


def _begin_by_hand(engine: Engine) -> None:
    """The driver's own idea of when a transaction begins leaves tables outside of it."""

    @event.listens_for(engine, "connect")
    def _no_transactions_of_its_own(connection: Any, _: Any) -> None:  # noqa: ANN401  the driver's own types
        connection.isolation_level = None

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql(connection.get_execution_options().get(_BEGIN, "BEGIN"))
