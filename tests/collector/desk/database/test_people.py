"""Credentials, stations, sessions and tokens: how somebody gets in, and how he is put out."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest

from collector.desk.database import (
    BoundError,
    ConflictError,
    DeskDatabase,
    OnRecord,
    credentials,
    is_on_record,
    sessions,
    stations,
    tokens,
)
from mediation.law.access_facts import DeviceClass

HASH = "$argon2id$v=19$m=65536,t=3,p=4$c2FsdHNhbHQ$aGFzaA"
ONE, TWO = "a" * 64, "b" * 64
STATION = DeviceClass.CALEA_STATION


def test_a_password_begins_and_changes(database: DeskDatabase, ledger: Any) -> None:
    with ledger.recorded() as writing:
        credentials.set_password(writing, "rivera", HASH, "lund", 5, must_change=True)
    with ledger.recorded() as writing:
        credentials.set_password(writing, "rivera", HASH + "2", "rivera", 6)
        credentials.set_totp(writing, "rivera", "JBSWY3DPEHPK3PXP", "rivera", 7)
    with database.reading() as reading:
        found = credentials.find(reading, "rivera")
        assert found == credentials.Credential(
            "rivera", 3, HASH + "2", "JBSWY3DPEHPK3PXP", False, 7, "rivera", 0, None, None
        )
        assert credentials.find(reading, "chen") is None


def test_failures_in_a_row_lock_for_a_time(database: DeskDatabase, ledger: Any) -> None:
    with ledger.recorded() as writing:
        credentials.set_password(writing, "rivera", HASH, "lund", 5)
    for turn in range(1, 4):
        with database.writing() as writing:
            assert credentials.failed(writing, "rivera", 100, 3, 50) == turn
    with database.reading() as reading:
        found = credentials.find(reading, "rivera")
        assert found is not None and found.locked(149) and not found.locked(150) and found.revision == 1
    with database.writing() as writing:
        credentials.succeeded(writing, "rivera")
        assert credentials.failed(writing, "nobody", 1, 3, 5) == 0
    with database.reading() as reading:
        found = credentials.find(reading, "rivera")
        assert found is not None and (found.failures, found.locked_until_us) == (0, None)


def test_attack_a_code_is_not_taken_twice(database: DeskDatabase, ledger: Any) -> None:
    with ledger.recorded() as writing:
        credentials.set_password(writing, "rivera", HASH, "lund", 5)
    with database.writing() as writing:
        assert [credentials.use_totp_step(writing, "rivera", step) for step in (10, 10, 9, 11)] == [
            True, False, False, True,
        ]  # fmt: skip


def test_attack_a_plain_password_is_not_kept(ledger: Any) -> None:
    for hashed in ("secret", "$argon2i$x", "$2b$12$x", "", "$argon2id$" + "x" * 300):
        with pytest.raises(BoundError), ledger.recorded() as writing:
            credentials.set_password(writing, "rivera", hashed, "lund", 5)
    with pytest.raises(BoundError, match="no password yet"), ledger.recorded() as writing:
        credentials.set_totp(writing, "rivera", None, "lund", 5)


def test_attack_a_hash_put_in_past_the_console_lets_nobody_in(
    database: DeskDatabase, ledger: Any, behind: Callable[..., int]
) -> None:
    with ledger.recorded() as writing:
        credentials.set_password(writing, "rivera", HASH, "lund", 5)
        sessions.begin(writing, ONE, "rivera", "ST-1", 6)
    on_record = OnRecord(ledger.entries())
    with database.writing() as writing:
        credentials.failed(writing, "rivera", 1, 3, 5)
        sessions.seen(writing, ONE, 9)
    with database.reading() as reading:
        assert is_on_record(reading, on_record, "credential", user_id="rivera")
        assert is_on_record(reading, on_record, "console_session", token_sha256=ONE)
    behind("UPDATE credential SET password_hash = '$argon2id$mine'")
    behind(
        "INSERT INTO console_session SELECT :two, 1, user_id, station_id, created_us, seen_us, reauthenticated_us,"
        " revoked_us, revoked_why FROM console_session",
        two=TWO,
    )
    with database.reading() as reading:
        assert sessions.find(reading, TWO) is not None
        assert not is_on_record(reading, on_record, "credential", user_id="rivera")
        assert not is_on_record(reading, on_record, "console_session", token_sha256=TWO)


def test_attack_a_revoked_session_put_back_lets_nobody_in(
    database: DeskDatabase, ledger: Any, behind: Callable[..., int]
) -> None:
    with ledger.recorded() as writing:
        sessions.begin(writing, ONE, "rivera", "ST-1", 6)
    with ledger.recorded() as writing:
        sessions.revoke(writing, ONE, "signed out", "rivera", 7)
    behind("UPDATE console_session SET revision = 1, revoked_us = NULL, revoked_why = NULL")
    with database.reading() as reading:
        assert not is_on_record(reading, OnRecord(ledger.entries()), "console_session", token_sha256=ONE)


def test_a_station_by_certificate(database: DeskDatabase, ledger: Any) -> None:
    with ledger.recorded() as writing:
        stations.enrol(writing, "ST-1", "F1", STATION, "lund", 5, certificate_sha256=ONE)
    with database.reading() as reading:
        found = stations.by_certificate(reading, ONE)
        assert found is not None and (found.station_id, found.facility, found.device_class) == ("ST-1", "F1", STATION)
        assert stations.by_certificate(reading, TWO) is None and stations.by_token(reading, ONE) is None
    with pytest.raises(BoundError, match="revoke it before"), ledger.recorded() as writing:
        stations.enrol(writing, "ST-1", "F2", STATION, "lund", 6, certificate_sha256=TWO)
    with pytest.raises(BoundError, match="ST-1 has that certificate"), ledger.recorded() as writing:
        stations.enrol(writing, "ST-2", "F2", STATION, "lund", 6, certificate_sha256=ONE)
    with ledger.recorded() as writing:
        assert [stations.revoke(writing, "ST-1", "lund", 7) for _ in range(2)] == [True, False]
    with database.reading() as reading:
        assert stations.by_certificate(reading, ONE) is None
        assert [one.revoked_us for one in stations.listed(reading)] == [7]
    with ledger.recorded() as writing:
        stations.enrol(writing, "ST-1", "F2", STATION, "lund", 8, certificate_sha256=TWO)
    with database.reading() as reading:
        again = stations.by_certificate(reading, TWO)
        assert again is not None and (again.facility, again.revision) == ("F2", 3)


def test_a_stations_token_is_taken_once(database: DeskDatabase, ledger: Any) -> None:
    with ledger.recorded() as writing:
        stations.enrol(writing, "ST-1", "F1", STATION, "lund", 5, token_sha256=ONE)
    with ledger.recorded() as writing:
        found = stations.exchange(writing, ONE, TWO)
        assert found is not None and found.token_sha256 == TWO
        assert stations.exchange(writing, ONE, "c" * 64) is None
    with database.reading() as reading:
        assert stations.by_token(reading, TWO) == found and stations.by_token(reading, ONE) is None
        assert is_on_record(reading, OnRecord(ledger.entries()), "station", station_id="ST-1")


def test_several_stations_by_token_and_by_certificate(database: DeskDatabase, ledger: Any) -> None:
    """What one has not is no thing that two have in common."""
    with ledger.recorded() as writing:
        for number, kind in enumerate(("token_sha256", "token_sha256", "certificate_sha256", "certificate_sha256")):
            stations.enrol(writing, f"ST-{number}", "F1", STATION, "lund", 5, **{kind: f"{number}" * 64})
    with database.reading() as reading:
        assert [one.station_id for one in stations.listed(reading)] == ["ST-0", "ST-1", "ST-2", "ST-3"]
    with pytest.raises(BoundError, match="ST-1 has that"), ledger.recorded() as writing:
        stations.enrol(writing, "ST-9", "F1", STATION, "lund", 6, token_sha256="1" * 64)


@pytest.mark.parametrize("hashes", [{}, {"certificate_sha256": ONE, "token_sha256": TWO}, {"token_sha256": "A" * 64}])
def test_a_station_has_one_way_to_say_who_it_is(ledger: Any, hashes: dict[str, str]) -> None:
    with pytest.raises(BoundError), ledger.recorded() as writing:
        stations.enrol(writing, "ST-1", "F1", STATION, "lund", 5, **hashes)


def test_sessions_live_and_end(database: DeskDatabase, ledger: Any) -> None:
    with ledger.recorded() as writing:
        for token, user in ((ONE, "rivera"), (TWO, "rivera"), ("c" * 64, "chen")):
            sessions.begin(writing, token, user, "ST-1", 10)
    with database.writing() as writing:
        sessions.seen(writing, ONE, 20)
        sessions.seen(writing, ONE, 15)
        sessions.reauthenticated(writing, ONE, 30)
    with database.reading() as reading:
        found = sessions.find(reading, ONE)
        assert found is not None and (found.seen_us, found.reauthenticated_us, found.live) == (20, 30, True)
        assert sessions.count_live(reading) == 3 and len(sessions.live(reading, "rivera")) == 2
    with ledger.recorded() as writing:
        assert sessions.revoke_all(writing, "rivera", "suspended", "lund", 40, but=TWO) == 1
        assert not sessions.revoke(writing, ONE, "again", "lund", 41)
    with database.writing() as writing:
        sessions.seen(writing, ONE, 50)
    with database.reading() as reading:
        found = sessions.find(reading, ONE)
        assert found is not None and (found.revoked_us, found.revoked_why, found.seen_us) == (40, "suspended", 20)
        assert [one.token_sha256 for one in sessions.of_user(reading, "rivera")] == [ONE, TWO]
        assert [one.token_sha256 for one in sessions.live(reading)] == [TWO, "c" * 64]
    with pytest.raises(BoundError, match="make another token"), ledger.recorded() as writing:
        sessions.begin(writing, TWO, "chen", "ST-1", 60)


def test_tokens_are_narrow_and_end(database: DeskDatabase, ledger: Any) -> None:
    with ledger.recorded() as writing:
        made = tokens.make(writing, ONE, "rivera", "nightly", ["b", "a", "a"], 100, "rivera", 5)
        tokens.make(writing, TWO, "chen", "probe", ["a"], 100, "chen", 6, station_id="ST-1")
    with database.reading() as reading:
        assert tokens.find(reading, ONE) == made and made.actions == ("a", "b")
        assert made.usable(99) and not made.usable(100)
        assert [one.token_sha256 for one in tokens.listed(reading)] == [TWO, ONE]
        assert tokens.of_user(reading, "rivera") == [made]
    with ledger.recorded() as writing:
        assert [tokens.revoke(writing, ONE, "lund", 7) for _ in range(2)] == [True, False]
    with database.reading() as reading:
        found = tokens.find(reading, ONE)
        assert found is not None and not found.usable(8)
    for actions in ([], ["two words"], [f"a{n}" for n in range(65)]):
        with pytest.raises(BoundError), ledger.recorded() as writing:
            tokens.make(writing, "c" * 64, "rivera", "x", actions, 100, "rivera", 5)


def test_two_who_change_one_credential_do_not_both_succeed(database: DeskDatabase, ledger: Any) -> None:
    with ledger.recorded() as writing:
        credentials.set_password(writing, "rivera", HASH, "lund", 5)
    told: list[str] = []
    records: list[dict[str, Any]] = []

    class Memory:
        def record(self, kind: str, fields: dict[str, Any], now_us: int) -> int:
            records.append(fields)
            return len(records)

    barrier = threading.Barrier(2)

    def change(by: str) -> None:
        barrier.wait(10)
        try:
            with database.recorded(Memory(), 9) as writing:
                credentials.set_password(writing, "rivera", HASH + by, by, 6)
        except ConflictError:
            told.append("conflict")
        else:
            told.append("done")

    threads = [threading.Thread(target=change, args=(by,)) for by in ("lund", "rivera")]
    for one in threads:
        one.start()
    for one in threads:
        one.join(30)
    with database.reading() as reading:
        found = credentials.find(reading, "rivera")
    assert found is not None and found.revision == 1 + told.count("done") and "done" in told
