"""Claims and marks of two or three shards over one database: whose a stream is, what is marked, what is lost."""

from __future__ import annotations

import random
import threading

import psycopg
import pytest

from asn1.errors import LocalError
from collector.fleet import shared as shared_module
from collector.fleet.names import (
    MAX_NAMES,
    Claimed,
    FencedError,
    MarkBatch,
    Marked,
    Moved,
    StreamName,
    nothing_known,
)
from collector.fleet.shared import FEW, AwayError, Limits, SharedMarks
from collector.fleet.tables import make_tables, open_connection, packed_gaps, plain_url, unpacked_gaps
from collector.stream_table import NEVER, TARGET_MISMATCH, TARGET_OK
from collector.verify import MAX_RANGES
from lab.postgres import Server
from mediation.runtime.config import NotReadyError
from tests.collector.fleet.conftest import Now, Start, batch, next_marking_dies, stream

HOLD_MS = Limits().hold_ms
NOTHING = Marked(0, frozenset(), frozenset(), ())


def _move(name: StreamName, token: int, mark: int, gaps: tuple[tuple[int, int, int], ...] | None = None) -> Moved:
    return Moved(name, token, 0, mark, gaps)


def test_a_stream_nobody_had_is_first(start: Start) -> None:
    claimed, waiting = start("a").claim([stream()])
    assert waiting == []
    assert claimed[0][:5] == (stream(), 1, 0, -1, ())
    assert claimed[0].known == nothing_known(b"L1", 1)


def test_who_claims_next_gets_mark_epoch_and_gaps_exactly(start: Start, now: Now) -> None:
    a, b = start("a"), start("b")
    a.claim([stream()])
    gaps = ((0, 3, 5), (1, 0, 4_294_967_294), (1, 4_294_967_295, 4_294_967_295))
    a.mark([batch(7, Moved(stream(), 1, 1, 9, gaps))])
    now.later(HOLD_MS)
    (claimed,), _ = b.claim([stream()])
    assert claimed[:5] == (stream(), 2, 1, 9, gaps)


def test_gaps_that_a_batch_did_not_change_stay(start: Start) -> None:
    a = start("a")
    a.claim([stream()])
    a.mark([batch(0, _move(stream(), 1, 5, ((0, 1, 2),)))])
    a.mark([batch(1, _move(stream(), 1, 6))])
    assert a.claim([stream()])[0][0].gaps == ((0, 1, 2),)
    a.mark([batch(2, _move(stream(), 1, 7, ()))])
    assert a.claim([stream()])[0][0].gaps == ()


def test_gaps_of_a_batch_before_in_the_same_transaction_stay(start: Start) -> None:
    a = start("a")
    a.claim([stream()])
    a.mark([batch(0, _move(stream(), 1, 5, ((0, 1, 2),))), batch(1, _move(stream(), 1, 6))])
    claimed = a.claim([stream()])[0][0]
    assert (claimed.mark, claimed.gaps) == (6, ((0, 1, 2),))


def test_a_flood_of_gaps_is_cut_to_the_newest() -> None:
    gaps = tuple((0, 2 * n, 2 * n) for n in range(MAX_RANGES + 7))
    assert unpacked_gaps(packed_gaps(gaps)) == gaps[7:]


def test_a_stream_cannot_be_taken_within_the_hold_and_can_behind_it(start: Start, now: Now) -> None:
    a, b = start("a"), start("b")
    a.claim([stream()])
    assert b.claim([stream()]) == ([], [stream()])
    now.later(HOLD_MS - 1)
    assert b.claim([stream()]) == ([], [stream()])
    now.later(1)
    assert b.claim([stream()])[0][0].token == 2


def test_two_shards_that_want_one_stream_have_it_in_turn(start: Start, now: Now) -> None:
    both = (start("a"), start("b"))
    had: list[int] = []
    for _ in range(200):
        for which, one in enumerate(both):
            if had[-1:] != [which] and one.claim([stream()])[0]:
                had.append(which)
            one.beat()
        now.later(25)
    assert had[:4] == [0, 1, 0, 1]
    assert abs(had.count(0) - had.count(1)) <= 1
    assert len(had) == 200 * 25 // HOLD_MS


def test_a_dead_shards_streams_can_be_taken_at_once(start: Start, now: Now) -> None:
    a, b = start("a", Limits(hold_ms=60_000)), start("b", Limits(hold_ms=60_000))
    a.claim([stream()])
    now.later(3000)
    b.beat()
    assert b.claim([stream()]) == ([], [stream()])
    now.later(0.001)
    assert b.claim([stream()])[0][0].token == 2


def test_a_shard_that_left_keeps_nothing(start: Start) -> None:
    a, b = start("a"), start("b")
    a.claim([stream()])
    a.leave()
    assert b.claim([stream()])[0][0].token == 2


def test_what_is_ours_stays_ours_under_its_token_after_a_restart_too(start: Start, now: Now) -> None:
    a = start("a")
    a.claim([stream()])
    now.later(10)
    assert a.claim([stream()])[0][0].token == 1
    assert start("a").claim([stream()])[0][0].token == 1


def test_whole_takes_nothing_while_one_must_wait(start: Start, now: Now) -> None:
    a, b = start("a"), start("b")
    a.claim([stream(1)])
    assert b.claim([stream(1), stream(2)], whole=True) == ([], [stream(1), stream(2)])
    assert a.claim([stream(2)])[0][0].token == 1
    now.later(HOLD_MS)
    assert len(b.claim([stream(1), stream(2)], whole=True)[0]) == 2


def test_attack_a_lost_stream_cannot_be_marked_under_an_old_token(start: Start, now: Now) -> None:
    a, b = start("a"), start("b")
    a.claim([stream(1), stream(2)])
    now.later(HOLD_MS)
    b.claim([stream(1)])
    b.mark([batch(0, _move(stream(1), 2, 4))])
    (answer,) = a.mark([batch(0, _move(stream(1), 1, 99), _move(stream(2), 1, 7))])
    assert answer.lost == {stream(1)}
    now.later(HOLD_MS)
    marks = {one.name: one.mark for one in start("c").claim([stream(1), stream(2)])[0]}
    assert marks == {stream(1): 4, stream(2): 7}


def test_attack_a_token_that_was_never_given_marks_nothing(start: Start) -> None:
    a, b = start("a"), start("b")
    a.claim([stream()])
    assert a.mark([batch(0, _move(stream(), 2, 9))])[0].lost == {stream()}
    assert b.mark([batch(0, _move(stream(), 1, 9))])[0].lost == {stream()}
    assert a.claim([stream()])[0][0].mark == -1


def test_a_stream_that_came_back_is_lost_under_the_old_token_alone(start: Start, now: Now) -> None:
    a, b = start("a"), start("b")
    a.claim([stream()])
    now.later(HOLD_MS)
    b.claim([stream()])
    now.later(HOLD_MS)
    assert a.claim([stream()])[0][0].token == 3
    one, other = a.mark([batch(0, _move(stream(), 1, 50)), batch(1, _move(stream(), 3, 2))])
    assert (one.lost, other.lost) == ({stream()}, frozenset())
    assert a.claim([stream()])[0][0].mark == 2


def test_attack_a_zombie_shard_can_neither_mark_nor_claim_nor_beat(start: Start) -> None:
    zombie = start("a")
    zombie.claim([stream()])
    successor = start("a")
    for attempt in (
        lambda: zombie.mark([batch(0, _move(stream(), 1, 9))]),
        lambda: zombie.claim([stream(2)]),
        zombie.beat,
    ):
        with pytest.raises(FencedError, match="shard a"):
            attempt()
    assert successor.claim([stream(), stream(2)])[0][0].mark == -1
    assert successor.mark([batch(0, _move(stream(), 1, 3))])[0].lost == frozenset()


def test_a_shard_that_was_thought_dead_goes_on_with_what_nobody_took(start: Start, now: Now) -> None:
    a, b = start("a"), start("b")
    a.claim([stream(1), stream(2)])
    now.later(60_000)
    b.claim([stream(1)])
    assert a.mark([batch(0, _move(stream(1), 1, 5), _move(stream(2), 1, 5))])[0].lost == {stream(1)}


def test_the_same_batch_again_gives_the_same_answer_also_what_was_lost(start: Start, now: Now) -> None:
    a, b = start("a"), start("b")
    a.claim([stream(1), stream(2)])
    now.later(HOLD_MS)
    b.claim([stream(1)])
    b.mark([batch(0, once=(b"d" * 32,), known=(nothing_known(b"L1", 2)._replace(target=TARGET_MISMATCH),))])
    said = batch(
        4,
        _move(stream(1), 1, 5),
        _move(stream(2), 1, 5),
        known=(nothing_known(b"L1", 2)._replace(target=TARGET_OK),),
        once=(b"d" * 32, b"e" * 32),
    )
    next_marking_dies(a, behind=True)
    with pytest.raises(AwayError, match="lost"):
        a.mark([said])
    # Somebody takes what was marked before the answer is asked for again.
    b.claim([stream(2)])
    (again,) = a.mark([said])
    assert again == Marked(
        4,
        frozenset({stream(1)}),
        frozenset({b"d" * 32}),
        (nothing_known(b"L1", 2)._replace(target=TARGET_MISMATCH),),
    )
    now.later(HOLD_MS)
    assert start("c").claim([stream(2)])[0][0].mark == 5


@pytest.mark.parametrize("behind", [False, True])
def test_a_batch_whose_answer_did_not_come_is_marked_once_by_the_call_that_repeats_it(
    start: Start, now: Now, behind: bool
) -> None:
    a, b = start("a"), start("b")
    a.claim([stream(1), stream(2)])
    now.later(HOLD_MS)
    b.claim([stream(2)])
    first = batch(0, _move(stream(1), 1, 5), _move(stream(2), 1, 5))
    next_marking_dies(a, behind)
    with pytest.raises(AwayError):
        a.mark([first])
    answers = a.mark([first, batch(1, _move(stream(1), 1, 6))])
    assert [one.lost for one in answers] == [{stream(2)}, frozenset()]
    assert a.claim([stream(1)])[0][0].mark == 6


def test_one_statement_says_what_a_transaction_of_several_says(
    server: Server, now: Now, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Quiet batches with streams that are ours, another's, ours under an old token, and nobody's."""
    found = []
    for few in (0, FEW):
        monkeypatch.setattr(shared_module, "FEW", few)
        chance = random.Random(7)
        with server.database() as url:
            a, b = SharedMarks(url, "a", Limits(hold_ms=0), now), SharedMarks(url, "b", Limits(hold_ms=0), now)
            answers = []
            for one in (a, b):
                one.register()
            names = [stream(number, number & 1, b"L%d" % (number % 3)) for number in range(8)]
            tokens = dict.fromkeys(names, 1)
            for commit in range(60):
                taken = chance.sample(names, 2)
                (a if chance.random() < 0.6 else b).claim(taken)
                tokens |= {one.name: one.token for one in a.claim(chance.sample(names, 2))[0]}
                gaps = [None, (), ((0, 1, commit),)]
                moves = [
                    Moved(one, tokens[one], commit >> 4, commit, chance.choice(gaps)) for one in chance.sample(names, 5)
                ]
                answers += a.mark([batch(commit, *moves, records=commit)])
            with psycopg.connect(plain_url(url)) as other:
                tables = [
                    other.execute(f"SELECT * FROM fleet.{table} ORDER BY {key}").fetchall()
                    for table, key in (("shards", "id"), ("streams", "liid, cin, kind"), ("owed", "commit, liid, cin"))
                ]
            for one in (a, b):
                one.close()
        assert any(one.lost for one in answers) and any(not one.lost for one in answers)
        found.append((answers, tables))
    assert found[0] == found[1]


def test_attack_a_zombie_marks_nothing_with_one_statement_either(start: Start) -> None:
    a = start("a")
    a.claim([stream()])
    start("a")
    with pytest.raises(FencedError):
        a.mark([batch(0, _move(stream(), 1, 5))])
    assert start("b")._session.transaction(
        lambda one: one.execute("SELECT mark, (SELECT count(*) FROM fleet.owed) FROM fleet.streams").fetchall()
    ) == [(-1, 0)]


def test_what_is_owed_is_there_for_the_next_start_until_it_is_settled(start: Start, now: Now, server: Server) -> None:
    a, b = start("a"), start("b")
    a.claim([stream()])
    now.later(HOLD_MS)
    b.claim([stream()])
    b.mark([batch(0, once=(b"d" * 32,))])
    lost = a.mark([batch(3, _move(stream(), 1, 5)), batch(5, once=(b"d" * 32,))])
    again = SharedMarks(a._session.url, "a", Limits(), now)
    registered = again.register(5)
    assert (registered.incarnation, registered.last_commit, registered.owed) == (2, 5, tuple(lost))
    again.settle(3)
    assert again.register().owed == (lost[1],)
    again.settle(5)
    assert again.register().owed == ()
    again.close()


def test_attack_a_store_put_back_to_an_older_state_is_refused(start: Start) -> None:
    a = start("a")
    a.mark([batch(8)])
    with pytest.raises(NotReadyError, match=r"commit 8 of shard a.*ends with commit 7"):
        start("a", newest=7)
    assert a.mark([batch(9)]) == [NOTHING._replace(commit=9)]
    start("a", newest=9)


def test_attack_a_database_put_back_to_an_older_state_is_noticed(start: Start) -> None:
    a = start("a")
    a.mark([batch(8)])
    with psycopg.connect(plain_url(a._session.url)) as other:
        other.execute("UPDATE fleet.shards SET last_commit = 3")
    a.close()
    a._sure = False
    with pytest.raises(FencedError, match="older state"):
        a.mark([batch(9)])


def test_a_digest_is_one_shards_until_its_time_is_over(start: Start, now: Now) -> None:
    a, b = start("a", Limits(once_s=60)), start("b", Limits(once_s=60))
    digest = b"d" * 32
    assert a.mark([batch(0, once=(digest,))])[0].twice == frozenset()
    assert a.mark([batch(1, once=(digest,))])[0].twice == frozenset()
    assert b.mark([batch(0, once=(digest, b"e" * 32))])[0].twice == {digest}
    now.later(60_000)
    assert b.mark([batch(1, once=(digest,))])[0].twice == frozenset()
    assert a.mark([batch(2, once=(digest,))])[0].twice == {digest}


def test_what_is_known_is_merged_and_comes_with_a_claim(start: Start, now: Now) -> None:
    a, b = start("a"), start("b")
    a.claim([stream(kind=0)])
    nothing = nothing_known(b"L1", 1)
    one = nothing._replace(target=TARGET_OK, originates=1, answered_us=50, first_cc_us=NEVER, last_reset_us=3)
    a.mark([batch(0, known=(one,))])
    assert b.claim([stream()])[0][0].known == one
    other = nothing._replace(originates=0, answered_us=70, first_cc_us=40, last_reset_us=2)
    (answer,) = b.mark([batch(0, known=(other,))])
    both = one._replace(first_cc_us=40)
    assert answer.learned == (both,)
    assert a.news() == [both]
    now.later(HOLD_MS)
    assert start("c").claim([stream()])[0][0].known == both


def test_who_had_content_of_a_communication_hears_of_a_mismatch_that_comes_later(start: Start, now: Now) -> None:
    """Content on a, then on c; the signalling, with the wrong target, on b."""
    a, b, c = start("a"), start("b"), start("c")
    a.claim([stream(kind=1)])
    now.later(HOLD_MS)
    c.claim([stream(kind=1)])
    b.claim([stream(kind=0)])
    wrong = nothing_known(b"L1", 1)._replace(target=TARGET_MISMATCH)
    b.mark([batch(0, known=(wrong,))])
    assert a.news() == [wrong]
    assert c.news() == [wrong]
    assert b.news() == []


def test_news_come_again_until_the_next_call(start: Start, now: Now) -> None:
    a, b = start("a"), start("b")
    a.claim([stream(kind=1)])
    b.claim([stream(kind=0)])
    known = nothing_known(b"L1", 1)._replace(target=TARGET_OK)
    b.mark([batch(0, known=(known,))])
    assert a.news() == [known]
    again = start("a")
    assert again.news() == [known]
    assert again.news() == []


@pytest.mark.parametrize("first", ["claim", "mark"])
def test_a_mismatch_marked_while_the_content_is_being_claimed_reaches_who_claims(
    start: Start, monkeypatch: pytest.MonkeyPatch, first: str
) -> None:
    """Either the claim sees what the mark wrote, or the mark sees who claimed: both ways round, with real locks."""
    a, b = start("a"), start("b")
    b.claim([stream(kind=0)])
    wrong = nothing_known(b"L1", 1)._replace(target=TARGET_MISMATCH)
    claims: list[Claimed] = []
    steps = {
        "claim": lambda: claims.extend(a.claim([stream(kind=1)])[0]),
        "mark": lambda: b.mark([batch(0, known=(wrong,))]),
    }
    ahead = steps.pop(first)
    (behind,) = steps.values()
    leader = a if first == "claim" else b
    connection = leader._session.connection
    assert connection is not None
    commit = connection.commit
    thread = threading.Thread(target=behind, daemon=True)

    def held() -> None:
        monkeypatch.undo()
        thread.start()
        _wait_for_a_waiter(leader._session.url)
        commit()

    monkeypatch.setattr(connection, "commit", held)
    ahead()
    thread.join(30)
    assert wrong in [claims[0].known, *a.news()]


def _wait_for_a_waiter(url: str) -> None:
    with psycopg.connect(plain_url(url), autocommit=True) as other:
        for _ in range(10_000):
            row = other.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
            ).fetchone()
            if row is not None and row[0]:
                return
    raise AssertionError("nobody waits")


def test_attack_a_shard_frozen_in_its_transaction_holds_its_streams_for_a_lease_only(server: Server) -> None:
    limits = Limits(lease_s=0.3, hold_ms=0)
    with server.database() as url:
        a, b = SharedMarks(url, "a", limits), SharedMarks(url, "b", limits)
        a.register()
        b.register()
        a.claim([stream()])
        connection = a._session.connection
        assert connection is not None
        connection.execute("SELECT 1 FROM fleet.streams FOR UPDATE")
        (claimed,), _ = b.claim([stream()])
        assert claimed.token == 2
        # Two batches are a transaction of several statements, which the one above is the first of.
        said = [batch(0, _move(stream(), 1, 5)), batch(1, _move(stream(), 1, 6))]
        with pytest.raises(AwayError):
            a.mark(said)
        assert [one.lost for one in a.mark(said)] == [{stream()}, {stream()}]
        a.close()
        b.close()


def test_many_streams_in_one_call(start: Start, now: Now) -> None:
    a, b = start("a"), start("b")
    names = [StreamName(b"L%d" % (number % 97), number, number & 1) for number in range(12_000)]
    assert {one.name for one in a.claim(names)[0]} == set(names)
    assert a.mark([batch(0, *(_move(name, 1, 3) for name in names))])[0].lost == frozenset()
    now.later(HOLD_MS)
    b.claim(names[:5])
    assert a.mark([batch(1, *(_move(name, 1, 4) for name in reversed(names)))])[0].lost == set(names[:5])
    with pytest.raises(LocalError, match="at once"):
        a.claim([StreamName(b"L", number, 0) for number in range(MAX_NAMES + 1)])


def test_attack_octets_of_any_kind_are_names_and_never_statements(start: Start) -> None:
    a = start("a")
    names = [StreamName(liid, -2, 0) for liid in (b"", b"\x00\xff'; DROP SCHEMA fleet CASCADE; --", b"{NULL}", b"%s")]
    assert {one.name for one in a.claim(names)[0]} == set(names)
    assert a.mark([batch(0, *(_move(name, 1, 1) for name in names))])[0].lost == frozenset()


def test_what_has_not_moved_for_long_is_taken_away_and_what_moved_is_not(start: Start, now: Now) -> None:
    limits = Limits(keep_s=100, once_s=10)
    a = start("a", limits)
    a.claim([stream(1), stream(2)])
    a.mark([batch(0, _move(stream(1), 1, 5), once=(b"d" * 32,))])
    now.later(90_000)
    a.mark([batch(1, _move(stream(2), 1, 5))])
    now.later(20_000)
    a.tidy()
    with psycopg.connect(plain_url(a._session.url)) as other:
        assert other.execute("SELECT cin FROM fleet.streams").fetchall() == [(2,)]
        assert other.execute("SELECT cin FROM fleet.known").fetchall() == [(2,)]
        assert other.execute("SELECT count(*) FROM fleet.once").fetchall() == [(0,)]
    assert a.mark([batch(2, _move(stream(1), 1, 6))])[0].lost == {stream(1)}


def test_tables_of_another_version_are_refused(start: Start) -> None:
    a = start("a")
    connection = open_connection(a._session.url, "x", 3)
    make_tables(connection)
    connection.execute("UPDATE fleet.about SET version = 99")
    connection.commit()
    with pytest.raises(NotReadyError, match="version 99"):
        make_tables(connection)
    connection.close()


def test_calls_are_numbered_under_one_key_at_all_shards_and_another_in_another_fleet(server: Server) -> None:
    found = []
    for _ in range(2):
        with server.database() as url:
            shards = [SharedMarks(url, name) for name in ("a", "b", "a")]
            found.append({shard.register().naming for shard in shards})
            for shard in shards:
                shard.close()
    (one,), (other,) = found
    assert one != other and len(one) == len(other) == 32


def test_shards_that_start_together_make_the_tables_once(server: Server) -> None:
    with server.database() as url:
        shards = [SharedMarks(url, f"s{number}") for number in range(4)]
        failures: list[BaseException] = []

        def begin(one: SharedMarks) -> None:
            try:
                one.register()
            except BaseException as error:
                failures.append(error)

        threads = [threading.Thread(target=begin, args=(one,)) for one in shards]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        for one in shards:
            one.close()
        assert failures == []


def test_a_commit_waits_for_the_disk_whatever_the_server_is_set_to(server: Server) -> None:
    with server.database() as url:
        for setting, meant in (("off", "on"), ("local", "on"), ("remote_apply", "remote_apply")):
            with open_connection(f"{url}?options=-c%20synchronous_commit%3D{setting}", "a", 3) as connection:
                assert connection.execute("SHOW synchronous_commit").fetchone() == (meant,)


def test_no_database_is_no_defect(start: Start) -> None:
    nowhere = SharedMarks("postgresql://postgres@127.0.0.1:1/nothing", "a")
    with pytest.raises(AwayError):
        nowhere.register()
    with pytest.raises(NotReadyError, match="database_url"):
        SharedMarks("this is no URL", "a").register()


def test_commits_out_of_order_are_a_defect(start: Start) -> None:
    with pytest.raises(LocalError, match="order"):
        start("a").mark([MarkBatch(2, 0, "", (), (), ()), MarkBatch(1, 0, "", (), (), ())])
