"""The short way of content: what the ordinary way has decided once for a context holds for its next packets.

Rules of this file. Nothing is decided here. A context becomes known when the ordinary way (`mediate`) has made a record
of one of its PDUs, and only where the next PDU would be treated alike whatever its number, its packet and its time
within the order's window: a plain record of one packet, under an order that allows the whole of that service, with no
fault at work and nothing agreed that changes records (ciphering, checks, aggregation, segments, numbers by LIID). The
template of a context must give that record octet for octet, else the context is not taken. What a context was learned
from may change: orders, faults. Then everything is forgotten and learned anew.

Numbers live in one place at a time. Behind each run they are written back to the counters and the gap book, and behind
each PDU that took the ordinary way they are read from there (`heard`).
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from asn1.errors import LabError
from asn1.ps_pdu import PsHeader
from asn1.record_template import CC_CONTENT, cc_template, direction_number
from asn1.template import NO_CIN, Template
from asn1.x2x3 import PayloadFormat, PduType, X2X3Pdu, head_places
from mediation.intake import Flow, GapBook, flow_of
from mediation.journal import Advance
from mediation.sequence import Communication, Counters
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
    """Content records back to back. `advances` by context, `gaps` by LIID: PDUs missing before them; `end`: where the
    next PDU begins."""

    octets: bytes
    records: int
    advances: list[Advance]
    gaps: dict[str, int]
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


class _Context(NamedTuple):
    xid: str
    correlation: int
    liid: str
    state: Communication
    communication: int
    flow: Flow
    flow_number: int


class Bulk:
    """One mediation function's known contexts. It forgets them when told to (`forget`)."""

    def __init__(self, counters: Counters, gaps: GapBook) -> None:
        self._counters = counters
        self._gap_book = gaps
        self._out = bytearray()
        self.forget()

    def forget(self) -> None:
        self._contexts = Contexts()
        self._known: list[_Context] = []
        self._communications: dict[tuple[str, int], int] = {}
        self._states: list[Communication] = []
        self._flows: dict[Flow, int] = {}
        self._templates: list[Template] = []
        self._template_numbers: dict[tuple[object, ...], int] = {}
        self._tried: set[bytes] = set()

    def knows(self, octets: bytearray, at: int) -> bool:
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
        ours = pdu.payload and said.contents[0] in CC_CONTENT
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
        communication = self._communications.setdefault(key, len(self._communications))
        if communication == len(self._states):
            self._states.append(said.state)
        if len(self._known) >= MAX_CONTEXTS or self._states[communication] is not said.state:
            self.forget()
            return False
        flow_number = self._flows.setdefault(flow, len(self._flows))
        start_us, end_us = max(said.window[0], 0), max(said.window[1], 0)
        self._contexts.add(head, number, header.liid, cin, communication, flow_number, direction, start_us, end_us)
        liid = header.liid.decode()
        one = _Context(said.xid, pdu.correlation_id, liid, said.state, communication, flow, flow_number)
        self._known.append(one)
        return True

    def heard(self, pdu: X2X3Pdu, xid: str, state: Communication | None) -> None:
        """A PDU took the ordinary way: where its communication and its numbers stand now."""
        communication = self._communications.get((xid, pdu.correlation_id))
        if communication is not None:
            if state is not self._states[communication]:
                # The counters forgot it and began anew: so do we.
                self.forget()
                return
            self._contexts.numbers[communication] = state.next_cc
        flow = self._flows.get(flow_of(pdu))
        if flow is not None and pdu.sequence_number is not None:
            self._contexts.expected[flow] = pdu.sequence_number + 1 & 0xFFFFFFFF

    def run(self, octets: bytearray, at: int) -> Run | None:
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
        return self._settled(bytes(memoryview(self._out)[:out_end]), records, at)

    def _settled(self, octets: bytes, records: int, end: int) -> Run:
        contexts = self._contexts
        advances: list[Advance] = []
        gaps: dict[str, int] = {}
        for index in range(contexts.touched_n):
            context = contexts.touched[index]
            one = self._known[context]
            next_cc = contexts.numbers[one.communication]
            self._counters.counted(one.xid, one.correlation, one.state, next_cc)
            self._gap_book.came(one.flow, contexts.expected[one.flow_number])
            advances.append(
                Advance(one.xid, one.correlation, one.state.cin, next_cc, contexts.counts[context], one.liid)
            )
            if contexts.gaps[context]:
                gaps[one.liid] = gaps.get(one.liid, 0) + contexts.gaps[context]
        return Run(octets, records, advances, gaps, end)

    def _template_number(self, said: Learned) -> int | None:
        """That of the template for such records; a new one where there is none."""
        header, (name, value) = said.header, said.contents
        basis = header._replace(liid=b"", cin=None if header.cin is None else 0, sequence_number=0, time_us=0)
        rest = tuple(sorted((field, held) for field, held in value.items() if isinstance(held, str | int)))
        key = (basis, name, rest, said.direction is None)
        number = self._template_numbers.get(key)
        if number is not None:
            return number
        try:
            template = cc_template(header, said.contents, said.direction)
        except LabError:
            return None
        if len(self._templates) >= MAX_TEMPLATES:
            self.forget()
            return None
        self._templates.append(template)
        self._template_numbers[key] = len(self._templates) - 1
        return len(self._templates) - 1
