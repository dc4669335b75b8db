"""A connection that waits for its streams: whatever is split, late, out of order, never answered, closed or paused."""

from __future__ import annotations

import random
import time
from typing import Any

import pytest

from collector.fleet.claiming import Claiming
from collector.fleet.names import Claimed, StreamName, nothing_known
from collector.stream_table import KIND_CC, KIND_IRI
from tests.collector.fleet.fakes import FakeShared
from tests.collector.fleet.together import Peer, Shard

LIID = "LAB-W"


@pytest.fixture
async def shard(lab: Any) -> Shard:
    lab.court.issue("O-W", LIID)
    now_us = time.time_ns() // 1000
    return Shard("a", lab.values(), FakeShared(), lambda: now_us)


def calls(records: Any, peer: Peer, count: int) -> None:
    for cin in range(1, count + 1):
        for number, octets in enumerate(records.call(LIID, cin, 4)):
            peer.add((cin, number), octets)


@pytest.mark.parametrize("seed", range(8))
async def test_a_stream_of_octets_split_anywhere_is_judged_as_it_was_sent(
    shard: Shard, records: Any, seed: int
) -> None:
    chance, peer = random.Random(seed), Peer(records)
    calls(records, peer, 5)
    octets = b"".join(one for _, one in peer.waiting)
    wire = shard.connect()
    while octets:
        size = chance.choice((1, 3, 50, 400, 2000))
        wire.feed(octets[:size])
        octets = octets[size:]
        if chance.random() < 0.1:
            shard.marks.answer_claim(chance.randrange(3))
            wire.feed(b"")
    await shard.settle()
    assert len(shard.store.rows) == 30
    assert shard.engine.totals.orders["O-W"].accepted == 30, "in order, and nothing of it twice"
    assert wire.protocol.position == sum(len(row.octets) for row in shard.store.rows)
    assert not shard.failures


async def test_other_connections_go_on_while_one_waits(shard: Shard, records: Any) -> None:
    one, other = shard.connect(), shard.connect()
    other.feed(records.sip(LIID, 2))
    shard.marks.answer_claim()
    one.feed(records.sip(LIID, 1))
    other.feed(records.sip(LIID, 2, "continue"))
    assert not one.reading and other.reading
    shard.flush()
    await shard.write()
    assert len(shard.store.rows) == 2


async def test_two_connections_that_want_one_stream_ask_for_it_once(shard: Shard, records: Any) -> None:
    one, other = shard.connect(), shard.connect()
    first, second = records.sip(LIID, 1), records.sip(LIID, 1, "continue")
    one.feed(first)
    other.feed(second)
    assert len(shard.marks.asked) == 1
    shard.marks.answer_claim()
    assert one.reading and other.reading
    await shard.settle()
    assert [row.number for row in shard.store.rows] == [0, 1]


async def test_a_claim_that_is_never_answered_closes_nobody_for_silence(shard: Shard, records: Any) -> None:
    wire = shard.connect()
    wire.feed(records.sip(LIID, 1)[:-1])
    wire.feed(b"")
    whole = shard.connect()
    whole.feed(records.sip(LIID, 2))
    for connection in list(shard.receiver.connections.values()):
        connection.check_time(shard.receiver.loop.time() + 1000)
    assert wire.closed, "half a record, and it is read"
    assert not whole.closed and not whole.reading


async def test_what_waits_goes_with_a_connection_that_is_closed_and_the_answer_comes_to_nothing(
    shard: Shard, records: Any
) -> None:
    wire = shard.connect()
    wire.feed(records.sip(LIID, 1))
    assert shard.receiver.spilled
    shard.close(wire)
    assert not shard.receiver.spilled
    assert shard.marks.answer_claim()
    await shard.settle()
    assert not shard.store.rows and not shard.failures
    again = shard.connect()
    again.feed(records.sip(LIID, 1, number=0))
    assert again.reading, "the stream is ours: nothing is asked again"


async def test_an_answer_while_nothing_is_read_is_used_when_there_is_room_again(shard: Shard, records: Any) -> None:
    wire = shard.connect()
    wire.feed(records.sip(LIID, 1))
    shard.receiver.pause()
    shard.marks.answer_claim()
    assert shard.engine.assembly.account.empty and not wire.reading
    shard.receiver.resume()
    assert wire.reading
    await shard.settle()
    assert len(shard.store.rows) == 1


async def test_room_again_does_not_wake_who_waits_for_a_claim(shard: Shard, records: Any) -> None:
    wire = shard.connect()
    wire.feed(records.sip(LIID, 1))
    shard.receiver.pause()
    shard.receiver.resume()
    assert not wire.reading and shard.engine.assembly.account.empty
    shard.marks.answer_claim()
    assert wire.reading


async def test_a_paused_link_is_not_fed_by_an_answer(shard: Shard, records: Any) -> None:
    """R-022: nothing more of a paused link is judged, before a supervisor lets it go on."""
    wire = shard.connect()
    wire.feed(records.sip(LIID, 1))
    shard.link.guard.paused = True
    shard.receiver.pause_link(shard.link)
    shard.marks.answer_claim()
    assert shard.engine.assembly.account.empty and not wire.reading
    shard.link.guard.paused = False
    shard.receiver.resume_link(shard.link)
    assert wire.reading and not shard.engine.assembly.account.empty


async def test_attack_a_flood_of_strangers_claims_nothing(shard: Shard, records: Any) -> None:
    wire = shard.connect()
    for cin in range(300):
        wire.feed(records.rtp(f"LAB-X{cin}", cin) + records.sip(f"LAB-X{cin}", cin))
    assert not shard.marks.asked and wire.reading
    await shard.settle()
    assert shard.engine.totals.unknown_counts.rejected == 600
    assert len(shard.engine._streams) == 0


async def test_attack_waiting_octets_are_bounded(shard: Shard, records: Any) -> None:
    shard.receiver.spill_octets = 5000
    wires = [shard.connect() for _ in range(40)]
    for cin, wire in enumerate(wires, 1):
        wire.feed(records.rtp(LIID, cin))
    assert shard.receiver.spilled <= 5000 + 16 * 1024
    assert any(wire.closed for wire in wires)
    assert {code for code, _ in shard.news} == {"TOO_MUCH_UNFINISHED"}


def test_a_stream_is_asked_for_once_and_who_waits_for_several_waits_for_all() -> None:
    asked: list[Any] = []
    applied: list[StreamName] = []
    woken: list[str] = []

    class Claims:
        def claim(self, names: Any, done: Any) -> None:
            asked.append((tuple(names), done))

    claiming = Claiming(Claims(), lambda one: applied.append(one.name))
    iri, cc = StreamName(b"L", 1, KIND_IRI), StreamName(b"L", 1, KIND_CC)
    claiming.claim([iri], lambda: woken.append("one"))
    claiming.claim([iri, cc], lambda: woken.append("both"))
    assert [names for names, _ in asked] == [(iri,), (cc,)]
    assert claiming.wanted == 2
    asked[1][1]([Claimed(cc, 1, 0, -1, (), nothing_known(b"L", 1))])
    assert woken == []
    asked[0][1]([Claimed(iri, 1, 0, -1, (), nothing_known(b"L", 1))])
    assert woken == ["one", "both"] and applied == [cc, iri]
    claiming.claim([iri], lambda: woken.append("again"))
    assert len(asked) == 3, "who is asked anew asks anew"
