"""The lease of a stream against a model: three shards over one database claim, mark, lose, die, come back and are
fenced.

The model is the rules of `collector.fleet.shared` in a few lines of Python; whatever order things happen in, the
database says the same, and a number is never marked by two shards.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from collector.fleet.names import FencedError, Gaps, MarkBatch, Marked, Moved, StreamName
from collector.fleet.session import AwayError
from collector.fleet.shared import Limits, SharedMarks
from collector.fleet.tables import plain_url
from lab.postgres import Server
from tests.collector.fleet.conftest import next_marking_dies

LIMITS = Limits(lease_s=3.0, hold_ms=250)
SHARDS = ("a", "b", "c")
STREAMS = 3
EXAMPLES = itertools.count()


@dataclass
class Stream:
    owner: str
    token: int
    claimed_us: int
    mark: int = -1
    gaps: Gaps = ()


@dataclass
class Shard:
    """`held`: the newest token it was given of a stream. `pending`: batches whose answer did not come, with the
    answer of those that came through."""

    marks: SharedMarks
    incarnation: int = 1
    commit: int = 0
    last: int = -1
    beat_us: int = 0
    held: dict[StreamName, int] = field(default_factory=dict)
    pending: list[MarkBatch] = field(default_factory=list)
    answers: dict[int, Marked] = field(default_factory=dict)
    owed: dict[int, Marked] = field(default_factory=dict)


class Lease(RuleBasedStateMachine):
    """`url` and `looking`, a connection of the test's own, are set by who runs it."""

    url = ""
    looking: psycopg.Connection[tuple[Any, ...]]

    def __init__(self) -> None:
        super().__init__()
        self.now_us = 1_700_000_000_000_000
        self.example = next(EXAMPLES)
        self.names = [StreamName(b"E%d" % self.example, number, number & 1) for number in range(STREAMS)]
        self.streams: dict[StreamName, Stream] = {}
        self.zombies: list[SharedMarks] = []
        self.shards: dict[str, Shard] = {}

    @initialize()
    def begin(self) -> None:
        for name in SHARDS:
            self.shards[name] = Shard(self._start(name), beat_us=self.now_us)
        for number, name in enumerate(SHARDS):
            self.claim(name, {number}, False)

    def _start(self, name: str, incarnation: int = 1) -> SharedMarks:
        marks = SharedMarks(self.url, f"{name}{self.example}", LIMITS, lambda: self.now_us)
        registered = marks.register()
        assert registered.incarnation == incarnation
        if incarnation > 1:
            shard = self.shards[name]
            assert registered.last_commit == shard.last
            assert registered.owed == tuple(shard.owed[commit] for commit in sorted(shard.owed))
        return marks

    @rule(ms=st.sampled_from([1, 100, 249, 250, 1000, 3001]))
    def time_passes(self, ms: int) -> None:
        self.now_us += ms * 1000

    @rule(name=st.sampled_from(SHARDS))
    def beat(self, name: str) -> None:
        self.shards[name].marks.beat()
        self.shards[name].beat_us = self.now_us

    def _free(self, name: str, stream: Stream) -> bool:
        alive = self.now_us - self.shards[stream.owner].beat_us <= LIMITS.lease_s * 1e6
        held = alive and self.now_us - stream.claimed_us < LIMITS.hold_ms * 1000
        return stream.owner == name or not held

    @rule(name=st.sampled_from(SHARDS), which=st.sets(st.integers(0, STREAMS - 1), min_size=1), whole=st.booleans())
    def claim(self, name: str, which: set[int], whole: bool) -> None:
        shard = self.shards[name]
        names = [self.names[number] for number in sorted(which)]
        free = [one for one in names if one not in self.streams or self._free(name, self.streams[one])]
        if whole and free != names:
            free = []
        claimed, waiting = shard.marks.claim(names, whole)
        assert {one.name for one in claimed} == set(free)
        assert waiting == [one for one in names if one not in free]
        for one in claimed:
            stream = self.streams.setdefault(one.name, Stream(name, 1, self.now_us))
            if stream.owner != name:
                stream.token += 1
            stream.owner, stream.claimed_us = name, self.now_us
            assert (one.token, one.mark, one.gaps) == (stream.token, stream.mark, stream.gaps)
            shard.held[one.name] = one.token

    @rule(
        name=st.sampled_from(SHARDS),
        moves=st.lists(
            st.tuples(st.integers(0, STREAMS - 1), st.sampled_from([0, 0, -1, 1]), st.none() | st.integers(0, 3)),
            min_size=1,
            max_size=STREAMS,
            unique_by=lambda move: move[0],
        ),
        fault=st.sampled_from(["", "", "before", "behind"]),
    )
    def mark(self, name: str, moves: list[tuple[int, int, int | None]], fault: str) -> None:
        """The next number of each stream, under the token it had or another; the connection may die at the commit."""
        shard = self.shards[name]
        moved = []
        for number, beside, gaps in moves:
            stream = self.names[number]
            standing = self.streams.get(stream)
            mark = 0 if standing is None else standing.mark + 1
            said = None if gaps is None else tuple((0, at, at) for at in range(gaps))
            moved.append(Moved(stream, shard.held.get(stream, 1) + beside, 0, mark, said))
        shard.pending.append(MarkBatch(shard.commit, shard.commit, "", tuple(moved), (), ()))
        shard.commit += 1
        self._say(name, fault)

    @precondition(lambda self: any(shard.pending for shard in self.shards.values()))
    @rule()
    def the_same_again(self) -> None:
        for name, shard in self.shards.items():
            if shard.pending:
                self._say(name, "")

    def _say(self, name: str, fault: str) -> None:
        shard = self.shards[name]
        if fault:
            shard.marks.beat()
            next_marking_dies(shard.marks, fault == "behind")
            with pytest.raises(AwayError):
                shard.marks.mark(shard.pending)
            if fault == "behind":
                self._apply(name)
            shard.beat_us = self.now_us
            return
        answers = shard.marks.mark(shard.pending)
        self._apply(name)
        assert answers == [shard.answers[batch.commit] for batch in shard.pending]
        shard.pending.clear()

    def _apply(self, name: str) -> None:
        """One transaction: what is not marked yet of what is pending."""
        shard = self.shards[name]
        new = [batch for batch in shard.pending if batch.commit > shard.last]
        taken: dict[StreamName, tuple[int, Gaps]] = {}
        for batch in new:
            lost = set()
            for move in batch.moved:
                stream = self.streams.get(move.name)
                if stream is None or (stream.owner, stream.token) != (name, move.token):
                    lost.add(move.name)
                    continue
                before = taken.get(move.name, (0, stream.gaps))[1]
                taken[move.name] = (move.mark, before if move.gaps is None else move.gaps)
            answer = Marked(batch.commit, frozenset(lost), frozenset(), ())
            shard.answers[batch.commit] = answer
            if lost:
                shard.owed[batch.commit] = answer
            shard.last = batch.commit
        for stream_name, (mark, gaps) in taken.items():
            self.streams[stream_name].mark, self.streams[stream_name].gaps = mark, gaps
        if new:
            shard.beat_us = self.now_us

    @rule(name=st.sampled_from(SHARDS))
    def dies_and_comes_back(self, name: str) -> None:
        shard = self.shards[name]
        self.zombies.append(shard.marks)
        shard.incarnation += 1
        shard.marks = self._start(name, shard.incarnation)
        shard.beat_us = self.now_us

    @precondition(lambda self: self.zombies)
    @rule(data=st.data())
    def attack_a_zombie_goes_on(self, data: Any) -> None:
        zombie = data.draw(st.sampled_from(self.zombies))
        batch = MarkBatch(10_000, 0, "", tuple(Moved(one, 1, 0, 99, None) for one in self.names), (), ())
        for attempt in (lambda: zombie.mark([batch]), lambda: zombie.claim(self.names), zombie.beat):
            with pytest.raises(FencedError):
                attempt()

    @precondition(lambda self: any(shard.owed for shard in self.shards.values()))
    @rule(data=st.data())
    def settle(self, data: Any) -> None:
        name = data.draw(st.sampled_from([name for name, shard in self.shards.items() if shard.owed]))
        shard = self.shards[name]
        commit = data.draw(st.sampled_from(sorted(shard.owed)))
        # Only what was answered is settled: who has not heard cannot have voided.
        if not shard.pending:
            shard.marks.settle(commit)
            shard.owed = {one: answer for one, answer in shard.owed.items() if one > commit}

    @invariant()
    def the_database_is_as_the_model(self) -> None:
        rows = self.looking.execute(
            "SELECT x.liid, x.cin, x.kind, s.shard, x.token, x.mark FROM fleet.streams x "
            "JOIN fleet.shards s ON s.id = x.owner WHERE x.liid = %s",
            (b"E%d" % self.example,),
        ).fetchall()
        found = {StreamName(*row[:3]): row[3:] for row in rows}
        assert found == {
            name: (f"{stream.owner}{self.example}", stream.token, stream.mark) for name, stream in self.streams.items()
        }

    def teardown(self) -> None:
        for marks in (*self.zombies, *(shard.marks for shard in self.shards.values())):
            marks.close()


@pytest.mark.timeout(600)
def test_the_lease_is_as_the_model_in_every_order(server: Server) -> None:
    with server.database() as url:
        first = SharedMarks(url, "first")
        first.register()
        first.close()

        class Here(Lease):
            pass

        Here.url = url
        Here.looking = psycopg.connect(plain_url(url), autocommit=True)
        run_state_machine_as_test(
            Here,
            settings=settings(
                max_examples=10,
                stateful_step_count=40,
                deadline=None,
                derandomize=True,
                database=None,
                # An example is short enough to read as it is; each try at a shorter one asks a database again.
                phases=[Phase.generate],
                suppress_health_check=list(HealthCheck),
            ),
        )
