"""Listening while a call goes on: what is committed is heard, in order, and stops at once when it may not be."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest

from asn1.columns import KIND_IRI
from asn1.errors import RefusedError
from collector.console.model.live import ENDED, FLUSH_US, MAX_LISTENERS, SOUND, STOPPED, WAITING, Follower, live_head
from collector.console.model.scope import NotFoundError
from collector.standing import held, minimised, of_communication, of_order, released
from collector.store.index_events import IRI_END
from collector.store.store import Store
from mediation.law.orders import OrderId, order_uid
from mediation.law.verdicts import Reason
from tests.collector.console.conftest import open_library

FRAME_US = 20_000
FRAME_OCTETS = 320
"""Of one channel."""
LOUD = 32_256


@dataclass
class Call:
    """A call that goes on: `say` commits packets, one batch; `hear` is what a listener of one channel gets of it."""

    case: Any
    records: Any
    rtp: Callable[..., bytes]
    store: Store = field(init=False)
    follower: Follower = field(init=False)
    now_us: int = 1_700_000_000_000_000
    said: int = 0

    def __post_init__(self) -> None:
        self.store = self.case.open_store()
        self.follower = Follower(self.case.library)

    def say(self, packets: int = 5, direction: int = 0, cin: int = 1, payload: bytes = b"\xaa" * 160) -> None:
        rows = []
        for _ in range(packets):
            name = ("fromTarget", "toTarget")[direction]
            content = self.rtp(self.said, payload, ssrc=direction)
            record = self.records.rtp("LAB-0001", cin, content, direction=name, time_us=self.now_us)
            rows.append((record, {"event_us": self.now_us, "cin": cin, "direction": direction}))
            self.said += 1
            self.now_us += FRAME_US
        self.case.feed(self.store, *rows)

    def hang_up(self) -> None:
        record = self.records.sip("LAB-0001", 1, "end", method="BYE", to_tag="b")
        row = {"kind": KIND_IRI, "iri_type": IRI_END, "content_tag": -1, "direction": -1, "event_us": self.now_us}
        self.case.feed(self.store, (record, row))

    def listen(self, channel: str = "from_target", allowed: Callable[[], str] = lambda: "") -> Any:
        return self.follower.listen(self.case.scope(), "LAB-0001", 1, channel, allowed)

    def step(self, listener: Any, later_us: int = 0) -> Any:
        self.follower.poll()
        return listener.step(self.now_us + later_us)

    def hear(self, listener: Any) -> Any:
        """Everything that is there, also what was held back for late packets."""
        first, rest = self.step(listener), self.step(listener, 2 * FLUSH_US)
        return np.frombuffer(first.pcm + rest.pcm, "<i2")


@pytest.fixture
async def call(made: Any, sent: Any, records: Any, make_rtp: Any) -> Any:
    found = Call(await made(*sent), records, make_rtp)
    yield found
    found.store.close()


async def test_what_is_committed_is_heard_in_order_and_once(call: Call) -> None:
    listener = call.listen()
    assert call.step(listener).state == WAITING
    call.say(5)
    step = call.step(listener)
    assert (step.state, len(step.pcm), step.at_us) == (SOUND, 2 * FRAME_OCTETS, call.now_us - 5 * FRAME_US)
    assert step.sequence == call.case.library.shelves[0].reader.size - 4, "three frames are held back for what is late"
    call.say(3, payload=b"\xd5" * 160)
    whole = np.concatenate((np.frombuffer(step.pcm, "<i2"), call.hear(listener)))
    assert len(whole) == 8 * 160 and (whole[:800] == LOUD).all() and (np.abs(whole[800:]) <= 8).all()
    assert call.step(listener, FLUSH_US).state == WAITING
    assert listener.peaks().high[0] and b"SIMULATION" in live_head("mixed")


async def test_what_was_said_before_is_not_heard_and_another_call_neither(call: Call) -> None:
    call.say(5)
    listener = call.listen()
    call.say(2, cin=9)
    call.say(3)
    assert len(call.hear(listener)) == 3 * 160


async def test_each_way_has_its_channel(call: Call) -> None:
    listeners = {name: call.listen(name) for name in ("from_target", "to_target", "mixed", "stereo")}
    call.say(4, direction=1)
    heard = {name: call.hear(one) for name, one in listeners.items()}
    assert not heard["from_target"].any() and (heard["to_target"] == LOUD).all() and (heard["mixed"] == LOUD).all()
    assert len(heard["stereo"]) == 2 * len(heard["mixed"])


async def test_attack_sound_stops_within_a_step_when_access_ends_and_never_comes_back(call: Call) -> None:
    said = [""]
    listener = call.listen(allowed=lambda: said[0])
    call.say(5)
    assert call.step(listener).state == SOUND
    call.say(5)
    said[0] = "The grant ended with its order (R-074)."
    step = call.step(listener)
    assert (step.state, step.pcm, step.why) == (STOPPED, b"", said[0]) and call.follower.listeners == 0
    said[0] = ""
    call.say(5)
    assert call.step(listener, FLUSH_US).state == STOPPED


async def test_attack_access_that_ends_while_a_step_is_made_gives_no_sound(call: Call) -> None:
    answers = iter(["", "ended"])
    listener = call.listen(allowed=lambda: next(answers, "ended"))
    call.say(9)
    step = call.step(listener)
    assert (step.state, step.pcm) == (STOPPED, b"")


@pytest.mark.parametrize("what", ["order", "communication"])
async def test_attack_a_hold_or_minimisation_in_mid_listening_ends_it(call: Call, what: str) -> None:
    listener = call.listen()
    call.say(5)
    assert call.step(listener).state == SOUND
    if what == "order":
        call.case.decide(held(of_order(order_uid(OrderId("O-1"))), Reason.ORDER_LAPSED, call.now_us), store=call.store)
    else:
        call.case.decide(minimised(of_communication(b"LAB-0001", 1), call.now_us, "u", "INV"), store=call.store)
    call.say(5)
    step = call.step(listener)
    assert step.state == STOPPED and step.pcm == b"" and ("R-041" in step.why or "R-118" in step.why)
    lifted = Reason.ORDER_LAPSED
    call.case.decide(
        released(of_order(order_uid(OrderId("O-1"))), lifted, call.now_us, "j", "JUDGE", "g"), store=call.store
    )
    assert call.step(listener).state == STOPPED


async def test_attack_a_record_that_is_withheld_from_its_delivery_on_sounds_as_nothing(call: Call) -> None:
    listener = call.listen()
    call.say(2)
    octets = call.records.rtp("LAB-0001", 1, call.rtp(2), time_us=call.now_us)
    call.case.feed(call.store, (octets, {"event_us": call.now_us, "reasons": 1 << Reason.MINIMISED}))
    call.said, call.now_us = call.said + 1, call.now_us + FRAME_US
    call.say(2)
    heard = call.hear(listener)
    assert (heard[:320] == LOUD).all() and not heard[320:480].any() and (heard[480:] == LOUD).all()


async def test_the_end_of_the_call_is_the_end(call: Call) -> None:
    listener = call.listen()
    call.say(2)
    call.hang_up()
    assert call.step(listener).state == SOUND and call.step(listener).state == ENDED


async def test_a_long_silence_is_left_out_and_a_slow_listener_loses_the_oldest(call: Call) -> None:
    listener = call.listen()
    call.say(2)
    assert len(call.hear(listener)) == 320
    call.now_us += 60_000_000
    call.said += 3_000
    call.say(2)
    assert len(call.hear(listener)) <= 2 * 8_000


async def test_attack_who_may_not_listen_cannot_begin(call: Call) -> None:
    case, follower = call.case, call.follower
    with pytest.raises(RefusedError, match="content"):
        follower.listen(case.scope(content=False), "LAB-0001", 1, "mixed", lambda: "")
    with pytest.raises(NotFoundError):
        follower.listen(case.scope(), "LAB-0003", 7, "mixed", lambda: "")
    with pytest.raises(RefusedError, match="hears one of"):
        call.listen("left")
    listeners = [call.listen() for _ in range(MAX_LISTENERS)]
    with pytest.raises(RefusedError, match="somebody has to end"):
        call.listen()
    for one in listeners:
        one.close()
    assert follower.listeners == 0 and follower.poll() == 0
    call.listen().close()


async def test_committed_sound_is_heard_within_half_a_second(call: Call) -> None:
    """Commit to sound in hand, as processor time of one poll and one step."""
    listener = call.listen()
    call.say(5)
    began = time.process_time()
    assert call.step(listener).state == SOUND
    assert time.process_time() - began < 0.25


async def test_a_call_that_goes_on_is_gone_on_with_and_not_read_again(
    call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    library, scope = call.case.library, call.case.scope()
    first = library.communication(scope, "LAB-0001", 1)
    count = len(first.packets)
    asked: list[int] = []
    plain = library.records

    def heard(*given: Any) -> Any:
        asked.append(given[4][0] + 1)
        return plain(*given)

    monkeypatch.setattr(library, "records", heard)
    for turn in range(3):
        call.say(4)
        call.case.reindex()
        grown = library.communication(scope, "LAB-0001", 1)
        assert len(grown.packets) == count + 4 * (turn + 1) and grown.cc_from_target == 10 + 4 * (turn + 1)
    assert len(first.packets) == count, "what another reader holds stays as it is"
    assert min(asked) > 0 and asked == sorted(set(asked))
    monkeypatch.undo()
    fresh = open_library(call.case.data)
    again = fresh.communication(scope, "LAB-0001", 1)
    assert (again.packets, again.iri, again.parties, again.end_us) == (
        grown.packets,
        grown.iri,
        grown.parties,
        grown.end_us,
    )
    assert library.sound(scope, "LAB-0001", 1) is library.sound(scope, "LAB-0001", 1)
    fresh.close()
