"""X3 PDUs of known contexts to content records, natively: same head, another number, another time, another packet.

Rules of this file. It decides nothing. A context is the head of an X3 PDU, octet for octet but for number, time and
payload length, for which the ordinary way (`mediate`) has said what becomes of it: whose content it is, under which
labels, from when until when, in which kind of record. A PDU that is of no known context, that is not whole, or whose
time lies outside of its context's window ends the run, and takes the ordinary way. What runs over is numbered and
counted exactly as there.

One source for two paths (ADR 0002): `x3_contexts.pxd` types it for Cython. One thread, the event loop's.
"""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING, Final, NamedTuple

from asn1.errors import LocalError
from asn1.template import MAX_LIID_OCTETS, Template

if TYPE_CHECKING:
    from asn1 import plain as cython
else:
    try:
        import cython
    except ImportError:
        from asn1 import plain as cython

if cython.compiled:
    from cython.cimports.libc.string import memcmp, memcpy
else:
    # The same constants as in x3_contexts.pxd, where the compiler needs them; a test compares the two.
    from asn1.template import put_integer

    _FIXED = 40
    _MOST_HEAD = 256
    _LABEL = 25
    _XID_AT = 16
    _X3 = 2
    _MAX_NUMBER = 0xFFFFFFFF
    _WAITS, _UNKNOWN, _OTHER_TEMPLATE, _FULL = 0, 1, 2, 3

COMPILED: Final[bool] = cython.compiled

WAITS: Final = 0
"""The next PDU is not whole yet."""
UNKNOWN: Final = 1
"""The next PDU takes the ordinary way."""
OTHER_TEMPLATE: Final = 2
"""The next PDU is of a context with the template `wanted`."""
FULL: Final = 3
"""No room for another record."""

FIXED_OCTETS: Final = 40
MAX_HEAD_OCTETS: Final = 256
"""Heads that are remembered: fixed part, NFID, IPID, number and time take about 90; a longer one takes the long way."""
MAX_CONTEXTS: Final = 1 << 18
"""Two directions of as many communications as are remembered at all, and a quarter more."""
MAX_TIME_US: Final = 1 << 62
FIRST_ROOM: Final = 64
XID_AT: Final = 16
"""Offset in a head; the correlation is behind it."""
_COLUMNS: Final = 17


class Head(NamedTuple):
    """The head of an X3 PDU as received; where in it the four octets of the number and the eight of the time stand."""

    octets: bytes
    number_at: int
    time_at: int


class Contexts:
    """`records`, `end`, `out_end`, `state`, `wanted`: how the last run ended. Communications and flows are numbers that
    the caller gives out from 0. By communication: `numbers` are to be given next, `counts` are records of this run,
    `totals` and `gaps` records and missing PDUs since the caller last set them to 0; `touched` are the communications
    of this run. By flow: `expected` comes next on X3."""

    def __init__(self) -> None:
        self.n = 0
        self.records = 0
        self.end = 0
        self.out_end = 0
        self.state = WAITS
        self.wanted = -1
        self.touched_n = 0
        self._room = 0
        self._mask = 0
        self._heads: bytearray = bytearray()
        self._labels: bytearray = bytearray()
        self._columns: list[array[int]] = []
        self.touched: array[int] = array("q")
        self.clear()

    def _grow(self, room: int) -> None:
        """Room for `room` contexts and as many communications and flows."""
        heads, labels = bytearray(room * MAX_HEAD_OCTETS), bytearray(room * MAX_LIID_OCTETS)
        heads[: len(self._heads)] = self._heads
        labels[: len(self._labels)] = self._labels
        self._heads = self._heads_view = heads
        self._labels = self._labels_view = labels
        columns = [array("q", bytes(8 * room)) for _ in range(_COLUMNS)]
        for column, before in zip(columns, self._columns, strict=True):
            column[: len(before)] = before
        self._columns = columns
        self._sizes_view, self._number_at_view, self._time_at_view = self._columns[0:3]
        self._template_view, self._label_view, self._cin_view = self._columns[3:6]
        self._communication_view, self._flow_view, self._direction_view = self._columns[6:9]
        self._start_view, self._end_view = self._columns[9:11]
        self._first_view = self._columns[11]
        self.counts = self._counts_view = self._columns[12]
        self.totals = self._totals_view = self._columns[13]
        self.gaps = self._gaps_view = self._columns[14]
        self.numbers = self._numbers_view = self._columns[15]
        self.expected = self._expected_view = self._columns[16]
        touched = array("q", bytes(8 * room))
        touched[: self.touched_n] = self.touched[: self.touched_n]
        self.touched = self._touched_view = touched
        self._slots = self._slots_view = array("q", bytes(16 * room))
        self._room = room
        self._mask = 2 * room - 1
        for context in range(self.n):
            self._place(context)

    def _place(self, context: int) -> None:
        if cython.compiled:
            digest = _digest(cython.address(self._heads_view[0]), context * _MOST_HEAD)
        else:
            digest = _digest(self._heads, context * _MOST_HEAD)
        slot = digest & self._mask
        while self._slots_view[slot]:
            slot = (slot + 1) & self._mask
        self._slots_view[slot] = context + 1

    def find(self, head: bytes) -> int:
        """The context of this head, -1 when it is not known. The number and the time in it do not count."""
        if not FIXED_OCTETS <= len(head) <= MAX_HEAD_OCTETS:
            return -1
        data = head
        if cython.compiled:
            return self._find(cython.cast("const unsigned char *", data), 0, len(head))
        return self._find(data, 0, len(head))

    def knows(self, octets: bytes | bytearray, at: int) -> bool:
        """Whether a PDU of a known context begins there."""
        room = len(octets)
        if at < 0 or room - at < FIXED_OCTETS:
            return False
        if cython.compiled:
            source = octets
            return self._begins(cython.address(source[0]), at, room)
        return self._begins(octets, at, room)

    def _begins(self, data: bytes | bytearray, at: int, room: int) -> bool:
        head = _u32(data, at + 4)
        return _FIXED <= head <= _MOST_HEAD and head <= room - at and self._find(data, at, head) >= 0

    def add(
        self,
        head: Head,
        template: int,
        liid: bytes,
        cin: int,
        communication: int,
        flow: int,
        direction: int,
        start_us: int,
        end_us: int,
    ) -> int:
        """A new context. Raises LocalError for what cannot be one, and when there are too many: then `clear`."""
        octets, number_at, time_at = head
        places_fit = FIXED_OCTETS <= number_at <= len(octets) - 4 and FIXED_OCTETS <= time_at <= len(octets) - 8
        if not FIXED_OCTETS <= len(octets) <= MAX_HEAD_OCTETS or not places_fit or self.find(octets) >= 0:
            raise LocalError("this head makes no context, or is one already")
        if not (number_at + 4 <= time_at or time_at + 8 <= number_at):
            raise LocalError("number and time of a head lie in each other")
        if not 1 <= len(liid) <= MAX_LIID_OCTETS or not -1 <= cin <= 0xFFFFFFFF or not 0 <= start_us <= end_us:
            raise LocalError(f"a context of {len(liid)} octets of LIID and CIN {cin} is none")
        if self.n >= MAX_CONTEXTS:
            raise LocalError(f"more than {MAX_CONTEXTS} contexts")
        if max(self.n, communication, flow) + 1 > self._room:
            room = self._room
            while room < max(self.n, communication, flow) + 1:
                room *= 2
            self._grow(room)
        context = self.n
        at = context * MAX_HEAD_OCTETS
        self._heads[at : at + len(octets)] = octets
        at = context * MAX_LIID_OCTETS
        self._labels[at : at + len(liid)] = liid
        values = (len(octets), number_at, time_at, template, len(liid), cin, communication, flow, direction)
        for column, value in zip(self._columns, (*values, start_us, min(end_us, MAX_TIME_US)), strict=False):
            column[context] = value
        if not self._first_view[communication]:
            self._first_view[communication] = context + 1
        self.n = context + 1
        self._place(context)
        return context

    def clear(self) -> None:
        """Forget all contexts, communications and flows."""
        self.n = self.touched_n = 0
        self._heads = self._labels = bytearray()
        self._columns = [array("q")] * _COLUMNS
        self._grow(FIRST_ROOM)

    def run(
        self,
        octets: bytes | bytearray | memoryview,
        start: int,
        stop: int,
        out: bytearray,
        at: int,
        template: Template,
        number: int,
    ) -> None:
        """From `octets[start:stop]` to records of `template`, which has the number `number`, in `out` from `at` on."""
        room = len(out)
        if not (0 <= start <= stop <= len(octets) and 0 <= at <= room):
            raise LocalError(f"octets {start} to {stop} of {len(octets)} are not there")
        if cython.compiled:
            source = octets
            view = out
            if stop > start and room > at:
                data = cython.address(source[0])
                target = cython.address(view[0])
                with cython.nogil:
                    self._run(data, start, stop, target, at, room, template, number)
                return
            self.state, self.end, self.out_end, self.records = _WAITS if stop == start else _FULL, start, at, 0
        else:
            self._run(memoryview(octets), start, stop, memoryview(out), at, room, template, number)

    def begin(self) -> None:
        """Before the first run of several that are counted together."""
        index = 0
        while index < self.touched_n:
            self._counts_view[self._touched_view[index]] = 0
            index += 1
        self.touched_n = 0

    def rows(self) -> bytes:
        """Of each communication of this run: XID (16 octets), correlation (8), CIN, number to be given next, records of
        the run (4 each), octets of the LIID (1), LIID."""
        out = bytearray(self.touched_n * (MAX_LIID_OCTETS + 37) + 1)
        if cython.compiled:
            view = out
            at = self._rows(cython.address(view[0]))
        else:
            at = self._rows(memoryview(out))
        return bytes(memoryview(out)[:at])

    def _rows(self, out: memoryview) -> int:
        at = 0
        index = 0
        while index < self.touched_n:
            communication = self._touched_view[index]
            context = self._first_view[communication] - 1
            cin, size = self._cin_view[context], self._label_view[context]
            if cython.compiled:
                memcpy(out + at, cython.address(self._heads_view[context * _MOST_HEAD + _XID_AT]), 24)
                memcpy(out + at + 37, cython.address(self._labels_view[context * _LABEL]), size)
            else:
                first = context * _MOST_HEAD + _XID_AT
                out[at : at + 24] = self._heads[first : first + 24]
                first = context * _LABEL
                out[at + 37 : at + 37 + size] = self._labels[first : first + size]
            put_integer(out, at + 24, 4, cin if cin >= 0 else 0)
            put_integer(out, at + 28, 4, self._numbers_view[communication])
            put_integer(out, at + 32, 4, self._counts_view[communication])
            out[at + 36] = size
            at += 37 + size
            index += 1
        return at

    def _run(
        self,
        data: memoryview,
        pos: int,
        stop: int,
        out: memoryview,
        at: int,
        room: int,
        template: Template,
        number: int,
    ) -> None:
        if cython.compiled:  # noqa: SIM108  the two have types of their own
            labels = cython.address(self._labels_view[0])
        else:
            labels = self._labels
        self.records = 0
        self.state = _WAITS
        while stop - pos >= _FIXED:
            head = _u32(data, pos + 4)
            size = _u32(data, pos + 8)
            if data[pos] or data[pos + 2] or data[pos + 3] != _X3 or head < _FIXED or head > _MOST_HEAD or not size:
                self.state = _UNKNOWN
                break
            if size > stop - pos - head:
                break
            context = self._find(data, pos, head)
            if context < 0:
                self.state = _UNKNOWN
                break
            nanoseconds = _u32(data, pos + self._time_at_view[context] + 4)
            time_us = _u32(data, pos + self._time_at_view[context]) * 1_000_000 + nanoseconds // 1_000
            in_window = self._start_view[context] <= time_us < self._end_view[context]
            if nanoseconds >= 1_000_000_000 or not in_window:
                self.state = _UNKNOWN
                break
            if self._template_view[context] != number:
                self.state = _OTHER_TEMPLATE
                self.wanted = self._template_view[context]
                break
            communication = self._communication_view[context]
            given = self._numbers_view[communication]
            label, cin = self._label_view[context], self._cin_view[context]
            place = template.begin(
                out, at, room, labels, context * _LABEL, label, cin, given, time_us, self._direction_view[context], size
            )
            if place < 0:
                self.state = _FULL
                break
            if cython.compiled:
                memcpy(out + place, data + pos + head, size)
            else:
                out[place : place + size] = data[pos + head : pos + head + size]
            flow = self._flow_view[context]
            came = _u32(data, pos + self._number_at_view[context])
            if not self._counts_view[communication]:
                self._touched_view[self.touched_n] = communication
                self.touched_n += 1
            if came > self._expected_view[flow]:
                self._gaps_view[communication] += came - self._expected_view[flow]
            self._expected_view[flow] = came + 1 & _MAX_NUMBER
            self._numbers_view[communication] = given + 1 & _MAX_NUMBER
            self._counts_view[communication] += 1
            self._totals_view[communication] += 1
            self.records += 1
            at = place + size + template.tail
            pos += head + size
        self.end = pos
        self.out_end = at

    def _find(self, data: memoryview | bytes | bytearray, pos: int, octets: int) -> int:
        slot = _digest(data, pos) & self._mask
        while self._slots_view[slot]:
            context = self._slots_view[slot] - 1
            if self._sizes_view[context] == octets and self._same(data, pos, octets, context):
                return context
            slot = (slot + 1) & self._mask
        return -1

    def _same(self, data: memoryview | bytes | bytearray, pos: int, octets: int, context: int) -> bool:
        """Whether the head at `pos` is that of `context`, but for number, time and payload length."""
        first = self._number_at_view[context]
        first_octets = 4
        second = self._time_at_view[context]
        second_octets = 8
        if second < first:
            first, second = second, first
            first_octets, second_octets = second_octets, first_octets
        return (
            self._equal(data, pos, context, 0, 8)
            and self._equal(data, pos, context, 12, first)
            and self._equal(data, pos, context, first + first_octets, second)
            and self._equal(data, pos, context, second + second_octets, octets)
        )

    def _equal(self, data: memoryview | bytes | bytearray, pos: int, context: int, start: int, stop: int) -> bool:
        base = context * _MOST_HEAD
        if cython.compiled:
            return memcmp(data + pos + start, cython.address(self._heads_view[base + start]), stop - start) == 0
        else:
            return bytes(data[pos + start : pos + stop]) == self._heads[base + start : base + stop]


def _u32(data: memoryview | bytes | bytearray, at: int) -> int:
    # Octet by octet into 64 bits: an octet times 2**24 would pass what C computes octets in.
    value = data[at]
    value = value << 8 | data[at + 1]
    value = value << 8 | data[at + 2]
    return value << 8 | data[at + 3]


def _digest(data: memoryview | bytes | bytearray, pos: int) -> int:
    """Of direction, XID and correlation. Only heads of tasks that were ordered come into the table, so nobody outside
    can make them collide; 31 bits and three octets a step keep products below 2**63 on both paths."""
    digest = data[pos + 15]
    at = pos + 16
    while at < pos + 40:
        word = (data[at] * 256 + data[at + 1]) * 256 + data[at + 2]
        digest = ((digest ^ word) * 16_777_619) & 0x7FFFFFFF
        at += 3
    return digest ^ digest >> 15
