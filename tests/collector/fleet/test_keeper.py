"""The keeper: order, coalescing, waiting for others, the database going away and coming back, and ends."""

from __future__ import annotations

import contextlib
import os
import queue
import random
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence

import psycopg
import pytest

from asn1.errors import LabError
from collector.fleet import keeper as keeper_module
from collector.fleet.keeper import BACK_OFF_S, MAX_BATCHES, KeeperHooks, MarkKeeper
from collector.fleet.names import Claimed, Known, MarkBatch, Marked, Moved, StreamName, nothing_known
from collector.fleet.shared import AwayError, Limits, SharedMarks
from collector.fleet.tables import plain_url
from collector.stream_table import TARGET_OK
from lab.postgres import Server, find_server, own_server
from tests.collector.fleet.conftest import Now, Start, batch, stream

HOLD_MS = Limits().hold_ms


class Loop:
    """What `call_soon_threadsafe` was given, done when the test says so."""

    def __init__(self) -> None:
        self.soon: list[Callable[[], None]] = []
        self.failures: list[str] = []
        self.links: list[tuple[bool, str]] = []
        self.learned: list[Known] = []

    def hooks(self) -> KeeperHooks:
        return KeeperHooks(
            self.failures.append, lambda there, said: self.links.append((there, said)), self.learned.extend
        )

    def call(self, one: Callable[[], None]) -> None:
        self.soon.append(one)

    def run(self) -> None:
        soon, self.soon = self.soon, []
        for one in soon:
            one()


class Clock:
    def __init__(self) -> None:
        self.s = 1000.0

    def __call__(self) -> float:
        return self.s


@pytest.fixture
def loop() -> Loop:
    return Loop()


@pytest.fixture
def clock() -> Clock:
    return Clock()


def _keeper(shared: SharedMarks, loop: Loop, clock: Clock) -> MarkKeeper:
    return MarkKeeper(shared, loop.call, loop.hooks(), monotonic_s=clock)


class _Counting(SharedMarks):
    """Says how many transactions each kind of call took, and is away when it is told to be."""

    calls: list[tuple[str, int]]
    away = 0

    def mark(self, batches: Sequence[MarkBatch]) -> list[Marked]:
        self._asked("mark", len(batches))
        return super().mark(batches)

    def claim(self, names: Sequence[StreamName], whole: bool = False) -> tuple[list[Claimed], list[StreamName]]:
        self._asked("claim", len(names))
        return super().claim(names, whole)

    def _asked(self, what: str, size: int) -> None:
        self.calls.append((what, size))
        if self.away:
            self.away -= 1
            raise AwayError("the server is closed")


@pytest.fixture
def counting(start: Start, now: Now) -> Iterator[_Counting]:
    shared = _Counting(start("other")._session.url, "a", Limits(), now)
    shared.calls = []
    shared.register()
    yield shared
    shared.close()


def test_what_waits_is_one_transaction_and_is_answered_in_order(counting: _Counting, loop: Loop, clock: Clock) -> None:
    keeper = _keeper(counting, loop, clock)
    claimed: list[Claimed] = []
    keeper.claim([stream(1)], claimed.extend)
    keeper.claim([stream(2), stream(1)], claimed.extend)
    keeper.turn()
    assert claimed == []
    loop.run()
    assert [one.name for one in claimed] == [stream(1), stream(2), stream(1)]
    answered: list[int] = []
    for commit in range(5):
        keeper.mark(batch(commit, Moved(stream(1), 1, 0, commit, None)), lambda one: answered.append(one.commit))
    assert keeper.state.waiting == 5
    keeper.turn()
    loop.run()
    assert answered == [0, 1, 2, 3, 4]
    assert counting.calls == [("claim", 2), ("mark", 5)]
    assert keeper.state[:5] == (True, 0, 0, 4, 3)


def test_a_claim_is_never_older_than_a_batch_handed_over_before_it(
    counting: _Counting, loop: Loop, clock: Clock
) -> None:
    keeper = _keeper(counting, loop, clock)
    keeper.claim([stream()], lambda _: None)
    keeper.turn()
    for commit in range(2 * MAX_BATCHES + 1):
        keeper.mark(batch(commit, Moved(stream(), 1, 0, commit, None)), lambda _: None)
    found: list[Claimed] = []
    keeper.claim([stream()], found.extend)
    for _ in range(3):
        assert found == []
        keeper.turn()
        loop.run()
    assert found[0].mark == 2 * MAX_BATCHES


def test_a_claim_waits_for_the_hold_and_others_are_answered_meanwhile(
    start: Start, now: Now, loop: Loop, clock: Clock
) -> None:
    other = start("other")
    other.claim([stream(1)])
    keeper = _keeper(start("a"), loop, clock)
    contended: list[Claimed] = []
    free: list[Claimed] = []
    keeper.claim([stream(1), stream(2)], contended.extend)
    keeper.claim([stream(3)], free.extend)
    keeper.turn()
    loop.run()
    assert (len(contended), len(free), keeper.state.claiming) == (0, 1, 1)
    waited_ms = 0.0
    while not contended:
        wait_s = keeper.turn()
        loop.run()
        if not contended:
            assert 0 < wait_s <= 1
            clock.s += wait_s
            now.later(wait_s * 1000)
            waited_ms += wait_s * 1000
            other.beat()
    assert HOLD_MS <= waited_ms <= HOLD_MS + 100
    assert {(one.name, one.token) for one in contended} == {(stream(1), 2), (stream(2), 1)}


def test_while_the_database_is_away_everything_waits_in_its_order(
    counting: _Counting, loop: Loop, clock: Clock
) -> None:
    keeper = _keeper(counting, loop, clock)
    counting.away = 4
    said: list[str] = []
    keeper.mark(batch(0), lambda _: said.append("0"))
    keeper.claim([stream()], lambda _: said.append("claimed"))
    waits = []
    for _ in range(4):
        waits.append(keeper.turn())
        assert keeper.turn() == pytest.approx(waits[-1]), "nothing is asked before the time"
        clock.s += waits[-1]
    assert waits == pytest.approx([BACK_OFF_S[0] * factor for factor in (1, 2, 4, 8)])
    assert not keeper.state.connected
    assert "the server is closed" in keeper.state.error
    keeper.mark(batch(1), lambda _: said.append("1"))
    keeper.turn()
    loop.run()
    assert said == ["0", "1", "claimed"]
    assert [there for there, _ in loop.links] == [False, True]
    assert (keeper.state.connected, keeper.state.error, loop.failures) == (True, "", [])


def test_attack_a_fenced_shard_answers_nothing_more_and_says_so_once(start: Start, loop: Loop, clock: Clock) -> None:
    keeper = _keeper(start("a"), loop, clock)
    start("a")
    answered: list[Marked] = []
    keeper.mark(batch(0), answered.append)
    for _ in range(3):
        keeper.turn()
        loop.run()
    assert answered == []
    assert len(loop.failures) == 1
    assert "Another process was started as shard a" in loop.failures[0]


def test_a_defect_ends_the_keeper_and_its_sentence_has_no_values(start: Start, loop: Loop, clock: Clock) -> None:
    shared = start("a")
    with psycopg.connect(plain_url(shared._session.url)) as other:
        other.execute("ALTER TABLE fleet.streams RENAME TO gone")
    keeper = _keeper(shared, loop, clock)
    keeper.claim([stream(liid=b"secret")], lambda _: None)
    keeper.turn()
    loop.run()
    assert len(loop.failures) == 1
    assert "UndefinedTable" in loop.failures[0]
    assert "secret" not in loop.failures[0]


def test_news_reach_who_has_the_content(start: Start, loop: Loop, clock: Clock) -> None:
    other = start("other")
    keeper = _keeper(start("a"), loop, clock)
    keeper.claim([stream(kind=1)], lambda _: None)
    keeper.turn()
    known = nothing_known(b"L1", 1)._replace(target=TARGET_OK)
    other.mark([batch(0, known=(known,))])
    keeper.mark(batch(0, Moved(stream(), 1, 0, 1, None)), lambda _: None)
    clock.s += 1
    keeper.turn()
    loop.run()
    assert loop.learned == [known]
    clock.s += 1
    keeper.turn()
    loop.run()
    assert loop.learned == [known]


def test_the_sign_of_life_says_what_the_catalogue_shows(start: Start, now: Now, loop: Loop, clock: Clock) -> None:
    shared = start("a")
    keeper = _keeper(shared, loop, clock)
    keeper.turn()
    keeper.tell({"host": "h1"})
    now.later(5000)
    clock.s += 1
    keeper.turn()
    with psycopg.connect(plain_url(shared._session.url)) as other:
        assert other.execute("SELECT beat_us, about FROM fleet.shards").fetchall() == [(now.us, {"host": "h1"})]


def test_an_orderly_end_marks_what_waits_and_leaves(start: Start, loop: Loop) -> None:
    shared = start("a")
    keeper = MarkKeeper(shared, loop.call, loop.hooks())
    keeper.start()
    answered: list[int] = []
    for commit in range(300):
        keeper.mark(batch(commit), lambda one: answered.append(one.commit))
    keeper.stop()
    loop.run()
    assert answered == list(range(300))
    with psycopg.connect(plain_url(shared._session.url)) as other:
        assert other.execute("SELECT beat_us, last_commit FROM fleet.shards").fetchall() == [(0, 299)]


def test_an_orderly_end_with_more_than_one_turn_s_batches_goes_on_at_once(
    start: Start, loop: Loop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeper_module, "NEWS_S", 3600.0)
    keeper = MarkKeeper(start("a", Limits(lease_s=3 * 3600)), loop.call, loop.hooks())
    answered: list[int] = []
    for commit in range(2 * MAX_BATCHES + 1):
        keeper.mark(batch(commit), lambda one: answered.append(one.commit))
    keeper._stopping = True
    keeper.start()
    keeper.stop()
    loop.run()
    assert answered == list(range(2 * MAX_BATCHES + 1))


def test_what_comes_between_two_turns_is_asked_for_together(
    counting: _Counting, loop: Loop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeper_module, "GATHER_S", 3600.0)
    first, answered = threading.Event(), []
    keeper = MarkKeeper(counting, lambda one: (loop.call(one), first.set()), loop.hooks())
    keeper.mark(batch(0), lambda one: answered.append(one.commit))
    keeper.start()
    # The first is not kept waiting, and an orderly end waits for no turn.
    assert first.wait(60)
    for commit in range(1, 5):
        keeper.mark(batch(commit), lambda one: answered.append(one.commit))
    keeper.stop()
    loop.run()
    assert answered == [0, 1, 2, 3, 4]
    assert counting.calls == [("mark", 1), ("mark", 4)]


def test_nothing_and_too_much_are_no_claims(start: Start, loop: Loop, clock: Clock) -> None:
    with pytest.raises(LabError, match="at once"):
        _keeper(start("a"), loop, clock).claim([], lambda _: None)


class _Shard:
    """A collector's half as the keeper sees it: takes the next number of a stream it has, and forgets a stream it lost.
    `stored`: (stream, number) that was marked here and not lost."""

    def __init__(self, url: str, name: str, streams: Sequence[StreamName]) -> None:
        self.soon: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self.failures: list[str] = []
        shared = SharedMarks(url, name, Limits(lease_s=3, hold_ms=20))
        self.registered = shared.register()
        self.links: list[bool] = []
        hooks = KeeperHooks(self.failures.append, lambda there, _: self.links.append(there), lambda _: None)
        self.keeper = MarkKeeper(shared, self.soon.put, hooks)
        self.streams = streams
        self.tokens: dict[StreamName, int] = {}
        self.marks: dict[StreamName, int] = {}
        self.stored: list[tuple[StreamName, int]] = []
        self.answered: list[int] = []
        self.commit = 0

    def claimed(self, found: list[Claimed]) -> None:
        for one in found:
            if one.name not in self.tokens:
                self.tokens[one.name], self.marks[one.name] = one.token, one.mark

    def store(self) -> None:
        """A batch with the next number of every stream that is ours."""
        moved = []
        for name, token in self.tokens.items():
            self.marks[name] += 1
            moved.append(Moved(name, token, 0, self.marks[name], None))
        said = batch(self.commit, *moved)
        self.commit += 1
        self.keeper.mark(said, lambda answer: self.marked(said, answer))

    def marked(self, said: MarkBatch, answer: Marked) -> None:
        self.answered.append(answer.commit)
        for move in said.moved:
            if move.name not in answer.lost:
                self.stored.append((move.name, move.mark))
            elif self.tokens.get(move.name) == move.token:
                del self.tokens[move.name]

    def run(self, wait_s: float) -> None:
        with contextlib.suppress(queue.Empty):
            self.soon.get(timeout=wait_s)()
            while True:
                self.soon.get_nowait()()


@pytest.fixture(scope="module")
def own() -> Iterator[Server]:
    """A server that the test may crash."""
    with own_server() as server:
        yield server


def _crash(server: Server, url: str) -> None:
    """A server process dies of a wound: the postmaster ends all of them, and recovers from what was written ahead.
    Returns when it has recovered; a crash that comes while it recovers from another is none."""
    with (
        contextlib.suppress(psycopg.Error),
        psycopg.connect(plain_url(url), autocommit=True) as neighbour,
        psycopg.connect(plain_url(url), autocommit=True) as other,
    ):
        os.kill(other.info.backend_pid, signal.SIGKILL)
        neighbour.execute("SELECT pg_sleep(60)")
    while find_server(server.port, (server.user,)) is None:
        time.sleep(0.01)


@pytest.mark.parametrize("crashes", [0, 3])
def test_no_number_is_marked_by_two_shards_and_none_is_left_out_though_the_server_crashes(
    own: Server, crashes: int
) -> None:
    """Two shards take the same streams from each other as fast as they may; each stored number is one shard's, and
    together they are all of them."""
    chance = random.Random(7)
    names = [stream(number) for number in range(4)]
    with own.database() as url:
        shards = [_Shard(url, name, names) for name in ("a", "b")]
        for shard in shards:
            shard.keeper.start()
        killers = [threading.Timer(0.5 + 0.7 * number, _crash, (own, url)) for number in range(crashes)]
        for killer in killers:
            killer.start()
        asking: set[tuple[int, StreamName]] = set()
        recovered = [0, 0]
        while any(len(shard.answered) < before + 60 for shard, before in zip(shards, recovered, strict=True)):
            if any(one.is_alive() for one in killers):
                recovered = [len(shard.answered) for shard in shards]
            for number, shard in enumerate(shards):
                for name in names:
                    if name not in shard.tokens and (number, name) not in asking and chance.random() < 0.5:
                        asking.add((number, name))

                        def done(found: list[Claimed], key=(number, name), shard=shard) -> None:  # type: ignore[no-untyped-def]
                            asking.discard(key)
                            shard.claimed(found)

                        shard.keeper.claim([name], done)
                if shard.keeper.state.waiting < 5:
                    shard.store()
                shard.run(0.005)
                assert shard.failures == []
        for shard in shards:
            shard.keeper.stop()
            shard.run(0)
            assert shard.links == [False, True] * (len(shard.links) // 2)
            assert bool(shard.links) == bool(crashes)
            assert shard.answered == list(range(shard.commit))
        for name in names:
            numbers = [number for shard in shards for one, number in shard.stored if one == name]
            assert sorted(numbers) == list(range(len(numbers))), name
        assert any(number for number in shards[0].stored)
        assert any(number for number in shards[1].stored)
