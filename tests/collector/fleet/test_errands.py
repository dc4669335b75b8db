"""The feed of documents, the copies of the audit log and the catalogue: in order, once, and never written over."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from asn1.errors import DecodeError, LocalError
from collector.fleet.catalogue import AuditTail, Copied, Segment, SharedCatalogue
from collector.fleet.documents import (
    DOCUMENT,
    FIRST,
    MAX_ITEM_OCTETS,
    READ_ITEMS,
    Item,
    Publication,
    SharedFeed,
    first_octets,
    first_of,
)
from collector.fleet.errands import ErrandHooks, Errands
from collector.fleet.session import Session
from collector.fleet.tables import make_tables, plain_url
from collector.store.audit_log import AuditLog, OneKey
from lab.postgres import Server
from mediation.law.orders import OrderId, order_uid

OpenSession = Callable[[str], Session]


@pytest.fixture
def url(server: Server) -> Iterator[str]:
    with server.database() as found:
        session = Session(found, "maker", 3)
        session.transaction(lambda _: None, make_tables)
        session.close()
        yield found


@pytest.fixture
def opened(url: str) -> Iterator[OpenSession]:
    sessions: list[Session] = []

    def begin(shard: str) -> Session:
        sessions.append(Session(url, shard, 3))
        return sessions[-1]

    yield begin
    for one in sessions:
        one.close()


class Shard:
    """Errands without their thread, over an audit log of its own."""

    def __init__(self, session: Session, name: str, directory: Path) -> None:
        self.items: list[Item] = []
        self.differing: list[str] = []
        self.failures: list[str] = []
        self.soon: list[Callable[[], None]] = []
        self.signed = 0
        hooks = ErrandHooks(self.items.append, self.differing.append, self.failures.append, lambda: self.signed)
        self.errands = Errands(session, name, AuditTail(directory), hooks, lambda one: self.soon.append(one))

    def turn(self) -> float:
        wait_s = self.errands.turn()
        self.run()
        return wait_s

    def run(self) -> None:
        soon, self.soon = self.soon, []
        for one in soon:
            one()

    def said(self) -> list[tuple[str, bytes]]:
        return [(item.kind, item.octets) for item in self.items]


def test_what_one_shard_publishes_the_others_get_in_order_and_once(opened: OpenSession, tmp_path: Path) -> None:
    a, b = (Shard(opened(name), name, tmp_path / name) for name in "ab")
    for number in range(3):
        a.errands.publish(DOCUMENT, b"order %d" % number)
    a.errands.publish("minimise", b"order 1")
    a.turn()
    b.turn()
    b.turn()
    assert b.said() == [
        (DOCUMENT, b"order 0"),
        (DOCUMENT, b"order 1"),
        (DOCUMENT, b"order 2"),
        ("minimise", b"order 1"),
    ]
    assert {item.shard for item in b.items} == {"a"}
    # A start publishes again what it has, and so does a shard that got it.
    a.errands.publish(DOCUMENT, b"order 2")
    b.errands.publish(DOCUMENT, b"order 1")
    for _ in range(3):
        a.turn()
        b.turn()
    assert len(b.items) == 4
    assert a.items == []


def test_a_shard_that_was_away_gets_all_of_it_and_one_that_crashed_what_it_had_not_taken_in(
    opened: OpenSession, tmp_path: Path
) -> None:
    a = Shard(opened("a"), "a", tmp_path)
    for number in range(2 * READ_ITEMS + 5):
        a.errands.publish(DOCUMENT, b"%d" % number)
    a.turn()
    b = Shard(opened("b"), "b", tmp_path)
    b.turn()
    assert len(b.items) == READ_ITEMS
    b.errands.turn()
    # Handed over, and the process dies before its loop's turn.
    again = Shard(opened("b"), "b", tmp_path)
    for _ in range(5):
        again.turn()
    assert b.said() + again.said() == [(DOCUMENT, b"%d" % number) for number in range(2 * READ_ITEMS + 5)]


def test_nothing_more_is_read_until_the_loop_has_taken_in_what_it_was_given(
    opened: OpenSession, tmp_path: Path
) -> None:
    a, b = (Shard(opened(name), name, tmp_path) for name in "ab")
    for number in range(3 * READ_ITEMS):
        a.errands.publish(DOCUMENT, b"%d" % number)
    a.turn()
    for _ in range(5):
        b.errands.turn()
    assert len(b.soon) == 1


def test_numbers_are_seen_in_the_order_of_commits_whoever_publishes(opened: OpenSession, url: str) -> None:
    """Four publish at once while one reads on from the last number it saw: it misses nothing."""
    feeds = [SharedFeed(opened(f"s{number}"), f"s{number}") for number in range(4)]
    reader = SharedFeed(opened("reader"), "reader")

    def publish(number: int) -> None:
        for one in range(25):
            feeds[number].publish([Publication(DOCUMENT, b"%d/%d/%d" % (number, one, two)) for two in range(3)])

    threads = [threading.Thread(target=publish, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    seen: list[int] = []
    while any(thread.is_alive() for thread in threads) or not seen or reader.read(seen[-1]):
        seen += [item.number for item in reader.read(seen[-1] if seen else 0)]
    with psycopg.connect(plain_url(url)) as other:
        assert [(number,) for number in seen] == other.execute(
            "SELECT number FROM fleet.documents ORDER BY 1"
        ).fetchall()
    assert len(seen) == 300


def test_attack_an_item_larger_than_a_message_is_neither_published_nor_read(opened: OpenSession, url: str) -> None:
    feed = SharedFeed(opened("a"), "a")
    with pytest.raises(LocalError, match="octets"):
        feed.publish([Publication(DOCUMENT, bytes(MAX_ITEM_OCTETS + 1))])
    with psycopg.connect(plain_url(url)) as other:
        other.execute(
            "INSERT INTO fleet.documents (digest, kind, shard, octets, at_us) VALUES ('x', 'document', 'z', %s, 0)",
            (bytes(MAX_ITEM_OCTETS + 1),),
        )
    feed.publish([Publication(DOCUMENT, b"small")])
    assert [item.octets for item in feed.read(0)] == [b"small"]


def test_a_first_interception_is_what_was_said() -> None:
    uid = order_uid(OrderId("O-1"))
    assert first_of(first_octets(uid, -5)) == (uid, -5)
    with pytest.raises(DecodeError):
        first_of(first_octets(uid, 1)[:-1])
    assert FIRST == "first_interception"


def test_a_segment_that_left_stays_named(opened: OpenSession, url: str) -> None:
    catalogue = SharedCatalogue(opened("a"), "a")
    SharedCatalogue(opened("b"), "b").keep([Segment(0, 0, 5, 0, 100)])
    catalogue.keep([Segment(0, 0, 10, 0, 1000), Segment(1, 10, 3, 4, 500)])
    catalogue.keep([Segment(1, 10, 7, 4, 900), Segment(2, 17, 0, 9, 64)])
    with psycopg.connect(plain_url(url)) as other:
        rows = other.execute(
            "SELECT generation, first_sequence, records, first_commit, octets, evicted_us IS NOT NULL "
            "FROM fleet.segments WHERE shard = 'a' ORDER BY 1"
        ).fetchall()
        others = other.execute("SELECT count(*) FROM fleet.segments WHERE evicted_us IS NOT NULL").fetchall()
    assert rows == [(0, 0, 10, 0, 1000, True), (1, 10, 7, 4, 900, False), (2, 17, 0, 9, 64, False)]
    assert others == [(1,)]


def test_segments_are_told_with_the_next_turn(opened: OpenSession, url: str, tmp_path: Path) -> None:
    a = Shard(opened("a"), "a", tmp_path)
    a.errands.segments([Segment(3, 1, 2, 3, 4)])
    a.turn()
    with psycopg.connect(plain_url(url)) as other:
        assert other.execute("SELECT shard, generation FROM fleet.segments").fetchall() == [("a", 3)]


def _log(directory: Path, entries: int) -> AuditLog:
    log = AuditLog(directory, OneKey(Ed25519PrivateKey.from_private_bytes(bytes(32))))
    for number in range(entries):
        log.append("test", {"number": number}, number)
    log.flush()
    return log


def test_signed_audit_entries_are_copied_octet_by_octet(opened: OpenSession, url: str, tmp_path: Path) -> None:
    log = _log(tmp_path, 5)
    a = Shard(opened("a"), "a", tmp_path)
    a.signed = 3
    a.turn()
    assert SharedCatalogue(opened("x"), "a").copied() == 3
    a.signed = 5
    a.turn()
    log.append("test", {"number": 5}, 5)
    a.turn()
    with psycopg.connect(plain_url(url)) as other:
        rows = other.execute("SELECT octets FROM fleet.audit WHERE shard = 'a' ORDER BY sequence").fetchall()
    assert b"".join(row[0] + b"\n" for row in rows) == b"".join(
        line for line in (tmp_path / "audit.jsonl").read_bytes().splitlines(keepends=True)[:5]
    )
    log.close()
    # A later start goes on where the copies end.
    again = Shard(opened("a"), "a", tmp_path)
    again.signed = 6
    again.turn()
    assert SharedCatalogue(opened("x"), "a").copied() == 6
    assert again.differing == []


def test_a_long_log_is_copied_in_pieces(opened: OpenSession, tmp_path: Path) -> None:
    log = AuditLog(tmp_path, OneKey(Ed25519PrivateKey.from_private_bytes(bytes(32))))
    for number in range(9):
        log.append("test", {"text": "x" * 300_000}, number)
    log.close()
    a = Shard(opened("a"), "a", tmp_path)
    a.signed = 9
    turns = 1
    while a.turn() == 0:
        turns += 1
    assert turns == 3
    assert SharedCatalogue(opened("x"), "a").copied() == 9


def test_attack_an_audit_log_that_was_changed_differs_from_its_copy_which_stays(
    opened: OpenSession, url: str, tmp_path: Path
) -> None:
    _log(tmp_path, 3).close()
    a = Shard(opened("a"), "a", tmp_path)
    a.signed = 3
    a.turn()
    path = tmp_path / "audit.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    forged = json.loads(lines[2]) | {"kind": "nothing to see"}
    path.write_bytes(lines[0] + lines[1] + json.dumps(forged).encode() + b"\n")
    again = Shard(opened("a"), "a", tmp_path)
    again.signed = 3
    again.turn()
    again.turn()
    assert len(again.differing) == 1
    assert "entry 2 is not what was copied of it" in again.differing[0]
    with psycopg.connect(plain_url(url)) as other:
        row = other.execute("SELECT octets FROM fleet.audit WHERE sequence = 2").fetchone()
    assert row == (lines[2][:-1],)


def test_attack_an_audit_log_put_back_to_an_older_state_is_named(opened: OpenSession, tmp_path: Path) -> None:
    _log(tmp_path, 3).close()
    catalogue = SharedCatalogue(opened("x"), "a")
    catalogue.copy([Copied(number, b"") for number in range(9)])
    a = Shard(opened("a"), "a", tmp_path)
    a.signed = 3
    a.turn()
    assert len(a.differing) == 1
    assert "has 3 entries, and 9 of it were copied" in a.differing[0]


def test_the_database_away_is_no_failure_and_what_waits_is_published_later(
    opened: OpenSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = opened("a")
    a = Shard(session, "a", tmp_path)
    there, session.url = session.url, "postgresql://postgres@127.0.0.1:1/nothing"
    a.errands.publish(DOCUMENT, b"order")
    assert a.turn() > 0
    assert "cannot be asked" in a.errands.error
    session.url = there
    a.turn()
    assert (a.errands.error, a.failures) == ("", [])
    assert [item.octets for item in SharedFeed(opened("b"), "b").read(0)] == [b"order"]


def test_an_orderly_end_publishes_what_waits(opened: OpenSession, tmp_path: Path) -> None:
    a = Shard(opened("a"), "a", tmp_path)
    a.errands.start()
    a.errands.publish(DOCUMENT, b"last")
    a.errands.stop()
    assert [item.octets for item in SharedFeed(opened("b"), "b").read(0)] == [b"last"]
