"""Whose turn it is: even shares of octets among links, then among connections, a bounded backlog, nobody forgotten."""

from __future__ import annotations

import random
from collections import deque

from hypothesis import given, settings
from hypothesis import strategies as st

from collector.turns import QUANTUM_OCTETS, Turn, Turns

BACKLOG = 4 * QUANTUM_OCTETS
LEAST, MOST = 16 * 1024, 256 * 1024


class Reader:
    """A connection of the test: `supply` octets are there to be read; reads whatever it may while it is not resting."""

    def __init__(self, turns: Turns, link: str, supply: int) -> None:
        self.turns, self.supply = turns, supply
        self.turn = Turn(link, self._wake)
        self.resting = False
        self.taken = 0

    def _wake(self) -> None:
        self.resting = False

    def read(self, now_s: float) -> int:
        if self.resting or not self.supply:
            return 0
        offered = self.turns.read_octets(self.turn, LEAST, MOST)
        octets = min(offered, self.supply)
        self.supply -= octets
        self.taken += octets
        self.resting = self.turns.judged(self.turn, self.taken, octets, octets == offered, now_s)
        return octets


class Table:
    """The turns and their readers, and the writer that makes octets durable in the order they were read."""

    def __init__(self, *readers: tuple[str, int]) -> None:
        self.turns = Turns(BACKLOG, BACKLOG)
        self.readers = [Reader(self.turns, link, supply) for link, supply in readers]
        self._flying: deque[tuple[Reader, int]] = deque()
        self.now_s = 0.0

    def add(self, link: str, supply: int) -> Reader:
        self.readers.append(Reader(self.turns, link, supply))
        return self.readers[-1]

    def play(self, rounds: int, commit: int) -> None:
        """Each round everybody reads once, then `commit` octets become durable, then turns are given."""
        for _ in range(rounds):
            self.now_s += 0.001
            self._flying += [(one, octets) for one in self.readers if (octets := one.read(self.now_s))]
            room = commit
            while self._flying and room > 0:
                reader, octets = self._flying.popleft()
                done = min(octets, room)
                room -= done
                self.turns.settled(reader.turn, reader.turn.settled + done)
                if done < octets:
                    self._flying.appendleft((reader, octets - done))
            for turn in self.turns.give():
                turn.wake()


def test_alone_a_connection_reads_as_much_as_there_is_room_for() -> None:
    table = Table(("hi3", 1 << 30))
    (one,) = table.readers
    assert table.turns.read_octets(one.turn, LEAST, MOST) == MOST
    table.play(100, 128 * 1024)
    assert one.taken >= 99 * 128 * 1024
    assert table.turns.backlog <= BACKLOG + MOST


def test_connections_with_more_to_send_get_even_shares_of_octets() -> None:
    table = Table(*((f"link-{number}", 1 << 30) for number in range(10)))
    table.play(2_000, QUANTUM_OCTETS)
    taken = [one.taken for one in table.readers]
    assert max(taken) <= 1.1 * min(taken)


def test_a_link_does_not_get_more_by_opening_more_connections() -> None:
    table = Table(*[("many", 1 << 30)] * 50)
    single = table.add("single", 1 << 30)
    table.play(4_000, QUANTUM_OCTETS)
    many = [one.taken for one in table.readers[:50]]
    assert 0.85 < single.taken / sum(many) < 1.15
    assert max(many) <= 1.5 * min(many)


def test_who_sends_less_than_its_share_never_waits() -> None:
    table = Table(*((f"flood-{number}", 1 << 40) for number in range(20)))
    small = table.add("small", 0)
    for _ in range(500):
        small.supply += 500
        table.play(1, QUANTUM_OCTETS)
        assert not small.supply and not small.resting


def test_the_backlog_is_short_only_while_somebody_sends_less_than_its_share() -> None:
    table = Table(*((f"flood-{number}", 1 << 40) for number in range(4)))
    turns = table.turns = Turns(BACKLOG, 16 * BACKLOG)
    for one in table.readers:
        one.turns = turns
    table.play(300, QUANTUM_OCTETS)
    assert turns.bound == 16 * BACKLOG and turns.backlog > 12 * BACKLOG
    small = table.add("small", 0)
    for _ in range(600):
        small.supply += 500
        table.play(1, QUANTUM_OCTETS)
        assert not small.resting
    assert turns.bound == BACKLOG and turns.backlog <= BACKLOG + QUANTUM_OCTETS
    # It is remembered for a minute, and a closed one not at all.
    table.now_s += 58.0
    table.play(5, QUANTUM_OCTETS)
    assert turns.bound == BACKLOG
    table.now_s += 3.0
    table.play(60, QUANTUM_OCTETS)
    assert turns.bound == 16 * BACKLOG
    small.supply = 500
    table.play(60, QUANTUM_OCTETS)
    small.supply = 500
    table.play(1, QUANTUM_OCTETS)
    assert turns.bound == BACKLOG
    turns.forget(small.turn)
    assert turns.bound == 16 * BACKLOG


def test_one_that_fell_silent_in_its_turn_keeps_nobody_waiting() -> None:
    table = Table(*((f"silent-{number}", BACKLOG) for number in range(8)))
    table.play(3, 0)
    assert table.turns.waiting
    for one in table.readers:
        one.supply = 0
    loud = table.add("loud", 1 << 30)
    table.play(300, QUANTUM_OCTETS)
    assert loud.taken > 100 * QUANTUM_OCTETS


def test_a_closed_connection_leaves_nothing_behind() -> None:
    table = Table(*[("hi3", 1 << 30)] * 6)
    table.play(4, 0)
    turns = table.turns
    assert turns.waiting and turns.backlog
    for one in table.readers:
        turns.forget(one.turn)
    assert (turns.waiting, turns.backlog, turns.give()) == (0, 0, [])


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 1 << 32), links=st.integers(1, 5), connections=st.integers(1, 12))
def test_whatever_comes_everything_is_read_in_the_end_and_the_backlog_is_bounded(
    seed: int, links: int, connections: int
) -> None:
    chance = random.Random(seed)
    table = Table(*((f"link-{chance.randrange(links)}", 0) for _ in range(connections)))
    sent = 0
    for _ in range(60):
        for one in table.readers:
            octets = chance.choice([0, 0, 300, 5_000, 100_000, 700_000])
            one.supply += octets
            sent += octets
        table.play(1, chance.choice([0, 50_000, QUANTUM_OCTETS, 500_000]))
        # Whoever is read may read once more before it is seen to have more.
        assert table.turns.backlog <= BACKLOG + connections * MOST
    table.play(600, 1 << 20)
    assert sum(one.taken for one in table.readers) == sent
    assert table.turns.backlog == 0 and not table.turns.waiting
