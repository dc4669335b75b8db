"""The database against the desk's ledger: whether every noted row is the one that its author wrote.

The ledger is signed, chained and pinned (`collector.desk.ledger`), and it was told of each row before the row came to
be. Whoever reaches the database past the console can change, remove, put back or slip in rows; none of it is on the
ledger. An entry whose transaction never came to its end is taken back by a later `not_written`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, NamedTuple

from sqlalchemy import and_, select

from collector.desk.database.tables import NOTED, NOTED_BY_NAME, Noted
from collector.desk.database.writing import NOT_WRITTEN, WRITTEN, Reading, Written, newest_row, written

_ROWS_AT_ONCE: Final = 200

Key = tuple[str | int, ...]


class Checked(NamedTuple):
    """`faults` are sentences; empty when every row is on the ledger as it stands and none is missing."""

    rows: int
    faults: tuple[str, ...]

    @property
    def ok(self) -> bool:
        return not self.faults


class OnRecord:
    """What the ledger says of the database: by table and key, the digest of each revision."""

    def __init__(self, entries: Iterable[Mapping[str, Any]] = ()) -> None:
        """`entries` as `read_desk` gives them, oldest first; `add` takes those that follow."""
        self._digests: dict[tuple[str, Key], dict[int, str]] = {}
        for entry in entries:
            self.add(entry)

    def add(self, entry: Mapping[str, Any]) -> None:
        """One more entry of the ledger, of whatever kind."""
        if entry["kind"] not in (WRITTEN, NOT_WRITTEN):
            return
        one = as_written(entry)
        revisions = self._digests.setdefault((one.table, one.key), {})
        if entry["kind"] == WRITTEN:
            revisions[one.revision] = one.sha256
        elif revisions.get(one.revision) == one.sha256:
            del revisions[one.revision]

    def of_table(self, table: str) -> dict[Key, dict[int, str]]:
        return {key: dict(revisions) for (name, key), revisions in self._digests.items() if name == table and revisions}

    def digest(self, table: str, key: Key, revision: int) -> str:
        """Empty when it is not on record."""
        return self._digests.get((table, key), {}).get(revision, "")

    def newest(self, table: str, key: Key) -> int:
        """The newest revision of a thing, 0 when it is not on record."""
        return max(self._digests.get((table, key), {}), default=0)


def as_written(entry: Mapping[str, Any]) -> Written:
    """A `written` or `not_written` entry of the ledger."""
    fields = entry["fields"]
    return Written(fields["table"], tuple(fields["key"]), fields["revision"], fields["sha256"], fields["by"])


def is_on_record(reading: Reading, on_record: OnRecord, table: str, **key: str | int) -> bool:
    """Whether a thing's newest row is the newest on record and stands as it was written. False where there is none.
    To be asked of a credential, a station or a session before anybody is let in by it."""
    noted = NOTED_BY_NAME[table]
    row = newest_row(reading, noted, key)
    if row is None:
        return False
    found = written(noted, row, "")
    newest = on_record.newest(table, found.key)
    return found.revision == newest and on_record.digest(table, found.key, newest) == found.sha256


def is_there(reading: Reading, one: Written) -> bool:
    """Whether the row of that revision is in the database, as it was written."""
    noted = NOTED_BY_NAME[one.table]
    columns = noted.table.c
    wanted = [columns[name] == value for name, value in zip(noted.key, one.key, strict=True)]
    query = select(noted.table).where(and_(*wanted, columns.revision == one.revision))
    row = reading.connection.execute(query).first()
    return row is not None and written(noted, row._asdict(), "").sha256 == one.sha256


def check_rows(reading: Reading, on_record: OnRecord) -> Checked:
    """Every noted row of the database against what is on record. Reads one table after the other, row by row."""
    rows = 0
    faults: list[str] = []
    for noted in NOTED:
        expected = on_record.of_table(noted.table.name)
        if not noted.keeps_revisions:
            expected = {key: {(last := max(found)): found[last]} for key, found in expected.items()}
        for row in _rows(reading, noted):
            rows += 1
            one = written(noted, row, "")
            fault = _fault(one, expected.get(one.key, {}))
            if fault:
                faults.append(f"{_named(one.table, one.key, one.revision)} {fault}")
        faults += [
            f"{_named(noted.table.name, key, revision)} is on the ledger and not in the database"
            for key, revisions in expected.items()
            for revision in sorted(revisions)
        ]
    return Checked(rows, tuple(faults))


def _fault(one: Written, expected: dict[int, str]) -> str:
    """What is wrong with a row, empty when nothing is. What it stands for is taken out of `expected`."""
    digest = expected.pop(one.revision, None)
    if digest is not None:
        return "" if digest == one.sha256 else "is not as it was written"
    return "is not on the ledger, or was replaced since"


def _rows(reading: Reading, noted: Noted) -> Iterator[Mapping[str, Any]]:
    # Papers are large: one at a time.
    many = 1 if noted.hashed else _ROWS_AT_ONCE
    for row in reading.connection.execute(select(noted.table), execution_options={"yield_per": many}):
        yield row._asdict()


def _named(table: str, key: Key, revision: int) -> str:
    return f"{table} {'/'.join(map(str, key))} revision {revision}"
