"""The database against the desk's ledger: whoever reaches it past the console is found."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy.engine import Transaction
from sqlalchemy.exc import OperationalError

from collector.desk.database import (
    DatabaseError,
    DeskDatabase,
    alarms,
    categories,
    check_against_ledger,
    credentials,
    instructions,
    papers,
    reports,
    sessions,
    stations,
    synopses,
    tokens,
    worklist,
)
from collector.desk.database.tables import NOTED
from collector.desk.database.worklist import WorkState
from collector.desk.desk import Desk
from collector.store.audit_log import AuditFullError
from mediation.law.access_facts import DeviceClass

LIID, CIN = "LAB-0001", 7
HASH = "$argon2id$v=19$m=65536,t=3,p=4$c2FsdHNhbHQ$aGFzaA"


@pytest.fixture
def full(ledger: Any) -> Any:
    """A database with something in each noted table."""
    with ledger.recorded() as writing:
        synopses.save(writing, LIID, CIN, "one", 0, "rivera", 1)
        categories.define(writing, "boats", "Boats", 0, "lund", 1)
        categories.assign(writing, LIID, CIN, "boats", "rivera", 1)
        worklist.mark(writing, LIID, CIN, WorkState.HEARD, "rivera", 1)
        papers.add(writing, "Q-1", "order.pdf", "application/pdf", b"a warrant", "rivera", 1)
        alarms.acknowledge(writing, "collector:12", "chen", 1)
        first = instructions.write(writing, "C-1", "Listen.", 0, "weiss", 1)
        instructions.sign(writing, "rivera", "C-1", first.sha256, 2)
        reports.save(writing, "TD-1", "ten_day", "C-1", "{}", 0, "rivera", 1)
        credentials.set_password(writing, "rivera", HASH, "lund", 1)
        stations.enrol(writing, "ST-1", "F1", DeviceClass.CALEA_STATION, "lund", 1, token_sha256="a" * 64)
        sessions.begin(writing, "b" * 64, "rivera", "ST-1", 1)
        tokens.make(writing, "c" * 64, "rivera", "probe", ["a"], 9, "rivera", 1)
    with ledger.recorded() as writing:
        synopses.save(writing, LIID, CIN, "two", 1, "chen", 3)
        credentials.set_password(writing, "rivera", HASH + "x", "rivera", 3)
        sessions.revoke(writing, "b" * 64, "left", "rivera", 3)
    return ledger


def faults(ledger: Any) -> tuple[str, ...]:
    return check_against_ledger(ledger.database, ledger.entries()).faults


def test_a_database_that_nobody_touched_is_sound(full: Any) -> None:
    with full.database.writing() as writing:
        credentials.failed(writing, "rivera", 1, 3, 9)
        synopses.autosave(writing, LIID, CIN, "three", 2, "rivera", 9)
    checked = check_against_ledger(full.database, full.entries())
    assert checked.ok and checked.rows == len(NOTED) + 1


CHANGES = {
    "synopsis": "text = 'they confess'",
    "category": "label = 'Bats'",
    "category_assignment": "assigned = NOT assigned",
    "worklist_item": "state = 'done'",
    "paper": "octets = CAST('no warrant' AS {blob})",
    "alarm_acknowledgement": "by = 'lund'",
    "instruction": "text = 'Listen to all.'",
    "instruction_signature": "at_us = 99",
    "report_draft": "text = '[]'",
    "credential": "must_change = NOT must_change",
    "station": "facility = 'F2'",
    "console_session": "revoked_us = 99",
    "api_token": "actions = 'a b'",
}


def test_attack_a_changed_a_removed_and_a_copied_row_of_any_table_are_found(
    full: Any, behind: Callable[..., int], backend: str
) -> None:
    blob = "BLOB" if backend == "sqlite" else "BYTEA"
    for noted in NOTED:
        table, key = noted.table.name, noted.key[0]

        def found(table: str = table) -> list[str]:
            return [one for one in faults(full) if one.startswith(f"{table} ")]

        columns = [column.name for column in noted.table.columns]
        taken = ["'copy'" if name == key else name for name in columns]
        if table == "station":
            taken = ["NULL" if name == "token_sha256" else name for name in taken]
        assert found() == []
        assert behind(f"INSERT INTO {table} ({', '.join(columns)}) SELECT {', '.join(taken)} FROM {table}") > 0
        assert any("copy" in one and "is not on the ledger" in one for one in found())
        assert behind(f"DELETE FROM {table} WHERE {key} = 'copy'") > 0
        assert found() == []
        assert behind(f"UPDATE {table} SET {CHANGES[table].format(blob=blob)}") > 0
        assert found() and all("is not as it was written" in one for one in found())
        assert behind(f"DELETE FROM {table}") > 0
        assert found() and all("is on the ledger and not in the database" in one for one in found())


def test_attack_the_newest_revision_cut_off_is_found(full: Any, behind: Callable[..., int]) -> None:
    assert behind("DELETE FROM synopsis WHERE revision = 2") == 1
    assert faults(full) == ("synopsis LAB-0001/7 revision 2 is on the ledger and not in the database",)


def test_attack_an_older_password_put_back_is_found(full: Any, behind: Callable[..., int]) -> None:
    behind("UPDATE credential SET revision = 1, password_hash = :old, changed_by = 'lund', changed_us = 1", old=HASH)
    found = faults(full)
    assert len(found) == 2 and "revision 1 is not on the ledger, or was replaced since" in found[0]


def test_what_the_ledger_does_not_take_is_not_committed(database: DeskDatabase, ledger: Any) -> None:
    class Full:
        def record(self, kind: str, fields: dict[str, Any], now_us: int) -> int:
            raise AuditFullError("full")

    with pytest.raises(AuditFullError), database.recorded(Full(), 1) as writing:
        synopses.save(writing, LIID, CIN, "one", 0, "rivera", 1)
    with database.reading() as reading:
        assert synopses.newest(reading, LIID, CIN) is None


def test_a_commit_that_fails_is_taken_back_on_the_ledger(ledger: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The database went away between the ledger and its commit."""
    commit = Transaction.commit

    def fail(transaction: Transaction) -> None:
        monkeypatch.setattr(Transaction, "commit", commit)
        raise OperationalError("COMMIT", {}, Exception("server closed the connection"))

    with pytest.raises(DatabaseError, match="server closed the connection"), ledger.recorded() as writing:
        synopses.save(writing, LIID, CIN, "one", 0, "rivera", 1)
        monkeypatch.setattr(Transaction, "commit", fail)
    assert [one["kind"] for one in ledger.entries()] == ["written", "not_written"]
    assert faults(ledger) == ()
    with ledger.recorded() as writing:
        synopses.save(writing, LIID, CIN, "again", 0, "rivera", 1)
    assert faults(ledger) == ()


def test_a_crash_between_the_ledger_and_the_commit_is_settled_at_the_next_start(full: Any) -> None:
    with Desk.open(full.directory) as desk:
        for revision, table in ((3, "synopsis"), (4, "synopsis")):
            lost = {"table": table, "key": [LIID, CIN], "revision": revision, "sha256": "00" * 32, "by": "rivera"}
            desk.record("written", lost, full.now_us + 1)
        desk.record("access", {"note": "something else"}, full.now_us + 2)
    assert len(faults(full)) == 2
    for expected in (2, 0):
        with Desk.open(full.directory) as desk:
            assert len(full.database.settle(desk, full.entries(), full.now_us + 3)) == expected
    assert faults(full) == ()


def test_attack_settling_takes_back_the_last_transaction_and_no_older_one(
    full: Any, behind: Callable[..., int]
) -> None:
    behind("DELETE FROM paper")
    behind("DELETE FROM synopsis")
    with Desk.open(full.directory) as desk:
        taken = full.database.settle(desk, full.entries(), full.now_us + 3)
    assert [(one.table, one.revision) for one in taken] == [("synopsis", 2)]
    assert len(faults(full)) == 2
