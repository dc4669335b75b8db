"""Content of many streams back to back in a buffer: as handover records, or as the X3 PDUs they are made of.

Rules of this file. A fill goes round the streams, one record each, and goes on next time where it stopped; each stream
counts its own numbers from 0, or from where it was told to. All of a fill is made natively and without the interpreter
lock; the octets are those that the ordinary encoders give for the same values (tested). A `Streams` belongs to one
thread at a time.

One source for two paths (ADR 0002): `streams.pxd` types it for Cython.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from asn1.errors import LocalError
from asn1.template import MAX_LIID_OCTETS, Template
from carrier_sim.load.packets import Packets

if TYPE_CHECKING:
    from asn1 import plain as cython
else:
    try:
        import cython
    except ImportError:
        from asn1 import plain as cython

if cython.compiled:
    from cython.cimports.libc.string import memcpy
else:
    # The same constants as in streams.pxd, where the compiler needs them; a test compares the two.
    from asn1.template import put_integer

    _BOTH = -2
    _LABEL = 25
    _DIRECTION = 14
    _XID = 16
    _CONTEXT = 24
    _MAX_NUMBER = 0xFFFFFFFF

COMPILED: Final[bool] = cython.compiled

BOTH: Final = -2
"""In the place of a direction: from the target and to it in turn (0 and 1 in a record, 3 and 2 on X3)."""
MAX_STREAMS: Final = 1 << 22
MAX_NUMBER: Final = 0xFFFFFFFF
XID_OCTETS: Final = 16
X3_XID: Final = 16
"""Offset in an X3 PDU (TS 103 221-2 5.2, third-party reading); the correlation is behind it, the direction before."""
MAX_START_US: Final = 1 << 61


class Streams:
    """Handover records of one template. `numbers` are those to be given next, by stream."""

    def __init__(
        self,
        template: Template,
        liids: Sequence[bytes],
        cins: Sequence[int],
        packets: Packets,
        direction: int = BOTH,
        first_number: int = 0,
    ) -> None:
        """One stream for each LIID and CIN. Raises LocalError for what no record can hold."""
        _check(len(liids), len(cins), first_number)
        for liid, cin in zip(liids, cins, strict=True):
            template.check(liid, cin, 0, 0 if direction == BOTH and template.has_direction else direction)
        self.count = len(liids)
        self.packets = packets
        self._template = template
        self._direction = direction if direction != BOTH or template.has_direction else -1
        self._labels = self._labels_view = bytearray(b"".join(liid.ljust(MAX_LIID_OCTETS, b"\0") for liid in liids))
        self._sizes = self._sizes_view = array("q", [len(liid) for liid in liids])
        self._cins = self._cins_view = array("q", cins)
        self.numbers = self._numbers_view = array("q", [first_number]) * len(liids)
        self._next = 0

    def fill(self, out: bytearray | memoryview, at: int, records: int, first_time_us: int, step_us: int) -> int:
        """`records` records into `out` from `at` on, `step_us` apart; where they end.

        Raises LocalError when they do not fit, and when a stream has used up its numbers; `numbers` then says how far
        it came.
        """
        room = len(out)
        _check_fill(at, room, records, first_time_us, step_us)
        if cython.compiled:
            view = out
            data = cython.address(view[0])
        else:
            data = memoryview(out)
        with cython.nogil:
            end = self._fill(data, at, room, records, first_time_us, step_us)
        if end < 0:
            raise LocalError(f"{records} records do not fit into {room - at} octets, or a stream is out of numbers")
        return end

    def _fill(self, out: memoryview, at: int, room: int, records: int, time_us: int, step_us: int) -> int:
        if cython.compiled:  # noqa: SIM108  the two have types of their own
            labels = cython.address(self._labels_view[0])
        else:
            labels = self._labels
        while records > 0:
            stream = self._next
            number = self._numbers_view[stream]
            if number > _MAX_NUMBER:
                return -1
            octets = self.packets.size(stream, number)
            direction = self._direction
            if direction == _BOTH:
                direction = number & 1
            label, cin = self._sizes_view[stream], self._cins_view[stream]
            place = self._template.begin(
                out, at, room, labels, stream * _LABEL, label, cin, number, time_us, direction, octets
            )
            if place < 0:
                return -1
            self.packets.put(out, place, stream, number, octets)
            at = place + octets + self._template.tail
            self._numbers_view[stream] = number + 1
            self._next = stream + 1 if stream + 1 < self.count else 0
            time_us += step_us
            records -= 1
        return at


class X3Streams:
    """X3 PDUs of many tasks and communications; `head` is a PDU of any of them without its payload, `places` where in
    it number, time and payload length stand."""

    def __init__(
        self,
        head: bytes,
        places: tuple[int, int, int],
        xids: Sequence[bytes],
        correlations: Sequence[int],
        packets: Packets,
        direction: int = BOTH,
        first_number: int = 0,
    ) -> None:
        """One stream for each XID and correlation. Raises LocalError for what no PDU can hold."""
        _check(len(xids), len(correlations), first_number)
        if any(len(xid) != XID_OCTETS for xid in xids) or not all(0 <= one < 1 << 64 for one in correlations):
            raise LocalError("an XID has 16 octets, and a correlation is a number below 2**64")
        if len(head) < X3_XID + XID_OCTETS + 8 or not all(0 <= place <= len(head) - 4 for place in places):
            raise LocalError("this is no head of an X3 PDU")
        if direction not in (BOTH, *range(6)):
            raise LocalError(f"{direction} is no payload direction")
        self.count = len(xids)
        self.packets = packets
        self._direction = direction
        self._head = self._head_view = bytearray(head)
        self._head_octets = len(head)
        self._number_at, self._time_at, self._length_at = places
        context = [xid + one.to_bytes(8, "big") for xid, one in zip(xids, correlations, strict=True)]
        self._contexts = self._contexts_view = bytearray(b"".join(context))
        self.numbers = self._numbers_view = array("q", [first_number]) * len(xids)
        self._next = 0

    def fill(self, out: bytearray | memoryview, at: int, records: int, first_time_us: int, step_us: int) -> int:
        """`records` PDUs into `out` from `at` on, `step_us` apart; where they end. Numbers wrap. Raises LocalError when
        they do not fit."""
        room = len(out)
        _check_fill(at, room, records, first_time_us, step_us)
        if cython.compiled:
            view = out
            data = cython.address(view[0])
        else:
            data = memoryview(out)
        with cython.nogil:
            end = self._fill(data, at, room, records, first_time_us, step_us)
        if end < 0:
            raise LocalError(f"{records} PDUs do not fit into {room - at} octets")
        return end

    def _fill(self, out: memoryview, at: int, room: int, records: int, time_us: int, step_us: int) -> int:
        while records > 0:
            stream = self._next
            number = self._numbers_view[stream]
            octets = self.packets.size(stream, number)
            place = at + self._head_octets
            if place + octets > room:
                return -1
            first = stream * _CONTEXT
            if cython.compiled:
                memcpy(out + at, cython.address(self._head_view[0]), self._head_octets)
                memcpy(out + at + _XID, cython.address(self._contexts_view[first]), _CONTEXT)
            else:
                out[at:place] = self._head
                out[at + _XID : at + _XID + _CONTEXT] = self._contexts[first : first + _CONTEXT]
            direction = self._direction
            if direction == _BOTH:
                direction = 3 - (number & 1)
            out[at + _DIRECTION] = 0
            out[at + _DIRECTION + 1] = direction
            seconds = time_us // 1_000_000
            put_integer(out, at + self._number_at, 4, number)
            put_integer(out, at + self._time_at, 4, seconds)
            put_integer(out, at + self._time_at + 4, 4, (time_us - seconds * 1_000_000) * 1_000)
            put_integer(out, at + self._length_at, 4, octets)
            self.packets.put(out, place, stream, number, octets)
            at = place + octets
            self._numbers_view[stream] = (number + 1) & _MAX_NUMBER
            self._next = stream + 1 if stream + 1 < self.count else 0
            time_us += step_us
            records -= 1
        return at


def _check(streams: int, others: int, first_number: int) -> None:
    if streams != others or not 1 <= streams <= MAX_STREAMS:
        raise LocalError(f"a load has 1 to {MAX_STREAMS} streams, each with its labels, not {streams} and {others}")
    if not 0 <= first_number <= MAX_NUMBER:
        raise LocalError(f"{first_number} is no sequence number")


def _check_fill(at: int, room: int, records: int, first_time_us: int, step_us: int) -> None:
    if not 0 <= at <= room or records < 0:
        raise LocalError(f"{records} records from octet {at} of {room} cannot be filled in")
    if not (0 <= first_time_us < MAX_START_US and 0 <= first_time_us + records * step_us < MAX_START_US):
        raise LocalError(f"times from {first_time_us} in steps of {step_us} are none since 1970")
