"""Two shards and one truth: what is acknowledged is stored exactly once, whatever moves and whenever.

Two collectors with real tables, lanes, assemblies and connections, over a shared database and stores that do nothing
before the test says so (`together`).
"""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from collector.fleet.names import StreamName
from collector.fleet.stage import message_digest
from collector.receive import STREAM_MOVED
from collector.stream_table import KIND_CC, KIND_IRI, TARGET_MISMATCH, TARGET_OK
from mediation.law.verdicts import VerdictKind
from tests.collector.fleet.fakes import FakeShared
from tests.collector.fleet.together import Peer, Shard, turn

LIID = "LAB-W"
CC = StreamName(LIID.encode(), 1, KIND_CC)
IRI = StreamName(LIID.encode(), 1, KIND_IRI)


class World:
    def __init__(self, lab: Any, records: Any) -> None:
        lab.court.issue("O-W", LIID)
        self.records = records
        self.shared = FakeShared()
        self._values = lab.values()
        self.now_us = time.time_ns() // 1000
        # However slow the machine is, no record is of another time than the shards'.
        records.clock = lambda: self.now_us
        self.shards: dict[str, Shard] = {}
        self.numbers: Counter[tuple[int, int]] = Counter()

    def shard(self, name: str) -> Shard:
        self.shards[name] = Shard(name, self._values, self.shared, lambda: self.now_us)
        return self.shards[name]

    def peer(self) -> Peer:
        return Peer(self.records)

    def stored(self) -> Counter[tuple[bytes, int, int, int]]:
        return Counter(
            (row.liid, row.cin, row.kind, row.number) for shard in self.shards.values() for row in shard.store.standing
        )

    def check(self, acknowledged: list[tuple[bytes, int, int, int]]) -> None:
        """What peers were told is kept is stored once; nothing is stored twice; every account balances."""
        stored = self.stored()
        assert all(count == 1 for count in stored.values()), "stored twice"
        assert not [name for name in acknowledged if stored[name] != 1], "acknowledged and not stored"
        for shard in self.shards.values():
            assert not shard.failures
            assert shard.engine.totals.balanced
            kept = sum(one.kept for one in shard.engine.totals.orders.values())
            voided = sum(shard.engine.totals.voided.values())
            assert kept == len(shard.store.rows)
            assert voided == len(shard.store.voids)


@pytest.fixture
async def world(lab: Any, records: Any) -> World:
    return World(lab, records)


def call(world: World, peer: Peer, cin: int = 1, packets: int = 6) -> None:
    """A call's signalling and content, each record by its name."""
    records = world.records
    for kind, octets in (
        (KIND_IRI, records.sip(LIID, cin)),
        *((KIND_CC, records.rtp(LIID, cin)) for _ in range(packets)),
        (KIND_IRI, records.sip(LIID, cin, "end", method="BYE", to_tag="b")),
    ):
        peer.add((LIID.encode(), cin, kind, world.numbers[cin, kind]), octets)
        world.numbers[cin, kind] += 1


async def test_a_call_at_one_shard_is_claimed_stored_marked_and_only_then_acknowledged(world: World) -> None:
    shard, peer = world.shard("a"), world.peer()
    call(world, peer)
    peer.connect(shard)
    peer.send(8)
    assert shard.marks.asked == [(IRI, CC)], "one question for all that it brings"
    assert not shard.store.batches and not peer.wire.reading
    assert shard.marks.answer_claim()
    assert peer.wire.reading
    shard.flush()
    await shard.write()
    assert len(shard.store.rows) == 8
    assert shard.engine.assembly.in_flight == 0 and shard.engine.assembly.unmarked == 1
    assert not peer.wire.written, "durable is not acknowledged"
    assert not shard.engine.totals.orders
    assert shard.marks.answer_mark()
    peer.hear()
    assert len(peer.acknowledged) == 8
    assert world.shared.streams[CC].mark == 5 and world.shared.streams[IRI].mark == 1
    world.check(peer.acknowledged)


async def test_a_stream_goes_on_at_another_shard_where_it_stood(world: World) -> None:
    one, two, peer = world.shard("a"), world.shard("b"), world.peer()
    call(world, peer)
    peer.connect(one)
    peer.send(4)
    await one.settle()
    peer.hear()
    one.close(peer.wire)
    peer.connect(two)
    peer.send(4)
    await two.settle()
    peer.hear()
    assert not peer.waiting
    assert [row.number for row in two.store.standing if row.kind == KIND_CC] == [3, 4, 5]
    assert {row.verdict for row in two.store.standing} == {int(VerdictKind.ACCEPT)}, "no gap, no early content"
    world.check(peer.acknowledged)


async def test_a_record_delivered_to_two_shards_is_stored_once(world: World) -> None:
    one, two = world.shard("a"), world.shard("b")
    peer, twin = world.peer(), world.peer()
    call(world, peer)
    twin.waiting = list(peer.waiting)
    peer.connect(one)
    peer.send(8)
    await one.settle()
    twin.connect(two)
    twin.send(8)
    await two.settle()
    for each in (peer, twin):
        each.hear()
        assert not each.waiting, "the second is acknowledged too: it is kept"
    assert two.engine.totals.orders["O-W"].duplicate == 8
    world.check(peer.acknowledged)


async def test_gaps_go_with_the_stream_and_are_filled_elsewhere(world: World) -> None:
    one, two, peer = world.shard("a"), world.shard("b"), world.peer()
    call(world, peer)
    late = peer.waiting.pop(3)
    peer.connect(one)
    peer.send(7)
    await one.settle()
    peer.hear()
    assert world.shared.streams[CC].gaps == ((0, 2, 2),)
    one.close(peer.wire)
    peer.waiting = [late]
    peer.connect(two)
    peer.send(1)
    await two.settle()
    peer.hear()
    assert [row.number for row in two.store.standing] == [2]
    assert two.engine.totals.orders["O-W"].reasons == {"OUT_OF_ORDER": 1}
    assert world.shared.streams[CC].gaps == ()
    world.check(peer.acknowledged)


async def test_signalling_at_one_shard_lets_content_through_at_another(world: World) -> None:
    one, two, peer = world.shard("a"), world.shard("b"), world.peer()
    call(world, peer)
    hi2, hi3 = world.peer(), world.peer()
    hi2.waiting = [each for each in peer.waiting if each[0][2] == KIND_IRI]
    hi3.waiting = [each for each in peer.waiting if each[0][2] == KIND_CC]
    hi2.connect(one)
    hi2.send(1)
    await one.settle()
    hi3.connect(two)
    hi3.send(6)
    await two.settle()
    assert {row.verdict for row in two.store.standing} == {int(VerdictKind.ACCEPT)}
    slot = two.engine.liids.intern(LIID.encode())
    assert world.shared.known[CC[:2]].target == TARGET_OK and slot >= 0


async def test_a_wrong_target_found_at_one_shard_holds_content_at_another(world: World) -> None:
    one, two = world.shard("a"), world.shard("b")
    early, signalling = world.peer(), world.peer()
    early.add("cc", world.records.rtp(LIID, 1))
    early.connect(two)
    early.send(1)
    await two.settle()
    signalling.add("iri", world.records.sip(LIID, 1, caller="12125550177", callee="12125550178"))
    signalling.connect(one)
    signalling.send(1)
    await one.settle()
    assert world.shared.known[CC[:2]].target == TARGET_MISMATCH
    early.add("cc", world.records.rtp(LIID, 1))
    early.send(1)
    await two.settle()
    assert [(stray.liid, stray.cin) for stray in two.engine.careful.strays] == [(LIID.encode(), 1)]
    early.add("cc", world.records.rtp(LIID, 1))
    early.send(1)
    await two.settle()
    assert two.engine.totals.orders["O-W"].rejected == 1


# Where the records of a stream are when another shard takes it.


async def _in_the_open_batch(shard: Shard, peer: Peer) -> None:
    peer.send(2)


async def _in_flight(shard: Shard, peer: Peer) -> None:
    peer.send(2)
    shard.flush()


async def _durable_and_not_marked(shard: Shard, peer: Peer) -> None:
    peer.send(2)
    shard.flush()
    await shard.write()


async def _waiting_in_a_connection(shard: Shard, peer: Peer) -> None:
    shard.engine._streams.unclaim(shard.engine._streams.slot_of(0, 1, KIND_CC))
    peer.send(2)
    assert shard.marks.claims


async def _everywhere(shard: Shard, peer: Peer) -> None:
    await _durable_and_not_marked(shard, peer)
    await _in_flight(shard, peer)
    await _in_the_open_batch(shard, peer)


STATES = [_in_the_open_batch, _in_flight, _durable_and_not_marked, _waiting_in_a_connection, _everywhere]


async def _peer_goes_over(one: Shard, two: Shard, peer: Peer) -> None:
    """Its connection broke; what nobody answered for comes again, at the other shard, which takes the stream."""
    one.close(peer.wire)
    peer.connect(two)
    peer.send(100)
    await two.settle()


async def _a_twin_comes_elsewhere(one: Shard, two: Shard, peer: Peer) -> None:
    """The same records come to the other shard too, over another link; the first connection is still open."""
    twin = Peer(peer.records)
    twin.waiting = list(peer.waiting)
    twin.connect(two)
    twin.send(100)
    await two.settle()
    twin.hear()
    peer.acknowledged += twin.acknowledged


async def _taken_and_taken_back(one: Shard, two: Shard, peer: Peer) -> None:
    """The other shard takes the stream with one record, and the first takes it back with the next."""
    two.marks.shared.claim("b", [CC, IRI])
    twin = Peer(peer.records)
    twin.waiting = list(peer.waiting)
    twin.connect(one)
    twin.send(100)
    await one.settle()


EVENTS = [_peer_goes_over, _a_twin_comes_elsewhere, _taken_and_taken_back]
Step = Callable[..., Any]


@pytest.mark.parametrize("event", EVENTS, ids=lambda one: one.__name__)
@pytest.mark.parametrize("state", STATES, ids=lambda one: one.__name__)
async def test_a_stream_is_lost_wherever_its_records_are(world: World, state: Step, event: Step) -> None:
    one, two, peer = world.shard("a"), world.shard("b"), world.peer()
    call(world, peer, packets=12)
    peer.connect(one)
    peer.send(2)
    await one.settle()
    peer.hear()
    assert len(peer.acknowledged) == 2
    await state(one, peer)
    await event(one, two, peer)
    await one.settle()
    peer.hear()
    if peer.gone:
        peer.connect(two)
        peer.send(100)
    for _ in range(3):
        await two.settle()
        await one.settle()
        peer.hear()
    if peer.gone:
        peer.connect(two)
        peer.send(100)
        await two.settle()
        peer.hear()
    world.check(peer.acknowledged)
    assert len(set(peer.acknowledged)) == 14 or not peer.waiting


async def test_the_loser_closes_without_an_answer_and_voids(world: World) -> None:
    one, two, peer = world.shard("a"), world.shard("b"), world.peer()
    call(world, peer)
    peer.connect(one)
    peer.send(8)
    one.marks.answer_claim()
    one.flush()
    await one.write()
    two.marks.shared.claim("b", [CC])
    assert one.marks.answer_mark()
    assert peer.wire.closed and not peer.wire.written
    assert one.news == [(STREAM_MOVED, one.news[0][1])]
    assert {row.kind for row in one.store.standing} == {KIND_IRI}, "only what was lost is voided"
    assert set(one.store.voids.values()) == {"lost"}
    assert not one.engine._streams.claimed(one.engine._streams.slot_of(0, 1, KIND_CC))
    assert one.engine._streams.claimed(one.engine._streams.slot_of(0, 1, KIND_IRI))
    world.check([])


async def test_writing_does_not_wait_for_marking_and_reading_stops_where_memory_ends(world: World) -> None:
    """The shared database is away: batches are written one after the other, arenas are held, reading pauses, and all
    goes on when it is back."""
    shard, peer = world.shard("a"), world.peer()
    call(world, peer, packets=20)
    peer.connect(shard)
    peer.send(4)
    shard.marks.answer_claim()
    pool = shard.engine.assembly.pool
    while not shard.receiver.paused:
        peer.send(1)
        shard.flush()
        arena = shard.engine.assembly.arena
        if arena is not None:
            # As if large records had filled it.
            arena.filled = arena.octets - 1
        await shard.write()
        assert shard.engine.assembly.in_flight == 0
    assert pool.available == 0
    assert not peer.wire.written
    while shard.marks.answer_mark():
        pass
    assert not shard.receiver.paused and pool.available > 0
    peer.send(100)
    await shard.settle()
    peer.hear()
    assert not peer.waiting
    world.check(peer.acknowledged)


async def test_a_mark_that_is_asked_twice_is_answered_as_the_first_time(world: World) -> None:
    shard, peer = world.shard("a"), world.peer()
    call(world, peer)
    peer.connect(shard)
    peer.send(8)
    shard.marks.answer_claim()
    shard.flush()
    await shard.write()
    batch, done = shard.marks.batches.popleft()
    first = world.shared.mark("a", batch)
    world.shared.claim("b", [CC])
    again = world.shared.mark("a", batch)
    assert first == again and not again.lost
    done(again)
    peer.hear()
    assert len(peer.acknowledged) == 8


@pytest.mark.parametrize("seed", range(25))
async def test_whatever_moves_whenever_what_is_acknowledged_is_stored_once(world: World, seed: int) -> None:
    """Peers that send, break off, go over and send again; shards that write, mark and claim when chance says."""
    chance = random.Random(seed)
    shards = [world.shard(name) for name in "abc"]
    peers = [world.peer() for _ in range(4)]
    for cin, peer in enumerate(peers):
        for _ in range(3):
            call(world, peer, cin=1 + cin // 2 * 10 + cin % 2, packets=chance.randrange(1, 9))
    total = sum(len(peer.waiting) for peer in peers)
    for _ in range(400):
        peer, shard = chance.choice(peers), chance.choice(shards)
        act = chance.random()
        if peer.gone:
            peer.connect(shard)
        elif act < 0.4:
            peer.send(chance.randrange(1, 5), chance.choice((None, 1000, 97)))
        elif act < 0.5:
            await shard.write()
        elif act < 0.6:
            shard.marks.answer_mark()
        elif act < 0.75:
            shard.marks.answer_claim(chance.randrange(2))
        elif act < 0.85:
            shard.flush()
        elif act < 0.89:
            owner = next(one for one in shards if peer.wire in one.wires())
            peer.hear()
            owner.close(peer.wire)
            peer.wire = None
        for each in peers:
            if each.wire is not None:
                each.wire.feed(b"")
                each.hear()
    for _ in range(40):
        for peer in peers:
            if peer.gone:
                peer.connect(chance.choice(shards))
            peer.send(1000)
        for shard in shards:
            await shard.settle()
        for peer in peers:
            if peer.wire is not None:
                peer.hear()
        if not any(peer.waiting for peer in peers):
            break
    await turn()
    acknowledged = [name for peer in peers for name in peer.acknowledged]
    assert len(acknowledged) == total
    world.check(acknowledged)


# Records without a number


async def test_an_equal_message_that_another_shard_stored_first_is_voided_and_its_connection_lives(
    world: World,
) -> None:
    two, peer = world.shard("b"), world.peer()
    digest = message_digest("group", b"message")
    peer.add("cc", world.records.rtp(LIID, 1))
    peer.connect(two)
    world.shared.once[digest] = "a"
    peer.send(1)
    two.marks.answer_claim()
    account, rows = two.engine.assembly.account, two.engine.assembly.rows
    account.once.append((digest, rows.n - 1))
    await two.settle()
    peer.hear()
    assert two.store.voids == {0: "twice"} and not peer.wire.closed
    assert peer.acknowledged == ["cc"], "it is kept, by the other"
    assert two.engine.totals.voided.total() == 1


# Closes that the collector makes itself


async def test_a_close_is_made_by_who_holds_the_signalling(world: World) -> None:
    one, two, peer = world.shard("a"), world.shard("b"), world.peer()
    call(world, peer)
    hi3 = world.peer()
    hi3.waiting = [each for each in peer.waiting if each[0][2] == KIND_CC]
    peer.connect(one)
    peer.send(1)
    await one.settle()
    hi3.connect(two)
    hi3.send(3)
    await two.settle()
    made = []
    for shard in (one, two):
        order = shard.orders.current()[0]
        careful, assembly = shard.engine.careful, shard.engine.assembly
        made.append(len(careful.close_open(assembly, order, world.now_us, world.now_us)))
        await shard.settle()
    assert made == [1, 0]


async def test_a_close_under_a_stream_that_another_shard_has_taken_is_voided(world: World) -> None:
    one, peer = world.shard("a"), world.peer()
    call(world, peer)
    peer.connect(one)
    peer.send(3)
    await one.settle()
    world.shared.claim("b", [IRI])
    order = one.orders.current()[0]
    careful, assembly = one.engine.careful, one.engine.assembly
    assert len(careful.close_open(assembly, order, world.now_us, world.now_us)) == 1
    await one.settle()
    assert one.store.voids == {3: "lost"}


async def test_attack_a_call_without_a_number_is_one_communication_wherever_it_goes(world: World) -> None:
    """What is decided on a call, minimised say, is decided by its number: another shard that made another number of it
    would show what is withheld."""
    a, b = world.shard("a"), world.shard("b")
    numbers = [shard.engine.laes._names.own_number(b"LAB-W", "call-7") for shard in (a, b)]
    assert numbers[0] is not None and numbers[0] == numbers[1]
    assert a.engine.recorder._names.number(b"LAB-W", "R/1") == b.engine.recorder._names.number(b"LAB-W", "R/1")
