"""The handover session of TS 102 232-1 clause 6.3, without a socket or a clock: one class an end, both from one table.

What the sessions decide: when a keep-alive is due and when its answer is overdue (6.3.4), option negotiation (6.3.5)
and PDU acknowledgement (6.3.6). Data records pass by outside; a session only counts them. Time is an argument
(`now_us`), and `next_timer_us` tells the driver when to call `timer`.

Our reading where the clauses were not read: an acknowledgement response carries its request's sequence number and says
that everything sent before the request is durable; it is therefore used only when both ends negotiated it. Otherwise
the answer to a keep-alive is the barrier. The LEMF end never lies: it answers only when all before is durable, and
sends nothing to a peer that did not ask; where TIME2 passes before it can answer, it says so to its own side.

What is buffered while a connection is down (6.3.3) is the caller's: records, and TRIs that belong among them (CIN
reset, segment flags, integrity checks, operator messages). Keep-alives, acknowledgements and options live and die with
their session, and so do test and padding PDUs, which `MfSession.say` sends.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final, NamedTuple

from asn1 import tlv
from asn1.errors import DecodeError, LocalError
from asn1.ps_pdu import PS_DOMAIN_OID, PsHeader, PsPdu, decode_ps_pdu, tri_pdu

MAX_INBOUND_OCTETS: Final = 64 * 1024
"""The MF end receives answers only, each below 200 octets; a peer that sends more without end is cut off."""

MAX_WAITING: Final = 1024
"""Requests the LEMF end may owe an answer for; a peer that asks faster than a disk can sync is broken."""

NEGOTIATION_US: Final = 5_000_000
"""How long the MF end waits for an option response before it goes on without (no timer in the sources: assumed)."""


@dataclass(frozen=True, slots=True)
class HandoverConfig:
    """Timers in microseconds: `time1_us` idle before a keep-alive (6.3.4: typically 120 to 360 s), `time2_us` the
    LEMF's limit to answer, `time3_us` the MF's patience, above TIME2 (typically 60 s). `ack_every_records`,
    `ack_after_us`: when the MF asks for acknowledgement. The rest is the header of our own TRIs."""

    time1_us: int = 300_000_000
    time2_us: int = 30_000_000
    time3_us: int = 60_000_000
    negotiate: bool = True
    keepalive_barrier: bool = True
    ack_every_records: int = 256
    ack_after_us: int = 50_000
    oid: str = PS_DOMAIN_OID
    liid: bytes = b"-"
    operator_id: bytes = b"LAB"
    network_element_id: bytes | None = b"lemf-1"
    authorization_country: str | None = "US"
    delivery_country: str | None = "US"

    def tri(self, name: str, number: int, now_us: int, value: object = None) -> bytes:
        header = PsHeader(
            oid=self.oid,
            liid=self.liid,
            authorization_country=self.authorization_country,
            delivery_country=self.delivery_country,
            operator_id=self.operator_id,
            network_element_id=self.network_element_id,
            cin=0,
            sequence_number=number & 0xFFFFFFFF,
            time_us=max(now_us, 0),
        )
        return tri_pdu(header, name, value)


_NUMBER_AND_TIME: Final = bytes.fromhex("840100a706800100810100")
"""Sequence number 0 and microSecondTimeStamp 0 at the end of a PSHeader."""
_SHORT: Final = 0x80
"""Lengths below take one octet."""
_NEGATIVE: Final = 0x80
"""The first octet of an INTEGER from here on."""
_SECONDS_OCTETS: Final = 5


class AnswerForm:
    """A TRI that is sent again and again with another number and time: what stays the same is encoded once."""

    def __init__(self, config: HandoverConfig, name: str) -> None:
        self._config = config
        self._name = name
        octets = config.tri(name, 0, 0)
        end = 4 + octets[3]
        header = octets[4:end]
        self._fits = octets[1] < _SHORT and octets[3] < _SHORT and header.endswith(_NUMBER_AND_TIME)
        self._before = header.removesuffix(_NUMBER_AND_TIME)
        self._behind = octets[end:]
        self._stamp = (0, _stamp(0))
        """The newest time and its octets: many answers are given at one."""

    def filled(self, number: int, now_us: int) -> bytes:
        """The octets of `HandoverConfig.tri`."""
        if now_us != self._stamp[0]:
            self._stamp = (now_us, _stamp(now_us))
        header = self._before + _integer(0x84, number & 0xFFFFFFFF) + self._stamp[1]
        whole = 2 + len(header) + len(self._behind)
        if not self._fits or whole >= _SHORT:
            return self._config.tri(self._name, number, now_us)
        return bytes((0x30, whole, 0xA1, len(header))) + header + self._behind


class RequestForm:
    """A TRI that a peer sends again and again with another number and time. It is known again by its octets: all but
    those two are equal to one that was decoded in full, the lengths of all fields among them. `name`: which TRI."""

    def __init__(self, name: str, octets: bytes, holes: tuple[tlv.Tlv, tlv.Tlv, tlv.Tlv]) -> None:
        """`holes`: number, seconds and microseconds."""
        self.name = name
        (self._number, self._behind_number), (self._seconds, self._behind_seconds), (self._micros, end) = (
            (one.content, one.content_end) for one in holes
        )
        self._octets = len(octets)
        self._lead = octets[: self._number]
        self._to_seconds = octets[self._behind_number : self._seconds]
        self._to_micros = octets[self._behind_seconds : self._micros]
        self._end = end
        self._rest = octets[end:]

    @classmethod
    def of(cls, name: str, octets: bytes) -> RequestForm | None:
        """Of a record that has been decoded; None where number and time are not what its header ends with, or the time
        says more than seconds and microseconds."""
        header, *_ = tlv.children(octets, tlv.read_tlv(octets, 0, len(octets)))
        last = deque(tlv.children(octets, header), 2)
        if [(one.tag_class, one.number) for one in last] != [(tlv.CONTEXT, 4), (tlv.CONTEXT, 7)]:
            return None
        number, time = last[0], tuple(tlv.children(octets, last[1]))
        if [(one.tag_class, one.number) for one in time] != [(tlv.CONTEXT, 0), (tlv.CONTEXT, 1)]:
            return None
        seconds, micros = time
        # So many octets cannot say a number of seconds beyond any clock.
        fit = seconds.content_end - seconds.content <= _SECONDS_OCTETS
        return cls(name, octets, (number, seconds, micros)) if fit else None

    def number(self, octets: bytes) -> int | None:
        """The sequence number of a record of this form; None for any other, and where number or time are none."""
        if len(octets) != self._octets or not octets.startswith(self._lead) or not octets.endswith(self._rest):
            return None
        if octets[self._behind_number : self._seconds] != self._to_seconds:
            return None
        if octets[self._behind_seconds : self._micros] != self._to_micros or octets[self._seconds] >= _NEGATIVE:
            return None
        number = int.from_bytes(octets[self._number : self._behind_number], signed=True)
        micros = int.from_bytes(octets[self._micros : self._end], signed=True)
        return number if 0 <= number <= 0xFFFFFFFF and 0 <= micros < 1_000_000 else None


def _stamp(time_us: int) -> bytes:
    """The microSecondTimeStamp at the end of a header; a time before 1970 counts as 1970."""
    seconds, micros = divmod(max(time_us, 0), 1_000_000)
    time = _integer(0x80, seconds) + _integer(0x81, micros)
    return bytes((0xA7, len(time))) + time


def _integer(tag: int, value: int) -> bytes:
    """A small INTEGER that is not negative, under a tag of one octet."""
    octets = value.bit_length() // 8 + 1
    return bytes((tag, octets)) + value.to_bytes(octets, "big")


class State(Enum):
    """Of the session as a whole; the tables below say what may happen in each."""

    IDLE = "idle"
    NEGOTIATING = "negotiating"
    OPEN = "open"
    CLOSED = "closed"


class Acknowledged(NamedTuple):
    """Everything up to and including this journal id is durable at the LEMF."""

    journal_id: int


class OptionsAgreed(NamedTuple):
    """Negotiation has ended; `acknowledgement` says whether PDU acknowledgement is in use."""

    acknowledgement: bool


class PeerSilent(NamedTuple):
    """TIME3 passed without an answer: drop the connection and open a new one."""


class ProtocolViolation(NamedTuple):
    """The peer broke the protocol; the state is unchanged. `code` is one of DecodeError's or UNEXPECTED."""

    code: str
    message: str


class AnswerOverdue(NamedTuple):
    """TIME2 passed and a request (`name`, its number) waits still: what came before it is not durable."""

    name: str
    number: int


class TriSeen(NamedTuple):
    """A TRI that asks for nothing: test, padding, segment flag, CIN reset, integrity check, operator message."""

    name: str
    pdu: PsPdu


Event = Acknowledged | AnswerOverdue | OptionsAgreed | PeerSilent | ProtocolViolation | TriSeen
UNEXPECTED: Final = "UNEXPECTED"

MF_TABLE: Final[dict[State, dict[str, State]]] = {
    State.IDLE: {"connected": State.OPEN, "connected+negotiate": State.NEGOTIATING},
    State.NEGOTIATING: {
        "optionResponse": State.OPEN,
        "negotiation timeout": State.OPEN,
        "keep-aliveResponse": State.NEGOTIATING,
        "silent": State.CLOSED,
    },
    State.OPEN: {
        "keep-aliveResponse": State.OPEN,
        "pDUAcknowledgementResponse": State.OPEN,
        "optionResponse": State.OPEN,
        "silent": State.CLOSED,
    },
    State.CLOSED: {},
}
"""What may come in which state. Absent is a violation and changes nothing. A late optionResponse is tolerated."""

LEMF_TABLE: Final[dict[State, dict[str, State]]] = {
    State.IDLE: {"connected": State.OPEN},
    State.OPEN: {
        "keep-alive": State.OPEN,
        "optionRequest": State.NEGOTIATING,
        "optionComplete": State.OPEN,
    },
    State.NEGOTIATING: {
        "keep-alive": State.NEGOTIATING,
        "optionRequest": State.NEGOTIATING,
        "optionComplete": State.OPEN,
        "pDUAcknowledgementRequest": State.NEGOTIATING,
    },
    State.CLOSED: {},
}
SAID: Final = ("testPDU", "paddingPDU")
"""What the MF end may say at any time once it is connected, outside the order of its records."""
_QUIET: Final = frozenset(
    {
        "testPDU",
        "paddingPDU",
        "firstSegmentFlag",
        "lastSegmentFlag",
        "cINReset",
        "integrityCheck",
        "operatorLeaMessage",
    }
)


class MfSession:
    """The mediation function's end of one connection. A new connection gets a new session."""

    def __init__(self, config: HandoverConfig) -> None:
        self._config = config
        self.state = State.IDLE
        self.acknowledging = False
        self._out = bytearray()
        self._inbound = bytearray()
        self._number = 0
        self._last_sent_id = -1
        self._acknowledged_id = -1
        self._unasked = 0
        self._unasked_since_us: int | None = None
        self._requests: deque[tuple[str, int, int]] = deque()
        self._idle_since_us = 0
        self._negotiation_until_us: int | None = None
        self._silent_at_us: int | None = None

    def connected(self, now_us: int) -> None:
        """The transport is open. Starts negotiation when configured."""
        if self.state is not State.IDLE:
            return
        self._idle_since_us = now_us
        if self._config.negotiate:
            self.state = MF_TABLE[self.state]["connected+negotiate"]
            self._negotiation_until_us = now_us + NEGOTIATION_US
            self._send("optionRequest", now_us, {"requestedOptions": [("pDUAcknowledgement", None)]})
        else:
            self.state = MF_TABLE[self.state]["connected"]

    def sent(self, journal_id: int, now_us: int, records: int = 1) -> None:
        """A data record, or several up to this id, were handed to the transport; ids grow. May queue an acknowledgement
        request."""
        self._last_sent_id = journal_id
        self._idle_since_us = now_us
        self._unasked += records
        if self._unasked_since_us is None:
            self._unasked_since_us = now_us
        if self._unasked >= self._config.ack_every_records:
            self._ask(now_us)

    def say(self, name: str, now_us: int, value: object = None) -> bool:
        """Send one of `SAID`; False when there is no connection to say it on. Raises LocalError for another name."""
        if name not in SAID:
            raise LocalError(f"{name} is not said on its own: choose one of {', '.join(SAID)}.")
        if self.state not in (State.OPEN, State.NEGOTIATING):
            return False
        self._send(name, now_us, value)
        return True

    def receive(self, octets: bytes, now_us: int) -> list[Event]:
        """Octets from the LEMF, in pieces of any size."""
        self._inbound += octets
        events: list[Event] = []
        while self._inbound:
            try:
                record = tlv.read_tlv(bytes(self._inbound), 0, len(self._inbound))
            except DecodeError as error:
                if error.code == DecodeError.TRUNCATED and len(self._inbound) <= MAX_INBOUND_OCTETS:
                    return events
                self._inbound.clear()
                return [*events, ProtocolViolation(error.code, error.message), self._close()]
            octets = bytes(self._inbound[: record.end])
            del self._inbound[: record.end]
            events += self._record(octets, now_us)
        return events

    def outgoing(self) -> bytes:
        """What to write now."""
        out = bytes(self._out)
        self._out.clear()
        return out

    def next_timer_us(self) -> int | None:
        """When to call `timer`; None for never."""
        if self.state in (State.IDLE, State.CLOSED):
            return None
        due = [self._silent_at_us, self._negotiation_until_us]
        if self._unasked_since_us is not None and self._may_ask:
            due.append(self._unasked_since_us + self._config.ack_after_us)
        if self._silent_at_us is None:
            due.append(self._idle_since_us + self._config.time1_us)
        return min((one for one in due if one is not None), default=None)

    def timer(self, now_us: int) -> list[Event]:
        """Time has passed."""
        events: list[Event] = []
        if self.state in (State.IDLE, State.CLOSED):
            return events
        if self._silent_at_us is not None and now_us >= self._silent_at_us:
            return [self._close()]
        if self._negotiation_until_us is not None and now_us >= self._negotiation_until_us:
            self._negotiation_until_us = None
            self.state = MF_TABLE[self.state].get("negotiation timeout", self.state)
            events.append(OptionsAgreed(False))
        if (
            self._unasked_since_us is not None
            and self._may_ask
            and now_us >= self._unasked_since_us + self._config.ack_after_us
        ):
            self._ask(now_us)
        if self._silent_at_us is None and now_us >= self._idle_since_us + self._config.time1_us:
            self._request("keep-alive", now_us)
        return events

    @property
    def unacknowledged(self) -> int:
        """Whether anything sent is not yet acknowledged: the highest such id, or -1."""
        return self._last_sent_id if self._last_sent_id > self._acknowledged_id else -1

    @property
    def _barrier_ready(self) -> bool:
        return self.state is State.OPEN and (self.acknowledging or self._config.keepalive_barrier)

    @property
    def _may_ask(self) -> bool:
        """Not while as many wait for an answer as may: whoever answers none would else be asked again and again."""
        return self._barrier_ready and len(self._requests) < MAX_WAITING

    def _ask(self, now_us: int) -> None:
        if self._may_ask:
            self._request("pDUAcknowledgementRequest" if self.acknowledging else "keep-alive", now_us)

    def _request(self, name: str, now_us: int) -> None:
        self._unasked, self._unasked_since_us = 0, None
        self._requests.append((name, self._send(name, now_us), self._last_sent_id))
        if self._silent_at_us is None:
            self._silent_at_us = now_us + self._config.time3_us

    def _send(self, name: str, now_us: int, value: object = None) -> int:
        self._number += 1
        self._out += self._config.tri(name, self._number, now_us, value)
        self._idle_since_us = now_us
        return self._number

    def _close(self) -> PeerSilent:
        self.state = State.CLOSED
        return PeerSilent()

    def _record(self, octets: bytes, now_us: int) -> list[Event]:
        try:
            pdu = decode_ps_pdu(octets)
        except DecodeError as error:
            return [ProtocolViolation(error.code, error.message)]
        kind, value = pdu.payload
        name = value[0] if kind == "tRIPayload" else kind
        if name not in MF_TABLE[self.state]:
            return [ProtocolViolation(UNEXPECTED, f"{name} in state {self.state.value}")]
        if name == "optionResponse":
            return self._options(value[1], now_us)
        return self._answer(name, pdu.header.sequence_number, now_us)

    def _options(self, value: dict[str, list[tuple[str, object]]], now_us: int) -> list[Event]:
        if self.state is not State.NEGOTIATING:
            return []
        self.state = MF_TABLE[self.state]["optionResponse"]
        self._negotiation_until_us = None
        self.acknowledging = any(name == "pDUAcknowledgement" for name, _ in value["acceptedOptions"])
        self._send("optionComplete", now_us)
        if self._unasked:
            self._ask(now_us)
        return [OptionsAgreed(self.acknowledging)]

    def _answer(self, name: str, number: int, now_us: int) -> list[Event]:
        wanted = "keep-alive" if name == "keep-aliveResponse" else "pDUAcknowledgementRequest"
        place = next((at for at, one in enumerate(self._requests) if one[:2] == (wanted, number)), None)
        if place is None:
            return [ProtocolViolation(UNEXPECTED, f"{name} {number} answers no request")]
        journal_id = self._requests[place][2]
        # Everything asked before is durable too: a barrier covers all that went before it.
        for _ in range(place + 1):
            self._requests.popleft()
        self._silent_at_us = now_us + self._config.time3_us if self._requests else None
        counts = wanted == "pDUAcknowledgementRequest" or self._config.keepalive_barrier
        if counts and journal_id > self._acknowledged_id:
            self._acknowledged_id = journal_id
            return [Acknowledged(journal_id)]
        return []


class _Owed(NamedTuple):
    """An answer the LEMF end owes: once everything up to `position` is durable. `since_us`: when it was asked."""

    position: int
    answer: str
    number: int
    since_us: int


_ASKED: Final = {"keep-aliveResponse": "keep-alive", "pDUAcknowledgementResponse": "pDUAcknowledgementRequest"}


class LemfSession:
    """The collector's end of one connection. Positions are octets received on it up to the end of a record."""

    def __init__(self, config: HandoverConfig) -> None:
        self._config = config
        self.state = State.IDLE
        self.acknowledging = False
        self._out = bytearray()
        self._forms: dict[str, AnswerForm] = {}
        self._asks: RequestForm | None = None
        """How this peer asks."""
        self._waiting: deque[_Owed] = deque()
        self._told = 0
        """How many of them, the oldest, are known to be overdue."""
        self._durable = 0

    def connected(self, now_us: int) -> None:
        """The peer has connected. Nothing is sent."""
        if self.state is State.IDLE:
            self.state = LEMF_TABLE[self.state]["connected"]

    def tri(self, octets: bytes, position: int, now_us: int) -> list[Event]:
        """A TRI record ended at `position`."""
        if self._asks is not None and (again := self._asks.number(octets)) is not None:
            return self._asked(self._asks.name, None, again, position, now_us)
        try:
            pdu = decode_ps_pdu(octets)
        except DecodeError as error:
            return [ProtocolViolation(error.code, error.message)]
        kind, value = pdu.payload
        name = value[0] if kind == "tRIPayload" else kind
        if name in _QUIET and self.state in (State.OPEN, State.NEGOTIATING):
            return [TriSeen(name, pdu)]
        if name in _ASKED.values() and kind == "tRIPayload":
            self._asks = RequestForm.of(name, octets)
        options = value[1] if name == "optionRequest" else None
        return self._asked(name, options, pdu.header.sequence_number, position, now_us)

    def _asked(self, name: str, options: dict[str, Any] | None, number: int, position: int, now_us: int) -> list[Event]:
        """A TRI that wants something; `options` of an option request."""
        allowed: State | None
        # What comes again and again is asked first: the table looks its states up by hash, in Python.
        if name == "pDUAcknowledgementRequest" and self.state in (State.OPEN, State.NEGOTIATING):
            allowed = self.state if self.acknowledging else None
        else:
            allowed = LEMF_TABLE[self.state].get(name)
        if allowed is None:
            return [ProtocolViolation(UNEXPECTED, f"{name} in state {self.state.value}")]
        if len(self._waiting) >= MAX_WAITING:
            return [ProtocolViolation(DecodeError.TOO_MANY, f"more than {MAX_WAITING} requests wait for an answer")]
        self.state = allowed
        if options is not None:
            return self._options(options, number, now_us)
        if name == "optionComplete":
            return [OptionsAgreed(self.acknowledging)]
        answer = "keep-aliveResponse" if name == "keep-alive" else "pDUAcknowledgementResponse"
        self._waiting.append(_Owed(position, answer, number, now_us))
        if position <= self._durable:
            self.durable(self._durable, now_us)
        return []

    def durable(self, position: int, now_us: int) -> None:
        """Every record that ended at or before `position` is on disk, or needs not be."""
        self._durable = max(self._durable, position)
        while self._waiting and self._waiting[0].position <= self._durable:
            owed = self._waiting.popleft()
            self._told = max(self._told - 1, 0)
            form = self._forms.get(owed.answer)
            if form is None:
                form = self._forms[owed.answer] = AnswerForm(self._config, owed.answer)
            self._out += form.filled(owed.number, now_us)

    def outgoing(self) -> bytes:
        """What to write now."""
        out = bytes(self._out)
        self._out.clear()
        return out

    def next_timer_us(self) -> int | None:
        """When TIME2 of the next request is over; None while nothing is owed."""
        return self._waiting[self._told].since_us + self._config.time2_us if self._told < self.owes else None

    def timer(self, now_us: int) -> list[Event]:
        """Time has passed. Each overdue answer is told once; it is still given when it can be."""
        events: list[Event] = []
        while (due_us := self.next_timer_us()) is not None and now_us >= due_us:
            owed = self._waiting[self._told]
            events.append(AnswerOverdue(_ASKED[owed.answer], owed.number))
            self._told += 1
        return events

    @property
    def owes(self) -> int:
        """Requests waiting for what came before them to be durable."""
        return len(self._waiting)

    def _options(self, value: dict[str, list[tuple[str, object]]], number: int, now_us: int) -> list[Event]:
        # An option we do not know cannot be written either: it is in neither list, and so not in use.
        asked = [("pDUAcknowledgement", None)] if ("pDUAcknowledgement", None) in value["requestedOptions"] else []
        accepted, declined = (asked, []) if self._config.negotiate else ([], asked)
        self.acknowledging = bool(accepted)
        answer = {"acceptedOptions": accepted, "declinedOptions": declined}
        self._out += self._config.tri("optionResponse", number, now_us, answer)
        return []
