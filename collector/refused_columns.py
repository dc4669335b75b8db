"""Content that is refused again for what is known, in the pass of the bulk lane: recognised, counted, not judged anew.

Rules. What is known is put here by `collector.refusals`, which says when a refusal holds for the next record too; here
its conditions are numbers, asked one after the other. Nothing can be accepted here: what does not fit goes the careful
way. A communication of which a record of this pass went that way is left to it for the rest of the pass, since that
record may change what is known. Of each refusal the first few records are noted, where they lie, for their digests. One
source for two paths (ADR 0002): `refused_columns.pxd` types it for Cython. One thread at a time.
"""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING, Final, NamedTuple

from asn1.errors import LocalError

if TYPE_CHECKING:
    from asn1 import plain as cython
    from asn1.columns import Columns
    from collector.stream_table import VerifyColumns
else:
    try:
        import cython
    except ImportError:
        from asn1 import plain as cython

if not cython.compiled:
    _PLACES = 8
    # Words of a refusal: what is asked, the scan in which a record of the communication went the careful way, the sum
    # of the pass, and offset and length of the first records of it.
    _WORDS, _POLICY, _TAG, _QUALIFIER, _DIRECTION, _FROM, _TO, _LATE, _SKEW = 32, 0, 1, 2, 3, 4, 5, 6, 7
    _SINCE, _UNTIL, _CALL, _COUNT, _OCTETS, _FIRST, _LAST, _PLACE = 8, 9, 10, 11, 12, 13, 14, 15

COMPILED: Final[bool] = cython.compiled

MAX_REFUSED: Final = 1 << 16
"""Refusals held at once: 16 MiB."""
MAX_PLACES: Final = 8
"""Of each, in a pass."""
NOBODYS: Final = -1
"""In the place of a policy: of a LIID that no order has, on whatever link."""
NO_POLICY: Final = -2
"""Of a link on which nothing is refused this way."""


class Terms(NamedTuple):
    """What a refusal holds for: the link's policy by number; content tag, qualifier, direction; event times in
    `[from_us, to_us)`, and no further behind the clock than `late_us` nor ahead of it than `skew_us`; arrivals from
    `since_us` to `until_us`."""

    policy: int
    content_tag: int
    qualifier: int
    direction: int
    from_us: int
    to_us: int
    late_us: int
    skew_us: int
    since_us: int
    until_us: int


class Counted(NamedTuple):
    """What one pass refused by one refusal: `first` and `last` number, -1 none; offset and length of the first few."""

    refusal: int
    records: int
    octets: int
    first: int
    last: int
    places: list[tuple[int, int]]


class RefusedColumns:
    """Refusals by communication (an entry of the `StreamTable`) and by LIID id, and what a pass counted by them."""

    def __init__(self) -> None:
        self.n = 0
        self.touched_n = 0
        self.entries = 0
        self.liids = 0
        self.by_entry = self.by_entry_view = array("i")
        self.by_liid = self.by_liid_view = array("i")
        self.words = self.words_view = array("q")
        self.touched = self.touched_view = array("i")

    def know(self, entry: int, terms: Terms) -> int:
        """A refusal of a communication's content, in the place of what was known of it; its number, below MAX_REFUSED.
        LocalError where there is no room: `clear` then."""
        if entry >= self.entries:
            self.by_entry = self.by_entry_view = _grown(self.by_entry, entry + 1)
            self.entries = len(self.by_entry)
        number = self._new(terms)
        self.by_entry[entry] = number + 1
        return number

    def know_nobodys(self, liid: int) -> int:
        """The same of a LIID that no order has."""
        if liid >= self.liids:
            self.by_liid = self.by_liid_view = _grown(self.by_liid, liid + 1)
            self.liids = len(self.by_liid)
        number = self._new(Terms(NOBODYS, 0, 0, 0, 0, 0, 0, 0, 0, 0))
        self.by_liid[liid] = number + 1
        return number

    def forget(self, entry: int) -> None:
        """Nothing is known of a communication's content."""
        if entry < self.entries:
            self.by_entry[entry] = 0

    def clear(self) -> None:
        """Nothing is known. What was counted must have been taken."""
        if self.n:
            self.n = 0
            self.by_entry = self.by_entry_view = array("i", bytes(4 * self.entries))
            self.by_liid = self.by_liid_view = array("i", bytes(4 * self.liids))

    def take(self) -> list[Counted]:
        """What was counted since the last time, in the order in which it began."""
        found = []
        for number in self.touched[: self.touched_n]:
            at = _WORDS * number
            count = self.words[at + _COUNT]
            places = self.words[at + _PLACE : at + _PLACE + 2 * min(count, _PLACES)]
            pairs = list(zip(places[::2], places[1::2], strict=True))
            found.append(
                Counted(number, count, self.words[at + _OCTETS], self.words[at + _FIRST], self.words[at + _LAST], pairs)
            )
            self.words[at + _COUNT] = 0
        self.touched_n = 0
        return found

    def _new(self, terms: Terms) -> int:
        if self.n >= MAX_REFUSED:
            raise LocalError(f"{MAX_REFUSED} refusals are known; forget them before another")
        number = self.n
        if _WORDS * number >= len(self.words):
            room = max(64, 2 * number)
            words, touched = array("q", bytes(8 * _WORDS * room)), array("i", bytes(4 * room))
            words[: len(self.words)], touched[: len(self.touched)] = self.words, self.touched
            self.words = self.words_view = words
            self.touched = self.touched_view = touched
        at = _WORDS * number
        self.words[at : at + len(terms)] = array("q", terms)
        self.words[at + _CALL] = -1
        self.words[at + _COUNT] = 0
        self.n = number + 1
        return number


def _grown(old: array[int], wanted: int) -> array[int]:
    room = max(64, len(old))
    while room < wanted:
        room *= 2
    new = array("i", bytes(4 * room))
    new[: len(old)] = old
    return new


def nobodys_row(refused: RefusedColumns, cols: Columns, row: int) -> int:
    """The refusal of a row of content whose LIID no order has, -1 where that is not known."""
    liid = cols.liid_view[row]
    if cols.status_view[row] != 0 or cols.kind_view[row] != 1 or not 0 <= liid < refused.liids:
        return -1
    return refused.by_liid_view[liid] - 1


def refused_row(refused: RefusedColumns, cols: Columns, row: int, verify: VerifyColumns, policy: int, now: int) -> int:
    """The refusal that holds for a row of content which is the next of its stream, -1 for none."""
    if cols.status_view[row] != 0 or cols.kind_view[row] != 1 or cols.payloads_view[row] != 1:
        return -1
    entry = verify.slots_view[row] >> 1
    if verify.flags_view[row] != 0 or not 0 <= entry < refused.entries:
        return -1
    number = refused.by_entry_view[entry] - 1
    at = _WORDS * number
    if number < 0 or refused.words_view[at + _POLICY] != policy or refused.words_view[at + _CALL] == cols.call:
        return -1
    if refused.words_view[at + _TAG] != cols.content_tag_view[row]:
        return -1
    if refused.words_view[at + _QUALIFIER] != cols.qualifier_view[row]:
        return -1
    if refused.words_view[at + _DIRECTION] != cols.direction_view[row]:
        return -1
    event = cols.time_us_view[row]
    # A record without a time has the smallest integer there: told apart before any difference is taken.
    if not refused.words_view[at + _FROM] <= event < refused.words_view[at + _TO]:
        return -1
    if now - event > refused.words_view[at + _LATE] or event - now > refused.words_view[at + _SKEW]:
        return -1
    if not refused.words_view[at + _SINCE] <= now <= refused.words_view[at + _UNTIL]:
        return -1
    return number


def left_to_careful(refused: RefusedColumns, cols: Columns, row: int, verify: VerifyColumns) -> None:
    """A row went the careful way: what is known of its communication is not used again in this scan."""
    entry = verify.slots_view[row] >> 1
    if 0 <= entry < refused.entries and refused.by_entry_view[entry] != 0:
        refused.words_view[_WORDS * (refused.by_entry_view[entry] - 1) + _CALL] = cols.call


def count_refused(refused: RefusedColumns, number: int, cols: Columns, row: int) -> None:
    """One record refused by the refusal of this number."""
    at = _WORDS * number
    count = refused.words_view[at + _COUNT]
    value = cols.number_view[row]
    if count == 0:
        refused.touched_view[refused.touched_n] = number
        refused.touched_n += 1
        refused.words_view[at + _OCTETS] = 0
        refused.words_view[at + _FIRST] = value
        refused.words_view[at + _LAST] = value
    elif value >= 0:
        if refused.words_view[at + _FIRST] < 0 or value < refused.words_view[at + _FIRST]:
            refused.words_view[at + _FIRST] = value
        if value > refused.words_view[at + _LAST]:
            refused.words_view[at + _LAST] = value
    if count < _PLACES:
        refused.words_view[at + _PLACE + 2 * count] = cols.offset_view[row]
        refused.words_view[at + _PLACE + 2 * count + 1] = cols.length_view[row]
    refused.words_view[at + _COUNT] = count + 1
    refused.words_view[at + _OCTETS] += cols.length_view[row]
