"""The short way of content: what the ordinary way has decided once for a context holds for its next packets.

Rules of this file. Nothing is decided here. A context becomes known when the ordinary way (`mediate`) has made a record
of one of its PDUs, and only where the next PDU would be treated alike whatever its number, its packet and its time
within the order's window: a plain record of one packet, under an order that allows the whole of that service, with no
fault at work and nothing agreed that changes records (ciphering, checks, aggregation, segments, numbers by LIID). The
template of a context must give that record octet for octet, else the context is not taken. What a context was learned
from may change: orders, faults. Then everything is forgotten and learned anew.

Numbers live in one place at a time: here while the short way is taken, and in the counters and the gap book from
`before` a PDU takes the ordinary way until `heard`. Who looks at all of them asks for `settle` first.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, NamedTuple

from asn1.ps_pdu import PsHeader
from asn1.record_template import direction_number, packet_of
from asn1.template import NO_CIN, Template
from asn1.x2x3 import PayloadFormat, PduType, X2X3Pdu, head_places
from mediation.intake import Flow, GapBook, flow_of
from mediation.sequence import Communication, Counters
from mediation.templates import Templates
from mediation.x3_contexts import (
    FULL,
    MAX_CONTEXTS,
    MAX_HEAD_OCTETS,
    OTHER_TEMPLATE,
    Contexts,
    Head,
)

MAX_TEMPLATES: Final = 1_024
MAX_TRIED: Final = 1 << 16
"""Contexts of which it is remembered that one PDU was tried; beyond it all are tried again."""
RUN_OCTETS: Final = 1 << 20
"""Records of one run, at most: one frame of the journal, one piece of what is sent again."""
_CONTEXT: Final = slice(14, 40)
"""Direction, XID and correlation in an X3 PDU."""
_PACKETS: Final = (PayloadFormat.IPV4, PayloadFormat.IPV6)


class Run(NamedTuple):
    """Content records back to back, `rows` of their communications for the journal, `liids` with their records; `end`:
    where the next PDU begins."""

    octets: bytes
    records: int
    rows: bytes
    liids: tuple[tuple[str, int], ...]
    end: int


class Learned(NamedTuple):
    """What the ordinary way has said of a PDU. `record` is what it made of it, `header` as sent, `contents` with its
    packet; content from `window[0]` up to `window[1]` is treated alike."""

    xid: str
    header: PsHeader
    contents: tuple[str, Any]
    direction: str | None
    state: Communication
    window: tuple[int, int]
    record: bytes


class _Communication(NamedTuple):
    xid: str
    correlation: int
    liid: str
    state: Communication


Count = Callable[[str, int, int], None]
"""Told of a LIID's records and of the PDUs missing before them."""


class Bulk:
    """One mediation function's known contexts. It forgets them when told to (`forget`). `count` hears what was counted,
    when that is settled."""

    def __init__(self, counters: Counters, gaps: GapBook, templates: Templates, count: Count) -> None:
        self._counters = counters
        self._shapes = templates
        self._gap_book = gaps
        self._count = count
        self._out = bytearray()
        self._begin()

    def _begin(self) -> None:
        self._contexts = Contexts()
        self._communications: dict[tuple[str, int], int] = {}
        self._known: list[_Communication] = []
        self._flows: dict[Flow, int] = {}
        self._templates: list[Template] = []
        self._template_numbers: dict[Template, int] = {}
        self._tried: set[bytes] = set()

    def forget(self) -> None:
        """All contexts; what they counted stays with the counters."""
        self.settle()
        for flow, number in self._flows.items():
            self._gap_book.came(flow, self._contexts.expected[number])
        self._begin()

    def settle(self) -> None:
        """Counters and counts are as if everything had taken the ordinary way."""
        contexts = self._contexts
        for number, one in enumerate(self._known):
            records, missing = contexts.totals[number], contexts.gaps[number]
            if records:
                self._counters.counted(one.xid, one.correlation, one.state, contexts.numbers[number])
                self._count(one.liid, records, missing)
                contexts.totals[number] = contexts.gaps[number] = 0

    def knows(self, octets: bytes | bytearray, at: int) -> bool:
        return self._contexts.knows(octets, at)

    def may_learn(self, frame: bytes) -> bool:
        """Once a context."""
        if frame[3] != PduType.X3 or int.from_bytes(frame[12:14], "big") not in _PACKETS:
            return False
        key = frame[_CONTEXT]
        if key in self._tried:
            return False
        if len(self._tried) >= MAX_TRIED:
            self._tried.clear()
        self._tried.add(key)
        return True

    def learn(self, pdu: X2X3Pdu, frame: bytes, said: Learned) -> bool:
        """Whether the context of this PDU is known from now on."""
        places = head_places(frame)
        ours = pdu.payload and packet_of(said.contents) == pdu.payload
        if places is None or not ours or places.octets > MAX_HEAD_OCTETS:
            return False
        head = Head(frame[: places.octets], places.number_at, places.time_at)
        if self._contexts.find(head.octets) >= 0:
            return True
        number = self._template_number(said)
        header = said.header
        if number is None or header.time_us is None:
            return False
        template, direction = self._templates[number], direction_number(said.direction)
        cin = NO_CIN if header.cin is None else header.cin
        again = template.octets(header.liid, cin, header.sequence_number, header.time_us, pdu.payload, direction)
        key, flow = (said.xid, pdu.correlation_id), flow_of(pdu)
        if again != said.record:
            return False
        communication = self._communications.get(key)
        if self._contexts.n >= MAX_CONTEXTS or (
            communication is not None and self._known[communication].state is not said.state
        ):
            self.forget()
            return False
        if communication is None:
            communication = self._communications[key] = len(self._known)
            self._known.append(_Communication(said.xid, pdu.correlation_id, header.liid.decode(), said.state))
        flow_number = self._flows.setdefault(flow, len(self._flows))
        start_us, end_us = max(said.window[0], 0), max(said.window[1], 0)
        self._contexts.add(head, number, header.liid, cin, communication, flow_number, direction, start_us, end_us)
        return True

    def before(self, pdu: X2X3Pdu, xid: str) -> None:
        """A PDU is going to take the ordinary way: its numbers are now with the counters and the gap book."""
        communication = self._communications.get((xid, pdu.correlation_id))
        if communication is not None:
            one = self._known[communication]
            self._counters.counted(one.xid, one.correlation, one.state, self._contexts.numbers[communication])
        flow = self._flows.get(flow_of(pdu))
        if flow is not None:
            self._gap_book.came(flow_of(pdu), self._contexts.expected[flow])

    def heard(self, pdu: X2X3Pdu, xid: str, state: Communication | None) -> None:
        """It has taken it: where its communication and its numbers stand now."""
        communication = self._communications.get((xid, pdu.correlation_id))
        if communication is not None:
            if state is None or state is not self._known[communication].state:
                # The counters forgot it and began anew: so do we.
                self.forget()
                return
            self._contexts.numbers[communication] = state.next_cc
        flow = self._flows.get(flow_of(pdu))
        if flow is not None and pdu.sequence_number is not None:
            self._contexts.expected[flow] = pdu.sequence_number + 1 & 0xFFFFFFFF

    def run(self, octets: bytes | bytearray, at: int) -> Run | None:
        """Records of what is known from `at` on; None when that is nothing."""
        contexts, stop = self._contexts, len(octets)
        if not contexts.n:
            return None
        # A record has a longer head than its PDU; a run that is full is gone on with.
        if len(self._out) < min(2 * (stop - at) + 4096, RUN_OCTETS):
            self._out = bytearray(min(2 * (stop - at) + 4096, RUN_OCTETS))
        contexts.begin()
        number, records, out_end = 0, 0, 0
        while True:
            contexts.run(octets, at, stop, self._out, out_end, self._templates[number], number)
            records += contexts.records
            at, out_end = contexts.end, contexts.out_end
            if contexts.state != OTHER_TEMPLATE:
                break
            number = contexts.wanted
        if not records:
            if contexts.state == FULL:
                # One record that is larger than any run: the ordinary way has no such bound.
                self.forget()
            return None
        touched = contexts.touched[: contexts.touched_n]
        counts, known = contexts.counts, self._known
        liids: dict[str, int] = {}
        for one in touched:
            liid = known[one].liid
            liids[liid] = liids.get(liid, 0) + counts[one]
        return Run(bytes(memoryview(self._out)[:out_end]), records, contexts.rows(), tuple(liids.items()), at)

    def _template_number(self, said: Learned) -> int | None:
        """That of the template for such records; a new one where there is none."""
        template = self._shapes.of(said.header, said.contents, said.direction)
        if template is None:
            return None
        number = self._template_numbers.get(template)
        if number is None:
            if len(self._templates) >= MAX_TEMPLATES:
                self.forget()
                return None
            number = self._template_numbers[template] = len(self._templates)
            self._templates.append(template)
        return number
