"""Records by template: an encoded record with holes, filled with what changes from one record to the next.

Rules of this file. A template is made of one record that the tables encoded (`record_template` finds the places), so
that nothing is known here of what a record means. Its elements lie flat, parents before children; a hole is an element
whose content comes with each record: LIID, CIN, sequence number, seconds, microseconds, direction, content. Integers
change their length with their value, and every length around them follows: where the widths are those of the record
before, its octets are copied and the values patched in, else all lengths are laid out anew. Either way the octets are
those the ordinary encoder gives (definite, minimal).

One source for two paths (ADR 0002): `template.pxd` types it for Cython. A `Template` remembers its last layout and so
belongs to one thread at a time.
"""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING, Final

from asn1 import tlv
from asn1.errors import LocalError

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
    # The same constants as in template.pxd, where the compiler needs them; a test compares the two.
    _LIID, _CIN, _NUMBER, _SECONDS, _MICROSECONDS, _DIRECTION, _CONTENT = range(7)
    _LITERAL, _CONTAINER = -1, -2
    _MICROSECONDS_A_SECOND = 1_000_000

COMPILED: Final[bool] = cython.compiled

LIID: Final = 0
CIN: Final = 1
NUMBER: Final = 2
SECONDS: Final = 3
MICROSECONDS: Final = 4
DIRECTION: Final = 5
CONTENT: Final = 6
HOLES: Final = 7
NO_CIN: Final = -1
NO_DIRECTION: Final = -1

MAX_LIID_OCTETS: Final = 25
MAX_UINT32: Final = 0xFFFFFFFF
MAX_TIME_US: Final = 4_000_000_000_000 * 1_000_000
"""What is read back (`ps_pdu.MAX_SECONDS`)."""
MAX_DIRECTION: Final = 127
MAX_CONTENT_OCTETS: Final = 1 << 30
MAX_FIXED_OCTETS: Final = 1 << 20
"""Octets of a template without its content: sixteen times the longest identifier a header may have."""
_MOST_LENGTH_OCTETS: Final = 5
"""Of any element here: contents stay below 2**32."""
_MOST_WIDTHS: Final = 25 + 5 + 5 + 6 + 3 + 1
"""Octets of all holes together at most, but for the content's."""
_NEEDED: Final = (LIID, NUMBER, SECONDS, MICROSECONDS, CONTENT)


class Template:
    """One kind of record. `most_octets`: no record of it has more, its content not counted."""

    def __init__(self, record: bytes, holes: dict[int, int]) -> None:
        """`record` with the offset of each hole's element. CIN and DIRECTION may be absent. Raises LocalError for a
        record or places that make no template."""
        if any(hole not in holes for hole in _NEEDED) or not set(holes) <= set(range(HOLES)):
            raise LocalError("a template needs the places of LIID, number, time and content")
        kinds: list[int] = []
        firsts: list[int] = []
        octets: list[int] = []
        parents: list[int] = []
        _flatten(record, {at: hole for hole, at in holes.items()}, kinds, firsts, octets, parents)
        if sorted(kind for kind in kinds if kind >= 0) != sorted(holes):
            raise LocalError("a hole of a template is not the place of an element of its record")
        fixed = sum(octets)
        if fixed > MAX_FIXED_OCTETS:
            raise LocalError(f"a template has at most {MAX_FIXED_OCTETS} fixed octets, not {fixed}")
        self.has_cin = CIN in holes
        self.has_direction = DIRECTION in holes
        self._nodes = len(kinds)
        self._kinds = self._kinds_view = array("q", kinds)
        self._firsts = self._firsts_view = array("q", firsts)
        self._octets = self._octets_view = array("q", octets)
        self._parents = self._parents_view = array("q", parents)
        self._sizes = self._sizes_view = array("q", bytes(8 * len(kinds)))
        self._record = self._record_view = bytearray(record)
        self.most_octets = fixed + _MOST_LENGTH_OCTETS * len(kinds) + _MOST_WIDTHS
        self._laid = self._laid_view = bytearray(self.most_octets)
        self._widths = self._widths_view = array("q", [-1] * HOLES)
        self._places = self._places_view = array("q", [-1] * HOLES)
        self.head = 0
        self.tail = 0

    def octets(
        self, liid: bytes, cin: int, number: int, time_us: int, content: bytes, direction: int = NO_DIRECTION
    ) -> bytes:
        """One record. Raises LocalError as `write` does."""
        out = bytearray(self.most_octets + len(content))
        end = self.write(out, 0, liid, cin, number, time_us, content, direction)
        return bytes(out[:end])

    def write(
        self,
        out: bytearray | memoryview,
        at: int,
        liid: bytes,
        cin: int,
        number: int,
        time_us: int,
        content: bytes,
        direction: int = NO_DIRECTION,
    ) -> int:
        """One record into `out` from `at` on; where it ends.

        `liid` 1..25 octets, `cin` and `number` 0..2**32-1 (`cin` -1 where the template has none), `time_us` from 0,
        `direction` the number of the ENUMERATED, NO_DIRECTION where the template has none. Raises LocalError for other
        values, and when there is not room enough.
        """
        self.check(liid, cin, time_us, direction)
        size = len(content)
        if not 0 <= number <= MAX_UINT32 or size > MAX_CONTENT_OCTETS:
            raise LocalError(f"number {number} or {size} octets of content are out of range")
        room = len(out)
        if not 0 <= at <= room:
            raise LocalError(f"a buffer of {room} octets has no octet {at}")
        label, data = liid, content
        if cython.compiled:
            view = out
            place = self.begin(
                cython.address(view[0]), at, room, label, 0, len(liid), cin, number, time_us, direction, size
            )
            if place >= 0:
                memcpy(cython.address(view[place]), cython.cast("const char *", data), size)
        else:
            view = memoryview(out)
            place = self.begin(view, at, room, label, 0, len(liid), cin, number, time_us, direction, size)
            if place >= 0:
                view[place : place + size] = data
        if place < 0:
            raise LocalError(f"a record does not fit into {room - at} octets")
        return place + size + self.tail

    def check(self, liid: bytes, cin: int, time_us: int, direction: int) -> None:
        """Whether these are values for this template. Raises LocalError."""
        if not 1 <= len(liid) <= MAX_LIID_OCTETS:
            raise LocalError(f"an LIID has 1 to {MAX_LIID_OCTETS} octets, not {len(liid)}")
        if not (0 <= cin <= MAX_UINT32 if self.has_cin else cin == NO_CIN):
            raise LocalError(f"CIN {cin} does not go with this template")
        if not 0 <= time_us <= MAX_TIME_US:
            raise LocalError(f"{time_us} is no time in microseconds since 1970")
        if not (0 <= direction <= MAX_DIRECTION if self.has_direction else direction == NO_DIRECTION):
            raise LocalError(f"direction {direction} does not go with this template")

    def place(self, hole: int) -> tuple[int, int]:
        """Offset and octets of a hole's content in the record written last, for whoever patches copies of it. Raises
        LocalError for a hole it does not have."""
        if not 0 <= hole < HOLES or self._places[hole] < 0:
            raise LocalError(f"this template has no hole {hole}, or has written no record yet")
        return self._places[hole], self._widths[hole]

    # What compiled callers use, without the interpreter lock. Values are checked before.

    def begin(
        self,
        out: memoryview,
        at: int,
        room: int,
        liid: bytes | bytearray,
        liid_at: int,
        liid_octets: int,
        cin: int,
        number: int,
        time_us: int,
        direction: int,
        content_octets: int,
    ) -> int:
        """Everything of a record but its content, into `out[at:room]`; where the content belongs, or -1 when there is
        no room. The record ends `tail` octets behind its content."""
        seconds = time_us // _MICROSECONDS_A_SECOND
        micros = time_us - seconds * _MICROSECONDS_A_SECOND
        if (
            self._widths_view[_LIID] != liid_octets
            or self._widths_view[_CONTENT] != content_octets
            or self._widths_view[_NUMBER] != width_of(number)
            or self._widths_view[_MICROSECONDS] != width_of(micros)
            or self._widths_view[_SECONDS] != width_of(seconds)
            or (cin >= 0 and self._widths_view[_CIN] != width_of(cin))
        ):
            self._widths_view[_LIID] = liid_octets
            self._widths_view[_CIN] = width_of(cin) if cin >= 0 else 0
            self._widths_view[_NUMBER] = width_of(number)
            self._widths_view[_SECONDS] = width_of(seconds)
            self._widths_view[_MICROSECONDS] = width_of(micros)
            self._widths_view[_DIRECTION] = 1
            self._widths_view[_CONTENT] = content_octets
            self._lay()
        place = at + self.head
        behind = place + content_octets
        if behind + self.tail > room:
            return -1
        if cython.compiled:
            memcpy(out + at, cython.address(self._laid_view[0]), self.head)
            memcpy(out + behind, cython.address(self._laid_view[self.head]), self.tail)
            memcpy(out + at + self._places_view[_LIID], liid + liid_at, liid_octets)
        else:
            out[at:place] = self._laid[: self.head]
            out[behind : behind + self.tail] = self._laid[self.head : self.head + self.tail]
            first = at + self._places[_LIID]
            out[first : first + liid_octets] = liid[liid_at : liid_at + liid_octets]
        if cin >= 0:
            put_integer(out, at + self._places_view[_CIN], self._widths_view[_CIN], cin)
        put_integer(out, at + self._places_view[_NUMBER], self._widths_view[_NUMBER], number)
        put_integer(out, at + self._places_view[_SECONDS], self._widths_view[_SECONDS], seconds)
        put_integer(out, at + self._places_view[_MICROSECONDS], self._widths_view[_MICROSECONDS], micros)
        if direction >= 0:
            out[at + self._places_view[_DIRECTION]] = direction
        return place

    def _lay(self) -> None:
        """All lengths anew, for the widths there are: what stands before the content and what stands behind it."""
        # From the last element to the first: a parent stands before what is in it.
        node = 0
        while node < self._nodes:
            self._sizes_view[node] = 0
            node += 1
        node = self._nodes - 1
        while node >= 0:
            kind = self._kinds_view[node]
            octets = self._octets_view[node]
            if kind != _LITERAL:
                if kind >= 0:
                    self._sizes_view[node] = self._widths_view[kind]
                size = self._sizes_view[node]
                octets += length_octets(size) + size
            if self._parents_view[node] >= 0:
                self._sizes_view[self._parents_view[node]] += octets
            node -= 1
        at = 0
        content = 0
        self.head = 0
        node = 0
        while node < self._nodes:
            kind = self._kinds_view[node]
            octets = self._octets_view[node]
            first = self._firsts_view[node]
            if cython.compiled:
                memcpy(cython.address(self._laid_view[at]), cython.address(self._record_view[first]), octets)
            else:
                self._laid[at : at + octets] = self._record[first : first + octets]
            at += octets
            if kind != _LITERAL:
                size = self._sizes_view[node]
                at = self._put_length(at, size)
                if kind == _CONTENT:
                    self._places_view[kind] = at
                    self.head = at
                    content = size
                elif kind >= 0:
                    # Counted in the record, where the content stands between head and tail.
                    self._places_view[kind] = at + content
                    at += size
            node += 1
        self.tail = at - self.head

    def _put_length(self, at: int, size: int) -> int:
        """The length octets of `size` (X.690 8.1.3), as short as they can be; the offset behind them."""
        count = length_octets(size) - 1
        if count:
            self._laid_view[at] = 0x80 | count
            while count:
                at += 1
                count -= 1
                self._laid_view[at] = size >> (8 * count) & 0xFF
        else:
            self._laid_view[at] = size
        return at + 1


def width_of(value: int) -> int:
    """Content octets of an INTEGER from 0 (X.690 8.3): the highest bit of the first is its sign."""
    width = 1
    while value >= 0x80:
        value >>= 8
        width += 1
    return width


def length_octets(size: int) -> int:
    """Octets of a length."""
    if size < 0x80:
        return 1
    count = 1
    while size:
        size >>= 8
        count += 1
    return count


def put_integer(out: memoryview, at: int, width: int, value: int) -> None:
    """`value` in `width` octets, the highest first."""
    while width:
        width -= 1
        out[at + width] = value & 0xFF
        value >>= 8


def _flatten(
    record: bytes,
    holes: dict[int, int],
    kinds: list[int],
    firsts: list[int],
    octets: list[int],
    parents: list[int],
) -> None:
    """The elements of `record`, parents first; what holds no hole is one literal with its like neighbours."""
    waiting = [(tlv.read_tlv(record, 0, len(record)), -1)]
    if waiting[0][0].end != len(record):
        raise LocalError("a template is made of one record and nothing else")
    while waiting:
        one, parent = waiting.pop()
        kind = holes.get(one.start, _LITERAL)
        if kind == _LITERAL and one.constructed and any(one.start < at < one.end for at in holes):
            kind = _CONTAINER
        size = one.end - one.start if kind == _LITERAL else _identifier_octets(record, one.start)
        last = len(kinds) - 1
        like = last >= 0 and kind == _LITERAL == kinds[last] and parents[last] == parent
        if like and firsts[last] + octets[last] == one.start:
            octets[last] += size
            continue
        if kind == _CONTAINER:
            inside = list(tlv.children(record, one))
            waiting += [(child, len(kinds)) for child in reversed(inside)]
        kinds.append(kind)
        firsts.append(one.start)
        octets.append(size)
        parents.append(parent)


def _identifier_octets(record: bytes, at: int) -> int:
    first = at
    if record[at] & 0x1F == 0x1F:
        at += 1
        while record[at] & 0x80:
            at += 1
    return at + 1 - first
