"""Two ends of a handover joined in memory: what is agreed, when it is asked, and that acknowledged means durable."""

from __future__ import annotations

import random
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from asn1 import handover, tlv
from asn1.errors import DecodeError, LocalError
from asn1.handover import (
    LEMF_TABLE,
    MAX_INBOUND_OCTETS,
    MAX_WAITING,
    MF_TABLE,
    NEGOTIATION_US,
    SAID,
    UNEXPECTED,
    Acknowledged,
    AnswerForm,
    AnswerOverdue,
    HandoverConfig,
    LemfSession,
    MfSession,
    OptionsAgreed,
    PeerSilent,
    ProtocolViolation,
    RequestForm,
    State,
    TriSeen,
)
from asn1.ps_pdu import PsHeader, cc_pdu, decode_ps_pdu, tri_pdu

CONFIG = HandoverConfig()
T0 = 1_750_000_000_000_000
ACK_OPTION: dict[str, Any] = {"requestedOptions": [("pDUAcknowledgement", None)]}
QUIET: dict[str, object] = {
    "integrityCheck": {
        "includedSequenceNumbers": [1, 2],
        "checkType": "hash",
        "dataType": "iRI",
        "checkValue": bytes(32),
        "hashAlgorithm": "sHA-256",
    },
    "testPDU": None,
    "paddingPDU": bytes(100),
    "firstSegmentFlag": None,
    "lastSegmentFlag": None,
    "cINReset": None,
    "operatorLeaMessage": {"messagePriority": "informational", "message": b"SIMULATION"},
}
ASKING: dict[str, object] = {
    "keep-alive": None,
    "keep-aliveResponse": None,
    "optionRequest": ACK_OPTION,
    "optionResponse": {"acceptedOptions": [("pDUAcknowledgement", None)], "declinedOptions": []},
    "optionComplete": None,
    "pDUAcknowledgementRequest": None,
    "pDUAcknowledgementResponse": None,
}
EVERY_TRI = QUIET | ASKING


def tri(name: str, number: int = 1) -> bytes:
    return CONFIG.tri(name, number, T0, EVERY_TRI[name])


def data(number: int) -> bytes:
    header = PsHeader(liid=b"LAB-1", operator_id=b"OP", cin=1, sequence_number=number, time_us=T0)
    return cc_pdu(header, ("iPCC", {"iPCCObjId": "5.3.20.2", "iPCCContents": ("iPPackets", b"E" * 40)}), "toTarget")


def names(octets: bytes) -> list[tuple[str, int]]:
    """(TRI name, sequence number) of each record."""
    found = []
    while octets:
        end = tlv.read_tlv(octets, 0, len(octets)).end
        pdu = decode_ps_pdu(octets[:end])
        assert isinstance(pdu.payload[1], tuple)
        found.append((pdu.payload[1][0], pdu.header.sequence_number))
        octets = octets[end:]
    return found


class Wire:
    """Both ends and the octets between them. `durable` is how much of what the LEMF received is on its disk."""

    def __init__(self, seed: int = 1, cut: Callable[[int], int] | None = None, **config: Any) -> None:
        self.config = HandoverConfig(**config)
        self.rng = random.Random(seed)
        self.now_us = T0
        self.events: list[object] = []
        self.lemf_events: list[object] = []
        self.stored: list[int] = []
        self.asked: set[str] = set()
        self.disk = True
        self.peer_negotiates = True
        self.cut = cut or (lambda count: self.rng.randrange(1, count + 1))
        self.reconnect()

    def reconnect(self) -> None:
        self.mf = MfSession(self.config)
        self.lemf = LemfSession(HandoverConfig(negotiate=self.peer_negotiates))
        self.buffer = b""
        self.position = 0
        self.pending: list[tuple[int, int]] = []
        self.mf.connected(self.now_us)
        self.lemf.connected(self.now_us)

    def send(self, number: int) -> None:
        self.to_lemf(self.mf.outgoing() + data(number))
        self.mf.sent(number, self.now_us)

    def to_lemf(self, octets: bytes) -> None:
        while octets:
            count = self.cut(len(octets))
            self.buffer += octets[:count]
            octets = octets[count:]
            self.frame()

    def frame(self) -> None:
        while self.buffer:
            try:
                end = tlv.read_tlv(self.buffer, 0, len(self.buffer)).end
            except DecodeError:
                return
            record, self.buffer = self.buffer[:end], self.buffer[end:]
            self.position += end
            pdu = decode_ps_pdu(record)
            if isinstance(pdu.payload[1], tuple):
                self.asked.add(pdu.payload[1][0])
                self.lemf_events += self.lemf.tri(record, self.position, self.now_us)
            else:
                self.pending.append((self.position, pdu.header.sequence_number))

    def turn(self) -> None:
        """Everything that is to be said is said, both ways, until nothing moves."""
        while True:
            self.to_lemf(self.mf.outgoing())
            if self.disk:
                self.stored += [number for _, number in self.pending]
                self.pending.clear()
                self.lemf.durable(self.position, self.now_us)
            answer = self.lemf.outgoing()
            if not answer:
                return
            while answer:
                count = self.cut(len(answer))
                self.events += self.mf.receive(answer[:count], self.now_us)
                answer = answer[count:]

    def acknowledged(self) -> int:
        return max((event.journal_id for event in self.events if isinstance(event, Acknowledged)), default=-1)


# --- agreeing -----------------------------------------------------------------------------------------------------


def test_both_ends_agree_on_acknowledgement() -> None:
    wire = Wire()
    assert wire.mf.state is State.NEGOTIATING
    wire.turn()
    assert wire.events == [OptionsAgreed(True)] and wire.lemf_events == [OptionsAgreed(True)]
    assert wire.mf.state is wire.lemf.state is State.OPEN
    assert wire.mf.acknowledging and wire.lemf.acknowledging


@pytest.mark.parametrize(("ours", "theirs"), [(True, False), (False, True), (False, False)])
def test_without_both_ends_wishing_it_there_is_no_acknowledgement(ours: bool, theirs: bool) -> None:
    wire = Wire(negotiate=ours)
    wire.lemf = LemfSession(HandoverConfig(negotiate=theirs))
    wire.lemf.connected(T0)
    wire.turn()
    assert wire.events == ([OptionsAgreed(False)] if ours else [])
    assert not wire.mf.acknowledging and not wire.lemf.acknowledging
    assert wire.mf.state is State.OPEN


def test_a_peer_that_never_answers_the_options_is_served_without() -> None:
    mf = MfSession(CONFIG)
    mf.connected(T0)
    mf.outgoing()
    assert mf.next_timer_us() == T0 + NEGOTIATION_US
    assert mf.timer(T0 + NEGOTIATION_US - 1) == [] and mf.state is State.NEGOTIATING
    assert mf.timer(T0 + NEGOTIATION_US) == [OptionsAgreed(False)]
    assert mf.state is State.OPEN and not mf.acknowledging
    # The answer that comes after all changes nothing: what was agreed stays agreed for this connection.
    assert mf.receive(tri("optionResponse"), T0 + NEGOTIATION_US + 1) == [] and not mf.acknowledging


def test_an_unknown_option_is_not_accepted_and_breaks_nothing() -> None:
    request = tri("optionRequest")
    assert request.endswith(b"\x80\x00")
    lemf = LemfSession(CONFIG)
    lemf.connected(T0)
    assert lemf.tri(request[:-2] + b"\x85\x00", len(request), T0) == []
    answer = decode_ps_pdu(lemf.outgoing())
    assert answer.payload == ("tRIPayload", ("optionResponse", {"acceptedOptions": [], "declinedOptions": []}))
    assert not lemf.acknowledging


def test_a_declined_option_is_named_as_declined() -> None:
    lemf = LemfSession(HandoverConfig(negotiate=False))
    lemf.connected(T0)
    lemf.tri(tri("optionRequest", 7), 10, T0)
    answer = decode_ps_pdu(lemf.outgoing())
    assert answer.header.sequence_number == 7
    declined = {"acceptedOptions": [], "declinedOptions": [("pDUAcknowledgement", None)]}
    assert answer.payload == ("tRIPayload", ("optionResponse", declined))


# --- acknowledged means durable -----------------------------------------------------------------------------------


@pytest.mark.parametrize("negotiate", [True, False])
def test_what_is_acknowledged_is_durable_and_everything_is_acknowledged(negotiate: bool) -> None:
    wire = Wire(negotiate=negotiate, ack_every_records=8)
    wire.turn()
    for number in range(100):
        wire.disk = wire.rng.random() < 0.3
        wire.send(number)
        wire.turn()
        assert wire.acknowledged() <= max(wire.stored, default=-1)
    wire.disk = True
    wire.now_us += CONFIG.ack_after_us
    assert wire.mf.timer(wire.now_us) == []
    wire.turn()
    assert wire.acknowledged() == 99 and wire.mf.unacknowledged == -1
    assert wire.stored == list(range(100))
    agreed = {"optionRequest", "optionComplete", "pDUAcknowledgementRequest"}
    assert wire.asked == (agreed if negotiate else {"keep-alive"})


def test_lemf_that_lies_about_durability_does_not_exist_a_request_waits_for_the_disk() -> None:
    wire = Wire(ack_every_records=1)
    wire.turn()
    wire.disk = False
    wire.send(0)
    wire.turn()
    assert wire.lemf.owes == 1 and wire.acknowledged() == -1
    # Half of it durable is not enough.
    wire.lemf.durable(wire.position - 1, T0)
    assert wire.lemf.outgoing() == b""
    wire.lemf.durable(wire.position, T0)
    assert [name for name, _ in names(wire.lemf.outgoing())] == ["pDUAcknowledgementResponse"]
    assert wire.lemf.owes == 0


def test_durability_never_goes_back() -> None:
    lemf = LemfSession(CONFIG)
    lemf.connected(T0)
    lemf.durable(500, T0)
    lemf.durable(100, T0)
    lemf.tri(tri("keep-alive", 3), 400, T0)
    assert names(lemf.outgoing()) == [("keep-aliveResponse", 3)]


def test_answers_come_in_the_order_of_the_requests_with_their_numbers() -> None:
    lemf = LemfSession(CONFIG)
    lemf.connected(T0)
    for number, position in ((5, 100), (9, 200), (2, 300)):
        lemf.tri(tri("keep-alive", number), position, T0)
    lemf.durable(250, T0)
    assert names(lemf.outgoing()) == [("keep-aliveResponse", 5), ("keep-aliveResponse", 9)]
    lemf.durable(300, T0)
    assert names(lemf.outgoing()) == [("keep-aliveResponse", 2)]


def test_an_answer_covers_every_request_before_it() -> None:
    mf = MfSession(HandoverConfig(negotiate=False, ack_every_records=1))
    mf.connected(T0)
    for journal_id in (10, 20, 30):
        mf.sent(journal_id, T0)
    numbers = [number for _, number in names(mf.outgoing())]
    assert mf.receive(tri("keep-aliveResponse", numbers[1]), T0) == [Acknowledged(20)]
    assert mf.unacknowledged == 30
    (late,) = mf.receive(tri("keep-aliveResponse", numbers[0]), T0)
    assert isinstance(late, ProtocolViolation) and late.code == UNEXPECTED
    assert mf.receive(tri("keep-aliveResponse", numbers[2]), T0) == [Acknowledged(30)]
    assert mf.unacknowledged == -1


def test_forged_acknowledgement_for_a_number_never_asked_acknowledges_nothing() -> None:
    wire = Wire(ack_every_records=1)
    wire.turn()
    wire.disk = False
    wire.send(0)
    wire.turn()
    for name in ("pDUAcknowledgementResponse", "keep-aliveResponse"):
        for number in (0, 1, 77, 0xFFFFFFFF):
            (event,) = wire.mf.receive(tri(name, number), T0)
            assert isinstance(event, ProtocolViolation) and event.code == UNEXPECTED
    assert wire.acknowledged() == -1 and wire.mf.unacknowledged == 0


def test_acknowledgement_of_one_kind_does_not_answer_a_request_of_the_other() -> None:
    wire = Wire(ack_every_records=1)
    wire.turn()
    wire.mf.sent(0, T0)
    ((name, number),) = names(wire.mf.outgoing())
    assert name == "pDUAcknowledgementRequest"
    (event,) = wire.mf.receive(tri("keep-aliveResponse", number), T0)
    assert isinstance(event, ProtocolViolation)
    assert wire.mf.receive(tri("pDUAcknowledgementResponse", number), T0) == [Acknowledged(0)]


def test_without_a_barrier_a_keep_alive_answer_acknowledges_nothing() -> None:
    mf = MfSession(HandoverConfig(negotiate=False, keepalive_barrier=False, ack_every_records=1))
    mf.connected(T0)
    mf.sent(0, T0)
    assert mf.outgoing() == b"", "nothing is asked of a peer whose answer would say nothing"
    mf.timer(T0 + CONFIG.time1_us)
    ((_, number),) = names(mf.outgoing())
    assert mf.receive(tri("keep-aliveResponse", number), T0) == [] and mf.unacknowledged == 0


@pytest.mark.parametrize("negotiates", [True, False])
def test_reconnect_and_resend_lose_nothing_and_acknowledge_only_what_is_stored(negotiates: bool) -> None:
    wire = Wire(ack_every_records=4)
    wire.peer_negotiates = negotiates
    wire.reconnect()
    sent = 0
    for _ in range(12):
        wire.turn()
        for _ in range(wire.rng.randrange(1, 20)):
            wire.disk = wire.rng.random() < 0.5
            wire.send(sent)
            sent += 1
            wire.turn()
            assert set(range(wire.acknowledged() + 1)) <= set(wire.stored)
        # The connection goes; what had not reached the disk goes with it. The journal sends again from the mark.
        sent = wire.acknowledged() + 1
        wire.disk = True
        wire.reconnect()
        assert wire.mf.unacknowledged == -1 and wire.lemf.owes == 0
    wire.turn()
    for number in range(sent, sent + 10):
        wire.send(number)
    wire.now_us += CONFIG.ack_after_us
    wire.mf.timer(wire.now_us)
    wire.turn()
    assert wire.acknowledged() == sent + 9
    assert sorted(set(wire.stored)) == list(range(sent + 10))


# --- timers -------------------------------------------------------------------------------------------------------


def open_mf(**config: Any) -> MfSession:
    mf = MfSession(HandoverConfig(negotiate=False, **config))
    mf.connected(T0)
    return mf


def test_keep_alive_goes_out_after_time1_of_silence_and_not_before() -> None:
    mf = open_mf()
    due = T0 + CONFIG.time1_us
    assert mf.next_timer_us() == due
    assert mf.timer(due - 1) == [] and mf.outgoing() == b""
    assert mf.timer(due) == [] and [name for name, _ in names(mf.outgoing())] == ["keep-alive"]
    assert mf.timer(due) == [] and mf.outgoing() == b"", "one question at a time"


def test_traffic_puts_the_keep_alive_off() -> None:
    mf = open_mf(keepalive_barrier=False)
    mf.sent(0, T0 + CONFIG.time1_us - 1)
    assert mf.timer(T0 + CONFIG.time1_us) == [] and mf.outgoing() == b""
    assert mf.next_timer_us() == T0 + 2 * CONFIG.time1_us - 1


def test_silence_past_time3_closes_the_session() -> None:
    mf = open_mf()
    asked = T0 + CONFIG.time1_us
    mf.timer(asked)
    assert mf.next_timer_us() == asked + CONFIG.time3_us
    assert mf.timer(asked + CONFIG.time3_us - 1) == []
    assert mf.timer(asked + CONFIG.time3_us) == [PeerSilent()]
    assert mf.state is State.CLOSED and mf.next_timer_us() is None
    assert mf.timer(asked + 2 * CONFIG.time3_us) == []


def test_an_answer_in_time_starts_time1_anew() -> None:
    mf = open_mf()
    asked = T0 + CONFIG.time1_us
    mf.timer(asked)
    ((_, number),) = names(mf.outgoing())
    assert mf.receive(tri("keep-aliveResponse", number), asked + CONFIG.time3_us - 1) == []
    assert mf.timer(asked + CONFIG.time3_us) == [] and mf.state is State.OPEN
    assert mf.next_timer_us() == asked + CONFIG.time1_us


def test_patience_runs_from_the_oldest_question_still_open() -> None:
    """A peer that answers some and never the rest is not silent; one that stops is, TIME3 after its last answer."""
    mf = open_mf(ack_every_records=1)
    mf.sent(0, T0)
    mf.sent(1, T0 + 1000)
    first, second = (number for _, number in names(mf.outgoing()))
    assert mf.next_timer_us() == T0 + CONFIG.time3_us
    mf.receive(tri("keep-aliveResponse", first), T0 + 5000)
    assert mf.next_timer_us() == T0 + 5000 + CONFIG.time3_us
    mf.receive(tri("keep-aliveResponse", second), T0 + 6000)
    assert mf.next_timer_us() == T0 + 1000 + CONFIG.time1_us


@pytest.mark.parametrize("negotiate", [True, False])
def test_acknowledgement_is_asked_after_so_many_records_or_so_long(negotiate: bool) -> None:
    wire = Wire(negotiate=negotiate, ack_every_records=3, ack_after_us=1000)
    wire.turn()
    asked = "pDUAcknowledgementRequest" if negotiate else "keep-alive"
    wire.mf.sent(0, T0)
    wire.mf.sent(1, T0 + 10)
    assert wire.mf.outgoing() == b"" and wire.mf.next_timer_us() == T0 + 1000
    wire.mf.sent(2, T0 + 20)
    assert [name for name, _ in names(wire.mf.outgoing())] == [asked]
    wire.mf.sent(3, T0 + 30)
    assert wire.mf.timer(T0 + 1029) == [] and wire.mf.outgoing() == b""
    assert wire.mf.timer(T0 + 1030) == []
    assert [name for name, _ in names(wire.mf.outgoing())] == [asked]


def test_records_sent_during_negotiation_are_asked_for_when_it_ends() -> None:
    wire = Wire(ack_every_records=2)
    for number in range(5):
        wire.send(number)
    assert wire.mf.next_timer_us() == T0 + NEGOTIATION_US, "asking waits for the agreement"
    wire.turn()
    assert wire.acknowledged() == 4


def test_the_lemf_end_speaks_only_when_asked_and_has_no_timer_until_then() -> None:
    lemf = LemfSession(CONFIG)
    lemf.connected(T0)
    lemf.durable(10_000, T0)
    assert lemf.next_timer_us() is None and lemf.timer(T0 + 10 * CONFIG.time1_us) == []
    for name in QUIET:
        lemf.tri(tri(name), 10, T0)
    assert lemf.outgoing() == b""


def test_an_answer_that_cannot_be_given_within_time2_is_told_once_and_given_later() -> None:
    lemf = LemfSession(CONFIG)
    lemf.connected(T0)
    lemf.tri(tri("keep-alive", 1), 100, T0)
    lemf.tri(tri("keep-alive", 2), 200, T0 + 5)
    due = T0 + CONFIG.time2_us
    assert lemf.next_timer_us() == due and lemf.timer(due - 1) == []
    assert lemf.timer(due) == [AnswerOverdue("keep-alive", 1)]
    assert lemf.timer(due) == [] and lemf.next_timer_us() == due + 5
    lemf.durable(100, due + 1)
    assert names(lemf.outgoing()) == [("keep-aliveResponse", 1)]
    assert lemf.timer(due + 5) == [AnswerOverdue("keep-alive", 2)] and lemf.next_timer_us() is None
    lemf.durable(200, due + 9)
    lemf.tri(tri("keep-alive", 3), 300, due + 10)
    assert lemf.next_timer_us() == due + 10 + CONFIG.time2_us, "time is counted anew for what is asked then"


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("name", [*SAID, *sorted(set(EVERY_TRI) - set(SAID))])
def test_what_the_mf_end_says_on_its_own_in_every_state(state: State, name: str) -> None:
    """Test and padding PDUs, while connected; the LEMF end takes them and answers nothing. Nothing else is said so."""
    mf, lemf = MfSession(CONFIG), LemfSession(CONFIG)
    lemf.connected(T0)
    mf.state = state
    if name not in SAID:
        with pytest.raises(LocalError):
            mf.say(name, T0)
        return
    connected = state in (State.OPEN, State.NEGOTIATING)
    assert mf.say(name, T0, EVERY_TRI[name]) == connected
    octets = mf.outgoing()
    assert (octets != b"") == connected
    if connected:
        (event,) = lemf.tri(octets, len(octets), T0)
        assert isinstance(event, TriSeen) and event.name == name and lemf.outgoing() == b""
    assert mf.state is state and mf.unacknowledged == -1, "it is no record and no barrier"


def test_sequence_numbers_of_our_own_tri_wrap() -> None:
    assert decode_ps_pdu(CONFIG.tri("keep-alive", 1 << 32, T0)).header.sequence_number == 0


# --- octets in any pieces -----------------------------------------------------------------------------------------


def answers() -> tuple[MfSession, bytes, list[object]]:
    mf = open_mf(ack_every_records=1)
    for journal_id in range(3):
        mf.sent(journal_id, T0)
    octets = b"".join(tri("keep-aliveResponse", number) for _, number in names(mf.outgoing()))
    return mf, octets, [Acknowledged(0), Acknowledged(1), Acknowledged(2)]


def test_a_stream_cut_at_any_octet_gives_the_same_events() -> None:
    _, octets, _ = answers()
    for at in range(len(octets) + 1):
        mf, octets, wanted = answers()
        assert [*mf.receive(octets[:at], T0), *mf.receive(octets[at:], T0)] == wanted
    mf, octets, wanted = answers()
    assert [event for octet in octets for event in mf.receive(bytes([octet]), T0)] == wanted


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 1 << 30), negotiate=st.booleans(), theirs=st.booleans())
def test_two_ends_balance_whatever_the_pieces_the_disk_and_the_peer(seed: int, negotiate: bool, theirs: bool) -> None:
    wire = Wire(seed, negotiate=negotiate, ack_every_records=5)
    wire.peer_negotiates = theirs
    wire.reconnect()
    for number in range(40):
        wire.disk = wire.rng.random() < 0.4
        wire.send(number)
        if wire.rng.random() < 0.5:
            wire.turn()
        assert wire.acknowledged() <= max(wire.stored, default=-1)
    wire.disk = True
    wire.turn()
    wire.now_us += CONFIG.ack_after_us
    wire.mf.timer(wire.now_us)
    wire.turn()
    assert wire.acknowledged() == 39 and wire.stored == list(range(40))
    ids = [event.journal_id for event in wire.events if isinstance(event, Acknowledged)]
    assert all(first < second for first, second in pairwise(ids))
    assert not [one for one in (*wire.events, *wire.lemf_events) if isinstance(one, ProtocolViolation)]


# --- every state, every input -------------------------------------------------------------------------------------


def mf_in(state: State) -> MfSession:
    mf = MfSession(CONFIG)
    if state is not State.IDLE:
        mf.connected(T0)
    if state is State.OPEN:
        mf.receive(tri("optionResponse"), T0)
    if state is State.CLOSED:
        mf.timer(T0 + NEGOTIATION_US)
        mf.timer(T0 + NEGOTIATION_US + CONFIG.time1_us)
        mf.timer(T0 + NEGOTIATION_US + CONFIG.time1_us + CONFIG.time3_us)
    mf.outgoing()
    assert mf.state is state
    return mf


MF_INPUTS: dict[str, Callable[[MfSession], object]] = {
    **{name: lambda mf, name=name: mf.receive(tri(name), T0) for name in EVERY_TRI},  # type: ignore[misc]
    "data": lambda mf: mf.receive(data(0), T0),
    "connected": lambda mf: mf.connected(T0),
    "timer": lambda mf: mf.timer(T0),
    "nothing": lambda mf: mf.receive(b"", T0),
}


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("name", MF_INPUTS)
def test_every_input_in_every_state_of_the_mf_end(state: State, name: str) -> None:
    mf = mf_in(state)
    events = MF_INPUTS[name](mf)
    if name == "connected":
        assert mf.state is (State.NEGOTIATING if state is State.IDLE else state)
        assert bool(mf.outgoing()) is (state is State.IDLE)
        return
    if name in ("timer", "nothing"):
        assert events == [] and mf.state is state and mf.outgoing() == b""
        return
    assert isinstance(events, list)
    if name == "optionResponse" and state in (State.NEGOTIATING, State.OPEN):
        assert events == ([OptionsAgreed(True)] if state is State.NEGOTIATING else []) and mf.state is State.OPEN
        assert [one for one, _ in names(mf.outgoing())] == (["optionComplete"] if state is State.NEGOTIATING else [])
        return
    # Answers that answer nothing, and everything else, are violations that change nothing.
    (event,) = events
    assert isinstance(event, ProtocolViolation) and event.code == UNEXPECTED
    allowed = name in MF_TABLE[state]
    assert ("answers no request" in event.message) is allowed and (f"in state {state.value}" in event.message) ^ allowed
    assert mf.state is state and mf.outgoing() == b""


def lemf_in(state: State, agreed: bool) -> LemfSession:
    lemf = LemfSession(HandoverConfig(negotiate=agreed))
    if state is not State.IDLE:
        lemf.connected(T0)
    if state in (State.NEGOTIATING, State.OPEN):
        lemf.tri(tri("optionRequest"), 0, T0)
    if state is State.OPEN:
        lemf.tri(tri("optionComplete"), 0, T0)
    if state is State.CLOSED:
        lemf.state = State.CLOSED
    lemf.outgoing()
    assert lemf.state is state
    return lemf


@pytest.mark.parametrize("agreed", [True, False])
@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("name", [*EVERY_TRI, "data"])
def test_every_input_in_every_state_of_the_lemf_end(state: State, name: str, agreed: bool) -> None:
    lemf = lemf_in(state, agreed)
    events = lemf.tri(tri(name, 4) if name != "data" else data(4), 10, T0)
    spoken = lemf.outgoing()
    served = state in (State.OPEN, State.NEGOTIATING)
    if served and name in QUIET:
        (event,) = events
        assert isinstance(event, TriSeen) and event.name == name
        assert event.pdu.header.sequence_number == 4 and not spoken and lemf.state is state
    elif served and name == "optionRequest":
        assert events == [] and names(spoken) == [("optionResponse", 4)] and lemf.state is State.NEGOTIATING
        assert lemf.acknowledging is agreed
    elif served and name == "optionComplete":
        assert events == [OptionsAgreed(agreed)] and not spoken and lemf.state is State.OPEN
    elif served and (name == "keep-alive" or (name == "pDUAcknowledgementRequest" and agreed)):
        assert events == [] and not spoken and lemf.owes == 1 and lemf.state is state
        lemf.durable(10, T0)
        answer = "keep-aliveResponse" if name == "keep-alive" else "pDUAcknowledgementResponse"
        assert names(lemf.outgoing()) == [(answer, 4)]
    else:
        (event,) = events
        assert isinstance(event, ProtocolViolation) and event.code == UNEXPECTED
        assert not spoken and lemf.owes == 0 and lemf.state is state


def test_the_tables_name_every_state_and_nothing_leaves_closed() -> None:
    for table in (MF_TABLE, LEMF_TABLE):
        assert set(table) == set(State) and table[State.CLOSED] == {}
    assert set(QUIET) == handover._QUIET
    assert set(MF_TABLE[State.OPEN]) - {"silent"} <= set(ASKING)


# --- hostile input ------------------------------------------------------------------------------------------------


def test_peer_that_sends_without_end_is_cut_off_and_holds_no_memory() -> None:
    mf = mf_in(State.OPEN)
    head = b"\x30\x84" + (1 << 30).to_bytes(4, "big")
    events = mf.receive(head, T0)
    piece = bytes(4096)
    held = 0
    while not events:
        events = mf.receive(piece, T0)
        held = max(held, len(mf._inbound))
        assert held <= MAX_INBOUND_OCTETS + len(piece)
    assert [type(event) for event in events] == [ProtocolViolation, PeerSilent]
    assert mf.state is State.CLOSED and len(mf._inbound) == 0


def test_octets_that_are_no_record_close_the_session() -> None:
    for octets in (bytes(2) + b"\xff" * 20, b"\x1f" + b"\xff" * 40, b"\x30\xff"):
        mf = mf_in(State.OPEN)
        events = mf.receive(octets, T0)
        assert all(isinstance(event, ProtocolViolation | PeerSilent) for event in events) and events


def test_a_record_that_is_whole_but_wrong_leaves_the_session_as_it_was() -> None:
    mf, octets, wanted = answers()
    broken = b"\x30\x04\xa1\x02\x80\x00"
    events = mf.receive(broken + octets, T0)
    assert isinstance(events[0], ProtocolViolation) and events[0].code in DecodeError.CODES
    assert events[1:] == wanted
    lemf = lemf_in(State.OPEN, True)
    (event,) = lemf.tri(broken, 6, T0)
    assert isinstance(event, ProtocolViolation) and lemf.state is State.OPEN and lemf.outgoing() == b""


def test_flood_of_requests_that_wait_for_the_disk_is_bounded() -> None:
    lemf = lemf_in(State.OPEN, True)
    refused = 0
    for number in range(MAX_WAITING + 50):
        events = lemf.tri(tri("keep-alive", number), 100 + number, T0)
        refused += len(events)
        assert lemf.owes <= MAX_WAITING
    assert refused == 50 and lemf.owes == MAX_WAITING
    (event,) = lemf.tri(tri("pDUAcknowledgementRequest"), 10_000, T0)
    assert isinstance(event, ProtocolViolation) and event.code == DecodeError.TOO_MANY


def test_mf_asks_no_further_of_a_lemf_that_owes_too_much() -> None:
    mf = open_mf(ack_every_records=1)
    for journal_id in range(MAX_WAITING + 100):
        mf.sent(journal_id, T0)
    assert len(names(mf.outgoing())) == MAX_WAITING
    # Nor is a timer due for it again and again: the next thing is that it has been silent too long.
    due_us = mf.next_timer_us()
    assert due_us is not None and due_us > T0 + mf._config.ack_after_us


@settings(max_examples=150, deadline=None)
@given(state=st.sampled_from([State.NEGOTIATING, State.OPEN]), octets=st.binary(max_size=200))
def test_any_octets_at_the_mf_end_raise_nothing_and_acknowledge_nothing(state: State, octets: bytes) -> None:
    mf = mf_in(state)
    mf.sent(5, T0)
    events = mf.receive(octets, T0)
    assert not [event for event in events if isinstance(event, Acknowledged)]


@settings(max_examples=150, deadline=None)
@given(
    name=st.sampled_from(sorted(EVERY_TRI)),
    at=st.integers(0, 400),
    value=st.integers(0, 255),
    end=st.sampled_from(["mf", "lemf"]),
)
def test_any_changed_octet_of_any_tri_raises_nothing_at_either_end(name: str, at: int, value: int, end: str) -> None:
    octets = bytearray(tri(name))
    octets[at % len(octets)] = value
    if end == "mf":
        mf_in(State.OPEN).receive(bytes(octets), T0)
    else:
        lemf = lemf_in(State.OPEN, True)
        events = lemf.tri(bytes(octets), len(octets), T0)
        assert len(events) <= 1
        lemf.durable(1000, T0)
        names(lemf.outgoing())


@given(
    number=st.integers(0, (1 << 33) - 1),
    now_us=st.integers(-1, 1 << 61),
    liid=st.binary(min_size=1, max_size=25),
    name=st.sampled_from(["keep-aliveResponse", "pDUAcknowledgementResponse"]),
    element=st.none() | st.binary(min_size=1, max_size=16),
)
def test_an_answer_filled_in_is_the_answer_encoded(
    number: int, now_us: int, liid: bytes, name: str, element: bytes | None
) -> None:
    config = HandoverConfig(liid=liid, network_element_id=element, operator_id=b"O" * 16)
    assert AnswerForm(config, name).filled(number, now_us) == config.tri(name, number, now_us)


STAMPS = st.integers(0, (1 << 61) - 1)


def same_sizes(one: tuple[int, int], other: tuple[int, int]) -> bool:
    """Whether numbers and times take the same room."""
    sizes = [[value.bit_length() // 8 for value in (number, *divmod(us, 1_000_000))] for number, us in (one, other)]
    return sizes[0] == sizes[1]


ASKS = st.sampled_from(["keep-alive", "pDUAcknowledgementRequest"])


@given(
    liid=st.binary(min_size=1, max_size=25),
    element=st.none() | st.binary(min_size=1, max_size=16),
    name=ASKS,
    first=st.tuples(st.integers(0, (1 << 32) - 1), STAMPS),
    then=st.tuples(st.integers(0, (1 << 32) - 1), STAMPS),
)
def test_a_request_known_again_is_the_request_decoded(
    liid: bytes, element: bytes | None, name: str, first: tuple[int, int], then: tuple[int, int]
) -> None:
    config = HandoverConfig(liid=liid, network_element_id=element)
    octets, like = config.tri(name, *then), config.tri(name, *first)
    form = RequestForm.of(name, like)
    if form is None:
        assert first[1] >= 1 << 39
        return
    assert form.number(like) == first[0]
    # A number or a time of another size makes another form, and is decoded anew.
    found = form.number(octets)
    assert found == then[0] or (found is None and not same_sizes(first, then))
    other = next(one for one in ("keep-alive", "pDUAcknowledgementRequest") if one != name)
    assert form.number(config.tri(other, *then)) is None


@given(name=ASKS, number=st.integers(0, (1 << 32) - 1), now_us=STAMPS, data=st.data())
def test_attack_a_request_changed_anywhere_is_known_again_only_as_what_it_decodes_to(
    name: str, number: int, now_us: int, data: st.DataObject
) -> None:
    form = RequestForm.of(name, CONFIG.tri(name, 7, T0))
    assert form is not None
    octets = bytearray(CONFIG.tri(name, number, now_us))
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(octets) - 1))
        if data.draw(st.booleans()):
            octets[at] = data.draw(st.integers(0, 255))
        else:
            octets.insert(at, data.draw(st.integers(0, 255)))
    found = form.number(bytes(octets))
    if found is not None:
        pdu = decode_ps_pdu(bytes(octets))
        assert (pdu.header.sequence_number, pdu.payload) == (found, ("tRIPayload", (name, None)))


@pytest.mark.parametrize("end", [b"", bytes(40)])
def test_a_request_cut_off_or_longer_is_not_known_again(end: bytes) -> None:
    octets = CONFIG.tri("keep-alive", 300, T0)
    form = RequestForm.of("keep-alive", octets)
    assert form is not None
    for size in range(len(octets)):
        assert form.number(octets[:size] + end) is None
    assert form.number(octets + b"\0") is None


def test_a_header_that_ends_with_something_else_is_decoded_each_time() -> None:
    header = PsHeader("0.4.0.2.2.5.1.31", b"-", "US", "US", b"LAB", b"mf-1", 0, 9, T0, "timeOfMediation")
    assert RequestForm.of("keep-alive", tri_pdu(header, "keep-alive")) is None


def test_attack_a_stamp_with_a_field_too_many_ends_nothing() -> None:
    """As a fuzzer found it: the record decodes, its time says more than it should, and the session goes on."""
    octets = CONFIG.tri("keep-alive", 300, T0)
    at = octets.index(b"\xa7")
    header_octets, time_octets = octets[3], octets[at + 1]
    longer = bytearray(octets[:at] + bytes((0xA7, time_octets + 3)) + octets[at + 2 : at + 2 + time_octets])
    longer += b"\x82\x01\x00" + octets[at + 2 + time_octets :]
    longer[1], longer[3] = longer[1] + 3, header_octets + 3
    assert decode_ps_pdu(bytes(longer)).header.sequence_number == 300
    assert RequestForm.of("keep-alive", bytes(longer)) is None
    session = LemfSession(CONFIG)
    session.connected(0)
    session.tri(bytes(longer), len(longer), 0)
    session.durable(len(longer), 1)
    assert session.outgoing()


def test_requests_are_answered_alike_whether_known_again_or_decoded() -> None:
    """The state decides, not how the request was read: before acknowledgement is agreed it is a violation each time."""
    lemf = lemf_in(State.OPEN, False)
    for number in (1, 2, 3):
        (event,) = lemf.tri(tri("pDUAcknowledgementRequest", number), 10 * number, T0)
        assert isinstance(event, ProtocolViolation)
    lemf = lemf_in(State.OPEN, True)
    for number in (1, 2, 70_000):
        assert lemf.tri(tri("pDUAcknowledgementRequest", number), 10 * number, T0) == []
    lemf.durable(1 << 40, T0)
    assert names(lemf.outgoing()) == [("pDUAcknowledgementResponse", number) for number in (1, 2, 70_000)]
